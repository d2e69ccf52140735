package charter

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"aval/charter/screen"
)

// What is shipped about the official ways back: complete in both languages, a
// public number where there is one, and nothing said to be sure that is not.
func TestShippedSheets(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.RecoverySheets()
	if err != nil {
		t.Fatal(err)
	}
	have := map[ServiceCode]RecoverySheet{}
	for _, s := range list {
		have[s.Service] = s
		if s.Label == nil || !s.Label.complete() || s.Way == nil || !s.Way.complete() {
			t.Errorf("%s has no name or no way", s.Service)
		}
		for _, text := range []Text{s.Page, s.Bring, s.Delay} {
			if (text.FR == "") != (text.EN == "") {
				t.Errorf("%s is not said in both languages", s.Service)
			}
		}
		if !regexp.MustCompile(`^([0-9]{4})?$`).MatchString(s.Phone) {
			t.Errorf("%s has the number %q", s.Service, s.Phone)
		}
		if s.Phone != "" && !slices.Contains(s.ToCheck, SheetPhone) {
			t.Errorf("%s: a number that no person has called is not said to be checked", s.Service)
		}
		if s.Delay.FR == "" && s.Page.FR != "" && !slices.Contains(s.ToCheck, SheetDelay) {
			t.Errorf("%s: nothing is known of the delay, and it is not said to be checked", s.Service)
		}
		if s.FoundOn != nil {
			if _, err := time.Parse(time.DateOnly, *s.FoundOn); err != nil {
				t.Errorf("%s was found on %q", s.Service, *s.FoundOn)
			}
		}
		if _, err := screen.Form(screen.Field{Name: "sheet", Text: s.Way.FR + " " + s.Bring.FR + " " + s.Delay.FR, Kind: screen.Note}); err != nil {
			t.Errorf("%s could not be saved again: %v", s.Service, err)
		}
	}
	for _, code := range []ServiceCode{
		"impots_gouv", "ameli", "caf", "france_travail", "ants", "msa", "carsat", "laposte_identite", "franceconnect", "mailbox",
	} {
		if s := have[code]; s.Page.FR == "" || s.Bring.FR == "" {
			t.Errorf("%s has no sheet of its own", code)
		}
	}
	if via := have["franceconnect"].Via; len(via) < 4 || slices.Contains(via, "franceconnect") {
		t.Errorf("FranceConnect, which has no password, leads to %v", via)
	}
}

func TestSheetsAreReadStrictly(t *testing.T) {
	for _, raw := range []string{
		``, `{}`, `[] []`, `[{"service":""}]`, `[{"service":"a","url":"x"}]`, `[{"service":"a"},{"service":"a"}]`,
		`[{"service":"a","via":["b"]}]`,
	} {
		if _, err := parseSheets([]byte(raw)); err == nil {
			t.Errorf("%q is taken", raw)
		}
	}
}
