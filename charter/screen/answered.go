package screen

// answered finds the answer to a secret question: a word the lexicon does not
// know at the end of the sentence that speaks of the question.
func (p *page) answered() finding {
	if p.joined && p.has&isAnswer != 0 {
		if f := p.answerAlone(); f.found() {
			return f
		}
	}
	if f := p.remembered(); f.found() {
		return f
	}
	if j := p.shortAnswer(); j > 0 {
		return p.refuse(KindAnswer, RuleAnswer, j, j)
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

// shortAnswer finds "Q : … R : Bertin". It gives the token of the answer, or 0.
func (p *page) shortAnswer() int {
	asked := -maxReach
	for i := range p.tokens {
		if i+1 == len(p.tokens) || p.tokens[i+1].gap&gapJoin == 0 {
			continue
		}
		switch p.tokens[i].fold {
		case "q":
			asked = i
		case "r", "a", "rep":
			if i-asked <= 16 && p.unknown(i+1) && p.endsSegment(i+1) {
				return i + 1
			}
		}
	}
	return 0
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
	capital := p.isCapitalised(j)
	if !p.unknown(j) && !(capital && t.sense&(isFunction|isQuestion|isAnswer|isStatus) == 0) && t.form == letters {
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
	announced := capital && p.has&isAnswer != 0 && p.tokens[j-1].sense&isQuestion != 0 || joined && p.has&isQuestion != 0 || p.tokens[k].sense&(isAnswer|isCopula|isTopic|isDescHint) != 0 || p.tokens[k+1].gap&gapJoin != 0 ||
		t.gap&(gapComma|gapJoin) != 0 && p.senses(k-3, j)&isTopic != 0
	return announced && p.senses(j-3, j)&isNegation == 0 && (p.endsSegment(j) || p.tokens[j-1].sense&isAnswer != 0 && p.unknown(j))
}
