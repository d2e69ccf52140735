package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// A Leaving row says that a member was closed and that not everybody whom it
// concerns was told yet; After is the last of their mandates that was looked at.
type Leaving struct {
	Member MemberID
	After  MandateID
}

func (r *Leaving) Bucket() string { return "leaving" }
func (r *Leaving) Key() string    { return string(r.Member) }

// leavingSlice bounds the mandates that one transaction looks at.
const leavingSlice = 100

// CloseHelper closes a member from this commit on: every later request of theirs
// is refused, and their sessions end (C23). Mandates of which they are the
// mandatary themself end with it, and each person whose mandate names them sees a
// line that says so.
func (r *Register) CloseHelper(ctx context.Context, a Actor, id MemberID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyReferent(audit.HelperClosed, charter.OpCloseMember); err != nil {
			return err
		}
		if err := t.fresh(); err != nil {
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
		if err := t.leave(&Leaving{Member: id}); err != nil {
			return err
		}
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
	if err := r.FinishLeaving(ctx, a.space); err != nil {
		return err
	}
	return r.Relay(ctx, a.space)
}

// leave ends and tells for a slice of the mandates that name a closed member, and
// keeps where it stands when there are more.
func (t *turn) leave(l *Leaving) error {
	var rows []*NamedRow
	var more bool
	err := t.tx.Scan(&NamedRow{}, string(l.Member)+"/", (&NamedRow{Member: l.Member, Mandate: l.After}).Key(), func(_ string, load func(Record) error) error {
		if more = len(rows) == leavingSlice; more {
			return StopScan
		}
		row := &NamedRow{}
		if err := load(row); err != nil {
			return err
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	told := map[PersonID]bool{}
	for _, row := range rows {
		if err := t.leaveMandate(l, row.Mandate, told); err != nil {
			return err
		}
		l.After = row.Mandate
	}
	if more {
		return t.tx.Put(l)
	}
	return t.tx.Delete(l)
}

// leaveMandate ends a mandate whose mandatary is gone (CC 1994: nobody stands in),
// and tells the person of any other that named the member.
func (t *turn) leaveMandate(l *Leaving, id MandateID, told map[PersonID]bool) error {
	m := &Mandate{ID: id}
	if found, err := t.tx.Get(m); err != nil || !found || !open(m.State(t.at)) {
		return err
	}
	if m.Payload.Mandatary == (Mandatary{Kind: charter.MandataryNatural, ID: string(l.Member)}) {
		before := t.r.watchRows(m, t.at)
		if err := m.finish(t.at, Renounced, t.actor.by()); err != nil {
			return err
		}
		dg, err := m.digest()
		if err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.MandateEnded, Person: string(m.Person), Mandate: string(m.ID), Digest: dg,
			Rules: []string{"C23"}, On: []string{string(l.Member)},
		})
		if err := t.tx.Put(m); err != nil {
			return err
		}
		return t.rewatch(m, before)
	}
	if told[m.Person] {
		return nil
	}
	told[m.Person] = true
	t.enter(audit.Entry{
		Act: audit.HelperClosed, Person: string(m.Person), Mandate: string(m.ID), Rules: []string{"C23"}, On: []string{string(l.Member)},
	})
	return nil
}

// digest is that of what is signed; of a draft, of what it says now.
func (m *Mandate) digest() (string, error) {
	if m.Digest != "" {
		return m.Digest, nil
	}
	raw, err := m.Payload.Bytes()
	return digest(raw), err
}

// FinishLeaving goes on with closings that a slice or a stop cut off.
func (r *Register) FinishLeaving(ctx context.Context, s audit.Space) error {
	for {
		var next *Leaving
		err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
			next = nil
			return each(tx, "", func(l *Leaving) error {
				next = l
				return StopScan
			})
		})
		if err != nil || next == nil {
			return err
		}
		_, err = r.record(ctx, systemIn(s), func(t *turn) error {
			l := &Leaving{Member: next.Member}
			if err := need(t.tx, l, "member"); err != nil {
				return err
			}
			t.enter(audit.Entry{Act: audit.HelperClosed, On: []string{string(l.Member)}})
			return t.leave(l)
		})
		if _, gone := err.(*NotFound); err != nil && !gone { //nolint:errorlint // answers are returned as they are
			return err
		}
	}
}
