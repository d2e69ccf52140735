package audit

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Each parser takes one spelling of each value, so what parses encodes to the
// same bytes.

func FuzzParseLeaf(f *testing.F) {
	l := Leaf{N: 123, Time: time.Date(2026, 11, 21, 21, 20, 33, 123456000, time.UTC), Class: ClassRead, Commitment: sha256.Sum256(nil)}
	line := string(l.append(nil))
	f.Add([]byte(line))
	for _, r := range [][2]string{{"123", "0123"}, {"123", "-1"}, {"123", "1e2"}, {"Z", "+"}, {".123456", ".1234560"}, {".123456Z", "Z"},
		{`"r"`, `"q"`}, {`:"47D`, `: "47D`}, {"FU", "FV"}, {`"}`, `"} `}, {"2026-11", "2026-13"}, {"T21", "t21"}, {`,"t"`, `,"n":1,"t"`}} {
		bad := []byte(strings.Replace(line, r[0], r[1], 1))
		if _, err := ParseLeaf(bad); err == nil {
			f.Errorf("a leaf with %q for %q was read", r[1], r[0])
		}
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseLeaf(b)
		if err != nil {
			return
		}
		if again := l.append(nil); !bytes.Equal(again, b) {
			t.Errorf("%s was read as %s", b, again)
		}
		if leafHash(b) != tlog.RecordHash(b) {
			t.Error("the hash is not RFC 6962's")
		}
	})
}

func FuzzParseDetail(f *testing.F) {
	e := goldenEntry()
	line := string(appendDetail(nil, &e, "ccas-exemple"))
	f.Add([]byte(line))
	for _, r := range [][2]string{{`"id":"`, `"ID":"`}, {`"identity"`, `"identity" `}, {`"identity"`, `"contact"`}, {`"identity"`, `""`},
		{`,"role":"helper"`, `,"role":""`}, {`"by"`, `"x":1,"by"`}, {`"a":-12,"z":0`, `"z":0,"a":-12`}, {"-12", "-012"}, {"-12", "1.5"},
		{"-12", "9223372036854775808"}, {`"ok"`, `"maybe"`}, {`,"out":"ok"`, ""}, {"}", "}}"}, {"helper", `hel\u0070er`}, {"helper", "hélper"},
		{`["C07","C12"]`, `[]`}, {`{"a":-12,"z":0}`, `{}`}, {`"a":-12`, `"a":-12,"a":-12`}, {"C07", strings.Repeat("C", 97)}} {
		bad := []byte(strings.Replace(line, r[0], r[1], 1))
		if _, err := ParseDetail(bad); err == nil {
			f.Errorf("a detail with %q for %q was read", r[1], r[0])
		}
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDetail(b)
		if err != nil {
			return
		}
		if again := appendDetail(nil, &d.Entry, d.Space); !bytes.Equal(again, b) {
			t.Errorf("%s was read as %s", b, again)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	root := tlog.Hash{1}.String()
	f.Add("register.example/ccas\n5\n" + root + "\n")
	for _, bad := range []string{"", "\n", "o\n5\n" + root, "o\n05\n" + root + "\n", "o\n-1\n" + root + "\n", "o\n5\n" + root + "\nmore\n",
		"\n5\n" + root + "\n", "o\n5\n" + root[:42] + "B=\n", "o\n+5\n" + root + "\n"} {
		if _, err := ParseCheckpoint(bad); err == nil {
			f.Errorf("%q was read", bad)
		}
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCheckpoint(s); err == nil && c.text() != s {
			t.Errorf("%q was read as %q", s, c.text())
		}
	})
}

func FuzzParsePage(f *testing.F) {
	f.Add((&block{names: []keyName{{1}}, rows: make([]uint64, 3)}).encode(), []byte("abcdef"))
	f.Fuzz(func(t *testing.T, b, token []byte) {
		if parsed, err := parsePage(b); err == nil && len(token) == tokenSize {
			parsed.find(nil, token)
		}
	})
}
