package postgres

import (
	"bytes"
	"slices"

	"github.com/jackc/pgx/v5"

	"aval/store/kv"
)

// updateTx is the kv.Tx of an Update: the database's rows under an overlay of
// what the function wrote.
type updateTx struct {
	reader
	written map[string]*overlay // by bucket
	failed  error               // a statement failed: the transaction is lost
}

// An overlay is rows sorted by key.
type overlay struct{ rows []row }

// at returns where key is, or would be.
func (o *overlay) at(key []byte) (int, bool) {
	return slices.BinarySearchFunc(o.rows, key, func(r row, key []byte) int { return bytes.Compare(r.key, key) })
}

func (o *overlay) find(key []byte) (value []byte, found bool) {
	if o == nil {
		return nil, false
	}
	i, found := o.at(key)
	if !found {
		return nil, false
	}
	return o.rows[i].value, true
}

// from returns the first row in from ≤ key < to, nil if there is none.
func (o *overlay) from(from, to []byte) *row {
	if o == nil {
		return nil
	}
	i, _ := o.at(from)
	if i == len(o.rows) || to != nil && bytes.Compare(o.rows[i].key, to) >= 0 {
		return nil
	}
	return &o.rows[i]
}

// note keeps the first error of a statement, after which PostgreSQL refuses all
// others: a function that goes on regardless must not seem to have succeeded.
func (t *updateTx) note(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *updateTx) Get(b kv.Bucket, key []byte) ([]byte, error) {
	if err := t.check(b); err != nil {
		return nil, err
	}
	if err := kv.CheckSizes(key, nil); err != nil {
		return nil, err
	}
	if value, found := t.written[b.Name].find(key); found {
		return clone(value), nil
	}
	value, err := t.get(b, key)
	return value, t.note(err)
}

func (t *updateTx) Put(b kv.Bucket, key, value []byte) error {
	return t.set(b, key, append([]byte{}, value...))
}

func (t *updateTx) Delete(b kv.Bucket, key []byte) error {
	return t.set(b, key, nil)
}

// set keeps value; nil deletes.
func (t *updateTx) set(b kv.Bucket, key, value []byte) error {
	if err := t.check(b); err != nil {
		return err
	}
	if err := kv.CheckSizes(key, value); err != nil {
		return err
	}
	if t.written == nil {
		t.written = make(map[string]*overlay)
	}
	o := t.written[b.Name]
	if o == nil {
		o = &overlay{}
		t.written[b.Name] = o
	}
	i, found := o.at(key)
	if found {
		o.rows[i].value = value
	} else {
		o.rows = slices.Insert(o.rows, i, row{bytes.Clone(key), value})
	}
	return nil
}

// Scan merges the database's rows with the overlay, which it looks at afresh for
// each row, so it shows most of what fn writes ahead of it.
func (t *updateTx) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	if err := t.check(b); err != nil {
		return err
	}
	stored := t.stream(b, from, to)
	for next := from; ; {
		below, err := stored.peek()
		if err != nil {
			return t.note(err)
		}
		shown := t.written[b.Name].from(next, to)
		switch {
		case below == nil && shown == nil:
			return nil
		case shown == nil || below != nil && bytes.Compare(below.key, shown.key) < 0:
			shown = below
			stored.skip()
		case below != nil && bytes.Equal(below.key, shown.key):
			stored.skip()
		}
		next = append(bytes.Clone(shown.key), 0)
		if shown.value == nil {
			continue
		}
		if err := fn(bytes.Clone(shown.key), clone(shown.value)); err != nil {
			return stopped(err)
		}
	}
}

// clone copies b; what is empty stays empty and does not become nil.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// send sends all writes in one batch.
func (t *updateTx) send() error {
	var put, gone struct {
		buckets      []string
		keys, values [][]byte
	}
	for name, o := range t.written {
		for _, r := range o.rows {
			if r.value == nil {
				gone.buckets, gone.keys = append(gone.buckets, name), append(gone.keys, r.key)
			} else {
				put.buckets, put.keys, put.values = append(put.buckets, name), append(put.keys, r.key), append(put.values, r.value)
			}
		}
	}
	var batch pgx.Batch
	if len(put.keys) > 0 {
		batch.Queue(`insert into aval_row (space, bucket, key, value)
			select $1, b, k, v from unnest($2::text[], $3::bytea[], $4::bytea[]) as row (b, k, v)
			on conflict (space, bucket, key) do update set value = excluded.value`,
			int64(t.space), put.buckets, put.keys, put.values)
	}
	if len(gone.keys) > 0 {
		batch.Queue(`delete from aval_row using unnest($2::text[], $3::bytea[]) as gone (b, k)
			where space = $1 and bucket = gone.b and key = gone.k`,
			int64(t.space), gone.buckets, gone.keys)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := t.tx.SendBatch(t.ctx, &batch).Close(); err != nil {
		return statementError(err)
	}
	return nil
}
