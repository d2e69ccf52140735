package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// Check reads a space's whole log and recomputes all that is derived: number,
// time and form of each leaf, each detail against its leaf, all tiles, the index,
// the head, and every checkpoint's root and signature. It returns nil, ErrDamaged
// with the first place found, or what kept it from looking. The log may grow
// meanwhile. Not covered are details whose month was destroyed, and their rows in
// the index: without the key nothing can tell what they were.
func (l *Log) Check(ctx context.Context, s Space) error {
	var t tree
	err := l.view(ctx, s, func(tx kv.Tx) (err error) {
		t, err = readTree(tx)
		return err
	})
	if err != nil {
		return err
	}
	runs, err := l.checkRuns(ctx, s, &t)
	if err != nil {
		return err
	}
	upper, err := joinRuns(runs, &t)
	if err != nil {
		return err
	}
	err = l.view(ctx, s, func(tx kv.Tx) error {
		for _, u := range upper {
			if err := checkTile(tx, u.level, u.index, u.hashes); err != nil {
				return err
			}
		}
		return checkEnd(tx)
	})
	if err != nil {
		return err
	}
	return l.checkCheckpoints(ctx, s)
}

// A runSum is what a run of up to 65,536 entries comes to.
type runSum struct {
	tree  tree // of the run alone
	first time.Time
}

// checkRuns checks the runs of t side by side, on as many processors as there are.
func (l *Log) checkRuns(ctx context.Context, s Space, t *tree) ([]runSum, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	runs := make([]runSum, (t.size+runSize-1)/runSize)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for run := next.Add(1) - 1; run < int64(len(runs)) && ctx.Err() == nil; run = next.Add(1) - 1 {
				c := runCheck{log: l, s: s, run: run, end: min((run+1)*runSize, t.size)}
				if err := c.check(ctx); err != nil {
					cancel(err)
				}
				runs[run] = runSum{c.tree, c.first}
			}
		})
	}
	wg.Wait()
	return runs, context.Cause(ctx)
}

// joinRuns builds the whole tree from its runs, compares it with the head, and
// returns the tiles above the runs.
func joinRuns(runs []runSum, t *tree) (upper []upperTile, err error) {
	var whole tree // its leaves are full runs
	var last time.Time
	var rest []tlog.Hash
	for i := range runs {
		run := &runs[i]
		if run.first.Before(last) {
			return nil, damaged("time of entry %d", int64(i)*runSize)
		}
		last = run.tree.time
		if run.tree.size < runSize {
			rest = run.tree.peaks
			break
		}
		grown := func(level int, index int64, root tlog.Hash) error {
			upper = growUpper(upper, level+2, index, root)
			return nil
		}
		root := run.tree.root()
		upper = growUpper(upper, 2, int64(i), root)
		if err := whole.add(root, grown); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(append(whole.peaks, rest...), t.peaks) || !last.Equal(t.time) {
		return nil, damaged("the head does not fit the entries")
	}
	return upper, nil
}

// An upperTile is a tile of level 2 or higher, as it should be.
type upperTile struct {
	level  int
	index  int64
	hashes []byte
}

func growUpper(upper []upperTile, level int, index int64, root tlog.Hash) []upperTile {
	i := slices.IndexFunc(upper, func(u upperTile) bool { return u.level == level && u.index == index/tileWidth })
	if i < 0 {
		i = len(upper)
		upper = append(upper, upperTile{level: level, index: index / tileWidth})
	}
	upper[i].hashes = append(upper[i].hashes, root[:]...)
	return upper
}

// checkTile compares a stored tile with the hashes that it must begin with, and
// its length with the head: it may have grown since they were computed.
func checkTile(tx kv.Tx, level int, index int64, want []byte) error {
	t, err := readTree(tx)
	if err != nil {
		return err
	}
	stored, err := tx.Get(bucketTile, tileKey(level, index))
	if err != nil {
		return err
	}
	width := min(tileWidth, t.size>>(level*tileHeight)-index*tileWidth)
	if int64(len(stored)) != width*tlog.HashSize || !bytes.HasPrefix(stored, want) {
		return damaged("tile %d/%d", level, index)
	}
	return nil
}

// checkEnd sees that nothing lies between the last entry and the head.
func checkEnd(tx kv.Tx) error {
	t, err := readTree(tx)
	if err != nil {
		return err
	}
	return tx.Scan(bucketLog, recordKey(t.size), nil, func(key, _ []byte) error {
		if !bytes.Equal(key, headKey) {
			return damaged("a record after the last entry")
		}
		return nil
	})
}

// A runCheck checks one run, a tile at a time, each in its own transaction.
type runCheck struct {
	log   *Log
	s     Space
	run   int64
	end   int64
	tree  tree
	first time.Time
	roots []byte // of its tiles
	rows  indexCheck
}

func (c *runCheck) check(ctx context.Context) error {
	for from := c.run * runSize; from < c.end; from += tileWidth {
		err := c.log.view(ctx, c.s, func(tx kv.Tx) error { return c.tile(tx, from, min(from+tileWidth, c.end)) })
		if err != nil {
			return err
		}
	}
	return c.log.view(ctx, c.s, func(tx kv.Tx) error {
		if len(c.roots) > 0 {
			if err := checkTile(tx, 1, c.run, c.roots); err != nil {
				return err
			}
		}
		return c.rows.checkRun(tx, c.run)
	})
}

func (c *runCheck) tile(tx kv.Tx, from, to int64) error {
	ks := c.log.keys(tx, c.s)
	lines, err := readLines(ks, from, to, true, make([]Line, 0, tileWidth))
	if err != nil {
		return err
	}
	hashes := make([]byte, 0, tileWidth*tlog.HashSize)
	var rows indexCheck
	for _, line := range lines {
		if line.Time.Before(c.tree.time) {
			return damaged("time of entry %d", line.N)
		}
		if c.tree.size == 0 {
			c.first = line.Time
		}
		c.tree.time = line.Time
		h := leafHash(line.Leaf)
		hashes = append(hashes, h[:]...)
		err := c.tree.add(h, func(level int, _ int64, root tlog.Hash) error {
			if level == 1 {
				c.roots = append(c.roots, root[:]...)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := rows.add(ks, line); err != nil {
			return err
		}
	}
	if len(lines) < tileWidth {
		return nil // not complete: neither tile nor block
	}
	tile := from / tileWidth
	if err := checkTile(tx, 0, tile, hashes); err != nil {
		return err
	}
	c.rows.join(&rows)
	return rows.checkBlock(tx, tile)
}

// An indexCheck is the rows that the index must have for some entries.
type indexCheck struct {
	block
	gone map[uint16]bool // places of entries whose key was destroyed
}

func (c *indexCheck) add(ks *keys, line Line) error {
	if line.Detail == nil {
		c.lose(uint16(line.N % runSize))
	}
	return c.block.add(ks, line)
}

func (c *indexCheck) lose(place uint16) {
	if c.gone == nil {
		c.gone = make(map[uint16]bool)
	}
	c.gone[place] = true
}

func (c *indexCheck) join(d *indexCheck) {
	c.merge(d.block)
	for place := range d.gone {
		c.lose(place)
	}
}

// checkBlock compares the block of a tile, unless it has been merged.
func (c *indexCheck) checkBlock(tx kv.Tx, tile int64) error {
	t, err := readTree(tx)
	if err != nil {
		return err
	}
	runs, err := merged(tx, &t)
	if err != nil || tile/runTiles < runs {
		return err
	}
	value, err := tx.Get(bucketIndex, blockKey(tile))
	if err != nil {
		return err
	}
	return c.compare(value, c.encode(), tile*tileWidth)
}

// checkRun compares the pages of a run, if it has been merged.
func (c *indexCheck) checkRun(tx kv.Tx, run int64) error {
	t, err := readTree(tx)
	if err != nil {
		return err
	}
	runs, err := merged(tx, &t)
	if err != nil || run >= runs {
		return err
	}
	for i, want := range c.pages() {
		value, err := tx.Get(bucketIndex, runPageKey(run, i))
		if err != nil {
			return err
		}
		if err := c.compare(value, want, run*runSize); err != nil {
			return err
		}
	}
	return nil
}

// compare compares a stored block with what it must be, but for rows of entries
// that are gone. Those must only be in their order, so that look-ups work.
func (c *indexCheck) compare(stored, want []byte, at int64) error {
	b, err := parseBlock(stored)
	if err != nil {
		return err
	}
	var last []byte
	known := block{names: b.names}
	for r := b.rows; len(r) > 0; r = r[rowSize:] {
		row := r[:rowSize]
		if bytes.Compare(last, row) >= 0 {
			return damaged("index at entry %d", at)
		}
		last = row
		if !c.gone[binary.BigEndian.Uint16(row[tokenSize:])] {
			known.rows = append(known.rows, row...)
		}
	}
	if !bytes.Equal(known.encode(), want) {
		return damaged("index at entry %d", at)
	}
	return nil
}

// checkCheckpoints compares every stored checkpoint with the tree.
func (l *Log) checkCheckpoints(ctx context.Context, s Space) error {
	const some = 64 // a transaction; each costs a signature and some tiles
	var from, last, pointer []byte
	for more := true; more; {
		err := l.view(ctx, s, func(tx kv.Tx) error {
			t, err := readTree(tx)
			if err != nil {
				return err
			}
			more = false
			count := 0
			return tx.Scan(bucketCheckpoint, from, nil, func(key, value []byte) error {
				if bytes.Equal(key, lastKey) {
					pointer = value
					return nil
				}
				if count++; count > some {
					more, from = true, key
					return kv.Stop
				}
				last = bytes.Clone(key)
				return l.checkCheckpoint(tx, s, &t, key, value)
			})
		})
		if err != nil {
			return err
		}
	}
	if !bytes.Equal(pointer, last) {
		return damaged("last checkpoint")
	}
	return nil
}

func (l *Log) checkCheckpoint(tx kv.Tx, s Space, t *tree, key, signed []byte) error {
	c, err := l.openOwn(s, signed)
	if err != nil {
		return err
	}
	if !bytes.Equal(key, recordKey(c.Size)) {
		return damaged("checkpoint of size %d is misplaced", c.Size)
	}
	if err := t.extends(tx, c); err != nil {
		return damaged("checkpoint of size %d: %v", c.Size, err)
	}
	return nil
}
