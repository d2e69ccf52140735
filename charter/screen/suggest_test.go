package screen

import (
	"slices"
	"testing"
)

// TestSuggestions holds that every kind offers something, and nothing that is
// not in the published list.
func TestSuggestions(t *testing.T) {
	offered := map[Suggestion]bool{}
	for _, k := range Kinds() {
		list := (&Refusal{Kind: k, Earlier: true}).Suggestions()
		if len(list) < 2 {
			t.Errorf("%s offers nothing", k)
		}
		for _, s := range list {
			offered[s] = true
			if !slices.Contains(Suggestions(), s) {
				t.Errorf("%s offers %s, which is not listed", k, s)
			}
		}
	}
	for _, s := range Suggestions() {
		if !offered[s] {
			t.Errorf("%s is offered by no kind", s)
		}
	}
	list := (&Refusal{Kind: KindPassword}).Suggestions()
	list[0] = "x"
	if (&Refusal{Kind: KindPassword}).Suggestions()[0] == "x" {
		t.Error("a caller can change the table")
	}
}

func TestContestable(t *testing.T) {
	for _, text := range []string{"4111111111111111", "2 69 05 49 588 157 80", "FR14 2004 1010 0505 0001 3M02 606"} {
		if r := refusalOf(t, text); r.Contestable() {
			t.Errorf("%s can be contested", r.Rule)
		}
	}
	for _, text := range []string{"mdp tournesol2", "code carte 4827", "4111 1111 1111 1112"} {
		if r := refusalOf(t, text); !r.Contestable() {
			t.Errorf("%s cannot be contested", r.Rule)
		}
	}
}

func refusalOf(t *testing.T, text string) *Refusal {
	t.Helper()
	_, err := Form(Field{"memo", text, Note, 0})
	r, ok := err.(*Refusal)
	if !ok {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}
