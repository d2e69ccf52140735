package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// LogQuery asks for lines of the log of the actor's space: one person's, one
// mandate's, one member's, or the newest.
type LogQuery struct {
	Person  PersonID
	Mandate MandateID
	Member  MemberID
	Purpose charter.Purpose // not needed for one's own lines
	Before  int64           // cursor; 0 means from the newest
	Limit   int             // 1 to 100
}

// LogLines reads lines, newest first, and the cursor of what follows (0 at the
// end). Members read their own without more; what concerns others is for the
// referent and the DPO, for a purpose, and an entry of its own.
func (r *Register) LogLines(ctx context.Context, a Actor, q LogQuery) ([]audit.Line, int64, error) {
	if q.Limit < 1 || q.Limit > maxPage || q.Before < 0 {
		return nil, 0, &Invalid{Pointer: "/limit", Reason: "parameter"}
	}
	if said := count(q.Person != "") + count(q.Mandate != "") + count(q.Member != ""); said > 1 {
		return nil, 0, &Invalid{Reason: "parameter"}
	}
	own := a.kind == member && q.Member == a.member && q.Person == "" && q.Mandate == ""
	if !own {
		if err := r.enterLogRead(ctx, a, q); err != nil {
			return nil, 0, err
		}
	} else if err := r.viewMember(ctx, a, "", func(Tx, time.Time, *Member) error { return nil }); err != nil {
		return nil, 0, err
	}
	log := r.rec.Log()
	if q.Person != "" || q.Mandate != "" || q.Member != "" {
		return log.History(ctx, a.space, audit.Query{
			Person: string(q.Person), Mandate: string(q.Mandate), Actor: string(q.Member), Before: q.Before, Limit: q.Limit,
		})
	}
	return r.newest(ctx, a.space, q)
}

func (r *Register) enterLogRead(ctx context.Context, a Actor, q LogQuery) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.ofSpace(q); err != nil {
			return err
		}
		try := Attempt{Action: audit.ExtractRead, Person: q.Person, Mandate: q.Mandate, Purpose: q.Purpose}
		f := charter.Facts{Operation: charter.OpExtract, Read: charter.Read{Purpose: q.Purpose}}
		if err := t.check(try, f); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.ExtractRead, Person: string(q.Person), Mandate: string(q.Mandate), Purpose: string(q.Purpose),
		})
		return nil
	})
	return err
}

// ofSpace answers "not found" for identifiers that the space does not have, as
// every use-case does. Those who asked to be forgotten are still found here: the
// referent and the DPO answer for what was done.
func (t *turn) ofSpace(q LogQuery) error {
	if t.actor.kind == card && q.Person != t.actor.person {
		return &NotFound{Kind: "person"} // of a log, its holder's lines alone
	}
	for _, ask := range []struct {
		id   string
		row  Record
		kind string
	}{
		{string(q.Person), &Person{ID: q.Person}, "person"},
		{string(q.Mandate), &Mandate{ID: q.Mandate}, "mandate"},
		{string(q.Member), &Member{ID: q.Member}, "member"},
	} {
		if ask.id == "" {
			continue
		}
		if err := need(t.tx, ask.row, ask.kind); err != nil {
			return err
		}
	}
	return nil
}

// newest walks the end of the log, newest first.
func (r *Register) newest(ctx context.Context, s audit.Space, q LogQuery) ([]audit.Line, int64, error) {
	log := r.rec.Log()
	head, err := log.Head(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	to := head.Size
	if q.Before > 0 {
		to = min(to, q.Before)
	}
	from := max(0, to-int64(q.Limit))
	lines := make([]audit.Line, to-from)
	err = log.Lines(ctx, s, from, to, func(l audit.Line) error {
		lines[to-1-l.N] = l
		return nil
	})
	return lines, from, err
}

// MergeIndex keeps the index of a space's log quick to search.
func (r *Register) MergeIndex(ctx context.Context, s audit.Space) error {
	for {
		if did, err := r.rec.Log().MergeIndex(ctx, s); err != nil || !did {
			return err
		}
	}
}
