package consent_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// note is a screened note.
func note(t *testing.T, text string) screen.Clean {
	t.Helper()
	clean, err := screen.Form(screen.Field{Name: "note", Text: text, Kind: screen.Note, Max: consent.MaxNotebookNote})
	if err != nil {
		t.Fatal(err)
	}
	return clean[0]
}

func (w *world) listed(a consent.Actor, p consent.PersonID, services ...charter.ServiceCode) {
	w.t.Helper()
	w.must(w.reg.ListInNotebook(w.ctx, a, p, services))
}

// withoutPasswords is what a desk does with the passwords it meets.
func (w *world) withoutPasswords(d *desk) {
	w.t.Helper()
	if _, ok := asRefusal(w.reg.RefuseText(w.ctx, d.helper, refusalOf(w.t, "mdp : Biscotte!74"))); !ok {
		w.t.Fatal("not refused")
	}
	w.must(w.reg.ReportShown(w.ctx, d.helper, consent.Shown{Person: d.person, Service: "caf"}))
	w.must(w.reg.SaveRecovery(w.ctx, d.referent, consent.NewRecovery{Service: "caf", Way: clean(w.t, "Au guichet de la Caf")}))
	w.listed(d.helper, d.person, "caf", "mailbox")
	_, err := w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Note: note(w.t, "Rappeler la Caf")})
	w.must(err)
	_, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "mailbox", Ending: consent.NotebookRecovered})
	w.must(err)
	_, err = w.reg.RecordDestruction(w.ctx, d.referent, consent.NewDestruction{
		Notebooks: 1, Witness: "dpo", Methods: []consent.DestructionMethod{consent.MethodBurned},
	})
	w.must(err)
}

// A notebook comes to its end line by line: what is to be done stands in a sealed
// note that goes with the ending, and the person sees each step.
func TestNotebookIsRetiredLineByLine(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	w.listed(d.helper, d.person, "caf", "mailbox")
	if e := w.last("ccas"); e.Act != audit.NotebookListed || e.Person != string(d.person) || !slices.Equal(e.On, []string{"caf", "mailbox"}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	w.unchanged(func() {
		if err := w.reg.ListInNotebook(w.ctx, d.referent, d.person, []charter.ServiceCode{"caf"}); conflict(err) != "already_listed" {
			t.Errorf("listed twice: %v", err)
		}
	})

	const todo = "Rendez-vous au guichet le 20"
	text := note(t, todo)
	line, err := w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Note: text})
	w.must(err)
	if !line.Open() || line.Note != 1 || w.last("ccas").Act != audit.PersonUpdated {
		t.Errorf("the line is %+v", line)
	}
	if found := finds(backupOf(t, w.db).bytes(), []string{todo}); len(found) > 0 {
		t.Error("the note stands in the store")
	}
	shown, err := w.reg.NotebookNote(w.ctx, d.helper, d.person, "caf", charter.PurposePrepareMandate)
	w.must(err)
	if e := w.last("ccas"); shown.Reveal() != todo || e.Act != audit.PersonRead || !slices.Equal(e.Fields, []string{"notebook.caf"}) {
		t.Errorf("%q shown by %+v", shown.Reveal(), e.Entry)
	}

	line, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Ending: consent.NotebookRecovered})
	w.must(err)
	e := w.last("ccas")
	if line.Open() || line.Note != 0 || line.EndedBy != d.helper.Member() || e.Act != audit.NotebookSettled ||
		!slices.Equal(e.On, []string{"caf", "recovered"}) || e.Digest == "" {
		t.Errorf("the line is %+v, its entry %+v", line, e.Entry)
	}
	if boxes := dumped(t, w.db).in("box"); slices.ContainsFunc(boxes, func(key string) bool { return strings.Contains(key, "notebook") }) {
		t.Error("the note outlives what was to be done")
	}
	w.unchanged(func() {
		if _, err := w.reg.NotebookNote(w.ctx, d.helper, d.person, "caf", charter.PurposePrepareMandate); !isNotFound(err) {
			t.Errorf("a note that is gone: %v", err)
		}
	})
	p, err := w.reg.NotebookProgress(w.ctx, d.helper)
	w.must(err)
	if p != (consent.Progress{Open: 1, Recovered: 1}) || p.Lines() != 2 || p.Ended() != 1 {
		t.Errorf("progress %+v", p)
	}
	for open, want := range map[bool]int{true: 1, false: 2} {
		list, next, err := w.reg.Notebook(w.ctx, d.helper, consent.NotebookQuery{Open: open, Limit: 10})
		w.must(err)
		if len(list) != want || next != "" {
			t.Errorf("open %t: %d lines", open, len(list))
		}
	}
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	for _, act := range []audit.Action{audit.NotebookListed, audit.NotebookSettled, audit.PersonUpdated, audit.PersonRead} {
		if !slices.ContainsFunc(page.Lines, func(l audit.Line) bool { return l.Detail.Act == act }) {
			t.Errorf("the person does not see %s", act)
		}
	}
}

func TestNotebookMistakes(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.listed(d.helper, d.person, "caf")
	text := note(t, "À revoir")
	step := func(n consent.NotebookStep) error { return second(w.reg.StepNotebook(w.ctx, d.helper, n)) }
	w.unchanged(func() {
		for want, err := range map[string]error{
			"/services list":    w.reg.ListInNotebook(w.ctx, d.helper, d.person, nil),
			"/services service": w.reg.ListInNotebook(w.ctx, d.helper, d.person, []charter.ServiceCode{"soleil42"}),
			"/ending ending":    step(consent.NotebookStep{Person: d.person, Service: "caf", Ending: "kept"}),
			"/note note_ended":  step(consent.NotebookStep{Person: d.person, Service: "caf", Ending: consent.NotebookClosed, Note: text}),
			"/limit parameter": func() error {
				_, _, err := w.reg.Notebook(w.ctx, d.helper, consent.NotebookQuery{Limit: 101})
				return err
			}(),
		} {
			if invalid(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if err := step(consent.NotebookStep{Person: d.person, Service: "ameli", Ending: consent.NotebookClosed}); !isNotFound(err) {
			t.Errorf("a line that is not there: %v", err)
		}
	})
	dpo := w.helper(d.referent, charter.DPO)
	fresh := w.newcomer(d.referent, charter.SocialWorker)
	w.refuses(dpo, charter.DPO, refusal{rule: "C16", reason: charter.RoleNotHelper, action: audit.NotebookListed, person: d.person},
		func(a consent.Actor) error {
			return w.reg.ListInNotebook(w.ctx, a, d.person, []charter.ServiceCode{"msa"})
		})
	w.refuses(fresh, charter.SocialWorker, refusal{rule: "C22", reason: charter.NotAdhered, action: audit.NotebookSettled, person: d.person},
		func(a consent.Actor) error {
			return second(w.reg.StepNotebook(w.ctx, a, consent.NotebookStep{Person: d.person, Service: "caf", Ending: consent.NotebookClosed}))
		})
	w.refuses(dpo, charter.DPO, refusal{rule: "C15", reason: charter.PurposeRole, action: audit.PersonRead, person: d.person, purpose: charter.PurposePrepareMandate},
		func(a consent.Actor) error {
			return second(w.reg.NotebookNote(w.ctx, a, d.person, "caf", charter.PurposePrepareMandate))
		})
}

// A password is not cut over two notes of one person: the edge of the first tells.
func TestNotesOfOnePersonAreScreenedTogether(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	// Names of one word would count as the other half too.
	p, err := w.reg.RecordPerson(w.ctx, d.helper, consent.PersonData{GivenNames: clean(t, "Anne Marie"), BirthName: clean(t, "Le Goff"), Birth: "1950"})
	w.must(err)
	w.listed(d.helper, p, "caf", "ameli")
	text := note(t, "Voir son mot de passe")
	_, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: p, Service: "caf", Note: text})
	w.must(err)
	size := w.size("ccas")
	_, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: p, Service: "ameli", Note: note(t, "tournesol")})
	w.refusal("ccas", size, err, "C08", "credential_password")
	if refused, _ := asRefusal(err); refused.Text == nil || !slices.Contains(refused.Text.Suggestions, screen.SuggestHalfRewritten) {
		t.Errorf("it does not say that another note has a part: %+v", refused)
	}
	// Once the first note is rewritten the second is a word like any other.
	_, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: p, Service: "caf", Note: note(t, "Voir avec elle")})
	w.must(err)
	_, err = w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: p, Service: "ameli", Note: note(t, "tournesol")})
	w.must(err)
}

// Whoever asks to be forgotten takes their lines and notes with them, and a note
// goes with the key of a contact that is past its time.
func TestForgottenPersonLeavesTheNotebook(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	text := note(t, "Rappeler la conseillère")
	write := func(p consent.PersonID) {
		t.Helper()
		w.listed(d.helper, p, "caf", "ameli")
		_, err := w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: p, Service: "caf", Note: text})
		w.must(err)
	}
	gone := w.seraphine(d.helper)
	write(gone)
	write(d.person)
	_, err := w.reg.ForgetPerson(w.ctx, d.referent, gone)
	w.must(err)
	for _, bucket := range []string{"notebook", "box"} {
		for _, key := range dumped(t, w.db).in(bucket) {
			if strings.Contains(key, string(gone)) && (bucket == "notebook" || strings.Contains(key, "notebook")) {
				t.Errorf("%s is left", key)
			}
		}
	}
	w.clock.add(800 * 24 * time.Hour)
	d.helper = w.letIn("ccas", d.helper.Member())
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	for _, key := range dumped(t, w.db).in("box") {
		if strings.Contains(key, "notebook") {
			t.Errorf("%s outlives its key", key)
		}
	}
}

// A file has two columns; the line of somebody known is listed, every other is told
// with its line, and importing again changes nothing.
func TestImportNotebook(t *testing.T) {
	w := newWorld(t)
	d := w.desk() // Jeanne Morel, 12 March 1948
	seraphine := w.seraphine(d.helper)
	jeanne := w.person(d.helper) // another Jeanne Morel of the same day
	_, err := w.reg.ForgetPerson(w.ctx, d.referent, jeanne)
	w.must(err)
	file := "\xef\xbb\xbfPersonne;Service\r\n" +
		"Morel Jeanne 12/03/1948;Caf\r\n" +
		"\"MOREL, jeanne 12.03.1948\";impôts\r\n" +
		"Le Drézen Séraphine 23/07/1951;Boîte mail (Gmail, La Poste, Orange…)\r\n" +
		"Jeanne Morel 12/03/1948;caf\r\n" + // again
		"Marthe Morel 12/03/1948;Caf\r\n" + // of the same name and day, not recorded
		"Jeanne Morel 12/03/1949;Caf\r\n" + // another day
		"Jeanne Morel;Caf\r\n" + // no day
		"Jeanne Morel 12/03/1948;Netflix\r\n" +
		"Jeanne Morel 12/03/1948 mdp Biscotte!74;Caf\r\n"
	before := w.size("ccas")
	rep, err := w.reg.ImportNotebook(w.ctx, d.referent, strings.NewReader(file))
	w.must(err)
	if rep.Read != 9 || rep.Kept != 3 || rep.Known != 1 || rep.Refused != 5 || rep.Read != rep.Kept+rep.Known+rep.Refused {
		t.Errorf("report %+v", rep)
	}
	want := []consent.FileFault{
		{Line: 6, Reason: "notebook_unknown"}, {Line: 7, Reason: "notebook_unknown"}, {Line: 8, Column: 1, Reason: "notebook_person"},
		{Line: 9, Column: 2, Reason: "notebook_service"}, {Line: 10, Column: 1, Reason: "credential_password"},
	}
	if !slices.Equal(rep.Faults, want) {
		t.Errorf("faults %+v", rep.Faults)
	}
	for person, want := range map[consent.PersonID]int{d.person: 2, seraphine: 1} {
		list, _, err := w.reg.Notebook(w.ctx, d.referent, consent.NotebookQuery{Person: person, Limit: 10})
		w.must(err)
		if len(list) != want || !list[0].Imported || list[0].By != d.referent.Member() {
			t.Errorf("%d lines: %+v", len(list), list)
		}
	}
	var acts []string
	for _, l := range w.lines("ccas")[before:] {
		acts = append(acts, string(l.Detail.Act))
		if l.Detail.Act == audit.NotebookImported && l.Detail.Counts["kept"] != 3 {
			t.Errorf("the import's entry is %+v", l.Detail.Entry)
		}
	}
	if got := strings.Join(acts, " "); got != "notebook.listed notebook.listed notebook.listed notebook.imported attempt.refused" {
		t.Errorf("the log says %s", got)
	}
	if found := finds(backupOf(t, w.db).bytes(), append([]string{"Biscotte", "Marthe", "Netflix"}, erasedTexts...)); len(found) > 0 {
		t.Errorf("the store holds %q", found)
	}
	again, err := w.reg.ImportNotebook(w.ctx, d.referent, strings.NewReader(file))
	w.must(err)
	if again.Kept != 0 || again.Known != 4 || again.Refused != 5 {
		t.Errorf("again: %+v", again)
	}
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.StructureUpdated},
		func(a consent.Actor) error { return second(w.reg.ImportNotebook(w.ctx, a, unread{t})) })
}

// unread is a file that nobody may read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the file is read")
	return 0, io.EOF
}

// counted tells how much of a file was read.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// Another column is refused before it is read: of a large file nothing but the
// first line comes in, nothing is kept, and the refusal is entered.
func TestFileWithAnotherColumnIsNotRead(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	columns := refusal{rule: "C08", reason: "notebook_columns", action: audit.NotebookImported}
	for _, header := range []string{"personne;service;mot de passe", "Nom,Service,Identifiant", "personne;mdp", "service\tlogin", "personne;service;", "a,b,c"} {
		rest := strings.Repeat("Jeanne Morel 12/03/1948;caf;Biscotte!74\n", 1000)
		in := &counted{r: strings.NewReader(header + "\n" + rest)}
		w.refuses(d.referent, charter.Referent, columns, func(a consent.Actor) error { return second(w.reg.ImportNotebook(w.ctx, a, in)) })
		if in.n > len(header)+16 {
			t.Errorf("%q: %d bytes were read", header, in.n)
		}
	}
	// A cell too many below a good header is another column too: what stood before it
	// is not kept either.
	w.refuses(d.referent, charter.Referent, columns, func(a consent.Actor) error {
		return second(w.reg.ImportNotebook(w.ctx, a, strings.NewReader("personne,service\nJeanne Morel 12/03/1948,caf\nJeanne Morel 12/03/1948,ameli,Biscotte!74\n")))
	})
	w.unchanged(func() {
		for text, want := range map[string]string{
			"":                        "/csv notebook_header",
			"personne\nJeanne":        "/csv notebook_header",
			"\xff\xfe\x00":            "/csv notebook_form",
			strings.Repeat("x", 3000): "/csv notebook_form",
			"personne,service\n\"Jeanne Morel 12/03/1948,caf\n":                          "/csv notebook_form",
			"personne,service\n" + strings.Repeat("Jeanne Morel 12/03/1949,caf\n", 3000): "/csv notebook_size",
			"personne,service\n" + strings.Repeat("a 1948,caf\n", 2001):                  "/csv notebook_size",
		} {
			if _, err := w.reg.ImportNotebook(w.ctx, d.referent, strings.NewReader(text)); invalid(err) != want {
				t.Errorf("%.40q: %v, want %s", text, err, want)
			}
		}
	})
}

// Notebooks are destroyed once, before an office, by a referent who has just signed
// in; others verify the record from the register's keys alone.
func TestDestructionIsSignedAndSealed(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.listed(d.helper, d.person, "caf", "ameli")
	_, err := w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Ending: consent.NotebookDelegated})
	w.must(err)
	n := consent.NewDestruction{
		Notebooks: 3, Files: 1, On: "2027-01-08", Witness: "management",
		Methods: []consent.DestructionMethod{consent.MethodShredded, consent.MethodErased},
	}
	once := d.referent.With(consent.Call{Idempotency: "once", Body: []byte("destroy")})
	row, err := w.reg.RecordDestruction(w.ctx, once, n)
	w.must(err)
	e := w.last("ccas")
	if e.Act != audit.NotebookDestroyed || e.Digest != row.Digest || e.Counts["notebooks"] != 3 || !slices.Equal(e.On, []string{string(row.ID)}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	again, err := w.reg.RecordDestruction(w.ctx, once, n)
	w.must(err)
	if list, err := w.reg.Destructions(w.ctx, d.helper); err != nil || len(list) != 1 || again.ID != row.ID || list[0].ID != row.ID {
		t.Errorf("%d records, %v", len(list), err)
	}
	rec, err := consent.VerifyDestruction(row.JWS, w.register())
	w.must(err)
	if rec.Notebooks != 3 || rec.By != d.referent.Member() || rec.On != n.On || rec.Lines != (consent.Progress{Open: 1, Delegated: 1}) {
		t.Errorf("the record says %+v", rec)
	}
	other := newWorld(t)
	other.structure("ccas")
	if _, err := consent.VerifyDestruction(row.JWS, other.register()); err == nil {
		t.Error("it verifies with another register's keys")
	}
	for name, bad := range map[string][]byte{
		"altered":   bytes.Replace(row.JWS, []byte(`"payload":"eyJ2Ijox`), []byte(`"payload":"eyJ2Ijoy`), 1),
		"unsealed":  withoutSeal(t, row.JWS),
		"a mandate": documentOf(w, w.mandate(d.helper, terms(d.person, caf)).ID),
	} {
		if _, err := consent.VerifyDestruction(bad, w.register()); err == nil {
			t.Errorf("%s verifies", name)
		}
	}
	if _, err := consent.VerifyMandate(row.JWS, w.register()); err == nil {
		t.Error("it passes for a mandate")
	}

	w.unchanged(func() {
		for want, change := range map[string]func(*consent.NewDestruction){
			"/notebooks number":            func(n *consent.NewDestruction) { n.Notebooks = -1 },
			"/files number":                func(n *consent.NewDestruction) { n.Files = 1 << 20 },
			"/notebooks destroyed_nothing": func(n *consent.NewDestruction) { n.Notebooks, n.Files = 0, 0 },
			"/witness witness_office":      func(n *consent.NewDestruction) { n.Witness = "Madame Petit" },
			"/methods method":              func(n *consent.NewDestruction) { n.Methods = []consent.DestructionMethod{"eaten"} },
			"/methods method_fits":         func(n *consent.NewDestruction) { n.Methods = n.Methods[:1] },
			"/day date_future":             func(n *consent.NewDestruction) { n.On = "2027-02-01" },
		} {
			bad := n
			change(&bad)
			if _, err := w.reg.RecordDestruction(w.ctx, d.referent, bad); invalid(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
	})
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.NotebookDestroyed},
		func(a consent.Actor) error { return second(w.reg.RecordDestruction(w.ctx, a, n)) })
	w.clock.add(6 * time.Minute)
	w.unchanged(func() {
		if _, err := w.reg.RecordDestruction(w.ctx, d.referent, n); signInNeeded(err) != "step_up" {
			t.Errorf("signed 6 minutes after the sign-in: %v", err)
		}
	})
}

// withoutSeal takes the structure's signature off a document.
func withoutSeal(t *testing.T, raw []byte) []byte {
	t.Helper()
	var doc struct {
		Payload    string            `json:"payload"`
		Signatures []json.RawMessage `json:"signatures"`
		Statements []string          `json:"statements"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	doc.Signatures = doc.Signatures[:1]
	again, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// documentOf is the signed document of a mandate.
func documentOf(w *world, id consent.MandateID) []byte {
	w.t.Helper()
	d := &consent.Document{Mandate: id}
	w.must(w.rec.View(w.ctx, w.space("ccas"), func(tx consent.Tx, _ time.Time) error {
		_, err := tx.Get(d)
		return err
	}))
	return d.JWS
}

// An extract says how far the notebooks are, what was refused and contested, what
// was shown and what was destroyed.
func TestExtractTellsOfSecrets(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.listed(d.helper, d.person, "caf", "ameli")
	_, err := w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Ending: consent.NotebookNotNeeded})
	w.must(err)
	word := refusalOf(t, "mot de passe : tournesol")
	for range 2 {
		if _, ok := asRefusal(w.reg.RefuseText(w.ctx, d.helper, word)); !ok {
			t.Fatal("not refused")
		}
	}
	_, err = w.reg.ContestText(w.ctx, d.helper, screen.Contest{Field: word.Field, Kind: word.Kind, Rule: word.Rule})
	w.must(err)
	w.must(w.reg.ReportShown(w.ctx, d.helper, consent.Shown{Service: "caf"}))
	_, err = w.reg.RecordDestruction(w.ctx, d.referent, consent.NewDestruction{
		Notebooks: 2, Witness: "dpo", Methods: []consent.DestructionMethod{consent.MethodBurned},
	})
	w.must(err)
	w.clock.add(2 * time.Second)
	raw := unzipped(t, w.extract(d.referent, start, start.Add(time.Hour)))
	for _, want := range []string{
		`"not_needed": 1`, `"open": 1`, `"records": 1`, `"notebooks": 2`, `"credentials_shown": 1`, `"rate": 0.5`,
		`"rule": "password_cue"`, `"contested": 1`, `"contestable": 2`,
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("the extract does not say %s", want)
		}
	}
}

// Cut off at any commit, a step of a notebook and a signed record are there whole or
// not at all.
func TestCutNotebook(t *testing.T) {
	everyCut(t, func(w *world) *desk {
		d := w.desk()
		w.listed(d.helper, d.person, "caf")
		return d
	}, func(w *world, d *desk) error {
		text := note(w.t, "À rappeler")
		return second(w.reg.StepNotebook(w.ctx, d.helper, consent.NotebookStep{Person: d.person, Service: "caf", Note: text}))
	}, func(w *world, d *desk, done bool) {
		_, err := w.reg.NotebookNote(w.ctx, d.helper, d.person, "caf", charter.PurposePrepareMandate)
		if done && err != nil || !done && !isNotFound(err) {
			w.t.Errorf("done %t: %v", done, err)
		}
	})
	everyCut(t, (*world).desk, func(w *world, d *desk) error {
		return second(w.reg.RecordDestruction(w.ctx, d.referent, consent.NewDestruction{
			Notebooks: 1, Witness: "dpo", Methods: []consent.DestructionMethod{consent.MethodBurned},
		}))
	}, func(w *world, d *desk, done bool) {
		list, err := w.reg.Destructions(w.ctx, d.referent)
		if err != nil || done != (len(list) == 1) {
			w.t.Errorf("done %t: %d records, %v", done, len(list), err)
		}
	})
}
