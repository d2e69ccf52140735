package personal_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"aval/consent/personal"

	"pgregory.net/rapid"
)

// finds tells how a search finds a person: "exact", "prefix" or "".
func finds(t testing.TB, r *register, i personal.Identity, date string, names ...string) string {
	t.Helper()
	_, rows, err := r.Index(lyon, i)
	if err != nil {
		t.Fatal(err)
	}
	var typed []personal.Text
	for _, n := range names {
		typed = append(typed, text(t, n))
	}
	l, err := r.Search(lyon, typed, birth(t, date))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case meet(rows, l.Exact):
		return "exact"
	case meet(rows, l.Prefix):
		return "prefix"
	}
	return ""
}

func meet(a, b [][]byte) bool {
	return slices.ContainsFunc(a, func(x []byte) bool {
		return slices.ContainsFunc(b, func(y []byte) bool { return bytes.Equal(x, y) })
	})
}

func TestSearchNames(t *testing.T) {
	r := newRegister(t)
	const born = "1950-03-02"
	for _, c := range []struct {
		given, birthName, used string
		typed                  []string
		want                   string
	}{
		{"Marie", "Dupont", "", []string{"Dupont"}, "exact"},
		{"Marie", "Dupont", "", []string{"DUPONT Marie"}, "exact"},
		{"Marie", "Dupont", "", []string{"Marie Dupont"}, "exact"},
		{"Marie", "Dupont", "", []string{"Marie", "dupont"}, "exact"},
		{"Marie", "Dupont", "", []string{"Dupond"}, "prefix"},
		{"Marie", "Dupont", "", []string{"Marie"}, "prefix"},
		{"Marie", "Dupont", "", []string{"Martin"}, "prefix"}, // Mar…
		{"Marie", "Dupont", "", []string{"Durand"}, ""},
		{"Marie", "Dupont", "Martin", []string{"Martin Marie"}, "exact"},
		{"Marie", "Dupont", "Martin", []string{"Marie", "Martin"}, "exact"},
		{"Marie Anne", "Dupont", "Martin", []string{"Marie Anne Martin"}, "exact"},
		{"Marie-Anne", "", "Martin", []string{"MARTIN Marie-Anne"}, "exact"},
		{"Marie", "Dupont", "Martin", []string{"Martin"}, "prefix"},
		{"Yann", "Le Goff", "", []string{"Legoff"}, "exact"},
		{"Yann", "Le Goff", "", []string{"le goff yann"}, "exact"},
		{"Yann", "Legoff", "", []string{"Yann Le Goff"}, "exact"},
		{"Yann", "Le Goff", "", []string{"Goff"}, "prefix"},
		{"Samir", "Aït-Ali", "", []string{"ait ali"}, "exact"},
		{"Samir", "Aït-Ali", "", []string{"AITALI"}, "exact"},
		{"Samir", "Aït-Ali", "", []string{"A\u0131\u0308tali"}, "exact"},
		{"Samir", "A\u00eft", "", []string{"Ai\u0308t"}, "exact"}, // composed and not
		{"Mohammed", "", "Benali", []string{"Mohamed Benali"}, "exact"},
		{"Mohamed", "Bennani", "", []string{"Benani"}, "exact"},
		{"Awa", "N'Diaye", "", []string{"Ndiaye"}, "exact"},
		{"Awa", "N’Diaye", "", []string{"N'DIAYE"}, "exact"},
		{"Awa", "Nʼdiaye", "", []string{"NDIAYE"}, "exact"},
		{"Zoé", "Lœuille", "", []string{"Loeuille"}, "exact"},
		{"Zoé", "Groß", "", []string{"Gross"}, "exact"},
		{"Łukasz", "Ørsted", "", []string{"Orsted"}, "exact"},
		{"محمد", "أحمدي", "", []string{"احمدي"}, "exact"},
		{"محمد", "کریمی", "", []string{"كريمي"}, "exact"}, // Persian and Arabic keyboards
		{"محمـــد", "", "", []string{"محمد"}, "exact"},
		{"Олена", "Коваль", "", []string{"КОВАЛЬ"}, "exact"},
		{"Wei", "Li", "", []string{"Li"}, "exact"},
		{"Wei", "Li", "", []string{"Wei Li"}, "exact"},
		{"美玲", "王", "", []string{"王 美玲"}, "exact"},
		{"Ahmadullah", "", "", []string{"Ahmadullah"}, "exact"}, // one name only
		{"", "", "Ahmadullah", []string{"ahmadulah"}, "exact"},
		{"", "Ahmadullah", "", []string{"Ahmad"}, "prefix"},
		{"Ａｎａ", "Ｓｉｌｖａ", "", []string{"Silva"}, "exact"},
	} {
		got := finds(t, r, identity(t, c.given, c.birthName, c.used, born), born, c.typed...)
		if got != c.want {
			t.Errorf("%q %q %q by %q: %q, want %q", c.given, c.birthName, c.used, c.typed, got, c.want)
		}
		if got := finds(t, r, identity(t, c.given, c.birthName, c.used, born), "1950-03-03", c.typed...); got != "" {
			t.Errorf("%q found on another day", c.typed)
		}
	}
}

// A search finds those recorded as precisely as it asks, or less.
func TestSearchDates(t *testing.T) {
	r := newRegister(t)
	dates := []string{"1950", "1950-03", "1950-03-02"}
	for i, recorded := range dates {
		for j, typed := range dates {
			got := finds(t, r, identity(t, "Marie", "Dupont", "", recorded), typed, "Dupont")
			if want := map[bool]string{true: "exact", false: ""}[j >= i]; got != want {
				t.Errorf("recorded %s, typed %s: %q, want %q", recorded, typed, got, want)
			}
		}
	}
}

func TestIndexRefuses(t *testing.T) {
	r := newRegister(t)
	for name, i := range map[string]personal.Identity{
		"no date":   {GivenNames: text(t, "Ana")},
		"no name":   {Birth: birth(t, "1950")},
		"no letter": {GivenNames: text(t, "- ' 12"), Birth: birth(t, "1950")},
	} {
		if _, _, err := r.Index(lyon, i); !errors.Is(err, personal.ErrIndex) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.Search(lyon, []personal.Text{i.GivenNames}, i.Birth); !errors.Is(err, personal.ErrIndex) {
			t.Errorf("search, %s: %v", name, err)
		}
	}
}

// A stranger to the space or the register learns nothing from rows, and nothing
// is longer than it should be.
func TestIndexRows(t *testing.T) {
	r, other := newRegister(t), newRegister(t)
	i := identity(t, "Marie", "Dupont", "Martin", "1950-03-02")
	closed, rows, err := r.Index(lyon, i)
	if err != nil {
		t.Fatal(err)
	}
	for what, again := range map[string]func() ([][]byte, error){
		"another space":    func() ([][]byte, error) { _, x, err := r.Index(nantes, i); return x, err },
		"another register": func() ([][]byte, error) { _, x, err := other.Index(lyon, i); return x, err },
	} {
		if x, err := again(); err != nil || meet(rows, x) {
			t.Errorf("%s has the same rows: %v", what, err)
		}
	}
	if got, err := r.IndexRows(lyon, closed); err != nil || !slices.EqualFunc(got, rows, bytes.Equal) {
		t.Errorf("rows of the closed index: %v", err)
	}
	if _, err := r.IndexRows(nantes, closed); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("in another space: %v", err)
	}
	if _, _, err := r.Reindex(nantes, closed); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("in another space: %v", err)
	}
	long := identity(t, strings.Repeat("Aa Bb Cc ", 300), strings.Repeat("Zoe", 3000), strings.Repeat("x-", 500), "1950")
	closed, rows, err = r.Index(lyon, long)
	if err != nil || len(rows) > 64 || len(closed) > 1200 {
		t.Errorf("%d rows, %d bytes, %v", len(rows), len(closed), err)
	}
	for _, row := range rows {
		if len(row) != 16 {
			t.Errorf("a row of %d bytes", len(row))
		}
	}
	l, err := r.Search(lyon, []personal.Text{long.GivenNames, long.BirthName}, birth(t, "1950-03-02"))
	if err != nil || len(l.Exact)+len(l.Prefix) > 3*(4*8+2*8) {
		t.Errorf("%d look-ups, %v", len(l.Exact)+len(l.Prefix), err)
	}
}

// Rows turn with the epoch, without a name: found before, between and after.
func TestReindex(t *testing.T) {
	r := newRegister(t)
	i := identity(t, "Marie", "Dupont", "", "1950-03-02")
	closed, rows, err := r.Index(lyon, i)
	if err != nil {
		t.Fatal(err)
	}
	search := func() [][]byte {
		l, err := r.Search(lyon, []personal.Text{text(t, "Dupont Marie")}, birth(t, "1950-03-02"))
		if err != nil {
			t.Fatal(err)
		}
		return l.Exact
	}
	if again, same, err := r.Reindex(lyon, closed); err != nil || !bytes.Equal(again, closed) || !slices.EqualFunc(same, rows, bytes.Equal) {
		t.Errorf("made anew in the same epoch: %v", err)
	}
	turnTo(t, r, 1)
	if !meet(search(), rows) {
		t.Error("not found under the old epoch")
	}
	again, newer, err := r.Reindex(lyon, closed)
	if err != nil || meet(rows, newer) || len(newer) != len(rows) || !meet(search(), newer) {
		t.Errorf("made anew: %v", err)
	}
	finish(t, r, 1)
	if meet(search(), rows) || !meet(search(), newer) {
		t.Error("the old rows are not dead, or the new ones are")
	}
	if _, err := r.IndexRows(lyon, closed); !errors.Is(err, personal.ErrEpoch) {
		t.Errorf("old closed index: %v", err)
	}
	if _, err := r.IndexRows(lyon, again); err != nil {
		t.Error(err)
	}
}

// Whatever the names, who is recorded is found by what was recorded.
func TestIndexFindsItself(t *testing.T) {
	r := newRegister(t)
	name := rapid.StringMatching(`[a-zß-öø-ÿء-غ]{1,12}([ '-][a-zß-öø-ÿ]{1,8}){0,2}`)
	rapid.Check(t, func(rt *rapid.T) {
		given, born := name.Draw(rt, "given"), name.Draw(rt, "birth name")
		i := identity(t, given, born, "", "1950-03")
		if got := finds(t, r, i, "1950-03-02", born); got != "exact" {
			rt.Fatalf("by birth name: %q", got)
		}
		if got := finds(t, r, i, "1950-03", strings.ToUpper(given)); got == "" {
			rt.Fatal("not by given name")
		}
	})
}
