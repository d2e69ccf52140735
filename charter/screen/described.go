package screen

// described finds a rule from which the password follows: "date of birth
// backwards", "the name of the cat then 48".
func (p *page) described() finding {
	if from, to := p.sameButNumber(); to > from {
		return p.refuse(KindPassword, RuleDescribed, from, to-1)
	}
	if f := p.recipe(); f.found() {
		return f
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
		s := p.tokens[k].sense
		if s&(isPassword|isPIN) != 0 && !p.pluralCue(k) {
			cue = k
			break
		}
		if s&isCode != 0 && cue < 0 {
			cue = k
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
