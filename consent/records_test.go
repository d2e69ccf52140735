package consent_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store/mem"
)

// records is one of each row that the register keeps.
var records = []consent.Record{
	&consent.Structure{}, &consent.Profile{}, &consent.Member{}, &consent.Person{}, &consent.Box{}, &consent.IndexRow{},
	&consent.IndexSeal{}, &consent.BirthSeal{}, &consent.Stated{}, &consent.Act{}, &consent.ActOf{}, &consent.Account{},
	&consent.Link{}, &consent.Session{}, &consent.CardRow{}, &consent.CardSerial{}, &consent.CheckOf{}, &consent.Message{}, &consent.Applied{},
	&consent.Idempotency{}, &consent.MandateOf{}, &consent.MandateRef{}, &consent.Mandate{}, &consent.Document{},
	&consent.WrappedKey{}, &consent.Erasing{}, &consent.EvidenceDue{},
	&consent.RightRequest{}, &consent.RightOf{}, &consent.RightOpen{}, &consent.MailDue{}, &consent.StopNote{}, &consent.StopOpen{}, &consent.StopOf{},
	&consent.Preset{}, &consent.Sitting{}, &consent.TallyRow{}, &consent.StandIn{}, &consent.DutyRow{}, &consent.EndingRow{}, &consent.NamedRow{},
	&consent.Program{}, &consent.Access{}, &consent.Spent{},
	&consent.Copied{}, &consent.PlaceSet{}, &consent.PlaceRun{}, &consent.PlaceRow{}, &consent.PlaceAt{},
	&consent.PlaceLocal{}, &consent.PlaceOwn{}, &consent.Referral{}, &consent.EdgeRow{}, &consent.Leaving{}, &consent.Glass{},
	&consent.Passkey{}, &consent.Ceremony{},
	&consent.RefusedText{}, &consent.RefusalCount{}, &consent.ShownCount{}, &consent.RecoveryRow{}, &consent.NotebookLine{},
	&consent.DestructionRow{},
}

// A row is clear: whoever reads the disk reads it. So a row holds no text, but for
// what is about nobody and was screened (PublicText), and boxes. A field of a type
// of its own is an identifier or a word of the charter; a bare string could hold
// anything, so each is here with the one form that it takes. A new field gets a
// type of its own first, and a line here only if that says nothing more.
var bareStrings = map[string]*regexp.Regexp{
	"Structure.Slug":          aSlug,
	"Profile.Slug":            aSlug,
	"Profile.TZ":              aZone,
	"Member.OpenedBy":         aPseudonym,
	"InForce.Version":         aVersion,
	"InForce.Digest":          aDigest,
	"Member.Kid":              aDigest,
	"Adherence.Version":       aVersion,
	"Adherence.Digest":        aDigest,
	"Person.C":                aDigest,
	"Card.Serial":             aRandom,
	"EdgeRow.Record":          aWord,
	"Box.Name":                aWord,
	"IndexRow.Row":            aHash,
	"IndexSeal.Rows":          aHash,
	"Stated.Owner":            aWord,
	"Stated.JWS":              aJWS,
	"Act.Period":              aPeriod,
	"ActOf.At":                anInstant,
	"Link.Hash":               aHash,
	"Link.Purpose":            aWord,
	"Link.By":                 aPseudonym,
	"Membership.Slug":         aSlug,
	"Session.Hash":            aHash,
	"Session.LinkBy":          aPseudonym,
	"CardRow.Row":             aHash,
	"CardRow.Serial":          aRandom,
	"CardRow.Slug":            aSlug,
	"CardSerial.Serial":       aRandom,
	"CardSerial.Row":          aHash,
	"CheckOf.Serial":          aRandom,
	"Message.ID":              aRandom,
	"Message.Slug":            aSlug,
	"Message.Kind":            aWord,
	"Applied.ID":              aRandom,
	"Idempotency.Actor":       aPseudonym,
	"Idempotency.KeyHash":     aHash,
	"Idempotency.Request":     aHash,
	"Idempotency.Result":      aPseudonym,
	"MandateRef.Ref":          aReference,
	"Mandate.Ref":             aReference,
	"Mandate.Digest":          aDigest,
	"Mandate.Copy":            aWord,
	"EvidenceRef.C":           aDigest,
	"Stop.By":                 aPseudonym,
	"StopNote.Ref":            aReference,
	"StopNote.By":             aPseudonym,
	"RightRequest.By":         aPseudonym,
	"RightRequest.AnsweredBy": aPseudonym,
	"RightOpen.Due":           anInstant,
	"requestStopBody.Rows":    aHash,
	"requestStopBody.From":    aSlug,
	"End.By":                  aPseudonym,
	"Payload.Ref":             aReference,
	"Payload.Origin":          anOrigin,
	"Payload.Space":           aSlug,
	"Payload.TZ":              aZone,
	"PersonRef.C":             aDigest,
	"CharterRef.Version":      aVersion,
	"CharterRef.Digest":       aDigest,
	"TemplateRef.Digest":      aDigest,
	"TemplateRef.Lang":        aLanguage,
	"Mandatary.ID":            aPseudonym,
	"Explained.Lang":          aLanguage,
	"TallyRow.Month":          aDate,
	"TallyRow.Kind":           aWord,
	"StandIn.From":            aDate,
	"StandIn.To":              aDate,
	"DutyRow.Next":            anInstant,
	"EndingRow.Until":         anInstant,
	"WrappedKey.Kid":          aRandom,
	"WrappedKey.Epoch":        aRandom,
	"EvidenceDue.On":          aDate,
	"openSpaceBody.Stated":    aJWS,
	"enrolment.Stated":        aJWS,
	"noteLoginBody.LinkBy":    aWord,

	// Passwords that are refused, lost, shown or in a notebook.
	"RefusedText.Field":     aWord, // the name of a form's field
	"RefusalCount.Month":    aDate,
	"ShownCount.Month":      aDate,
	"RecoveryRow.Checked":   aDate,
	"Destruction.Origin":    anOrigin,
	"Destruction.Space":     aSlug,
	"Destruction.On":        aDate,
	"Destruction.Witness":   aWord,
	"DestructionRow.Digest": aDigest,

	// Programs.
	"Program.ClosedBy":      aPseudonym,
	"ProgramKey.Thumbprint": aDigest,
	"ProgramKey.X":          aDigest,
	"ProgramKey.Y":          aDigest,
	"Access.Hash":           aHash,
	"Access.Bound":          aDigest,
	"Spent.Hash":            aHash,
}

// The forms that bare strings take. None has room for a sentence.
var (
	aSlug      = regexp.MustCompile(`^[a-z0-9-]{1,39}$`)
	aZone      = regexp.MustCompile(`^[A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)*$`)
	aPseudonym = regexp.MustCompile(`^([a-z]_[a-z2-7]{26}|operator|person|system|register)?$`)
	aHash      = regexp.MustCompile(`^([0-9a-f]{32}){1,2}$`)
	aDigest    = regexp.MustCompile(`^([A-Za-z0-9_-]{43})?$`) // also a commitment, a thumbprint (RFC 7638)
	aReference = regexp.MustCompile(`^[0-9]{8}$`)
	aRandom    = regexp.MustCompile(`^([a-z2-7]{26}|[A-Za-z0-9_-]{22})?$`)
	aVersion   = regexp.MustCompile(`^([0-9]+[.][0-9]+[.][0-9]+)?$`)
	aLanguage  = regexp.MustCompile(`^([a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?)?$`)
	anInstant  = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}[.][0-9]{6}$`)
	aDate      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$`)
	aWord      = regexp.MustCompile(`^[a-z0-9_.-]{0,64}$`) // of a fixed list, or the name of a box
	aJWS       = regexp.MustCompile(`^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$`)
	aPeriod    = regexp.MustCompile(`^([0-9]{4}(-[0-9]{2}(/[0-9]{4}-[0-9]{2})?)?)?$`)
	anOrigin   = regexp.MustCompile(`^[a-z0-9.-]+$`)
	// aTyped is what a type of its own holds at most, such as charter.Mode.
	aTyped = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{0,64}$`)
)

// Every field of every row, and of the body of every message, is closed, screened
// or argued for.
func TestRowsHoldNoFreeText(t *testing.T) {
	used := map[string]bool{}
	for _, r := range records {
		walk(t, reflect.TypeOf(r).Elem(), used)
	}
	bodies := consent.MessageBodies()
	if len(bodies) < 8 {
		t.Errorf("%d kinds of messages are known", len(bodies))
	}
	for kind, body := range bodies {
		if body == nil {
			t.Errorf("the body of a %s is not known", kind)
			continue
		}
		walk(t, body, used)
	}
	for name := range bareStrings {
		if !used[name] {
			t.Errorf("%s is argued for and is not there", name)
		}
	}
}

// The walk notices what it is for.
func TestBareStringsAreNoticed(t *testing.T) {
	type Loose struct {
		Memo  string
		Notes []struct{ By *string }
		Any   map[string]any
	}
	var missing []string
	lookFor(reflect.TypeFor[Loose](), "Loose", func(path string) { missing = append(missing, path) })
	if want := []string{"Loose.Memo", "Loose.Notes.By", "Loose.Any"}; !slices.Equal(missing, want) {
		t.Errorf("noticed %v, want %v", missing, want)
	}
}

func walk(t *testing.T, typ reflect.Type, used map[string]bool) {
	t.Helper()
	lookFor(typ, "", func(path string) {
		used[path] = true
		if bareStrings[path] == nil {
			t.Errorf("%s is a bare string: give it a type, seal it, or say what form it has", path)
		}
	})
}

// lookFor calls bare for each place of a type that may hold any text, named by the
// type that it stands in.
func lookFor(typ reflect.Type, path string, bare func(path string)) {
	switch {
	case typ == reflect.TypeFor[string]():
		bare(path)
	case closed(typ), typ.PkgPath() == "time":
	case typ.Kind() == reflect.Pointer, typ.Kind() == reflect.Slice:
		lookFor(typ.Elem(), path, bare)
	case typ.Kind() == reflect.Struct:
		if typ.Name() != "" {
			path = typ.Name()
		}
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Anonymous {
				lookFor(f.Type, path, bare)
			} else {
				lookFor(f.Type, path+"."+f.Name, bare)
			}
		}
	case typ.Kind() == reflect.Map, typ.Kind() == reflect.Interface:
		bare(path)
	}
}

// closed tells the types that need no look inside: what is sealed or a key, what
// was screened, and what is looked at by itself (the bodies of messages) or made of
// what is (the signatures of a mandate).
func closed(typ reflect.Type) bool {
	return typ == reflect.TypeFor[personal.Sealed]() || typ == reflect.TypeFor[[]byte]() ||
		typ == reflect.TypeFor[consent.PublicText]() || typ == reflect.TypeFor[screen.Edge]() || typ == reflect.TypeFor[json.RawMessage]()
}

// What a register that has seen a day holds has the forms that are argued for: the
// argument is not taken on trust.
func TestStoredTextsHaveTheirForm(t *testing.T) {
	b := &breaker{}
	w := newWorldOn(t, mem.Open(mem.Options{Fault: b.fault}))
	livedIn(w)
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	first, err := w.reg.FirstReferent(w.ctx, operator)
	w.must(err)
	link, err := w.reg.MakeLink(w.ctx, operator, first)
	w.must(err)
	w.structure("far")
	w.must(w.reg.RequestStop(w.ctx, w.letIn("ccas", first), consent.StopRequest{To: "far", Name: clean(t, "Morel"), Birth: "1948"}))
	for _, step := range []func() error{ // messages that are cut off wait
		func() error { return second(w.redeem(link.Token, personal.Token{})) },
		func() error {
			_, _, err := w.reg.OpenStructure(w.ctx, consent.Operator(), consent.NewStructure{Name: clean(t, "Maison commune"), Slug: "commune"})
			return err
		},
	} {
		b.arm(2, mem.Before)
		if step() == nil {
			t.Fatal("nothing was cut off")
		}
		b.heal()
	}
	kinds := map[string]reflect.Type{}
	for _, r := range records {
		kinds[r.Bucket()] = reflect.TypeOf(r).Elem()
	}
	bodies, seen := consent.MessageBodies(), map[string]bool{}
	var check func(v reflect.Value, path string)
	check = func(v reflect.Value, path string) {
		switch typ := v.Type(); {
		case typ.Kind() == reflect.String && typ != reflect.TypeFor[personal.Sealed]():
			form, named := bareStrings[path], typ != reflect.TypeFor[string]()
			if named {
				form = aTyped
			}
			if seen[path] = true; form == nil || !form.MatchString(v.String()) {
				t.Errorf("%s holds a text of another form, %d characters", path, v.Len())
			}
		case closed(typ), typ.PkgPath() == "time":
		case typ.Kind() == reflect.Pointer && !v.IsNil():
			check(v.Elem(), path)
		case typ.Kind() == reflect.Slice:
			for i := range v.Len() {
				check(v.Index(i), path)
			}
		case typ.Kind() == reflect.Struct:
			if typ.Name() != "" {
				path = typ.Name()
			}
			for i := range typ.NumField() {
				if f := typ.Field(i); f.Anonymous {
					check(v.Field(i), path)
				} else {
					check(v.Field(i), path+"."+f.Name)
				}
			}
		}
	}
	for key, raw := range dumped(t, w.db).apart() {
		kind := kinds[strings.SplitN(key, "/", 3)[1]]
		if kind == nil {
			continue // format, and other marks of package store
		}
		row := reflect.New(kind)
		if err := json.Unmarshal([]byte(raw), row.Interface()); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		check(row, "")
		if m, is := row.Interface().(*consent.Message); is {
			body := reflect.New(bodies[m.Kind])
			w.must(json.Unmarshal(m.Body, body.Interface()))
			check(body, "")
		}
	}
	var never []string
	for path := range bareStrings {
		if !seen[path] {
			never = append(never, path)
		}
	}
	if slices.Sort(never); len(never) > 0 {
		t.Errorf("the day came by none of %v", never)
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
	code, err := w.reg.IssueCard(w.ctx, d.helper, p, consent.CardWish{})
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

// livedIn lets a register see a day: every kind of row is there afterwards.
func livedIn(w *world) {
	w.t.Helper()
	d := w.desk()
	colleague := w.helper(d.referent, charter.SocialWorker)
	w.must(w.reg.SetOwnName(w.ctx, d.referent, clean(w.t, "Nadia Roche")))
	w.must(w.reg.SetStructurePhone(w.ctx, d.referent, phone(w.t, "03 81 41 21 21")))
	w.preset(d.referent, w.quarterly())
	w.must(w.reg.SetStandIn(w.ctx, d.referent, consent.StandIn{
		Away: d.helper.Member(), By: colleague.Member(), From: "2027-01-11", To: "2027-01-20",
	}))
	w.must(w.reg.CountHelp(w.ctx, d.helper, consent.TallyTrain))
	_, err := w.reg.StartAppointment(w.ctx, d.helper, d.person, charter.PurposePrepareMandate)
	w.must(err)
	_, err = w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	named := terms(d.person, caf)
	named.Helpers = []consent.MemberID{d.helper.Member()}
	w.mandate(d.helper, named)
	w.must(w.act(d.person, caf)(d.helper.With(consent.Call{Request: consent.NewRequestID(), Idempotency: "once", Body: []byte("{}")})))
	replacing := terms(d.person, caf)
	replacing.Supersession = charter.SupersessionReplace
	stopped := w.mandate(d.helper, replacing)
	_, err = w.reg.RevokeMandate(w.ctx, d.helper, stopped.ID, consent.Scope{Helper: d.helper.Member()})
	w.must(err)
	_, err = w.reg.RenounceMandate(w.ctx, d.helper, stopped.ID)
	w.must(err)
	_, err = w.reg.IssueCheck(w.ctx, d.helper, stopped.ID, "caf")
	w.must(err)
	_, err = w.reg.MakeLink(w.ctx, d.referent, colleague.Member())
	w.must(err)
	gone := w.seraphine(d.helper)
	goesOn := w.person(d.helper)
	year := terms(goesOn, caf)
	year.Days = 365
	w.mandate(d.helper, year)
	w.must(w.act(goesOn, caf)(d.helper))
	w.mandate(d.helper, terms(gone, caf))
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, gone)
	w.must(err)
	p, _ := w.program(d.referent, charter.ScopeCover)
	w.must(w.reg.CloseProgram(w.ctx, d.referent, p.ID))
	_, err = w.reg.AskRight(w.ctx, d.helper, goesOn, consent.RightCopy)
	w.must(err)
	w.must(w.reg.NoteBackup(w.ctx))
	w.withoutPasswords(d)
}
