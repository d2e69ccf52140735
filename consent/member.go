package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// An enrolment is everything that opening a member writes, made before the
// transaction: keys are closed, the name is sealed.
type enrolment struct {
	Member      Member
	Stated      string // of the member's key
	MemberKey   personal.WrappedKey
	Account     Account
	AccountName personal.Sealed
	AccountKey  personal.WrappedKey
	Link        Link
}

// enrol prepares a member of a space with a new account and its enrolment link.
func (r *Register) enrol(ctx context.Context, s audit.Space, n NewHelper, by string) (enrolment, personal.Token, error) {
	m := Member{ID: MemberID("h_" + random26()), Account: AccountID("a_" + random26()), Role: n.Role, OpenedBy: by}
	m.Referent, m.Auditor = n.Referent || n.Role == charter.Referent, n.Auditor || n.Role == charter.DPO
	e := enrolment{Account: Account{ID: m.Account, Members: []Membership{{Number: uint32(s.Number()), Slug: s.Slug(), Member: m.ID}}}}
	from, err := r.now(ctx, registerSpace)
	if err != nil {
		return e, personal.Token{}, err
	}
	if m.Kid, e.Stated, err = r.keys.MakeMemberKey(s, displayOwner(m.ID), from); err != nil {
		return e, personal.Token{}, err
	}
	if e.MemberKey, m.Name, err = r.sealName(s, displayOwner(m.ID), n.Name); err != nil {
		return e, personal.Token{}, err
	}
	if e.AccountKey, e.AccountName, err = r.sealName(registerSpace, personal.Owner(m.Account), n.Name); err != nil {
		return e, personal.Token{}, err
	}
	e.Member = m
	token := personal.NewToken()
	e.Link = Link{Hash: r.tokenHash(token), Account: m.Account, Purpose: Enrol, By: by, Space: e.Account.Members[0]}
	return e, token, nil
}

// sealName makes the key of an account or member and seals its name under it.
func (r *Register) sealName(s audit.Space, owner personal.Owner, name screen.Clean) (personal.WrappedKey, personal.Sealed, error) {
	wrapped, key, err := r.keys.NewKey(s, owner, personal.KeyAccount)
	if err != nil {
		return wrapped, "", err
	}
	box, err := personal.Seal(r.keys, key, recordName, 1, personal.Name{Display: personal.NewText(name)})
	return wrapped, box, err
}

// open writes the member in its space and sends the account to the register.
func (t *turn) open(e enrolment) error {
	e.Member.Opened = t.at
	err := putAll(t.tx, &e.Member, &WrappedKey{e.MemberKey}, &Stated{Owner: string(e.Member.ID), JWS: e.Stated})
	if err != nil {
		return err
	}
	t.enter(audit.Entry{Act: audit.HelperOpened, On: []string{string(e.Member.ID)}})
	t.enter(audit.Entry{Act: audit.KeyPublished, On: []string{e.Member.Kid}})
	return t.send(registerSpace, openAccount, openAccountBody{
		Account: e.Account, Name: e.AccountName, Key: e.AccountKey, Link: e.Link,
	})
}

type openAccountBody struct {
	Account Account
	Name    personal.Sealed
	Key     personal.WrappedKey
	Link    Link
}

func (t *turn) applyOpenAccount(b openAccountBody) error {
	b.Account.Opened = t.at
	b.Link.Expires = t.at.Add(linkLife[b.Link.Purpose])
	t.enter(audit.Entry{Act: audit.HelperOpened, On: []string{string(b.Account.ID)}})
	return putAll(t.tx, &b.Account, &WrappedKey{b.Key}, &b.Link,
		&Box{Owner: personal.Owner(b.Account.ID), Name: recordName, Version: 1, Sealed: b.Name})
}

// An Invitation is a one-time link to hand over; its token exists nowhere else.
type Invitation struct {
	Member MemberID
	Token  personal.Token
}

// NewHelper is a member to open.
type NewHelper struct {
	Name screen.Clean
	Role charter.Role
	// Referent and Auditor are offices held beside the role.
	Referent, Auditor bool
}

// OpenHelper lets a referent open a member of their structure. It returns the
// link with which the helper enrols, within 24 hours.
func (r *Register) OpenHelper(ctx context.Context, a Actor, n NewHelper) (Invitation, error) {
	if _, ok := r.charter.Role(n.Role); !ok {
		return Invitation{}, &Invalid{Pointer: "/role", Reason: "role"}
	}
	if n.Name.String() == "" {
		return Invitation{}, &Invalid{Pointer: "/name", Reason: "empty"}
	}
	var e enrolment
	var token personal.Token
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpOpenMember})
	if err == nil && may { // else no key is made
		e, token, err = r.enrol(ctx, a.space, n, a.by())
	}
	if err != nil {
		return Invitation{}, err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperOpened, charter.OpOpenMember); err != nil {
			return err
		}
		if !may {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		if err := t.open(e); err != nil {
			return err
		}
		return t.made(string(e.Member.ID))
	})
	if id, again := replayed(err); again {
		// The token was shown once and is kept nowhere; a new link is the way.
		return Invitation{Member: MemberID(id)}, nil
	}
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Member: e.Member.ID, Token: token}, r.Relay(ctx, a.space)
}

// CloseHelper closes a member from this commit on: every later request of
// theirs is refused, and their sessions end (C23).
func (r *Register) CloseHelper(ctx context.Context, a Actor, id MemberID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperClosed, charter.OpCloseMember); err != nil {
			return err
		}
		m := &Member{ID: id}
		if err := need(t.tx, m, "member"); err != nil {
			return err
		}
		if !m.Closed.IsZero() {
			return &Conflict{Reason: "already_closed"}
		}
		m.Closed = t.at
		if err := t.tx.Put(m); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.HelperClosed, On: []string{string(id)}})
		if err := t.send(registerSpace, endSessions, endSessionsBody{Account: m.Account, Member: id}); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Relay(ctx, a.space)
}

// may tells whether the charter would let the actor go on, and whether the call
// is new, to spare work that leaves traces outside the store. It decides nothing:
// the transaction does.
func (r *Register) may(ctx context.Context, a Actor, f charter.Facts) (may bool, err error) {
	if a.kind == nobody {
		return false, &SignInNeeded{Reason: "session"}
	}
	err = r.rec.View(ctx, a.space, func(tx Tx, at time.Time) error {
		t := &turn{r: r, tx: tx, at: at, actor: a}
		err := t.begin()
		may = err == nil && t.ask(f) == nil
		if _, again := replayed(err); again || isAnswer(err) {
			return nil
		}
		return err
	})
	return may, err
}

// onlyReferent refuses everybody but a referent of the space.
func (t *turn) onlyReferent(action audit.Action, op charter.Operation) error {
	return t.check(Attempt{Action: action}, charter.Facts{Operation: op})
}

// Adhere records that a member read and accepted the charter (C22). The version
// and digest sent must be those in force: they are what was shown.
func (r *Register) Adhere(ctx context.Context, a Actor, version, digest string) error {
	if version != r.charter.Version() || digest != r.charter.Digest() {
		return &Invalid{Pointer: "/digest", Reason: "charter_not_current"}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if t.actor.kind != member {
			return &NotFound{Kind: "use-case"}
		}
		if err := t.check(Attempt{Action: audit.HelperAdhered}, charter.Facts{Operation: charter.OpAdhere, Member: charter.Member{Adhered: version}}); err != nil {
			return err
		}
		t.me.Adhered = Adherence{Version: version, Digest: digest, At: t.at}
		t.enter(audit.Entry{Act: audit.HelperAdhered, On: []string{string(t.me.ID)}, Digest: digest})
		return putAll(t.tx, &t.me)
	})
	return err
}

// putAll writes rows in order.
func putAll(tx Tx, rows ...Record) error { return forAll(rows, tx.Put) }

func deleteAll(tx Tx, rows ...Record) error { return forAll(rows, tx.Delete) }

func forAll(rows []Record, do func(Record) error) error {
	for _, r := range rows {
		if err := do(r); err != nil {
			return err
		}
	}
	return nil
}
