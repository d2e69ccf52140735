package consent_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// signedPaper is a photo of a paper, of some 700 KB once drawn anew, with where it
// was taken in it.
func signedPaper(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 1200, 1000))
	seed := uint32(3)
	for i := range m.Pix {
		seed = seed*1664525 + 1013904223
		m.Pix[i] = byte(seed>>24) | 0x80
	}
	for x := range 400 {
		m.Set(300+x, 800, color.Black) // a hand
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	raw := b.Bytes()
	const where = "48.85N SECRETPLACE"
	comment := append([]byte{0xff, 0xfe, 0, byte(len(where) + 2)}, where...)
	return slices.Concat(raw[:2], comment, raw[2:])
}

// smallPicture is as small as a picture may be.
var smallPicture = func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 300)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// shown is a mandate to be signed with a picture that was looked at.
func (w *world) shown(a consent.Actor, id consent.MandateID) consent.Agreement {
	w.t.Helper()
	s, err := w.reg.ShowScan(w.ctx, a, id, signedPaper(w.t))
	w.must(err)
	return consent.Agreement{
		Type: charter.PaperScan, PaperPlace: screenedAs(w.t, "paper_place", screen.Place, "Classeur bleu"),
		Scan: &consent.SeenScan{Image: s.Image, Voucher: s.Voucher, NothingVisible: true},
	}
}

// The picture of a signed paper is looked at, kept in closed boxes, and opened for a
// purpose with an entry that names each box; it goes with the person's evidence.
func TestScanOfASignedPaper(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	id := w.proposed(d.helper, d.person, caf)

	var g consent.Agreement
	w.unchanged(func() { g = w.shown(d.helper, id) }) // nothing is kept yet
	if bytes.Contains(g.Scan.Image, []byte("SECRETPLACE")) {
		t.Error("the picture tells where it was taken")
	}
	_, err := w.reg.SignMandate(w.ctx, d.helper, id, g)
	w.must(err)
	m, err := w.reg.Mandate(w.ctx, d.helper, id)
	w.must(err)
	if len(m.Evidence) != 1 || m.Evidence[0].Type != charter.PaperScan || m.Evidence[0].Level != charter.E2 {
		t.Fatalf("evidence: %+v", m.Evidence)
	}
	boxes := slices.DeleteFunc(dumped(t, w.db).in("box"), func(key string) bool { return !strings.Contains(key, "/scan."+string(id)) })
	if want := (len(g.Scan.Image) + 512<<10 - 1) / (512 << 10); len(boxes) != want || want < 2 {
		t.Fatalf("boxes %v for %d bytes", boxes, len(g.Scan.Image))
	}

	size := w.size("ccas")
	opened, err := w.reg.MandateScan(w.ctx, d.referent, id, charter.PurposeReferentReview)
	w.must(err)
	if !bytes.Equal(opened.Scan.Reveal(), g.Scan.Image) || opened.Scan.Media() != "image/jpeg" {
		t.Error("another picture was kept")
	}
	e := w.last("ccas")
	fields := []string{"evidence." + string(id)}
	for i := range boxes {
		fields = append(fields, personal.ScanBox("scan."+string(id), i+1))
	}
	if e.Act != audit.MandateRead || e.Person != string(d.person) || e.Purpose != "referent_review" || !slices.Equal(e.Fields, fields) ||
		w.size("ccas") != size+1 || opened.Entry != size {
		t.Errorf("the entry is %+v", e)
	}
	// The seal's evidence commits to the very bytes: signed paper to the end.
	_, err = w.reg.AcceptMandate(w.ctx, d.helper, id)
	w.must(err)
	_, err = w.reg.DeliverMandate(w.ctx, d.helper, id, "print")
	w.must(err)
	doc, err := w.reg.MandateDocument(w.ctx, d.helper, id, charter.PurposeAnswerPerson)
	w.must(err)
	if v, err := consent.VerifyMandate(doc, w.register()); err != nil || v.PersonLevel() != charter.E2 {
		t.Errorf("the document does not prove the paper: %v", err)
	}

	// Neither the picture nor what its file carried is anywhere in clear.
	all := backupOf(t, w.db).bytes()
	picture := g.Scan.Image
	for _, part := range [][]byte{picture[:63], picture[len(picture)/2:][:63], []byte("SECRETPLACE!")} {
		coded := []string{string(part), base64.StdEncoding.EncodeToString(part), base64.RawURLEncoding.EncodeToString(part)}
		if found := finds(all, coded); len(found) > 0 {
			t.Error("the picture is in the store")
		}
	}
	if found := finds(w.extract(d.referent, start, start.Add(time.Hour)), []string{string(picture[:64])}); len(found) > 0 {
		t.Error("the picture is in an extract")
	}

	// It goes with the person's evidence, at its date.
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	referent := w.letIn("ccas", d.referent.Member())
	w.notFound("ccas", w.size("ccas"), second(w.reg.MandateScan(w.ctx, referent, id, charter.PurposeReferentReview)))
	w.clock.add(7 * 366 * 24 * time.Hour)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if left := dumped(t, w.db).in("box"); slices.ContainsFunc(left, func(key string) bool { return strings.Contains(key, string(d.person)) }) {
		t.Errorf("left: %v", left)
	}
}

// Who may see the picture: for a purpose that opens evidence, and nobody else.
func TestScanIsShownForAPurpose(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	id := w.proposed(d.helper, d.person, caf)
	_, err := w.reg.SignMandate(w.ctx, d.helper, id, w.shown(d.helper, id))
	w.must(err)
	for _, p := range []charter.Purpose{charter.PurposeActUnderMandate, charter.PurposeFollowUp, charter.PurposePrepareMandate} {
		size := w.size("ccas")
		_, err := w.reg.MandateScan(w.ctx, d.helper, id, p)
		w.refusal("ccas", size, err, "C10", charter.FieldPurpose)
	}
	other := w.structure("maison")
	w.notFound("ccas", w.size("ccas"), second(w.reg.MandateScan(w.ctx, other, id, charter.PurposeReferentReview)))
	// One whose paper was not photographed has none.
	plain := w.mandate(d.helper, terms(w.person(d.helper), caf))
	w.notFound("ccas", w.size("ccas"), second(w.reg.MandateScan(w.ctx, d.referent, plain.ID, charter.PurposeReferentReview)))
}

// What was not looked at, or not as it is, is not kept.
func TestScanThatWasNotSeen(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.SocialWorker)
	id := w.proposed(d.helper, d.person, caf)
	next := w.proposed(d.helper, d.person, reimbursed)
	good := w.shown(d.helper, id)
	with := func(change func(g *consent.Agreement)) consent.Agreement {
		g, s := good, *good.Scan
		g.Scan = &s
		change(&g)
		return g
	}
	for name, c := range map[string]struct {
		who    consent.Actor
		id     consent.MandateID
		g      consent.Agreement
		reason string
	}{
		"no picture":      {d.helper, id, with(func(g *consent.Agreement) { g.Scan = nil }), "scan_missing"},
		"no place":        {d.helper, id, with(func(g *consent.Agreement) { g.PaperPlace = screen.Clean{} }), "paper_place"},
		"unwanted":        {d.helper, id, with(func(g *consent.Agreement) { g.Type = charter.PaperOriginal }), "scan_unwanted"},
		"not looked at":   {d.helper, id, with(func(g *consent.Agreement) { g.Scan.NothingVisible = false }), "scan_look"},
		"no voucher":      {d.helper, id, with(func(g *consent.Agreement) { g.Scan.Voucher = "" }), "scan_voucher"},
		"the file itself": {d.helper, id, with(func(g *consent.Agreement) { g.Scan.Image = signedPaper(t) }), "scan_voucher"},
		"a colleague's":   {colleague, id, good, "scan_voucher"},
		"another mandate": {d.helper, next, good, "scan_voucher"},
	} {
		w.unchanged(func() {
			_, err := w.reg.SignMandate(w.ctx, c.who, c.id, c.g)
			var invalid *consent.Invalid
			if !errors.As(err, &invalid) || invalid.Reason != c.reason {
				t.Errorf("%s: %v, want %s", name, err, c.reason)
			}
		})
	}
	for name, c := range map[string]struct {
		file   []byte
		reason string
	}{
		"a PDF": {[]byte("%PDF-1.7"), "scan_pdf"}, "a text": {[]byte("mdp caf : Soleil2019"), "scan_kind"}, "nothing": {nil, "scan_kind"},
	} {
		w.unchanged(func() {
			_, err := w.reg.ShowScan(w.ctx, d.helper, id, c.file)
			var invalid *consent.Invalid
			if !errors.As(err, &invalid) || invalid.Reason != c.reason || invalid.Pointer != "/image" {
				t.Errorf("%s: %v, want %s", name, err, c.reason)
			}
		})
	}
	w.clock.add(16 * time.Minute)
	w.unchanged(func() {
		_, err := w.reg.SignMandate(w.ctx, d.helper, id, good)
		var invalid *consent.Invalid
		if !errors.As(err, &invalid) || invalid.Reason != "scan_voucher" {
			t.Errorf("after a quarter of an hour: %v", err)
		}
	})
	_, err := w.reg.ShowScan(w.ctx, w.structure("maison"), id, signedPaper(t))
	w.notFound("ccas", w.size("ccas"), err)
}

// A box that is lost, doubled or another's in the store is noticed when it is read.
func TestScanWithADamagedBox(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	id, other := w.proposed(d.helper, d.person, caf), w.proposed(d.helper, d.person, reimbursed)
	for _, m := range []consent.MandateID{id, other} {
		_, err := w.reg.SignMandate(w.ctx, d.helper, m, w.shown(d.helper, m))
		w.must(err)
	}
	box := func(m consent.MandateID, part int) *consent.Box {
		return &consent.Box{Owner: personal.Owner(d.person), Name: personal.ScanBox("scan."+string(m), part)}
	}
	read := func(r consent.Record) {
		w.must(w.rec.View(w.ctx, w.space("ccas"), func(tx consent.Tx, _ time.Time) error {
			_, err := tx.Get(r)
			return err
		}))
	}
	first, next, theirs := box(id, 1), box(id, 2), box(other, 2)
	for _, b := range []*consent.Box{first, next, theirs} {
		read(b)
	}
	write := func(rows ...consent.Record) {
		w.must(w.rec.Keep(w.ctx, w.space("ccas"), func(tx consent.Tx, _ time.Time) error {
			for _, r := range rows {
				if b := r.(*consent.Box); b.Sealed == "" {
					w.must(tx.Delete(b))
				} else {
					w.must(tx.Put(b))
				}
			}
			return nil
		}))
	}
	at := func(place, content *consent.Box) *consent.Box {
		c := *place
		c.Sealed = content.Sealed
		return &c
	}
	for name, rows := range map[string][]consent.Record{
		"lost":      {&consent.Box{Owner: next.Owner, Name: next.Name}},
		"doubled":   {at(next, first)},
		"swapped":   {at(next, first), at(first, next)},
		"another's": {at(next, theirs)},
	} {
		write(rows...)
		if _, err := w.reg.MandateScan(w.ctx, d.referent, id, charter.PurposeReferentReview); err == nil {
			t.Errorf("%s: it is shown", name)
		}
		write(first, next)
	}
	_, err := w.reg.MandateScan(w.ctx, d.referent, id, charter.PurposeReferentReview)
	w.must(err)
}

// The boxes and the signature land together or not at all.
func TestCutScan(t *testing.T) {
	type signing struct {
		*desk
		id consent.MandateID
		g  consent.Agreement
	}
	everyCut(t, func(w *world) *signing {
		d := w.desk()
		id := w.proposed(d.helper, d.person, caf)
		return &signing{d, id, w.shown(d.helper, id)}
	}, func(w *world, s *signing) error {
		return second(w.reg.SignMandate(w.ctx, s.helper, s.id, s.g))
	}, func(w *world, s *signing, done bool) {
		_, err := w.reg.MandateScan(w.ctx, s.referent, s.id, charter.PurposeReferentReview)
		if done != (err == nil) {
			w.t.Errorf("done %t: %v", done, err)
		}
	})
}
