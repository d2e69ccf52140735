package audit_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aval/audit"
	"aval/store/bolt"
	"aval/store/kv"
	"aval/store/mem"

	"golang.org/x/mod/sumdb/tlog"
)

func TestRecord(t *testing.T) {
	b := memBench(mem.Options{Reruns: 2})
	var want []tlog.Hash
	for i := range 700 {
		p := mustRecord(t, b, other(i))
		if len(p) != 1 || p[0].N() != int64(i) || p[0].Space() != space || p[0].Person() != other(i).Person {
			t.Fatalf("entry %d: pass for entry %d of %q", i, p[0].N(), p[0].Person())
		}
		b.watch.move(time.Second)
	}
	for i, l := range lines(t, b) {
		e := other(i)
		e.ID = l.Detail.ID
		if l.N != int64(i) || len(e.ID) != 26 || l.Detail.Space != "ccas-exemple" {
			t.Fatalf("entry %d: %+v", i, l)
		}
		class, _ := e.Act.Class()
		if l.Detail.Act != e.Act || l.Detail.Person != e.Person || l.Class != class || l.Detail.Out != e.Out ||
			l.Detail.Mandate != e.Mandate || len(l.Detail.Fields) != len(e.Fields) || len(l.Detail.Counts) != len(e.Counts) {
			t.Fatalf("entry %d: %+v, want %+v", i, l.Detail, e)
		}
		h, err := tlog.StoredHashes(int64(i), l.Leaf, tlog.HashReaderFunc(func(x []int64) ([]tlog.Hash, error) {
			var r []tlog.Hash
			for _, x := range x {
				r = append(r, want[x])
			}
			return r, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, h...)
	}
	root, err := tlog.TreeHash(700, tlog.HashReaderFunc(func(x []int64) ([]tlog.Hash, error) {
		var r []tlog.Hash
		for _, x := range x {
			r = append(r, want[x])
		}
		return r, nil
	}))
	if err != nil || root != head(t, b).Root {
		t.Fatalf("root %v, tlog says %v (%v)", head(t, b).Root, root, err)
	}
}

func TestRecordKeepsNothing(t *testing.T) {
	b := memBench(mem.Options{})
	mustRecord(t, b, entry(0))
	before := head(t, b)
	long := entry(1)
	long.By = strings.Repeat("a", 97)
	personal := entry(1)
	personal.Purpose = "Jeanne Dupont"
	quoted := entry(1)
	quoted.Fields = []string{`a"b`}
	twice := entry(1)
	twice.Fields = []string{"identity", "identity"}
	noDigest := entry(1)
	noDigest.Act = audit.MandateSigned
	stranger := entry(1)
	stranger.Act = "person.deleted"
	mute := entry(1)
	mute.Out = ""
	nobody := entry(1)
	nobody.By = ""
	many := make([]audit.Entry, 1025)
	for i := range many {
		many[i] = entry(i)
	}
	for name, entries := range map[string][]audit.Entry{
		"long": {long}, "personal": {personal}, "quoted": {quoted}, "twice": {twice}, "no digest": {noDigest},
		"unknown action": {stranger}, "no outcome": {mute}, "nobody": {nobody}, "none": {}, "many": many,
		"second is wrong": {entry(1), long},
	} {
		_, err := b.rec.Record(context.Background(), space, func(tx kv.Tx, _ time.Time) ([]audit.Entry, error) {
			return entries, tx.Put(bucketNotes, []byte("k"), []byte("v"))
		})
		if err == nil || name == "none" && !errors.Is(err, audit.ErrNoEntry) {
			t.Errorf("%s: error %v", name, err)
		}
		if strings.Contains(err.Error(), "Jeanne") {
			t.Errorf("%s: the error repeats the value", name)
		}
	}
	boom := errors.New("boom")
	_, err := b.rec.Record(context.Background(), space, func(tx kv.Tx, _ time.Time) ([]audit.Entry, error) {
		return []audit.Entry{entry(1)}, errors.Join(tx.Put(bucketNotes, []byte("k"), []byte("v")), boom)
	})
	wantErr(t, err, boom)
	if head(t, b) != before {
		t.Error("the log has grown")
	}
	err = b.db.View(context.Background(), space.Number(), func(tx kv.Tx) error {
		v, err := tx.Get(bucketNotes, []byte("k"))
		if v != nil {
			t.Error("a write without an entry was kept")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.rec.Record(context.Background(), audit.Space{}, nil); err == nil {
		t.Error("the zero space was taken")
	}
}

func TestGuard(t *testing.T) {
	b := memBench(mem.Options{})
	mustRecord(t, b, entry(0))
	ctx, key := context.Background(), []byte("k")
	own := []kv.Bucket{{Name: "log"}, {Name: "log.key"}, {Name: "log.tile"}, {Name: "log.anything"}}
	touches := map[string]func(kv.Tx, kv.Bucket) error{
		"Get":    func(tx kv.Tx, b kv.Bucket) error { _, err := tx.Get(b, key); return err },
		"Put":    func(tx kv.Tx, b kv.Bucket) error { return tx.Put(b, key, key) },
		"Delete": func(tx kv.Tx, b kv.Bucket) error { return tx.Delete(b, key) },
		"Scan": func(tx kv.Tx, b kv.Bucket) error {
			return tx.Scan(b, nil, nil, func(_, _ []byte) error { return nil })
		},
	}
	try := map[string]func(func(kv.Tx) error) error{
		"Record": func(fn func(kv.Tx) error) error {
			_, err := b.rec.Record(ctx, space, func(tx kv.Tx, _ time.Time) ([]audit.Entry, error) {
				return []audit.Entry{entry(1)}, fn(tx)
			})
			return err
		},
		"View": func(fn func(kv.Tx) error) error {
			return b.rec.View(ctx, space, func(tx kv.Tx, _ time.Time) error { return fn(tx) })
		},
		"Keep": func(fn func(kv.Tx) error) error {
			return b.rec.Keep(ctx, space, func(tx kv.Tx, _ time.Time) error { return fn(tx) })
		},
	}
	for where, in := range try {
		for what, touch := range touches {
			for _, bucket := range own {
				if in(func(tx kv.Tx) error { return touch(tx, bucket) }) == nil {
					t.Errorf("%s: %s reached bucket %s", where, what, bucket.Name)
				}
			}
			writes := what == "Put" || what == "Delete"
			got := in(func(tx kv.Tx) error { return touch(tx, bucketNotes) })
			if may := !writes || where == "Record"; (got == nil) != may {
				t.Errorf("%s: %s on another bucket: %v", where, what, got)
			} else if !may {
				wantErr(t, got, kv.ErrReadOnly)
			}
			got = in(func(tx kv.Tx) error { return touch(tx, bucketSessions) })
			if may := !writes || where != "View"; (got == nil) != may {
				t.Errorf("%s: %s on a housekeeping bucket: %v", where, what, got)
			}
		}
	}
}

func TestPass(t *testing.T) {
	b := memBench(mem.Options{})
	refused := entry(1)
	refused.Act, refused.Out = audit.AttemptRefused, audit.Refused
	page := entry(2)
	page.Fields = []string{"identity", "h_aa:name", "p_zz:identity"}
	passes := mustRecord(t, b, entry(0), refused, page)
	p, r, c := passes[0], passes[1], passes[2]
	for _, step := range []struct {
		name          string
		pass          audit.Pass
		owner, record string
		ok            bool
	}{
		{"another person", p, id("p_", 5), "identity", false},
		{"nobody", p, "", "identity", false},
		{"not named", p, p.Person(), "evidence", false},
		{"named", p, p.Person(), "identity", true},
		{"again", p, p.Person(), "identity", false},
		{"the other one", p, p.Person(), "contact", true},
		{"refused", r, r.Person(), "identity", false},
		{"zero", audit.Pass{}, p.Person(), "identity", false},
		{"zero for nobody", audit.Pass{}, "", "", false},
		{"colleague", c, "h_aa", "name", true},
		{"colleague again", c, "h_aa", "name", false},
		{"another colleague", c, "h_ab", "name", false},
		{"another person though named", c, "p_zz", "identity", false},
		{"the person of the page", c, c.Person(), "identity", true},
	} {
		if err := step.pass.Use(step.owner, step.record); (err == nil) != step.ok {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	var used atomic.Int32
	p = mustRecord(t, b, entry(3))[0]
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if p.Use(p.Person(), "identity") == nil {
				used.Add(1)
			}
		})
	}
	wg.Wait()
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
	if !p.Time().Equal(head(t, b).Time) {
		t.Error("time of the pass is not that of the entry")
	}
}

// Every commit fails in turn, before or after it lands, with fns run again.
func TestFaults(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, step := range []mem.Step{mem.Before, mem.After} {
		for every := 1; every <= 3; every++ {
			commits, armed := 0, false
			b := memBench(mem.Options{Reruns: 1, Fault: func(_ kv.Space, at mem.Step) error {
				if at != step || !armed {
					return nil
				}
				if commits++; commits%every == 0 {
					return boom
				}
				return nil
			}})
			kept := 0
			for i := range 600 {
				armed = true
				passes, err := record(b, other(i), other(i+1))
				armed = false
				switch {
				case err == nil:
					if len(passes) != 2 || passes[0].N() != int64(kept) {
						t.Fatalf("passes %v", passes)
					}
					kept += 2
				case step == mem.After && every == 1: // looking fails as well
					wantErr(t, err, kv.ErrInDoubt)
					kept += 2
				case step == mem.Before:
					wantErr(t, err, boom)
				default:
					t.Fatal(err)
				}
				if h := head(t, b); h.Size != int64(kept) {
					t.Fatalf("%d entries, %d kept", h.Size, kept)
				}
			}
			if step == mem.After && every > 1 && kept != 1200 {
				t.Fatalf("%d entries of 1200 after commits that landed", kept)
			}
			if got := lines(t, b); len(got) != kept {
				t.Fatalf("%d lines, %d kept", len(got), kept)
			}
			if err := b.log.Check(context.Background(), space); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A commit in doubt that did not land is told from one that did.
func TestLost(t *testing.T) {
	b := newBench(&doubtful{DB: mem.Open(mem.Options{})})
	mustRecord(t, b, entry(0))
	b.db.(*doubtful).lose = true
	_, err := record(b, entry(1))
	wantErr(t, err, audit.ErrLost)
	if errors.Is(err, kv.ErrInDoubt) {
		t.Error("a lost update is still in doubt")
	}
	if head(t, b).Size != 1 {
		t.Error("the log has grown")
	}
}

// doubtful drops one update and says it does not know.
type doubtful struct {
	kv.DB
	lose bool
}

func (d *doubtful) Update(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	if !d.lose {
		return d.DB.Update(ctx, s, fn)
	}
	d.lose = false
	undo := errors.New("undo")
	err := d.DB.Update(ctx, s, func(tx kv.Tx) error { return errors.Join(fn(tx), undo) })
	if !errors.Is(err, undo) {
		return err
	}
	return kv.ErrInDoubt
}

func TestConcurrent(t *testing.T) {
	t.Run("mem", func(t *testing.T) { testConcurrent(t, mem.Open(mem.Options{Reruns: 1})) })
	t.Run("bolt", func(t *testing.T) {
		db, err := bolt.Open(filepath.Join(t.TempDir(), "aval.db"), bolt.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		testConcurrent(t, db)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func testConcurrent(t *testing.T, db kv.DB) { //nolint:thelper // a test's body, for two stores
	b := newBench(db)
	var wg sync.WaitGroup
	seen := make([]atomic.Int32, 16*40)
	for g := range 16 {
		wg.Go(func() {
			for i := range 40 {
				p, err := record(b, entry(g*40+i))
				if err != nil {
					t.Error(err)
					return
				}
				seen[p[0].N()].Add(1)
			}
		})
	}
	wg.Wait()
	for n := range seen {
		if seen[n].Load() != 1 {
			t.Errorf("entry %d was given %d times", n, seen[n].Load())
		}
	}
	all := lines(t, b)
	ids := map[string]bool{}
	for i, l := range all {
		if i > 0 && l.Time.Before(all[i-1].Time) || ids[l.Detail.ID] || bytes.Contains(l.Leaf, []byte(l.Detail.Person)) {
			t.Errorf("entry %d: %s", i, l.Leaf)
		}
		ids[l.Detail.ID] = true
	}
	if err := b.log.Check(context.Background(), space); err != nil {
		t.Error(err)
	}
}
