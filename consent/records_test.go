package consent_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

// records is one of each row that the register keeps.
var records = []consent.Record{
	&consent.Structure{}, &consent.Profile{}, &consent.Member{}, &consent.Person{}, &consent.Box{}, &consent.IndexRow{},
	&consent.IndexSeal{}, &consent.BirthSeal{}, &consent.Stated{}, &consent.Act{}, &consent.ActOf{}, &consent.Account{},
	&consent.Link{}, &consent.Session{}, &consent.CardRow{}, &consent.CardSerial{}, &consent.Message{}, &consent.Applied{},
	&consent.Idempotency{}, &consent.MandateOf{}, &consent.MandateRef{}, &consent.Mandate{}, &consent.Document{},
	&consent.WrappedKey{}, &consent.Erasing{}, &consent.EvidenceDue{},
	&consent.Preset{}, &consent.Sitting{}, &consent.TallyRow{}, &consent.StandIn{}, &consent.DutyRow{}, &consent.EndingRow{}, &consent.NamedRow{},
	&consent.Copied{},
}

// A row is clear: whoever reads the disk reads it. A field of a type of its own
// is an identifier, a word of the charter, a time, a number or a sealed box. A
// bare string could hold anything, so each is here, with what it holds.
var bareStrings = map[string]string{
	"Structure.Slug":           "public name of a space, [a-z0-9-]",
	"Structure.Name":           "public name of a legal person, screened",
	"Profile.Slug":             "as Structure.Slug",
	"Profile.Name":             "as Structure.Name",
	"Profile.TZ":               "IANA name of a time zone",
	"Profile.Phone":            "public telephone of a legal person, written by the referent to be printed, screened; digits only",
	"Member.OpenedBy":          "pseudonym of who opened it, or operator",
	"Member.Kid":               "RFC 7638 thumbprint",
	"Member.Adhered.Version":   "version of the charter",
	"Member.Adhered.Digest":    "SHA-256",
	"Person.C":                 "salted SHA-256",
	"Person.Card.Serial":       "random",
	"Box.Name":                 "fixed word and version or identifier",
	"IndexRow.Row":             "keyed hash, hex",
	"IndexSeal.Rows":           "keyed hashes, hex",
	"Stated.Owner":             "slug or pseudonym",
	"Stated.JWS":               "signed public key of a pseudonym",
	"Act.Period":               "years or months of a declaration, checked by the charter; else empty",
	"ActOf.At":                 "an instant, in fixed width",
	"Link.Hash":                "keyed hash, hex",
	"Link.Purpose":             "enrol or sign_in",
	"Link.By":                  "pseudonym of its maker, or operator",
	"Link.Space.Slug":          "as Structure.Slug",
	"Session.Hash":             "keyed hash, hex",
	"Session.LinkBy":           "as Link.By",
	"Session.Space.Slug":       "as Structure.Slug",
	"Account.Members.Slug":     "as Structure.Slug",
	"CardRow.Row":              "keyed hash, hex",
	"CardRow.Serial":           "random",
	"CardRow.Slug":             "as Structure.Slug",
	"CardSerial.Serial":        "random",
	"CardSerial.Row":           "keyed hash, hex",
	"Message.ID":               "random",
	"Message.Slug":             "as Structure.Slug",
	"Message.Kind":             "fixed word",
	"Applied.ID":               "random",
	"Idempotency.Actor":        "pseudonym",
	"Idempotency.KeyHash":      "SHA-256 of the caller's key, hex",
	"Idempotency.Request":      "SHA-256 of the body, hex",
	"Idempotency.Result":       "identifier of what was made",
	"MandateRef.Ref":           "8 random digits",
	"Mandate.Ref":              "8 random digits",
	"Mandate.Digest":           "SHA-256",
	"Mandate.Copy":             "one of CopyHows",
	"Mandate.Evidence.C":       "salted SHA-256",
	"Mandate.Stops.By":         "pseudonym, or person",
	"Mandate.End.By":           "pseudonym, person or system",
	"Mandate.Payload.Ref":      "8 random digits",
	"Mandate.Payload.Origin":   "the register's name",
	"Mandate.Payload.Space":    "as Structure.Slug",
	"Mandate.Payload.TZ":       "as Profile.TZ",
	"Mandate.Payload.Person.C": "salted SHA-256",

	"Mandate.Payload.Charter.Version": "version of the charter",
	"Mandate.Payload.Charter.Digest":  "SHA-256",
	"Mandate.Payload.Template.Digest": "SHA-256",
	"Mandate.Payload.Template.Lang":   "language code",
	"Mandate.Payload.Mandatary.ID":    "identifier",
	"Mandate.Payload.Explained.Lang":  "language code",

	"Preset.Name":     "what a group of mandates is for, by the referent, screened; names nobody, as Structure.Name does not",
	"TallyRow.Month":  "a month",
	"TallyRow.Kind":   "one of TallyKinds",
	"StandIn.From":    "a date",
	"StandIn.To":      "a date",
	"DutyRow.Next":    "an instant, in fixed width",
	"EndingRow.Until": "an instant, in fixed width",

	"WrappedKey.Kid":   "random",
	"WrappedKey.Epoch": "random",
	"EvidenceDue.On":   "a date six years after the last mandate",
}

func TestRowsHoldNoFreeText(t *testing.T) {
	used := map[string]bool{}
	for _, r := range records {
		name := reflect.TypeOf(r).Elem().Name()
		walk(t, reflect.TypeOf(r).Elem(), name, used)
	}
	for name := range bareStrings {
		if !used[name] {
			t.Errorf("%s is argued for and is not there", name)
		}
	}
}

func walk(t *testing.T, typ reflect.Type, path string, used map[string]bool) {
	t.Helper()
	switch {
	case typ == reflect.TypeFor[string]():
		used[path] = true
		if bareStrings[path] == "" {
			t.Errorf("%s is a bare string: give it a type, seal it, or say what it holds", path)
		}
	case typ == reflect.TypeFor[personal.Sealed](), typ == reflect.TypeFor[json.RawMessage]():
		// Closed, or the rows and ids of another space: see TestStoreHoldsNoTextInClear.
	case typ.PkgPath() == "time":
	case typ.Kind() == reflect.Pointer:
		walk(t, typ.Elem(), path, used)
	case typ.Kind() == reflect.Slice:
		walk(t, typ.Elem(), path, used)
	case typ.Kind() == reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			under := path + "." + f.Name
			if f.Anonymous {
				under = path
			}
			walk(t, f.Type, under, used)
		}
	case typ.Kind() == reflect.Map, typ.Kind() == reflect.Interface:
		t.Errorf("%s may hold anything", path)
	}
}

// An act is written in clear, with words of the charter only: free text is taken
// nowhere, whatever the act.
func TestActsTakeNoFreeText(t *testing.T) {
	const text = "sa fille est malade"
	w := newWorld(t)
	d := w.desk()
	messages := consent.Power{Service: "caf", Procedure: "read_messages", Mode: charter.DoForPresent}
	w.mandate(d.helper, terms(d.person, caf, messages))
	for _, did := range []consent.Power{caf, messages} {
		act := consent.NewAct{
			Person: d.person, Did: did, Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
			Outcome: "waiting",
		}
		if did == caf {
			act.Validated, act.ValidatedHow, act.Period = start, charter.ValidatedOnScreen, "2026-12"
		}
		_, err := w.reg.RecordAct(w.ctx, d.helper, act)
		w.must(err)
		for name, change := range map[string]func(a *consent.NewAct){
			"service":     func(a *consent.NewAct) { a.Did.Service = text },
			"procedure":   func(a *consent.NewAct) { a.Did.Procedure = text },
			"mode":        func(a *consent.NewAct) { a.Did.Mode = text },
			"reason":      func(a *consent.NewAct) { a.Reason = text },
			"channel":     func(a *consent.NewAct) { a.Channel = text },
			"credential":  func(a *consent.NewAct) { a.Credential = text },
			"outcome":     func(a *consent.NewAct) { a.Outcome = text },
			"validated":   func(a *consent.NewAct) { a.ValidatedHow = text },
			"period":      func(a *consent.NewAct) { a.Period = text },
			"long period": func(a *consent.NewAct) { a.Period = "2026-12/2026-12/" },
		} {
			bad := act
			change(&bad)
			if _, err := w.reg.RecordAct(w.ctx, d.helper, bad); err == nil {
				t.Errorf("%s: %s takes a text", did.Procedure, name)
			}
		}
	}
	if found := finds(backupOf(t, w.db).bytes(), []string{text}); len(found) > 0 {
		t.Error("the text is in the store")
	}
}

// Every type that is a row is in the list above.
func TestEveryRowIsWalked(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	buckets, known := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		known[reflect.TypeOf(r).Elem().Name()] = true
		if buckets[r.Bucket()] {
			t.Errorf("two rows share the bucket %s", r.Bucket())
		}
		buckets[r.Bucket()] = true
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Bucket" {
				continue
			}
			name := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			if !known[name] {
				t.Errorf("%s is a row and is not looked at", name)
			}
			delete(known, name)
		}
	}
	for name := range known {
		t.Errorf("%s is no row", name)
	}
}

// No text of a person, a helper or a card stands in any row, wherever a message
// or a mandate may have carried it.
func TestStoreHoldsNoTextInClear(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	p := w.seraphine(d.helper)
	m := w.mandate(d.helper, terms(p, caf))
	code, err := w.reg.IssueCard(w.ctx, d.helper, p)
	w.must(err)
	link, err := w.reg.MakeLink(w.ctx, d.referent, d.helper.Member())
	w.must(err)
	shown := code.Shown()
	texts := append([]string{"Fatou", "Diallo", "Jeanne", "Classeur bleu", shown, strings.ReplaceAll(shown[2:], "-", ""), link.Token.Reveal()}, erasedTexts...)
	if found := finds(backupOf(t, w.db).bytes(), texts); len(found) > 0 {
		t.Errorf("the store holds %q", found)
	}
	w.must(w.act(p, caf)(d.helper))
	if got, err := w.reg.Mandate(w.ctx, d.helper, m.ID); err != nil || got.ID != m.ID {
		t.Fatal(err)
	}
}
