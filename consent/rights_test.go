package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A button is enough; the clock is one month, in days of the structure; two more
// once, with a reason; the person sees each step.
func TestRightsClock(t *testing.T) {
	w := newWorld(t)
	w.clock.to(time.Date(2027, 1, 31, 22, 30, 0, 0, time.UTC)) // 31 January in Paris as well
	d := w.desk()
	holder := w.holder(w.issue(d, consent.CardFull))
	q, err := w.reg.AskRight(w.ctx, holder, d.person, consent.RightCopy)
	w.must(err)
	if q.By != "person" || !q.Due.Equal(paris(2027, 2, 28)) || !q.Answered.IsZero() {
		t.Errorf("asked: %+v", q)
	}
	if e := w.last("ccas"); e.Act != audit.RequestMade || e.Person != string(d.person) || !slices.Equal(e.On, []string{string(q.ID), "kind.copy"}) {
		t.Errorf("entered as %+v", e)
	}
	size := w.size("ccas")
	again, err := w.reg.AskRight(w.ctx, d.helper, d.person, consent.RightCopy)
	if err != nil || again.ID != q.ID || w.size("ccas") != size {
		t.Errorf("asked twice: %+v, %v", again, err)
	}
	other, err := w.reg.AskRight(w.ctx, d.helper, d.person, consent.RightLimit)
	w.must(err)
	if list, err := w.reg.OpenRights(w.ctx, d.referent); err != nil || len(list) != 2 {
		t.Fatalf("%d wait, %v", len(list), err)
	}

	if _, err := w.reg.ExtendRight(w.ctx, d.referent, q.ID, "lazy"); invalid(err) != "/why right_why" {
		t.Errorf("a reason of none: %v", err)
	}
	q, err = w.reg.ExtendRight(w.ctx, d.referent, q.ID, consent.RightComplex)
	w.must(err)
	if !q.Due.Equal(paris(2027, 4, 30)) || q.Why != consent.RightComplex {
		t.Errorf("extended: %+v", q)
	}
	if _, err := w.reg.ExtendRight(w.ctx, d.referent, q.ID, consent.RightMany); conflict(err) != "not_extended" {
		t.Errorf("extended twice: %v", err)
	}
	list, err := w.reg.OpenRights(w.ctx, d.referent)
	w.must(err)
	if len(list) != 2 || list[0].ID != other.ID || list[1].ID != q.ID {
		t.Errorf("the first due is not first: %v", list)
	}

	w.clock.to(paris(2027, 2, 28).Add(-time.Second))
	d.referent = w.letIn("ccas", d.referent.Member())
	if other.Late(w.clock.now()) {
		t.Error("late before the day")
	}
	w.clock.to(paris(2027, 2, 28))
	if !other.Late(w.clock.now()) {
		t.Error("not late on the day")
	}
	if _, err := w.reg.ExtendRight(w.ctx, d.referent, other.ID, consent.RightMany); conflict(err) != "not_extended" {
		t.Errorf("extended when it is late: %v", err)
	}
	other, err = w.reg.AnswerRight(w.ctx, d.referent, other.ID, consent.RightPartly)
	w.must(err)
	if other.Outcome != consent.RightPartly || other.AnsweredBy != string(d.referent.Member()) || other.Late(w.clock.now().AddDate(1, 0, 0)) {
		t.Errorf("answered: %+v", other)
	}
	if e := w.last("ccas"); e.Act != audit.RequestAnswered || !slices.Contains(e.On, "outcome.partly") {
		t.Errorf("entered as %+v", e)
	}
	if _, err := w.reg.AnswerRight(w.ctx, d.referent, other.ID, consent.RightDone); conflict(err) != "already_answered" {
		t.Errorf("answered twice: %v", err)
	}
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	seen := map[consent.RightID]consent.RightOutcome{}
	for _, r := range page.Rights {
		seen[r.ID] = r.Outcome
	}
	if len(seen) != 2 || seen[other.ID] != consent.RightPartly || seen[q.ID] != "" {
		t.Errorf("the person sees %v", seen)
	}
}

// Only the referent answers; others' requests are not there.
func TestRightsAreTheReferents(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	q, err := w.reg.AskRight(w.ctx, d.helper, d.person, consent.RightErase)
	w.must(err)
	size := w.size("ccas")
	_, err = w.reg.AnswerRight(w.ctx, d.helper, q.ID, consent.RightDone)
	w.refusal("ccas", size, err, "C16", charter.OfficeOnly)
	size = w.size("ccas")
	_, err = w.reg.AnswerRight(w.ctx, w.structure("other"), q.ID, consent.RightDone)
	w.notFound("ccas", size, err)
	if _, err := w.reg.AskRight(w.ctx, d.helper, d.person, "money"); invalid(err) != "/kind right_kind" {
		t.Errorf("a right of none: %v", err)
	}
	other := w.person(d.helper)
	holder := w.holder(w.issue(d, consent.CardFull))
	if _, err := w.reg.AskRight(w.ctx, holder, other, consent.RightCopy); !isNotFound(err) {
		t.Errorf("a card asks for another: %v", err)
	}
	// Forgetting answers what waits, and is the answer to what asked for it.
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if list, err := w.reg.OpenRights(w.ctx, d.referent); err != nil || len(list) > 0 {
		t.Errorf("%d wait about who was forgotten, %v", len(list), err)
	}
	var said []string
	for _, l := range w.lines("ccas") {
		if l.Detail.Act == audit.RequestAnswered {
			said = l.Detail.On
		}
	}
	if !slices.Contains(said, "outcome.done") {
		t.Errorf("the erasure is answered %v", said)
	}
}

// The copy has everything and is a look that the person sees.
func TestCopyPerson(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	w.must(w.act(d.person, caf)(d.helper))
	_, err := w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, consent.StopAtDesk)
	w.must(err)
	_, err = w.reg.AskRight(w.ctx, d.helper, d.person, consent.RightCopy)
	w.must(err)
	size := w.size("ccas")
	c, err := w.reg.CopyPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.PersonExported || e.Person != string(d.person) || len(e.Fields) != 3 {
		t.Errorf("entered as %+v", e)
	}
	if c.Identity.BirthName.Reveal() != "Morel" || c.Contact.Phone.Reveal() == "" || len(c.Mandates) != 1 || c.Mandates[0].ID != m.ID ||
		len(c.Acts) != 1 || len(c.Stops) != 1 || len(c.Rights) != 1 || c.Lines[0].N != c.Entry || c.More {
		t.Errorf("the copy is %+v", c)
	}
	if c.Names[d.helper.Member()].Reveal() != "Fatou Diallo" {
		t.Error("the helper is not named")
	}
	mine := 0
	for _, l := range w.lines("ccas") {
		if l.Detail.Person == string(d.person) {
			mine++
		}
	}
	if len(c.Lines) != mine {
		t.Errorf("%d lines, the log has %d", len(c.Lines), mine)
	}
	if _, err := w.reg.CopyPerson(w.ctx, w.structure("other"), d.person); !isNotFound(err) {
		t.Errorf("another structure: %v", err)
	}
}

func TestCutAskRight(t *testing.T) {
	everyCut(t, (*world).desk, func(w *world, d *desk) error {
		_, err := w.reg.AskRight(w.ctx, d.helper, d.person, consent.RightCorrect)
		return err
	}, func(w *world, d *desk, done bool) {
		list, err := w.reg.OpenRights(w.ctx, d.referent)
		w.must(err)
		if (len(list) == 1) != done {
			w.t.Errorf("%d wait though asking is %t", len(list), done)
		}
	})
}
