package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Errors of Verify. They hold no part of what was read.
var (
	// ErrForm: not a mandate document, or not register.pub.
	ErrForm = errors.New("token: malformed")
	// ErrSignature: something is not signed by the key that should have.
	ErrSignature = errors.New("token: a signature does not verify")
)

// Bounds on what is read.
const (
	maxDocument   = 256 << 10
	maxSignatures = 8
	maxStatements = 16
)

const (
	typeMandate   = "mandate+jws"
	typeStatement = "statement+jws"
)

// A Verified is a document whose every signature holds.
type Verified struct {
	Payload []byte   // the bytes that were signed
	Signers []Signer // in the document's order
}

// A Signer is one signature: the part it plays and its key (RFC 7638).
type Signer struct {
	Role string
	Kid  string
}

// A RegisterPub writes register.pub, as the statements' own package does: keys
// come here as bytes, so that nothing is taken over from the first verifier.
type RegisterPub interface{ Marshal() ([]byte, error) }

// VerifyMandate is Verify for a register.pub that was read already. The error is
// nil, ErrForm or ErrSignature.
func VerifyMandate(doc []byte, register RegisterPub) error {
	pub, err := register.Marshal()
	if err != nil {
		return ErrForm
	}
	_, err = Verify(doc, pub)
	return err
}

// Verify proves every signature of a mandate document (general JSON
// serialization, RFC 7515 §7.2.1) from register.pub alone: the register's key
// signed the statement of the space's seal, the seal that of the helper's key,
// each valid when the mandate was issued. Every signature must verify with the
// key of its own kid, and every assertion of a passkey; one that does not refuses
// the whole.
func Verify(doc, registerPub []byte) (*Verified, error) {
	if len(doc) > maxDocument || len(registerPub) > maxDocument {
		return nil, ErrForm
	}
	var d document
	if err := strict(doc, &d); err != nil {
		return nil, err
	}
	// encoding/json takes members in any case and order, and the last of two.
	if again, err := json.Marshal(d); err != nil || !bytes.Equal(again, bytes.TrimSuffix(doc, []byte("\n"))) {
		return nil, ErrForm
	}
	if len(d.Signatures) == 0 || len(d.Signatures) > maxSignatures || len(d.Statements) > maxStatements ||
		len(d.Assertions) > maxSignatures {
		return nil, ErrForm
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(d.Payload)
	if err != nil {
		return nil, ErrForm
	}
	about, err := readAbout(payload)
	if err != nil {
		return nil, err
	}
	keys, err := chain(registerPub, d.Statements, about)
	if err != nil {
		return nil, err
	}
	v := &Verified{Payload: payload}
	for _, s := range d.Signatures {
		signer, err := s.verify(d.Payload, payload, keys)
		if err != nil {
			return nil, err
		}
		v.Signers = append(v.Signers, signer)
	}
	for _, a := range d.Assertions {
		if err := a.verify(payload, keys); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// A document's members, in the order they are written.
type document struct {
	Payload    string      `json:"payload"`
	Signatures []signature `json:"signatures"`
	Statements []string    `json:"statements"`
	Assertions []assertion `json:"assertions,omitempty"`
}

type signature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

// verify checks one signature with the key that was stated for its role.
func (s signature) verify(encoded string, payload []byte, keys *stated) (Signer, error) {
	compact := []byte(s.Protected + "." + encoded + "." + s.Signature)
	h, err := header(compact, typeMandate)
	if err != nil {
		return Signer{}, err
	}
	role, _ := h.Get("role")
	name, _ := role.(string)
	key, ok := keys.of(name, h.KeyID())
	if !ok {
		return Signer{}, ErrSignature
	}
	signed, err := jws.Verify(compact, jws.WithKey(jwa.ES256, key))
	if err != nil || !bytes.Equal(signed, payload) {
		return Signer{}, ErrSignature
	}
	return Signer{Role: name, Kid: h.KeyID()}, nil
}

// header reads the protected header of a compact JWS: ES256, the kind wanted, a
// key named by its kid and by nothing else.
func header(compact []byte, typ string) (jws.Headers, error) {
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
	if h.Algorithm() != jwa.ES256 || h.Type() != typ || h.KeyID() == "" || h.JWK() != nil || h.JWKSetURL() != "" ||
		len(h.Critical()) > 0 {
		return nil, ErrForm
	}
	return h, nil
}

// about is what a payload says that the statements must fit.
type about struct {
	Origin string    `json:"origin"`
	Space  string    `json:"space"`
	Issued time.Time `json:"iat"`
}

func readAbout(payload []byte) (about, error) {
	var a about
	if err := json.Unmarshal(payload, &a); err != nil || a.Origin == "" || a.Space == "" || a.Issued.IsZero() {
		return a, ErrForm
	}
	return a, nil
}

// strict reads one JSON value without unknown members.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil || d.More() {
		return ErrForm
	}
	return nil
}

// KeySet writes public keys as a JWK Set (RFC 7517 §5), each with its alg and
// use, for programs that ask for the register's keys. pub is register.pub.
func KeySet(pub []byte) ([]byte, error) {
	set, _, err := registerKeys(pub)
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("token: key set: %w", err)
	}
	return append(out, '\n'), nil
}

// registerKeys reads the register's own keys.
func registerKeys(pub []byte) (set jwk.Set, origin string, err error) {
	var file struct {
		Origin string          `json:"origin"`
		Notes  []string        `json:"notes"`
		JWKS   json.RawMessage `json:"jwks"`
	}
	if err := strict(pub, &file); err != nil {
		return nil, "", err
	}
	set, err = jwk.Parse(file.JWKS)
	if err != nil || set.Len() == 0 {
		return nil, "", ErrForm
	}
	for i := range set.Len() {
		key, _ := set.Key(i)
		if err := public(key); err != nil {
			return nil, "", err
		}
	}
	return set, file.Origin, nil
}
