package consent_test

import (
	"bytes"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/statement"
)

// The life of a mandate, from the first link to the extract: what each step
// leaves in the store and in the log.
func TestStory(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p := w.person(helper)
	m := w.mandate(helper, terms(p, caf))
	if got := m.State(w.clock.now()); got != consent.Active {
		t.Fatalf("state %s, want active", got)
	}

	ans, err := w.reg.Cover(w.ctx, helper, consent.Question{Person: p, Want: caf})
	w.must(err)
	if !ans.Covered {
		t.Fatalf("not covered: %s %s", ans.Rule, ans.Reason)
	}
	seen, err := w.reg.RevealPerson(w.ctx, helper, consent.Reveal{
		Person: p, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact, charter.FieldIdentity},
	})
	w.must(err)
	if seen.Contact.Phone.Reveal() != "06 39 98 12 34" || seen.Identity.BirthName.Reveal() != "Morel" {
		t.Error("what was revealed is not what was recorded")
	}
	if d := w.last("ccas"); d.Act != audit.PersonRead || d.Person != string(p) || d.Mandate != string(m.ID) {
		t.Errorf("the look's entry is %s on %s", d.Act, d.Person)
	}
	_, err = w.reg.RecordAct(w.ctx, helper, consent.NewAct{
		Person: p, Did: caf, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
		Outcome: "done", Validated: w.clock.now(), ValidatedHow: charter.ValidatedOnScreen, Period: "2026-10/2026-12",
	})
	w.must(err)

	code, err := w.reg.IssueCard(w.ctx, helper, p, consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	glance, err := w.reg.CardGlance(w.ctx, holder)
	w.must(err)
	if glance.Mandates != 1 {
		t.Errorf("the card counts %d mandates, want 1", glance.Mandates)
	}
	size := w.size("ccas")
	_, err = w.reg.CardPage(w.ctx, holder, "1948-03-13")
	w.refusal("ccas", size, err, "C15", consent.BirthDateDiffers)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	if len(page.Mandates) != 1 || len(page.Acts) != 1 || page.Names[helper.Member()].Reveal() != "Fatou Diallo" {
		t.Errorf("the page shows %d mandates, %d acts", len(page.Mandates), len(page.Acts))
	}
	if page.Lines[0].Detail.Act != audit.PersonPageOpened || page.Lines[1].Detail.Act != audit.AttemptRefused {
		t.Error("the person does not see their own opening and the wrong birth date first")
	}

	receipt, err := w.reg.CardStop(w.ctx, holder)
	w.must(err)
	if len(receipt.Stopped) != 1 {
		t.Fatalf("%d mandates stopped, want 1", len(receipt.Stopped))
	}
	size = w.size("ccas")
	_, err = w.reg.RevealPerson(w.ctx, helper, consent.Reveal{
		Person: p, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact},
	})
	w.refusal("ccas", size, err, "C07", charter.MandateRevoked)

	w.verifyMandate(referent, m.ID)
	w.verifyExtract(referent)
	for _, s := range []string{"register", "ccas"} {
		w.must(w.log.Check(w.ctx, w.space(s)))
	}
}

func (w *world) register() *statement.RegisterPub {
	w.t.Helper()
	raw, err := w.keys.RegisterPub()
	w.must(err)
	pub, err := statement.ParseRegisterPub(raw)
	w.must(err)
	return pub
}

func (w *world) verifyMandate(a consent.Actor, id consent.MandateID) {
	w.t.Helper()
	doc, err := w.reg.MandateDocument(w.ctx, a, id, charter.PurposeAnswerPerson)
	w.must(err)
	v, err := consent.VerifyMandate(doc, w.register())
	w.must(err)
	if v.PersonLevel() != charter.E3 || len(v.Signatures) != 2 {
		w.t.Errorf("proven at %s by %d signatures", v.PersonLevel(), len(v.Signatures))
	}
	register := w.register()
	for i := range doc {
		bad := bytes.Clone(doc)
		bad[i] ^= []byte{1, 0x20, 0x80}[i%3]
		if _, err := consent.VerifyMandate(bad, register); err == nil {
			w.t.Fatalf("byte %d of the mandate was changed to %q and it still verifies", i, bad[i])
		}
	}
}

func (w *world) verifyExtract(a consent.Actor) {
	w.t.Helper()
	var b bytes.Buffer
	_, err := w.reg.Extract(w.ctx, a, &b, consent.ExtractRequest{
		From: start.Add(-time.Hour), To: start.Add(24 * time.Hour), Profile: consent.ProfileDPO,
		Purpose: charter.PurposeAuthorityRequest, Program: "test",
	})
	w.must(err)
	x, err := consent.VerifyExtract(bytes.NewReader(b.Bytes()), int64(b.Len()), w.register())
	w.must(err)
	if x.Entries == 0 || x.Opened != x.Entries {
		w.t.Errorf("the extract has %d entries, %d opened", x.Entries, x.Opened)
	}
	if bytes.Contains(b.Bytes(), []byte("Morel")) {
		w.t.Error("a name is in the extract")
	}
}
