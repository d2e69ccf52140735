package bolt

import (
	"context"
	"encoding/binary"
	"maps"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"aval/store/kv"
)

const (
	// sliceTime and sliceBytes bound one transaction of a Copy and what it
	// holds in memory.
	sliceTime  = 2 * time.Millisecond
	sliceBytes = 8 << 20
	// paceShare is how many times a slice's own time a Copy rests after it while
	// others commit: on a small machine a copy must not be felt by who is served.
	paceShare = 4
	// maxRounds is how often a Copy tries to catch up in a transaction of
	// bounded length. Then the next takes as long as it needs, which happens
	// only if rows are taken slower than the register changes.
	maxRounds = 16
)

// changes are keys written since a Copy began.
type changes map[bucketID]map[string]struct{}

func (c changes) add(id bucketID, key []byte) {
	keys := c[id]
	if keys == nil {
		keys = make(map[string]struct{})
		c[id] = keys
	}
	keys[string(key)] = struct{}{}
}

// merge adds the keys of d, which it may keep.
func (c changes) merge(d changes) {
	for id, keys := range d {
		if c[id] == nil {
			c[id] = keys
		} else {
			maps.Copy(c[id], keys)
		}
	}
}

// Copy implements kv.Copier: all rows in slices, then again and again the keys
// changed meanwhile, until they fit one short transaction. Its snapshot is the
// instant of the copy; fn is called for its rows after it has ended. Memory
// grows with the number of keys changed while it runs. One Copy runs at a time.
func (db *DB) Copy(ctx context.Context, fn func(kv.Row) error) error {
	db.copying.Lock()
	defer db.copying.Unlock()
	if err := db.failure(); err != nil {
		return err
	}
	db.track(make(changes))
	defer db.track(nil)
	if err := db.copyAll(ctx, fn); err != nil {
		return err
	}
	return db.copyChanged(ctx, fn)
}

// track has the committer note changed keys from now on, or no longer.
func (db *DB) track(c changes) {
	db.batch.Lock()
	db.tracked = c
	db.batch.Unlock()
}

// A place is where a slice ended: the last row given.
type place struct {
	space, bucket, key []byte
}

func (db *DB) copyAll(ctx context.Context, fn func(kv.Row) error) error {
	var at place
	for whole := false; !whole; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var s slice
		begin, commits := time.Now(), db.durable.Load()
		err := db.read(func(tx *bbolt.Tx) (err error) {
			defer guard(&err)
			s = newSlice()
			whole = s.walk(tx, &at)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.emit(ctx, fn); err != nil {
			return err
		}
		if db.durable.Load() != commits {
			rest(ctx, paceShare*time.Since(begin))
		}
	}
	return nil
}

// rest waits, or until the context ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (db *DB) copyChanged(ctx context.Context, fn func(kv.Row) error) error {
	left := make(changes)
	for round := 1; ; round++ {
		var s slice
		err := db.readChanged(left, func(tx *bbolt.Tx) (err error) {
			defer guard(&err)
			s = newSlice()
			if round > maxRounds {
				s.until, s.room = time.Time{}, 0
			}
			s.take(tx, left)
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.emit(ctx, fn); err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
	}
}

// readChanged adds the keys changed so far to left and runs fn on the state that
// those changes led to: no commit comes between.
func (db *DB) readChanged(left changes, fn func(*bbolt.Tx) error) error {
	db.batch.Lock()
	unlock := sync.OnceFunc(db.batch.Unlock)
	defer unlock()
	changed := db.tracked
	db.tracked = make(changes)
	return db.read(func(tx *bbolt.Tx) error {
		unlock()
		left.merge(changed)
		return fn(tx)
	})
}

// A slice is the rows of one transaction.
type slice struct {
	rows  []kv.Row
	until time.Time // zero: no limit
	room  int
}

func newSlice() slice {
	return slice{until: time.Now().Add(sliceTime), room: sliceBytes}
}

// full says that the transaction should end; never before the first row.
func (s *slice) full() bool {
	if len(s.rows) == 0 || s.until.IsZero() {
		return false
	}
	return s.room < 0 || len(s.rows)%64 == 0 && time.Now().After(s.until)
}

func (s *slice) add(id bucketID, key, value []byte) {
	row := kv.Row{Space: id.space, Bucket: id.name}
	if value == nil {
		row.Key, row.Deleted = clone(key), true
	} else {
		row.Key, row.Value = pair(key, value)
	}
	s.rows = append(s.rows, row)
	s.room -= len(key) + len(value) + 100 // about what a kv.Row takes
}

func (s *slice) emit(ctx context.Context, fn func(kv.Row) error) error {
	for i, row := range s.rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// walk adds the rows after at, moves at, and says whether it came to the end.
func (s *slice) walk(tx *bbolt.Tx, at *place) bool {
	spaces := tx.Cursor()
	for name, _ := spaces.Seek(at.space); name != nil; name, _ = spaces.Next() {
		if string(name) != string(at.space) {
			*at = place{space: clone(name)}
		}
		if !s.walkSpace(tx.Bucket(name), at) {
			return false
		}
	}
	return true
}

func (s *slice) walkSpace(space *bbolt.Bucket, at *place) bool {
	id := bucketID{space: kv.Space(binary.BigEndian.Uint32(at.space))}
	buckets := space.Cursor()
	for name, _ := buckets.Seek(at.bucket); name != nil; name, _ = buckets.Next() {
		if string(name) != string(at.bucket) {
			at.bucket, at.key = clone(name), nil
		}
		id.name = string(name)
		if !s.walkBucket(id, space.Bucket(name), at) {
			return false
		}
	}
	return true
}

func (s *slice) walkBucket(id bucketID, bucket *bbolt.Bucket, at *place) bool {
	var last []byte
	rows := bucket.Cursor()
	for key, value := rows.Seek(at.key); key != nil; key, value = rows.Next() {
		if string(key) == string(at.key) {
			continue // given at the end of the last slice
		}
		if s.full() {
			if last != nil {
				at.key = clone(last)
			}
			return false
		}
		s.add(id, key, value)
		last = key
	}
	return true
}

// take moves as many keys as fit from left into the slice.
func (s *slice) take(tx *bbolt.Tx, left changes) {
	for id, keys := range left {
		bucket := findBucket(tx, id)
		for key := range keys {
			if s.full() {
				return
			}
			var value []byte
			if bucket != nil {
				value = bucket.Get([]byte(key))
			}
			s.add(id, []byte(key), value)
			delete(keys, key)
		}
		delete(left, id)
	}
}
