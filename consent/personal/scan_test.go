package personal_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter/screen/paper"
	"aval/consent/personal"
)

// photo is a picture of about so many KiB.
func photo(t *testing.T, side int) paper.Picture {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, side, side))
	seed := uint32(7)
	for i := range m.Pix {
		seed = seed*1664525 + 1013904223
		m.Pix[i] = byte(seed >> 24)
	}
	m.SetGray(0, 0, color.Gray{255})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	p, err := paper.Clean(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const scanned = "scan.m_aaaaaaaaaaaaaaaaaaaaaaaaaa"

func fieldsOf(boxes int) (names []string) {
	for i := range boxes {
		names = append(names, personal.ScanBox(scanned, i+1))
	}
	return names
}

func TestScanIsSealedInBoxes(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	key := r.key(t, lyon, p, personal.KeyEvidence)
	for side, want := range map[int]int{400: 1, 1300: 4, 2200: 10} {
		picture := photo(t, side)
		boxes, err := personal.SealScan(r.Keyring, key, scanned, 1, picture)
		if err != nil || len(boxes) != want {
			t.Fatalf("%d boxes for %d bytes, want %d: %v", len(boxes), len(picture.Bytes()), want, err)
		}
		for _, b := range boxes {
			if len(b) > 1<<20-1<<10 {
				t.Errorf("a box is %d bytes", len(b))
			}
		}
		got, err := personal.OpenScan(ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, fieldsOf(want)...), p, scanned, 1, boxes)
		if err != nil || !bytes.Equal(got.Reveal(), picture.Bytes()) || got.Media() != "image/png" ||
			got.Digest() != personal.ScanDigest(picture) {
			t.Errorf("not the picture that was sealed: %v", err)
		}
		if said := fmt.Sprintf("%v %+v %#v %s", got, got, got, got); strings.Contains(said, "PNG") {
			t.Errorf("prints %s", said)
		}
	}
}

// A box that is missing, doubled, in another's place, of another version, of
// another scan or changed is noticed.
func TestScanNoticesEveryBox(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	key := r.key(t, lyon, p, personal.KeyEvidence)
	picture := photo(t, 1300)
	seal := func(record string, version int64, of paper.Picture) []personal.Sealed {
		boxes, err := personal.SealScan(r.Keyring, key, record, version, of)
		if err != nil {
			t.Fatal(err)
		}
		return boxes
	}
	good := seal(scanned, 1, picture)
	other := seal("scan.m_bbbbbbbbbbbbbbbbbbbbbbbbbb", 1, picture)
	longer := seal(scanned, 1, photo(t, 1500))
	flipped := []byte(good[2])
	flipped[len(flipped)/2] ^= 1
	for name, boxes := range map[string][]personal.Sealed{
		"the last is missing":  good[:3],
		"the first is missing": good[1:],
		"doubled":              {good[0], good[1], good[1], good[2], good[3]},
		"one for another":      {good[0], good[0], good[2], good[3]},
		"swapped":              {good[0], good[2], good[1], good[3]},
		"of another version":   {good[0], seal(scanned, 2, picture)[1], good[2], good[3]},
		"of another mandate":   {good[0], other[1], good[2], good[3]},
		"of a longer one":      {good[0], longer[1], good[2], good[3]},
		"changed":              {good[0], good[1], personal.Sealed(flipped), good[3]},
		"none":                 nil,
		"too many":             slices.Repeat(good, 3),
	} {
		_, err := personal.OpenScan(ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, fieldsOf(len(boxes))...), p, scanned, 1, boxes)
		if !errors.Is(err, personal.ErrBox) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The pass has to name every box, and is spent for each.
	if _, err := personal.OpenScan(ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, fieldsOf(3)...), p, scanned, 1, good); err == nil {
		t.Error("a box is opened that no entry names")
	}
	// Neither is a part a record, nor a record a part.
	if _, err := personal.Open[personal.Evidence](ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, fieldsOf(1)...), p, personal.ScanBox(scanned, 1), 1, good[0]); !errors.Is(err, personal.ErrBox) {
		t.Errorf("a part opens as a record: %v", err)
	}
	active := r.key(t, lyon, owner("p", 2), personal.KeyActive)
	if _, err := personal.SealScan(r.Keyring, active, scanned, 1, picture); !errors.Is(err, personal.ErrKey) {
		t.Errorf("under the active key: %v", err)
	}
	if _, err := personal.SealScan(r.Keyring, key, scanned, 1, paper.Picture{}); !errors.Is(err, personal.ErrBox) {
		t.Errorf("no picture: %v", err)
	}
}

// What a session was shown is taken back from this session, for this mandate, in
// time, and unchanged.
func TestVoucher(t *testing.T) {
	r := newRegister(t)
	picture := photo(t, 400)
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	v := r.Vouch(picture, "n_1", "m_1", at.Add(15*time.Minute))
	if p, ok := r.Shown(picture.Bytes(), v, "n_1", "m_1", at.Add(14*time.Minute)); !ok || !bytes.Equal(p.Bytes(), picture.Bytes()) {
		t.Error("what was shown is not taken back")
	}
	other := photo(t, 401)
	for name, is := range map[string]func() bool{
		"another picture": func() bool { _, ok := r.Shown(other.Bytes(), v, "n_1", "m_1", at); return ok },
		"another session": func() bool { _, ok := r.Shown(picture.Bytes(), v, "n_2", "m_1", at); return ok },
		"no session": func() bool {
			_, ok := r.Shown(picture.Bytes(), r.Vouch(picture, "", "m_1", at.Add(time.Hour)), "", "m_1", at)
			return ok
		},
		"another mandate": func() bool { _, ok := r.Shown(picture.Bytes(), v, "n_1", "m_2", at); return ok },
		"too late":        func() bool { _, ok := r.Shown(picture.Bytes(), v, "n_1", "m_1", at.Add(15*time.Minute)); return ok },
		"a later time":    func() bool { _, ok := r.Shown(picture.Bytes(), "AAAAAP"+v[6:], "n_1", "m_1", at); return ok },
		"nothing":         func() bool { _, ok := r.Shown(picture.Bytes(), "", "n_1", "m_1", at); return ok },
		"no base64":       func() bool { _, ok := r.Shown(picture.Bytes(), v[:10]+"=", "n_1", "m_1", at); return ok },
	} {
		if is() {
			t.Errorf("%s is taken", name)
		}
	}
}

// scanOf is a picture that was opened.
func scanOf(t *testing.T, r *register) personal.Scan {
	t.Helper()
	p := owner("p", 1)
	boxes, err := personal.SealScan(r.Keyring, r.key(t, lyon, p, personal.KeyEvidence), scanned, 1, photo(t, 300))
	if err != nil {
		t.Fatal(err)
	}
	s, err := personal.OpenScan(ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, fieldsOf(len(boxes))...), p, scanned, 1, boxes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
