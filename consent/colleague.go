package consent

import (
	"context"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// Names of colleagues, on the pages of members. A person's page shows the names
// of who helped them with its own entry (see CardPage).

// MemberNames gives the display names of members of the actor's structure, at
// most 50 at once. It is one entry, of the action person.listed without a person:
// names were listed, and nobody's history but the actor's has the line, since no
// data of a person was opened. The log has no action of its own for it.
func (r *Register) MemberNames(ctx context.Context, a Actor, ids []MemberID) (map[MemberID]personal.Text, error) {
	if err := onceEach(ids, "/members"); err != nil {
		return nil, err
	}
	if len(ids) > maxNames {
		return nil, &Invalid{Pointer: "/members", Reason: "list"}
	}
	var members []Member
	passes, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.PersonListed); err != nil {
			return err
		}
		var err error
		if members, err = t.membersOf(ids); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.PersonListed, Fields: nameBoxes(members)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.openNames(ctx, passes[0], members)
}

// onlyMember refuses the operator, who sees pseudonyms only, members who are
// closed or slept, and whoever is only hosted; of a person's card it knows nothing.
func (t *turn) onlyMember(act audit.Action) error {
	finding := &charter.Finding{Rule: "C21", Reason: charter.ActorNotAllowed, Instead: charter.AskReferent}
	switch {
	case t.actor.kind == card:
		return &NotFound{Kind: "use-case"}
	case t.actor.kind == member && !t.me.Closed.IsZero():
		finding.Rule, finding.Reason = "C23", charter.MemberClosed
	case t.actor.kind == member && t.r.sleep(&t.me, t.at) == charter.Asleep:
		finding.Rule, finding.Reason = "C23", charter.MemberUnused
	case t.actor.kind == member && t.me.Hosted:
		finding.Rule, finding.Reason = "C16", charter.HostedOnly
	case t.actor.kind == member:
		return nil
	}
	return t.refuse(Attempt{Action: act}, finding)
}

// membersOf gets members of the space, all of them.
func (t *turn) membersOf(ids []MemberID) ([]Member, error) {
	list := make([]Member, len(ids))
	for i, id := range ids {
		list[i] = Member{ID: id}
		if err := need(t.tx, &list[i], "member"); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// openNames opens the display names that an entry names.
func (r *Register) openNames(ctx context.Context, pass audit.Pass, members []Member) (map[MemberID]personal.Text, error) {
	names := make(map[MemberID]personal.Text, len(members))
	for _, m := range members {
		name, err := personal.Open[personal.Name](ctx, r.keys, pass, displayOwner(m.ID), recordName, m.nameVersion(), m.Name)
		if err != nil {
			return nil, err
		}
		names[m.ID] = name.Display
	}
	return names, nil
}

// nameVersion is the version of the sealed name: 1 until it is changed.
func (m *Member) nameVersion() int64 { return max(1, m.Renamed) }

// SetOwnName changes the display name of the actor: the first referent of a
// structure is opened by the operator, who knows no name.
func (r *Register) SetOwnName(ctx context.Context, a Actor, name screen.Clean) error {
	if name.String() == "" {
		return &Invalid{Pointer: "/name", Reason: "empty"}
	}
	if a.kind != member {
		return &SignInNeeded{Reason: "session"}
	}
	me, _, err := r.Self(ctx, a)
	if err != nil {
		return err
	}
	version := me.nameVersion() + 1
	box, err := r.resealName(ctx, a.space, displayOwner(a.member), version, name)
	if err != nil {
		return err
	}
	accountBox, err := r.resealName(ctx, registerSpace, personal.Owner(a.account), version, name)
	if err != nil {
		return err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.ownName(name, audit.PersonUpdated); err != nil {
			return err
		}
		if t.me.nameVersion() != version-1 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.me.Name, t.me.Renamed = box, version
		t.enter(audit.Entry{Act: audit.PersonUpdated, On: []string{string(t.me.ID), recordName}})
		if err := t.tx.Put(&t.me); err != nil {
			return err
		}
		err := t.send(registerSpace, nameAccount, Box{
			Owner: personal.Owner(t.me.Account), Name: recordName, Version: version, Sealed: accountBox,
		})
		if err != nil {
			return err
		}
		return t.made(string(t.me.ID))
	})
	if _, again := replayed(err); again {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Relay(ctx, a.space)
}

// resealName seals a new display name under the owner's key.
func (r *Register) resealName(ctx context.Context, s audit.Space, owner personal.Owner, version int64, name screen.Clean) (personal.Sealed, error) {
	key, err := r.keys.SealingKey(ctx, s, owner, personal.KeyAccount)
	if err != nil {
		return "", err
	}
	return personal.Seal(r.keys, key, recordName, version, personal.Name{Display: personal.NewText(name)})
}

func (t *turn) applyNameAccount(b Box) error {
	t.enter(audit.Entry{Act: audit.PersonUpdated, On: []string{string(b.Owner), recordName}})
	return t.tx.Put(&b)
}
