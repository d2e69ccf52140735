package charter

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// digests are those of the released documents. A released document is never
// edited: mandates name its digest. Add a line for a new version, change none.
var digests = map[string]string{
	"1.0.0": "501gRc0NQMctHLxMJ0Dwun0vka4J0vUmuymvO3Ep0OE",
	"1.1.0": "u-QaeGBzgXL4fUNJYVH2DtPrmdmBRBoGrRdrs106c4k",
}

func TestReleasedDocumentsAreUntouched(t *testing.T) {
	versions, err := Versions()
	if err != nil {
		t.Fatal(err)
	}
	if len(versions) != len(digests) {
		t.Errorf("%d documents, %d digests", len(versions), len(digests))
	}
	for _, v := range versions {
		c, err := LoadVersion(v)
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if c.Digest() != digests[v] {
			t.Errorf("charter-%s.json has been edited: digest %s", v, c.Digest())
		}
	}
	newest := load(t)
	if newest.Version() != versions[len(versions)-1] {
		t.Errorf("Load gave %s, not the newest", newest.Version())
	}
}

func TestLoadVersionRefuses(t *testing.T) {
	for _, v := range []string{"", "9.9.9", "1.0", "01.0.0", "../1.0.0", "1.0.0.json", "1.0.-0", "+1.0.0"} {
		if _, err := LoadVersion(v); !errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", v, err)
		}
	}
}

func TestParseIsStrict(t *testing.T) {
	raw := load(t).Document()
	replace := func(old, new string) []byte {
		if !bytes.Contains(raw, []byte(old)) {
			t.Fatalf("the document has no %s", old)
		}
		return bytes.Replace(raw, []byte(old), []byte(new), 1)
	}
	for name, b := range map[string][]byte{
		"empty":           nil,
		"not JSON":        []byte("charter"),
		"null":            []byte("null"),
		"empty object":    []byte("{}"),
		"two documents":   append(slices.Clone(raw), raw...),
		"unknown member":  replace(`"version":`, `"extra": 1, "version":`),
		"doubled member":  replace(`"version":`, `"version": "1.1.0", "version":`),
		"another case":    replace(`"version":`, `"Version":`),
		"another order":   replace(`"id": "aval-charter",`+"\n"+`  "version": "1.1.0",`, `"version": "1.1.0", "id": "aval-charter",`),
		"escaped letter":  replace(`"aval-charter"`, `"\u0061val-charter"`),
		"exponent":        replace(`"max_powers": 15`, `"max_powers": 1.5e1`),
		"level as number": replace(`"min_level": "E2"`, `"min_level": 2`),
		"level E9":        replace(`"min_level": "E2"`, `"min_level": "E9"`),
		"invalid UTF-8":   replace(`Aidants`, "\xff\xfe"),
		"cut short":       raw[:len(raw)/2],
		"too large":       append(slices.Clone(raw), bytes.Repeat([]byte(" "), MaxDocument)...),
	} {
		if c, err := Parse(b); err == nil || c != nil || !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var dense bytes.Buffer
	if err := json.Compact(&dense, raw); err != nil {
		t.Fatal(err)
	}
	c, err := Parse(dense.Bytes())
	if err != nil {
		t.Fatalf("white space is free: %v", err)
	}
	if c.Digest() == load(t).Digest() {
		t.Error("the digest is not over the bytes")
	}
}

func TestRoundTrip(t *testing.T) {
	c := load(t)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c.doc); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !oneEncoding(c.Document(), again.doc) {
		t.Error("the document read again differs")
	}
	own := c.Document()
	own[0] = 'x'
	if c.Document()[0] != '{' {
		t.Error("Document gives the charter's own bytes away")
	}
}

// TestValidate: each fault in a document is found.
func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(d *document){
		"version":                 func(d *document) { d.Version = "one" },
		"date":                    func(d *document) { d.Date = "soon" },
		"id":                      func(d *document) { d.ID = "" },
		"languages":               func(d *document) { d.Lang = []string{"en"} },
		"a rule missing":          func(d *document) { d.Rules = d.Rules[1:] },
		"rule order":              func(d *document) { d.Rules[0], d.Rules[1] = d.Rules[1], d.Rules[0] },
		"rule text":               func(d *document) { d.Rules[3].Text.EasyRead = "" },
		"rule class":              func(d *document) { d.Rules[3].Class = []Class{"hoped"} },
		"rule source":             func(d *document) { d.Rules[3].Sources = nil },
		"rule source unknown":     func(d *document) { d.Rules[3].Sources = []string{"hearsay 12"} },
		"reference twice":         func(d *document) { d.References[0] = d.References[1] },
		"rule param":              func(d *document) { d.Rules[3].Params = []string{"max_weight"} },
		"rule kept":               func(d *document) { d.Rules[3].Kept = "maybe" },
		"rule kept by nothing":    func(d *document) { d.Rules[3].KeptBy = nil },
		"rule kept by a stranger": func(d *document) { d.Rules[3].KeptBy = []string{"luck"} },
		"rule without a row":      func(d *document) { d.Rules[16].KeptBy = []string{"check"} },
		"C07 lowered":             func(d *document) { d.Rules[6].Overridable = FullyOverridable },
		"C07 made stricter":       func(d *document) { d.Rules[6].Overridable = StricterOverridable },
		"overridable":             func(d *document) { d.Rules[0].Overridable = "often" },
		"role twice":              func(d *document) { d.Roles[1].Code = d.Roles[0].Code },
		"role kind":               func(d *document) { d.Roles[0].Kind = "office" },
		"role label":              func(d *document) { d.Roles[0].Label.EN = "" },
		"role days":               func(d *document) { d.Roles[0].MaxDays = 366 },
		"mission cell":            func(d *document) { d.Missions[0].Cells[0] = "perhaps" },
		"mission row":             func(d *document) { d.Missions[0].Cells = d.Missions[0].Cells[1:] },
		"mission label":           func(d *document) { d.Missions[0].Label.FR = "" },
		"no declarations": func(d *document) {
			d.Missions = slices.DeleteFunc(d.Missions, func(m MissionInfo) bool { return m.Code == MissionDeclaration })
		},
		"mode mission":             func(d *document) { d.Modes[1].Mission = "dance" },
		"mode mandate":             func(d *document) { d.Modes[1].Mandate = "sometimes" },
		"mode missing":             func(d *document) { d.Modes = d.Modes[:3] },
		"word form":                func(d *document) { d.Channels[0].Code = "Person Session" },
		"word label":               func(d *document) { d.Outcomes[0].Label.FR = "" },
		"no word":                  func(d *document) { d.Aids = nil },
		"role of no kind":          func(d *document) { d.Roles[12].Kind = "guest" },
		"may what nobody knows":    func(d *document) { d.Roles[0].May = append(d.Roles[0].May, "fly") },
		"may twice":                func(d *document) { d.Roles[0].May = append(d.Roles[0].May, OpRead) },
		"a role that never stops":  func(d *document) { d.Roles[0].May = []Operation{OpAdhere, OpRead} },
		"an office that is hosted": func(d *document) { d.Roles[9].MayHosted = d.Roles[7].MayHosted },
		"a glass over nothing":     func(d *document) { d.Roles[9].MayGlass = []Operation{OpRead, OpRevoke, OpAdhere} },
		"capacity path":            func(d *document) { d.Capacities[0].Path = "anyway" },
		"capacity answer":          func(d *document) { d.Capacities[0].Answer = "perhaps" },
		"end without a reason":     func(d *document) { d.Ends[1].Code = "vanished" },
		"purpose field":            func(d *document) { d.Purposes[0].Fields[0] = "diary" },
		"purpose for a stranger":   func(d *document) { d.Purposes[0].Who = []string{"neighbour"} },
		"purpose needs":            func(d *document) { d.Purposes[0].Needs = "luck" },
		"helper without mandate":   func(d *document) { d.Purposes[0].Needs = NeedsNothing },
		"evidence label":           func(d *document) { d.EvidenceTypes[0].Label.EN = "" },
		"evidence twice":           func(d *document) { d.EvidenceTypes[0].Type = d.EvidenceTypes[1].Type },
		"evidence witnesses":       func(d *document) { d.EvidenceTypes[0].MinWitnesses = -1 },
		"a level missing":          func(d *document) { d.Levels = d.Levels[:4] },
		"E0 lasts":                 func(d *document) { d.Levels[0].MaxDays = 1 },
		"signers missing":          func(d *document) { d.Signers = d.Signers[1:] },
		"signers without a seal":   func(d *document) { d.Signers[0].Signers = []SignerRole{SignerPerson, SignerHelper} },
		"signer unknown":           func(d *document) { d.Signers[0].Signers[0] = "friend" },
		"more than a year":         func(d *document) { d.Limits.MaxDays = 366 },
		"a limit of zero":          func(d *document) { d.Limits.ListRows = 0 },
		"powers limits":            func(d *document) { d.Limits.MinPowers = 16 },
		"offered too long":         func(d *document) { d.Limits.OfferedDays = []int{1, 400} },
		"retention out of range":   func(d *document) { d.Retention[1].AllowedMonths = []int{6, 12} },
		"retention of no length":   func(d *document) { d.Retention[1].Helpers = &Span{} },
		"retention label":          func(d *document) { d.Retention[1].Label.EN = "" },
		"category too long":        func(d *document) { d.Categories[0].MaxDays = 366 },
		"category on no evidence":  func(d *document) { d.Categories[0].MinLevel = E0 },
		"category label":           func(d *document) { d.Categories[0].Label.EN = "" },
		"service label":            func(d *document) { d.Services[0].Label.EN = "" },
		"service twice":            func(d *document) { d.Services[0].Code = d.Services[1].Code },
		"recovery text":            func(d *document) { d.Services[0].Recovery.Text.FR = "" },
		"recovery note":            func(d *document) { d.Services[0].Recovery.Note = &Text{FR: "x"} },
		"recovery date":            func(d *document) { d.Services[0].Recovery.CheckedOn = new("yesterday") },
		"procedure category":       func(d *document) { d.Services[0].Procedures[0].Category = "sports" },
		"procedure mission":        func(d *document) { d.Services[0].Procedures[0].Mission = "dance" },
		"procedure label":          func(d *document) { d.Services[0].Procedures[0].Label.FR = "" },
		"procedure twice":          func(d *document) { d.Services[1].Procedures[1].Code = d.Services[1].Procedures[0].Code },
		"procedure every":          func(d *document) { d.Services[0].Procedures[0].Every = "week" },
	} {
		c := load(t) // anew for each: the document is spoilt in place
		spoil(&c.doc)
		b, err := json.Marshal(c.doc)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), `\u003`) || strings.Contains(string(b), `\u0026`) {
			t.Fatal("the document needs escaping for HTML: this test would pass for the wrong reason")
		}
		_, err = Parse(b)
		if !errors.Is(err, ErrDocument) || strings.Contains(err.Error(), "written another way") {
			t.Errorf("%s: not found, or found for another reason: %v", name, err)
		}
	}
}

// TestListsAreComplete: each constant of reasons.go is in its list.
func TestListsAreComplete(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kind := v.Type.(*ast.Ident).Name
			found[kind] = append(found[kind], value)
		}
	}
	check := func(kind string, list []string) {
		want := found[kind]
		slices.Sort(want)
		if len(want) == 0 || !slices.Equal(want, list) || len(slices.Compact(want)) != len(list) {
			t.Errorf("%s: constants %v, list %v", kind, want, list)
		}
	}
	check("Reason", words(Reasons()))
	check("Instead", words(Insteads()))
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

func TestNotYet(t *testing.T) {
	c := load(t)
	var got []RuleID
	for _, r := range c.NotYet() {
		got = append(got, r.ID)
	}
	want := []RuleID{"C05", "C21", "C24", "C25", "C26", "C27", "C28", "C29"}
	if !slices.Equal(got, want) {
		t.Errorf("not kept yet: %v, want %v", got, want)
	}
}

func TestLookUps(t *testing.T) {
	c := load(t)
	r, ok := c.Rule("C07")
	if !ok || !strings.Contains(r.Text.In("fr"), "arrêter à tout moment") || r.Text.In("en") == r.Text.In("fr") || r.Text.In("de") != r.Text.FR {
		t.Errorf("C07: %+v", r.Text)
	}
	if p, ok := c.Procedure("caf", "rsa_declaration"); !ok || p.Category != "social" || p.Mission != MissionDeclaration || p.Every != "quarter" {
		t.Errorf("rsa_declaration: %+v", p)
	}
	if _, ok := c.Procedure("ameli", "rsa_declaration"); ok {
		t.Error("a procedure found under another service")
	}
	if s, ok := c.Service("france_travail"); !ok || s.Recovery.CheckedOn != nil {
		t.Errorf("a recovery route that nobody checked has a date: %+v", s.Recovery)
	}
	if s, ok := c.Service("caf"); !ok || s.Recovery.CheckedOn == nil {
		t.Errorf("caf: %+v", s.Recovery)
	}
	if _, ok := c.Category("sports"); ok {
		t.Error("an unknown category found")
	}
	if !c.Known(WordChannels, "counter") || c.Known(WordChannels, "done") || c.Known("", "") {
		t.Error("fixed words are mixed up")
	}
}

// TestListsAndLookUpsAgree: what is listed is found, and nothing else is.
func TestListsAndLookUpsAgree(t *testing.T) {
	c := load(t)
	for _, x := range c.Roles() {
		if got, ok := c.Role(x.Code); !ok || got.Code != x.Code || got.Label != x.Label {
			t.Errorf("role %s", x.Code)
		}
	}
	for _, x := range c.Modes() {
		if got, ok := c.Mode(x.Code); !ok || got != x {
			t.Errorf("mode %s", x.Code)
		}
	}
	for _, x := range c.Capacities() {
		if got, ok := c.Capacity(x.Code); !ok || got != x {
			t.Errorf("capacity %s", x.Code)
		}
	}
	for _, x := range c.Purposes() {
		if got, ok := c.Purpose(x.Code); !ok || got.Needs != x.Needs {
			t.Errorf("purpose %s", x.Code)
		}
	}
	for _, x := range c.EvidenceTypes() {
		if got, ok := c.EvidenceType(x.Type); !ok || got.Label != x.Label {
			t.Errorf("evidence %s", x.Type)
		}
	}
	for kind := range c.words {
		for _, w := range c.Words(kind) {
			if !c.Known(kind, w.Code) || w.Label.In("fr") == w.Label.In("en") && w.Code != "none" && w.Code != "parent" {
				t.Errorf("%s %s", kind, w.Code)
			}
		}
	}
	_, role := c.Role("x")
	_, mode := c.Mode("x")
	_, capacity := c.Capacity("x")
	_, purpose := c.Purpose("x")
	_, evidence := c.EvidenceType("x")
	if role || mode || capacity || purpose || evidence || c.Words("x") != nil {
		t.Error("something unknown is found")
	}
	if c.ID() != "aval-charter" || c.Date() != "2026-11-22" || !slices.Equal(c.Languages(), []string{"fr", "en"}) ||
		len(c.References()) == 0 || len(c.Levels()) != 5 || len(c.Retention()) == 0 {
		t.Error("the head of the document")
	}
}

func TestActIsLate(t *testing.T) {
	c := load(t)
	if c.ActIsLate(now.Add(-day), now) || !c.ActIsLate(now.Add(-day-1), now) {
		t.Error("an act is late after 24 hours, not at them")
	}
}

func TestLevelText(t *testing.T) {
	for l := E0; l <= E4; l++ {
		b, err := l.MarshalText()
		var again Level
		if err != nil || again.UnmarshalText(b) != nil || again != l {
			t.Errorf("%s: %s, %v", l, b, err)
		}
	}
	if _, err := Level(5).MarshalText(); err == nil {
		t.Error("E5 written")
	}
	for _, s := range []string{"", "E", "E5", "e1", "1", "E01", " E1"} {
		if l := E3; l.UnmarshalText([]byte(s)) == nil || l != E3 {
			t.Errorf("%q read as %s", s, l)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw, err := released.ReadFile("data/charter-1.0.0.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"id":"x","version":"1.0.0"}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			if c != nil || !errors.Is(err, ErrDocument) {
				t.Fatalf("a refused document gives something: %v", err)
			}
			return
		}
		if !bytes.Equal(c.Document(), b) || len(c.Digest()) != 43 {
			t.Fatal("a document is not kept as it is")
		}
		for _, op := range allOps {
			c.Check(base(op)) // whatever the document, no panic
		}
	})
}

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2026", "2026-07", "2026-07/2026-09", "2026-13", "2026-09/2026-07", "2026/2026-07-01", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if validPeriod(s) && strings.Trim(s, "0123456789-/") != "" {
			t.Fatalf("%q taken as a period", s)
		}
	})
}

func TestPeriod(t *testing.T) {
	for s, want := range map[string]bool{
		"2026": true, "2026-07": true, "2026-07/2026-09": true, "2026-07/2026-07": true,
		"": false, "26": false, "2026-13": false, "2026-00": false, "2026-09/2026-07": false, "2026-07-2026-09": false,
		"2026-7": false, "+026": false, "2026-07/": false, "juillet": false,
	} {
		if validPeriod(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
