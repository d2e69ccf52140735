package consent

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// A StandIn says that a colleague takes over for somebody who is away. It is a
// note for those who read a list, and no more: a team's mandates are open to
// every colleague anyway, and where a mandate names its helpers nobody may stand
// in for them (CC 1994). No decision reads it.
type StandIn struct {
	Away, By MemberID
	From, To string // dates, YYYY-MM-DD, in the structure's time zone; To is the last day
}

func (s *StandIn) Bucket() string { return "stand-in" }
func (s *StandIn) Key() string    { return string(s.Away) }

// maxAway is the longest that somebody may be away, in days: longer is a change
// of helper, to be told to the persons.
const maxAway = 366

// StandIns lists those of today and later between members who are not closed, by
// their first day.
func (r *Register) StandIns(ctx context.Context, a Actor) (list []StandIn, err error) {
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		list = nil
		t := &turn{r: r, tx: tx, at: at, actor: a}
		if err := need(tx, &t.profile, "space"); err != nil {
			return err
		}
		today, err := t.today()
		if err != nil {
			return err
		}
		return each(tx, "", func(s *StandIn) error {
			if s.To < today {
				return nil
			}
			err := cmp.Or(t.openMember(s.Away, ""), t.openMember(s.By, ""))
			if _, closed := errors.AsType[*Invalid](err); closed {
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, *s)
			return nil
		})
	})
	slices.SortFunc(list, func(a, b StandIn) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Away, b.Away)) })
	return list, err
}

// today is the date in the structure's time zone.
func (t *turn) today() (string, error) {
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return "", err
	}
	return t.at.In(tz).Format(time.DateOnly), nil
}

// SetStandIn notes who takes over, for a referent or for the one who is away; it
// replaces the note before.
func (r *Register) SetStandIn(ctx context.Context, a Actor, s StandIn) error {
	if err := s.valid(); err != nil {
		return err
	}
	return r.changeStandIn(ctx, a, s.Away, func(t *turn) error {
		today, err := t.today()
		if err != nil {
			return err
		}
		if s.To < today {
			return &Invalid{Pointer: "/to", Reason: "date_past"}
		}
		if err := t.openMember(s.Away, "/away"); err != nil {
			return err
		}
		if err := t.openMember(s.By, "/by"); err != nil {
			return err
		}
		dg, err := rowDigest(&s)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(s.Away), string(s.By)}, Digest: dg})
		return t.tx.Put(&s)
	})
}

// valid checks the dates and that nobody stands in for themself.
func (s *StandIn) valid() error {
	if s.Away == s.By {
		return &Invalid{Pointer: "/by", Reason: "stand_in_self"}
	}
	from, err := time.Parse(time.DateOnly, s.From)
	if err != nil {
		return &Invalid{Pointer: "/from", Reason: "date"}
	}
	to, err := time.Parse(time.DateOnly, s.To)
	if err != nil {
		return &Invalid{Pointer: "/to", Reason: "date"}
	}
	switch {
	case to.Before(from):
		return &Invalid{Pointer: "/to", Reason: "until_before_from"}
	case to.After(from.AddDate(0, 0, maxAway)):
		return &Invalid{Pointer: "/to", Reason: "stand_in_long"}
	}
	return nil
}

// openMember checks that a member is of this space and not closed.
func (t *turn) openMember(id MemberID, pointer string) error {
	m := &Member{ID: id}
	found, err := t.tx.Get(m)
	if err == nil && (!found || !m.Closed.IsZero()) {
		err = &Invalid{Pointer: pointer, Reason: "member_id"}
	}
	return err
}

// DropStandIn takes the note about somebody away.
func (r *Register) DropStandIn(ctx context.Context, a Actor, away MemberID) error {
	return r.changeStandIn(ctx, a, away, func(t *turn) error {
		s := &StandIn{Away: away}
		if err := need(t.tx, s, "stand-in"); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(away)}})
		return t.tx.Delete(s)
	})
}

// mayReplace lets a referent, and a helper for themself.
func (t *turn) mayReplace(away MemberID) error {
	if t.actor.kind == member && t.me.ID == away && !t.me.Referent {
		return t.check(Attempt{Action: audit.StructureUpdated}, charter.Facts{Operation: charter.OpRecord})
	}
	return t.governs()
}

// changeStandIn changes the note about a member.
func (r *Register) changeStandIn(ctx context.Context, a Actor, away MemberID, fn func(*turn) error) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.mayReplace(away); err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		return t.made(string(away))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}
