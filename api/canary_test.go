package api_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"aval/api"
	v1 "aval/api/v1"
	"aval/audit"
	"aval/charter/screen/canary"
	"aval/store/bolt"
	"aval/store/kv"
	"aval/store/mem"
)

// A target is one place of the two doors where a text can be sent.
type target struct {
	where string
	send  func(text string) *http.Request
	loose bool // nothing is known of what the answer should be
}

// enough is how many canaries are to be refused.
const enough = 10_000

// Credentials of every kind are sent into every text of the contract, of addresses,
// headers and of every form of the pages, ten thousand times. Then every byte that
// the register answered, logged or stored is searched for any of them.
func TestNothingIsLeftOfWhatWasRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "aval.db")
	db, err := bolt.Open(file, bolt.Options{})
	ok(t, err)
	h := newHouse(t, options{db: db, config: withPasskeys})
	targets := h.targets()
	before := h.closed()

	var hunt canary.Hunt
	said := &lockedBuffer{}
	refused := h.sendAll(targets, 3, &hunt, said)
	if refused < 10*len(targets) {
		t.Errorf("%d refusals for %d targets", refused, len(targets))
	}
	free := h.screened(targets)
	for refused < enough {
		n := h.sendAll(free, 1, &hunt, said)
		refused += n
		if n < len(free) {
			t.Fatalf("%d refusals for %d texts", n, len(free))
		}
	}
	var entries int64
	for _, d := range h.entries(h.space, 0) {
		if d.Act == audit.AttemptRefused && slices.Contains(d.Rules, "C08") {
			entries++
		}
	}
	t.Logf("%d places for a text, %d of them free; %d refusals, %d by C08; %d byte strings looked for", len(targets), len(free), refused, entries, hunt.Tracks())
	if entries < enough/3 {
		t.Errorf("%d refusals by C08 were entered", entries)
	}
	// What is closed cannot be searched: nothing was added to it.
	if after := h.closed(); !maps.Equal(before, after) {
		t.Errorf("%d closed rows before, %d after, or others", len(before), len(after))
	}
	for where, data := range h.everything(file, said) {
		if found := hunt.In(data); len(found) > 0 {
			t.Errorf("%s, %d bytes, has %v", where, len(data), found)
		}
	}
}

// passedOver are fields of pages that are not read as they were sent, so that the
// answer may be no refusal. The search is for these too.
var passedOver = map[string]string{
	"/compter once": "only a hash of it is kept", "/mandat/relire once": "likewise",
	"/mots-de-passe/ligne once": "only a hash of it is kept", "/mots-de-passe/montre once": "likewise",
	"/carte lang":          "a language that nobody has is the reader's own",
	"/arrets/repondu once": "only a hash of it is kept", "/personne/arreter once": "likewise", "/personne/demande once": "likewise", "/demandes/repondre once": "likewise", "/demandes/prolonger once": "likewise", "/personne/copie as": "paper, unless it is json",
	"/ailleurs/demande once": "likewise",
	"/personne/arreter sure": "whether there is one counts",
	"/noms show":             "whether there is one counts", "/noms purpose": "where nobody may be named, none is asked for",
	"/mandat/expliquer aid": "what is no draft is shown again", "/mandat/expliquer lang": "likewise",
	"/mandat/relire days": "a preset says it", "/mandat/relire mode0": "a preset says it", "/mandat/relire mode1": "a preset says it",
	"/mandat/relire mode2": "a preset says it", "/mandat/relire procedure0": "a preset says it",
	"/mandat/relire procedure1": "a preset says it", "/mandat/relire procedure2": "a preset says it",
}

// withPasskeys gives the staff pages a name where browsers know passkeys.
func withPasskeys(c *api.Config) { c.StaffURL = "http://staff.localhost" }

// The search finds what it is for: a text that was let in and is read back.
func TestTheSearchFindsWhatIsKept(t *testing.T) {
	h := newHouse(t, options{})
	kept := canary.Canary{Form: "a name", Needles: []string{"Maison Qvxzkwbrtnplmd"}}
	var hunt canary.Hunt
	hunt.Add(kept)
	h.referent.must("POST", "/presets", members{"name": kept.Needles[0], "powers": []any{power}, "days": 31}, 200)
	said := &lockedBuffer{}
	_, err := said.Write(h.referent.must("GET", "/presets", nil, 200).body)
	ok(t, err)
	var found []string
	for where, data := range h.everything("", said) {
		if len(hunt.In(data)) > 0 {
			found = append(found, where)
		}
	}
	if slices.Sort(found); !slices.Equal(found, []string{"answers", "rows"}) {
		t.Errorf("found in %v", found)
	}
}

// A program that is cut off at any step of the commit of a refusal, or that panics
// there, leaves no more behind than one that is not.
func TestNothingIsLeftWhereARefusalIsCutOff(t *testing.T) {
	var mu sync.Mutex
	n, fault := 0, 0 // how often the fault was asked, and which time breaks
	failure := func() error { return nil }
	h := newHouse(t, options{config: withPasskeys, fault: func(kv.Space, mem.Step) error {
		mu.Lock()
		defer mu.Unlock()
		if n++; fault > 0 && n == fault {
			return failure()
		}
		return nil
	}})
	targets := h.targets()
	said := &lockedBuffer{}
	var hunt canary.Hunt
	flock := canary.Flock()
	for i, how := range []func() error{
		func() error { return errors.New("cut off") }, func() error { return kv.ErrFull }, func() error { panic("cut off") },
	} {
		for step := 1; step <= 4; step++ { // two commits, before and after each
			for k, target := range targets {
				c := flock[(i+k+step)%len(flock)]
				hunt.Add(c)
				mu.Lock()
				n, fault, failure = 0, step, how
				mu.Unlock()
				h.deliver(target, c.Text, said)
			}
		}
	}
	mu.Lock()
	fault = 0
	mu.Unlock()
	if !strings.Contains(h.out.String(), `"msg":"panic"`) {
		t.Error("nothing panicked")
	}
	for where, data := range h.everything("", said) {
		if found := hunt.In(data); len(found) > 0 {
			t.Errorf("%s, %d bytes, has %v", where, len(data), found)
		}
	}
}

// screened finds the targets whose texts are screened: a canary is refused there
// with an entry.
func (h *house) screened(targets []target) (free []target) {
	h.t.Helper()
	flock := canary.Flock()
	for _, target := range targets {
		before := h.size(h.space)
		h.deliver(target, flock[0].Text, io.Discard)
		for _, d := range h.entries(h.space, before) {
			if d.Act == audit.AttemptRefused && slices.Contains(d.Rules, "C08") {
				free = append(free, target)
			}
		}
	}
	return free
}

// sendAll sends fresh canaries to every target, one of a flock in so many, several
// at a time: what is asked at once shares a commit. It gives the number of refusals.
func (h *house) sendAll(targets []target, one int, hunt *canary.Hunt, said io.Writer) (refused int) {
	h.t.Helper()
	type job struct {
		target
		canary.Canary
	}
	jobs := make(chan job)
	var mu sync.Mutex
	var running sync.WaitGroup
	for range 32 {
		running.Go(func() {
			for j := range jobs {
				status := h.deliver(j.target, j.Text, said)
				mu.Lock()
				switch {
				case status >= 500:
					h.t.Errorf("%s: %d for a %s", j.where, status, j.Kind)
				case status >= 400:
					refused++
				case passedOver[j.where] == "" && !j.loose:
					h.t.Errorf("%s: %d for a %s, %s", j.where, status, j.Kind, j.Form)
				}
				mu.Unlock()
			}
		})
	}
	for i, target := range targets {
		for k, c := range canary.Flock() {
			if (i+k)%one == 0 {
				hunt.Add(c)
				jobs <- job{target, c}
			}
		}
	}
	close(jobs)
	running.Wait()
	return refused
}

// deliver sends a text to a target and writes down whatever comes back.
func (h *house) deliver(to target, text string, said io.Writer) (status int) {
	r := to.send(text)
	handler := h.staff
	if r.URL.Host == "public.test" {
		handler = h.public
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	before, style, _ := strings.Cut(w.Body.String(), "<style>") // the same on each page
	_, after, _ := strings.Cut(style, "</style>")
	fmt.Fprintln(said, w.Code, w.Header(), before, after) //nolint:errcheck // a buffer
	return w.Code
}

// everything is all that the register said or wrote: answers, its log, rows, the
// file, the details of its entries in clear, and an extract unpacked.
func (h *house) everything(file string, said *lockedBuffer) map[string][]byte {
	h.t.Helper()
	all := map[string][]byte{"answers": []byte(said.String())}
	var rows bytes.Buffer
	ok(h.t, h.db.(kv.Copier).Copy(h.t.Context(), func(r kv.Row) error {
		fmt.Fprintf(&rows, "%s %s %s\n", r.Bucket, r.Key, r.Value)
		return nil
	}))
	all["rows"] = rows.Bytes()
	var details bytes.Buffer
	spaces, err := h.reg.Spaces(h.t.Context())
	ok(h.t, err)
	for _, s := range spaces {
		for _, d := range h.entries(s, 0) {
			ok(h.t, json.NewEncoder(&details).Encode(d))
		}
	}
	all["entries"] = details.Bytes()
	extract := h.auditor().must("POST", "/extracts", members{
		"from": "2026-11-01T00:00:00Z", "to": h.clock.Now().Add(time.Hour), "profile": "dpo", "purpose": "dpo_audit",
	}, 200)
	all["extract"] = unpacked(h.t, extract.body)
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/api/v1/openapi.json"} {
		for _, handler := range []http.Handler{h.staff, h.public} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(h.t.Context(), "GET", path, nil))
			all["answers"] = append(all["answers"], w.Body.Bytes()...)
		}
	}
	if file != "" {
		all["file"], err = os.ReadFile(file)
		ok(h.t, err)
	}
	all["log"] = []byte(h.out.String())
	return all
}

// auditor is a DPO, who may have an extract.
func (h *house) auditor() *client {
	h.t.Helper()
	made := h.referent.must("POST", "/helpers", members{"name": "Aline Dupuis", "role": "dpo", "auditor": true}, 201)
	return h.signIn(tokenOf(made))
}

// unpacked is every file of a zip, and what is compressed in it.
func unpacked(tb testing.TB, raw []byte) []byte {
	tb.Helper()
	all := slices.Clone(raw)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	ok(tb, err)
	for _, f := range z.File {
		r, err := f.Open()
		ok(tb, err)
		data, err := io.ReadAll(r)
		ok(tb, err)
		if g, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
			inner, err := io.ReadAll(g)
			ok(tb, err)
			data = append(data, inner...)
		}
		all = append(all, data...)
	}
	return all
}

// closed is every row of what is sealed, or found by a hash.
func (h *house) closed() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	ok(h.t, h.db.(kv.Copier).Copy(h.t.Context(), func(r kv.Row) error {
		if slices.Contains([]string{"box", "member", "account", "index", "index-seal", "birth", "person", "document", "edge"}, r.Bucket) {
			all[fmt.Sprintf("%d/%s/%s", r.Space, r.Bucket, r.Key)] = string(r.Value)
		}
		return nil
	}))
	return all
}

// targets is every place where a text can be sent: what the contract and the pages
// have today, so that a new field is among them by itself.
func (h *house) targets() []target {
	h.t.Helper()
	worker := h.helper("social_worker")
	person := worker.recorded()
	ids := map[string]string{noPerson: person, noMandate: worker.proposed(person), noMember: worker.id}
	all := append(h.contractTargets(worker, ids), h.pageTargets(worker, person, ids[noMandate])...)
	return all
}

// contractTargets walks the contract: each text of each body, path, query and header.
func (h *house) contractTargets(c *client, ids map[string]string) (all []target) {
	h.t.Helper()
	request := func(method, path string, body any) *http.Request {
		raw, err := json.Marshal(body)
		ok(h.t, err)
		if body == nil {
			raw = nil
		}
		r := httptest.NewRequestWithContext(h.t.Context(), method, "http://staff.test/", bytes.NewReader(raw))
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(v1.Base+path, "?")
		if body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		r.Header.Set("Authorization", "Bearer "+c.bearer)
		return r
	}
	for _, o := range h.operations() {
		if o.OperationID == "SignOut" {
			continue // the session is needed
		}
		path := o.at(ids[noPerson], ids[noMandate], ids[noMember])
		var body any
		if s := o.body(); s != nil {
			body = known(sample(s), ids)
			for _, place := range textPlaces(s, "") {
				all = append(all, target{where: o.String() + " " + place, send: func(text string) *http.Request {
					return request(o.method, path, planted(body, place, text))
				}})
			}
		}
		for _, p := range o.Parameters {
			p := p.Value
			if !p.Schema.Value.Type.Is("string") {
				continue
			}
			all = append(all, target{where: o.String() + " " + p.In + " " + p.Name, send: func(text string) *http.Request {
				switch p.In {
				case "path":
					return request(o.method, strings.ReplaceAll(o.path, "{"+p.Name+"}", strings.ReplaceAll(text, "/", "_")), body)
				case "query":
					return request(o.method, path+"?"+url.Values{p.Name: {text}}.Encode(), body)
				}
				r := request(o.method, path, body)
				r.Header.Set(p.Name, text+" ")
				return r
			}})
		}
	}
	if len(all) < 100 {
		h.t.Errorf("%d texts in the contract", len(all))
	}
	return all
}

// textPlaces lists the texts of a schema as JSON pointers.
func textPlaces(s *openapi3.SchemaRef, at string) (places []string) {
	switch v := s.Value; {
	case v.Type.Is("object"):
		for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
			places = append(places, textPlaces(v.Properties[name], at+"/"+name)...)
		}
	case v.Type.Is("array"):
		places = textPlaces(v.Items, at+"/0")
	case v.Type.Is("string"):
		places = []string{at}
	}
	return places
}

// planted is a body with another text at a place.
func planted(body any, place, text string) any {
	if place == "" {
		return text
	}
	name, rest, _ := strings.Cut(place[1:], "/")
	if rest != "" {
		rest = "/" + rest
	}
	switch b := body.(type) {
	case members:
		b = maps.Clone(b)
		b[name] = planted(b[name], rest, text)
		return b
	case []any:
		return []any{planted(b[0], rest, text)}
	}
	return text
}

// known puts identifiers that there are in the place of those of a sample.
func known(body any, ids map[string]string) any {
	switch b := body.(type) {
	case members:
		for name, v := range b {
			b[name] = known(v, ids)
		}
	case []any:
		for i, v := range b {
			b[i] = known(v, ids)
		}
	case string:
		if id := ids[b]; id != "" {
			return id
		}
	}
	return body
}

var (
	formTag   = regexp.MustCompile(`(?s)<form ([^>]*)>(.*?)</form>`)
	fieldTag  = regexp.MustCompile(`(?s)<(input|select|textarea|button) ([^>]*)>`)
	optionTag = regexp.MustCompile(`<option(?: [^>]*)? value="([^"]*)"`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// A form of a page: where it goes and what it sends when nobody types.
type pageForm struct {
	host, action, encoding string
	fields                 url.Values
	files                  map[string]bool // which of them are files
}

// request sends a form as a browser does. What is typed into a field for a file is
// both the file and its name.
func (f pageForm) request(tb testing.TB, fields url.Values) *http.Request {
	tb.Helper()
	body, media := []byte(fields.Encode()), "application/x-www-form-urlencoded"
	if f.encoding == "multipart/form-data" {
		var parts bytes.Buffer
		w := multipart.NewWriter(&parts)
		for name := range fields {
			part, err := w.CreateFormField(name)
			if f.files[name] {
				part, err = w.CreateFormFile(name, fields.Get(name))
			}
			ok(tb, err)
			_, err = io.WriteString(part, fields.Get(name))
			ok(tb, err)
		}
		ok(tb, w.Close())
		body, media = parts.Bytes(), w.FormDataContentType()
	}
	r := httptest.NewRequestWithContext(tb.Context(), "POST", "http://"+f.host+f.action, bytes.NewReader(body))
	r.Header.Set("Content-Type", media)
	return r
}

func formsOf(host, page string) (forms []pageForm) {
	attributes := func(tag string) map[string]string {
		all := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
			all[a[1]] = strings.NewReplacer("&amp;", "&", "&#43;", "+", "&#34;", `"`, "&#39;", "'").Replace(a[2])
		}
		return all
	}
	for _, f := range formTag.FindAllStringSubmatch(page, -1) {
		form := pageForm{host: host, action: attributes(f[1])["action"], encoding: attributes(f[1])["enctype"], fields: url.Values{}, files: map[string]bool{}}
		for _, field := range fieldTag.FindAllStringSubmatchIndex(f[2], -1) {
			a := attributes(f[2][field[4]:field[5]])
			if a["name"] == "" || form.fields.Has(a["name"]) {
				continue
			}
			value := a["value"]
			if o := optionTag.FindStringSubmatch(f[2][field[1]:]); o != nil && f[2][field[2]:field[3]] == "select" {
				value = o[1]
			}
			form.fields.Set(a["name"], value)
			form.files[a["name"]] = a["type"] == "file"
		}
		forms = append(forms, form)
	}
	return forms
}

// opens are the forms that lead to a page with further forms and change nothing
// that those before need.
var opens = []string{"/personne", "/personne/arreter", "/personne/nouvelle", "/personne/couvert", "/mandat/preparer", "/mandat/suite", "/carte", "/chercher"}

// passwordOpens are those of the pages about passwords.
var passwordOpens = []string{"/mots-de-passe/personne"}

// noForm are the routes that end what the test needs.
var noForm = map[string]string{
	"/lien/:token": "the token is in the address, and a link is used up", "/deconnexion": "ends the session",
	"/charte":       "shown until the charter is accepted",
	"/cle/demander": "the script's, with what its form hides", "/moi/cles/demander": "likewise", "/mandat/cle": "likewise",
	"/lien/:token/rejoindre": "the token is in the address", "/mandat/lien": "sends which mandate; shown for one that names a relative",
	"/proche/lire": "sends which mandate; a relative's", "/proche/accepter": "likewise",
	"/personne/exploitant": "a word of the charter; shown while somebody's page is open to the referent",
	"/moi/cles":            "sends nothing", "/moi/cles/retirer": "sends which key; shown to who has one",
	"/moi/sessions/fermer":     "sends which session; shown to who has two",
	"/reprendre":               "what waits, sealed, after a quarter of an hour; consent.TestFormIsHeld",
	"/mots-de-passe/contester": "shown after a second refusal: words of the screening; TestContest",
	"/mots-de-passe/suite":     "shown for a long list: a cursor; TestNotebooks",
}

func without(fields url.Values, name string) url.Values {
	fields = maps.Clone(fields)
	fields.Del(name)
	return fields
}

// pageTargets walks the pages of a helper, of the referent and of a card, and takes
// every field of every form that it meets.
func (h *house) pageTargets(worker *client, person, mandate string) (all []target) {
	h.t.Helper()
	code := worker.must("POST", "/persons/"+person+"/card", nil, 201).str("code")
	h.referent.must("POST", "/presets", members{"name": "CAF, un mois", "powers": []any{power}, "days": 31}, 200)
	h.referent.must("POST", "/standins", members{
		"away": worker.id, "by": h.helper("secretary").id, "from": "2026-11-23", "to": "2026-12-01",
	}, 204)
	worker.must("POST", "/notebooks", members{"person": person, "services": []any{"caf"}}, 204)
	heard := worker.proposed(person, members{"explained": nil})
	h.structure("ailleurs") // to ask it to stop for somebody
	worker.must("POST", "/mandates/"+worker.active(worker.recorded())+"/revoke", nil, 200)
	worker.must("POST", "/persons/"+person+"/requests", members{"kind": "limit"}, 200)
	seen, met := map[string]bool{}, map[string]bool{}
	type page struct {
		who *client
		r   *http.Request
	}
	var queue []page
	var first string // a page with a form of the worker's
	from := func(who *client, r *http.Request) *http.Request {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if r.URL.Host == "staff.test" {
			r.Header.Set("Cookie", "aval="+who.bearer)
		}
		return r
	}
	get := func(who *client, host, path string) page {
		return page{who, from(who, httptest.NewRequestWithContext(h.t.Context(), "GET", "http://"+host+path, nil))}
	}
	for host, handler := range map[string]http.Handler{"staff.test": h.staff, "public.test": h.public} {
		for _, r := range handler.(*echo.Echo).Routes() {
			if r.Method == "GET" && !strings.ContainsAny(r.Path, ":*") && !strings.HasPrefix(r.Path, v1.Base) {
				queue = append(queue, get(worker, host, r.Path), get(h.referent, host, r.Path))
			}
		}
	}
	queue = append(queue, get(&client{h: h}, "staff.test", "/"), get(worker, "staff.test", "/mandat/"+mandate), get(worker, "staff.test", "/mandat/"+heard),
		get(worker, "staff.test", "/mandat/"+worker.active(person)), get(worker, "public.test", "/c/"+code))
	for i := 0; i < len(queue) && i < 400; i++ {
		handler := map[string]http.Handler{"staff.test": h.staff, "public.test": h.public}[queue[i].r.URL.Host]
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, queue[i].r)
		who := queue[i].who
		if strings.Contains(w.Body.String(), `name="form" value="`) && who == worker {
			first = w.Body.String()
		}
		for _, f := range formsOf(queue[i].r.URL.Host, w.Body.String()) {
			if f.action == "" {
				f.action = queue[i].r.URL.Path
			}
			met[f.action] = true
			if noForm[f.action] != "" {
				continue
			}
			names := slices.Sorted(maps.Keys(f.fields))
			if opened := fmt.Sprint(who == worker, f.action, without(f.fields, "once")); slices.Contains(slices.Concat(opens, passwordOpens), f.action) && !seen[opened] {
				seen[opened] = true
				queue = append(queue, page{who, from(who, f.request(h.t, f.fields))})
			}
			key := fmt.Sprint(who == worker, f.action, names)
			if seen[key] {
				continue
			}
			seen[key] = true
			for _, name := range names {
				all = append(all, target{where: f.action + " " + name, send: func(text string) *http.Request {
					fields := maps.Clone(f.fields)
					if fields.Has("once") {
						fields.Set("once", rand.Text()) // else an answer given before is given again
					}
					fields.Set(name, text)
					return from(who, f.request(h.t, fields))
				}})
			}
		}
	}
	token := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(first)
	for host, handler := range map[string]http.Handler{"staff.test": h.staff, "public.test": h.public} {
		for _, r := range handler.(*echo.Echo).Routes() {
			if r.Method == "POST" && !strings.HasPrefix(r.Path, v1.Base) && !met[r.Path] && noForm[r.Path] == "" {
				all = append(all, h.unmet(host, r.Path, token[1], func(r *http.Request) *http.Request { return from(worker, r) })...)
			}
		}
	}
	return all
}

var pathParameter = regexp.MustCompile(`:[a-z]+`)

// unmet are the targets of a route that no page leads to as things stand: the fields
// that its form has in the templates, the address, and a body that is no form, as a
// script sends one.
func (h *house) unmet(host, route, token string, from func(*http.Request) *http.Request) (all []target) {
	h.t.Helper()
	address := func(text string) string {
		return pathParameter.ReplaceAllString(route, strings.ReplaceAll(text, "/", "_"))
	}
	fields := url.Values{"form": {token}, "text": {""}}
	templates, err := filepath.Glob("pages/templates/*.html")
	ok(h.t, err)
	for _, name := range templates {
		raw, err := os.ReadFile(name)
		ok(h.t, err)
		for _, f := range formsOf(host, string(raw)) {
			if f.action == route {
				for field := range without(f.fields, "form") {
					fields.Set(field, "")
				}
			}
		}
	}
	form := pageForm{host: host, action: "/", fields: fields}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, target{loose: true, where: route + " " + name, send: func(text string) *http.Request {
			sent := maps.Clone(fields)
			sent.Set(name, text)
			r := form.request(h.t, sent)
			r.URL.Path = address("x")
			return from(r)
		}})
	}
	return append(all, target{loose: true, where: route + " body", send: func(text string) *http.Request {
		raw, err := json.Marshal(members{"id": text, "form": token})
		ok(h.t, err)
		r := httptest.NewRequestWithContext(h.t.Context(), "POST", "http://"+host+"/", bytes.NewReader(raw))
		r.Header.Set("Content-Type", "application/json")
		r.URL.Path = address(text)
		return from(r)
	}})
}
