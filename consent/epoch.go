package consent

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"aval/audit"
	"aval/consent/personal"
)

// rewrapSlice bounds the rows that one transaction wraps again.
const rewrapSlice = 100

// TurnEpoch makes this week's epoch key when it is due and wraps the living
// again under it, space by space, in small transactions; what was done stays
// done after a stop. Once every space was gone through twice and nothing was
// left, the epoch is marked; keys of older epochs are destroyed 23 days after
// that mark, never by date alone. It returns the names of what was destroyed.
func (r *Register) TurnEpoch(ctx context.Context) ([]string, error) {
	now, err := r.now(ctx, registerSpace)
	if err != nil {
		return nil, err
	}
	if _, err := r.keys.Turn(now); err != nil {
		return nil, err
	}
	epoch := r.currentEpoch() // to be marked, even if another is made meanwhile
	if !epoch.Rewrapped.IsZero() {
		return r.keys.DestroyDue(now)
	}
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range spaces {
		if err := r.rewrapSpace(ctx, s); err != nil {
			return nil, err
		}
	}
	for _, s := range spaces {
		left, err := r.rewrapOnce(ctx, s)
		if err != nil {
			return nil, err
		}
		if left > 0 {
			return nil, errors.New("consent: rows of an older epoch appeared while wrapping; it is done again at the next run")
		}
	}
	if err := r.keys.MarkRewrapped(epoch.Kid, now); err != nil {
		return nil, err
	}
	return r.keys.DestroyDue(now)
}

// BeginEpoch makes this week's epoch key when it is due, and wraps nothing yet.
func (r *Register) BeginEpoch(ctx context.Context) error {
	now, err := r.now(ctx, registerSpace)
	if err != nil {
		return err
	}
	_, err = r.keys.Turn(now)
	return err
}

func (r *Register) currentEpoch() personal.EpochInfo {
	epochs := r.keys.Epochs()
	return epochs[len(epochs)-1]
}

func (r *Register) rewrapSpace(ctx context.Context, s audit.Space) error {
	for {
		n, err := r.rewrapOnce(ctx, s)
		if err != nil || n == 0 {
			return err
		}
	}
}

// rewrapOnce goes through a space once and returns how many rows it changed.
func (r *Register) rewrapOnce(ctx context.Context, s audit.Space) (int, error) {
	total, err := r.rec.Log().RewrapKeys(ctx, s, r.keys.RewrapBytes)
	if err != nil {
		return total, err
	}
	steps := []func(context.Context, audit.Space, string) (int, string, error){
		r.rewrapKeys, r.rewrapIndex, r.rewrapCards, r.rewrapBirths, r.rewrapMessages,
	}
	for _, step := range steps {
		after := ""
		for {
			n, last, err := step(ctx, s, after)
			if err != nil {
				return total, err
			}
			total += n
			if last == "" {
				break
			}
			after = last
		}
	}
	return total, nil
}

// slice loads up to rewrapSlice rows of a bucket after a key, and the key to go
// on from, empty at the end.
func slice[R any, P interface {
	*R
	Record
}](tx Tx, after string) (rows []P, last string, err error) {
	err = tx.Scan(P(new(R)), "", after, func(key string, load func(Record) error) error {
		row := P(new(R))
		if err := load(row); err != nil {
			return err
		}
		rows = append(rows, row)
		if len(rows) == rewrapSlice {
			last = key
			return StopScan
		}
		return nil
	})
	return rows, last, err
}

// walk calls fn for each row of a bucket of a space, outside any transaction: the
// rows are read in short ones, so that those written meanwhile may be missing.
func walk[R any, P interface {
	*R
	Record
}](ctx context.Context, r *Register, s audit.Space, fn func(P)) error {
	for after, more := "", true; more; {
		var rows []P
		var last string
		err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) (err error) {
			rows, last, err = slice[R, P](tx, after)
			return err
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			fn(row)
		}
		after, more = last, last != ""
	}
	return nil
}

func (r *Register) rewrapKeys(ctx context.Context, s audit.Space, after string) (n int, last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error {
		n = 0
		var rows []*WrappedKey
		if rows, last, err = slice[WrappedKey](tx, after); err != nil {
			return err
		}
		for _, row := range rows {
			again, changed, err := r.keys.Rewrap(s, row.WrappedKey)
			if err != nil {
				return err
			}
			if changed {
				n++
				if err := tx.Put(&WrappedKey{again}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, last, err
}

func (r *Register) rewrapIndex(ctx context.Context, s audit.Space, after string) (n int, last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error {
		n = 0
		var rows []*IndexSeal
		if rows, last, err = slice[IndexSeal](tx, after); err != nil {
			return err
		}
		for _, old := range rows {
			closed, keys, err := r.keys.Reindex(s, old.Closed)
			if err != nil {
				return err
			}
			if string(closed) == string(old.Closed) {
				continue
			}
			n++
			for _, row := range old.Rows {
				if err := tx.Delete(&IndexRow{Row: row, Owner: old.Owner}); err != nil {
					return err
				}
			}
			if err := putAll(tx, indexRecords(old.Owner, closed, keys)...); err != nil {
				return err
			}
		}
		return nil
	})
	return n, last, err
}

func (r *Register) rewrapCards(ctx context.Context, s audit.Space, after string) (n int, last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error {
		n = 0
		var rows []*CardSerial
		if rows, last, err = slice[CardSerial](tx, after); err != nil {
			return err
		}
		for _, serial := range rows {
			card := &CardRow{Row: serial.Row}
			if err := need(tx, card, "card"); err != nil {
				return err
			}
			closed, row, err := r.keys.Recard(card.Closed)
			if err != nil {
				return err
			}
			if string(closed) == string(card.Closed) {
				continue
			}
			n++
			if err := tx.Delete(card); err != nil {
				return err
			}
			card.Closed, card.Row = closed, hex.EncodeToString(row)
			serial.Row = card.Row
			if err := putAll(tx, card, serial); err != nil {
				return err
			}
		}
		return nil
	})
	return n, last, err
}

func (r *Register) rewrapBirths(ctx context.Context, s audit.Space, after string) (n int, last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error {
		n = 0
		var rows []*BirthSeal
		if rows, last, err = slice[BirthSeal](tx, after); err != nil {
			return err
		}
		for _, row := range rows {
			again, changed, err := r.keys.RewrapBirth(s, ownerOf(row.Owner), row.Closed)
			if err != nil {
				return err
			}
			if changed {
				n++
				row.Closed = again
				if err := tx.Put(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, last, err
}

// rewrapMessages sees to it that a message which waits for long does not arrive
// with a key that nothing opens any more.
func (r *Register) rewrapMessages(ctx context.Context, s audit.Space, after string) (n int, last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error {
		n = 0
		var rows []*Message
		if rows, last, err = slice[Message](tx, after); err != nil {
			return err
		}
		for _, row := range rows {
			changed, err := r.rewrapMessage(row)
			if err != nil {
				return err
			}
			if changed {
				n++
				if err := tx.Put(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return n, last, err
}

// rewrapMessage closes again the keys in a message's body. A body that cannot be
// read will not be applied either.
func (r *Register) rewrapMessage(m *Message) (changed bool, err error) {
	switch messageKind(m.Kind) {
	case openSpace:
		return rewrapBody(m, func(b *openSpaceBody) (bool, error) {
			member, err := r.rewrapKey(audit.NewSpace(m.To, m.Slug), &b.Enrolment.MemberKey)
			if err != nil {
				return false, err
			}
			account, err := r.rewrapKey(registerSpace, &b.Enrolment.AccountKey)
			return member || account, err
		})
	case openAccount:
		return rewrapBody(m, func(b *openAccountBody) (bool, error) { return r.rewrapKey(registerSpace, &b.Key) })
	case issueCard:
		return rewrapBody(m, func(b *CardRow) (bool, error) {
			closed, row, err := r.keys.Recard(b.Closed)
			changed := string(closed) != string(b.Closed)
			b.Closed, b.Row = closed, hex.EncodeToString(row)
			return changed, err
		})
	}
	return false, nil
}

func (r *Register) rewrapKey(s audit.Space, w *personal.WrappedKey) (changed bool, err error) {
	*w, changed, err = r.keys.Rewrap(s, *w)
	return changed, err
}

// rewrapBody changes a message's body in place.
func rewrapBody[B any](m *Message, change func(*B) (bool, error)) (changed bool, err error) {
	var body B
	if json.Unmarshal(m.Body, &body) != nil {
		return false, nil //nolint:nilerr // it will not be applied either
	}
	if changed, err = change(&body); err != nil || !changed {
		return false, err
	}
	m.Body, err = json.Marshal(body)
	return true, err
}
