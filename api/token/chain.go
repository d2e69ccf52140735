package token

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// stated are the keys that the statements of a document vouch for at the instant
// its mandate was issued.
type stated struct {
	seals    map[string]jwk.Key // kid → key
	members  map[string]jwk.Key
	passkeys map[string]claim
}

// of finds the key for a role.
func (s *stated) of(role, kid string) (jwk.Key, bool) {
	keys := map[string]map[string]jwk.Key{"helper": s.members, "structure": s.seals}[role]
	key, ok := keys[kid]
	return key, ok
}

// A claim is the payload of a statement, of a space's keys or of a member's.
type claim struct {
	Kind   string          `json:"kind"`
	Origin string          `json:"origin"`
	Space  string          `json:"space"`
	Seal   json.RawMessage `json:"seal"`
	Key    json.RawMessage `json:"key"`
	Party  string          `json:"rp"` // of a passkey: the host that it was made for; Origin is that of its pages
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to"`
}

// covers tells whether the stated key was in use: from ≤ t < to. Statements have
// whole seconds, as payloads do.
func (c claim) covers(t time.Time) bool {
	return !t.Before(c.From) && (c.To.IsZero() || t.Before(c.To))
}

// chain verifies statements, first those that the register signed, then those
// that a seal signed which the register states.
func chain(pub []byte, statements []string, a about) (*stated, error) {
	register, origin, err := registerKeys(pub)
	if err != nil {
		return nil, err
	}
	if origin != a.Origin {
		return nil, ErrSignature
	}
	found := &stated{seals: map[string]jwk.Key{}, members: map[string]jwk.Key{}, passkeys: map[string]claim{}}
	var rest []string
	for _, s := range statements {
		c, err := readStatement(s, func(kid string) (jwk.Key, bool) { return register.LookupKeyID(kid) })
		if err != nil {
			rest = append(rest, s)
			continue
		}
		if c.Kind != "space" || c.Origin != origin || c.Space != a.Space {
			return nil, ErrSignature
		}
		if err := keep(found.seals, c, c.Seal, a.Issued); err != nil {
			return nil, err
		}
	}
	for _, s := range rest {
		c, err := readStatement(s, func(kid string) (jwk.Key, bool) { k, ok := found.seals[kid]; return k, ok })
		if err == nil && c.Kind == "passkey" && c.Space == a.Space {
			if err := found.keepPasskey(c, a.Issued); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil || c.Kind != "member" || c.Space != a.Space {
			return nil, ErrSignature
		}
		if err := keep(found.members, c, c.Key, a.Issued); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// keep reads a stated key, if it was in use at an instant.
func keep(keys map[string]jwk.Key, c claim, raw json.RawMessage, at time.Time) error {
	key, err := jwk.ParseKey(raw)
	if err != nil {
		return ErrForm
	}
	if err := public(key); err != nil {
		return err
	}
	if c.covers(at) {
		keys[key.KeyID()] = key
	}
	return nil
}

// readStatement verifies a compact JWS with the key that its kid names.
func readStatement(compact string, find func(kid string) (jwk.Key, bool)) (claim, error) {
	var c claim
	h, err := header([]byte(compact), typeStatement)
	if err != nil {
		return c, err
	}
	key, ok := find(h.KeyID())
	if !ok {
		return c, ErrSignature
	}
	payload, err := jws.Verify([]byte(compact), jws.WithKey(jwa.ES256, key))
	if err != nil {
		return c, ErrSignature
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, ErrForm
	}
	return c, nil
}

// public accepts a P-256 public key whose kid is its thumbprint (RFC 7638).
func public(key jwk.Key) error {
	ec, ok := key.(jwk.ECDSAPublicKey)
	if !ok || ec.Crv() != jwa.P256 {
		return ErrForm
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil || base64.RawURLEncoding.EncodeToString(sum) != key.KeyID() {
		return ErrForm
	}
	return nil
}
