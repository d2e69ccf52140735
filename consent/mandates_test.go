package consent_test

import (
	"errors"
	"testing"

	"aval/charter"
	"aval/consent"
)

// A card that was killed after it was looked up shows nothing more, not even what
// it was shown before.
func TestKilledCardShowsNothing(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	holder = holder.With(consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("stop")})
	_, err = w.reg.RevokeMandate(w.ctx, holder, m.ID, consent.Scope{})
	w.must(err)
	_, err = w.reg.RevokeMandate(w.ctx, holder, m.ID, consent.Scope{}) // asked again
	w.must(err)
	w.must(w.reg.KillCard(w.ctx, d.helper, d.person))
	w.unchanged(func() {
		if _, err := w.reg.Mandate(w.ctx, holder, m.ID); !isNotFound(err) {
			t.Errorf("the mandate: %v", err)
		}
		if _, err := w.reg.RevokeMandate(w.ctx, holder, m.ID, consent.Scope{}); !isNotFound(err) {
			t.Errorf("asked once more: %v", err)
		}
	})
}

// Fields asked twice are not of their form: the entry names each once.
func TestFieldsAreAskedOnce(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	var invalid *consent.Invalid
	w.unchanged(func() {
		_, err := w.reg.RevealPerson(w.ctx, d.helper, consent.Reveal{
			Person: d.person, Purpose: charter.PurposePrepareMandate,
			Fields: []charter.Field{charter.FieldIdentity, charter.FieldContact, charter.FieldIdentity},
		})
		if !errors.As(err, &invalid) || invalid.Pointer != "/fields" || invalid.Reason != "member_twice" {
			t.Errorf("got %v", err)
		}
	})
}

// No reference at all is one that no mandate has, and no fault of ours.
func TestNoReferenceIsNotFound(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.notFound("ccas", w.size("ccas"), second(w.reg.MandateByRef(w.ctx, d.helper, "")))
}
