package screen

import (
	"errors"
	"strconv"
	"strings"
)

// Edge is what a stored text leaves behind for the screening of the next one:
// whether it ends with a word that announces a value and which sort, or is a
// lone value of some shape. Stored texts are sealed, and reading them at each
// save would be a read of personal data; the edge is stored in the clear
// beside each, so that a password does not come in over two days.
//
// It is a set of a few yes and no. It holds no text, no length and no digit,
// and does not tell whose text it is. The zero Edge is that of a text with
// nothing open. Edges are made by Beside and read back by UnmarshalText alone.
type Edge struct{ bits edgeBits }

type edgeBits uint32

// What an edge can say. The numbers are stored: never change the meaning of
// one, add a new one or a new version.
const (
	endsPassword edgeBits = 1 << iota // ends with a word for password
	endsPIN                           // for PIN, cash machine or lock
	endsCode                          // for code or one-time code
	endsCVV                           // for the digits on the back of a card
	endsLogin                         // for login
	endsAccount                       // for a login number of a service
	endsRecovery                      // for recovery code or recovery words
	endsToken                         // for key or token
	endsAnswer                        // for a secret question or its answer
	endsCard                          // with a part of a card number
	endsBank                          // with a part of a bank account
	endsNIR                           // with a part of a social security number
	endsCardName                      // with the name of a payment card
	partLetters                       // holds what is said to be a part, of letters
	partOdd                           // holds what is said to be a part, with digits or signs
	loneWord                          // begins or ends with one word by itself
	loneOdd                           // with one odd word: letters and digits, or signs
	loneNumber                        // with one number

	edgeMask = 1<<iota - 1
)

// edgeVersion begins the stored form. Another meaning of the bits takes
// another version; this one stays readable.
const (
	edgeVersion = "e1-"
	edgeDigits  = 6
)

// ErrEdge is the error of a stored edge that cannot be read.
var ErrEdge = errors.New("screen: not an edge")

// MarshalText writes the stored form: "e1-" and six lower-case hexadecimal
// digits. It never fails.
func (e Edge) MarshalText() ([]byte, error) {
	hex := strconv.FormatUint(uint64(e.bits), 16)
	return []byte(edgeVersion + strings.Repeat("0", edgeDigits-len(hex)) + hex), nil
}

// UnmarshalText reads what MarshalText wrote and nothing else; the error is ErrEdge.
func (e *Edge) UnmarshalText(text []byte) error {
	hex, ok := strings.CutPrefix(string(text), edgeVersion)
	if !ok || len(hex) != edgeDigits || strings.Trim(hex, "0123456789abcdef") != "" {
		return ErrEdge
	}
	bits, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || bits&^edgeMask != 0 {
		return ErrEdge
	}
	e.bits = edgeBits(bits)
	return nil
}

// String is the stored form.
func (e Edge) String() string {
	text, _ := e.MarshalText()
	return string(text)
}

// endings are the sorts of words that announce a value, with a short text that
// stands for any note with that ending.
var endings = []struct {
	bit    edgeBits
	sense  sense
	ending string
}{
	{endsPassword, isPassword | isSpell, "mot de passe"},
	{endsPIN, isPIN | isATM | isUnlock, "code pin"},
	{endsCardName, isCard, "carte bleue"},
	{endsCode, isCode | isOTP, "code"},
	{endsCVV, isCVV, "cryptogramme"},
	{endsLogin, isLogin, "identifiant"},
	{endsAccount, isAccount, "numéro allocataire"},
	{endsRecovery, isRecovery, "code de secours"},
	{endsRecovery, isSeed, "douze mots"},
	{endsToken, isToken, "clé API"},
	{endsAnswer, isQuestion | isAnswer, "réponse à la question secrète"},
	{endsAnswer, isQuestion | isAnswer, "question secrète"},
}

// lones are the shapes of lone values, with texts that stand for any of them.
var lones = []struct {
	bit  edgeBits
	text string
}{
	{loneWord, "tournesol"}, {loneOdd, "abricot7"}, {loneNumber, "4827"}, {loneNumber, "482731"}, {loneNumber, "4827316"},
}

// noEdge are the kinds of fields whose text is never half of a secret.
func noEdge(k FieldKind) bool { return k == Phone || k == Email || k == Language || k == Address }

// edgeOf reads the edge of a text that was let in.
func edgeOf(p *page) Edge {
	var e Edge
	if len(p.tokens) == 0 || noEdge(p.kind) {
		return e
	}
	if part := p.begun(); part != 0 {
		return Edge{part}
	}
	for _, cue := range p.openClauses() {
		s := p.senses(cue[0], cue[1])
		if cue[1] != len(p.tokens) && s&isPointer == 0 && p.has&isPointer == 0 || p.tokens[cue[1]-1].form == digits || s&isFrame != 0 {
			continue
		}
		for _, end := range endings {
			if s&end.sense != 0 {
				e.bits |= end.bit
			}
		}
	}
	return Edge{e.bits | p.lone() | p.half()}
}

// lone reads the shape of the first and the last sentence of a text, when they
// are one value each.
func (p *page) lone() edgeBits {
	var bits edgeBits
	n := len(p.tokens)
	_, firstTo := p.clause(0)
	lastFrom, _ := p.clause(n - 1)
	for _, r := range [][2]int{{0, firstTo}, {lastFrom, n}} {
		if r[1]-r[0] == 1 && p.unknown(r[0]) {
			bits |= loneWord
		}
		for _, v := range p.values {
			if v.first == r[0] && v.last == r[1]-1 && v.grade >= odd {
				bits |= loneOdd
			}
		}
		if p.isNumber(r[0], r[1]) {
			bits |= loneNumber
		}
	}
	return bits
}

// isNumber reports whether the tokens [from, to) are one number, in groups
// perhaps, that is no date, amount or telephone number.
func (p *page) isNumber(from, to int) bool {
	d := digitRun{first: from, last: to - 1}
	for k := from; k < to; k++ {
		if p.tokens[k].form != digits || k > from && !p.continues(k) {
			return false
		}
		d.digits += p.tokens[k].fold
	}
	return len(d.digits) >= 4 && len(d.digits) <= maxNumber && !p.harmlessNumber(d)
}

// half reads whether a text holds a value that is said to be a part of one.
func (p *page) half() edgeBits {
	var bits edgeBits
	if p.has&isHalf == 0 {
		return 0
	}
	for _, part := range p.parts() {
		if sh := shapeOf(part); sh.digits+sh.signs > 0 {
			bits |= partOdd
		} else {
			bits |= partLetters
		}
	}
	return bits
}

// halfStandIns stand for a part by itself.
var halfStandIns = []struct {
	bit  edgeBits
	text string
}{
	{partLetters, "moitié gauche Bnztr"}, {partOdd, "moitié gauche 7#4"},
}

// begun reads whether a text ends with a number that can be the first part of
// a longer one: behind the word for it, or with the form of its start.
func (p *page) begun() edgeBits {
	n := len(p.tokens)
	start := lastNumber(p)
	if len(start) < 6 || len(start) > 23 || p.has&isFrame != 0 || p.groups[len(p.groups)-1].end != p.tokens[n-1].end || p.endsHarmless() {
		return 0
	}
	from, to := p.clause(n - 1)
	s := p.senses(from, to)
	switch {
	case isLetter(start[0]) && ibanLength[strings.ToUpper(start[:2])] > 0 && len(start) >= 8, s&isBankCue != 0:
		return endsBank
	case s&isNIRCue != 0:
		return endsNIR
	case s&isCard != 0, p.inFours(from, to) && cardPrefix16(start):
		return endsCard
	}
	return 0
}

// inFours reports whether the tokens [from, to) are two or three groups of
// four digits, as a card number is written.
func (p *page) inFours(from, to int) bool {
	for k := from; k < to; k++ {
		if p.tokens[k].form != digits || len(p.tokens[k].fold) != 4 {
			return false
		}
	}
	return to-from == 2 || to-from == 3
}

// endsHarmless reports whether the last number of the text is a date, an
// amount or a telephone number.
func (p *page) endsHarmless() bool {
	runs := p.runs()
	return len(runs) > 0 && p.harmlessNumber(runs[len(runs)-1])
}

// goesOn reports whether a text begins or ends with the rest of a long number:
// digits by themselves, or in a short sentence that ends with them. A bank
// account may have a letter in it.
func (p *page) goesOn(letter bool) bool {
	n := len(p.tokens)
	_, to := p.clause(0)
	from := 0
	for from < to-1 && to <= 6 && p.tokens[from].form == letters {
		from++
	}
	if p.isNumber(from, to) {
		return true
	}
	figures := 0
	for k := range p.tokens[:n] {
		if p.tokens[k].form == letters || k > 0 && !separates(p.text[p.tokens[k-1].end:p.tokens[k].start]) {
			return false
		}
		figures += shapeOf(p.tokens[k].fold).digits
	}
	return letter && figures >= 8
}

func union(edges []Edge) Edge {
	var all Edge
	for _, e := range edges {
		all.bits |= e.bits
	}
	return all
}

// maxLone is the longest sentence, in tokens, that is taken for a value by
// itself: what stands in one note is far from what stands in another.
const maxLone = 3

// meets screens a new text against what is stored: each thing the edge says is
// read as the short text that stands for it. At most one reading for each bit,
// however many texts are stored.
func (e Edge) meets(p *page) finding {
	if e.bits == 0 || len(p.tokens) == 0 || noEdge(p.kind) {
		return finding{}
	}
	if _, to := p.clause(0); to <= maxLone && p.senses(0, to)&(isStatus|isNegation|isAdvice|isReference) == 0 {
		for _, end := range endings {
			if e.bits&end.bit == 0 {
				continue
			}
			if f := meet(newPage(end.ending, Note), p, [][2]int{{0, to}}); f.found() {
				return f
			}
		}
	}
	mine := edgeOf(p)
	for _, l := range lones {
		if e.bits&l.bit != 0 && mine.bits&endsCue != 0 {
			if f := across(p, newPage(l.text, Note)); f.found() {
				return p.lastFew(f.kind)
			}
		}
	}
	for _, h := range halfStandIns {
		if other := newPage(h.text, Note); e.bits&h.bit != 0 && (halves(other, p).found() || halves(p, other).found()) {
			return p.lastFew(KindPassword)
		}
	}
	return e.completes(mine, p)
}

// lastFew is the finding about the last words of a text.
func (p *page) lastFew(kind Kind) finding {
	return p.refuse(kind, RuleAcross, max(len(p.tokens)-4, 0), len(p.tokens)-1)
}

const endsCue = endsPassword | endsPIN | endsCode | endsCVV | endsLogin | endsAccount | endsRecovery | endsToken | endsAnswer | endsCardName

// completes finds a long number in two parts, one stored and one new.
func (e Edge) completes(mine Edge, p *page) finding {
	for _, part := range []struct {
		bit  edgeBits
		kind Kind
	}{{endsCard, KindCard}, {endsBank, KindBank}, {endsNIR, KindNIR}} {
		if e.bits&part.bit != 0 && p.goesOn(part.bit == endsBank) || mine.bits&part.bit != 0 && e.bits&loneNumber != 0 {
			return p.refuse(part.kind, RuleAcross, 0, len(p.tokens)-1)
		}
	}
	return finding{}
}
