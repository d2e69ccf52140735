package bolt

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"aval/store/kv"
)

// A call is one Update on its way.
type call struct {
	space kv.Space
	fn    func(kv.Tx) error
	taken atomic.Bool   // by the committer, which then answers, or by its caller, who then left
	done  chan struct{} // one token when answered

	err      error
	panicked any // raised again in the caller
}

// take decides between the committer starting fn and the caller leaving.
func (c *call) take() bool { return c.taken.CompareAndSwap(false, true) }

// answer lets the caller go on; err replaces what fn returned unless it is nil.
func (c *call) answer(err error) {
	if err != nil {
		c.err = err
	}
	c.done <- struct{}{}
}

// A queue brings the calls to the committer.
type queue struct {
	linger time.Duration

	// inFlight counts callers between their arrival and their departure. An
	// answered caller counts until it runs again, so that under load the
	// committer knows whom to wait for: those it just answered, most of whom
	// come straight back.
	inFlight atomic.Int64
	waiting  atomic.Int64 // len(calls), to look at without the lock

	mu      sync.Mutex
	arrival *sync.Cond
	calls   []*call
	closed  bool

	free sync.Pool // of *call
}

func newQueue(linger time.Duration) *queue {
	q := &queue{linger: linger}
	q.arrival = sync.NewCond(&q.mu)
	q.free.New = func() any { return &call{done: make(chan struct{}, 1)} }
	return q
}

// do has fn run by the committer and waits for the outcome. Until fn starts,
// the end of ctx ends the wait.
func (q *queue) do(ctx context.Context, s kv.Space, fn func(kv.Tx) error) error {
	q.inFlight.Add(1)
	defer q.inFlight.Add(-1)

	c := q.free.Get().(*call)
	c.space, c.fn = s, fn
	if !q.add(c) {
		return kv.ErrClosed
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.take() {
			return ctx.Err() // the committer will find c taken and drop it
		}
		<-c.done
	}
	err, panicked := c.err, c.panicked
	c.fn, c.err, c.panicked = nil, nil, nil
	c.taken.Store(false)
	q.free.Put(c)
	if panicked != nil {
		panic(panicked)
	}
	return err
}

func (q *queue) add(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.calls = append(q.calls, c)
	q.waiting.Store(int64(len(q.calls)))
	q.arrival.Signal()
	return true
}

// next waits for calls and returns at most max of them in their order of
// arrival, appended to buf; none when the queue is closed and empty.
func (q *queue) next(buf []*call, max int) []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.calls) == 0 {
		if q.closed {
			return buf
		}
		q.arrival.Wait()
	}
	if q.missing(max) {
		q.mu.Unlock()
		q.waitForMissing(max)
		q.mu.Lock()
	}
	n := min(len(q.calls), max)
	buf = append(buf, q.calls[:n]...)
	rest := copy(q.calls, q.calls[n:])
	clear(q.calls[rest:])
	q.calls = q.calls[:rest]
	q.waiting.Store(int64(rest))
	return buf
}

// missing says whether a caller in flight has not arrived, and would have room.
func (q *queue) missing(max int) bool {
	return q.linger > 0 && q.waiting.Load() < min(q.inFlight.Load(), int64(max))
}

// waitForMissing lingers for callers in flight. It yields instead of sleeping:
// a timer would be late by more than the whole wait.
func (q *queue) waitForMissing(max int) {
	for since := time.Now(); q.missing(max) && time.Since(since) < q.linger; {
		runtime.Gosched()
	}
}

// putBack returns calls that were not started, before all others.
func (q *queue) putBack(calls []*call) {
	if len(calls) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(append(make([]*call, 0, len(calls)+len(q.calls)), calls...), q.calls...)
	q.waiting.Store(int64(len(q.calls)))
}

// close lets no more calls in; false if it was closed before.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	q.arrival.Broadcast()
	return true
}
