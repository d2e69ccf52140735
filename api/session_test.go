package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aval/api"
	v1 "aval/api/v1"
)

func TestSessions(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	mandate := worker.proposed(person)
	worker.must("POST", "/mandates/"+mandate+"/sign", onPaper, 200)

	// A signature needs a sign-in at most 5 minutes old; a second link steps up.
	h.clock.add(6 * time.Minute)
	worker.refused("POST", "/mandates/"+mandate+"/accept", nil, 401, "step_up", "")
	if m := h.mandateRow(mandate); !m.Accepted.IsZero() {
		t.Fatal("accepted without a fresh sign-in")
	}
	once := members{"token": tokenOf(h.referent.must("POST", "/helpers/"+worker.id+"/link", nil, 201))}
	up := worker.must("POST", "/links/redeem", once, 200)
	if up.str("bearer") == worker.bearer || up.str("made_by") != h.referent.id || up.str("space") != "ccas" {
		t.Fatalf("stepping up: %s", up.body)
	}
	worker.refused("GET", "/me", nil, 401, "session", "") // by the token before
	worker.bearer = up.str("bearer")
	worker.must("POST", "/mandates/"+mandate+"/accept", nil, 200)
	worker.refused("POST", "/links/redeem", once, 401, "link", "")

	// Unknown, malformed and late links answer the same.
	late := tokenOf(h.referent.must("POST", "/helpers/"+worker.id+"/link", nil, 201))
	h.clock.add(15 * time.Minute)
	said := map[string]bool{}
	for _, token := range []string{late, strings.Repeat("A", 43), "short", ""} {
		a := worker.refused("POST", "/links/redeem", members{"token": token}, 401, "link", "")
		said[a.str("detail")] = true
	}
	if len(said) != 1 {
		t.Errorf("links can be told apart: %v", said)
	}

	// Signing out ends it; an idle quarter of an hour asks who is there.
	worker.must("POST", "/sign-out", nil, 204)
	worker.refused("GET", "/me", nil, 401, "session", "")
	h.referent.refused("GET", "/me", nil, 401, "step_up", "")
	h.clock.add(10 * time.Hour)
	h.referent.refused("GET", "/me", nil, 401, "session", "")
}

func TestCookieSessions(t *testing.T) {
	h := newHouse(t, options{config: func(c *api.Config) { c.Secure, c.StaffURL = true, "https://staff.test" }})
	worker := h.helper("social_worker")
	send := func(method, path string, header ...string) *answer {
		r := httptest.NewRequestWithContext(t.Context(), method, "https://staff.test"+v1.Base+path, nil)
		r.AddCookie(&http.Cookie{Name: "__Host-aval", Value: worker.bearer})
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return h.serve(h.staff, r)
	}
	if a := send("GET", "/me"); a.status != 200 || a.str("member") != worker.id {
		t.Fatalf("the cookie is no session: %s", a.body)
	}
	person := worker.recorded()
	before, size := h.rows(h.space), h.size(h.space)
	for name, header := range map[string][]string{
		"another site":    {"Sec-Fetch-Site", "cross-site"},
		"a sister site":   {"Sec-Fetch-Site", "same-site"},
		"another origin":  {"Origin", "https://evil.test"},
		"a hidden origin": {"Origin", "null"},
	} {
		a := send("POST", "/persons/"+person+"/card", header...)
		if a.status != 403 || !strings.HasSuffix(a.str("type"), "/cross_origin") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if h.size(h.space) != size || !maps.Equal(before, h.rows(h.space)) {
		t.Fatal("another site wrote in a member's name")
	}
	// A read for another site shows it nothing, and changes nothing.
	if a := send("GET", "/me", "Sec-Fetch-Site", "cross-site"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another site may read the answer")
	}
	if a := send("POST", "/persons/"+person+"/card", "Sec-Fetch-Site", "same-origin"); a.status != 201 {
		t.Errorf("our own page: %d %s", a.status, a.body)
	}
	// A malformed Authorization header is no session, whatever the cookie says.
	if a := send("GET", "/me", "Authorization", "Basic eDp5"); a.status != 401 {
		t.Errorf("Basic: %d", a.status)
	}
	out := send("POST", "/sign-out", "Sec-Fetch-Site", "same-origin")
	cookie := out.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-aval=;", "Max-Age=0", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	worker.refused("GET", "/me", nil, 401, "session", "")
}
