package consent_test

import (
	"slices"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

const morelBorn = "1948-03-12"

// issue makes a card of a kind, answered alone.
func (w *world) issue(d *desk, kind consent.CardKind) personal.CardCode {
	w.t.Helper()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{Kind: kind, Alone: consent.AloneYes})
	w.must(err)
	return code
}

func (w *world) holder(code personal.CardCode) consent.Actor {
	w.t.Helper()
	a, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	return a
}

// What was asked, and whether the person could answer alone, stand in the log and
// in the row: decisions are made by it.
func TestCardKindsAreRecorded(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for i, kind := range []consent.CardKind{"", consent.CardStop, consent.CardDiscreet, consent.CardFull} {
		code := w.issue(d, kind)
		want, word := audit.CardReissued, "kind."+string(kind)
		if i == 0 {
			want, word = audit.CardIssued, "kind.full"
		}
		e := w.last("ccas")
		if e.Act != want || !slices.Equal(e.On, []string{word, "alone.yes"}) || e.Person != string(d.person) {
			t.Errorf("%s: entered as %s %v", kind, e.Act, e.On)
		}
		g, err := w.reg.CardGlance(w.ctx, w.holder(code))
		w.must(err)
		if "kind."+string(g.Kind) != word {
			t.Errorf("%s: the card says it is %s", kind, g.Kind)
		}
	}
	for _, wish := range []struct {
		wish consent.CardWish
		want string
	}{
		{consent.CardWish{Kind: "golden"}, "/kind card_kind"}, {consent.CardWish{Alone: "perhaps"}, "/alone alone"},
	} {
		w.unchanged(func() {
			if _, err := w.reg.IssueCard(w.ctx, d.helper, d.person, wish.wish); invalid(err) != wish.want {
				t.Errorf("%+v: %v", wish.wish, err)
			}
		})
	}
}

// Who wants no card has none: the former is dead, and that stands in the log.
func TestNoCard(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code := w.issue(d, consent.CardFull)
	none := w.issue(d, consent.CardNone)
	if none.Shown() != "" {
		t.Error("no card has a code")
	}
	if _, err := w.reg.CardHolder(w.ctx, code); !isNotFound(err) {
		t.Errorf("the former card: %v", err)
	}
	if e := w.last("ccas"); e.Act != audit.CardDeclined || !slices.Contains(e.On, "kind.none") {
		t.Errorf("entered as %s %v", e.Act, e.On)
	}
	if err := w.reg.KillCard(w.ctx, d.helper, d.person); conflict(err) != "no_card" {
		t.Errorf("killing it: %v", err)
	}
	if rows := dumped(t, w.db).in("card"); len(rows) != 0 {
		t.Errorf("%d look-up rows", len(rows))
	}
	w.issue(d, consent.CardDiscreet)
	if e := w.last("ccas"); e.Act != audit.CardIssued {
		t.Errorf("the card after none was entered as %s", e.Act)
	}
}

// A card that only stops tells nothing, not even whether a birth date is right:
// who found it could try dates.
func TestStopOnlyCardOpensNothing(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	a := w.holder(w.issue(d, consent.CardStop))
	for _, birth := range []string{morelBorn, "1950-01-01"} {
		size := w.size("ccas")
		page, err := w.reg.CardPage(w.ctx, a, birth)
		w.refusal("ccas", size, err, "C15", consent.CardStopsOnly)
		if page != nil {
			t.Error("a page came with the refusal")
		}
		if e := w.last("ccas"); e.Person != string(d.person) {
			t.Error("the person does not see that their page was asked for")
		}
	}
	receipt, err := w.reg.CardStop(w.ctx, a)
	w.must(err)
	if len(receipt.Stopped) != 1 || receipt.Stopped[0].ID != m.ID {
		t.Errorf("it stopped %d", len(receipt.Stopped))
	}
}

// The page of a discreet card has nothing that tells where somebody is helped,
// and opens no box for it.
func TestDiscreetCardNamesNobody(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.mandate(d.helper, terms(d.person, caf))
	page, err := w.reg.CardPage(w.ctx, w.holder(w.issue(d, consent.CardDiscreet)), morelBorn)
	w.must(err)
	if !page.Discreet || page.Structure != "" || page.Phone != "" || len(page.Names) > 0 || !page.Identity.BirthName.IsZero() {
		t.Errorf("the page names somebody or something: %+v", page)
	}
	if len(page.Mandates) != 1 || len(page.Lines) == 0 {
		t.Error("the page does not tell what there is")
	}
	if e := w.last("ccas"); e.Act != audit.PersonPageOpened || len(e.Fields) > 0 {
		t.Errorf("entered as %s, boxes %v", e.Act, e.Fields)
	}
}

// A lost card is killed by whoever of the structure is asked first, helper or not.
func TestEveryMemberKillsALostCard(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for name, a := range map[string]consent.Actor{
		"helper": d.helper, "colleague": w.helper(d.referent, charter.Volunteer), "referent": d.referent, "dpo": w.helper(d.referent, charter.DPO),
	} {
		code := w.issue(d, consent.CardFull)
		w.must(w.reg.KillCard(w.ctx, a, d.person))
		if _, err := w.reg.CardHolder(w.ctx, code); !isNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
		if e := w.last("ccas"); e.Act != audit.CardKilled || e.By != string(a.Member()) {
			t.Errorf("%s: entered as %s by %s", name, e.Act, e.By)
		}
	}
}
