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
