// refused: string does not satisfy personal.Record

package bypass

import (
	"aval/audit"
	"aval/consent/personal"
	"context"
)

func open(k *personal.Keyring, p audit.Pass, box personal.Sealed) (string, error) {
	return personal.Open[string](context.Background(), k, p, "p_aaaaaaaaaaaaaaaaaaaaaaaaaa", "contact", 1, box)
}
