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

// A one-time link is made and redeemed in this file. It is the seam that other
// ways to sign in use as well: whatever proves who asks ends in a session.

// Purposes of a link.
const (
	Enrol  = "enrol"   // first sign-in, 24 hours
	SignIn = "sign_in" // later ones, 15 minutes
)

var linkLife = map[string]time.Duration{Enrol: 24 * time.Hour, SignIn: 15 * time.Minute}

// A session ends after sessionIdle without a request and sessionLife at most:
// desks are shared and screens are left (C21).
const (
	sessionIdle = 30 * time.Minute
	sessionLife = 10 * time.Hour
)

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

// A Welcome is what redeeming a link gives.
type Welcome struct {
	Session personal.Token // empty when a running session was stepped up
	LinkBy  string
	Space   string
	Expires time.Time
}

// Redeem uses a one-time link up. With a running session of the same account it
// steps that session up; else it opens one. An unknown, used or expired link
// answers the same.
func (r *Register) Redeem(ctx context.Context, c Call, token, running personal.Token) (Welcome, error) {
	session := personal.NewToken()
	var w Welcome
	var space audit.Space
	a := Actor{kind: system, space: registerSpace, call: c}
	_, err := r.record(ctx, a, func(t *turn) error {
		l := &Link{Hash: r.tokenHash(token)}
		if found, err := t.tx.Get(l); err != nil {
			return err
		} else if !found || !l.Used.IsZero() || !t.at.Before(l.Expires) {
			return &SignInNeeded{Reason: "link"}
		}
		acc := &Account{ID: l.Account}
		if err := need(t.tx, acc, "account"); err != nil {
			return err
		}
		if !acc.Closed.IsZero() {
			return &SignInNeeded{Reason: "link"}
		}
		l.Used = t.at
		s := &Session{Hash: r.tokenHash(running)}
		found, err := t.tx.Get(s)
		if err != nil {
			return err
		}
		space = audit.NewSpace(l.Space.Number, l.Space.Slug)
		w = Welcome{LinkBy: l.By, Space: l.Space.Slug}
		if !found || s.Account != l.Account || s.Space != l.Space || s.over(t.at) {
			s = &Session{Hash: r.tokenHash(session), Account: l.Account, Space: l.Space, Opened: t.at, Seen: t.at}
			w.Session = session
		}
		s.StepUp, s.LinkBy = t.at, l.By
		w.Expires = s.Opened.Add(sessionLife)
		t.enter(audit.Entry{Act: audit.HelperLogin, On: []string{string(l.Account), l.By}})
		if err := t.send(space, noteLogin, noteLoginBody{Member: l.Space.Member, LinkBy: l.By}); err != nil {
			return err
		}
		return putAll(t.tx, l, s)
	})
	if err != nil {
		if _, wrong := errors.AsType[*SignInNeeded](err); wrong {
			r.failures.links.Add(1)
		}
		return Welcome{}, err
	}
	return w, r.Relay(ctx, registerSpace)
}

type noteLoginBody struct {
	Member MemberID
	LinkBy string
}

func (t *turn) applyNoteLogin(b noteLoginBody) error {
	on := []string{string(b.Member)}
	if b.LinkBy != on[0] { // a referent's link for themself
		on = append(on, b.LinkBy)
	}
	t.enter(audit.Entry{Act: audit.HelperLogin, On: on})
	return nil
}

func (s *Session) over(at time.Time) bool {
	return !s.Ended.IsZero() || at.Sub(s.Seen) > sessionIdle || at.Sub(s.Opened) > sessionLife
}

// SignedIn finds the actor of a session. Whether the member is still open is
// decided inside each use-case's transaction, not here.
func (r *Register) SignedIn(ctx context.Context, token personal.Token) (Actor, error) {
	var s Session
	var now time.Time
	err := r.rec.View(ctx, registerSpace, func(tx Tx, at time.Time) error {
		s, now = Session{Hash: r.tokenHash(token)}, at
		found, err := tx.Get(&s)
		if err == nil && (!found || s.over(at)) {
			err = &SignInNeeded{Reason: "session"}
		}
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	if now.Sub(s.Seen) > time.Minute {
		if err := r.seen(ctx, s.Hash); err != nil {
			return Actor{}, err
		}
	}
	return Actor{
		kind: member, space: audit.NewSpace(s.Space.Number, s.Space.Slug), member: s.Space.Member,
		account: s.Account, session: s.Hash, stepUp: s.StepUp, linkBy: s.LinkBy,
	}, nil
}

// seen notes that a session is in use; at most once a minute.
func (r *Register) seen(ctx context.Context, hash string) error {
	return r.keepSession(ctx, hash, func(s *Session, at time.Time) { s.Seen = at })
}

// SignOut ends the actor's session, and the appointment that it held.
func (r *Register) SignOut(ctx context.Context, a Actor) error {
	if err := r.EndAppointment(ctx, a); err != nil {
		return err
	}
	return r.keepSession(ctx, a.session, func(s *Session, at time.Time) { s.Ended = at })
}

func (r *Register) keepSession(ctx context.Context, hash string, change func(*Session, time.Time)) error {
	return r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		s := &Session{Hash: hash}
		if found, err := tx.Get(s); err != nil || !found {
			return err
		}
		change(s, at)
		return tx.Put(s)
	})
}

type endSessionsBody struct {
	Account AccountID
	Member  MemberID
}

// applyEndSessions ends the sessions and links of a closed member.
func (t *turn) applyEndSessions(b endSessionsBody) error {
	var ended []Record
	err := each(t.tx, "", func(s *Session) error {
		if s.Space.Member == b.Member && s.Ended.IsZero() {
			s.Ended = t.at
			ended = append(ended, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = each(t.tx, "", func(l *Link) error {
		if l.Space.Member == b.Member && l.Used.IsZero() {
			l.Used = t.at
			ended = append(ended, l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.enter(audit.Entry{Act: audit.HelperClosed, On: []string{string(b.Account)}})
	return putAll(t.tx, ended...)
}

// tokenHash is what the store keeps of a token.
func (r *Register) tokenHash(t personal.Token) string { return hex.EncodeToString(r.keys.TokenHash(t)) }
