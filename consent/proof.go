package consent

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aval/charter"
	"aval/consent/personal"
	"aval/consent/statement"
)

// A mandate as a document: the payload's exact bytes under one signature a
// signer, in the general JSON serialization of JWS (RFC 7515 §7.2.1), with the
// statements that lead from the register's key to each signer's beside them. A
// document is read by taking it apart and building it again: bytes that differ
// from the result are refused, so there is one encoding only.

// mandateType is the typ of each protected header: a signature made for
// anything else never counts.
const mandateType = "mandate+jws"

// maxDocument bounds a document in bytes before it is parsed.
const maxDocument = 256 << 10

// A SignatureHeader is the protected header of one signature, in this order.
type SignatureHeader struct {
	Alg  jose.SignatureAlgorithm `json:"alg"`
	Kid  string                  `json:"kid"`
	Typ  string                  `json:"typ"`
	Role charter.SignerRole      `json:"role"`
	// Evidence stands in the structure's seal only: commitments to what cannot
	// be a JWS signature (ink, witnessed voice), each with its role.
	Evidence []EvidenceRef `json:"ev,omitempty"`
}

type signature struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

// A document's members, in this order. Statements are compact JWS of type
// statement+jws: the register's of the space's keys first, then the seal's of
// the helper's key and of their passkey.
type document struct {
	Payload    string      `json:"payload"`
	Signatures []signature `json:"signatures"`
	Statements []string    `json:"statements"`
	// Assertions are what passkeys signed; the seal's evidence names each by its
	// digest.
	Assertions []statement.Assertion `json:"assertions,omitempty"`
}

// signPayload makes one signature. Each signer signs alone: go-jose's
// multi-signer gives all signatures the same headers.
func signPayload(typ jose.ContentType, payload []byte, key *personal.Signer, h SignatureHeader) (signature, error) {
	opts := new(jose.SignerOptions).WithType(typ).WithHeader("role", h.Role)
	if len(h.Evidence) > 0 {
		opts = opts.WithHeader("ev", h.Evidence)
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.ES256, Key: key,
	}, opts)
	if err != nil {
		return signature{}, err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return signature{}, err
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return signature{}, err
	}
	parts := strings.Split(compact, ".")
	return signature{Protected: parts[0], Signature: parts[2]}, nil
}

// buildDocument puts a document together.
func buildDocument(payload []byte, statements []string, assertions []statement.Assertion, signatures ...signature) ([]byte, error) {
	return json.Marshal(document{
		Payload:    base64.RawURLEncoding.EncodeToString(payload),
		Signatures: signatures,
		Statements: statements,
		Assertions: assertions,
	})
}

// A VerifiedSignature says who signed, with which key, stated by whom.
type VerifiedSignature struct {
	Role     charter.SignerRole `json:"role"`
	Kid      string             `json:"kid"`
	Evidence []EvidenceRef      `json:"evidence,omitempty"`
	// Passkey is the kid of the helper's own passkey that signed the payload; then
	// the key of Kid, which the register holds, is only the wrapper of it.
	Passkey string `json:"passkey,omitempty"`
}

// A VerifiedMandate is a mandate whose every required role is proven.
type VerifiedMandate struct {
	Payload    *Payload
	Signatures []VerifiedSignature
}

// errMandate is the one answer for a document that does not verify; the reason
// after it names no value.
func mandateError(reason string) error {
	return &Invalid{Pointer: "", Reason: "mandate_" + reason}
}

// VerifyMandate proves a mandate from the register's public keys alone: the
// document's form, each statement, each signature and its key's dates, and that
// each role required by the payload is met by its own signature or by evidence
// of at least the least level under the structure's seal.
func VerifyMandate(raw []byte, register *statement.RegisterPub) (*VerifiedMandate, error) {
	doc, payload, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	p, err := ParsePayload(payload)
	if err != nil {
		return nil, err
	}
	if p.Origin != register.Origin {
		return nil, mandateError("origin")
	}
	keys, err := statement.Chain(register, p.Space, doc.Statements)
	if err != nil {
		return nil, mandateError("statement")
	}
	v := &VerifiedMandate{Payload: p}
	for _, s := range doc.Signatures {
		sig, err := verifySignature(mandateType, s, payload, keys, p.IssuedAt)
		if err != nil {
			return nil, err
		}
		v.Signatures = append(v.Signatures, sig)
	}
	if err := v.verifyPasskeys(doc, payload, keys); err != nil {
		return nil, err
	}
	return v, v.requireRoles()
}

// parseDocument reads a document strictly.
func parseDocument(raw []byte) (*document, []byte, error) {
	if len(raw) > maxDocument {
		return nil, nil, mandateError("size")
	}
	var doc document
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields() // also refuses "signature" beside "signatures"
	if err := d.Decode(&doc); err != nil {
		return nil, nil, mandateError("form")
	}
	again, err := json.Marshal(doc)
	if err != nil || !bytes.Equal(bytes.TrimSuffix(raw, []byte("\n")), again) {
		return nil, nil, mandateError("form")
	}
	payload, ok := decode64(doc.Payload)
	if !ok || len(doc.Signatures) == 0 || len(doc.Signatures) > 8 || len(doc.Statements) > 16 ||
		len(doc.Assertions) > 8 {
		return nil, nil, mandateError("form")
	}
	return &doc, payload, nil
}

// verifySignature checks one signature of a document of a type with the key that a
// statement gives for its kid, and that the key was stated for the signature's
// role at an instant.
func verifySignature(typ string, s signature, payload []byte, keys *statement.Keys, at time.Time) (VerifiedSignature, error) {
	h, err := parseHeader(typ, s.Protected)
	if err != nil {
		return VerifiedSignature{}, err
	}
	if _, ok := decode64(s.Signature); !ok {
		return VerifiedSignature{}, mandateError("form")
	}
	var key *ecdsa.PublicKey
	switch h.Role {
	case charter.SignerHelper:
		key = keys.Member(h.Kid, at)
	case charter.SignerStructure:
		key = keys.Seal(h.Kid, at)
	}
	if key == nil {
		return VerifiedSignature{}, mandateError("key")
	}
	if h.Role != charter.SignerStructure && len(h.Evidence) > 0 {
		return VerifiedSignature{}, mandateError("evidence")
	}
	compact := s.Protected + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + s.Signature
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA})
	if err != nil {
		return VerifiedSignature{}, mandateError("form")
	}
	if _, err := signed.Verify(key); err != nil {
		return VerifiedSignature{}, mandateError("signature")
	}
	return VerifiedSignature{Role: h.Role, Kid: h.Kid, Evidence: h.Evidence}, nil
}

// verifyPasskeys proves what helpers' passkeys signed: each one that the seal names
// is there and signed this payload, by a passkey that is stated of the member whose
// key wraps it; and none is there that the seal does not name.
func (v *VerifiedMandate) verifyPasskeys(doc *document, payload []byte, keys *statement.Keys) error {
	left := make(map[string]statement.Assertion, len(doc.Assertions))
	for _, a := range doc.Assertions {
		c, err := a.Commitment()
		if err != nil {
			return mandateError("form")
		}
		left[c] = a
	}
	if len(left) != len(doc.Assertions) {
		return mandateError("form")
	}
	for _, s := range v.Signatures {
		for _, e := range s.Evidence {
			if e.Role != charter.SignerHelper || e.Type != charter.Passkey {
				continue
			}
			a, there := left[e.C]
			if !there {
				return mandateError("evidence")
			}
			delete(left, e.C)
			if err := v.wrapped(a, payload, keys); err != nil {
				return err
			}
		}
	}
	if len(left) > 0 {
		return mandateError("evidence")
	}
	return nil
}

// wrapped proves one assertion, and that a signature of the same member wraps it.
func (v *VerifiedMandate) wrapped(a statement.Assertion, payload []byte, keys *statement.Keys) error {
	at := v.Payload.IssuedAt
	key := keys.Passkey(a.Kid, at)
	if key == nil {
		return mandateError("key")
	}
	if err := key.Verify(a, payload); err != nil {
		return mandateError("signature")
	}
	for i, s := range v.Signatures {
		if s.Role == charter.SignerHelper && s.Passkey == "" && keys.MemberID(s.Kid, at) == key.Member {
			v.Signatures[i].Passkey = a.Kid
			return nil
		}
	}
	return mandateError("key")
}

// parseHeader reads a protected header strictly: these members and no other,
// each once.
func parseHeader(typ, protected string) (SignatureHeader, error) {
	var h SignatureHeader
	raw, ok := decode64(protected)
	if !ok {
		return h, mandateError("form")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil || d.More() {
		return h, mandateError("header")
	}
	if h.Typ != typ || (h.Alg != jose.ES256 && h.Alg != jose.EdDSA) {
		return h, mandateError("header")
	}
	// encoding/json takes the last of two members of one name and folds case;
	// the length tells that nothing but these members was there.
	if err := sameMembers(raw, h); err != nil {
		return h, err
	}
	return h, nil
}

func sameMembers(raw []byte, h SignatureHeader) error {
	var got, want map[string]json.RawMessage
	again, err := json.Marshal(h)
	if err != nil || len(again) != len(raw) {
		return mandateError("header")
	}
	if json.Unmarshal(raw, &got) != nil || json.Unmarshal(again, &want) != nil || len(got) != len(want) {
		return mandateError("header")
	}
	for name, value := range want {
		if !bytes.Equal(got[name], value) {
			return mandateError("header")
		}
	}
	return nil
}

// requireRoles checks that every required role is met, and the least level.
func (v *VerifiedMandate) requireRoles() error {
	for _, role := range v.Payload.Required {
		if !v.met(role) {
			return mandateError("role_" + string(role))
		}
	}
	return nil
}

func (v *VerifiedMandate) met(role charter.SignerRole) bool {
	for _, s := range v.Signatures {
		if s.Role == role {
			return true
		}
		if s.Role == charter.SignerStructure && slices.ContainsFunc(s.Evidence, func(e EvidenceRef) bool {
			return e.Role == role && (!agrees(role) || e.Level >= v.Payload.MinLevel)
		}) {
			return true
		}
	}
	return false
}

// agrees tells the roles whose agreement must be of the least level.
func agrees(role charter.SignerRole) bool {
	return role == charter.SignerPerson || role == charter.SignerRepresentative
}

// PersonLevel is the best level of the person's agreement that the document
// proves.
func (v *VerifiedMandate) PersonLevel() charter.Level {
	var best charter.Level
	for _, s := range v.Signatures {
		for _, e := range s.Evidence {
			if e.Role == charter.SignerPerson {
				best = max(best, e.Level)
			}
		}
	}
	return best
}
