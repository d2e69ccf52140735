package api

import (
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
		if ok, wait := a.address.Take(door.Network(v.Address), now); !ok {
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
