// refused: cannot convert "mot de passe" (untyped string constant) to type screen.Clean

package bypass

import (
	"aval/charter/screen"
)

var clean = screen.Clean("mot de passe")
