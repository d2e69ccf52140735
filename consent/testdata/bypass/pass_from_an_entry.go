// refused: cannot convert entry (variable of struct type audit.Entry) to type audit.Pass

package bypass

import (
	"aval/audit"
)

func pass(entry audit.Entry) audit.Pass { return audit.Pass(entry) }
