package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"aval/store/kv"
)

// A batch is one write transaction of bbolt with the functions that share it.
// They run directly on it, one after the other, so each sees what those before
// it wrote.
type batch struct {
	tx      *bbolt.Tx
	buckets map[bucketID]*bbolt.Bucket
	left    []*call // not started
	started []*call // to be answered
	wrote   bool    // a function that succeeded wrote something
	damage  error   // the file was found damaged: nothing may be committed
	tracked changes // nil when no Copy runs
	undo    []change
}

type bucketID struct {
	space kv.Space
	name  string
}

// A change is one Put or Delete, with what undoes it.
type change struct {
	id     bucketID
	bucket *bbolt.Bucket
	key    []byte
	before []byte // nil if the key was missing; a slice of bbolt's own memory
}

func newBatch(tx *bbolt.Tx, calls []*call, tracked changes) *batch {
	return &batch{
		tx:      tx,
		buckets: make(map[bucketID]*bbolt.Bucket),
		left:    calls,
		started: make([]*call, 0, len(calls)),
		tracked: tracked,
	}
}

// run runs the calls until the time is up.
func (b *batch) run() {
	began := time.Now()
	for len(b.left) > 0 && b.damage == nil && time.Since(began) < maxBatchTime {
		c := b.left[0]
		b.left = b.left[1:]
		if c.take() {
			b.started = append(b.started, c)
			b.call(c)
		}
	}
}

// call runs one function and undoes it if it fails, panics or calls Goexit.
func (b *batch) call(c *call) {
	tx := &updateTx{batch: b, space: c.space}
	b.undo = b.undo[:0]
	kept := false
	defer func() {
		tx.over = true
		if !kept {
			c.panicked = recover()
			b.revert()
		}
	}()
	c.err = c.fn(tx)
	switch {
	case c.err != nil:
		b.revert()
	case len(b.undo) > 0:
		b.wrote = true
		b.track()
	}
	kept = true
}

// revert restores the previous values, newest change first.
func (b *batch) revert() {
	if b.damage != nil {
		return // the transaction is lost anyway
	}
	var err error
	defer func() {
		if err != nil {
			b.damage = err
		}
	}()
	defer guard(&err)
	for i := len(b.undo) - 1; i >= 0 && err == nil; i-- {
		u := b.undo[i]
		if u.before != nil {
			err = u.bucket.Put(u.key, u.before)
		} else {
			err = u.bucket.Delete(u.key)
		}
	}
	b.undo = b.undo[:0]
}

// track tells a running Copy which keys have changed.
func (b *batch) track() {
	if b.tracked == nil {
		return
	}
	for _, u := range b.undo {
		b.tracked.add(u.id, u.key)
	}
}

// find returns a bucket, nil if it is not there.
func (b *batch) find(id bucketID) *bbolt.Bucket {
	if bucket := b.buckets[id]; bucket != nil {
		return bucket
	}
	bucket := findBucket(b.tx, id)
	if bucket != nil {
		b.buckets[id] = bucket
	}
	return bucket
}

// make returns a bucket, created if need be. One created for a function that
// then fails stays, empty: from outside that is no difference.
func (b *batch) make(s kv.Space, name kv.Bucket) (*bbolt.Bucket, error) {
	id := bucketID{s, name.Name}
	bucket := b.find(id)
	if bucket == nil {
		space, err := b.tx.CreateBucketIfNotExists(spaceKey(s))
		if err != nil {
			return nil, err
		}
		if bucket, err = space.CreateBucketIfNotExists([]byte(name.Name)); err != nil {
			return nil, err
		}
		b.buckets[id] = bucket
	}
	if name.Append {
		bucket.FillPercent = 1 // bbolt forgets it with the transaction
	}
	return bucket, nil
}

func findBucket(tx *bbolt.Tx, id bucketID) *bbolt.Bucket {
	space := tx.Bucket(spaceKey(id.space))
	if space == nil {
		return nil
	}
	return space.Bucket([]byte(id.name))
}

// set writes a key, or deletes it if value is nil, and notes how to undo that.
// It keeps key and value.
func (b *batch) set(id bucketID, bucket *bbolt.Bucket, key, value []byte) error {
	before := bucket.Get(key)
	if before == nil && value == nil || before != nil && value != nil && bytes.Equal(before, value) {
		return nil
	}
	b.undo = append(b.undo, change{id, bucket, key, before})
	if value == nil {
		return bucket.Delete(key)
	}
	return bucket.Put(key, value)
}

// broken notes damage met by a function, so that nothing is committed even if
// the function goes on as if nothing had happened.
func (b *batch) broken(err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, kv.ErrDamaged) {
		err = fmt.Errorf("%w: %w", kv.ErrDamaged, err)
	}
	b.damage = err
	return err
}
