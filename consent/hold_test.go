package consent_test

import (
	"strings"
	"testing"
	"time"

	"aval/charter"
	"aval/consent/personal"
)

// A form is held for its session, through a step-up, for an hour; nobody reads it
// meanwhile and no other session gets it.
func TestFormIsHeld(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	session := w.session(w.invite(referent, charter.SocialWorker))
	helper := w.signedIn(session)
	w.clock.add(15 * time.Minute)
	typed := []byte("given=Jeanne&name=Morel")
	var held string
	w.unchanged(func() {
		var err error
		held, err = w.reg.HoldForm(w.ctx, session, typed)
		w.must(err)
	})
	if strings.Contains(held, "Jeanne") || len(held) < len(typed) {
		t.Fatal("the form is held in clear")
	}
	invite, err := w.reg.MakeLink(w.ctx, w.again(referent), helper.Member())
	w.must(err)
	in, err := w.redeem(invite.Token, session)
	w.must(err)
	back := w.signedIn(in.Session)
	if form, err := w.reg.HeldForm(w.ctx, back, held); err != nil || string(form) != string(typed) {
		t.Errorf("given back %q, %v", form, err)
	}
	if _, err := w.reg.HeldForm(w.ctx, w.again(helper), held); !isNotFound(err) {
		t.Errorf("in another session: %v", err)
	}
	for i := range held {
		bad := []byte(held)
		bad[i] ^= 1
		if _, err := w.reg.HeldForm(w.ctx, back, string(bad)); !isNotFound(err) {
			t.Fatalf("character %d altered: %v", i, err)
		}
	}
	w.clock.add(45*time.Minute - time.Microsecond)
	if _, err := w.reg.HeldForm(w.ctx, back, held); err != nil {
		t.Errorf("within the hour: %v", err)
	}
	w.clock.add(15*time.Minute + time.Microsecond)
	if _, err := w.reg.HeldForm(w.ctx, back, held); !isNotFound(err) {
		t.Errorf("after the hour: %v", err)
	}
	if _, err := w.reg.HoldForm(w.ctx, personal.NewToken(), typed); signInNeeded(err) != "session" {
		t.Errorf("without a session: %v", err)
	}
}
