package extract

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"aval/audit"
)

// goldenDetail is the largest of the log's golden details.
func goldenDetail(t testing.TB) []byte {
	t.Helper()
	lines, err := os.ReadFile("../testdata/detail-v1.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	detail, _, _ := bytes.Cut(lines, []byte("\n"))
	return detail
}

// Extracts that were handed out have these bytes: a change would make them
// unreadable. New forms get a new version and a new file; this one stays.
func TestGoldenExtractLines(t *testing.T) {
	want, err := os.ReadFile("testdata/extract-v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	line := encodeOpening(123, bytes.Repeat([]byte{8}, saltSize), goldenDetail(t))
	p := rangeProof{from: 3, to: 5, size: 9, before: []tlog.Hash{{1}, {2}}, after: tlog.TreeProof{{3}}}
	a := About{V: 1, Origin: "register.example/ccas-exemple", Space: "ccas-exemple", From: "2026-11-01T00:00:00.000000Z",
		To: "2026-12-01T00:00:00.000000Z", Made: "2026-12-02T10:00:00.000000Z", Profile: "dpo", Program: "aval-1.0.0", First: 4, End: 4, Size: 9}
	if got := slices.Concat(line, []byte("\n"), p.encode(), a.encode()); !bytes.Equal(got, want) {
		t.Errorf("the form has changed:\n%s\nwant\n%s", got, want)
	}
}

// The tree that verifies is tlog's.
func TestTree(t *testing.T) {
	var stored []tlog.Hash
	r := tlog.HashReaderFunc(func(x []int64) (some []tlog.Hash, err error) {
		for _, x := range x {
			some = append(some, stored[x])
		}
		return some, nil
	})
	var tr tree
	for n := range int64(600) {
		want, err := tlog.TreeHash(n, r)
		if err != nil || tr.root() != want || tr.size != n {
			t.Fatalf("root of %d leaves: %v, tlog says %v (%v)", n, tr.root(), want, err)
		}
		leaf := tlog.Hash{byte(n), byte(n >> 8)}
		more, err := tlog.StoredHashesForRecordHash(n, leaf, r)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		tr.add(leaf)
	}
}

func FuzzParseRangeProof(f *testing.F) {
	p := rangeProof{from: 3, to: 5, size: 9, before: []tlog.Hash{{1}, {2}}, after: tlog.TreeProof{{3}}}
	f.Add(p.encode())
	f.Add([]byte("before 0\nafter 0 0\n"))
	f.Add([]byte("before 1\nafter 0 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseRangeProof(b)
		if err != nil {
			return
		}
		if again := p.encode(); !bytes.Equal(again, b) {
			t.Errorf("%q was read as %q", b, again)
		}
		if p.to == 0 {
			return
		}
		var made tree
		for range p.to % 1000 {
			made.add(tlog.Hash{1})
		}
		if err := p.check(&made, audit.Checkpoint{Size: p.size}); err == nil {
			t.Error("a made-up proof verifies")
		}
	})
}

func FuzzParseOpening(f *testing.F) {
	f.Add(encodeOpening(5, make([]byte, saltSize), goldenDetail(f)))
	f.Add([]byte(`{"n":5,"salt":"` + strings.Repeat("A", 43) + `","detail":"\\"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, salt, detail, err := parseOpening(b)
		if err == nil && !bytes.Equal(encodeOpening(n, salt, detail), b) {
			t.Errorf("%q was read otherwise", b)
		}
	})
}

// Each spelling but one of an opening is refused.
func TestOpeningSpellings(t *testing.T) {
	line := string(encodeOpening(5, make([]byte, saltSize), goldenDetail(t)))
	for _, r := range [][2]string{{`"n":5`, `"n":05`}, {`"n":5`, `"n":-5`}, {`"n":5`, `"n":5e0`}, {`"n":5`, `"N":5`}, {`"n":5`, `"n":5,"n":5`},
		{`,"detail"`, `, "detail"`}, {`AA","d`, `AB","d`}, {`AA","d`, `A","d`}, {`AA","d`, `AAAAA","d`}, {`helper`, `hel\u0070er`}, {`"}`, `"} `}, {`"}`, `","x":1}`}} {
		at := strings.LastIndex(line, r[0])
		bad := line[:at] + r[1] + line[at+len(r[0]):]
		if _, _, _, err := parseOpening([]byte(bad)); err == nil {
			t.Errorf("an opening with %q for %q was read", r[1], r[0])
		}
	}
	if _, _, _, err := parseOpening([]byte(line)); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "register.example/x")
	if err != nil {
		f.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		f.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		f.Fatal(err)
	}
	good := emptyExtract(f, signer)
	trust := func(map[string][]byte) (note.Verifier, error) { return v, nil }
	if _, err := Read(bytes.NewReader(good), int64(len(good)), trust); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-22])
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := Read(bytes.NewReader(b), int64(len(b)), trust)
		if err == nil && !bytes.Equal(b, good) {
			t.Error("a changed extract verifies")
		}
	})
}

// emptyExtract is the extract of an empty log.
func emptyExtract(f *testing.F, signer note.Signer) []byte {
	f.Helper()
	text := signer.Name() + "\n0\n" + new(tree).root().String() + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		f.Fatal(err)
	}
	about := About{V: 1, Origin: signer.Name(), Space: "x", From: "2026-11-01T00:00:00.000000Z", To: "2026-12-01T00:00:00.000000Z",
		Made: "2026-12-02T00:00:00.000000Z", Profile: "dpo", Program: "test"}
	var out bytes.Buffer
	a := newArchiveWriter(&out)
	none := func(func([]byte) error) error { return nil }
	err = errors.Join(
		a.add(aboutName, about.encode()),
		a.add(checkpointName, signed),
		a.add(rangeName, (&rangeProof{}).encode()),
		a.addLines(leavesName, none),
		a.addLines(openingsName, none),
		a.close(signer))
	if err != nil {
		f.Fatal(err)
	}
	return out.Bytes()
}
