package api

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"aval/api/door"
	"aval/consent"
)

// limits allows every a second, and 4 seconds' worth at once.
func limits(every rate.Limit) *door.Limits { return door.NewLimits(every, max(1, int(4*every))) }

// limit refuses an address or a session that asks too often, and what comes while
// too much is worked on already. Stops have a lane of their own: nothing here keeps
// anybody from them. Wrong card codes have limits in api/door.
func (a *API) limit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if stops(c) {
			return next(c)
		}
		v, now := door.VisitOf(c.Request().Context()), a.Now()
		if ok, wait := a.address.Take(door.Network(v.Address), now); !ok {
			return &consent.TooMany{Seconds: int(wait.Seconds())}
		}
		if key := v.SessionKey(); key != "" {
			if ok, wait := a.session.Take(key, now); !ok {
				return &consent.TooMany{Seconds: int(wait.Seconds())}
			}
		}
		if onTheWay[c.Path()] {
			return next(c)
		}
		return a.inTurn(c, next)
	}
}

// stopRoutes are where a stop is asked for. On the person's page the form says so.
var stopRoutes = map[string]bool{
	"/api/v1/mandates/:mandate/revoke": true, "/api/v1/persons/:person/stop": true,
	"/api/v1/stops/with-card": true, "/api/v1/stops/elsewhere": true,
	"/mandat/arreter": true, "/personne/arreter": true, "/ailleurs/carte": true, "/ailleurs/demande": true,
	"/carte": true,
}

// onTheWay are the pages from which a person stops: they look nothing up, so they
// wait for nobody.
var onTheWay = map[string]bool{"/carte": true, "/c/:code": true}

// maxStopForm bounds the form of the person's page, as that page does.
const maxStopForm = 4 << 10

// stops tells whether a request is a stop, or the question before it. The form that
// it reads for this is put back.
func stops(c echo.Context) bool {
	r := c.Request()
	if r.Method != http.MethodPost || !stopRoutes[c.Path()] {
		return false
	}
	if c.Path() != "/carte" {
		return true
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxStopForm+1))
	r.Body = form{io.MultiReader(bytes.NewReader(raw), r.Body), r.Body}
	if err != nil || len(raw) > maxStopForm {
		return false
	}
	values, err := url.ParseQuery(string(raw))
	return err == nil && (values.Get("action") == "stop" || values.Get("action") == "stop_confirmed")
}

// A form is a body that was looked into and is whole again.
type form struct {
	io.Reader
	io.Closer
}

// inTurn works on so many requests at once, lets others wait for a moment, and
// refuses them then: what goes on is not slowed down until nothing ends.
func (a *API) inTurn(c echo.Context, next echo.HandlerFunc) error {
	select {
	case a.turns <- struct{}{}:
	default:
		wait := time.NewTimer(a.Patience)
		defer wait.Stop()
		select {
		case a.turns <- struct{}{}:
		case <-wait.C:
			return &door.Fault{Status: http.StatusServiceUnavailable, Reason: "unavailable", Retry: 5}
		case <-c.Request().Context().Done():
			return c.Request().Context().Err()
		}
	}
	defer func() { <-a.turns }()
	return next(c)
}
