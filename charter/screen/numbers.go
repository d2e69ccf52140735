package screen

import (
	"sort"
	"strings"
)

// numbers runs the validators: what has a checksum or a fixed form is refused
// wherever it stands, whatever the words around say.
func (p *page) numbers() finding {
	if isPEM(p.text) {
		return finding{KindToken, RulePEM}
	}
	for i := 0; i+4 <= len(p.text); i++ {
		if isLetter(p.text[i]) && isLetter(p.text[i+1]) {
			switch exact, form := ibanAt(p.text, i); {
			case exact:
				return finding{KindBank, RuleIBAN}
			case form:
				return finding{KindBank, RuleIBANForm}
			}
		}
	}
	for i := range p.groups {
		if ribAt(p.text, p.groups[i].start) {
			return finding{KindBank, RuleRIB}
		}
		if f := tryNumber(p.groups, i, withChecksum); f.found() {
			return f
		}
	}
	for i := range p.groups {
		if f := tryNumber(p.groups, i, p.byForm); f.found() {
			return f
		}
	}
	for word := range strings.FieldsSeq(p.text) {
		if isGoogleCode(word) {
			return finding{KindOneTime, RuleTokenForm}
		}
		if f := tokenForm(word); f.found() {
			return f
		}
		if hasCardCode(word) {
			return finding{KindRecovery, RuleCardCode}
		}
		if isURL(word) {
			if f := urlSecret(word); f.found() {
				return f
			}
		}
	}
	return finding{}
}

// tryNumber asks one validator about every number that begins with group i.
func tryNumber(groups []group, i int, ask func(digits string, first, last group) finding) finding {
	var found finding
	number(groups, i, func(digits string, first, last group) bool {
		found = ask(digits, first, last)
		return found.found()
	})
	return found
}

func withChecksum(digits string, first, last group) finding {
	switch {
	case isNIR(digits):
		return finding{KindNIR, RuleNIRKey}
	case isCardNumber(digits):
		return finding{KindCard, RuleCardNumber}
	case len(digits) == 48 && last.end-first.start >= 55:
		return finding{KindRecovery, RuleRecoveryKey}
	}
	return finding{}
}

func (p *page) byForm(digits string, first, last group) finding {
	switch {
	case isCardForm(digits, first, last):
		return finding{KindCard, RuleCardForm}
	case len(digits) == 13 && hasNIRForm(digits) && digits[0] <= '2' && !p.announcedByReference(first.start):
		return finding{KindNIR, RuleNIRForm}
	case isTaxForm(digits) && !p.announcedByReference(first.start):
		return finding{KindAccountID, RuleTaxNumber}
	}
	return finding{}
}

// isCardForm knows a card number with a wrong digit by its four groups of four.
func isCardForm(digits string, first, last group) bool {
	return len(digits) == 16 && onlyDigits(digits) && len(first.digits) == 4 && len(last.digits) == 4 &&
		last.end-first.start >= 19 && cardPrefix16(digits)
}

// announcedByReference reports whether a word for a file, an order or the like
// stands just before the number at this byte. It frees the forms without a
// checksum only.
func (p *page) announcedByReference(start int) bool {
	i := sort.Search(len(p.tokens), func(i int) bool { return p.tokens[i].end > start })
	for k := min(i, len(p.tokens)-1) - 1; k >= 0 && k >= i-3 && p.tokens[k+1].gap&gapStop == 0; k-- {
		s := p.tokens[k].sense
		if s&(isAccount|isLogin|isNIRCue) != 0 {
			return false
		}
		if s&isReference != 0 {
			return true
		}
	}
	return false
}

// isGoogleCode knows the one form of one-time code that names its sender.
func isGoogleCode(word string) bool {
	word = strings.TrimRight(word, ".,;)")
	return len(word) == 8 && (word[:2] == "G-" || word[:2] == "g-") && onlyDigits(word[2:])
}

// hasCardCode knows the code of a person's card, shown "C-XXXX-XXXX-XXXXX" in
// the card's own alphabet: it opens the person's page.
func hasCardCode(word string) bool {
	const length = len("C-XXXX-XXXX-XXXXX")
	word = strings.ToUpper(word)
	i := strings.Index(word, "C-")
	if i < 0 || len(word)-i < length || insideWord(word, i) {
		return false
	}
	for k, c := range []byte(word[i+1 : i+length]) {
		if dash := k == 0 || k == 5 || k == 10; dash != (c == '-') {
			return false
		} else if !dash && strings.IndexByte("36789BDFGHJKMPQRTVWXY", c) < 0 {
			return false
		}
	}
	return true
}
