package place

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed vocabulary.json
var vocabularyFile []byte

// A Vocabulary is the schema's closed lists, with the words of the older schema that
// mean the same. It does not change once loaded.
type Vocabulary struct {
	words   map[string]map[string]meaning // column, folded word
	labels  map[string][]Label            // column, in the schema's order
	renamed map[string]string             // older column names
	marks   map[string]map[Code]Marks
}

// A Label is a word of a list as the schema writes it.
type Label struct {
	Code  Code   `json:"code"`
	Label string `json:"label"`
}

type meaning struct {
	column string // where it goes; empty: it says nothing that counts today
	code   Code   // empty in a column of free words, where the word itself is kept
	older  bool
}

// LoadVocabulary reads the lists that the program carries.
func LoadVocabulary() (*Vocabulary, error) {
	var file struct {
		Lists map[string][]Label `json:"lists"`
		Older []struct {
			Column string `json:"column"`
			Word   string `json:"word"`
			To     string `json:"to"`
			Code   Code   `json:"code"`
		} `json:"older"`
		Renamed map[string]string `json:"renamed"`
	}
	if err := json.Unmarshal(vocabularyFile, &file); err != nil {
		return nil, fmt.Errorf("place: vocabulary: %w", err)
	}
	v := &Vocabulary{words: map[string]map[string]meaning{}, labels: file.Lists, renamed: file.Renamed}
	for column, list := range file.Lists {
		v.words[column] = map[string]meaning{}
		for _, w := range list {
			v.words[column][fold(w.Label)] = meaning{column, w.Code, false}
		}
	}
	for _, o := range file.Older {
		key := fold(o.Word)
		if _, taken := v.words[o.Column][key]; taken {
			return nil, fmt.Errorf("place: vocabulary: a word of %s stands twice", o.Column)
		}
		v.words[o.Column][key] = meaning{o.To, o.Code, true}
	}
	var err error
	v.marks, err = v.bits()
	return v, err
}

// Labels lists the words of a column of the schema, in its order. The caller must
// not change the list.
func (v *Vocabulary) Labels(column string) []Label { return v.labels[column] }

// column is today's name of a column, and whether the name given is an older one.
func (v *Vocabulary) column(name string) (string, bool) {
	name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
	if today, older := v.renamed[name]; older {
		return today, true
	}
	return name, false
}

// read finds the meanings of a cell: words separated by "|", in older files by ";"
// or ",". A word that holds a separator itself is tried whole first. What is in no
// list comes back as unknown.
func (v *Vocabulary) read(column, cell string, found func(word string, m meaning), unknown func(word string)) {
	v.split(column, cell, "|;,", found, unknown)
}

func (v *Vocabulary) split(column, cell, separators string, found func(string, meaning), unknown func(string)) {
	cell = strings.TrimSpace(cell)
	if cell == "" {
		return
	}
	if m, ok := v.words[column][fold(cell)]; ok {
		found(cell, m)
		return
	}
	for i := range len(separators) {
		if strings.IndexByte(cell, separators[i]) >= 0 {
			for part := range strings.SplitSeq(cell, separators[i:i+1]) {
				v.split(column, part, separators[i+1:], found, unknown)
			}
			return
		}
	}
	unknown(cell)
}

// fold makes the spellings of one word equal: letters and digits only, without marks
// or case. Both apostrophes, stray spaces and a missing accent are the same word.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
