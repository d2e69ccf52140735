// refused: cannot refer to unexported field kid in struct literal of type personal.PlainKey

package bypass

import (
	"aval/consent/personal"
)

var key = personal.PlainKey{kid: "1"}
