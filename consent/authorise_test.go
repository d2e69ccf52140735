package consent_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// A refusal is why somebody was refused and what the log then says of it.
type refusal struct {
	rule    charter.RuleID
	reason  charter.Reason
	action  audit.Action
	person  consent.PersonID // whose page shows it; empty when the request names nobody
	mandate consent.MandateID
	purpose charter.Purpose
}

// refuses checks that a request is refused, that the refusal is the only entry,
// exactly as wanted, in the actor's space alone, that no other row changed, and
// that the person concerned finds it in their history. It returns its number.
func (w *world) refuses(a consent.Actor, role charter.Role, want refusal, try func(consent.Actor) error) int64 {
	w.t.Helper()
	slug := a.SpaceSlug()
	before, size := dumped(w.t, w.db).apart(), w.sizes()
	request := consent.NewRequestID()
	err := try(a.With(consent.Call{Request: request}))
	var r *consent.Refused
	if !errors.As(err, &r) {
		w.t.Fatalf("got %v, want a refusal by %s %s", err, want.rule, want.reason)
	}
	if r.Rule != want.rule || r.Reason != string(want.reason) {
		w.t.Errorf("refused by %s %s, want %s %s", r.Rule, r.Reason, want.rule, want.reason)
	}
	if diff := before.differences(dumped(w.t, w.db).apart()); len(diff) > 0 {
		w.t.Errorf("rows changed: %v", diff)
	}
	n := size[slug]
	size[slug]++
	if got := w.sizes(); !reflect.DeepEqual(got, size) {
		w.t.Fatalf("the logs have %v entries, want %v", got, size)
	}
	got := w.last(slug)
	by := string(a.Member())
	if by == "" {
		by = "operator"
	}
	entry := audit.Entry{
		ID: got.ID, Act: audit.AttemptRefused, By: by, Role: string(role), Person: string(want.person),
		Mandate: string(want.mandate), Purpose: string(want.purpose), Rules: []string{string(want.rule), string(want.reason)},
		On: []string{string(want.action)}, Out: audit.Refused, Request: string(request),
	}
	if !reflect.DeepEqual(got.Entry, entry) {
		w.t.Errorf("the entry is\n%+v, want\n%+v", got.Entry, entry)
	}
	if want.person == "" {
		return n
	}
	lines, _, err := w.log.History(w.ctx, w.space(slug), audit.Query{Person: string(want.person), Limit: 1})
	w.must(err)
	if len(lines) != 1 || lines[0].N != n {
		w.t.Error("the person does not see the refusal")
	}
	return n
}

// sizes are the numbers of entries of all spaces.
func (w *world) sizes() map[string]int64 {
	w.t.Helper()
	spaces, err := w.reg.Spaces(w.ctx)
	w.must(err)
	sizes := map[string]int64{}
	for _, s := range spaces {
		head, err := w.log.Head(w.ctx, s)
		w.must(err)
		sizes[s.Slug()] = head.Size
	}
	return sizes
}

func isNotFound(err error) bool {
	var n *consent.NotFound
	return errors.As(err, &n)
}

func signInNeeded(err error) string {
	var s *consent.SignInNeeded
	if errors.As(err, &s) {
		return s.Reason
	}
	return ""
}

func asRefusal(err error) (*consent.Refused, bool) {
	var r *consent.Refused
	ok := errors.As(err, &r)
	return r, ok
}

func conflict(err error) string {
	var c *consent.Conflict
	if errors.As(err, &c) {
		return c.Reason
	}
	return ""
}

func invalid(err error) string {
	var i *consent.Invalid
	if errors.As(err, &i) {
		return i.Pointer + " " + i.Reason
	}
	return ""
}

var contact = []charter.Field{charter.FieldContact}

// requests that a helper makes about a person.
func (w *world) reveal(p consent.PersonID, purpose charter.Purpose) func(consent.Actor) error {
	return func(a consent.Actor) error {
		_, err := w.reg.RevealPerson(w.ctx, a, consent.Reveal{Person: p, Purpose: purpose, Fields: contact})
		return err
	}
}

func (w *world) act(p consent.PersonID, did consent.Power) func(consent.Actor) error {
	return func(a consent.Actor) error {
		_, err := w.reg.RecordAct(w.ctx, a, consent.NewAct{
			Person: p, Did: did, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
			Outcome: "waiting", Validated: w.clock.now(), ValidatedHow: charter.ValidatedOnScreen, Period: "2026-12",
		})
		return err
	}
}

// Who may do what, on one day: each refusal is one entry that the person reads on
// their page, and changes nothing else.
func TestRefusedAttemptsAreSeen(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	colleague := w.helper(referent, charter.Secretary)
	homeHelp := w.helper(referent, charter.HomeHelp)
	mediator := w.helper(referent, charter.DigitalMediator)
	dpo := w.helper(referent, charter.DPO)
	newcomer := w.newcomer(referent, charter.SocialWorker)
	closed := w.helper(referent, charter.SocialWorker)
	w.must(w.reg.CloseHelper(w.ctx, referent, closed.Member()))
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)

	team := w.person(helper)
	ofTeam := w.mandate(helper, terms(team, caf)).ID
	named := w.person(helper)
	forHelper := terms(named, caf)
	forHelper.Helpers = []consent.MemberID{helper.Member()}
	ofHelper := w.mandate(helper, forHelper).ID
	code, err := w.reg.IssueCard(w.ctx, helper, team, consent.CardWish{})
	w.must(err)

	power := func(service charter.ServiceCode, procedure charter.ProcedureCode, mode charter.Mode) consent.Power {
		return consent.Power{Service: service, Procedure: procedure, Mode: mode}
	}
	acts := func(rule charter.RuleID, reason charter.Reason) refusal {
		return refusal{rule, reason, audit.ActRecorded, team, ofTeam, ""}
	}
	reads := func(rule charter.RuleID, reason charter.Reason, purpose charter.Purpose) refusal {
		return refusal{rule, reason, audit.PersonRead, team, ofTeam, purpose}
	}
	alone := func(rule charter.RuleID, reason charter.Reason, action audit.Action) refusal {
		return refusal{rule: rule, reason: reason, action: action}
	}
	const act, social = charter.PurposeActUnderMandate, charter.SocialWorker
	cases := []struct {
		name string
		a    consent.Actor
		role charter.Role
		want refusal
		try  func(consent.Actor) error
	}{
		{"a service that no power names", helper, social, acts("C03", charter.PowerService), w.act(team, power("ameli", "css_request", charter.DoForPresent))},
		{"a procedure that no power names", helper, social, acts("C03", charter.PowerProcedure), w.act(team, power("caf", "rsa_request", charter.DoForPresent))},
		{"in absence, given in presence", helper, social, acts("C03", charter.PowerMode), w.act(team, power("caf", "rsa_declaration", charter.DoForAbsent))},
		{"a role without the mode", homeHelp, charter.HomeHelp, acts("C16", charter.RoleMode), w.act(team, caf)},
		{"a role without the mission", mediator, charter.DigitalMediator, acts("C16", charter.RoleMission), w.act(team, caf)},
		{"a role without any power of the mandate looks", homeHelp, charter.HomeHelp, reads("C16", charter.RoleMission, act), w.reveal(team, act)},
		{"a colleague who is not named acts", colleague, charter.Secretary, refusal{"C11", charter.HelperNotNamed, audit.ActRecorded, named, ofHelper, ""}, w.act(named, caf)},
		{"a colleague who is not named looks", colleague, charter.Secretary, refusal{"C11", charter.HelperNotNamed, audit.PersonRead, named, ofHelper, act}, w.reveal(named, act)},
		{"a helper who has not adhered", newcomer, social, reads("C22", charter.NotAdhered, act), w.reveal(team, act)},
		{"a closed member looks", closed, social, reads("C23", charter.MemberClosed, act), w.reveal(team, act)},
		{"a closed member acts", closed, social, acts("C23", charter.MemberClosed), w.act(team, caf)},
		{"a closed member asks whether they are covered", closed, social, refusal{"C23", charter.MemberClosed, audit.MandateStatusChecked, team, ofTeam, ""},
			func(a consent.Actor) error {
				_, err := w.reg.Cover(w.ctx, a, consent.Question{Person: team, Want: caf})
				return err
			}},
		{"a closed member accepts", closed, social, refusal{"C23", charter.MemberClosed, audit.MandateAccepted, team, ofTeam, ""},
			func(a consent.Actor) error { _, err := w.reg.AcceptMandate(w.ctx, a, ofTeam); return err }},
		{"a closed member writes an agreement down", closed, social, refusal{"C23", charter.MemberClosed, audit.MandateSigned, team, ofTeam, ""},
			func(a consent.Actor) error {
				_, err := w.reg.SignMandate(w.ctx, a, ofTeam, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
				return err
			}},
		{"a closed member stops a mandate", closed, social, refusal{"C23", charter.MemberClosed, audit.MandateRevoked, team, ofTeam, ""},
			func(a consent.Actor) error {
				_, err := w.reg.RevokeMandate(w.ctx, a, ofTeam, consent.Scope{})
				return err
			}},
		{"a purpose of the referent, by a helper", helper, social, reads("C15", charter.PurposeRole, charter.PurposeReferentReview), w.reveal(team, charter.PurposeReferentReview)},
		{"a purpose that is none", helper, social, reads("C15", charter.PurposeUnknown, ""), w.reveal(team, "curiosity_about_jeanne")},
		{"the DPO acts as a helper", dpo, charter.DPO, acts("C16", charter.RoleNotHelper), w.act(team, caf)},
		{"the DPO looks as a helper", dpo, charter.DPO, reads("C15", charter.PurposeRole, act), w.reveal(team, act)},
		{"the DPO records a person", dpo, charter.DPO, alone("C16", charter.RoleNotHelper, audit.PersonCreated),
			func(a consent.Actor) error {
				_, err := w.reg.RecordPerson(w.ctx, a, consent.PersonData{BirthName: clean(t, "Petit"), Birth: "1960"})
				return err
			}},
		{"the operator looks", operator, "operator", reads("C21", charter.ActorNotAllowed, charter.PurposeTechnicalSupport), w.reveal(team, charter.PurposeTechnicalSupport)},
		{"the operator acts", operator, "operator", acts("C21", charter.ActorNotAllowed), w.act(team, caf)},
		{"the operator accepts", operator, "operator", refusal{"C21", charter.ActorNotAllowed, audit.MandateAccepted, team, ofTeam, ""},
			func(a consent.Actor) error { _, err := w.reg.AcceptMandate(w.ctx, a, ofTeam); return err }},
		{"the operator stops", operator, "operator", refusal{"C21", charter.ActorNotAllowed, audit.MandateRevoked, team, ofTeam, ""},
			func(a consent.Actor) error {
				_, err := w.reg.RevokeMandate(w.ctx, a, ofTeam, consent.Scope{})
				return err
			}},
		{"a helper opens a member", helper, social, alone("C16", charter.OfficeOnly, audit.HelperOpened),
			func(a consent.Actor) error {
				_, err := w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, "Ami"), Role: social})
				return err
			}},
		{"a helper closes a member", helper, social, alone("C16", charter.OfficeOnly, audit.HelperClosed),
			func(a consent.Actor) error { return w.reg.CloseHelper(w.ctx, a, colleague.Member()) }},
		{"a helper makes a link", helper, social, alone("C16", charter.OfficeOnly, audit.HelperLinked),
			func(a consent.Actor) error { _, err := w.reg.MakeLink(w.ctx, a, colleague.Member()); return err }},
		{"a helper forgets a person", helper, social, refusal{"C16", charter.OfficeOnly, audit.PersonKeyDestroyed, team, "", ""},
			func(a consent.Actor) error { _, err := w.reg.ForgetPerson(w.ctx, a, team); return err }},
		{"a helper reads the log of a person", helper, social, refusal{"C16", charter.OfficeOnly, audit.ExtractRead, team, "", act},
			func(a consent.Actor) error {
				_, _, err := w.reg.LogLines(w.ctx, a, consent.LogQuery{Person: team, Purpose: act, Limit: 10})
				return err
			}},
		{"a helper reads a colleague's lines", helper, social, alone("C16", charter.OfficeOnly, audit.ExtractRead),
			func(a consent.Actor) error {
				_, _, err := w.reg.LogLines(w.ctx, a, consent.LogQuery{Member: colleague.Member(), Limit: 10})
				return err
			}},
		{"a helper makes an extract", helper, social, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.ExtractMade, purpose: charter.PurposeDPOAudit},
			func(a consent.Actor) error {
				var b bytes.Buffer
				_, err := w.reg.Extract(w.ctx, a, &b, consent.ExtractRequest{From: start, To: start.AddDate(0, 0, 1), Profile: consent.ProfileDPO, Purpose: charter.PurposeDPOAudit})
				if b.Len() > 0 {
					t.Error("a refused extract has bytes")
				}
				return err
			}},
		{"the DPO closes a member", dpo, charter.DPO, alone("C16", charter.OfficeOnly, audit.HelperClosed),
			func(a consent.Actor) error { return w.reg.CloseHelper(w.ctx, a, colleague.Member()) }},
	}
	var seen []int64
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			if n := w.refuses(c.a, c.role, c.want, c.try); c.want.person == team {
				seen = append(seen, n)
			}
		})
	}
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	for _, n := range seen {
		if !slices.ContainsFunc(page.Lines, func(l audit.Line) bool { return l.N == n && l.Detail.Out == audit.Refused }) {
			t.Errorf("the person's page does not show the refusal of entry %d", n)
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d refusals name the person", len(seen))
	}
}

// in is the same world for a subtest.
func (w *world) in(t *testing.T) *world {
	t.Helper()
	sub := *w
	sub.t, sub.ctx = t, t.Context()
	return &sub
}

// newcomer is a member who has not read the charter yet.
func (w *world) newcomer(referent consent.Actor, role charter.Role) consent.Actor {
	w.t.Helper()
	invite, err := w.reg.OpenHelper(w.ctx, referent, consent.NewHelper{Name: clean(w.t, "Ana Costa"), Role: role})
	w.must(err)
	return w.enter(invite.Token)
}

// A mandate covers the half-open interval [from, until), to the microsecond of
// the log's clock.
func TestMandateBoundsToTheMicrosecond(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p := w.person(helper)
	later := terms(p, caf)
	later.From = "2027-01-14"
	m := w.mandate(helper, later)
	if want := time.Date(2027, 1, 13, 23, 0, 0, 0, time.UTC); !m.Payload.From.Equal(want) {
		t.Fatalf("from %s, want midnight in Paris", m.Payload.From)
	}
	const act = charter.PurposeActUnderMandate
	refused := func(reason charter.Reason) {
		t.Helper()
		w.refuses(helper, charter.SocialWorker, refusal{"C04", reason, audit.ActRecorded, p, m.ID, ""}, w.act(p, caf))
		w.refuses(helper, charter.SocialWorker, refusal{"C04", reason, audit.PersonRead, p, m.ID, act}, w.reveal(p, act))
		ans, err := w.reg.Cover(w.ctx, helper, consent.Question{Person: p, Want: caf})
		w.must(err)
		if ans.Covered || ans.Rule != "C04" || ans.Reason != string(reason) {
			t.Errorf("covered: %+v", ans)
		}
		if d := w.last("ccas"); d.Act != audit.MandateStatusChecked || d.Out != audit.OK || !slices.Equal(d.Rules, []string{"C04", string(reason)}) {
			t.Errorf("the question's entry is %+v", d)
		}
	}
	allowed := func() {
		t.Helper()
		w.must(w.act(p, caf)(helper))
		w.must(w.reveal(p, act)(helper))
		ans, err := w.reg.Cover(w.ctx, helper, consent.Question{Person: p, Want: caf})
		w.must(err)
		if !ans.Covered || ans.Mandate != m.ID || !ans.Until.Equal(m.Payload.Until) {
			t.Errorf("not covered: %+v", ans)
		}
	}
	refused(charter.MandateNotStarted)
	w.clock.to(m.Payload.From.Add(-time.Microsecond))
	refused(charter.MandateNotStarted)
	w.clock.to(m.Payload.From)
	allowed()
	w.clock.to(m.Payload.Until.Add(-time.Microsecond))
	allowed()
	w.clock.to(m.Payload.Until)
	refused(charter.MandateExpired)
}

func (c *clock) to(t time.Time) { c.Lock(); defer c.Unlock(); c.at = t }

// A mandate covers nothing before each step of its making is done.
func TestMandateNotCompleteCoversNothing(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p := w.person(helper)
	const act, role = charter.PurposeActUnderMandate, charter.SocialWorker
	missing := func(rule charter.RuleID, reason charter.Reason, m consent.MandateID) {
		t.Helper()
		w.refuses(helper, role, refusal{rule, reason, audit.ActRecorded, p, m, ""}, w.act(p, caf))
		w.refuses(helper, role, refusal{rule, reason, audit.PersonRead, p, m, act}, w.reveal(p, act))
	}
	missing("C02", charter.MandateMissing, "")
	m, err := w.reg.DraftMandate(w.ctx, helper, terms(p, caf))
	w.must(err)
	missing("C02", charter.MandateNotSigned, m.ID)
	accept := func(a consent.Actor) error { _, err := w.reg.AcceptMandate(w.ctx, a, m.ID); return err }
	deliver := func(a consent.Actor) error { _, err := w.reg.DeliverMandate(w.ctx, a, m.ID, "print"); return err }
	w.refuses(helper, role, refusal{"C02", charter.MandateNotSigned, audit.MandateAccepted, p, m.ID, ""}, accept)
	w.refuses(helper, role, refusal{"C02", charter.MandateNotSigned, audit.MandateCopyDelivered, p, m.ID, ""}, deliver)
	_, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
	w.must(err)
	missing("C02", charter.MandateNotAccepted, m.ID)
	w.unchanged(func() {
		if err := deliver(helper); conflict(err) != "not_accepted" {
			t.Errorf("delivered before it was accepted: %v", err)
		}
	})
	w.must(accept(helper))
	missing("C06", charter.CopyNotDelivered, m.ID)
	w.must(deliver(helper))
	w.must(w.act(p, caf)(helper))
}

// The helper's key signs within 5 minutes of a sign-in, and a second link of the
// same account makes it usable again.
func TestSigningNeedsAFreshSignIn(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	token := w.session(w.invite(referent, charter.SocialWorker))
	helper := w.signedIn(token)
	w.must(w.reg.Adhere(w.ctx, helper, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	p := w.person(helper)
	draft := func() consent.MandateID {
		m, err := w.reg.DraftMandate(w.ctx, helper, terms(p, caf))
		w.must(err)
		_, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
		w.must(err)
		return m.ID
	}
	first := draft()
	w.clock.add(5 * time.Minute)
	_, err := w.reg.AcceptMandate(w.ctx, w.signedIn(token), first)
	w.must(err)

	second := draft()
	w.clock.add(time.Second)
	w.unchanged(func() {
		if _, err := w.reg.AcceptMandate(w.ctx, w.signedIn(token), second); signInNeeded(err) != "step_up" {
			t.Errorf("accepted 5 minutes and a second after the sign-in: %v", err)
		}
	})
	invite, err := w.reg.MakeLink(w.ctx, referent, helper.Member())
	w.must(err)
	in, err := w.reg.Redeem(w.ctx, consent.Call{}, invite.Token, token)
	w.must(err)
	if !in.SteppedUp {
		t.Error("a second link of the same account opened another session")
	}
	_, err = w.reg.AcceptMandate(w.ctx, w.signedIn(in.Session), second)
	w.must(err)
}

func (w *world) invite(referent consent.Actor, role charter.Role) personal.Token {
	w.t.Helper()
	invite, err := w.reg.OpenHelper(w.ctx, referent, consent.NewHelper{Name: clean(w.t, "Fatou Diallo"), Role: role})
	w.must(err)
	return invite.Token
}

func (w *world) session(link personal.Token) personal.Token {
	w.t.Helper()
	in, err := w.reg.Redeem(w.ctx, consent.Call{}, link, personal.Token{})
	w.must(err)
	return in.Session
}

func (w *world) signedIn(token personal.Token) consent.Actor {
	w.t.Helper()
	a, err := w.reg.SignedIn(w.ctx, token)
	w.must(err)
	return a
}

// A closed member's running session is over with the closing, and a request that
// was already let in is refused.
func TestClosedMemberIsRefusedWithTheNextClick(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	token := w.session(w.invite(referent, charter.SocialWorker))
	helper := w.signedIn(token)
	w.must(w.reg.Adhere(w.ctx, helper, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	p := w.person(helper)
	m := w.mandate(helper, terms(p, caf))
	unused, err := w.reg.MakeLink(w.ctx, referent, helper.Member())
	w.must(err)

	w.must(w.reg.CloseHelper(w.ctx, referent, helper.Member()))
	if _, err := w.reg.SignedIn(w.ctx, token); signInNeeded(err) != "session" {
		t.Errorf("the session goes on: %v", err)
	}
	w.refuses(helper, charter.SocialWorker, refusal{"C23", charter.MemberClosed, audit.PersonRead, p, m.ID, charter.PurposeActUnderMandate},
		w.reveal(p, charter.PurposeActUnderMandate))
	w.refuses(helper, charter.SocialWorker, refusal{"C23", charter.MemberClosed, audit.MandateRead, p, m.ID, charter.PurposeFollowUp},
		func(a consent.Actor) error { return second(w.reg.Acts(w.ctx, a, p, charter.PurposeFollowUp)) })
	w.unchanged(func() {
		for name, err := range map[string]error{
			"a link made before": second(w.reg.Redeem(w.ctx, consent.Call{}, unused.Token, personal.Token{})),
			"a new link":         second(w.reg.MakeLink(w.ctx, referent, helper.Member())),
			"a mandate":          second(w.reg.Mandate(w.ctx, helper, m.ID)),
			"the members":        second(w.reg.Members(w.ctx, helper)),
			"closing again":      w.reg.CloseHelper(w.ctx, referent, helper.Member()),
		} {
			if err == nil {
				t.Errorf("%s is answered", name)
			}
		}
	})
}

// What is refused, or was done already, leaves no key in the keys folder either.
func TestRefusedOpeningMakesNoKey(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	open := func(a consent.Actor) error {
		return second(w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, "Ami"), Role: charter.Secretary}))
	}
	files := func() int {
		list, err := os.ReadDir(w.dir)
		w.must(err)
		return len(list)
	}
	once := referent.With(consent.Call{Idempotency: "key", Body: []byte("open")})
	w.must(open(once))
	n := files()
	w.must(open(once))
	for range 3 {
		if err := open(helper); err == nil {
			t.Error("a helper opened a member")
		}
	}
	if got := files(); got != n {
		t.Errorf("%d files were added to the keys folder", got-n)
	}
	w.must(open(referent))
	if files() == n {
		t.Error("a member was opened without a key, or keys are elsewhere")
	}
}

func second[T any](_ T, err error) error { return err }

// use is one use-case, asked about a person and a mandate.
type use struct {
	name string
	ask  func(a consent.Actor, p consent.PersonID, m consent.MandateID, h consent.MemberID) error
}

// uses is every use-case that takes an identifier.
func (w *world) uses() []use {
	r, ctx := w.reg, w.ctx
	type (
		person  = consent.PersonID
		mandate = consent.MandateID
		member  = consent.MemberID
		actor   = consent.Actor
	)
	const answer = charter.PurposeAnswerPerson
	return []use{
		{"reveal", func(a actor, p person, _ mandate, _ member) error { return w.reveal(p, answer)(a) }},
		{"reveal by mandate", func(a actor, p person, m mandate, _ member) error {
			_, err := r.RevealPerson(ctx, a, consent.Reveal{Person: p, Mandate: m, Purpose: answer, Fields: contact})
			return err
		}},
		{"update", func(a actor, p person, _ mandate, _ member) error {
			return r.UpdateContact(ctx, a, p, consent.PersonData{Language: "ar"})
		}},
		{"cover", func(a actor, p person, _ mandate, _ member) error {
			return second(r.Cover(ctx, a, consent.Question{Person: p, Want: caf}))
		}},
		{"act", func(a actor, p person, _ mandate, _ member) error { return w.act(p, caf)(a) }},
		{"draft", func(a actor, p person, _ mandate, _ member) error {
			return second(r.DraftMandate(ctx, a, terms(p, caf)))
		}},
		{"propose", func(a actor, _ person, m mandate, _ member) error {
			return second(r.ProposeMandate(ctx, a, m, consent.Explained{Lang: "fr", Aid: "read_aloud"}))
		}},
		{"sign", func(a actor, _ person, m mandate, _ member) error {
			return second(r.SignMandate(ctx, a, m, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(w.t, "Classeur")}))
		}},
		{"accept", func(a actor, _ person, m mandate, _ member) error { return second(r.AcceptMandate(ctx, a, m)) }},
		{"deliver", func(a actor, _ person, m mandate, _ member) error {
			return second(r.DeliverMandate(ctx, a, m, "print"))
		}},
		{"revoke", func(a actor, _ person, m mandate, _ member) error {
			return second(r.RevokeMandate(ctx, a, m, consent.Scope{}))
		}},
		{"renounce", func(a actor, _ person, m mandate, _ member) error { return second(r.RenounceMandate(ctx, a, m)) }},
		{"mandate", func(a actor, _ person, m mandate, _ member) error { return second(r.Mandate(ctx, a, m)) }},
		{"mandates", func(a actor, p person, _ mandate, _ member) error {
			_, _, err := r.Mandates(ctx, a, p, consent.Page{Limit: 10})
			return err
		}},
		{"document", func(a actor, _ person, m mandate, _ member) error {
			return second(r.MandateDocument(ctx, a, m, answer))
		}},
		{"opening", func(a actor, _ person, m mandate, _ member) error { return second(r.MandateOpening(ctx, a, m, answer)) }},
		{"acts", func(a actor, p person, _ mandate, _ member) error {
			return second(r.Acts(ctx, a, p, charter.PurposeFollowUp))
		}},
		{"list in a notebook", func(a actor, p person, _ mandate, _ member) error {
			return r.ListInNotebook(ctx, a, p, []charter.ServiceCode{"msa"})
		}},
		{"step of a notebook", func(a actor, p person, _ mandate, _ member) error {
			return second(r.StepNotebook(ctx, a, consent.NotebookStep{Person: p, Service: "msa", Ending: consent.NotebookClosed}))
		}},
		{"note of a notebook", func(a actor, p person, _ mandate, _ member) error {
			return second(r.NotebookNote(ctx, a, p, "msa", answer))
		}},
		{"credential shown", func(a actor, p person, _ mandate, _ member) error {
			return r.ReportShown(ctx, a, consent.Shown{Person: p, Service: "caf"})
		}},
		{"issue card", func(a actor, p person, _ mandate, _ member) error {
			return second(r.IssueCard(ctx, a, p, consent.CardWish{}))
		}},
		{"issue check", func(a actor, _ person, m mandate, _ member) error { return second(r.IssueCheck(ctx, a, m, "caf")) }},
		{"kill card", func(a actor, p person, _ mandate, _ member) error { return r.KillCard(ctx, a, p) }},
		{"forget", func(a actor, p person, _ mandate, _ member) error { return second(r.ForgetPerson(ctx, a, p)) }},
		{"log of the person", func(a actor, p person, _ mandate, _ member) error {
			_, _, err := r.LogLines(ctx, a, consent.LogQuery{Person: p, Purpose: answer, Limit: 10})
			return err
		}},
		{"log of the mandate", func(a actor, _ person, m mandate, _ member) error {
			_, _, err := r.LogLines(ctx, a, consent.LogQuery{Mandate: m, Purpose: answer, Limit: 10})
			return err
		}},
		{"log of the member", func(a actor, _ person, _ mandate, h member) error {
			_, _, err := r.LogLines(ctx, a, consent.LogQuery{Member: h, Purpose: answer, Limit: 10})
			return err
		}},
		{"close a member", func(a actor, _ person, _ mandate, h member) error { return r.CloseHelper(ctx, a, h) }},
		{"link for a member", func(a actor, _ person, _ mandate, h member) error { return second(r.MakeLink(ctx, a, h)) }},
	}
}

// What another space has is not found, whoever asks there, and nothing at all is
// written, in either space.
func TestOtherSpaceIsNotFoundAndLeavesNoTrace(t *testing.T) {
	w := newWorld(t)
	here := w.structure("ccas")
	helper := w.helper(here, charter.SocialWorker)
	p := w.person(helper)
	m := w.mandate(helper, terms(p, caf))
	_, err := w.reg.IssueCard(w.ctx, helper, p, consent.CardWish{})
	w.must(err)
	there := w.structure("asso")
	stranger := w.helper(there, charter.SocialWorker)
	operator, err := w.reg.In(w.ctx, "asso")
	w.must(err)
	officeOnly := map[string]bool{"close a member": true, "link for a member": true}
	for _, u := range w.uses() {
		for name, a := range map[string]consent.Actor{"helper": stranger, "referent": there, "operator": operator} {
			if officeOnly[u.name] && name == "helper" {
				continue // refused before anything is looked up; see TestRefusedAttemptsAreSeen
			}
			t.Run(u.name+" by a "+name, func(t *testing.T) {
				w.in(t).unchanged(func() {
					if err := u.ask(a, p, m.ID, helper.Member()); !isNotFound(err) {
						t.Errorf("got %v, want not found", err)
					}
				})
			})
		}
	}
	// Nor by reference, by name, or as a helper named in a draft.
	w.unchanged(func() {
		if _, err := w.reg.MandateByRef(w.ctx, stranger, m.Ref); !isNotFound(err) {
			t.Errorf("by reference: %v", err)
		}
	})
	found, err := w.reg.SearchPersons(w.ctx, stranger, consent.Search{Name: clean(t, "Morel"), Birth: "1948-03-12", Purpose: charter.PurposePrepareMandate})
	w.must(err)
	if len(found) != 0 {
		t.Error("a search found somebody of another space")
	}
	q := w.person(stranger)
	foreign := terms(q, caf)
	foreign.Helpers = []consent.MemberID{helper.Member()}
	w.unchanged(func() {
		if _, err := w.reg.DraftMandate(w.ctx, stranger, foreign); invalid(err) != "/helpers/0 member_id" {
			t.Errorf("a mandate names a helper of another space: %v", err)
		}
	})
}

// Nobody is not let in anywhere: a zero Actor is told to sign in, and leaves nothing.
func TestNobodyIsToldToSignIn(t *testing.T) {
	w := newWorld(t)
	helper := w.helper(w.structure("ccas"), charter.SocialWorker)
	p := w.person(helper)
	m := w.mandate(helper, terms(p, caf))
	uses := append(w.uses(),
		use{"record", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.RecordPerson(w.ctx, a, consent.PersonData{BirthName: clean(t, "Petit"), Birth: "1960"}))
		}},
		use{"search", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.SearchPersons(w.ctx, a, consent.Search{Name: clean(t, "Morel"), Birth: "1948", Purpose: charter.PurposePrepareMandate}))
		}},
		use{"open a member", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, "Ami"), Role: charter.Secretary}))
		}},
		use{"adhere", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return w.reg.Adhere(w.ctx, a, w.reg.Charter().Version(), w.reg.Charter().Digest())
		}},
		use{"extract", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.Extract(w.ctx, a, io.Discard, consent.ExtractRequest{From: start, To: start.AddDate(0, 0, 1), Profile: consent.ProfileDPO}))
		}},
		use{"members", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.Members(w.ctx, a))
		}},
		use{"contested text", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.ContestText(w.ctx, a, screen.Contest{Kind: "password", Field: "note"}))
		}},
		use{"import of a notebook", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.ImportNotebook(w.ctx, a, unread{t}))
		}},
		use{"destruction", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return second(w.reg.RecordDestruction(w.ctx, a, consent.NewDestruction{Notebooks: 1, Witness: "dpo", Methods: consent.DestructionMethods[:1]}))
		}},
		use{"recovery sheet", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return w.reg.SaveRecovery(w.ctx, a, consent.NewRecovery{Service: "caf", Way: clean(t, "Au guichet")})
		}},
		use{"refused text", func(a consent.Actor, _ consent.PersonID, _ consent.MandateID, _ consent.MemberID) error {
			return w.reg.RefuseText(w.ctx, a, &screen.Refusal{Kind: "password", Field: "note"})
		}},
	)
	w.unchanged(func() {
		for _, u := range uses {
			if err := u.ask(consent.Actor{}, p, m.ID, helper.Member()); signInNeeded(err) != "session" {
				t.Errorf("%s: got %v, want sign-in needed", u.name, err)
			}
		}
	})
}

// A card speaks for its holder alone: what is another person's is not found, and
// leaves no trace.
func TestCardSpeaksForItsHolderOnly(t *testing.T) {
	w := newWorld(t)
	helper := w.helper(w.structure("ccas"), charter.SocialWorker)
	mine, theirs := w.person(helper), w.person(helper)
	w.mandate(helper, terms(mine, caf))
	other := w.mandate(helper, terms(theirs, caf))
	code, err := w.reg.IssueCard(w.ctx, helper, mine, consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	for _, u := range w.uses() {
		t.Run(u.name, func(t *testing.T) {
			if u.name == "close a member" || u.name == "link for a member" {
				w.in(t).cardRefused(holder, func(a consent.Actor) error {
					return u.ask(a, theirs, other.ID, helper.Member())
				})
				return
			}
			w.in(t).unchanged(func() {
				err := u.ask(holder, theirs, other.ID, helper.Member())
				if !isNotFound(err) && signInNeeded(err) != "session" {
					t.Errorf("got %v, want not found", err)
				}
			})
		})
	}
	w.unchanged(func() {
		if _, err := w.reg.Extract(w.ctx, holder, io.Discard, consent.ExtractRequest{
			From: start, To: start.AddDate(0, 0, 1), Profile: consent.ProfileDPO, Purpose: charter.PurposeAnswerPerson,
		}); !isNotFound(err) {
			t.Errorf("a card made an extract about everybody: %v", err)
		}
	})
	// Their own, they read, stop and forget.
	lines, _, err := w.reg.LogLines(w.ctx, holder, consent.LogQuery{Person: mine, Purpose: charter.PurposeAnswerPerson, Limit: 1})
	w.must(err)
	if len(lines) != 1 || lines[0].Detail.Person != string(mine) {
		t.Error("a card does not read its own lines")
	}
	receipt, err := w.reg.CardStop(w.ctx, holder)
	w.must(err)
	if len(receipt.Stopped) != 1 || receipt.Stopped[0].Person != mine {
		t.Errorf("stopped %d mandates", len(receipt.Stopped))
	}
	_, err = w.reg.ForgetPerson(w.ctx, holder, mine)
	w.must(err)
	w.unchanged(func() {
		for name, err := range map[string]error{
			"page":   second(w.reg.CardPage(w.ctx, holder, "1948-03-12")),
			"glance": second(w.reg.CardGlance(w.ctx, holder)),
			"stop":   second(w.reg.CardStop(w.ctx, holder)),
			"holder": second(w.reg.CardHolder(w.ctx, code)),
			"log": func() error {
				_, _, err := w.reg.LogLines(w.ctx, holder, consent.LogQuery{Person: mine, Purpose: charter.PurposeAnswerPerson, Limit: 1})
				return err
			}(),
			"forget": second(w.reg.ForgetPerson(w.ctx, holder, mine)),
		} {
			if !isNotFound(err) {
				t.Errorf("%s of somebody forgotten: %v", name, err)
			}
		}
	})
	if got, err := w.reg.Mandate(w.ctx, helper, other.ID); err != nil || got.State(w.clock.now()) != consent.Active {
		t.Errorf("the other person's mandate: %v", err)
	}
}

// cardRefused: what no person may ask, their card is refused, with an entry.
func (w *world) cardRefused(holder consent.Actor, try func(consent.Actor) error) {
	w.t.Helper()
	before, size := dumped(w.t, w.db).apart(), w.size("ccas")
	err := try(holder)
	var r *consent.Refused
	if !errors.As(err, &r) || r.Rule != "C21" && r.Rule != "C15" {
		w.t.Errorf("got %v, want a refusal", err)
	}
	if diff := before.differences(dumped(w.t, w.db).apart()); len(diff) > 0 || w.size("ccas") != size+1 {
		w.t.Errorf("rows changed: %v", diff)
	}
	if d := w.last("ccas"); d.Act != audit.AttemptRefused || d.By != "person" || d.Role != "person" {
		w.t.Errorf("the entry is %+v", d.Entry)
	}
}
