package consent_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

var css = consent.Power{Service: "ameli", Procedure: "css_request", Mode: charter.DoForPresent}

func (w *world) covered(a consent.Actor, p consent.PersonID, want consent.Power) string {
	w.t.Helper()
	ans, err := w.reg.Cover(w.ctx, a, consent.Question{Person: p, Want: want})
	w.must(err)
	return ans.Reason
}

// A part that is stopped is stopped from its commit, for whom it names, and the
// rest goes on.
func TestPartOfAMandateIsStopped(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.SocialWorker)
	m := w.mandate(d.helper, terms(d.person, caf, css))
	stop := func(s consent.Scope) *consent.Mandate {
		t.Helper()
		got, err := w.reg.RevokeMandate(w.ctx, colleague, m.ID, s)
		w.must(err)
		return got
	}
	w.unchanged(func() {
		for name, s := range map[string]consent.Scope{
			"a service it does not name":   {Service: "france_travail"},
			"a procedure it does not name": {Service: "caf", Procedure: "rsa_request"},
			"a text":                       {Service: "Jeanne Morel"},
			"nobody of the space":          {Helper: "h_aaaaaaaaaaaaaaaaaaaaaaaaaa"},
		} {
			if _, err := w.reg.RevokeMandate(w.ctx, d.helper, m.ID, s); !isNotFound(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	stop(consent.Scope{Helper: d.helper.Member()})
	if e := w.last("ccas"); e.Act != audit.MandateRevoked || e.Digest != m.Digest || !slices.Equal(e.On, []string{string(d.helper.Member())}) {
		t.Errorf("the stop's entry is %+v", e.Entry)
	}
	w.refuses(d.helper, charter.SocialWorker, refusal{"C03", charter.PowerService, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))
	if got := w.covered(colleague, d.person, caf); got != "" {
		t.Errorf("a colleague is told %s", got)
	}
	if got := stop(consent.Scope{Service: "caf"}).State(w.clock.now()); got != consent.Active {
		t.Errorf("with one service left it is %s", got)
	}
	if got := w.covered(colleague, d.person, caf); got != string(charter.PowerService) {
		t.Errorf("after the service was stopped: %q", got)
	}
	if got := w.covered(colleague, d.person, css); got != "" {
		t.Errorf("the other service: %q", got)
	}
	if got := stop(consent.Scope{Service: "ameli", Procedure: "css_request"}).State(w.clock.now()); got != consent.Revoked {
		t.Errorf("with nothing left it is %s", got)
	}
	w.unchanged(func() {
		if _, err := w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{}); conflict(err) != "already_ended" {
			t.Errorf("stopped again: %v", err)
		}
	})
	if got := w.covered(colleague, d.person, css); got != string(charter.MandateRevoked) {
		t.Errorf("after all was stopped: %q", got)
	}
}

// A mandate replaces another from the day its copy is given, and not before; kept
// ones go on side by side.
func TestMandateReplacesAnother(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	old := w.mandate(d.helper, terms(d.person, caf))
	again := terms(d.person, caf)
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C02", reason: charter.SupersessionAnswer, action: audit.MandateDrafted, person: d.person},
		func(a consent.Actor) error { return second(w.reg.DraftMandate(w.ctx, a, again)) })
	again.Supersession = charter.SupersessionReplace
	m, err := w.reg.DraftMandate(w.ctx, d.helper, again)
	w.must(err)
	if !slices.Equal(m.Payload.Supersedes, []consent.MandateID{old.ID}) {
		t.Errorf("it replaces %v", m.Payload.Supersedes)
	}
	state := func(id consent.MandateID) consent.State {
		t.Helper()
		got, err := w.reg.Mandate(w.ctx, d.helper, id)
		w.must(err)
		return got.State(w.clock.now())
	}
	_, err = w.reg.SignMandate(w.ctx, d.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
	w.must(err)
	_, err = w.reg.AcceptMandate(w.ctx, d.helper, m.ID)
	w.must(err)
	if state(old.ID) != consent.Active {
		t.Error("the former ended before the copy of the new one was given")
	}
	_, err = w.reg.DeliverMandate(w.ctx, d.helper, m.ID, "print")
	w.must(err)
	if state(old.ID) != consent.Superseded || state(m.ID) != consent.Active {
		t.Errorf("the former is %s, the new one %s", state(old.ID), state(m.ID))
	}
	keep := terms(d.person, caf)
	keep.Supersession = charter.SupersessionKeep
	both := w.mandate(d.helper, keep)
	if state(both.ID) != consent.Active || state(m.ID) != consent.Active || len(both.Payload.Supersedes) > 0 {
		t.Error("keeping both ended one")
	}
}

func (w *world) done(p consent.PersonID, m consent.MandateID, happened time.Time) func(consent.Actor) error {
	return func(a consent.Actor) error {
		return second(w.reg.RecordAct(w.ctx, a, consent.NewAct{
			Person: p, Mandate: m, Did: caf, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
			Outcome: "done", Happened: happened, Validated: happened, ValidatedHow: charter.ValidatedOnScreen, Period: "2026-12",
		}))
	}
}

// A mandate for one procedure ends when that is done, and after 31 days at most;
// what was done in time may be written down after that.
func TestOneProcedureMandate(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	once := terms(d.person, caf)
	once.Days, once.OneProcedure = 0, true
	m := w.mandate(d.helper, once)
	if want := time.Date(2027, 2, 10, 23, 0, 0, 0, time.UTC); !m.Payload.Until.Equal(want) {
		t.Errorf("until %s, want %s", m.Payload.Until, want)
	}
	w.must(w.act(d.person, caf)(d.helper)) // waiting: not over yet
	w.must(w.done(d.person, m.ID, start)(d.helper))
	got, err := w.reg.Mandate(w.ctx, d.helper, m.ID)
	w.must(err)
	if got.State(w.clock.now()) != consent.Fulfilled {
		t.Errorf("after it was done it is %s", got.State(w.clock.now()))
	}
	if e := w.last("ccas"); e.Act != audit.MandateEnded || e.Mandate != string(m.ID) || e.Digest != m.Digest {
		t.Errorf("the end's entry is %+v", e.Entry)
	}
	w.refuses(d.helper, charter.SocialWorker, refusal{"C02", charter.MandateFulfilled, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))

	other := w.person(d.helper)
	once.Person = other
	late := w.mandate(d.helper, once)
	w.clock.to(late.Payload.Until.Add(24 * time.Hour))
	w.must(w.done(other, late.ID, late.Payload.Until.Add(-time.Hour))(d.helper))
	acts, err := w.reg.Acts(w.ctx, d.referent, other, charter.PurposeReferentReview)
	w.must(err)
	if len(acts) != 1 || !acts[0].Late {
		t.Errorf("%d acts, flagged as late: %t", len(acts), len(acts) > 0 && acts[0].Late)
	}
	if got, err = w.reg.Mandate(w.ctx, d.helper, late.ID); err != nil || got.State(w.clock.now()) != consent.Expired {
		t.Errorf("a mandate whose time is over: %s, %v", got.State(w.clock.now()), err)
	}
}

// Doing it with the person needs no mandate: neither none, nor one that ended, nor
// one for something else stands in the way of helping side by side.
func TestDoingWithNeedsNoMandate(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	with := consent.Power{Service: "ameli", Procedure: "read_messages", Mode: charter.DoWith}
	side := func(p consent.PersonID) {
		t.Helper()
		if err := second(w.reg.RecordAct(w.ctx, d.helper, consent.NewAct{
			Person: p, Did: with, Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson, Outcome: "done",
		})); err != nil {
			t.Error(err)
		}
		if got := w.covered(d.helper, p, with); got != "" {
			t.Errorf("told %s", got)
		}
	}
	side(d.person)
	m := w.mandate(d.helper, terms(d.person, caf))
	side(d.person)
	_, err := w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{})
	w.must(err)
	side(d.person)
	w.refuses(d.helper, charter.SocialWorker, refusal{"C07", charter.MandateRevoked, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))
}

// Of several mandates in force, the one that covers what is wanted is relied on,
// wherever in it the power stands and whichever is newer.
func TestTheMandateThatCoversIsReliedOn(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	absent := consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForAbsent}
	both := w.mandate(d.helper, terms(d.person, caf, absent))
	keep := terms(d.person, caf)
	keep.Supersession = charter.SupersessionKeep
	w.clock.add(time.Second)
	newer := w.mandate(d.helper, keep)
	for want, m := range map[consent.Power]consent.MandateID{absent: both.ID, caf: newer.ID} {
		ans, err := w.reg.Cover(w.ctx, d.helper, consent.Question{Person: d.person, Want: want})
		w.must(err)
		if !ans.Covered || ans.Mandate != m {
			t.Errorf("%s: %+v", want.Mode, ans)
		}
	}
}

// A draft kept for later is explained and proposed then; from that moment its
// payload does not change.
func TestDraftIsProposedLater(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	quiet := terms(d.person, caf)
	quiet.Explained = nil
	m, err := w.reg.DraftMandate(w.ctx, d.helper, quiet)
	w.must(err)
	if m.State(w.clock.now()) != consent.Draft || m.Digest != "" {
		t.Errorf("it is %s", m.State(w.clock.now()))
	}
	w.unchanged(func() {
		for _, lang := range []string{"", "French", "fr; see the son", strings.Repeat("f", 40)} {
			if _, err := w.reg.ProposeMandate(w.ctx, d.helper, m.ID, consent.Explained{Lang: lang, Aid: "read_aloud"}); invalid(err) != "/explained/lang language" {
				t.Errorf("explained in %q: %v", lang, err)
			}
		}
	})
	proposed, err := w.reg.ProposeMandate(w.ctx, d.helper, m.ID, consent.Explained{Lang: "ar", Aid: "interpreter", By: "h_aaaaaaaaaaaaaaaaaaaaaaaaaa"})
	w.must(err)
	if e := proposed.Payload.Explained; e.By != d.helper.Member() || e.Lang != "ar" || proposed.Digest == "" {
		t.Errorf("explained as %+v", e)
	}
	w.unchanged(func() {
		if _, err := w.reg.ProposeMandate(w.ctx, d.helper, m.ID, consent.Explained{Lang: "fr", Aid: "read_aloud"}); conflict(err) != "not_draft" {
			t.Errorf("proposed twice: %v", err)
		}
	})
}

// What a draft says is checked before anything is written.
func TestTermsAreOfTheirForm(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for want, change := range map[string]func(x *consent.Terms){
		"/powers/0/procedure procedure": func(x *consent.Terms) { x.Powers[0].Procedure = "everything" },
		"/from date":                    func(x *consent.Terms) { x.From = "11/01/2027" },
		"/from date_past":               func(x *consent.Terms) { x.From = "2027-01-10" },
		"/until date":                   func(x *consent.Terms) { x.Days, x.Until = 0, "2027-02-30" },
		"/until until_before_from":      func(x *consent.Terms) { x.Days, x.From, x.Until = 0, "2027-02-10", "2027-02-09" },
		"/days one_duration":            func(x *consent.Terms) { x.Until = "2027-02-09" },
		"/days days":                    func(x *consent.Terms) { x.Days = -1 },
		"/powers one_procedure": func(x *consent.Terms) {
			x.Days, x.OneProcedure, x.Powers = 0, true, []consent.Power{caf, css}
		},
		"/explained/lang language": func(x *consent.Terms) { x.Explained = &consent.Explained{Lang: "FR"} },
		"/helpers member_length":   func(x *consent.Terms) { x.Helpers = slices.Repeat([]consent.MemberID{d.helper.Member()}, 51) },
		"/helpers/1 member_twice":  func(x *consent.Terms) { x.Helpers = slices.Repeat([]consent.MemberID{d.helper.Member()}, 2) },
		"/helpers/0 member_id":     func(x *consent.Terms) { x.Helpers = []consent.MemberID{"h_aaaaaaaaaaaaaaaaaaaaaaaaaa"} },
	} {
		x := terms(d.person, caf)
		change(&x)
		w.unchanged(func() {
			if m, err := w.reg.DraftMandate(w.ctx, d.helper, x); invalid(err) != want || m != nil {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	last := terms(d.person, caf)
	last.Days, last.From, last.Until = 0, "2027-01-11", "2027-03-28" // the day clocks go forward
	m, err := w.reg.DraftMandate(w.ctx, d.helper, last)
	w.must(err)
	if from, until := m.Payload.From, m.Payload.Until.Format(time.RFC3339); !from.Equal(start) || until != "2027-03-28T22:00:00Z" {
		t.Errorf("from %s until %s", from, until)
	}
}

// A helper who came after a mandate was issued cannot accept it: their key was
// nobody's then, and the document would never verify. Who was there can.
func TestAcceptedByWhoWasThere(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m, err := w.reg.DraftMandate(w.ctx, d.helper, terms(d.person, caf))
	w.must(err)
	_, err = w.reg.SignMandate(w.ctx, d.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
	w.must(err)
	w.clock.add(24 * time.Hour)
	newer := w.helper(w.letIn("ccas", d.referent.Member()), charter.SocialWorker)
	var conflict *consent.Conflict
	if _, err := w.reg.AcceptMandate(w.ctx, newer, m.ID); !errors.As(err, &conflict) || conflict.Reason != "member_newer" {
		t.Fatalf("the newer helper: %v", err)
	}
	there := w.letIn("ccas", d.helper.Member())
	_, err = w.reg.AcceptMandate(w.ctx, there, m.ID)
	w.must(err)
	w.verifyMandate(there, m.ID)
}

// However many drafts are made, one stop ends them all, and so does forgetting.
func TestDraftsAreBounded(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	drafts := 0
	for ; err == nil; drafts++ {
		_, err = w.reg.DraftMandate(w.ctx, d.helper, terms(d.person, caf))
	}
	var conflict *consent.Conflict
	if !errors.As(err, &conflict) || conflict.Reason != "mandates_open" {
		t.Fatalf("draft %d: %v", drafts, err)
	}
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	receipt, err := w.reg.CardStop(w.ctx, holder)
	w.must(err)
	if len(receipt.Stopped) != drafts-1 {
		t.Errorf("%d of %d drafts were stopped", len(receipt.Stopped), drafts-1)
	}
	_, err = w.reg.DraftMandate(w.ctx, d.helper, terms(d.person, caf))
	w.must(err)
}

// Under sauvegarde de justice a referent who helps confirms once, when drafting:
// signing does not ask again, and a helper's word does not do.
func TestReferentConfirms(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	invite, err := w.reg.OpenHelper(w.ctx, d.referent, consent.NewHelper{
		Name: clean(t, "Ana Costa"), Role: charter.SocialWorker, Referent: true,
	})
	w.must(err)
	both := w.enter(invite.Token)
	w.must(w.reg.Adhere(w.ctx, both, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	protected := terms(d.person, caf)
	protected.Capacity, protected.ReferentConfirmed = charter.CapacitySauvegarde, true
	size := w.size("ccas")
	_, err = w.reg.DraftMandate(w.ctx, d.helper, protected)
	w.refusal("ccas", size, err, "C19", charter.CapacityConfirm)
	m := w.mandate(both, protected)
	if got := m.State(w.clock.now()); got != consent.Active || m.Confirmed != both.Member() {
		t.Errorf("the mandate is %s, confirmed by %q", got, m.Confirmed)
	}
}

// A new mandate takes the same procedures only: what it does not give goes on
// (CC 2006).
func TestMandateReplacesTheSameProcedureOnly(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	css := consent.Power{Service: "ameli", Procedure: "css_request", Mode: charter.DoForPresent}
	old := w.mandate(d.helper, terms(d.person, caf, css))
	again := terms(d.person, caf)
	again.Supersession = charter.SupersessionReplace
	m := w.mandate(d.helper, again)
	got, err := w.reg.Mandate(w.ctx, d.helper, old.ID)
	w.must(err)
	at := w.clock.now()
	if got.State(at) != consent.Active || got.Stopped(css, "", at) || !got.Stopped(caf, "", at) {
		t.Errorf("the former is %s, its stops are %+v", got.State(at), got.Stops)
	}
	if e := w.last("ccas"); e.Act != audit.MandateRevoked || e.Mandate != string(old.ID) {
		t.Errorf("the last entry is %s on %s", e.Act, e.Mandate)
	}
	if m.State(at) != consent.Active {
		t.Errorf("the new one is %s", m.State(at))
	}
}
