// refused: key.key undefined

package bypass

import (
	"aval/consent/personal"
)

func secret(key personal.PlainKey) any { return key.key }
