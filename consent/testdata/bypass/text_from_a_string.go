// refused: cannot use "Jeanne" (untyped string constant) as screen.Clean value

package bypass

import (
	"aval/consent/personal"
)

var text = personal.NewText("Jeanne")
