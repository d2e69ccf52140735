package screen

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// score counts one group of notes.
type score struct{ right, all int }

func (s score) share() float64 { return float64(s.right) / float64(s.all) }

// String gives the share with its 95 % Wilson interval.
func (s score) String() string {
	const z = 1.96
	n, p := float64(s.all), s.share()
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n)) / (1 + z*z/n)
	return fmt.Sprintf("%d/%d = %.1f %% (%.1f–%.1f)", s.right, s.all, 100*p, 100*(mid-half), 100*(mid+half))
}

// scores are the shares of notes judged right, by group.
type scores map[string]score

func measure(t *testing.T, file string) scores {
	t.Helper()
	all := scores{}
	for _, n := range readNotes(t, file) {
		refused := n.judge().Refused
		groups := []string{"clean", "clean kind " + n.Kind}
		if n.secret() {
			groups = []string{"secret", "kind " + n.Kind, "language " + n.Lang}
		} else if len(n.Kind) > 3 && n.Kind[:3] == "hn-" {
			groups = append(groups, "hard negatives")
		}
		for _, g := range groups {
			s := all[g]
			s.all++
			if refused == n.secret() {
				s.right++
			}
			all[g] = s
		}
		if refused != n.secret() && !strings.Contains(file, "held-out") {
			t.Logf("wrong: %s %s %s", n.ID, n.Kind, n.Lang)
		}
	}
	names := make([]string, 0, len(all))
	for g := range all {
		names = append(names, g)
	}
	slices.Sort(names)
	for _, g := range names {
		t.Logf("%-32s %v", g, all[g])
	}
	return all
}

// floor fails the test when a group is judged right less often than agreed.
func (s scores) floor(t *testing.T, group string, least float64) {
	t.Helper()
	if got, ok := s[group]; !ok || got.share() < least {
		t.Errorf("%s: %v, must be at least %.1f %%", group, got, 100*least)
	}
}

// TestFloors holds what was reached on the development notes. Raise a floor
// when a change earns it; never lower one without saying why.
func TestFloors(t *testing.T) {
	s := measure(t, "secrets-dev.jsonl")
	s.floor(t, "secret", 0.995)
	s.floor(t, "clean", 1)
	s.floor(t, "hard negatives", 1)
	for group := range s {
		switch {
		case group == "kind iban" || group == "kind nir":
			s.floor(t, group, 1)
		case group[:4] == "kind":
			s.floor(t, group, 0.9)
		case group[:4] == "lang":
			s.floor(t, group, 0.92)
		case group[:4] == "clea":
			s.floor(t, group, 0.97)
		}
	}
}

// TestFloorsHeldOut holds the figures on notes that no rule was fitted to. No
// line of it is printed, so that it stays so.
func TestFloorsHeldOut(t *testing.T) {
	own := measure(t, "own-held-out.jsonl")
	own.floor(t, "secret", 0.91)
	own.floor(t, "clean", 0.98)
	strangers := measure(t, "strangers-held-out.jsonl")
	strangers.floor(t, "secret", 0.85)
	strangers.floor(t, "clean", 0.97)
	for _, group := range []string{"kind iban", "kind nir", "kind card"} {
		strangers.floor(t, group, 1)
	}
}

// TestFloorsOwn holds the figures on notes written beside the rules, in other
// voices.
func TestFloorsOwn(t *testing.T) {
	s := measure(t, "own-dev.jsonl")
	s.floor(t, "secret", 0.97)
	s.floor(t, "clean", 0.997)
}

// TestFloorsStrangers holds the figures on notes of three writers who did not
// know the rules. The rules were widened for what they showed.
func TestFloorsStrangers(t *testing.T) {
	s := measure(t, "strangers-dev.jsonl")
	s.floor(t, "secret", 0.96)
	s.floor(t, "clean", 0.995)
	s.floor(t, "hard negatives", 0.99)
	for group := range s {
		switch {
		case group == "kind iban" || group == "kind nir" || group == "kind card":
			s.floor(t, group, 1)
		case group[:4] == "kind":
			s.floor(t, group, 0.86)
		case group[:4] == "lang":
			s.floor(t, group, 0.92)
		case group[:4] == "clea":
			s.floor(t, group, 0.96)
		}
	}
}
