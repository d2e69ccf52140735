// refused: key.Open undefined

package bypass

import (
	"aval/consent/personal"
)

func open(key personal.PlainKey, box personal.Sealed) any { return key.Open(box) }
