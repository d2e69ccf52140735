package bolt

import (
	"bytes"
	"errors"

	"go.etcd.io/bbolt"

	"aval/store/kv"
)

// errOver answers a use of a Tx outside its function.
var errOver = errors.New("bolt: transaction used after its function returned")

// updateTx is the kv.Tx of one function in a batch.
type updateTx struct {
	batch *batch
	space kv.Space
	over  bool
}

func (t *updateTx) Get(b kv.Bucket, key []byte) (value []byte, err error) {
	if err := t.check(b, key, nil); err != nil {
		return nil, err
	}
	defer func() { err = t.batch.broken(err) }()
	defer guard(&err)
	if bucket := t.batch.find(bucketID{t.space, b.Name}); bucket != nil {
		value = clone(bucket.Get(key))
	}
	return value, nil
}

func (t *updateTx) Put(b kv.Bucket, key, value []byte) (err error) {
	if err := t.check(b, key, value); err != nil {
		return err
	}
	defer func() { err = t.batch.broken(err) }()
	defer guard(&err)
	bucket, err := t.batch.make(t.space, b)
	if err != nil {
		return err
	}
	key, value = pair(key, value)
	return t.batch.set(bucketID{t.space, b.Name}, bucket, key, value)
}

func (t *updateTx) Delete(b kv.Bucket, key []byte) (err error) {
	if err := t.check(b, key, nil); err != nil {
		return err
	}
	defer func() { err = t.batch.broken(err) }()
	defer guard(&err)
	id := bucketID{t.space, b.Name}
	bucket := t.batch.find(id)
	if bucket == nil {
		return nil
	}
	return t.batch.set(id, bucket, bytes.Clone(key), nil)
}

func (t *updateTx) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	if err := t.checkBucket(b); err != nil {
		return err
	}
	id := bucketID{t.space, b.Name}
	return scan(from, fn, func(from []byte, r *run) (err error) {
		defer func() { err = t.batch.broken(err) }()
		defer guard(&err)
		r.fetch(t.batch.find(id), from, to)
		return nil
	})
}

func (t *updateTx) check(b kv.Bucket, key, value []byte) error {
	if err := t.checkBucket(b); err != nil {
		return err
	}
	return kv.CheckSizes(key, value)
}

func (t *updateTx) checkBucket(b kv.Bucket) error {
	if t.over {
		return errOver
	}
	return b.Check()
}

// viewTx is the kv.Tx of a View.
type viewTx struct {
	tx    *bbolt.Tx
	space kv.Space
	over  bool
}

func (t *viewTx) end() { t.over = true }

func (t *viewTx) Get(b kv.Bucket, key []byte) (value []byte, err error) {
	if err := t.check(b); err != nil {
		return nil, err
	}
	if err := kv.CheckSizes(key, nil); err != nil {
		return nil, err
	}
	defer guard(&err)
	if bucket := findBucket(t.tx, bucketID{t.space, b.Name}); bucket != nil {
		value = clone(bucket.Get(key))
	}
	return value, nil
}

func (t *viewTx) Put(kv.Bucket, []byte, []byte) error { return kv.ErrReadOnly }

func (t *viewTx) Delete(kv.Bucket, []byte) error { return kv.ErrReadOnly }

func (t *viewTx) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	if err := t.check(b); err != nil {
		return err
	}
	return scan(from, fn, func(from []byte, r *run) (err error) {
		defer guard(&err)
		r.fetch(findBucket(t.tx, bucketID{t.space, b.Name}), from, to)
		return nil
	})
}

func (t *viewTx) check(b kv.Bucket) error {
	if t.over {
		return errOver
	}
	return b.Check()
}

// A run is a few rows of a scan, copied out of bbolt before the caller's
// function sees them: bbolt's cursors do not survive a Put or Delete.
type run struct {
	keys, values [][]byte
	rows, bytes  int // how many to fetch at most
	last         bool
}

const (
	firstRun = 8 // many scans end at their first row
	maxRun   = 256
	runBytes = 256 << 10
)

// fetch replaces the rows by those from the given key on.
func (r *run) fetch(bucket *bbolt.Bucket, from, to []byte) {
	r.keys, r.values, r.last = r.keys[:0], r.values[:0], true
	if bucket == nil {
		return
	}
	size := 0
	cursor := bucket.Cursor()
	for k, v := cursor.Seek(from); k != nil && (to == nil || bytes.Compare(k, to) < 0); k, v = cursor.Next() {
		if len(r.keys) == r.rows || size > r.bytes {
			r.last = false
			return
		}
		key, value := pair(k, v)
		r.keys, r.values = append(r.keys, key), append(r.values, value)
		size += len(k) + len(v)
	}
}

// scan calls fn for row after row, fetched in runs that grow.
func scan(from []byte, fn func(key, value []byte) error, fetch func(from []byte, r *run) error) error {
	r := &run{rows: firstRun, bytes: runBytes}
	for next := from; ; {
		if err := fetch(next, r); err != nil {
			return err
		}
		if !r.last {
			next = append(bytes.Clone(r.keys[len(r.keys)-1]), 0) // fn may change its key
		}
		for i, key := range r.keys {
			switch err := fn(key, r.values[i]); {
			case errors.Is(err, kv.Stop):
				return nil
			case err != nil:
				return err
			}
		}
		if r.last {
			return nil
		}
		r.rows = min(2*r.rows, maxRun)
	}
}

// clone copies a value; what is empty stays empty and does not become nil.
func clone(value []byte) []byte {
	if value == nil {
		return nil
	}
	checkRead(nil, value)
	return append(make([]byte, 0, len(value)), value...)
}

// pair copies a key and a value with one allocation. Appending to either cannot
// reach the other.
func pair(key, value []byte) ([]byte, []byte) {
	checkRead(key, value)
	n := len(key)
	both := append(append(make([]byte, 0, n+len(value)), key...), value...)
	return both[:n:n], both[n:]
}

// checkRead panics, for guard to catch, at sizes that were never written: in a
// damaged file they may be gigabytes.
func checkRead(key, value []byte) {
	if len(key) > kv.MaxKey || len(value) > kv.MaxValue {
		panic("a key or value is over its limit")
	}
}
