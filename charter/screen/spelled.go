package screen

import "strings"

// spelled finds a value given letter by letter, or a number in words.
func (p *page) spelled() finding {
	const cues = isPassword | isPIN | isCode | isOTP | isSpell | isUnlock | isRecovery
	if p.has&cues == 0 {
		return finding{}
	}
	for i := 0; i < len(p.tokens); {
		singles, words, hasLetter, hasDigit, end := p.oneByOne(i)
		if end == i {
			i++
			continue
		}
		from, to := p.clause(i)
		near := p.senses(from, min(to, end))&cues != 0
		switch {
		case near && words >= 4, near && singles >= 4 && (hasLetter || hasDigit),
			singles >= 6 && hasLetter && hasDigit:
			return p.refuse(KindPassword, RuleSpelled, i, end-1)
		}
		i = end
	}
	return finding{}
}

// oneByOne reads single letters and digits, names of signs and words for
// digits from token i on.
func (p *page) oneByOne(i int) (singles, words int, hasLetter, hasDigit bool, end int) {
	for end = i; end < len(p.tokens); end++ {
		t := &p.tokens[end]
		if end > i && t.gap&gapStop != 0 {
			break
		}
		switch {
		case t.sense&cueSenses != 0:
			return
		case len(t.fold) == 1 && t.form == digits:
			singles, hasDigit = singles+1, true
		case isSingle(t.fold):
			singles, hasLetter = singles+1, true
		case p.numberWord(end):
			words++
		case end > i && symbolWords[t.fold]:
		default:
			return
		}
	}
	return
}

func isSingle(s string) bool { return len(s) == 1 || len(s) == 2 && s[0] >= 0xc0 }

var symbolWords = map[string]bool{
	"majuscule": true, "minuscule": true, "maj": true, "min": true, "arobase": true, "tiret": true, "point": true,
	"diese": true, "etoile": true, "plus": true, "espace": true, "underscore": true, "slash": true, "moins": true,
	"exclamation": true, "egal": true, "pourcent": true, "dollar": true, "capital": true, "accent": true, "aigu": true,
}

// numberWord reports whether token i is a word for a digit, in any language.
func (p *page) numberWord(i int) bool {
	key := p.keys[i]
	if key == "" {
		return false
	}
	at := lexiconOnce().root.next[key]
	return at != nil && at.sense&isNumberName != 0
}

// pieces finds a password cut in pieces with a plus sign between: "Clu + j.77".
func (p *page) pieces() finding {
	if p.has&(isPassword|isPIN|isCode) == 0 || !strings.Contains(p.text, " + ") {
		return finding{}
	}
	for i := 1; i < len(p.tokens); i++ {
		if strings.TrimSpace(p.text[p.tokens[i-1].end:p.tokens[i].start]) != "+" {
			continue
		}
		from, to := p.clause(i)
		if p.senses(from, i)&isPassword == 0 || p.tokens[i-1].sense != 0 && p.tokens[i-1].form == letters {
			continue
		}
		hasDigit := false
		for k := i - 1; k < min(to, i+3); k++ {
			hasDigit = hasDigit || p.tokens[k].form != letters
		}
		if hasDigit {
			return p.refuse(KindPassword, RuleHalves, i-1, i)
		}
	}
	return finding{}
}
