package pages

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/api/door"
)

// A faultView is an error page: what happened, what to do, and a reference.
type faultView struct {
	staffView
	Heading, What, Wait, Quote string
}

// A troubleView is the same in the person's words.
type troubleView struct {
	cardSheet
	Heading, What, Quote, Request string
}

// Fault shows a fault as a page: fixed sentences and the request's identifier,
// nothing of the error itself.
func (p *Pages) Fault(c echo.Context, v *door.Visit, f door.Fault) error {
	door.FaultHeaders(c.Response().Header(), f)
	if isPublic(c) {
		return p.trouble(c, p.visit(c, ""), f)
	}
	switch {
	case stepUp(c, f):
		if held := p.hold(c, v); held != "" {
			return p.whoIsThere(c, v, f, held)
		}
	case f.Reason == "space":
		return c.Redirect(http.StatusSeeOther, "/structure")
	case f.Reason == "session":
		return p.signInPage(c, v, f.Status, "")
	}
	view := faultView{staffView: staffView{sheet: p.staffSheet(c, v, "staff.title")}}
	view.Heading, view.What = p.door.Title(v, f), p.door.Detail(v, f)
	view.Quote = view.say("problem.number", "Request", v.Request)
	if f.Retry > 0 {
		view.Wait = view.number("problem.wait", f.Retry)
	}
	return p.show(c, f.Status, "fault", view)
}

// isPublic tells whether the listener is the one of the person's pages.
func isPublic(c echo.Context) bool {
	return slices.ContainsFunc(c.Echo().Routes(), func(r *echo.Route) bool { return r.Path == "/carte" })
}

func (p *Pages) trouble(c echo.Context, v *door.Visit, f door.Fault) error {
	view := troubleView{cardSheet: p.cardSheet(v, "", "")}
	view.Switch = nil
	switch {
	case f.Status == http.StatusNotFound:
		view.Heading, view.What = view.say("missing.title"), view.say("missing.what")
	case f.Status == http.StatusTooManyRequests:
		minutes := max(1, (f.Retry+59)/60)
		view.Heading, view.What = view.say("too_many.title"), view.number("too_many.wait", minutes)
	case f.Status < http.StatusInternalServerError:
		view.Heading, view.What = view.say("form.title"), view.say("form.what")
	default:
		view.Heading, view.What = view.say("fault.title"), view.say("fault.sorry")
		view.Quote, view.Request = view.say("fault.ref"), string(v.Request)
	}
	return p.show(c, f.Status, "trouble", view)
}
