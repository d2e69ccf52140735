package kvtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"aval/store/kv"
)

const (
	accounts = 64
	money    = 1000
	fill     = 220
	fillSize = 64 << 10
)

// copy copies a store, if it can do that, while callers move money between
// accounts (the sum is constant at each instant, and an account at zero is
// deleted) and one caller writes to two spaces in turn (the first is never
// behind the second, and at most one ahead).
func (s *suite) copy(t *testing.T) {
	db := s.db(t)
	copier, ok := db.(kv.Copier)
	if !ok {
		return // an optional part of the contract
	}
	fillUp(t, db)
	stop := make(chan struct{})
	var moves atomic.Int64
	var writers sync.WaitGroup
	errs := make(chan error, 3)
	for i := range 2 {
		writers.Go(func() { errs <- until(stop, func(n int) error { moves.Add(1); return move(db, 2*n+i) }) })
	}
	writers.Go(func() { errs <- until(stop, func(n int) error { return inTurn(db, n) }) })

	for range 3 {
		copied, err := follow(copier, &moves)
		if err == nil {
			err = checkCopy(copied)
		}
		if err != nil {
			t.Error(err)
		}
	}
	close(stop)
	writers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	failure := errors.New("as it is")
	if err := copier.Copy(context.Background(), func(kv.Row) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("Copy answers %v, want its function's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := copier.Copy(ctx, func(kv.Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Copy answers %v", err)
	}
	put(t, db, 9, "still", "serves")
}

var large = kv.Bucket{Name: "large"} // its rows come before the accounts

func fillUp(t *testing.T, db kv.DB) {
	t.Helper()
	update(t, db, 1, func(tx kv.Tx) error {
		for i := range fill {
			if err := tx.Put(large, number(i), bytes.Repeat([]byte{byte(i)}, fillSize)); err != nil {
				return err
			}
		}
		for i := range accounts {
			if err := tx.Put(bucket, number(i), number(money)); err != nil {
				return err
			}
		}
		return nil
	})
}

func until(stop chan struct{}, fn func(n int) error) error {
	for n := 1; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := fn(n); err != nil {
			return err
		}
	}
}

// move empties one account into another every third time, and moves a little at
// other times.
func move(db kv.DB, n int) error {
	from, to := string(number(n*31%accounts)), string(number((n*17+5)%accounts))
	if from == to {
		return nil
	}
	return db.Update(context.Background(), 1, func(tx kv.Tx) error {
		a, err := readNumber(tx, from)
		if err != nil {
			return err
		}
		b, err := readNumber(tx, to)
		if err != nil {
			return err
		}
		amount := min(a, 3)
		if n%3 == 0 {
			amount = a
		}
		if a == amount {
			err = tx.Delete(bucket, []byte(from))
		} else {
			err = tx.Put(bucket, []byte(from), number(a-amount))
		}
		return errors.Join(err, tx.Put(bucket, []byte(to), number(b+amount)))
	})
}

// inTurn writes n to space 0, then to space 2.
func inTurn(db kv.DB, n int) error {
	for _, space := range []kv.Space{0, 2} {
		err := db.Update(context.Background(), space, func(tx kv.Tx) error {
			return tx.Put(bucket, []byte("turn"), number(n))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type place struct {
	space       kv.Space
	bucket, key string
}

// follow applies the rows of a copy. Now and then it waits until money has moved
// since, so writers must get on while a row is being taken.
func follow(db kv.Copier, moves *atomic.Int64) (map[place][]byte, error) {
	copied, n := make(map[place][]byte), 0
	err := db.Copy(context.Background(), func(r kv.Row) error {
		if n++; n%40 == 0 {
			for seen := moves.Load(); moves.Load() < seen+3; {
				if err := db.(kv.DB).View(context.Background(), 1, func(kv.Tx) error { return nil }); err != nil {
					return err
				}
			}
		}
		at := place{r.Space, r.Bucket, string(r.Key)}
		if r.Deleted {
			delete(copied, at)
		} else {
			copied[at] = bytes.Clone(r.Value)
		}
		spoil(r.Key, r.Value)
		return nil
	})
	return copied, err
}

func checkCopy(copied map[place][]byte) error {
	sum, larges := 0, 0
	for at, value := range copied {
		switch {
		case at.space == 1 && at.bucket == bucket.Name:
			sum += int(binary.BigEndian.Uint32(value))
		case at.bucket == large.Name:
			larges++
			if len(value) != fillSize {
				return fmt.Errorf("a large row has %d bytes", len(value))
			}
		}
	}
	if sum != accounts*money || larges != fill {
		return fmt.Errorf("copy has %d in all accounts and %d large rows, want %d and %d", sum, larges, accounts*money, fill)
	}
	first, second := turn(copied, 0), turn(copied, 2)
	if first != second && first != second+1 {
		return fmt.Errorf("copy has turn %d in the first space and %d in the second", first, second)
	}
	return nil
}

func turn(copied map[place][]byte, s kv.Space) int {
	value := copied[place{s, bucket.Name, "turn"}]
	if value == nil {
		return 0
	}
	return int(binary.BigEndian.Uint32(value))
}
