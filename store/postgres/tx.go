package postgres

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"aval/store/kv"
)

// errOver answers a use of a Tx outside its function.
var errOver = errors.New("postgres: transaction used after its function returned")

// A reader reads one space in a transaction of the database.
type reader struct {
	ctx   context.Context //nolint:containedctx // it lives as long as the transaction
	tx    pgx.Tx
	space kv.Space
	over  bool
}

func (r *reader) end() { r.over = true }

func (r *reader) check(b kv.Bucket) error {
	if r.over {
		return errOver
	}
	return b.Check()
}

// get returns what the database has, nil if nothing.
func (r *reader) get(b kv.Bucket, key []byte) ([]byte, error) {
	var value []byte
	err := r.tx.QueryRow(r.ctx, `select value from aval_row where space = $1 and bucket = $2 and key = $3`,
		int64(r.space), b.Name, key).Scan(&value)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, statementError(err)
	case value == nil:
		return []byte{}, nil
	}
	return value, nil
}

// A row is a key with its value; in an overlay nil means that it was deleted.
type row struct{ key, value []byte }

// fetch returns at most limit rows in from ≤ key < to.
func (r *reader) fetch(b kv.Bucket, from, to []byte, limit int) ([]row, error) {
	if from == nil {
		from = []byte{}
	}
	// A null "to" is no bound.
	found, err := r.tx.Query(r.ctx, `select key, value from aval_row
		where space = $1 and bucket = $2 and key >= $3 and ($4::bytea is null or key < $4) order by key limit $5`,
		int64(r.space), b.Name, from, to, limit)
	if err != nil {
		return nil, statementError(err)
	}
	all, err := pgx.CollectRows(found, func(one pgx.CollectableRow) (row, error) {
		var r row
		err := one.Scan(&r.key, &r.value)
		if r.value == nil {
			r.value = []byte{}
		}
		return r, err
	})
	if err != nil {
		return nil, statementError(err)
	}
	return all, nil
}

// A stream gives the rows of a range in order, fetched in runs, so that fn may
// use the connection in between.
type stream struct {
	r        *reader
	b        kv.Bucket
	next, to []byte
	rows     []row
	limit    int
	ended    bool
}

const (
	firstRun = 8 // many scans end at their first row
	maxRun   = 1024
	runBytes = 1 << 20
)

func (r *reader) stream(b kv.Bucket, from, to []byte) *stream {
	return &stream{r: r, b: b, next: from, to: to, limit: firstRun}
}

// peek returns the next row, nil at the end.
func (s *stream) peek() (*row, error) {
	if len(s.rows) == 0 && !s.ended {
		rows, err := s.r.fetch(s.b, s.next, s.to, s.limit)
		if err != nil {
			return nil, err
		}
		s.rows, s.ended = rows, len(rows) < s.limit
		if len(rows) > 0 {
			s.next = append(bytes.Clone(rows[len(rows)-1].key), 0)
			s.limit = nextLimit(rows)
		}
	}
	if len(s.rows) == 0 {
		return nil, nil
	}
	return &s.rows[0], nil
}

func (s *stream) skip() { s.rows = s.rows[1:] }

// nextLimit doubles the run, as far as rows of this size fit runBytes.
func nextLimit(rows []row) int {
	size := 0
	for _, r := range rows {
		size += len(r.key) + len(r.value)
	}
	fit := runBytes / (size/len(rows) + 1)
	return max(firstRun, min(2*len(rows), fit, maxRun))
}

// viewTx is the kv.Tx of a View.
type viewTx struct{ reader }

func (t *viewTx) Get(b kv.Bucket, key []byte) ([]byte, error) {
	if err := t.check(b); err != nil {
		return nil, err
	}
	if err := kv.CheckSizes(key, nil); err != nil {
		return nil, err
	}
	return t.get(b, key)
}

func (t *viewTx) Put(kv.Bucket, []byte, []byte) error { return kv.ErrReadOnly }

func (t *viewTx) Delete(kv.Bucket, []byte) error { return kv.ErrReadOnly }

func (t *viewTx) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	if err := t.check(b); err != nil {
		return err
	}
	for s := t.stream(b, from, to); ; {
		r, err := s.peek()
		if err != nil || r == nil {
			return err
		}
		s.skip()
		if err := fn(r.key, r.value); err != nil {
			return stopped(err)
		}
	}
}

// stopped is what a Scan answers to its function's error.
func stopped(err error) error {
	if errors.Is(err, kv.Stop) {
		return nil
	}
	return err
}
