package screen

import "strings"

// headTail is how much of two fields is read together, in bytes.
const headTail = 160

// across screens two fields as one: a cue at the end of the first and its
// value at the start of the second, or a number cut in two. Both passed alone.
func across(first, second *page) finding {
	if len(first.tokens) == 0 || len(second.tokens) == 0 {
		return finding{}
	}
	if f := acrossNumber(first, second); f.found() {
		return f
	}
	switch second.kind {
	case Phone, Email, Language, Address:
		return finding{}
	}
	if acrossAccount(first.text, second.text) {
		return second.refuse(KindBank, RuleAcross, 0, len(second.tokens)-1)
	}
	if f := halves(first, second); f.found() {
		return f
	}
	if f := received(first, second); f.found() {
		return f
	}
	return meet(first, second, second.shortClauses())
}

// received finds a field that is one number, or a few words, beside one that
// speaks of a code that came or of a pass phrase, whatever else it says.
func received(first, second *page) finding {
	n := len(second.tokens)
	negated := first.has&(isNegation|isFrame|isPlace) != 0
	if digits := shapeOf(second.text).digits; !negated && first.has&(isOTP|isPIN|isRecovery) != 0 && len(first.tokens) <= 12 &&
		digits >= 4 && digits <= 8 && second.isNumber(0, n) && !yearLike(second.tokens[0].fold) {
		kind, _ := kindFor(first.has & (isOTP | isPIN | isRecovery))
		return second.refuse(kind, RuleAcross, 0, n-1)
	}
	if !negated && first.has&isSeed != 0 && len(first.tokens) <= 8 && first.has&isStatus == 0 && n >= 4 && n <= 30 &&
		second.has&(cueSenses|isStatus|isNegation) == 0 {
		return second.refuse(KindRecovery, RuleAcross, 0, n-1)
	}
	return finding{}
}

// meet reads each open sentence of the first field before each of the given
// sentences of the second.
func meet(first, second *page, values [][2]int) finding {
	for _, cue := range first.openClauses() {
		for _, value := range values {
			if value[1]-value[0] > 3 && second.senses(value[0], value[1])&isNegation != 0 {
				continue
			}
			adjacent := (cue[1] == len(first.tokens) || first.has&isPointer != 0) && value[0] == 0
			p := &page{kind: second.kind, joined: true, loose: !adjacent, text: strings.TrimRight(first.span(cue), ".,;!?") + " : " + second.span(value)}
			p.analyse()
			if f := p.judge(); f.found() && !frames(first, cue, second, value) {
				return second.refuse(f.kind, RuleAcross, value[0], value[1]-1)
			}
		}
	}
	return finding{}
}

// frames reports whether the two texts read as one phrase mean something
// harmless: "code" and "postal 44400".
func frames(first *page, cue [2]int, second *page, value [2]int) bool {
	p := &page{kind: second.kind, text: first.span(cue) + " " + second.span(value)}
	p.analyse()
	return p.has&isFrame != 0 && (first.has|second.has)&isFrame == 0
}

// maxClauses is how many sentences of each field are read together with those
// of the other, so that the work stays bounded.
const maxClauses = 4

// openClauses gives the sentences that end with a cue whose value is not
// there, the last ones first: token ranges [from, to).
func (p *page) openClauses() [][2]int {
	const cues = cueSenses | isCard | isATM | isQuestion
	var found [][2]int
	for to := len(p.tokens); to > 0 && len(found) < maxClauses; {
		from, _ := p.clause(to - 1)
		s := p.senses(max(to-7, from), to)
		if s&cues != 0 && s&isStatus == 0 || p.tokens[to-1].sense&cues != 0 {
			found = append(found, [2]int{max(to-10, from), to})
		} else if s&cues != 0 && s&isPointer != 0 {
			found = append(found, p.lastCue(from, to, cues))
		}
		to = from
	}
	return found
}

// lastCue gives the last phrase among the tokens [from, to) that is a cue:
// "password: see next field" is read as "password".
func (p *page) lastCue(from, to int, cues sense) [2]int {
	for k := to - 1; k >= from; k-- {
		if p.tokens[k].head && p.tokens[k].sense&cues != 0 {
			return [2]int{k, p.phraseEnd(k)}
		}
	}
	return [2]int{from, to}
}

// shortClauses gives the first sentences of a few words, and always the first
// of all: token ranges [from, to).
func (p *page) shortClauses() [][2]int {
	var found [][2]int
	for from := 0; from < len(p.tokens) && len(found) < maxClauses; {
		_, to := p.clause(from)
		if from == 0 || to-from <= 4 {
			found = append(found, [2]int{from, min(to, from+12)})
		}
		from = to
	}
	return found
}

// span gives the text of the tokens [from, to) with the signs that touch them,
// cut to headTail bytes.
func (p *page) span(r [2]int) string {
	start, end := p.tokens[r[0]].start, p.tokens[r[1]-1].end
	for start > 0 && p.text[start-1] != ' ' && p.text[start-1] != '\n' {
		start--
	}
	for end < len(p.text) && p.text[end] != ' ' && p.text[end] != '\n' {
		end++
	}
	s := p.text[start:end]
	if len(s) > headTail {
		return s[:wordStart(s, headTail)]
	}
	return s
}

// wordStart gives the first position from i on where a word begins, so that no
// letter is cut.
func wordStart(s string, i int) int {
	for i = max(i, 0); i > 0 && i < len(s) && s[i-1] != ' ' && s[i-1] != '\n'; i++ {
	}
	return i
}

// acrossNumber joins the last number of one field and the first of the other
// and asks the validators. Dates, hours and telephones are never joined.
func acrossNumber(first, second *page) finding {
	a := lastNumber(first)
	if len(a) < 4 {
		return finding{}
	}
	for n := 1; n <= 8; n++ {
		b, ok := firstNumber(second, n)
		if !ok || len(a)+len(b) > maxNumber {
			return finding{}
		}
		p := &page{text: a + b, joined: true}
		p.groups = groupsOf(p.text)
		if f := p.numbers(); len(b) >= 4 && f.found() {
			return finding{kind: f.kind, rule: RuleAcross, from: second.groups[0].start, to: second.groups[n-1].end}
		}
	}
	return finding{}
}

// acrossAccount reports whether an IBAN or a RIB begins in the last 40 bytes
// of a and ends in b.
func acrossAccount(a, b string) bool {
	a, b = a[max(len(a)-40, 0):], b[:min(len(b), 40)]
	both := a + " " + b
	for i := range len(a) {
		if exact, _ := ibanAt(both, i); exact || ribAt(both, i) {
			return true
		}
	}
	return false
}

// lastNumber gives the number at the end of a field, with the letters of an
// IBAN in front; firstNumber the one at the start of a field.
func lastNumber(p *page) string {
	n := len(p.groups)
	if n == 0 || p.kind == Phone {
		return ""
	}
	k := n - 1
	for k > 0 && p.groups[k].joined && n-k < 8 {
		k--
	}
	text := ""
	if s := p.groups[k].start; s >= 2 && isLetter(p.text[s-1]) && isLetter(p.text[s-2]) && (s == 2 || !isAlnum(p.text[s-3])) {
		text = p.text[s-2 : s]
	}
	for ; k < n; k++ {
		text += p.groups[k].digits
	}
	return text
}

// firstNumber gives the first n groups of the number a field begins with, and
// whether it has so many.
func firstNumber(p *page, n int) (string, bool) {
	if len(p.groups) < n || p.kind == Phone {
		return "", false
	}
	text := p.groups[0].digits
	for k := 1; k < n; k++ {
		if !p.groups[k].joined {
			return "", false
		}
		text += p.groups[k].digits
	}
	return text, true
}

// halves finds a value whose two parts are announced as such: "left half …".
func halves(first, second *page) finding {
	if first.has&isHalf == 0 || second.has&isHalf == 0 {
		return finding{}
	}
	for _, a := range first.parts() {
		for _, b := range second.parts() {
			p := &page{text: a + b, kind: Note}
			p.analyse()
			for _, v := range p.values {
				if v.grade >= odd {
					return second.refuse(KindPassword, RuleHalves, 0, len(second.tokens)-1)
				}
			}
		}
	}
	return finding{}
}

// parts gives the last word of each short sentence that speaks of a part, when
// it is none of the lexicon's.
func (p *page) parts() []string {
	var found []string
	for from := 0; from < len(p.tokens) && len(found) < maxClauses; {
		_, to := p.clause(from)
		last := &p.tokens[to-1]
		if to-from <= 8 && p.senses(from, to)&isHalf != 0 && (last.form != letters || last.sense == 0) {
			found = append(found, strings.TrimRight(p.span([2]int{to - 1, to}), ".,;"))
		}
		from = to
	}
	return found
}
