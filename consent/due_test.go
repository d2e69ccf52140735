package consent_test

import (
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
)

// A contact goes 90 days after the last mandate, by its key; the person stays,
// and a new contact gets a new key.
func TestContactsGoInTime(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p := w.person(helper)
	w.mandate(helper, terms(p, caf)) // 31 days
	contacts := func(dry bool) int {
		t.Helper()
		reports, err := w.reg.RunRetention(w.ctx, dry)
		w.must(err)
		return reports[1].Contacts
	}
	w.clock.add((31 + 89) * 24 * time.Hour)
	if got := contacts(false); got != 0 {
		t.Fatalf("%d contacts went a day too early", got)
	}
	w.clock.add(2 * 24 * time.Hour)
	if got := contacts(true); got != 1 {
		t.Fatalf("the dry run counts %d, want 1", got)
	}
	if got := contacts(false); got != 1 {
		t.Fatalf("%d contacts went, want 1", got)
	}
	if got := contacts(false); got != 0 {
		t.Fatalf("%d contacts went twice", got)
	}
	if len(w.erased.list["ccas"]) != 0 {
		t.Error("somebody who did not ask is in the list of the erased")
	}
	referent = w.letIn("ccas", referent.Member())
	seen, err := w.reg.RevealPerson(w.ctx, referent, consent.Reveal{
		Person: p, Purpose: charter.PurposeAnswerPerson, Fields: []charter.Field{charter.FieldIdentity, charter.FieldContact},
	})
	w.must(err)
	if seen.Contact != nil || seen.Identity.BirthName.Reveal() != "Morel" {
		t.Error("the contact is still there, or the person is not")
	}
	helper = w.letIn("ccas", helper.Member())
	w.mandate(helper, terms(p, caf))
	w.must(w.reg.UpdateContact(w.ctx, helper, p, consent.PersonData{Phone: clean(t, "07 39 98 55 21")}))
	seen, err = w.reg.RevealPerson(w.ctx, referent, consent.Reveal{
		Person: p, Purpose: charter.PurposeAnswerPerson, Fields: []charter.Field{charter.FieldContact},
	})
	w.must(err)
	if seen.Contact.Phone.Reveal() != "07 39 98 55 21" {
		t.Error("the new contact is not what was written")
	}
}

// Six years after the last mandate, or two after nothing came of it, a person is
// forgotten without asking.
func TestPersonsGoInTime(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	never := w.person(helper)
	once := w.person(helper)
	w.mandate(helper, terms(once, caf))
	gone := func() (persons, evidence int) {
		t.Helper()
		reports, err := w.reg.RunRetention(w.ctx, false)
		w.must(err)
		return reports[1].Persons, reports[1].Evidence
	}
	year := 365 * 24 * time.Hour
	w.clock.add(2*year - time.Hour)
	if p, _ := gone(); p != 0 {
		t.Fatalf("%d persons went too early", p)
	}
	w.clock.add(2 * time.Hour)
	if p, e := gone(); p != 1 || e != 1 {
		t.Fatalf("%d persons and %d evidence keys went, want the one without a mandate", p, e)
	}
	w.clock.add(4*year + 20*24*time.Hour)
	if p, _ := gone(); p != 0 {
		t.Fatalf("%d persons went before their proof", p)
	}
	w.clock.add(30 * 24 * time.Hour)
	if p, e := gone(); p != 1 || e != 1 {
		t.Fatalf("%d persons and %d evidence keys went, want the one with a mandate", p, e)
	}
	referent = w.letIn("ccas", referent.Member())
	for _, id := range []consent.PersonID{never, once} {
		_, err := w.reg.Acts(w.ctx, referent, id, charter.PurposeReferentReview)
		w.notFound("ccas", w.size("ccas"), err)
	}
	list, _, err := w.reg.Mandates(w.ctx, referent, "", consent.Page{Limit: 10})
	w.must(err)
	if len(list) != 0 {
		t.Errorf("%d mandates are left", len(list))
	}
	w.must(w.log.Check(w.ctx, w.space("ccas")))
}
