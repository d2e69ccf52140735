package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"aval/store/kv"
)

// inOneBatch lets the committer wait in a function of its own until all calls
// have arrived, so that they go into one batch, and returns their errors.
func inOneBatch(t *testing.T, db *DB, calls ...func() error) []error {
	t.Helper()
	inside, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
			close(inside)
			<-release
			return tx.Put(index, []byte("first"), nil)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	errs := make([]error, len(calls))
	for i, call := range calls {
		all.Go(func() { errs[i] = call() })
		for int(db.queue.waiting.Load()) <= i { // so they keep their order
			runtime.Gosched()
		}
	}
	close(release)
	all.Wait()
	return errs
}

func TestCallersShareACommit(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	before := db.durable.Load()
	calls := slices.Repeat([]func() error{func() error { _, err := appendEntry(db); return err }}, 64)
	if err := errors.Join(inOneBatch(t, db, calls...)...); err != nil {
		t.Error(err)
	}
	if commits := db.durable.Load() - before; commits != 2 {
		t.Errorf("%d commits, want 2", commits)
	}
	if n, err := checkEntries(db); n != len(calls) || err != nil {
		t.Errorf("%d entries, error %v", n, err)
	}
}

// A function that takes long ends its batch: those behind it go into the next.
func TestSlowFunctionsDoNotShareACommit(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	before := db.durable.Load()
	slow := func() error {
		return db.Update(context.Background(), 1, func(tx kv.Tx) error {
			time.Sleep(maxBatchTime) //nolint:forbidigo // a function that takes long
			value, err := tx.Get(index, []byte("slow"))
			return errors.Join(err, tx.Put(index, []byte("slow"), append(value, 'I')))
		})
	}
	if err := errors.Join(inOneBatch(t, db, slow, slow, slow)...); err != nil {
		t.Error(err)
	}
	if commits := db.durable.Load() - before; commits != 4 {
		t.Errorf("%d commits, want 4", commits)
	}
}

// Pages of a bucket whose keys only grow are filled.
func TestAppendFillsPages(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	for batch := range 20 {
		err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
			for i := range 100 {
				if err := tx.Put(entries, fmt.Appendf(nil, "%09d", 100*batch+i), make([]byte, 30)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := db.bolt.View(func(tx *bbolt.Tx) error {
		s := findBucket(tx, bucketID{1, entries.Name}).Stats()
		if s.LeafInuse*10 < s.LeafAlloc*9 {
			t.Errorf("%d bytes in pages of %d", s.LeafInuse, s.LeafAlloc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An Update that changes nothing commits nothing.
func TestNoCommitWithoutChange(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	if _, err := appendEntry(db); err != nil {
		t.Fatal(err)
	}
	before := db.durable.Load()
	failure := errors.New("fails")
	for _, end := range []error{nil, failure} {
		err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
			value, err := tx.Get(index, count)
			if end != nil {
				err = errors.Join(err, tx.Put(index, count, []byte("77")))
			}
			return errors.Join(err, tx.Put(index, count, value), tx.Delete(index, []byte("none")), end)
		})
		if !errors.Is(err, end) {
			t.Error(err)
		}
	}
	if db.durable.Load() != before {
		t.Error("there was a commit")
	}
}

// The queue's wait is set to an hour here: if anyone waited in vain, so would the
// test.
func TestLinger(t *testing.T) {
	q := newQueue(time.Hour)
	done := make(chan error)
	do := func() {
		done <- q.do(context.Background(), 1, func(kv.Tx) error { return nil })
	}
	serve := func(want int) {
		t.Helper()
		calls := q.next(nil, maxBatch)
		if len(calls) != want {
			t.Errorf("a batch of %d, want %d", len(calls), want)
		}
		for _, c := range calls {
			c.take()
			c.answer(nil)
		}
		for range calls {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	go do()
	serve(1) // a lonely caller is not kept waiting

	q.inFlight.Add(1) // someone on the way
	go do()
	go func() {
		for q.waiting.Load() < 1 {
			runtime.Gosched()
		}
		go do()
		for q.waiting.Load() < 2 {
			runtime.Gosched()
		}
		q.inFlight.Add(-1) // they went elsewhere
	}()
	for q.inFlight.Load() < 2 {
		runtime.Gosched()
	}
	serve(2)
}

// A full batch does not wait for those who would not fit.
func TestLingerWithFullBatch(t *testing.T) {
	q := newQueue(time.Hour)
	for range 3 {
		q.inFlight.Add(1)
		q.add(&call{done: make(chan struct{}, 1)})
	}
	q.inFlight.Add(1)
	if n := len(q.next(nil, 2)); n != 2 {
		t.Errorf("a batch of %d, want 2", n)
	}
}

// runtime.Goexit (t.Fatal calls it) ends the committer's goroutine. That is
// forbidden; still nobody hangs, nothing stays, and the store goes on.
func TestGoexit(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	good := func() error { _, err := appendEntry(db); return err }
	bad := func() error {
		return db.Update(context.Background(), 1, func(tx kv.Tx) error {
			if err := tx.Put(index, count, []byte("1000")); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
	}
	errs := inOneBatch(t, db, good, bad, good, bad, good)
	// Whoever ran before it in its batch is refused too, as what they wrote went
	// with the batch. Those behind it are served afterwards.
	for i, want := range []error{errGoexit, errGoexit, errGoexit, errGoexit, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("call %d answers %v, want %v", i, errs[i], want)
		}
	}
	if n, err := checkEntries(db); n != 1 || err != nil {
		t.Errorf("%d entries, want 1, error %v", n, err)
	}
}

// A View that saw a commit whose sync then failed must not answer.
func TestViewWaitsForTheDisk(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	if _, err := appendEntry(db); err != nil {
		t.Fatal(err)
	}
	id := db.durable.Load()
	db.durable.Store(id - 1) // as between the write of the meta page and its sync
	look := func() error {
		return db.View(context.Background(), 1, func(kv.Tx) error { return nil })
	}
	seen := make(chan error)
	go func() { seen <- look() }()
	db.settle(id)
	if err := <-seen; err != nil {
		t.Errorf("View of a commit that became durable: %v", err)
	}
	db.durable.Store(id - 1)
	go func() {
		seen <- db.View(context.Background(), 1, func(kv.Tx) error {
			db.fail(kv.ErrSync)
			return nil
		})
	}()
	if err := <-seen; !errors.Is(err, kv.ErrSync) {
		t.Errorf("View of a commit that never became durable: %v", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrSync) {
		t.Errorf("Close: %v", err)
	}
}

// replaceFile puts another file under the store's descriptor and returns how to
// undo that. /dev/full refuses writes for lack of room; /dev/null takes them and
// cannot be synced.
func replaceFile(t *testing.T, db *DB, other string) func() {
	t.Helper()
	fd := -1
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		name := "/proc/self/fd/" + l.Name()
		if target, err := os.Readlink(name); err == nil && target == db.bolt.Path() {
			for _, c := range l.Name() {
				fd = max(fd, 0)*10 + int(c-'0')
			}
		}
	}
	kept, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	device, err := os.OpenFile(other, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close() // its copy is used
	replace := func(by int) {
		if err := syscall.Dup3(by, fd, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
	}
	replace(int(device.Fd()))
	return func() {
		replace(kept)
		if err := syscall.Close(kept); err != nil {
			t.Error(err)
		}
	}
}

// withFreePages makes a store in which a small update need not grow the file.
func withFreePages(t *testing.T) *DB {
	t.Helper()
	db := open(t, filepath.Join(t.TempDir(), "register.db"), Options{})
	for range 20 {
		if _, err := appendEntry(db); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestNoRoomForAWrite(t *testing.T) {
	db := withFreePages(t)
	restore := replaceFile(t, db, "/dev/full")
	for range 3 {
		if _, err := appendEntry(db); !errors.Is(err, kv.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Update answers %v", err)
		}
	}
	if n, err := checkEntries(db); n != 20 || err != nil {
		t.Errorf("%d entries while full, error %v", n, err)
	}
	restore()
	if _, err := appendEntry(db); err != nil {
		t.Error(err)
	}
	if n, err := checkEntries(db); n != 21 || err != nil {
		t.Errorf("%d entries, error %v", n, err)
	}
}

// After a failed sync nothing is answered any more, and what was acknowledged
// before is there when the file is opened again.
func TestSyncFails(t *testing.T) {
	db := withFreePages(t)
	path := db.bolt.Path()
	restore := replaceFile(t, db, "/dev/null")
	var all sync.WaitGroup
	for range 8 { // neighbours in one commit all hear of it
		all.Go(func() {
			if _, err := appendEntry(db); !errors.Is(err, kv.ErrSync) {
				t.Errorf("Update answers %v", err)
			}
		})
	}
	all.Wait()
	restore()
	if _, err := appendEntry(db); !errors.Is(err, kv.ErrSync) {
		t.Errorf("a later Update answers %v", err)
	}
	if _, err := checkEntries(db); !errors.Is(err, kv.ErrSync) {
		t.Errorf("a later View answers %v", err)
	}
	if err := db.Copy(context.Background(), func(kv.Row) error { return nil }); !errors.Is(err, kv.ErrSync) {
		t.Errorf("a later Copy answers %v", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrSync) {
		t.Errorf("Close answers %v", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("a second Close answers %v", err)
	}
	if n, err := checkEntries(open(t, path, Options{MustExist: true})); n != 20 || err != nil {
		t.Errorf("%d entries afterwards, error %v", n, err)
	}
}

// A file that another program shortens while it is open is found out.
func TestShortenedWhileOpen(t *testing.T) {
	db := withFreePages(t)
	err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
		return tx.Put(index, []byte("large"), make([]byte, 1<<19))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(db.bolt.Path(), int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if _, err := checkEntries(db); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("View answers %v", err)
	}
	if _, err := appendEntry(db); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("Update answers %v", err)
	}
	if err := db.Close(); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("Close answers %v", err)
	}
}
