package consent_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/mem"
)

// Everything that says who a person is, in the story of forgetting. No text is
// part of another person's or of anything else that the register keeps.
var erasedTexts = []string{
	"Séraphine", "Seraphine", "SERAPHINE", "Quillévéré", "Quillevere", "QUILEVERE", "Le Drézen", "DREZEN",
	"06 39 98 77 61", "0639987761", "1951-07-23", "23/07/1951", "seraphine.q@example.org", "4 ruelle du Puits",
	"Bahut de la mairie", "Ondine Kerrien",
}

func (w *world) seraphine(helper consent.Actor) consent.PersonID {
	w.t.Helper()
	id, err := w.reg.RecordPerson(w.ctx, helper, consent.PersonData{
		GivenNames: clean(w.t, "Séraphine"), BirthName: clean(w.t, "Quillévéré"), UsedName: clean(w.t, "Le Drézen"), Birth: "1951-07-23",
		Phone: clean(w.t, "06 39 98 77 61"), Email: clean(w.t, "seraphine.q@example.org"), Address: clean(w.t, "4 ruelle du Puits"),
		Language: "fr",
	})
	w.must(err)
	return id
}

// finds tells which of some texts stand in bytes: as they are, or in base64 or hex.
func finds(data []byte, texts []string) []string {
	var found []string
	for _, text := range texts {
		forms := [][]byte{[]byte(text), []byte(hex.EncodeToString([]byte(text))), []byte(jsonOf(text))}
		for shift := range 3 { // the three ways bytes fall into groups of base64
			b := base64.StdEncoding.EncodeToString(append(make([]byte, shift), text...))
			from, to := (shift*8+5)/6, (shift+len(text))*8/6
			forms = append(forms, []byte(b[from:to]), []byte(strings.NewReplacer("+", "-", "/", "_").Replace(b[from:to])))
		}
		for _, f := range forms {
			if bytes.Contains(data, f) {
				found = append(found, text)
				break
			}
		}
	}
	return found
}

func jsonOf(s string) string {
	raw, _ := json.Marshal(s)
	return strings.Trim(string(raw), `"`)
}

// bytes is all that a copy holds.
func (b backup) bytes() []byte {
	var all bytes.Buffer
	for _, r := range b {
		all.Write(r.Key)
		all.WriteByte(0)
		all.Write(r.Value)
		all.WriteByte(0)
	}
	return all.Bytes()
}

// unzipped is an extract as it lies on a disk, and all its files as they read.
func unzipped(t *testing.T, file []byte) []byte {
	t.Helper()
	all := bytes.Clone(file)
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = in
		if strings.HasSuffix(f.Name, ".gz") {
			if r, err = gzip.NewReader(in); err != nil {
				t.Fatal(err)
			}
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func (w *world) extract(a consent.Actor, from, to time.Time) []byte {
	w.t.Helper()
	var b bytes.Buffer
	_, err := w.reg.Extract(w.ctx, a, &b, consent.ExtractRequest{
		From: from, To: to, Profile: consent.ProfileDPO, Purpose: charter.PurposeAuthorityRequest, Program: "test",
	})
	w.must(err)
	return b.Bytes()
}

// openable lists the closed rows of a copy that the keys in the keys folder still
// open: whatever an owner's key, an index, a card, a birth date or a month's
// details were closed with when the copy was made.
func (w *world) openable(b backup, of consent.PersonID) (all, persons []string) {
	w.t.Helper()
	db := b.restored(w.t)
	keys := personal.NewKeyring(w.folder, store.Keys{DB: db})
	log := audit.NewLog(db, keys, keys, audit.NewClock(w.clock.now, nil))
	note := func(row string, err error) {
		switch {
		case err == nil:
			all = append(all, row)
			if strings.Contains(row, string(of)) {
				persons = append(persons, row)
			}
		case !errors.Is(err, personal.ErrEpoch) && !errors.Is(err, personal.ErrErased):
			w.t.Errorf("%s: %v", row, err)
		}
	}
	slugs := map[uint32]string{0: consent.RegisterSlug}
	for _, r := range b {
		if r.Bucket == "structure" {
			var s consent.Structure
			w.must(json.Unmarshal(r.Value, &s))
			slugs[s.Number] = s.Slug
		}
	}
	for _, r := range b {
		space := audit.NewSpace(r.Space, slugs[uint32(r.Space)])
		name := fmt.Sprintf("%d/%s/%s", r.Space, r.Bucket, r.Key)
		switch r.Bucket {
		case "key":
			var k consent.WrappedKey
			w.must(json.Unmarshal(r.Value, &k))
			_, err := keys.SealingKey(w.ctx, space, k.Owner, k.Kind)
			note(name, err)
		case "index-seal":
			var seal consent.IndexSeal
			w.must(json.Unmarshal(r.Value, &seal))
			_, _, err := keys.Reindex(space, seal.Closed)
			note(name, err)
		case "birth":
			var seal consent.BirthSeal
			w.must(json.Unmarshal(r.Value, &seal))
			_, _, err := keys.RewrapBirth(space, personal.Owner(seal.Owner), seal.Closed)
			note(name, err)
		case "card":
			var card consent.CardRow
			w.must(json.Unmarshal(r.Value, &card))
			_, _, err := keys.Recard(card.Closed)
			note(name+" "+string(card.Person), err)
		}
	}
	for number, slug := range slugs {
		err := log.Lines(w.ctx, audit.NewSpace(number, slug), 0, 1, func(audit.Line) error { return nil })
		note(fmt.Sprintf("%d/log", number), err)
	}
	return all, persons
}

// on is a day of the story: the program is started anew, works a little, and is
// left alone again.
func (w *world) on(day time.Time, helper consent.Actor, about consent.PersonID) {
	w.t.Helper()
	for now := w.clock.now(); now.Before(day); now = w.clock.now() {
		w.clock.to(minTime(day, now.AddDate(0, 0, 300)))
		w.restart()
		_, err := w.reg.TurnEpoch(w.ctx) // as the jobs do first
		w.must(err)
		w.letIn(helper.SpaceSlug(), helper.Member()) // an account that nobody uses is shut
		_, err = w.reg.Cover(w.ctx, helper, consent.Question{Person: about, Want: caf})
		w.must(err)
		w.must(w.reg.NoteBackup(w.ctx))
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// weeks lets a number of Mondays pass.
func (w *world) weeks(n int, helper consent.Actor, about consent.PersonID) {
	w.t.Helper()
	for range n {
		w.on(w.clock.now().AddDate(0, 0, 7), helper, about)
	}
}

// Forgetting, from the request to the last key, with the clock moved along: the
// seventh step of the story.
func TestForgetting(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	other := w.person(helper)
	w.mandate(helper, terms(other, caf))
	othersCard, err := w.reg.IssueCard(w.ctx, helper, other, consent.CardWish{})
	w.must(err)
	p := w.seraphine(helper)
	m, err := w.reg.DraftMandate(w.ctx, helper, terms(p, caf))
	w.must(err)
	_, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{
		Type: charter.PaperOriginal, PaperPlace: clean(t, "Bahut de la mairie"), Witnesses: []screen.Clean{clean(t, "Ondine Kerrien")},
	})
	w.must(err)
	_, err = w.reg.AcceptMandate(w.ctx, helper, m.ID)
	w.must(err)
	_, err = w.reg.DeliverMandate(w.ctx, helper, m.ID, "print")
	w.must(err)
	w.must(w.act(p, caf)(helper))
	w.must(w.reveal(p, charter.PurposeActUnderMandate)(helper))
	code, err := w.reg.IssueCard(w.ctx, helper, p, consent.CardWish{})
	w.must(err)
	document, err := w.reg.MandateDocument(w.ctx, referent, m.ID, charter.PurposeAnswerPerson)
	w.must(err)
	opening, err := w.reg.MandateOpening(w.ctx, referent, m.ID, charter.PurposeAnswerPerson)
	w.must(err)
	if len(finds(opening, erasedTexts)) == 0 {
		t.Fatal("the search does not find names where they are")
	}
	early := w.extract(referent, start.AddDate(0, 0, -1), start.AddDate(0, 0, 1))
	before := backupOf(t, w.db)
	if _, persons := w.openable(before, p); len(persons) < 5 {
		t.Fatalf("a copy made today opens %v only", persons)
	}

	// At once: the active key is gone, nobody of the desk finds the person, and the
	// evidence is locked until its date.
	w.clock.add(time.Hour)
	forgotten, err := w.reg.ForgetPerson(w.ctx, w.again(referent), p)
	w.must(err)
	due := time.Date(2033, 1, 12, 0, 0, 0, 0, time.UTC) // six years and what is left of the day
	if !forgotten.Until.Equal(due) {
		t.Errorf("the evidence is kept until %s, want %s", forgotten.Until, due)
	}
	w.goneFor(helper, referent, p, m.ID, code)
	rows := dumped(t, w.db)
	for key := range rows {
		if strings.Contains(key, string(p)) && (strings.Contains(key, "/active") || strings.Contains(key, "/contact") ||
			strings.Contains(key, "/index/") || strings.Contains(key, "/birth/") || strings.Contains(key, "/index-seal/")) {
			t.Errorf("%s is still there", key)
		}
	}
	if len(rows.in("card")) > 1 || len(rows.in("erasing")) > 0 || len(rows.in("outbox")) > 0 {
		t.Error("a card's look-up or an unfinished step is still there")
	}
	if due := rows.in("evidence-due"); len(due) != 1 || !strings.Contains(due[0], "2033-01-12/"+string(p)) {
		t.Errorf("due: %v", due)
	}
	if list := w.erased.list["ccas"]; !slices.Equal(list, []consent.PersonID{p}) {
		t.Errorf("the list outside the store names %v", list)
	}

	// 31 days later no copy of that day opens anything: its epoch is destroyed.
	today := backupOf(t, w.db)
	if _, persons := w.openable(today, p); !slices.Equal(persons, []string{"1/key/" + string(p) + "/evidence"}) {
		t.Errorf("after the erasure the person's keys are %v", persons)
	}
	w.weeks(4, helper, other)
	w.on(start.AddDate(0, 0, 31), helper, other)
	for name, b := range map[string]backup{"before": before, "after": today} {
		if all, _ := w.openable(b, p); len(all) > 0 {
			t.Errorf("a copy made %s still opens %v", name, all)
		}
	}
	if _, persons := w.openable(backupOf(t, w.db), p); len(persons) != 1 {
		t.Errorf("the locked evidence key is not there: %v", persons)
	}

	w.lives(helper, other, othersCard)

	// The evidence's day comes.
	w.on(due.Add(-time.Microsecond), helper, other)
	reports, err := w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if n := reports[1].Evidence; n != 0 {
		t.Errorf("%d evidence keys were destroyed before their day", n)
	}
	locked := backupOf(t, w.db)
	w.on(due, helper, other)
	if reports, err = w.reg.RunRetention(w.ctx, true); err != nil || reports[1].Evidence != 1 {
		t.Errorf("due: %+v, %v", reports, err)
	}
	if reports, err = w.reg.RunRetention(w.ctx, false); err != nil || reports[1].Evidence != 1 {
		t.Errorf("destroyed: %+v, %v", reports, err)
	}
	for key := range dumped(t, w.db) {
		if strings.HasPrefix(key, "1/key/"+string(p)) || strings.HasPrefix(key, "1/box/"+string(p)) {
			t.Errorf("%s is still there", key)
		}
	}
	if reports, err = w.reg.RunRetention(w.ctx, false); err != nil || reports[1].Evidence != 0 {
		t.Errorf("destroyed twice: %+v, %v", reports, err)
	}
	w.weeks(4, helper, other)
	w.on(due.AddDate(0, 0, 31), helper, other)
	referent = w.letIn("ccas", referent.Member())
	late := w.extract(referent, w.clock.now().AddDate(0, 0, -40), w.clock.now().Add(time.Hour))
	last := backupOf(t, w.db)
	for name, b := range map[string]backup{"before": before, "after": today, "while locked": locked, "at the end": last} {
		if _, persons := w.openable(b, p); len(persons) > 0 {
			t.Errorf("a copy made %s still opens %v", name, persons)
		}
		if found := finds(b.bytes(), erasedTexts); len(found) > 0 {
			t.Errorf("a copy made %s holds %q", name, found)
		}
	}
	for name, file := range map[string][]byte{"early": early, "late": late} {
		if found := finds(unzipped(t, file), erasedTexts); len(found) > 0 {
			t.Errorf("the %s extract holds %q", name, found)
		}
		_, err := consent.VerifyExtract(bytes.NewReader(file), int64(len(file)), w.register())
		w.must(err)
	}
	w.searchKeysFolder()

	// Proof goes on: the log, the mandate handed out, the others.
	for slug := range w.sizes() {
		w.must(w.log.Check(w.ctx, w.space(slug)))
	}
	v, err := consent.VerifyMandate(document, w.register())
	w.must(err)
	if v.Payload.ID != m.ID {
		t.Error("another mandate verifies")
	}
	w.goneFor(helper, referent, p, m.ID, code)
	seen, err := w.reg.RevealPerson(w.ctx, referent, consent.Reveal{
		Person: other, Purpose: charter.PurposeReferentReview, Fields: []charter.Field{charter.FieldIdentity},
	})
	w.must(err)
	if seen.Identity.BirthName.Reveal() != "Morel" {
		t.Error("another person's data did not live through it")
	}
}

// lives checks that somebody who did not ask to be forgotten is still found by
// name, by card and birth date, and read, under whatever epoch it is now.
func (w *world) lives(helper consent.Actor, p consent.PersonID, code personal.CardCode) {
	w.t.Helper()
	found, err := w.reg.SearchPersons(w.ctx, helper, consent.Search{
		Name: clean(w.t, "Morel"), Birth: "1948-03-12", Purpose: charter.PurposePrepareMandate,
	})
	w.must(err)
	if len(found) != 1 || found[0].Person != p {
		w.t.Errorf("a search finds %d persons", len(found))
	}
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
	w.must(err)
	if page.Identity.BirthName.Reveal() != "Morel" || len(page.Lines) < 5 {
		w.t.Error("their page has lost something")
	}
}

func (w *world) searchKeysFolder() {
	w.t.Helper()
	files, err := os.ReadDir(w.dir)
	w.must(err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(w.dir, f.Name()))
		if err != nil {
			continue // a folder
		}
		if found := finds(data, erasedTexts); len(found) > 0 {
			w.t.Errorf("%s holds %q", f.Name(), found)
		}
	}
}

// goneFor checks that a person is not found by anybody of the desk, nor by their
// card, and that asking leaves no trace. What was done stays with the referent.
func (w *world) goneFor(helper, referent consent.Actor, p consent.PersonID, m consent.MandateID, code personal.CardCode) {
	w.t.Helper()
	w.unchanged(func() {
		for _, u := range w.uses() {
			if strings.HasPrefix(u.name, "log of") || strings.HasSuffix(u.name, "member") {
				continue
			}
			for _, a := range []consent.Actor{helper, referent} {
				if err := u.ask(a, p, m, ""); !isNotFound(err) {
					w.t.Errorf("%s: got %v, want not found", u.name, err)
				}
			}
		}
		if _, err := w.reg.CardHolder(w.ctx, code); !isNotFound(err) {
			w.t.Errorf("by card: %v", err)
		}
		list, _, err := w.reg.Mandates(w.ctx, referent, "", consent.Page{Limit: 100})
		w.must(err)
		if slices.ContainsFunc(list, func(l *consent.Mandate) bool { return l.Person == p }) {
			w.t.Error("a list shows their mandate")
		}
	})
	found, err := w.reg.SearchPersons(w.ctx, helper, consent.Search{
		Name: clean(w.t, "Quillévéré"), Birth: "1951-07-23", Purpose: charter.PurposePrepareMandate,
	})
	w.must(err)
	if len(found) > 0 {
		w.t.Error("a search finds them")
	}
	lines, _, err := w.reg.LogLines(w.ctx, referent, consent.LogQuery{Person: p, Purpose: charter.PurposeReferentReview, Limit: 100})
	w.must(err)
	if len(lines) < 2 {
		w.t.Error("the referent cannot answer for what was done")
	}
}

// A kill at any step of forgetting is made good at the next start.
func TestCutForgetPerson(t *testing.T) {
	setUp := func(w *world) *desk {
		d := &desk{referent: w.structure("ccas")}
		d.helper = w.helper(d.referent, charter.SocialWorker)
		d.person = w.seraphine(d.helper)
		w.mandate(d.helper, terms(d.person, caf))
		var err error
		d.code, err = w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
		w.must(err)
		return d
	}
	forget := func(w *world, d *desk) error { return second(w.reg.ForgetPerson(w.ctx, d.referent, d.person)) }
	check := func(w *world, d *desk, done bool) {
		if !done {
			w.must(forget(w, d)) // nothing happened: it can be asked again
		}
		_, persons := w.openable(backupOf(w.t, w.db), d.person)
		if !slices.Equal(persons, []string{"1/key/" + string(d.person) + "/evidence"}) {
			w.t.Errorf("the person's keys are %v", persons)
		}
		if !slices.Contains(w.erased.list["ccas"], d.person) {
			w.t.Error("the list outside the store does not name them")
		}
		if _, err := w.reg.CardHolder(w.ctx, d.code); !isNotFound(err) {
			w.t.Errorf("their card: %v", err)
		}
	}
	everyCut(t, setUp, forget, check)

	t.Run("the list outside cannot be written", func(t *testing.T) {
		w := newWorldOn(t, mem.Open(mem.Options{Reruns: 1}))
		d := setUp(w)
		w.erased.full = errors.New("no room left")
		if err := forget(w, d); err == nil {
			t.Error("forgotten, though a restore would bring them back")
		}
		if err := w.reveal(d.person, charter.PurposeActUnderMandate)(d.helper); !isNotFound(err) {
			t.Errorf("helpers are told %v", err)
		}
		if _, persons := w.openable(backupOf(t, w.db), d.person); len(persons) != 4 {
			t.Errorf("removed before the list is written, so that a restore would bring them back: %v", persons)
		}
		w.erased.full = nil
		w.restart()
		check(w, d, true)
	})
}

// The destruction of evidence is cut off and made good the same way.
func TestCutDestroyEvidence(t *testing.T) {
	setUp := func(w *world) *desk {
		d := &desk{referent: w.structure("ccas")}
		d.helper = w.helper(d.referent, charter.SocialWorker)
		d.person = w.seraphine(d.helper)
		_, err := w.reg.ForgetPerson(w.ctx, d.referent, d.person)
		w.must(err)
		return d
	}
	destroy := func(w *world, _ *desk) error {
		return second(w.reg.DestroyDueEvidence(w.ctx, w.space("ccas"), false))
	}
	everyCut(t, setUp, destroy, func(w *world, d *desk, done bool) {
		if !done {
			w.must(destroy(w, d))
		}
		if _, persons := w.openable(backupOf(w.t, w.db), d.person); len(persons) > 0 {
			w.t.Errorf("the person's keys are %v", persons)
		}
	})
}

// An older copy of the store, put back, brings nobody back: the list outside is
// replayed at start.
func TestRestoreBringsNobodyBack(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	other := w.person(helper)
	w.mandate(helper, terms(other, caf))
	p := w.seraphine(helper)
	m := w.mandate(helper, terms(p, caf))
	code, err := w.reg.IssueCard(w.ctx, helper, p, consent.CardWish{})
	w.must(err)
	copied := backupOf(t, w.db)
	w.clock.add(time.Hour)
	_, err = w.reg.ForgetPerson(w.ctx, w.again(referent), p)
	w.must(err)

	w.clock.add(24 * time.Hour)
	w.db = copied.restored(t)
	w.restart()
	w.must(w.reg.NoteRestore(w.ctx))
	w.goneFor(helper, referent, p, m.ID, code)
	if _, persons := w.openable(backupOf(t, w.db), p); !slices.Equal(persons, []string{"1/key/" + string(p) + "/evidence"}) {
		t.Errorf("the person's keys are %v", persons)
	}
	w.must(w.reveal(other, charter.PurposeActUnderMandate)(helper))
	size := w.size("ccas")
	w.restart()
	if w.size("ccas") != size {
		t.Error("a second start forgets them once more")
	}
	for slug := range w.sizes() {
		w.must(w.log.Check(w.ctx, w.space(slug)))
	}
}

// A minor's majority tells the birth date; it goes with the person's name.
func TestForgettingAMinorLeavesNoDate(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p, err := w.reg.RecordPerson(w.ctx, helper, consent.PersonData{BirthName: clean(t, "Petit"), Birth: "2012-08-30"})
	w.must(err)
	dates := []string{"2012-08-30", "2030-08-30"}
	_, err = w.reg.DraftMandate(w.ctx, helper, terms(p, caf))
	var r *consent.Refused
	if !errors.As(err, &r) || r.Reason != string(charter.CapacityMinorPerson) {
		t.Errorf("a minor's mandate: %v", err)
	}
	if found := finds(backupOf(t, w.db).bytes(), dates); len(found) > 0 {
		t.Errorf("the store of a living minor holds %q", found)
	}
	_, err = w.reg.ForgetPerson(w.ctx, referent, p)
	w.must(err)
	if found := finds(backupOf(t, w.db).bytes(), dates); len(found) > 0 {
		t.Errorf("the store holds %q", found)
	}
}
