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
	Salt     []byte // 32 bytes
	Identity Identity
}

const (
	saltSize       = 32
	openingVersion = 1
	maxOpening     = 16 << 10
)

// NewSalt gives 32 random bytes.
func NewSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails: crypto/rand ends the program instead
	return salt
}

// NewEvidence is evidence of a signature with a fresh salt.
func NewEvidence(paperPlace Text, witnesses []Text) Evidence {
	return Evidence{Salt: NewSalt(), PaperPlace: paperPlace, Witnesses: witnesses}
}

// NewOpening pairs an identity with a fresh salt.
func NewOpening(i Identity) Opening { return Opening{Salt: NewSalt(), Identity: i} }

// Commitment gives c: base64url of SHA-256(salt ‖ identity JSON), 43 characters.
// The JSON is that of Reveal's member "identity". An opening whose salt is not 32
// bytes commits to nothing and gives "".
func (o Opening) Commitment() string { return commitment(o.Salt, o.Identity.wire()) }

// Commitment gives c of a piece of evidence, made like an opening's; "" when the
// salt is not 32 bytes.
func (e Evidence) Commitment() string {
	w := e.wire()
	w.Salt = ""
	return commitment(e.Salt, w)
}

func commitment(salt []byte, wire any) string {
	data, err := marshal(wire)
	if err != nil || len(salt) != saltSize {
		return ""
	}
	sum := sha256.Sum256(append(bytes.Clone(salt), data...))
	return b64.EncodeToString(sum[:])
}

// Reveal gives the opening in clear, as one line of JSON: the file that
// `aval verify --opening` takes. It is personal data handed to a reader who may
// see it; giving it out is an entry like any other reading. The error is
// ErrRecord when the salt is not 32 bytes or the whole is over 16 KiB.
func (o Opening) Reveal() ([]byte, error) {
	data, err := marshal(openingWire{openingVersion, b64.EncodeToString(o.Salt), o.Identity.wire()})
	if err != nil || len(o.Salt) != saltSize || len(data) > maxOpening {
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
	salt, err := decode64(w.Salt)
	if err != nil || len(salt) != saltSize {
		return Opening{}, ErrRecord
	}
	i, err := w.Identity.identity()
	if err != nil {
		return Opening{}, ErrRecord
	}
	return Opening{Salt: salt, Identity: i}, nil
}
