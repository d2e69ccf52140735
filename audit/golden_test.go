package audit

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// golden compares got with a file of testdata. These bytes are what logs in use
// are made of: a change here would make them unreadable. New forms get a new
// version and a new file; these stay.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed:\n%s\nwant\n%s", name, got, want)
	}
}

func goldenEntry() Entry {
	return Entry{
		ID: "abcdefghijklmnopqrstuvwxyz", Act: ActRecorded, By: "h_aaaaaaaaaaaaaaaaaaaaaaaaaa", Role: "helper",
		Person: "p_bbbbbbbbbbbbbbbbbbbbbbbbbb", Mandate: "m_cccccccccccccccccccccccccc", Purpose: "act_under_mandate",
		Fields: []string{"identity", "contact"}, Rules: []string{"C07", "C12"}, On: []string{"t_dddddddddddddddddddddddddd"},
		Digest: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", Counts: map[string]int64{"z": 0, "a": -12},
		Out: OK, Request: "r_eeeeeeeeeeeeeeeeeeeeeeeeee",
	}
}

func TestGoldenDetail(t *testing.T) {
	e := goldenEntry()
	if err := e.check(); err != nil {
		t.Fatal(err)
	}
	least := Entry{ID: "abcdefghijklmnopqrstuvwxyz", Act: RetentionRun, By: "system", Out: Refused}
	full := appendDetail(nil, &e, "ccas-exemple")
	short := appendDetail(nil, &least, "ccas-exemple")
	golden(t, "detail-v1.ndjson", append(append(append(full, '\n'), short...), '\n'))
}

func TestGoldenLeaf(t *testing.T) {
	at := time.Date(2026, 11, 21, 21, 20, 33, 123456000, time.UTC)
	var lines []byte
	for _, l := range []Leaf{
		{N: 0, Time: at.Truncate(time.Second), Class: ClassRead},
		{N: 123, Time: at, Class: ClassGovernance, Commitment: [32]byte(bytes.Repeat([]byte{0xfb}, 32))},
		{N: maxN - 1, Time: time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), Class: ClassMandate},
	} {
		line := l.append(nil)
		if len(line) > maxLeaf {
			t.Errorf("a leaf of %d bytes", len(line))
		}
		lines = append(append(lines, line...), '\n')
	}
	golden(t, "leaf-v1.ndjson", lines)
}

func TestGoldenHead(t *testing.T) {
	var tr tree
	for i := range 5 {
		if err := tr.add(tlog.Hash{byte(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	tr.time = time.Date(2026, 11, 21, 21, 20, 33, 123456000, time.UTC)
	record := tr.append(nil)
	golden(t, "head-v1.hex", []byte(hex.EncodeToString(record)+"\n"))
	again, err := parseTree(record)
	if err != nil || again.root() != tr.root() || !again.time.Equal(tr.time) || again.size != 5 {
		t.Errorf("%+v, %v", again, err)
	}
	for i := range record {
		if _, err := parseTree(record[:i]); err == nil {
			t.Errorf("a head of %d bytes was read", i)
		}
	}
	if _, err := parseTree(append(record, 0)); err == nil {
		t.Error("a head with more was read")
	}
}

func TestGoldenRecord(t *testing.T) {
	key, err := newMonthKey(bytes.Repeat([]byte{7}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{9}, nonceSize)
	e := goldenEntry()
	plain := appendDetail(bytes.Repeat([]byte{8}, saltSize), &e, "ccas-exemple")
	sealed := key.seal.Seal(nil, nonce, plain, recordData(Space{3, "ccas-exemple"}, 123))
	token, err := key.appendToken(nil, kindPerson, e.Person)
	if err != nil {
		t.Fatal(err)
	}
	name := nameKey(ClassAct, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	golden(t, "sealed-v1.hex", []byte(hex.EncodeToString(sealed)+"\n"+hex.EncodeToString(token)+"\n"+name.context(Space{3, "x"})+"\n"))
}

// What the two halves of an entry can hold at most must parse again.
func TestLargestDetail(t *testing.T) {
	long := func(i int) string {
		w := bytes.Repeat([]byte{'x'}, maxWord)
		w[0], w[1] = byte('a'+i%26), byte('a'+i/26)
		return string(w)
	}
	var list []string
	counts := map[string]int64{}
	for i := range maxList {
		list = append(list, long(i))
		counts[long(i)] = -1 << 63
	}
	w := long(0)
	e := Entry{ID: w, Act: PersonPageOpened, By: w, Role: w, Person: w, Mandate: w, Purpose: w,
		Fields: list, Rules: list, On: list, Digest: w, Counts: counts, Out: Refused, Request: w}
	if err := e.check(); err != nil {
		t.Fatal(err)
	}
	b := appendDetail(nil, &e, w)
	d, err := ParseDetail(b)
	if err != nil {
		t.Fatalf("%d bytes: %v", len(b), err)
	}
	if again := appendDetail(nil, &d.Entry, d.Space); !bytes.Equal(again, b) {
		t.Error("the largest detail does not come back")
	}
}
