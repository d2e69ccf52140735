package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
	"sync"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// The index finds the entries of one person, actor or mandate. A key for each
// entry would touch pages all over the store at each commit (measured: 3.6 times
// slower at a million entries), so rows come in blocks:
//
//	1 ‖ tile (8)            block of a completed tile of 256 entries
//	0 ‖ run (8)             a run of 256 blocks, merged: its key names, and
//	0 ‖ run (8) ‖ byte      its rows whose token starts with that byte
//
// A block is count (2) ‖ key names (8 each) ‖ rows; a row is a token (6) and the
// entry's place in its run of 65,536 (2); rows are sorted. The token is a
// truncated HMAC of kind ‖ id under the month key of the entry, so a row can be
// read neither without that key nor after its destruction. Key names say which
// tokens to look for. A look-up in a million entries reads some 15 runs × 5
// classes × 8 kB, and at most 255 blocks until [Log.MergeIndex] merges them;
// what is not yet a block, at most 255 entries, is read from the details. Tokens
// may collide: each entry found is opened and compared. See history.go.
var bucketIndex = kv.Bucket{Name: "log.index"}

const (
	tokenSize = 6
	rowSize   = tokenSize + 2
	runTiles  = 256
	runSize   = runTiles * tileWidth // what two bytes of place can tell apart
)

func blockKey(tile int64) []byte { return binary.BigEndian.AppendUint64([]byte{1}, uint64(tile)) }
func runKey(run int64) []byte    { return binary.BigEndian.AppendUint64([]byte{0}, uint64(run)) }
func pageKey(run int64, first byte) []byte {
	return append(runKey(run), first)
}

// A kind is what an id is in an entry.
type kind byte

const (
	kindPerson  kind = 'p'
	kindActor   kind = 'a'
	kindMandate kind = 'm'
)

func (e *Entry) id(k kind) string {
	switch k {
	case kindPerson:
		return e.Person
	case kindActor:
		return e.By
	}
	return e.Mandate
}

// A block is rows under the keys of those names. A row as a number is token ‖
// place, so numbers sort as stored bytes do.
type block struct {
	names []keyName
	rows  []uint64
	gone  []uint16 // not stored: places of entries whose key was destroyed
}

// add puts entry n into the block, which is not sorted until encoded. If the key
// was destroyed there is no row, and e may be nil: nothing could ever find it.
func (b *block) add(ks *keys, name keyName, n int64, e *Entry) error {
	b.addName(name)
	key, err := ks.get(name)
	if errors.Is(err, ErrPruned) {
		b.gone = append(b.gone, uint16(n))
		return nil
	}
	if err != nil {
		return err
	}
	var row [rowSize]byte
	for _, k := range [...]kind{kindPerson, kindActor, kindMandate} {
		if id := e.id(k); id != "" {
			token, err := key.appendToken(row[:0], k, id)
			if err != nil {
				return err
			}
			b.rows = append(b.rows, binary.BigEndian.Uint64(binary.BigEndian.AppendUint16(token, uint16(n))))
		}
	}
	return nil
}

func (b *block) addName(name keyName) {
	if !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
}

// encode sorts b and gives its one encoding.
func (b *block) encode() []byte {
	slices.SortFunc(b.names, func(x, y keyName) int { return bytes.Compare(x[:], y[:]) })
	slices.Sort(b.rows)
	out := make([]byte, 0, 2+len(b.names)*len(keyName{})+len(b.rows)*rowSize)
	out = binary.BigEndian.AppendUint16(out, uint16(len(b.names)))
	for _, name := range b.names {
		out = append(out, name[:]...)
	}
	for _, row := range b.rows {
		out = binary.BigEndian.AppendUint64(out, row)
	}
	return out
}

// A page is a stored block.
type page struct{ names, rows []byte }

func parsePage(value []byte) (page, error) {
	if len(value) < 2 {
		return page{}, damaged("index")
	}
	names := int(binary.BigEndian.Uint16(value)) * len(keyName{})
	if value = value[2:]; len(value) < names || (len(value)-names)%rowSize != 0 {
		return page{}, damaged("index")
	}
	return page{names: value[:names], rows: value[names:]}, nil
}

func readPage(tx kv.Tx, key []byte) (page, error) {
	value, err := tx.Get(bucketIndex, key)
	if err != nil {
		return page{}, err
	}
	return parsePage(value)
}

// find appends the places of all rows with that token, in order.
func (p page) find(places []int64, token []byte) []int64 {
	count := len(p.rows) / rowSize
	first := sort.Search(count, func(i int) bool { return bytes.Compare(p.rows[i*rowSize:(i+1)*rowSize], token) >= 0 })
	for rows := p.rows[first*rowSize:]; bytes.HasPrefix(rows, token); rows = rows[rowSize:] {
		places = append(places, int64(binary.BigEndian.Uint16(rows[tokenSize:])))
	}
	return places
}

// addTo adds all that is in the page to a block.
func (p page) addTo(b *block) {
	for name := range slices.Chunk(p.names, len(keyName{})) {
		b.addName(keyName(name))
	}
	for row := range slices.Chunk(p.rows, rowSize) {
		b.rows = append(b.rows, binary.BigEndian.Uint64(row))
	}
}

// pages splits a run: first its names, then 256 blocks of rows by the first byte
// of their token, without names.
func (b *block) pages() [][]byte {
	slices.Sort(b.rows)
	pages, rows := [][]byte{(&block{names: b.names}).encode()}, b.rows
	for first := range uint64(256) {
		n, _ := slices.BinarySearch(rows, (first+1)<<56)
		if first == 255 {
			n = len(rows)
		}
		pages = append(pages, (&block{rows: rows[:n]}).encode())
		rows = rows[n:]
	}
	return pages
}

// runPageKey is the key of the i-th of a run's pages.
func runPageKey(run int64, i int) []byte {
	if i == 0 {
		return runKey(run)
	}
	return pageKey(run, byte(i-1))
}

// An indexed entry is what the index needs to know of it.
type indexed struct {
	name  keyName
	at    time.Time
	entry *Entry // nil if the key was destroyed
}

// A recent remembers entries by their leaf's hash, which commits to all of them,
// until their tile is complete: what was sealed a moment ago need not be opened
// again. It is nothing but quick: what it does not have is opened.
type recent struct {
	mu  sync.Mutex
	all map[tlog.Hash]indexed
}

// maxRecent bounds a recent, some 8 MB: then it forgets all.
const maxRecent = 1 << 14

func (r *recent) put(h tlog.Hash, x indexed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= maxRecent {
		r.all = make(map[tlog.Hash]indexed)
	}
	r.all[h] = x
}

func (r *recent) take(h tlog.Hash) (indexed, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, found := r.all[h]
	delete(r.all, h)
	return x, found
}

// A tileSum is what up to 256 entries come to.
type tileSum struct {
	times  []time.Time
	hashes []byte
	rows   block
}

// read sums up entries of one tile, opening those that seen does not remember.
func (c *tileSum) read(ks *keys, from, to int64, seen *recent) error {
	c.times, c.hashes = make([]time.Time, 0, to-from), make([]byte, 0, (to-from)*tlog.HashSize)
	c.rows.rows = make([]uint64, 0, 3*(to-from))
	return scanRecords(ks.tx, from, to, func(n int64, record []byte) error {
		raw, _, err := splitRecord(record)
		if err != nil {
			return err
		}
		h := leafHash(raw)
		x, found := seen.take(h)
		if !found {
			line, err := readLine(ks, n, record, true)
			if err != nil {
				return err
			}
			x = indexed{name: nameKey(line.Class, line.Time), at: line.Time}
			if line.Detail != nil {
				x.entry = &line.Detail.Entry
			}
		}
		c.times, c.hashes = append(c.times, x.at), append(c.hashes, h[:]...)
		return c.rows.add(ks, x.name, n, x.entry)
	})
}

// completeTile writes the hashes and the index block of a tile whose 256 leaves
// are there, the last ones perhaps in this transaction.
func completeTile(ks *keys, seen *recent, tile int64) error {
	var c tileSum
	if err := c.read(ks, tile*tileWidth, (tile+1)*tileWidth, seen); err != nil {
		return err
	}
	if err := ks.tx.Put(bucketTile, tileKey(0, tile), c.hashes); err != nil {
		return err
	}
	return ks.tx.Put(bucketIndex, blockKey(tile), c.rows.encode())
}

// merged returns how many runs have been merged: they come first and in order,
// so the first block that is left tells.
func merged(tx kv.Tx, t *tree) (int64, error) {
	runs := t.size / runSize
	err := tx.Scan(bucketIndex, blockKey(0), nil, func(key, _ []byte) error {
		if len(key) != 9 {
			return damaged("index key")
		}
		runs = int64(binary.BigEndian.Uint64(key[1:])) / runTiles
		return kv.Stop
	})
	return runs, err
}

// MergeIndex merges the blocks of one run of 65,536 entries, if one is complete,
// and tells whether it did. It is housekeeping: look-ups find the same entries
// before and after, only faster. One call is one transaction of about 3 MB.
func (l *Log) MergeIndex(ctx context.Context, s Space) (did bool, err error) {
	err = l.update(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		run, err := merged(tx, &t)
		if did = err == nil && (run+1)*runSize <= t.size; !did {
			return err
		}
		return mergeRun(tx, run)
	})
	return did && err == nil, err
}

func mergeRun(tx kv.Tx, run int64) error {
	var whole block
	for tile := run * runTiles; tile < (run+1)*runTiles; tile++ {
		p, err := readPage(tx, blockKey(tile))
		if err != nil {
			return err
		}
		p.addTo(&whole)
		if err := tx.Delete(bucketIndex, blockKey(tile)); err != nil {
			return err
		}
	}
	for i, page := range whole.pages() {
		if err := tx.Put(bucketIndex, runPageKey(run, i), page); err != nil {
			return err
		}
	}
	return nil
}
