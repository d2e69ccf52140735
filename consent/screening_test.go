package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// refusalOf is what the screening says of a text.
func refusalOf(t *testing.T, text string) *screen.Refusal {
	t.Helper()
	_, err := screen.Form(screen.Field{Name: "note", Text: text, Kind: screen.Note})
	refusal, ok := err.(*screen.Refusal)
	if !ok {
		t.Fatalf("%q is let in", text)
	}
	return refusal
}

func (w *world) refusals(a consent.Actor) consent.FalseRefusals {
	w.t.Helper()
	list, err := w.reg.Refusals(w.ctx, a, "2027-01")
	w.must(err)
	return consent.SumRefusals(list)
}

// letIn is how long a contest opens a field.
const letIn = 5 * time.Minute

// A refused text is one entry without a word of it, a count without a name, and a
// way out that only who typed it is told.
func TestRefusedTextIsCountedAndToldItsWayOut(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	const secret = "Biscotte!74"
	size := w.size("ccas")
	err := w.reg.RefuseText(w.ctx, d.helper, refusalOf(t, "mdp : "+secret))
	w.refusal("ccas", size, err, "C08", "credential_password")
	refused, _ := asRefusal(err)
	told := refused.Text
	if told == nil || told.Kind != screen.KindPassword || told.Mark == nil || told.Mark.Start() != 6 || told.Mark.End() != 17 ||
		!told.Contestable || told.Rewritten || !slices.Contains(told.Suggestions, screen.SuggestKeptByPerson) || refused.Pointer != "/note" {
		t.Errorf("told %+v at %s", told, refused.Pointer)
	}
	if e := w.last("ccas"); e.Person != "" || len(e.Counts) > 0 || len(e.On) > 0 {
		t.Errorf("the entry says %+v", e.Entry)
	}
	again, _ := asRefusal(w.reg.RefuseText(w.ctx, d.helper, refusalOf(t, "mdp : "+secret)))
	if !again.Text.Rewritten {
		t.Error("a second refusal in the field may not be contested")
	}
	other, _ := asRefusal(w.reg.RefuseText(w.ctx, d.referent, refusalOf(t, "carte 4111 1111 1111 1111")))
	if other.Text.Rewritten || other.Text.Contestable {
		t.Errorf("a checksum may be contested: %+v", other.Text)
	}
	if got := w.refusals(d.helper); got != (consent.FalseRefusals{Refused: 3, Contestable: 2}) {
		t.Errorf("counted %+v", got)
	}
	if found := finds(backupOf(t, w.db).bytes(), []string{secret, "4111 1111"}); len(found) > 0 {
		t.Errorf("the store holds %q", found)
	}
	if _, err := w.reg.Refusals(w.ctx, d.helper, "2027-1"); invalid(err) != "/month month" {
		t.Errorf("a month that is none: %v", err)
	}
}

// "This is no credential" comes after other words, with a fresh sign-in, never
// against a checksum; it is an entry and a count, and lets nothing in until the
// referent has said so.
func TestContestAsksForARewriteFirst(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	word, card := refusalOf(t, "mot de passe : tournesol"), refusalOf(t, "carte 4111 1111 1111 1111")
	refuse := func(a consent.Actor, r *screen.Refusal) {
		t.Helper()
		if _, ok := asRefusal(w.reg.RefuseText(w.ctx, a, r)); !ok {
			t.Fatal("not refused")
		}
	}
	about := func(r *screen.Refusal) screen.Contest {
		return screen.Contest{Field: r.Field, Kind: r.Kind, Rule: r.Rule}
	}
	contest := func(a consent.Actor, r *screen.Refusal) (bool, error) {
		return w.reg.ContestText(w.ctx, a, about(r))
	}
	closedTo := func(reason string, a consent.Actor, r *screen.Refusal) {
		t.Helper()
		w.unchanged(func() {
			if in, err := contest(a, r); conflict(err) != reason || in {
				t.Errorf("%t, %v: want %s", in, err, reason)
			}
		})
	}
	closedTo("contest_rewrite", d.helper, word)
	refuse(d.helper, word)
	closedTo("contest_rewrite", d.helper, word) // not rewritten yet
	refuse(d.helper, word)
	closedTo("contest_rewrite", d.referent, word) // somebody else's rewrite
	closedTo("contest_rewrite", d.helper, card)   // another kind than was refused
	refuse(d.helper, card)
	refuse(d.helper, card)
	closedTo("contest_checked", d.helper, card)
	refuse(d.helper, word)
	take := func(want bool) {
		t.Helper()
		if got, err := w.reg.TakeContest(w.ctx, d.helper, about(word)); err != nil || got != want {
			t.Errorf("let in %t, %v", got, err)
		}
	}

	size := w.size("ccas")
	if in, err := contest(d.helper, word); err != nil || in {
		t.Errorf("%t, %v: a contest lets a text in that nobody wanted let in", in, err)
	}
	e := w.last("ccas")
	if e.Act != audit.AttemptContested || w.size("ccas") != size+1 || !slices.Equal(e.Rules, []string{"C08", "credential_password", "password_cue"}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	w.unchanged(func() { take(false) })
	if got := w.refusals(d.helper); got.Contested != 1 || got.Contestable != 3 || got.Refused != 5 || got.Rate != 1./3 {
		t.Errorf("counted %+v", got)
	}
	closedTo("contest_rewrite", d.helper, word) // each contest has its own rewrite

	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.StructureUpdated},
		func(a consent.Actor) error { return w.reg.SetContest(w.ctx, a, true) })
	w.must(w.reg.SetContest(w.ctx, d.referent, true))
	refuse(d.helper, word)
	refuse(d.helper, word)
	if in, err := contest(d.helper, word); err != nil || !in {
		t.Errorf("%t, %v: the structure wants contested texts let in", in, err)
	}
	if got, err := w.reg.TakeContest(w.ctx, d.referent, about(word)); err != nil || got {
		t.Errorf("somebody else's contest: %t, %v", got, err)
	}
	if got, err := w.reg.TakeContest(w.ctx, d.helper, about(card)); err != nil || got {
		t.Errorf("a checksum is let in: %t, %v", got, err)
	}
	take(true)
	if e := w.last("ccas"); e.Act != audit.AttemptContested || !slices.Equal(e.On, []string{"let_in"}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	take(false) // once
	refuse(d.helper, word)
	refuse(d.helper, word)
	_, err := contest(d.helper, word)
	w.must(err)
	w.clock.add(letIn + time.Second)
	take(false) // too late
	d.helper, d.referent = w.letIn("ccas", d.helper.Member()), w.letIn("ccas", d.referent.Member())

	// Half an hour later the rewrite is forgotten; without a fresh sign-in nothing is
	// contested and nothing opened.
	refuse(d.helper, word)
	refuse(d.helper, word)
	w.clock.add(6 * time.Minute)
	w.unchanged(func() {
		if _, err := contest(d.helper, word); signInNeeded(err) != "step_up" {
			t.Errorf("contested 6 minutes after the sign-in: %v", err)
		}
		if err := w.reg.SetContest(w.ctx, d.referent, false); signInNeeded(err) != "step_up" {
			t.Errorf("set 6 minutes after the sign-in: %v", err)
		}
	})
	w.clock.add(30 * time.Minute)
	closedTo("contest_rewrite", w.letIn("ccas", d.helper.Member()), word)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	for key := range dumped(t, w.db).in("refused-text") {
		t.Errorf("a refusal is remembered: %v", key)
	}
}

// "A credential was shown to me": the day, the service, the person, who sees it;
// no value has a place.
func TestShownCredential(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	w.must(w.reg.ReportShown(w.ctx, d.helper, consent.Shown{Person: d.person, Service: "mailbox", Day: "2027-01-09"}))
	e := w.last("ccas")
	if e.Act != audit.CredentialShown || e.Person != string(d.person) || !slices.Equal(e.On, []string{"mailbox", "2027-01-09"}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	w.must(w.reg.ReportShown(w.ctx, d.referent, consent.Shown{Service: "laposte_identite"}))
	if e := w.last("ccas"); e.Person != "" || !slices.Equal(e.On, []string{"laposte_identite", "2027-01-11"}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	counts, err := w.reg.ShownCounts(w.ctx, d.helper, "2027-01")
	w.must(err)
	if want := []consent.ShownCount{{Month: "2027-01", Service: "laposte_identite", N: 1}, {Month: "2027-01", Service: "mailbox", N: 1}}; !slices.Equal(counts, want) {
		t.Errorf("counted %v", counts)
	}
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	if !slices.ContainsFunc(page.Lines, func(l audit.Line) bool { return l.Detail.Act == audit.CredentialShown }) {
		t.Error("the person does not see it")
	}
	w.unchanged(func() {
		for want, n := range map[string]consent.Shown{
			"/service service": {Service: "soleil42"},
			"/day date":        {Service: "caf", Day: "09/01/2027"},
			"/day date_future": {Service: "caf", Day: "2027-01-12"},
			"/day date_old":    {Service: "caf", Day: "2026-01-09"},
		} {
			if err := w.reg.ReportShown(w.ctx, d.helper, n); invalid(err) != want {
				t.Errorf("%+v: %v, want %s", n, err, want)
			}
		}
	})
	dpo := w.helper(d.referent, charter.DPO)
	w.refuses(dpo, charter.DPO, refusal{rule: "C16", reason: charter.RoleNotHelper, action: audit.CredentialShown, person: d.person},
		func(a consent.Actor) error {
			return w.reg.ReportShown(w.ctx, a, consent.Shown{Person: d.person, Service: "caf"})
		})
}

// A structure corrects a sheet, and it is stale 90 days after somebody looked.
func TestRecoverySheets(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	sheet := func(code charter.ServiceCode) consent.Recovery {
		t.Helper()
		list, err := w.reg.RecoverySheets(w.ctx, d.helper)
		w.must(err)
		i := slices.IndexFunc(list, func(s consent.Recovery) bool { return s.Service == code })
		if i < 0 {
			t.Fatalf("no sheet of %s", code)
		}
		return list[i]
	}
	if s := sheet("caf"); s.Own || !s.Stale || s.Checked != "" || s.Phone != "3230" || s.FoundOn == nil {
		t.Errorf("as shipped: %+v", s)
	}
	n := consent.NewRecovery{
		Service: "caf", Way: clean(t, "Avec la personne, sur caf.fr"), Page: clean(t, "caf.fr, Mon Compte"), Phone: clean(t, " 32 30 "),
		Bring: clean(t, "Son courrier de la Caf"), Delay: clean(t, "Un quart d'heure"),
	}
	w.must(w.reg.SaveRecovery(w.ctx, d.referent, n))
	if e := w.last("ccas"); e.Act != audit.StructureUpdated || !slices.Equal(e.On, []string{"recovery", "caf"}) || e.Digest == "" {
		t.Errorf("the entry is %+v", e.Entry)
	}
	s := sheet("caf")
	if !s.Own || s.Stale || s.Checked != "2027-01-11" || s.Phone != "32 30" || s.Way.FR != "Avec la personne, sur caf.fr" || len(s.ToCheck) > 0 {
		t.Errorf("as written: %+v", s)
	}
	w.clock.add(89 * 24 * time.Hour)
	d.helper, d.referent = w.letIn("ccas", d.helper.Member()), w.letIn("ccas", d.referent.Member())
	if sheet("caf").Stale {
		t.Error("stale before 90 days")
	}
	w.clock.add(2 * 24 * time.Hour)
	d.helper, d.referent = w.letIn("ccas", d.helper.Member()), w.letIn("ccas", d.referent.Member())
	if !sheet("caf").Stale {
		t.Error("not stale after 90 days")
	}
	n.Checked = "2027-04-01"
	w.must(w.reg.SaveRecovery(w.ctx, d.referent, n))
	if s := sheet("caf"); s.Stale || s.Checked != n.Checked {
		t.Errorf("checked again: %+v", s)
	}
	w.unchanged(func() {
		for want, change := range map[string]func(*consent.NewRecovery){
			"/service service":     func(n *consent.NewRecovery) { n.Service = "soleil42" },
			"/way empty":           func(n *consent.NewRecovery) { n.Way = screen.Clean{} },
			"/phone phone":         func(n *consent.NewRecovery) { n.Phone = clean(t, "la Caf") },
			"/checked date":        func(n *consent.NewRecovery) { n.Checked = "hier" },
			"/checked date_future": func(n *consent.NewRecovery) { n.Checked = "2027-12-01" },
		} {
			bad := n
			change(&bad)
			if err := w.reg.SaveRecovery(w.ctx, d.referent, bad); invalid(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.StructureUpdated},
		func(a consent.Actor) error { return w.reg.SaveRecovery(w.ctx, a, n) })
}
