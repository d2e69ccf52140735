package screen

import (
	"embed"
	"math/bits"
	"path"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// sense is the set of classes a word belongs to. The classes are explained in
// lexicon/README.txt.
type sense uint64

const (
	isPassword sense = 1 << iota
	isPassWeak
	isPIN
	isCode
	isOTP
	isCard
	isCVV
	isBack
	isATM
	isUnlock
	isLogin
	isAccount
	isService
	isQuestion
	isAnswer
	isTopic
	isRecovery
	isSeed
	isToken
	isNIRCue
	isBankCue
	isReference
	isFrame
	isCopula
	isStatus
	isNegation
	isAdvice
	isDesc
	isDescOp
	isDescHint
	isSame
	isTwist
	isUnit
	isPhone
	isEnter
	isReceived
	isMonth
	isYear
	isHalf
	isKeep
	isSpell
	isDoc
	isFunction
	isArticle
	isLink
	isSymbolName
	isNumberName
	isCommon
	isHolder
	isPointer
	isDevice
	isTyping
	isPlace
	isMemory
	isAsk
	isDoor
	isWiFi
	isEnergy
	isStudent
)

var classes = map[string]sense{
	"password": isPassword, "passweak": isPassWeak, "pin": isPIN, "code": isCode, "otp": isOTP,
	"card": isCard, "cvv": isCVV, "back": isBack, "atm": isATM, "unlock": isUnlock,
	"login": isLogin, "account": isAccount, "service": isService, "question": isQuestion,
	"answer": isAnswer, "topic": isTopic, "recovery": isRecovery, "seed": isSeed,
	"token": isToken, "nir": isNIRCue, "bank": isBankCue, "reference": isReference,
	"frame": isFrame, "copula": isCopula, "status": isStatus, "negation": isNegation,
	"advice": isAdvice, "desc": isDesc, "descop": isDescOp, "same": isSame, "twist": isTwist | isDescOp, "deschint": isDescHint,
	"unit": isUnit, "phone": isPhone, "enter": isEnter, "received": isReceived,
	"month": isMonth, "year": isYear, "half": isHalf, "keep": isKeep, "spell": isSpell,
	"doc": isDoc, "function": isFunction, "article": isArticle, "link": isLink,
	"symbol": isSymbolName, "number": isNumberName, "common": isCommon, "holder": isHolder, "pointer": isPointer, "device": isDevice,
	"typing": isTyping, "place": isPlace, "memory": isMemory | isTopic, "ask": isAsk,
	"door": isDoor, "wifi": isWiFi, "energy": isEnergy, "student": isStudent,
}

// exact are the classes whose words are matched only as they are written: they
// announce nothing, and a name near one of them is not it.
const exact = isFunction | isArticle | isLink | isCommon | isDoc | isNumberName | isSymbolName | isKeep |
	isMonth | isUnit | isYear | isService | isDevice | isTwist | isDescOp | isDescHint | isMemory | isAsk | isTyping |
	isPlace | isSame | isATM | isHolder | isReceived | isReference | isCopula

// spelling says how a word of the lexicon is matched.
type spelling uint8

const (
	literal   spelling = iota + 1 // as it is written
	forgiving                     // with slips too
)

// node is a place in the tree of phrases: the words that may follow, and the
// senses of the phrase that ends here.
type node struct {
	next  map[string]*node
	sense sense
}

// lexicon is read once and never changes.
type lexicon struct {
	root        *node
	words       map[string]spelling // every word of every row
	stems       map[string]string   // stem → the word of the tree it stands for
	skip        map[string]bool     // articles, skipped inside phrases
	longestStem int                 // in bytes
	generous    []slip              // words marked "~", in which slips are forgiven though they are short
	slips       [24]slips           // words that may be mistyped, by their length in runes
}

// slips are the words of one length that may be mistyped, with what a quick
// comparison needs. The three lists run side by side.
type slips struct {
	letters []uint64 // letterCounts of each word
	words   []slip
}

type slip struct {
	word  string
	runes []rune
}

// lexiconOnce reads the embedded files at the first use. They are part of the
// program, so a fault in them is a fault of the build: parseLexicon panics,
// and the first test meets it.
var lexiconOnce = sync.OnceValue(func() *lexicon {
	files, err := lexiconFiles.ReadDir("lexicon")
	if err != nil {
		panic("screen: lexicon missing: " + err.Error())
	}
	lx := newLexicon()
	for _, f := range files {
		if f.Name() == "README.txt" {
			continue
		}
		text, err := lexiconFiles.ReadFile(path.Join("lexicon", f.Name()))
		if err != nil {
			panic("screen: lexicon missing: " + err.Error())
		}
		lx.parse(f.Name(), string(text))
	}
	return lx
})

func newLexicon() *lexicon {
	return &lexicon{root: &node{next: map[string]*node{}}, words: map[string]spelling{}, stems: map[string]string{}, skip: map[string]bool{}}
}

func (lx *lexicon) parse(name, text string) {
	var class sense
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			var known bool
			if class, known = classes[strings.Trim(line, "[]")]; !known {
				panic("screen: lexicon " + name + ": unknown class " + line)
			}
		default:
			lx.add(line, class)
		}
	}
}

// add puts one row in the tree, and without its articles once more, since
// articles are skipped when the text is read.
func (lx *lexicon) add(row string, class sense) {
	at := lx.root
	for part := range strings.FieldsSeq(row) {
		word := string(fold(nil, strings.Trim(part, "*~")))
		key := word
		if strings.HasSuffix(part, "*") {
			key += "*"
			lx.stems[word] = key
			lx.longestStem = max(lx.longestStem, len(word))
		} else {
			if known := lx.words[word]; known != forgiving && forgives(class, word) {
				lx.words[word] = forgiving
				lx.addSlip(word)
			} else if known == 0 {
				lx.words[word] = literal
			}
		}
		if strings.HasPrefix(part, "~") {
			lx.generous = append(lx.generous, slip{word, []rune(word)})
		}
		if at.next == nil {
			at.next = map[string]*node{}
		}
		if at.next[key] == nil {
			at.next[key] = &node{}
		}
		at = at.next[key]
	}
	at.sense |= class
	if class == isArticle {
		lx.skip[string(fold(nil, row))] = true
	}
}

// forgives reports whether slips are forgiven in a word of this class: always
// in cues, in others only when the word is long enough to be taken for no name.
func forgives(class sense, word string) bool {
	return class&exact == 0 && (class&(cueSenses|isFrame) != 0 || utf8.RuneCountInString(word) >= 7)
}

func (lx *lexicon) addSlip(word string) {
	runes := []rune(word)
	if n := len(runes); n >= 5 && n < len(lx.slips)-2 {
		lx.slips[n].letters = append(lx.slips[n].letters, letterCounts(runes))
		lx.slips[n].words = append(lx.slips[n].words, slip{word, runes})
	}
}

// letterCounts says which letters a word has once, and which twice or more,
// two bits a letter. A slip of the finger changes at most two of them.
func letterCounts(runes []rune) uint64 {
	var set uint64
	for _, r := range runes {
		bit := uint64(1) << (uint32(r) & 31 * 2)
		if set&bit != 0 {
			bit <<= 1
		}
		set |= bit
	}
	return set
}

// known gives the word of the tree that a folded word stands for, or "".
func (lx *lexicon) known(word string) string {
	if lx.words[word] != 0 {
		return word
	}
	return lx.stem(word)
}

// stem gives the row "stem*" a word falls under, or what is left of an Arabic
// word without its prefix, or "".
func (lx *lexicon) stem(word string) string {
	for n := 4; n <= min(len(word), lx.longestStem); n++ {
		if key, ok := lx.stems[word[:n]]; ok {
			return key
		}
	}
	if word != "" && word[0] >= utf8.RuneSelf {
		return lx.withoutPrefix(word)
	}
	return ""
}

// withoutPrefix gives the row an Arabic word stands for without its article
// and particles, or with the article it lacks.
func (lx *lexicon) withoutPrefix(word string) string {
	for _, prefix := range arabicPrefixes {
		if rest, ok := strings.CutPrefix(word, prefix); ok && lx.words[rest] != 0 {
			return rest
		}
	}
	if lx.words["ال"+word] != 0 {
		return "ال" + word
	}
	return ""
}

// arabicPrefixes are the article and the particles written in one with it.
var arabicPrefixes = []string{"وبال", "وال", "بال", "فال", "كال", "لل", "ال", "و", "ب", "ل", "ف"}

// mistyped gives the word of the tree nearest to one that is not in it, or "".
func (lx *lexicon) mistyped(word string) string {
	var buf [24]rune
	runes := buf[:0]
	for _, r := range word {
		if len(runes) == cap(runes) {
			return ""
		}
		runes = append(runes, r)
	}
	n, set := len(runes), letterCounts(runes)
	best, found := 3, ""
	for i := range lx.generous {
		g := lx.generous[i].runes
		limit := 2
		if len(g) < 6 {
			limit = 1
		}
		if abs(len(g)-n) > limit || bits.OnesCount64(letterCounts(g)^set) > 2*limit {
			continue
		}
		if d := distance(runes, g, limit); d <= limit && d < best {
			best, found = d, lx.generous[i].word
		}
	}
	if n < 5 {
		return found
	}
	for m := n - 2; m <= n+2 && m < len(lx.slips); m++ {
		limit := 1
		if m >= 9 {
			limit = 2
		}
		if abs(n-m) > limit || n < 6 && m != n {
			continue
		}
		for i, letters := range lx.slips[m].letters {
			if bits.OnesCount64(set^letters) > 2*limit || n < 6 && set != letters {
				continue
			}
			s := &lx.slips[m].words[i]
			if d := distance(runes, s.runes, min(limit, best-1)); d <= limit && d < best {
				best, found = d, s.word
			}
		}
	}
	return found
}

func abs(n int) int { return max(n, -n) }

// distance is the Damerau distance of two short words (optimal string
// alignment: a letter added, left out, replaced, or two neighbours swapped),
// or limit+1 when it is more than limit.
func distance(a, b []rune, limit int) int {
	var rows [3][25]uint8
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		now[0] = uint8(i)
		least := now[0]
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			least = min(least, d)
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, now = last, now, before
	}
	return min(int(last[len(b)]), limit+1)
}
