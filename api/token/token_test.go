package token_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"aval/api/token"
)

// testdata holds a document made by the register (consent) and the register.pub
// that goes with it; TestDocumentIsOfToday in package api makes sure that new
// documents verify as well.
func example(tb testing.TB) (doc, pub []byte) {
	tb.Helper()
	doc, err := os.ReadFile("testdata/mandate.json")
	if err != nil {
		tb.Fatal(err)
	}
	pub, err = os.ReadFile("testdata/register.pub")
	if err != nil {
		tb.Fatal(err)
	}
	return doc, pub
}

func TestVerify(t *testing.T) {
	doc, pub := example(t)
	v, err := token.Verify(doc, pub)
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, s := range v.Signers {
		roles = append(roles, s.Role)
	}
	if !slices.Equal(roles, []string{"helper", "structure"}) {
		t.Errorf("signers %v", roles)
	}
	var payload struct{ V int }
	if err := json.Unmarshal(v.Payload, &payload); err != nil || payload.V != 1 {
		t.Errorf("payload: %v %v", payload, err)
	}
}

// No byte of a document can be changed.
func TestEveryByteCounts(t *testing.T) {
	doc, pub := example(t)
	for i := range doc {
		broken := slices.Clone(doc)
		broken[i] ^= 1
		if v, err := token.Verify(broken, pub); err == nil {
			t.Errorf("byte %d of %d flipped, and it verifies: %v", i, len(doc), v.Signers)
		}
	}
}

func TestRefused(t *testing.T) {
	doc, pub := example(t)
	var d struct {
		Payload    string            `json:"payload"`
		Signatures []json.RawMessage `json:"signatures"`
		Statements []string          `json:"statements"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	with := func(change func()) []byte {
		before := d
		defer func() { d = before }()
		change()
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	other := bytes.ReplaceAll(pub, []byte("registre.test"), []byte("autre.test"))
	for name, c := range map[string]struct{ doc, pub []byte }{
		"no signature":        {with(func() { d.Signatures = nil }), pub},
		"no statement":        {with(func() { d.Statements = nil }), pub},
		"helper not stated":   {with(func() { d.Statements = d.Statements[:1] }), pub},
		"space not stated":    {with(func() { d.Statements = d.Statements[1:] }), pub},
		"another payload":     {with(func() { d.Payload = "e30" }), pub},
		"a member more":       {bytes.Replace(doc, []byte(`{"payload"`), []byte(`{"signature":"","payload"`), 1), pub},
		"another case":        {bytes.Replace(doc, []byte(`"payload"`), []byte(`"Payload"`), 1), pub},
		"something after":     {append(slices.Clone(doc), "{}"...), pub},
		"padding":             {with(func() { d.Payload += "=" }), pub},
		"too many signatures": {with(func() { d.Signatures = slices.Repeat(d.Signatures, 5) }), pub},
		"too large":           {bytes.Repeat([]byte(" "), 300<<10), pub},
		"empty":               {nil, pub},
		"another register":    {doc, other},
		"keys of nobody":      {doc, []byte(`{"origin":"registre.test","notes":[],"jwks":{"keys":[]}}`)},
		"no keys":             {doc, nil},
		"an algorithm of none": {with(func() {
			d.Signatures = []json.RawMessage{[]byte(`{"protected":"eyJhbGciOiJub25lIiwidHlwIjoibWFuZGF0ZStqd3MiLCJraWQiOiJ4In0","signature":""}`)}
		}), pub},
		"the register's secret": {doc, []byte(strings.Replace(string(pub), `"use":"sig"`, `"use":"sig","d":"AAAA"`, 1))},
	} {
		if v, err := token.Verify(c.doc, c.pub); err == nil {
			t.Errorf("%s: verifies as %v", name, v.Signers)
		}
	}
}

func TestKeySet(t *testing.T) {
	_, pub := example(t)
	raw, err := token.KeySet(pub)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", raw, err)
	}
	k := set.Keys[0]
	if k["kty"] != "EC" || k["alg"] != "ES256" || k["use"] != "sig" || k["d"] != "" || len(k["kid"]) != 43 {
		t.Errorf("key %v", k)
	}
	if _, err := token.KeySet([]byte("{}")); err == nil {
		t.Error("a key set of nothing")
	}
}

func FuzzVerify(f *testing.F) {
	doc, pub := example(f)
	f.Add(doc, pub)
	f.Add([]byte(`{"payload":"","signatures":[],"statements":[]}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, fuzzed, keys []byte) {
		if v, err := token.Verify(fuzzed, keys); (v == nil) == (err == nil) {
			t.Error("neither an answer nor an error, or both")
		}
		v, err := token.Verify(fuzzed, pub)
		if err == nil && !bytes.Equal(bytes.TrimSuffix(fuzzed, []byte("\n")), doc) {
			t.Fatalf("other bytes than the register made, and they verify: %v", v.Signers)
		}
	})
}
