package audit_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/store/kv"
	"aval/store/mem"

	"golang.org/x/mod/sumdb/tlog"
)

func check(b *bench) error { return b.log.Check(context.Background(), space) }

func checkpoint(t testing.TB, b *bench) []byte {
	t.Helper()
	signed, err := b.log.Checkpoint(context.Background(), space)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// rows returns all that the log has stored in the space.
func rows(t testing.TB, db kv.DB) (all []kv.Row) {
	t.Helper()
	err := db.View(context.Background(), space.Number(), func(tx kv.Tx) error {
		for _, name := range []string{"log", "log.tile", "log.key", "log.index", "log.checkpoint"} {
			err := tx.Scan(kv.Bucket{Name: name}, nil, nil, func(key, value []byte) error {
				all = append(all, kv.Row{Bucket: name, Key: key, Value: value})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// with runs fn while the store holds other rows.
func with(t testing.TB, b *bench, old, now []kv.Row, fn func()) {
	t.Helper()
	swap := func(out, in []kv.Row) {
		err := b.db.Update(context.Background(), space.Number(), func(tx kv.Tx) error {
			for _, r := range out {
				if err := tx.Delete(kv.Bucket{Name: r.Bucket}, r.Key); err != nil {
					return err
				}
			}
			for _, r := range in {
				if err := tx.Put(kv.Bucket{Name: r.Bucket}, r.Key, r.Value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	swap(old, now)
	fn()
	swap(now, old)
}

func flip(b []byte, i int, mask byte) []byte {
	b = bytes.Clone(b)
	b[i] ^= mask
	return b
}

// Each byte that the log has stored is flipped: keys and values, all buckets.
func TestCheckFindsEveryFlippedByte(t *testing.T) {
	t.Parallel()
	b := memBench(mem.Options{})
	fill(t, b, 260)
	checkpoint(t, b)
	b.watch.move(time.Hour)
	fill(t, b, 3)
	checkpoint(t, b)
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	all := rows(t, b.db)
	taken := map[string]bool{}
	for _, r := range all {
		taken[r.Bucket+string(r.Key)] = true
	}
	flips := 0
	try := func(r kv.Row, changed kv.Row, i int) {
		flips++
		with(t, b, []kv.Row{r}, []kv.Row{changed}, func() {
			if err := check(b); err == nil {
				t.Errorf("%s %x: byte %d flipped unseen", r.Bucket, r.Key, i)
			}
		})
	}
	for n, r := range all {
		if r.Bucket == "log" && n%131 > 1 && len(r.Key) == 8 {
			continue // the records are alike: some of them are enough
		}
		step := 1 + len(r.Value)/60
		for i := 0; i < len(r.Value); i += step {
			try(r, kv.Row{Bucket: r.Bucket, Key: r.Key, Value: flip(r.Value, i, 1<<(i%8))}, i)
		}
		for i := range r.Key {
			if taken[r.Bucket+string(flip(r.Key, i, 1<<(i%8)))] {
				continue // would overwrite another row, which is not a flip
			}
			try(r, kv.Row{Bucket: r.Bucket, Key: flip(r.Key, i, 1<<(i%8)), Value: r.Value}, i)
		}
	}
	if err := check(b); err != nil || flips < 700 {
		t.Fatalf("%d flips; at the end: %v", flips, err)
	}
}

func TestCheckFindsMovedEntries(t *testing.T) {
	b := memBench(mem.Options{})
	fill(t, b, 30)
	all := rows(t, b.db)
	at := func(n int) kv.Row { return all[n] }
	moved := func(n, to int) kv.Row { return kv.Row{Bucket: "log", Key: at(to).Key, Value: at(n).Value} }
	for name, c := range map[string]struct{ out, in []kv.Row }{
		"missing first":  {out: []kv.Row{at(0)}},
		"missing middle": {out: []kv.Row{at(13)}},
		"missing last":   {out: []kv.Row{at(29)}},
		"missing head":   {out: []kv.Row{at(30)}},
		"doubled":        {out: []kv.Row{at(13)}, in: []kv.Row{moved(12, 13)}},
		"exchanged":      {out: []kv.Row{at(12), at(13)}, in: []kv.Row{moved(12, 13), moved(13, 12)}},
		"one more": {in: []kv.Row{{Bucket: "log", Key: []byte{0, 0, 0, 0, 0, 0, 0, 30},
			Value: at(29).Value}}},
	} {
		with(t, b, c.out, c.in, func() {
			if err := check(b); !errors.Is(err, audit.ErrDamaged) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	var out []kv.Row
	for _, r := range all {
		if r.Bucket == "log.key" {
			out = append(out, r)
		}
	}
	with(t, b, out, nil, func() { wantErr(t, check(b), audit.ErrDamaged) })
}

func TestCheckpoint(t *testing.T) {
	b := memBench(mem.Options{Reruns: 1})
	empty := checkpoint(t, b)
	v, err := b.signers.LogVerifier(space)
	if err != nil {
		t.Fatal(err)
	}
	c, err := audit.OpenCheckpoint(empty, v)
	if err != nil || c.Size != 0 || c.Origin != "register.example/ccas-exemple" {
		t.Fatalf("%+v, %v", c, err)
	}
	fill(t, b, 10)
	first := checkpoint(t, b)
	mustRecord(t, b, entry(1))
	if again := checkpoint(t, b); !bytes.Equal(first, again) {
		t.Error("two checkpoints within a second")
	}
	b.watch.move(time.Second)
	second := checkpoint(t, b)
	if bytes.Equal(first, second) {
		t.Error("no new checkpoint after a second")
	}
	b.watch.move(time.Hour)
	b.open()
	if again := checkpoint(t, b); !bytes.Equal(second, again) {
		t.Error("two notes for one size")
	}
	mustRecord(t, b, entry(2))
	for _, signed := range [][]byte{empty, first, second} {
		if err := b.log.Extends(context.Background(), space, signed); err != nil {
			t.Error(err)
		}
	}
	if err := b.log.CheckStart(context.Background(), space); err != nil {
		t.Error(err)
	}
	// The log of a copy that went on differently is a fork; a younger one too.
	copied := memBench(mem.Options{})
	copied.signers = b.signers
	copied.open()
	fill(t, copied, 20)
	wantErr(t, copied.log.Extends(context.Background(), space, second), audit.ErrFork)
	short := memBench(mem.Options{})
	short.signers = b.signers
	short.open()
	wantErr(t, short.log.Extends(context.Background(), space, second), audit.ErrFork)
	wantErr(t, b.log.Extends(context.Background(), space, flip(second, 3, 1)), audit.ErrNote)
	foreign, err := short.log.Checkpoint(context.Background(), audit.NewSpace(kv.Space(8), "autre"))
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, b.log.Extends(context.Background(), space, foreign), audit.ErrNote)
}

func TestProofs(t *testing.T) {
	b := memBench(mem.Options{})
	fill(t, b, 1100)
	ctx, all := context.Background(), lines(t, b)
	roots := map[int64]tlog.Hash{}
	for _, size := range []int64{1, 2, 255, 256, 257, 511, 512, 700, 1024, 1100} {
		root, err := tlog.TreeHash(size, hashesOf(all))
		if err != nil {
			t.Fatal(err)
		}
		roots[size] = root
	}
	for size, root := range roots {
		for _, n := range []int64{0, 1, 254, 255, 256, 500, size - 1} {
			p, err := b.log.Inclusion(ctx, space, n, size)
			if n >= size || n < 0 {
				wantErr(t, err, audit.ErrRange)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p, size, root, n, tlog.RecordHash(all[n].Leaf)); err != nil {
				t.Errorf("entry %d in %d: %v", n, size, err)
			}
		}
		for old, oldRoot := range roots {
			p, err := b.log.Consistency(ctx, space, old, size)
			if old > size {
				wantErr(t, err, audit.ErrRange)
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckTree(p, size, root, old, oldRoot); err != nil {
				t.Errorf("%d to %d: %v", old, size, err)
			}
		}
	}
	_, err := b.log.Inclusion(ctx, space, 0, 1101)
	wantErr(t, err, audit.ErrRange)
	_, err = b.log.Consistency(ctx, space, 0, 5)
	wantErr(t, err, audit.ErrRange)
}

// hashesOf reads the hashes of a tree made of those lines, as tlog stores them.
func hashesOf(all []audit.Line) tlog.HashReader {
	var stored []tlog.Hash
	r := tlog.HashReaderFunc(func(x []int64) (some []tlog.Hash, err error) {
		for _, x := range x {
			some = append(some, stored[x])
		}
		return some, nil
	})
	for i, l := range all {
		h, err := tlog.StoredHashes(int64(i), l.Leaf, r)
		if err != nil {
			panic(err)
		}
		stored = append(stored, h...)
	}
	return r
}

func TestDestroyMonth(t *testing.T) {
	b := memBench(mem.Options{})
	ctx := context.Background()
	fill(t, b, 300)
	b.watch.move(31 * 24 * time.Hour)
	for _, wrong := range []struct{ class, month string }{{"r", "2026-12"}, {"r", "2027-01"}, {"x", "2026-11"}, {"", "2026-11"}, {"rr", "2026-11"}, {"r", "2026-13"}, {"r", "11-2026"}} {
		if b.log.DestroyMonth(ctx, space, audit.Class(wrong.class), wrong.month) == nil {
			t.Errorf("destroyed %v", wrong)
		}
	}
	fill(t, b, 100)
	before, root := checkpoint(t, b), head(t, b).Root
	for range 2 {
		if err := b.log.DestroyMonth(ctx, space, audit.ClassRead, "2026-11"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.log.DestroyMonth(ctx, space, audit.ClassRead, "2020-01"); err != nil {
		t.Error(err)
	}
	live, err := b.log.LiveMonths(ctx, space)
	want := []audit.Month{{Class: "a", Month: "2026-11"}, {Class: "a", Month: "2026-12"}, {Class: "r", Month: "2026-12"},
		{Class: "s", Month: "2026-11"}, {Class: "s", Month: "2026-12"}}
	if err != nil || !slices.Equal(live, want) {
		t.Errorf("months %v, %v", live, err)
	}
	gone := 0
	for _, l := range lines(t, b) {
		pruned := l.Class == audit.ClassRead && l.Time.Month() == time.November
		if pruned != (l.Detail == nil) || (l.Salt == nil) != pruned || (l.DetailBytes == nil) != pruned {
			t.Fatalf("entry %d: detail %v", l.N, l.Detail)
		}
		if pruned {
			gone++
		}
	}
	if gone == 0 || head(t, b).Root != root {
		t.Error("pruning did nothing, or more than it should")
	}
	fill(t, b, 200) // completes tiles that hold pruned entries
	if err := check(b); err != nil {
		t.Error(err)
	}
	if err := b.log.Extends(ctx, space, before); err != nil {
		t.Error(err)
	}
	got, _, err := b.log.History(ctx, space, audit.Query{Person: id("p_", 0), Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range got {
		if l.Class == audit.ClassRead && l.Time.Month() == time.November {
			t.Error("history finds a pruned entry")
		}
	}
}

func TestRewrapKeys(t *testing.T) {
	b := memBench(mem.Options{Reruns: 1})
	ctx := context.Background()
	fill(t, b, 20)
	w := newWrapper()
	var contexts []string
	n, err := b.log.RewrapKeys(ctx, space, func(context string, closed []byte) ([]byte, bool, error) {
		contexts = append(contexts, context)
		key, err := w.Unwrap(context, closed)
		if err != nil {
			return nil, false, err
		}
		again, err := w.Wrap(context, key)
		return again, context[len("detail/7/")] != 'a', err
	})
	if err != nil || n != 2 || !slices.Contains(contexts, "detail/7/r/2026-11") {
		t.Fatalf("%d rewrapped, %v, %v", n, contexts, err)
	}
	if err := check(b); err != nil {
		t.Error(err)
	}
	boom := errors.New("boom")
	_, err = b.log.RewrapKeys(ctx, space, func(string, []byte) ([]byte, bool, error) { return nil, true, boom })
	wantErr(t, err, boom)
	if err := check(b); err != nil {
		t.Error(err)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	b := memBench(mem.Options{})
	const n = 67_000 // more than one run of the index
	for i := 0; i < n; i += 1000 {
		var some []audit.Entry
		for k := range 1000 {
			e := other(i + k) // as short as may be: there are many
			some = append(some, audit.Entry{Act: e.Act, By: e.By, Person: e.Person, Mandate: e.Mandate, Digest: e.Digest, Out: e.Out})
		}
		mustRecord(t, b, some...)
		b.watch.move(11 * time.Hour) // two months in all
	}
	ctx, all := context.Background(), lines(t, b)
	ask := func(q audit.Query) (ns []int64) {
		for {
			got, next, err := b.log.History(ctx, space, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range got {
				ns = append(ns, l.N)
			}
			if next == 0 {
				return ns
			}
			if q.Before = next; len(got) != q.Limit {
				t.Fatalf("%d lines on a page of %d that is not the last", len(got), q.Limit)
			}
		}
	}
	compare := func(when string) {
		for name, c := range map[string]struct {
			q  audit.Query
			is func(*audit.Detail) bool
		}{
			"person":  {audit.Query{Person: id("p_", 4), Limit: 700}, func(d *audit.Detail) bool { return d.Person == id("p_", 4) }},
			"actor":   {audit.Query{Actor: id("h_", 2), Limit: 1000}, func(d *audit.Detail) bool { return d.By == id("h_", 2) }},
			"mandate": {audit.Query{Mandate: id("m_", 52), Limit: 99}, func(d *audit.Detail) bool { return d.Mandate == id("m_", 52) }},
			"nobody":  {audit.Query{Person: "p_nobody", Limit: 5}, func(*audit.Detail) bool { return false }},
			"another's kind": {audit.Query{Person: id("h_", 2), Limit: 5},
				func(*audit.Detail) bool { return false }},
		} {
			var want []int64
			for _, l := range slices.Backward(all) {
				if c.is(l.Detail) {
					want = append(want, l.N)
				}
			}
			if got := ask(c.q); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %d entries, want %d", when, name, len(got), len(want))
			}
		}
	}
	compare("blocks")
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	did, err := b.log.MergeIndex(ctx, space)
	if err != nil || !did {
		t.Fatal(did, err)
	}
	compare("merged")
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	if did, err := b.log.MergeIndex(ctx, space); err != nil || did {
		t.Fatal("merged again: ", did, err)
	}
	for i, r := range rows(t, b.db) { // pages are checked as blocks are
		if r.Bucket != "log.index" || r.Key[0] != 0 || i%200 != 0 {
			continue
		}
		with(t, b, []kv.Row{r}, []kv.Row{{Bucket: r.Bucket, Key: r.Key, Value: flip(r.Value, len(r.Value)-1, 4)}}, func() {
			wantErr(t, check(b), audit.ErrDamaged)
		})
	}
	if err := b.log.DestroyMonth(ctx, space, audit.ClassRead, "2026-11"); err != nil {
		t.Fatal(err)
	}
	if err := check(b); err != nil {
		t.Fatal(err)
	}
	for _, q := range []audit.Query{{}, {Person: "a", Actor: "b"}, {Actor: "a", Mandate: "b"}, {Person: "a b"}, {Person: "a", Before: -1}, {Person: "a", Limit: -1}, {Person: "a", Limit: 1001}} {
		if _, _, err := b.log.History(ctx, space, q); err == nil {
			t.Errorf("%+v was answered", q)
		}
	}
}

func TestLinesRange(t *testing.T) {
	b := memBench(mem.Options{})
	fill(t, b, 5)
	for _, r := range [][2]int64{{-1, 2}, {3, 2}, {0, 6}, {6, 6}} {
		err := b.log.Lines(context.Background(), space, r[0], r[1], func(audit.Line) error { return nil })
		wantErr(t, err, audit.ErrRange)
	}
	want, closed := lines(t, b), 0
	err := b.log.Leaves(context.Background(), space, 1, 5, func(l audit.Line) error {
		closed++
		if w := want[l.N]; !bytes.Equal(l.Leaf, w.Leaf) || !l.Time.Equal(w.Time) || l.Class != w.Class || l.Detail != nil || l.Salt != nil {
			t.Errorf("leaf %d: %+v", l.N, l)
		}
		return nil
	})
	if err != nil || closed != 4 {
		t.Errorf("%d leaves: %v", closed, err)
	}
	stop := errors.New("stop")
	count := 0
	err = b.log.Lines(context.Background(), space, 1, 5, func(audit.Line) error {
		if count++; count == 2 {
			return stop
		}
		return nil
	})
	wantErr(t, err, stop)
	if count != 2 {
		t.Error(count)
	}
}
