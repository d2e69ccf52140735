package personal

import (
	"crypto/rand"
	"errors"
)

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

// FormToken gives what the forms of a session carry, by the session's identifier:
// it cannot be made by who knows only that.
func (k *Keyring) FormToken(session string) string {
	return b64.EncodeToString(mac(k.folder.Pepper("form"), session))
}

// TokenHash gives what the store keeps of a token, 32 bytes. Tokens are random
// through and through and live for hours, so their hash needs no epoch.
func (k *Keyring) TokenHash(t Token) []byte {
	return mac(k.folder.Pepper("token"), t.Reveal())
}
