package consent_test

import (
	"errors"
	"testing"

	"aval/consent"
)

// What a structure is opened with is of its form, and what is not leaves nothing.
func TestStructureIsOfItsForm(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		slug, tz, pointer string
	}{
		{"", "", "/slug"}, {"register", "", "/slug"}, {"-a", "", "/slug"}, {"A", "", "/slug"}, {"a/b", "", "/slug"},
		{"pont", "Europe/Nowhere", "/tz"}, {"pont", "Local", "/tz"}, {"pont", "../etc/passwd", "/tz"},
	} {
		w.unchanged(func() {
			_, _, err := w.reg.OpenStructure(w.ctx, consent.Operator(), consent.NewStructure{Name: clean(t, "Pont"), Slug: c.slug, TZ: c.tz})
			var invalid *consent.Invalid
			if !errors.As(err, &invalid) || invalid.Pointer != c.pointer {
				t.Errorf("%q in %q: %v", c.slug, c.tz, err)
			}
		})
	}
	for _, slug := range []string{"", "pont", "../register", "Register"} {
		if _, err := w.reg.In(w.ctx, slug); !isNotFound(err) {
			t.Errorf("in %q: %v", slug, err)
		}
	}
}
