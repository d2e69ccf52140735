package consent

import (
	"context"

	"aval/audit"
	"aval/consent/personal"
)

// A helper of two structures has one account and a member record in each. The
// second structure invites them as it invites anybody; they open the link signed
// in and take the invitation into the account that they have. Neither structure
// learns of the other: what is said to the second is the account's pseudonym,
// which no page of its shows.

// JoinStructure takes an invitation into the account of whoever is signed in. It
// needs a fresh sign-in; an unknown, used or expired link answers the same.
func (r *Register) JoinStructure(ctx context.Context, a Actor, token personal.Token) (Membership, error) {
	if a.kind != member {
		return Membership{}, &SignInNeeded{Reason: "session"}
	}
	var joined Membership
	_, err := r.record(ctx, Actor{kind: system, space: registerSpace, call: a.call}, func(t *turn) error {
		if !a.MaySign(t.at) {
			return &SignInNeeded{Reason: "step_up"}
		}
		l := &Link{Hash: r.tokenHash(token)}
		found, err := t.tx.Get(l)
		if err != nil {
			return err
		}
		if !found || l.Purpose != Enrol || !l.Used.IsZero() || !t.at.Before(l.Expires) || l.Account == a.account {
			return &SignInNeeded{Reason: "link"}
		}
		mine, fresh := &Account{ID: a.account}, &Account{ID: l.Account}
		for _, acc := range []*Account{mine, fresh} {
			if err := need(t.tx, acc, "account"); err != nil {
				return err
			}
		}
		if !mine.Closed.IsZero() || !fresh.Closed.IsZero() || len(fresh.Members) != 1 {
			return &SignInNeeded{Reason: "link"}
		}
		for _, m := range mine.Members {
			if m.Slug == l.Space.Slug && m.Closed.IsZero() {
				return &Conflict{Reason: "member_already"}
			}
		}
		joined = l.Space
		mine.Members = append(mine.Members, joined)
		l.Used, fresh.Closed, fresh.Members = t.at, t.at, nil
		t.enter(audit.Entry{Act: audit.HelperOpened, On: []string{string(mine.ID), string(fresh.ID)}})
		space := audit.NewSpace(joined.Number, joined.Slug)
		if err := t.send(space, joinMember, joinMemberBody{Member: joined.Member, From: fresh.ID, To: mine.ID}); err != nil {
			return err
		}
		owner := personal.Owner(fresh.ID)
		gone := []Record{&Box{Owner: owner, Name: recordName}, &WrappedKey{personal.WrappedKey{Owner: owner, Kind: personal.KeyAccount}}}
		for _, row := range gone { // the name that the invitation was made out to
			if err := t.tx.Delete(row); err != nil {
				return err
			}
		}
		if err := t.introduce(a, joined.Member); err != nil {
			return err
		}
		return putAll(t.tx, l, mine, fresh)
	})
	if err != nil {
		return Membership{}, err
	}
	return joined, r.Relay(ctx, registerSpace)
}

// introduce lets the passkey by which somebody is signed in open the structure that
// they join: they hold its invitation, so it has vouched for them. Keys that are
// not at hand are not introduced: somebody else may have added them, with a link of
// the other structure.
func (t *turn) introduce(a Actor, joined MemberID) error {
	if a.passkey == "" {
		return nil
	}
	key := &Passkey{Account: a.account, ID: a.passkey}
	found, err := t.tx.Get(key)
	if err != nil || !found {
		return err
	}
	key.Members = append(key.Members, joined)
	return t.tx.Put(key)
}

type joinMemberBody struct {
	Member   MemberID
	From, To AccountID
}

func (t *turn) applyJoinMember(b joinMemberBody) error {
	m := &Member{ID: b.Member}
	if err := need(t.tx, m, "member"); err != nil {
		return err
	}
	t.enter(audit.Entry{Act: audit.HelperLogin, On: []string{string(b.Member)}})
	if m.Account != b.From {
		return nil
	}
	m.Account = b.To
	return t.tx.Put(m)
}
