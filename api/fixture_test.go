package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"aval/api"
	v1 "aval/api/v1"
	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

const origin = "registre.test"

// A house is a whole register behind its two listeners, in memory.
type house struct {
	t        testing.TB
	db       kv.DB
	rec      *consent.Recorder
	log      *audit.Log
	reg      *consent.Register
	keys     *personal.Folder
	staff    http.Handler
	public   http.Handler
	spec     *openapi3.T
	out      *lockedBuffer // what the program logged
	clock    *clock
	space    audit.Space
	referent *client
	fatal    []error
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// erasedInFolder keeps the erased in the keys folder only.
type erasedInFolder struct{ keys *personal.Folder }

func (e erasedInFolder) Add(space string, p consent.PersonID) error {
	return e.keys.AddErased(space, personal.Owner(p))
}

func (e erasedInFolder) All() (map[string][]consent.PersonID, error) {
	list, err := e.keys.Erased()
	all := map[string][]consent.PersonID{}
	for _, x := range list {
		all[x.Space] = append(all[x.Space], consent.PersonID(x.Owner))
	}
	return all, err
}

// options change a house before it is opened.
type options struct {
	config func(*api.Config)
	fault  func(kv.Space, mem.Step) error
	db     kv.DB // instead of a store in memory
}

// newHouse opens a register with one structure, "ccas", whose referent is signed in.
func newHouse(tb testing.TB, o options) *house {
	tb.Helper()
	h := &house{t: tb, out: &lockedBuffer{}, clock: &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}}
	var err error
	h.keys, err = personal.Create(tb.TempDir()+"/keys", origin, h.clock.Now())
	ok(tb, err)
	ch, err := charter.Load()
	ok(tb, err)
	// Every function runs once more than it counts, so that a handler or use-case
	// that keeps something of the first run shows.
	if h.db = o.db; h.db == nil {
		h.db = mem.Open(mem.Options{Reruns: 1, Fault: o.fault})
	}
	tb.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			tb.Error(err)
		}
	})
	keyring := personal.NewKeyring(h.keys, store.Keys{DB: h.db})
	h.log = audit.NewLog(h.db, keyring, keyring, audit.NewClock(h.clock.Now, nil))
	h.rec = audit.NewRecorder(h.log, store.Ledger, store.Housekeeping...)
	tb.Cleanup(func() {
		if _, fuzzing := tb.(*testing.F); tb.Failed() && !fuzzing {
			tb.Log(h.out.String())
		}
	})
	logger := slog.New(slog.NewJSONHandler(h.out, nil))
	h.reg = consent.NewRegister(h.rec, keyring, ch, origin, erasedInFolder{h.keys})
	c := api.Config{
		Register: h.reg, Log: logger, Now: h.clock.Now, StaffURL: "http://staff.test", PublicURL: "http://public.test",
		Version: "test", Fatal: func(err error) { h.fatal = append(h.fatal, err) },
		PerAddress: 1e6, PerSession: 1e6,
	}
	if o.config != nil {
		o.config(&c)
	}
	a, err := api.New(c)
	ok(tb, err)
	h.staff, h.public = a.Staff(), a.Public()
	h.spec, err = v1.GetSpec()
	ok(tb, err)
	h.referent = h.structure("ccas")
	spaces, err := h.reg.Spaces(tb.Context())
	ok(tb, err)
	h.space = spaces[1]
	return h
}

// structure opens a structure and signs its first referent in.
func (h *house) structure(slug string) *client {
	h.t.Helper()
	name, err := screen.Form(screen.Field{Name: "name", Text: "CCAS de " + slug, Kind: screen.Name})
	ok(h.t, err)
	_, invitation, err := h.reg.OpenStructure(h.t.Context(), consent.Operator(), consent.NewStructure{Name: name[0], Slug: slug})
	ok(h.t, err)
	return h.signIn(invitation.Token.Reveal())
}

// signIn redeems a link's token and gives a client with the session.
func (h *house) signIn(token string) *client {
	h.t.Helper()
	c := &client{h: h}
	c.bearer = c.must("POST", "/links/redeem", members{"token": token}, 200).str("bearer")
	c.id = c.must("GET", "/me", nil, 200).str("member")
	return c
}

// helper opens a member through the referent and signs them in, charter accepted.
func (h *house) helper(role string) *client {
	h.t.Helper()
	c := h.enrolled(h.referent, role)
	c.adhere()
	return c
}

func (h *house) enrolled(referent *client, role string) *client {
	h.t.Helper()
	made := referent.must("POST", "/helpers", members{"name": "Aidante " + role, "role": role}, 201)
	return h.signIn(tokenOf(made))
}

func (c *client) adhere() {
	c.h.t.Helper()
	ch := c.must("GET", "/charter", nil, 200)
	c.must("POST", "/charter/adhere", members{"version": ch.str("version"), "digest": ch.str("digest")}, 204)
}

// tokenOf is what a link that was shown redeems.
func tokenOf(a *answer) string {
	a.t.Helper()
	_, token, found := strings.Cut(a.str("link"), "/lien/")
	if !found {
		a.t.Fatalf("no link of ours: %s", a.body)
	}
	return token
}

type members = map[string]any

// A client is somebody signed in, or nobody.
type client struct {
	h      *house
	bearer string
	id     string
}

// An answer of the JSON door.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
	json   members
}

// call sends a request to the JSON door and holds the answer against the contract.
func (c *client) call(method, path string, body any, header ...string) *answer {
	c.h.t.Helper()
	var raw []byte
	if s, is := body.(string); is {
		raw = []byte(s)
	} else if body != nil {
		var err error
		raw, err = json.Marshal(body)
		ok(c.h.t, err)
	}
	r := httptest.NewRequestWithContext(c.h.t.Context(), method, v1.Base+path, bytes.NewReader(raw))
	if len(raw) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a := c.h.serve(c.h.staff, r)
	c.h.keepsContract(r, path, a)
	return a
}

// must calls and wants a status.
func (c *client) must(method, path string, body any, status int, header ...string) *answer {
	c.h.t.Helper()
	a := c.call(method, path, body, header...)
	if a.status != status {
		c.h.t.Fatalf("%s %s: %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// refused calls and wants a problem with a status, reason and rule.
func (c *client) refused(method, path string, body any, status int, reason, rule string) *answer {
	c.h.t.Helper()
	a := c.must(method, path, body, status)
	if got := a.str("type"); got != "https://"+origin+"/problems/"+reason {
		c.h.t.Fatalf("%s %s: %s, want reason %s", method, path, got, reason)
	}
	if got, _ := a.json["rule"].(string); got != rule {
		c.h.t.Fatalf("%s %s: rule %q, want %q", method, path, got, rule)
	}
	return a
}

func (h *house) serve(handler http.Handler, r *http.Request) *answer {
	h.t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	a := &answer{t: h.t, status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	if strings.HasSuffix(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.body, &a.json); err != nil {
			h.t.Fatalf("%s %s answers no JSON object: %v", r.Method, r.URL.Path, err)
		}
	}
	return a
}

// keepsContract validates an answer against openapi.yaml.
func (h *house) keepsContract(r *http.Request, path string, a *answer) {
	h.t.Helper()
	route := h.route(r.Method, path)
	if route == nil {
		return
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route, Options: options},
		Status:                 a.status, Header: a.header, Options: options,
		Body: io.NopCloser(bytes.NewReader(a.body)),
	}
	switch a.header.Get("Content-Type") {
	case "application/zip", "application/jose+json":
		return // kin-openapi has no decoder for them; their own tests read them
	}
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		h.t.Errorf("%s %s: answer is not of the contract: %v", r.Method, path, err)
	}
}

var identifiers = regexp.MustCompile(`/([phm])_[^/]*`)

// route finds the operation of a path.
func (h *house) route(method, path string) *routers.Route {
	path, _, _ = strings.Cut(path, "?")
	template := identifiers.ReplaceAllStringFunc(path, func(s string) string {
		return map[string]string{"p": "/{person}", "h": "/{helper}", "m": "/{mandate}"}[s[1:2]]
	})
	item := h.spec.Paths.Value(template)
	if item == nil || item.GetOperation(method) == nil {
		return nil
	}
	return &routers.Route{Spec: h.spec, Path: template, PathItem: item, Method: method, Operation: item.GetOperation(method)}
}

func (a *answer) str(name string) string {
	a.t.Helper()
	s, is := a.json[name].(string)
	if !is {
		a.t.Fatalf("no text %q in %s", name, a.body)
	}
	return s
}

func (a *answer) list(name string) []members {
	a.t.Helper()
	raw, is := a.json[name].([]any)
	if !is {
		a.t.Fatalf("no list %q in %s", name, a.body)
	}
	list := make([]members, len(raw))
	for i, x := range raw {
		list[i], _ = x.(members)
	}
	return list
}

// row fills a record from the store.
func (h *house) row(s audit.Space, r consent.Record) bool {
	h.t.Helper()
	var found bool
	err := h.rec.View(h.t.Context(), s, func(tx consent.Tx, _ time.Time) (err error) {
		found, err = tx.Get(r)
		return err
	})
	ok(h.t, err)
	return found
}

func (h *house) person(id string) *consent.Person {
	h.t.Helper()
	p := &consent.Person{ID: consent.PersonID(id)}
	if !h.row(h.space, p) {
		h.t.Fatalf("no person row")
	}
	return p
}

func (h *house) mandateRow(id string) *consent.Mandate {
	h.t.Helper()
	m := &consent.Mandate{ID: consent.MandateID(id)}
	if !h.row(h.space, m) {
		h.t.Fatalf("no mandate row")
	}
	return m
}

// entries reads the details of a space's log from entry n on.
func (h *house) entries(s audit.Space, n int64) []audit.Detail {
	h.t.Helper()
	var list []audit.Detail
	ok(h.t, h.log.Lines(h.t.Context(), s, n, h.size(s), func(l audit.Line) error {
		list = append(list, *l.Detail)
		return nil
	}))
	return list
}

func (h *house) size(s audit.Space) int64 {
	h.t.Helper()
	head, err := h.log.Head(h.t.Context(), s)
	ok(h.t, err)
	return head.Size
}

// said checks that what fn does enters exactly these actions in the space.
func (h *house) said(fn func(), want ...audit.Action) []audit.Detail {
	h.t.Helper()
	before := h.size(h.space)
	fn()
	got := h.entries(h.space, before)
	acts := make([]audit.Action, len(got))
	for i, d := range got {
		acts[i] = d.Act
	}
	if !slices.Equal(acts, want) {
		h.t.Fatalf("the log says %v, want %v", acts, want)
	}
	return got
}

// rows is every row of a space but its log and what a refusal may touch, to see
// that nothing changed.
func (h *house) rows(s audit.Space) map[string]string {
	h.t.Helper()
	all := map[string]string{}
	for _, bucket := range []string{
		"profile", "member", "person", "box", "index", "index-seal", "act", "act-of", "mandate", "mandate-of",
		"mandate-ref", "document", "key", "outbox", "erasing", "evidence-due", "account", "link", "card", "card-serial",
	} {
		ok(h.t, h.db.View(h.t.Context(), s.Number(), func(tx kv.Tx) error {
			return tx.Scan(kv.Bucket{Name: bucket}, nil, nil, func(k, v []byte) error {
				all[bucket+"/"+string(k)] = string(v)
				return nil
			})
		}))
	}
	return all
}

// unchanged checks that what fn does changes no row, and enters one refusal by a rule.
func (h *house) unchanged(fn func(), rule string) {
	h.t.Helper()
	before := h.rows(h.space)
	d := h.said(fn, audit.AttemptRefused)[0]
	if d.Out != audit.Refused || !slices.Contains(d.Rules, rule) {
		h.t.Fatalf("the refusal says %v %v, want rule %s", d.Out, d.Rules, rule)
	}
	if after := h.rows(h.space); !maps.Equal(before, after) {
		h.t.Fatalf("a refusal changed rows")
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
