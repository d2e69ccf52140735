package audit

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrPass: the pass does not open that box, or has opened it already.
var ErrPass = errors.New("audit: the entry does not allow this")

// A Pass says that an entry is durable and lets its boxes be opened. Only
// [Recorder.Record] makes one; the zero Pass opens nothing. Copies share what
// has been used, and a pass may be used from several goroutines.
type Pass struct{ g *grant }

type grant struct {
	space  Space
	n      int64
	at     time.Time
	person string
	fields []string // empty for a refusal

	mu   sync.Mutex
	used [maxList]bool
}

func (a *appended) passes(s Space) []Pass {
	grants, passes := make([]grant, len(a.entries)), make([]Pass, len(a.entries))
	for i := range a.entries {
		g, e := &grants[i], &a.entries[i]
		g.space, g.n, g.at, g.person = s, a.first+int64(i), a.at, e.Person
		if e.Out == OK {
			g.fields = slices.Clone(e.Fields)
		}
		passes[i].g = g
	}
	return passes
}

// get returns the grant, of nothing for the zero Pass.
func (p Pass) get() *grant {
	if p.g == nil {
		return &grant{n: -1}
	}
	return p.g
}

// Space returns the space of the entry.
func (p Pass) Space() Space { return p.get().space }

// N returns the number of the entry in its space's log; -1 for the zero Pass.
func (p Pass) N() int64 { return p.get().n }

// Time returns the time of the entry.
func (p Pass) Time() time.Time { return p.get().at }

// Person returns whom the entry is about.
func (p Pass) Person() string { return p.get().person }

// Use takes the right to open one box: nil once for each record named in the
// entry's Fields, for the entry's person alone. A colleague's box, such as the
// name that a page shows beside an act, is named with its owner ("h_…:name"): it
// goes with the request and has no entry of its own. No other person's box does.
// The entry of a refusal gives no right at all.
func (p Pass) Use(owner, record string) error {
	g := p.get()
	if owner == "" {
		return ErrPass
	}
	if owner != g.person {
		if !strings.HasPrefix(owner, "h_") && !strings.HasPrefix(owner, "a_") {
			return ErrPass
		}
		record = owner + ":" + record
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.fields, record)
	if i < 0 || g.used[i] {
		return ErrPass
	}
	g.used[i] = true
	return nil
}
