package kvtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"aval/store/kv"
)

func (s *suite) contextEndedBefore(t *testing.T) {
	db := s.db(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ran := false
	fn := func(kv.Tx) error { ran = true; return nil }
	if err := db.Update(ctx, 1, fn); !errors.Is(err, context.Canceled) {
		t.Errorf("Update answers %v", err)
	}
	if err := db.View(ctx, 1, fn); !errors.Is(err, context.Canceled) {
		t.Errorf("View answers %v", err)
	}
	if ran {
		t.Error("a function ran although its context had ended")
	}
}

// contextEndsWhileWaiting ends the context of a caller that waits for another.
func (s *suite) contextEndsWhileWaiting(t *testing.T) {
	db := s.db(t)
	inside, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		began := false
		first <- db.Update(context.Background(), 1, func(tx kv.Tx) error {
			if !began {
				began = true
				close(inside)
			}
			<-release
			return tx.Put(bucket, []byte("first"), nil)
		})
	}()
	<-inside
	parent, cancel := context.WithCancel(context.Background())
	ctx := &watched{Context: parent, asked: make(chan struct{})}
	second := make(chan error, 1)
	go func() {
		second <- db.Update(ctx, 1, func(tx kv.Tx) error { return tx.Put(bucket, []byte("second"), nil) })
	}()
	<-ctx.asked // to wait for the end of a context, one asks for Done
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("Update answers %v while it waits", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	put(t, db, 1, "third", "")
	wantRows(t, db, 1, "first", "", "third", "")
}

// A watched context tells when somebody first waits for its end.
type watched struct {
	context.Context
	once  sync.Once
	asked chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.asked) })
	return w.Context.Done()
}

// contextEndsInside ends the context in the function: the outcome is awaited.
func (s *suite) contextEndsInside(t *testing.T) {
	db := s.db(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := db.Update(ctx, 1, func(tx kv.Tx) error {
		cancel()
		return errors.Join(sameValue(tx, "a", nil), tx.Put(bucket, []byte("a"), []byte("1")))
	})
	if err != nil {
		t.Errorf("Update answers %v", err)
	}
	wantRows(t, db, 1, "a", "1")
}

func (s *suite) closed(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1", "empty", "")
	if s.reopen != nil {
		again := s.reopen(t, db)
		closeLater(t, again)
		wantRows(t, again, 1, "a", "1", "empty", "")
	} else if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	fn := func(kv.Tx) error { return errors.New("a function ran in a closed store") }
	if err := db.Update(context.Background(), 1, fn); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Update answers %v", err)
	}
	if err := db.View(context.Background(), 1, fn); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("View answers %v", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Close answers %v", err)
	}
	if c, ok := db.(kv.Copier); ok {
		if err := c.Copy(context.Background(), func(kv.Row) error { return nil }); !errors.Is(err, kv.ErrClosed) {
			t.Errorf("Copy answers %v", err)
		}
	}
}

// closeWaits closes the store while functions run: they end as if nothing were.
func (s *suite) closeWaits(t *testing.T) {
	db := s.db(t)
	put(t, db, 1, "a", "1")
	inside, release := make(chan struct{}, 2), make(chan struct{})
	began := false
	done := make(chan error, 3)
	go func() {
		done <- db.View(context.Background(), 1, func(tx kv.Tx) error {
			err := sameValue(tx, "a", []byte("1")) // its snapshot is of now at the latest
			inside <- struct{}{}
			<-release
			return errors.Join(err, sameValue(tx, "a", []byte("1")))
		})
	}()
	<-inside
	go func() {
		done <- db.Update(context.Background(), 1, func(tx kv.Tx) error {
			if !began {
				began = true
				inside <- struct{}{}
			}
			<-release
			return tx.Put(bucket, []byte("a"), []byte("2"))
		})
	}()
	<-inside
	go func() { done <- db.Close() }()
	close(release)
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
