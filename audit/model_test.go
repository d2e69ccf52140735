package audit_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/audit/extract"
	"aval/store/mem"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// A model is what a log should be: its leaves, and tlog's own idea of the tree.
type model struct {
	b       *bench
	leaves  []audit.Line
	hashes  []tlog.Hash // as tlog stores them
	persons []string
	pruned  map[string]bool // class and month
	signed  [][]byte
}

func (m *model) ReadHashes(x []int64) (some []tlog.Hash, err error) {
	for _, x := range x {
		some = append(some, m.hashes[x])
	}
	return some, nil
}

func (m *model) append(t *rapid.T) {
	// Often enough in one go to complete tiles.
	count := rapid.SampledFrom([]int{1, 1, 3, 20, 150}).Draw(t, "count")
	var some []audit.Entry
	for range count {
		some = append(some, other(len(m.leaves)+len(some)))
	}
	mustRecordIn(t, m.b, some)
	err := m.b.log.Lines(context.Background(), space, int64(len(m.leaves)), int64(len(m.leaves)+count), func(l audit.Line) error {
		h, err := tlog.StoredHashes(int64(len(m.leaves)), l.Leaf, m)
		m.hashes, m.leaves = append(m.hashes, h...), append(m.leaves, l)
		m.persons = append(m.persons, l.Detail.Person)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustRecordIn(t *rapid.T, b *bench, some []audit.Entry) {
	if _, err := record(b, some...); err != nil {
		t.Fatal(err)
	}
}

func (m *model) prune(t *rapid.T) {
	class := rapid.SampledFrom([]audit.Class{"r", "a", "m", "s", "g"}).Draw(t, "class")
	back := rapid.IntRange(1, 3).Draw(t, "months")
	now := m.b.watch.now()
	month := time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	if err := m.b.log.DestroyMonth(context.Background(), space, class, month); err != nil {
		t.Fatal(err)
	}
	m.pruned[string(class)+month] = true
}

func (m *model) isPruned(l audit.Line) bool {
	return m.pruned[string(l.Class)+l.Time.Format("2006-01")]
}

func (m *model) sign(t *rapid.T) {
	signed, err := m.b.log.Checkpoint(context.Background(), space)
	if err != nil {
		t.Fatal(err)
	}
	m.signed = append(m.signed, signed)
}

func (m *model) extract(t *rapid.T) {
	m.b.watch.move(time.Second) // so that the checkpoint is new
	from := rapid.IntRange(-2, 200).Draw(t, "from")
	days := rapid.IntRange(1, 60).Draw(t, "days")
	x := extract.Request{
		From: epoch.AddDate(0, 0, from).Truncate(time.Second), To: epoch.AddDate(0, 0, from+days).Truncate(time.Second),
		Profile: "dpo", Program: "aval-test", Open: func(l audit.Line) bool { return l.N%3 == 0 },
	}
	var out bytes.Buffer
	if _, err := extract.Write(context.Background(), &out, m.b.log, m.b.signers, space, x); err != nil {
		t.Fatal(err)
	}
	e, err := extract.Read(bytes.NewReader(out.Bytes()), int64(out.Len()), func(map[string][]byte) (note.Verifier, error) {
		return m.b.signers.LogVerifier(space)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for _, l := range m.leaves {
		if !l.Time.Before(x.From) && l.Time.Before(x.To) {
			want++
		}
	}
	if e.Entries != want {
		t.Fatalf("%d entries in the extract, want %d", e.Entries, want)
	}
}

// check holds after every step.
func (m *model) check(t *rapid.T) {
	ctx, size := context.Background(), int64(len(m.leaves))
	h, err := m.b.log.Head(ctx, space)
	if err != nil {
		t.Fatal(err)
	}
	root, err := tlog.TreeHash(size, m)
	if err != nil || h.Size != size || h.Root != root {
		t.Fatalf("head %+v, want %d %v (%v)", h, size, root, err)
	}
}

func (m *model) look(t *rapid.T) {
	ctx, size := context.Background(), int64(len(m.leaves))
	if err := m.b.log.Check(ctx, space); err != nil {
		t.Fatal(err)
	}
	if len(m.signed) > 0 { // Check looks at all of them
		signed := rapid.SampledFrom(m.signed).Draw(t, "signed")
		if err := m.b.log.Extends(ctx, space, signed); err != nil {
			t.Fatal(err)
		}
	}
	if size == 0 {
		return
	}
	n := rapid.Int64Range(0, size-1).Draw(t, "entry")
	at := rapid.Int64Range(n+1, size).Draw(t, "size")
	p, err := m.b.log.Inclusion(ctx, space, n, at)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tlog.ProveRecord(at, n, m)
	if err != nil || !slices.Equal(p, want) {
		t.Fatalf("inclusion of %d in %d: %v, tlog says %v (%v)", n, at, p, want, err)
	}
	c, err := m.b.log.Consistency(ctx, space, n+1, at)
	if err != nil {
		t.Fatal(err)
	}
	wantTree, err := tlog.ProveTree(at, n+1, m)
	if err != nil || !slices.Equal(c, wantTree) {
		t.Fatalf("consistency of %d and %d: %v (%v)", n+1, at, c, err)
	}
	m.history(t)
}

func (m *model) history(t *rapid.T) {
	person := id("p_", rapid.IntRange(0, 30).Draw(t, "person"))
	got, _, err := m.b.log.History(context.Background(), space, audit.Query{Person: person, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var want []int64
	for n, l := range slices.Backward(m.leaves) {
		if m.persons[n] == person && !m.isPruned(l) && len(want) < 1000 {
			want = append(want, int64(n))
		}
	}
	for i, l := range got {
		if i >= len(want) || l.N != want[i] {
			t.Fatalf("history of a person: %d entries, want %d", len(got), len(want))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("history of a person: %d entries, want %d", len(got), len(want))
	}
}

// TestModel does random things to a log and to a model of it.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{b: memBench(mem.Options{}), pruned: map[string]bool{}}
		t.Repeat(map[string]func(*rapid.T){
			"append":  m.append,
			"prune":   m.prune,
			"sign":    m.sign,
			"extract": m.extract,
			"look":    m.look,
			"wait": func(t *rapid.T) {
				m.b.watch.move(time.Duration(rapid.IntRange(1, 40).Draw(t, "days")) * 24 * time.Hour)
			},
			"restart": func(*rapid.T) { m.b.open() },
			"":        m.check,
		})
	})
}
