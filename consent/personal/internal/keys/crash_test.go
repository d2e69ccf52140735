package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var errCrash = errors.New("crash")

// crashAt makes every step fail from the nth on, as if the process had ended.
func crashAt(n int) func(string, string) error {
	return func(string, string) error {
		if n--; n < 0 {
			return errCrash
		}
		return nil
	}
}

// crashes runs do once for each step it has, crashing there, in a folder made by
// setup; check then sees the folder as the next process does. It tells how many
// steps there were.
func crashes(t *testing.T, setup func(t *testing.T) *Folder, do func(f *Folder) error, check func(t *testing.T, before, after *Folder, step int)) int {
	t.Helper()
	for n := range 200 {
		f := setup(t)
		f.disk.before = crashAt(n)
		err := do(f)
		f.disk.before = nil
		if err != nil && !errors.Is(err, errCrash) {
			t.Fatalf("step %d: %v", n, err)
		}
		again, errOpen := Open(f.disk.dir)
		if errOpen != nil {
			t.Fatalf("step %d: not opened again: %v", n, errOpen)
		}
		check(t, f, again, n)
		if err == nil {
			return n
		}
	}
	t.Fatal("never came to an end")
	return 0
}

func TestCreateCrash(t *testing.T) {
	for n := range 200 {
		dir := filepath.Join(t.TempDir(), "keys")
		_, err := create(disk{dir: dir, before: crashAt(n)}, origin, monday)
		if err == nil {
			if n < 20 {
				t.Errorf("only %d steps", n)
			}
			return
		}
		if !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		names := list(t, dir)
		if slices.Contains(names, masterFile) { // its name is the last thing made
			if _, err := Open(dir); err != nil {
				t.Errorf("step %d: %v", n, err)
			}
			continue
		}
		if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("step %d: half a folder opened: %v", n, err)
		}
		hasKey := slices.ContainsFunc(names, func(s string) bool { return strings.HasSuffix(s, ".key") && s[0] != '.' })
		if _, err := Create(dir, origin, monday); hasKey != errors.Is(err, fs.ErrExist) {
			t.Errorf("step %d: again over %q: %v", n, names, err)
		}
	}
	t.Fatal("never came to an end")
}

func TestTurnCrash(t *testing.T) {
	var closed []byte
	setup := func(t *testing.T) *Folder {
		f, _ := make1(t)
		closed = f.Current().Close("x", []byte("old"))
		return f
	}
	steps := crashes(t, setup,
		func(f *Folder) error { _, err := f.Turn(monday.Add(week)); return err },
		func(t *testing.T, before, after *Folder, step int) {
			// What either process closes, the other opens.
			opens(t, after, closed)
			opens(t, after, before.Current().Close("x", []byte("by the first")))
			if _, err := after.Turn(monday.Add(week)); err != nil {
				t.Fatal(err)
			}
			if got := after.Current().week; got != "2026-W48" {
				t.Errorf("step %d: current is %s", step, got)
			}
			opens(t, before, after.Current().Close("x", []byte("by the second")))
		})
	if steps < 6 {
		t.Errorf("only %d steps", steps)
	}
}

func opens(t *testing.T, f *Folder, closed []byte) {
	t.Helper()
	e, err := f.Epoch(EpochOf(closed))
	if err == nil {
		_, err = e.Open("x", closed)
	}
	if err != nil {
		t.Errorf("does not open: %v", err)
	}
}

func TestMarkCrash(t *testing.T) {
	setup := func(t *testing.T) *Folder {
		f, _ := make1(t)
		if _, err := f.Turn(monday.Add(week)); err != nil {
			t.Fatal(err)
		}
		return f
	}
	crashes(t, setup,
		func(f *Folder) error { return f.MarkRewrapped(f.Current().kid, monday.Add(week)) },
		func(t *testing.T, _, after *Folder, step int) {
			if at := after.Current().rewrapped; !at.IsZero() && !at.Equal(monday.Add(week)) {
				t.Errorf("step %d: marked %v", step, at)
			}
			if err := after.MarkRewrapped(after.Current().kid, monday.Add(2*week)); err != nil {
				t.Fatal(err)
			}
			if after.Current().rewrapped.IsZero() {
				t.Errorf("step %d: not marked", step)
			}
		})
}

// Destroying can stop anywhere: nothing that should live is lost, and the next
// call ends what was begun. Nothing of a destroyed file stays in the folder.
func TestDestroyCrash(t *testing.T) {
	var alive []byte
	var dead [][]byte // sealed parts of the files to go
	var deadClosed []byte
	setup := func(t *testing.T) *Folder {
		f, dir := make1(t)
		deadClosed, dead = f.Current().Close("x", []byte("old")), nil
		for i := 1; i <= 2; i++ {
			if _, err := f.Turn(monday.Add(time.Duration(i) * week)); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"epoch-2026-W47.key", "epoch-2026-W48.key"} {
			data := read(t, dir, name)
			dead = append(dead, data[len(data)-60:len(data)-10])
		}
		alive = f.Current().Close("x", []byte("new"))
		if err := f.MarkRewrapped(f.Current().kid, monday.Add(2*week)); err != nil {
			t.Fatal(err)
		}
		return f
	}
	due := monday.Add(2*week + destroyAfter)
	steps := crashes(t, setup,
		func(f *Folder) error { _, err := f.DestroyDue(due); return err },
		func(t *testing.T, before, after *Folder, step int) {
			opens(t, after, alive)
			opens(t, before, alive)
			if _, err := after.DestroyDue(due.Add(2 * time.Hour)); err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			for _, f := range []*Folder{after, before} {
				if f == before {
					if err := f.reload(); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := f.Epoch(EpochOf(deadClosed)); !errors.Is(err, ErrEpoch) {
					t.Errorf("step %d: destroyed epoch: %v", step, err)
				}
			}
			opens(t, after, alive)
			for _, name := range list(t, after.disk.dir) {
				data := read(t, after.disk.dir, name)
				if strings.Contains(name, "W47") || strings.Contains(name, "W48") || strings.HasSuffix(name, doomedEnd) {
					t.Errorf("step %d: %s is there", step, name)
				}
				for _, part := range dead {
					if bytes.Contains(data, part) {
						t.Errorf("step %d: %s holds a destroyed key", step, name)
					}
				}
			}
		})
	if steps < 12 {
		t.Errorf("only %d steps", steps)
	}
}

// A destroyed file is overwritten where it lies: whoever still holds it sees that.
func TestDestroyOverwrites(t *testing.T) {
	f, dir := make1(t)
	name := "epoch-2026-W47.key"
	good := read(t, dir, name)
	held, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := f.Turn(monday.Add(week)); err != nil {
		t.Fatal(err)
	}
	if err := f.MarkRewrapped(f.Current().kid, monday.Add(week)); err != nil {
		t.Fatal(err)
	}
	if gone, err := f.DestroyDue(monday.Add(week + destroyAfter)); err != nil || len(gone) != 1 {
		t.Fatal(gone, err)
	}
	after := make([]byte, len(good))
	if _, err := held.ReadAt(after, 0); err != nil || bytes.Contains(after, good[60:90]) {
		t.Errorf("not overwritten: %v", err)
	}
}

func TestErasedCrash(t *testing.T) {
	a, b := "p_"+strings.Repeat("a", 26), "p_"+strings.Repeat("b", 25)+"a"
	setup := func(t *testing.T) *Folder {
		f, _ := make1(t)
		if err := f.AddErased("one", a); err != nil {
			t.Fatal(err)
		}
		return f
	}
	steps := crashes(t, setup,
		func(f *Folder) error { return f.AddErased("two", b) },
		func(t *testing.T, _, after *Folder, step int) {
			if got, err := after.Erased(); err != nil || got[0] != (Erasure{"one", a}) {
				t.Errorf("step %d: %v, %v", step, got, err)
			}
			if err := after.AddErased("two", b); err != nil {
				t.Fatal(err)
			}
			if got, err := after.Erased(); err != nil || !slices.Equal(got, []Erasure{{"one", a}, {"two", b}}) {
				t.Errorf("step %d: %v, %v", step, got, err)
			}
		})
	if steps < 4 {
		t.Errorf("only %d steps", steps)
	}
}

func TestNewKeysCrash(t *testing.T) {
	member := "h_" + strings.Repeat("a", 26)
	setup := func(t *testing.T) *Folder { f, _ := make1(t); return f }
	do := func(f *Folder) error {
		if _, _, err := f.NewSpace("ccas-lyon"); err != nil {
			return err
		}
		_, err := f.NewMember(member)
		return err
	}
	crashes(t, setup, do, func(t *testing.T, before, after *Folder, step int) {
		log, seal, err := after.NewSpace("ccas-lyon")
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		m, err := after.NewMember(member)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		// Once there, a key stays the same for everybody.
		l2, s2, err := before.NewSpace("ccas-lyon")
		if err != nil || l2.VKey() != log.VKey() || s2.Kid() != seal.Kid() {
			t.Errorf("step %d: another key: %v", step, err)
		}
		if m2, err := before.Member(member); err != nil || m2.Kid() != m.Kid() {
			t.Errorf("step %d: another key: %v", step, err)
		}
	})
}
