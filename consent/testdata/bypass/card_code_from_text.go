// refused: cannot convert "C-3333-3333-33333" (untyped string constant) to type personal.CardCode

package bypass

import (
	"aval/consent/personal"
)

var code = personal.CardCode("C-3333-3333-33333")
