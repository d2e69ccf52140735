package locale_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"aval/api/locale"
	"aval/charter"
	"aval/charter/screen"
)

func load(t *testing.T) *locale.Catalogue {
	t.Helper()
	c, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reasons is every reason key that a reader can be given.
func reasons(t *testing.T) []string {
	t.Helper()
	var keys []string
	for _, r := range charter.Reasons() {
		keys = append(keys, string(r))
	}
	for _, k := range screen.Kinds() {
		keys = append(keys, "credential_"+string(k))
	}
	for _, r := range []screen.InvalidRule{
		screen.InvalidUTF8, screen.InvalidControl, screen.InvalidLength, screen.InvalidKind,
	} {
		keys = append(keys, "text_"+string(r))
	}
	for _, folder := range []string{"../../consent", "../../api"} {
		keys = append(keys, written(t, folder)...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// written finds the reasons that the source of a folder gives: Reason: "…" in
// what it returns, beside constants of the charter, which are listed above.
func written(t *testing.T, folder string) []string {
	t.Helper()
	var keys []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Reason" {
					keys = append(keys, literals(n.Value)...)
				}
			case *ast.ValueSpec: // constants of type charter.Reason
				if sel, ok := n.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reason" {
					for _, v := range n.Values {
						keys = append(keys, literals(v)...)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// "credential" is a prefix: the kinds follow it. Reasons of documents that do
	// not verify are for the command line, which has its own sentences.
	return slices.DeleteFunc(keys, func(k string) bool {
		return k == "credential" || strings.HasSuffix(k, "_") || strings.HasPrefix(k, "payload_")
	})
}

func literals(e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return []string{s}
}

func TestEveryReasonHasASentence(t *testing.T) {
	c := load(t)
	keys := reasons(t)
	if len(keys) < 150 {
		t.Fatalf("only %d reasons were found: the search for them is broken", len(keys))
	}
	for _, lang := range locale.Languages() {
		unknown := c.Reason(lang, "internal")
		said := map[string]string{}
		for _, key := range keys {
			s := c.Reason(lang, key)
			if key != "internal" && s == unknown {
				t.Errorf("%s: reason %q has no sentence", lang, key)
				continue
			}
			if len(s) < 15 || !strings.HasSuffix(s, ".") || strings.Contains(s, "{{") || strings.Contains(s, "  ") {
				t.Errorf("%s: reason %q is no sentence: %q", lang, key, s)
			}
			said[s] = key
		}
		if len(said) < len(keys)*9/10 {
			t.Errorf("%s: %d reasons share %d sentences", lang, len(keys), len(said))
		}
	}
}

// A sentence that nothing can say is left over from something that changed.
func TestNoSentenceIsLeftOver(t *testing.T) {
	known := reasons(t)
	for _, lang := range locale.Languages() {
		raw, err := os.ReadFile(lang.String() + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]string
		if err := json.Unmarshal(raw, &all); err != nil {
			t.Fatal(err)
		}
		for id := range all {
			if key, is := strings.CutPrefix(id, "reason."); is && !slices.Contains(known, key) {
				t.Errorf("%s: no program text gives reason %q", lang, key)
			}
			if key, is := strings.CutPrefix(id, "instead."); is && !slices.Contains(charter.Insteads(), charter.Instead(key)) {
				t.Errorf("%s: no rule gives %q", lang, key)
			}
		}
	}
}

func TestEveryInsteadHasASentence(t *testing.T) {
	c := load(t)
	for _, lang := range locale.Languages() {
		for _, key := range charter.Insteads() {
			if s := c.Instead(lang, string(key)); !strings.HasSuffix(s, ".") {
				t.Errorf("%s: %q says nothing to do: %q", lang, key, s)
			}
		}
	}
}

func TestEveryStatusHasATitle(t *testing.T) {
	c := load(t)
	for _, lang := range locale.Languages() {
		seen := map[string]int{}
		for _, status := range []int{400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503} {
			title := c.Title(lang, status)
			if before, twice := seen[title]; twice {
				t.Errorf("%s: %d and %d have one title", lang, before, status)
			}
			seen[title] = status
		}
		if c.Title(lang, 418) != c.Title(lang, 500) {
			t.Errorf("%s: a status without a title must not show its key", lang)
		}
	}
}

// A sentence must be one in its language: the files have the same keys, and none
// was left untranslated.
func TestLanguagesDiffer(t *testing.T) {
	c := load(t)
	same := regexp.MustCompile(`^[A-Z]{2,}$`)
	for _, key := range reasons(t) {
		fr, en := c.Reason(language.French, key), c.Reason(language.English, key)
		if fr == en && !same.MatchString(fr) {
			t.Errorf("%q is not translated: %q", key, fr)
		}
	}
}

func TestDetailNamesRuleAndInstead(t *testing.T) {
	c := load(t)
	got := c.Detail(language.English, "mandate_expired", "C04", "renew_mandate")
	for _, want := range []string{"end date", "C04", "new mandate"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if got := c.Detail(language.French, "session", "", ""); strings.Contains(got, "Règle") {
		t.Errorf("no rule decided, but the text says one: %q", got)
	}
}

func TestUnknownKeysAreNeverShown(t *testing.T) {
	c := load(t)
	for _, lang := range append(locale.Languages(), language.German) {
		for _, key := range []string{"", "no_such_reason", "../fr", "{{.Rule}}"} {
			got := c.Detail(lang, key, "", key)
			if key != "" && strings.Contains(got, key) || len(got) < 15 {
				t.Errorf("%s: key %q gives %q", lang, key, got)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	c := load(t)
	for accept, want := range map[string]language.Tag{
		"":                                language.French,
		"*":                               language.French,
		"en":                              language.English,
		"en-GB,en;q=0.9,fr;q=0.8":         language.English,
		"fr-CA, en;q=0.4":                 language.French,
		"de-DE,de;q=0.9":                  language.French,
		"ar, en;q=0.5":                    language.English,
		"fr;q=0.1, en;q=0.9":              language.English,
		"\x00\xff":                        language.French,
		"en;q=nonsense":                   language.French,
		strings.Repeat("en,", 400) + "en": language.French, // over the bound
	} {
		if got := c.Match(accept); got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	c, err := locale.Load()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "fr", "en-GB;q=0.5", "x-private, *;q=0", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if got := c.Match(accept); !slices.Contains(locale.Languages(), got) {
			t.Errorf("%q is none of ours", got)
		}
	})
}
