package extract_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/audit/extract"

	"golang.org/x/mod/sumdb/note"
)

func request(from, to time.Duration) extract.Request {
	return extract.Request{
		From: epoch.Add(from).Truncate(time.Second), To: epoch.Add(to).Truncate(time.Second),
		Profile: "dpo", Program: "aval-test", Open: func(audit.Line) bool { return true },
		Files: []extract.File{{Name: "statements/space.json", Data: []byte(`{"example":true}`)}},
	}
}

func write(t testing.TB, b *bench, x extract.Request) ([]byte, extract.Report) {
	t.Helper()
	var out bytes.Buffer
	report, err := b.write(&out, x)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), report
}

func (b *bench) write(w io.Writer, x extract.Request) (extract.Report, error) {
	return extract.Write(context.Background(), w, b.log, b, space, x)
}

func (b *bench) read(data []byte) (*extract.Extract, error) {
	return extract.Read(bytes.NewReader(data), int64(len(data)), func(map[string][]byte) (note.Verifier, error) {
		return b.LogVerifier(space)
	})
}

func TestExtract(t *testing.T) {
	b := newBench()
	b.fill(t, 600) // some 300 minutes
	all := b.lines(t)
	inside := func(x extract.Request) (ns []int64) {
		for _, l := range all {
			if !l.Time.Before(x.From) && l.Time.Before(x.To) {
				ns = append(ns, l.N)
			}
		}
		return ns
	}
	var chain audit.Head
	for _, c := range []struct {
		name     string
		from, to time.Duration
		fenced   bool
	}{
		{"before all", -48 * time.Hour, -24 * time.Hour, true},
		{"first hour", -time.Hour, time.Hour, true},
		{"second hour", time.Hour, 2 * time.Hour, true},
		{"nothing between two", time.Hour + time.Second, time.Hour + 2*time.Second, true},
		{"to the end", 2 * time.Hour, 48 * time.Hour, false},
		{"all", -time.Hour, 48 * time.Hour, false},
		{"after all", 48 * time.Hour, 72 * time.Hour, false},
	} {
		x := request(c.from, c.to)
		x.Open = func(l audit.Line) bool { return l.N%2 == 0 }
		data, report := write(t, b, x)
		e, err := b.read(data)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		want := inside(x)
		var got []int64
		opened := 0
		err = e.Lines(func(l audit.Line) error {
			got = append(got, l.N)
			if (l.Detail != nil) != (l.N%2 == 0) || !bytes.Equal(l.Leaf, all[l.N].Leaf) {
				t.Errorf("%s: entry %d", c.name, l.N)
			}
			if l.Detail != nil {
				opened++
				if l.Detail.ID != all[l.N].Detail.ID {
					t.Errorf("%s: detail of entry %d", c.name, l.N)
				}
			}
			return nil
		})
		if err != nil || !slices.Equal(got, want) || e.Entries != int64(len(want)) || e.Fenced != c.fenced ||
			e.Opened != int64(opened) || report.Opened != e.Opened || report.End-report.First != e.Entries ||
			report.Size != 600 || e.Checkpoint.Size != 600 {
			t.Errorf("%s: %d entries, want %d; %+v, %+v (%v)", c.name, len(got), len(want), e, report, err)
		}
		if string(e.Files["statements/space.json"]) != `{"example":true}` || len(e.Files) != 1 {
			t.Errorf("%s: files %v", c.name, e.Files)
		}
		if c.name == "second hour" && (e.Before.Size != chain.Size-2 || chain.Size == 0) {
			t.Errorf("extracts do not chain: %+v after %+v", e.Before, chain)
		}
		chain = e.After
	}
}

func TestOfAnEmptyLog(t *testing.T) {
	b := newBench()
	data, report := write(t, b, request(0, time.Hour))
	e, err := b.read(data)
	if err != nil || e.Entries != 0 || e.Fenced || report.Size != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestRequestRefused(t *testing.T) {
	b := newBench()
	for name, spoil := range map[string]func(*extract.Request){
		"backwards":   func(x *extract.Request) { x.From, x.To = x.To, x.From },
		"empty":       func(x *extract.Request) { x.To = x.From },
		"nanoseconds": func(x *extract.Request) { x.To = x.To.Add(1) },
		"year":        func(x *extract.Request) { x.To = x.To.AddDate(9000, 0, 0) },
		"profile":     func(x *extract.Request) { x.Profile = "" },
		"program":     func(x *extract.Request) { x.Program = "a b" },
		"own name":    func(x *extract.Request) { x.Files = []extract.File{{Name: "manifest"}} },
		"twice":       func(x *extract.Request) { x.Files = []extract.File{{Name: "a"}, {Name: "a"}} },
		"up":          func(x *extract.Request) { x.Files = []extract.File{{Name: "a/../b"}} },
		"root":        func(x *extract.Request) { x.Files = []extract.File{{Name: "/a"}} },
		"capital":     func(x *extract.Request) { x.Files = []extract.File{{Name: "A"}} },
		"too large":   func(x *extract.Request) { x.Files = []extract.File{{Name: "a", Data: make([]byte, 17<<20)}} },
		"too many": func(x *extract.Request) {
			for i := range 70 {
				x.Files = append(x.Files, extract.File{Name: fmt.Sprint("f", i)})
			}
		},
	} {
		x := request(0, time.Hour)
		spoil(&x)
		if _, err := b.write(io.Discard, x); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

// Whatever byte is changed, dropped or put in, the answer is no.
func TestEveryByteCounts(t *testing.T) {
	b := newBench()
	b.fill(t, 12)
	data, _ := write(t, b, request(2*time.Minute, 5*time.Minute))
	if _, err := b.read(data); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, i int, changed []byte) {
		if _, err := b.read(changed); err == nil {
			t.Errorf("byte %d %s: verifies", i, what)
		}
	}
	for i := range data {
		refused("flipped", i, flip(data, i, 1<<(i%8)))
		refused("inverted", i, flip(data, i, 0xff))
	}
	for i := 0; i <= len(data); i += 7 {
		refused("inserted", i, slices.Concat(data[:i], []byte{0}, data[i:]))
		if i < len(data) {
			refused("dropped", i, slices.Concat(data[:i], data[i+1:]))
			refused("cut", i, data[:i])
		}
	}
	refused("appended", len(data), append(slices.Clone(data), 'x'))
}

// part is a file of an extract, unpacked.
type part struct {
	name string
	data []byte
}

func unpack(t testing.TB, data []byte) (parts []part) {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, all})
	}
	return parts
}

// pack makes an extract of parts with a manifest that is truly signed: what a
// register could do that wants to hide something.
func pack(t testing.TB, b *bench, parts []part) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	text := "aval extract v1\nregister.example/ccas-exemple\n"
	add := func(p part) {
		w, err := zw.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Store})
		if err == nil {
			_, err = w.Write(p.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parts {
		if p.name != "manifest" {
			add(p)
			text += fmt.Sprintf("%s %d %s\n", p.name, len(p.data), digest(p.data))
		}
	}
	signer, err := b.LogSigner(space)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		t.Fatal(err)
	}
	add(part{"manifest", signed})
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func gunzip(t testing.TB, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func zipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func TestCannotHide(t *testing.T) {
	b := newBench()
	b.fill(t, 300)
	data, _ := write(t, b, request(10*time.Minute, 60*time.Minute))
	all, _ := write(t, b, request(-10*time.Minute, 600*time.Minute))
	if _, err := b.read(pack(t, b, unpack(t, data))); err != nil {
		t.Fatalf("an extract packed again: %v", err)
	}
	cutLines := func(from, to int) func([]byte) []byte {
		return func(data []byte) []byte {
			lines := bytes.SplitAfter(gunzip(t, data), []byte("\n"))
			return zipped(bytes.Join(slices.Delete(lines, from, to), nil))
		}
	}
	replace := func(old, new string) func([]byte) []byte {
		return func(data []byte) []byte {
			if !bytes.Contains(data, []byte(old)) {
				t.Fatalf("%q is not there", old)
			}
			return bytes.Replace(data, []byte(old), []byte(new), 1)
		}
	}
	inside := func(fn func([]byte) []byte) func([]byte) []byte {
		return func(data []byte) []byte { return zipped(fn(gunzip(t, data))) }
	}
	swap := func(data []byte) []byte {
		lines := bytes.SplitAfter(gunzip(t, data), []byte("\n"))
		lines[3], lines[4] = lines[4], lines[3]
		return zipped(bytes.Join(lines, nil))
	}
	from := func(name string) func([]byte) []byte { // the file of the other extract
		for _, p := range unpack(t, all) {
			if p.name == name {
				return func([]byte) []byte { return p.data }
			}
		}
		t.Fatal(name)
		return nil
	}
	for name, c := range map[string]struct {
		file  string
		spoil func([]byte) []byte
	}{
		"a leaf left out":           {"leaves.ndjson.gz", cutLines(4, 5)},
		"the first fence left out":  {"leaves.ndjson.gz", cutLines(0, 1)},
		"another time":              {"leaves.ndjson.gz", inside(replace("T21:4", "T21:3"))},
		"another class":             {"leaves.ndjson.gz", inside(replace(`"k":"a"`, `"k":"r"`))},
		"leaves exchanged":          {"leaves.ndjson.gz", swap},
		"more leaves":               {"leaves.ndjson.gz", from("leaves.ndjson.gz")},
		"line without an end":       {"leaves.ndjson.gz", inside(func(d []byte) []byte { return d[:len(d)-1] })},
		"something after the lines": {"leaves.ndjson.gz", inside(func(d []byte) []byte { return append(d, '\n') })},
		"two gzip streams":          {"leaves.ndjson.gz", func(d []byte) []byte { return append(slices.Clone(d), zipped(nil)...) }},
		"bytes after gzip":          {"leaves.ndjson.gz", func(d []byte) []byte { return append(slices.Clone(d), 0) }},
		"not gzip":                  {"leaves.ndjson.gz", func(d []byte) []byte { return gunzip(t, d) }},
		"bomb":                      {"leaves.ndjson.gz", func([]byte) []byte { return zipped(make([]byte, 4<<20)) }},
		"bomb of openings":          {"openings.ndjson.gz", func([]byte) []byte { return zipped(make([]byte, 4<<20)) }},
		"another detail":            {"openings.ndjson.gz", inside(replace(`follow_up`, `dpo_audit`))},
		"openings exchanged":        {"openings.ndjson.gz", swap},
		"opening twice":             {"openings.ndjson.gz", inside(func(d []byte) []byte { return append(d, d[bytes.LastIndexByte(d[:len(d)-1], '\n')+1:]...) })},
		"openings of other entries": {"openings.ndjson.gz", from("openings.ndjson.gz")},
		"period longer":             {"about.json", replace("T21:30:", "T21:20:")},
		"period shorter":            {"about.json", replace("T22:20:", "T22:10:")},
		"about spelt otherwise":     {"about.json", replace(`"v":1`, `"v": 1`)},
		"about of another version":  {"about.json", replace(`"v":1`, `"v":2`)},
		"about with more":           {"about.json", replace(`"v":1`, `"v":1,"w":1`)},
		"another space":             {"about.json", replace(`"space":"ccas-exemple"`, `"space":"exemple"`)},
		"another origin":            {"about.json", replace(`"origin":"register`, `"origin":"Register`)},
		"about of the other":        {"about.json", from("about.json")},
		"proof of the other":        {"range-proof", from("range-proof")},
		"proof cut":                 {"range-proof", func(d []byte) []byte { return d[:len(d)-45] }},
		"proof with more":           {"range-proof", func(d []byte) []byte { return append(slices.Clone(d), d[len(d)-45:]...) }},
		"proof without":             {"range-proof", func([]byte) []byte { return nil }},
		"a note that is none":       {"checkpoint", replace("300", "299")},
	} {
		parts := unpack(t, data)
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == c.file })
		parts[i].data = c.spoil(parts[i].data)
		if _, err := b.read(pack(t, b, parts)); !errors.Is(err, extract.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := b.read(pack(t, b, slices.Delete(parts, i, i+1))); !errors.Is(err, extract.ErrInvalid) {
			t.Errorf("without %s: %v", c.file, err)
		}
	}
	parts := unpack(t, data)
	if _, err := b.read(pack(t, b, append(parts, part{"statements/space.json", nil}))); err == nil {
		t.Error("a file twice")
	}
	if _, err := b.read(pack(t, b, append(parts, part{"Other", nil}))); err == nil {
		t.Error("a name that is not allowed")
	}
	if _, err := b.read(pack(t, b, append(slices.Clone(parts[:1]), append([]part{{"more", []byte("x")}}, parts[1:]...)...))); err != nil {
		t.Errorf("one more file: %v", err)
	}
}

// A checkpoint's signature is no manifest's, and another log's key is no key.
func TestOfAnother(t *testing.T) {
	b := newBench()
	b.fill(t, 10)
	data, _ := write(t, b, request(0, time.Minute))
	other := newBench()
	if _, err := other.read(data); !errors.Is(err, extract.ErrInvalid) {
		t.Errorf("read with another key: %v", err)
	}
	parts := unpack(t, data)
	last := len(parts) - 1
	if parts[last].name != "manifest" || !strings.HasPrefix(string(parts[last].data), "aval extract v1\n") {
		t.Fatal(parts[last].name)
	}
	v, err := b.LogVerifier(space)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenCheckpoint(parts[last].data, v); !errors.Is(err, audit.ErrNote) {
		t.Errorf("a manifest was taken for a checkpoint: %v", err)
	}
	boom := errors.New("boom")
	_, err = extract.Read(bytes.NewReader(data), int64(len(data)), func(map[string][]byte) (note.Verifier, error) { return nil, boom })
	if !errors.Is(err, boom) {
		t.Errorf("the reader's own error is lost: %v", err)
	}
}

// The log may grow, be pruned and be merged while an extract is written.
func TestOfALogInUse(t *testing.T) {
	b := newBench()
	b.fill(t, 2000)
	grown := 0
	x := request(-time.Hour, 48*time.Hour)
	x.Open = func(l audit.Line) bool {
		if l.N%500 == 0 {
			grown++
			b.record(t, entry(int(l.N)))
		}
		return true
	}
	data, report := write(t, b, x)
	e, err := b.read(data)
	if err != nil || e.Entries != 2000 || grown != 4 || report.Size != 2000 {
		t.Errorf("%d entries, grown %d, %+v: %v", e.Entries, grown, report, err)
	}
}
