package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"aval/audit"
	"aval/store/kv"
	"aval/store/mem"
)

func TestClock(t *testing.T) {
	db, w, boot := mem.Open(mem.Options{}), &watch{t: epoch}, time.Duration(0)
	clock := audit.NewClock(w.now, func() time.Duration { return boot })
	log := audit.NewLog(db, newWrapper(), &signers{}, clock)
	rec := audit.NewRecorder(log, func(tx kv.Tx) kv.Tx { return tx })
	last := time.Time{}
	for _, step := range []struct {
		name       string
		wall, boot time.Duration
		confirm    bool
		ok         bool
		at         time.Duration // after epoch
	}{
		{"start", 0, 0, false, true, 0},
		{"on", time.Hour, time.Hour, false, true, time.Hour},
		{"a little ahead", 4 * time.Minute, 0, false, true, time.Hour + 4*time.Minute},
		{"back is held", -4 * time.Minute, 0, false, true, time.Hour + 4*time.Minute},
		{"exactly 5 minutes back is held", -time.Minute, 0, false, true, time.Hour + 4*time.Minute},
		{"more is refused", -time.Microsecond, 0, false, false, 0},
		{"right again", 5*time.Minute + time.Microsecond, 0, false, true, time.Hour + 4*time.Minute},
		{"leap", time.Minute + time.Microsecond, 0, false, false, 0},
		{"leap confirmed", 0, 0, true, true, time.Hour + 5*time.Minute + time.Microsecond},
		{"years", 3 * 365 * 24 * time.Hour, 0, false, false, 0},
		{"back from years", -3 * 365 * 24 * time.Hour, 0, false, true, time.Hour + 5*time.Minute + time.Microsecond},
		{"asleep", 9 * time.Hour, 9 * time.Hour, false, true, 10*time.Hour + 5*time.Minute + time.Microsecond},
	} {
		w.move(step.wall)
		boot += step.boot
		if step.confirm {
			if jump := clock.Confirm(); jump <= 5*time.Minute {
				t.Errorf("%s: jump of %v", step.name, jump)
			}
		}
		p, err := rec.Record(context.Background(), space, func(_ kv.Tx, at time.Time) ([]audit.Entry, error) {
			return []audit.Entry{entry(0)}, nil
		})
		if !step.ok {
			if !errors.Is(err, audit.ErrClock) {
				t.Errorf("%s: error %v", step.name, err)
			}
			if _, err := log.Head(context.Background(), space); err != nil {
				t.Errorf("%s: reading fails: %v", step.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
			continue
		}
		if got := p[0].Time(); !got.Equal(epoch.Add(step.at)) || got.Before(last) {
			t.Errorf("%s: entry at %v, want %v", step.name, got, epoch.Add(step.at))
		}
		last = p[0].Time()
	}
}

func TestCheckStart(t *testing.T) {
	for _, c := range []struct {
		name    string
		off     time.Duration
		confirm bool
		ok      bool
	}{
		{"at once", 0, false, true},
		{"a summer", 90 * 24 * time.Hour, false, true},
		{"400 days", 400 * 24 * time.Hour, false, true},
		{"more", 400*24*time.Hour + time.Second, false, false},
		{"more, confirmed", 800 * 24 * time.Hour, true, true},
		{"a little back", -5 * time.Minute, false, true},
		{"back", -5*time.Minute - time.Second, false, false},
		{"back, confirmed", -time.Hour, true, false}, // confirming can't make time go back
	} {
		b := memBench(mem.Options{})
		mustRecord(t, b, entry(0))
		b.watch.move(c.off)
		b.open()
		if c.confirm {
			b.log.Clock().Confirm()
		}
		err := b.log.CheckStart(context.Background(), space)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, audit.ErrClock) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	b := memBench(mem.Options{})
	if err := b.log.CheckStart(context.Background(), space); err != nil {
		t.Errorf("empty log: %v", err)
	}
}

func TestBootClock(t *testing.T) {
	boot := audit.BootClock()
	if boot == nil {
		return // not on Linux: NewClock takes nil
	}
	a := boot()
	time.Sleep(time.Millisecond) //nolint:forbidigo // the system's own clock is what is tested
	if d := boot() - a; d < time.Millisecond || d > time.Minute {
		t.Errorf("a millisecond took %v", d)
	}
}
