// refused: cannot refer to unexported field member in struct literal of type consent.Actor

package bypass

import (
	"aval/consent"
)

var actor = consent.Actor{member: "h_aaaaaaaaaaaaaaaaaaaaaaaaaa"}
