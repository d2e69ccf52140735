package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

// The operator sees no name. A referent who has just signed in opens a glass over
// one person, for a reason, for half an hour; the person sees that, and each look.
func TestGlass(t *testing.T) {
	w := newWorld(t)
	referent := w.signedIn(w.session(w.firstLink("ccas")))
	helper := w.helper(referent, charter.SocialWorker)
	dpo := w.helper(referent, charter.DPO)
	p, other := w.person(helper), w.person(helper)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	look := w.reveal(p, charter.PurposeTechnicalSupport)
	never := refusal{"C21", charter.ActorNotAllowed, audit.PersonRead, p, "", charter.PurposeTechnicalSupport}
	w.refuses(operator, "operator", never, look)
	open := func(a consent.Actor) error { return second(w.reg.OpenGlass(w.ctx, a, p, "restore_data")) }
	w.refuses(helper, charter.SocialWorker, refusal{"C16", charter.OfficeOnly, audit.BreakGlass, p, "", ""}, open)
	w.refuses(dpo, charter.DPO, refusal{"C16", charter.OfficeOnly, audit.BreakGlass, p, "", ""}, open)
	w.refuses(operator, "operator", refusal{"C21", charter.ActorNotAllowed, audit.BreakGlass, p, "", ""}, open)
	w.refuses(referent, charter.Referent, refusal{"C21", charter.GlassReason, audit.BreakGlass, p, "", ""},
		func(a consent.Actor) error { return second(w.reg.OpenGlass(w.ctx, a, p, "curiosity")) })

	g, err := w.reg.OpenGlass(w.ctx, referent, p, "restore_data")
	w.must(err)
	if !g.Until.Equal(w.clock.now().Add(30 * time.Minute)) {
		t.Errorf("open until %s", g.Until)
	}
	if got := w.last("ccas"); got.Act != audit.BreakGlass || got.Person != string(p) || !slices.Equal(got.On, []string{"restore_data"}) || got.By != string(referent.Member()) {
		t.Errorf("the entry is %+v", got.Entry)
	}
	data, err := w.reg.RevealPerson(w.ctx, operator, consent.Reveal{
		Person: p, Purpose: charter.PurposeTechnicalSupport, Fields: []charter.Field{charter.FieldIdentity, charter.FieldContact},
	})
	w.must(err)
	if data.Identity.BirthName.Reveal() != "Morel" || data.Contact == nil {
		t.Error("nothing is seen through the glass")
	}
	if got := w.last("ccas"); got.Act != audit.PersonRead || got.By != "operator" || got.Person != string(p) || !slices.Equal(got.On, []string{"restore_data"}) {
		t.Errorf("the look is %+v", got.Entry)
	}
	never.person = other
	w.refuses(operator, "operator", never, w.reveal(other, charter.PurposeTechnicalSupport))
	never.person = p
	w.refuses(operator, "operator", refusal{"C15", charter.PurposeRole, audit.PersonRead, p, "", charter.PurposeFollowUp}, w.reveal(p, charter.PurposeFollowUp))
	elsewhere, err := w.reg.In(w.ctx, w.structure("asso").SpaceSlug())
	w.must(err)
	if err := look(elsewhere); !isNotFound(err) {
		t.Errorf("from another space: %v", err)
	}

	w.clock.to(g.Until.Add(-time.Microsecond))
	w.must(look(operator))
	w.clock.to(g.Until)
	w.refuses(operator, "operator", never, look)
	w.unchanged(func() {
		if err := open(referent); signInNeeded(err) != "step_up" {
			t.Errorf("opened half an hour after the sign-in: %v", err)
		}
	})
	again := w.letIn("ccas", referent.Member())
	w.must(open(again))
	w.must(w.reg.CloseGlass(w.ctx, again, p))
	w.refuses(operator, "operator", never, look)
	if err := w.reg.CloseGlass(w.ctx, again, p); !isNotFound(err) {
		t.Errorf("closed twice: %v", err)
	}
}

// firstLink opens a structure and gives its first referent's link.
func (w *world) firstLink(slug string) personal.Token {
	w.t.Helper()
	_, invite, err := w.reg.OpenStructure(w.ctx, consent.Operator(), consent.NewStructure{Name: clean(w.t, "Structure "+slug), Slug: slug})
	w.must(err)
	return invite.Token
}
