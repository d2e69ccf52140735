package consent_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/consent/jobs"
	"aval/consent/personal"
	"aval/store/kv"
	"aval/store/mem"
)

// A breaker ends a program at a commit: from then on nothing lands.
type breaker struct {
	mu      sync.Mutex
	commits int // so far
	at      int // the commit that it breaks, 0 for none
	step    mem.Step
	dead    bool
}

var errDead = errors.New("the power is out")

func (b *breaker) fault(_ kv.Space, step mem.Step) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dead {
		return errDead
	}
	if step == mem.Before {
		b.commits++
	}
	if b.at > 0 && b.commits == b.at && step == b.step {
		b.dead = true
		return errDead
	}
	return nil
}

// arm breaks the n-th commit from now.
func (b *breaker) arm(n int, step mem.Step) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.step = b.commits+n, step
}

func (b *breaker) heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at, b.dead = 0, false
}

// restart opens the keys folder anew and does what a program does at its start.
func (w *world) restart() {
	w.t.Helper()
	folder, err := personal.OpenFolder(w.dir)
	w.must(err)
	w.folder = folder
	w.wire()
	spaces, err := w.reg.Spaces(w.ctx)
	w.must(err)
	for _, s := range spaces {
		w.must(w.log.CheckStart(w.ctx, s))
	}
	w.must(jobs.Start(w.ctx, w.reg))
}

// tally counts what a store holds: the rows of each bucket and the entries of
// each action, space by space.
func (w *world) tally() map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for key := range dumped(w.t, w.db).apart() {
		parts := strings.SplitN(key, "/", 3)
		n[parts[0]+"/"+parts[1]]++
	}
	for slug := range w.sizes() {
		for _, l := range w.lines(slug) {
			n[slug+" "+string(l.Detail.Act)+" "+string(l.Detail.Out)]++
		}
	}
	return n
}

// everyCut runs a step of a fresh world to its end, then, in worlds as fresh, cut
// off before and after each of its commits. After a restart each of those holds
// either all of the step or nothing of it: nothing half done, nothing doubled.
func everyCut[S any](t *testing.T, setUp func(w *world) S, step func(w *world, s S) error, check func(w *world, s S, done bool)) {
	t.Helper()
	begin := func(t *testing.T) (*world, *breaker, S) {
		b := &breaker{}
		w := newWorldOn(t, mem.Open(mem.Options{Fault: b.fault}))
		return w, b, setUp(w)
	}
	w, b, s := begin(t)
	before, from := w.tally(), b.commits
	w.must(step(w, s))
	after, commits := w.tally(), b.commits-from
	if len(after) == 0 || maps.Equal(before, after) {
		t.Fatal("the step does nothing")
	}
	if left := dumped(t, w.db).in("outbox"); len(left) > 0 {
		t.Errorf("messages wait after the step: %v", left)
	}
	check(w, s, true)
	landed := 0
	for n := 1; n <= commits; n++ {
		for _, when := range []mem.Step{mem.Before, mem.After} {
			t.Run(fmt.Sprintf("commit %d of %d, step %d", n, commits, when), func(t *testing.T) {
				w, b, s := begin(t)
				b.arm(n, when)
				if err := step(w, s); err == nil {
					t.Error("the step was cut off and says that it is done")
				}
				b.heal()
				w.restart()
				got := w.tally()
				if !maps.Equal(got, before) && !maps.Equal(got, after) {
					t.Errorf("neither done nor not done: %v", changes(got, after))
				}
				done := maps.Equal(got, after)
				if done {
					landed++
				}
				if done != (n > 1 || when == mem.After) {
					t.Errorf("done is %t: only the first commit decides", done)
				}
				check(w, s, done)
			})
		}
	}
	if commits < 1 || landed != 2*commits-1 {
		t.Errorf("%d of %d cuts were made good", landed, 2*commits)
	}
}

// changes lists what differs between two tallies.
func changes(got, want map[string]int) []string {
	var list []string
	for key := range got {
		if got[key] != want[key] {
			list = append(list, fmt.Sprintf("%s: %d, want %d", key, got[key], want[key]))
		}
	}
	for key := range want {
		if _, ok := got[key]; !ok {
			list = append(list, fmt.Sprintf("%s: none, want %d", key, want[key]))
		}
	}
	slices.Sort(list)
	return list
}
