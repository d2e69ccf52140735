package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/store/bolt"
	"aval/store/kv"
)

var update = flag.Bool("update", false, "make the golden register of the present format again")

// A register of each released format is kept whole, data and keys. It must open,
// verify and give its data for as long as there is an Aval. A file here is made
// once, when the format is new, and never again.
const goldenRegister = "testdata/register-format-1.tar.gz"

// golden says what a kept register holds: it is made-up people.
type golden struct {
	At      time.Time        // when it was closed
	Session string           // of its helper, good for half an hour after
	Person  consent.PersonID // under a mandate
	Mandate consent.MandateID
	Phone   string
	Entries map[string]int64
}

func TestGoldenRegister(t *testing.T) {
	if *update {
		makeGolden(t)
	}
	dir := t.TempDir()
	unpack(t, goldenRegister, dir)
	raw, err := os.ReadFile(filepath.Join(dir, "golden.json"))
	must(t, err)
	var want golden
	must(t, json.Unmarshal(raw, &want))
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: func() time.Time { return want.At.Add(time.Minute) }}
	f := folders{Data: filepath.Join(dir, "reg"), Keys: filepath.Join(dir, "reg-keys")}

	var errOut bytes.Buffer
	p.err = &errOut
	if status := p.run(t.Context(), []string{"verify", f.Data, "--key", f.in(filePub)}); status != exitDone {
		t.Fatalf("verify exited %d: %s", status, errOut.String())
	}
	must(t, f.check())
	h, err := p.ready(t.Context(), f)
	must(t, err)
	defer h.db.Close()
	spaces, err := h.reg.Spaces(t.Context())
	must(t, err)
	for _, s := range spaces {
		head, err := h.log.Head(t.Context(), s)
		must(t, err)
		if head.Size < want.Entries[s.Slug()] {
			t.Errorf("space %s has %d entries, it had %d", s.Slug(), head.Size, want.Entries[s.Slug()])
		}
	}
	token, err := personal.ParseToken(want.Session)
	must(t, err)
	helper, err := h.reg.SignedIn(t.Context(), token)
	must(t, err)
	seen, err := h.reg.RevealPerson(t.Context(), helper, consent.Reveal{
		Person: want.Person, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact},
	})
	must(t, err)
	if seen.Contact.Phone.Reveal() != want.Phone {
		t.Error("the telephone number is not what was recorded")
	}
	doc, err := h.reg.MandateDocument(t.Context(), helper, want.Mandate, charter.PurposeFollowUp)
	must(t, err)
	pub, err := readRegisterPub(f.in(filePub))
	must(t, err)
	_, err = consent.VerifyMandate(doc, pub)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func makeGolden(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now}
	f := folders{Data: filepath.Join(dir, "reg"), Keys: filepath.Join(dir, "reg-keys")}
	h, err := p.create(t.Context(), f, "register.example.fr")
	must(t, err)
	cast, err := (&stage{ctx: t.Context(), h: h, seed: 1}).play()
	must(t, err)
	in, err := h.reg.Redeem(t.Context(), consent.Call{}, cast.roles[0].curl.Token, personal.Token{})
	must(t, err)
	helper, err := h.reg.SignedIn(t.Context(), in.Session)
	must(t, err)
	list, _, err := h.reg.Mandates(t.Context(), helper, "", consent.Page{Limit: 100})
	must(t, err)
	slices.SortFunc(list, func(a, b *consent.Mandate) int { return a.Drafted.Compare(b.Drafted) })
	made := golden{
		At: time.Now().UTC(), Session: in.Session.Reveal(), Person: list[0].Person, Mandate: list[0].ID,
		Phone: jeanne.phone, Entries: map[string]int64{},
	}
	spaces, err := h.reg.Spaces(t.Context())
	must(t, err)
	for _, s := range spaces {
		head, err := h.log.Head(t.Context(), s)
		must(t, err)
		made.Entries[s.Slug()] = head.Size
	}
	pub, err := h.keyring.RegisterPub()
	must(t, err)
	must(t, writeFile(f.in(filePub), pub, 0o644))
	must(t, h.close(t.Context()))
	raw, err := json.MarshalIndent(made, "", "  ")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "golden.json"), raw, 0o644))
	pack(t, dir, goldenRegister)
}

func pack(t *testing.T, dir, path string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		head := &tar.Header{Name: rel, Mode: int64(info.Mode().Perm()), Size: int64(len(raw))}
		if err := w.WriteHeader(head); err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	}))
	must(t, errors.Join(w.Close(), z.Close()))
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
}

func unpack(t *testing.T, path, dir string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		must(t, err)
		to := filepath.Join(dir, filepath.FromSlash(head.Name))
		must(t, os.MkdirAll(filepath.Dir(to), 0o700))
		raw, err := io.ReadAll(r)
		must(t, err)
		must(t, os.WriteFile(to, raw, fs.FileMode(head.Mode)))
	}
}

// A register of a newer format is left alone.
func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	unpack(t, goldenRegister, dir)
	db, err := bolt.Open(filepath.Join(dir, "reg", fileStore), bolt.Options{MustExist: true})
	must(t, err)
	must(t, db.Update(t.Context(), 0, func(tx kv.Tx) error {
		return tx.Put(kv.Bucket{Name: "format"}, []byte("format"), []byte("2"))
	}))
	must(t, db.Close())
	before, err := os.ReadFile(filepath.Join(dir, "reg", fileStore))
	must(t, err)
	var out, errOut bytes.Buffer
	status := run(t.Context(), []string{"serve", "--data", filepath.Join(dir, "reg"), "--staff", "127.0.0.1:0", "--public", "127.0.0.1:0"}, strings.NewReader(""), &out, &errOut)
	if status != exitCannot || !strings.Contains(errOut.String(), "newer version") {
		t.Errorf("serve exited %d and said %s", status, errOut.String())
	}
	after, err := os.ReadFile(filepath.Join(dir, "reg", fileStore))
	must(t, err)
	// bbolt may write its list of free pages at a close; the rows are untouched.
	if len(before) != len(after) {
		t.Error("the store changed its size")
	}
}
