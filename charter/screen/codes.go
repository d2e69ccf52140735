package screen

import "strings"

// digitRun is a number as it is written: one token, or several that belong
// together ("028 195", "1 3 8 1 4 6").
type digitRun struct {
	first, last int    // tokens
	digits      string // without what stands between
	tail        bool   // letters follow at once ("8213384A")
}

// runs cuts the numbers of the text. A number of more than ten digits in
// groups is cut at its groups too, so that a code before a telephone number
// is not hidden by it.
func (p *page) runs() []digitRun {
	var found []digitRun
	for i := 0; i < len(p.tokens); i++ {
		t := &p.tokens[i]
		if t.form == mixed {
			if d := leadingDigits(t.fold); len(d) >= 5 && len(t.fold)-len(d) <= 2 {
				found = append(found, digitRun{i, i, d, true})
			}
			continue
		}
		if t.form != digits {
			continue
		}
		r := digitRun{i, i, t.fold, false}
		for r.last+1 < len(p.tokens) && r.last-r.first < 8 && p.continues(r.last+1) {
			r.last++
			r.digits += p.tokens[r.last].fold
		}
		if r.last > r.first && len(r.digits) > 10 && !p.dateOrPhone(r) {
			for k := r.first; k <= r.last; k++ {
				found = append(found, digitRun{k, k, p.tokens[k].fold, false})
			}
		} else {
			found = append(found, r)
		}
		i = r.last
	}
	return found
}

func leadingDigits(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}

// continues reports whether token i goes on with the number before it.
func (p *page) continues(i int) bool {
	if p.tokens[i].form != digits {
		return false
	}
	between := p.text[p.tokens[i-1].end:p.tokens[i].start]
	return separates(between) && !strings.Contains(between, "/ ")
}

// codes finds digits that a word announces: PIN, one-time code, password of
// digits, login number.
func (p *page) codes() finding {
	if p.has&(cueSenses|isCard|isATM|isEnter|isReceived|isHolder|isDevice|isService) == 0 {
		return finding{}
	}
	for _, r := range p.runs() {
		n := len(r.digits)
		if n < 3 || n > 15 || p.harmlessNumber(r) {
			continue
		}
		if f := p.announced(r, n); f.found() {
			return f
		}
	}
	return finding{}
}

func (p *page) announced(r digitRun, n int) finding {
	year := n == 4 && yearLike(r.digits)
	if r.first > 0 && p.tokens[r.first-1].sense&isFrame != 0 && p.tokens[r.first].gap&(gapStop|gapJoin|gapComma) == 0 {
		return finding{}
	}
	if h, ok := p.before(r.first, 16, blockers, func(h hit) bool { return suits(h, n, year, r) && p.stillOpen(h, r) }); ok {
		return p.codeFinding(h, r)
	}
	if r.tail {
		return finding{}
	}
	if h, ok := p.after(r.last, 5, blockers, func(h hit) bool {
		return !h.comma && (!year || h.joined || h.sense&isUnlock != 0) && h.sense&(isLogin|isToken|isSpell|isAnswer) == 0 &&
			(h.sense&isAccount == 0 || h.distance <= 2) && suits(hit{sense: h.sense, joined: true}, n, year, r)
	}); ok {
		return p.codeFinding(h, r)
	}
	return p.entered(r, n)
}

// stillOpen reports whether a cue in front reaches as far as the number: far
// ones only for six digits, and a card not when the number only names it
// ("carte 1234 perdue").
func (p *page) stillOpen(h hit, r digitRun) bool {
	if h.sense&isCode != 0 && h.sense&(cueSenses&^isCode) == 0 && p.ofPlace(r.first, r.last) {
		return false
	}
	if h.distance > 10 {
		return h.sense&(isOTP|isCode) != 0 && len(r.digits) == 6
	}
	if h.sense&isService != 0 && h.sense&(cueSenses|isDevice) == 0 {
		return !p.announcedByReference(p.tokens[r.first].start)
	}
	next := r.last + 1
	return h.sense&isCard == 0 || h.sense&(cueSenses|isATM) != 0 || next == len(p.tokens) || p.tokens[next].sense&isStatus == 0
}

func (p *page) codeFinding(h hit, r digitRun) finding {
	kind, rule := kindFor(h.sense)
	if rule == RuleStrongToken { // six digits beside the name of a service
		kind, rule = KindOneTime, RuleCode
	}
	return p.refuse(kind, rule, r.first, r.last)
}

// suits reports whether a cue announces a number of n digits.
func suits(h hit, n int, year bool, r digitRun) bool {
	s := h.sense
	switch {
	case s&isRecovery != 0:
		return n >= 4
	case s&(isLogin|isAccount) != 0 && n >= 5:
		return true
	case s&isHolder != 0 && (n == 7 || n == 11):
		return h.distance <= 2
	case r.tail:
		return false
	case s&isService != 0 && s&cueSenses == 0 && n == 6:
		return h.distance == 0 && !h.comma
	case s&isDevice != 0 && s&cueSenses == 0:
		return h.joined && h.distance == 0 && n >= 4 && n <= 6 && !year
	case s&isPIN != 0:
		return n >= 4 && n <= 10
	case s&(isPassword|isOTP) != 0:
		return n >= 4 && n <= 12 && (!year || h.joined)
	case s&isCode != 0:
		return n >= 4 && n <= 10 && (!year || h.joined) && (h.distance <= 6 || h.joined)
	case s&isUnlock != 0:
		return n >= 4 && n <= 8
	case s&isATM != 0:
		return n == 4 && h.distance <= 6 && (!year || h.joined)
	case s&isCard != 0:
		return n == 4 && !year && h.distance <= 4
	case s&isSpell != 0:
		return n >= 4 && n <= 12
	}
	return false
}

// entered finds digits that somebody types and that came by message: "je
// rentre 534242 reçu sur son portable".
func (p *page) entered(r digitRun, n int) finding {
	if n < 4 || n > 8 || p.announcedByReference(p.tokens[r.first].start) {
		return finding{}
	}
	_, typed := p.before(r.first, 4, blockers, func(h hit) bool { return h.sense&isEnter != 0 })
	_, came := p.after(r.last, 4, 0, func(h hit) bool { return h.sense&isReceived != 0 || n == 6 && h.sense&isEnter != 0 })
	_, had := p.before(r.first, 4, blockers, func(h hit) bool { return h.sense&isReceived != 0 })
	if came = came || had; typed && came || n == 6 && (typed || came) {
		return p.refuse(KindOneTime, RuleCode, r.first, r.last)
	}
	return finding{}
}

func yearLike(s string) bool { return len(s) == 4 && (s[:2] == "19" || s[:2] == "20") }

// harmlessNumber knows dates, hours, amounts, telephones and the numbers of
// laws and papers by what touches them.
func (p *page) harmlessNumber(r digitRun) bool {
	start, end := p.tokens[r.first].start, p.tokens[r.last].end
	if start > 0 && (p.text[start-1] == '+' || p.text[start-1] == '#') && len(r.digits) < 8 ||
		start > 1 && strings.IndexByte(".,-/", p.text[start-1]) >= 0 && isAlnum(p.text[start-2]) {
		return true
	}
	rest := strings.TrimLeft(p.text[end:], " ")
	if strings.HasPrefix(rest, "€") || strings.HasPrefix(rest, "%") || strings.HasPrefix(rest, "$") || strings.HasPrefix(rest, "°") {
		return true
	}
	if after := p.text[end:]; len(after) > 1 && strings.IndexByte(".,*/-", after[0]) >= 0 && isAlnum(after[1]) {
		return true
	}
	if p.dateOrPhone(r) || p.isPostcode(r) {
		return true
	}
	return p.measured(r)
}

// isPostcode knows a French postcode by the name of a town behind it.
func (p *page) isPostcode(r digitRun) bool {
	next := r.last + 1
	return len(r.digits) == 5 && r.first == r.last && next < len(p.tokens) && p.tokens[next].gap&^gapHyphen == 0 && p.isCapitalised(next) &&
		p.unknown(next) && (r.first == 0 || p.tokens[r.first].gap&gapJoin == 0)
}

// measured looks at the words beside a number: a unit, a month, a year.
func (p *page) measured(r digitRun) bool {
	if r.last+1 < len(p.tokens) && p.tokens[r.last+1].gap&(gapStop|gapComma|gapJoin) == 0 {
		if s := p.tokens[r.last+1].sense; s&(isUnit|isMonth) != 0 && len(r.digits) <= 6 && s&cueSenses == 0 {
			return true
		}
	}
	if r.first == 0 {
		return false
	}
	g, s := p.tokens[r.first].gap, p.tokens[r.first-1].sense
	if g&(gapStop|gapJoin|gapComma) != 0 {
		return false
	}
	return yearLike(r.digits) && s&(isYear|isMonth) != 0 && s&isPassword == 0
}

// dateOrPhone knows dates in groups and the French ways of writing telephone
// numbers, and the short numbers of public services.
func (p *page) dateOrPhone(r digitRun) bool {
	d := r.digits
	groups := r.last - r.first + 1
	if groups == 3 {
		a, b, c := p.tokens[r.first].fold, p.tokens[r.first+1].fold, p.tokens[r.last].fold
		if isDate(a, b, c) || isDate(c, b, a) {
			return true
		}
	}
	if groups == 2 && yearLike(p.tokens[r.first].fold) && yearLike(p.tokens[r.last].fold) {
		return true
	}
	if groups == 2 && p.text[p.tokens[r.first].end] == '/' && len(d) <= 6 {
		return true // a day and a month, or a mark such as 36/40
	}
	if groups == 1 && len(d) == 8 && isDate(d[:2], d[2:4], d[4:]) && r.first > 0 {
		switch p.tokens[r.first-1].fold {
		case "le", "du", "au", "ne", "nee":
			return true
		}
	}
	if groups == 1 && len(d) == 10 && d[0] == '0' && d[1] != '0' && p.asksNoCode(r) {
		return true
	}
	if groups >= 4 && (len(d) == 10 && d[0] == '0' || len(d) >= 11 && (d[:2] == "33" || d[:2] == "00")) {
		return true
	}
	if len(d) == 4 && d[0] == '3' && r.first > 0 {
		switch p.tokens[r.first-1].fold {
		case "au", "le", "numero", "appeler", "tel", "n":
			_, near := p.before(r.first, 6, 0, func(h hit) bool { return h.sense&(isPIN|isOTP) != 0 })
			return !near
		}
	}
	return false
}

// asksNoCode reports whether no word for password or code stands before a
// number: ten digits with a zero in front are a telephone number then.
func (p *page) asksNoCode(r digitRun) bool {
	return p.senses(r.first-4, r.first)&(isPassword|isPIN|isOTP|isCode|isAccount|isLogin&^isHolder) == 0 || p.senses(r.first-4, r.first)&isPhone != 0
}

func isDate(day, month, year string) bool {
	if len(day) > 2 || len(month) > 2 || len(year) != 2 && len(year) != 4 || len(year) == 4 && !yearLike(year) {
		return false
	}
	return atoi(day) >= 1 && atoi(day) <= 31 && atoi(month) >= 1 && atoi(month) <= 12
}

func atoi(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// cardDigits finds the verification digits of a card, and the forms of NIR and
// bank account whose key is wrong but whose name is said.
func (p *page) cardDigits() finding {
	if p.has&(isCVV|isBack|isNIRCue|isBankCue) == 0 {
		return finding{}
	}
	for _, r := range p.runs() {
		n := len(r.digits)
		near := func(want sense, limit int) bool {
			test := func(h hit) bool { return h.sense&want != 0 }
			_, b := p.before(r.first, limit, isReference, test)
			_, a := p.after(r.last, limit, isReference, test)
			return a || b
		}
		switch {
		case (n == 3 || n == 4) && !p.harmlessNumber(r) && (near(isCVV, 4) || p.has&isCard != 0 && near(isBack, 5)):
			return p.refuse(KindCard, RuleCVV, r.first, r.last)
		case (n == 13 || n == 15) && near(isNIRCue, 6):
			return p.refuse(KindNIR, RuleNIRForm, r.first, r.last)
		case n >= 11 && n <= 23 && near(isBankCue, 6):
			return p.refuse(KindBank, RuleIBANForm, r.first, r.last)
		}
	}
	return finding{}
}
