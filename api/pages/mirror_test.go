package pages

import (
	"encoding/json"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/language"

	"aval/charter"
)

// mirrored is French as if it were Arabic: each sentence behind an Arabic letter and
// each plural in six forms. It is a language as a translator would add it: two
// files more, and nothing else.
func mirrored(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	ours, err := fs.Glob(localeFiles, "locales/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ours {
		raw, err := localeFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	for _, name := range personCatalogues {
		var french map[string]any
		if err := json.Unmarshal(files["locales/"+name+".fr.json"].Data, &french); err != nil {
			t.Fatal(err)
		}
		arabic := map[string]any{}
		for id, v := range french {
			text, one := v.(string)
			if one {
				arabic[id] = "ن " + text
				continue
			}
			text, _ = v.(map[string]any)["other"].(string)
			forms := map[string]string{}
			for _, form := range pluralForms(language.Arabic) {
				forms[form] = "ن " + form + " " + text
			}
			arabic[id] = forms
		}
		raw, err := json.Marshal(arabic)
		if err != nil {
			t.Fatal(err)
		}
		files["locales/"+name+".ar.json"] = &fstest.MapFile{Data: raw}
	}
	return files
}

// A language is there when its files are: chosen by the square, by the page, or by
// the browser, written from right to left, with its own plurals, and with French
// beside it as the one that binds.
func TestALanguageIsThereWhenItsFilesAre(t *testing.T) {
	w, err := loadWords(mirrored(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.tags) != len(spokenToPersons(t))+1-len(arabicAlready(t)) {
		t.Errorf("the languages are %v", w.tags)
	}
	for asked, accept := range map[string]string{"ar": "", "AR": "fr", "": "ar-MA,fr;q=0.5", "xx": "ar"} {
		if got := w.chosen(asked, accept); got != language.Arabic {
			t.Errorf("%q with %q gives %s", asked, accept, got)
		}
	}
	if got := w.chosen("", strings.Repeat("ar,", 500)); got != language.French {
		t.Errorf("a header without end gives %s", got)
	}
	say := w.in(language.Arabic)
	if say.Dir() != "rtl" || isFrench(say.tag) {
		t.Errorf("Arabic is written %s", say.Dir())
	}
	for n, form := range map[int]string{0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other"} {
		if got := say.number("count", n); !strings.Contains(got, form) {
			t.Errorf("%d: %q, want the form %s", n, got, form)
		}
	}
	p := &Pages{words: w}
	if err := p.parse(); err != nil {
		t.Fatal(err)
	}
	ch, err := charter.Load()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.renderPerson(cardSheet{
		sheet: sheet{speaker: say, Style: p.style}, OnlyFrench: true, Switch: &languageSwitch{Choices: w.choices},
	}, heaviest(ch), ch)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `<html lang="ar" dir="rtl">`) || len(raw) > maxPage {
		t.Errorf("the page is %d bytes and begins %.80s", len(raw), raw)
	}
}

func arabicAlready(t *testing.T) []language.Tag {
	t.Helper()
	var found []language.Tag
	for _, tag := range spokenToPersons(t) {
		if tag == language.Arabic {
			found = append(found, tag)
		}
	}
	return found
}

// The style has no left and no right, so that a page can be read from either side.
func TestStyleHasNoSides(t *testing.T) {
	for _, name := range []string{"static/page.css", "static/desk.css"} {
		css, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"left", "right", "width:", "height:"} {
			for line := range strings.Lines(string(css)) {
				rest := strings.NewReplacer("max-width:40rem", "", "stroke-width:", "", "border-width:", "", "line-height:", "", "border-inline-start-width:", "", "border-block-start-width:", "").Replace(line)
				if strings.Contains(rest, word) {
					t.Errorf("%s says %s: %.90s", name, word, line)
				}
			}
		}
	}
}

// Each language of the persons' pages is named in itself.
func TestLanguagesAreNamed(t *testing.T) {
	w, err := loadWords(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range w.choices {
		names[c.Name] = c.Name != ""
	}
	if len(names) != len(w.tags) || names[""] {
		t.Errorf("the languages are called %v", maps.Keys(names))
	}
}
