package screen

// remembered finds the answer to one of the questions that services ask when
// an access is lost (first pet, mother's maiden name), where somebody asks or
// answers in the same or the next sentence: "le site demande le prénom de la
// grand-mère, c'est Apolline".
func (p *page) remembered() finding {
	if p.has&isMemory == 0 || p.has&(isAsk|isAnswer|isQuestion) == 0 {
		return finding{}
	}
	for i := range p.tokens {
		if p.tokens[i].sense&isMemory == 0 || !p.tokens[i].head {
			continue
		}
		from, to := p.around(i)
		if p.senses(from, to)&(isAsk|isAnswer|isQuestion) == 0 {
			continue
		}
		if j := p.answerNear(i, from, to); j >= 0 {
			return p.refuse(KindAnswer, RuleAnswer, j, j)
		}
	}
	return finding{}
}

// around gives the sentence of token i with the ones before and behind it.
func (p *page) around(i int) (from, to int) {
	from, to = p.clause(i)
	if from > 0 && i-from < 16 {
		from = p.clauseBefore(from)
	}
	if to < len(p.tokens) && to-i < 16 {
		_, to = p.clause(to)
	}
	return max(from, i-20), min(to, i+20)
}

// answerNear gives the token of a value beside the topic at token i, or -1.
func (p *page) answerNear(i, from, to int) int {
	for j := p.phraseEnd(i); j < to; j++ {
		if p.tokens[j].sense&isNegation != 0 && p.tokens[j-1].gap&gapStop == 0 {
			return -1
		}
		if p.tokens[j].sense&isMemory == 0 && p.isReply(j, from) {
			return j
		}
	}
	for j := i - 1; j >= from; j-- {
		if i-j > 12 {
			return -1
		}
		if p.isReply(j, from) && (p.tokens[j].gap&(gapQuote|gapJoin) != 0 || p.senses(j-3, j)&isAnswer != 0 || p.oneWord(j) ||
			p.senses(j+1, j+3)&isAnswer != 0) {
			return j
		}
	}
	return -1
}

// oneWord reports whether token j is a sentence by itself.
func (p *page) oneWord(j int) bool {
	from, to := p.clause(j)
	return to-from == 1
}

// isReply reports whether token j is a value that somebody answered: a word
// the lexicon does not know, in quotation marks, behind a colon, or behind a
// word for answering, or with a capital.
func (p *page) isReply(j, from int) bool {
	t := &p.tokens[j]
	capital := p.isCapitalised(j)
	if !p.unknown(j) && !(capital && t.sense&(isFunction|isQuestion|isAnswer|isStatus|isService|isTopic|isMonth) == 0) || len(t.fold) < 3 {
		return false
	}
	if t.gap&(gapJoin|gapQuote) != 0 {
		return p.unknown(j)
	}
	for k := j - 1; k >= max(from, j-3); k-- {
		s := p.tokens[k].sense
		if s&(isAnswer|isCopula|isTyping|isEnter) != 0 {
			return p.endsSegment(j) || capital || s&isAnswer != 0 && k == j-1
		}
		if s&(isFunction|isArticle|isLink) == 0 {
			break
		}
	}
	if p.oneWord(j) {
		return true
	}
	if t.gap&gapComma != 0 && p.tokens[j-1].sense&isMemory != 0 {
		return capital || p.endsSegment(j)
	}
	return capital && (t.gap&gapComma != 0 || p.endsSegment(j))
}
