package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/api"
	"aval/audit"
	"aval/consent"
)

func (h *house) get(handler http.Handler, path string, header ...string) *answer {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), "GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return h.serve(handler, r)
}

var ourScript = regexp.MustCompile(`script-src 'sha256-[A-Za-z0-9+/=]{44}'; connect-src 'self'; `)

func TestHeadersAreStrictEverywhere(t *testing.T) {
	h := newHouse(t, options{config: func(c *api.Config) { c.Secure, c.StaffURL = true, "https://staff.test" }})
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains", "Cache-Control": "no-store",
	}
	staffPages := []string{"staff page", "link", "missing page"}
	for name, a := range map[string]*answer{
		"api": h.referent.call("GET", "/me", nil), "problem": h.referent.call("GET", "/mandates/"+noMandate, nil),
		"health": h.get(h.staff, "/healthz"), "missing page": h.get(h.staff, "/nowhere"),
		"staff page": h.get(h.staff, "/"), "link": h.get(h.staff, "/lien/AAAA"),
		"card page": h.get(h.public, "/carte"), "card": h.get(h.public, "/c/C-3333-3333-33333"),
		"public missing": h.get(h.public, "/api/v1/me"), "public health": h.get(h.public, "/healthz"),
	} {
		for header, value := range want {
			if got := a.header.Get(header); got != value {
				t.Errorf("%s: %s is %q, want %q", name, header, got, value)
			}
		}
		// Staff pages may tell their own listener where a form was, so that a
		// browser names the origin of a POST; nothing tells anybody else.
		referrer := a.header.Get("Referrer-Policy")
		if referrer != "no-referrer" && (referrer != "same-origin" || !slices.Contains(staffPages, name)) {
			t.Errorf("%s: referrer policy %q", name, referrer)
		}
		policy := a.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action "} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %s", name, policy, part)
			}
		}
		// The page that asks for a passkey runs one script, our own, by its hash.
		if name == "staff page" {
			policy = ourScript.ReplaceAllString(policy, "")
		}
		for _, loose := range []string{"unsafe", "*", "script-src", "http:"} {
			// A passkey is asked for by a script, which signing in allows by its hash.
			signIn := name == "staff page" && loose == "script-src" && strings.Contains(policy, "script-src 'sha256-")
			if strings.Contains(policy, loose) && !signIn {
				t.Errorf("%s: policy %q allows %s", name, policy, loose)
			}
		}
		if !strings.HasPrefix(a.header.Get("Request-Id"), "r_") {
			t.Errorf("%s: no request id", name)
		}
	}
}

func TestPlainListenersPromiseNoTLS(t *testing.T) {
	h := newHouse(t, options{})
	if got := h.get(h.staff, "/healthz").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS over plain HTTP: %q", got)
	}
}

func TestListenersShareNothingButHealthAndKeys(t *testing.T) {
	h := newHouse(t, options{})
	for path, want := range map[string][2]int{
		"/healthz": {200, 200}, "/register.pub": {200, 200}, "/.well-known/jwks.json": {200, 200}, "/readyz": {200, 404},
		"/": {401, 404}, "/lien/AAAA": {200, 404}, "/api/v1/charter": {200, 404}, "/api/v1/openapi.json": {200, 404},
		"/api/v1/me": {401, 404}, "/carte": {404, 200}, "/c/C-3333-3333-33333": {404, 200},
	} {
		if a := h.get(h.staff, path); a.status != want[0] {
			t.Errorf("staff %s: %d, want %d", path, a.status, want[0])
		}
		if a := h.get(h.public, path, "Authorization", "Bearer "+h.referent.bearer); a.status != want[1] {
			t.Errorf("public %s: %d, want %d", path, a.status, want[1])
		}
	}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	size := h.size(h.space)
	for name, c := range map[string]struct {
		method, path string
		body         any
		header       []string
		status       int
		reason       string
		pointer      string
	}{
		"unknown member":   {"POST", "/persons", `{"birth":"1950","nickname":"x"}`, nil, 400, "member_unknown", ""},
		"nested unknown":   {"POST", "/persons", `{"birth":"1950","contact":{"fax":"1"}}`, nil, 400, "member_unknown", "/contact"},
		"other case":       {"POST", "/persons", `{"Birth":"1950","birth":"1950"}`, nil, 400, "member_unknown", ""},
		"member twice":     {"POST", "/persons", `{"birth":"1950","birth":"1951"}`, nil, 400, "member_twice", ""},
		"twice, deep":      {"POST", "/persons", `{"birth":"1950","contact":{"phone":"1","phone":"2"}}`, nil, 400, "member_twice", ""},
		"twice, escaped":   {"POST", "/persons", `{"birth":"1950","b\u0069rth":"1951"}`, nil, 400, "member_twice", ""},
		"missing":          {"POST", "/persons", `{"birth_name":"Benali"}`, nil, 400, "member_missing", "/birth"},
		"wrong form":       {"POST", "/persons", `{"birth_name":"Benali","birth":"2.3.1950"}`, nil, 400, "member_form", "/birth"},
		"wrong type":       {"POST", "/persons", `{"birth_name":["Benali"],"birth":"1950"}`, nil, 400, "member_form", "/birth_name"},
		"null":             {"POST", "/persons", `{"birth_name":null,"birth":"1950"}`, nil, 400, "member_form", "/birth_name"},
		"too long":         {"POST", "/persons", members{"birth_name": strings.Repeat("a", 201), "birth": "1950"}, nil, 400, "member_length", "/birth_name"},
		"not in the list":  {"POST", "/persons/" + noPerson + "/reveal", `{"purpose":"follow_up","fields":["secrets"]}`, nil, 400, "member_value", "/fields/0"},
		"two values":       {"POST", "/persons", `{"birth":"1950"}{}`, nil, 400, "body_form", ""},
		"no JSON":          {"POST", "/persons", `birth=1950`, nil, 400, "body_form", ""},
		"cut off":          {"POST", "/persons", `{"birth":`, nil, 400, "body_form", ""},
		"not UTF-8":        {"POST", "/persons", "{\"birth\":\"19\xff\"}", nil, 400, "body_form", ""},
		"deep":             {"POST", "/persons", strings.Repeat("[", 5000), nil, 400, "body_form", ""},
		"a list":           {"POST", "/persons", `[]`, nil, 400, "member_form", ""},
		"no body":          {"POST", "/persons", nil, nil, 400, "body_missing", ""},
		"unwanted body":    {"POST", "/persons/" + noPerson + "/card/kill", `{"a":1}`, nil, 400, "body_unwanted", ""},
		"a form":           {"POST", "/persons", `{"birth":"1950"}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "content_type", ""},
		"plain text":       {"POST", "/persons", `{"birth":"1950"}`, []string{"Content-Type", "text/plain"}, 415, "content_type", ""},
		"another charset":  {"POST", "/persons", `{"birth":"1950"}`, []string{"Content-Type", "application/json; charset=latin1"}, 415, "content_type", ""},
		"compressed":       {"POST", "/persons", `{"birth":"1950"}`, []string{"Content-Encoding", "gzip"}, 415, "content_type", ""},
		"too large":        {"POST", "/persons", `{"birth":"` + strings.Repeat("1", 64<<10) + `"}`, nil, 413, "body_too_large", ""},
		"unknown query":    {"GET", "/mandates?persons=x", nil, nil, 400, "parameter_unknown", ""},
		"query on a write": {"POST", "/persons?birth=1950", `{"birth":"1950"}`, nil, 400, "parameter_unknown", ""},
		"query twice":      {"GET", "/mandates?limit=1&limit=2", nil, nil, 400, "parameter", ""},
		"query malformed":  {"GET", "/mandates?limit=ten", nil, nil, 400, "parameter", ""},
		"query too large":  {"GET", "/mandates?limit=101", nil, nil, 400, "parameter", ""},
		"id malformed":     {"GET", "/mandates/m_1", nil, nil, 400, "parameter", ""},
		"id, second form":  {"GET", "/mandates/m_aaaaaaaaaaaaaaaaaaaaaaaaab", nil, nil, 400, "parameter", ""},
		"another's id":     {"GET", "/mandates/p_aaaaaaaaaaaaaaaaaaaaaaaaaa", nil, nil, 400, "parameter", ""},
		"key malformed":    {"POST", "/persons", `{"birth":"1950"}`, []string{"Idempotency-Key", "a b"}, 400, "parameter", ""},
		"no such route":    {"GET", "/personnes", nil, nil, 404, "route_not_found", ""},
		"wrong method":     {"GET", "/persons", nil, nil, 405, "method_not_allowed", ""},
		"wrong method, 2":  {"DELETE", "/mandates/" + noMandate, nil, nil, 405, "method_not_allowed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := worker.call(c.method, c.path, c.body, c.header...)
			pointer, _ := a.json["pointer"].(string)
			if a.status != c.status || a.str("type") != "https://"+origin+"/problems/"+c.reason || pointer != c.pointer {
				t.Errorf("%d %s at %q, want %d %s at %q", a.status, a.str("type"), pointer, c.status, c.reason, c.pointer)
			}
			if a.header.Get("Content-Type") != "application/problem+json" || a.str("request") != a.header.Get("Request-Id") {
				t.Errorf("no problem document of the request: %v", a.header)
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Error("does not say which methods there are")
			}
		})
	}
	if h.size(h.space) != size {
		t.Error("a request that is not of its form was entered")
	}
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	h := newHouse(t, options{})
	for accept, want := range map[string]string{
		"": "Rien de tel ici.", "fr": "Rien de tel ici.", "de": "Rien de tel ici.", "en-GB": "There is no such thing here.",
	} {
		a := h.referent.must("GET", "/mandates/"+noMandate, nil, 404, "Accept-Language", accept)
		if a.str("detail") != want {
			t.Errorf("%q: %q, want %q", accept, a.str("detail"), want)
		}
	}
}

func TestIdempotency(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	body := members{"birth_name": "Benali", "birth": "1950"}
	key := []string{"Idempotency-Key", "first_key-1"}

	var first string
	h.said(func() { first = worker.must("POST", "/persons", body, 201, key...).str("id") }, audit.PersonCreated)
	before := h.rows(h.space)
	h.said(func() {
		if again := worker.must("POST", "/persons", body, 201, key...).str("id"); again != first {
			t.Fatalf("asked twice, made twice: %s and %s", first, again)
		}
		if a := worker.must("POST", "/persons", members{"birth_name": "Benali", "birth": "1951"}, 422, key...); !strings.HasSuffix(a.str("type"), "/idempotency_key_reused") {
			t.Fatalf("type %s", a.str("type"))
		}
		worker.must("POST", "/persons/"+first+"/card", nil, 422, key...)
	})
	if !maps.Equal(before, h.rows(h.space)) {
		t.Fatal("a replay changed rows")
	}
	// Another actor's key is another key.
	colleague := h.helper("social_worker")
	if other := colleague.must("POST", "/persons", body, 201, key...).str("id"); other == first {
		t.Fatal("a key reaches over to a colleague's request")
	}
	// What is shown once is not shown again.
	link := members{"name": "Nouvelle", "role": "volunteer"}
	made := h.referent.must("POST", "/helpers", link, 201, key...)
	again := h.referent.must("POST", "/helpers", link, 201, key...)
	if again.str("id") != made.str("id") || again.json["link"] != nil {
		t.Fatalf("replayed: %s", again.body)
	}
	worker.must("POST", "/persons/"+first+"/card", nil, 201, "Idempotency-Key", "card")
	worker.must("POST", "/persons/"+first+"/card", nil, 409, "Idempotency-Key", "card")
	// A day later the key is free.
	h.clock.add(25 * time.Hour)
	worker = h.signInAgain(worker)
	if late := worker.must("POST", "/persons", body, 201, key...).str("id"); late == first {
		t.Fatal("the key is still taken after a day")
	}
}

// signInAgain is for days later, when nobody of the structure has a session.
func (h *house) signInAgain(c *client) *client {
	h.t.Helper()
	operator, err := h.reg.In(h.t.Context(), "ccas")
	ok(h.t, err)
	link, err := h.reg.MakeLink(h.t.Context(), operator, consent.MemberID(c.id))
	ok(h.t, err)
	return h.signIn(link.Token.Reveal())
}

func TestCredentialsAreRefusedAndEntered(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	mandate := worker.proposed(person)
	const iban = "FR76 3000 6000 0112 3456 7890 189"
	for name, c := range map[string]struct {
		path    string
		body    members
		reason  string
		pointer string
	}{
		"a new person's address": {"/persons", members{"birth_name": "Benali", "birth": "1950", "contact": members{"address": iban}}, "credential_iban", "/contact/address"},
		"a name":                 {"/persons", members{"birth_name": "mot de passe Soleil2024!", "birth": "1950"}, "credential_password", "/birth_name"},
		"a contact":              {"/persons/" + person + "/contact", members{"email": iban}, "credential_iban", "/email"},
		"a place":                {"/mandates/" + mandate + "/sign", members{"type": "paper_original", "paper_place": iban}, "credential_iban", "/paper_place"},
		"a witness":              {"/mandates/" + mandate + "/sign", members{"type": "oral_witnessed", "witnesses": []any{"Ali", iban}}, "credential_iban", "/witnesses/1"},
		"a search":               {"/persons/search", members{"name": iban, "birth": "1950", "purpose": "prepare_mandate"}, "credential_iban", "/name"},
	} {
		t.Run(name, func(t *testing.T) {
			h.unchanged(func() {
				a := worker.refused("POST", c.path, c.body, 403, c.reason, "C08")
				if a.str("pointer") != c.pointer {
					t.Errorf("pointer %s, want %s", a.str("pointer"), c.pointer)
				}
				if strings.Contains(string(a.body), "3000") || strings.Contains(string(a.body), "Soleil") {
					t.Errorf("the text comes back: %s", a.body)
				}
			}, "C08")
		})
	}
	if strings.Contains(h.out.String(), "3000 6000") || strings.Contains(h.out.String(), "Soleil") { // 3000 alone is a duration as well
		t.Error("the text is in the program's log")
	}
}

// One line a request: the route's template, and nothing that opens anything.
func TestRequestsAreLoggedWithoutSecrets(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	code := worker.mustCode(person)
	h.get(h.public, "/c/"+code)
	h.get(h.staff, "/lien/"+worker.bearer)
	h.get(h.staff, "/nowhere/"+code)
	h.get(h.public, "/nowhere/"+code+"?code="+code)
	log := h.out.String()
	for _, want := range []string{
		`"route":"/api/v1/persons/:person/card"`, `"route":"/c/:code"`, `"route":"/lien/:token"`, `"route":"none"`, `"listener":"public"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no line with %s", want)
		}
	}
	for _, secret := range []string{code, worker.bearer, person, "Benali", "nowhere"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestConfigIsComplete(t *testing.T) {
	h := newHouse(t, options{})
	full := api.Config{Register: h.reg, Log: nil, StaffURL: "http://a", PublicURL: "http://b", Fatal: func(error) {}}
	if _, err := api.New(full); err == nil {
		t.Error("no log, and no complaint")
	}
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("nothing at all, and no complaint")
	}
}

func TestPublicKeys(t *testing.T) {
	h := newHouse(t, options{})
	pub, err := h.reg.RegisterPub()
	ok(t, err)
	if a := h.get(h.public, "/register.pub"); string(a.body) != string(pub) {
		t.Errorf("register.pub: %s", a.body)
	}
	set := h.get(h.public, "/.well-known/jwks.json").list("keys")
	if len(set) == 0 || set[0]["crv"] != "P-256" || set[0]["d"] != nil || set[0]["kid"] == "" {
		t.Errorf("key set: %v", set)
	}
}
