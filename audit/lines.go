package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"aval/store/kv"
)

// A Line is an entry as it is stored. Salt, DetailBytes and Detail are nil once
// the month of its class has been destroyed.
type Line struct {
	N           int64
	Time        time.Time
	Class       Class
	Leaf        []byte  // the line that the tree hashes
	Salt        []byte  // SHA-256(Salt ‖ DetailBytes) is the leaf's commitment
	DetailBytes []byte  // the detail as it was written
	Detail      *Detail // the same, parsed
}

// slice is how many entries one transaction reads: a few milliseconds.
const slice = 512

// Lines calls fn for each entry in from ≤ n < to, in order, outside any
// transaction, so that a slow reader stops nobody. Each detail is checked against
// its leaf, but leaves are not checked against the tree: see [Log.Check].
func (l *Log) Lines(ctx context.Context, s Space, from, to int64, fn func(Line) error) error {
	return l.lines(ctx, s, from, to, true, fn)
}

// Leaves is Lines without the details, which stay sealed and are not checked.
func (l *Log) Leaves(ctx context.Context, s Space, from, to int64, fn func(Line) error) error {
	return l.lines(ctx, s, from, to, false, fn)
}

func (l *Log) lines(ctx context.Context, s Space, from, to int64, open bool, fn func(Line) error) error {
	if from < 0 || from > to || to > maxN {
		return ErrRange
	}
	lines := make([]Line, 0, min(slice, to-from))
	for end := int64(-1); end < to; from = end {
		end = min(from+slice, to)
		err := l.view(ctx, s, func(tx kv.Tx) error {
			t, err := readTree(tx)
			if err != nil {
				return err
			}
			if to > t.size {
				return ErrRange
			}
			lines, err = readLines(l.keys(tx, s), from, end, open, lines[:0])
			return err
		})
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := fn(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// readLines appends the entries in from ≤ n < to, opened or not.
func readLines(ks *keys, from, to int64, open bool, lines []Line) ([]Line, error) {
	err := scanRecords(ks.tx, from, to, func(n int64, record []byte) error {
		line, err := readLine(ks, n, record, open)
		lines = append(lines, line)
		return err
	})
	return lines, err
}

func readLine(ks *keys, n int64, record []byte, open bool) (Line, error) {
	raw, leaf, sealed, err := parseRecord(n, record)
	line := Line{N: n, Time: leaf.Time, Class: leaf.Class, Leaf: raw}
	if err == nil && open {
		err = line.open(ks, leaf, sealed)
	}
	return line, err
}

// open fills in the detail, if its key still exists and the leaf commits to it.
func (line *Line) open(ks *keys, leaf Leaf, sealed []byte) error {
	key, err := ks.get(nameKey(leaf.Class, leaf.Time))
	if errors.Is(err, ErrPruned) {
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := key.open(sealed, recordData(ks.s, leaf.N))
	if err != nil || len(plain) < saltSize || sha256.Sum256(plain) != leaf.Commitment {
		return damaged("sealed detail of entry %d", leaf.N)
	}
	d, err := ParseDetail(plain[saltSize:])
	if err != nil || d.Space != ks.s.slug {
		return damaged("detail of entry %d", leaf.N)
	}
	line.Salt, line.DetailBytes, line.Detail = plain[:saltSize:saltSize], plain[saltSize:], d
	return nil
}
