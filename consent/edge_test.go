package consent_test

import (
	"strings"
	"testing"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// screenedAs screens a text as the form that it is alone in does.
func screenedAs(t *testing.T, name string, kind screen.FieldKind, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: name, Text: text, Kind: kind, Max: 200})
	if err != nil {
		t.Fatal(err)
	}
	return c[0]
}

func paperAt(t *testing.T, place string) consent.Agreement {
	t.Helper()
	return consent.Agreement{Type: charter.PaperOriginal, PaperPlace: screenedAs(t, "paper_place", screen.Place, place)}
}

// proposed is a mandate of the person's that is to be signed.
func (w *world) proposed(helper consent.Actor, p consent.PersonID, power consent.Power) consent.MandateID {
	w.t.Helper()
	m, err := w.reg.DraftMandate(w.ctx, helper, terms(p, power))
	w.must(err)
	return m.ID
}

var (
	reimbursed = consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForPresent}
)

// The word for a code today, the code tomorrow, each in a text that passes by
// itself and in another mandate: the second is refused. What was stored in between
// the screening of a form and its transaction counts as well.
func TestCodeOverTwoDaysIsRefused(t *testing.T) {
	for name, days := range map[string][2]string{
		"the word first":  {"coffre à code", "4827"},
		"the value first": {"4827", "coffre à code"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d := w.desk()
			first, next := w.proposed(d.helper, d.person, caf), w.proposed(d.helper, d.person, reimbursed)
			late := paperAt(t, days[1]) // screened before the first is stored
			_, err := w.reg.SignMandate(w.ctx, d.helper, first, paperAt(t, days[0]))
			w.must(err)
			before, size := dumped(t, w.db).apart(), w.size("ccas")
			_, err = w.reg.SignMandate(w.ctx, d.helper, next, late)
			w.refusal("ccas", size, err, "C08", charter.Reason("credential_"+string(screen.KindOneTime)))
			if r, _ := err.(*consent.Refused); r == nil || r.Pointer != "/paper_place" {
				t.Errorf("the refusal points at %v", r)
			}
			if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 && !onlyRefusals(diff) {
				t.Errorf("the refusal changed %v", diff)
			}
			// In other words it goes on.
			_, err = w.reg.SignMandate(w.ctx, d.helper, next, paperAt(t, "Classeur bleu"))
			w.must(err)
			// Another person's papers are another matter.
			other := w.recorded(d.helper, "Ahmed Benali", "1950-03-02")
			_, err = w.reg.SignMandate(w.ctx, d.helper, w.proposed(d.helper, other, caf), paperAt(t, days[1]))
			w.must(err)
		})
	}
}

// onlyRefusals tells whether rows that changed are those that count refusals.
func onlyRefusals(keys []string) bool {
	for _, key := range keys {
		if !strings.Contains(key, "/refus") {
			return false
		}
	}
	return true
}

// Presets stand in one list, so their names are screened together, but for the name
// that is replaced; one that is dropped leaves nothing.
func TestPresetNamesAreScreenedTogether(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	named := func(name string) consent.NewPreset {
		n := w.quarterly()
		n.Name = screenedAs(t, "name", screen.Name, name)
		return n
	}
	cue := w.preset(d.referent, named("coffre à code"))
	size := w.size("ccas")
	_, err := w.reg.SavePreset(w.ctx, d.referent, named("4827"))
	w.refusal("ccas", size, err, "C08", charter.Reason("credential_"+string(screen.KindOneTime)))
	same := named("4827")
	same.ID = cue.ID
	w.preset(d.referent, same)
	w.must(w.reg.DropPreset(w.ctx, d.referent, cue.ID))
	w.preset(d.referent, named("coffre à code"))
}

// An edge is a few yes and no: it stands in the clear and says nothing of the text;
// it is in no entry, and it goes with the person.
func TestEdgesSayNothingAndGoWithThePerson(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	_, err := w.reg.SignMandate(w.ctx, d.helper, w.proposed(d.helper, d.person, caf), paperAt(t, "coffre à code"))
	w.must(err)
	db := dumped(t, w.db)
	rows := db.in("edge")
	if len(rows) < 2 { // of the names and of the place
		t.Fatalf("edges: %v", rows)
	}
	for _, key := range rows {
		if !strings.HasPrefix(key, "1/edge/"+string(d.person)+"/") {
			t.Errorf("an edge is at %s", key)
		}
		if found := finds([]byte(key+db[key]), []string{"coffre", "code", "Jeanne", "Morel"}); len(found) > 0 {
			t.Errorf("an edge holds %v", found)
		}
	}
	for _, line := range w.lines("ccas") {
		for _, field := range append(line.Detail.Fields, line.Detail.On...) {
			if strings.Contains(field, "edge") {
				t.Errorf("an entry speaks of an edge: %s", line.Detail.Act)
			}
		}
	}
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if left := dumped(t, w.db).in("edge"); len(left) > 0 {
		t.Errorf("left after the person: %v", left)
	}
}
