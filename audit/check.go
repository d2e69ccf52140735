package audit

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// CheckStart is called for each space before a program serves it: the clock must
// fit the last entry (ErrClock: more than 5 minutes behind, or more than 400 days
// ahead and not confirmed), the last entry the head, and the log must extend its
// own last checkpoint. It costs a few reads, whatever the log's size.
func (l *Log) CheckStart(ctx context.Context, s Space) error {
	var last []byte
	err := l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		if t.size > 0 {
			record, err := tx.Get(bucketLog, recordKey(t.size-1))
			if err != nil {
				return err
			}
			_, leaf, _, err := parseRecord(t.size-1, record)
			if err != nil || !leaf.Time.Equal(t.time) {
				return damaged("the last entry does not fit the head")
			}
		}
		if last, err = lastCheckpoint(tx); err != nil {
			return err
		}
		return l.clock.starts(t.time)
	})
	if err == nil && last != nil {
		err = l.Extends(ctx, s, last)
	}
	return err
}

// Check reads a space's whole log and recomputes all that is derived: number,
// time and form of each leaf, each detail against its leaf, all tiles, the index,
// the head, and every checkpoint's root and signature. It returns nil, ErrDamaged
// with the first place found, or what kept it from looking. The log may grow
// meanwhile. Not covered are details whose month was destroyed, and their rows in
// the index: without the key nothing can tell what they were.
func (l *Log) Check(ctx context.Context, s Space) error {
	var head, t tree
	err := l.view(ctx, s, func(tx kv.Tx) (err error) {
		head, err = readTree(tx)
		return err
	})
	for run := int64(0); err == nil && t.size < head.size; run++ {
		err = l.checkRun(ctx, s, &t, run, min((run+1)*runSize, head.size))
	}
	if err != nil {
		return err
	}
	if !slices.Equal(t.peaks, head.peaks) || !t.time.Equal(head.time) {
		return damaged("the head does not fit the entries")
	}
	if err := l.view(ctx, s, checkEnd); err != nil {
		return err
	}
	return l.checkCheckpoints(ctx, s)
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

// checkRun checks a run's tiles side by side, on as many processors as there are,
// and then adds them to the tree.
func (l *Log) checkRun(ctx context.Context, s Space, t *tree, run, end int64) error {
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tiles := make([]tileSum, (end-run*runSize+tileWidth-1)/tileWidth)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(tiles)) && within.Err() == nil; i = next.Add(1) - 1 {
				from := run*runSize + i*tileWidth
				err := l.view(within, s, func(tx kv.Tx) error {
					tiles[i] = tileSum{} // again, perhaps
					return tiles[i].check(l.keys(tx, s), from, min(from+tileWidth, end))
				})
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(within); err != nil {
		return err
	}
	before := *t
	return l.view(ctx, s, func(tx kv.Tx) error {
		*t = before
		t.peaks = slices.Clone(before.peaks)
		return joinTiles(tx, t, run, tiles)
	})
}

// check compares a tile's hashes and block with what its entries come to.
func (c *tileSum) check(ks *keys, from, to int64) error {
	if err := c.read(ks, from, to, new(recent)); err != nil || to-from < tileWidth {
		return err // not complete: neither tile nor block
	}
	tile := from / tileWidth
	stored, err := ks.tx.Get(bucketTile, tileKey(0, tile))
	if err != nil {
		return err
	}
	if !bytes.Equal(stored, c.hashes) {
		return damaged("tile 0/%d", tile)
	}
	t, err := readTree(ks.tx)
	if err != nil {
		return err
	}
	runs, err := merged(ks.tx, &t)
	if err != nil || tile/runTiles < runs {
		return err
	}
	return c.rows.check(ks.tx, blockKey(tile), c.rows.encode(), from)
}

// joinTiles adds a run to the tree and compares all that comes of it.
func joinTiles(tx kv.Tx, t *tree, run int64, tiles []tileSum) error {
	head, err := readTree(tx)
	if err != nil {
		return err
	}
	var rows block
	for i := range tiles {
		c := &tiles[i]
		for k, at := range c.times {
			if at.Before(t.time) {
				return damaged("time of entry %d", t.size)
			}
			t.time = at
			err := t.add(tlog.Hash(c.hashes[k*tlog.HashSize:]), func(level int, index int64, root tlog.Hash) error {
				return checkTileHash(tx, head.size, level, index, root)
			})
			if err != nil {
				return err
			}
		}
		for _, name := range c.rows.names {
			rows.addName(name)
		}
		rows.rows, rows.gone = append(rows.rows, c.rows.rows...), append(rows.gone, c.rows.gone...)
	}
	runs, err := merged(tx, &head)
	if err != nil || run >= runs {
		return err
	}
	for i, want := range rows.pages() {
		if err := rows.check(tx, runPageKey(run, i), want, run*runSize); err != nil {
			return err
		}
	}
	return nil
}

// checkTileHash compares a hash with its place in a higher tile, and the length of
// that with the log's size.
func checkTileHash(tx kv.Tx, size int64, level int, index int64, root tlog.Hash) error {
	tile, at := index/tileWidth, index%tileWidth*tlog.HashSize
	stored, err := tx.Get(bucketTile, tileKey(level, tile))
	if err != nil {
		return err
	}
	width := min(tileWidth, size>>(level*tileHeight)-tile*tileWidth)
	if int64(len(stored)) != width*tlog.HashSize || at >= int64(len(stored)) || !bytes.Equal(stored[at:at+tlog.HashSize], root[:]) {
		return damaged("tile %d/%d", level, tile)
	}
	return nil
}

// check compares a stored block with what it must be, but for rows of entries
// that are gone. Those must only be in their order, so that look-ups work.
func (b *block) check(tx kv.Tx, key, want []byte, at int64) error {
	p, err := readPage(tx, key)
	if err != nil {
		return err
	}
	var stored block
	p.addTo(&stored)
	sorted := slices.IsSorted(stored.rows)
	stored.rows = slices.DeleteFunc(stored.rows, func(row uint64) bool {
		_, gone := slices.BinarySearch(b.gone, uint16(row))
		return gone
	})
	if !sorted || !bytes.Equal(stored.encode(), want) {
		return damaged("index at entry %d", at)
	}
	return nil
}

// checkCheckpoints compares every stored checkpoint with the tree, each in its own
// transaction: it costs a signature and some tiles.
func (l *Log) checkCheckpoints(ctx context.Context, s Space) error {
	var last, pointer []byte
	for from := []byte{}; from != nil; {
		var key, value []byte
		err := l.view(ctx, s, func(tx kv.Tx) error {
			key, value = nil, nil
			err := tx.Scan(bucketCheckpoint, from, nil, func(k, v []byte) error {
				key, value = bytes.Clone(k), bytes.Clone(v)
				return kv.Stop
			})
			if err != nil || key == nil || bytes.Equal(key, lastKey) {
				return err
			}
			return l.checkCheckpoint(tx, s, key, value)
		})
		switch {
		case err != nil:
			return err
		case key == nil:
			from = nil
		default:
			from = append(bytes.Clone(key), 0)
			if bytes.Equal(key, lastKey) {
				pointer = value
			} else {
				last = key
			}
		}
	}
	if !bytes.Equal(pointer, last) {
		return damaged("last checkpoint")
	}
	return nil
}

func (l *Log) checkCheckpoint(tx kv.Tx, s Space, key, signed []byte) error {
	t, err := readTree(tx)
	if err != nil {
		return err
	}
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
