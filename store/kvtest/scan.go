package kvtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"aval/store/kv"
)

func (s *suite) scanBounds(t *testing.T) {
	db := s.db(t)
	keys := []string{"\x00", "\x00\x00", "A", "a", "a\x00", "aa", "b", "\x7f", "\x80", "é", "\xff", "\xff\xff"}
	tests := []struct {
		from, to []byte
		want     []string
	}{
		{nil, nil, []string{"\x00", "\x00\x00", "A", "a", "a\x00", "aa", "b", "\x7f", "\x80", "é", "\xff", "\xff\xff"}},
		{[]byte{}, []byte("a"), []string{"\x00", "\x00\x00", "A"}},
		{[]byte("a"), []byte("b"), []string{"a", "a\x00", "aa"}},
		{[]byte("a\x00"), []byte("aa"), []string{"a\x00"}},
		{[]byte("aaa"), nil, []string{"b", "\x7f", "\x80", "é", "\xff", "\xff\xff"}},
		{[]byte("\xff"), []byte("\xff\x00"), []string{"\xff"}},
		{[]byte("b"), []byte("b"), nil},
		{[]byte("b"), []byte("a"), nil},
		{nil, []byte{}, nil},
		{[]byte("\xff\xff\x00"), nil, nil},
	}
	check := func(tx kv.Tx) error {
		for _, test := range tests {
			var pairs []string
			for _, key := range test.want {
				pairs = append(pairs, key, "value of "+key)
			}
			if err := sameRows(tx, test.from, test.to, pairs...); err != nil {
				return err
			}
		}
		return nil
	}
	update(t, db, 1, func(tx kv.Tx) error {
		for i := range keys { // not in order
			key := keys[(5*i+3)%len(keys)]
			if err := tx.Put(bucket, []byte(key), []byte("value of "+key)); err != nil {
				return err
			}
		}
		return check(tx)
	})
	view(t, db, 1, check)
	update(t, db, 1, check)
}

func (s *suite) scanEndsEarly(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1", "b", "2", "c", "3")
	failure := errors.New("as it is")
	for _, test := range []struct{ given, want error }{
		{kv.Stop, nil},
		{fmt.Errorf("wrapped: %w", kv.Stop), nil},
		{failure, failure},
	} {
		check := func(tx kv.Tx) error {
			seen := ""
			err := tx.Scan(bucket, nil, nil, func(key, value []byte) error {
				seen += string(key)
				if string(key) == "b" {
					return test.given
				}
				return nil
			})
			if err != test.want || seen != "ab" { //nolint:errorlint // it must be the same, not wrapped
				return fmt.Errorf("scan answers %v and has shown %q", err, seen)
			}
			return nil
		}
		update(t, db, 1, check)
		view(t, db, 1, check)
	}
	if err := db.View(context.Background(), 1, func(kv.Tx) error { return kv.Stop }); err != kv.Stop { //nolint:errorlint // as above
		t.Errorf("View answers %v to a function's kv.Stop", err)
	}
}

func number(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// scanOfManyRows fills many pages in one go, then reads, rewrites and deletes
// inside a scan over them.
func (s *suite) scanOfManyRows(t *testing.T) {
	const many = 6000
	db := s.db(t)
	grows := kv.Bucket{Name: "grows", Append: true}
	update(t, db, 1, func(tx kv.Tx) error {
		for i := range many {
			err := errors.Join(
				tx.Put(grows, number(i), number(i)),
				tx.Put(bucket, number(i*7919%many), number(i*7919%many)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	update(t, db, 1, func(tx kv.Tx) error {
		return errors.Join(rewriteInScan(tx, bucket, many), rewriteInScan(tx, grows, many))
	})
	check := func(tx kv.Tx) error {
		return errors.Join(rewritten(tx, bucket, many), rewritten(tx, grows, many))
	}
	view(t, db, 1, check)
	update(t, db, 1, check)
}

// rewriteInScan deletes every third row, doubles every next, and leaves the last.
func rewriteInScan(tx kv.Tx, b kv.Bucket, many int) error {
	next := 0
	err := tx.Scan(b, nil, nil, func(key, value []byte) error {
		n := int(binary.BigEndian.Uint32(key))
		if n != next || !bytes.Equal(key, value) {
			return fmt.Errorf("row %d is %x: %x", next, key, value)
		}
		next++
		behind, err := tx.Get(b, number(max(n-2, 0)))
		if err != nil {
			return err
		}
		if n > 2 && n%3 == 2 && behind != nil {
			return fmt.Errorf("row %d was deleted and is there", n-2)
		}
		switch n % 3 {
		case 0:
			return tx.Delete(b, key)
		case 1:
			return tx.Put(b, key, append(value, value...))
		default:
			return nil
		}
	})
	if err == nil && next != many {
		err = fmt.Errorf("scan shows %d rows, want %d", next, many)
	}
	return err
}

func rewritten(tx kv.Tx, b kv.Bucket, many int) error {
	n := 0
	err := tx.Scan(b, nil, nil, func(key, value []byte) error {
		if n%3 == 0 {
			n++
		}
		want := number(n)
		if n%3 == 1 {
			want = append(want, want...)
		}
		if !bytes.Equal(key, number(n)) || !bytes.Equal(value, want) {
			return fmt.Errorf("row %d is %x: %x", n, key, value)
		}
		n++
		return nil
	})
	if err == nil && n != many {
		err = fmt.Errorf("scan ends at row %d, want %d", n, many)
	}
	return err
}

func (s *suite) scanOfLargeRows(t *testing.T) {
	const many, size = 40, 100 << 10
	db := s.db(t)
	update(t, db, 1, func(tx kv.Tx) error {
		for i := range many {
			if err := tx.Put(bucket, number(i), bytes.Repeat([]byte{byte(i)}, size+i)); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(tx kv.Tx) error {
		n := 0
		err := tx.Scan(bucket, nil, nil, func(key, value []byte) error {
			if !bytes.Equal(key, number(n)) || !bytes.Equal(value, bytes.Repeat([]byte{byte(n)}, size+n)) {
				return fmt.Errorf("row %d is not as it was put", n)
			}
			n++
			return nil
		})
		if err == nil && n != many {
			err = fmt.Errorf("scan shows %d rows, want %d", n, many)
		}
		return err
	}
	view(t, db, 1, check)
	update(t, db, 1, check)
}
