package locale_test

import (
	"strings"
	"testing"

	"aval/api/locale"
	"aval/charter/screen"
)

// Each way out is said in each language, and a fixed sentence is one that the
// screening lets in: it is written in place of what was refused.
func TestEverySuggestionIsSaid(t *testing.T) {
	c := load(t)
	sentences := 0
	for _, lang := range locale.Languages() {
		said := map[string]bool{}
		for _, s := range screen.Suggestions() {
			label := c.Suggestion(lang, string(s))
			if !strings.HasSuffix(label, ".") || said[label] {
				t.Errorf("%s: %s is said %q", lang, s, label)
			}
			said[label] = true
			sentence := c.Sentence(lang, string(s))
			if sentence == "" {
				continue
			}
			sentences++
			for _, kind := range []screen.FieldKind{screen.Note, screen.Place} {
				if _, err := screen.Form(screen.Field{Name: "note", Text: "Vue ce jour. " + sentence + " À revoir.", Kind: kind}); err != nil {
					t.Errorf("%s: the sentence of %s is refused: %v", lang, s, err)
				}
			}
		}
		if c.Suggestion(lang, "Biscotte!74") != "" || c.Sentence(lang, "Biscotte!74") != "" {
			t.Error("an unknown key is said")
		}
	}
	if sentences < 10 {
		t.Errorf("only %d fixed sentences", sentences)
	}
}
