package api

import (
	"net/netip"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"aval/api/door"
	"aval/consent"
)

// limits allows every a second, and 4 seconds' worth at once.
func limits(every rate.Limit) *door.Limits { return door.NewLimits(every, max(1, int(4*every))) }

// limit refuses an address or a session that asks too often. Wrong card codes
// have limits of their own, in api/door.
func (a *API) limit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, now := door.VisitOf(c.Request().Context()), a.Now()
		if ok, wait := a.address.Take(network(v.Address), now); !ok {
			return &consent.TooMany{Seconds: int(wait.Seconds())}
		}
		if key := v.SessionKey(); key != "" {
			if ok, wait := a.session.Take(key, now); !ok {
				return &consent.TooMany{Seconds: int(wait.Seconds())}
			}
		}
		return next(c)
	}
}

// network is what an address is counted under: one household has 2^64 addresses
// of IPv6.
func network(address string) string {
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
