package consent

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/go-jose/go-jose/v4"
	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A ProgramKey is a public key of a program: P-256 for ES256 or Ed25519 for EdDSA,
// the algorithms of the register itself.
type ProgramKey struct {
	// Thumbprint is RFC 7638's, base64url: what people compare. The name (kid) that a
	// program gives its key is not kept: it could say anything.
	Thumbprint string
	Curve      Curve
	X          string
	Y          string // empty for Ed25519
}

// Curve is the curve of a key: P-256 or Ed25519.
type Curve string

// kty is the kind of key that has the curve (RFC 7518 §6.1, RFC 8037 §2).
func (c Curve) kty() string {
	if c == "Ed25519" {
		return "OKP"
	}
	return "EC"
}

const (
	maxProgramKeys = 5
	maxKeyDocument = 16 << 10
)

// secretMembers are the members of a JWK that only its holder may know (RFC 7518
// §6.2.2, §6.3.2, §6.4; RFC 8037 §2).
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}

// ParseProgramKeys reads a JWK Set of 1 to 5 public keys. What is secret in it is
// refused and nothing of it kept; members that say nothing about a public key for
// signatures are left out. The error is *Invalid: "key_private" for a set with a
// secret part, "key_kind" for keys of another kind, "key_twice", or "key_form".
func ParseProgramKeys(raw []byte) ([]ProgramKey, error) {
	wrong := &Invalid{Pointer: "/keys", Reason: "key_form"}
	if len(raw) > maxKeyDocument {
		return nil, wrong
	}
	var set struct {
		Keys []map[string]jsontext.Value `json:"keys"`
	}
	if err := strict.Unmarshal(raw, &set, strict.RejectUnknownMembers(true)); err != nil || len(set.Keys) == 0 || len(set.Keys) > maxProgramKeys {
		return nil, wrong
	}
	var keys []ProgramKey
	for _, members := range set.Keys {
		key, err := programKey(members)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(keys, func(k ProgramKey) bool { return k.Thumbprint == key.Thumbprint }) {
			return nil, &Invalid{Pointer: "/keys", Reason: "key_twice"}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// programKey reads one key of a set.
func programKey(members map[string]jsontext.Value) (ProgramKey, error) {
	wrong := &Invalid{Pointer: "/keys", Reason: "key_form"}
	for _, secret := range secretMembers {
		if _, there := members[secret]; there {
			return ProgramKey{}, &Invalid{Pointer: "/keys", Reason: "key_private"}
		}
	}
	text := map[string]string{}
	for _, name := range []string{"kty", "crv", "x", "y", "alg", "use"} {
		var s string
		if raw, there := members[name]; there && strict.Unmarshal(raw, &s) != nil {
			return ProgramKey{}, wrong
		}
		text[name] = s
	}
	k := ProgramKey{Curve: Curve(text["crv"]), X: text["x"], Y: text["y"]}
	alg := map[string]string{"EC P-256": "ES256", "OKP Ed25519": "EdDSA"}[text["kty"]+" "+text["crv"]]
	if alg == "" || text["alg"] != "" && text["alg"] != alg || text["use"] != "" && text["use"] != "sig" {
		return ProgramKey{}, &Invalid{Pointer: "/keys", Reason: "key_kind"}
	}
	if k.Curve.kty() == "OKP" && k.Y != "" {
		return ProgramKey{}, wrong
	}
	raw, err := json.Marshal(k.public())
	if err != nil {
		return ProgramKey{}, wrong
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(raw); err != nil || !key.Valid() || !key.IsPublic() {
		return ProgramKey{}, wrong
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return ProgramKey{}, wrong
	}
	k.Thumbprint = base64.RawURLEncoding.EncodeToString(sum)
	return k, nil
}

// A publicKey is a key as a JWK.
type publicKey struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y,omitempty"`
	Kid string `json:"kid,omitempty"`
	Use string `json:"use"`
}

func (k ProgramKey) public() publicKey {
	return publicKey{Kty: k.Curve.kty(), Crv: string(k.Curve), X: k.X, Y: k.Y, Kid: k.Thumbprint, Use: "sig"}
}

// keySet writes the keys of a program as a JWK Set.
func (r *Program) keySet() ([]byte, error) {
	var set struct {
		Keys []publicKey `json:"keys"`
	}
	for _, k := range r.Keys {
		set.Keys = append(set.Keys, k.public())
	}
	return json.Marshal(set)
}
