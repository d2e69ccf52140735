package consent_test

import (
	"testing"
	"time"

	"aval/consent"
	"aval/consent/personal"
)

// Sessions, links and answers to calls go once they open nothing; what still
// does stays, and so do the marks that keep a message from being applied twice.
func TestStaleRowsGo(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	call := consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("a person")}
	_, err := w.reg.RecordPerson(w.ctx, d.helper.With(call), consent.PersonData{BirthName: clean(t, "Zahra"), Birth: "1990"})
	w.must(err)
	rows := func(bucket string) int { return len(dumped(t, w.db).in(bucket)) }
	if rows("session") != 2 || rows("link") != 2 || rows("idempotency") != 1 || rows("applied") == 0 {
		t.Fatal("nothing to drop")
	}
	applied := rows("applied")

	w.clock.add(24 * time.Hour)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	unused, err := w.reg.MakeLink(w.ctx, operator, d.referent.Member())
	w.must(err)
	used, err := w.reg.MakeLink(w.ctx, operator, d.helper.Member())
	w.must(err)
	in, err := w.reg.Redeem(w.ctx, consent.Call{}, used.Token, personal.Token{})
	w.must(err)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if s, l, i := rows("session"), rows("link"), rows("idempotency"); s != 1 || l != 1 || i != 0 {
		t.Errorf("%d sessions, %d links and %d answers are left", s, l, i)
	}
	if got := rows("applied"); got < applied {
		t.Errorf("%d marks of messages are left of %d", got, applied)
	}
	if _, err := w.reg.SignedIn(w.ctx, in.Session); err != nil {
		t.Errorf("the session that runs: %v", err)
	}
	w.enter(unused.Token)

	w.clock.add(31 * 24 * time.Hour)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if n := rows("applied"); n != 0 {
		t.Errorf("%d marks of messages are left", n)
	}
}

// More drafts than one transaction deletes go all the same.
func TestManyDraftsGo(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for _, p := range []consent.PersonID{d.person, w.person(d.helper)} {
		for range 65 {
			_, err := w.reg.DraftMandate(w.ctx, d.helper, terms(p, caf))
			w.must(err)
		}
	}
	w.clock.add(8 * 24 * time.Hour)
	reports, err := w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if reports[1].Drafts != 130 || len(dumped(t, w.db).in("mandate")) != 0 {
		t.Errorf("%d drafts went, %d are left", reports[1].Drafts, len(dumped(t, w.db).in("mandate")))
	}
}
