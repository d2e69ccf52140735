package consent

import (
	"context"
	"time"

	"aval/audit"
)

// appliedLife is how long it is remembered that a message was delivered. Its
// source drops it within the same minute, or tells that it could not.
const appliedLife = 30 * 24 * time.Hour

// dropStale deletes what is over and would only make look-ups slower: sessions
// and links that open nothing any more, appointments that are over, answers to
// calls that are not asked again, and marks of messages long gone. What they did
// stands in the log.
func (r *Register) dropStale(ctx context.Context, s audit.Space) error {
	drops := []func() error{
		func() error {
			return dropRows(ctx, r, s, func(x *Session, at time.Time) bool { return x.over(at) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Sitting, at time.Time) bool { return !at.Before(x.Until) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Link, at time.Time) bool { return !x.Used.IsZero() || !at.Before(x.Expires) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Glass, at time.Time) bool { return !at.Before(x.Until) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Ceremony, at time.Time) bool { return !at.Before(x.Expires) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Idempotency, at time.Time) bool { return !at.Before(x.Expires) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Access, at time.Time) bool { return !at.Before(x.Until) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Spent, at time.Time) bool { return !at.Before(x.Until) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *RefusedText, at time.Time) bool { return x.over(at) })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *Applied, at time.Time) bool { return at.Sub(x.At) > appliedLife })
		},
		func() error {
			return dropRows(ctx, r, s, func(x *CheckOf, at time.Time) bool { return !at.Before(x.Expires) })
		},
		func() error { return r.dropChecks(ctx, s) },
	}
	for _, drop := range drops {
		if err := drop(); err != nil {
			return err
		}
	}
	return nil
}

// dropRows goes through a bucket in short transactions.
func dropRows[R any, P interface {
	*R
	Record
}](ctx context.Context, r *Register, s audit.Space, stale func(P, time.Time) bool) error {
	for after, more := "", true; more; {
		var last string
		err := r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
			rows, end, err := slice[R, P](tx, after)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if !stale(row, at) {
					continue
				}
				if err := tx.Delete(row); err != nil {
					return err
				}
			}
			last = end
			return nil
		})
		if err != nil {
			return err
		}
		after, more = last, last != ""
	}
	return nil
}

// dropChecks deletes the codes of counters that are over, each with the row that
// leads to it.
func (r *Register) dropChecks(ctx context.Context, s audit.Space) error {
	for after, more := "", true; more; {
		var last string
		err := r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
			rows, end, err := slice[CardRow](tx, after)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if row.Check == nil || at.Before(row.Check.Expires) {
					continue
				}
				if err := tx.Delete(row); err != nil {
					return err
				}
				if err := tx.Delete(&CardSerial{Serial: row.Serial}); err != nil {
					return err
				}
			}
			last = end
			return nil
		})
		if err != nil {
			return err
		}
		after, more = last, last != ""
	}
	return nil
}
