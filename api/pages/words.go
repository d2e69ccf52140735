package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"aval/api/locale"
)

// The sentences of the pages. Why a request was not carried out stands in package
// locale, which both doors share.
//
//go:embed locales/*.json
var localeFiles embed.FS

// Who reads which catalogues: persons in every language that has a
// person.LANG.json, staff and counters in those of package locale.
var (
	personCatalogues = []string{"common", "person", "stop", "tasks"}
	staffCatalogues  = []string{"staff", "keys", "desk", "deskstop", "counter", "kin", "scan", "passwords"}
)

// words has a speaker for each language of the pages.
type words struct {
	speakers map[language.Tag]*speaker
	tags     []language.Tag // of the person's pages, French first
	choices  []choice       // the same, each named in itself
	matcher  language.Matcher
}

// loadWords reads sentences: a language of the person's pages is there when its
// files are.
func loadWords(files fs.FS) (*words, error) {
	tags, err := personLanguages(files)
	if err != nil {
		return nil, err
	}
	bundle := i18n.NewBundle(tags[0])
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	w := &words{speakers: map[language.Tag]*speaker{}, tags: tags, matcher: language.NewMatcher(tags)}
	for _, tag := range tags {
		list := personCatalogues
		if slices.Contains(locale.Languages(), tag) {
			list = slices.Concat(personCatalogues, staffCatalogues)
		}
		for _, name := range list {
			if err := load(bundle, files, name, tag); err != nil {
				return nil, err
			}
		}
		w.speakers[tag] = &speaker{tag: tag, localizer: i18n.NewLocalizer(bundle, pluralOf(tag).String())}
		w.choices = append(w.choices, choice{Lang: tag.String(), Name: w.speakers[tag].say("language.name")})
	}
	return w, nil
}

// personLanguages are the languages that have a person.LANG.json, French first.
func personLanguages(files fs.FS) ([]language.Tag, error) {
	names, err := fs.Glob(files, "locales/person.*.json")
	if err != nil {
		return nil, err
	}
	tags := []language.Tag{language.French}
	for _, name := range names {
		tag, err := language.Parse(strings.TrimSuffix(strings.TrimPrefix(name, "locales/person."), ".json"))
		if err != nil {
			return nil, fmt.Errorf("pages: %s: %w", name, err)
		}
		if tag != language.French {
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

func load(bundle *i18n.Bundle, files fs.FS, name string, tag language.Tag) error {
	path := fmt.Sprintf("locales/%s.%s.json", name, tag)
	raw, err := fs.ReadFile(files, path)
	if err == nil {
		_, err = bundle.ParseMessageFileBytes(raw, name+"."+pluralOf(tag).String()+".json")
	}
	if err != nil {
		return fmt.Errorf("pages: %s: %w", path, err)
	}
	return nil
}

// pluralOf is the language under which go-i18n knows how another counts: Dari
// counts as Persian does.
func pluralOf(tag language.Tag) language.Tag {
	if base, _ := tag.Base(); base.String() == "prs" {
		return language.MustParse("fa-AF")
	}
	return tag
}

// in gives the speaker of a language, and of the first one for any other.
func (w *words) in(tag language.Tag) *speaker {
	if s, ok := w.speakers[tag]; ok {
		return s
	}
	return w.speakers[w.tags[0]]
}

// chosen is the language of a person's page: the one that was chosen, else what
// the browser asks for (RFC 9110 §12.5.4), else French.
func (w *words) chosen(lang, accept string) language.Tag {
	for _, tag := range w.tags {
		if strings.EqualFold(tag.String(), lang) {
			return tag
		}
	}
	if len(accept) > maxAccept {
		return w.tags[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	_, i, confidence := w.matcher.Match(wanted...)
	if err != nil || confidence == language.No {
		return w.tags[0]
	}
	return w.tags[i]
}

// maxAccept bounds an Accept-Language header in bytes; browsers send under 100.
const maxAccept = 512

// A speaker says the sentences of one language. Views embed it, so templates
// call its methods. It is safe for concurrent use.
type speaker struct {
	tag       language.Tag
	localizer *i18n.Localizer
}

// Lang is the language as the lang attribute wants it.
func (s *speaker) Lang() string { return s.tag.String() }

// Dir is the direction in which the language is written.
func (s *speaker) Dir() string {
	if base, _ := s.tag.Base(); base.String() == "prs" {
		return "rtl" // Dari, for which x/text guesses no script
	}
	script, _ := s.tag.Script()
	if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// T says a sentence. After its id come the names and values that stand in it, in
// pairs.
func (s *speaker) T(id string, pairs ...any) (string, error) {
	return s.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: dataOf(pairs)})
}

// N says a sentence about a number of things; other names and values follow, in
// pairs.
func (s *speaker) N(id string, n int, pairs ...any) (string, error) {
	return s.localizer.Localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: n, TemplateData: dataOf(append(pairs, "Count", n)),
	})
}

// say is T for ids that the tests walk, one by one: none of them is missing.
func (s *speaker) say(id string, pairs ...any) string {
	text, err := s.T(id, pairs...)
	if err != nil {
		return ""
	}
	return text
}

// number is N likewise.
func (s *speaker) number(id string, n int, pairs ...any) string {
	text, err := s.N(id, n, pairs...)
	if err != nil {
		return ""
	}
	return text
}

func dataOf(pairs []any) map[string]any {
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			data[name] = pairs[i+1]
		}
	}
	return data
}

// month is the name of a month.
func (s *speaker) month(m time.Month) string { return s.say("date.month." + strconv.Itoa(int(m))) }

// date says a day: "12 mars 2026".
func (s *speaker) date(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = s.say("date.first")
	}
	return s.say("date.full", "Day", day, "Month", s.month(t.Month()), "Year", t.Year())
}

// monthYear says a month: "mars 2026".
func (s *speaker) monthYear(t time.Time) string {
	return s.say("date.month_year", "Month", s.month(t.Month()), "Year", t.Year())
}

// clock says a time of day: "9 h 05".
func (s *speaker) clock(t time.Time) string {
	return s.say("date.hour", "Hour", t.Hour(), "Minute", fmt.Sprintf("%02d", t.Minute()))
}

// birth says a birth date as precisely as it is known: a year, a month or a day.
func (s *speaker) birth(known string) string {
	if t, err := time.Parse(time.DateOnly, known); err == nil {
		return s.date(t)
	}
	if t, err := time.Parse("2006-01", known); err == nil {
		return s.monthYear(t)
	}
	return known
}
