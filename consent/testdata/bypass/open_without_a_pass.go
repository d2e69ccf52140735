// refused: not enough arguments in call to personal.Open

package bypass

import (
	"aval/consent/personal"
	"context"
)

func open(k *personal.Keyring, box personal.Sealed) (personal.Contact, error) {
	return personal.Open[personal.Contact](context.Background(), k, "p_aaaaaaaaaaaaaaaaaaaaaaaaaa", "contact", 1, box)
}
