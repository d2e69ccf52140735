package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"aval/store/kv"
)

// maxBatchTime ends a batch whose functions are slow. The callers left over are
// served first in the next one.
const maxBatchTime = 50 * time.Millisecond

// errGoexit answers the callers of a batch in which a function ended the
// committer's goroutine, against the second rule of package kv.
var errGoexit = errors.New("bolt: a transaction function called runtime.Goexit")

// serve is the committer: it runs until the queue is closed and empty.
func (db *DB) serve() {
	ended := false
	defer func() {
		if ended {
			close(db.stopped)
		} else {
			go db.serve() // a Goexit took this goroutine; the store goes on
		}
	}()
	defer faultsPanic()()
	calls := make([]*call, 0, db.maxBatch)
	for {
		calls = db.queue.next(calls[:0], db.maxBatch)
		if len(calls) == 0 {
			ended = true
			return
		}
		db.commit(calls)
		clear(calls)
	}
}

// commit runs the calls in one transaction and answers them when it is durable.
func (db *DB) commit(calls []*call) {
	db.batch.Lock()
	defer db.batch.Unlock()
	if err := db.failure(); err != nil {
		answer(started(calls), err)
		return
	}
	tx, err := db.bolt.Begin(true)
	if err != nil {
		answer(started(calls), fmt.Errorf("bolt: beginning a transaction: %w", err))
		return
	}
	b := newBatch(tx, calls, db.tracked)
	err = errGoexit
	defer func() {
		if err != nil {
			tx.Rollback() //nolint:errcheck // it is closed already when Commit failed
		}
		answer(b.started, err)
		db.queue.putBack(b.left)
	}()
	b.run()
	err = db.finish(b)
}

// finish makes what the batch wrote durable.
func (db *DB) finish(b *batch) error {
	if b.damage != nil {
		db.fail(b.damage)
		return b.damage
	}
	if !b.wrote {
		return b.tx.Rollback() // all it saw was durable before
	}
	return db.land(b.tx)
}

// land commits and, when that fails, decides whether the store can go on.
func (db *DB) land(tx *bbolt.Tx) error {
	id := int64(tx.ID())
	err := commitGuarded(tx)
	if err == nil {
		db.settle(id)
		return nil
	}
	if noRoom(err) {
		return fmt.Errorf("%w: %w", kv.ErrFull, err)
	}
	if !errors.Is(err, kv.ErrDamaged) {
		err = fmt.Errorf("%w: %w", kv.ErrSync, err)
	}
	db.fail(err)
	return err
}

func commitGuarded(tx *bbolt.Tx) (err error) {
	defer guard(&err)
	return tx.Commit()
}

// noRoom tells a write that the disk had no room for. bbolt has then dropped the
// transaction and read its free pages anew. A sync that fails for the same
// reason is another matter: it comes as a bare Errno, and what is on the disk is
// unknown.
func noRoom(err error) bool {
	var write *fs.PathError
	if errors.As(err, &write) {
		return errors.Is(write, syscall.ENOSPC) || errors.Is(write, syscall.EDQUOT) || errors.Is(write, syscall.EFBIG)
	}
	// bbolt keeps only the text of an error in growing the file.
	text, growing := strings.CutPrefix(err.Error(), "file resize error: ")
	if !growing {
		return false
	}
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if strings.HasSuffix(text, e.Error()) {
			return true
		}
	}
	return false
}

// started returns the calls whose callers still wait.
func started(calls []*call) []*call {
	var kept []*call
	for _, c := range calls {
		if c.take() {
			kept = append(kept, c)
		}
	}
	return kept
}

func answer(calls []*call, err error) {
	for _, c := range calls {
		c.answer(err)
	}
}
