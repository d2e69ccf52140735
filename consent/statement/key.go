package statement

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"

	"github.com/go-jose/go-jose/v4"
)

// ErrForm: bytes are not what they should be, or spelt in another way.
var ErrForm = errors.New("statement: malformed")

// A Key is a public ES256 key (P-256). As JSON it is a JWK (RFC 7517) with these
// members in this order: kty, crv, x, y, kid, alg, use.
type Key struct {
	Kid    string // RFC 7638 thumbprint
	Public *ecdsa.PublicKey
}

type keyWire struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	Use string `json:"use"`
}

const coordinate = 32 // bytes, P-256

var b64 = base64.RawURLEncoding

// KeyOf takes a JWK that holds a P-256 public key. The error is ErrForm.
func KeyOf(j *jose.JSONWebKey) (Key, error) {
	public, ok := j.Key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return Key{}, ErrForm
	}
	return newKey(public)
}

func newKey(public *ecdsa.PublicKey) (Key, error) {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, ErrForm
	}
	return Key{Kid: b64.EncodeToString(sum), Public: public}, nil
}

// MarshalJSON writes the JWK.
func (k Key) MarshalJSON() ([]byte, error) {
	if k.Public == nil {
		return nil, ErrForm
	}
	point, err := k.Public.Bytes() // 4 ‖ x ‖ y
	if err != nil || len(point) != 1+2*coordinate {
		return nil, ErrForm
	}
	return json.Marshal(keyWire{
		Kty: "EC", Crv: "P-256", Kid: k.Kid, Alg: string(jose.ES256), Use: "sig",
		X: b64.EncodeToString(point[1 : 1+coordinate]), Y: b64.EncodeToString(point[1+coordinate:]),
	})
}

// UnmarshalJSON reads what MarshalJSON writes and nothing else: a key on its
// curve whose kid is its thumbprint. The error is ErrForm.
func (k *Key) UnmarshalJSON(data []byte) error {
	var w keyWire
	if err := unmarshal(data, &w); err != nil {
		return err
	}
	x, errX := b64.DecodeString(w.X)
	y, errY := b64.DecodeString(w.Y)
	if errX != nil || errY != nil || len(x) != coordinate || len(y) != coordinate {
		return ErrForm
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return ErrForm
	}
	key, err := newKey(public)
	if err != nil {
		return err
	}
	if again, err := key.MarshalJSON(); err != nil || !bytes.Equal(again, data) {
		return ErrForm
	}
	*k = key
	return nil
}

// unmarshal reads one JSON value without unknown members.
func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return ErrForm // err could hold what was sent
	}
	if _, err := dec.Token(); err != io.EOF {
		return ErrForm
	}
	return nil
}

// exactly reads one JSON value in json.Marshal's spelling only: no member twice,
// no other case, order or spacing.
func exactly(data []byte, v any) error {
	if err := unmarshal(data, v); err != nil {
		return err
	}
	if again, err := json.Marshal(v); err != nil || !bytes.Equal(again, data) {
		return ErrForm
	}
	return nil
}
