package screen

// asPassword finds a password that stands before the word for it, or beside a
// word for typing: "salsifis comme mot de passe", "il tape soleil (mot de
// passe)", "elle tape « citron », c'est son mot de passe".
func (p *page) asPassword() finding {
	if p.has&isPassword != 0 {
		for i := range p.tokens {
			if t := &p.tokens[i]; t.sense&isPassword == 0 || !t.head {
				continue
			}
			if j := p.saidBefore(i); j >= 0 {
				return p.refuse(KindPassword, RulePassword, j, j)
			}
		}
	}
	if p.has&(isTyping|isUnlock|isLogin) == 0 || p.joined {
		return finding{}
	}
	for j := 1; j < len(p.tokens); j++ {
		if p.isQuotedWord(j) && p.typed(j) {
			return p.refuse(KindPassword, RulePassword, j, j)
		}
	}
	return finding{}
}

// saidBefore gives the token of a value in front of the cue at token i, or -1.
func (p *page) saidBefore(i int) int {
	from, _ := p.clause(i)
	if p.senses(max(from, i-12), i)&isNegation != 0 {
		return -1
	}
	k := i - 1
	for k > from && p.tokens[k].sense&isArticle != 0 && !asWords[p.tokens[k].fold] {
		k--
	}
	if k <= from {
		return -1
	}
	if asWords[p.tokens[k].fold] && p.tokens[k].gap&(gapStop|gapComma) == 0 {
		return p.wordBack(k-1, from, false)
	}
	if p.tokens[i].gap&gapComma != 0 && p.text[p.tokens[i].start-1] == '(' {
		return p.wordBack(i-1, from, true)
	}
	if p.tokens[k].sense&isCopula != 0 {
		for j := k - 1; j >= max(from, k-12); j-- {
			if p.isQuotedWord(j) {
				return j
			}
		}
	}
	return -1
}

// asWords are the words for "as" in "X as password".
var asWords = wordSet("comme como as ca olarak як sert serve bhal ka")

// wordBack gives the token of a value that ends at token k: a word the lexicon
// does not know, with numbers and words for its spelling behind it. announced
// asks for a word for typing, a copula or "with" in front.
func (p *page) wordBack(k, from int, announced bool) int {
	for k > from && (p.tokens[k].gap == gapGlued|gapHyphen || p.numberWord(k) || p.tokens[k].form == digits || p.tokens[k].sense&(isDescOp|isTwist|isSymbolName) != 0 ||
		p.tokens[k].sense&(isLink|isFunction) != 0 && k > from+1) && !p.unknown(k) {
		k--
	}
	t := &p.tokens[k]
	if !p.unknown(k) && t.form != mixed || p.tokens[k+1].gap&gapStop != 0 || len(t.fold) < 4 {
		return -1
	}
	if !announced || p.isQuotedWord(k) {
		return k
	}
	for k > from+1 && p.tokens[k].gap == gapGlued|gapHyphen {
		k--
	}
	for j := k - 1; j >= max(from, k-3); j-- {
		if p.tokens[j].sense&(isTyping|isCopula) != 0 || withWords[p.tokens[j].fold] {
			return k
		}
		if p.tokens[j].sense&(isFunction|isArticle) == 0 {
			break
		}
	}
	return -1
}

// withWords are the words for "with" and "by" before what opens something.
var withWords = wordSet("avec with con com cu ile з із ب mit par")

func (p *page) saysWith(from, to int) bool {
	for k := max(from, 0); k < to; k++ {
		if withWords[p.tokens[k].fold] {
			return true
		}
	}
	return false
}

// isQuotedWord reports whether token j is an unknown word, or a mixed one,
// alone in quotation marks.
func (p *page) isQuotedWord(j int) bool {
	if !p.unknown(j) && p.tokens[j].form != mixed || p.tokens[j].gap&gapQuote == 0 {
		return false
	}
	return p.closesQuote(j)
}

// closesQuote reports whether a quotation mark follows token j.
func (p *page) closesQuote(j int) bool {
	end := len(p.text)
	if j+1 < len(p.tokens) {
		end = p.tokens[j+1].start
	}
	for _, c := range []byte(p.text[p.tokens[j].end:end]) {
		if c == '"' {
			return true
		}
	}
	return false
}

// typed reports whether a word for typing stands close before token j, with
// something that is opened in the same sentence.
func (p *page) typed(j int) bool {
	from, to := p.clause(j)
	if p.senses(from, to)&(isNegation|isAdvice) != 0 || p.senses(from, to)&(isUnlock|isLogin|isService|isPassWeak|isDevice) == 0 {
		return false
	}
	near := p.senses(max(from, j-6), j)
	return near&(isTyping|isUnlock) != 0 && near&(isFrame|isReference) == 0 || near&isLogin != 0 && p.saysWith(j-6, j)
}
