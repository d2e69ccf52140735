// refused: name grant not exported by package audit

package bypass

import (
	"aval/audit"
)

var grant audit.grant
