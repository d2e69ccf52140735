package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

func (w *world) counter(c *consent.IssuedCheck) consent.Actor {
	w.t.Helper()
	a, err := w.reg.CheckHolder(w.ctx, c.Code)
	w.must(err)
	return a
}

// A counter learns yes or no, for one service, now or on a day, and the person
// sees each time that it asked.
func TestCounterAsks(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf, consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForPresent}))
	issued, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	if e := w.last("ccas"); e.Act != audit.CheckIssued || e.Person != string(d.person) || !slices.Equal(e.On, []string{"caf"}) {
		t.Errorf("entered as %s %v", e.Act, e.On)
	}
	if issued.Ref != m.Ref || issued.Expires.Sub(start) != 30*24*time.Hour {
		t.Errorf("issued %+v", issued)
	}
	w.clock.add(48 * time.Hour) // it is the 13th
	absent := caf
	absent.Mode = charter.DoForAbsent
	for name, c := range map[string]struct {
		q    consent.CheckQuestion
		want bool
	}{
		"now":                   {consent.CheckQuestion{Ref: m.Ref, Want: caf}, true},
		"with the person":       {consent.CheckQuestion{Ref: m.Ref, Want: consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoWith}}, true},
		"the day it began":      {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2027-01-11"}, true},
		"yesterday":             {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2027-01-12"}, true},
		"today":                 {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2027-01-13"}, true},
		"tomorrow":              {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2027-01-14"}, false},
		"before it began":       {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2027-01-10"}, false},
		"no such day":           {consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: "2026-02-30"}, false},
		"in absence":            {consent.CheckQuestion{Ref: m.Ref, Want: absent}, false},
		"another procedure":     {consent.CheckQuestion{Ref: m.Ref, Want: consent.Power{Service: "caf", Procedure: "rsa_request", Mode: charter.DoForPresent}}, false},
		"another service":       {consent.CheckQuestion{Ref: m.Ref, Want: consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForPresent}}, false},
		"another reference":     {consent.CheckQuestion{Ref: "00000000", Want: caf}, false},
		"nothing in particular": {consent.CheckQuestion{Ref: m.Ref}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, size := w.in(t), w.size("ccas")
			got, err := w.reg.CheckMandate(w.ctx, w.counter(issued), c.q)
			w.must(err)
			if got != c.want {
				t.Errorf("answered %t", got)
			}
			e := w.last("ccas")
			word := map[bool]string{true: "valid", false: "not_valid"}[c.want]
			if w.size("ccas") != size+1 || e.Act != audit.MandateStatusChecked || e.By != "service" || e.Person != string(d.person) ||
				e.Mandate != string(m.ID) || !slices.Equal(e.On, []string{"caf", word}) {
				t.Errorf("entered as %s by %s %v", e.Act, e.By, e.On)
			}
		})
	}
	lines, _, err := w.log.History(w.ctx, w.space("ccas"), audit.Query{Person: string(d.person), Limit: 1})
	w.must(err)
	if lines[0].Detail.Act != audit.MandateStatusChecked {
		t.Error("the person does not see that somebody checked")
	}
}

// What was stopped is not valid from then on, nor for the day on which it was.
func TestCounterSeesAStop(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	issued, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	w.clock.add(24 * time.Hour)
	_, err = w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{})
	w.must(err)
	for day, want := range map[string]bool{"": false, "2027-01-12": false, "2027-01-11": true} {
		got, err := w.reg.CheckMandate(w.ctx, w.counter(issued), consent.CheckQuestion{Ref: m.Ref, Want: caf, Day: day})
		w.must(err)
		if got != want {
			t.Errorf("%q: %t", day, got)
		}
	}
}

// A code serves one service for 30 days; a new one takes its place; of somebody
// who was forgotten nothing is told.
func TestCheckCodesEnd(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	year := terms(d.person, caf, consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForPresent})
	year.Days = 365
	m := w.mandate(d.helper, year)
	ask := consent.CheckQuestion{Ref: m.Ref, Want: caf}
	first, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	other, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "ameli")
	w.must(err)
	second, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	if _, err := w.reg.CheckHolder(w.ctx, first.Code); !isNotFound(err) {
		t.Errorf("the former code: %v", err)
	}
	w.counter(other)
	holder := w.counter(second)
	w.clock.add(30*24*time.Hour - time.Minute)
	if valid, err := w.reg.CheckMandate(w.ctx, holder, ask); !valid || err != nil {
		t.Errorf("a minute before its end: %t %v", valid, err)
	}
	w.clock.add(2 * time.Minute)
	w.unchanged(func() {
		if valid, err := w.reg.CheckMandate(w.ctx, holder, ask); valid || !isNotFound(err) {
			t.Errorf("a minute after its end: %t %v", valid, err)
		}
	})
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if dump := dumped(t, w.db); len(dump.in("card"))+len(dump.in("card-serial"))+len(dump.in("check")) > 0 {
		t.Error("codes that are over lie about")
	}
	third, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	_, err = w.reg.ForgetPerson(w.ctx, w.again(d.referent), d.person)
	w.must(err)
	if valid, err := w.reg.CheckMandate(w.ctx, w.counter(third), ask); valid || !isNotFound(err) {
		t.Errorf("of somebody forgotten: %t %v", valid, err)
	}
}

// The holder of a card makes codes for their own mandates, unless the card is to
// tell nothing.
func TestWhoMakesACheckCode(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	other := w.mandate(d.helper, terms(w.person(d.helper), caf))
	a := w.holder(w.issue(d, consent.CardFull))
	if _, err := w.reg.IssueCheck(w.ctx, a, other.ID, "caf"); !isNotFound(err) {
		t.Errorf("for somebody else's mandate: %v", err)
	}
	if _, err := w.reg.IssueCheck(w.ctx, a, m.ID, "ameli"); !isNotFound(err) {
		t.Errorf("for another service: %v", err)
	}
	_, err := w.reg.IssueCheck(w.ctx, a, m.ID, "caf")
	w.must(err)
	size := w.size("ccas")
	_, err = w.reg.IssueCheck(w.ctx, d.referent, m.ID, "caf")
	w.refusal("ccas", size, err, "C16", charter.RoleNotHelper)
	for _, kind := range []consent.CardKind{consent.CardStop, consent.CardDiscreet} {
		a, size := w.holder(w.issue(d, kind)), w.size("ccas")
		_, err := w.reg.IssueCheck(w.ctx, a, m.ID, "caf")
		w.refusal("ccas", size, err, "C15", consent.CardStopsOnly)
	}
	draft, err := w.reg.DraftMandate(w.ctx, d.helper, terms(w.person(d.helper), caf))
	w.must(err)
	if _, err := w.reg.IssueCheck(w.ctx, d.helper, draft.ID, "caf"); conflict(err) != "not_accepted" {
		t.Errorf("for a draft: %v", err)
	}
	if _, err := w.reg.CardHolder(w.ctx, w.issue(d, consent.CardFull)); err != nil {
		t.Error(err)
	}
}

// A counter's code opens nothing that anybody else may ask for, and a card is no
// counter's code.
func TestCounterCanDoNothingElse(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	issued, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	a := w.counter(issued)
	before := dumped(t, w.db).apart()
	for _, u := range w.uses() {
		if err := u.ask(a, d.person, m.ID, d.helper.Member()); err == nil {
			t.Errorf("a counter may %s", u.name)
		}
	}
	if _, err := w.reg.CardPage(w.ctx, a, morelBorn); signInNeeded(err) != "session" {
		t.Errorf("the page: %v", err)
	}
	if _, err := w.reg.CardStop(w.ctx, a); signInNeeded(err) != "session" {
		t.Errorf("stop: %v", err)
	}
	if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 {
		t.Errorf("rows changed: %v", diff)
	}
	if _, err := w.reg.CardHolder(w.ctx, issued.Code.CardCode); err == nil {
		holder, _ := w.reg.CardHolder(w.ctx, issued.Code.CardCode)
		if _, err := w.reg.CardStop(w.ctx, holder); !isNotFound(err) {
			t.Errorf("the code taken for a card stops: %v", err)
		}
	}
	for want, q := range map[string]consent.CheckQuestion{
		"/ref ref_form": {Ref: "1234", Want: caf}, "/day date": {Ref: m.Ref, Want: caf, Day: "12/03/2027"},
	} {
		if _, err := w.reg.CheckMandate(w.ctx, a, q); invalid(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, other := range []consent.Actor{d.helper, w.holder(w.issue(d, consent.CardFull))} {
		if valid, err := w.reg.CheckMandate(w.ctx, other, consent.CheckQuestion{Ref: m.Ref, Want: caf}); valid || !isNotFound(err) {
			t.Errorf("somebody else checks: %t %v", valid, err)
		}
	}
}

// Codes live through a new epoch of keys, as cards do.
func TestCheckCodeLivesThroughAnEpoch(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	issued, err := w.reg.IssueCheck(w.ctx, d.helper, m.ID, "caf")
	w.must(err)
	w.clock.add(8 * 24 * time.Hour)
	_, err = w.reg.TurnEpoch(w.ctx)
	w.must(err)
	valid, err := w.reg.CheckMandate(w.ctx, w.counter(issued), consent.CheckQuestion{Ref: m.Ref, Want: caf})
	if !valid || err != nil {
		t.Errorf("%t %v", valid, err)
	}
}

// A code is in place once whoever asked for it has it, whatever was cut off.
func TestCutIssueCheck(t *testing.T) {
	var mandate consent.MandateID
	everyCut(t, func(w *world) *desk {
		d := w.desk()
		mandate = w.mandate(d.helper, terms(d.person, caf)).ID
		return d
	}, func(w *world, d *desk) error {
		_, err := w.reg.IssueCheck(w.ctx, d.helper, mandate, "caf")
		return err
	}, func(w *world, _ *desk, done bool) {
		if rows := dumped(w.t, w.db).in("card"); (len(rows) == 1) != done {
			w.t.Errorf("%d look-up rows, though it was done: %t", len(rows), done)
		}
	})
}
