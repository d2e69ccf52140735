package personal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"aval/audit"
)

// BirthHash gives what a person's state row keeps of the birth date: how precise
// it is and a keyed hash, closed under the epoch so that it is forgotten with
// the rest. The date can be checked by it, at the card, without opening a box. Of
// somebody who may be a minor at now it also holds until when: see IsMinor.
func (k *Keyring) BirthHash(s audit.Space, owner Owner, b BirthDate, now time.Time) []byte {
	known := b.Reveal()
	plain := append([]byte{byte(len(known))}, k.birthMAC(s, owner, known)...)
	if of := b.majority(); of.After(now) {
		plain = binary.BigEndian.AppendUint64(plain, uint64(of.Unix()))
	}
	return k.close(birthContext(s, owner), plain)
}

// IsMinor tells whether a person may be a minor at an instant (CC 414: 18 years;
// of a date known by year or month, the last day counts, so that a doubt is asked
// about). It tells no more than that. The error is ErrClosed or ErrEpoch.
func (k *Keyring) IsMinor(s audit.Space, owner Owner, closed []byte, at time.Time) (bool, error) {
	plain, err := k.open(birthContext(s, owner), closed)
	if err != nil || len(plain) < birthAge {
		return false, err
	}
	return at.Before(time.Unix(int64(binary.BigEndian.Uint64(plain[birthMACEnd:])), 0)), nil
}

// Where the parts of a birth hash end: how precise, the hash, the age.
const (
	birthMACEnd = 1 + sha256.Size
	birthAge    = birthMACEnd + 8
)

// CheckBirth tells whether a date is the person's, as far as theirs is known: of
// somebody recorded by year the year counts, and a full date typed is right when
// its year is. A date less precise than the recorded one is wrong. The comparison
// takes the same time for any date. The error is ErrClosed or ErrEpoch.
func (k *Keyring) CheckBirth(s audit.Space, owner Owner, closed []byte, typed BirthDate) (bool, error) {
	plain, err := k.open(birthContext(s, owner), closed)
	if err != nil {
		return false, err
	}
	if len(plain) != birthMACEnd && len(plain) != birthAge {
		return false, ErrClosed
	}
	known, given := int(plain[0]), typed.Reveal()
	given = given[:min(known, len(given))]
	same := hmac.Equal(plain[1:birthMACEnd], k.birthMAC(s, owner, given))
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
