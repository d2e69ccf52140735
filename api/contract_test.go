package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	v1 "aval/api/v1"
)

// An operation of the contract, as the tests walk it.
type operation struct {
	method, path string
	*openapi3.Operation
}

func (o operation) String() string { return o.method + " " + o.path }

// public tells whether an operation asks for no session.
func (o operation) public() bool { return o.Security != nil && len(*o.Security) == 0 }

func (o operation) body() *openapi3.SchemaRef {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content.Get("application/json").Schema
}

func (h *house) operations() []operation {
	var all []operation
	for path, item := range h.spec.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{method, path, op})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// Identifiers of the right form that nothing has.
const (
	noPerson  = "p_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noMandate = "m_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noMember  = "h_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noPreset  = "v_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noProgram = "g_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noPasskey = "k_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	noSession = "n_aaaaaaaaaaaaaaaaaaaaaaaaaa"
)

// at puts identifiers into a path.
func (o operation) at(person, mandate, member string) string {
	return strings.NewReplacer("{person}", person, "{mandate}", mandate, "{helper}", member, "{preset}", noPreset, "{program}", noProgram,
		"{passkey}", noPasskey, "{session}", noSession).Replace(o.path)
}

// sample makes a value of a schema's form.
func sample(s *openapi3.SchemaRef) any {
	switch name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]; name {
	case "PersonId":
		return noPerson
	case "MandateId":
		return noMandate
	case "MemberId":
		return noMember
	case "PresetId":
		return noPreset
	case "ProgramId":
		return noProgram
	case "PasskeyId":
		return noPasskey
	case "SessionId":
		return noSession
	case "StopId":
		return "20261123T080000.000000-" + noMandate + "-all"
	case "DataRequestId":
		return "d_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	case "StopPart":
		return "service:caf"
	case "Slug":
		return "nowhere"
	case "Code":
		return "caf"
	case "ScreenRule":
		return "password_cue"
	case "Lang":
		return "fr"
	case "Date":
		return "2026-12-01"
	case "BirthDate":
		return "1950"
	case "Time":
		return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	case "Digest":
		return strings.Repeat("A", 43)
	}
	v := s.Value
	switch {
	case len(v.Enum) > 0:
		return v.Enum[0]
	case v.Type.Is("object"):
		all := members{}
		for name, member := range v.Properties {
			all[name] = sample(member)
		}
		return all
	case v.Type.Is("array"):
		return []any{sample(v.Items)}
	case v.Type.Is("integer"):
		return 1
	case v.Type.Is("boolean"):
		return true
	case strings.Contains(v.Pattern, "[0-9]{4}("):
		return "2026-07"
	case v.Format == "byte":
		return "AAAA"
	case strings.HasPrefix(v.Pattern, "^[0-9]+[.]"):
		return "0.0.1" // a version
	case strings.HasPrefix(v.Pattern, "^[0-9]{8}T"):
		return "20270111T090000.000000-AAAAAAAAAAAAAAAAAAAAAAAAAA" // what a browser was asked
	}
	return "Martin"
}

// The contract has the routes that are served, and no other.
func TestContractIsWhatIsServed(t *testing.T) {
	h := newHouse(t, options{})
	served := map[string]bool{}
	oauth := "POST /token" // speaks OAuth's form and errors: a security scheme of the contract names it
	for _, r := range h.staff.(*echo.Echo).Routes() {
		if strings.HasPrefix(r.Path, v1.Base+"/") && r.Method != echo.RouteNotFound {
			served[r.Method+" "+strings.TrimPrefix(r.Path, v1.Base)] = true
		}
	}
	for _, o := range h.operations() {
		key := o.method + " " + strings.ReplaceAll(o.at(":person", ":mandate", ":helper"), noPreset, ":preset")
		key = strings.ReplaceAll(key, noProgram, ":program")
		key = strings.ReplaceAll(strings.ReplaceAll(key, noPasskey, ":passkey"), noSession, ":session")
		if !served[key] {
			t.Errorf("%s is in the contract and not served", o)
		}
		delete(served, key)
	}
	if !served[oauth] {
		t.Errorf("%s is not served", oauth)
	}
	delete(served, oauth)
	for key := range served {
		t.Errorf("%s is served and not in the contract", key)
	}
}

// What comes in is bounded: no unknown member, no text without an end.
func TestContractBoundsWhatComesIn(t *testing.T) {
	h := newHouse(t, options{})
	var walk func(where string, s *openapi3.SchemaRef)
	walk = func(where string, s *openapi3.SchemaRef) {
		v := s.Value
		switch {
		case v.Type.Is("object"):
			if v.AdditionalProperties.Has == nil || *v.AdditionalProperties.Has {
				t.Errorf("%s takes unknown members", where)
			}
			for name, member := range v.Properties {
				walk(where+"/"+name, member)
			}
		case v.Type.Is("array"):
			if v.MaxItems == nil {
				t.Errorf("%s has no most", where)
			}
			walk(where+"/0", v.Items)
		case v.Type.Is("string"):
			if v.MaxLength == nil && v.Pattern == "" && len(v.Enum) == 0 && v.Format != "date-time" {
				t.Errorf("%s has no bound", where)
			}
		case v.Type.Is("integer"):
			if v.Min == nil || v.Max == nil {
				t.Errorf("%s has no bounds", where)
			}
		}
	}
	for _, o := range h.operations() {
		if s := o.body(); s != nil {
			walk(o.String(), s)
		}
		for _, p := range o.Parameters {
			walk(o.String()+" "+p.Value.Name, p.Value.Schema)
		}
	}
}

// Writes can be asked twice; what shows personal data is a POST.
func TestContractHabits(t *testing.T) {
	h := newHouse(t, options{})
	// One-time by themselves, or make something new each time; an appointment is the session's.
	noKey := []string{"RedeemLink", "SignOut", "LinkHelper", "InviteNamed", "JoinStructure", "StartAppointment", "EndAppointment",
		"AskPasskey", "AskAcceptance", "SignInByPasskey", "ChooseStructure", "AddPasskey", "AskNewPasskey", "RemovePasskey", "EndSession", "ReadmitHelper"}
	reads := []string{"NamePasskeys", "SearchPersons", "RevealPerson", "MandateDocument", "MandateOpening", "Cover", "LogLines", "Extract",
		"Find", "ListNames", "CopyPerson", "SimilarPersons", "MandateSheet", "MemberNames", "ShowScan", "RevealScan"}
	noKey = append(noKey, "ContestText", "ImportNotebook") // used up; importing again changes nothing
	reads = append(reads, "NotebookNote")
	for _, o := range h.operations() {
		has := o.Parameters.GetByInAndName("header", "Idempotency-Key") != nil
		want := o.method == "POST" && !slices.Contains(noKey, o.OperationID) && !slices.Contains(reads, o.OperationID)
		if has != want {
			t.Errorf("%s: takes an idempotency key: %v, want %v", o, has, want)
		}
		for _, schema := range []string{"Revealed", "SearchAnswer", "Found", "Sheet"} {
			media := o.Responses.Status(200)
			if media == nil || media.Value.Content.Get("application/json") == nil {
				continue
			}
			if strings.HasSuffix(media.Value.Content.Get("application/json").Schema.Ref, "/"+schema) &&
				(o.method != "POST" || o.body().Value.Properties["purpose"] == nil) {
				t.Errorf("%s shows personal data without a purpose", o)
			}
		}
	}
}

// Nobody gets in without a session, and nothing changes.
func TestEveryOperationNeedsASession(t *testing.T) {
	h := newHouse(t, options{})
	before, size := h.rows(h.space), h.size(h.space)
	nobody := &client{h: h}
	forged := &client{h: h, bearer: strings.Repeat("A", 43)}
	for _, o := range h.operations() {
		if o.public() {
			continue
		}
		var body any
		if s := o.body(); s != nil {
			body = sample(s)
		}
		for _, c := range []*client{nobody, forged} {
			a := c.refused(o.method, o.at(noPerson, noMandate, noMember), body, 401, "session", "")
			if a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s does not say how to sign in", o)
			}
		}
	}
	if h.size(h.space) != size || fmt.Sprint(h.rows(h.space)) != fmt.Sprint(before) {
		t.Error("something was written for nobody")
	}
}

// Whatever is sent to any operation, no value comes back and none is logged.
func TestValuesAreNeverRepeated(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	mandate := worker.proposed(person)
	const canary = "Xq7canaryZ"
	silent := func(what string, a *answer) {
		t.Helper()
		if a.status >= 500 {
			t.Errorf("%s: %d", what, a.status)
		}
		for name, values := range a.header {
			if strings.Contains(fmt.Sprint(name, values), canary) {
				t.Errorf("%s: header %s repeats what was sent", what, name)
			}
		}
		if strings.Contains(string(a.body), canary) {
			t.Errorf("%s: answer repeats what was sent: %s", what, a.body)
		}
	}
	for _, o := range h.operations() {
		path := o.at(person, mandate, worker.id)
		if s := o.body(); s != nil {
			for where, body := range poisoned(sample(s), canary) {
				silent(o.String()+where, worker.call(o.method, path, body))
			}
			silent(o.String()+" broken", worker.call(o.method, path, `{"`+canary+`":"`+canary))
			silent(o.String()+" text", worker.call(o.method, path, `"`+canary+`"`, "Content-Type", "application/"+canary))
		}
		silent(o.String()+" path", worker.call(o.method, o.at("p_"+canary, "m_"+canary, "h_"+canary)+"/"+canary, nil))
		silent(o.String()+" query", worker.call(o.method, path+"?"+canary+"="+canary, nil))
		silent(o.String()+" headers", worker.call(o.method, path, nil,
			"Idempotency-Key", canary+"!", "Accept-Language", canary, "Authorization", "Bearer "+canary,
			"Cookie", "aval="+canary, "X-Forwarded-For", canary, "Accept", "application/"+canary))
		silent(o.String()+" method", worker.call(strings.ToUpper(canary), path, nil))
	}
	if log := h.out.String(); strings.Contains(log, canary) || strings.Contains(log, strings.ToUpper(canary)) {
		t.Error("the program's own log repeats what was sent")
	}
	if strings.Contains(h.out.String(), worker.bearer) {
		t.Error("the program's own log holds a session")
	}
}

// poisoned gives a body once for each text in it, that text being replaced; once
// with an unknown member; and once with every text replaced by a password.
func poisoned(body any, canary string) map[string]any {
	all := map[string]any{}
	var walk func(where string, replace func(string) any, x any) any
	walk = func(where string, replace func(string) any, x any) any {
		switch x := x.(type) {
		case members:
			copied := members{}
			for name, v := range x {
				copied[name] = walk(where+"/"+name, replace, v)
			}
			return copied
		case []any:
			return []any{walk(where+"/0", replace, x[0])}
		case string, time.Time:
			if r := replace(where); r != nil {
				return r
			}
		}
		return x
	}
	var places []string
	walk("", func(where string) any { places = append(places, where); return nil }, body)
	for _, place := range places {
		all[" "+place] = walk("", func(where string) any {
			if where == place {
				return canary
			}
			return nil
		}, body)
	}
	all[" passwords"] = walk("", func(string) any { return "mot de passe : " + canary + "!42" }, body)
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	unknown := members{}
	if json.Unmarshal(raw, &unknown) == nil {
		unknown[canary] = canary
		all[" unknown"] = unknown
	}
	return all
}

func FuzzRequest(f *testing.F) {
	h := newHouse(f, options{})
	operations := slices.DeleteFunc(h.operations(), func(o operation) bool { return o.OperationID == "SignOut" })
	worker := h.helper("social_worker")
	person := worker.recorded()
	mandate := worker.proposed(person)
	for i, o := range operations {
		if s := o.body(); s != nil {
			raw, err := json.Marshal(sample(s))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), "", raw)
		}
	}
	f.Add(uint8(0), "limit=1&after="+noMandate, []byte(`{"a":1,"a":2}`))
	f.Add(uint8(1), "%zz", []byte(`{"token":"\ud800"} {}`))
	f.Fuzz(func(t *testing.T, n uint8, query string, body []byte) {
		o := operations[int(n)%len(operations)]
		r := httptest.NewRequestWithContext(t.Context(), o.method, "http://staff.test/", strings.NewReader(string(body)))
		r.URL.Path, r.URL.RawQuery = v1.Base+o.at(person, mandate, worker.id), query
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+worker.bearer)
		w := httptest.NewRecorder()
		h.staff.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s: %d %s", o, w.Code, w.Body)
		}
	})
}
