// refused: cannot use t (variable of struct type personal.Text) as string value in return statement

package bypass

import (
	"aval/consent/personal"
)

func leak(t personal.Text) string { return t }
