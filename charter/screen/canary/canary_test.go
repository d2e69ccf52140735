package canary

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/charter/screen"
)

// Every canary is refused, in a note and in a name; every kind has one.
func TestFlockIsRefused(t *testing.T) {
	met := map[screen.Kind]bool{}
	for range 20 {
		for _, c := range Flock() {
			for _, kind := range []screen.FieldKind{screen.Note, screen.Name, screen.Search, screen.Place} {
				_, err := screen.Form(screen.Field{Name: "x", Text: c.Text, Kind: kind})
				var r *screen.Refusal
				if !errors.As(err, &r) {
					t.Errorf("%s, %s in a %s: %v", c.Kind, c.Form, kind, err)
				}
			}
			met[c.Kind] = true
			for _, n := range c.Needles {
				if !strings.Contains(strings.ReplaceAll(c.Text, " ", ""), strings.ReplaceAll(n, " ", "")) || len(n) < 12 {
					t.Errorf("%s, %s: a needle is not of it", c.Kind, c.Form)
				}
			}
		}
	}
	for _, k := range screen.Kinds() {
		if !met[k] {
			t.Errorf("no canary of %s", k)
		}
	}
}

// A hunt finds what it looks for, wherever and however it stands, and nothing else.
func TestHuntFinds(t *testing.T) {
	var h Hunt
	c := Canary{Kind: screen.KindPassword, Form: "test", Needles: []string{"Soleil & Lune 2019!"}}
	h.Add(c)
	for range 50 {
		for _, other := range Flock() {
			h.Add(other)
		}
	}
	text := c.Needles[0]
	quoted, _ := json.Marshal(map[string]string{"a": text})
	for name, data := range map[string]string{
		"raw": text, "at the end": strings.Repeat("x", 1<<16) + text, "json": string(quoted),
		"query": url.Values{"q": {text}}.Encode(), "capitals": strings.ToUpper("é" + text),
		"hex": hex.EncodeToString([]byte("ab" + text)), "base64": base64.StdEncoding.EncodeToString([]byte(text + "z")),
		"base64, 1": base64.RawURLEncoding.EncodeToString([]byte("1" + text + "z")),
		"base64, 2": base64.StdEncoding.EncodeToString([]byte("12" + text + "zz")),
		"page":      "<p>Soleil &amp; Lune 2019!</p>",
	} {
		if found := h.In([]byte(data)); len(found) == 0 || !strings.HasPrefix(found[0], "password, test") {
			t.Errorf("%s: found %v", name, found)
		}
	}
	noise := slices.Concat(random(4<<20), []byte(base64.StdEncoding.EncodeToString(random(4<<20))), []byte(digits(4<<20)))
	if found := h.In(noise); len(found) > 0 {
		t.Errorf("found %v in noise", found)
	}
}
