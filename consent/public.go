package consent

import (
	"strings"

	"aval/charter/screen"
)

// A PublicText stands in a row in clear because it is about nobody: the name of a
// structure, its telephone, what a preset is for. It is made from a screened text
// only; the store gives back what a row keeps.
type PublicText struct{ s string }

// publicText takes a screened text, without the space around it.
func publicText(c screen.Clean) PublicText { return PublicText{strings.TrimSpace(c.String())} }

// String is the text.
func (p PublicText) String() string { return p.s }

// IsZero tells whether there is no text.
func (p PublicText) IsZero() bool { return p.s == "" }

// MarshalText writes the text into a row.
func (p PublicText) MarshalText() ([]byte, error) { return []byte(p.s), nil }

// UnmarshalText reads a row, and is for that alone: whatever is typed comes by
// way of the screening. It never fails.
func (p *PublicText) UnmarshalText(row []byte) error {
	p.s = string(row)
	return nil
}

// Equal tells whether two texts are the same.
func (p PublicText) Equal(q PublicText) bool { return p == q }
