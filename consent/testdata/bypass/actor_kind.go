// refused: undefined: consent.member

package bypass

import (
	"aval/consent"
)

var kind = consent.member
