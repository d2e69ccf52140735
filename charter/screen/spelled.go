package screen

import "strings"

// spelled finds a value given letter by letter, or a number in words.
func (p *page) spelled() finding {
	for i := 0; i < len(p.tokens); {
		u := p.oneByOne(i)
		if u.end == i {
			i++
			continue
		}
		if f := p.weighUnits(i, u); f.found() {
			return f
		}
		i = u.end
	}
	return finding{}
}

// units is a stretch of single letters, digits and words for them.
type units struct {
	letters, digits, words, names int // names are those of letters ("tango", "B comme Bernard")
	high                          int // of the words, those for ten and more
	figures                       int // that the words stand for: two for "quarante-quatre"
	end                           int // token after the last
}

// weighUnits decides about a stretch of units from token i on.
func (p *page) weighUnits(i int, u units) finding {
	const cues = isPassword | isPIN | isCode | isOTP | isSpell | isUnlock | isRecovery | isTyping
	singles := u.letters + u.digits + u.names
	all := singles + u.words
	if all < 4 && u.figures < 4 {
		return finding{}
	}
	from, to := p.clause(i)
	near := p.senses(from, to)
	if i == from && from > 0 {
		near |= p.senses(p.clauseBefore(from), from) & (isPassword | isPIN | isSpell)
	}
	strict := near & (isPassword | isPIN | isOTP | isCode | isRecovery)
	switch {
	case p.spellsWord(i, u), strict == 0 && near&isSpell == 0 && p.senses(max(from, i-8), i)&(isPhone|isReference|isFrame) != 0, strict == 0 && near&isSpell != 0 && near&isDesc != 0:
		return finding{}
	case near&cues != 0 && (u.words >= 4 || u.figures >= 4 && near&(isPassword|isPIN|isCode|isOTP) != 0 || singles >= 4 || u.names >= 2),
		near&isCard != 0 && u.words == all && all == 4:
		kind, rule := kindFor(near & (cues &^ isTyping))
		if kind == KindPassword {
			rule = RuleSpelled
		}
		return p.refuse(kind, rule, i, u.end-1)
	case near&(isLogin|isAccount|isHolder|isNIRCue|isBankCue|isToken) != 0 && u.words+u.digits >= 5:
		return p.refuse(KindAccountID, RuleLogin, i, u.end-1)
	case u.digits >= 6 && u.letters == 0 && u.words == 0, u.words >= 6 && u.words == all && u.high == 0:
		return p.refuse(KindOneTime, RuleSpelled, i, u.end-1)
	case singles >= 6 && u.letters+u.names > 0 && u.digits > 0, u.letters >= 4 && u.words > 0 && all >= 6, u.names >= 4:
		return p.refuse(KindPassword, RuleSpelled, i, u.end-1)
	}
	return finding{}
}

// clauseBefore gives the first token of the sentence before the one that
// begins at token from.
func (p *page) clauseBefore(from int) int {
	before, _ := p.clause(from - 1)
	return before
}

// spellsWord reports whether the letters spell a word that says what became of
// the password: "m d p : p e r d u".
func (p *page) spellsWord(i int, u units) bool {
	if u.digits+u.words+u.names > 0 || u.letters > 16 {
		return false
	}
	var b strings.Builder
	for k := i; k < u.end; k++ {
		b.WriteString(p.tokens[k].fold)
	}
	lx := lexiconOnce()
	at := lx.root.next[lx.known(b.String())]
	return at != nil && at.sense&(isStatus|isNegation) != 0
}

// oneByOne reads single letters and digits, names of letters and signs and
// words for digits from token i on.
func (p *page) oneByOne(i int) units {
	var u units
	for u.end = i; u.end < len(p.tokens); u.end++ {
		t := &p.tokens[u.end]
		if u.end > i && (t.gap&gapStop != 0 && t.gap&gapGlued == 0 || p.text[t.start-1] == '\'') {
			break // a sentence ended, or an elision: "n'y a"
		}
		switch {
		case t.sense&cueSenses&^isCode != 0:
			return u
		case len(t.fold) == 1 && t.form == digits:
			u.digits++
		case isSingle(t.fold):
			u.letters++
			if p.isExample(u.end + 1) {
				u.names++
				u.end += 2
			}
		case p.numberWord(u.end):
			u.words++
			switch {
			case highNumbers[t.fold]:
				u.high++
				u.figures += 2
			case u.end == i || !tens[p.tokens[u.end-1].fold]:
				u.figures++
			}
		case letterNames[t.fold] && u.end+1 < len(p.tokens):
			u.names++
		case t.sense&isSymbolName != 0 || spokenMarks[t.fold] || u.end > i && t.form == digits && len(t.fold) <= 2:
		default:
			return u
		}
	}
	return u
}

// isExample reports whether "as in Bernard" stands at token k: a word for "as"
// and one more.
func (p *page) isExample(k int) bool {
	if k+1 >= len(p.tokens) || p.tokens[k].gap&(gapStop|gapJoin) != 0 || p.tokens[k+1].form != letters || len(p.tokens[k+1].fold) < 3 {
		return false
	}
	switch p.tokens[k].fold {
	case "comme", "as", "like", "for", "como", "de", "ca", "gibi", "як", "مثل":
		return true
	}
	return false
}

func isSingle(s string) bool { return len(s) == 1 || len(s) == 2 && s[0] >= 0xc0 }

// letterNames are the words of the radiotelephony alphabet (ICAO Annex 10,
// volume II), in English and as the French write them.
var letterNames = wordSet(`alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo
lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu`)

// highNumbers are words for ten and more.
var highNumbers = wordSet(`dix onze douze treize quatorze quinze seize vingt vingts trente quarante cinquante soixante septante
nonante cent cents mille ten eleven twelve twenty thirty forty fifty hundred thousand diez veinte treinta cien mil dez vinte
trinta cem zece douazeci suta on yirmi otuz yuz bin десять двадцять сто`)

// tens are the words of highNumbers that one for a unit completes.
var tens = wordSet(`dix vingt trente quarante cinquante soixante septante nonante twenty thirty forty fifty veinte treinta vinte
trinta yirmi otuz on двадцять`)

// spokenMarks are words said between the letters of a spelt value.
var spokenMarks = wordSet(`puis ensuite grand grande petit petite majuscule maj minuscule min capital big small upper lower
case then espace space point dot dash tiret arobase at diese hash etoile star accent aigu dollar plus moins minus egal
pourcent exclamation underscore slash double deuxfois y and et e i si ve та і luego depois apoi sonra mayuscula maiuscula
minuscula majuscula buyuk kucuk велика мала punto ponto punct nokta крапка guion hifen cratima tire arroba`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
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

// pieces finds a password cut in pieces with a sign between: "Clu + j.77",
// "Pap / rika / zéro / quatre".
func (p *page) pieces() finding {
	if p.has&(isPassword|isPIN|isCode) == 0 {
		return finding{}
	}
	if f := p.startAndEnd(); f.found() {
		return f
	}
	for i := 1; i < len(p.tokens); i++ {
		end, number := p.piecesFrom(i)
		if end == i {
			continue
		}
		from, _ := p.clause(i)
		plus := p.between(i) == "+"
		if p.senses(from, i)&isPassword != 0 && number && (plus || end-i >= 3) && (p.tokens[i-1].sense == 0 || p.tokens[i-1].form != letters) {
			return p.refuse(KindPassword, RuleHalves, i-1, end-1)
		}
		i = end
	}
	return finding{}
}

// startAndEnd finds a password whose two ends are told: "it begins with Bruy
// and ends with 19".
func (p *page) startAndEnd() finding {
	const ends = isFrame | isDescOp
	first := -1
	for i := range p.tokens {
		t := &p.tokens[i]
		j := p.phraseEnd(i)
		if !t.head || t.sense&ends != ends || j >= len(p.tokens) || !p.unknown(j) && p.tokens[j].form == letters || p.senses(j-14, i)&isPassword == 0 && first < 0 {
			continue
		}
		if first >= 0 && j-first <= 14 {
			return p.refuse(KindPassword, RuleHalves, first, j)
		}
		first = j
	}
	return finding{}
}

// between gives what stands between token i and the one before, without spaces.
func (p *page) between(i int) string {
	return strings.TrimSpace(p.text[p.tokens[i-1].end:p.tokens[i].start])
}

// piecesFrom reads on from token i as long as the same sign, with spaces
// around, stands between the tokens, and tells whether one of them is a number.
func (p *page) piecesFrom(i int) (end int, number bool) {
	sign := p.between(i)
	if sign != "+" && sign != "/" || p.tokens[i].gap&gapGlued != 0 {
		return i, false
	}
	number = p.tokens[i-1].form != letters
	for end = i; end < len(p.tokens) && p.between(end) == sign; end++ {
		number = number || p.tokens[end].form != letters || p.numberWord(end)
	}
	for k := end; k < min(end+2, len(p.tokens)) && p.tokens[k].gap&gapGlued != 0; k++ {
		number = number || p.tokens[k].form != letters // "Clu + j.77"
	}
	return end, number
}
