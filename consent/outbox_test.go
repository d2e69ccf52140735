package consent_test

import (
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

// desk is a structure with a helper and a person, for the steps that touch two
// spaces.
type desk struct {
	referent, helper consent.Actor
	person           consent.PersonID
	token            personal.Token
	code             personal.CardCode
	member           consent.MemberID
}

func (w *world) desk() *desk {
	w.t.Helper()
	d := &desk{referent: w.structure("ccas")}
	d.helper = w.helper(d.referent, charter.SocialWorker)
	d.person = w.person(d.helper)
	return d
}

func TestCutOpenStructure(t *testing.T) {
	everyCut(t, func(*world) *desk { return &desk{} }, func(w *world, d *desk) error {
		_, invite, err := w.reg.OpenStructure(w.ctx, consent.Operator(), consent.NewStructure{Name: clean(w.t, "Maison commune"), Slug: "commune"})
		d.token, d.member = invite.Token, invite.Member
		return err
	}, func(w *world, d *desk, done bool) {
		if !done {
			w.structure("commune") // can be asked again
			return
		}
		// The link may be lost with the program; the operator has a new one made.
		operator, err := w.reg.In(w.ctx, "commune")
		w.must(err)
		members, err := w.reg.Members(w.ctx, operator)
		w.must(err)
		invite, err := w.reg.MakeLink(w.ctx, operator, members[0].ID)
		w.must(err)
		w.helper(w.enter(invite.Token), charter.Secretary)
	})
}

func TestCutOpenHelper(t *testing.T) {
	everyCut(t, (*world).desk, func(w *world, d *desk) error {
		_, err := w.reg.OpenHelper(w.ctx, d.referent, consent.NewHelper{Name: clean(w.t, "Ana Costa"), Role: charter.Secretary})
		return err
	}, func(w *world, d *desk, done bool) {
		members, err := w.reg.Members(w.ctx, d.referent)
		w.must(err)
		for _, m := range members {
			invite, err := w.reg.MakeLink(w.ctx, d.referent, m.ID)
			w.must(err)
			if a := w.enter(invite.Token); a.Member() != m.ID {
				w.t.Error("a link leads to another member")
			}
		}
		if want := map[bool]int{false: 2, true: 3}[done]; len(members) != want {
			w.t.Errorf("%d members, want %d", len(members), want)
		}
	})
}

func TestCutIssueCard(t *testing.T) {
	setUp := func(w *world) *desk {
		d := w.desk()
		var err error
		d.code, err = w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
		w.must(err)
		return d
	}
	everyCut(t, setUp, func(w *world, d *desk) error {
		_, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
		return err
	}, func(w *world, d *desk, done bool) {
		if _, err := w.reg.CardHolder(w.ctx, d.code); isNotFound(err) != done {
			w.t.Errorf("the former card: %v, though another was made: %t", err, done)
		}
		if rows := dumped(w.t, w.db).in("card"); len(rows) != 1 {
			w.t.Errorf("%d look-up rows", len(rows))
		}
	})
}

func TestCutKillCard(t *testing.T) {
	setUp := func(w *world) *desk {
		d := w.desk()
		var err error
		d.code, err = w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
		w.must(err)
		return d
	}
	everyCut(t, setUp, func(w *world, d *desk) error {
		return w.reg.KillCard(w.ctx, d.helper, d.person)
	}, func(w *world, d *desk, done bool) {
		if _, err := w.reg.CardHolder(w.ctx, d.code); isNotFound(err) != done {
			w.t.Errorf("the card: %v, though it was killed: %t", err, done)
		}
	})
}

func TestCutCloseHelper(t *testing.T) {
	setUp := func(w *world) *desk {
		d := &desk{referent: w.structure("ccas")}
		d.token = w.session(w.invite(d.referent, charter.SocialWorker))
		d.helper = w.signedIn(d.token)
		return d
	}
	everyCut(t, setUp, func(w *world, d *desk) error {
		return w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member())
	}, func(w *world, d *desk, done bool) {
		if _, err := w.reg.SignedIn(w.ctx, d.token); (signInNeeded(err) == "session") != done {
			w.t.Errorf("the session: %v, though the member was closed: %t", err, done)
		}
	})
}

func TestCutMakeLink(t *testing.T) {
	everyCut(t, (*world).desk, func(w *world, d *desk) error {
		_, err := w.reg.MakeLink(w.ctx, d.referent, d.helper.Member())
		return err
	}, func(w *world, d *desk, done bool) {
		w.must(w.act(d.person, consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoWith})(d.helper))
	})
}

func TestCutRedeem(t *testing.T) {
	setUp := func(w *world) *desk {
		d := w.desk()
		invite, err := w.reg.MakeLink(w.ctx, d.referent, d.helper.Member())
		w.must(err)
		d.token = invite.Token
		return d
	}
	everyCut(t, setUp, func(w *world, d *desk) error {
		_, err := w.reg.Redeem(w.ctx, consent.Call{}, d.token, personal.Token{})
		return err
	}, func(w *world, d *desk, done bool) {
		if _, err := w.reg.Redeem(w.ctx, consent.Call{}, d.token, personal.Token{}); (signInNeeded(err) == "link") != done {
			w.t.Errorf("the link again: %v, though it was used: %t", err, done)
		}
	})
}

// A program that dies between a card's making and its killing, both at one
// instant, leaves no live card.
func TestMessagesKeepTheirOrderAtOneInstant(t *testing.T) {
	for range 8 { // identifiers are random; their order must not matter
		b := &breaker{}
		w := newWorldOn(t, mem.Open(mem.Options{Fault: b.fault}))
		d := w.desk()
		b.arm(2, mem.Before) // the card is made here and its look-up not there
		if _, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{}); err == nil {
			t.Fatal("the card was made")
		}
		b.heal()
		b.arm(2, mem.Before)
		if err := w.reg.KillCard(w.ctx, d.helper, d.person); err == nil {
			t.Fatal("the card was killed")
		}
		b.heal()
		if waiting := dumped(t, w.db).in("outbox"); len(waiting) != 2 {
			t.Fatalf("%d messages wait, want 2", len(waiting))
		}
		w.restart()
		if rows := dumped(t, w.db).in("card"); len(rows) > 0 {
			t.Fatal("a killed card still has its look-up row")
		}
	}
}

func TestOneLiveCard(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	first, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, first)
	w.must(err)
	other := w.person(d.helper)
	theirs, err := w.reg.IssueCard(w.ctx, d.helper, other, consent.CardWish{})
	w.must(err)
	again, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	if d := w.last("ccas"); d.Act != "card.reissued" {
		t.Errorf("the entry is %s, want card.reissued", d.Act)
	}
	if _, err := w.reg.CardHolder(w.ctx, first); !isNotFound(err) {
		t.Errorf("the former card: %v", err)
	}
	// Somebody who was let in with the former card a moment ago gets no further.
	w.unchanged(func() {
		for name, err := range map[string]error{
			"page":   second(w.reg.CardPage(w.ctx, holder, "1948-03-12")),
			"stop":   second(w.reg.CardStop(w.ctx, holder)),
			"forget": second(w.reg.ForgetPerson(w.ctx, holder, d.person)),
		} {
			if !isNotFound(err) {
				t.Errorf("%s with a killed card: %v", name, err)
			}
		}
	})
	for _, code := range []personal.CardCode{again, theirs} {
		holder, err := w.reg.CardHolder(w.ctx, code)
		w.must(err)
		_, err = w.reg.CardPage(w.ctx, holder, "1948-03-12")
		w.must(err)
	}
	w.must(w.reg.KillCard(w.ctx, d.helper, d.person))
	if err := w.reg.KillCard(w.ctx, d.helper, d.person); conflict(err) != "no_card" {
		t.Errorf("killed twice: %v", err)
	}
	if _, err := w.reg.CardHolder(w.ctx, again); !isNotFound(err) {
		t.Errorf("a killed card: %v", err)
	}
	if _, err := w.reg.CardHolder(w.ctx, personal.NewCardCode()); !isNotFound(err) {
		t.Errorf("an unknown card: %v", err)
	}
}

// A key stands for one request for 24 hours: asked again it is answered again and
// not done again, and it cannot stand for another.
func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	call := func(body string) consent.Actor {
		return d.helper.With(consent.Call{Request: consent.NewRequestID(), Idempotency: "key-1", Body: []byte(body)})
	}
	m, err := w.reg.DraftMandate(w.ctx, call("draft"), terms(d.person, caf))
	w.must(err)
	w.unchanged(func() {
		again, err := w.reg.DraftMandate(w.ctx, call("draft"), terms(d.person, caf))
		w.must(err)
		if again.ID != m.ID || again.Digest != m.Digest {
			t.Error("the same request was answered with another mandate")
		}
		if _, err := w.reg.DraftMandate(w.ctx, call("other"), terms(d.person, caf)); conflict(err) != "idempotency_key_reused" {
			t.Errorf("another body: %v", err)
		}
		if _, err := w.reg.RevokeMandate(w.ctx, call("revoke"), m.ID, consent.Scope{}); conflict(err) != "idempotency_key_reused" {
			t.Errorf("another request: %v", err)
		}
	})
	colleague := w.helper(d.referent, charter.Secretary)
	theirs, err := w.reg.DraftMandate(w.ctx, colleague.With(consent.Call{Idempotency: "key-1", Body: []byte("draft")}), terms(d.person, caf))
	w.must(err)
	if theirs.ID == m.ID {
		t.Error("a key of one member answers another")
	}
	w.clock.add(24*time.Hour - time.Microsecond)
	w.unchanged(func() {
		if again, err := w.reg.DraftMandate(w.ctx, call("draft"), terms(d.person, caf)); err != nil || again.ID != m.ID {
			t.Errorf("before 24 hours are over: %v", err)
		}
	})
	w.clock.add(time.Microsecond)
	later, err := w.reg.DraftMandate(w.ctx, call("other"), terms(d.person, caf))
	w.must(err)
	if later.ID == m.ID {
		t.Error("the key is kept for more than 24 hours")
	}
}

// Every write that takes a key does its work once; what is shown once is not
// shown again.
func TestIdempotentWrites(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	key := 0
	twice := func(name string, a consent.Actor, do func(consent.Actor) (string, error), again string) {
		t.Helper()
		key++
		a = a.With(consent.Call{Idempotency: name, Body: []byte(name)})
		first, err := do(a)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.unchanged(func() {
			second, err := do(a)
			if again == "" && (err != nil || second != first) || again != "" && conflict(err) != again {
				t.Errorf("%s again: %v", name, err)
			}
		})
	}
	type actor = consent.Actor
	twice("record", d.helper, func(a actor) (string, error) {
		p, err := w.reg.RecordPerson(w.ctx, a, consent.PersonData{BirthName: clean(t, "Petit"), Birth: "1960"})
		return string(p), err
	}, "")
	twice("update", d.helper, func(a actor) (string, error) {
		return "", w.reg.UpdateContact(w.ctx, a, d.person, consent.PersonData{Language: "ar"})
	}, "")
	twice("act", d.helper, func(a actor) (string, error) {
		act, err := w.reg.RecordAct(w.ctx, a, consent.NewAct{
			Person: d.person, Did: caf, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
			Outcome: "waiting", Validated: start, ValidatedHow: charter.ValidatedOnScreen, Period: "2026-12",
		})
		if err != nil {
			return "", err
		}
		return string(act.ID), nil
	}, "")
	twice("card", d.helper, func(a actor) (string, error) {
		_, err := w.reg.IssueCard(w.ctx, a, d.person, consent.CardWish{})
		return "", err
	}, "card_shown_once")
	twice("kill", d.helper, func(a actor) (string, error) { return "", w.reg.KillCard(w.ctx, a, d.person) }, "")
	twice("open", d.referent, func(a actor) (string, error) {
		i, err := w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, "Ana Costa"), Role: charter.Secretary})
		d.member = i.Member
		return string(i.Member), err
	}, "")
	twice("close", d.referent, func(a actor) (string, error) { return "", w.reg.CloseHelper(w.ctx, a, d.member) }, "")
	twice("stop", d.helper, func(a actor) (string, error) {
		got, err := w.reg.RevokeMandate(w.ctx, a, m.ID, consent.Scope{})
		if err != nil {
			return "", err
		}
		return string(got.ID) + string(got.State(start)), nil
	}, "")
	twice("forget", d.referent, func(a actor) (string, error) {
		f, err := w.reg.ForgetPerson(w.ctx, a, d.person)
		if err != nil {
			return "", err
		}
		return f.Until.String(), nil
	}, "")
}

// A message that cannot be delivered stays, and holds up neither those after it,
// nor an erasure, nor a start.
func TestUndeliverableMessage(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	ccas := w.space("ccas")
	w.must(w.db.Update(w.ctx, ccas.Number(), func(tx kv.Tx) error {
		return store.Ledger(tx).Put(&consent.Message{ID: "x", Slug: "register", Kind: "unknown", Body: []byte(`{}`), Seq: 1})
	}))

	if err := w.reg.KillCard(w.ctx, d.helper, d.person); err == nil {
		t.Error("the message is not told")
	}
	if _, err := w.reg.CardHolder(w.ctx, code); !isNotFound(err) {
		t.Errorf("the message after it waits: %v", err)
	}
	if _, err := w.reg.ForgetPerson(w.ctx, d.referent, d.person); err == nil {
		t.Error("the message is not told again")
	}
	if rows := dumped(t, w.db).in("erasing"); len(rows) > 0 {
		t.Errorf("the erasure waits: %v", rows)
	}
	if len(w.erased.list["ccas"]) != 1 {
		t.Error("the pseudonym is not on the list outside the store")
	}
	w.restart()
	if rows := dumped(t, w.db).in("outbox"); len(rows) != 1 {
		t.Errorf("%d messages wait, want the one that cannot go", len(rows))
	}
}
