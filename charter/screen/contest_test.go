package screen

import (
	"errors"
	"testing"
)

// A contest lets pass the place it is about, and nothing that stands beside it,
// before it or inside it.
func TestContestLetsPassItsPlaceAlone(t *testing.T) {
	contest := Contest{Field: "note", Kind: KindPassword, Rule: RulePassword}
	for text, want := range map[string]Rule{
		"mot de passe : tournesol":                             "",
		"Elle a dit mot de passe : tournesol.\r\nÀ revoir.":    "",
		"mot de passe : tournesol. carte 4111 1111 1111 1111":  RuleCardNumber,
		"mot de passe : 4111 1111 1111 1111":                   RuleCardNumber,
		"mot de passe : tournesol, code reçu par SMS : 482731": RuleCode,
		"mot de passe : eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U": RuleJWT,
	} {
		got, err := Contested(contest, Field{"note", text, Note, 0})
		var refusal *Refusal
		switch {
		case errors.As(err, &refusal):
			if refusal.Rule != want {
				t.Errorf("%q is refused by %s, want %q", text, refusal.Rule, want)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "":
			t.Errorf("%q is let in, want a refusal by %s", text, want)
		case got.Texts[0].String() != text:
			t.Errorf("%q comes back as %q", text, got.Texts[0])
		}
	}
}

// What rests on a checksum or a fixed form is refused whatever anybody says, and
// a contest of one field or rule is none of another.
func TestContestOfAChecksumLetsNothingIn(t *testing.T) {
	for _, c := range []struct {
		text    string
		contest Contest
	}{
		{"carte 4111 1111 1111 1111", Contest{"note", KindCard, RuleCardNumber}},
		{"NIR 2 69 05 49 588 157 80.", Contest{"note", KindNIR, RuleNIRKey}},
		{"mot de passe : tournesol", Contest{"place", KindPassword, RulePassword}},
		{"mot de passe : tournesol", Contest{"note", KindPassword, RuleCode}},
		{"mot de passe : tournesol", Contest{"note", KindPIN, RulePassword}},
		{"mot de passe : tournesol", Contest{}},
	} {
		if _, err := Contested(c.contest, Field{"note", c.text, Note, 0}); err == nil {
			t.Errorf("%q is let in by %+v", c.text, c.contest)
		}
	}
}

// Should a judgement ever meet a value before the rule that no contest changes, the
// value by itself is asked.
func TestContestAsksTheValueByItself(t *testing.T) {
	for text, want := range map[string]bool{"code : 4111 1111 1111 1111": false, "code : 4812 2719 3340 0025": true} {
		fields := []Field{{"note", text, Note, 0}}
		r := &Refusal{Kind: KindPIN, Field: "note", Rule: RuleCode, mark: func() *Mark { return &Mark{7, 26} }}
		if takeOut(fields, r) != want {
			t.Errorf("%q: taken out %t", text, !want)
		}
	}
}

// No development note with a secret that a checksum finds is let in by contesting
// whatever is said, however often.
func TestContestNeverBeatsAChecksum(t *testing.T) {
	checked, tried := 0, 0
	for _, n := range readNotes(t, "secrets-dev.jsonl") {
		field := Field{"note", n.Text, Note, 0}
		_, err := Form(field)
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			continue
		}
		tried++
		contest := Contest{"note", refusal.Kind, refusal.Rule}
		_, err = Contested(contest, field)
		if refusal.Contestable() {
			continue
		}
		checked++
		if err == nil {
			t.Errorf("%s is let in although %s found it", n.ID, refusal.Rule)
		}
	}
	if tried < 200 || checked < 30 {
		t.Fatalf("%d refusals, %d by checksum: too few to tell anything", tried, checked)
	}
}
