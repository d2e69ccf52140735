package keys

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWeekOf(t *testing.T) {
	for day, want := range map[string]string{
		"2026-11-16": "2026-W47", "2026-11-22": "2026-W47", "2026-11-23": "2026-W48",
		"2026-12-31": "2026-W53", "2027-01-03": "2026-W53", "2027-01-04": "2027-W01", "2024-12-30": "2025-W01",
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := weekOf(at); got != want {
			t.Errorf("%s is in %s, got %s", day, want, got)
		}
	}
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	if got := weekOf(time.Date(2026, 11, 23, 0, 30, 0, 0, paris)); got != "2026-W47" {
		t.Errorf("weeks are counted in UTC, got %s", got)
	}
}

func TestTurn(t *testing.T) {
	f, dir := make1(t)
	first := f.Current().kid
	for _, step := range []struct {
		at     time.Duration
		turned bool
		week   string
	}{
		{0, false, "2026-W47"},
		{week - 1, false, "2026-W47"},
		{week, true, "2026-W48"},
		{week, false, "2026-W48"},
		{-10 * week, false, "2026-W48"}, // clock set back
		{5 * week, true, "2026-W52"},    // off for a month
		{4 * week, false, "2026-W52"},
	} {
		turned, err := f.Turn(monday.Add(step.at))
		if err != nil || turned != step.turned || f.Current().week != step.week {
			t.Errorf("at %v: turned %v, now %s, %v", step.at, turned, f.Current().week, err)
		}
	}
	got := f.Epochs()
	if len(got) != 3 || got[0].Kid != first || got[0].Current || !got[2].Current {
		t.Errorf("epochs: %+v", got)
	}
	again, err := Open(dir)
	if err != nil || !slices.Equal(again.Epochs(), got) {
		t.Errorf("after opening again: %v", err)
	}
}

// Two processes turn one folder: they agree on the key, and see each other's.
func TestTwoProcesses(t *testing.T) {
	a, dir := make1(t)
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, f := range []*Folder{a, b} {
		wg.Go(func() {
			for i := range 5 {
				if _, err := f.Turn(monday.Add(time.Duration(i) * week)); err != nil {
					t.Error(err)
				}
				f.Current().Close("x", nil)
			}
		})
	}
	wg.Wait()
	if a.Current().kid != b.Current().kid || len(a.Live()) != 5 {
		t.Error("two processes have two current epochs")
	}
	if err := a.MarkRewrapped(a.Current().kid, monday); err != nil {
		t.Fatal(err)
	}
	gone, err := b.DestroyDue(monday.Add(destroyAfter))
	if err != nil || len(gone) != 4 {
		t.Errorf("%v, %v", gone, err)
	}
	if more, err := a.DestroyDue(monday.Add(destroyAfter)); err != nil || len(more) != 0 || len(a.Live()) != 1 {
		t.Errorf("%v, %v", more, err)
	}
}

func TestDestroyDue(t *testing.T) {
	f, _ := make1(t)
	far := monday.Add(1000 * week)
	for i := 1; i <= 2; i++ {
		if _, err := f.Turn(monday.Add(time.Duration(i) * week)); err != nil {
			t.Fatal(err)
		}
	}
	kids := f.Epochs()
	none := func(what string, now time.Time) {
		t.Helper()
		if gone, err := f.DestroyDue(now); err != nil || len(gone) != 0 || len(f.Epochs()) != 3 {
			t.Fatalf("%s: destroyed %v, %v", what, gone, err)
		}
	}
	none("nothing is marked", far)
	if err := f.MarkRewrapped("nobody", far); !errors.Is(err, ErrNoEpoch) {
		t.Errorf("unknown epoch marked: %v", err)
	}
	at := monday.Add(week + time.Hour)
	mark := func(i int, at time.Time) {
		t.Helper()
		if err := f.MarkRewrapped(kids[i].Kid, at); err != nil {
			t.Fatal(err)
		}
	}
	mark(1, at)
	none("the current epoch is not marked", far)
	mark(2, at.Add(week))
	none("a moment early", at.Add(destroyAfter-1))
	mark(1, at.Add(-week)) // a second mark changes nothing
	none("marked again", at.Add(destroyAfter-1))
	if gone, err := f.DestroyDue(at.Add(destroyAfter)); err != nil || !slices.Equal(gone, []string{kids[0].Kid}) {
		t.Fatalf("due: %v, %v", gone, err)
	}
	if gone, err := f.DestroyDue(far); err != nil || !slices.Equal(gone, []string{kids[1].Kid}) {
		t.Fatalf("due: %v, %v", gone, err)
	}
	if gone, err := f.DestroyDue(far); err != nil || len(gone) != 0 || f.Current().kid != kids[2].Kid {
		t.Fatalf("the current one: %v, %v", gone, err)
	}
	if names := strings.Join(list(t, f.disk.dir), " "); strings.Contains(names, "W48") || !strings.Contains(names, "W49.rewrapped") {
		t.Errorf("marks left: %s", names)
	}
}

// Whatever order things happen in: the current epoch lives, it never goes back,
// and an epoch dies only when a later one was marked 23 days before.
func TestEpochsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "keys")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		f, err := Create(dir, origin, monday)
		if err != nil {
			rt.Fatal(err)
		}
		now, marks, newest := monday, map[string]time.Time{}, f.Current().week
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-3, 20).Draw(rt, "days")) * 24 * time.Hour)
			before := f.Epochs()
			switch rapid.SampledFrom([]string{"turn", "mark", "destroy"}).Draw(rt, "do") {
			case "turn":
				_, err = f.Turn(now)
			case "mark":
				e := rapid.SampledFrom(before).Draw(rt, "epoch")
				if _, ok := marks[e.Week]; !ok {
					marks[e.Week] = now
				}
				err = f.MarkRewrapped(e.Kid, now)
			case "destroy":
				_, err = f.DestroyDue(now)
			}
			if err != nil {
				rt.Fatal(err)
			}
			if f.Current().week < newest {
				rt.Fatalf("went back to %s", f.Current().week)
			}
			newest = f.Current().week
			for _, e := range before {
				if slices.ContainsFunc(f.Epochs(), func(x EpochInfo) bool { return x.Kid == e.Kid }) {
					continue
				}
				allowed := false
				for w, at := range marks {
					allowed = allowed || w > e.Week && now.Sub(at) >= destroyAfter
				}
				if !allowed {
					rt.Fatalf("%s destroyed without a mark", e.Week)
				}
			}
		}
	})
}

func TestMarkDamaged(t *testing.T) {
	f, dir := make1(t)
	if err := f.MarkRewrapped(f.Current().kid, monday); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "yes", "2026-11-16", "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z\n\n"} {
		write(t, dir, "epoch-2026-W47.rewrapped", []byte(bad))
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "W47.rewrapped is damaged") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestLeftovers(t *testing.T) {
	f, dir := make1(t)
	write(t, dir, ".new-epoch-2026-W48.key-x", []byte("half"))
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
	now := time.Now() // the file's own time
	if _, err := f.DestroyDue(now); err != nil || !slices.Contains(list(t, dir), ".new-epoch-2026-W48.key-x") {
		t.Errorf("a file being written was taken away: %v", err)
	}
	if _, err := f.DestroyDue(now.Add(2 * time.Hour)); err != nil || slices.Contains(list(t, dir), ".new-epoch-2026-W48.key-x") {
		t.Errorf("a file never finished is still there: %v", err)
	}
}
