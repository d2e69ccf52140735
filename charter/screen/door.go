package screen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a text that went through the screening. Its field is unexported
// and only Form, Beside and Contested make one, so a store or a record that takes Clean cannot be
// given anything else. The zero Clean is the empty text.
type Clean struct {
	s            string
	field        string // the name it was screened under
	kind         FieldKind
	edge, beside Edge // its own, and those that it was screened beside
}

// String is the text exactly as it was typed.
func (c Clean) String() string { return c.s }

// FieldKind says what a field is for. It loosens nothing that has a checksum:
// a social security number is refused in a telephone field too.
type FieldKind string

// The closed list of field kinds.
const (
	Note     FieldKind = "note"     // free text, several lines
	Name     FieldKind = "name"     // of a person, a structure, an account, a file
	Phone    FieldKind = "phone"    // a telephone number
	Email    FieldKind = "email"    // an e-mail address
	Address  FieldKind = "address"  // a postal address, several lines
	Place    FieldKind = "place"    // where something is or happened
	Search   FieldKind = "search"   // what somebody looks for
	Language FieldKind = "language" // a language by its name or code
)

// lines tells which kinds may hold line breaks and tabs.
var lines = map[FieldKind]bool{
	Note: true, Address: true, Name: false, Phone: false, Email: false,
	Place: false, Search: false, Language: false,
}

// MaxBytes is the most any field can hold, whatever its own Max.
const MaxBytes = 64 << 10

// Field is one text of a form.
type Field struct {
	Name string    // appears in errors: a fixed word of the program, never typed text
	Text string    // what was typed
	Kind FieldKind // one of the closed list
	Max  int       // longest text in runes; 0 leaves only MaxBytes
}

// InvalidRule says why a text is not acceptable as text. The words are stable keys.
type InvalidRule string

// The closed list of reasons for Invalid.
const (
	InvalidUTF8    InvalidRule = "utf8"    // not UTF-8
	InvalidControl InvalidRule = "control" // a control character, or a line break in a one-line field
	InvalidLength  InvalidRule = "length"  // longer than the field takes
	InvalidKind    InvalidRule = "kind"    // the field kind is not in the closed list: a fault of the program
)

// Invalid is the error of a text that is no acceptable text, before any
// question of credentials. It never holds any part of the text.
type Invalid struct {
	Field string
	Rule  InvalidRule
}

// Error names the field and the rule, never the text.
func (e *Invalid) Error() string {
	return fmt.Sprintf("screen: field %q is not valid: %s", e.Field, e.Rule)
}

// Form screens all the free texts of one form together and gives them back in
// the same order, or none of them. The error is *Invalid or *Refusal. Give the
// whole form at each save, also the fields that did not change: a password cut
// over two fields shows only when both are seen (charter rule C08). Texts that
// join others in a record take Beside.
func Form(fields ...Field) ([]Clean, error) {
	s, err := Beside(nil, fields...)
	return s.Texts, err
}

// Screened are the texts of a form that were let in.
type Screened struct {
	Texts    []Clean   // in the order of the fields
	Edges    []Edge    // of the texts, in the same order; stored beside them
	Warnings []Warning // what may not be needed, in the order of the fields
}

// Beside screens a form as Form does, and besides against what stands in the
// record already: a word for password today and its value tomorrow is refused
// at the second save. stored are the edges of the other texts of the record
// that a reader sees together, such as the notes of one person; leave out the
// edge of a text that this form replaces. Their number and order do not matter.
func Beside(stored []Edge, fields ...Field) (Screened, error) {
	for _, f := range fields {
		if err := f.valid(); err != nil {
			return Screened{}, err
		}
	}
	pages := make([]*page, len(fields))
	refuse := func(i int, found finding, earlier bool) (Screened, error) {
		return Screened{}, &Refusal{
			Kind: found.kind, Field: fields[i].Name, Rule: found.rule, Earlier: earlier,
			mark: markOf(fields[i].Text, pages[i], found.from, found.to),
		}
	}
	for i, f := range fields {
		pages[i] = newPage(f.Text, f.Kind)
		if found := pages[i].judge(); found.found() {
			return refuse(i, found, false)
		}
	}
	for i, first := range pages {
		for j, second := range pages {
			if i == j {
				continue
			}
			if found := across(first, second); found.found() {
				return refuse(j, found, false)
			}
		}
	}
	all := union(stored)
	for i, p := range pages {
		if found := all.meets(p); found.found() {
			return refuse(i, found, true)
		}
	}
	var s Screened
	for i, f := range fields {
		edge := edgeOf(pages[i])
		s.Texts = append(s.Texts, Clean{s: f.Text, field: f.Name, kind: f.Kind, edge: edge, beside: all})
		s.Edges = append(s.Edges, edge)
		pages[i].unneeded(func(t Topic, first, last int) {
			at := markOf(f.Text, pages[i], pages[i].tokens[first].start, pages[i].tokens[last].end)
			s.Warnings = append(s.Warnings, Warning{f.Name, t, at})
		})
	}
	return s, nil
}

// valid checks what needs no screening. The return type is the plain error so
// that a nil stays nil.
func (f Field) valid() error {
	multi, known := lines[f.Kind]
	switch {
	case !known:
		return &Invalid{f.Name, InvalidKind}
	case len(f.Text) > MaxBytes, f.Max > 0 && utf8.RuneCountInString(f.Text) > f.Max:
		return &Invalid{f.Name, InvalidLength}
	case !utf8.ValidString(f.Text):
		return &Invalid{f.Name, InvalidUTF8}
	case strings.ContainsFunc(f.Text, func(r rune) bool { return forbidden(r, multi) }):
		return &Invalid{f.Name, InvalidControl}
	}
	return nil
}

func forbidden(r rune, multi bool) bool {
	if multi && (r == '\n' || r == '\r' || r == '\t') {
		return false
	}
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// kindOf reads a field name as the command line gives it. Unknown names are
// notes, the kind with the widest rules.
func kindOf(field string) FieldKind {
	if _, known := lines[FieldKind(field)]; known {
		return FieldKind(field)
	}
	return Note
}

// Judge screens one text. field is the name of the field, as in Form or in the
// records of the register; a name that is also a FieldKind chooses that kind.
// Bytes that are not UTF-8 are read as U+FFFD.
func Judge(text, field string) Verdict {
	p := newPage(text, kindOf(field))
	if found := p.judge(); found.found() {
		return verdict(found, field)
	}
	return accepted(p)
}

// JudgePair screens two texts of one form, each alone and then together.
func JudgePair(text, field, text2, field2 string) Verdict {
	first, second := newPage(text, kindOf(field)), newPage(text2, kindOf(field2))
	if found := first.judge(); found.found() {
		return verdict(found, field)
	}
	if found := second.judge(); found.found() {
		return verdict(found, field2)
	}
	if found := across(first, second); found.found() {
		return verdict(found, field2)
	}
	if found := across(second, first); found.found() {
		return verdict(found, field)
	}
	return accepted(first, second)
}

// accepted is the verdict of texts that passed, with the first warning.
func accepted(pages ...*page) Verdict {
	var v Verdict
	for _, p := range pages {
		p.unneeded(func(t Topic, _, _ int) {
			if v.Warning == "" {
				v.Warning = t
			}
		})
	}
	return v
}

func verdict(f finding, field string) Verdict {
	return Verdict{Refused: true, Kind: f.kind, Field: field, Rule: f.rule}
}
