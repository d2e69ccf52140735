package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"aval/store/kv"
)

func (s *suite) emptyIsNotMissing(t *testing.T) {
	db := s.db(t)
	check := func(tx kv.Tx) error {
		if err := sameValue(tx, "empty", []byte{}); err != nil {
			return err
		}
		return sameValue(tx, "missing", nil)
	}
	update(t, db, 1, func(tx kv.Tx) error {
		if err := sameValue(tx, "empty", nil); err != nil {
			return err
		}
		if err := tx.Put(bucket, []byte("empty"), nil); err != nil {
			return err
		}
		return check(tx)
	})
	view(t, db, 1, check)
	wantRows(t, db, 1, "empty", "")
	update(t, db, 1, func(tx kv.Tx) error { return tx.Put(bucket, []byte("empty"), []byte{}) })
	view(t, db, 1, check)
}

func (s *suite) valuesAreCopies(t *testing.T) {
	db := s.db(t)
	update(t, db, 1, func(tx kv.Tx) error {
		key, value := []byte("key"), []byte("value")
		if err := tx.Put(bucket, key, value); err != nil {
			return err
		}
		spoil(key, value)
		return spoilReads(tx)
	})
	wantRows(t, db, 1, "key", "value")
	// Once more with what is committed, and a rewrite whose buffer is reused.
	update(t, db, 1, func(tx kv.Tx) error {
		if err := spoilReads(tx); err != nil {
			return err
		}
		value := []byte("other")
		if err := tx.Put(bucket, []byte("key"), value); err != nil {
			return err
		}
		spoil(value)
		return sameValue(tx, "key", []byte("other"))
	})
	var keptKey, keptValue []byte
	view(t, db, 1, func(tx kv.Tx) error {
		if err := spoilReads(tx); err != nil {
			return err
		}
		return tx.Scan(bucket, nil, nil, func(key, value []byte) error {
			keptKey, keptValue = key, value
			return nil
		})
	})
	put(t, db, 1, "key", "third", "key2", "fourth")
	if string(keptKey) != "key" || string(keptValue) != "other" {
		t.Errorf("what a View gave became %q, %q", keptKey, keptValue)
	}
	wantRows(t, db, 1, "key", "third", "key2", "fourth")
}

func spoil(all ...[]byte) {
	for _, b := range all {
		for i := range b {
			b[i] ^= 0xFF
		}
		_ = append(b, "overrun"...)
	}
}

// spoilReads spoils everything the transaction gives and looks whether it shows.
func spoilReads(tx kv.Tx) error {
	before, err := rows(tx, bucket, nil, nil)
	if err != nil {
		return err
	}
	for _, r := range before {
		value, err := tx.Get(bucket, []byte(r.key))
		if err != nil {
			return err
		}
		spoil(value)
	}
	err = tx.Scan(bucket, nil, nil, func(key, value []byte) error {
		spoil(key, value)
		return nil
	})
	if err != nil {
		return err
	}
	after, err := rows(tx, bucket, nil, nil)
	if err != nil {
		return err
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		return fmt.Errorf("changing what a transaction gave changed %q to %q", before, after)
	}
	return nil
}

func (s *suite) seesItsOwnWrites(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1", "c", "3", "e", "5")
	steps := func(tx kv.Tx) error {
		return errors.Join(
			tx.Put(bucket, []byte("b"), []byte("2")),
			sameRows(tx, nil, nil, "a", "1", "b", "2", "c", "3", "e", "5"),
			tx.Delete(bucket, []byte("c")),
			sameValue(tx, "c", nil),
			sameRows(tx, nil, nil, "a", "1", "b", "2", "e", "5"),
			tx.Put(bucket, []byte("a"), []byte("one")),
			tx.Put(bucket, []byte("f"), []byte("6")),
			sameRows(tx, nil, nil, "a", "one", "b", "2", "e", "5", "f", "6"),
			tx.Delete(bucket, []byte("b")),
			tx.Delete(bucket, []byte("b")),
			tx.Delete(bucket, []byte("never")),
			tx.Put(bucket, []byte("c"), []byte("again")),
			sameValue(tx, "b", nil),
			sameRows(tx, []byte("a\x00"), []byte("f"), "c", "again", "e", "5"),
		)
	}
	update(t, db, 1, steps)
	wantRows(t, db, 1, "a", "one", "c", "again", "e", "5", "f", "6")
}

func (s *suite) spacesAndBucketsAreApart(t *testing.T) {
	db := s.db(t)
	other := kv.Bucket{Name: "test.other", Append: true}
	spaces := []kv.Space{0, 1, 255, 256, 1 << 31, 1<<32 - 1}
	for _, space := range spaces {
		name := fmt.Sprint(space)
		update(t, db, space, func(tx kv.Tx) error {
			return errors.Join(
				sameRows(tx, nil, nil),
				tx.Put(bucket, []byte("name"), []byte(name)),
				tx.Put(other, []byte("name"), []byte("other "+name)),
				tx.Delete(other, []byte(name)),
			)
		})
	}
	update(t, db, 256, func(tx kv.Tx) error { return tx.Delete(bucket, []byte("name")) })
	for _, space := range spaces {
		name := fmt.Sprint(space)
		view(t, db, space, func(tx kv.Tx) error {
			value, err := tx.Get(other, []byte("name"))
			if err == nil && string(value) != "other "+name {
				err = fmt.Errorf("other bucket has %q", value)
			}
			if space == 256 {
				return errors.Join(err, sameRows(tx, nil, nil))
			}
			return errors.Join(err, sameRows(tx, nil, nil, "name", name))
		})
	}
	view(t, db, 77, func(tx kv.Tx) error {
		return errors.Join(sameValue(tx, "name", nil), sameRows(tx, nil, nil))
	})
}

func (s *suite) limits(t *testing.T) {
	db := s.db(t)
	key, value := bytes.Repeat([]byte{0xFF}, kv.MaxKey), bytes.Repeat([]byte("v"), kv.MaxValue)
	tooLarge := func(err error) error {
		if !errors.Is(err, kv.ErrTooLarge) {
			return fmt.Errorf("error is %v, want kv.ErrTooLarge", err)
		}
		return nil
	}
	long := append(key, 0)
	update(t, db, 1, func(tx kv.Tx) error {
		_, errGet := tx.Get(bucket, long)
		_, errEmpty := tx.Get(bucket, nil)
		return errors.Join(
			tx.Put(bucket, key, value),
			tooLarge(tx.Put(bucket, key, append(value, 'v'))),
			tooLarge(tx.Put(bucket, long, nil)),
			tooLarge(tx.Delete(bucket, long)),
			tooLarge(errGet),
			tooLarge(tx.Put(bucket, []byte{}, []byte("a key has at least one byte"))),
			tooLarge(tx.Delete(bucket, nil)),
			tooLarge(errEmpty),
			tx.Scan(bucket, long, append(long, 0), func(key, value []byte) error { return errors.New("shows something") }),
		)
	})
	// The refusals above did not spoil the transaction.
	wantRows(t, db, 1, string(key), string(value))
	view(t, db, 1, func(tx kv.Tx) error {
		_, err := tx.Get(bucket, long)
		return tooLarge(err)
	})
}

func (s *suite) bucketNames(t *testing.T) {
	db := s.db(t)
	for _, name := range []string{"a", "0", "log.tile", "a-b", "abcdefghijklmnopqrstuvwxyz.-0123"} {
		b := kv.Bucket{Name: name}
		update(t, db, 1, func(tx kv.Tx) error { return tx.Put(b, []byte("k"), []byte(name)) })
		view(t, db, 1, func(tx kv.Tx) error {
			value, err := tx.Get(b, []byte("k"))
			if err == nil && string(value) != name {
				err = fmt.Errorf("bucket %q has %q", name, value)
			}
			return err
		})
	}
	for _, name := range []string{"", "A", "a_b", "a b", "a/b", "é", "a\x00", "abcdefghijklmnopqrstuvwxyz.-01234"} {
		b := kv.Bucket{Name: name}
		refused := func(err error) error {
			if !errors.Is(err, kv.ErrBucket) {
				return fmt.Errorf("bucket %q: error is %v, want kv.ErrBucket", name, err)
			}
			return nil
		}
		reads := func(tx kv.Tx) error {
			_, err := tx.Get(b, []byte("k"))
			return errors.Join(refused(err),
				refused(tx.Scan(b, nil, nil, func(key, value []byte) error { return nil })))
		}
		update(t, db, 1, func(tx kv.Tx) error {
			return errors.Join(reads(tx),
				refused(tx.Put(b, []byte("k"), nil)),
				refused(tx.Delete(b, []byte("k"))))
		})
		view(t, db, 1, reads)
	}
}

func (s *suite) viewIsReadOnly(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1")
	view(t, db, 1, func(tx kv.Tx) error {
		if err := tx.Put(bucket, []byte("a"), []byte("2")); !errors.Is(err, kv.ErrReadOnly) {
			return fmt.Errorf("answer of Put is %v, want kv.ErrReadOnly", err)
		}
		if err := tx.Delete(bucket, []byte("a")); !errors.Is(err, kv.ErrReadOnly) {
			return fmt.Errorf("answer of Delete is %v, want kv.ErrReadOnly", err)
		}
		return sameValue(tx, "a", []byte("1"))
	})
	wantRows(t, db, 1, "a", "1")
}

func (s *suite) txEndsWithItsFunction(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1")
	var fromUpdate, fromView kv.Tx
	update(t, db, 1, func(tx kv.Tx) error { fromUpdate = tx; return nil })
	view(t, db, 1, func(tx kv.Tx) error { fromView = tx; return nil })
	for _, tx := range []kv.Tx{fromUpdate, fromView} {
		if _, err := tx.Get(bucket, []byte("a")); err == nil {
			t.Error("Get works after the function returned")
		}
		if err := tx.Put(bucket, []byte("a"), []byte("2")); err == nil {
			t.Error("Put works after the function returned")
		}
		if err := tx.Delete(bucket, []byte("a")); err == nil {
			t.Error("Delete works after the function returned")
		}
		if err := tx.Scan(bucket, nil, nil, func(key, value []byte) error { return nil }); err == nil {
			t.Error("Scan works after the function returned")
		}
	}
	wantRows(t, db, 1, "a", "1")
}

func (s *suite) failureLeavesNothing(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1", "b", "2")
	failure := errors.New("as it is")
	err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
		return errors.Join(changeEverything(tx), failure)
	})
	if !errors.Is(err, failure) {
		t.Errorf("Update answers %v, want the function's error", err)
	}
	wantRows(t, db, 1, "a", "1", "b", "2")
	err = db.Update(context.Background(), 1, func(kv.Tx) error { return failure })
	if err != failure { //nolint:errorlint // it must be the same, not wrapped
		t.Errorf("Update answers %#v, want the function's error as it is", err)
	}
	err = db.View(context.Background(), 1, func(kv.Tx) error { return failure })
	if err != failure { //nolint:errorlint // as above
		t.Errorf("View answers %#v, want the function's error as it is", err)
	}
}

func (s *suite) panicLeavesNothing(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1", "b", "2")
	for _, value := range []any{"a panic", errors.New("an error"), &struct{ n int }{3}} {
		got, _ := run(func() error {
			return db.Update(context.Background(), 1, func(tx kv.Tx) error {
				if err := changeEverything(tx); err != nil {
					return err
				}
				panic(value)
			})
		})
		if got != value {
			t.Errorf("panic is %v, want %v", got, value)
		}
		got, _ = run(func() error {
			return db.View(context.Background(), 1, func(kv.Tx) error { panic(value) })
		})
		if got != value {
			t.Errorf("panic in View is %v, want %v", got, value)
		}
		wantRows(t, db, 1, "a", "1", "b", "2")
	}
	put(t, db, 1, "c", "3")
	wantRows(t, db, 1, "a", "1", "b", "2", "c", "3")
}

// changeEverything makes changes of every kind to a and b, several to each.
func changeEverything(tx kv.Tx) error {
	fresh := kv.Bucket{Name: "fresh"}
	return errors.Join(
		tx.Put(bucket, []byte("a"), []byte("changed")),
		tx.Delete(bucket, []byte("a")),
		tx.Delete(bucket, []byte("b")),
		tx.Put(bucket, []byte("b"), []byte("back")),
		tx.Put(bucket, []byte("new"), []byte("1")),
		tx.Put(bucket, []byte("new"), []byte("2")),
		tx.Put(bucket, []byte("gone"), []byte("1")),
		tx.Delete(bucket, []byte("gone")),
		tx.Put(fresh, []byte("k"), nil),
		sameRows(tx, nil, nil, "b", "back", "new", "2"),
	)
}
