package consent_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A stand-in is a note about dates: the referent writes it, or whoever is away,
// and it opens nothing that is not open anyway.
func TestStandIns(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.Secretary)
	list := func() []consent.StandIn {
		l, err := w.reg.StandIns(w.ctx, colleague)
		w.must(err)
		return l
	}
	holiday := consent.StandIn{Away: d.helper.Member(), By: colleague.Member(), From: "2027-01-18", To: "2027-01-22"}
	back := consent.StandIn{Away: colleague.Member(), By: d.helper.Member(), From: "2027-01-11", To: "2027-01-11"}
	for s, by := range map[consent.StandIn]consent.Actor{holiday: d.helper, back: d.referent} {
		size := w.size("ccas")
		w.must(w.reg.SetStandIn(w.ctx, by, s))
		if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.StructureUpdated || e.Digest == "" ||
			!slices.Equal(e.On, []string{string(s.Away), string(s.By)}) {
			t.Errorf("the entry is %+v", e.Entry)
		}
	}
	if diff := cmp.Diff([]consent.StandIn{back, holiday}, list()); diff != "" {
		t.Error(diff)
	}
	holiday.To = "2027-01-29"
	w.must(w.reg.SetStandIn(w.ctx, d.referent, holiday))
	w.clock.to(time.Date(2027, 1, 11, 23, 30, 0, 0, time.UTC)) // the 12th in Paris
	if diff := cmp.Diff([]consent.StandIn{holiday}, list()); diff != "" {
		t.Error(diff)
	}

	// Named helpers are replaced by nobody.
	named := terms(d.person, caf)
	named.Helpers = []consent.MemberID{d.helper.Member()}
	m := w.mandate(w.letIn("ccas", d.helper.Member()), named)
	w.clock.to(time.Date(2027, 1, 19, 9, 0, 0, 0, time.UTC))
	w.refuses(colleague, charter.Secretary, refusal{"C11", charter.HelperNotNamed, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))

	size := w.size("ccas")
	w.must(w.reg.DropStandIn(w.ctx, d.helper, d.helper.Member()))
	if e := w.last("ccas"); len(list()) != 0 || w.size("ccas") != size+1 || e.Act != audit.StructureUpdated {
		t.Errorf("dropped: %v, %+v", list(), e.Entry)
	}
	w.notFound("ccas", size+1, w.reg.DropStandIn(w.ctx, d.helper, d.helper.Member()))
	w.must(w.reg.SetStandIn(w.ctx, d.referent, holiday))
	w.must(w.reg.CloseHelper(w.ctx, w.again(d.referent), d.helper.Member()))
	if len(list()) != 0 {
		t.Error("somebody closed is listed as away")
	}
}

func TestStandInForms(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	gone := w.helper(d.referent, charter.Volunteer)
	w.must(w.reg.CloseHelper(w.ctx, d.referent, gone.Member()))
	good := consent.StandIn{Away: d.helper.Member(), By: d.referent.Member(), From: "2027-01-11", To: "2028-01-12"}
	w.unchanged(func() {
		for want, change := range map[string]func(*consent.StandIn){
			"/by stand_in_self":     func(s *consent.StandIn) { s.By = s.Away },
			"/from date":            func(s *consent.StandIn) { s.From = "11/01/2027" },
			"/to date":              func(s *consent.StandIn) { s.To = "2027-02-30" },
			"/to until_before_from": func(s *consent.StandIn) { s.To = "2027-01-10" },
			"/to stand_in_long":     func(s *consent.StandIn) { s.To = "2028-01-13" },
			"/to date_past":         func(s *consent.StandIn) { s.From, s.To = "2026-12-01", "2027-01-10" },
			"/by member_id":         func(s *consent.StandIn) { s.By = gone.Member() },
			"/away member_id":       func(s *consent.StandIn) { s.Away = "h_aaaaaaaaaaaaaaaaaaaaaaaaaa" },
		} {
			s := good
			change(&s)
			if err := w.reg.SetStandIn(w.ctx, d.referent, s); invalid(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
	w.must(w.reg.SetStandIn(w.ctx, d.referent, good))
}

func TestStandInsRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.Secretary)
	newcomer := w.newcomer(d.referent, charter.Volunteer)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	s := consent.StandIn{Away: d.helper.Member(), By: d.referent.Member(), From: "2027-01-11", To: "2027-01-12"}
	set := func(a consent.Actor) error { return w.reg.SetStandIn(w.ctx, a, s) }
	drop := func(a consent.Actor) error { return w.reg.DropStandIn(w.ctx, a, s.Away) }
	w.must(set(d.referent))
	own := func(a consent.Actor) error {
		return w.reg.SetStandIn(w.ctx, a, consent.StandIn{Away: a.Member(), By: d.referent.Member(), From: s.From, To: s.To})
	}
	for _, c := range []struct {
		a    consent.Actor
		role charter.Role
		rule charter.RuleID
		why  charter.Reason
		try  func(consent.Actor) error
	}{
		{colleague, charter.Secretary, "C16", charter.OfficeOnly, set},
		{colleague, charter.Secretary, "C16", charter.OfficeOnly, drop},
		{operator, "operator", "C21", charter.ActorNotAllowed, set},
		{newcomer, charter.Volunteer, "C22", charter.NotAdhered, own},
	} {
		w.refuses(c.a, c.role, refusal{rule: c.rule, reason: c.why, action: audit.StructureUpdated}, c.try)
	}
	w.must(w.reg.CloseHelper(w.ctx, d.referent, colleague.Member()))
	w.refuses(colleague, charter.Secretary, refusal{rule: "C23", reason: charter.MemberClosed, action: audit.StructureUpdated}, own)
}
