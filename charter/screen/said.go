package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// plainValue finds a password that is an ordinary word: after a cue and a
// colon or "is", the last word of its segment, and not one that speaks about
// the password ("forgotten").
func (p *page) plainValue() finding {
	if p.has&(isPassword|isPassWeak|isLogin) == 0 {
		return finding{}
	}
	for i := range p.tokens {
		t := &p.tokens[i]
		if end := p.phraseEnd(i); t.sense&(isLogin|isPassWeak) != 0 && p.slashedPair(end) {
			return p.refuse(KindPassword, RulePassword, end, end+1)
		}
		by := isNegation | isAdvice | isStatus
		if end := p.phraseEnd(i); end < len(p.tokens) && p.tokens[end].gap&gapJoin != 0 {
			by &^= isStatus // "has kept her old password: x"
		}
		if !t.head || !p.asksForWord(i) || p.cancelled(i, by) {
			continue
		}
		if j := p.valueAfter(p.phraseEnd(i), p.inPair(i)); j > 0 {
			return p.refuse(KindPassword, RulePassword, j, j)
		}
	}
	return finding{}
}

// slashedPair reports whether a colon and two unknown words with a slash
// between stand at j, and nothing after: "log in: grandad / teapot".
func (p *page) slashedPair(j int) bool {
	return j+1 < len(p.tokens) && p.tokens[j].gap&gapJoin != 0 && p.unknown(j) && p.unknown(j+1) &&
		strings.TrimSpace(p.text[p.tokens[j].end:p.tokens[j+1].start]) == "/" && p.endsSegment(j+1)
}

// asksForWord reports whether token i is a cue for a password, a weak one only
// beside a word for login.
func (p *page) asksForWord(i int) bool {
	s := p.tokens[i].sense
	return s&isPassword != 0 || s&isPassWeak != 0 && p.senses(i-8, i)&isLogin != 0
}

// inPair reports whether a word for login, session or service stands close
// before the cue at i: what follows needs no colon then.
func (p *page) inPair(i int) bool {
	return p.senses(i-4, i)&(isLogin|isPassWeak|isService) != 0
}

// phraseEnd gives the first token after the phrase that begins at i.
func (p *page) phraseEnd(i int) int {
	s := p.tokens[i].sense
	for i++; i < len(p.tokens) && !p.tokens[i].head && p.tokens[i].sense == s; i++ {
	}
	return i
}

// cancelled reports whether the words just before a cue are of the given
// senses: they say that there is no value, or that it was changed.
func (p *page) cancelled(i int, by sense) bool {
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		if p.tokens[k+1].gap&(gapStop|gapComma) != 0 {
			return false
		}
		if p.tokens[k].sense&by != 0 {
			return true
		}
	}
	return false
}

// valueAfter looks from token j on for a joint and then a word that is a
// value. It gives its token, or 0.
func (p *page) valueAfter(j int, pair bool) int {
	joint, soft, article, spoken := false, false, false, false
	for n := 0; j < len(p.tokens) && n < 12; j, n = j+1, n+1 {
		t := &p.tokens[j]
		if t.gap&(gapStop|gapComma) != 0 && t.gap&gapJoin == 0 && (n > 0 || t.gap&gapStop != 0 || t.sense&isCopula == 0) {
			return 0
		}
		if t.gap&gapJoin != 0 {
			joint = true
		}
		switch {
		case joint && famous[t.fold] && p.endsSegment(j):
			return j
		case spoken && joint && p.unknown(j) && !p.loose:
			return p.only(j, j+1 == len(p.tokens) && !p.joined)
		case joint && !spoken && p.isWordValue(j, true) && (p.twistFollows(j) || p.pieceFollows(j)):
			return j
		case (joint || soft) && !spoken && p.isWordValue(j, joint && !article):
			return p.only(j, p.endsSegment(j))
		case n == 0 && !joint && !p.pluralCue(j-1) && p.unknown(j) && (pair && !p.speaks(j) || p.isCapitalised(j)) && p.endsSegment(j):
			return p.only(j, !p.joined)
		case (joint || soft) && t.sense == 0 && wordWords[t.fold]:
		case t.sense&isCopula != 0:
			if strongCopula[t.fold] {
				joint = true
			}
			soft = true
		case t.sense&isStatus != 0 && !joint && t.sense&(isNegation|isAdvice) == 0:
			spoken = true
		case t.sense&(isStatus|isNegation|isAdvice) != 0, p.unknown(j) && joint:
			return 0
		case !joint && t.sense&(isEnter|isTyping|isDescOp|isTwist|isCommon|isUnlock) != 0:
		case t.sense&(isFunction|isArticle|isLink|isService|isDevice) == 0 && (t.sense != 0 || joint),
			joint && t.sense&isFunction != 0 && t.sense&(isArticle|isLink) == 0:
			return 0
		case joint:
			article = true
		}
	}
	return 0
}

// pluralCue reports whether token k is a word for passwords, not for one:
// nothing follows it but talk, unless after a colon.
func (p *page) pluralCue(k int) bool {
	for ; k >= 0 && p.tokens[k].sense&isPassword != 0; k-- {
		if pluralCues[p.tokens[k].fold] {
			return true
		}
		if p.tokens[k].head {
			break
		}
	}
	return false
}

var pluralCues = wordSet(`mots mdps passwords senhas palavras contrasenas claves parole parolele parolelor паролі пароли паролів
паролями كلمات sifreler sifreleri sifrelerini sifrelerinizi sifrelerin parolalar parolalari`)

// only gives token j when it is a value, else 0, which no value ever is: a cue
// stands before it.
func (p *page) only(j int, value bool) int {
	if value {
		return j
	}
	return 0
}

// wordWords are the words for "word" in "it is the word X".
var wordWords = wordSet("mot word palabra palavra cuvantul kelime kelimesi слово")

// famous are the passwords that the lexicon would take for a cue or a greeting.
var famous = map[string]bool{"motdepasse": true, "password": true, "bonjour": true, "secret": true, "azerty": true, "qwerty": true, "admin": true}

// strongCopula are the words that point at a value and seldom at a quality.
var strongCopula = map[string]bool{"c": true, "cest": true, "s": true, "voici": true, "egal": true, "equals": true, "howa": true, "hiya": true, "houwa": true, "هو": true, "هي": true, "це": true}

func (p *page) isWordValue(j int, joint bool) bool {
	if !p.unknown(j) || p.loose || p.joined && p.kind != Note && p.kind != Search {
		return false
	}
	return joint || p.isCapitalised(j) || p.tokens[j-1].sense&isCopula != 0 && p.bareWord(j)
}

// bareWord reports whether a word may be a value though no sign announces it:
// it ends the sentence, it is no participle, and nothing in the sentence says
// that a password was changed, lost or asked for.
func (p *page) bareWord(j int) bool {
	from, to := p.clause(j)
	t := &p.tokens[j]
	if to != j+1 || len(t.fold) < 4 || p.senses(from, j)&(isStatus|isNegation|isAdvice|isEnter) != 0 {
		return false
	}
	word := strings.ToLower(p.text[t.start:t.end])
	for _, ending := range participles {
		if strings.HasSuffix(word, ending) {
			return false
		}
	}
	return true
}

// speaks reports whether a word of lower case has the ending of a verb or of a
// noun for a deed: it goes on with the sentence.
func (p *page) speaks(j int) bool {
	word := p.text[p.tokens[j].start:p.tokens[j].end]
	for _, ending := range deeds {
		if strings.HasSuffix(word, ending) {
			return true
		}
	}
	return false
}

// deeds are endings of verbs and of nouns for what is done with a password.
var deeds = strings.Fields("ation ition ement cción ción ção mento ează ește yor miyor medi madı ildi ıldı uldu edi mişti miş mış muş ecek acak meli malı ması mesi niz niyor ться ють увати ення ання ено ався алася")

// participles are endings of words that say what became of a password.
var participles = []string{"é", "ée", "és", "ées", "er", "ez", "ir", "able", "ible", "ant", "ent", "ing", "ed", "ado", "ada", "ido", "ida", "at", "it", "ut", "но", "ий", "mış", "miş", "di", "dı"}

// isCapitalised reports whether a word begins with a capital, in a text that
// is not all capitals, and does not only begin a sentence.
func (p *page) isCapitalised(j int) bool {
	t := &p.tokens[j]
	r, size := utf8.DecodeRuneInString(p.text[t.start:])
	if !unicode.IsUpper(r) || t.gap&gapStop != 0 {
		return false
	}
	return strings.ContainsFunc(p.text[t.start+size:t.end], unicode.IsLower)
}

// pieceFollows reports whether another piece of the value stands behind token j
// and a word for "then": "Sole puis il77".
func (p *page) pieceFollows(j int) bool {
	return j+2 < len(p.tokens) && thenWords[p.tokens[j+1].fold] && p.tokens[j+2].form != letters && p.endsSegment(j+2)
}

// thenWords are the words that join two pieces.
var thenWords = wordSet("puis et plus then and y luego e depois apoi si ve sonra та і потім ثم")

// twistFollows reports whether the same sentence says soon after token j how
// the value is written ("without the spaces"), and nothing about its fate.
func (p *page) twistFollows(j int) bool {
	for k := j + 1; k < min(len(p.tokens), j+7) && p.tokens[k].gap&gapStop == 0; k++ {
		switch s := p.tokens[k].sense; {
		case s&isTwist != 0:
			return true
		case s&(isStatus|isNegation|isAdvice) != 0:
			return false
		}
	}
	return false
}

// endsSegment reports whether nothing but one more word follows before the
// next comma, bracket or end.
func (p *page) endsSegment(j int) bool {
	for k, n := j+1, 0; k < len(p.tokens); k, n = k+1, n+1 {
		if p.tokens[k].gap&(gapStop|gapComma|gapQuote) != 0 || p.tokens[k].sense&(isTwist|isSpell|isSymbolName|isNumberName) != 0 ||
			p.tokens[k].sense&isDescOp != 0 && p.tokens[k].sense&(isFunction|isLink|isCommon) == 0 {
			return true
		}
		if n >= 1 || p.tokens[k].sense&(isStatus|isNegation|isFunction) != 0 {
			return false
		}
	}
	return true
}
