package screen

// cueSenses are the classes that announce a value.
const cueSenses = isPassword | isPIN | isCode | isOTP | isUnlock | isRecovery | isSpell |
	isLogin | isAccount | isToken | isNIRCue | isBankCue | isCVV | isAnswer | isSeed

// blockers end the search for a cue: what stands after them belongs to them.
const blockers = isReference | isFrame | isAdvice

// hit is a cue found near a value.
type hit struct {
	sense    sense
	at       int  // token
	distance int  // tokens between
	joined   bool // a colon, an equal sign or "is" stands between
	comma    bool // a comma or a bracket stands between
}

// before looks for a cue in front of token i, in the same sentence, at most
// limit tokens away. suits decides about each cue; a blocker ends the search.
func (p *page) before(i, limit int, block sense, suits func(hit) bool) (hit, bool) {
	var h hit
	foreign := false // a word of no list stands between
	for k := i - 1; k >= 0 && h.distance < limit; k-- {
		g := p.tokens[k+1].gap
		if g&gapStop != 0 {
			break
		}
		h.joined = h.joined || g&gapJoin != 0 && !foreign
		h.comma = h.comma || g&gapComma != 0
		t := &p.tokens[k]
		h.sense, h.at = t.sense, k
		if t.sense&cueSenses != 0 || t.sense&(isCard|isATM|isService|isPassWeak|isKeep|isBack|isEnter|isReceived|isHolder|isDevice) != 0 {
			if suits(h) {
				return h, true
			}
		}
		if t.sense&block != 0 && t.sense&cueSenses == 0 {
			break
		}
		foreign = foreign || p.unknown(k)
		h.joined = h.joined || t.sense&isCopula != 0 && !foreign
		h.distance++
	}
	return hit{}, false
}

// after looks for a cue behind token i.
func (p *page) after(i, limit int, block sense, suits func(hit) bool) (hit, bool) {
	var h hit
	for k := i + 1; k < len(p.tokens) && h.distance < limit; k++ {
		g := p.tokens[k].gap
		if g&gapStop != 0 {
			break
		}
		h.joined = h.joined || g&gapJoin != 0
		h.comma = h.comma || g&gapComma != 0
		t := &p.tokens[k]
		h.sense, h.at = t.sense, k
		if t.sense&cueSenses != 0 || t.sense&(isCard|isATM|isService|isPassWeak|isKeep|isBack|isReceived|isEnter|isHolder|isDevice) != 0 {
			if suits(h) {
				return h, true
			}
		}
		if t.sense&block != 0 && t.sense&cueSenses == 0 {
			break
		}
		h.joined = h.joined || t.sense&isCopula != 0
		h.distance++
	}
	return hit{}, false
}

// maxReach is how far a sentence is read on each side of a word, in tokens. It
// bounds the work for texts without a full stop.
const maxReach = 48

// clause gives the tokens of the sentence around token i: [from, to).
func (p *page) clause(i int) (from, to int) {
	for from = i; from > 0 && i-from < maxReach && p.tokens[from].gap&gapStop == 0; from-- {
	}
	for to = i + 1; to < len(p.tokens) && to-i < maxReach && p.tokens[to].gap&gapStop == 0; to++ {
	}
	return from, to
}

// senses gives all senses among the tokens [from, to).
func (p *page) senses(from, to int) sense {
	var s sense
	for i := max(from, 0); i < min(to, len(p.tokens)); i++ {
		s |= p.tokens[i].sense
	}
	return s
}

// unknown reports whether token i is a word of letters the lexicon does not
// know, long enough to be a value.
func (p *page) unknown(i int) bool {
	t := &p.tokens[i]
	if t.form != letters || t.sense != 0 || len(t.fold) < 3 {
		return false
	}
	return p.keys[i] == "" || p.keys[i] == t.fold && len(t.fold) >= 5 && lexiconOnce().root.next[t.fold] == nil
}

// kindFor names the kind of a value from the cue beside it.
func kindFor(s sense) (Kind, Rule) {
	switch {
	case s&isRecovery != 0:
		return KindRecovery, RuleRecovery
	case s&isOTP != 0:
		return KindOneTime, RuleCode
	case s&(isPIN|isUnlock|isCard|isATM|isDevice) != 0:
		return KindPIN, RulePIN
	case s&isPassword != 0:
		return KindPassword, RulePassword
	case s&(isLogin|isAccount|isHolder) != 0:
		return KindAccountID, RuleLogin
	case s&isToken != 0:
		return KindToken, RuleTokenCue
	case s&isSpell != 0:
		return KindPassword, RuleSpelled
	case s&isCode != 0:
		return KindOneTime, RuleCode
	}
	return KindPassword, RuleStrongToken
}
