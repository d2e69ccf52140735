package consent

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// A one-time link is made and redeemed in this file: the way in for the first time,
// and for who lost every other. What it opens is in session.go.

// Purposes of a link.
const (
	Enrol  = "enrol"   // first sign-in, 24 hours
	SignIn = "sign_in" // later ones, 15 minutes
)

var linkLife = map[string]time.Duration{Enrol: 24 * time.Hour, SignIn: 15 * time.Minute}

// MakeLink lets a referent make a sign-in link for a member of their structure.
// Its maker is noted in the session it opens, told to the helper and flagged in
// extracts.
func (r *Register) MakeLink(ctx context.Context, a Actor, id MemberID) (Invitation, error) {
	token := personal.NewToken()
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperLinked, charter.OpOpenMember); err != nil {
			return err
		}
		m := &Member{ID: id}
		if err := need(t.tx, m, "member"); err != nil {
			return err
		}
		if !m.Closed.IsZero() {
			return &Conflict{Reason: "member_closed"}
		}
		if err := t.wake(m); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.HelperLinked, On: []string{string(id)}})
		return t.send(registerSpace, makeLink, Link{
			Hash: r.tokenHash(token), Account: m.Account, Purpose: SignIn, By: a.by(), Space: t.membership(id),
		})
	})
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Member: id, Token: token}, r.Relay(ctx, a.space)
}

func (t *turn) membership(id MemberID) Membership {
	return Membership{Number: t.profile.Number, Slug: t.profile.Slug, Member: id}
}

func (t *turn) applyMakeLink(l Link) error {
	l.Expires = t.at.Add(linkLife[l.Purpose])
	t.enter(audit.Entry{Act: audit.HelperLinked, On: []string{string(l.Account)}})
	return t.tx.Put(&l)
}

// Redeem uses a one-time link up, which signs in (see signIn), with a running
// session of the same account as a step-up. A link is good for the structure that
// made it and for no other. An unknown, used or expired link answers the same.
func (r *Register) Redeem(ctx context.Context, c Call, token, running personal.Token) (Welcome, error) {
	w, err := r.signIn(ctx, c, running, func(t *turn) (arrival, error) {
		l := &Link{Hash: r.tokenHash(token)}
		if found, err := t.tx.Get(l); err != nil {
			return arrival{}, err
		} else if !found || !l.Used.IsZero() || !t.at.Before(l.Expires) {
			return arrival{}, &SignInNeeded{Reason: "link"}
		}
		l.Used = t.at
		return arrival{
			account: l.Account, how: ByLink, linkBy: l.By, reach: []MemberID{l.Space.Member}, rows: []Record{l},
		}, nil
	})
	if _, wrong := errors.AsType[*SignInNeeded](err); wrong {
		r.failures.links.Add(1)
		return Welcome{}, &SignInNeeded{Reason: "link"}
	}
	return w, err
}

// tokenHash is what the store keeps of a token.
func (r *Register) tokenHash(t personal.Token) string { return hex.EncodeToString(r.keys.TokenHash(t)) }
