package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/mod/sumdb/note"
)

// A Space is what the register states about a space: its keys, from an instant
// on, to another or for good.
type Space struct {
	Origin string // the register's name
	Number uint32
	Slug   string
	Log    string // verifier key of its log, named ORIGIN/SLUG
	Seal   Key
	From   time.Time
	To     time.Time // zero: no end stated
}

// A Member is what a space's seal states about a member: their signing key.
type Member struct {
	ID   string // h_…
	Slug string // of the space
	Key  Key
	From time.Time
	To   time.Time // zero: no end stated
}

// ErrSignature: a statement is not signed by who should have signed it.
var ErrSignature = errors.New("statement: not signed by the key that should have")

// Type is the typ of a statement's protected header.
const Type = "statement+jws"

const (
	version      = 1
	kindSpace    = "space"
	kindMember   = "member"
	maxStatement = 8 << 10
)

var (
	slugForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	memberForm = regexp.MustCompile(`^h_[a-z2-7]{25}[aeimquy4]$`)
)

type (
	spaceWire struct {
		V      int    `json:"v"`
		Kind   string `json:"kind"`
		Origin string `json:"origin"`
		Number uint32 `json:"number"`
		Slug   string `json:"space"`
		Log    string `json:"log"`
		Seal   Key    `json:"seal"`
		From   string `json:"from"`
		To     string `json:"to,omitempty"`
	}
	memberWire struct {
		V    int    `json:"v"`
		Kind string `json:"kind"`
		ID   string `json:"member"`
		Slug string `json:"space"`
		Key  Key    `json:"key"`
		From string `json:"from"`
		To   string `json:"to,omitempty"`
	}
)

// SignSpace gives the statement as a JWS in compact serialization (RFC 7515),
// signed ES256 by the register. Instants are kept to the second, rounded down.
func SignSpace(register jose.OpaqueSigner, s Space) (string, error) {
	w := spaceWire{version, kindSpace, s.Origin, s.Number, s.Slug, s.Log, s.Seal, instant(s.From), instant(s.To)}
	if _, err := w.space(); err != nil {
		return "", err
	}
	return sign(register, w)
}

// SignMember gives the statement signed by the space's seal, like SignSpace.
func SignMember(seal jose.OpaqueSigner, m Member) (string, error) {
	w := memberWire{version, kindMember, m.ID, m.Slug, m.Key, instant(m.From), instant(m.To)}
	if _, err := w.member(); err != nil {
		return "", err
	}
	return sign(seal, w)
}

// ParseSpace verifies a statement with the register's keys and reads it. The error
// is ErrForm or ErrSignature.
func ParseSpace(register *RegisterPub, jws string) (Space, error) {
	payload, err := verify(jws, register.key)
	if err != nil {
		return Space{}, err
	}
	var w spaceWire
	if err := exactly(payload, &w); err != nil {
		return Space{}, err
	}
	s, err := w.space()
	if err == nil && s.Origin != register.Origin {
		return Space{}, ErrForm
	}
	return s, err
}

// ParseMember verifies a statement with the seal of its space, as it was at the
// instant the statement begins, and reads it. The error is ErrForm or
// ErrSignature.
func ParseMember(space Space, jws string) (Member, error) {
	payload, err := verify(jws, space.sealKey)
	if err != nil {
		return Member{}, err
	}
	var w memberWire
	if err := exactly(payload, &w); err != nil {
		return Member{}, err
	}
	m, err := w.member()
	if err != nil {
		return Member{}, err
	}
	if m.Slug != space.Slug || !covers(space.From, space.To, m.From) {
		return Member{}, ErrSignature
	}
	return m, nil
}

// sealKey finds the seal by its kid.
func (s *Space) sealKey(kid string) *Key {
	if kid != s.Seal.Kid {
		return nil
	}
	return &s.Seal
}

func (w spaceWire) space() (Space, error) {
	from, to, err := period(w.From, w.To)
	if err != nil || w.V != version || w.Kind != kindSpace || !originForm.MatchString(w.Origin) ||
		!slugForm.MatchString(w.Slug) || w.Seal.Public == nil {
		return Space{}, ErrForm
	}
	if v, err := note.NewVerifier(w.Log); err != nil || v.Name() != w.Origin+"/"+w.Slug {
		return Space{}, ErrForm
	}
	return Space{w.Origin, w.Number, w.Slug, w.Log, w.Seal, from, to}, nil
}

func (w memberWire) member() (Member, error) {
	from, to, err := period(w.From, w.To)
	if err != nil || w.V != version || w.Kind != kindMember || !memberForm.MatchString(w.ID) ||
		!slugForm.MatchString(w.Slug) || w.Key.Public == nil {
		return Member{}, ErrForm
	}
	return Member{w.ID, w.Slug, w.Key, from, to}, nil
}

// instantForm is RFC 3339 in UTC to the second: one spelling.
const instantForm = "2006-01-02T15:04:05Z"

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(instantForm)
}

// period reads from and to; to may be missing, else it comes after from.
func period(from, to string) (f, t time.Time, err error) {
	f, err = time.Parse(instantForm, from)
	if err == nil && to != "" {
		t, err = time.Parse(instantForm, to)
	}
	if err != nil || to != "" && !f.Before(t) || instant(f) != from || instant(t) != to {
		return time.Time{}, time.Time{}, ErrForm
	}
	return f, t, nil
}

// covers tells whether at is in [from, to); a zero to is no end.
func covers(from, to, at time.Time) bool {
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

func sign(signer jose.OpaqueSigner, payload any) (string, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return "", ErrForm
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: signer}, (&jose.SignerOptions{}).WithType(Type))
	if err != nil {
		return "", fmt.Errorf("statement: signer: %w", err)
	}
	obj, err := s.Sign(data)
	if err != nil {
		return "", fmt.Errorf("statement: sign: %w", err)
	}
	return obj.CompactSerialize()
}

// verify gives the payload of a JWS signed by a key that find knows. But for the
// kid the header is known beforehand and compared as bytes; the rest is written
// again and compared, since base64 decoders skip line breaks and stray bits.
func verify(jws string, find func(kid string) *Key) (payload []byte, err error) {
	if len(jws) > maxStatement {
		return nil, ErrForm
	}
	obj, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(obj.Signatures) != 1 {
		return nil, ErrForm
	}
	signer := find(obj.Signatures[0].Protected.KeyID)
	if signer == nil {
		return nil, ErrSignature
	}
	header, _, _ := strings.Cut(jws, ".")
	want := fmt.Sprintf(`{"alg":"ES256","kid":"%s","typ":"%s"}`, signer.Kid, Type)
	again, err := obj.CompactSerialize()
	if err != nil || again != jws || header != b64.EncodeToString([]byte(want)) {
		return nil, ErrForm
	}
	payload, err = obj.Verify(signer.Public)
	if err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}
