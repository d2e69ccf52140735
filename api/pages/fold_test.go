package pages

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aval/audit"
)

func lineAt(at time.Time, by string, act audit.Action) audit.Line {
	class, _ := act.Class()
	return audit.Line{Time: at, Class: class, Detail: &audit.Detail{Entry: audit.Entry{Act: act, By: by, Out: audit.OK}}}
}

func TestFoldByDay(t *testing.T) {
	tz := time.FixedZone("east", 2*3600)
	at := time.Date(2027, 1, 11, 23, 30, 0, 0, time.UTC) // the 12th in tz
	lines := []audit.Line{
		lineAt(at, "h_a", audit.PersonRead), lineAt(at.Add(-time.Hour), "h_b", audit.PersonRead),
		lineAt(at.Add(-time.Hour), "h_a", audit.PersonRead), lineAt(at.Add(-2*time.Hour), "h_a", audit.PersonRead),
	}
	folds, _ := foldLines(lines, tz, easyLines)
	var counts []int
	for _, f := range folds {
		counts = append(counts, len(f.times))
	}
	if !slices.Equal(counts, []int{2, 1, 1}) {
		t.Errorf("folded into %v", counts)
	}
}

// Whatever is folded, no instant is lost and none is told twice, the newest
// comes first, and what is folded together reads the same.
func TestFoldLosesNothing(t *testing.T) {
	actors := []string{"h_a", "h_b", "h_c", "person"}
	acts := []audit.Action{audit.PersonRead, audit.PersonListed, audit.MandateStatusChecked}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)
		var lines []audit.Line
		for range rapid.IntRange(0, 60).Draw(t, "lines") {
			at = at.Add(-time.Duration(rapid.IntRange(1, 1_000_000).Draw(t, "seconds")) * time.Second)
			lines = append(lines, lineAt(at, rapid.SampledFrom(actors).Draw(t, "by"), rapid.SampledFrom(acts).Draw(t, "act")))
		}
		most := rapid.IntRange(2, 14).Draw(t, "most")
		shown, rest := foldLines(lines, time.UTC, most)
		if len(shown) > most || len(rest) > 0 && len(shown) != most-1 || len(rest) == 1 {
			t.Fatalf("%d lines and %d more, at most %d", len(shown), len(rest), most)
		}
		folds := slices.Concat(shown, rest)
		var told []int64
		for _, f := range folds {
			if !slices.IsSortedFunc(f.times, func(a, b time.Time) int { return b.Compare(a) }) {
				t.Fatal("a fold is not newest first")
			}
			for _, at := range f.times {
				told = append(told, at.UnixNano())
				i := slices.IndexFunc(lines, func(l audit.Line) bool { return l.Time.Equal(at) })
				if sameWay(lines[i].Detail) != sameWay(f.line.Detail) || f.period.of(at) != f.period.of(f.times[0]) {
					t.Fatal("two different things were folded together")
				}
			}
		}
		slices.Sort(told)
		want := make([]int64, 0, len(lines))
		for _, l := range lines {
			want = append(want, l.Time.UnixNano())
		}
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Fatalf("%d instants went in, %d came out", len(want), len(told))
		}
	})
}

func FuzzBirthOf(f *testing.F) {
	f.Add("12", "3", "1948")
	f.Add("", "", "1948")
	f.Add("۱۲", "٣", "۱۹۴۸")
	f.Add("-1", "0x1", "1e3 ")
	f.Fuzz(func(t *testing.T, day, month, year string) {
		birth, ok := birthOf(day, month, year)
		if !ok {
			return
		}
		if len(birth) != 4 && len(birth) != 7 && len(birth) != 10 || strings.Trim(birth, "0123456789-") != "" {
			t.Errorf("gave %q", birth)
		}
	})
}
