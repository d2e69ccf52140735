package door

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"aval/consent"
	"aval/consent/personal"
)

// A Visit is one request as both doors see it.
type Visit struct {
	Request consent.RequestID // in the log, in answers, and all that a reader of an error can quote
	Lang    language.Tag
	Address string // of whoever asks, as far as proxies are trusted
	Stay    string // of a person's pages: names the visit until it is left

	token   personal.Token // of a session; zero when none was sent
	bearer  bool           // the token came in the Authorization header
	program *programToken  // of a program, and its proof; nil when none was sent
	idem    string
	body    []byte
}

// NewVisit reads what every request says about itself. Nothing is looked up.
func (d *Door) NewVisit(r *http.Request, address string) *Visit {
	v := &Visit{
		Request: consent.NewRequestID(), Address: address,
		Lang: d.Catalogue.Match(r.Header.Get("Accept-Language")),
	}
	if v.program = d.programOf(r); v.program != nil {
		v.bearer = true
		return v
	}
	v.token, v.bearer = d.tokenOf(r)
	return v
}

type visitKey struct{}

// With puts the visit into a context.
func (v *Visit) With(ctx context.Context) context.Context {
	return context.WithValue(ctx, visitKey{}, v)
}

// VisitOf finds the visit of a request's context. Every request served by
// package api has one; it is nil elsewhere.
func VisitOf(ctx context.Context) *Visit {
	v, _ := ctx.Value(visitKey{}).(*Visit)
	return v
}

// idempotencyForm is the form of an Idempotency-Key.
var idempotencyForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Once makes a write of the visit happen once for a key: route and body are
// what the key stands for. An empty key means every time.
func (v *Visit) Once(key, route string, body []byte) error {
	if key == "" {
		return nil
	}
	if !idempotencyForm.MatchString(key) {
		return &consent.Invalid{Reason: "parameter"}
	}
	v.idem = key
	v.body = append(append(append(v.body[:0:0], route...), '\n'), body...)
	return nil
}

// Bearer tells whether the session token came in the Authorization header: such
// a request cannot have been made by a browser for another site.
func (v *Visit) Bearer() bool { return v.bearer }

// SessionKey is what a limit on the visit's session is counted under; empty
// without one. It is no secret: the token cannot be found from it.
func (v *Visit) SessionKey() string {
	if v.program != nil {
		return digest(v.program.access)
	}
	if token := v.token.Reveal(); token != "" {
		return digest(token)
	}
	return ""
}

// Call is what a use-case needs to know of the visit.
func (v *Visit) Call() consent.Call {
	return consent.Call{Request: v.Request, Idempotency: v.idem, Body: v.body}
}

// Actor finds the member whose session the visit has, or the program whose token.
// The error is *consent.SignInNeeded when there is none.
func (d *Door) Actor(ctx context.Context, v *Visit) (consent.Actor, error) {
	if v.program != nil {
		return d.programActor(ctx, v)
	}
	if v.token.Reveal() == "" {
		return consent.Actor{}, &consent.SignInNeeded{Reason: "session"}
	}
	a, err := d.Register.SignedIn(ctx, v.token)
	if err != nil {
		return consent.Actor{}, err
	}
	d.atWork.note(a, v.Address, d.Now())
	return a.With(v.Call()), nil
}

// tokenOf reads the session token: the Authorization header (RFC 6750 §2.1)
// first, then the cookie. What is not of the form counts as none.
func (d *Door) tokenOf(r *http.Request) (token personal.Token, bearer bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		text, found := strings.CutPrefix(header, "Bearer ")
		if !found {
			return personal.Token{}, true
		}
		token, err := personal.ParseToken(text)
		if err != nil {
			return personal.Token{}, true
		}
		return token, true
	}
	cookie, err := r.Cookie(d.CookieName())
	if err != nil {
		return personal.Token{}, false
	}
	token, err = personal.ParseToken(cookie.Value)
	if err != nil {
		return personal.Token{}, false
	}
	return token, false
}
