// Package locale has the sentences that both doors say: why a request was not
// carried out, and what to do instead. Each reason key of the charter, of the
// use-cases, of the screening and of the doors themselves has one sentence a
// language; a test walks them all.
//
// To add a language: copy fr.json, translate every value, add the file's tag to
// Languages. Keys beginning with "reason." and "instead." are stable: other
// programs and the log use them without the prefix.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed fr.json en.json
var files embed.FS

// Languages lists the languages of the catalogue; the first is the default.
func Languages() []language.Tag { return []language.Tag{language.French, language.English} }

// A Catalogue holds the sentences. It is safe for concurrent use.
type Catalogue struct {
	matcher    language.Matcher
	languages  []language.Tag
	localizers map[language.Tag]*i18n.Localizer
	keys       map[language.Tag]map[string]bool
}

// Load reads the embedded sentences.
func Load() (*Catalogue, error) {
	tags := Languages()
	c := &Catalogue{
		matcher: language.NewMatcher(tags), languages: tags,
		localizers: map[language.Tag]*i18n.Localizer{}, keys: map[language.Tag]map[string]bool{},
	}
	bundle := i18n.NewBundle(tags[0])
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, tag := range tags {
		file, err := bundle.LoadMessageFileFS(files, tag.String()+".json")
		if err != nil {
			return nil, fmt.Errorf("locale: %s: %w", tag, err)
		}
		c.keys[tag] = map[string]bool{}
		for _, m := range file.Messages {
			c.keys[tag][m.ID] = true
		}
		c.localizers[tag] = i18n.NewLocalizer(bundle, tag.String())
	}
	return c, nil
}

// Match picks the language for an Accept-Language header (RFC 9110 §12.5.4);
// the default for one that is empty, malformed or asks for none of ours.
func (c *Catalogue) Match(accept string) language.Tag {
	if len(accept) > maxAccept {
		return c.languages[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return c.languages[0]
	}
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		return c.languages[0]
	}
	return c.languages[i]
}

// maxAccept bounds an Accept-Language header in bytes; browsers send under 100.
const maxAccept = 512

// Reason says why, in one sentence or two. An unknown key gives the sentence of
// "internal": a reader is never shown a key.
func (c *Catalogue) Reason(lang language.Tag, key string) string {
	if !c.has(lang, "reason."+key) {
		key = "internal"
	}
	return c.text(lang, "reason."+key, nil)
}

// Instead says what to do instead; empty for an empty or unknown key.
func (c *Catalogue) Instead(lang language.Tag, key string) string {
	return c.known(lang, "instead."+key)
}

// Suggestion says a way out of a text that was refused; empty for an unknown key.
func (c *Catalogue) Suggestion(lang language.Tag, key string) string {
	return c.known(lang, "suggestion."+key)
}

// Sentence is the fixed sentence that a suggestion writes in place of what was
// refused; empty where it writes none.
func (c *Catalogue) Sentence(lang language.Tag, key string) string {
	return c.known(lang, "sentence."+key)
}

func (c *Catalogue) known(lang language.Tag, id string) string {
	if !c.has(lang, id) {
		return ""
	}
	return c.text(lang, id, nil)
}

// Title is the short title of an HTTP status.
func (c *Catalogue) Title(lang language.Tag, status int) string {
	id := "title." + strconv.Itoa(status)
	if !c.has(lang, id) {
		id = "title.500"
	}
	return c.text(lang, id, nil)
}

// Detail puts a refusal into words: the reason, the rule if one decided, and
// what to do instead.
func (c *Catalogue) Detail(lang language.Tag, reason, rule, instead string) string {
	detail := c.Reason(lang, reason)
	if rule != "" {
		detail += " " + c.text(lang, "rule", map[string]string{"Rule": rule})
	}
	if say := c.Instead(lang, instead); say != "" {
		detail += " " + say
	}
	return detail
}

func (c *Catalogue) has(lang language.Tag, id string) bool {
	if _, ok := c.keys[lang]; !ok {
		lang = c.languages[0]
	}
	return c.keys[lang][id]
}

// text is the sentence of an id that the files are known to have: the tests
// walk every id, so an error cannot come here.
func (c *Catalogue) text(lang language.Tag, id string, data any) string {
	l, ok := c.localizers[lang]
	if !ok {
		l = c.localizers[c.languages[0]]
	}
	s, err := l.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: data})
	if err != nil {
		return ""
	}
	return s
}
