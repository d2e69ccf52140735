package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	v1 "aval/api/v1"
)

// fail answers an error: as a problem document where JSON is spoken, as a page
// elsewhere. What is said comes from one table, door.FaultOf.
func (a *API) fail(err error, c echo.Context) {
	v := door.VisitOf(c.Request().Context())
	if door.Ends(err) {
		a.Fatal(err)
	}
	f := door.FaultOf(err)
	if f.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) { // who asked has gone
		a.Log.Error("fault", "request", v.Request, "route", a.template(c), "reason", f.Reason, "error", err)
	}
	if c.Response().Committed {
		// Part of an answer is out: break the connection, so that nobody takes
		// the part for the whole.
		panic(http.ErrAbortHandler)
	}
	if speaksJSON(c.Request()) {
		err = a.door.WriteProblem(c.Response(), v, f)
	} else {
		err = a.pages.Fault(c, v, f)
	}
	if err != nil {
		a.Log.Error("fault not told", "request", v.Request, "route", a.template(c))
	}
}

func speaksJSON(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, v1.Base+"/") || r.URL.Path == v1.Base || door.WantsJSON(r)
}
