package pages_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aval/charter"
	"aval/consent"
)

// signedPaper is a photo that looks like a sheet with lines and a signature.
func signedPaper(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 900, 1260))
	for i := range m.Pix {
		m.Pix[i] = 0xf4
	}
	for line := range 22 {
		for x := range 640 - line%5*60 {
			for thick := range 6 {
				m.SetGray(110+x, 140+line*38+thick, color.Gray{0x50})
			}
		}
	}
	for x := range 220 {
		y := 1110 + (x%40-20)*(x%40-20)/14
		for thick := range 4 {
			m.SetGray(560+x, y+thick, color.Gray{0x10})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends the form of the page of signing with a file.
func (k *seat) upload(id consent.MandateID, file []byte) reply {
	k.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"form", k.token()}, {"mandate", string(id)}, {"place", "Classeur des mandats"}} {
		k.must(w.WriteField(f[0], f[1]))
	}
	part, err := w.CreateFormFile("paper", "IMG_2031.jpg")
	k.must(err)
	_, err = part.Write(file)
	k.must(err)
	k.must(w.Close())
	r := httptest.NewRequest(http.MethodPost, "/mandat/photo", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	k.page = k.do(k.staff, r, "Cookie", k.cookie, "Accept-Language", k.lang)
	return k.page
}

// toSign is a mandate that was explained and waits for the signature.
func (k *seat) toSign() consent.MandateID {
	k.t.Helper()
	m, err := k.reg.DraftMandate(k.ctx, k.helper, consent.Terms{
		Person: k.person, Powers: []consent.Power{rsa(charter.DoForPresent)}, Days: 31, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionKeep,
	})
	k.must(err)
	return m.ID
}

// The photo of a signed paper: a look, a yes, and the mandate is in force; whoever may
// see it later has a button, and nobody else.
func TestPhotoOfTheSignedPaper(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	id := k.toSign()
	looked := k.upload(id, signedPaper(t))
	looked.status(t, http.StatusOK)
	if strings.Contains(looked.body, "IMG_2031") {
		t.Error("the page knows the file's name")
	}
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_scan", "place", looked.formField(t, "place"),
		"voucher", looked.formField(t, "voucher"), "image", looked.formField(t, "image"), "seen", "yes").status(t, http.StatusOK)
	m, err := s.reg.Mandate(s.ctx, s.helper, id)
	s.must(err)
	if !m.InForce(s.clock.now()) || m.Level() != charter.E2 || m.Copy != "print" {
		t.Fatalf("the mandate is %s at %s, copy %q", m.State(s.clock.now()), m.Level(), m.Copy)
	}
	if !strings.Contains(k.open("/mandat/"+string(id)).body, `action="/mandat/papier"`) {
		t.Error("a helper who answers the person has no way to the photo")
	}
	if strings.Contains(k.open("/mandat/"+string(s.mandate.ID)).body, `action="/mandat/papier"`) {
		t.Error("a mandate without a photo offers one")
	}
	k.send("/mandat/papier", "mandate", string(id), "purpose", "act_under_mandate").status(t, http.StatusForbidden)
	if page := k.send("/mandat/papier", "mandate", string(id), "purpose", "answer_person"); !strings.Contains(page.body, "data:image/jpeg;base64,") {
		t.Error("no photo")
	}
}

func TestA11yPhoto(t *testing.T) {
	s := newSite(t)
	a := newAudit(t)
	for _, lang := range []string{"fr", "en"} {
		k := s.sit(charter.SocialWorker)
		k.lang = lang
		id := k.toSign()
		k.open("/mandat/" + string(id))
		a.page(lang+"-photo-sign", k.send("/mandat/suite", "mandate", string(id)))
		a.page(lang+"-photo-pdf", k.upload(id, []byte("%PDF-1.7")))
		looked := k.upload(id, signedPaper(t))
		a.page(lang+"-photo-look", looked)
		a.page(lang+"-photo-fresh", k.send("/mandat/signer", "mandate", string(id), "how", "paper_scan", "place", looked.formField(t, "place"),
			"voucher", looked.formField(t, "voucher"), "image", looked.formField(t, "image"), "seen", "yes"))
		a.page(lang+"-photo-kept", k.send("/mandat/papier", "mandate", string(id), "purpose", "answer_person"))
	}
	a.all(false, "fr-photo-look", "fr-photo-sign", "fr-photo-pdf", "fr-photo-kept", "fr-photo-fresh")
}
