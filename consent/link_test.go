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

// redeem tries a link in a world where nothing may happen when it is refused.
func (w *world) redeem(link, running personal.Token) (consent.Welcome, error) {
	return w.reg.Redeem(w.ctx, consent.Call{Request: consent.NewRequestID()}, link, running)
}

func (w *world) deadLink(name string, link personal.Token) {
	w.t.Helper()
	w.unchanged(func() {
		in, err := w.redeem(link, personal.Token{})
		if signInNeeded(err) != "link" || err.Error() != "sign-in needed: link" {
			w.t.Errorf("%s: got %v", name, err)
		}
		if in.Session.Reveal() != "" || in.Space != "" || in.LinkBy != "" {
			w.t.Errorf("%s: something is told all the same", name)
		}
	})
}

// A link is used once, within 24 hours to enrol and 15 minutes to sign in, to the
// microsecond. Unknown, used and expired ones cannot be told apart.
func TestLinks(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	enrol := func() personal.Token { return w.invite(referent, charter.SocialWorker) }
	used := enrol()
	helper := w.enter(used)
	w.deadLink("used", used)
	w.deadLink("unknown", personal.NewToken())
	w.deadLink("empty", personal.Token{})

	signIn := func() personal.Token {
		invite, err := w.reg.MakeLink(w.ctx, referent, helper.Member())
		w.must(err)
		return invite.Token
	}
	for _, c := range []struct {
		name string
		make func() personal.Token
		life time.Duration
	}{{"enrolment", enrol, 24 * time.Hour}, {"sign-in", signIn, 15 * time.Minute}} {
		last, late := c.make(), c.make()
		w.clock.add(c.life - time.Microsecond)
		if _, err := w.redeem(last, personal.Token{}); err != nil {
			t.Errorf("%s, a microsecond before its end: %v", c.name, err)
		}
		w.clock.add(time.Microsecond)
		w.deadLink(c.name+" at its end", late)
	}
}

// Who made a link is noted in the session it opens, in the log of the structure
// and told to whoever signs in with it.
func TestLinkMakerIsNoted(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	in, err := w.redeem(w.invite(referent, charter.SocialWorker), personal.Token{})
	w.must(err)
	if in.LinkBy != string(referent.Member()) || in.Space != "ccas" || !in.Expires.Equal(start.Add(10*time.Hour)) {
		t.Errorf("told %s, %s, %s", in.LinkBy, in.Space, in.Expires)
	}
	helper := w.signedIn(in.Session)
	if helper.LinkBy() != string(referent.Member()) {
		t.Errorf("the session was opened by a link of %s", helper.LinkBy())
	}
	if d := w.last("ccas"); d.Act != audit.HelperLogin || d.By != "system" ||
		!slices.Equal(d.On, []string{string(helper.Member()), string(referent.Member())}) {
		t.Errorf("the structure's log says %+v", d.Entry)
	}
	if d := w.last("register"); d.Act != audit.HelperLogin || len(d.On) != 2 || d.On[1] != string(referent.Member()) {
		t.Errorf("the register's log says %+v", d.Entry)
	}
	if referent.LinkBy() != "operator" {
		t.Errorf("the first referent came by a link of %s", referent.LinkBy())
	}
	// A referent who makes a link for themself is named once.
	own, err := w.reg.MakeLink(w.ctx, referent, referent.Member())
	w.must(err)
	w.enter(own.Token)
	if d := w.last("ccas"); !slices.Equal(d.On, []string{string(referent.Member())}) {
		t.Errorf("their own link is noted as %v", d.On)
	}
}

// A session ends 30 minutes after its last request and 10 hours after it began.
func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	session := w.session(w.invite(referent, charter.SocialWorker))
	over := func(want bool) {
		t.Helper()
		if _, err := w.reg.SignedIn(w.ctx, session); (signInNeeded(err) == "session") != want {
			t.Errorf("the session is over: %v, want %t", err, want)
		}
	}
	for range 19 { // kept alive, for 9 and a half hours
		w.clock.add(30 * time.Minute)
		over(false)
	}
	w.clock.add(30 * time.Minute)
	over(false) // 10 hours
	w.clock.add(time.Microsecond)
	over(true)

	session = w.session(w.invite(referent, charter.SocialWorker))
	w.clock.add(30*time.Minute + time.Microsecond)
	over(true)

	// The last request is written down once a minute at most.
	session = w.session(w.invite(referent, charter.SocialWorker))
	w.unchanged(func() {
		w.clock.add(time.Minute)
		over(false)
	})
	before := dumped(t, w.db)
	w.clock.add(time.Microsecond)
	over(false)
	if diff := before.differences(dumped(t, w.db)); len(diff) != 1 {
		t.Errorf("noting the last request changed %v", diff)
	}

	w.must(w.reg.SignOut(w.ctx, w.signedIn(session)))
	over(true)
	session = personal.NewToken()
	over(true)
	session = personal.Token{}
	over(true)
}

// A second link steps up the running session of the same account, and of no
// other; a session that is over is not brought back.
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
	w.clock.add(20 * time.Minute)
	if w.signedIn(session).MaySign(w.clock.now()) {
		t.Error("a sign-in of 20 minutes ago signs")
	}
	w.signedIn(other)
	in, err := w.redeem(link(), session)
	w.must(err)
	if in.Session.Reveal() != "" || !in.Expires.Equal(start.Add(10*time.Hour)) {
		t.Errorf("stepping up opened another session, or made it longer: until %s", in.Expires)
	}
	if now := w.clock.now(); !w.signedIn(session).MaySign(now) || !w.signedIn(session).MaySign(now.Add(5*time.Minute)) ||
		w.signedIn(session).MaySign(now.Add(5*time.Minute+time.Microsecond)) {
		t.Error("a step-up holds for 5 minutes")
	}
	if in, err = w.redeem(link(), other); err != nil || in.Session.Reveal() == "" {
		t.Errorf("the session of somebody else was stepped up: %v", err)
	}
	if w.signedIn(other).MaySign(w.clock.now()) || w.signedIn(other).Member() == helper.Member() {
		t.Error("the session of somebody else changed")
	}
	w.clock.add(31 * time.Minute)
	if in, err = w.redeem(link(), session); err != nil || in.Session.Reveal() == "" {
		t.Errorf("a session that is over was stepped up: %v", err)
	}
	if _, err := w.reg.SignedIn(w.ctx, session); signInNeeded(err) != "session" {
		t.Errorf("a session that is over goes on: %v", err)
	}
}
