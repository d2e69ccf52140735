// refused: r.keys undefined

package bypass

import (
	"aval/consent"
	"aval/consent/personal"
)

func keys(r *consent.Register) *personal.Keyring { return r.keys }
