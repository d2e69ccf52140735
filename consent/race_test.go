package consent_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/store/bolt"
	"aval/store/kv"
	"aval/store/mem"
)

// stores are those on which things happen at once.
func stores(t *testing.T, run func(t *testing.T, db kv.DB)) {
	t.Helper()
	t.Run("mem", func(t *testing.T) {
		t.Parallel()
		run(t, mem.Open(mem.Options{Reruns: 2}))
	})
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		db, err := bolt.Open(filepath.Join(t.TempDir(), "aval.db"), bolt.Options{Create: true, InitialMmapSize: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		run(t, db)
	})
}

// Stop means stop: 50 helpers' requests race with what ends them. No entry after
// that of the end has a look that was allowed, and everyone who was shown
// something has an entry before it.
func TestNoLookAfterTheEnd(t *testing.T) {
	ends := map[string]struct {
		act audit.Action
		end func(w *world, ctx context.Context, referent, helper consent.Actor, p consent.PersonID, m consent.MandateID) error
	}{
		"revocation": {audit.MandateRevoked, func(w *world, ctx context.Context, _, helper consent.Actor, _ consent.PersonID, m consent.MandateID) error {
			return second(w.reg.RevokeMandate(ctx, helper, m, consent.Scope{}))
		}},
		"closing": {audit.HelperClosed, func(w *world, ctx context.Context, referent, helper consent.Actor, _ consent.PersonID, _ consent.MandateID) error {
			return w.reg.CloseHelper(ctx, referent, helper.Member())
		}},
		"forgetting": {audit.PersonKeyDestroyed, func(w *world, ctx context.Context, referent, _ consent.Actor, p consent.PersonID, _ consent.MandateID) error {
			return second(w.reg.ForgetPerson(ctx, referent, p))
		}},
	}
	for name, e := range ends {
		t.Run(name, func(t *testing.T) {
			stores(t, func(t *testing.T, db kv.DB) {
				w := newWorldOn(t, db)
				referent := w.structure("ccas")
				helper := w.helper(referent, charter.SocialWorker)
				p := w.person(helper)
				m := w.mandate(helper, terms(p, caf))
				w.raceTo(referent, helper, p, m.ID, e.act, e.end)
			})
		})
	}
}

func (w *world) raceTo(referent, helper consent.Actor, p consent.PersonID, m consent.MandateID, act audit.Action,
	end func(*world, context.Context, consent.Actor, consent.Actor, consent.PersonID, consent.MandateID) error,
) {
	const callers, looks = 50, 4
	var wg sync.WaitGroup
	var mu sync.Mutex
	var shown []int64
	begun := make(chan struct{}, callers*looks)
	for range callers {
		wg.Go(func() {
			for range looks {
				seen, err := w.reg.RevealPerson(w.ctx, helper, consent.Reveal{
					Person: p, Purpose: charter.PurposeActUnderMandate, Fields: contact,
				})
				begun <- struct{}{}
				if err == nil {
					mu.Lock()
					shown = append(shown, seen.Entry)
					mu.Unlock()
				} else if _, ok := asRefusal(err); !ok && !isNotFound(err) {
					w.t.Errorf("a look: %v", err)
				}
			}
		})
	}
	for range callers { // let some of them through
		<-begun
	}
	if err := end(w, w.ctx, referent, helper, p, m); err != nil {
		w.t.Errorf("the end: %v", err)
	}
	wg.Wait()
	ended, after, before := int64(-1), 0, 0
	for _, l := range w.lines("ccas") {
		switch {
		case l.Detail.Act == act && ended < 0:
			ended = l.N
		case l.Detail.Act == audit.PersonRead && l.Detail.Out == audit.OK && ended >= 0:
			w.t.Errorf("entry %d is a look after the end at %d", l.N, ended)
		case l.Detail.Act == audit.PersonRead && l.Detail.Out == audit.OK:
			before++
		case l.Detail.Out == audit.Refused && ended >= 0:
			after++
		}
	}
	if ended < 0 {
		w.t.Fatal("the end has no entry")
	}
	for _, n := range shown {
		if n > ended {
			w.t.Errorf("a look was shown with entry %d, after the end at %d", n, ended)
		}
	}
	if before < 1 || len(shown) > before {
		w.t.Errorf("%d were shown data, %d entries say so", len(shown), before)
	}
	if act != audit.PersonKeyDestroyed && before+after != callers*looks {
		w.t.Errorf("%d looks before the end and %d refused after it, of %d", before, after, callers*looks)
	}
	w.must(w.log.Check(w.ctx, w.space("ccas")))
}
