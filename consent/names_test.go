package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

func (w *world) list(purpose charter.Purpose, ids ...consent.PersonID) func(consent.Actor) error {
	return func(a consent.Actor) error {
		list, err := w.reg.ListNames(w.ctx, a, ids, purpose)
		if err != nil && list != nil {
			w.t.Error("a refused list has names")
		}
		return err
	}
}

// Each name of a list is a look of its own, in one transaction, and its person
// sees it.
func TestNamesOfAList(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	var ids []consent.PersonID
	for range 20 {
		ids = append(ids, w.person(d.helper))
	}
	m := w.mandate(d.helper, terms(ids[3], caf))
	before, size := dumped(t, w.db).apart(), w.size("ccas")
	list, err := w.reg.ListNames(w.ctx, d.helper, ids, charter.PurposePrepareMandate)
	w.must(err)
	if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 {
		t.Errorf("rows changed: %v", diff)
	}
	lines := w.lines("ccas")[size:]
	if len(lines) != 20 || len(list) != 20 {
		t.Fatalf("%d names, %d entries, want 20", len(list), len(lines))
	}
	for i, l := range lines {
		e := l.Detail
		if e.Act != audit.PersonListed || e.Person != string(ids[i]) || e.Purpose != "prepare_mandate" ||
			!slices.Equal(e.Fields, []string{"identity.1"}) || e.Out != audit.OK || !l.Time.Equal(lines[0].Time) {
			t.Errorf("entry %d is %+v", i, e.Entry)
		}
		if list[i].Person != ids[i] || list[i].Entry != l.N || list[i].Identity.BirthName.Reveal() != "Morel" || list[i].Contact != nil {
			t.Errorf("name %d is of %s", i, list[i].Person)
		}
	}
	if e := lines[3].Detail; e.Mandate != string(m.ID) {
		t.Errorf("the mandate relied on is %q", e.Mandate)
	}
}

// One name that may not be shown refuses all of them, and the person concerned
// sees it.
func TestNamesRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	mine, theirs := w.person(d.helper), w.person(d.helper)
	w.mandate(d.helper, terms(mine, caf))
	colleague := w.helper(d.referent, charter.Secretary)
	named := terms(theirs, caf)
	named.Helpers = []consent.MemberID{colleague.Member()}
	other := w.mandate(colleague, named).ID
	dpo := w.helper(d.referent, charter.DPO)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	many := []consent.PersonID{d.person}
	for range 20 {
		many = append(many, w.person(d.helper))
	}
	const act, prepare = charter.PurposeActUnderMandate, charter.PurposePrepareMandate
	for _, c := range []struct {
		name string
		a    consent.Actor
		role charter.Role
		want refusal
		try  func(consent.Actor) error
	}{
		{"a colleague's", d.helper, charter.SocialWorker, refusal{"C11", charter.HelperNotNamed, audit.PersonListed, theirs, other, act}, w.list(act, mine, theirs)},
		{"more than 20", d.helper, charter.SocialWorker, refusal{"C10", charter.RowsOver, audit.PersonListed, d.person, "", prepare}, w.list(prepare, many...)},
		{"without a purpose", d.helper, charter.SocialWorker, refusal{"C15", charter.PurposeMissing, audit.PersonListed, d.person, "", ""}, w.list("", d.person)},
		{"the DPO's purpose", d.helper, charter.SocialWorker, refusal{"C15", charter.PurposeRole, audit.PersonListed, d.person, "", charter.PurposeDPOAudit}, w.list(charter.PurposeDPOAudit, d.person)},
		{"the DPO as a helper", dpo, charter.DPO, refusal{"C15", charter.PurposeRole, audit.PersonListed, d.person, "", prepare}, w.list(prepare, d.person)},
		{"the operator", operator, "operator", refusal{"C21", charter.ActorNotAllowed, audit.PersonListed, d.person, "", prepare}, w.list(prepare, d.person)},
	} {
		t.Run(c.name, func(t *testing.T) { w.in(t).refuses(c.a, c.role, c.want, c.try) })
	}
	w.unchanged(func() {
		for want, ids := range map[string][]consent.PersonID{"/persons empty": nil, "/persons list": {mine, mine}} {
			if err := w.list(act, ids...)(d.helper); invalid(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, mine)
	w.must(err)
	w.notFound("ccas", w.size("ccas"), w.list(prepare, d.person, mine)(d.helper))
}

// The names of colleagues are one entry about nobody.
func TestMemberNames(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	ids := []consent.MemberID{d.helper.Member(), w.newcomer(d.referent, charter.Volunteer).Member()}
	size := w.size("ccas")
	w.clock.add(time.Second)
	names, err := w.reg.MemberNames(w.ctx, d.helper, ids)
	w.must(err)
	if len(names) != 2 || names[ids[0]].Reveal() != "Fatou Diallo" || names[ids[1]].Reveal() != "Ana Costa" {
		t.Errorf("%d names", len(names))
	}
	if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.PersonListed || e.Person != "" || len(e.Fields) != 2 {
		t.Errorf("the entry is %+v", e.Entry)
	}
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	w.refuses(operator, "operator", refusal{rule: "C21", reason: charter.ActorNotAllowed, action: audit.PersonListed},
		func(a consent.Actor) error { return second(w.reg.MemberNames(w.ctx, a, ids)) })
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C23", reason: charter.MemberClosed, action: audit.PersonListed},
		func(a consent.Actor) error { return second(w.reg.MemberNames(w.ctx, a, ids)) })
}

// The first referent, opened without a name, says their own; the former one does
// not open any more.
func TestOwnName(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	name := func() string {
		names, err := w.reg.MemberNames(w.ctx, referent, []consent.MemberID{referent.Member()})
		w.must(err)
		return names[referent.Member()].Reveal()
	}
	if got := name(); got != "" {
		t.Errorf("a first referent is called %q", got)
	}
	for _, want := range []string{"Claire Petit", "Claire Grand"} {
		sizes := w.sizes()
		w.must(w.reg.SetOwnName(w.ctx, referent, clean(t, want)))
		if e := w.last("ccas"); e.Act != audit.PersonUpdated || e.Person != "" || !slices.Equal(e.On, []string{string(referent.Member()), "name"}) {
			t.Errorf("the entry is %+v", e.Entry)
		}
		if after := w.sizes(); after["ccas"] != sizes["ccas"]+1 || after["register"] != sizes["register"]+1 {
			t.Errorf("%v entries, after %v", after, sizes)
		}
		if got := name(); got != want {
			t.Errorf("called %q, want %q", got, want)
		}
	}
	if waiting := dumped(t, w.db).in("outbox"); len(waiting) > 0 {
		t.Errorf("messages wait: %v", waiting)
	}
	w.unchanged(func() {
		if err := w.reg.SetOwnName(w.ctx, referent, clean(t, "")); invalid(err) != "/name empty" {
			t.Errorf("no name: %v", err)
		}
		if err := w.reg.SetOwnName(w.ctx, consent.Operator(), clean(t, "Claire")); signInNeeded(err) != "session" {
			t.Errorf("the operator has no name: %v", err)
		}
	})
	helper := w.helper(referent, charter.Secretary)
	w.must(w.reg.CloseHelper(w.ctx, referent, helper.Member()))
	w.unchanged(func() {
		if err := w.reg.SetOwnName(w.ctx, helper, clean(t, "Autre")); signInNeeded(err) != "session" {
			t.Errorf("a closed member changes their name: %v", err)
		}
	})
}
