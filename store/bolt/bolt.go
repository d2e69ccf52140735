// Package bolt keeps a register in one file, with go.etcd.io/bbolt.
//
// A space is a bucket named by its number (four bytes, big-endian); the kv
// buckets of that space are buckets inside it. Nothing else is in the file.
//
// What this package adds to bbolt:
//
//   - Group commit. One goroutine, the committer, owns the write transaction and
//     runs the functions of all waiting callers in it, one after the other, so
//     that they share the two fdatasync calls of a commit. bbolt's own DB.Batch
//     was measured at 6,000 updates a second at 64 callers, this at over 200,000.
//   - A function that fails or panics is undone from a log of previous values;
//     its neighbours run once and notice nothing.
//   - An answer never rests on what a crash could undo: a View that saw a commit
//     still on its way to the disk waits for it.
//   - A shortened or damaged file is refused when it is opened, with
//     kv.ErrDamaged; bbolt itself would die of SIGBUS later.
//   - The list of free pages, rewritten by bbolt at each commit, is written only
//     by Close. Opening after a crash therefore reads the whole tree once.
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"

	"aval/store/kv"
)

// Options change how a store is opened; the zero value is what a server wants.
type Options struct {
	// MustExist never creates: a missing file answers fs.ErrNotExist.
	MustExist bool
	// Create never opens what exists: an existing file answers fs.ErrExist.
	// With neither, Open takes the file or creates it.
	Create bool
	// LockTimeout is how long Open waits for another process to let the file
	// go, before it answers kv.ErrLocked; 1 s when 0.
	LockTimeout time.Duration
	// MaxBatch is the most updates that share a commit; 4096 when 0.
	MaxBatch int
	// Linger is the longest that a commit waits for callers already in flight;
	// 200 µs when 0 and at most, none when negative. A lonely caller never waits.
	Linger time.Duration
	// InitialMmapSize is the address space reserved for the file, in bytes;
	// 8 GiB when 0 (1 GiB on 32 bits). It takes no memory. When the file
	// outgrows it, a commit has to wait for every running View.
	InitialMmapSize int
}

const (
	maxLinger   = 200 * time.Microsecond
	maxBatch    = 4096
	lockTimeout = time.Second
)

// defaults fills in what the caller left at zero.
func (o Options) defaults() Options {
	if o.LockTimeout <= 0 {
		o.LockTimeout = lockTimeout
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = maxBatch
	}
	if o.Linger == 0 || o.Linger > maxLinger {
		o.Linger = maxLinger
	}
	if o.InitialMmapSize <= 0 {
		const big, small = 8 << 30, 1 << 30
		o.InitialMmapSize = small
		if size := int64(big); int64(int(size)) == size {
			o.InitialMmapSize = int(size)
		}
	}
	return o
}

// DB is an open file. It implements kv.DB and kv.Copier.
type DB struct {
	bolt     *bbolt.DB
	queue    *queue
	maxBatch int

	// failed is why the store no longer serves: kv.ErrSync or kv.ErrDamaged.
	failed atomic.Pointer[error]

	// batch is held while a batch runs and commits. Copy takes it for an
	// instant, to begin between two commits.
	batch   sync.Mutex
	tracked changes // keys changed since a Copy began; nil when none runs
	copying sync.Mutex

	// durable is the id of the newest transaction known to be on the disk.
	durable  atomic.Int64
	settling sync.Mutex
	settled  *sync.Cond // signalled when durable or failed changes

	stopped chan struct{} // closed when the committer has ended
}

var (
	_ kv.DB     = (*DB)(nil)
	_ kv.Copier = (*DB)(nil)
)

// Open opens or creates the file at path, mode 0600, for this process alone.
// It answers kv.ErrLocked when another process has it, kv.ErrDamaged when the
// file is shorter than its contents or is no store, fs.ErrNotExist and
// fs.ErrExist as o asks.
func Open(path string, o Options) (*DB, error) {
	if o.MustExist && o.Create {
		return nil, errors.New("bolt: MustExist and Create exclude each other")
	}
	o = o.defaults()
	if err := prepare(path, o); err != nil {
		return nil, err
	}
	b, err := openFile(path, o, false)
	if err != nil {
		return nil, err
	}
	db := &DB{
		bolt:     b,
		queue:    newQueue(o.Linger),
		maxBatch: o.MaxBatch,
		stopped:  make(chan struct{}),
	}
	db.settled = sync.NewCond(&db.settling)
	if err := db.begun(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	go db.serve()
	return db, nil
}

// begun notes which transaction the file opened with.
func (db *DB) begun() error {
	tx, err := db.bolt.Begin(false)
	if err != nil {
		return err
	}
	db.durable.Store(int64(tx.ID()))
	return tx.Rollback()
}

// View implements kv.DB. Keep fn short: pages freed by commits cannot be used
// again while it runs.
func (db *DB) View(ctx context.Context, s kv.Space, fn func(kv.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.read(func(tx *bbolt.Tx) error {
		v := &viewTx{tx: tx, space: s}
		defer v.end()
		return fn(v)
	})
}

// read runs fn in a read transaction and returns once all it saw is durable.
func (db *DB) read(fn func(*bbolt.Tx) error) error {
	if err := db.failure(); err != nil {
		return err
	}
	tx, err := db.bolt.Begin(false)
	if err != nil {
		return db.readError(err)
	}
	id := int64(tx.ID())
	err = func() error {
		defer tx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
		defer faultsPanic()()
		return fn(tx)
	}()
	if waited := db.awaitDurable(id); waited != nil {
		return waited
	}
	return err
}

func (db *DB) readError(err error) error {
	if failed := db.failure(); failed != nil {
		return failed
	}
	if errors.Is(err, bberrors.ErrDatabaseNotOpen) {
		return kv.ErrClosed
	}
	return err
}

// awaitDurable returns when transaction id is on the disk. bbolt shows a commit
// to readers before its last fdatasync has returned.
func (db *DB) awaitDurable(id int64) error {
	if db.durable.Load() >= id {
		return nil
	}
	db.settling.Lock()
	defer db.settling.Unlock()
	for db.durable.Load() < id {
		if err := db.failure(); err != nil {
			return err
		}
		db.settled.Wait()
	}
	return nil
}

// settle tells waiting readers that transaction id is durable.
func (db *DB) settle(id int64) {
	db.settling.Lock()
	db.durable.Store(id)
	db.settling.Unlock()
	db.settled.Broadcast()
}

// fail ends the store's service: every later call answers err.
func (db *DB) fail(err error) {
	db.settling.Lock()
	db.failed.CompareAndSwap(nil, &err)
	db.settling.Unlock()
	db.settled.Broadcast()
}

// failure is why the store no longer serves, nil while it does.
func (db *DB) failure() error {
	if err := db.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Update implements kv.DB. fn runs on the committer's goroutine.
func (db *DB) Update(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.failure(); err != nil {
		return err
	}
	return db.queue.do(ctx, s, fn)
}

// Close implements kv.DB. It writes the list of free pages, so that the next
// Open need not look for them. After a failure it only lets the file go, and
// answers with that failure.
func (db *DB) Close() error {
	if !db.queue.close() {
		return kv.ErrClosed
	}
	<-db.stopped
	failed := db.failure()
	if failed == nil {
		failed = db.writeFreelist()
	}
	if err := db.bolt.Close(); err != nil {
		return errors.Join(failed, fmt.Errorf("bolt: closing the file: %w", err))
	}
	return failed
}

// writeFreelist makes one commit that contains the free list. A full disk is no
// error here: the next Open is slower, and nothing is lost.
func (db *DB) writeFreelist() error {
	db.batch.Lock() // a Copy may be between two of its steps
	defer db.batch.Unlock()
	db.bolt.NoFreelistSync = false
	tx, err := db.bolt.Begin(true)
	if err != nil {
		return fmt.Errorf("bolt: closing: %w", err)
	}
	if err := db.land(tx); err != nil && !errors.Is(err, kv.ErrFull) {
		return err
	}
	return nil
}

// spaceKey names a space's bucket.
func spaceKey(s kv.Space) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(s))
}
