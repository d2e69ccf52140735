package personal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"

	"aval/consent/personal"
)

// The bytes of the commitment are a format: other programs compute it.
func TestCommitmentFormat(t *testing.T) {
	salt := bytes.Repeat([]byte{7}, 32)
	salt64 := base64.RawURLEncoding.EncodeToString(salt)
	data := `{"given_names":"Zoé & Léo","birth_name":"Le Goff","birth":"1950-03"}`
	file := `{"v":1,"salt":"` + salt64 + `","identity":` + data + `}`
	o, err := personal.ParseOpening([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(append(salt, data...))
	if got := o.Commitment(); got != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Errorf("commitment %s", got)
	}
	o.Identity = identity(t, "Zoé & Léo", "Le Goff", "", "1950-03")
	if got, err := o.Reveal(); err != nil || string(got) != file {
		t.Errorf("file %s, %v", got, err)
	}
}

func TestOpening(t *testing.T) {
	i := identity(t, "Zoé", "Le Goff", "Petit", "1950-03-02")
	a, b := personal.NewOpening(i), personal.NewOpening(i)
	if a.Commitment() == b.Commitment() || len(a.Commitment()) != 43 {
		t.Error("two openings of one identity commit alike")
	}
	file, err := a.Reveal()
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{file, append(bytes.Clone(file), '\n')} {
		got, err := personal.ParseOpening(data)
		if err != nil || !reflect.DeepEqual(got, a) || got.Commitment() != a.Commitment() {
			t.Errorf("read back: %v", err)
		}
	}
	other := a
	other.Identity = identity(t, "Zoé", "Le Goff", "Petit", "1950-03-03")
	if other.Commitment() == a.Commitment() {
		t.Error("another birth date commits alike")
	}
	bare := personal.Opening{Identity: i}
	if _, err := bare.Reveal(); !errors.Is(err, personal.ErrRecord) || bare.Commitment() != "" {
		t.Errorf("without salt: %v", err)
	}
}

func TestEvidenceCommitment(t *testing.T) {
	e := personal.NewEvidence(text(t, "armoire"), []personal.Text{text(t, "Ana")})
	c := e.Commitment()
	if len(c) != 43 || c == personal.NewEvidence(text(t, "armoire"), []personal.Text{text(t, "Ana")}).Commitment() {
		t.Error("evidence commits without its salt")
	}
	e.Witnesses = append(e.Witnesses, text(t, "Bo"))
	if e.Commitment() == c {
		t.Error("a witness more and the same commitment")
	}
	e.Salt = personal.Salt{}
	if e.Commitment() != "" {
		t.Error("evidence without salt commits")
	}
}

func TestParseOpeningRefuses(t *testing.T) {
	file, err := personal.NewOpening(identity(t, "Zoé", "", "", "1950")).Reveal()
	if err != nil {
		t.Fatal(err)
	}
	good := string(file)
	for name, bad := range map[string]string{
		"empty":          "",
		"unknown member": strings.Replace(good, `"v":1`, `"v":1,"x":2`, 1),
		"member twice":   strings.Replace(good, `"v":1`, `"v":2,"v":1`, 1),
		"other case":     strings.Replace(good, `"salt"`, `"Salt"`, 1),
		"spaces":         strings.Replace(good, `,`, `, `, 1),
		"two values":     good + good,
		"version":        strings.Replace(good, `"v":1`, `"v":2`, 1),
		"short salt":     good[:16] + good[20:],
		"no salt":        good[:15] + good[58:],
		"no date":        strings.Replace(good, `1950`, `1950-99`, 1),
		"escaped":        strings.Replace(good, `Zoé`, `Zo\u00e9`, 1),
		"large":          strings.Replace(good, `Zoé`, strings.Repeat("Zoé", 1<<13), 1),
		"two breaks":     good + "\n\n",
	} {
		if o, err := personal.ParseOpening([]byte(bad)); !errors.Is(err, personal.ErrRecord) || o.Commitment() != "" || !o.Identity.GivenNames.IsZero() {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "Zo") {
			t.Errorf("%s: the error has the name", name)
		}
	}
}

func FuzzOpening(f *testing.F) {
	file, err := personal.NewOpening(identity(f, "Zoé", "Le Goff", "", "1950-03-02")).Reveal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(`{"v":1,"salt":"","identity":{}}`))
	f.Add([]byte(`{"v":1,"salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","identity":{"birth":"1950"}}`))
	f.Add([]byte(`{"v":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAA","identity":{"birth":"1950"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := personal.ParseOpening(data)
		if err != nil {
			return
		}
		again, err := o.Reveal()
		if err != nil || !bytes.Equal(again, bytes.TrimSuffix(data, []byte("\n"))) {
			t.Errorf("two spellings: %v", err)
		}
	})
}
