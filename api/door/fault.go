package door

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/store/kv"
)

// A Fault is what a reader is told when a request was not carried out: fixed
// words only, to be put into the reader's language.
//
//nolint:errname // it is told; that middleware can return it is beside the point
type Fault struct {
	Status  int
	Reason  string // key of locale.Catalogue.Reason
	Rule    charter.RuleID
	Instead string // key of locale.Catalogue.Instead
	Pointer string // JSON pointer to the member at fault
	Retry   int    // seconds to wait, 0 when waiting does not help
	// Text is the way out of a text that was refused; nil for anything else.
	Text *consent.TextRefusal
}

// FaultOf is the one table from an error to what a reader is told. An error that
// is not in it is a fault of ours or of the machine, and says nothing but that.
func FaultOf(err error) Fault {
	var (
		invalid  *consent.Invalid
		missing  *consent.NotFound
		refused  *consent.Refused
		conflict *consent.Conflict
		sign     *consent.SignInNeeded
		many     *consent.TooMany
		asked    *Fault
		large    *http.MaxBytesError
		routing  *echo.HTTPError
	)
	switch {
	case errors.As(err, &asked):
		return *asked
	case errors.As(err, &invalid):
		return Fault{Status: 400, Reason: invalid.Reason, Pointer: invalid.Pointer}
	case errors.As(err, &missing) && missing.Kind == "card":
		return Fault{Status: 404, Reason: "card_unknown"}
	case errors.As(err, &missing):
		return Fault{Status: 404, Reason: "not_found"}
	case errors.As(err, &refused):
		return Fault{
			Status: 403, Reason: refused.Reason, Rule: refused.Rule, Instead: refused.Instead, Pointer: refused.Pointer,
			Text: refused.Text,
		}
	case errors.As(err, &conflict) && conflict.Reason == "idempotency_key_reused":
		return Fault{Status: 422, Reason: conflict.Reason}
	case errors.As(err, &conflict):
		return Fault{Status: 409, Reason: conflict.Reason}
	case errors.As(err, &sign):
		return Fault{Status: 401, Reason: sign.Reason}
	case errors.As(err, &many):
		return Fault{Status: 429, Reason: "too_many", Retry: max(1, many.Seconds)}
	case errors.Is(err, audit.ErrClock):
		return Fault{Status: 503, Reason: "clock", Retry: 60}
	case errors.Is(err, kv.ErrFull):
		return Fault{Status: 503, Reason: "full", Retry: 60}
	case errors.Is(err, audit.ErrLost), errors.Is(err, kv.ErrInDoubt), errors.Is(err, kv.ErrClosed),
		errors.Is(err, kv.ErrSync), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Fault{Status: 503, Reason: "unavailable", Retry: 5}
	case errors.As(err, &large):
		return httpFault(http.StatusRequestEntityTooLarge)
	case errors.As(err, &routing):
		return httpFault(routing.Code)
	}
	return Fault{Status: 500, Reason: "internal"}
}

// Error makes a fault returnable by what speaks HTTP already: middleware that
// refuses a request before any use-case.
func (f *Fault) Error() string { return f.Reason }

// httpFault is for what the router itself refuses. Its own words may repeat what
// was sent, so only the status is taken.
func httpFault(code int) Fault {
	switch code {
	case http.StatusNotFound:
		return Fault{Status: code, Reason: "route_not_found"}
	case http.StatusMethodNotAllowed:
		return Fault{Status: code, Reason: "method_not_allowed"}
	case http.StatusRequestEntityTooLarge:
		return Fault{Status: code, Reason: "body_too_large"}
	case http.StatusUnsupportedMediaType:
		return Fault{Status: code, Reason: "content_type"}
	case http.StatusTooManyRequests:
		return Fault{Status: code, Reason: "too_many", Retry: 1}
	}
	if code >= 400 && code < 500 {
		return Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	}
	return Fault{Status: http.StatusInternalServerError, Reason: "internal"}
}

// Ends tells whether an error means that the program must stop: what was read
// after it could not be trusted.
func Ends(err error) bool { return errors.Is(err, kv.ErrSync) }
