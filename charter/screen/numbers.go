package screen

import "strings"

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
		var found finding
		number(p.groups, i, func(digits string, first, last group) bool {
			found = p.validate(digits, first, last)
			return found.found()
		})
		if found.found() {
			return found
		}
	}
	for word := range strings.FieldsSeq(p.text) {
		if f := tokenForm(word); f.found() {
			return f
		}
		if isURL(word) {
			if f := urlSecret(word); f.found() {
				return f
			}
		}
	}
	return finding{}
}

func (p *page) validate(digits string, first, last group) finding {
	switch {
	case isNIR(digits):
		return finding{KindNIR, RuleNIRKey}
	case isRIB(digits):
		return finding{KindBank, RuleRIB}
	case isCardNumber(digits):
		return finding{KindCard, RuleCardNumber}
	case len(digits) == 48 && last.end-first.start >= 55:
		return finding{KindRecovery, RuleRecoveryKey}
	case len(digits) == 13 && hasNIRForm(digits) && first.digits[0] <= '2':
		return finding{KindNIR, RuleNIRForm}
	case isTaxForm(digits):
		return finding{KindAccountID, RuleTaxNumber}
	}
	return finding{}
}
