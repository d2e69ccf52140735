package consent

import (
	"context"

	"aval/audit"
)

// A Room watches the disk that the register is on, so that stops go on while it
// runs full (C07: stopping is never delayed).
type Room interface {
	// Check gives nil while there is room for more than stops, else the store's
	// own error of a full disk.
	Check() error
	// Full tells whether an error is the store's for a full disk.
	Full(err error) bool
	// Release gives back what was held ready for stops, and tells whether there was
	// any: then it is worth trying again.
	Release() bool
}

// KeepRoom has the room watched. It is called before anything is served.
func (r *Register) KeepRoom(room Room) { r.room = room }

func (r *Register) hasRoom() error {
	if r.room == nil {
		return nil
	}
	return r.room.Check()
}

// recordStop is record for what must not wait: stops, and signing in to make one.
func (r *Register) recordStop(ctx context.Context, a Actor, fn func(t *turn) error) ([]audit.Pass, error) {
	passes, err := r.recordAnyway(ctx, a, "", fn)
	if r.makesRoom(err) {
		return r.recordAnyway(ctx, a, "", fn)
	}
	return passes, err
}

// isFull tells whether an error is that of a full disk which is watched.
func (r *Register) isFull(err error) bool { return err != nil && r.room != nil && r.room.Full(err) }

// makesRoom gives the reserve back after an error, where that may help.
func (r *Register) makesRoom(err error) bool { return r.isFull(err) && r.room.Release() }

// wakeJobs says that something waits that should not wait for the next minute.
func (r *Register) wakeJobs() {
	select {
	case r.wake <- struct{}{}:
	default: // it was said already
	}
}

// Woken gives a signal when messages or notices wait: whoever runs the jobs need
// not wait for the next minute. A signal may stand for several.
func (r *Register) Woken() <-chan struct{} { return r.wake }
