package audit

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrClock: the machine's clock can't be right, so nothing may be decided or
// written by it until someone looks.
var ErrClock = errors.New("audit: the clock is not to be trusted")

const (
	clockStep = 5 * time.Minute      // a step this large, either way, stops the log
	clockGap  = 400 * 24 * time.Hour // how long a register may have been off
)

// A Clock tells the time of entries. Decisions must not follow a wrong clock,
// and one leap ahead must not poison a log, whose time can never go back.
type Clock struct {
	now  func() time.Time
	boot func() time.Duration

	mu        sync.Mutex
	wall0     time.Time // the wall clock when
	boot0     time.Duration
	confirmed bool // someone has looked at it
}

// NewClock returns a clock that reads now. boot, if not nil, is a clock that
// runs evenly, during sleep too, and that nobody can set: see [BootClock].
// Without it only the log's own time is compared.
func NewClock(now func() time.Time, boot func() time.Duration) *Clock {
	c := &Clock{now: now, boot: boot, wall0: wall(now)}
	if boot != nil {
		c.boot0 = boot()
	}
	return c
}

// wall drops Go's monotonic reading: with it, subtracting would hide every step.
func wall(now func() time.Time) time.Time { return now().UTC().Truncate(time.Microsecond) }

// Now returns the time in UTC and whole microseconds, or ErrClock if the wall
// clock has run more than 5 minutes ahead of the boot clock.
func (c *Clock) Now() (time.Time, error) {
	t := wall(c.now)
	if y := t.Year(); y < 1970 || y > 9999 {
		return time.Time{}, fmt.Errorf("%w: the year has not four digits", ErrClock)
	}
	if ahead := c.ahead(t); ahead > clockStep {
		return time.Time{}, fmt.Errorf("%w: it leapt ahead by %v", ErrClock, ahead.Round(time.Second))
	}
	return t, nil
}

func (c *Clock) ahead(t time.Time) time.Duration {
	if c.boot == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Sub(c.wall0) - (c.boot() - c.boot0)
}

// Confirm says that someone has looked at the clock and found it right. It
// returns by how much the clock had stepped, for the entry clock.jump.
func (c *Clock) Confirm() time.Duration {
	t := wall(c.now)
	jump := c.ahead(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall0, c.confirmed = t, true
	if c.boot != nil {
		c.boot0 = c.boot()
	}
	return jump
}

// after returns the time of the entry that follows one at prev: never before it.
func (c *Clock) after(prev time.Time) (time.Time, error) {
	t, err := c.Now()
	if err != nil {
		return time.Time{}, err
	}
	if behind := prev.Sub(t); behind > clockStep {
		return time.Time{}, fmt.Errorf("%w: it is %v behind the log", ErrClock, behind.Round(time.Second))
	} else if behind > 0 {
		return prev, nil
	}
	return t, nil
}

// starts is after for the first look at a log whose last entry is at prev.
func (c *Clock) starts(prev time.Time) error {
	t, err := c.after(prev)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if gap := t.Sub(prev); gap > clockGap && !c.confirmed && !prev.IsZero() {
		return fmt.Errorf("%w: it is %d days ahead of the log", ErrClock, gap/(24*time.Hour))
	}
	return nil
}
