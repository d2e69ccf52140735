// Package mem keeps a register in memory, for tests. It can be made as hostile
// as a real backend may ever be: functions run more often than once or are left
// midway, updates take their time, and commits fail before or after they land.
package mem

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"aval/store/kv"
)

// Options say how hostile a store is; the zero value is a store without surprises.
type Options struct {
	// Reruns is how many extra times each function of Update runs before the run
	// that counts. The first of them runs to its end, the second is left midway
	// by a panic inside one of its calls of the Tx, and so on in turn. What they
	// write and return is dropped.
	Reruns int
	// Latency is how long an Update or a View waits before its function starts;
	// nil for no wait.
	Latency func() time.Duration
	// Fault is asked at both steps of each commit, one at a time in a space. An
	// error at Before means that nothing landed, and Update returns that error.
	// An error at After means that everything landed, and Update returns an error
	// that is both kv.ErrInDoubt and this one. Nil for no faults.
	Fault func(space kv.Space, step Step) error
}

// A Step is a moment of a commit.
type Step int

// The moments at which a commit can fail.
const (
	Before Step = iota // nothing has landed
	After              // everything has, but the caller is not told
)

// DB is a store in memory. It implements kv.DB and kv.Copier.
type DB struct {
	o Options

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
	spaces  map[kv.Space]*space
}

// A space has a lock that an Update holds, and a state that a View reads.
type space struct {
	lock chan struct{} // one token while an Update runs
	rows state         // guarded by DB.mu; never changed, only replaced
}

// A state is the contents of a space, bucket by bucket.
type state map[string]*tree

var (
	_ kv.DB     = (*DB)(nil)
	_ kv.Copier = (*DB)(nil)
)

// Open returns an empty store.
func Open(o Options) *DB {
	return &DB{o: o, spaces: make(map[kv.Space]*space)}
}

// begin lets a call in and returns its space.
func (db *DB) begin(ctx context.Context, s kv.Space) (*space, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil, kv.ErrClosed
	}
	db.running.Add(1)
	if db.spaces[s] == nil {
		db.spaces[s] = &space{lock: make(chan struct{}, 1), rows: make(state)}
	}
	return db.spaces[s], nil
}

// wait waits as long as the store's latency says, or until ctx ends.
func (db *DB) wait(ctx context.Context) error {
	if db.o.Latency == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(db.o.Latency()):
		return nil
	}
}

// snapshot returns what is committed in sp.
func (db *DB) snapshot(sp *space) state {
	db.mu.Lock()
	defer db.mu.Unlock()
	return sp.rows
}

// View implements kv.DB.
func (db *DB) View(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	sp, err := db.begin(ctx, s)
	if err != nil {
		return err
	}
	defer db.running.Done()
	if err := db.wait(ctx); err != nil {
		return err
	}
	t := &tx{rows: db.snapshot(sp), readOnly: true}
	defer t.end()
	return fn(t)
}

// Update implements kv.DB.
func (db *DB) Update(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	sp, err := db.begin(ctx, s)
	if err != nil {
		return err
	}
	defer db.running.Done()
	select {
	case sp.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-sp.lock }()
	if err := db.wait(ctx); err != nil {
		return err
	}
	before := db.snapshot(sp)
	db.rehearse(before, fn)
	t := &tx{rows: maps.Clone(before)}
	defer t.end()
	if err := fn(t); err != nil {
		return err
	}
	return db.commit(s, sp, t.rows)
}

func (db *DB) commit(s kv.Space, sp *space, rows state) error {
	if err := db.fault(s, Before); err != nil {
		return err
	}
	db.mu.Lock()
	sp.rows = rows
	db.mu.Unlock()
	if err := db.fault(s, After); err != nil {
		return fmt.Errorf("%w: %w", kv.ErrInDoubt, err)
	}
	return nil
}

func (db *DB) fault(s kv.Space, step Step) error {
	if db.o.Fault == nil {
		return nil
	}
	return db.o.Fault(s, step)
}

// errLeft is the panic by which a rehearsal is left midway.
var errLeft = errors.New("mem: this run of the function is left midway, as the store was asked to")

// rehearse runs fn as often as was asked, and drops what it does.
func (db *DB) rehearse(rows state, fn func(kv.Tx) error) {
	steps := 0
	for n := range db.o.Reruns {
		t := &tx{rows: maps.Clone(rows)}
		if n%2 == 1 {
			t.leaveAt = (steps + 1) / 2
		}
		steps = max(steps, t.rehearse(fn))
	}
}

// Close implements kv.DB.
func (db *DB) Close() error {
	db.mu.Lock()
	was := db.closed
	db.closed = true
	db.mu.Unlock()
	if was {
		return kv.ErrClosed
	}
	db.running.Wait()
	return nil
}

// Copy implements kv.Copier. Nothing ever changes in a state, so an instant is
// taken in an instant.
func (db *DB) Copy(ctx context.Context, fn func(kv.Row) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	closed := db.closed
	all := make(map[kv.Space]state, len(db.spaces))
	for s, sp := range db.spaces {
		all[s] = sp.rows
	}
	db.mu.Unlock()
	if closed {
		return kv.ErrClosed
	}
	for s, rows := range all {
		for name, t := range rows {
			err := t.ascend(nil, nil, func(key, value []byte) error {
				return fn(kv.Row{Space: s, Bucket: name, Key: clone(key), Value: clone(value)})
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// A Mark is what a store held at an instant.
type Mark struct{ spaces map[kv.Space]state }

// Mark takes the instant. Nothing ever changes in a state, so it costs nothing.
func (db *DB) Mark() Mark {
	db.mu.Lock()
	defer db.mu.Unlock()
	m := Mark{spaces: make(map[kv.Space]state, len(db.spaces))}
	for s, sp := range db.spaces {
		m.spaces[s] = sp.rows
	}
	return m
}

// Reset puts the store back to a mark, between calls: tests begin at one again and
// again.
func (db *DB) Reset(m Mark) {
	db.mu.Lock()
	defer db.mu.Unlock()
	for s, sp := range db.spaces {
		sp.rows = m.spaces[s]
		if sp.rows == nil {
			sp.rows = make(state)
		}
	}
}

// Since names the buckets that were written after a mark, as "space/bucket", also
// where what was written is what stood there.
func (db *DB) Since(m Mark) []string {
	db.mu.Lock()
	defer db.mu.Unlock()
	var written []string
	for s, sp := range db.spaces {
		for name, rows := range sp.rows {
			if m.spaces[s][name] != rows {
				written = append(written, fmt.Sprintf("%d/%s", s, name))
			}
		}
		for name := range m.spaces[s] {
			if _, left := sp.rows[name]; !left {
				written = append(written, fmt.Sprintf("%d/%s", s, name))
			}
		}
	}
	slices.Sort(written)
	return written
}
