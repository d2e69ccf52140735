package statement_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aval/consent/statement"
)

// A right signature counts only where it says what it must: of an assertion, over
// this payload, on the stated page of the stated host, by a holder who was there and
// was verified.
func TestAssertionSaysWhatItMust(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := statement.PasskeyKeyOf(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	p := statement.Passkey{Key: public, Party: "registre.test", Origin: "https://registre.test"}
	payload := []byte(`{"v":1}`)
	challenge := sha256.Sum256(payload)
	said := fmt.Sprintf(`{"type":"webauthn.get","challenge":"%s","origin":"https://registre.test","crossOrigin":false}`,
		base64.RawURLEncoding.EncodeToString(challenge[:]))
	data := func(host string, flags byte) []byte {
		of := sha256.Sum256([]byte(host))
		return append(of[:], flags, 0, 0, 0, 1)
	}
	signed := func(clientData string, authData []byte) statement.Assertion {
		hash := sha256.Sum256([]byte(clientData))
		sum := sha256.Sum256(slices.Concat(authData, hash[:]))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return statement.NewAssertion(public.Kid, []byte(clientData), authData, signature)
	}
	const there, verified = 1, 4
	if err := p.Verify(signed(said, data("registre.test", there|verified)), payload); err != nil {
		t.Fatalf("a right one: %v", err)
	}
	with := func(old, now string) string {
		if strings.Count(said, old) != 1 {
			t.Fatalf("%q is not there once", old)
		}
		return strings.Replace(said, old, now, 1)
	}
	for name, a := range map[string]statement.Assertion{
		"holder not verified": signed(said, data("registre.test", there)),
		"holder not there":    signed(said, data("registre.test", verified)),
		"another host":        signed(said, data("evil.test", there|verified)),
		"short data":          signed(said, data("registre.test", there|verified)[:36]),
		"a registration":      signed(with("webauthn.get", "webauthn.create"), data("registre.test", there|verified)),
		"another page":        signed(with(`"https://registre.test"`, `"https://evil.test"`), data("registre.test", there|verified)),
		"inside another page": signed(with("false", "true"), data("registre.test", there|verified)),
		"no JSON":             signed(said[1:], data("registre.test", there|verified)),
	} {
		if p.Verify(a, payload) == nil {
			t.Errorf("%s: it verifies", name)
		}
	}
	if p.Verify(signed(said, data("registre.test", there|verified)), []byte(`{"v":2}`)) == nil {
		t.Error("it verifies for another payload")
	}
}
