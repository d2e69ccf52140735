package consent_test

import (
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
	"aval/store/mem"
)

// Messages that wait for longer than an epoch's key lives arrive with keys that
// open, and what they bring does not keep the next epoch from turning.
func TestEpochTurnsWhileMessagesWait(t *testing.T) {
	b := &breaker{}
	w := newWorldOn(t, mem.Open(mem.Options{Fault: b.fault}))
	d := w.desk()
	cut := func(step func() error) {
		t.Helper()
		b.arm(2, mem.Before) // the first commit decides, the second delivers
		if err := step(); err == nil {
			t.Fatal("the step was cut off and says that it is done")
		}
		b.heal()
	}
	cut(func() (err error) {
		d.code, err = w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
		return err
	})
	cut(func() error {
		invite, err := w.reg.OpenHelper(w.ctx, d.referent, consent.NewHelper{Name: clean(t, "Ana Costa"), Role: charter.Secretary})
		d.token, d.member = invite.Token, invite.Member
		return err
	})
	if n := len(dumped(t, w.db).in("outbox")); n != 2 {
		t.Fatalf("%d messages wait", n)
	}

	destroyed := 0
	turn := func() {
		t.Helper()
		w.clock.add(7 * 24 * time.Hour)
		kids, err := w.reg.TurnEpoch(w.ctx)
		w.must(err)
		destroyed += len(kids)
	}
	for range 6 {
		turn()
	}
	if destroyed < 2 {
		t.Fatalf("%d keys were destroyed", destroyed)
	}
	w.must(w.reg.Relay(w.ctx, w.space("ccas")))
	if _, err := w.reg.CardHolder(w.ctx, d.code); err != nil {
		t.Errorf("the card: %v", err)
	}
	if a := w.enter(d.token); a.Member() != d.member {
		t.Error("the link leads to another member")
	}
	for range 6 {
		turn()
	}
	if _, err := w.reg.CardHolder(w.ctx, d.code); err != nil {
		t.Errorf("the card, later: %v", err)
	}
}
