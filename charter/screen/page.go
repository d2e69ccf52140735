package screen

import "strings"

// page is one text, normalised and cut in parts, as the rules read it.
type page struct {
	kind    FieldKind
	text    string // normalised
	groups  []group
	tokens  []token
	keys    []string // the lexicon word each token stands for, or ""
	stems   []string // its stem in the lexicon, or ""
	dialect int      // words of Arabic in Latin letters
	values  []value  // what is odd by its form, in order
	has     sense    // all senses that occur
	joined  bool     // two fields read as one
	loose   bool     // they are read as one though other sentences stand between
}

func newPage(text string, kind FieldKind) *page {
	p := &page{kind: kind, text: strings.TrimSpace(normalise(text))}
	p.analyse()
	return p
}

func (p *page) analyse() {
	p.text = joinLines(p.text)
	p.groups = groupsOf(p.text)
	p.tokens = tokensOf(p.text)
	p.read()
	p.countDialect()
	p.cut()
	for i := range p.tokens {
		p.has |= p.tokens[i].sense
	}
}

// joinLines turns line breaks into spaces in a text that breaks after nearly
// every word: they part nothing there.
func joinLines(s string) string {
	if breaks := strings.Count(s, "\n"); breaks > 0 && breaks >= strings.Count(s, " ") {
		return strings.ReplaceAll(s, "\n", " ")
	}
	return s
}

// judge gives the first rule that finds something, or the zero finding.
func (p *page) judge() finding {
	if f := p.numbers(); f.found() {
		return f
	}
	for _, rule := range []func() finding{
		p.cardDigits, p.codes, p.oddValues, p.codeGroups, p.spelled, p.pieces, p.described, p.plainValue, p.asPassword, p.answered, p.words,
	} {
		if f := rule(); f.found() {
			return f
		}
	}
	return finding{}
}
