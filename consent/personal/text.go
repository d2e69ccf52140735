package personal

import (
	"errors"
	"time"

	"aval/charter/screen"
)

// A Text is a name, an address, a phone number: anything that tells who somebody
// is. The zero Text is empty. Texts are not compared with ==: they would differ
// by where they lie.
type Text struct {
	personalData
	_ [0]func() // no ==
	s *string
}

// NewText takes a screened text; there is no other way in.
func NewText(c screen.Clean) Text { return text(c.String()) }

func text(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{s: &s}
}

// Reveal gives the text in clear. Only views, and what prints paper, call it.
func (t Text) Reveal() string {
	if t.s == nil {
		return ""
	}
	return *t.s
}

// IsZero tells whether the text is empty.
func (t Text) IsZero() bool { return t.s == nil }

// A BirthDate is a year, a year and month, or a full date: many people know no
// more. The zero BirthDate is none.
type BirthDate struct {
	personalData
	_ [0]func() // no ==
	s *string   // "1950", "1950-03" or "1950-03-02"
}

// Errors of ParseBirthDate; they never hold the value.
var (
	ErrBirthForm  = errors.New("personal: birth date is not YYYY, YYYY-MM or YYYY-MM-DD, or not in the calendar")
	ErrBirthRange = errors.New("personal: birth date is before 1900 or after today")
)

const firstYear = "1900"

// ParseBirthDate reads "1950", "1950-03" or "1950-03-02" (ISO 8601), a real date
// of the calendar from 1900 up to today, which is a day in UTC. An error is
// ErrBirthForm or ErrBirthRange.
func ParseBirthDate(s string, today time.Time) (BirthDate, error) {
	b, err := birthDate(s)
	if err != nil {
		return BirthDate{}, err
	}
	if s < firstYear || s > today.UTC().Format(time.DateOnly)[:len(s)] {
		return BirthDate{}, ErrBirthRange
	}
	return b, nil
}

// birthDate checks the form only: for dates that were accepted once.
func birthDate(s string) (BirthDate, error) {
	layouts := map[int]string{4: "2006", 7: "2006-01", 10: time.DateOnly}
	layout, ok := layouts[len(s)]
	if !ok {
		return BirthDate{}, ErrBirthForm
	}
	if _, err := time.Parse(layout, s); err != nil {
		return BirthDate{}, ErrBirthForm
	}
	return BirthDate{s: &s}, nil
}

// Reveal gives the date in clear, as precise as it is known: "1950-03-02",
// "1950-03" or "1950"; "" for the zero BirthDate.
func (b BirthDate) Reveal() string {
	if b.s == nil {
		return ""
	}
	return *b.s
}

// IsZero tells whether there is no date at all.
func (b BirthDate) IsZero() bool { return b.s == nil }

// coarser gives the date at each precision up to its own, the finest first.
func (b BirthDate) coarser() []string {
	s := b.Reveal()
	var out []string
	for _, n := range []int{10, 7, 4} {
		if len(s) >= n {
			out = append(out, s[:n])
		}
	}
	return out
}
