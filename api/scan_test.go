package api_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"aval/audit"
	"aval/charter"
)

// photoOf makes a photo of a paper, with a word in the file that no picture needs.
func photoOf(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 0xf0
	}
	for x := range w / 2 {
		m.SetGray(w/4+x, h-h/4, color.Gray{20})
	}
	var b bytes.Buffer
	ok(t, jpeg.Encode(&b, m, nil))
	const where = "SECRETPLACE 48.85N"
	return bytes.Join([][]byte{b.Bytes()[:2], {0xff, 0xfe, 0, byte(len(where) + 2)}, []byte(where), b.Bytes()[2:]}, nil)
}

func TestScanThroughTheJSONDoor(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.proposed(person)
	file := base64.StdEncoding.EncodeToString(photoOf(t, 800, 1100))
	var shown *answer
	before := h.rows(h.space)
	h.said(func() { shown = worker.must("POST", "/mandates/"+id+"/scan", members{"image": file}, 200) })
	drawn, err := base64.StdEncoding.DecodeString(shown.str("image"))
	ok(t, err)
	if bytes.Contains(drawn, []byte("SECRETPLACE")) || shown.str("media") != "image/jpeg" {
		t.Error("what else the file held is still there")
	}
	if after := h.rows(h.space); len(after) != len(before) {
		t.Error("a picture that was only looked at is kept")
	}
	seen := members{"image": shown.str("image"), "voucher": shown.str("voucher"), "nothing_visible": true}
	sign := members{"type": "paper_scan", "paper_place": "Classeur bleu", "scan": seen}
	worker.refused("POST", "/mandates/"+id+"/sign", members{"type": "paper_scan", "paper_place": "Classeur bleu"}, 400, "scan_missing", "")
	worker.refused("POST", "/mandates/"+id+"/sign", members{"type": "paper_scan", "paper_place": "Classeur bleu", "scan": members{
		"image": file, "voucher": seen["voucher"], "nothing_visible": true,
	}}, 400, "scan_voucher", "")
	h.said(func() {
		m := worker.must("POST", "/mandates/"+id+"/sign", sign, 200)
		if e := m.list("evidence"); len(e) != 1 || e[0]["type"] != "paper_scan" || e[0]["level"] != "E2" {
			t.Errorf("evidence: %v", e)
		}
	}, audit.MandateSigned)
	h.unchanged(func() {
		worker.refused("POST", "/mandates/"+id+"/scan/reveal", members{"purpose": "follow_up"}, 403, "field_purpose", "C10")
	}, "C10")
	h.said(func() {
		a := worker.must("POST", "/mandates/"+id+"/scan/reveal", members{"purpose": "answer_person"}, 200)
		if a.str("image") != shown.str("image") || a.header.Get("Cache-Control") != "no-store" {
			t.Error("another picture, or one that is cached")
		}
	}, audit.MandateRead)
	h.referent.refused("POST", "/mandates/"+noMandate+"/scan/reveal", members{"purpose": "referent_review"}, 404, "not_found", "")
}

// What is no picture is told apart, and too large a body is refused; a member may
// send a picture there, nobody may without a session, and nobody elsewhere.
func TestScanBodies(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	id := worker.proposed(worker.recorded())
	for reason, file := range map[string][]byte{
		"scan_pdf": []byte("%PDF-1.7 x"), "scan_kind": []byte("mdp caf : Soleil2019"), "scan_small": photoOf(t, 200, 200),
		"scan_damaged": photoOf(t, 400, 400)[:300], "scan_heic": []byte("\x00\x00\x00\x18ftypheic...."),
	} {
		worker.refused("POST", "/mandates/"+id+"/scan", members{"image": base64.StdEncoding.EncodeToString(file)}, 400, reason, "")
	}
	large := members{"image": strings.Repeat("AAAA", 100<<10)}
	worker.refused("POST", "/mandates/"+id+"/scan", large, 400, "scan_kind", "")
	worker.refused("POST", "/cover", large, 413, "body_too_large", "")
	(&client{h: h}).must("POST", "/mandates/"+id+"/scan", large, 413)
	worker.must("POST", "/mandates/"+id+"/scan", members{"image": strings.Repeat("AAAA", 1<<20+1<<19)}, 400)
	worker.must("POST", "/mandates/"+id+"/scan", members{"image": strings.Repeat("AAAA", 3<<20)}, 413)
}

// The pages, without scripts: the photo is looked at, sent back and kept; neither its
// name nor anything of it is left on the disk on the way.
func TestScanThroughThePages(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	id := worker.proposed(worker.recorded())
	page := func(path string, fields map[string]string, file []byte) string {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, value := range fields {
			ok(t, w.WriteField(name, value))
		}
		media := w.FormDataContentType()
		if file != nil {
			part, err := w.CreateFormFile("paper", "SECRETNAME.jpg")
			ok(t, err)
			_, err = part.Write(file)
			ok(t, err)
			ok(t, w.Close())
		} else {
			values := strings.Builder{}
			for name, value := range fields {
				values.WriteString(name + "=" + strings.NewReplacer("+", "%2B", " ", "+", "&", "%26").Replace(value) + "&")
			}
			body.Reset()
			body.WriteString(strings.TrimSuffix(values.String(), "&"))
			media = "application/x-www-form-urlencoded"
		}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "http://staff.test"+path, &body)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Cookie", "aval="+worker.bearer)
		rec := httptest.NewRecorder()
		h.staff.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	token := regexp.MustCompile(`name="form" value="([^"]+)"`)
	get := httptest.NewRequestWithContext(t.Context(), "GET", "http://staff.test/mandat/"+id, nil)
	get.Header.Set("Cookie", "aval="+worker.bearer)
	rec := httptest.NewRecorder()
	h.staff.ServeHTTP(rec, get)
	form := token.FindStringSubmatch(rec.Body.String())[1]

	if said := page("/mandat/photo", map[string]string{"form": form, "mandate": id, "place": "Classeur bleu"}, []byte("%PDF-1.7")); !strings.Contains(said, "Un PDF peut contenir") {
		t.Errorf("of a PDF: %s", said)
	}
	looked := page("/mandat/photo", map[string]string{"form": form, "mandate": id, "place": "Classeur bleu"}, photoOf(t, 800, 1100))
	if strings.Contains(looked, "SECRET") || !strings.Contains(looked, `src="data:image/jpeg;base64,`) {
		t.Fatalf("the page shows no picture: %.600s", looked)
	}
	kept := map[string]string{}
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(looked, -1) {
		kept[m[1]] = m[2]
	}
	if m := h.mandateRow(id); !m.Signed.IsZero() {
		t.Fatal("it is kept before anybody looked")
	}
	if said := page("/mandat/signer", kept, nil); !strings.Contains(said, "aucun mot de passe") || !h.mandateRow(id).Signed.IsZero() {
		t.Error("kept without a word that somebody looked")
	}
	kept["seen"] = "yes"
	page("/mandat/signer", kept, nil)
	m := h.mandateRow(id)
	if m.Delivered.IsZero() || m.Evidence[0].Type != charter.PaperScan || m.Copy != "print" {
		t.Fatalf("the mandate is not in force: %+v", m)
	}
	h.said(func() {
		said := page("/mandat/papier", map[string]string{"form": form, "mandate": id, "purpose": "answer_person"}, nil)
		if !strings.Contains(said, `src="data:image/jpeg;base64,`) {
			t.Errorf("no picture: %.600s", said)
		}
	}, audit.MandateRead)
	left, err := os.ReadDir(temp)
	ok(t, err)
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "multipart") {
			t.Errorf("%s is on the disk", f.Name())
		}
	}
	if strings.Contains(h.out.String(), "SECRET") {
		t.Error("the file's name is in the log")
	}
}
