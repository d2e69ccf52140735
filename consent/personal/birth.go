package personal

import (
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"

	"aval/audit"
)

// BirthHash gives what a person's state row keeps of the birth date: how precise
// it is and a keyed hash, closed under the epoch so that it is forgotten with
// the rest. The date can be checked by it, at the card, without opening a box.
func (k *Keyring) BirthHash(s audit.Space, owner Owner, b BirthDate) []byte {
	known := b.Reveal()
	plain := append([]byte{byte(len(known))}, k.birthMAC(s, owner, known)...)
	return k.folder.current().close(domainBirth, birthContext(s, owner), plain)
}

// CheckBirth tells whether a date is the person's, as far as theirs is known: of
// somebody recorded by year the year counts, and a full date typed is right when
// its year is. A date less precise than the recorded one is wrong. The comparison
// takes the same time for any date. The error is ErrClosed or ErrEpoch.
func (k *Keyring) CheckBirth(s audit.Space, owner Owner, closed []byte, typed BirthDate) (bool, error) {
	plain, err := k.open(domainBirth, birthContext(s, owner), closed)
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

// RebirthHash closes a birth hash under the current epoch. The error is ErrClosed
// or ErrEpoch.
func (k *Keyring) RewrapBirth(s audit.Space, owner Owner, closed []byte) ([]byte, bool, error) {
	return k.reclose(domainBirth, birthContext(s, owner), closed)
}

func (k *Keyring) birthMAC(s audit.Space, owner Owner, date string) []byte {
	return mac(derive(k.folder.pepper, "birth"), birthContext(s, owner), date)
}

func birthContext(s audit.Space, owner Owner) string { return fmt.Sprintf("%d/%s", s.Number(), owner) }

// A Token is a one-time link or a session: 32 random bytes. Whoever has it is in,
// so it is kept only as TokenHash.
type Token struct {
	secretData
	_ [0]func() // no ==
	s *string   // base64url, 43 characters
}

// ErrToken: not the form of a token.
var ErrToken = errors.New("personal: not the form of a token")

const tokenSize = 32

// NewToken makes a random token.
func NewToken() Token {
	b := make([]byte, tokenSize)
	rand.Read(b)
	s := b64.EncodeToString(b)
	return Token{s: &s}
}

// ParseToken reads a token as Reveal gave it. The error is ErrToken.
func ParseToken(s string) (Token, error) {
	if len(s) != b64.EncodedLen(tokenSize) {
		return Token{}, ErrToken
	}
	if _, err := decode64(s); err != nil {
		return Token{}, ErrToken
	}
	return Token{s: &s}, nil
}

// Reveal gives the token in clear, for the link or cookie that carries it.
func (t Token) Reveal() string {
	if t.s == nil {
		return ""
	}
	return *t.s
}

// TokenHash gives what the store keeps of a token, 32 bytes. Tokens are random
// through and through and live for hours, so their hash needs no epoch.
func (k *Keyring) TokenHash(t Token) []byte {
	return mac(derive(k.folder.pepper, "token"), t.Reveal())
}
