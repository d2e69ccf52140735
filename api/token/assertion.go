package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// What a helper's passkey signed, verified once more: WebAuthn Level 3 §7.2, steps
// 11 to 21, of an assertion whose challenge is the SHA-256 of the mandate.

type assertion struct {
	Kid        string `json:"kid"`
	ClientData string `json:"client_data"`
	AuthData   string `json:"auth_data"`
	Signature  string `json:"signature"`
}

// keepPasskey reads a stated passkey, if it was in use at an instant.
func (s *stated) keepPasskey(c claim, at time.Time) error {
	key, err := jwk.ParseKey(c.Key)
	if err != nil || key.KeyID() == "" {
		return ErrForm
	}
	if private, err := jwk.IsPrivateKey(key); err != nil || private {
		return ErrForm
	}
	if c.covers(at) {
		s.passkeys[key.KeyID()] = c
	}
	return nil
}

// verify checks an assertion with the key that was stated for its kid.
func (a assertion) verify(payload []byte, keys *stated) error {
	c, ok := keys.passkeys[a.Kid]
	if !ok {
		return ErrSignature
	}
	b64 := base64.RawURLEncoding.Strict()
	clientData, err1 := b64.DecodeString(a.ClientData)
	authData, err2 := b64.DecodeString(a.AuthData)
	signature, err3 := b64.DecodeString(a.Signature)
	if err1 != nil || err2 != nil || err3 != nil || len(authData) < 37 {
		return ErrForm
	}
	var said struct {
		Type, Challenge, Origin string
	}
	if err := json.Unmarshal(clientData, &said); err != nil {
		return ErrForm
	}
	challenge, party, hash := sha256.Sum256(payload), sha256.Sum256([]byte(c.Party)), sha256.Sum256(clientData)
	const thereAndVerified = 1<<0 | 1<<2
	if said.Type != "webauthn.get" || said.Challenge != b64.EncodeToString(challenge[:]) || said.Origin != c.Origin ||
		!bytes.Equal(authData[:32], party[:]) || authData[32]&thereAndVerified != thereAndVerified {
		return ErrSignature
	}
	return checkRaw(c.Key, append(authData, hash[:]...), signature)
}

// checkRaw verifies a signature that is of no JWS. WebAuthn writes that of ECDSA as
// ASN.1, jwx's verifiers of JWS want the two numbers side by side.
func checkRaw(raw json.RawMessage, data, signature []byte) error {
	key, err := jwk.ParseKey(raw)
	if err != nil {
		return ErrForm
	}
	var alg jwa.SignatureAlgorithm
	if err := alg.Accept(key.Algorithm().String()); err != nil {
		return ErrForm
	}
	switch alg {
	case jwa.ES256:
		if signature, err = sideBySide(signature); err != nil {
			return err
		}
	case jwa.EdDSA, jwa.RS256:
	default:
		return ErrForm
	}
	verifier, err := jws.NewVerifier(alg)
	if err != nil {
		return ErrForm
	}
	var public any
	if err := key.Raw(&public); err != nil {
		return ErrForm
	}
	if err := verifier.Verify(data, signature, public); err != nil {
		return ErrSignature
	}
	return nil
}

// sideBySide writes an ASN.1 signature of P-256 as r and s of 32 bytes each (RFC
// 7518 §3.4).
func sideBySide(der []byte) ([]byte, error) {
	var rs struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &rs)
	if err != nil || len(rest) > 0 || rs.R.Sign() <= 0 || rs.S.Sign() <= 0 || rs.R.BitLen() > 256 || rs.S.BitLen() > 256 {
		return nil, ErrForm
	}
	out := make([]byte, 64)
	rs.R.FillBytes(out[:32])
	rs.S.FillBytes(out[32:])
	return out, nil
}
