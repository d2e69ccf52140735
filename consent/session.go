package consent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/consent/personal"
)

// A session is who is signed in, at one browser or program, in one space. All ways
// to sign in come together in signIn: whatever proves who asks ends there.

// A session that was not used for sessionIdle asks who is there before it goes on,
// and sessionLife after it began it is over: desks are shared and screens are left
// (C21). Both are ends of half-open times: what comes at the end comes too late.
const (
	sessionIdle = 15 * time.Minute
	sessionLife = 10 * time.Hour
	// choiceLife is how long somebody who proved who they are has to say for which
	// structure they work now.
	choiceLife = 5 * time.Minute
)

// A Proof is a way in which somebody has shown who they are.
type Proof string

// The ways to sign in.
const (
	ByLink    Proof = "link"    // a one-time link, made by a referent or the operator
	ByPasskey Proof = "passkey" // a passkey of theirs, with user verification
	ByOIDC    Proof = "oidc"    // their organisation says so
	ByTOTP    Proof = "totp"    // a one-time code, where browsers refuse passkeys
)

// An arrival is somebody who has just proven who they are.
type arrival struct {
	account AccountID
	how     Proof
	linkBy  string    // who made the link
	key     PasskeyID // that was used
	// reach are the members of the account that the proof is good for: those of
	// the structures that vouched for it. Who works for two structures is let into
	// one by its referent's link, and not into the other.
	reach []MemberID
	// at is the member wanted. Empty, it is that of the running session, or the
	// only one there is.
	at MemberID
	// rows are written with the session: the link that is used up, the key that
	// was used.
	rows []Record
}

// A Welcome is what signing in gives.
type Welcome struct {
	// Session is a new token, each time: what was known before the proof opens
	// nothing after it (session fixation).
	Session personal.Token
	// SteppedUp says that it carries a running session on.
	SteppedUp bool
	How       Proof
	LinkBy    string // who made the link, when it was one
	Space     string // empty when one has to be chosen first, see ChooseSpace
	Expires   time.Time
}

// signIn opens a session for whoever prove has found to be there, or steps the
// running one up when it is of the same account and space. prove runs in the
// transaction, on the register's space, and may run more than once; it writes
// nothing but returns the rows to write. Errors are its own; a closed account, and
// one with no space that the proof is good for, answer *SignInNeeded.
//
// The running session of somebody else ends: a browser holds one.
func (r *Register) signIn(ctx context.Context, c Call, running personal.Token, prove func(*turn) (arrival, error)) (Welcome, error) {
	token := personal.NewToken()
	var w Welcome
	a := Actor{kind: system, space: registerSpace, call: c}
	_, err := r.recordStop(ctx, a, func(t *turn) error { // who signs in may do so in order to stop
		x, err := prove(t)
		if err != nil {
			return err
		}
		s, goesOn, err := t.arrive(x, r.tokenHash(running), r.tokenHash(token))
		if err != nil {
			return err
		}
		w = s.welcome(token)
		w.SteppedUp = goesOn
		return nil
	})
	if err != nil {
		return Welcome{}, err
	}
	return w, r.Relay(ctx, registerSpace)
}

func (s *Session) welcome(token personal.Token) Welcome {
	w := Welcome{Session: token, How: s.By, LinkBy: s.LinkBy, Space: s.Space.Slug, Expires: s.Opened.Add(sessionLife)}
	if !s.bound() {
		w.Expires = s.Opened.Add(choiceLife)
	}
	return w
}

// arrive writes the session of an arrival, and tells whether it carries the running
// one on.
func (t *turn) arrive(x arrival, running, fresh string) (s *Session, goesOn bool, err error) {
	open, err := t.reached(x)
	if err != nil {
		return nil, false, err
	}
	before, found, err := session(t.tx, running)
	if err != nil {
		return nil, false, err
	}
	if found {
		x.rows = append(x.rows, removed{before})
	}
	s = &Session{
		Hash: fresh, ID: SessionID("n_" + random26()), Account: x.account, Opened: t.at, Seen: t.at, StepUp: t.at,
		By: x.how, Reach: members(open), LinkBy: x.linkBy, Passkey: x.key,
	}
	same := found && before.Account == x.account && before.bound() && !before.over(t.at)
	switch {
	case x.at != "":
		s.Space = pick(open, x.at)
	case same && pick(open, before.Space.Member).Member != "":
		s.Space = before.Space
	case len(open) == 1:
		s.Space = open[0]
	}
	if goesOn = same && s.Space.Member == before.Space.Member; goesOn {
		s.ID, s.Opened, s.LinkBy = before.ID, before.Opened, cmp.Or(x.linkBy, before.LinkBy)
	}
	if err := t.writeAll(append(x.rows, s)...); err != nil {
		return nil, false, err
	}
	return s, goesOn, t.noteArrival(s, x)
}

// reached are the memberships that an arrival may enter; there is one at least.
func (t *turn) reached(x arrival) ([]Membership, error) {
	acc := &Account{ID: x.account}
	found, err := t.tx.Get(acc)
	if err != nil {
		return nil, err
	}
	open := acc.reached(x.reach)
	wanted := x.at == "" || pick(open, x.at).Member != ""
	if !found || !acc.Closed.IsZero() || len(open) == 0 || !wanted {
		return nil, &SignInNeeded{Reason: "sign_in"}
	}
	return open, nil
}

// noteArrival enters a sign-in in the register's log and, once it is known where
// to, in the structure's.
func (t *turn) noteArrival(s *Session, x arrival) error {
	by := string(x.how)
	if x.how == ByLink {
		by = x.linkBy
	}
	t.enter(audit.Entry{Act: audit.HelperLogin, On: []string{string(s.Account), by}})
	if !s.bound() {
		return nil
	}
	return t.send(s.Space.space(), noteLogin, noteLoginBody{Member: s.Space.Member, LinkBy: by})
}

type noteLoginBody struct {
	Member MemberID
	LinkBy string // or the word of another proof
}

func (t *turn) applyNoteLogin(b noteLoginBody) error {
	on := []string{string(b.Member)}
	if b.LinkBy != on[0] { // a referent's link for themself
		on = append(on, b.LinkBy)
	}
	t.enter(audit.Entry{Act: audit.HelperLogin, On: on})
	return t.used(b.Member)
}

// removed is a row to delete, among rows to write.
type removed struct{ Record }

// writeAll writes rows, and deletes those that are removed, in order.
func (t *turn) writeAll(rows ...Record) error {
	for _, row := range rows {
		var err error
		if old, is := row.(removed); is {
			err = t.tx.Delete(old.Record)
		} else {
			err = t.tx.Put(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reached are the memberships of an account that are open and in reach.
func (a *Account) reached(reach []MemberID) []Membership {
	return slices.DeleteFunc(slices.Clone(a.Members), func(m Membership) bool {
		return !m.Closed.IsZero() || !slices.Contains(reach, m.Member)
	})
}

func members(list []Membership) []MemberID {
	ids := make([]MemberID, len(list))
	for i, m := range list {
		ids[i] = m.Member
	}
	return ids
}

// pick finds a member's membership; the zero one when it is not in the list.
func pick(list []Membership, id MemberID) Membership {
	for _, m := range list {
		if m.Member == id {
			return m
		}
	}
	return Membership{}
}

func (m Membership) space() audit.Space { return audit.NewSpace(m.Number, m.Slug) }

// bound tells whether the session is of a space already.
func (s *Session) bound() bool { return s.Space.Member != "" }

// session gets a session by the keyed hash of its token.
func session(tx Tx, hash string) (*Session, bool, error) {
	s := &Session{Hash: hash}
	found, err := tx.Get(s)
	return s.known(), found, err
}

// known gives a session that was opened before they had identifiers one: it goes by
// its hash, and came by a link.
func (s *Session) known() *Session {
	if s.ID == "" {
		s.ID, s.By, s.Reach = SessionID(s.Hash), ByLink, []MemberID{s.Space.Member}
	}
	return s
}

// over tells whether a session has ended for good.
func (s *Session) over(at time.Time) bool {
	life := sessionLife
	if !s.bound() {
		life = choiceLife
	}
	return !s.Ended.IsZero() || at.Sub(s.Opened) >= life
}

// idle tells whether a session asks who is there before it goes on.
func (s *Session) idle(at time.Time) bool { return at.Sub(s.Seen) >= sessionIdle }

// A Choice is a structure that somebody may work for now.
type Choice struct {
	Member MemberID
	Slug   string
	Name   string // of the structure
	Here   bool   // the session is of it
}

// Choices are the structures among which the holder of a session chooses: those
// that its proof is good for. It is an answer to somebody who has proven who they
// are but may be of no space yet, so the session's token asks and not an Actor.
func (r *Register) Choices(ctx context.Context, token personal.Token) (list []Choice, err error) {
	err = r.rec.View(ctx, registerSpace, func(tx Tx, at time.Time) error {
		list = nil
		s, open, err := r.chooser(tx, at, token)
		if err != nil {
			return err
		}
		for _, m := range open {
			structure := &Structure{Slug: m.Slug}
			if err := need(tx, structure, "space"); err != nil {
				return err
			}
			list = append(list, Choice{Member: m.Member, Slug: m.Slug, Name: structure.Name.String(), Here: m.Member == s.Space.Member})
		}
		return nil
	})
	return list, err
}

// chooser finds a session that may choose, and among what.
func (r *Register) chooser(tx Tx, at time.Time, token personal.Token) (*Session, []Membership, error) {
	s, found, err := session(tx, r.tokenHash(token))
	switch {
	case err != nil:
		return nil, nil, err
	case !found || s.over(at):
		return nil, nil, &SignInNeeded{Reason: "session"}
	case s.idle(at):
		return nil, nil, &SignInNeeded{Reason: "step_up"}
	}
	acc := &Account{ID: s.Account}
	if err := need(tx, acc, "account"); err != nil {
		return nil, nil, err
	}
	return s, acc.reached(s.Reach), nil
}

// ChooseSpace says for which structure the holder of a session works now. It gives
// a session of that structure and ends the one it came with: a session never
// changes its space. What the proof is not good for is *NotFound.
func (r *Register) ChooseSpace(ctx context.Context, c Call, token personal.Token, id MemberID) (Welcome, error) {
	fresh := personal.NewToken()
	var w Welcome
	_, err := r.record(ctx, Actor{kind: system, space: registerSpace, call: c}, func(t *turn) error {
		before, open, err := r.chooser(t.tx, t.at, token)
		if err != nil {
			return err
		}
		space := pick(open, id)
		if space.Member == "" {
			return &NotFound{Kind: "member"}
		}
		s := *before
		s.Hash, s.ID, s.Space, s.Seen = r.tokenHash(fresh), SessionID("n_"+random26()), space, t.at
		if err := t.writeAll(removed{before}, &s); err != nil {
			return err
		}
		w = s.welcome(fresh)
		return t.noteArrival(&s, arrival{how: s.By, linkBy: s.LinkBy})
	})
	if err != nil {
		return Welcome{}, err
	}
	return w, r.Relay(ctx, registerSpace)
}

// SignedIn finds the actor of a session. Whether the member is still open is
// decided inside each use-case's transaction, not here. The error is
// *SignInNeeded: "session" when there is none or it is over, "step_up" when it was
// left alone for 15 minutes, "space" when its holder has yet to choose one.
func (r *Register) SignedIn(ctx context.Context, token personal.Token) (Actor, error) {
	var s *Session
	var now time.Time
	err := r.rec.View(ctx, registerSpace, func(tx Tx, at time.Time) error {
		var found bool
		var err error
		s, found, err = session(tx, r.tokenHash(token))
		switch now = at; {
		case err != nil:
			return err
		case !found || s.over(at):
			return &SignInNeeded{Reason: "session"}
		case !s.bound():
			return &SignInNeeded{Reason: "space"}
		case s.idle(at):
			return &SignInNeeded{Reason: "step_up"}
		}
		return nil
	})
	if err != nil {
		return Actor{}, err
	}
	if now.Sub(s.Seen) > time.Minute {
		// On a disk that is full it is not noted: who is signed in may come to stop.
		if err := r.seen(ctx, s.Hash); err != nil && !r.isFull(err) {
			return Actor{}, err
		}
	}
	return Actor{
		kind: member, space: s.Space.space(), member: s.Space.Member, account: s.Account,
		session: s.ID, stepUp: s.StepUp, how: s.By, linkBy: s.LinkBy, reach: s.Reach, passkey: s.Passkey,
	}, nil
}

// seen notes that a session is in use; at most once a minute.
func (r *Register) seen(ctx context.Context, hash string) error {
	return r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		s, found, err := session(tx, hash)
		if err != nil || !found {
			return err
		}
		s.Seen = at
		return tx.Put(s)
	})
}

// FormToken is what a form of the actor's session sends back: for browsers that say
// nothing of where a request comes from. It stays the same when the session's
// token changes, so that a form typed before a step-up is not refused after it.
func (r *Register) FormToken(a Actor) string { return r.keys.FormToken(string(a.session)) }

// SignOut ends a session, one that was left alone as well, and the appointment that
// it held. The error is *SignInNeeded when there is none.
func (r *Register) SignOut(ctx context.Context, token personal.Token) error {
	var ended *Session
	err := r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		s, found, err := session(tx, r.tokenHash(token))
		if err == nil && (!found || s.over(at)) {
			err = &SignInNeeded{Reason: "session"}
		}
		if err != nil {
			return err
		}
		ended, s.Ended = s, at
		return tx.Put(s)
	})
	if err != nil || !ended.bound() {
		return err
	}
	return r.rec.Keep(ctx, ended.Space.space(), func(tx Tx, _ time.Time) error {
		return tx.Delete(&Sitting{Session: ended.ID})
	})
}

type endSessionsBody struct {
	Account AccountID
	Member  MemberID
	Asleep  bool // nobody used the account: it may be let in again
}

// applyEndSessions ends the sessions and links of a member who was closed or slept.
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
	acc := &Account{ID: b.Account}
	if err := need(t.tx, acc, "account"); err != nil {
		return err
	}
	for i := range acc.Members {
		if acc.Members[i].Member == b.Member && acc.Members[i].Closed.IsZero() && !b.Asleep {
			acc.Members[i].Closed = t.at
		}
	}
	t.enter(audit.Entry{Act: audit.HelperClosed, On: []string{string(b.Account)}})
	return putAll(t.tx, append(ended, acc)...)
}

// Sessions lists the running sessions of the actor's member, the last used first;
// those left alone are among them.
func (r *Register) Sessions(ctx context.Context, a Actor) (list []*Session, err error) {
	if err := a.sits(); err != nil {
		return nil, err
	}
	err = r.rec.View(ctx, registerSpace, func(tx Tx, at time.Time) error {
		list = nil
		return each(tx, "", func(s *Session) error {
			if s.Space.Member == a.member && !s.over(at) {
				list = append(list, s.known())
			}
			return nil
		})
	})
	slices.SortFunc(list, func(x, y *Session) int { return cmp.Or(y.Seen.Compare(x.Seen), cmp.Compare(x.ID, y.ID)) })
	return list, err
}

// EndSession ends another session of the actor's member, or their own. It needs no
// fresh proof: who finds a stranger's session ends it at once.
func (r *Register) EndSession(ctx context.Context, a Actor, id SessionID) error {
	if err := a.sits(); err != nil {
		return err
	}
	_, err := r.record(ctx, a.holder(), func(t *turn) error {
		var found *Session
		err := each(t.tx, "", func(s *Session) error {
			if s.Space.Member == a.member && s.known().ID == id && !s.over(t.at) {
				found = s
				return StopScan
			}
			return nil
		})
		if err != nil {
			return err
		}
		if found == nil {
			return &NotFound{Kind: "session"}
		}
		found.Ended = t.at
		t.enter(audit.Entry{Act: audit.HelperSignedOut, On: []string{string(a.member), string(id)}})
		return t.tx.Put(found)
	})
	return err
}

// Current tells whether a session is the one that the actor asks by.
func (a Actor) Current(id SessionID) bool { return id == a.session }
