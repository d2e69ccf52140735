package consent_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// publicSet is the JWK Set of a key that was just made.
func publicSet(tb testing.TB) []byte {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "2027"}}})
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func newProgram(t *testing.T, scopes ...charter.Scope) consent.NewProgram {
	t.Helper()
	return consent.NewProgram{Name: clean(t, "Dossier Social 4"), Keys: publicSet(t), Scopes: scopes, Days: 90}
}

// program opens a program and signs it in.
func (w *world) program(referent consent.Actor, scopes ...charter.Scope) (consent.Program, consent.Actor) {
	w.t.Helper()
	p, err := w.reg.OpenProgram(w.ctx, referent, newProgram(w.t, scopes...))
	w.must(err)
	return p, w.programIn(p, p.Client("ccas"))
}

func accessToken(g consent.Granted) string { return g.Space + "." + g.Token.Reveal() }

// boundTo is the thumbprint of a key.
const boundTo = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

var proofs int

// held is a proof of a key that was not used yet.
func held(key string) consent.HeldKey {
	proofs++
	return consent.HeldKey{Thumbprint: key, ID: "proof-" + string(rune('a'+proofs%26)) + strings.Repeat("x", proofs/26)}
}

func (w *world) assertion(client string, scopes ...charter.Scope) consent.ProgramProof {
	h := held(boundTo)
	return consent.ProgramProof{Client: client, ID: "assertion-" + h.ID, Until: w.clock.now().Add(time.Minute), Held: h, Scopes: scopes}
}

func (w *world) programIn(p consent.Program, client string) consent.Actor {
	w.t.Helper()
	in, err := w.reg.SignInProgram(w.ctx, consent.Call{Request: consent.NewRequestID()}, w.assertion(client))
	w.must(err)
	if !slices.Equal(in.Scopes, p.Scopes) || in.Life != 5*time.Minute {
		w.t.Fatalf("granted %v for %v", in.Scopes, in.Life)
	}
	a, err := w.reg.ProgramSignedIn(w.ctx, accessToken(in), held(boundTo))
	w.must(err)
	return a
}

// A referent lets a program in; it is stored as it was opened, and each step is an
// entry.
func TestPrograms(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	size := w.size("ccas")
	n := newProgram(t, charter.ScopeMandates, charter.ScopeCover)
	p, err := w.reg.OpenProgram(w.ctx, d.referent, n)
	w.must(err)
	keys, err := consent.ParseProgramKeys(n.Keys)
	w.must(err)
	want := consent.Program{
		ID: p.ID, Name: p.Name, Keys: keys, Scopes: []charter.Scope{charter.ScopeCover, charter.ScopeMandates},
		Until: start.AddDate(0, 0, 90), Opened: start, OpenedBy: d.referent.Member(),
	}
	if diff := cmp.Diff(want, p); diff != "" || p.Name.String() != "Dossier Social 4" {
		t.Error(diff, p.Name)
	}
	if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.ProgramOpened || e.On[0] != string(p.ID) || e.Digest == "" ||
		e.By != string(d.referent.Member()) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	list, err := w.reg.Programs(w.ctx, d.helper) // any member sees which software asks
	w.must(err)
	if diff := cmp.Diff([]consent.Program{p}, list); diff != "" {
		t.Error(diff)
	}
	w.clock.add(time.Hour) // closing needs no fresh sign-in: it takes away
	d.referent = w.letIn("ccas", d.referent.Member())
	w.clock.add(6 * time.Minute)
	w.must(w.reg.CloseProgram(w.ctx, d.referent, p.ID))
	if e := w.last("ccas"); e.Act != audit.ProgramClosed || e.On[0] != string(p.ID) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	if got := conflict(w.reg.CloseProgram(w.ctx, d.referent, p.ID)); got != "already_closed" {
		t.Errorf("closed twice: %s", got)
	}
}

func TestOpenProgramIsForReferents(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	n := newProgram(t, charter.ScopeCover)
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.ProgramOpened},
		func(a consent.Actor) error { return second(w.reg.OpenProgram(w.ctx, a, n)) })
	p, err := w.reg.OpenProgram(w.ctx, d.referent, n)
	w.must(err)
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.ProgramClosed},
		func(a consent.Actor) error { return w.reg.CloseProgram(w.ctx, a, p.ID) })
	other := w.structure("autre")
	w.notFound("ccas", w.size("ccas"), w.reg.CloseProgram(w.ctx, other, p.ID))
	w.clock.add(5*time.Minute + time.Second)
	before := dumped(t, w.db).apart()
	if got := signInNeeded(second(w.reg.OpenProgram(w.ctx, d.referent, n))); got != "step_up" {
		t.Errorf("opened with an old sign-in: %q", got)
	}
	if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 {
		t.Errorf("rows changed: %v", diff)
	}
}

func TestProgramForms(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for want, change := range map[string]func(*consent.NewProgram){
		"/name empty":       func(n *consent.NewProgram) { n.Name = screen.Clean{} },
		"/days days":        func(n *consent.NewProgram) { n.Days = 366 },
		"/scopes empty":     func(n *consent.NewProgram) { n.Scopes = nil },
		"/scopes scope":     func(n *consent.NewProgram) { n.Scopes = []charter.Scope{"everything"} },
		"/keys key_form":    func(n *consent.NewProgram) { n.Keys = []byte(`{"keys":[]}`) },
		"/keys key_private": func(n *consent.NewProgram) { n.Keys = []byte(`{"keys":[{"kty":"EC","crv":"P-256","d":"AA"}]}`) },
	} {
		n := newProgram(t, charter.ScopeCover)
		change(&n)
		if got := invalid(second(w.reg.OpenProgram(w.ctx, d.referent, n))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	n := newProgram(t, charter.ScopeCover, charter.ScopeCover)
	if got := invalid(second(w.reg.OpenProgram(w.ctx, d.referent, n))); got != "/scopes scope" {
		t.Errorf("a scope twice: %q", got)
	}
	for range 20 {
		_, err := w.reg.OpenProgram(w.ctx, d.referent, newProgram(t, charter.ScopeCover))
		w.must(err)
	}
	if got := conflict(second(w.reg.OpenProgram(w.ctx, d.referent, newProgram(t, charter.ScopeCover)))); got != "programs_full" {
		t.Errorf("the 21st: %q", got)
	}
}

// A program asks on behalf of a member, and only what it has the scope for; every
// line says that it was the program, and for whom.
func TestProgramAsksForAMember(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	person := w.person(d.helper)
	m := w.mandate(d.helper, terms(person, caf))
	p, a := w.program(d.referent, charter.ScopeMandates, charter.ScopeCover, charter.ScopeActs)

	found, err := w.reg.MandateByRef(w.ctx, a, m.Ref)
	w.must(err)
	if found.ID != m.ID {
		t.Error("another mandate")
	}
	ask := consent.Question{Member: d.helper.Member(), Person: person, Want: caf}
	answer, err := w.reg.Cover(w.ctx, a, ask)
	w.must(err)
	if !answer.Covered {
		t.Errorf("not covered: %+v", answer)
	}
	if e := w.last("ccas"); e.By != string(p.ID) || e.Role != "program" || !slices.Equal(e.On, []string{string(d.helper.Member())}) || e.Person != string(person) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	act := consent.NewAct{
		Member: d.helper.Member(), Person: person, Did: caf, Reason: "asked_by_person", Channel: "person_session",
		Credential: "person", Outcome: "done", Validated: w.clock.now(), ValidatedHow: "screen", Period: "2026",
	}
	noted, err := w.reg.RecordAct(w.ctx, a, act)
	w.must(err)
	if noted.By != d.helper.Member() || noted.Via != p.ID || noted.Role != charter.SocialWorker {
		t.Errorf("noted %+v", noted)
	}
	if e := w.last("ccas"); e.Act != audit.ActRecorded || e.By != string(p.ID) || e.Role != "program" ||
		!slices.Equal(e.On, []string{string(noted.ID), string(d.helper.Member())}) {
		t.Errorf("the entry is %+v", e.Entry)
	}

	// For nobody, for somebody who is not there, and by a member for another.
	act.Member = ""
	if got := invalid(second(w.reg.RecordAct(w.ctx, a, act))); got != "/member member_missing" {
		t.Errorf("for nobody: %q", got)
	}
	ask.Member = "h_" + consent.MemberID(strings.Repeat("a", 26))
	w.notFound("ccas", w.size("ccas"), second(w.reg.Cover(w.ctx, a, ask)))
	ask.Member = d.referent.Member()
	if got := invalid(second(w.reg.Cover(w.ctx, d.helper, ask))); got != "/member member_unwanted" {
		t.Errorf("a member for another: %q", got)
	}
	// A member who left.
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	act.Member = d.helper.Member()
	size := w.size("ccas")
	w.refusal("ccas", size, second(w.reg.RecordAct(w.ctx, a, act)), "C23", charter.MemberClosed)
	if e := w.last("ccas"); e.By != string(p.ID) || !slices.Equal(e.On, []string{string(audit.ActRecorded), string(d.helper.Member())}) || e.Person != string(person) {
		t.Errorf("the refusal is %+v", e.Entry)
	}
}

// What a program has no scope for is refused and entered, whatever it is.
func TestProgramIsRefusedByDefault(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	person := w.person(d.helper)
	m := w.mandate(d.helper, terms(person, caf))
	p, all := w.program(d.referent, charter.Scopes()...)
	_, none := w.program(d.referent, charter.ScopeCover)
	refused := func(name string, a consent.Actor, try func(consent.Actor) error) {
		t.Helper()
		before, size := dumped(t, w.db).apart(), w.size("ccas")
		err := try(a)
		w.refusal("ccas", size, err, "C21", charter.ProgramScope)
		if e := w.last("ccas"); e.Role != "program" || e.Person != "" {
			t.Errorf("%s: the entry is %+v", name, e.Entry)
		}
		if diff := before.differences(dumped(t, w.db).apart()); len(diff) > 0 {
			t.Errorf("%s: rows changed: %v", name, diff)
		}
	}
	for name, try := range map[string]func(consent.Actor) error{
		"record a person": func(a consent.Actor) error {
			return second(w.reg.RecordPerson(w.ctx, a, consent.PersonData{GivenNames: clean(t, "Jeanne"), BirthName: clean(t, "Morel"), Birth: "1948"}))
		},
		"look": func(a consent.Actor) error {
			return second(w.reg.RevealPerson(w.ctx, a, consent.Reveal{Person: person, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldIdentity}}))
		},
		"names": func(a consent.Actor) error {
			return second(w.reg.ListNames(w.ctx, a, []consent.PersonID{person}, prepare))
		},
		"draft": func(a consent.Actor) error { return second(w.reg.DraftMandate(w.ctx, a, terms(person, caf))) },
		"stop":  func(a consent.Actor) error { return second(w.reg.RevokeMandate(w.ctx, a, m.ID, consent.Scope{})) },
		"colleagues": func(a consent.Actor) error {
			return second(w.reg.MemberNames(w.ctx, a, []consent.MemberID{d.helper.Member()}))
		},
		"members":  func(a consent.Actor) error { return second(w.reg.Members(w.ctx, a)) },
		"presets":  func(a consent.Actor) error { return second(w.reg.Presets(w.ctx, a)) },
		"programs": func(a consent.Actor) error { return second(w.reg.Programs(w.ctx, a)) },
		"open another": func(a consent.Actor) error {
			return second(w.reg.OpenProgram(w.ctx, a, newProgram(t, charter.ScopeCover)))
		},
		"close": func(a consent.Actor) error { return w.reg.CloseProgram(w.ctx, a, p.ID) },
		"a member": func(a consent.Actor) error {
			return second(w.reg.OpenHelper(w.ctx, a, consent.NewHelper{Name: clean(t, "Ami"), Role: charter.SocialWorker}))
		},
		"forget": func(a consent.Actor) error { return second(w.reg.ForgetPerson(w.ctx, a, person)) },
		"acts": func(a consent.Actor) error {
			return second(w.reg.Acts(w.ctx, a, person, charter.PurposeActUnderMandate))
		},
	} {
		refused(name, all, try)
	}
	refused("mandates without the scope", none, func(a consent.Actor) error { return second(w.reg.MandateByRef(w.ctx, a, m.Ref)) })
	refused("one mandate", none, func(a consent.Actor) error { return second(w.reg.Mandate(w.ctx, a, m.ID)) })
	refused("acts without the scope", none, func(a consent.Actor) error {
		return second(w.reg.RecordAct(w.ctx, a, consent.NewAct{Member: d.helper.Member(), Person: person, Did: caf}))
	})
}

// A program that is closed, or past its end, is refused from that instant, with a
// token that was given before.
func TestProgramIsOver(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	person := w.person(d.helper)
	w.mandate(d.helper, terms(person, caf))
	ask := consent.Question{Member: d.helper.Member(), Person: person, Want: caf}
	p, a := w.program(d.referent, charter.ScopeCover, charter.ScopeMandates)
	in, err := w.reg.SignInProgram(w.ctx, consent.Call{}, w.assertion(p.Client("ccas")))
	w.must(err)
	w.must(w.reg.CloseProgram(w.ctx, d.referent, p.ID))
	size := w.size("ccas")
	w.refusal("ccas", size, second(w.reg.Cover(w.ctx, a, ask)), "C21", charter.ProgramClosed)
	w.refusal("ccas", size+1, second(w.reg.Mandate(w.ctx, a, "m_x")), "C21", charter.ProgramClosed)
	again, err := w.reg.ProgramSignedIn(w.ctx, accessToken(in), held(boundTo))
	w.must(err)
	w.refusal("ccas", size+2, second(w.reg.Cover(w.ctx, again, ask)), "C21", charter.ProgramClosed)
	if _, err := w.reg.SignInProgram(w.ctx, consent.Call{}, w.assertion(p.Client("ccas"))); err == nil {
		t.Error("a closed program signed in")
	}
	if e := w.last("ccas"); e.Act != audit.AttemptRefused || e.On[0] != string(audit.ProgramLogin) || e.By != string(p.ID) {
		t.Errorf("the entry is %+v", e.Entry)
	}

	n := newProgram(t, charter.ScopeCover)
	n.Days = 1
	short, err := w.reg.OpenProgram(w.ctx, d.referent, n)
	w.must(err)
	w.clock.add(24*time.Hour - time.Second)
	last := w.programIn(short, short.Client("ccas"))
	if _, err := w.reg.Cover(w.ctx, last, ask); err != nil {
		t.Errorf("on the last day: %v", err)
	}
	w.clock.add(time.Second)
	size = w.size("ccas")
	w.refusal("ccas", size, second(w.reg.Cover(w.ctx, last, ask)), "C21", charter.ProgramClosed)
}

// Nothing is taken twice, across a restart as well, and a token is good for its key
// and its minutes alone.
func TestProgramReplay(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	p, err := w.reg.OpenProgram(w.ctx, d.referent, newProgram(t, charter.ScopeCover, charter.ScopeActs))
	w.must(err)
	first := w.assertion(p.Client("ccas"))
	in, err := w.reg.SignInProgram(w.ctx, consent.Call{}, first)
	w.must(err)
	access := accessToken(in)
	proof := held(boundTo)
	_, err = w.reg.ProgramSignedIn(w.ctx, accessToken(in), proof)
	w.must(err)
	w.wire() // a restart
	again := func(change func(*consent.ProgramProof)) string {
		p := first
		change(&p)
		return signInNeeded(second(w.reg.SignInProgram(w.ctx, consent.Call{}, p)))
	}
	if got := again(func(p *consent.ProgramProof) { p.Held = held(boundTo) }); got != "program" {
		t.Errorf("the assertion again: %q", got)
	}
	if got := again(func(p *consent.ProgramProof) { p.ID = "another-assertion" }); got != "proof" {
		t.Errorf("the proof again: %q", got)
	}
	if got := signInNeeded(second(w.reg.ProgramSignedIn(w.ctx, accessToken(in), proof))); got != "proof" {
		t.Errorf("the proof of a request again: %q", got)
	}
	if got := signInNeeded(second(w.reg.ProgramSignedIn(w.ctx, accessToken(in), held(boundTo[1:]+"A")))); got != "program" {
		t.Errorf("another key: %q", got)
	}
	for _, token := range []string{"", "ccas", "ccas.", access + "A", "autre" + access[4:], "register" + access[4:], access[5:], strings.Repeat(".", 50)} {
		if got := signInNeeded(second(w.reg.ProgramSignedIn(w.ctx, token, held(boundTo)))); got != "program" {
			t.Errorf("token %q: %q", token, got)
		}
	}
	for _, client := range []string{"", "ccas", "ccas.", string(p.ID), p.Client("autre"), p.Client("register"), "ccas.g_" + strings.Repeat("a", 26)} {
		if got := signInNeeded(second(w.reg.ProgramKeys(w.ctx, client))); got != "program" {
			t.Errorf("keys of %q: %q", client, got)
		}
	}
	if got := invalid(second(w.reg.SignInProgram(w.ctx, consent.Call{}, w.assertion(p.Client("ccas"), charter.ScopeMandates)))); got != "/scope scope" {
		t.Errorf("more than it has: %q", got)
	}
	less, err := w.reg.SignInProgram(w.ctx, consent.Call{}, w.assertion(p.Client("ccas"), charter.ScopeActs))
	w.must(err)
	a, err := w.reg.ProgramSignedIn(w.ctx, accessToken(less), held(boundTo))
	w.must(err)
	ask := consent.Question{Member: d.helper.Member(), Person: w.person(d.helper), Want: caf}
	size := w.size("ccas")
	w.refusal("ccas", size, second(w.reg.Cover(w.ctx, a, ask)), "C21", charter.ProgramScope)

	w.clock.add(5*time.Minute - time.Second)
	_, err = w.reg.ProgramSignedIn(w.ctx, accessToken(in), held(boundTo))
	w.must(err)
	w.clock.add(time.Second)
	if got := signInNeeded(second(w.reg.ProgramSignedIn(w.ctx, accessToken(in), held(boundTo)))); got != "program" {
		t.Errorf("after five minutes: %q", got)
	}
	w.clock.add(time.Hour)
	w.must(second(w.reg.RunRetention(w.ctx, false)))
	if rows := dumped(t, w.db); len(rows.in("access"))+len(rows.in("spent")) != 0 {
		t.Errorf("left behind: %v %v", rows.in("access"), rows.in("spent"))
	}
}

func TestProgramKeys(t *testing.T) {
	const ec = `"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	const ed = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	keys, err := consent.ParseProgramKeys([]byte(`{"keys":[{` + ec + `,"kid":"a","alg":"ES256","use":"sig","key_ops":["verify"],"ext":true},{` + ed + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	// The thumbprint of RFC 8037 appendix A.3.
	if keys[0].Curve != "P-256" || keys[1].Thumbprint != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("%+v", keys)
	}
	for raw, want := range map[string]string{
		``:                                      "key_form",
		`[]`:                                    "key_form",
		`{"keys":[]}`:                           "key_form",
		`{"keys":[{` + ec + `}],"x":1}`:         "key_form",
		`{"keys":[{` + ec + `,"x":"AA"}]}`:      "key_form", // twice
		`{"keys":[{` + ed + `,"y":"AA"}]}`:      "key_form",
		`{"keys":[{` + ec + `,"d":"AA"}]}`:      "key_private",
		`{"keys":[{` + ed + `,"d":"AA"}]}`:      "key_private",
		`{"keys":[{"kty":"oct","k":"AA"}]}`:     "key_private",
		`{"keys":[{"kty":"RSA","n":"AA"}]}`:     "key_kind",
		`{"keys":[{` + ec + `,"alg":"ES512"}]}`: "key_kind",
		`{"keys":[{` + ec + `,"use":"enc"}]}`:   "key_kind",
		`{"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]}`:                                          "key_kind",
		`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"AA"}]}`: "key_form",
		`{"keys":[{` + ec + `},{` + ec + `,"kid":"b"}]}`:                                                   "key_twice",
		`{"keys":[` + strings.Repeat(`{`+ec+`},`, 5) + `{` + ed + `}]}`:                                    "key_form",
		`{"keys":[{` + ec + `,"x5c":["` + strings.Repeat("A", 20<<10) + `"]}]}`:                            "key_form",
	} {
		if _, err := consent.ParseProgramKeys([]byte(raw)); invalid(err) != "/keys "+want {
			t.Errorf("%.90s: got %q, want %q", raw, invalid(err), want)
		}
	}
}

func FuzzProgramKeys(f *testing.F) {
	f.Add(publicSet(f))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := consent.ParseProgramKeys(raw)
		if err != nil {
			return
		}
		for _, k := range keys {
			if len(k.Thumbprint) != 43 || k.X == "" || (k.Y == "") != (k.Curve == "Ed25519") {
				t.Errorf("%+v", k)
			}
		}
	})
}
