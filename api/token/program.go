package token

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// What programs prove: who they are, by a signed assertion (RFC 7523), and that a
// request comes from the holder of a key (RFC 9449). Nothing here is looked up or
// remembered: that an identifier is used once is package consent's to say.

// assertionTypes are the kinds that an assertion may say it is: none, the plain
// one, and that of the draft that follows RFC 7523.
var assertionTypes = []string{"", "JWT", "client-authentication+jwt"}

const (
	// maxAssertion is how long an assertion may be valid from now on.
	maxAssertion = 5 * time.Minute
	// ProofLife is how old a DPoP proof may be.
	ProofLife = time.Minute
	// minUnique is the least length of a jti: it must not be met twice by chance.
	minUnique = 8
)

// An Assertion is a verified one: its identifier, to be used once until it expires.
type Assertion struct {
	ID      string
	Expires time.Time // no later than that is it taken
}

type assertionClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	ID       string   `json:"jti"`
	times    `json:",inline"`
}

// AssertionOf reads whom an assertion speaks of, to find their keys. Nothing of
// it is proven yet.
func AssertionOf(compact string) (client string, err error) {
	if _, err := readHeader([]byte(compact), own, assertionTypes, false); err != nil {
		return "", err
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[1])
	if err != nil {
		return "", ErrForm
	}
	var c assertionClaims
	if err := decodeClaims(payload, &c); err != nil {
		return "", err
	}
	if c.Issuer != c.Subject || !identifier(c.Subject) {
		return "", ClaimError("sub")
	}
	return c.Subject, nil
}

// VerifyAssertion verifies an assertion of a client with its JWK Set: signed by
// one of its keys, by itself (iss) about itself (sub), for one of the audiences
// and no other, at most 5 minutes long, with a jti.
func VerifyAssertion(compact string, keys []byte, client string, audiences []string, now time.Time) (Assertion, error) {
	h, err := readHeader([]byte(compact), own, assertionTypes, false)
	if err != nil {
		return Assertion{}, err
	}
	set, err := jwk.Parse(keys)
	if err != nil {
		return Assertion{}, ErrKey
	}
	payload, err := verifyWithSet([]byte(compact), h.Algorithm(), set)
	if err != nil {
		return Assertion{}, err
	}
	var c assertionClaims
	if err := decodeClaims(payload, &c); err != nil {
		return Assertion{}, err
	}
	switch {
	case c.Issuer != client:
		return Assertion{}, ClaimError("iss")
	case c.Subject != client:
		return Assertion{}, ClaimError("sub")
	case !c.Audience.only(audiences...):
		return Assertion{}, ClaimError("aud")
	case !identifier(c.ID) || len(c.ID) < minUnique:
		return Assertion{}, ClaimError("jti")
	}
	if err := c.hold(now); err != nil {
		return Assertion{}, err
	}
	if c.Expires.Sub(now) > maxAssertion+leeway {
		return Assertion{}, ErrTime
	}
	return Assertion{ID: c.ID, Expires: c.Expires.Time}, nil
}

// verifyWithSet verifies with any of the few keys that fit: which one it is, the
// signature says better than a name.
func verifyWithSet(compact []byte, alg jwa.SignatureAlgorithm, set jwk.Set) ([]byte, error) {
	err := ErrKey
	for i := range set.Len() {
		key, _ := set.Key(i)
		if !fits(alg, key) {
			continue
		}
		var payload []byte
		if payload, err = verifyWith(compact, alg, key); err == nil {
			return payload, nil
		}
	}
	return nil, err
}

// A Proof is a verified DPoP proof (RFC 9449 §4).
type Proof struct {
	Key string    // RFC 7638 thumbprint of the key that signed it
	ID  string    // its jti, to be used once with this key
	At  time.Time // its iat
}

type proofClaims struct {
	ID     string `json:"jti"`
	Method string `json:"htm"`
	URL    string `json:"htu"`
	Hash   string `json:"ath"`
	times  `json:",inline"`
}

// VerifyProof verifies a DPoP proof for a request: the method, the address
// without query (§4.3), and, when an access token comes with it, that token's
// hash. The proof is signed by the key in its own header: what it proves is that
// the sender holds that key, and to what the key is bound is the caller's to see.
func VerifyProof(compact, method, address, accessToken string, now time.Time) (Proof, error) {
	h, err := readHeader([]byte(compact), own, []string{"dpop+jwt"}, true)
	if err != nil {
		return Proof{}, err
	}
	payload, err := verifyWith([]byte(compact), h.Algorithm(), h.JWK())
	if err != nil {
		return Proof{}, err
	}
	var c proofClaims
	if err := decodeClaims(payload, &c); err != nil {
		return Proof{}, err
	}
	switch {
	case !identifier(c.ID) || len(c.ID) < minUnique:
		return Proof{}, ClaimError("jti")
	case c.Method != method:
		return Proof{}, ClaimError("htm")
	case !sameAddress(c.URL, address):
		return Proof{}, ClaimError("htu")
	case accessToken != "" && !sameHash(c.Hash, accessToken):
		return Proof{}, ClaimError("ath")
	case c.Issued.IsZero() || now.Sub(c.Issued.Time) > ProofLife || c.Issued.After(now.Add(leeway)):
		return Proof{}, ErrTime
	case !c.Expires.IsZero() && !now.Before(c.Expires.Time), !c.Before.IsZero() && c.Before.After(now.Add(leeway)):
		return Proof{}, ErrTime // RFC 9449 asks for neither; who sends them means them
	}
	sum, err := h.JWK().Thumbprint(crypto.SHA256)
	if err != nil {
		return Proof{}, ErrKey
	}
	return Proof{Key: base64.RawURLEncoding.EncodeToString(sum), ID: c.ID, At: c.Issued.Time}, nil
}

// sameAddress compares an htu with the address that was asked, in the one
// spelling that RFC 3986 §6.2.2 makes equal: scheme and host in any case.
func sameAddress(given, asked string) bool {
	u, err := url.Parse(given)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = "", "", "", false
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u.String() == asked
}

func sameHash(given, token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare([]byte(given), []byte(base64.RawURLEncoding.EncodeToString(sum[:]))) == 1
}
