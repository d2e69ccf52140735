package screen

// recipe finds a password that is described by what it is made of and what is
// done to it, wherever the word for password stands: "il tape le prénom de sa
// fille suivi de son année de naissance, ça ouvre tout". Each part gives
// points; a sentence that advises or denies gets none.
func (p *page) recipe() finding {
	if p.has&(isTwist|isDescOp) == 0 {
		return finding{}
	}
	for from := 0; from < len(p.tokens); {
		_, to := p.clause(from)
		if first, last := p.weighRecipe(from, to); last >= first && first >= 0 {
			return p.refuse(KindPassword, RuleDescribed, first, last)
		}
		from = to
	}
	return finding{}
}

// maxApart is how many tokens may lie between two parts of one recipe.
const maxApart = 8

// weighRecipe counts the parts of a recipe in the sentence [from, to) and gives
// the tokens from its first part to its last, or -1, -2.
func (p *page) weighRecipe(from, to int) (first, last int) {
	cue, nouns, steps, twists, numbers, literal := 0, 0, 0, 0, 0, 0
	first, last = -1, -2
	if from > 0 {
		before := p.clauseBefore(from)
		if s := p.senses(before, from); from-before <= 10 && s&(isPassword|isPIN) != 0 && s&(isNegation|isAdvice|isStatus) == 0 {
			cue = 1
		}
	}
	if to < len(p.tokens) {
		if _, end := p.clause(to); end-to <= 8 && p.senses(to, end)&(isPassword|isPassWeak|isUnlock|isTyping) != 0 && p.senses(to, end)&(isNegation|isStatus) == 0 {
			cue = 1
		}
	}
	cueAt, noun := -1, -1
	for k := from; k < to; k++ {
		t := &p.tokens[k]
		s := t.sense
		if !t.head {
			continue
		}
		if last >= 0 && k-last > maxApart {
			nouns, steps, twists, numbers, literal, noun, first, last = 0, 0, 0, 0, 0, -1, -1, -2
			if k-cueAt > 2*maxApart {
				cue, cueAt = 0, -1
			}
		}
		part := true
		switch {
		case s&(isPassword|isPIN) != 0 && !p.pluralCue(p.phraseEnd(k)-1):
			cue, cueAt, part = 2, k, false
		case s&isTwist != 0:
			twists++
		case s&(isDesc|isTopic|isSame) != 0 && s&isCommon == 0:
			nouns++
			if noun < 0 {
				noun = k
			}
		case s&isDescOp != 0 && s&(isFunction|isLink|isCommon) == 0 || s&isSymbolName != 0:
			steps++
		case s&(isTyping|isUnlock|isLogin|isPassWeak|isCode) != 0, s&isDescHint != 0 && s&isCopula == 0 && p.senses(from, k)&isService != 0:
			cue, part = max(cue, 1), false
			if cueAt < 0 {
				cueAt = k
			}
		case t.form == digits && len(t.fold) <= 4 || p.numberWord(k):
			numbers = 1
		case p.unknown(k) && p.isCapitalised(k):
			literal = 1
		default:
			part = false
		}
		if part {
			if first < 0 {
				first = k
			}
			last = p.phraseEnd(k) - 1
		}
	}
	if from == 0 && to == len(p.tokens) && p.tokens[0].sense&isCopula != 0 {
		cue = max(cue, 1) // an answer to a question that was not written down
	}
	if nouns == 0 && cue == 2 && p.sameBefore(cueAt) {
		nouns, noun = 1, cueAt // "the same password as for X, but with …"
	}
	if nouns == 0 && steps >= 2 && numbers+literal == 2 {
		nouns, noun = 1, first // "at sign Dahlia at sign two thousand six"
	}
	if first < 0 || cueAt >= 0 && (cueAt-last > 2*maxApart || first-cueAt > 2*maxApart) {
		return -1, -2
	}
	if cue == 0 || nouns == 0 || twists+steps == 0 || p.denied(from, to, cueAt, noun) {
		return -1, -2
	}
	if 2*cue+min(nouns, 2)+min(steps, 2)+2*min(twists, 2)+numbers+literal < 6 {
		return -1, -2
	}
	return first, last
}

// sameBefore reports whether a word for "same" stands before the cue at token k.
func (p *page) sameBefore(k int) bool {
	for j := k - 1; j >= 0 && j >= k-2; j-- {
		if p.tokens[j].sense&isSame != 0 || sameWords[p.tokens[j].fold] {
			return true
		}
	}
	return false
}

var sameWords = wordSet("meme memes same misma mismo mesma mesmo aceeasi acelasi ayni такий такии той тои نفس")

// denied reports whether words of denial or advice stand where they speak of
// the recipe: before its first noun, or between noun and cue.
func (p *page) denied(from, to, cue, noun int) bool {
	low, high := noun, noun
	if cue >= 0 {
		low, high = min(cue, noun), max(cue, noun)
	}
	for k := max(from, low-5); k < min(to, high); k++ {
		s := p.tokens[k].sense
		if s&isAdvice != 0 && k < low && cue >= 0 && cue < noun {
			continue // "elle m'explique que son mot de passe est …"
		}
		if s&(isNegation|isAdvice) != 0 && s&(isTwist|isDescOp) == 0 && p.tokens[k].fold != "sans" {
			return true
		}
	}
	return false
}
