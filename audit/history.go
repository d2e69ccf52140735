package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"aval/store/kv"
)

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

func (q Query) subject() (k kind, id string, err error) {
	given := 0
	for _, c := range [...]struct {
		kind kind
		id   string
	}{{kindPerson, q.Person}, {kindActor, q.Actor}, {kindMandate, q.Mandate}} {
		if c.id != "" {
			k, id = c.kind, c.id
			given++
		}
	}
	if given != 1 || !IsWord(id) || q.Before < 0 || q.Limit < 0 || q.Limit > maxLimit {
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

// walk goes through what is no block yet, then blocks, then merged runs.
func (h *history) walk(t *tree) error {
	tiles := t.size / tileWidth
	tail, err := readLines(h.ks, tiles*tileWidth, max(tiles*tileWidth, h.before), true, nil)
	if err != nil {
		return err
	}
	for _, line := range slices.Backward(tail) {
		h.take(line)
	}
	runs, err := merged(h.ks.tx, t)
	if err != nil {
		return err
	}
	for tile := min(tiles, (h.before+tileWidth-1)/tileWidth) - 1; tile >= runs*runTiles && len(h.found) < h.want; tile-- {
		p, err := readPage(h.ks.tx, blockKey(tile))
		if err != nil {
			return err
		}
		if err := h.search(tile/runTiles, p.names, func(byte) (page, error) { return p, nil }); err != nil {
			return err
		}
	}
	for run := min(runs, (h.before+runSize-1)/runSize) - 1; run >= 0 && len(h.found) < h.want; run-- {
		head, err := readPage(h.ks.tx, runKey(run))
		if err != nil {
			return err
		}
		find := func(first byte) (page, error) { return readPage(h.ks.tx, pageKey(run, first)) }
		if err := h.search(run, head.names, find); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) take(line Line) {
	if line.Detail != nil && line.Detail.id(h.kind) == h.id && len(h.found) < h.want {
		h.found = append(h.found, line)
	}
}

// search looks for the id's token under each of those keys, in the page where its
// first byte belongs, and opens the entries found in that run, newest first.
func (h *history) search(run int64, names []byte, find func(first byte) (page, error)) error {
	var places []int64
	for name := range slices.Chunk(names, len(keyName{})) {
		token, err := h.token(keyName(name))
		if err != nil {
			return err
		}
		if token == nil {
			continue
		}
		p, err := find(token[0])
		if err != nil {
			return err
		}
		places = p.find(places, token)
	}
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

// token returns the id's token under a key, nil if that was destroyed.
func (h *history) token(name keyName) ([]byte, error) {
	token, made := h.made[name]
	if made {
		return token, nil
	}
	key, err := h.ks.get(name)
	if err == nil {
		token, err = key.appendToken(nil, h.kind, h.id)
	} else if errors.Is(err, ErrPruned) {
		err = nil
	}
	h.made[name] = token
	return token, err
}
