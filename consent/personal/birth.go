package personal

import (
	"crypto/hmac"

	"aval/audit"
)

// BirthHash gives what a person's state row keeps of the birth date: how precise
// it is and a keyed hash, closed under the epoch so that it is forgotten with
// the rest. The date can be checked by it, at the card, without opening a box.
func (k *Keyring) BirthHash(s audit.Space, owner Owner, b BirthDate) []byte {
	known := b.Reveal()
	plain := append([]byte{byte(len(known))}, k.birthMAC(s, owner, known)...)
	return k.close(birthContext(s, owner), plain)
}

// CheckBirth tells whether a date is the person's, as far as theirs is known: of
// somebody recorded by year the year counts, and a full date typed is right when
// its year is. A date less precise than the recorded one is wrong. The comparison
// takes the same time for any date. The error is ErrClosed or ErrEpoch.
func (k *Keyring) CheckBirth(s audit.Space, owner Owner, closed []byte, typed BirthDate) (bool, error) {
	plain, err := k.open(birthContext(s, owner), closed)
	if err != nil {
		return false, err
	}
	if len(plain) < 1 {
		return false, ErrClosed
	}
	known, given := int(plain[0]), typed.Reveal()
	given = given[:min(known, len(given))]
	same := hmac.Equal(plain[1:], k.birthMAC(s, owner, given))
	return same && known > 0, nil
}

// RewrapBirth closes a birth hash under the current epoch, and tells whether
// that changed anything. The error is ErrClosed
// or ErrEpoch.
func (k *Keyring) RewrapBirth(s audit.Space, owner Owner, closed []byte) ([]byte, bool, error) {
	return k.reclose(birthContext(s, owner), closed)
}

func (k *Keyring) birthMAC(s audit.Space, owner Owner, date string) []byte {
	return mac(k.folder.Pepper("birth"), birthContext(s, owner), date)
}
