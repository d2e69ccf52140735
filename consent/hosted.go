package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// Whom a person names: a relative, or a volunteer of no structure. A structure
// hosts their account, and no more: they are the mandatary themself, nobody stands
// in for them (CC 1994), and they see what the mandates that name them cover.

// A Named is somebody whom a person names to help them.
type Named struct {
	Person PersonID
	Name   screen.Clean
	Role   charter.Role // charter.Relative, or charter.Volunteer outside any team
}

// NameHelper opens the account of somebody whom a person names, at a desk. It
// opens nothing of the person: a mandate does, once the person has signed it and
// the one whom it names has accepted (Terms.For, InviteNamed).
func (r *Register) NameHelper(ctx context.Context, a Actor, n Named) (MemberID, error) {
	if can, _ := r.charter.Hosts(n.Role); !can {
		return "", &Invalid{Pointer: "/role", Reason: "role_hosted"}
	}
	if n.Name.String() == "" {
		return "", &Invalid{Pointer: "/name", Reason: "empty"}
	}
	var e enrolment
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpNameHelper})
	if err == nil && may && !r.charter.SharedName(n.Name.String()) { // else no key is made
		e, _, err = r.enrol(ctx, a.space, NewHelper{Name: n.Name, Role: n.Role, Hosted: true}, a.by())
		e.Link = Link{} // made when there is something to accept
	}
	if err != nil {
		return "", err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(n.Person); err != nil {
			return err
		}
		if err := t.check(Attempt{Action: audit.HelperOpened, Person: n.Person}, charter.Facts{Operation: charter.OpNameHelper}); err != nil {
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
		t.entries[0].Person = string(n.Person) // who sees that it was opened in their name
		return t.made(string(e.Member.ID))
	})
	if id, again := replayed(err); again {
		return MemberID(id), nil
	}
	if err != nil {
		return "", err
	}
	return e.Member.ID, r.Relay(ctx, a.space)
}

// InviteNamed makes the one-time link of whoever is the mandatary of a mandate
// that the person has signed: they sign in with it from where they are, within 24
// hours, read and accept. One that was lost is made again.
func (r *Register) InviteNamed(ctx context.Context, a Actor, id MandateID) (Invitation, error) {
	token := personal.NewToken()
	var named MemberID
	_, err := r.record(ctx, a, func(t *turn) error {
		m := &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		if _, err := t.livePerson(m.Person); err != nil {
			return sameNotFound(err, "mandate")
		}
		if err := t.check(t.attempt(audit.HelperLinked, m), charter.Facts{Operation: charter.OpNameHelper}); err != nil {
			return err
		}
		switch state := m.State(t.at); {
		case m.Payload.Mandatary.Kind != charter.MandataryNatural:
			return &Conflict{Reason: "not_named"}
		case state != Signed && state != Active:
			return &Conflict{Reason: "not_signed"}
		}
		who := &Member{ID: MemberID(m.Payload.Mandatary.ID)}
		if err := need(t.tx, who, "member"); err != nil {
			return err
		}
		if !who.Closed.IsZero() {
			return &Conflict{Reason: "member_closed"}
		}
		named = who.ID
		t.enter(audit.Entry{Act: audit.HelperLinked, Person: string(m.Person), Mandate: string(id), On: []string{string(who.ID)}})
		return t.send(registerSpace, makeLink, Link{
			Hash: r.tokenHash(token), Account: who.Account, Purpose: Enrol, By: a.by(), Space: t.membership(who.ID),
		})
	})
	if err != nil {
		return Invitation{}, err
	}
	return Invitation{Member: named, Token: token}, r.Relay(ctx, a.space)
}

// mandateFor makes a draft one of which a member whom the person named is the
// mandatary.
func (t *turn) mandateFor(m *Mandate, terms Terms) error {
	if terms.For == "" {
		if terms.Tie != "" {
			return &Invalid{Pointer: "/tie", Reason: "tie"}
		}
		return nil
	}
	if len(terms.Helpers) > 0 {
		return &Invalid{Pointer: "/helpers", Reason: "helpers_named"}
	}
	if !t.r.charter.Known(charter.WordTies, string(terms.Tie)) {
		return &Invalid{Pointer: "/tie", Reason: "tie"}
	}
	who := &Member{ID: terms.For}
	found, err := t.tx.Get(who)
	if err != nil {
		return err
	}
	if !found || !who.Hosted || !who.Closed.IsZero() {
		return &Invalid{Pointer: "/for", Reason: "member_id"}
	}
	m.Tie = terms.Tie
	m.Payload.Mandatary = Mandatary{Kind: charter.MandataryNatural, ID: string(who.ID)}
	m.Payload.Helpers = Helpers{Named: []MemberID{who.ID}}
	return nil
}

// names tells whether a mandate names a member.
func (m *Mandate) namesMember(h MemberID) bool { return slices.Contains(m.Payload.Helpers.Named, h) }

// sees answers "not found" for a mandate that does not name whoever is hosted.
func (t *turn) sees(m *Mandate) error {
	if t.me.Hosted && !m.namesMember(t.me.ID) {
		return &NotFound{Kind: "mandate"}
	}
	return nil
}

// knows answers "not found" for a person who never named whoever is hosted: they
// learn of nobody else, and leave no trace with anybody else. With a mandate that
// is over they are refused, and the person sees it.
func (t *turn) knows(p PersonID) error {
	if !t.me.Hosted {
		return nil
	}
	all, err := t.mandates(p)
	if err != nil {
		return err
	}
	if len(t.own(all)) == 0 {
		return &NotFound{Kind: "person"}
	}
	return nil
}

// own leaves of mandates those that the actor may know of.
func (t *turn) own(all []*Mandate) []*Mandate {
	if !t.me.Hosted {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(m *Mandate) bool { return !m.namesMember(t.me.ID) })
}

// ownMandates lists the open mandates that name a member whom a structure hosts.
func ownMandates(tx Tx, me MemberID, at time.Time) (list []*Mandate, err error) {
	err = each(tx, string(me)+"/", func(row *NamedRow) error {
		if len(list) == maxPage {
			return StopScan
		}
		m := &Mandate{ID: row.Mandate}
		found, err := tx.Get(m)
		if err != nil || !found || !open(m.State(at)) || m.Signed.IsZero() {
			return err // nothing is shown to them before the person signed
		}
		if err := hideErased(tx, m); err != nil {
			return notHidden(err)
		}
		list = append(list, m)
		return nil
	})
	sortByTime(list, func(m *Mandate) time.Time { return m.Drafted })
	return list, err
}

// notHidden lets a list go on over what is not found.
func notHidden(err error) error {
	if _, hidden := err.(*NotFound); hidden { //nolint:errorlint // answers are returned as they are
		return nil
	}
	return err
}
