package statement

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A Passkey is what a space's seal states about a member's passkey: its public key,
// and where it signs.
type Passkey struct {
	Member string // h_…
	Slug   string // of the space
	Key    PasskeyKey
	Party  string // RP ID: the host that it was made for
	Origin string // of the pages where it signs
	From   time.Time
	To     time.Time // zero: no end stated
}

// A PasskeyKey is a public key of ECDSA on P-256 (ES256), Ed25519 (EdDSA) or RSA of
// 2048 to 4096 bits (RS256). As JSON it is a JWK as go-jose writes it.
type PasskeyKey struct {
	Kid    string // RFC 7638 thumbprint
	Public crypto.PublicKey
}

// PasskeyKeyOf takes a public key. The error is ErrForm.
func PasskeyKeyOf(public crypto.PublicKey) (PasskeyKey, error) {
	if algorithmOf(public) == "" {
		return PasskeyKey{}, ErrForm
	}
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return PasskeyKey{}, ErrForm
	}
	return PasskeyKey{Kid: b64.EncodeToString(sum), Public: public}, nil
}

func algorithmOf(public crypto.PublicKey) jose.SignatureAlgorithm {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k != nil && k.Curve == elliptic.P256() {
			return jose.ES256
		}
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return jose.EdDSA
		}
	case *rsa.PublicKey:
		if k != nil && k.N != nil && k.N.BitLen() >= 2048 && k.N.BitLen() <= 4096 && k.E >= 3 {
			return jose.RS256
		}
	}
	return ""
}

// MarshalJSON writes the JWK.
func (k PasskeyKey) MarshalJSON() ([]byte, error) {
	alg := algorithmOf(k.Public)
	if alg == "" {
		return nil, ErrForm
	}
	return json.Marshal(jose.JSONWebKey{Key: k.Public, KeyID: k.Kid, Algorithm: string(alg), Use: "sig"})
}

// UnmarshalJSON reads what MarshalJSON writes and nothing else. The error is
// ErrForm.
func (k *PasskeyKey) UnmarshalJSON(data []byte) error {
	var j jose.JSONWebKey
	if err := json.Unmarshal(data, &j); err != nil {
		return ErrForm
	}
	key, err := PasskeyKeyOf(j.Key)
	if err != nil {
		return err
	}
	if again, err := key.MarshalJSON(); err != nil || !bytes.Equal(again, data) {
		return ErrForm
	}
	*k = key
	return nil
}

const kindPasskey = "passkey"

type passkeyWire struct {
	V      int        `json:"v"`
	Kind   string     `json:"kind"`
	Member string     `json:"member"`
	Slug   string     `json:"space"`
	Key    PasskeyKey `json:"key"`
	Party  string     `json:"rp"`
	Origin string     `json:"origin"`
	From   string     `json:"from"`
	To     string     `json:"to,omitempty"`
}

// SignPasskey gives the statement signed by the space's seal, like SignSpace.
func SignPasskey(seal jose.OpaqueSigner, p Passkey) (string, error) {
	w := passkeyWire{version, kindPasskey, p.Member, p.Slug, p.Key, p.Party, p.Origin, instant(p.From), instant(p.To)}
	if _, err := w.passkey(); err != nil {
		return "", err
	}
	return sign(seal, w)
}

// ParsePasskey verifies a statement with the seal of its space, as ParseMember does.
func ParsePasskey(space Space, jws string) (Passkey, error) {
	payload, err := verify(jws, space.sealKey)
	if err != nil {
		return Passkey{}, err
	}
	var w passkeyWire
	if err := exactly(payload, &w); err != nil {
		return Passkey{}, err
	}
	p, err := w.passkey()
	if err != nil {
		return Passkey{}, err
	}
	if p.Slug != space.Slug || !covers(space.From, space.To, p.From) {
		return Passkey{}, ErrSignature
	}
	return p, nil
}

func (w passkeyWire) passkey() (Passkey, error) {
	from, to, err := period(w.From, w.To)
	if err != nil || w.V != version || w.Kind != kindPasskey || !memberForm.MatchString(w.Member) ||
		!slugForm.MatchString(w.Slug) || w.Key.Public == nil || w.Party == "" || w.Origin == "" {
		return Passkey{}, ErrForm
	}
	return Passkey{w.Member, w.Slug, w.Key, w.Party, w.Origin, from, to}, nil
}

// An Assertion is what a passkey signed (WebAuthn Level 3 §6.3.3), each part as
// base64url: an evidence object, whose digest the structure's seal covers.
type Assertion struct {
	Kid        string `json:"kid"` // of the passkey, as its statement has it
	ClientData string `json:"client_data"`
	AuthData   string `json:"auth_data"`
	Signature  string `json:"signature"`
}

// NewAssertion writes what a passkey signed.
func NewAssertion(kid string, clientData, authData, signature []byte) Assertion {
	return Assertion{kid, b64.EncodeToString(clientData), b64.EncodeToString(authData), b64.EncodeToString(signature)}
}

// Commitment is the digest of the assertion as it is written: SHA-256, base64url.
// It has no salt: nothing of a person is in it.
func (a Assertion) Commitment() (string, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return "", ErrForm
	}
	sum := sha256.Sum256(raw)
	return b64.EncodeToString(sum[:]), nil
}

// Flags of authenticator data (WebAuthn §6.1).
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
)

// Verify proves that the passkey signed these bytes: the challenge is their SHA-256,
// the page and the host are those stated, the holder was there and verified. The
// error is ErrForm or ErrSignature.
func (p Passkey) Verify(a Assertion, signed []byte) error {
	clientData, err1 := decode(a.ClientData)
	authData, err2 := decode(a.AuthData)
	signature, err3 := decode(a.Signature)
	if err1 != nil || err2 != nil || err3 != nil || a.Kid != p.Key.Kid {
		return ErrForm
	}
	// What clients add later stands behind these members (WebAuthn §5.8.1.1), so
	// unknown ones are allowed; the signature covers them.
	var said struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}
	if err := json.Unmarshal(clientData, &said); err != nil {
		return ErrForm
	}
	challenge, party := sha256.Sum256(signed), sha256.Sum256([]byte(p.Party))
	switch {
	case said.Type != "webauthn.get", said.Challenge != b64.EncodeToString(challenge[:]), said.Origin != p.Origin, said.CrossOrigin:
		return ErrSignature
	case len(authData) < 37, !bytes.Equal(authData[:32], party[:]), authData[32]&userPresent == 0, authData[32]&userVerified == 0:
		return ErrSignature
	case !verifies(p.Key.Public, append(authData, sum(clientData)...), signature):
		return ErrSignature
	}
	return nil
}

func sum(data []byte) []byte {
	s := sha256.Sum256(data)
	return s[:]
}

func verifies(public crypto.PublicKey, data, signature []byte) bool {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, sum(data), signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, data, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum(data), signature) == nil
	}
	return false
}

// decode takes one spelling of base64url only.
func decode(s string) ([]byte, error) {
	data, err := b64.DecodeString(s)
	if err != nil || b64.EncodeToString(data) != s {
		return nil, ErrForm
	}
	return data, nil
}
