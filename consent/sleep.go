package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// An account that nobody signs in to is somebody's who left without a word. It is
// told after 5 months and shut after 6 (AC-CGU). Whether it is shut is computed at
// each decision from its last sign-in; what is stored is that it was told.

// A Slumber is how far the register went with an account that sleeps.
type Slumber struct {
	Told time.Time // the referent was told
	Shut time.Time // its sessions and links were ended
}

// sleep tells how a member's account stands.
func (r *Register) sleep(m *Member, at time.Time) charter.Sleep { return r.charter.Asleep(m.Used, at) }

// Sleeping tells how long nobody signed in to a member's account; closed ones are
// no matter of it.
func (r *Register) Sleeping(m *Member, at time.Time) charter.Sleep {
	if !m.Closed.IsZero() {
		return charter.Awake
	}
	return r.sleep(m, at)
}

// used notes a sign-in. An account that sleeps too long does not wake by itself:
// the referent lets its holder in again.
func (t *turn) used(id MemberID) error {
	m := &Member{ID: id}
	if found, err := t.tx.Get(m); err != nil || !found {
		return err
	}
	if t.r.sleep(m, t.at) == charter.Asleep {
		return nil
	}
	m.Used, m.Slumber = t.at, Slumber{}
	return t.tx.Put(m)
}

// wake lets a member in again who slept, for the referent or operator who makes
// them a link.
func (t *turn) wake(m *Member) error {
	if t.r.sleep(m, t.at) == charter.Awake {
		return nil
	}
	m.Used, m.Slumber = t.at, Slumber{}
	t.enter(audit.Entry{Act: audit.HelperOpened, On: []string{string(m.ID)}, Rules: []string{"C23"}})
	return t.tx.Put(m)
}

// TellSleepers goes through the members of a space: an account about to be shut is
// told, one that is shut loses its sessions and links, each with an entry; the
// referent's page shows both.
func (r *Register) TellSleepers(ctx context.Context, s audit.Space) error {
	if s == registerSpace {
		return nil
	}
	var due []MemberID
	err := r.rec.View(ctx, s, func(tx Tx, at time.Time) error {
		due = nil
		return each(tx, "", func(m *Member) error {
			if next, moves := r.slumber(m, at); moves && next != m.Slumber {
				due = append(due, m.ID)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, id := range due {
		if err := r.tellSleeper(ctx, s, id); err != nil {
			return err
		}
	}
	if len(due) == 0 {
		return nil
	}
	return r.Relay(ctx, s)
}

// slumber is what a member's account is due at an instant; moves is false where
// nothing is. An account of before this was counted is counted from now on.
func (r *Register) slumber(m *Member, at time.Time) (next Slumber, moves bool) {
	if !m.Closed.IsZero() {
		return m.Slumber, false
	}
	next = m.Slumber
	switch r.sleep(m, at) {
	case charter.Drowsy:
		if next.Told.IsZero() {
			next.Told = at
		}
	case charter.Asleep:
		if next.Shut.IsZero() {
			next.Shut = at
		}
	}
	return next, next != m.Slumber
}

func (r *Register) tellSleeper(ctx context.Context, s audit.Space, id MemberID) error {
	_, err := r.record(ctx, systemIn(s), func(t *turn) error {
		m := &Member{ID: id}
		if err := need(t.tx, m, "member"); err != nil {
			return err
		}
		next, moves := r.slumber(m, t.at)
		if !moves {
			return &Conflict{Reason: "not_due"}
		}
		shut := m.Slumber.Shut.IsZero() && !next.Shut.IsZero()
		m.Slumber = next
		if err := t.tx.Put(m); err != nil {
			return err
		}
		if !shut {
			t.enter(audit.Entry{Act: audit.NoticeSent, On: []string{string(id)}, Rules: []string{"C23"}})
			return nil
		}
		t.enter(audit.Entry{Act: audit.HelperClosed, On: []string{string(id)}, Rules: []string{"C23", string(charter.MemberUnused)}})
		return t.send(registerSpace, endSessions, endSessionsBody{Account: m.Account, Member: id, Asleep: true})
	})
	if isConflict(err, "not_due") {
		return nil
	}
	return err
}
