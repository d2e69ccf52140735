package personal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
)

// An Opening is what a mandate's commitment to its person stands for. The
// mandate holds c = SHA-256(salt ‖ identity) only; whoever is given the opening
// can check that the mandate is about this person, and after an erasure nobody
// can any more.
type Opening struct {
	personalData
	Salt     Salt
	Identity Identity
}

// A Salt is 32 random bytes that make a commitment unguessable. The zero Salt
// makes none.
type Salt struct {
	secretData
	_ [0]func() // no ==
	s *string
}

const (
	saltSize       = 32
	openingVersion = 1
	maxOpening     = 16 << 10
)

// NewSalt makes a random salt.
func NewSalt() Salt {
	b := make([]byte, saltSize)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	s := string(b)
	return Salt{s: &s}
}

func (s Salt) wire() string {
	if s.s == nil {
		return ""
	}
	return b64.EncodeToString([]byte(*s.s))
}

// salt reads what wire wrote.
func salt(wire string) (Salt, error) {
	b, err := decode64(wire)
	if err != nil || len(b) != saltSize {
		return Salt{}, ErrRecord
	}
	s := string(b)
	return Salt{s: &s}, nil
}

// NewEvidence is evidence of a signature with a fresh salt.
func NewEvidence(paperPlace Text, witnesses []Text) Evidence {
	return Evidence{Salt: NewSalt(), PaperPlace: paperPlace, Witnesses: witnesses}
}

// NewOpening pairs an identity with a fresh salt.
func NewOpening(i Identity) Opening { return Opening{Salt: NewSalt(), Identity: i} }

// Commitment gives c: base64url of SHA-256(salt ‖ identity JSON), 43 characters.
// The JSON is that of Reveal's member "identity". Without a salt it
// commits to nothing and gives "".
func (o Opening) Commitment() string { return commitment(o.Salt, o.Identity.wire()) }

// Commitment gives c of a piece of evidence, made like an opening's; ""
// without a salt.
func (e Evidence) Commitment() string {
	w := e.wire()
	w.Salt = ""
	return commitment(e.Salt, w)
}

func commitment(salt Salt, wire any) string {
	data, err := marshal(wire)
	if err != nil || salt.s == nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte(*salt.s), data...))
	return b64.EncodeToString(sum[:])
}

// Reveal gives the opening in clear, as one line of JSON: the file that
// `aval verify --opening` takes. It is personal data handed to a reader who may
// see it; giving it out is an entry like any other reading. The error is
// ErrRecord when there is no salt or the whole is over 16 KiB.
func (o Opening) Reveal() ([]byte, error) {
	data, err := marshal(openingWire{openingVersion, o.Salt.wire(), o.Identity.wire()})
	if err != nil || o.Salt.s == nil || len(data) > maxOpening {
		return nil, ErrRecord
	}
	return data, nil
}

// ParseOpening reads what Reveal wrote, in that spelling only; a file may end in
// one line break. The error is ErrRecord and says nothing of the content.
func ParseOpening(data []byte) (Opening, error) {
	data = bytes.TrimSuffix(data, []byte("\n"))
	var w openingWire
	if len(data) > maxOpening || exactly(data, &w) != nil || w.V != openingVersion {
		return Opening{}, ErrRecord
	}
	s, errSalt := salt(w.Salt)
	i, err := w.Identity.identity()
	if err != nil || errSalt != nil {
		return Opening{}, ErrRecord
	}
	return Opening{Salt: s, Identity: i}, nil
}
