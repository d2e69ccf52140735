package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/note"
)

// Errors that callers tell apart; test with errors.Is.
var (
	// ErrNoEntry: the function returned no entry, so nothing was kept.
	ErrNoEntry = errors.New("audit: nothing may change without an entry")
	// ErrDamaged: what is stored is not what the log wrote.
	ErrDamaged = errors.New("audit: the log is damaged")
	// ErrRange: the log has no such entries.
	ErrRange = errors.New("audit: outside the log")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Signers gives the key that signs a space's checkpoints. Its name is the log's
// origin: the register's name, a slash, the space's slug.
type Signers interface {
	LogSigner(s Space) (note.Signer, error)
	LogVerifier(s Space) (note.Verifier, error)
}

// A Log is the logs of all spaces in one store.
type Log struct {
	db      kv.DB
	wrap    Wrapper
	signers Signers
	clock   *Clock

	recent  recent
	writers sync.Pool // of *writer

	mu     sync.Mutex
	signed map[kv.Space]time.Time // when each last checkpoint was signed
}

// NewLog returns the logs kept in db.
func NewLog(db kv.DB, keys Wrapper, signers Signers, clock *Clock) *Log {
	return &Log{
		db: db, wrap: keys, signers: signers, clock: clock, signed: make(map[kv.Space]time.Time),
		writers: sync.Pool{New: func() any { return new(writer) }},
	}
}

// Clock returns the clock that times the entries.
func (l *Log) Clock() *Clock { return l.clock }

var bucketLog = kv.Bucket{Name: "log", Append: true}

func (l *Log) view(ctx context.Context, s Space, fn func(tx kv.Tx) error) error {
	if err := s.check(); err != nil {
		return err
	}
	return l.db.View(ctx, s.number, fn)
}

func (l *Log) update(ctx context.Context, s Space, fn func(tx kv.Tx) error) error {
	if err := s.check(); err != nil {
		return err
	}
	return l.db.Update(ctx, s.number, fn)
}

// readTree reads the head. A log without one must be empty.
func readTree(tx kv.Tx) (tree, error) {
	head, err := tx.Get(bucketLog, headKey)
	if err != nil {
		return tree{}, err
	}
	if head != nil {
		return parseTree(head)
	}
	first, err := tx.Get(bucketLog, recordKey(0))
	if err == nil && first != nil {
		err = damaged("head record is missing")
	}
	return tree{}, err
}

func recordKey(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// scanRecords calls fn for each record in from ≤ n < to; a gap is damage.
func scanRecords(tx kv.Tx, from, to int64, fn func(n int64, record []byte) error) error {
	next := from
	err := tx.Scan(bucketLog, recordKey(from), recordKey(to), func(key, record []byte) error {
		if string(key) != string(recordKey(next)) {
			return damaged("entry %d is missing", next)
		}
		next++
		return fn(next-1, record)
	})
	if err == nil && next != to {
		err = damaged("entry %d is missing", next)
	}
	return err
}

// splitRecord cuts a record into its leaf and its sealed detail.
func splitRecord(record []byte) (line, sealed []byte, err error) {
	if len(record) < 2 {
		return nil, nil, damaged("record")
	}
	n := int(binary.BigEndian.Uint16(record))
	if n > maxLeaf || n > len(record)-2 {
		return nil, nil, damaged("record")
	}
	return record[2 : 2+n], record[2+n:], nil
}

func parseRecord(n int64, record []byte) (line []byte, leaf Leaf, sealed []byte, err error) {
	if line, sealed, err = splitRecord(record); err == nil {
		leaf, err = ParseLeaf(line)
	}
	if err != nil || leaf.N != n {
		return nil, Leaf{}, nil, damaged("entry %d", n)
	}
	return line, leaf, sealed, nil
}

// Head returns the state of a space's log.
func (l *Log) Head(ctx context.Context, s Space) (h Head, err error) {
	err = l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		h = t.head()
		return err
	})
	return h, err
}
