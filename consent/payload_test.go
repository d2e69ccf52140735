package consent_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aval/consent"
)

// A payload is written in one way only: what ParsePayload reads is what Bytes
// writes, member by member in the order that interface.md gives.
func TestPayloadHasOneSpelling(t *testing.T) {
	raw := kept(t, filepath.Join("testdata", "payload.json"))
	p, err := consent.ParsePayload(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Bytes()
	if err != nil || !bytes.Equal(again, raw) {
		t.Fatalf("written again it is\n%s", again)
	}
	var order []string
	d := json.NewDecoder(bytes.NewReader(raw))
	depth := 0
	for name := true; ; {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
			}
			name = true
		case string:
			if depth == 1 && name {
				order = append(order, token)
				name = false
				continue
			}
			name = true
		default:
			name = true
		}
	}
	want := strings.Fields("v id ref origin space charter template person mandatary helpers powers iat from until tz capacity free explained required min_level")
	if !slices.Equal(order, want) {
		t.Errorf("its members are %v, want %v", order, want)
	}
}

func TestParsePayloadRefuses(t *testing.T) {
	raw := string(kept(t, filepath.Join("testdata", "payload.json")))
	p, err := consent.ParsePayload([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	member := string(p.Explained.By)
	edits := []struct{ name, old, new, want string }{
		{"another version", `"v":1`, `"v":2`, "/v payload_member"},
		{"no version", `"v":1,`, ``, " payload_form"},
		{"an unknown member", `"v":1,`, `"v":1,"name":"x",`, " payload_form"},
		{"a member twice", `"v":1,`, `"v":1,"v":1,`, " payload_form"},
		{"a member in capitals", `"v":1,`, `"V":1,`, " payload_form"},
		{"another order", `"v":1,"id":"` + string(p.ID) + `"`, `"id":"` + string(p.ID) + `","v":1`, " payload_form"},
		{"a space", `"v":1,`, `"v":1, `, " payload_form"},
		{"a number spelt otherwise", `"v":1,`, `"v":1.0,`, " payload_form"},
		{"an escaped letter", `"Europe/Paris"`, `"\u0045urope/Paris"`, " payload_form"},
		{"another kind of id", `"id":"m_`, `"id":"p_`, "/id payload_member"},
		{"an id in another spelling", string(p.ID), string(p.ID)[:27] + "b", "/id payload_member"},
		{"a name for an id", `"id":"` + string(p.Person.ID) + `"`, `"id":"Jeanne Morel"`, "/person payload_member"},
		{"a short reference", `"ref":"` + p.Ref, `"ref":"` + p.Ref[1:], "/ref payload_member"},
		{"letters in the reference", `"ref":"` + p.Ref, `"ref":"x` + p.Ref[1:], "/ref payload_member"},
		{"an origin with a path", `"register.test"`, `"register.test/x"`, "/origin payload_member"},
		{"a space with capitals", `"ccas"`, `"CCAS"`, "/space payload_member"},
		{"a digest cut short", p.Charter.Digest, p.Charter.Digest[1:], "/charter payload_member"},
		{"a digest with a line break", p.Charter.Digest, p.Charter.Digest + `\n`, "/charter payload_member"},
		{"a free version", `"version":"1.0.0"`, `"version":"the one of May"`, "/charter payload_member"},
		{"a template in no language", `"lang":"fr"}`, `"lang":"French"}`, "/template payload_member"},
		{"no commitment", `"c":"` + p.Person.C, `"c":"`, "/person payload_member"},
		{"a mandatary of no kind", `"kind":"structure"`, `"kind":"friend"`, "/mandatary payload_member"},
		{"a natural mandatary with a structure's id", `"kind":"structure"`, `"kind":"natural"`, "/mandatary payload_member"},
		{"nobody may act", `"helpers":"team"`, `"helpers":[]`, " payload_form"},
		{"another word for the team", `"helpers":"team"`, `"helpers":"all"`, " payload_form"},
		{"a helper who is none", `"helpers":"team"`, `"helpers":["fatou"]`, "/helpers payload_member"},
		{"51 helpers", `"helpers":"team"`, `"helpers":["` + strings.Repeat(member+`","`, 50) + member + `"]`, "/helpers payload_member"},
		{"no powers", powersOf(raw), `[]`, "/powers payload_member"},
		{"null powers", powersOf(raw), `null`, "/powers payload_member"},
		{"16 powers", powersOf(raw), `[` + strings.Repeat(powerOf(raw)+",", 15) + powerOf(raw) + `]`, "/powers payload_member"},
		{"text for a power", `"mode":"do_for_present"`, `"mode":"whatever Jeanne needs"`, "/powers payload_member"},
		{"fractions of a second", `"iat":"2027-01-11T09:01:00Z"`, `"iat":"2027-01-11T09:01:00.5Z"`, "/iat payload_member"},
		{"an instant with an offset", `"from":"2027-01-11T09:01:00Z"`, `"from":"2027-01-11T10:01:00+01:00"`, "/from payload_member"},
		{"no end", `"until":"2027-02-10T23:00:00Z"`, `"until":"0001-01-01T00:00:00Z"`, "/until payload_member"},
		{"the end before the start", `"until":"2027-02-10T23:00:00Z"`, `"until":"2027-01-11T09:01:00Z"`, "/until payload_member"},
		{"a time zone with a way out", `"tz":"Europe/Paris"`, `"tz":"../../etc/passwd"`, "/tz payload_member"},
		{"no time zone", `"tz":"Europe/Paris"`, `"tz":""`, "/tz payload_member"},
		{"text for the capacity", `"capacity":"no"`, `"capacity":"she is ill"`, "/capacity payload_member"},
		{"for money", `"free":true`, `"free":false`, "/free payload_member"},
		{"explained by nobody", `"by":"` + member, `"by":"`, "/explained payload_member"},
		{"explained with a text", `"aid":"read_aloud"`, `"aid":"her son read it"`, "/explained payload_member"},
		{"required by nobody", `["person","helper","structure"]`, `[]`, "/required payload_member"},
		{"without the person", `["person","helper","structure"]`, `["helper","structure"]`, "/required payload_member"},
		{"without the helper", `["person","helper","structure"]`, `["person","structure"]`, "/required payload_member"},
		{"without the structure", `["person","helper","structure"]`, `["person","helper"]`, "/required payload_member"},
		{"a role there is not", `["person","helper","structure"]`, `["person","helper","structure","friend"]`, "/required payload_member"},
		{"the helper's word", `"min_level":"E2"`, `"min_level":"E0"`, "/min_level payload_member"},
		{"a level there is not", `"min_level":"E2"`, `"min_level":"E5"`, " payload_form"},
		{"replaces what is no mandate", `"min_level":"E2"`, `"min_level":"E2","supersedes":["old"]`, "/supersedes payload_member"},
		{"replaces nothing, said", `"min_level":"E2"`, `"min_level":"E2","supersedes":[]`, " payload_form"},
		{"a status of null", `"min_level":"E2"`, `"min_level":"E2","status":null`, " payload_form"},
		{"too large", `"min_level":"E2"`, `"min_level":"E2","status":"` + strings.Repeat("x", 16<<10) + `"`, " payload_size"},
		{"a second value", `"min_level":"E2"}`, `"min_level":"E2"}{}`, " payload_form"},
		{"a line break at the end", `"min_level":"E2"}`, `"min_level":"E2"}` + "\n", " payload_form"},
		{"no UTF-8", `"tz":"Europe/Paris"`, "\"tz\":\"\xff\"", " payload_form"},
	}
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			if !strings.Contains(raw, e.old) {
				t.Fatalf("the kept payload has no %s", e.old)
			}
			_, err := consent.ParsePayload([]byte(strings.Replace(raw, e.old, e.new, 1)))
			if err == nil || invalid(err) != e.want {
				t.Errorf("refused as %q (%v), want %q", invalid(err), err, e.want)
			}
			if err != nil && len(e.new) > 6 && strings.Contains(err.Error(), e.new) {
				t.Error("the error repeats what was sent")
			}
		})
	}
	// What a later version adds is read already.
	withStatus := strings.Replace(raw, `"min_level":"E2"}`, `"min_level":"E2","status":{"status_list":{"idx":3,"uri":"https://register.test/status/1"}}}`, 1)
	if _, err := consent.ParsePayload([]byte(withStatus)); err != nil {
		t.Errorf("a payload with a status: %v", err)
	}
}

func powersOf(raw string) string {
	from := strings.Index(raw, `"powers":`) + len(`"powers":`)
	return raw[from : from+strings.Index(raw[from:], "]")+1]
}

func powerOf(raw string) string {
	p := powersOf(raw)
	return p[1 : strings.Index(p, "}")+1]
}

// Whatever is read is written back the same, so that its digest is one.
func FuzzParsePayload(f *testing.F) {
	raw := kept(f, filepath.Join("testdata", "payload.json"))
	f.Add(raw)
	f.Add([]byte(`{"v":1}`))
	f.Add(bytes.Replace(raw, []byte(`"team"`), []byte(`["h_aaaaaaaaaaaaaaaaaaaaaaaaaa"]`), 1))
	f.Add(bytes.Replace(raw, []byte(`"E2"}`), []byte(`"E2","status":{"a":[1,2]}}`), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := consent.ParsePayload(raw)
		if err != nil {
			if invalid(err) == "" {
				t.Errorf("refused by %T", err)
			}
			return
		}
		again, err := p.Bytes()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("read %q and written %q", raw, again)
		}
	})
}
