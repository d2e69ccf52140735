package statement

import (
	"bytes"
	"encoding/json"
	"regexp"

	"golang.org/x/mod/sumdb/note"
)

// A RegisterPub holds the register's own public keys: all that a verifier has to
// be given by a way it trusts. Keys that were replaced stay in it, so that what
// they signed still verifies.
type RegisterPub struct {
	Origin string   // the register's name
	Notes  []string // verifier keys of the run log, named by the origin, oldest first
	Keys   []Key    // that sign statements about spaces, oldest first
}

type registerWire struct {
	Origin string   `json:"origin"`
	Notes  []string `json:"notes"`
	JWKS   jwks     `json:"jwks"`
}

type jwks struct {
	Keys []Key `json:"keys"`
}

const (
	maxRegister     = 64 << 10
	maxRegisterKeys = 64
)

var originForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)

// Marshal gives the file register.pub: one line of JSON. The error is ErrForm.
func (r *RegisterPub) Marshal() ([]byte, error) {
	if !r.valid() {
		return nil, ErrForm
	}
	data, err := json.Marshal(registerWire{r.Origin, r.Notes, jwks{r.Keys}})
	if err != nil {
		return nil, ErrForm
	}
	return append(data, '\n'), nil
}

// ParseRegisterPub reads what Marshal wrote, in that spelling only; the line
// break may be missing. The error is ErrForm.
func ParseRegisterPub(data []byte) (*RegisterPub, error) {
	if len(data) > maxRegister {
		return nil, ErrForm
	}
	var w registerWire
	if err := exactly(bytes.TrimSuffix(data, []byte("\n")), &w); err != nil {
		return nil, ErrForm
	}
	r := &RegisterPub{Origin: w.Origin, Notes: w.Notes, Keys: w.JWKS.Keys}
	if !r.valid() {
		return nil, ErrForm
	}
	return r, nil
}

func (r *RegisterPub) valid() bool {
	if !originForm.MatchString(r.Origin) || len(r.Notes) == 0 || len(r.Notes) > maxRegisterKeys ||
		len(r.Keys) == 0 || len(r.Keys) > maxRegisterKeys {
		return false
	}
	for _, vkey := range r.Notes {
		if v, err := note.NewVerifier(vkey); err != nil || v.Name() != r.Origin {
			return false
		}
	}
	return true
}

// key finds a key of the register by its kid.
func (r *RegisterPub) key(kid string) *Key {
	for i := range r.Keys {
		if r.Keys[i].Kid == kid {
			return &r.Keys[i]
		}
	}
	return nil
}
