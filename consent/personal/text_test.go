package personal_test

import (
	"errors"
	"testing"
	"time"

	"aval/consent/personal"
)

func TestParseBirthDate(t *testing.T) {
	for _, good := range []string{"1950", "1950-03", "1950-03-02", "1900", "1900-01-01", "2024-02-29", "2026", "2026-11", "2026-11-21"} {
		b, err := personal.ParseBirthDate(good, now)
		if err != nil || b.Reveal() != good || b.IsZero() {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]error{
		"": personal.ErrBirthForm, "50": personal.ErrBirthForm, "1950-3": personal.ErrBirthForm, "1950-13": personal.ErrBirthForm,
		"1950-00": personal.ErrBirthForm, "1950-02-30": personal.ErrBirthForm, "2023-02-29": personal.ErrBirthForm,
		"02/03/1950": personal.ErrBirthForm, "1950-03-02T": personal.ErrBirthForm, " 1950": personal.ErrBirthForm,
		"+950": personal.ErrBirthForm, "١٩٥٠": personal.ErrBirthForm, "1950-03-02 ": personal.ErrBirthForm,
		"1899": personal.ErrBirthRange, "1899-12-31": personal.ErrBirthRange, "0000": personal.ErrBirthRange,
		"2027": personal.ErrBirthRange, "2026-12": personal.ErrBirthRange, "2026-11-22": personal.ErrBirthRange,
	} {
		if b, err := personal.ParseBirthDate(bad, now); !errors.Is(err, want) || !b.IsZero() || b.Reveal() != "" {
			t.Errorf("%q: %v, want %v", bad, err, want)
		}
	}
}

func FuzzBirthDate(f *testing.F) {
	for _, s := range []string{"1950", "1950-03", "1950-03-02", "2024-02-29", "1950-02-30", "", "١٩٥٠"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := personal.ParseBirthDate(s, now)
		if err != nil {
			return
		}
		if b.Reveal() != s {
			t.Errorf("%q came back as %q", s, b.Reveal())
		}
		full := s + "-01-01"[len(s)-min(len(s), 4):]
		full = full[:10]
		at, err := time.Parse(time.DateOnly, full)
		if err != nil || at.Year() < 1900 || at.After(now) {
			t.Errorf("%q is no date up to today: %v", s, err)
		}
	})
}

func TestTextZero(t *testing.T) {
	if x := text(t, ""); !x.IsZero() || x.Reveal() != "" {
		t.Error("the empty text is not zero")
	}
	if x := text(t, " a "); x.IsZero() || x.Reveal() != " a " {
		t.Error("a text was changed")
	}
}
