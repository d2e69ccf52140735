package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"aval/api/locale"
)

// The sentences of the pages: common (dates), person, staff and desk. Why a request
// was not carried out stands in package locale, which both doors share.
//
//go:embed locales/*.json
var localeFiles embed.FS

var catalogues = []string{"common", "person", "staff", "desk"}

// words has a speaker for each language of the pages.
type words struct {
	speakers map[language.Tag]*speaker
}

// loadWords reads the embedded sentences.
func loadWords() (*words, error) {
	tags := locale.Languages()
	bundle := i18n.NewBundle(tags[0])
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	w := &words{speakers: map[language.Tag]*speaker{}}
	for _, tag := range tags {
		for _, name := range catalogues {
			path := fmt.Sprintf("locales/%s.%s.json", name, tag)
			if _, err := bundle.LoadMessageFileFS(localeFiles, path); err != nil {
				return nil, fmt.Errorf("pages: %s: %w", path, err)
			}
		}
		w.speakers[tag] = &speaker{tag: tag, localizer: i18n.NewLocalizer(bundle, tag.String())}
	}
	return w, nil
}

// in gives the speaker of a language, and of the first one for any other.
func (w *words) in(tag language.Tag) *speaker {
	if s, ok := w.speakers[tag]; ok {
		return s
	}
	return w.speakers[locale.Languages()[0]]
}

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

// N says a sentence about a number of things.
func (s *speaker) N(id string, n int) (string, error) {
	return s.localizer.Localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: n, TemplateData: map[string]any{"Count": n},
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
func (s *speaker) number(id string, n int) string {
	text, err := s.N(id, n)
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
