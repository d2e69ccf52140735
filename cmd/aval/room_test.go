//go:build linux

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/store/kv"
)

// A smallDisk is a folder of a file system that can be filled: a real one where this
// user may mount it, else a folder whose free bytes are said to be few.
type smallDisk struct {
	t    *testing.T
	dir  string
	real bool
	said uint64
}

func newSmallDisk(t *testing.T) *smallDisk {
	t.Helper()
	d := &smallDisk{t: t, dir: t.TempDir(), said: 1 << 40}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, "size=64m"); err == nil {
		d.real = true
		t.Cleanup(func() { syscall.Unmount(d.dir, 0) })
	}
	t.Logf("a file system of its own: %t", d.real)
	return d
}

func (d *smallDisk) free() (uint64, error) {
	if d.real {
		return freeBytes(d.dir)
	}
	return d.said, nil
}

// leave fills the disk but for so many bytes.
func (d *smallDisk) leave(bytes uint64) {
	d.t.Helper()
	path := filepath.Join(d.dir, "others")
	os.Remove(path)
	d.said = bytes
	if !d.real {
		return
	}
	free, err := freeBytes(d.dir)
	must(d.t, err)
	if err := fillFile(path, int(free-bytes)); bytes > 0 || !errors.Is(err, syscall.ENOSPC) {
		must(d.t, err)
	}
}

// A register on a small disk: with little left only stops are written; with nothing
// left, what was held ready is given back for them.
func TestStopsOnAFullDisk(t *testing.T) {
	disk := newSmallDisk(t)
	now := time.Now()
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: func() time.Time { return now }}
	h, err := p.create(t.Context(), folders{Data: filepath.Join(disk.dir, "reg"), Keys: filepath.Join(t.TempDir(), "keys")}, "register.example.fr")
	must(t, err)
	defer func() { must(t, h.close(t.Context())) }()
	cast, err := (&stage{ctx: t.Context(), h: h, seed: 1}).play()
	must(t, err)
	in, err := h.reg.Redeem(t.Context(), consent.Call{}, cast.roles[0].curl.Token, personal.Token{})
	must(t, err)
	helper, err := h.reg.SignedIn(t.Context(), in.Session)
	must(t, err)
	list, _, err := h.reg.Mandates(t.Context(), helper, "", consent.Page{Limit: 100})
	must(t, err)
	var inForce []*consent.Mandate
	for _, m := range list {
		if m.InForce(time.Now()) {
			inForce = append(inForce, m)
		}
	}
	if len(inForce) < 2 {
		t.Fatalf("%d mandates are in force", len(inForce))
	}
	var told []bool
	r := &room{path: h.in(fileReserve), least: 8 << 20, free: disk.free, now: p.now, told: func(full bool) { told = append(told, full) }}
	must(t, r.Check())
	if info, err := os.Stat(r.path); err != nil || info.Size() != reserveSize {
		t.Fatalf("nothing is held ready: %v", err)
	}
	h.reg.KeepRoom(r)
	question := func() error {
		_, err := h.reg.Cover(t.Context(), helper, consent.Question{
			Person: inForce[0].Person, Want: consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoWith},
		})
		return err
	}
	must(t, question())

	disk.leave(6 << 20)
	now = now.Add(2 * time.Second) // the disk is looked at once a second
	if err := question(); !errors.Is(err, kv.ErrFull) {
		t.Errorf("with little left another write answers %v", err)
	}
	_, err = h.reg.RevokeMandate(t.Context(), helper, inForce[0].ID, consent.Scope{})
	must(t, err)

	disk.leave(0)
	_, err = h.reg.StopPerson(t.Context(), helper, inForce[1].Person, consent.Part{}, consent.StopAtDesk)
	must(t, err)
	if disk.real { // what is held ready is real blocks
		_, missing := os.Stat(r.path)
		if missing == nil && !r.Release() {
			t.Error("nothing was given back")
		}
		if free, err := disk.free(); err != nil || free < reserveSize/2 {
			t.Errorf("%d bytes are free after the reserve went: %v", free, err)
		}
	}
	for _, m := range inForce[:2] {
		now, err := h.reg.Mandate(t.Context(), helper, m.ID)
		must(t, err)
		if now.End.Kind != consent.Revoked {
			t.Errorf("a mandate ended as %q", now.End.Kind)
		}
	}

	must(t, os.RemoveAll(filepath.Join(disk.dir, "others")))
	disk.said = 1 << 40
	now = now.Add(2 * time.Second)
	must(t, question())
	if _, err := os.Stat(r.path); err != nil {
		t.Errorf("with room again nothing is held ready: %v", err)
	}
	if len(told) != 2 || !told[0] || told[1] {
		t.Errorf("the operator was told %v", told)
	}
}
