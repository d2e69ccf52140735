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
		if !t.head || !p.asksForWord(i) || p.cancelled(i, isNegation|isAdvice|isStatus) {
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
	for n := 0; j < len(p.tokens) && n < 8; j, n = j+1, n+1 {
		t := &p.tokens[j]
		if t.gap&(gapStop|gapComma) != 0 && t.gap&gapJoin == 0 {
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
		case (joint || soft) && !spoken && p.isWordValue(j, joint && !article):
			return p.only(j, p.endsSegment(j))
		case n == 0 && !joint && p.unknown(j) && (pair || p.isCapitalised(j)) && p.endsSegment(j):
			return p.only(j, !p.joined)
		case t.sense&isCopula != 0:
			if strongCopula[t.fold] {
				joint = true
			}
			soft = true
		case t.sense&isStatus != 0 && !joint && t.sense&(isNegation|isAdvice) == 0:
			spoken = true
		case t.sense&(isStatus|isNegation|isAdvice) != 0, p.unknown(j) && joint:
			return 0
		case t.sense&(isFunction|isArticle|isLink|isService|isDevice) == 0 && (t.sense != 0 || joint),
			joint && t.sense&isFunction != 0 && t.sense&(isArticle|isLink) == 0:
			return 0
		case joint:
			article = true
		}
	}
	return 0
}

// only gives token j when it is a value, else 0, which no value ever is: a cue
// stands before it.
func (p *page) only(j int, value bool) int {
	if value {
		return j
	}
	return 0
}

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

// endsSegment reports whether nothing but one more word follows before the
// next comma, bracket or end.
func (p *page) endsSegment(j int) bool {
	for k, n := j+1, 0; k < len(p.tokens); k, n = k+1, n+1 {
		if p.tokens[k].gap&(gapStop|gapComma|gapQuote) != 0 {
			return true
		}
		if n >= 1 || p.tokens[k].sense&(isStatus|isNegation|isFunction) != 0 {
			return false
		}
	}
	return true
}

// described finds a rule from which the password follows: "date of birth
// backwards", "the name of the cat then 48".
func (p *page) described() finding {
	if from, to := p.sameButNumber(); to > from {
		return p.refuse(KindPassword, RuleDescribed, from, to-1)
	}
	if p.has&(isDesc|isTopic) == 0 {
		return finding{}
	}
	for i := range p.tokens {
		if p.tokens[i].sense&(isDesc|isTopic) == 0 || !p.tokens[i].head {
			continue
		}
		from, to := p.clause(i)
		if p.senses(from, to)&isAdvice == 0 && p.describes(from, i, to) {
			return p.refuse(KindPassword, RuleDescribed, i, min(p.phraseEnd(i), to)-1)
		}
	}
	return finding{}
}

// describes weighs one noun of a description in its sentence [from, to).
func (p *page) describes(from, noun, to int) bool {
	cue := -1
	for k := noun - 1; k >= from; k-- {
		if p.tokens[k].sense&(isPassword|isPIN|isCode) != 0 {
			cue = k
			break
		}
	}
	if cue >= 0 && p.twoNouns(cue, to) {
		return true
	}
	after := p.senses(p.phraseEnd(noun), to)
	numbered := false
	for k := noun; k < min(to, noun+12); k++ {
		numbered = numbered || p.tokens[k].form == digits
	}
	if cue < 0 {
		hint := false
		for k := max(noun-4, from); k < noun; k++ {
			s := p.tokens[k].sense
			hint = hint || s&isDescHint != 0 && s&isCopula == 0 || s&isService != 0 && p.tokens[k+1].gap&gapJoin != 0
		}
		if hint && after&isDescOp != 0 && numbered && p.has&isNegation == 0 {
			return true
		}
		return p.usedAs(noun, to)
	}
	if p.cancelled(cue, isNegation|isAdvice) {
		return false
	}
	joint, same, other := false, false, 0
	for k := cue + 1; k <= noun; k++ {
		t := &p.tokens[k]
		if k > cue && t.gap&gapJoin != 0 || t.sense&(isCopula|isDescHint) != 0 {
			joint = true
		}
		same = same || t.sense&isSame != 0
		if k < noun && t.sense&(isStatus|isNegation) != 0 && t.sense&(isDescOp|isDescHint|isCopula|isSame) == 0 {
			return false
		}
		if k < noun && t.sense == 0 && !p.inPhrase(k) {
			other++
		}
	}
	if p.senses(noun, to)&isSymbolName != 0 && after&isDescOp != 0 {
		numbered = true
	}
	if joint && other <= 2 {
		return after&isStatus == 0 || after&isDescOp != 0
	}
	return other <= 1 && (same && noun-cue <= 6 || after&isTwist != 0 || after&isDescOp != 0 && numbered)
}

// sameButNumber finds "the same as the other one but with a 2 at the end".
func (p *page) sameButNumber() (from, to int) {
	if p.has&isSame == 0 || p.has&isPassword == 0 || p.has&isDescOp == 0 {
		return 0, 0
	}
	for i := range p.tokens {
		if p.tokens[i].form != digits || len(p.tokens[i].fold) > 4 {
			continue
		}
		from, to := p.clause(i)
		s, before := p.senses(from, to), p.senses(from, i)
		if before&isPassword != 0 && before&isSame != 0 && s&isDescOp != 0 && s&(isNegation|isAdvice) == 0 {
			return from, to
		}
	}
	return 0, 0
}

func (p *page) inPhrase(k int) bool { return !p.tokens[k].head }

// twoNouns reports whether two nouns of a description follow the cue and
// nothing is said of it: "password: first name, street number".
func (p *page) twoNouns(cue, to int) bool {
	if p.cancelled(cue, isNegation|isAdvice|isStatus) {
		return false
	}
	nouns := 0
	for k := p.phraseEnd(cue); k < min(to, cue+16); k++ {
		s := p.tokens[k].sense
		if s&(isDesc|isTopic) != 0 && p.tokens[k].head {
			nouns++
		} else if s&(isStatus|isNegation|isAdvice|isEnter|isReceived|isLogin|isPassword) != 0 && s&(isDescOp|isDescHint|isTwist) == 0 {
			return false
		}
	}
	return nouns >= 2
}

// usedAs finds "her date of birth as password".
func (p *page) usedAs(noun, to int) bool {
	k := p.phraseEnd(noun)
	for n := 0; k < to && n < 6; k, n = k+1, n+1 {
		if p.tokens[k].sense&(isPassword|isPIN|isCode) != 0 {
			return p.saysAs(noun, k) && p.senses(max(noun-6, 0), k)&(isNegation|isAdvice) == 0
		}
	}
	return false
}

// saysAs reports whether a word for "as" stands among the tokens [from, to).
func (p *page) saysAs(from, to int) bool {
	for k := from; k < to; k++ {
		switch p.tokens[k].fold {
		case "comme", "as", "como", "ca", "olarak", "як", "sert", "serve", "bhal":
			return true
		}
	}
	return false
}

// answered finds the answer to a secret question: a word the lexicon does not
// know at the end of the sentence that speaks of the question.
func (p *page) answered() finding {
	if p.joined && p.has&isAnswer != 0 {
		if f := p.answerAlone(); f.found() {
			return f
		}
	}
	if p.has&isQuestion == 0 && p.has&(isTopic|isAnswer) != isTopic|isAnswer {
		return finding{}
	}
	for i := range p.tokens {
		s := p.tokens[i].sense
		if s&(isQuestion|isTopic) == 0 {
			continue
		}
		if s&isQuestion == 0 && p.has&isAnswer == 0 {
			continue
		}
		if k := p.answerBefore(i); k > 0 {
			return p.refuse(KindAnswer, RuleAnswer, k, k)
		}
		for j := p.phraseEnd(i); j < min(len(p.tokens), i+25); j++ {
			if p.isAnswerAt(j) {
				return p.refuse(KindAnswer, RuleAnswer, j, j)
			}
		}
	}
	return finding{}
}

// answerBefore finds "answer Quimper to the secret question": the value
// between a word for answer and the question at i. It gives its token, or 0.
func (p *page) answerBefore(i int) int {
	for k := i - 1; k > 0 && k >= i-6 && p.tokens[k+1].gap&gapStop == 0; k-- {
		if p.unknown(k) && p.tokens[k-1].sense&isAnswer != 0 && p.senses(k+1, i)&^(isFunction|isArticle|isLink|isYear) == 0 {
			return k
		}
	}
	return 0
}

// answerAlone finds the answer in one field to "the answer" at the end of
// another.
func (p *page) answerAlone() finding {
	for i := range p.tokens {
		if j := p.valueAfter(p.phraseEnd(i), false); p.tokens[i].sense&isAnswer != 0 && j > 0 {
			return p.refuse(KindAnswer, RuleAnswer, j, j)
		}
	}
	return finding{}
}

// isAnswerAt reports whether the word at j is an answer: what stands before
// announces it and the segment ends with it.
func (p *page) isAnswerAt(j int) bool {
	t := &p.tokens[j]
	if !p.unknown(j) && !(p.isCapitalised(j) && t.sense&(isFunction|isQuestion|isAnswer|isStatus) == 0) && t.form == letters {
		return false
	}
	if t.form == digits && len(t.fold) < 4 {
		return false
	}
	k := j - 1
	for k > 0 && p.tokens[k].sense&(isArticle|isFunction) != 0 && p.tokens[k].sense&isCopula == 0 && j-k <= 2 && p.tokens[k+1].gap&(gapJoin|gapComma) == 0 {
		k--
	}
	joined := false
	for m := max(j-2, 1); m <= j; m++ {
		joined = joined || p.tokens[m].gap&gapJoin != 0
	}
	announced := joined && p.has&isQuestion != 0 || p.tokens[k].sense&(isAnswer|isCopula|isTopic|isDescHint) != 0 || p.tokens[k+1].gap&gapJoin != 0 ||
		t.gap&(gapComma|gapJoin) != 0 && p.senses(k-3, j)&isTopic != 0
	return announced && p.senses(j-3, j)&isNegation == 0 && p.endsSegment(j)
}

// words finds a recovery phrase: "twelve words" and then words that make no
// sentence; or as many words in a row with nothing between them.
func (p *page) words() finding {
	run, seed := 0, -1
	for i := range p.tokens {
		t := &p.tokens[i]
		switch {
		case t.sense&isSeed != 0:
			run, seed = 0, i
		case t.form != letters || t.sense&(isFunction|isStatus) != 0 && t.sense&isDesc == 0 || t.gap&gapStop != 0 && run > 0 && t.gap&gapGlued == 0:
			run = 0
		default:
			run++
		}
		if run >= 5 && seed >= 0 && i-seed <= 30 {
			return p.refuse(KindRecovery, RuleWords, i-run+1, i)
		}
	}
	return finding{}
}
