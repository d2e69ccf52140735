package bolt

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"aval/store/kv"
)

// A Copy that cannot take in one transaction all that changed still ends at one
// instant. Every generation rewrites all rows, twice as much as a slice holds.
func TestCopyCatchesUp(t *testing.T) {
	const keys = 2 * sliceBytes / kv.MaxValue
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	generation := byte(0)
	rewrite := func() error {
		generation++
		return db.Update(context.Background(), 1, func(tx kv.Tx) error {
			for i := range byte(keys) {
				if err := tx.Put(index, []byte{i}, bytes.Repeat([]byte{generation}, kv.MaxValue)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := rewrite(); err != nil {
		t.Fatal(err)
	}
	copied := make(map[byte]byte)
	given := 0
	err := db.Copy(context.Background(), func(r kv.Row) error {
		copied[r.Key[0]] = r.Value[0]
		if given++; given%6 == 0 && generation < 6 {
			return rewrite()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if given < 2*keys {
		t.Errorf("%d rows given: nothing had to be caught up with", given)
	}
	for key := range byte(keys) {
		if copied[key] != copied[0] || copied[key] == 0 {
			t.Errorf("key %d is of generation %d, key 0 of %d", key, copied[key], copied[0])
		}
	}
}

// A Copy ends with the store, and leaves no tracking behind when its function
// fails.
func TestCopyEnds(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	if _, err := appendEntry(db); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("as it is")
	err := db.Copy(context.Background(), func(kv.Row) error { return failure })
	if !errors.Is(err, failure) || db.tracked != nil {
		t.Errorf("Copy answers %v and still tracks %v", err, db.tracked)
	}
	err = db.Copy(context.Background(), func(kv.Row) error {
		if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			return err
		}
		return nil
	})
	if !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Copy of a store closed meanwhile answers %v", err)
	}
}
