package screen

import "strings"

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
		case v.grade == plain, v.grade == odd:
			return finding{}
		case !v.signs && p.referenced(v):
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
	h, ok := p.before(v.first, 9, isFrame, func(h hit) bool { return p.announces(h, v) })
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
		return v.grade >= odd || !h.comma && (h.joined && h.distance <= 3 || v.mixed && h.distance == 0 && len(v.text) >= 6)
	case s&isToken != 0:
		return v.grade >= odd && len(v.text) >= 16
	case s&isAccount != 0:
		return v.mixed && shapeOf(v.text).digits >= 5 && !h.comma && h.distance <= 2
	case s&(isPIN|isOTP|isUnlock) != 0:
		return v.grade >= odd && h.distance <= 6
	case s&isCode != 0:
		return v.mixed && v.grade >= odd && h.distance <= 3 || v.mixed && h.joined && !h.comma && h.distance <= 2 && len(v.text) >= 6
	case s&(isPassWeak|isEnter) != 0:
		return v.grade >= odd && h.distance <= 1 && !h.comma && s&isReference == 0
	case s&isService != 0:
		return v.grade >= odd && h.joined && h.distance <= 1
	case s&isKeep != 0:
		return v.grade >= odd && h.distance <= 2
	}
	return false
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
