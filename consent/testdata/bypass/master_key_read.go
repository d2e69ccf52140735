// refused: f.keys undefined

package bypass

import (
	"aval/consent/personal"
)

func master(f *personal.Folder) any { return f.keys }
