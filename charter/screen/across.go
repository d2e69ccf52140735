package screen

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
	case Phone, Email, Language:
		return finding{}
	}
	if f := halves(first, second); f.found() {
		return f
	}
	if !first.endsWithCue() {
		return finding{}
	}
	p := &page{kind: second.kind, joined: true, text: first.tail() + " : " + second.headText()}
	p.analyse()
	if f := p.judge(); f.found() {
		return finding{f.kind, RuleAcross}
	}
	return finding{}
}

// endsWithCue reports whether the last words announce a value that is not
// there.
func (p *page) endsWithCue() bool {
	const cues = cueSenses | isCard | isATM
	n := len(p.tokens)
	return p.senses(n-7, n)&cues != 0 && p.senses(n-7, n)&isStatus == 0 || p.tokens[n-1].sense&cues != 0
}

func (p *page) tail() string {
	n := len(p.tokens)
	start := p.tokens[max(n-10, 0)].start
	return p.text[max(start, wordStart(p.text, len(p.text)-headTail)):]
}

func (p *page) headText() string {
	if len(p.text) <= headTail {
		return p.text
	}
	return p.text[:wordStart(p.text, headTail)]
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
	a, b := lastNumber(first), firstNumber(second)
	if len(a) < 4 || len(b) < 4 || len(a)+len(b) > maxNumber {
		return finding{}
	}
	p := &page{text: a + b}
	p.groups = groupsOf(p.text)
	if f := p.numbers(); f.found() {
		return finding{f.kind, RuleAcross}
	}
	return finding{}
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

func firstNumber(p *page) string {
	if len(p.groups) == 0 || p.kind == Phone {
		return ""
	}
	text := p.groups[0].digits
	for k := 1; k < len(p.groups) && k < 8 && p.groups[k].joined; k++ {
		text += p.groups[k].digits
	}
	return text
}

// halves finds a value whose two parts are announced as such: "left half …".
func halves(first, second *page) finding {
	if first.has&isHalf == 0 || second.has&isHalf == 0 {
		return finding{}
	}
	a, b := first.part(), second.part()
	if a == "" || b == "" {
		return finding{}
	}
	p := &page{text: a + b, kind: Note}
	p.analyse()
	for _, v := range p.values {
		if v.grade >= odd {
			return finding{KindPassword, RuleHalves}
		}
	}
	return finding{}
}

// part gives the last word of a short text when it is none of the lexicon's.
func (p *page) part() string {
	n := len(p.tokens)
	if n > 8 || p.tokens[n-1].sense&^isHalf != 0 && p.tokens[n-1].form == letters {
		return ""
	}
	return p.text[wordStartBefore(p.text, p.tokens[n-1].start):]
}

func wordStartBefore(s string, i int) int {
	for i > 0 && s[i-1] != ' ' && s[i-1] != '\n' {
		i--
	}
	return i
}
