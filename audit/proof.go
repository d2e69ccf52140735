package audit

import (
	"context"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// Inclusion proves that entry n is in the log's tree of that size: check it with
// [tlog.CheckRecord], the root of a checkpoint of that size and tlog.RecordHash of
// the leaf's line (RFC 6962 section 2.1.1).
func (l *Log) Inclusion(ctx context.Context, s Space, n, size int64) (p tlog.RecordProof, err error) {
	err = l.prove(ctx, s, size, func(r tlog.HashReader) (err error) {
		if n < 0 || n >= size {
			return ErrRange
		}
		p, err = tlog.ProveRecord(size, n, r)
		return err
	})
	return p, err
}

// Consistency proves that the log's tree of size new continues that of size old:
// check it with [tlog.CheckTree] (RFC 6962 section 2.1.2). Sizes from 1.
func (l *Log) Consistency(ctx context.Context, s Space, old, new int64) (p tlog.TreeProof, err error) {
	err = l.prove(ctx, s, new, func(r tlog.HashReader) (err error) {
		if old < 1 || old > new {
			return ErrRange
		}
		p, err = tlog.ProveTree(new, old, r)
		return err
	})
	return p, err
}

func (l *Log) prove(ctx context.Context, s Space, size int64, fn func(tlog.HashReader) error) error {
	return l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		if size > t.size {
			return ErrRange
		}
		return fn(t.hashes(tx))
	})
}
