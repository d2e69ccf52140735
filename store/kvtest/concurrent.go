package kvtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"aval/store/kv"
)

const callers = 16

// together runs fn for each of callers at the same time and fails the test with
// the errors they return.
func together(t *testing.T, fn func(caller int) error) {
	t.Helper()
	errs := make([]error, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { errs[i] = fn(i) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// handles returns the store, and a second one on the same data if the backend
// has such a thing.
func (s *suite) handles(t *testing.T) []kv.DB {
	t.Helper()
	dbs := []kv.DB{s.db(t)}
	if s.second != nil {
		second := s.second(t, dbs[0])
		closeLater(t, second)
		dbs = append(dbs, second)
	}
	return dbs
}

func readNumber(tx kv.Tx, key string) (int, error) {
	value, err := tx.Get(bucket, []byte(key))
	if err != nil || value == nil {
		return 0, err
	}
	if len(value) != 4 {
		return 0, fmt.Errorf("key %q has %d bytes", key, len(value))
	}
	return int(binary.BigEndian.Uint32(value)), nil
}

// counter appends to a log from many callers, over every handle: no number is
// missing, none is taken twice, and nobody reads an older state than one
// acknowledged to them.
func (s *suite) counter(t *testing.T) {
	const each = 40
	dbs := s.handles(t)
	entries := kv.Bucket{Name: "entries", Append: true}
	together(t, func(caller int) error {
		last := -1
		for i := range each {
			db, n := dbs[(caller+i)%len(dbs)], 0
			err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
				var err error
				if n, err = readNumber(tx, "next"); err != nil {
					return err
				}
				return errors.Join(
					tx.Put(bucket, []byte("next"), number(n+1)),
					tx.Put(entries, number(n), number(caller*each+i)))
			})
			if err != nil {
				return err
			}
			if n <= last {
				return fmt.Errorf("caller %d got entry %d after %d", caller, n, last)
			}
			last = n
			err = dbs[i%len(dbs)].View(context.Background(), 1, func(tx kv.Tx) error {
				if next, err := readNumber(tx, "next"); err != nil || next <= n {
					return fmt.Errorf("after entry %d a View shows %d: %w", n, next, err)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, db := range dbs {
		view(t, db, 1, func(tx kv.Tx) error {
			seen, next := make(map[uint32]bool), 0
			err := tx.Scan(entries, nil, nil, func(key, value []byte) error {
				who := binary.BigEndian.Uint32(value)
				if int(binary.BigEndian.Uint32(key)) != next || seen[who] {
					return fmt.Errorf("entry %d is %x: %x", next, key, value)
				}
				seen[who] = true
				next++
				return nil
			})
			if err == nil && next != callers*each {
				err = fmt.Errorf("%d entries, want %d", next, callers*each)
			}
			return err
		})
	}
}

// writeSkew lets each caller leave only if another stays. They read each other's
// rows and write their own, so snapshots alone would let all leave.
func (s *suite) writeSkew(t *testing.T) {
	dbs := s.handles(t)
	for round := range 5 {
		space := kv.Space(round)
		update(t, dbs[0], space, func(tx kv.Tx) error {
			for i := range callers {
				if err := tx.Put(bucket, number(i), []byte("here")); err != nil {
					return err
				}
			}
			return nil
		})
		together(t, func(caller int) error {
			return dbs[caller%len(dbs)].Update(context.Background(), space, func(tx kv.Tx) error {
				all, err := rows(tx, bucket, nil, nil)
				if err != nil || len(all) < 2 {
					return err
				}
				return tx.Delete(bucket, number(caller))
			})
		})
		view(t, dbs[0], space, func(tx kv.Tx) error {
			all, err := rows(tx, bucket, nil, nil)
			if err == nil && len(all) != 1 {
				err = fmt.Errorf("%d stayed, want 1", len(all))
			}
			return err
		})
	}
}

// neighbours mixes functions that succeed, fail and panic, all after writing to
// the same rows.
func (s *suite) neighbours(t *testing.T) {
	const each = 60
	db := s.db(t)
	together(t, func(caller int) error {
		for i := range each {
			if err := neighbour(db, caller, i); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, 1, func(tx kv.Tx) error {
		count, err := readNumber(tx, "count")
		if err != nil {
			return err
		}
		if want := callers * each / 3; count != want {
			return fmt.Errorf("count is %d, want %d", count, want)
		}
		return sameValue(tx, "victim", []byte("unharmed"))
	})
	view(t, db, 1, func(tx kv.Tx) error {
		done, err := rows(tx, kv.Bucket{Name: "done"}, nil, nil)
		if err == nil && len(done) != callers*each/3 {
			err = fmt.Errorf("%d rows, want %d", len(done), callers*each/3)
		}
		return err
	})
}

// neighbour is one call: i mod 3 says how it ends.
func neighbour(db kv.DB, caller, i int) error {
	end := errors.New("this call alone")
	panicked, err := run(func() error {
		return db.Update(context.Background(), 1, func(tx kv.Tx) error {
			count, err := readNumber(tx, "count")
			if err != nil {
				return err
			}
			err = errors.Join(
				tx.Put(bucket, []byte("count"), number(count+1)),
				tx.Put(kv.Bucket{Name: "done"}, number(caller<<16|i), nil),
				tx.Put(bucket, []byte("victim"), []byte("unharmed")))
			if err != nil || i%3 == 0 {
				return err
			}
			err = errors.Join(tx.Delete(bucket, []byte("count")), tx.Delete(bucket, []byte("victim")))
			if err != nil {
				return err
			}
			if i%3 == 1 {
				return end
			}
			panic(end)
		})
	})
	switch {
	case i%3 == 0 && (err != nil || panicked != nil),
		i%3 == 1 && (err != end || panicked != nil), //nolint:errorlint // it must be the same
		i%3 == 2 && panicked != end:                 //nolint:errorlint // as above
		return fmt.Errorf("call %d of caller %d: error %v, panic %v", i, caller, err, panicked)
	}
	return nil
}

// viewIsOneSnapshot reads two rows that are only ever written together.
func (s *suite) viewIsOneSnapshot(t *testing.T) {
	const each = 50
	db := s.db(t)
	other := kv.Bucket{Name: "other"}
	put(t, db, 1, "a", "\x00\x00\x00\x00")
	update(t, db, 1, func(tx kv.Tx) error { return tx.Put(other, []byte("a"), number(0)) })
	write := func() error {
		return db.Update(context.Background(), 1, func(tx kv.Tx) error {
			n, err := readNumber(tx, "a")
			if err != nil {
				return err
			}
			return errors.Join(tx.Put(bucket, []byte("a"), number(n+1)), tx.Put(other, []byte("a"), number(n+1)))
		})
	}
	together(t, func(caller int) error {
		for range each {
			if caller%2 == 0 {
				if err := write(); err != nil {
					return err
				}
				continue
			}
			err := db.View(context.Background(), 1, func(tx kv.Tx) error {
				first, err := readNumber(tx, "a")
				if err != nil {
					return err
				}
				second, err := tx.Get(other, []byte("a"))
				if err != nil {
					return err
				}
				if int(binary.BigEndian.Uint32(second)) != first {
					return fmt.Errorf("a View shows %d and %x", first, second)
				}
				return sameValue(tx, "a", number(first))
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
