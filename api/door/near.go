package door

import (
	"sync"
	"time"

	"aval/consent"
)

// A helper who kept somebody's code could look as if they were that person. The
// register cannot see whose hand it is; it sees where from: a card that is used
// from a network in which members of the same structure are at work is entered so,
// and the person reads it on their page. At the desk that is as it should be. A
// helper at home, or on a telephone of their own, is not seen by this.

// atWork are the networks from which members of each space asked lately. They are
// in memory only: the log gets a word, never an address.
type atWork struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

const (
	workDay  = 12 * time.Hour
	maxPlace = 10_000
)

func placeOf(space, address string) string { return space + " " + Network(address) }

// note remembers where a member asked from.
func (w *atWork) note(a consent.Actor, address string, now time.Time) {
	place := placeOf(a.SpaceSlug(), address)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.seen[place]; !known {
		for old, at := range w.seen {
			if len(w.seen) < maxPlace && now.Sub(at) < workDay {
				break
			}
			delete(w.seen, old)
		}
	}
	w.seen[place] = now
}

// near tells whether members of the card's space are at work where it is used.
func (w *atWork) near(a consent.Actor, address string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.seen[placeOf(a.SpaceSlug(), address)]
	return ok && now.Sub(at) < workDay
}
