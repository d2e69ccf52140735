// refused: cannot refer to unexported field s in struct literal of type screen.Clean

package bypass

import (
	"aval/charter/screen"
)

var clean = screen.Clean{s: "mot de passe"}
