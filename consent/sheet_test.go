package consent_test

import (
	"slices"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

func (w *world) sheet(m consent.MandateID, purpose charter.Purpose) func(consent.Actor) error {
	return func(a consent.Actor) error { return second(w.reg.MandateSheet(w.ctx, a, m, purpose)) }
}

// The paper of a mandate has the person and the helpers in clear, in one look that
// the person sees.
func TestMandateSheet(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.Secretary)
	w.must(w.reg.SetOwnName(w.ctx, colleague, clean(t, "Léa Roux")))
	draft := terms(d.person, caf)
	draft.Helpers = []consent.MemberID{colleague.Member(), d.helper.Member()}
	m, err := w.reg.DraftMandate(w.ctx, d.helper, draft)
	w.must(err)
	size := w.size("ccas")
	s, err := w.reg.MandateSheet(w.ctx, d.helper, m.ID, prepare)
	w.must(err)
	if s.Identity.BirthName.Reveal() != "Morel" || s.Identity.Birth.Reveal() != "1948-03-12" || s.HelperName.Reveal() != "Fatou Diallo" ||
		s.Names[colleague.Member()].Reveal() != "Léa Roux" || s.Structure.Name.String() != "Structure ccas" || s.Mandate.ID != m.ID ||
		s.Digest != m.Digest || s.Digest == "" || len(s.Others) != 0 ||
		!slices.Equal(s.Members, []consent.MemberID{d.helper.Member(), colleague.Member()}) {
		t.Errorf("the sheet is %+v", s)
	}
	e := w.last("ccas")
	fields := []string{"identity.1", string(d.helper.Member()) + ":name", string(colleague.Member()) + ":name"}
	if w.size("ccas") != size+1 || s.Entry != size || e.Act != audit.MandateRead || e.Person != string(d.person) ||
		e.Mandate != string(m.ID) || e.Purpose != string(prepare) || !slices.Equal(e.Fields, fields) || e.Digest != m.Digest {
		t.Errorf("the entry is %+v", e.Entry)
	}
}

// A second mandate's paper says the first, which covers the same.
func TestMandateSheetNamesOthers(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	first := w.mandate(d.helper, terms(d.person, caf))
	w.mandate(d.helper, terms(d.person, consent.Power{Service: "ameli", Procedure: "css_request", Mode: charter.DoForPresent}))
	again := terms(d.person, caf)
	again.Supersession, again.Explained = charter.SupersessionKeep, nil
	m, err := w.reg.DraftMandate(w.ctx, d.helper, again)
	w.must(err)
	s, err := w.reg.MandateSheet(w.ctx, d.helper, m.ID, prepare)
	w.must(err)
	if len(s.Others) != 1 || s.Others[0].ID != first.ID || s.Digest != "" || s.HelperName.Reveal() != "Fatou Diallo" {
		t.Errorf("%d others, digest %q", len(s.Others), s.Digest)
	}
}

func TestMandateSheetRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf)).ID
	named := w.person(d.helper)
	of := terms(named, caf)
	of.Helpers = []consent.MemberID{d.helper.Member()}
	mine := w.mandate(d.helper, of).ID
	colleague := w.helper(d.referent, charter.Secretary)
	newcomer := w.newcomer(d.referent, charter.SocialWorker)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	const follow = charter.PurposeFollowUp
	reads := func(rule charter.RuleID, why charter.Reason, purpose charter.Purpose) refusal {
		return refusal{rule, why, audit.MandateRead, d.person, m, purpose}
	}
	for _, c := range []struct {
		a    consent.Actor
		role charter.Role
		want refusal
		try  func(consent.Actor) error
	}{
		{colleague, charter.Secretary, refusal{"C11", charter.HelperNotNamed, audit.MandateRead, named, mine, follow}, w.sheet(mine, follow)},
		{newcomer, charter.SocialWorker, reads("C22", charter.NotAdhered, follow), w.sheet(m, follow)},
		{d.referent, charter.Referent, reads("C15", charter.PurposeRole, follow), w.sheet(m, follow)},
		{d.helper, charter.SocialWorker, reads("C15", charter.PurposeMissing, ""), w.sheet(m, "")},
		{operator, "operator", reads("C21", charter.ActorNotAllowed, follow), w.sheet(m, follow)},
	} {
		w.refuses(c.a, c.role, c.want, c.try)
	}
	w.must(w.sheet(m, follow)(d.helper))
	_, err = w.reg.RevokeMandate(w.ctx, d.helper, m, consent.Scope{})
	w.must(err)
	w.refuses(d.helper, charter.SocialWorker, reads("C07", charter.MandateRevoked, follow), w.sheet(m, follow))
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	w.notFound("ccas", w.size("ccas"), w.sheet(m, follow)(d.helper))
}
