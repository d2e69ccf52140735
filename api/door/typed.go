package door

import (
	"encoding/json"
	"io"
	"strings"

	"aval/charter/screen"
)

// A Typed is a text as somebody typed it, on its way to the screening. Nothing
// else can be done with it: the generated types of the contract hold every free
// text as a Typed, so that a handler cannot keep one that was not screened. It
// prints as "typed".
type Typed struct {
	_ [0]func() // no ==
	s *string
}

// Field makes the text a field of a form to screen: name is its member in the
// request without the slash, max its longest form in characters.
func (t Typed) Field(name string, kind screen.FieldKind, max int) screen.Field {
	return screen.Field{Name: name, Text: t.text(), Kind: kind, Max: max}
}

// File gives the text as a file of lines, for consent.ImportNotebook, which screens
// each cell before it looks at it.
func (t Typed) File() io.Reader { return strings.NewReader(t.text()) }

// UnmarshalJSON reads a JSON string.
func (t *Typed) UnmarshalJSON(raw []byte) error {
	t.s = new(string)
	return json.Unmarshal(raw, t.s)
}

// String keeps the text out of every log.
func (t Typed) String() string { return "typed" }

// GoString does so for %#v.
func (t Typed) GoString() string { return "typed" }

// TypedText is a text that a page's form brought.
func TypedText(s string) Typed { return Typed{s: &s} }

func (t Typed) text() string {
	if t.s == nil {
		return ""
	}
	return *t.s
}
