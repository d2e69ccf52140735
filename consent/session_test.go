package consent_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

// A session asks who is there 15 minutes after its last request, to the
// microsecond, and is over 10 hours after it began.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	var session personal.Token
	says := func(want string) {
		t.Helper()
		if _, err := w.reg.SignedIn(w.ctx, session); signInNeeded(err) != want {
			t.Errorf("the session says %v, want %q", err, want)
		}
	}
	session = w.session(w.invite(referent, charter.SocialWorker))
	w.clock.add(15*time.Minute - time.Microsecond)
	says("")
	w.clock.add(15 * time.Minute)
	says("step_up")

	session = w.session(w.invite(w.letIn("ccas", referent.Member()), charter.SocialWorker))
	for range 41 { // kept alive, for 9 hours and 34 minutes
		w.clock.add(14 * time.Minute)
		says("")
	}
	w.clock.add(14 * time.Minute)
	says("")
	w.clock.add(12*time.Minute - time.Microsecond)
	says("")
	w.clock.add(time.Microsecond)
	says("session")

	// The last request is written down once a minute at most.
	referent = w.letIn("ccas", referent.Member())
	session = w.session(w.invite(referent, charter.SocialWorker))
	w.unchanged(func() {
		w.clock.add(time.Minute)
		says("")
	})
	before := dumped(t, w.db)
	w.clock.add(time.Microsecond)
	says("")
	if diff := before.differences(dumped(t, w.db)); len(diff) != 1 {
		t.Errorf("noting the last request changed %v", diff)
	}

	w.must(w.reg.SignOut(w.ctx, session))
	says("session")
	session = personal.NewToken()
	says("session")
	session = personal.Token{}
	says("session")
}

// A step-up carries a session on under another token: with what it had, and not a
// minute longer than 10 hours after it began. The token before opens nothing.
func TestStepUpRotatesTheSession(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	first := w.session(w.invite(d.referent, charter.SocialWorker))
	helper := w.signedIn(first)
	w.must(w.reg.Adhere(w.ctx, helper, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	_, err := w.reg.StartAppointment(w.ctx, helper, d.person, prepare)
	w.must(err)
	form := w.reg.FormToken(helper)

	invite, err := w.reg.MakeLink(w.ctx, d.referent, helper.Member())
	w.must(err)
	w.clock.add(15 * time.Minute) // at the instant at which it asks
	in, err := w.redeem(invite.Token, first)
	if signInNeeded(err) != "link" { // the link is over at the same instant
		t.Fatalf("a link of 15 minutes: %v", err)
	}
	invite, err = w.reg.MakeLink(w.ctx, w.letIn("ccas", d.referent.Member()), helper.Member())
	w.must(err)
	in, err = w.redeem(invite.Token, first)
	w.must(err)
	if !in.SteppedUp || in.Session.Reveal() == first.Reveal() || !in.Expires.Equal(start.Add(10*time.Hour)) {
		t.Errorf("stepped up %t until %s", in.SteppedUp, in.Expires)
	}
	if _, err := w.reg.SignedIn(w.ctx, first); signInNeeded(err) != "session" {
		t.Errorf("the token before the step-up: %v", err)
	}
	again := w.signedIn(in.Session)
	if a, err := w.reg.Appointment(w.ctx, again); err != nil || a.Person != d.person {
		t.Errorf("the appointment is lost: %v", err)
	}
	if w.reg.FormToken(again) != form || w.reg.FormToken(d.helper) == form {
		t.Error("a form belongs to its session, whatever its token")
	}
	if again.Proof() != consent.ByLink || !again.MaySign(w.clock.now()) {
		t.Error("the proof is not noted")
	}
}

// A second link steps up the running session of the same account. That of somebody
// else ends, and so does one that is over: a browser holds one session.
func TestSecondLinkStepsUp(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	session := w.session(w.invite(referent, charter.SocialWorker))
	helper := w.signedIn(session)
	other := w.session(w.invite(referent, charter.Secretary))
	link := func() personal.Token {
		invite, err := w.reg.MakeLink(w.ctx, referent, helper.Member())
		w.must(err)
		return invite.Token
	}
	w.clock.add(10 * time.Minute)
	if w.signedIn(session).MaySign(w.clock.now()) {
		t.Error("a sign-in of 10 minutes ago signs")
	}
	in, err := w.redeem(link(), session)
	w.must(err)
	if now := w.clock.now(); !w.signedIn(in.Session).MaySign(now) || !w.signedIn(in.Session).MaySign(now.Add(5*time.Minute)) ||
		w.signedIn(in.Session).MaySign(now.Add(5*time.Minute+time.Microsecond)) {
		t.Error("a step-up holds for 5 minutes")
	}
	mine, err := w.redeem(link(), other)
	w.must(err)
	if mine.SteppedUp || !mine.Expires.Equal(w.clock.now().Add(10*time.Hour)) || w.signedIn(mine.Session).Member() != helper.Member() {
		t.Error("the session of somebody else was carried on")
	}
	if _, err := w.reg.SignedIn(w.ctx, other); signInNeeded(err) != "session" {
		t.Errorf("the session of somebody else goes on in this browser: %v", err)
	}
	w.clock.add(10 * time.Hour)
	referent = w.letIn("ccas", referent.Member())
	if in, err = w.redeem(link(), in.Session); err != nil || in.SteppedUp {
		t.Errorf("a session that is over was stepped up: %v", err)
	}
}

// twoStructures gives an account two structures: their members, and a link of the
// first.
func (w *world) twoStructures() (here consent.Actor, there consent.MemberID, link personal.Token) {
	w.t.Helper()
	ccas, mds := w.structure("ccas"), w.structure("mds")
	here = w.helper(ccas, charter.SocialWorker)
	joined, err := w.reg.JoinStructure(w.ctx, here, w.invite(mds, charter.DigitalMediator))
	w.must(err)
	invite, err := w.reg.MakeLink(w.ctx, ccas, here.Member())
	w.must(err)
	return here, joined.Member, invite.Token
}

// A structure's link is good for that structure: whoever makes links in one does
// not get into the other.
func TestLinkReachesItsStructureOnly(t *testing.T) {
	w := newWorld(t)
	helper, there, link := w.twoStructures()
	in, err := w.redeem(link, personal.Token{})
	w.must(err)
	if in.Space != "ccas" {
		t.Errorf("the link opened %q", in.Space)
	}
	choices, err := w.reg.Choices(w.ctx, in.Session)
	w.must(err)
	want := []consent.Choice{{Member: helper.Member(), Slug: "ccas", Name: "Structure ccas", Here: true}}
	if !slices.Equal(choices, want) {
		t.Errorf("the choice is %v", choices)
	}
	w.unchanged(func() {
		if _, err := w.reg.ChooseSpace(w.ctx, consent.Call{}, in.Session, there); !isNotFound(err) {
			t.Errorf("the other structure: %v", err)
		}
		if _, err := w.reg.ChooseSpace(w.ctx, consent.Call{}, personal.NewToken(), helper.Member()); signInNeeded(err) != "session" {
			t.Errorf("without a session: %v", err)
		}
	})
	if _, err := w.reg.SignedIn(context.Background(), in.Session); err != nil {
		t.Errorf("a refused choice ended the session: %v", err)
	}
}

// What a screen that somebody left must not do asks for a proof of at most 5
// minutes ago; a refusal of the charter comes before it, and is entered.
func TestFreshProofIsNeeded(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.Secretary)
	dpo := w.helper(d.referent, charter.DPO)
	month := consent.ExtractRequest{
		From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 1), Profile: consent.ProfileDPO,
		Purpose: charter.PurposeDPOAudit, Program: "test",
	}
	uses := map[string]struct {
		by consent.Actor
		do func(consent.Actor) error
	}{
		"closing":    {d.referent, func(a consent.Actor) error { return w.reg.CloseHelper(w.ctx, a, colleague.Member()) }},
		"erasing":    {d.referent, func(a consent.Actor) error { return second(w.reg.ForgetPerson(w.ctx, a, d.person)) }},
		"an extract": {dpo, func(a consent.Actor) error { return second(w.reg.Extract(w.ctx, a, io.Discard, month)) }},
	}
	w.clock.add(5*time.Minute + time.Microsecond)
	for name, use := range uses {
		w.unchanged(func() {
			if err := use.do(use.by); signInNeeded(err) != "step_up" {
				t.Errorf("%s, 5 minutes and a microsecond after the sign-in: %v", name, err)
			}
		})
		size := w.size("ccas")
		if err := use.do(d.helper); signInNeeded(err) != "" || w.size("ccas") != size+1 {
			t.Errorf("%s, by a helper: %v and %d entries, want a refusal of the charter", name, err, w.size("ccas")-size)
		}
	}
	for name, use := range uses {
		fresh := w.again(use.by)
		w.clock.add(5 * time.Minute)
		if err := use.do(fresh); err != nil {
			t.Errorf("%s, 5 minutes after the sign-in: %v", name, err)
		}
	}
}

// A member sees their sessions and ends any of them; nobody else's.
func TestSessionsAreListedAndEnded(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	first := w.session(w.invite(referent, charter.SocialWorker))
	helper := w.signedIn(first)
	w.clock.add(time.Minute)
	second := w.again(helper)
	list, err := w.reg.Sessions(w.ctx, second)
	w.must(err)
	if len(list) != 2 || !second.Current(list[0].ID) || !helper.Current(list[1].ID) || list[1].By != consent.ByLink || list[0].LinkBy != "operator" {
		t.Fatalf("the sessions are %+v", list)
	}
	w.unchanged(func() {
		if err := w.reg.EndSession(w.ctx, referent, list[1].ID); !isNotFound(err) {
			t.Errorf("ended by somebody else: %v", err)
		}
		if _, err := w.reg.Sessions(w.ctx, consent.Operator()); signInNeeded(err) != "session" {
			t.Errorf("listed by the operator: %v", err)
		}
	})
	w.must(w.reg.EndSession(w.ctx, second, list[1].ID))
	if _, err := w.reg.SignedIn(w.ctx, first); signInNeeded(err) != "session" {
		t.Errorf("the ended session: %v", err)
	}
	if e := w.last("register"); e.Act != audit.HelperSignedOut || e.By != string(w.account(helper.Member())) {
		t.Errorf("the log says %+v", e.Entry)
	}
	if err := w.reg.EndSession(w.ctx, second, list[1].ID); !isNotFound(err) {
		t.Errorf("ended twice: %v", err)
	}
}
