package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// A Recorder is the only way to write records, and the only maker of passes.
// T is what use-cases see of a transaction.
type Recorder[T any] struct {
	log    *Log
	ledger func(kv.Tx) T
	keep   []kv.Bucket
}

// NewRecorder returns a recorder whose functions see transactions through
// ledger. Keep may write to the housekeeping buckets. The log's own buckets are
// out of reach for all of them.
func NewRecorder[T any](log *Log, ledger func(kv.Tx) T, housekeeping ...kv.Bucket) *Recorder[T] {
	return &Recorder[T]{log: log, ledger: ledger, keep: housekeeping}
}

// Log returns the log that r writes to.
func (r *Recorder[T]) Log() *Log { return r.log }

// Record runs fn in a transaction and commits its writes together with the
// entries it returns, all at the time at. It returns one pass for each entry, in
// order, once that is durable; if it returns an error there are no passes.
//
// fn may run more than once; see [kv] for what it owes. An error of fn keeps
// nothing and is returned as it is. Without entries nothing is kept either:
// ErrNoEntry. A refusal is not an error but an entry.
//
// An error that is kv.ErrInDoubt means that even looking afterwards failed; the
// entries may be there, and nobody has seen anything.
func (r *Recorder[T]) Record(ctx context.Context, s Space, fn func(tx T, at time.Time) ([]Entry, error)) ([]Pass, error) {
	var a appended
	err := r.log.update(ctx, s, func(tx kv.Tx) error {
		t, at, err := r.log.begin(tx)
		if err != nil {
			return err
		}
		entries, err := fn(r.ledger(guard{tx: tx, any: true}), at)
		if err != nil {
			return err
		}
		a, err = r.log.append(tx, s, &t, at, entries)
		return err
	})
	if errors.Is(err, kv.ErrInDoubt) {
		err = r.log.settle(ctx, s, a, err)
	}
	if err != nil {
		return nil, err
	}
	return a.passes(s), nil
}

// View runs fn on one snapshot. It opens nothing and writes nothing: the ledger's
// writes answer kv.ErrReadOnly. at is the time that an entry would get.
func (r *Recorder[T]) View(ctx context.Context, s Space, fn func(tx T, at time.Time) error) error {
	return r.log.view(ctx, s, func(tx kv.Tx) error { return r.without(guard{tx: tx}, fn) })
}

// Keep runs fn in a transaction without an entry, which may write to the
// housekeeping buckets alone: sessions, leases, marks.
func (r *Recorder[T]) Keep(ctx context.Context, s Space, fn func(tx T, at time.Time) error) error {
	return r.log.update(ctx, s, func(tx kv.Tx) error { return r.without(guard{tx: tx, writable: r.keep}, fn) })
}

// without runs fn without an entry.
func (r *Recorder[T]) without(g guard, fn func(tx T, at time.Time) error) error {
	_, at, err := r.log.begin(g.tx)
	if err != nil {
		return err
	}
	return fn(r.ledger(g), at)
}

// begin reads the head and tells the time of a transaction.
func (l *Log) begin(tx kv.Tx) (tree, time.Time, error) {
	t, err := readTree(tx)
	if err != nil {
		return tree{}, time.Time{}, err
	}
	at, err := l.clock.after(t.time)
	return t, at, err
}

// appended is what a transaction has added, if it commits.
type appended struct {
	first   int64
	at      time.Time
	entries []Entry
	leaf    tlog.Hash // of the first
}

// append writes entries within tx: records, tiles and index blocks that they
// complete, and the head.
func (l *Log) append(tx kv.Tx, s Space, t *tree, at time.Time, entries []Entry) (appended, error) {
	switch {
	case len(entries) == 0:
		return appended{}, ErrNoEntry
	case len(entries) > maxEntries:
		return appended{}, fmt.Errorf("audit: more than %d entries at once", maxEntries)
	}
	a := appended{first: t.size, at: at, entries: slices.Clone(entries)}
	ks := l.keys(tx, s)
	grown := func(level int, index int64, root tlog.Hash) error {
		if level == 1 {
			if err := completeTile(ks, &l.recent, index); err != nil {
				return err
			}
		}
		return growTile(tx, level, index, root)
	}
	w := l.writers.Get().(*writer)
	defer l.writers.Put(w)
	for i := range a.entries {
		e := &a.entries[i]
		if err := w.write(ks, t.size, at, e); err != nil {
			return appended{}, err
		}
		h := leafHash(w.line)
		if i == 0 {
			a.leaf = h
		}
		l.recent.put(h, indexed{w.name, at, e})
		if err := t.add(h, grown); err != nil {
			return appended{}, err
		}
	}
	t.time = at
	w.record = t.append(w.record[:0])
	return a, tx.Put(bucketLog, headKey, w.record)
}

// A writer makes records in buffers that are used again.
type writer struct {
	name   keyName
	plain  []byte // salt ‖ detail
	line   []byte // the leaf
	record []byte // length ‖ leaf ‖ nonce ‖ sealed
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const idSize = 16

// write stores e as entry n. Its leaf is then in w.line.
func (w *writer) write(ks *keys, n int64, at time.Time, e *Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	if n >= maxN {
		return errors.New("audit: the log is full")
	}
	var random [saltSize + nonceSize + idSize]byte
	rand.Read(random[:])
	salt, nonce, id := random[:saltSize], random[saltSize:saltSize+nonceSize], random[saltSize+nonceSize:]
	if e.ID == "" {
		e.ID = base32Lower.EncodeToString(id)
	}
	class, _ := e.Act.Class()
	w.name = nameKey(class, at)
	key, err := ks.make(w.name)
	if err != nil {
		return err
	}
	w.plain = appendDetail(append(w.plain[:0], salt...), e, ks.s.slug)
	leaf := Leaf{N: n, Time: at, Class: class, Commitment: sha256.Sum256(w.plain)}
	w.line = leaf.append(w.line[:0])

	w.record = binary.BigEndian.AppendUint16(w.record[:0], uint16(len(w.line)))
	w.record = append(w.record, w.line...)
	w.record = append(w.record, nonce...)
	w.record = key.seal.Seal(w.record, nonce, w.plain, recordData(ks.s, n))
	return ks.tx.Put(bucketLog, recordKey(n), w.record)
}

const nonceSize = 12

// recordData is sealed along with a detail, so that it opens only in its place.
func recordData(s Space, n int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(make([]byte, 0, 12), uint32(s.number)), uint64(n))
}

// settleTime bounds the look after a commit whose outcome is unknown.
const settleTime = 10 * time.Second

// settle finds out whether a transaction in doubt was committed: entry number
// first is then the one it wrote. Its leaf commits to its id and to a fresh salt,
// so no other entry has the same bytes. It looks in an update, because that waits
// for a commit still on its way where a snapshot would not.
func (l *Log) settle(ctx context.Context, s Space, a appended, doubt error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	kept := false
	err := l.update(ctx, s, func(tx kv.Tx) error {
		record, err := tx.Get(bucketLog, recordKey(a.first))
		if kept = false; err != nil || record == nil {
			return err
		}
		line, _, err := splitRecord(record)
		kept = err == nil && leafHash(line) == a.leaf
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w (and looking failed: %w)", doubt, err)
	case !kept:
		return ErrLost
	}
	return nil
}

// ErrLost: the connection broke during the commit, and the log shows that
// nothing was kept. Trying again is safe.
var ErrLost = errors.New("audit: the update was not kept")

// A guard keeps the log's buckets from those who use a transaction, and lets
// them write to some buckets only.
type guard struct {
	tx       kv.Tx
	any      bool        // any other bucket may be written,
	writable []kv.Bucket // or only these
}

func (g guard) Get(b kv.Bucket, key []byte) ([]byte, error) { return g.reach(b, false).Get(b, key) }
func (g guard) Put(b kv.Bucket, key, value []byte) error    { return g.reach(b, true).Put(b, key, value) }
func (g guard) Delete(b kv.Bucket, key []byte) error        { return g.reach(b, true).Delete(b, key) }
func (g guard) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	return g.reach(b, false).Scan(b, from, to, fn)
}

// reach returns the transaction, or what answers in its place.
func (g guard) reach(b kv.Bucket, write bool) kv.Tx {
	if b.Name == bucketLog.Name || strings.HasPrefix(b.Name, bucketLog.Name+".") {
		return refusal{fmt.Errorf("audit: bucket %q belongs to the log", b.Name)}
	}
	if write && !g.any && !slices.ContainsFunc(g.writable, func(w kv.Bucket) bool { return w.Name == b.Name }) {
		return refusal{fmt.Errorf("audit: bucket %q can't be written without an entry: %w", b.Name, kv.ErrReadOnly)}
	}
	return g.tx
}

// A refusal is a transaction that does nothing.
type refusal struct{ error }

func (r refusal) Get(kv.Bucket, []byte) ([]byte, error) { return nil, r.error }
func (r refusal) Put(kv.Bucket, []byte, []byte) error   { return r.error }
func (r refusal) Delete(kv.Bucket, []byte) error        { return r.error }
func (r refusal) Scan(kv.Bucket, []byte, []byte, func(_, _ []byte) error) error {
	return r.error
}
