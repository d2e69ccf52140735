package personal_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aval/consent/personal"
)

// Words that stand in the samples and nowhere else.
var clear = []string{"Zébulon", "Quincampoix", "1987", "0123", "KVTX", "c2VjcmV0", "IHDR"}

// samples has a value of each type of this room, full of clear data or keys. Those
// that hold only closed bytes, names of things and public keys are in open.
func samples(t *testing.T) (hidden map[string]any, open []string) {
	t.Helper()
	r := newRegister(t)
	zebulon := personal.Identity{
		GivenNames: text(t, "Zébulon"), BirthName: text(t, "Quincampoix"), UsedName: text(t, "Quincampoix"), Birth: birth(t, "1987-01-23"),
	}
	o := owner("p", 1)
	_, key, err := r.NewKey(lyon, o, personal.KeyActive)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := r.SealSigner(lyon)
	if err != nil {
		t.Fatal(err)
	}
	code, err := personal.ParseCardCode("C-" + "KVTX-3678-9BDFX")
	if err != nil {
		code = personal.NewCardCode() // the check character is not the point here
	}
	link, err := personal.ParseToken("c2VjcmV0" + strings.Repeat("A", 35))
	if err != nil {
		t.Fatal(err)
	}
	hidden = map[string]any{
		"Text":      text(t, "Zébulon Quincampoix"),
		"BirthDate": birth(t, "1987-01-23"),
		"Identity":  zebulon,
		"Contact":   personal.Contact{Phone: text(t, "01 23 45 0123"), Email: text(t, "Zébulon"), Address: text(t, "Quincampoix"), Language: "fr"},
		"Evidence":  personal.Evidence{Salt: personal.NewSalt(), PaperPlace: text(t, "Quincampoix"), Witnesses: []personal.Text{text(t, "Zébulon")}},
		"Note":      personal.Note{Text: text(t, "Zébulon")},
		"Name":      personal.Name{Display: text(t, "Zébulon")},
		"Opening":   personal.NewOpening(zebulon),
		"Scan":      scanOf(t, r),
		"PlainKey":  key, "Salt": personal.NewSalt(), "CardCode": code, "CheckCode": personal.CheckCode{CardCode: code}, "Token": link,
		"Folder": r.folder, "Keyring": r.Keyring, "Signer": signer,
	}
	return hidden, []string{"Record", "Sealed", "Owner", "KeyKind", "WrappedKey", "KeySource", "Lookup", "FolderError", "Erasure", "EpochInfo"}
}

// A type that is added must be added to the samples, or the test fails.
func TestNothingPrints(t *testing.T) {
	hidden, open := samples(t)
	known := append(slices.Collect(maps.Keys(hidden)), open...)
	if got := exportedTypes(t); !slices.Equal(slices.Sorted(slices.Values(known)), got) {
		t.Errorf("types of the package:\n%q\nin this test:\n%q", got, slices.Sorted(slices.Values(known)))
	}
	for name, v := range hidden {
		for way, out := range printed(t, v) {
			for _, word := range clear {
				if strings.Contains(out, word) {
					t.Errorf("%s by %s shows %q", name, way, word)
				}
			}
			if !strings.Contains(out, "[personal]") && !strings.Contains(out, "[secret]") {
				t.Errorf("%s by %s: %q", name, way, out)
			}
		}
		// In an unexported field fmt can't call our methods; it must not show what
		// lies there either.
		type others struct{ inner any }
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%w"} {
			out := fmt.Sprintf(verb, others{v}) + fmt.Sprintf(verb, &others{v}) + fmt.Sprintf("%p", v)
			for _, word := range clear {
				if strings.Contains(out, word) || strings.Contains(out, fmt.Sprintf("%x", word)) {
					t.Errorf("%s in an unexported field by %s shows %q", name, verb, word)
				}
			}
		}
	}
}

// printed gives v in every way Go has of making text of it.
func printed(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	// Of %p, %w and %T fmt asks no type how it wants to be printed.
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%e", "%08.3f", "% x", "%z"} {
		out[verb] = fmt.Sprintf(verb, v)
		out["slice "+verb] = fmt.Sprintf(verb, []any{v})
	}
	out["print"] = fmt.Sprint(v)
	out["error"] = fmt.Errorf("it: %v", v).Error()
	data, err := json.Marshal(map[string]any{"v": v})
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(data)
	type element struct{ V any }
	if data, err = xml.Marshal(element{v}); err != nil {
		t.Fatal(err)
	}
	out["xml"] = string(data)
	var buf bytes.Buffer
	slog.New(slog.NewTextHandler(&buf, nil)).Info("m", "v", v)
	out["slog text"] = buf.String()
	buf.Reset()
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("m", "v", v, slog.Group("g", "v", v))
	out["slog json"] = buf.String()
	buf.Reset()
	if err := template.Must(template.New("").Parse(`{{.}} {{printf "%v" .}} {{print .}}`)).Execute(&buf, v); err != nil {
		t.Fatal(err)
	}
	out["template"] = buf.String()
	return out
}

func exportedTypes(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, spec := range g.Specs {
					if name := spec.(*ast.TypeSpec).Name; name.IsExported() {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// Nor do texts come back in by the doors of other encodings.
func TestNothingReadsTexts(t *testing.T) {
	var x personal.Text
	if err := json.Unmarshal([]byte(`"typed"`), &x); err == nil { //nolint:staticcheck // that it cannot is what is tested
		t.Error("a text out of JSON")
	}
	var i personal.Identity
	if err := json.Unmarshal([]byte(`{"GivenNames":"typed"}`), &i); err == nil {
		t.Error("an identity out of JSON")
	}
	if err := json.Unmarshal([]byte(`{"GivenNames":{"s":"typed"}}`), &i); err != nil || !i.GivenNames.IsZero() {
		t.Error("a text out of JSON")
	}
}
