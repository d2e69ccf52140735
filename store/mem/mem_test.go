package mem_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"aval/store/kv"
	"aval/store/kvtest"
	"aval/store/mem"
)

func TestContract(t *testing.T) {
	for name, o := range map[string]mem.Options{
		"plain":   {},
		"reruns":  {Reruns: 3},
		"latency": {Latency: func() time.Duration { return rand.N(100 * time.Microsecond) }},
	} {
		t.Run(name, func(t *testing.T) {
			kvtest.Run(t, func(*testing.T) kv.DB { return mem.Open(o) })
		})
	}
}

var bucket = kv.Bucket{Name: "test"}

// The runs that do not count are one to the end, one left midway, and so on.
func TestReruns(t *testing.T) {
	db := mem.Open(mem.Options{Reruns: 4})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	var began, ended int
	err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
		began++
		for _, key := range []string{"a", "b", "c", "d"} {
			if value, err := tx.Get(bucket, []byte(key)); err != nil || value != nil {
				return errors.New("a run sees what an earlier one wrote")
			}
			if err := tx.Put(bucket, []byte(key), nil); err != nil {
				return err
			}
		}
		ended++
		return nil
	})
	if err != nil || began != 5 || ended != 3 {
		t.Errorf("error %v, %d runs began and %d ended, want 5 and 3", err, began, ended)
	}
}

func TestFaults(t *testing.T) {
	broken := errors.New("broken")
	var failing atomic.Int64 // the step at which to fail
	db := mem.Open(mem.Options{Fault: func(space kv.Space, step mem.Step) error {
		if space == 1 && int64(step) == failing.Load() {
			return broken
		}
		return nil
	}})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	put := func(space kv.Space, value string) error {
		return db.Update(context.Background(), space, func(tx kv.Tx) error { return tx.Put(bucket, []byte("k"), []byte(value)) })
	}
	landed := func() string {
		var got []byte
		err := db.View(context.Background(), 1, func(tx kv.Tx) (err error) {
			got, err = tx.Get(bucket, []byte("k"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	failing.Store(int64(mem.Before))
	if err := put(1, "one"); err != broken || landed() != "" { //nolint:errorlint // the same
		t.Errorf("before: error %v, landed %q", err, landed())
	}
	failing.Store(int64(mem.After))
	if err := put(1, "two"); !errors.Is(err, kv.ErrInDoubt) || !errors.Is(err, broken) || landed() != "two" {
		t.Errorf("after: error %v, landed %q", err, landed())
	}
	if err := put(2, "three"); err != nil {
		t.Errorf("another space: %v", err)
	}
}
