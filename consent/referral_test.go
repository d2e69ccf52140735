package consent_test

import (
	"errors"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A person is shown the way under a mandate; what came of it is noted later, by
// whoever may act for them, and each step is a line that the person sees.
func TestReferral(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	to := w.publicPlace()
	if _, err := w.reg.ReferTo(w.ctx, d.helper, d.person, to); !refusedFor(err, "C02") {
		t.Fatalf("without a mandate: %v", err)
	}
	m := w.mandate(d.helper, terms(d.person, papers))
	made, err := w.reg.ReferTo(w.ctx, d.helper, d.person, to)
	w.must(err)
	e := w.last("ccas")
	if e.Act != audit.ReferralMade || e.Person != string(d.person) || e.Mandate != string(m.ID) || e.On[1] != string(to) || e.Digest == "" {
		t.Errorf("the entry is %+v", e.Entry)
	}
	if _, err := w.reg.ReferTo(w.ctx, d.helper, d.person, "l_aaaaaaaaaaaaaaaaaaaaaaaaaa"); !isNotFound(err) {
		t.Errorf("to no place: %v", err)
	}
	colleague := w.helper(d.referent, charter.Secretary)
	w.must(w.reg.NoteReferral(w.ctx, colleague, d.person, made.ID, consent.ReferralHelped))
	list, err := w.reg.Referrals(w.ctx, d.helper, d.person, charter.PurposeActUnderMandate)
	w.must(err)
	if len(list) != 1 || list[0].Outcome != consent.ReferralHelped || list[0].OutcomeBy != colleague.Member() || list[0].Place != to {
		t.Errorf("%+v", list[0])
	}
	if e := w.last("ccas"); e.Act != audit.MandateRead || e.Counts["referrals"] != 1 {
		t.Errorf("the entry of looking is %+v", e.Entry)
	}

	stranger := w.helper(w.structure("maison"), charter.SocialWorker)
	size := w.size("ccas")
	if err := w.reg.NoteReferral(w.ctx, stranger, d.person, made.ID, consent.ReferralWent); !isNotFound(err) || w.size("ccas") != size {
		t.Errorf("another structure: %v", err)
	}
	if err := w.reg.NoteReferral(w.ctx, d.helper, d.person, made.ID, "lost"); !errors.As(err, new(*consent.Invalid)) {
		t.Errorf("an outcome that is none: %v", err)
	}
	w.must(second(w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{})))
	if err := w.reg.NoteReferral(w.ctx, d.helper, d.person, made.ID, consent.ReferralWent); !refusedFor(err, "C07") {
		t.Errorf("after the stop: %v", err)
	}
}

func refusedFor(err error, rule charter.RuleID) bool {
	r, ok := errors.AsType[*consent.Refused](err)
	return ok && r.Rule == rule
}
