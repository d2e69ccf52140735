// refused: cannot convert 7 (untyped int constant) to type audit.Space

package bypass

import (
	"aval/audit"
)

var space = audit.Space(7)
