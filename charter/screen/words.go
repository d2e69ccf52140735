package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// form says what a token is made of.
type form uint8

const (
	letters form = iota
	digits
	mixed
)

// gap says what stands between a token and the one before it.
type gap uint8

const (
	gapGlued  gap = 1 << iota // no white space
	gapComma                  // a comma, a bracket, a line break, a dash between spaces
	gapJoin                   // a colon, an equal sign, an arrow, an opening quote
	gapStop                   // the end of a sentence
	gapHyphen                 // one dash or dot or slash without white space around
	gapQuote                  // a quotation mark
)

// token is a run of letters and digits.
type token struct {
	start, end int    // byte offsets in the normalised text
	fold       string // for comparison
	form       form
	gap        gap // before this token
	sense      sense
	head       bool // the first token of a phrase, or alone
}

// tokensOf cuts a normalised text in tokens and gives each its senses.
func tokensOf(s string) []token {
	tokens := make([]token, 0, len(s)/5+1)
	ends := make([]int, 0, len(s)/5+1)
	folded := make([]byte, 0, len(s)+16)
	last := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) {
			i += size
			continue
		}
		start, hasLetter, hasDigit := i, false, false
		for i < len(s) {
			r, size = utf8.DecodeRuneInString(s[i:])
			if !wordRune(r) {
				break
			}
			if '0' <= r && r <= '9' {
				hasDigit = true
			} else {
				hasLetter = true
			}
			i += size
		}
		t := token{start: start, end: i, form: letters, head: true}
		switch {
		case hasDigit && hasLetter:
			t.form = mixed
		case hasDigit:
			t.form = digits
		}
		t.gap = gapOf(s, last, start, len(tokens) == 0)
		before := len(folded)
		if folded = fold(folded, s[start:i]); len(folded) == before {
			continue // marks without a letter
		}
		ends = append(ends, len(folded))
		tokens = append(tokens, t)
		last = i
	}
	all, from := string(folded), 0
	for i := range tokens {
		tokens[i].fold, from = all[from:ends[i]], ends[i]
	}
	return tokens
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isAlnum(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) && r != 'º' && r != 'ª'
}

// gapOf reads what lies between two tokens.
func gapOf(s string, from, to int, first bool) gap {
	if first {
		return gapStop
	}
	between := s[from:to]
	var g gap
	space := strings.ContainsAny(between, " \n\t\r")
	if !space {
		g |= gapGlued
	}
	if strings.Contains(between, "\n") {
		g |= gapComma
		if blankLine(between) {
			g |= gapStop
		}
	}
	for i := 0; i < len(between); i++ {
		open := i+1 == len(between) || between[i+1] == ' ' || between[i+1] == '\n'
		switch between[i] {
		case ':', '=', '>', '|':
			g |= gapJoin
		case '"':
			g |= gapQuote
			if i+1 == len(between) {
				g |= gapJoin
			} else {
				g |= gapComma
			}
		case ',', '(', ')', '[', ']':
			g |= gapComma
		case ';':
			g |= gapStop
		case '.', '!', '?':
			if open && space {
				g |= gapStop
			} else if len(between) == 1 {
				g |= gapHyphen
			}
		case '-', '/', '_':
			switch {
			case len(between) == 1:
				g |= gapHyphen
			case open && space:
				g |= gapComma
			}
			if i > 0 && between[i] == '-' && between[i-1] == '-' {
				g |= gapJoin
			}
		}
	}
	return g
}

// blankLine reports whether two line breaks stand with nothing but spaces
// between them. Other line breaks end no sentence: a note may well break
// between a cue and its value.
func blankLine(s string) bool {
	for {
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			return false
		}
		s = strings.TrimLeft(s[i+1:], " \r\t")
		if strings.HasPrefix(s, "\n") {
			return true
		}
	}
}

// read gives every token its senses: the longest phrase of the lexicon that
// begins at it, articles skipped.
func (p *page) read() {
	lx := lexiconOnce()
	p.keys, p.stems = make([]string, len(p.tokens)), make([]string, len(p.tokens))
	for i := range p.tokens {
		p.stems[i] = lx.stem(p.tokens[i].fold)
		p.keys[i] = p.key(lx, i)
	}
	for i := 0; i < len(p.tokens); {
		if n, s := p.apart(lx, i); n > 0 {
			p.mark(i, n, s)
			i += n
			continue
		}
		if n := p.blurred(i); n > 0 {
			p.mark(i, n, isPassword)
			i += n
			continue
		}
		n, s := p.longest(lx, i)
		p.mark(i, max(n, 1), s)
		i += max(n, 1)
	}
	p.abbreviations()
}

// abbreviations takes back the end of a sentence after a short word of the
// lexicon: "alloc. 6748123", "réf. 12", and after a word for password with a
// question mark, which the answer follows.
func (p *page) abbreviations() {
	for i := 1; i < len(p.tokens); i++ {
		before := &p.tokens[i-1]
		if p.tokens[i].gap&gapStop == 0 {
			continue
		}
		if before.sense&(isPassword|isPIN) != 0 && strings.TrimSpace(p.text[before.end:p.tokens[i].start]) == "?" {
			p.tokens[i].gap = p.tokens[i].gap&^gapStop | gapComma // "His password? The cat's name …"
			continue
		}
		if titles[before.fold] && strings.TrimSpace(p.text[before.end:p.tokens[i].start]) == "." {
			p.tokens[i].gap &^= gapStop
			continue
		}
		if len(before.fold) > 6 ||
			before.sense&(cueSenses|isReference|isPhone|isCard) == 0 {
			continue
		}
		if between := p.text[before.end:p.tokens[i].start]; strings.TrimSpace(between) == "." {
			p.tokens[i].gap &^= gapStop
		}
	}
}

// titles are short for words that stand before a name.
var titles = wordSet("m mr mme mlle mrs ms dr me st ste sr sra srta dl dna sn п г")

// key gives the lexicon word a token stands for: itself, itself with the
// digits read as the letters they look like, or the nearest.
func (p *page) key(lx *lexicon, i int) string {
	t := &p.tokens[i]
	if t.form == digits && len(t.fold) > 2 {
		return ""
	}
	switch t.fold {
	case "num", "no", "nr", "numr", "nro":
		return "numero"
	case "n":
		if strings.HasPrefix(p.text[t.end:], "°") {
			return "numero"
		}
	}
	if k := lx.known(t.fold); k != "" {
		return k
	}
	if t.form == mixed {
		if len(t.fold) > 24 {
			return ""
		}
		plain := unLeet(t.fold)
		if lx.words[plain] != 0 {
			return plain
		}
		return ""
	}
	if len(t.fold) < 3 {
		return ""
	}
	return lx.mistyped(t.fold)
}

// leet are the letters that digits and signs stand for in disguised words.
var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

func unLeet(s string) string { return leet.Replace(s) }

// longest finds the longest phrase that begins at token i. An article is read
// both as part of a phrase and as nothing.
func (p *page) longest(lx *lexicon, i int) (n int, s sense) {
	return p.follow(lx, lx.root, i, i)
}

// maxPhrase is the most tokens a phrase takes, articles included.
const maxPhrase = 9

func (p *page) follow(lx *lexicon, at *node, from, j int) (n int, s sense) {
	if j > from && at.sense != 0 {
		n, s = j-from, at.sense
	}
	if at.next == nil || j == len(p.tokens) || j-from == maxPhrase || j > from && p.tokens[j].gap&(gapStop|gapJoin) != 0 {
		return n, s
	}
	take := func(next *node) {
		if next == nil {
			return
		}
		switch n2, s2 := p.follow(lx, next, from, j+1); {
		case n2 > n:
			n, s = n2, s2
		case n2 == n:
			s |= s2
		}
	}
	take(at.next[p.keys[j]])
	if stem := p.stems[j]; stem != p.keys[j] {
		take(at.next[stem])
	}
	if j > from && lx.skip[p.tokens[j].fold] {
		take(&node{next: at.next})
	}
	return n, s
}

// apart reads a cue whose letters stand apart: "m d p", "m.d.p", "c-o-d-e".
func (p *page) apart(lx *lexicon, i int) (n int, s sense) {
	var buf [16]byte
	joined := buf[:0]
	for j := i; j < len(p.tokens) && len(joined) < len(buf); j++ {
		t := &p.tokens[j]
		if len(t.fold) != 1 || t.form != letters || j > i && t.gap&(gapStop|gapJoin) != 0 && t.gap&gapGlued == 0 {
			break
		}
		joined = append(joined, t.fold[0])
		if len(joined) < 3 {
			continue
		}
		if at := lx.root.next[string(joined)]; at != nil && at.sense&cueSenses != 0 {
			n, s = j-i+1, at.sense
		}
	}
	return n, s
}

// mark gives a phrase its senses. Words inside a phrase lose their own: the
// "code" of a "code postal" announces nothing.
func (p *page) mark(i, n int, s sense) {
	for j := i; j < i+n; j++ {
		p.tokens[j].sense = s
		p.tokens[j].head = j == i
	}
}

// passwordWords are what "mot de passe" looks like without its spaces.
var passwordWords = [][]rune{[]rune("motdepasse"), []rune("motsdepasse"), []rune("modepasse")}

// blurred finds "mot de passe" with slips of the finger over the word
// boundaries ("motd e passe", "mo de pase"): up to four tokens read as one.
// It gives the number of tokens, or 0.
func (p *page) blurred(i int) int {
	if t := &p.tokens[i]; t.form == digits || !likeMot(t.fold) {
		return 0
	}
	var buf [24]rune
	joined := buf[:0]
	best, length := 3, 0
	for j, n := i, 0; j < len(p.tokens) && n < 4; j++ {
		t := &p.tokens[j]
		if len(t.fold) > 1 {
			n++
		}
		if j > i && t.gap&(gapStop|gapJoin|gapComma) != 0 {
			break
		}
		for _, r := range unLeet(t.fold) {
			if len(joined) == cap(joined) {
				return length
			}
			joined = append(joined, r)
		}
		for _, w := range passwordWords {
			if d := distance(joined, w, 2); d < best {
				best, length = d, j-i+1
			}
		}
	}
	if best > 0 && p.properWords(i) {
		return 0
	}
	return length
}

// properWords reports whether words of the lexicon begin here: "mots de
// base" is then what was meant.
func (p *page) properWords(i int) bool {
	_, s := p.longest(lexiconOnce(), i)
	return s&isFrame != 0
}

// likeMot keeps the slow comparison away from words that cannot be "mot".
func likeMot(word string) bool {
	n := 0
	for _, c := range []byte("mot") {
		if strings.IndexByte(word[:min(len(word), 4)], c) >= 0 {
			n++
		}
	}
	return n >= 2 || word == "m" || strings.HasPrefix(word, "m0") || strings.HasPrefix(word, "mt")
}
