package consent

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"aval/charter"
)

// A Payload is what is signed: JSON without any name, in exactly these members
// and this order. The person is an identifier and a commitment to their
// identity, so signatures stay checkable after an erasure. Instants are
// RFC 3339 in UTC with whole seconds.
type Payload struct {
	V          int                  `json:"v"` // 1
	ID         MandateID            `json:"id"`
	Ref        string               `json:"ref"`
	Origin     string               `json:"origin"`
	Space      string               `json:"space"` // slug
	Charter    CharterRef           `json:"charter"`
	Template   TemplateRef          `json:"template"`
	Person     PersonRef            `json:"person"`
	Mandatary  Mandatary            `json:"mandatary"`
	Helpers    Helpers              `json:"helpers"`
	Powers     []Power              `json:"powers"` // 1 to 15
	IssuedAt   time.Time            `json:"iat"`
	From       time.Time            `json:"from"`
	Until      time.Time            `json:"until"` // first instant of the day after
	TZ         string               `json:"tz"`
	Capacity   charter.Capacity     `json:"capacity"`
	Free       bool                 `json:"free"` // always true (CC 1986)
	Explained  Explained            `json:"explained"`
	Required   []charter.SignerRole `json:"required"` // roles that must have signed
	MinLevel   charter.Level        `json:"min_level"`
	Supersedes []MandateID          `json:"supersedes,omitempty"` // CC 2006
	Status     *json.RawMessage     `json:"status,omitempty"`     // Token Status List, once the lists exist
}

// CharterRef names the version of the charter a mandate was given under.
type CharterRef struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

// TemplateRef names the text that was shown.
type TemplateRef struct {
	Digest string `json:"digest"`
	Lang   string `json:"lang"`
}

// PersonRef is the person without a name: c = base64url SHA-256(salt ‖ identity).
type PersonRef struct {
	ID PersonID `json:"id"`
	C  string   `json:"c"`
}

// Mandatary is the party that accepts: a structure, or one natural person.
type Mandatary struct {
	Kind charter.MandataryKind `json:"kind"`
	ID   string                `json:"id"` // s_… or h_…
}

// A Power is one triple service × procedure × mode, with the procedure's
// category (CC 1987–1989: a mandate names what it is for).
type Power = charter.Power

// Explained tells how the mandate was explained (GDPR 7(2), 12).
type Explained struct {
	Lang string      `json:"lang"` // BCP 47
	Aid  charter.Aid `json:"aid"`
	By   MemberID    `json:"by"`
}

// valid checks the language; the aid is a word of the charter.
func (e Explained) valid() error {
	if !languageForm.MatchString(e.Lang) {
		return &Invalid{Pointer: "/explained/lang", Reason: "language"}
	}
	return nil
}

// Helpers is who may act: any member of the structure whose role is open, or
// the members named.
type Helpers struct{ Named []MemberID }

// Team tells whether any member may act.
func (h Helpers) Team() bool { return len(h.Named) == 0 }

// Has tells whether a member is among them.
func (h Helpers) Has(m MemberID) bool { return h.Team() || slices.Contains(h.Named, m) }

// MarshalJSON gives "team" or the list.
func (h Helpers) MarshalJSON() ([]byte, error) {
	if h.Team() {
		return []byte(`"team"`), nil
	}
	return json.Marshal(h.Named)
}

// UnmarshalJSON accepts "team" or a list of one or more members.
func (h *Helpers) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte(`"team"`)) {
		h.Named = nil
		return nil
	}
	if err := json.Unmarshal(b, &h.Named); err != nil || len(h.Named) == 0 {
		return fmt.Errorf("helpers: neither team nor a list")
	}
	return nil
}

const (
	maxPayload = 16 << 10 // bytes; 15 powers and 50 named helpers stay far below
	maxHelpers = 50
	maxOthers  = 50 // mandates that one replaces
)

// Forms of the members that are words: what is not of its form is not read, so
// that a payload holds no text and no other spelling of itself.
var (
	refForm     = regexp.MustCompile(`^[0-9]{8}$`)
	versionForm = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,4}){2}$`)
	originForm  = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)
	wordForm    = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	tzForm      = regexp.MustCompile(`^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}$`)
)

// Bytes is the exact string that is signed.
func (p *Payload) Bytes() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(p); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParsePayload accepts only the bytes that Bytes gives for what it returns, and
// only identifiers and words of their form.
func ParsePayload(raw []byte) (*Payload, error) {
	if len(raw) > maxPayload {
		return nil, &Invalid{Reason: "payload_size"}
	}
	var p Payload
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, &Invalid{Reason: "payload_form"}
	}
	again, err := p.Bytes()
	if err != nil || !bytes.Equal(raw, again) {
		return nil, &Invalid{Reason: "payload_form"}
	}
	if err := p.valid(); err != nil {
		return nil, err
	}
	return &p, nil
}

func (p *Payload) valid() error {
	bad := func(pointer string) error { return &Invalid{Pointer: pointer, Reason: "payload_member"} }
	switch {
	case p.V != 1:
		return bad("/v")
	case !validID("m_", string(p.ID)):
		return bad("/id")
	case !refForm.MatchString(p.Ref):
		return bad("/ref")
	case !originForm.MatchString(p.Origin):
		return bad("/origin")
	case !slugForm.MatchString(p.Space):
		return bad("/space")
	case !validID("p_", string(p.Person.ID)), !isDigest(p.Person.C):
		return bad("/person")
	case p.Mandatary.Kind == charter.MandataryStructure && !validID("s_", p.Mandatary.ID),
		p.Mandatary.Kind == charter.MandataryNatural && !validID("h_", p.Mandatary.ID),
		p.Mandatary.Kind != charter.MandataryStructure && p.Mandatary.Kind != charter.MandataryNatural:
		return bad("/mandatary")
	case !p.Helpers.valid():
		return bad("/helpers")
	case len(p.Powers) == 0 || len(p.Powers) > 15 || !all(p.Powers, validPower):
		return bad("/powers")
	case !versionForm.MatchString(p.Charter.Version), !isDigest(p.Charter.Digest):
		return bad("/charter")
	case !isDigest(p.Template.Digest), !languageForm.MatchString(p.Template.Lang):
		return bad("/template")
	case !wholeSecond(p.IssuedAt):
		return bad("/iat")
	case !wholeSecond(p.From):
		return bad("/from")
	case !wholeSecond(p.Until), !p.From.Before(p.Until):
		return bad("/until")
	case !tzForm.MatchString(p.TZ):
		return bad("/tz")
	case !wordForm.MatchString(string(p.Capacity)):
		return bad("/capacity")
	case !p.Free:
		return bad("/free")
	}
	return p.validAgreement(bad)
}

// validAgreement checks how the mandate was explained and who must have signed.
// No version of the charter asks for less than who agrees, a helper and the
// structure's seal, nor takes a helper's word alone (E0): a payload that asks for
// less would prove nothing.
func (p *Payload) validAgreement(bad func(string) error) error {
	who := p.Required
	switch {
	case !languageForm.MatchString(p.Explained.Lang),
		p.Explained.Aid != "" && !wordForm.MatchString(string(p.Explained.Aid)),
		!validID("h_", string(p.Explained.By)):
		return bad("/explained")
	case len(who) > len(signerRoles), !all(who, func(r charter.SignerRole) bool { return slices.Contains(signerRoles, r) }),
		!slices.Contains(who, charter.SignerHelper), !slices.Contains(who, charter.SignerStructure),
		!slices.Contains(who, charter.SignerPerson) && !slices.Contains(who, charter.SignerRepresentative):
		return bad("/required")
	case p.MinLevel < charter.E1:
		return bad("/min_level")
	case len(p.Supersedes) > maxOthers, !all(p.Supersedes, func(m MandateID) bool { return validID("m_", string(m)) }):
		return bad("/supersedes")
	}
	return nil
}

var signerRoles = []charter.SignerRole{
	charter.SignerPerson, charter.SignerHelper, charter.SignerStructure, charter.SignerRepresentative, charter.SignerCurator,
}

func (h Helpers) valid() bool {
	return len(h.Named) <= maxHelpers && all(h.Named, func(m MemberID) bool { return validID("h_", string(m)) })
}

func validPower(p Power) bool {
	return wordForm.MatchString(string(p.Service)) && wordForm.MatchString(string(p.Procedure)) &&
		wordForm.MatchString(string(p.Category)) && wordForm.MatchString(string(p.Mode))
}

// wholeSecond tells whether an instant has the one spelling that payloads use.
func wholeSecond(t time.Time) bool {
	return t.Location() == time.UTC && t.Nanosecond() == 0
}

func all[T any](list []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !ok(v) })
}

// digest is base64url SHA-256, as it stands in payloads, leaves and details.
func digest(b []byte) string {
	h := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

func isDigest(s string) bool {
	b, ok := decode64(s)
	return ok && len(b) == sha256.Size
}

// decode64 reads base64url in its one spelling: the decoder skips line breaks.
func decode64(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && base64.RawURLEncoding.EncodeToString(b) == s
}
