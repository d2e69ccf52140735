package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// A signer is somebody else's key pair.
type signer struct {
	alg jwa.SignatureAlgorithm
	key jwk.Key // private
	pub jwk.Key
}

func newSigner(tb testing.TB, alg jwa.SignatureAlgorithm, kid string) signer {
	tb.Helper()
	var raw any
	var err error
	switch alg {
	case jwa.ES256:
		raw, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jwa.EdDSA:
		_, raw, err = ed25519.GenerateKey(rand.Reader)
	default:
		raw, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	must(tb, err)
	s := signer{alg: alg}
	s.key, err = jwk.FromRaw(raw)
	must(tb, err)
	if kid == "" {
		sum, err := s.key.Thumbprint(crypto.SHA256)
		must(tb, err)
		kid = base64.RawURLEncoding.EncodeToString(sum)
	}
	must(tb, s.key.Set(jwk.KeyIDKey, kid))
	s.pub, err = s.key.PublicKey()
	must(tb, err)
	return s
}

// sign makes a compact JWS with these header members; a nil one is left out.
func (s signer) sign(tb testing.TB, header, claims map[string]any) string {
	tb.Helper()
	payload, err := json.Marshal(claims)
	must(tb, err)
	h := jws.NewHeaders()
	all := map[string]any{"kid": s.key.KeyID()}
	maps.Copy(all, header)
	for name, value := range all {
		if value != nil {
			must(tb, h.Set(name, value))
		}
	}
	var raw any
	must(tb, s.key.Raw(&raw))
	compact, err := jws.Sign(payload, jws.WithKey(s.alg, raw, jws.WithProtectedHeaders(h)))
	must(tb, err)
	return string(compact)
}

// byHand makes a compact JWS whose parts are given as they are.
func byHand(tb testing.TB, header, claims map[string]any, signature []byte) string {
	tb.Helper()
	h, err := json.Marshal(header)
	must(tb, err)
	p, err := json.Marshal(claims)
	must(tb, err)
	enc := base64.RawURLEncoding.EncodeToString
	return enc(h) + "." + enc(p) + "." + enc(signature)
}

// setOf is a JWK Set.
func setOf(tb testing.TB, keys ...any) []byte {
	tb.Helper()
	raw, err := json.Marshal(map[string]any{"keys": keys})
	must(tb, err)
	return raw
}

// with is claims changed; a nil value takes a member away.
func with(claims map[string]any, changes ...any) map[string]any {
	out := maps.Clone(claims)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(out, changes[i].(string))
			continue
		}
		out[changes[i].(string)] = changes[i+1]
	}
	return out
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// noon is when tokens are verified.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// signBytes signs a payload as it is.
func (s signer) signBytes(tb testing.TB, payload []byte) string {
	tb.Helper()
	var raw any
	must(tb, s.key.Raw(&raw))
	compact, err := jws.Sign(payload, jws.WithKey(s.alg, raw))
	must(tb, err)
	return string(compact)
}
