package consent_test

import (
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
)

func declared(p consent.PersonID, did consent.Power, at time.Time) consent.NewAct {
	return consent.NewAct{
		Person: p, Did: did, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
		Outcome: "done", Happened: at, Validated: at, ValidatedHow: charter.ValidatedOnScreen, Period: "2026-10/2026-12",
	}
}

// What was done on the last day of a mandate for one procedure is written down
// after it, and the mandate stays as it ended.
func TestLateActOfAMandateForOneProcedure(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	once := terms(d.person, caf)
	once.Days, once.OneProcedure = 0, true
	m := w.mandate(d.helper, once)
	w.clock.add(m.Payload.Until.Sub(start) + time.Hour)
	helper := w.letIn("ccas", d.helper.Member())

	_, err := w.reg.RecordAct(w.ctx, helper, declared(d.person, caf, m.Payload.Until))
	if err == nil {
		t.Error("an act at the end was taken")
	}
	_, err = w.reg.RecordAct(w.ctx, helper, declared(d.person, caf, m.Payload.Until.Add(-time.Minute)))
	w.must(err)
	after, err := w.reg.Mandate(w.ctx, helper, m.ID)
	w.must(err)
	if got := after.State(w.clock.now()); got != consent.Expired {
		t.Errorf("the mandate is %s", got)
	}
}

// An act asked for again is shown again, but not once its person is forgotten.
func TestReplayedActOfAForgottenPerson(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	with := caf
	with.Mode = charter.DoWith
	again := d.helper.With(consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("act")})
	first, err := w.reg.RecordAct(w.ctx, again, declared(d.person, with, start))
	w.must(err)
	second, err := w.reg.RecordAct(w.ctx, again, declared(d.person, with, start))
	w.must(err)
	if first.ID != second.ID {
		t.Error("it was noted twice")
	}
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if act, err := w.reg.RecordAct(w.ctx, again, declared(d.person, with, start)); !isNotFound(err) {
		t.Errorf("got %v, %v", act, err)
	}
}
