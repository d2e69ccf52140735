package token

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Errors about other people's tokens, beside ErrForm and ErrSignature. None holds
// a part of what was read.
var (
	// ErrKey: no key of the set may have signed this.
	ErrKey = errors.New("token: no such key")
	// ErrTime: expired, not yet valid, or valid for longer than is taken.
	ErrTime = errors.New("token: not of this time")
)

// A ClaimError says which claim of a token is not what it must be.
type ClaimError string

func (e ClaimError) Error() string { return "token: claim " + string(e) }

const (
	// maxJWT bounds a token of somebody else, in bytes.
	maxJWT = 16 << 10
	// leeway is how far two clocks may be apart.
	leeway = 30 * time.Second
	// maxID bounds identifiers that others choose: jti, sub, client ids.
	maxID = 255
)

// own are the algorithms that programs may use: those that the register uses
// itself.
var own = []jwa.SignatureAlgorithm{jwa.ES256, jwa.EdDSA}

// readHeader reads the protected header of a compact JWS without believing it:
// one of the algorithms, one of the kinds ("" is none), no critical extension,
// and no key or address of keys inside it. withKey lets a key in (RFC 9449 §4.2).
func readHeader(compact []byte, algs []jwa.SignatureAlgorithm, types []string, withKey bool) (jws.Headers, error) {
	if len(compact) > maxJWT || bytes.Count(compact, []byte(".")) != 2 {
		return nil, ErrForm
	}
	// jwx reads base64 laxly: a last character has bits that do not count.
	for part := range bytes.SplitSeq(compact, []byte(".")) {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(string(part)); err != nil {
			return nil, ErrForm
		}
	}
	m, err := jws.Parse(compact, jws.WithCompact())
	if err != nil || len(m.Signatures()) != 1 {
		return nil, ErrForm
	}
	h := m.Signatures()[0].ProtectedHeaders()
	if !slices.Contains(algs, h.Algorithm()) || !slices.Contains(types, h.Type()) {
		return nil, ErrForm
	}
	if _, marked := h.Get(jws.CriticalKey); marked || h.JWKSetURL() != "" || h.X509URL() != "" || (h.JWK() != nil) != withKey {
		return nil, ErrForm
	}
	return h, nil
}

// verifyWith verifies a compact JWS with one key and the algorithm of its header,
// which must be one that the key's kind can have.
func verifyWith(compact []byte, alg jwa.SignatureAlgorithm, key jwk.Key) ([]byte, error) {
	if !fits(alg, key) {
		return nil, ErrKey
	}
	payload, err := jws.Verify(compact, jws.WithKey(alg, key))
	if err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}

// minRSA is the least size of an RSA key, in bits (RFC 7518 §3.3).
const minRSA = 2048

// fits tells whether a public key may verify with an algorithm: its kind and
// curve, its own alg and its use. A key with a secret part fits nothing: it is
// public no more.
func fits(alg jwa.SignatureAlgorithm, key jwk.Key) bool {
	if private, err := jwk.IsPrivateKey(key); err != nil || private {
		return false
	}
	if a := key.Algorithm().String(); a != "" && a != alg.String() {
		return false
	}
	if use := key.KeyUsage(); use != "" && use != string(jwk.ForSignature) {
		return false
	}
	switch k := key.(type) {
	case jwk.ECDSAPublicKey:
		return alg == jwa.ES256 && k.Crv() == jwa.P256
	case jwk.OKPPublicKey:
		return alg == jwa.EdDSA && k.Crv() == jwa.Ed25519
	case jwk.RSAPublicKey:
		return (alg == jwa.RS256 || alg == jwa.PS256) && len(k.N())*8 >= minRSA
	}
	return false
}

// decodeClaims reads claims: one JSON object, each member once and in its own
// case. Members that are not asked for are passed over.
func decodeClaims(payload []byte, claims any) error {
	if err := json.Unmarshal(payload, claims); err != nil {
		return ErrForm
	}
	return nil
}

// An audience is one name or a list of them (RFC 7519 §4.1.3).
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return ErrForm
	}
	*a = list
	return nil
}

// only tells whether the audience is one name, and one of those wanted. A token
// for others as well could be shown here by one of them.
func (a audience) only(want ...string) bool { return len(a) == 1 && slices.Contains(want, a[0]) }

// A date is a NumericDate (RFC 7519 §2); the zero value is one that is absent.
type date struct{ time.Time }

func (d *date) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil || !(seconds > 0) || seconds > 1<<40 {
		return ErrForm
	}
	whole, part := math.Modf(seconds)
	d.Time = time.Unix(int64(whole), int64(part*1e9)).UTC()
	return nil
}

// times are the dates of a token.
type times struct {
	Expires date `json:"exp"`
	Issued  date `json:"iat"`
	Before  date `json:"nbf"`
}

// hold tells whether the dates hold at now: not expired, not of the future. No
// date but exp is needed here.
func (t times) hold(now time.Time) error {
	switch {
	case t.Expires.IsZero(), !now.Before(t.Expires.Time),
		!t.Issued.IsZero() && t.Issued.After(now.Add(leeway)),
		!t.Before.IsZero() && t.Before.After(now.Add(leeway)):
		return ErrTime
	}
	return nil
}

// identifier tells whether somebody else's identifier is of a form that is kept:
// printable ASCII, not too long (OpenID Connect Core §2, sub).
func identifier(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for _, c := range []byte(s) {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return true
}
