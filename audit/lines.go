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
	lines := make([]Line, 0, slice)
	for first := true; first || from < to; first = false {
		end := min(from+slice, to)
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
		from = end
	}
	return nil
}

// readLines appends the entries in from ≤ n < to, opened or not.
func readLines(ks *keys, from, to int64, open bool, lines []Line) ([]Line, error) {
	err := scanRecords(ks.tx, from, to, func(n int64, record []byte) error {
		raw, leaf, sealed, err := parseRecord(n, record)
		if err != nil {
			return err
		}
		line := Line{N: n, Time: leaf.Time, Class: leaf.Class, Leaf: raw}
		if open {
			if err := line.open(ks, leaf, sealed); err != nil {
				return err
			}
		}
		lines = append(lines, line)
		return nil
	})
	return lines, err
}

// open fills in the detail, if its key still exists.
func (line *Line) open(ks *keys, leaf Leaf, sealed []byte) error {
	key, err := ks.get(nameKey(leaf.Class, leaf.Time))
	if errors.Is(err, ErrPruned) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(sealed) < nonceSize {
		return damaged("sealed detail of entry %d", leaf.N)
	}
	plain, err := key.seal.Open(nil, sealed[:nonceSize], sealed[nonceSize:], recordData(ks.s, leaf.N))
	if err != nil || len(plain) < saltSize {
		return damaged("sealed detail of entry %d", leaf.N)
	}
	return line.fill(leaf, plain, ks.s.slug)
}

// fill takes salt ‖ detail if the leaf commits to it.
func (line *Line) fill(leaf Leaf, plain []byte, slug string) error {
	if sha256.Sum256(plain) != leaf.Commitment {
		return damaged("entry %d does not commit to its detail", leaf.N)
	}
	d, err := ParseDetail(plain[saltSize:])
	if err != nil || d.Space != slug {
		return damaged("detail of entry %d", leaf.N)
	}
	line.Salt, line.DetailBytes, line.Detail = plain[:saltSize:saltSize], plain[saltSize:], d
	return nil
}
