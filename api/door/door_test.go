package door_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"aval/api/door"
	"aval/api/locale"
	"aval/audit"
	"aval/consent"
	"aval/store/kv"
)

func TestFaultOf(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("somewhere: %w", err) }
	for _, c := range []struct {
		err  error
		want door.Fault
	}{
		{&consent.Invalid{Pointer: "/birth", Reason: "birth_date"}, door.Fault{Status: 400, Reason: "birth_date", Pointer: "/birth"}},
		{&consent.NotFound{Kind: "mandate"}, door.Fault{Status: 404, Reason: "not_found"}},
		{&consent.NotFound{Kind: "card"}, door.Fault{Status: 404, Reason: "card_unknown"}},
		{
			&consent.Refused{Rule: "C07", Reason: "mandate_revoked", Instead: "stop_helping", Pointer: "/mandate"},
			door.Fault{Status: 403, Reason: "mandate_revoked", Rule: "C07", Instead: "stop_helping", Pointer: "/mandate"},
		},
		{&consent.Conflict{Reason: "not_draft"}, door.Fault{Status: 409, Reason: "not_draft"}},
		{&consent.Conflict{Reason: "idempotency_key_reused"}, door.Fault{Status: 422, Reason: "idempotency_key_reused"}},
		{&consent.SignInNeeded{Reason: "step_up"}, door.Fault{Status: 401, Reason: "step_up"}},
		{&consent.TooMany{Seconds: 30}, door.Fault{Status: 429, Reason: "too_many", Retry: 30}},
		{&consent.TooMany{}, door.Fault{Status: 429, Reason: "too_many", Retry: 1}},
		{audit.ErrClock, door.Fault{Status: 503, Reason: "clock", Retry: 60}},
		{kv.ErrFull, door.Fault{Status: 503, Reason: "full", Retry: 60}},
		{audit.ErrLost, door.Fault{Status: 503, Reason: "unavailable", Retry: 5}},
		{kv.ErrInDoubt, door.Fault{Status: 503, Reason: "unavailable", Retry: 5}},
		{kv.ErrSync, door.Fault{Status: 503, Reason: "unavailable", Retry: 5}},
		{context.Canceled, door.Fault{Status: 503, Reason: "unavailable", Retry: 5}},
		{audit.ErrDamaged, door.Fault{Status: 500, Reason: "internal"}},
		{errors.New("anything"), door.Fault{Status: 500, Reason: "internal"}},
		{&door.Fault{Status: 415, Reason: "content_type"}, door.Fault{Status: 415, Reason: "content_type"}},
		{&http.MaxBytesError{Limit: 1}, door.Fault{Status: 413, Reason: "body_too_large"}},
		{echo.NewHTTPError(404, "what was sent"), door.Fault{Status: 404, Reason: "route_not_found"}},
		{echo.NewHTTPError(405), door.Fault{Status: 405, Reason: "method_not_allowed"}},
		{echo.NewHTTPError(415), door.Fault{Status: 415, Reason: "content_type"}},
		{echo.NewHTTPError(429), door.Fault{Status: 429, Reason: "too_many", Retry: 1}},
		{echo.NewHTTPError(418), door.Fault{Status: 400, Reason: "bad_request"}},
		{echo.NewHTTPError(502), door.Fault{Status: 500, Reason: "internal"}},
	} {
		for _, err := range []error{c.err, wrapped(c.err)} {
			if got := door.FaultOf(err); got != c.want {
				t.Errorf("%v: %+v, want %+v", err, got, c.want)
			}
		}
	}
}

func TestEnds(t *testing.T) {
	if !door.Ends(fmt.Errorf("commit: %w", kv.ErrSync)) {
		t.Error("a commit that is not durable must end the program")
	}
	for _, err := range []error{kv.ErrFull, kv.ErrInDoubt, audit.ErrClock, nil} {
		if door.Ends(err) {
			t.Errorf("%v ends the program", err)
		}
	}
}

func TestLimits(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	l := door.NewLimits(rate.Every(10*time.Second), 2)
	for i, want := range []bool{true, true, false} {
		if left := l.Left("a", at); left != want {
			t.Errorf("left before %d: %v", i, left)
		}
		if ok, wait := l.Take("a", at); ok != want || wait != 10*time.Second {
			t.Errorf("take %d: %v, wait %v", i, ok, wait)
		}
	}
	if !l.Left("b", at) {
		t.Error("one key's limit is another's")
	}
	if ok, _ := l.Take("a", at.Add(10*time.Second)); !ok {
		t.Error("nothing after the wait")
	}
	if _, wait := door.NewLimits(50, 1).Take("a", at); wait != time.Second {
		t.Errorf("wait %v: a Retry-After below a second cannot be said", wait)
	}
}

// However many keys come, memory is bounded, and who was refused stays refused.
func TestLimitsAreBounded(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	l := door.NewLimits(rate.Every(time.Second), 1)
	l.Take("busy", at)
	refused := 0
	for i := range 20_000 {
		if ok, _ := l.Take(fmt.Sprint(i), at); !ok {
			refused++
		}
	}
	if refused < 9_000 {
		t.Errorf("only %d of the keys beyond the bound were refused", refused)
	}
	if l.Left("busy", at) {
		t.Error("a flood of keys gave a busy one its burst back")
	}
	// To ask whether there is one left makes no key: else who only asks, and never
	// took any, would find the room gone.
	quiet := door.NewLimits(rate.Every(time.Second), 1)
	for i := range 20_000 {
		if key := fmt.Sprint(i); !quiet.Left(key, at) || !quiet.Untouched(key, at) {
			t.Fatalf("key %d has nothing left, and took nothing", i)
		}
	}
	if ok, _ := quiet.Take("first", at); !ok || quiet.Untouched("first", at) {
		t.Error("a key that took is not counted")
	}
	// Once they have all their burst again they make room.
	later := at.Add(time.Minute)
	for i := range 5_000 {
		if ok, _ := l.Take("new"+fmt.Sprint(i), later); !ok {
			t.Fatalf("key %d is refused after a quiet minute", i)
		}
	}
}

func newDoor(t *testing.T, secure bool) *door.Door {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return door.New(door.Config{Catalogue: words, Now: time.Now, Secure: secure, Origin: "registre.test", StaffURL: "https://staff.test"})
}

func TestVisit(t *testing.T) {
	token := strings.Repeat("A", 43)
	for name, c := range map[string]struct {
		header map[string]string
		signed bool
		bearer bool
	}{
		"nothing":             {nil, false, false},
		"a bearer":            {map[string]string{"Authorization": "Bearer " + token}, true, true},
		"another scheme":      {map[string]string{"Authorization": "Basic " + token, "Cookie": "aval=" + token}, false, true},
		"a bearer, lower":     {map[string]string{"Authorization": "bearer " + token}, false, true},
		"a malformed bearer":  {map[string]string{"Authorization": "Bearer " + token + "A", "Cookie": "aval=" + token}, false, true},
		"a cookie":            {map[string]string{"Cookie": "aval=" + token}, true, false},
		"another's cookie":    {map[string]string{"Cookie": "__Host-aval=" + token}, false, false},
		"a malformed cookie":  {map[string]string{"Cookie": "aval=x"}, false, false},
		"bearer before":       {map[string]string{"Authorization": "Bearer " + token, "Cookie": "aval=x"}, true, true},
		"a lax last letter":   {map[string]string{"Authorization": "Bearer " + token[:42] + "B"}, false, true},
		"a token with spaces": {map[string]string{"Authorization": "Bearer  " + token}, false, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		v := newDoor(t, false).NewVisit(r, "192.0.2.1")
		if (v.SessionKey() != "") != c.signed || v.Bearer() != c.bearer {
			t.Errorf("%s: signed %v, bearer %v", name, v.SessionKey() != "", v.Bearer())
		}
		if strings.Contains(v.SessionKey(), token) {
			t.Errorf("%s: the key of limits is the token", name)
		}
		if got := door.VisitOf(v.With(t.Context())); got != v {
			t.Errorf("%s: the visit is not in its context", name)
		}
	}
	if door.VisitOf(t.Context()) != nil {
		t.Error("a visit out of nowhere")
	}
}

func TestOnce(t *testing.T) {
	v := newDoor(t, false).NewVisit(httptest.NewRequest(http.MethodPost, "/", nil), "")
	for _, key := range []string{"a b", "é", strings.Repeat("a", 65), "a\n"} {
		if err := v.Once(key, "POST /x", nil); err == nil {
			t.Errorf("key %q is accepted", key)
		}
	}
	if err := v.Once("", "POST /x", []byte("{}")); err != nil || v.Call().Idempotency != "" {
		t.Errorf("no key: %v", err)
	}
	if err := v.Once("A-z_9", "POST /x", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	call := v.Call()
	if call.Idempotency != "A-z_9" || string(call.Body) != "POST /x\n{}" || call.Request != v.Request {
		t.Errorf("call %+v", call)
	}
}

func TestCookie(t *testing.T) {
	for _, secure := range []bool{true, false} {
		w := httptest.NewRecorder()
		newDoor(t, secure).SetSession(w, "token")
		c := w.Result().Cookies()[0]
		want := map[bool]string{true: "__Host-aval", false: "aval"}[secure]
		if c.Name != want || c.Value != "token" || !c.HttpOnly || c.Secure != secure || c.Path != "/" ||
			c.SameSite != http.SameSiteStrictMode || c.Domain != "" || c.MaxAge != 0 {
			t.Errorf("secure %v: %+v", secure, c)
		}
	}
}

func TestWantsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/html": false, "application/json": true, "application/json;q=0.9": true,
		"application/problem+json, */*": true, "text/html,application/json": false, "application/xml": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		if got := door.WantsJSON(r); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func TestAllowPage(t *testing.T) {
	h := http.Header{}
	door.Headers(h, false)
	strict := h.Get("Content-Security-Policy")
	door.AllowPage(h, "style-src 'self'", "form-action 'self'")
	loose := h.Get("Content-Security-Policy")
	if !strings.Contains(strict, "form-action 'none'") || strings.Contains(strict, "style-src") {
		t.Errorf("strict: %s", strict)
	}
	if loose != "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; style-src 'self'; form-action 'self'" {
		t.Errorf("page: %s", loose)
	}
	door.AllowPage(h, "img-src 'self'")
	if got := h.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action 'none'") {
		t.Errorf("a page without forms: %s", got)
	}
}
