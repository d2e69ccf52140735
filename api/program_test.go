package api_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "aval/api/v1"
	"aval/audit"
	"aval/consent"
)

// A software is a program's own side, signing by hand: what the register verifies
// is made without its libraries.
type software struct {
	h      *house
	key    *ecdsa.PrivateKey
	client string // identifier
	access string // token
}

var enc = base64.RawURLEncoding.EncodeToString

func newSoftware(h *house) *software {
	h.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(h.t, err)
	return &software{h: h, key: key}
}

// jwk is its public key.
func (s *software) jwk() members {
	s.h.t.Helper()
	point, err := s.key.PublicKey.Bytes()
	ok(s.h.t, err)
	return members{"kty": "EC", "crv": "P-256", "x": enc(point[1:33]), "y": enc(point[33:])}
}

// sign makes a compact JWS (RFC 7515, ES256).
func (s *software) sign(header, claims members) string {
	s.h.t.Helper()
	h, err := json.Marshal(header)
	ok(s.h.t, err)
	c, err := json.Marshal(claims)
	ok(s.h.t, err)
	signed := enc(h) + "." + enc(c)
	sum := sha256.Sum256([]byte(signed))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	ok(s.h.t, err)
	return signed + "." + enc(append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...))
}

// assertion says who it is, changed as wanted; a nil member is left out.
func (s *software) assertion(changes members) string {
	now := s.h.clock.Now()
	claims := members{
		"iss": s.client, "sub": s.client, "aud": "http://staff.test", "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	return s.sign(members{"alg": "ES256", "typ": "JWT"}, changed(claims, changes))
}

// proof says that it holds the key.
func (s *software) proof(method, path string, changes members) string {
	claims := members{"jti": rand.Text(), "htm": method, "htu": "http://staff.test" + v1.Base + path, "iat": s.h.clock.Now().Unix()}
	if s.access != "" {
		sum := sha256.Sum256([]byte(s.access))
		claims["ath"] = enc(sum[:])
	}
	return s.sign(members{"alg": "ES256", "typ": "dpop+jwt", "jwk": s.jwk()}, changed(claims, changes))
}

func changed(claims, changes members) members {
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

// ask posts to the token endpoint.
func (s *software) ask(form url.Values, header ...string) *answer {
	r := httptest.NewRequestWithContext(s.h.t.Context(), "POST", v1.Base+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return s.h.serve(s.h.staff, r)
}

func (s *software) form(assertion string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

// signIn gets a token.
func (s *software) signIn() {
	s.h.t.Helper()
	s.access = ""
	a := s.ask(s.form(s.assertion(nil)), "DPoP", s.proof("POST", "/token", nil))
	if a.status != 200 || a.json["token_type"] != "DPoP" || a.json["expires_in"] != 300.0 || a.header.Get("Cache-Control") != "no-store" {
		s.h.t.Fatalf("no token: %d %s", a.status, a.body)
	}
	s.access = a.str("access_token")
}

// call asks the JSON door with a proof.
func (s *software) call(method, path string, body any, header ...string) *answer {
	s.h.t.Helper()
	if len(header) == 0 {
		clean, _, _ := strings.Cut(path, "?")
		header = []string{"Authorization", "DPoP " + s.access, "DPoP", s.proof(method, clean, nil)}
	}
	return (&client{h: s.h}).call(method, path, body, header...)
}

// opened is a software that the referent let in, signed in.
func (h *house) opened(scopes ...any) *software {
	h.t.Helper()
	s := newSoftware(h)
	p := h.referent.must("POST", "/programs", members{
		"name": "Dossier Social", "keys": members{"keys": []any{s.jwk()}}, "scopes": scopes, "days": 30,
	}, 201)
	s.client = p.str("client_id")
	s.signIn()
	return s
}

var everyScope = []any{"mandates", "cover", "acts"}

// The day of a program: it finds a mandate by its reference, asks whether a member
// is covered, and notes what they did; the person sees all of it.
func TestProgramDay(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.active(person)
	ref := worker.must("GET", "/mandates/"+id, nil, 200).str("ref")
	s := h.opened(everyScope...)

	found := s.call("GET", "/mandates?ref="+ref, nil)
	if found.status != 200 || found.list("mandates")[0]["person"] != person || strings.Contains(string(found.body), "Benali") {
		t.Fatalf("%d %s", found.status, found.body)
	}
	ask := members{"member": worker.id, "person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent"}
	lines := h.said(func() {
		if a := s.call("POST", "/cover", ask); a.status != 200 || a.json["covered"] != true {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}, audit.MandateStatusChecked)
	_, program, _ := strings.Cut(s.client, ".")
	if d := lines[0]; d.By != program || d.Role != "program" || !slices.Equal(d.On, []string{worker.id}) || d.Person != person {
		t.Errorf("the line is %+v", d)
	}
	act := members{
		"member": worker.id, "person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent",
		"reason": "asked_by_person", "channel": "partner_portal", "credential_entry": "none", "outcome": "done",
		"validated": h.clock.Now(), "validated_how": "phone", "period": "2026-10",
	}
	once := func() *answer {
		return s.call("POST", "/acts", act, "Authorization", "DPoP "+s.access, "DPoP", s.proof("POST", "/acts", nil), "Idempotency-Key", "dossier-7")
	}
	var noted *answer
	h.said(func() { noted = once() }, audit.ActRecorded)
	if noted.status != 201 || noted.str("by") != worker.id || noted.str("via") != program {
		t.Fatalf("%d %s", noted.status, noted.body)
	}
	h.said(func() {
		if again := once(); again.status != 201 || again.str("id") != noted.str("id") {
			t.Fatalf("noted twice: %d %s", again.status, again.body)
		}
	})
	code := worker.mustCode(person)
	page := h.card(code, "open", "1950-03-02")
	if page.status != 200 || !strings.Contains(string(page.body), "Aidante social_worker") || !strings.Contains(string(page.body), "logiciel") {
		t.Errorf("the person's page does not tell it: %d %s", page.status, page.body)
	}
	// A member asks for themself.
	worker.refused("POST", "/cover", ask, 400, "member_unwanted", "")
	list := worker.must("GET", "/programs", nil, 200).list("programs")
	if len(list) != 1 || list[0]["client_id"] != s.client || list[0]["seen"] == nil {
		t.Errorf("listed: %v", list)
	}

	h.said(func() { h.referent.must("POST", "/programs/"+program+"/close", nil, 204) }, audit.ProgramClosed)
	h.unchanged(func() {
		if a := s.call("POST", "/cover", ask); a.status != 403 || !strings.HasSuffix(a.str("type"), "/program_closed") {
			t.Errorf("after it was closed: %d %s", a.status, a.body)
		}
	}, "C21")
	if a := s.ask(s.form(s.assertion(nil)), "DPoP", s.proof("POST", "/token", members{"ath": nil})); a.status != 401 || a.json["error"] != "invalid_client" {
		t.Errorf("a closed one asks for a token: %d %s", a.status, a.body)
	}
}

// Whatever has no scope is refused to a program, each operation of the contract.
func TestProgramScopes(t *testing.T) {
	h := newHouse(t, options{})
	s := h.opened(everyScope...)
	none := h.opened("acts")
	open := map[string]bool{"PersonMandates": true, "ListMandates": true, "Mandate": true, "Cover": true, "RecordAct": true}
	before := h.rows(h.space)
	for _, o := range h.operations() {
		if o.public() || o.OperationID == "SignOut" {
			continue
		}
		var body any
		if schema := o.body(); schema != nil {
			body = sample(schema)
		}
		path := o.at(noPerson, noMandate, noMember)
		who := s
		if open[o.OperationID] {
			who = none
			switch o.OperationID {
			case "RecordAct":
				continue
			case "Cover":
				body = members{"member": noMember, "person": noPerson, "service": "caf", "procedure": "rsa_declaration", "mode": "do_with"}
			}
		}
		a := who.call(o.method, path, body)
		if a.status != 403 && a.status != 400 && a.status != 401 && a.status != 404 {
			t.Errorf("%s: %d %s", o, a.status, a.body)
		}
		if open[o.OperationID] && (a.status != 403 || !strings.HasSuffix(a.str("type"), "/program_scope")) {
			t.Errorf("%s: a program without the scope is told %s", o, a.body)
		}
	}
	after := h.rows(h.space)
	if !maps.Equal(before, after) {
		t.Error("a program without a scope wrote")
	}
	for _, d := range h.entries(h.space, 0) {
		if d.Role == "program" && d.Out == audit.OK && d.Act != audit.ProgramLogin {
			t.Errorf("a program without a scope did %s", d.Act)
		}
	}
}

// Each way not to get a token, and what is said.
func TestTokenIsRefused(t *testing.T) {
	h := newHouse(t, options{})
	s := h.opened(everyScope...)
	s.access = ""
	other := newSoftware(h)
	other.client = s.client
	dpop := func() []string { return []string{"DPoP", s.proof("POST", "/token", nil)} }
	now := h.clock.Now()
	used := s.assertion(nil)
	if a := s.ask(s.form(used), dpop()...); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	usedProof := dpop()
	if a := s.ask(s.form(s.assertion(nil)), usedProof...); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	with := func(assertion string, change func(url.Values)) url.Values {
		f := s.form(assertion)
		change(f)
		return f
	}
	size := h.size(h.space)
	for name, c := range map[string]struct {
		form   url.Values
		header []string
		want   string
	}{
		"used before":          {s.form(used), dpop(), "invalid_client"},
		"another's key":        {s.form(other.assertion(nil)), dpop(), "invalid_client"},
		"an unknown client":    {s.form(s.assertion(members{"iss": "ccas." + noProgram, "sub": "ccas." + noProgram})), dpop(), "invalid_client"},
		"of another space":     {s.form(s.assertion(members{"iss": "x" + s.client, "sub": "x" + s.client})), dpop(), "invalid_client"},
		"iss is not sub":       {s.form(s.assertion(members{"iss": "ccas"})), dpop(), "invalid_client"},
		"for another server":   {s.form(s.assertion(members{"aud": "https://elsewhere.test"})), dpop(), "invalid_client"},
		"for two":              {s.form(s.assertion(members{"aud": []any{"http://staff.test", "https://elsewhere.test"}})), dpop(), "invalid_client"},
		"too long":             {s.form(s.assertion(members{"exp": now.Add(6 * time.Minute).Unix()})), dpop(), "invalid_client"},
		"expired":              {s.form(s.assertion(members{"exp": now.Unix()})), dpop(), "invalid_client"},
		"without jti":          {s.form(s.assertion(members{"jti": nil})), dpop(), "invalid_client"},
		"a proof as assertion": {s.form(dpop()[1]), dpop(), "invalid_client"},
		"a shared secret":      {with(s.assertion(nil), func(f url.Values) { f.Set("client_secret", "hunter2") }), dpop(), "invalid_client"},
		"another client_id":    {with(s.assertion(nil), func(f url.Values) { f.Set("client_id", "ccas."+noProgram) }), dpop(), "invalid_client"},
		"no assertion":         {with("", func(url.Values) {}), dpop(), "invalid_client"},
		"another grant":        {with(s.assertion(nil), func(f url.Values) { f.Set("grant_type", "password") }), dpop(), "unsupported_grant_type"},
		"twice":                {with(s.assertion(nil), func(f url.Values) { f.Add("scope", "acts"); f.Add("scope", "cover") }), dpop(), "invalid_request"},
		"a scope it has not":   {with(s.assertion(nil), func(f url.Values) { f.Set("scope", "everything") }), dpop(), "invalid_scope"},
		"without a proof":      {s.form(s.assertion(nil)), nil, "invalid_dpop_proof"},
		"with two proofs":      {s.form(s.assertion(nil)), append(dpop(), dpop()...), "invalid_dpop_proof"},
		"the proof again":      {s.form(s.assertion(nil)), usedProof, "invalid_dpop_proof"},
		"a proof for another":  {s.form(s.assertion(nil)), []string{"DPoP", s.proof("POST", "/acts", nil)}, "invalid_dpop_proof"},
		"an old proof":         {s.form(s.assertion(nil)), []string{"DPoP", s.proof("POST", "/token", members{"iat": now.Add(-2 * time.Minute).Unix()})}, "invalid_dpop_proof"},
	} {
		a := s.ask(c.form, c.header...)
		status := 400
		if c.want == "invalid_client" {
			status = 401
		}
		if a.status != status || a.json["error"] != c.want || strings.Contains(string(a.body), "hunter2") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if h.size(h.space) != size {
		t.Error("the structure's log has a line of somebody who did not prove who they are")
	}
	ok(t, h.reg.NoteFailures(t.Context()))
	spaces, err := h.reg.Spaces(t.Context())
	ok(t, err)
	lines := h.entries(spaces[0], 0)
	if last := lines[len(lines)-1]; last.Counts["programs"] < 10 {
		t.Errorf("not counted: %+v", last)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", v1.Base+"/token", bytes.NewReader([]byte(`{"grant_type":"client_credentials"}`)))
	r.Header.Set("Content-Type", "application/json")
	if a := h.serve(h.staff, r); a.status != 400 || a.json["error"] != "invalid_request" {
		t.Errorf("JSON: %d %s", a.status, a.body)
	}
}

// A token is worth nothing without the key that it is bound to.
func TestTokenIsBound(t *testing.T) {
	h := newHouse(t, options{})
	s, thief := h.opened(everyScope...), newSoftware(h)
	thief.access = s.access
	proof := func() string { return s.proof("GET", "/mandates", nil) }
	used := proof()
	if a := s.call("GET", "/mandates", nil, "Authorization", "DPoP "+s.access, "DPoP", used); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for name, c := range map[string]struct {
		reason string
		header []string
	}{
		"as a bearer":         {"session", []string{"Authorization", "Bearer " + s.access}},
		"without a proof":     {"proof", []string{"Authorization", "DPoP " + s.access}},
		"the proof again":     {"proof", []string{"Authorization", "DPoP " + s.access, "DPoP", used}},
		"another's key":       {"program", []string{"Authorization", "DPoP " + s.access, "DPoP", thief.proof("GET", "/mandates", nil)}},
		"another method":      {"proof", []string{"Authorization", "DPoP " + s.access, "DPoP", s.proof("POST", "/mandates", nil)}},
		"another address":     {"proof", []string{"Authorization", "DPoP " + s.access, "DPoP", s.proof("GET", "/acts", nil)}},
		"without the hash":    {"proof", []string{"Authorization", "DPoP " + s.access, "DPoP", s.proof("GET", "/mandates", members{"ath": nil})}},
		"another token":       {"proof", []string{"Authorization", "DPoP " + s.access[:10], "DPoP", proof()}},
		"no token":            {"program", []string{"Authorization", "DPoP ", "DPoP", proof()}},
		"a member's session":  {"proof", []string{"Authorization", "DPoP " + h.referent.bearer, "DPoP", proof()}},
		"its key as a bearer": {"session", []string{"Authorization", "Bearer", "DPoP", proof()}},
	} {
		a := s.call("GET", "/mandates", nil, c.header...)
		if a.status != 401 || !strings.HasSuffix(a.str("type"), "/"+c.reason) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if want := map[string]string{"session": "Bearer", "proof": "DPoP error=\"invalid_dpop_proof\"", "program": "DPoP error=\"invalid_token\""}[c.reason]; !strings.HasPrefix(a.header.Get("WWW-Authenticate"), want) {
			t.Errorf("%s: %q", name, a.header.Get("WWW-Authenticate"))
		}
	}
	h.clock.add(5 * time.Minute)
	if a := s.call("GET", "/mandates", nil); a.status != 401 || !strings.HasSuffix(a.str("type"), "/program") {
		t.Errorf("after five minutes: %d %s", a.status, a.body)
	}
	s.signIn()
	if a := s.call("GET", "/mandates?limit=1", nil); a.status != 200 {
		t.Errorf("with a new one: %d %s", a.status, a.body)
	}
}

// What is told to programs is what is true.
func TestAuthorizationServer(t *testing.T) {
	h := newHouse(t, options{})
	a := h.serve(h.staff, httptest.NewRequestWithContext(t.Context(), "GET", "/.well-known/oauth-authorization-server", nil))
	if a.status != 200 || a.str("issuer") != "http://staff.test" || a.str("token_endpoint") != "http://staff.test"+v1.Base+"/token" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	scopes, _ := a.json["scopes_supported"].([]any)
	flow := h.spec.Components.SecuritySchemes["program"].Value.Flows.ClientCredentials
	if len(scopes) != len(flow.Scopes) || flow.TokenURL != v1.Base+"/token" {
		t.Errorf("scopes %v, in the contract %v at %s", scopes, flow.Scopes, flow.TokenURL)
	}
	for _, s := range scopes {
		if _, there := flow.Scopes[s.(string)]; !there {
			t.Errorf("%v is not in the contract", s)
		}
	}
	// The public listener has none of it.
	for _, path := range []string{"/.well-known/oauth-authorization-server", v1.Base + "/token"} {
		if a := h.serve(h.public, httptest.NewRequestWithContext(t.Context(), "GET", path, nil)); a.status != 404 {
			t.Errorf("%s on the public listener: %d", path, a.status)
		}
	}
}

// A referent lets programs in, with a fresh sign-in; nobody gives a secret key.
func TestOpenProgram(t *testing.T) {
	h := newHouse(t, options{})
	s := newSoftware(h)
	body := func(changes members) members {
		return changed(members{"name": "Dossier", "keys": members{"keys": []any{s.jwk()}}, "scopes": everyScope, "days": 30}, changes)
	}
	private := s.jwk()
	private["d"] = enc(make([]byte, 32))
	h.referent.refused("POST", "/programs", body(members{"keys": members{"keys": []any{private}}}), 400, "key_private", "")
	h.referent.refused("POST", "/programs", body(members{"keys": members{"keys": []any{members{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}}}), 400, "key_kind", "")
	h.referent.refused("POST", "/programs", body(members{"scopes": []any{"everything"}}), 400, "scope", "")
	h.referent.refused("POST", "/programs", body(members{"days": 366}), 400, "member_length", "")
	h.unchanged(func() {
		h.referent.refused("POST", "/programs", body(members{"name": "mot de passe : Soleil!2024"}), 403, "credential_password", "C08")
	}, "C08")
	worker := h.helper("social_worker")
	h.unchanged(func() { worker.refused("POST", "/programs", body(nil), 403, "office_only", "C16") }, "C16")
	first := h.referent.must("POST", "/programs", body(nil), 201, "Idempotency-Key", "k")
	again := h.referent.must("POST", "/programs", body(nil), 201, "Idempotency-Key", "k")
	if first.str("id") != again.str("id") {
		t.Error("opened twice")
	}
	if got := string(first.body); !strings.Contains(got, `"scopes":["acts","cover","mandates"]`) {
		t.Errorf("%s", got)
	}
	h.clock.add(6 * time.Minute)
	h.referent.refused("POST", "/programs", body(nil), 401, "step_up", "")
	row := &consent.Program{ID: consent.ProgramID(first.str("id"))}
	if !h.row(h.space, row) || row.Keys[0].X != s.jwk()["x"] {
		t.Errorf("stored: %+v", row)
	}
}
