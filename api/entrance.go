package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"aval/api/door"
)

// maxBody bounds a request body, in bytes; picture.go tells what may bring more.
const maxBody = 64 << 10

// listener makes an empty listener with the way in.
func (a *API) listener(name string) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // echo's own lines could hold what was sent
	e.IPExtractor = clientAddress(a.TrustedProxies)
	e.HTTPErrorHandler = a.fail
	e.Use(a.enter(name), a.limit, a.pictures)
	return e
}

// enter makes the visit of a request and, around everything else, answers errors
// and panics and writes the one line about it.
func (a *API) enter(listener string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			started := time.Now() // how long it took is no decision: not the register's clock
			r := c.Request()
			v := a.door.NewVisit(r, c.RealIP())
			r = r.WithContext(v.With(r.Context()))
			c.Set(wholeBody, r.Body)
			r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, maxBody)
			c.SetRequest(r)
			h := c.Response().Header()
			door.Headers(h, a.Secure)
			h.Set("Request-Id", string(v.Request))
			h.Set("Cache-Control", "no-store")
			defer func() { a.note(c, listener, v, time.Since(started)) }()
			if err := a.kept(next, c); err != nil {
				c.Error(err)
			}
			return nil
		}
	}
}

// errPanic stands for a panic: what it said may hold anything, so it is not kept.
var errPanic = errors.New("api: panic")

// kept turns a panic into an error. net/http's own way of breaking a connection
// goes on.
func (a *API) kept(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		cause, _ := p.(error)
		if errors.Is(cause, http.ErrAbortHandler) {
			panic(p)
		}
		said := fmt.Sprintf("%T", p)
		if fault, ok := errors.AsType[runtime.Error](cause); ok {
			said = fault.Error()
		}
		a.Log.Error("panic", "request", door.VisitOf(c.Request().Context()).Request, "said", said, "stack", string(debug.Stack()))
		err = errPanic
	}()
	return next(c)
}

// note writes one line about a request: the route's template, never the path,
// which may hold a card's code or a link.
func (a *API) note(c echo.Context, listener string, v *door.Visit, took time.Duration) {
	method := c.Request().Method
	if !slices.Contains(methods, method) {
		method = "other"
	}
	a.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), slog.LevelInfo, "request",
		slog.String("listener", listener), slog.String("method", method), slog.String("route", a.template(c)),
		slog.Int("status", c.Response().Status), slog.Duration("took", took), slog.String("request", string(v.Request)))
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions, http.MethodConnect, http.MethodTrace,
}

// template is the route's template; of what is no route, echo gives the path.
func (a *API) template(c echo.Context) string {
	if path := c.Path(); a.templates[path] {
		return path
	}
	return "none"
}

// fromHere refuses what a browser sends for another site in a member's name
// (CSRF). A request with an Authorization header cannot be such a one.
func (a *API) fromHere(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if door.VisitOf(c.Request().Context()).Bearer() {
			return next(c)
		}
		if err := a.sameOrigin.Check(c.Request()); err != nil {
			return &door.Fault{Status: http.StatusForbidden, Reason: "cross_origin"}
		}
		return next(c)
	}
}

// clientAddress says how the address of a client is found.
func clientAddress(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
