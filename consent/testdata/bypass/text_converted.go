// refused: cannot convert "Jeanne" (untyped string constant) to type personal.Text

package bypass

import (
	"aval/consent/personal"
)

var text = personal.Text("Jeanne")
