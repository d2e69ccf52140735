package consent

import (
	"context"
	"time"

	"aval/consent/personal"
)

// A form that came from a session left alone is held until its sender has shown
// who they are: sealed, in the page they are shown meanwhile. The register keeps
// nothing of it, and whoever finds the screen reads nothing: not in the page, not
// in its source.

// heldLife is how long a form is held.
const heldLife = time.Hour

// HoldForm seals a form for the session that a token names, one left alone as
// well. The error is *SignInNeeded when there is no session.
func (r *Register) HoldForm(ctx context.Context, token personal.Token, form []byte) (string, error) {
	var s *Session
	var at time.Time
	err := r.rec.View(ctx, registerSpace, func(tx Tx, now time.Time) error {
		var found bool
		var err error
		s, found, err = session(tx, r.tokenHash(token))
		if at = now; err == nil && (!found || s.over(now)) {
			err = &SignInNeeded{Reason: "session"}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return r.keys.HoldForm(string(s.ID), at.Add(heldLife), form)
}

// Holds tells whether something is a form that is held for the session that a token
// names: what is not, is not shown again.
func (r *Register) Holds(ctx context.Context, token personal.Token, held string) bool {
	var err error
	viewed := r.rec.View(ctx, registerSpace, func(tx Tx, now time.Time) error {
		s, found, fault := session(tx, r.tokenHash(token))
		if err = fault; err == nil && (!found || s.over(now)) {
			err = &SignInNeeded{Reason: "session"}
		}
		if err == nil {
			_, err = r.keys.HeldForm(string(s.ID), now, held)
		}
		return nil
	})
	return viewed == nil && err == nil
}

// HeldForm opens a form that was held for the actor's session. One of another
// session, or held for longer than an hour, is *NotFound.
func (r *Register) HeldForm(ctx context.Context, a Actor, held string) ([]byte, error) {
	now, err := r.now(ctx, registerSpace)
	if err != nil {
		return nil, err
	}
	form, err := r.keys.HeldForm(string(a.session), now, held)
	if err != nil {
		return nil, &NotFound{Kind: "form"}
	}
	return form, nil
}
