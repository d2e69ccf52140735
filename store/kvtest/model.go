package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"aval/store/kv"
)

// A model is what a space should hold: bucket, key, value.
type model map[string]map[string]string

func (m model) clone() model {
	same := make(model)
	for name, rows := range m {
		same[name] = maps.Clone(rows)
	}
	return same
}

// An op is one drawn call of a Tx, or a whole scan with writes inside.
type op struct {
	kind     string
	bucket   kv.Bucket
	key      []byte
	to       []byte // of a scan; nil to the end
	value    []byte
	inScan   []op // done at the first row of a scan
	stopAt   int  // rows after which a scan stops; 0 for never
	spoilTwo bool // change the buffers after the call
}

// model compares the store with a map under random transactions, some of which
// fail or panic, with closing and opening in between where the backend can.
func (s *suite) model(t *testing.T) {
	db := s.db(t)
	space := kv.Space(0)
	rapid.Check(t, func(rt *rapid.T) {
		space++ // each run finds its space empty
		want := make(model)
		for range rapid.IntRange(1, 12).Draw(rt, "transactions") {
			if s.reopen != nil && rapid.IntRange(0, 9).Draw(rt, "reopen") == 0 {
				db = s.reopen(t, db)
				closeLater(t, db)
			}
			var err error
			if want, err = transaction(rt, db, space, want); err != nil {
				rt.Fatal(err)
			}
		}
		err := db.View(context.Background(), space, func(tx kv.Tx) error { return want.check(tx) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// transaction draws a transaction, runs it, and returns the model after it.
func transaction(rt *rapid.T, db kv.DB, space kv.Space, before model) (model, error) {
	ops := rapid.SliceOfN(rapid.Custom(drawOp), 0, 12).Draw(rt, "ops")
	end := rapid.SampledFrom([]string{"commit", "commit", "commit", "fail", "panic"}).Draw(rt, "end")
	asked := errors.New("asked for")
	var after model
	panicked, err := run(func() error {
		return db.Update(context.Background(), space, func(tx kv.Tx) error {
			after = before.clone() // the function may run again
			for _, o := range ops {
				if err := after.do(tx, o); err != nil {
					return err
				}
			}
			if err := after.check(tx); err != nil {
				return err
			}
			switch end {
			case "fail":
				return asked
			case "panic":
				panic(asked)
			}
			return nil
		})
	})
	switch {
	case end == "commit" && err == nil && panicked == nil:
		return after, nil
	case end == "fail" && err == asked, end == "panic" && panicked == asked: //nolint:errorlint // the same
		return before, nil
	}
	return nil, fmt.Errorf("a transaction that should %s: error %w, panic %v", end, err, panicked)
}

var buckets = []kv.Bucket{{Name: "a"}, {Name: "a.b"}, {Name: "log", Append: true}}

func drawKey(t *rapid.T) []byte {
	key := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0x7F, 0xFF}), 1, 3).Draw(t, "key")
	if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
		key = bytes.Repeat(key, 300)
	}
	return key
}

func drawOp(t *rapid.T) op {
	o := drawWrite(t)
	o.kind = rapid.SampledFrom([]string{"put", "put", "put", "delete", "get", "scan"}).Draw(t, "kind")
	if o.kind != "scan" {
		return o
	}
	if rapid.Bool().Draw(t, "bounded") {
		o.to = drawKey(t)
	}
	o.stopAt = rapid.IntRange(0, 4).Draw(t, "stop at")
	o.inScan = rapid.SliceOfN(rapid.Custom(drawWrite), 0, 3).Draw(t, "in scan")
	return o
}

func drawWrite(t *rapid.T) op {
	size := rapid.SampledFrom([]int{0, 1, 10, 200, 1500, 9000}).Draw(t, "size")
	return op{
		kind:     rapid.SampledFrom([]string{"put", "delete", "get"}).Draw(t, "kind"),
		bucket:   rapid.SampledFrom(buckets).Draw(t, "bucket"),
		key:      drawKey(t),
		value:    bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, size),
		spoilTwo: rapid.Bool().Draw(t, "spoil"),
	}
}

// do does o to the transaction and to the model, and compares.
func (m model) do(tx kv.Tx, o op) error {
	key, value := bytes.Clone(o.key), bytes.Clone(o.value)
	if o.spoilTwo {
		defer spoil(key, value)
	}
	switch o.kind {
	case "put":
		if m[o.bucket.Name] == nil {
			m[o.bucket.Name] = make(map[string]string)
		}
		m[o.bucket.Name][string(o.key)] = string(o.value)
		return tx.Put(o.bucket, key, value)
	case "delete":
		delete(m[o.bucket.Name], string(o.key))
		return tx.Delete(o.bucket, key)
	case "get":
		got, err := tx.Get(o.bucket, key)
		if err != nil {
			return err
		}
		return m.same(o.bucket, o.key, got)
	default:
		return m.scan(tx, o)
	}
}

// same compares one value; nil stands for a missing one.
func (m model) same(b kv.Bucket, key, got []byte) error {
	want, there := m[b.Name][string(key)]
	if there != (got != nil) || want != string(got) {
		return fmt.Errorf("bucket %s, key %x: %d bytes (missing: %t), want %d (missing: %t)",
			b.Name, key, len(got), got == nil, len(want), !there)
	}
	return nil
}

// scan compares a scan. Rows that are written ahead of it from inside may show or
// not; rows nobody writes must show.
func (m model) scan(tx kv.Tx, o op) error {
	expected := m.keys(o.bucket, o.key, o.to)
	touched := make(map[string]bool)
	var last []byte
	seen := 0
	err := tx.Scan(o.bucket, o.key, o.to, func(key, value []byte) error {
		if bytes.Compare(key, o.key) < 0 || o.to != nil && bytes.Compare(key, o.to) >= 0 || last != nil && bytes.Compare(key, last) <= 0 {
			return fmt.Errorf("scan from %x to %x shows %x after %x", o.key, o.to, key, last)
		}
		last = bytes.Clone(key)
		for len(expected) > 0 && touched[expected[0]] && expected[0] < string(key) {
			expected = expected[1:] // it was written ahead, and need not show
		}
		if !touched[string(key)] {
			if len(expected) == 0 || expected[0] != string(key) {
				return fmt.Errorf("scan from %x to %x shows %x, which is not next", o.key, o.to, key)
			}
			if err := m.same(o.bucket, key, value); err != nil {
				return err
			}
		}
		if len(expected) > 0 && expected[0] == string(key) {
			expected = expected[1:]
		}
		if seen++; seen == 1 {
			for _, inner := range o.inScan {
				if inner.kind != "get" && inner.bucket == o.bucket {
					touched[string(inner.key)] = true
				}
				if err := m.do(tx, inner); err != nil {
					return err
				}
			}
		}
		if seen == o.stopAt {
			return kv.Stop
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range expected {
		if (o.stopAt == 0 || seen < o.stopAt) && !touched[key] {
			return fmt.Errorf("scan from %x to %x does not show %x", o.key, o.to, key)
		}
	}
	return nil
}

// keys returns the keys of a bucket within bounds, in order.
func (m model) keys(b kv.Bucket, from, to []byte) []string {
	var keys []string
	for key := range m[b.Name] {
		if key >= string(from) && (to == nil || key < string(to)) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// check compares everything.
func (m model) check(tx kv.Tx) error {
	for _, b := range buckets {
		if err := m.scan(tx, op{bucket: b}); err != nil {
			return err
		}
	}
	return nil
}
