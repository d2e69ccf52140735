package consent_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// Help is counted by month, kind and role, an entry each that names nobody.
func TestTallies(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.SocialWorker)
	volunteer := w.helper(d.referent, charter.Volunteer)
	for _, help := range []struct {
		a    consent.Actor
		kind string
	}{
		{d.helper, consent.TallyTrain}, {d.helper, consent.TallyTrain}, {colleague, consent.TallyTrain},
		{volunteer, consent.TallyDoWith}, {volunteer, consent.TallyTrain}, {d.helper, consent.TallyNotRecorded},
	} {
		size := w.size("ccas")
		w.must(w.reg.CountHelp(w.ctx, help.a, help.kind))
		e := w.last("ccas")
		if w.size("ccas") != size+1 || e.Act != audit.ActRecorded || e.Person != "" || e.Mandate != "" || len(e.Fields) > 0 ||
			e.Digest == "" || !slices.Equal(e.On, []string{help.kind}) || e.By != string(help.a.Member()) {
			t.Errorf("the entry is %+v", e.Entry)
		}
	}
	// 23:30 UTC on the 31st is the first of February in Paris.
	w.clock.to(time.Date(2027, 1, 31, 23, 30, 0, 0, time.UTC))
	w.must(w.reg.CountHelp(w.ctx, d.helper, consent.TallyTrain))
	for month, want := range map[string]map[string]int64{
		"2027-01": {"train": 4, "do_with": 1, "not_recorded": 1},
		"2027-02": {"train": 1, "do_with": 0, "not_recorded": 0},
		"2026-12": {"train": 0, "do_with": 0, "not_recorded": 0},
	} {
		if got, err := w.reg.Tallies(w.ctx, d.referent, month); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", month, got, err, want)
		}
	}
	// Helpers of one role are one row: nothing stored says how much one of them did.
	want := []string{"1/tally/2027-01/do_with/volunteer", "1/tally/2027-01/not_recorded/social_worker",
		"1/tally/2027-01/train/social_worker", "1/tally/2027-01/train/volunteer", "1/tally/2027-02/train/social_worker"}
	if rows := dumped(t, w.db).in("tally"); !slices.Equal(rows, want) {
		t.Errorf("rows %v", rows)
	}

	call := consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("train")}
	size := w.size("ccas")
	for range 2 {
		w.must(w.reg.CountHelp(w.ctx, d.helper.With(call), consent.TallyTrain))
	}
	if w.size("ccas") != size+1 {
		t.Error("asked twice with one key, it is counted twice")
	}
	w.unchanged(func() {
		if err := w.reg.CountHelp(w.ctx, d.helper, "jeanne"); invalid(err) != "/kind tally_kind" {
			t.Errorf("any kind: %v", err)
		}
		for _, month := range []string{"", "2027", "2027-13", "2027-1", "2027-01-01", "2027-01/train"} {
			if _, err := w.reg.Tallies(w.ctx, d.helper, month); invalid(err) != "/month month" {
				t.Errorf("month %q: %v", month, err)
			}
		}
	})
}

func TestTalliesRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	count := func(a consent.Actor) error { return w.reg.CountHelp(w.ctx, a, consent.TallyDoWith) }
	for _, c := range []struct {
		a    consent.Actor
		role charter.Role
		rule charter.RuleID
		why  charter.Reason
	}{
		{w.helper(d.referent, charter.DPO), charter.DPO, "C16", charter.RoleNotHelper},
		{d.referent, charter.Referent, "C16", charter.RoleNotHelper},
		{w.newcomer(d.referent, charter.Volunteer), charter.Volunteer, "C22", charter.NotAdhered},
		{operator, "operator", "C21", charter.ActorNotAllowed},
	} {
		w.refuses(c.a, c.role, refusal{rule: c.rule, reason: c.why, action: audit.ActRecorded}, count)
	}
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C23", reason: charter.MemberClosed, action: audit.ActRecorded}, count)
}
