package consent_test

import (
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

func noAppointment(err error) bool { return isNotFound(err) && err.Error() == "no such appointment" }

// An appointment is the session's, opens nothing, and is over after 60 minutes.
func TestAppointment(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	token := w.session(w.invite(d.referent, charter.Secretary))
	a := w.signedIn(token)
	w.must(w.reg.Adhere(w.ctx, a, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	if _, err := w.reg.Appointment(w.ctx, a); !noAppointment(err) {
		t.Errorf("before: %v", err)
	}
	size := w.size("ccas")
	got, err := w.reg.StartAppointment(w.ctx, a, d.person, prepare)
	w.must(err)
	want := consent.Appointment{Person: d.person, Purpose: prepare, Until: start.Add(time.Hour)}
	if got != want {
		t.Errorf("started %+v, want %+v", got, want)
	}
	if w.size("ccas") != size {
		t.Error("an appointment is no look, and has an entry")
	}
	if _, err := w.reg.Appointment(w.ctx, d.helper); !noAppointment(err) {
		t.Errorf("of a colleague's session: %v", err)
	}
	w.clock.to(want.Until.Add(-time.Microsecond))
	if now, err := w.reg.Appointment(w.ctx, a); err != nil || *now != want {
		t.Errorf("just before its end: %v", err)
	}
	w.clock.to(want.Until)
	if _, err := w.reg.Appointment(w.ctx, a); !noAppointment(err) {
		t.Errorf("after 60 minutes: %v", err)
	}

	// The next replaces it; ending ends it, twice too.
	other := w.person(d.helper)
	for _, p := range []consent.PersonID{d.person, other} {
		_, err = w.reg.StartAppointment(w.ctx, a, p, charter.PurposeAnswerPerson)
		w.must(err)
	}
	if now, err := w.reg.Appointment(w.ctx, a); err != nil || now.Person != other || now.Purpose != charter.PurposeAnswerPerson {
		t.Errorf("the second: %+v, %v", now, err)
	}
	if rows := dumped(t, w.db).in("appointment"); len(rows) != 1 {
		t.Errorf("a session has %d appointments", len(rows))
	}
	for range 2 {
		w.must(w.reg.EndAppointment(w.ctx, a))
		if _, err := w.reg.Appointment(w.ctx, a); !noAppointment(err) {
			t.Errorf("after its end: %v", err)
		}
	}
	if rows := dumped(t, w.db).in("appointment"); len(rows) != 0 {
		t.Errorf("rows stay: %v", rows)
	}
}

// Each read of an appointment is still its own entry, and asked of the charter.
func TestReadsOfAnAppointmentAreEntries(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	sits, err := w.reg.StartAppointment(w.ctx, d.helper, d.person, charter.PurposeActUnderMandate)
	w.must(err)
	for range 2 {
		size := w.size("ccas")
		w.must(w.reveal(sits.Person, sits.Purpose)(d.helper))
		if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.PersonRead {
			t.Errorf("the entry is %+v", e.Entry)
		}
	}
	_, err = w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{})
	w.must(err)
	w.refuses(d.helper, charter.SocialWorker, refusal{"C07", charter.MandateRevoked, audit.PersonRead, d.person, m.ID, sits.Purpose}, w.reveal(sits.Person, sits.Purpose))
}

// It dies with its session, with the person, and is cleared away by the daily run.
func TestAppointmentEndsWithItsSession(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	rows := func() int { return len(dumped(t, w.db).in("appointment")) }
	token := w.session(w.invite(d.referent, charter.Secretary))
	a := w.signedIn(token)
	w.must(w.reg.Adhere(w.ctx, a, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	_, err := w.reg.StartAppointment(w.ctx, a, d.person, prepare)
	w.must(err)
	w.must(w.reg.SignOut(w.ctx, token))
	if rows() != 0 {
		t.Error("a session that ended has an appointment")
	}

	_, err = w.reg.StartAppointment(w.ctx, d.helper, d.person, prepare)
	w.must(err)
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if _, err := w.reg.Appointment(w.ctx, d.helper); !noAppointment(err) {
		t.Errorf("with somebody forgotten: %v", err)
	}
	w.notFound("ccas", w.size("ccas"), second(w.reg.StartAppointment(w.ctx, d.helper, d.person, prepare)))
	if rows() != 1 {
		t.Errorf("%d rows", rows())
	}
	w.clock.add(61 * time.Minute)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if rows() != 0 {
		t.Error("an appointment that is over is kept")
	}
}

func TestAppointmentRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	dpo := w.helper(d.referent, charter.DPO)
	newcomer := w.newcomer(d.referent, charter.SocialWorker)
	closed := w.helper(d.referent, charter.SocialWorker)
	w.must(w.reg.CloseHelper(w.ctx, d.referent, closed.Member()))
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	begin := func(purpose charter.Purpose) func(consent.Actor) error {
		return func(a consent.Actor) error { return second(w.reg.StartAppointment(w.ctx, a, d.person, purpose)) }
	}
	for _, c := range []struct {
		name    string
		a       consent.Actor
		role    charter.Role
		rule    charter.RuleID
		why     charter.Reason
		asked   charter.Purpose
		purpose charter.Purpose // as entered
	}{
		{"a newcomer", newcomer, charter.SocialWorker, "C22", charter.NotAdhered, prepare, prepare},
		{"a closed member", closed, charter.SocialWorker, "C23", charter.MemberClosed, prepare, prepare},
		{"without a purpose", d.helper, charter.SocialWorker, "C15", charter.PurposeMissing, "", ""},
		{"any text as purpose", d.helper, charter.SocialWorker, "C15", charter.PurposeUnknown, "for_jeanne", ""},
		{"the DPO's purpose", d.helper, charter.SocialWorker, "C15", charter.PurposeRole, charter.PurposeDPOAudit, charter.PurposeDPOAudit},
		{"the DPO as a helper", dpo, charter.DPO, "C15", charter.PurposeRole, prepare, prepare},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.in(t).refuses(c.a, c.role, refusal{c.rule, c.why, audit.PersonRead, d.person, "", c.purpose}, begin(c.asked))
		})
	}
	w.unchanged(func() {
		for name, err := range map[string]error{
			"the operator": begin(prepare)(operator), "the operator's end": w.reg.EndAppointment(w.ctx, operator),
			"nobody's end": w.reg.EndAppointment(w.ctx, consent.Actor{}), "nobody's": second(w.reg.Appointment(w.ctx, consent.Actor{})),
			"a closed member's": second(w.reg.Appointment(w.ctx, closed)),
		} {
			if signInNeeded(err) != "session" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
