package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// Closing ends what leans on one natural person, in the same commit, and tells
// those whom it concerns; what the team carries goes on.
func TestClosingEndsAndTells(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m, invite := w.named(d.helper, d.person, charter.Relative, caf)
	daughter, _ := w.accepted(m, invite)
	waiting, _ := w.named(d.helper, d.person, charter.Relative, absentRead)
	team := w.mandate(d.helper, terms(w.person(d.helper), caf))
	named := terms(w.person(d.helper), caf)
	named.Helpers = []consent.MemberID{d.helper.Member()}
	ofHelper := w.mandate(d.helper, named)

	w.must(w.reg.CloseHelper(w.ctx, d.referent, daughter.Member()))
	w.must(w.reg.CloseHelper(w.ctx, d.referent, consent.MemberID(waiting.Payload.Mandatary.ID)))
	for _, id := range []consent.MandateID{m.ID, waiting.ID} {
		got, err := w.reg.Mandate(w.ctx, d.helper, id)
		w.must(err)
		if got.State(w.clock.now()) != consent.Renounced || got.End.By != string(d.referent.Member()) {
			t.Errorf("a natural person's mandate is %s by %s", got.State(w.clock.now()), got.End.By)
		}
	}
	w.seen(d.person, audit.MandateEnded, waiting.ID)
	if rows := dumped(t, w.db).in("named"); len(rows) != 1 {
		t.Errorf("rows of who left: %v", rows)
	}

	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	for _, id := range []consent.MandateID{team.ID, ofHelper.ID} {
		got, err := w.reg.Mandate(w.ctx, operator, id)
		w.must(err)
		if got.State(w.clock.now()) != consent.Active {
			t.Errorf("the structure's mandate is %s", got.State(w.clock.now()))
		}
	}
	w.seen(named.Person, audit.HelperClosed, ofHelper.ID)
	lines, _, err := w.log.History(w.ctx, w.space("ccas"), audit.Query{Person: string(team.Person), Limit: 1})
	w.must(err)
	if lines[0].Detail.Act == audit.HelperClosed {
		t.Error("somebody was told whom it does not concern")
	}
	if left := dumped(t, w.db).in("leaving"); len(left) > 0 {
		t.Errorf("it is not finished: %v", left)
	}
}

// seen checks that the newest line of a person is of an action and a mandate.
func (w *world) seen(p consent.PersonID, act audit.Action, m consent.MandateID) {
	w.t.Helper()
	lines, _, err := w.log.History(w.ctx, w.space("ccas"), audit.Query{Person: string(p), Limit: 1})
	w.must(err)
	if len(lines) != 1 || lines[0].Detail.Act != act || lines[0].Detail.Mandate != string(m) {
		w.t.Errorf("the person's newest line is %+v, want %s of %s", lines[0].Detail.Entry, act, m)
	}
}

// Somebody with many mandates is closed at once; the rest is told slice by slice,
// also after a stop in between, and each person once.
func TestClosingManyIsFinishedLater(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	persons := map[string]bool{}
	for range 130 {
		ask := terms(w.person(d.helper), caf)
		ask.Helpers = []consent.MemberID{d.helper.Member()}
		w.mandate(d.helper, ask)
		persons[string(ask.Person)] = true
	}
	first := w.size("ccas")
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	told := map[string]int{}
	for _, l := range w.lines("ccas")[first:] {
		if l.Detail.Act == audit.HelperClosed && l.Detail.Person != "" {
			told[l.Detail.Person]++
		}
	}
	if len(told) != len(persons) {
		t.Errorf("%d persons were told, want %d", len(told), len(persons))
	}
	for p, n := range told {
		if n != 1 || !persons[p] {
			t.Errorf("somebody was told %d times", n)
		}
	}
	if left := dumped(t, w.db).in("leaving"); len(left) > 0 {
		t.Error("it is not finished")
	}
}

// A name that is a desk's is refused wherever accounts get one, and is not kept.
func TestSharedNamesAreRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for _, name := range []string{"Accueil CCAS", "Secrétariat", "contact"} {
		w.refuses(d.referent, charter.Referent, refusal{rule: "C21", reason: consent.NameShared, action: audit.HelperOpened}, func(a consent.Actor) error {
			return second(w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, name), Role: charter.Secretary}))
		})
		w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C21", reason: consent.NameShared, action: audit.PersonUpdated}, func(a consent.Actor) error {
			return w.reg.SetOwnName(w.ctx, a, clean(t, name))
		})
	}
	if found := finds(backupOf(t, w.db).bytes(), []string{"Accueil CCAS", "Secrétariat"}); len(found) > 0 {
		t.Error("a refused name is in the store")
	}
}

// An account that nobody signs in to is told at 5 months and shut at 6, to the
// instant and without any job; a sign-in before keeps it, and only the referent
// wakes it again.
func TestUnusedAccountIsShut(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	ask := terms(d.person, caf)
	ask.Days = 365
	m := w.mandate(d.helper, ask)
	other := w.helper(d.referent, charter.Secretary)
	space := w.space("ccas")
	used := w.clock.now()
	told := func() (told, shut bool) {
		w.t.Helper()
		w.must(w.reg.TellSleepers(w.ctx, space))
		referent := w.letIn("ccas", d.referent.Member())
		members, err := w.reg.Members(w.ctx, referent)
		w.must(err)
		i := slices.IndexFunc(members, func(m *consent.Member) bool { return m.ID == d.helper.Member() })
		return !members[i].Slumber.Told.IsZero(), !members[i].Slumber.Shut.IsZero()
	}
	w.clock.to(used.AddDate(0, 5, 0).Add(-time.Microsecond))
	if a, b := told(); a || b {
		t.Error("told before 5 months")
	}
	w.clock.to(used.AddDate(0, 5, 0))
	w.letIn("ccas", other.Member()) // in time
	if a, b := told(); !a || b {
		t.Error("not told at 5 months")
	}
	size := w.size("ccas")
	w.must(w.reg.TellSleepers(w.ctx, space))
	if w.size("ccas") != size {
		t.Error("told twice")
	}
	w.clock.to(used.AddDate(0, 6, 0).Add(-time.Microsecond))
	w.must(w.act(d.person, caf)(d.helper))
	w.clock.to(used.AddDate(0, 6, 0))
	w.refuses(d.helper, charter.SocialWorker, refusal{"C23", charter.MemberUnused, audit.PersonRead, d.person, m.ID, charter.PurposeActUnderMandate},
		w.reveal(d.person, charter.PurposeActUnderMandate))
	if _, ok := asRefusal(second(w.reg.Members(w.ctx, d.helper))); !ok {
		t.Error("lists go on")
	}
	if _, shut := told(); !shut {
		t.Error("not shut at 6 months")
	}
	if d := w.lines("ccas"); !slices.ContainsFunc(d, func(l audit.Line) bool {
		return l.Detail.Act == audit.HelperClosed && slices.Contains(l.Detail.Rules, string(charter.MemberUnused))
	}) {
		t.Error("no entry says that it was shut")
	}
	if err := w.reveal(d.person, charter.PurposePrepareMandate)(other); err != nil {
		if _, refused := asRefusal(err); refused {
			t.Errorf("the one who signed in: %v", err)
		}
	}
	awake := w.letIn("ccas", d.helper.Member())
	w.must(second(w.reg.Members(w.ctx, awake)))
	if a, b := told(); a || b {
		t.Error("it still sleeps")
	}
}
