package personal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
)

// An Identity says who a person is. One name is enough: many people have only
// one.
type Identity struct {
	personalData
	GivenNames Text // all given names, the usual one first
	BirthName  Text
	UsedName   Text // when another than the birth name
	Birth      BirthDate
}

// A Contact says how to reach a person.
type Contact struct {
	personalData
	Phone    Text
	Email    Text
	Address  Text
	Language string // BCP 47 code, a fixed word
}

// Evidence is what proves a signature and names somebody: who was there, where
// the paper lies. Empty members are left out.
type Evidence struct {
	personalData
	Salt           Salt // none: no Commitment
	PaperPlace     Text // where our signed original lies
	Witnesses      []Text
	Interpreter    Text // or whoever read the text aloud
	Representative Text // legal representative or curator
	SentTo         Text // number or address a code or summary was sent to
	// Scan is the SHA-256 of the picture of the signed paper, base64url; empty
	// when there is none. The picture is in boxes of its own (scan.go).
	Scan string
}

// A Name is the display name of an account or a member.
type Name struct {
	personalData
	Display Text
}

// A Note is a short remark about a person: what is still to be done.
type Note struct {
	personalData
	Text Text
}

// A Record is what a box can hold.
type Record interface {
	Identity | Contact | Evidence | Name | Note | Opening
}

// ErrRecord says that bytes are no record of the kind expected. It never holds
// any part of them.
var ErrRecord = errors.New("personal: not a record of this kind")

// kindOf gives the box type (typ of its header) and the kind of key that seals
// records of type R.
func kindOf[R Record]() (typ string, kind KeyKind) {
	switch any(*new(R)).(type) {
	case Contact:
		return "contact+jwe", KeyActive
	case Name:
		return "name+jwe", KeyAccount
	case Note:
		return "note+jwe", KeyActive
	case Evidence:
		return "evidence+jwe", KeyEvidence
	case Opening:
		return "opening+jwe", KeyEvidence
	}
	return "identity+jwe", KeyEvidence
}

// The wire structs are the only form in which records become bytes. Their member
// order is part of the format: commitments are computed over it.
type (
	identityWire struct {
		GivenNames string `json:"given_names,omitempty"`
		BirthName  string `json:"birth_name,omitempty"`
		UsedName   string `json:"used_name,omitempty"`
		Birth      string `json:"birth,omitempty"`
	}
	contactWire struct {
		Phone    string `json:"phone,omitempty"`
		Email    string `json:"email,omitempty"`
		Address  string `json:"address,omitempty"`
		Language string `json:"lang,omitempty"`
	}
	evidenceWire struct {
		Salt           string   `json:"salt,omitempty"`
		PaperPlace     string   `json:"paper_place,omitempty"`
		Witnesses      []string `json:"witnesses,omitempty"`
		Interpreter    string   `json:"interpreter,omitempty"`
		Representative string   `json:"representative,omitempty"`
		SentTo         string   `json:"sent_to,omitempty"`
		Scan           string   `json:"scan,omitempty"`
	}
	nameWire struct {
		Display string `json:"display"`
	}
	noteWire struct {
		Text string `json:"text"`
	}
	openingWire struct {
		V        int          `json:"v"`
		Salt     string       `json:"salt"`
		Identity identityWire `json:"identity"`
	}
)

func (i Identity) wire() identityWire {
	return identityWire{i.GivenNames.Reveal(), i.BirthName.Reveal(), i.UsedName.Reveal(), i.Birth.Reveal()}
}

func (w identityWire) identity() (i Identity, err error) {
	i = Identity{GivenNames: text(w.GivenNames), BirthName: text(w.BirthName), UsedName: text(w.UsedName)}
	if w.Birth != "" {
		i.Birth, err = birthDate(w.Birth)
	}
	return i, err
}

func (e Evidence) wire() evidenceWire {
	w := evidenceWire{
		e.Salt.wire(), e.PaperPlace.Reveal(), nil,
		e.Interpreter.Reveal(), e.Representative.Reveal(), e.SentTo.Reveal(), e.Scan,
	}
	for _, t := range e.Witnesses {
		w.Witnesses = append(w.Witnesses, t.Reveal())
	}
	return w
}

func (w evidenceWire) evidence() (e Evidence, err error) {
	e = Evidence{
		PaperPlace: text(w.PaperPlace), Interpreter: text(w.Interpreter),
		Representative: text(w.Representative), SentTo: text(w.SentTo), Scan: w.Scan,
	}
	for _, s := range w.Witnesses {
		e.Witnesses = append(e.Witnesses, text(s))
	}
	if w.Salt != "" {
		e.Salt, err = salt(w.Salt)
	}
	return e, err
}

// encode gives the bytes that go into a box.
func encode[R Record](r R) ([]byte, error) {
	switch r := any(r).(type) {
	case Contact:
		return marshal(contactWire{r.Phone.Reveal(), r.Email.Reveal(), r.Address.Reveal(), r.Language})
	case Name:
		return marshal(nameWire{r.Display.Reveal()})
	case Note:
		return marshal(noteWire{r.Text.Reveal()})
	case Evidence:
		return marshal(r.wire())
	case Opening:
		return r.Reveal()
	case Identity:
		return marshal(r.wire())
	}
	return nil, ErrRecord
}

// decode reads what encode wrote; a failed decode gives the zero record.
func decode[R Record](data []byte) (R, error) {
	var r, zero R
	var err error
	switch r := any(&r).(type) {
	case *Contact:
		var w contactWire
		err = unmarshal(data, &w)
		*r = Contact{Phone: text(w.Phone), Email: text(w.Email), Address: text(w.Address), Language: w.Language}
	case *Name:
		var w nameWire
		err = unmarshal(data, &w)
		r.Display = text(w.Display)
	case *Note:
		var w noteWire
		err = unmarshal(data, &w)
		r.Text = text(w.Text)
	case *Evidence:
		var w evidenceWire
		if err = unmarshal(data, &w); err == nil {
			*r, err = w.evidence()
		}
	case *Opening:
		*r, err = ParseOpening(data)
	case *Identity:
		var w identityWire
		if err = unmarshal(data, &w); err == nil {
			*r, err = w.identity()
		}
	}
	if err != nil {
		return zero, ErrRecord
	}
	return r, nil
}

// b64 is the base64 of all our formats: URL alphabet, no padding.
var b64 = base64.RawURLEncoding

// decode64 takes one spelling only: base64.Strict still skips line breaks.
func decode64(s string) ([]byte, error) {
	data, err := b64.DecodeString(s)
	if err != nil || b64.EncodeToString(data) != s {
		return nil, ErrRecord
	}
	return data, nil
}

// marshal writes one line of JSON, characters as they are.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, ErrRecord // err could hold a value
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// unmarshal reads one JSON value, unknown members refused.
func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return ErrRecord // err could hold a value
	}
	if _, err := dec.Token(); err != io.EOF {
		return ErrRecord
	}
	return nil
}

// exactly reads one JSON value that is spelt as marshal spells it, so that there
// is one encoding only: no member twice, no other case, order or spacing.
func exactly(data []byte, v any) error {
	if err := unmarshal(data, v); err != nil {
		return err
	}
	again, err := marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return ErrRecord
	}
	return nil
}
