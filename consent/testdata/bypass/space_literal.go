// refused: cannot refer to unexported field number in struct literal of type audit.Space

package bypass

import (
	"aval/audit"
)

var space = audit.Space{number: 7}
