package consent_test

import (
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/consent/statement"
)

// named lets a person name somebody at the desk, agree to a mandate for them and
// take their copy home; it gives the mandate and the link to hand over.
func (w *world) named(helper consent.Actor, p consent.PersonID, role charter.Role, powers ...consent.Power) (*consent.Mandate, consent.Invitation) {
	w.t.Helper()
	id, err := w.reg.NameHelper(w.ctx, helper, consent.Named{Person: p, Name: clean(w.t, "Marie Morel"), Role: role})
	w.must(err)
	ask := terms(p, powers...)
	ask.For, ask.Tie, ask.Conflict = id, "child", charter.ConflictNo
	if role == charter.Relative {
		ask.Conflict = charter.ConflictFamily
	}
	m, err := w.reg.DraftMandate(w.ctx, helper, ask)
	w.must(err)
	m, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{
		Type: charter.PaperOriginal, PaperPlace: clean(w.t, "Classeur"), Copy: "print",
	})
	w.must(err)
	invite, err := w.reg.InviteNamed(w.ctx, helper, m.ID)
	w.must(err)
	return m, invite
}

// accepted lets whoever is named sign in, accept the charter and the mandate.
func (w *world) accepted(m *consent.Mandate, invite consent.Invitation) (consent.Actor, *consent.Mandate) {
	w.t.Helper()
	a := w.enter(invite.Token)
	w.must(w.reg.Adhere(w.ctx, a, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	m, err := w.reg.AcceptMandate(w.ctx, a, m.ID)
	w.must(err)
	return a, m
}

// The father agrees today at the desk, the daughter accepts tomorrow from afar: it
// is in force from then, for her and for nobody else, and it verifies.
func TestFatherTodayDaughterTomorrow(t *testing.T) {
	w := newWorld(t)
	w.clock.add(700 * time.Millisecond) // mandates are dated to the second
	d := w.desk()
	m, invite := w.named(d.helper, d.person, charter.Relative, caf)
	if m.State(w.clock.now()) != consent.Signed || m.Tie != "child" || m.Copy != "print" {
		t.Fatalf("signed it is %s, %q, copy %q", m.State(w.clock.now()), m.Tie, m.Copy)
	}
	who := consent.MemberID(m.Payload.Mandatary.ID)
	if m.Payload.Mandatary.Kind != charter.MandataryNatural || who != invite.Member ||
		!slices.Equal(m.Payload.Helpers.Named, []consent.MemberID{who}) {
		t.Errorf("the mandatary is %+v", m.Payload.Mandatary)
	}
	w.refuses(d.helper, charter.SocialWorker, refusal{"C11", charter.HelperNotNamed, audit.MandateAccepted, d.person, m.ID, ""},
		func(a consent.Actor) error { _, err := w.reg.AcceptMandate(w.ctx, a, m.ID); return err })

	w.clock.add(23 * time.Hour)
	daughter := w.enter(invite.Token)
	w.refuses(daughter, charter.Relative, refusal{"C22", charter.NotAdhered, audit.MandateAccepted, d.person, m.ID, ""},
		func(a consent.Actor) error { _, err := w.reg.AcceptMandate(w.ctx, a, m.ID); return err })
	w.must(w.reg.Adhere(w.ctx, daughter, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	sheet, err := w.reg.MandateSheet(w.ctx, daughter, m.ID, charter.PurposePrepareMandate)
	w.must(err)
	if sheet.Identity.BirthName.Reveal() != "Morel" || sheet.Names[who].Reveal() != "Marie Morel" {
		t.Error("she does not read what she is to accept")
	}
	w.refuses(daughter, charter.Relative, refusal{"C02", charter.MandateNotAccepted, audit.PersonRead, d.person, m.ID, charter.PurposeActUnderMandate},
		w.reveal(d.person, charter.PurposeActUnderMandate))
	before := w.size("ccas")
	m, err = w.reg.AcceptMandate(w.ctx, daughter, m.ID)
	w.must(err)
	if m.State(w.clock.now()) != consent.Active || !m.InForce(w.clock.now()) || m.AcceptedBy != who {
		t.Errorf("accepted it is %s", m.State(w.clock.now()))
	}
	var acts []audit.Action
	for _, l := range w.lines("ccas")[before:] {
		acts = append(acts, l.Detail.Act)
	}
	if !slices.Equal(acts, []audit.Action{audit.MandateAccepted, audit.MandateActivated}) {
		t.Errorf("accepting is %v", acts)
	}
	doc, err := w.reg.MandateDocument(w.ctx, daughter, m.ID, charter.PurposeFollowUp)
	w.must(err)
	if _, err := consent.VerifyMandate(doc, w.pub()); err != nil {
		t.Errorf("it does not verify: %v", err)
	}

	// She helps; nobody stands in for her (CC 1994), not even by a link of hers.
	w.must(w.act(d.person, caf)(daughter))
	w.refuses(d.helper, charter.SocialWorker, refusal{"C11", charter.HelperNotNamed, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))
	list, _, err := w.reg.Mandates(w.ctx, daughter, "", consent.Page{Limit: 10})
	w.must(err)
	if len(list) != 1 || list[0].ID != m.ID {
		t.Errorf("she sees %d mandates", len(list))
	}
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	if page.Names[who].Reveal() != "Marie Morel" {
		t.Error("a relative is always named, and is not")
	}
	receipt, err := w.reg.CardStop(w.ctx, holder)
	w.must(err)
	if len(receipt.Stopped) != 1 {
		t.Fatalf("%d mandates stopped", len(receipt.Stopped))
	}
	w.refuses(daughter, charter.Relative, refusal{"C07", charter.MandateRevoked, audit.PersonRead, d.person, m.ID, charter.PurposeActUnderMandate},
		w.reveal(d.person, charter.PurposeActUnderMandate))
}

// pub is what verifiers have.
func (w *world) pub() *statement.RegisterPub {
	w.t.Helper()
	raw, err := w.reg.RegisterPub()
	w.must(err)
	pub, err := statement.ParseRegisterPub(raw)
	w.must(err)
	return pub
}

// Whoever is hosted sees what names them and nothing beyond: other people of the
// structure do not exist for them, its lists and searches are not theirs.
func TestHostedSeesNobodyElse(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	team := w.mandate(d.helper, terms(d.person, caf)) // of the same person, for the team
	m, invite := w.named(d.helper, d.person, charter.Relative, absentRead)
	daughter, _ := w.accepted(m, invite)
	other := w.person(d.helper)
	others := w.mandate(d.helper, terms(other, caf))
	w.must(w.act(d.person, caf)(d.helper))

	for _, u := range w.uses() {
		if u.name == "close a member" || u.name == "link for a member" {
			continue // refused as to every helper
		}
		t.Run(u.name, func(t *testing.T) {
			in := w.in(t)
			if u.name == "log of the member" || u.name == "log of the person" || u.name == "log of the mandate" {
				before := dumped(t, w.db).apart()
				if _, refused := asRefusal(u.ask(daughter, other, others.ID, d.helper.Member())); !refused {
					t.Error("not refused")
				}
				if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 {
					t.Errorf("rows changed: %v", diff)
				}
				return
			}
			in.unchanged(func() {
				err := u.ask(daughter, other, others.ID, d.helper.Member())
				if u.name == "mandates" && err == nil { // of what names her, none is that person's
					return
				}
				if !isNotFound(err) {
					t.Errorf("got %v, want not found", err)
				}
			})
		})
	}
	w.unchanged(func() {
		for name, err := range map[string]error{
			"another mandate of her father": second(w.reg.Mandate(w.ctx, daughter, team.ID)),
			"its acceptance":                second(w.reg.AcceptMandate(w.ctx, daughter, team.ID)),
			"stopping it":                   second(w.reg.RevokeMandate(w.ctx, daughter, team.ID, consent.Scope{})),
			"its paper":                     second(w.reg.MandateSheet(w.ctx, daughter, team.ID, charter.PurposeFollowUp)),
			"by reference":                  second(w.reg.MandateByRef(w.ctx, daughter, m.Ref)),
			"the members":                   second(w.reg.Members(w.ctx, daughter)),
			"what ends":                     second(w.reg.Ending(w.ctx, daughter, time.Hour)),
			"the presets":                   second(w.reg.Presets(w.ctx, daughter)),
			"the counts":                    second(w.reg.Tallies(w.ctx, daughter, "2027-01")),
		} {
			if !isNotFound(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	// What she may not do for her father either, each an entry.
	w.refuses(daughter, charter.Relative, refusal{"C16", charter.HostedOnly, audit.MandateDrafted, d.person, "", ""},
		func(a consent.Actor) error { return second(w.reg.DraftMandate(w.ctx, a, terms(d.person, caf))) })
	w.refuses(daughter, charter.Relative, refusal{"C16", charter.HostedOnly, audit.PersonSearched, "", "", charter.PurposePrepareMandate},
		func(a consent.Actor) error {
			return second(w.reg.SearchPersons(w.ctx, a, consent.Search{Name: clean(t, "Morel"), Birth: "1948", Purpose: charter.PurposePrepareMandate}))
		})
	w.refuses(daughter, charter.Relative, refusal{"C16", charter.HostedOnly, audit.PersonListed, "", "", ""},
		func(a consent.Actor) error {
			return second(w.reg.MemberNames(w.ctx, a, []consent.MemberID{d.helper.Member()}))
		})
	w.refuses(daughter, charter.Relative, refusal{"C03", charter.PowerProcedure, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))
	acts, err := w.reg.Acts(w.ctx, daughter, d.person, charter.PurposeFollowUp)
	w.must(err)
	if len(acts) != 0 {
		t.Error("she sees what a helper did for her father")
	}
	sits, err := w.reg.StartAppointment(w.ctx, daughter, d.person, charter.PurposeActUnderMandate)
	w.must(err)
	if sits.Person != d.person {
		t.Error("she cannot sit with her father")
	}
	if got := w.reg.EndAppointment(w.ctx, daughter); got != nil {
		t.Error(got)
	}
}

var absentRead = consent.Power{Service: "caf", Procedure: "read_messages", Mode: charter.DoForPresent}

// What naming somebody needs, and what it does not take.
func TestNamingIsBounded(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	name := clean(t, "Marie Morel")
	w.unchanged(func() {
		for want, n := range map[string]consent.Named{
			"/role role_hosted": {Person: d.person, Name: name, Role: charter.SocialWorker},
			"/name empty":       {Person: d.person, Role: charter.Relative},
		} {
			if _, err := w.reg.NameHelper(w.ctx, d.helper, n); invalid(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
	w.refuses(d.referent, charter.Referent, refusal{"C16", charter.RoleNotHelper, audit.HelperOpened, d.person, "", ""}, func(a consent.Actor) error {
		return second(w.reg.NameHelper(w.ctx, a, consent.Named{Person: d.person, Name: name, Role: charter.Relative}))
	})
	w.refuses(d.helper, charter.SocialWorker, refusal{"C21", consent.NameShared, audit.HelperOpened, "", "", ""}, func(a consent.Actor) error {
		return second(w.reg.NameHelper(w.ctx, a, consent.Named{Person: d.person, Name: clean(t, "Accueil CCAS"), Role: charter.Relative}))
	})
	id, err := w.reg.NameHelper(w.ctx, d.helper, consent.Named{Person: d.person, Name: name, Role: charter.Volunteer})
	w.must(err)
	if got := w.last("ccas"); got.Act != audit.KeyPublished {
		t.Errorf("the last entry is %s", got.Act)
	}
	lines, _, err := w.log.History(w.ctx, w.space("ccas"), audit.Query{Person: string(d.person), Limit: 1})
	w.must(err)
	if len(lines) != 1 || lines[0].Detail.Act != audit.HelperOpened || !slices.Contains(lines[0].Detail.On, string(id)) {
		t.Error("the person does not see whose account was opened in their name")
	}
	ask := terms(d.person, caf)
	ask.For, ask.Tie = id, "volunteer"
	w.unchanged(func() {
		for want, change := range map[string]func(*consent.Terms){
			"/tie tie":               func(x *consent.Terms) { x.Tie = "cousine" },
			"/helpers helpers_named": func(x *consent.Terms) { x.Helpers = []consent.MemberID{d.helper.Member()} },
			"/for member_id":         func(x *consent.Terms) { x.For = d.helper.Member() },
			"/helpers/0 member_id":   func(x *consent.Terms) { x.For, x.Tie, x.Helpers = "", "", []consent.MemberID{id} },
		} {
			bad := ask
			change(&bad)
			if _, err := w.reg.DraftMandate(w.ctx, d.helper, bad); invalid(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if _, err := w.reg.DraftMandate(w.ctx, d.helper, func() consent.Terms { x := terms(d.person, caf); x.Tie = "child"; return x }()); invalid(err) != "/tie tie" {
			t.Errorf("a tie of nobody: %v", err)
		}
	})
	// A volunteer: a month at most, with the person; to do it for them where the
	// structure opened it, and never in their absence.
	draft := func(change func(*consent.Terms)) func(consent.Actor) error {
		return func(a consent.Actor) error {
			x := ask
			change(&x)
			return second(w.reg.DraftMandate(w.ctx, a, x))
		}
	}
	with, absent := caf, caf
	with.Mode, absent.Mode = charter.DoWith, charter.DoForAbsent
	role := charter.SocialWorker
	w.refuses(d.helper, role, refusal{"C16", charter.RoleMode, audit.MandateDrafted, d.person, "", ""}, draft(func(*consent.Terms) {}))
	w.refuses(d.helper, role, refusal{"C16", charter.RoleMode, audit.MandateDrafted, d.person, "", ""}, draft(func(x *consent.Terms) { x.Powers = []consent.Power{absent} }))
	w.refuses(d.helper, role, refusal{"C04", charter.DurationOver, audit.MandateDrafted, d.person, "", ""}, draft(func(x *consent.Terms) {
		x.Powers, x.Days = []consent.Power{with}, 32
	}))
	w.must(draft(func(x *consent.Terms) { x.Powers = []consent.Power{with} })(d.helper))
	if _, err := w.reg.InviteNamed(w.ctx, d.helper, w.mandate(d.helper, terms(d.person, caf)).ID); conflict(err) != "not_named" {
		t.Errorf("a link for a mandate of the team: %v", err)
	}
}

// Named once, a relative has one account; a referent opens one too, but nothing is
// theirs before a person names them in a mandate.
func TestRelativeOpenedByTheReferentHasNothing(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	daughter := w.helper(d.referent, charter.Relative)
	me, _, err := w.reg.Self(w.ctx, daughter)
	w.must(err)
	if !me.Hosted {
		t.Error("a relative is of the team")
	}
	w.unchanged(func() {
		if err := w.reveal(d.person, charter.PurposePrepareMandate)(daughter); !isNotFound(err) {
			t.Errorf("she reads somebody who did not name her: %v", err)
		}
	})
	for _, n := range []consent.NewHelper{
		{Name: clean(t, "Paul"), Role: charter.Relative, Referent: true}, {Name: clean(t, "Paul"), Role: charter.Secretary, Hosted: true},
		{Name: clean(t, "Paul"), Role: charter.Volunteer, Hosted: true, Auditor: true},
	} {
		if _, err := w.reg.OpenHelper(w.ctx, d.referent, n); invalid(err) != "/role role_hosted" {
			t.Errorf("%+v: %v", n.Role, err)
		}
	}
	for _, role := range []charter.Role{charter.Operator, charter.Person, charter.Program, charter.Witness, "king"} {
		if _, err := w.reg.OpenHelper(w.ctx, d.referent, consent.NewHelper{Name: clean(t, "Paul"), Role: role}); invalid(err) != "/role role" {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// A helper of two structures has one account: the second takes an invitation into
// it, and neither learns of the other.
func TestJoinASecondStructure(t *testing.T) {
	w := newWorld(t)
	ccas, asso := w.structure("ccas"), w.structure("asso")
	session := w.session(w.invite(ccas, charter.SocialWorker))
	helper := w.signedIn(session)
	invite, err := w.reg.OpenHelper(w.ctx, asso, consent.NewHelper{Name: clean(t, "Fatou D."), Role: charter.Secretary})
	w.must(err)
	before := len(dumped(t, w.db).in("account"))
	joined, err := w.reg.JoinStructure(w.ctx, helper, invite.Token)
	w.must(err)
	if joined.Slug != "asso" || joined.Member != invite.Member {
		t.Errorf("joined %+v", joined)
	}
	members, err := w.reg.Members(w.ctx, asso)
	w.must(err)
	i := slices.IndexFunc(members, func(m *consent.Member) bool { return m.ID == invite.Member })
	mine, _, err := w.reg.Self(w.ctx, helper)
	w.must(err)
	if members[i].Account != mine.Account {
		t.Error("the two members are of two accounts")
	}
	if len(dumped(t, w.db).in("account")) != before {
		t.Error("an account came or went")
	}
	w.unchanged(func() {
		for name, err := range map[string]error{
			"again":          second(w.reg.JoinStructure(w.ctx, helper, invite.Token)),
			"by the link":    second(w.reg.Redeem(w.ctx, consent.Call{}, invite.Token, personal.Token{})),
			"any token":      second(w.reg.JoinStructure(w.ctx, helper, personal.NewToken())),
			"by nobody":      second(w.reg.JoinStructure(w.ctx, consent.Actor{}, personal.NewToken())),
			"by an operator": second(w.reg.JoinStructure(w.ctx, consent.Operator(), personal.NewToken())),
		} {
			if signInNeeded(err) == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	// A second link lets the account in there; the two spaces stay apart.
	link, err := w.reg.MakeLink(w.ctx, asso, invite.Member)
	w.must(err)
	there := w.enter(link.Token)
	if there.SpaceSlug() != "asso" || there.Member() != invite.Member {
		t.Errorf("the link leads to %s", there.SpaceSlug())
	}
	twice, err := w.reg.OpenHelper(w.ctx, asso, consent.NewHelper{Name: clean(t, "Fatou Diallo"), Role: charter.Secretary})
	w.must(err)
	if _, err := w.reg.JoinStructure(w.ctx, helper, twice.Token); conflict(err) != "member_already" {
		t.Errorf("a second member of one structure: %v", err)
	}
	w.clock.add(5*time.Minute + time.Second)
	third := w.structure("tiers")
	late, err := w.reg.OpenHelper(w.ctx, third, consent.NewHelper{Name: clean(t, "Fatou Diallo"), Role: charter.Secretary})
	w.must(err)
	if _, err := w.reg.JoinStructure(w.ctx, w.signedIn(session), late.Token); signInNeeded(err) != "step_up" {
		t.Errorf("joined without a fresh sign-in: %v", err)
	}
}
