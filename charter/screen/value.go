package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// grade says how much a word looks like a password by itself.
type grade int

const (
	plain   grade = iota // a word, a number, a file name: nothing by itself
	odd                  // a value when a cue stands near
	likely               // a value unless a reference word announces it
	certain              // nobody writes this but as a password
)

// value is a piece of text between white space and separators.
type value struct {
	text        string
	first, last int // tokens, inclusive
	grade       grade
	signs       bool // holds signs that only passwords have
	mixed       bool // holds letters and digits
	madeUp      bool // an unknown word of some length with a digit behind it
	apt         bool // a word and a number joined by a sign, or words joined by one
	quoted      bool // in quotation marks
}

// cut finds the values of the text and grades each.
func (p *page) cut() {
	at := 0 // next token
	rest, offset := p.text, 0
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r != ' ' && r != '\n' && r != '\t' && r != '\r' })
		if i < 0 {
			return
		}
		rest, offset = rest[i:], offset+i
		n := strings.IndexAny(rest, " \n\t\r")
		if n < 0 {
			n = len(rest)
		}
		at = p.cutWord(rest[:n], offset, at)
		rest, offset = rest[n:], offset+n
	}
}

const separators = ":=>|()[]{}\"/,;<"

// cutWord cuts one word of white-space separated text in values.
func (p *page) cutWord(word string, offset, at int) int {
	whole := strings.Trim(word, "\"'()[]{}<>,;:.")
	if harmlessWord(whole) {
		for at < len(p.tokens) && p.tokens[at].start < offset+len(word) {
			at++
		}
		return at
	}
	for start := 0; start < len(word); {
		n := strings.IndexAny(word[start:], separators)
		if n < 0 {
			n = len(word) - start
		}
		if n > 0 {
			at = p.addValue(word[start:start+n], offset+start, at)
		}
		start += n + 1
	}
	return at
}

func (p *page) addValue(text string, offset, at int) int {
	first := at
	for at < len(p.tokens) && p.tokens[at].start < offset+len(text) {
		at++
	}
	if at == first {
		return at
	}
	v := value{text: strings.TrimRight(strings.TrimLeft(text, "-'.*"), ".'"), first: first, last: at - 1}
	v.quoted = p.tokens[first].gap&gapQuote != 0
	p.gradeValue(&v)
	v.apt = v.grade == odd && p.isApt(&v)
	if v.grade > plain || v.signs || v.mixed {
		p.values = append(p.values, v)
	}
	return at
}

// gradeValue weighs a value by its form alone.
func (p *page) gradeValue(v *value) {
	text := v.text
	n := utf8.RuneCountInString(text)
	if n < 4 || n > 200 {
		return
	}
	if strings.HasPrefix(text, "#") || strings.HasPrefix(text, "@") {
		text = text[1:] // a topic or an account name, when nothing else is odd
	}
	sh := shapeOf(text)
	if sh.digits == 0 {
		v.grade, v.signs = p.gradeWithoutDigits(v, sh)
		return
	}
	if sh.letters == 0 {
		v.signs = sh.signs > 0
		return
	}
	if v.first == v.last && isDialect(text) && (lexiconOnce().words[p.tokens[v.first].fold] != 0 || p.dialect >= 2 || p.talksOn(v.last)) {
		return
	}
	v.mixed = true
	core := strings.TrimRight(text, "!?")
	if harmlessMix(core) {
		return
	}
	if isSlug(text) {
		v.grade = odd
		return
	}
	v.grade, v.signs = gradeMixed(core, text, sh)
	if p.namesPaper(v) {
		v.grade, v.signs = odd, false
		return
	}
	word := strings.TrimRight(p.tokens[v.first].fold, "0123456789")
	v.madeUp = v.grade >= odd && v.first == v.last && sh.turns == 1 && sh.longest >= 5 && lexiconOnce().known(word) == "" &&
		lexiconOnce().mistyped(word) == ""
}

// isApt reports whether an odd value has the look of one that somebody made up
// to be remembered: a word the lexicon does not know, with a number or another
// word joined to it ("Luzerne-32", "Fauteuil_Rouge", "moulin.a.vent").
func (p *page) isApt(v *value) bool {
	sh := shapeOf(v.text)
	if sh.signs+sh.joints == 0 || sh.longest < 4 || strings.Count(v.text, "-") > 2 || strings.Contains(v.text, "\u20ac") {
		return false
	}
	known := 0
	for j := v.first; j <= v.last; j++ {
		if t := &p.tokens[j]; t.form == letters && !p.unknown(j) && len(t.fold) > 2 {
			known++
		}
	}
	if r, _ := utf8.DecodeRuneInString(v.text); sh.upper >= 2 && unicode.IsUpper(r) && strings.Contains(v.text, "_") && sh.lower > 0 {
		known = 0
	}
	return known == 0 && (sh.digits >= 2 || sh.digits == 0)
}

// isDialect knows Arabic written in Latin letters, in which some digits stand
// for letters: "3endha", "9alou". A text has several of them, or words of the
// lexicon beside it.
func isDialect(word string) bool {
	n := 0
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c == '2' || c == '3' || c == '5' || c == '7' || c == '9':
			if i > 0 && isDigit(word[i-1]) || i == len(word)-1 && n == 0 && len(word) > 5 {
				return false
			}
			n++
		case c < 'a' || c > 'z':
			return false
		}
	}
	return n > 0 && n <= 3
}

// talksOn reports whether the sentence goes on after token j without a sign.
func (p *page) talksOn(j int) bool {
	return j+1 < len(p.tokens) && p.tokens[j+1].gap == 0 && p.tokens[j+1].form == letters && !isDigit(p.text[p.tokens[j].end-1])
}

// countDialect counts the words of a text that isDialect knows.
func (p *page) countDialect() {
	for i := range p.tokens {
		if t := &p.tokens[i]; t.form == mixed && isDialect(p.text[t.start:t.end]) {
			p.dialect++
		}
	}
}

// gradeMixed weighs a value with letters and digits.
func gradeMixed(core, text string, sh shape) (grade, bool) {
	n := utf8.RuneCountInString(text)
	inner := strings.Trim(core, "+-.'°*")
	in := shapeOf(inner)
	switch {
	case sh.signs > 0 && sh.letters >= 2 && n >= 5:
		if strings.ContainsAny(text, "€") || sh.longest < 3 && strings.HasSuffix(core, "+") {
			return odd, false
		}
		if in.signs == 0 && sh.signs == 1 && sh.longest < 3 {
			return odd, false
		}
		return certain, true
	case strings.HasSuffix(text, "-") && sh.longest >= 3 && sh.digits >= 2:
		return certain, true
	case dotted(inner) && sh.longest >= 4:
		return likely, false
	case sh.caseTurns+in.turns >= 4 && sh.upper >= 2 && sh.lower >= 1 && sh.digits >= 2 && n >= 8:
		return certain, false
	case in.turns >= 2 && n >= 6 && (sh.longest >= 3 || in.turns >= 3 && n >= 8):
		if sh.joints > 0 && sh.longest < 4 {
			return odd, false
		}
		if sh.lower == 0 && sh.upper > 0 {
			return likely, false
		}
		return certain, false
	case sh.caseTurns >= 1 && sh.upper >= 2 && sh.digits >= 2 && n >= 8 && sh.joints == 0:
		return certain, false
	case sh.longest >= 4 && sh.digits >= 2 && sh.joints == 0:
		return likely, false
	case n >= 5 || sh.longest >= 3:
		return odd, false
	}
	return plain, false
}

// gradeWithoutDigits weighs a value of letters and signs.
func (p *page) gradeWithoutDigits(v *value, sh shape) (grade, bool) {
	text := v.text
	if sh.letters < 4 {
		return plain, false
	}
	inner := strings.Trim(text, "!?*_+#@&$%~^-'.")
	if i := strings.IndexAny(inner, "&#$%*!?@_~^€£"); i > 0 {
		left, right := inner[:i], inner[i+1:]
		if utf8.RuneCountInString(left) < 3 || utf8.RuneCountInString(right) < 3 {
			return odd, true
		}
		for j := v.first; j <= v.last; j++ {
			if p.tokens[j].sense != 0 {
				return odd, false
			}
		}
		if strings.IndexByte("#$%&*", inner[i]) >= 0 {
			return likely, true
		}
		return odd, true
	}
	if strings.ContainsAny(text[len(text)-1:], "*#$%&+_@^~") {
		return odd, true
	}
	if strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
		return plain, true
	}
	if v.quoted && sh.joints > 0 && sh.longest >= 4 && strings.Contains(text, ".") {
		return odd, false
	}
	if p.keys[v.first] != "" {
		return plain, false
	}
	if sh.joints == 0 && sh.caseTurns >= 3 && sh.letters >= 8 {
		return likely, false
	}
	if sh.joints == 0 && sh.caseTurns >= 1 && sh.letters >= 8 {
		return odd, false
	}
	return plain, false
}

// namesPaper reports whether a value is the name of a paper, a product or a
// period with a number: "attestation_1984", "covid19", "juin2024".
func (p *page) namesPaper(v *value) bool {
	lx := lexiconOnce()
	for j := v.first; j <= v.last; j++ {
		t := &p.tokens[j]
		word := t.fold
		if t.form == mixed {
			word = strings.Trim(word, "0123456789")
		}
		if len(word) < 2 {
			continue
		}
		if key := lx.known(word); key != "" {
			if at := lx.root.next[key]; at != nil && at.sense&(isDoc|isMonth|isService|isReference|isUnit) != 0 && at.sense&(isPassword|isPassWeak) == 0 {
				return true
			}
		}
	}
	return false
}
