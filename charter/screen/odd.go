package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// oddValues weighs every value that is odd by its form beside the words
// around it.
func (p *page) oddValues() finding {
	for i := range p.values {
		if f := p.weigh(&p.values[i]); f.found() {
			return f
		}
	}
	return finding{}
}

func (p *page) weigh(v *value) finding {
	cue, near := p.cueFor(v)
	if !near {
		switch {
		case v.grade == odd && v.apt && p.hinted(v) && !p.referenced(v):
		case v.grade == odd && v.mixed && p.retouched(v):
		case v.grade == plain, v.grade == odd:
			return finding{}
		case !v.signs && (p.referenced(v) || p.placed(v)):
			return finding{}
		case v.grade == likely && p.isUserName(v):
			return finding{}
		case !v.mixed && strings.Contains(v.text, "&") && (p.kind == Name || p.kind == Place || p.kind == Address || !p.standsAlone(v)):
			return finding{}
		}
		return p.refuse(KindPassword, RuleStrongToken, v.first, v.last)
	}
	kind, rule := kindFor(cue.sense)
	if cue.sense&(isLogin|isHolder) != 0 && cue.sense&isAccount == 0 || cue.sense&isDevice != 0 && cue.sense&cueSenses == 0 {
		kind, rule = KindPassword, RuleStrongToken
	}
	return p.refuse(kind, rule, v.first, v.last)
}

// cueFor finds the cue that announces a value, before it or after it.
func (p *page) cueFor(v *value) (hit, bool) {
	limit, block := 9, isFrame
	if p.tokens[v.first].gap&gapJoin != 0 {
		limit, block = 16, 0 // a colon reaches further back, over a "bus card" too
	}
	h, ok := p.before(v.first, limit, block, func(h hit) bool { return p.announces(h, v) })
	if ok {
		return h, true
	}
	return p.after(v.last, 6, isFrame, func(h hit) bool {
		return h.sense&(isPassword|isPIN|isKeep|isEnter|isService) != 0 && p.announces(h, v)
	})
}

func (p *page) announces(h hit, v *value) bool {
	s := h.sense
	switch {
	case v.madeUp && s&(isLogin|isPassWeak|isKeep|isEnter|isService) != 0 && h.distance <= 6:
		return true
	case s&isPassword != 0 && v.grade == plain && v.signs && h.distance <= 3:
		return !h.comma && p.allUnknown(v)
	case s&(isPassword|isRecovery|isSpell) != 0:
		return v.grade >= odd || !h.comma && (h.joined && h.distance <= 3 && (!v.mixed || h.distance == 0) || v.mixed && h.distance == 0 && len(v.text) >= 6)
	case s&isToken != 0:
		return v.grade >= odd && len(v.text) >= 16
	case s&isAccount != 0:
		return v.mixed && shapeOf(v.text).digits >= 5 && !h.comma && h.distance <= 2
	case s&(isPIN|isOTP|isUnlock) != 0:
		return v.grade >= odd && h.distance <= 6
	case s&isCode != 0:
		return !p.referenced(v) && !p.ofPlace(v.first, v.last) && (v.mixed && v.grade >= odd && h.distance <= 3 || v.mixed && h.joined && !h.comma && h.distance <= 2 && len(v.text) >= 6)
	case s&(isPassWeak|isEnter) != 0:
		return v.grade >= odd && (v.mixed || v.signs) && h.distance <= 1 && !h.comma && s&isReference == 0
	case s&isService != 0:
		return v.grade >= odd && h.joined && h.distance <= 1
	case s&isKeep != 0:
		return v.grade >= odd && h.distance <= 2
	}
	return false
}

// hinted reports whether the sentence of a value speaks of typing, opening or
// keeping something, or whether the value is a sentence by itself.
func (p *page) hinted(v *value) bool {
	from, to := p.clause(v.first)
	if from == v.first && to == v.last+1 {
		return p.isNamed(v) && p.kind != Name && p.kind != Place && p.kind != Address
	}
	s := p.senses(from, v.first) | p.senses(v.last+1, to)
	return s&(isTyping|isUnlock|isLogin|isPassWeak|isKeep) != 0 || s&isService != 0 && (v.quoted || p.tokens[v.first].gap&gapJoin != 0)
}

// placed reports whether a value is the code of a place: "code du jour LIRE25"
// beside a word for a public network.
func (p *page) placed(v *value) bool {
	return p.senses(v.first-5, v.first)&isCode != 0 && p.ofPlace(v.first, v.last)
}

// retouched reports whether the sentence says how a word with digits for some
// of its letters is really written: "sw4ll0w with a capital S and a hash".
func (p *page) retouched(v *value) bool {
	sh := shapeOf(v.text)
	if sh.turns < 2 || sh.letters < 3 || sh.joints > 0 || isDigit(v.text[0]) {
		return false
	}
	from, to := p.clause(v.first)
	steps := 0
	for k := from; k < to; k++ {
		if s := p.tokens[k].sense; p.tokens[k].head && s&(isTwist|isDescOp|isSpell|isSymbolName) != 0 && s&(isFunction|isLink|isCommon) == 0 {
			steps++
		}
	}
	return steps >= 2 || steps == 1 && p.senses(from, to)&(isTyping|isSpell) != 0
}

// isNamed reports whether a value begins with a capital and ends with a number.
func (p *page) isNamed(v *value) bool {
	r, _ := utf8.DecodeRuneInString(v.text)
	return unicode.IsUpper(r) && p.tokens[v.last].form == digits
}

// standsAlone reports whether no sentence goes on after the value: two names
// with an "&" may be the subject of one.
func (p *page) standsAlone(v *value) bool {
	next := v.last + 1
	return next == len(p.tokens) || p.tokens[next].gap&(gapStop|gapComma|gapJoin) != 0 ||
		p.tokens[next].sense&(isKeep|isCopula) != 0
}

func (p *page) allUnknown(v *value) bool {
	for j := v.first; j <= v.last; j++ {
		if !p.unknown(j) {
			return false
		}
	}
	return true
}

// referenced reports whether a word for a file, an order or a paper announces
// the value, and no cue stands between.
func (p *page) referenced(v *value) bool {
	for k := v.first - 1; k >= 0 && k >= v.first-4; k-- {
		if p.tokens[k+1].gap&gapStop != 0 {
			return false
		}
		s := p.tokens[k].sense
		if s&(isPassword|isPIN|isCode) != 0 {
			return false
		}
		if s&isReference != 0 || s&isFrame != 0 && k == v.first-1 {
			return true
		}
	}
	return false
}

// isUserName reports whether a word for login announces the value: a user name
// alone is a contact, not a secret.
func (p *page) isUserName(v *value) bool {
	_, ok := p.before(v.first, 3, blockers|isPassword, func(h hit) bool { return h.sense&isLogin != 0 })
	return ok
}
