package audit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"aval/store/kv"
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
// may collide: each entry found is opened and compared.
var bucketIndex = kv.Bucket{Name: "log.index"}

const (
	tokenSize = 6
	rowSize   = tokenSize + 2
	runTiles  = 256
	runSize   = runTiles * tileWidth
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

func (d *Detail) id(k kind) string {
	switch k {
	case kindPerson:
		return d.Person
	case kindActor:
		return d.By
	}
	return d.Mandate
}

// A block is rows under the keys of those names.
type block struct {
	names []keyName
	rows  []byte
}

// add puts an entry into the block, which is not sorted until encoded.
func (b *block) add(ks *keys, line Line) error {
	name := nameKey(line.Class, line.Time)
	if !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
	if line.Detail == nil {
		return nil // its key is gone: nothing could ever find the row
	}
	key, err := ks.get(name)
	if err != nil {
		return err
	}
	for _, k := range []kind{kindPerson, kindActor, kindMandate} {
		if id := line.Detail.id(k); id != "" {
			if b.rows, err = key.appendToken(b.rows, k, id); err != nil {
				return err
			}
			b.rows = binary.BigEndian.AppendUint16(b.rows, uint16(line.N%runSize))
		}
	}
	return nil
}

// encode sorts b and gives its one encoding.
func (b *block) encode() []byte {
	slices.SortFunc(b.names, func(x, y keyName) int { return bytes.Compare(x[:], y[:]) })
	sortRows(b.rows)
	out := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(b.names)*len(keyName{})+len(b.rows)), uint16(len(b.names)))
	for _, name := range b.names {
		out = append(out, name[:]...)
	}
	return append(out, b.rows...)
}

func sortRows(rows []byte) {
	sorted := make([]uint64, 0, len(rows)/rowSize)
	for r := rows; len(r) > 0; r = r[rowSize:] {
		sorted = append(sorted, binary.BigEndian.Uint64(r))
	}
	slices.Sort(sorted)
	for i, r := range sorted {
		binary.BigEndian.PutUint64(rows[i*rowSize:], r)
	}
}

func parseBlock(value []byte) (block, error) {
	if len(value) < 2 {
		return block{}, damaged("index")
	}
	names := int(binary.BigEndian.Uint16(value)) * len(keyName{})
	value = value[2:]
	if len(value) < names || (len(value)-names)%rowSize != 0 {
		return block{}, damaged("index")
	}
	b := block{rows: value[names:]}
	for v := value[:names]; len(v) > 0; v = v[len(keyName{}):] {
		b.names = append(b.names, keyName(v))
	}
	return b, nil
}

// find appends the places of all rows with that token, in order.
func (b block) find(places []int64, token []byte) []int64 {
	row := func(i int) []byte { return b.rows[i*rowSize : (i+1)*rowSize] }
	lo, hi := 0, len(b.rows)/rowSize
	for lo < hi {
		if mid := (lo + hi) / 2; bytes.Compare(row(mid)[:tokenSize], token) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	for ; lo < len(b.rows)/rowSize && bytes.Equal(row(lo)[:tokenSize], token); lo++ {
		places = append(places, int64(binary.BigEndian.Uint16(row(lo)[tokenSize:])))
	}
	return places
}

// completeTile writes the hashes and the index block of a tile whose 256 leaves
// are there, the last ones perhaps in this transaction.
func completeTile(ks *keys, tile int64) error {
	lines, err := readLines(ks, tile*tileWidth, (tile+1)*tileWidth, true, make([]Line, 0, tileWidth))
	if err != nil {
		return err
	}
	var b block
	hashes := make([]byte, 0, tileWidth*32)
	for _, line := range lines {
		h := leafHash(line.Leaf)
		hashes = append(hashes, h[:]...)
		if err := b.add(ks, line); err != nil {
			return err
		}
	}
	if err := ks.tx.Put(bucketTile, tileKey(0, tile), hashes); err != nil {
		return err
	}
	return ks.tx.Put(bucketIndex, blockKey(tile), b.encode())
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
		did = false
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		run, err := merged(tx, &t)
		if err != nil || (run+1)*runSize > t.size {
			return err
		}
		did = true
		return mergeRun(tx, run)
	})
	return did && err == nil, err
}

func mergeRun(tx kv.Tx, run int64) error {
	var whole block
	for tile := run * runTiles; tile < (run+1)*runTiles; tile++ {
		b, err := readBlock(tx, blockKey(tile))
		if err != nil {
			return err
		}
		whole.merge(b)
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

func (b *block) merge(c block) {
	b.rows = append(b.rows, c.rows...)
	for _, name := range c.names {
		if !slices.Contains(b.names, name) {
			b.names = append(b.names, name)
		}
	}
}

// runPageKey is the key of the i-th of a run's pages.
func runPageKey(run int64, i int) []byte {
	if i == 0 {
		return runKey(run)
	}
	return pageKey(run, byte(i-1))
}

// pages splits a run: first its names, then 256 blocks of rows by the first byte
// of their token, without names.
func (b *block) pages() [][]byte {
	sortRows(b.rows)
	head := block{names: b.names}
	pages := [][]byte{head.encode()}
	rows := b.rows
	for first := range 256 {
		n := 0
		for n < len(rows) && rows[n] == byte(first) {
			n += rowSize
		}
		page := block{rows: rows[:n]}
		pages = append(pages, page.encode())
		rows = rows[n:]
	}
	return pages
}

func readBlock(tx kv.Tx, key []byte) (block, error) {
	value, err := tx.Get(bucketIndex, key)
	if err != nil {
		return block{}, err
	}
	return parseBlock(value)
}

// A Query asks for the entries of one person, one actor or one mandate: exactly
// one of the three.
type Query struct {
	Person, Actor, Mandate string
	Before                 int64 // only entries with a smaller number; 0 means from the newest
	Limit                  int   // at most so many, 1 to 1000; 0 means 50
}

const (
	defaultLimit = 50
	maxLimit     = 1000
)

func (q Query) subject() (kind, string, error) {
	k, id := kindPerson, q.Person
	switch {
	case q.Actor != "" && q.Person == "" && q.Mandate == "":
		k, id = kindActor, q.Actor
	case q.Mandate != "" && q.Person == "" && q.Actor == "":
		k, id = kindMandate, q.Mandate
	case q.Actor != "" || q.Mandate != "":
		id = ""
	}
	if !IsWord(id) || q.Before < 0 || q.Limit < 0 || q.Limit > maxLimit {
		return 0, "", errors.New("audit: a query asks for one person, actor or mandate, at most 1000 entries")
	}
	return k, id, nil
}

// History returns entries newest first, and what to set as Before to get the
// following ones, 0 if there are none. Entries whose details were destroyed are
// no longer found.
func (l *Log) History(ctx context.Context, s Space, q Query) (lines []Line, next int64, err error) {
	kind, id, err := q.subject()
	if err != nil {
		return nil, 0, err
	}
	q.Limit = cmp.Or(q.Limit, defaultLimit)
	err = l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		h := history{ks: l.keys(tx, s), kind: kind, id: id, before: t.size, want: q.Limit + 1, made: map[keyName][]byte{}}
		if q.Before > 0 {
			h.before = min(q.Before, t.size)
		}
		if err := h.walk(&t); err != nil {
			return err
		}
		lines, next = h.found, 0
		if len(lines) > q.Limit {
			lines = lines[:q.Limit]
			next = lines[q.Limit-1].N
		}
		return nil
	})
	return lines, next, err
}

// A history collects entries, newest first, until it has as many as it wants.
type history struct {
	ks     *keys
	kind   kind
	id     string
	before int64
	want   int
	found  []Line
	made   map[keyName][]byte // tokens; nil for a destroyed key
}

func (h *history) walk(t *tree) error {
	tile := t.size / tileWidth
	tail, err := readLines(h.ks, tile*tileWidth, max(tile*tileWidth, h.before), true, nil)
	if err != nil {
		return err
	}
	slices.Reverse(tail)
	for _, line := range tail {
		h.take(line)
	}
	runs, err := merged(h.ks.tx, t)
	if err != nil {
		return err
	}
	for tile--; tile >= runs*runTiles && len(h.found) < h.want; tile-- {
		if tile*tileWidth < h.before {
			if err := h.block(tile); err != nil {
				return err
			}
		}
	}
	for run := runs - 1; run >= 0 && len(h.found) < h.want; run-- {
		if run*runSize < h.before {
			if err := h.run(run); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *history) take(line Line) {
	if line.Detail != nil && line.Detail.id(h.kind) == h.id && len(h.found) < h.want {
		h.found = append(h.found, line)
	}
}

func (h *history) block(tile int64) error {
	b, err := readBlock(h.ks.tx, blockKey(tile))
	if err != nil {
		return err
	}
	var places []int64
	err = h.tokens(b.names, func(token []byte) error {
		places = b.find(places, token)
		return nil
	})
	if err != nil {
		return err
	}
	return h.open(tile/runTiles, places)
}

func (h *history) run(run int64) error {
	head, err := readBlock(h.ks.tx, runKey(run))
	if err != nil {
		return err
	}
	var places []int64
	err = h.tokens(head.names, func(token []byte) error {
		page, err := readBlock(h.ks.tx, pageKey(run, token[0]))
		places = page.find(places, token)
		return err
	})
	if err != nil {
		return err
	}
	return h.open(run, places)
}

// tokens calls fn with the id's token under each key that still exists.
func (h *history) tokens(names []keyName, fn func(token []byte) error) error {
	for _, name := range names {
		token, made := h.made[name]
		if !made {
			key, err := h.ks.get(name)
			if err == nil {
				token, err = key.appendToken(nil, h.kind, h.id)
			}
			if err != nil && !errors.Is(err, ErrPruned) {
				return err
			}
			h.made[name] = token
		}
		if token == nil {
			continue
		}
		if err := fn(token); err != nil {
			return err
		}
	}
	return nil
}

// open reads the entries at those places of a run, newest first.
func (h *history) open(run int64, places []int64) error {
	slices.Sort(places)
	for _, place := range slices.Backward(slices.Compact(places)) {
		n := run*runSize + place
		if n >= h.before || len(h.found) >= h.want {
			continue
		}
		line, err := readLines(h.ks, n, n+1, true, nil)
		if err != nil {
			return err
		}
		h.take(line[0])
	}
	return nil
}
