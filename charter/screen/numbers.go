package screen

import (
	"sort"
	"strings"
)

// numbers runs the validators: what has a checksum or a fixed form is refused
// wherever it stands, whatever the words around say.
func (p *page) numbers() finding {
	if from := pemAt(p.text); from >= 0 {
		return finding{KindToken, RulePEM, from, len(p.text)}
	}
	for i := 0; i+4 <= len(p.text); i++ {
		if isLetter(p.text[i]) && (isLetter(p.text[i+1]) || p.text[i+1] == ' ' && isLetter(p.text[i+2])) {
			switch exact, form := ibanAt(p.text, i); {
			case exact:
				return p.accountAt(RuleIBAN, i)
			case form:
				return p.accountAt(RuleIBANForm, i)
			}
		}
	}
	for i := range p.groups {
		if ribAt(p.text, p.groups[i].start) {
			return p.accountAt(RuleRIB, p.groups[i].start)
		}
		if f := tryNumber(p.groups, i, withChecksum); f.found() {
			return f
		}
	}
	if f := p.keyApart(); f.found() {
		return f
	}
	for i := range p.groups {
		if f := tryNumber(p.groups, i, p.byForm); f.found() {
			return f
		}
	}
	at := 0
	for word := range strings.FieldsSeq(p.text) {
		at += strings.Index(p.text[at:], word)
		if f := ofWord(word); f.found() {
			f.from, f.to = at, at+len(word)
			return f
		}
		at += len(word)
	}
	return finding{}
}

// ofWord asks the validators of a word by itself.
func ofWord(word string) finding {
	if isGoogleCode(word) {
		return finding{kind: KindOneTime, rule: RuleTokenForm}
	}
	if f := tokenForm(word); f.found() {
		return f
	}
	if hasCardCode(word) {
		return finding{kind: KindRecovery, rule: RuleCardCode}
	}
	if isURL(word) {
		return urlSecret(word)
	}
	return finding{}
}

// accountAt is the refusal of a bank account that begins at byte i. Its end is
// that of the last group of digits that belongs to it.
func (p *page) accountAt(rule Rule, i int) finding {
	end := i
	for _, g := range p.groups {
		if g.end > i && (end == i || g.start-end <= 6) && g.end-i <= 48 {
			end = g.end
		}
	}
	return finding{KindBank, rule, i, end}
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
		return finding{KindNIR, RuleNIRKey, first.start, last.end}
	case isCardNumber(digits):
		return finding{KindCard, RuleCardNumber, first.start, last.end}
	case isSplitNIR(digits, first, last):
		return finding{KindNIR, RuleNIRKey, first.start, last.end}
	case isVitale(digits):
		return finding{KindAccountID, RuleVitale, first.start, last.end}
	case len(digits) == 48 && last.end-first.start >= 55:
		return finding{KindRecovery, RuleRecoveryKey, first.start, last.end}
	}
	return finding{}
}

// keyApart finds a NIR whose key is said apart: "1910675112433 clé 51".
func (p *page) keyApart() finding {
	for i := 1; i < len(p.groups); i++ {
		key := p.groups[i]
		if between := p.text[p.groups[i-1].end:key.start]; len(key.digits) != 2 || len(between) > 12 {
			continue
		}
		digits := ""
		for k := i - 1; k >= 0 && k > i-8; k-- {
			if digits = p.groups[k].digits + digits; len(digits) >= 13 || !p.groups[k].joined {
				if isNIR(digits + key.digits) {
					return finding{KindNIR, RuleNIRKey, p.groups[k].start, key.end}
				}
				break
			}
		}
	}
	return finding{}
}

// isVitale knows the serial number of a carte Vitale: issuer number 80250
// (ISO/IEC 7812: health, France), 19 to 21 digits. With the NIR it opens an
// account on ameli.
func isVitale(digits string) bool {
	return len(digits) >= 19 && len(digits) <= 21 && digits[:5] == "80250" && onlyDigits(digits)
}

func (p *page) byForm(digits string, first, last group) finding {
	switch {
	case isCardForm(digits, first, last):
		return finding{KindCard, RuleCardForm, first.start, last.end}
	case len(digits) == 13 && hasNIRForm(digits) && digits[0] <= '2' && !p.announcedByReference(first.start):
		return finding{KindNIR, RuleNIRForm, first.start, last.end}
	case isTaxForm(digits) && taxGroups(first, last) && !p.announcedByReference(first.start):
		return finding{KindAccountID, RuleTaxNumber, first.start, last.end}
	}
	return finding{}
}

// taxGroups reports whether a tax number is written as they are: in one group,
// or in five short ones ("30 12 345 678 901").
func taxGroups(first, last group) bool {
	return first.start == last.start || len(first.digits) <= 2 && len(last.digits) <= 4 || last.end-first.start <= 13+1
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
