package door

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits is a rate limit for each of many keys: addresses, sessions, cards. It
// holds a bounded number of keys; when that many are busy at once the others
// share one.
type Limits struct {
	every rate.Limit
	burst int
	mu    sync.Mutex
	kept  map[string]*rate.Limiter
	rest  *rate.Limiter
	swept time.Time
}

// maxKeys bounds the memory of one Limits: about 2 MB.
const maxKeys = 10_000

// NewLimits allows burst at once and then every a second, for each key.
func NewLimits(every rate.Limit, burst int) *Limits {
	return &Limits{
		every: every, burst: burst, kept: map[string]*rate.Limiter{}, rest: rate.NewLimiter(every, burst),
	}
}

// Take takes one and tells whether there was one to take. wait is how long until
// there is, at least a second.
func (l *Limits) Take(key string, now time.Time) (ok bool, wait time.Duration) {
	of := l.of(key, now)
	return of.AllowN(now, 1), l.wait()
}

// Left tells whether there is one to take, and takes none.
func (l *Limits) Left(key string, now time.Time) bool {
	of := l.find(key, now)
	return of == nil || of.TokensAt(now) >= 1
}

// Untouched tells whether all the burst is there: nothing was taken lately.
func (l *Limits) Untouched(key string, now time.Time) bool {
	of := l.find(key, now)
	return of == nil || of.TokensAt(now) >= float64(l.burst)
}

func (l *Limits) wait() time.Duration {
	return max(time.Second, time.Duration(float64(time.Second)/float64(l.every)).Round(time.Second))
}

// of gives the limit of a key from which something is taken.
func (l *Limits) of(key string, now time.Time) *rate.Limiter {
	if of := l.find(key, now); of != nil {
		return of
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	of, ok := l.kept[key]
	if !ok {
		of = rate.NewLimiter(l.every, l.burst)
		l.kept[key] = of
	}
	return of
}

// find gives the limit of a key, nil when nothing was ever taken from it: to ask
// costs no room. While there is no more room it is the one that the rest shares.
func (l *Limits) find(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of, ok := l.kept[key]; ok {
		return of
	}
	if len(l.kept) >= maxKeys && now.Sub(l.swept) >= time.Second {
		l.forget(now)
	}
	if len(l.kept) >= maxKeys {
		return l.rest
	}
	return nil
}

// forget drops the keys that have all their burst again: keeping them would
// change no answer. It is done once a second at most, so that a flood of keys
// costs no more than any other request.
func (l *Limits) forget(now time.Time) {
	l.swept = now
	for key, of := range l.kept {
		if of.TokensAt(now) >= float64(l.burst) {
			delete(l.kept, key)
		}
	}
}

// Network is what an address is counted under: one household has 2^64 addresses
// of IPv6.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	if ip = ip.Unmap(); ip.Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
