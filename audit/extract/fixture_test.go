package extract_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"aval/audit"
	"aval/store/kv"
	"aval/store/mem"
)

var (
	epoch = time.Date(2026, 11, 21, 21, 20, 33, 123456000, time.UTC) // when tests start
	space = audit.NewSpace(kv.Space(7), "ccas-exemple")
)

// A bench is a log in memory, its clock and its key.
type bench struct {
	log        *audit.Log
	rec        *audit.Recorder[kv.Tx]
	now        time.Time
	skey, vkey string
}

func newBench() *bench {
	b := &bench{now: epoch}
	var err error
	if b.skey, b.vkey, err = note.GenerateKey(rand.Reader, "register.example/"+space.Slug()); err != nil {
		panic(err)
	}
	clock := audit.NewClock(func() time.Time { return b.now }, nil)
	b.log = audit.NewLog(mem.Open(mem.Options{}), newWrapper(), b, clock)
	b.rec = audit.NewRecorder(b.log, func(tx kv.Tx) kv.Tx { return tx })
	return b
}

func (b *bench) LogSigner(audit.Space) (note.Signer, error)     { return note.NewSigner(b.skey) }
func (b *bench) LogVerifier(audit.Space) (note.Verifier, error) { return note.NewVerifier(b.vkey) }

// A wrapper closes keys with AES-GCM under one key.
type wrapper struct{ cipher.AEAD }

func newWrapper() wrapper {
	block, err := aes.NewCipher([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return wrapper{aead}
}

func (w wrapper) Wrap(context string, key []byte) ([]byte, error) {
	return w.Seal(nil, nil, key, []byte(context)), nil
}

func (w wrapper) Unwrap(context string, closed []byte) ([]byte, error) {
	return w.Open(nil, nil, closed, []byte(context))
}

// entry returns a look at a person or, now and then, an act, made up from i.
func entry(i int) audit.Entry {
	e := audit.Entry{
		Act: audit.PersonRead, By: fmt.Sprint("h_", i%7), Person: fmt.Sprint("p_", i%31), Purpose: "follow_up",
		Fields: []string{"identity", "contact"}, Rules: []string{"C07"}, Out: audit.OK, Request: fmt.Sprint("r_", i),
	}
	if i%5 == 1 {
		e.Act, e.Fields, e.Digest = audit.ActRecorded, nil, strings.Repeat("A", 43)
	}
	return e
}

func (b *bench) record(t testing.TB, entries ...audit.Entry) {
	t.Helper()
	_, err := b.rec.Record(context.Background(), space, func(kv.Tx, time.Time) ([]audit.Entry, error) { return entries, nil })
	if err != nil {
		t.Fatal(err)
	}
}

// fill appends n entries, a few at a time, a minute apart.
func (b *bench) fill(t testing.TB, n int) {
	t.Helper()
	for i := 0; i < n; {
		var some []audit.Entry
		for k := i % 3; k >= 0 && i < n; k-- {
			some = append(some, entry(i))
			i++
		}
		b.record(t, some...)
		b.now = b.now.Add(time.Minute)
	}
}

func (b *bench) lines(t testing.TB) (all []audit.Line) {
	t.Helper()
	ctx := context.Background()
	head, err := b.log.Head(ctx, space)
	if err == nil {
		err = b.log.Lines(ctx, space, 0, head.Size, func(l audit.Line) error {
			all = append(all, l)
			return nil
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func flip(b []byte, i int, mask byte) []byte {
	b = bytes.Clone(b)
	b[i] ^= mask
	return b
}
