// Package jobs runs what the register does by itself: it finishes what a stop
// cut off, turns the epoch of keys, and destroys what is due.
package jobs

import (
	"context"
	"errors"
	"time"

	"aval/audit"
	"aval/consent"
)

// How often each job runs. All are idempotent and catch up after a pause.
const (
	relayEvery     = time.Minute
	epochEvery     = time.Hour
	retentionEvery = 24 * time.Hour
)

// Start does, before anybody is served, what must not wait: erasures cut off by
// a stop, erased persons that an older copy brought back, messages cut off, a new
// version of the charter, and
// the week's epoch key, so that nothing new is closed under an older one. What
// lives is wrapped again by Run, while people are served. A message that cannot be delivered keeps nobody from
// being served: Run tries it again at once, and tells.
func Start(ctx context.Context, r *consent.Register) error {
	if _, err := r.ReplayErased(ctx); err != nil {
		return err
	}
	_ = relay(ctx, r)
	if err := r.PublishCharter(ctx); err != nil {
		return err
	}
	return r.BeginEpoch(ctx)
}

// Run runs the jobs until the context ends: each minute, and at once when the
// register says that something waits, which woken are told as well. A job that fails is told to failed
// and tried again at its next time; nothing it left half done is lost.
func Run(ctx context.Context, r *consent.Register, failed func(job string, err error), woken ...func()) {
	tick := time.NewTicker(relayEvery)
	defer tick.Stop()
	epoch, retention := time.Time{}, time.Time{}
	for {
		attempt(ctx, failed, "failures", func() error { return r.NoteFailures(ctx) })
		attempt(ctx, failed, "relay", func() error { return relay(ctx, r) })
		attempt(ctx, failed, "chase", func() error { return eachSpace(ctx, r, r.ChaseStops) })
		attempt(ctx, failed, "erasures", func() error { return eachSpace(ctx, r, r.FinishErasures) })
		attempt(ctx, failed, "leaving", func() error { return eachSpace(ctx, r, r.FinishLeaving) })
		if time.Since(epoch) >= epochEvery {
			epoch = time.Now()
			attempt(ctx, failed, "epoch", func() error { _, err := r.TurnEpoch(ctx); return err })
		}
		if time.Since(retention) >= retentionEvery {
			retention = time.Now()
			attempt(ctx, failed, "retention", func() error { _, err := r.RunRetention(ctx, false); return err })
			attempt(ctx, failed, "sleepers", func() error { return eachSpace(ctx, r, r.TellSleepers) })
		}
		select {
		case <-ctx.Done():
			return
		case <-r.Woken():
			for _, also := range woken {
				also()
			}
		case <-tick.C:
		}
	}
}

func attempt(ctx context.Context, failed func(string, error), name string, job func() error) {
	if err := job(); err != nil && ctx.Err() == nil {
		failed(name, err)
	}
}

func relay(ctx context.Context, r *consent.Register) error {
	return eachSpace(ctx, r, func(ctx context.Context, s audit.Space) error {
		return errors.Join(r.Relay(ctx, s), r.MergeIndex(ctx, s))
	})
}

// eachSpace does a job in every space: what is wrong in one is told, and holds up
// no other.
func eachSpace(ctx context.Context, r *consent.Register, do func(context.Context, audit.Space) error) error {
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, s := range spaces {
		if err := do(ctx, s); err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(faults...)
}
