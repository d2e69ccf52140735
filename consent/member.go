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
	m := Member{ID: MemberID("h_" + random26()), Account: AccountID("a_" + random26()), Role: n.Role, OpenedBy: by, Hosted: n.Hosted}
	m.Referent, m.Auditor = n.Referent || n.Role == charter.Referent, n.Auditor || n.Role == charter.DPO
	e := enrolment{Account: Account{ID: m.Account, Members: []Membership{{Number: uint32(s.Number()), Slug: s.Slug(), Member: m.ID}}}}
	from, err := r.now(ctx, registerSpace)
	if err != nil {
		return e, personal.Token{}, err
	}
	if n.Hosted {
		// Mandates are dated to the second, and a key counts from its statement on:
		// the one that is made at once must not be older than its mandatary.
		from = from.Truncate(time.Second)
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
	e.Member.Opened, e.Member.Used = t.at, t.at
	if e.Member.Hosted {
		e.Member.Opened = t.at.Truncate(time.Second) // see enrol
	}
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
	t.enter(audit.Entry{Act: audit.HelperOpened, On: []string{string(b.Account.ID)}})
	rows := []Record{&b.Account, &WrappedKey{b.Key}, &Box{Owner: personal.Owner(b.Account.ID), Name: recordName, Version: 1, Sealed: b.Name}}
	if b.Link.Hash != "" { // who is named by a person gets theirs with the mandate
		b.Link.Expires = t.at.Add(linkLife[b.Link.Purpose])
		rows = append(rows, &b.Link)
	}
	return putAll(t.tx, rows...)
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
	// Hosted: of no structure; a relative always is. See NameHelper, by which a
	// person names them.
	Hosted bool
}

// valid checks the role, and that the name is of one person: nobody lends an
// account, so none is a desk's or a mailbox's (C21).
func (r *Register) valid(n *NewHelper) error {
	info, ok := r.charter.Role(n.Role)
	if !ok || info.Kind == charter.KindParty {
		return &Invalid{Pointer: "/role", Reason: "role"}
	}
	can, only := r.charter.Hosts(n.Role)
	n.Hosted = n.Hosted || only
	switch {
	case n.Hosted && (!can || n.Referent || n.Auditor):
		return &Invalid{Pointer: "/role", Reason: "role_hosted"}
	case n.Name.String() == "":
		return &Invalid{Pointer: "/name", Reason: "empty"}
	}
	return nil
}

// ownName refuses a name that is nobody's (C21), as an attempt that is entered;
// the entry does not hold it.
func (t *turn) ownName(name screen.Clean, act audit.Action) error {
	if !t.r.charter.SharedName(name.String()) {
		return nil
	}
	return t.refuse(Attempt{Action: act}, &charter.Finding{
		Rule: "C21", Reason: NameShared, Instead: charter.Correct, Pointer: "/name",
	})
}

// OpenHelper lets a referent open a member of their structure. It returns the
// link with which the helper enrols, within 24 hours.
func (r *Register) OpenHelper(ctx context.Context, a Actor, n NewHelper) (Invitation, error) {
	if err := r.valid(&n); err != nil {
		return Invitation{}, err
	}
	var e enrolment
	var token personal.Token
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpOpenMember})
	if err == nil && may && !r.charter.SharedName(n.Name.String()) { // else no key is made
		e, token, err = r.enrol(ctx, a.space, n, a.by())
	}
	if err != nil {
		return Invitation{}, err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperOpened, charter.OpOpenMember); err != nil {
			return err
		}
		if err := t.ownName(n.Name, audit.HelperOpened); err != nil {
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

// may tells whether the charter would let the actor go on, and whether the call
// is new, to spare work that leaves traces outside the store. It decides nothing:
// the transaction does.
func (r *Register) may(ctx context.Context, a Actor, f charter.Facts) (may bool, err error) {
	if a.kind == nobody {
		return false, &SignInNeeded{Reason: "session"}
	}
	err = r.rec.View(ctx, a.space, func(tx Tx, at time.Time) error {
		t := &turn{r: r, tx: tx, at: at, actor: a}
		err := t.begin("")
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
