package audit_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/audit"
	"aval/store/kv"
	"aval/store/mem"

	"golang.org/x/mod/sumdb/note"
)

// epoch is the time at which tests start.
var epoch = time.Date(2026, 11, 21, 21, 20, 33, 123456000, time.UTC)

// A watch is a clock that tests move.
type watch struct {
	mu sync.Mutex
	t  time.Time
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.t
}

func (w *watch) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = w.t.Add(d)
}

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

// signers gives each space an Ed25519 key named register.example/SLUG.
type signers struct {
	mu   sync.Mutex
	keys map[string][2]string
}

func (k *signers) key(s audit.Space) [2]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = make(map[string][2]string)
	}
	if _, ok := k.keys[s.Slug()]; !ok {
		skey, vkey, err := note.GenerateKey(rand.Reader, "register.example/"+s.Slug())
		if err != nil {
			panic(err)
		}
		k.keys[s.Slug()] = [2]string{skey, vkey}
	}
	return k.keys[s.Slug()]
}

func (k *signers) LogSigner(s audit.Space) (note.Signer, error) { return note.NewSigner(k.key(s)[0]) }
func (k *signers) LogVerifier(s audit.Space) (note.Verifier, error) {
	return note.NewVerifier(k.key(s)[1])
}

// A bench is a log with all it stands on.
type bench struct {
	db      kv.DB
	watch   *watch
	signers *signers
	log     *audit.Log
	rec     *audit.Recorder[kv.Tx]
}

var (
	bucketNotes    = kv.Bucket{Name: "notes"}
	bucketSessions = kv.Bucket{Name: "sessions"}
	space          = audit.NewSpace(kv.Space(7), "ccas-exemple")
)

func newBench(db kv.DB) *bench {
	b := &bench{db: db, watch: &watch{t: epoch}, signers: &signers{}}
	b.open()
	return b
}

// open starts the program again over the same store.
func (b *bench) open() {
	b.log = audit.NewLog(b.db, newWrapper(), b.signers, audit.NewClock(b.watch.now, nil))
	b.rec = audit.NewRecorder(b.log, func(tx kv.Tx) kv.Tx { return tx }, bucketSessions)
}

func memBench(o mem.Options) *bench { return newBench(mem.Open(o)) }

func record(b *bench, entries ...audit.Entry) ([]audit.Pass, error) {
	return b.rec.Record(context.Background(), space, func(kv.Tx, time.Time) ([]audit.Entry, error) {
		return entries, nil
	})
}

func mustRecord(t testing.TB, b *bench, entries ...audit.Entry) []audit.Pass {
	t.Helper()
	passes, err := record(b, entries...)
	if err != nil {
		t.Fatal(err)
	}
	return passes
}

// entry returns a look at a person, made up from i.
func entry(i int) audit.Entry {
	return audit.Entry{
		Act: audit.PersonRead, By: id("h_", i%7), Role: "helper", Person: id("p_", i%31),
		Mandate: id("m_", i%53), Purpose: "follow_up", Fields: []string{"identity", "contact"},
		Rules: []string{"C07"}, Out: audit.OK, Request: id("r_", i),
	}
}

// other returns an entry of another class, now and then.
func other(i int) audit.Entry {
	e := entry(i)
	switch i % 5 {
	case 1:
		e.Act, e.Fields, e.Digest = audit.ActRecorded, nil, strings.Repeat("A", 43)
	case 2:
		e.Act, e.Fields, e.Mandate, e.Out = audit.AttemptRefused, nil, "", audit.Refused
	case 3:
		e.Act, e.Person, e.Mandate, e.Counts = audit.CheckpointSigned, "", "", map[string]int64{"spaces": int64(i), "a": -1}
	}
	return e
}

// fill appends n entries, a few at a time, a minute apart.
func fill(t testing.TB, b *bench, n int) {
	t.Helper()
	for i := 0; i < n; {
		var some []audit.Entry
		for k := i % 3; k >= 0 && i < n; k-- {
			some = append(some, other(i))
			i++
		}
		mustRecord(t, b, some...)
		b.watch.move(time.Minute)
	}
}

func id(prefix string, i int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	word := []byte(strings.Repeat("a", 26))
	for k := 25; i > 0; k-- {
		word[k] = letters[i%32]
		i /= 32
	}
	return prefix + string(word)
}

func head(t testing.TB, b *bench) audit.Head {
	t.Helper()
	h, err := b.log.Head(context.Background(), space)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func lines(t testing.TB, b *bench) []audit.Line {
	t.Helper()
	var all []audit.Line
	err := b.log.Lines(context.Background(), space, 0, head(t, b).Size, func(l audit.Line) error {
		all = append(all, l)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}
