// refused: cannot refer to unexported field g in struct literal of type audit.Pass

package bypass

import (
	"aval/audit"
)

var pass = audit.Pass{g: nil}
