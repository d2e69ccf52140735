package token_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"aval/api/token"
)

const (
	clientID = "ccas.g_abc"
	issuer   = "https://staff.test"
	tokenURL = issuer + "/api/v1/token"
)

func assertion() map[string]any {
	return map[string]any{
		"iss": clientID, "sub": clientID, "aud": issuer, "jti": "once-and-only", "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
	}
}

// What an assertion must say to be believed, and each way not to be.
func TestAssertion(t *testing.T) {
	for _, alg := range []jwa.SignatureAlgorithm{jwa.ES256, jwa.EdDSA} {
		s, other := newSigner(t, alg, ""), newSigner(t, alg, "")
		keys := setOf(t, other.pub, s.pub)
		typ := map[string]any{"typ": "JWT"}
		in := func(d time.Duration) int64 { return noon.Add(d).Unix() }
		good := map[string]string{
			"plain":                   s.sign(t, typ, assertion()),
			"without typ":             s.sign(t, nil, assertion()),
			"another name of the key": s.sign(t, map[string]any{"kid": "2027"}, assertion()),
			"without kid":             s.sign(t, map[string]any{"kid": nil}, assertion()),
			"for the token endpoint":  s.sign(t, typ, with(assertion(), "aud", []any{tokenURL})),
			"five minutes":            s.sign(t, typ, with(assertion(), "exp", in(5*time.Minute))),
			"their clock is ahead":    s.sign(t, typ, with(assertion(), "iat", in(20*time.Second), "nbf", in(20*time.Second))),
		}
		for name, a := range good {
			got, err := token.VerifyAssertion(a, keys, clientID, []string{issuer, tokenURL}, noon)
			if err != nil || got.ID != "once-and-only" || got.Expires.Before(noon) {
				t.Errorf("%s, %s: %+v %v", alg, name, got, err)
			}
			if who, err := token.AssertionOf(a); err != nil || who != clientID {
				t.Errorf("%s, %s: speaks of %q, %v", alg, name, who, err)
			}
		}
		bad := map[string]string{
			"another's key":        newSigner(t, alg, s.key.KeyID()).sign(t, typ, assertion()),
			"another issuer":       s.sign(t, typ, with(assertion(), "iss", "ccas.g_xyz")),
			"about another":        s.sign(t, typ, with(assertion(), "sub", "ccas.g_xyz")),
			"without sub":          s.sign(t, typ, with(assertion(), "sub", nil)),
			"for another server":   s.sign(t, typ, with(assertion(), "aud", "https://elsewhere.test")),
			"for a prefix":         s.sign(t, typ, with(assertion(), "aud", issuer+"/")),
			"for two":              s.sign(t, typ, with(assertion(), "aud", []any{issuer, "https://elsewhere.test"})),
			"for nobody":           s.sign(t, typ, with(assertion(), "aud", nil)),
			"expired":              s.sign(t, typ, with(assertion(), "exp", in(0))),
			"without exp":          s.sign(t, typ, with(assertion(), "exp", nil)),
			"too long":             s.sign(t, typ, with(assertion(), "exp", in(6*time.Minute))),
			"of the future":        s.sign(t, typ, with(assertion(), "nbf", in(time.Minute))),
			"made in the future":   s.sign(t, typ, with(assertion(), "iat", in(time.Minute))),
			"exp in words":         s.sign(t, typ, with(assertion(), "exp", "tomorrow")),
			"exp below zero":       s.sign(t, typ, with(assertion(), "exp", -1)),
			"without jti":          s.sign(t, typ, with(assertion(), "jti", nil)),
			"a short jti":          s.sign(t, typ, with(assertion(), "jti", "1")),
			"a long jti":           s.sign(t, typ, with(assertion(), "jti", strings.Repeat("x", 256))),
			"an access token":      s.sign(t, map[string]any{"typ": "at+jwt"}, assertion()),
			"a DPoP proof":         s.sign(t, map[string]any{"typ": "dpop+jwt"}, assertion()),
			"with its key":         s.sign(t, map[string]any{"jwk": s.pub}, assertion()),
			"with a key's address": s.sign(t, map[string]any{"jku": "https://evil.test/keys"}, assertion()),
			"alg none":             byHand(t, map[string]any{"alg": "none", "typ": "JWT"}, assertion(), nil),
			"a cut signature":      strings.TrimRight(s.sign(t, typ, assertion()), "=")[:40],
			"nothing":              "",
			"huge":                 s.sign(t, typ, with(assertion(), "x", strings.Repeat("x", 20<<10))),
		}
		for name, a := range bad {
			if got, err := token.VerifyAssertion(a, keys, clientID, []string{issuer, tokenURL}, noon); err == nil {
				t.Errorf("%s, %s: taken as %+v", alg, name, got)
			}
		}
	}
}

// One octet of difference, and a doubled member: of two readings, neither.
func TestAssertionIsStrict(t *testing.T) {
	s := newSigner(t, jwa.ES256, "")
	keys := setOf(t, s.pub)
	a := s.sign(t, nil, assertion())
	parts := strings.Split(a, ".")
	for i := range parts {
		changed := append([]string{}, parts...)
		b := []byte(changed[i])
		b[len(b)/2] ^= 1
		changed[i] = string(b)
		if _, err := token.VerifyAssertion(strings.Join(changed, "."), keys, clientID, []string{issuer}, noon); err == nil {
			t.Errorf("part %d was changed and taken", i)
		}
	}
	var raw any
	must(t, s.key.Raw(&raw))
	for _, payload := range []string{
		`{"iss":"` + clientID + `","sub":"` + clientID + `","aud":"` + issuer + `","jti":"once-and-only","exp":1,"exp":1795435260}`,
		`{"ISS":"` + clientID + `","sub":"` + clientID + `","aud":"` + issuer + `","jti":"once-and-only","exp":1795435260}`,
	} {
		compact := s.signBytes(t, []byte(payload))
		if _, err := token.VerifyAssertion(compact, keys, clientID, []string{issuer}, noon); err == nil {
			t.Errorf("taken: %s", payload)
		}
	}
}

func proof() map[string]any {
	return map[string]any{"jti": "proof-once", "htm": "POST", "htu": tokenURL, "iat": noon.Unix()}
}

func TestProof(t *testing.T) {
	const access = "an-access-token"
	sum := sha256.Sum256([]byte(access))
	ath := base64.RawURLEncoding.EncodeToString(sum[:])
	for _, alg := range []jwa.SignatureAlgorithm{jwa.ES256, jwa.EdDSA} {
		s, other := newSigner(t, alg, ""), newSigner(t, alg, "")
		header := map[string]any{"typ": "dpop+jwt", "jwk": s.pub, "kid": nil}
		in := func(d time.Duration) int64 { return noon.Add(d).Unix() }
		for name, claims := range map[string]map[string]any{
			"plain":                  with(proof(), "ath", ath),
			"with a query":           with(proof(), "ath", ath, "htu", tokenURL+"?a=b#c"),
			"host in capitals":       with(proof(), "ath", ath, "htu", "HTTPS://Staff.test/api/v1/token"),
			"nearly a minute old":    with(proof(), "ath", ath, "iat", in(-time.Minute)),
			"their clock is ahead":   with(proof(), "ath", ath, "iat", in(30*time.Second)),
			"with a nonce not asked": with(proof(), "ath", ath, "nonce", "n"),
		} {
			got, err := token.VerifyProof(s.sign(t, header, claims), "POST", tokenURL, access, noon)
			if err != nil || got.Key != s.key.KeyID() || got.ID != "proof-once" {
				t.Errorf("%s, %s: %+v %v", alg, name, got, err)
			}
		}
		change := func(m ...any) map[string]any { return with(header, m...) }
		for name, compact := range map[string]string{
			"for another method":   s.sign(t, header, with(proof(), "ath", ath, "htm", "GET")),
			"method in small":      s.sign(t, header, with(proof(), "ath", ath, "htm", "post")),
			"for another address":  s.sign(t, header, with(proof(), "ath", ath, "htu", issuer+"/api/v1/acts")),
			"for another host":     s.sign(t, header, with(proof(), "ath", ath, "htu", "https://evil.test/api/v1/token")),
			"over plain http":      s.sign(t, header, with(proof(), "ath", ath, "htu", "http://staff.test/api/v1/token")),
			"with a user in it":    s.sign(t, header, with(proof(), "ath", ath, "htu", "https://x@staff.test/api/v1/token")),
			"old":                  s.sign(t, header, with(proof(), "ath", ath, "iat", in(-61*time.Second))),
			"of the future":        s.sign(t, header, with(proof(), "ath", ath, "iat", in(time.Minute))),
			"without iat":          s.sign(t, header, with(proof(), "ath", ath, "iat", nil)),
			"expired":              s.sign(t, header, with(proof(), "ath", ath, "exp", in(0))),
			"without jti":          s.sign(t, header, with(proof(), "ath", ath, "jti", nil)),
			"without ath":          s.sign(t, header, proof()),
			"for another token":    s.sign(t, header, with(proof(), "ath", ath[1:]+"A")),
			"typ JWT":              s.sign(t, change("typ", "JWT"), with(proof(), "ath", ath)),
			"without typ":          s.sign(t, change("typ", nil), with(proof(), "ath", ath)),
			"without a key":        s.sign(t, map[string]any{"typ": "dpop+jwt"}, with(proof(), "ath", ath)),
			"with another's key":   s.sign(t, change("jwk", other.pub), with(proof(), "ath", ath)),
			"with its private key": s.sign(t, change("jwk", s.key), with(proof(), "ath", ath)),
			"alg none":             byHand(t, change("alg", "none"), with(proof(), "ath", ath), nil),
			"with an RSA key":      rsaProof(t, with(proof(), "ath", ath)),
		} {
			if got, err := token.VerifyProof(compact, "POST", tokenURL, access, noon); err == nil {
				t.Errorf("%s, %s: taken as %+v", alg, name, got)
			}
		}
	}
}

func rsaProof(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	s := newSigner(tb, jwa.RS256, "")
	return s.sign(tb, map[string]any{"typ": "dpop+jwt", "jwk": s.pub}, claims)
}

func FuzzAssertion(f *testing.F) {
	s := newSigner(f, jwa.ES256, "")
	keys := setOf(f, s.pub)
	f.Add(s.sign(f, nil, assertion()))
	f.Add(s.sign(f, map[string]any{"typ": "dpop+jwt", "jwk": s.pub}, proof()))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, compact string) {
		if a, err := token.VerifyAssertion(compact, keys, clientID, []string{issuer}, noon); err == nil && (a.ID == "" || a.Expires.Before(noon)) {
			t.Errorf("taken without an identifier or out of date: %+v", a)
		}
		if who, err := token.AssertionOf(compact); err == nil && who == "" {
			t.Error("an assertion about nobody")
		}
		if p, err := token.VerifyProof(compact, "POST", tokenURL, "", noon); err == nil && (p.ID == "" || len(p.Key) != 43) {
			t.Errorf("taken: %+v", p)
		}
	})
}
