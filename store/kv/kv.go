// Package kv is the seam between the register and whatever keeps its bytes.
//
// A backend sees spaces, buckets, keys and values; it knows nothing of persons,
// mandates or logs. All it owes is written here and checked by package kvtest:
//
//  1. Update is serializable within its space: every function sees the effects
//     of all updates of that space acknowledged before it began, and of nothing else.
//  2. The function may run on another goroutine, and more than once, also left
//     midway. It resets captured variables first, has no effect outside the Tx,
//     does not call Update or View, and never calls runtime.Goexit (t.Fatal does).
//  3. A function that fails or panics leaves nothing; neighbours in the same
//     commit are untouched. A panic is raised again in its own caller only.
//  4. A function sees its own writes and deletes at once, in Scan too.
//  5. The context counts until the function starts; after that the outcome is
//     awaited. A commit that fails reaches every caller in it.
//  6. Values are copies: callers may keep and change them. Empty is not missing.
//  7. View is one snapshot.
//  8. Two processes on one database never lose or double an update.
package kv

import (
	"context"
	"errors"
)

// A Space is the number of one structure's data; 0 is the register's own.
// Numbers are given once and never reused.
type Space uint32

// Limits on what a backend must hold, in bytes. A key has at least one.
const (
	MaxKey   = 1 << 10
	MaxValue = 1 << 20
)

// A Bucket names a sorted map of keys to values inside a space. Buckets are
// declared by the code that owns them, as package variables.
type Bucket struct {
	Name string // [a-z0-9.-], 1 to 32 bytes
	// Append says that keys only grow, but for a few at the very end that are
	// rewritten: a hint to fill pages fully.
	Append bool
}

// Check answers ErrBucket for a name outside the alphabet.
func (b Bucket) Check() error {
	if len(b.Name) < 1 || len(b.Name) > 32 {
		return ErrBucket
	}
	for _, c := range []byte(b.Name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return ErrBucket
		}
	}
	return nil
}

// CheckSizes answers ErrTooLarge for a key that is empty or over MaxKey, and for
// a value over MaxValue.
func CheckSizes(key, value []byte) error {
	if len(key) < 1 || len(key) > MaxKey || len(value) > MaxValue {
		return ErrTooLarge
	}
	return nil
}

// DB is an open store.
type DB interface {
	// View runs fn on one snapshot of a space. Put and Delete answer ErrReadOnly.
	View(ctx context.Context, s Space, fn func(Tx) error) error
	// Update runs fn in a serializable transaction on a space and returns nil
	// only when its writes are durable. An error of fn is returned as it is.
	Update(ctx context.Context, s Space, fn func(Tx) error) error
	// Close waits for what is running, writes what speeds the next opening up,
	// and releases the store. Further calls answer ErrClosed.
	Close() error
}

// Tx is one transaction on one space; it is valid only inside its function.
type Tx interface {
	// Get returns a copy of the value, nil if there is none (an empty value is
	// empty and not nil).
	Get(b Bucket, key []byte) ([]byte, error)
	// Put sets the value of key; both are copied.
	Put(b Bucket, key, value []byte) error
	// Delete removes key; a missing key is no error.
	Delete(b Bucket, key []byte) error
	// Scan calls fn for each key in from ≤ key < to in bytewise order; a nil to
	// means to the end. fn may Get, Put and Delete; whether the scan shows what
	// fn itself writes ahead of it is not promised. fn ends it early by
	// returning Stop, which Scan does not pass on.
	Scan(b Bucket, from, to []byte, fn func(key, value []byte) error) error
}

// Copier is implemented by stores that can give a whole copy while they serve.
type Copier interface {
	// Copy calls fn with rows in such an order that applying them one by one,
	// later ones replacing earlier ones and Deleted ones removing them, gives
	// the state of all spaces at one instant: that of the last commit before
	// Copy returns. It holds no transaction for more than about 50 ms.
	Copy(ctx context.Context, fn func(Row) error) error
}

// A Row is one key of a Copy.
type Row struct {
	Space   Space
	Bucket  string
	Key     []byte
	Value   []byte
	Deleted bool
}

// Errors that callers tell apart; test with errors.Is.
var (
	// Stop ends a Scan early.
	Stop = errors.New("kv: stop")

	ErrReadOnly = errors.New("kv: write in a read transaction")
	ErrClosed   = errors.New("kv: store is closed")
	ErrTooLarge = errors.New("kv: key empty, or key or value over its limit")
	ErrBucket   = errors.New("kv: bucket name is not allowed")
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("kv: store is in use by another process")
	// ErrDamaged: the file is shorter than its contents or is not a store.
	ErrDamaged = errors.New("kv: store is damaged")
	// ErrFull: the disk has no room; nothing of the update was kept.
	ErrFull = errors.New("kv: no room left on the disk")
	// ErrInDoubt: the connection broke during the commit, so the update may or
	// may not have happened. The caller finds out by looking.
	ErrInDoubt = errors.New("kv: outcome of the commit is unknown")
	// ErrSync: the disk refused to make a commit durable. Nothing read back
	// after that can be trusted: the process must end.
	ErrSync = errors.New("kv: commit could not be made durable")
)
