// Package kvtest checks that a backend keeps the contract of package kv: the
// eight rules, the limits, the errors, and agreement with a plain map under
// random operations. A backend's test is a few lines:
//
//	kvtest.Run(t, func(t *testing.T) kv.DB { return mem.Open(mem.Options{}) })
package kvtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"aval/store/kv"
)

// An Option tells the suite what more a backend can do.
type Option func(*suite)

// Reopen says how to close a store and open what it kept.
func Reopen(reopen func(t *testing.T, db kv.DB) kv.DB) Option {
	return func(s *suite) { s.reopen = reopen }
}

// Second says how to open, beside db, another store on the same data, as a
// second process would. The suite closes it before db.
func Second(second func(t *testing.T, db kv.DB) kv.DB) Option {
	return func(s *suite) { s.second = second }
}

type suite struct {
	open   func(t *testing.T) kv.DB
	reopen func(t *testing.T, db kv.DB) kv.DB
	second func(t *testing.T, db kv.DB) kv.DB
}

// Run runs the suite. open returns an empty store, which the suite closes.
func Run(t *testing.T, open func(t *testing.T) kv.DB, more ...Option) {
	t.Helper()
	s := &suite{open: open}
	for _, o := range more {
		o(s)
	}
	tests := []struct {
		name string
		run  func(*testing.T)
	}{
		{"EmptyIsNotMissing", s.emptyIsNotMissing},
		{"ValuesAreCopies", s.valuesAreCopies},
		{"SeesItsOwnWrites", s.seesItsOwnWrites},
		{"SpacesAndBucketsAreApart", s.spacesAndBucketsAreApart},
		{"Limits", s.limits},
		{"BucketNames", s.bucketNames},
		{"ViewIsReadOnly", s.viewIsReadOnly},
		{"TxEndsWithItsFunction", s.txEndsWithItsFunction},
		{"ScanBounds", s.scanBounds},
		{"ScanEndsEarly", s.scanEndsEarly},
		{"ScanOfManyRows", s.scanOfManyRows},
		{"ScanOfLargeRows", s.scanOfLargeRows},
		{"FailureLeavesNothing", s.failureLeavesNothing},
		{"PanicLeavesNothing", s.panicLeavesNothing},
		{"Counter", s.counter},
		{"WriteSkew", s.writeSkew},
		{"Neighbours", s.neighbours},
		{"ViewIsOneSnapshot", s.viewIsOneSnapshot},
		{"ContextEndedBefore", s.contextEndedBefore},
		{"ContextEndsWhileWaiting", s.contextEndsWhileWaiting},
		{"ContextEndsInside", s.contextEndsInside},
		{"Closed", s.closed},
		{"CloseWaits", s.closeWaits},
		{"Model", s.model},
		{"Copy", s.copy},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

// db opens an empty store for one test.
func (s *suite) db(t *testing.T) kv.DB {
	t.Helper()
	db := s.open(t)
	closeLater(t, db)
	return db
}

// closeLater closes db at the end of the test, unless the test did.
func closeLater(t *testing.T, db kv.DB) {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
}

var bucket = kv.Bucket{Name: "test"}

// update and view fail the test, outside the function, if it fails.
func update(t *testing.T, db kv.DB, s kv.Space, fn func(kv.Tx) error) {
	t.Helper()
	if err := db.Update(context.Background(), s, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, db kv.DB, s kv.Space, fn func(kv.Tx) error) {
	t.Helper()
	if err := db.View(context.Background(), s, fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// put sets pairs of key and value in one update.
func put(t *testing.T, db kv.DB, s kv.Space, pairs ...string) {
	t.Helper()
	update(t, db, s, func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put(bucket, []byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// A row is a key and its value.
type row struct{ key, value string }

// rows reads all of a bucket.
func rows(tx kv.Tx, b kv.Bucket, from, to []byte) ([]row, error) {
	var all []row
	err := tx.Scan(b, from, to, func(key, value []byte) error {
		if value == nil {
			return fmt.Errorf("scan shows a nil value for %q", key)
		}
		all = append(all, row{string(key), string(value)})
		return nil
	})
	return all, err
}

// wantRows checks the contents of the test bucket, as pairs of key and value.
func wantRows(t *testing.T, db kv.DB, s kv.Space, pairs ...string) { //nolint:unparam // each call names its space, as put and view do
	t.Helper()
	view(t, db, s, func(tx kv.Tx) error { return sameRows(tx, nil, nil, pairs...) })
}

func sameRows(tx kv.Tx, from, to []byte, pairs ...string) error {
	all, err := rows(tx, bucket, from, to)
	if err != nil {
		return err
	}
	var got []string
	for _, r := range all {
		got = append(got, r.key, r.value)
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", pairs) {
		return fmt.Errorf("scan from %q to %q shows %q, want %q", from, to, got, pairs)
	}
	return nil
}

// sameValue checks one key; a nil value means that it is missing.
func sameValue(tx kv.Tx, key string, want []byte) error {
	got, err := tx.Get(bucket, []byte(key))
	if err != nil {
		return err
	}
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		return fmt.Errorf("key %q has %q (missing: %t), want %q (missing: %t)", key, got, got == nil, want, want == nil)
	}
	return nil
}

// run calls fn and returns what it panicked with.
func run(fn func() error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn()
}
