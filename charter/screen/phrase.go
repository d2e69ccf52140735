package screen

// words finds a recovery or pass phrase: words that make no sentence beside
// "twelve words", "pass phrase" and the like, or anything in quotation marks
// behind it.
func (p *page) words() finding {
	if p.has&isSeed == 0 {
		return finding{}
	}
	run, seed := 0, -maxReach
	for i := range p.tokens {
		t := &p.tokens[i]
		switch {
		case t.sense&isSeed != 0:
			if run >= 6 {
				return p.refuse(KindRecovery, RuleWords, i-run, i-1)
			}
			run, seed = 0, i
		case t.form != letters || t.sense&(isFunction|isStatus) != 0 && t.sense&isDesc == 0 || t.gap&gapStop != 0 && run > 0 && t.gap&gapGlued == 0:
			if run < 6 || t.gap&gapStop != 0 {
				run = 0
			}
		default:
			run++
		}
		near := i-seed <= 30
		if run >= 5 && near && i-run >= seed || run >= 3 && i-run == seed && p.allUnknownIn(i-run+1, i) {
			return p.refuse(KindRecovery, RuleWords, i-run+1, i)
		}
		if t.gap&gapQuote != 0 && i-seed <= 4 {
			if end := p.quotedEnd(i); end-i >= 2 {
				return p.refuse(KindRecovery, RuleWords, i, end)
			}
		}
	}
	return finding{}
}

// allUnknownIn reports whether the lexicon knows none of the tokens first to last.
func (p *page) allUnknownIn(first, last int) bool {
	for j := first; j <= last; j++ {
		if !p.unknown(j) {
			return false
		}
	}
	return true
}

// quotedEnd gives the last token of the quotation that begins at token i, or
// i-1 when it does not end within maxReach tokens.
func (p *page) quotedEnd(i int) int {
	for j := i; j < min(len(p.tokens), i+maxReach); j++ {
		if p.closesQuote(j) {
			return j
		}
	}
	return i - 1
}
