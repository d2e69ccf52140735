package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// grade says how much a word looks like a password by itself.
type grade int

const (
	plain   grade = iota // a word, a number, a file name: nothing by itself
	odd                  // a value when a cue stands near
	likely               // a value unless a reference word announces it
	certain              // nobody writes this but as a password
)

// value is a piece of text between white space and separators.
type value struct {
	text        string
	first, last int // tokens, inclusive
	grade       grade
	signs       bool // holds signs that only passwords have
	mixed       bool // holds letters and digits
	madeUp      bool // an unknown word of some length with a digit behind it
}

// shape counts what a value is made of.
type shape struct {
	letters, digits, signs, joints int
	turns                          int // changes between letters and digits
	caseTurns                      int // lower case followed by upper case
	upper, lower                   int
	longest                        int // longest run of letters
}

func shapeOf(s string) shape {
	var sh shape
	var before rune
	kind, run := 0, 0
	for _, r := range s {
		k := 0
		switch {
		case '0' <= r && r <= '9':
			k = 1
			sh.digits++
		case unicode.IsLetter(r) || unicode.IsMark(r):
			k = 2
			sh.letters++
			if unicode.IsUpper(r) {
				sh.upper++
				if unicode.IsLower(before) {
					sh.caseTurns++
				}
			} else if unicode.IsLower(r) {
				sh.lower++
			}
		case strings.ContainsRune(".-/',:°", r):
			sh.joints++
		default:
			sh.signs++
		}
		if k == 2 {
			run++
			sh.longest = max(sh.longest, run)
		} else {
			run = 0
		}
		if kind != 0 && k != 0 && k != kind {
			sh.turns++
		}
		kind, before = k, r
	}
	return sh
}

// cut finds the values of the text and grades each.
func (p *page) cut() {
	at := 0 // next token
	rest, offset := p.text, 0
	for rest != "" {
		i := strings.IndexFunc(rest, func(r rune) bool { return r != ' ' && r != '\n' && r != '\t' && r != '\r' })
		if i < 0 {
			return
		}
		rest, offset = rest[i:], offset+i
		n := strings.IndexAny(rest, " \n\t\r")
		if n < 0 {
			n = len(rest)
		}
		at = p.cutWord(rest[:n], offset, at)
		rest, offset = rest[n:], offset+n
	}
}

const separators = ":=>|()[]{}\"/,;<"

// cutWord cuts one word of white-space separated text in values.
func (p *page) cutWord(word string, offset, at int) int {
	whole := strings.Trim(word, "\"'()[]{}<>,;:.")
	if harmlessWord(whole) {
		for at < len(p.tokens) && p.tokens[at].start < offset+len(word) {
			at++
		}
		return at
	}
	for start := 0; start < len(word); {
		n := strings.IndexAny(word[start:], separators)
		if n < 0 {
			n = len(word) - start
		}
		if n > 0 {
			at = p.addValue(word[start:start+n], offset+start, at)
		}
		start += n + 1
	}
	return at
}

func (p *page) addValue(text string, offset, at int) int {
	first := at
	for at < len(p.tokens) && p.tokens[at].start < offset+len(text) {
		at++
	}
	if at == first {
		return at
	}
	v := value{text: strings.TrimRight(strings.TrimLeft(text, "-'.*"), ".'"), first: first, last: at - 1}
	p.gradeValue(&v)
	if v.grade > plain || v.signs || v.mixed {
		p.values = append(p.values, v)
	}
	return at
}

// harmlessWord knows addresses, links, file names and times, whatever stands
// near them.
func harmlessWord(w string) bool {
	return isEmail(w) || isURL(w) || isFileName(w)
}

func isEmail(w string) bool {
	name, host, found := strings.Cut(w, "@")
	dot := strings.LastIndexByte(host, '.')
	if !found || name == "" || dot < 1 || strings.Contains(host, "@") {
		return false
	}
	end := host[dot+1:]
	return len(end) >= 2 && len(end) <= 12 && shapeOf(end).letters == utf8.RuneCountInString(end) &&
		!strings.ContainsAny(host, "!?#$%&*+_")
}

var fileEndings = map[string]bool{
	"pdf": true, "jpg": true, "jpeg": true, "png": true, "doc": true, "docx": true, "odt": true,
	"xls": true, "xlsx": true, "ods": true, "csv": true, "txt": true, "zip": true, "eml": true,
	"heic": true, "gif": true, "mp3": true, "mp4": true, "ppt": true, "pptx": true, "html": true,
	"tif": true, "tiff": true, "rtf": true, "msg": true, "webp": true, "mov": true, "xml": true,
	"ics": true, "vcf": true, "json": true, "exe": true, "apk": true, "svg": true, "bmp": true,
	"fr": true, "com": true, "org": true, "net": true, "eu": true, "test": true, "example": true, "info": true,
}

func isFileName(w string) bool {
	dot := strings.LastIndexByte(w, '.')
	return dot > 0 && fileEndings[strings.ToLower(w[dot+1:])] && !strings.ContainsAny(w, "!?#$%&*+@")
}

// gradeValue weighs a value by its form alone.
func (p *page) gradeValue(v *value) {
	text := v.text
	n := utf8.RuneCountInString(text)
	if n < 4 || n > 200 {
		return
	}
	if strings.HasPrefix(text, "#") || strings.HasPrefix(text, "@") {
		text = text[1:] // a topic or an account name, when nothing else is odd
	}
	sh := shapeOf(text)
	if sh.digits == 0 {
		v.grade, v.signs = p.gradeWithoutDigits(v, sh)
		return
	}
	if sh.letters == 0 {
		v.signs = sh.signs > 0
		return
	}
	v.mixed = true
	core := strings.TrimRight(text, "!?")
	if harmlessMix(core) {
		return
	}
	if isSlug(text) {
		v.grade = odd
		return
	}
	v.grade, v.signs = gradeMixed(core, text, sh)
	if p.namesPaper(v) {
		v.grade, v.signs = odd, false
		return
	}
	word := strings.TrimRight(p.tokens[v.first].fold, "0123456789")
	v.madeUp = v.grade >= odd && v.first == v.last && sh.turns == 1 && sh.longest >= 5 && lexiconOnce().known(word) == "" &&
		lexiconOnce().mistyped(word) == ""
}

// gradeMixed weighs a value with letters and digits.
func gradeMixed(core, text string, sh shape) (grade, bool) {
	n := utf8.RuneCountInString(text)
	inner := strings.Trim(core, "+-.'°*")
	in := shapeOf(inner)
	switch {
	case sh.signs > 0 && sh.letters >= 2 && n >= 5:
		if strings.ContainsAny(text, "€") || sh.longest < 3 && strings.HasSuffix(core, "+") {
			return odd, false
		}
		if in.signs == 0 && sh.signs == 1 && sh.longest < 3 {
			return odd, false
		}
		return certain, true
	case strings.HasSuffix(text, "-") && sh.longest >= 3 && sh.digits >= 2:
		return certain, true
	case in.turns >= 2 && n >= 6 && (sh.longest >= 3 || in.turns >= 3 && n >= 8):
		if sh.joints > 0 && sh.longest < 4 {
			return odd, false
		}
		if sh.lower == 0 && sh.upper > 0 {
			return likely, false
		}
		return certain, false
	case sh.caseTurns >= 1 && sh.upper >= 2 && sh.digits >= 2 && n >= 8 && sh.joints == 0:
		return certain, false
	case sh.longest >= 4 && sh.digits >= 2 && sh.joints == 0:
		return likely, false
	case n >= 5 || sh.longest >= 3:
		return odd, false
	}
	return plain, false
}

// gradeWithoutDigits weighs a value of letters and signs.
func (p *page) gradeWithoutDigits(v *value, sh shape) (grade, bool) {
	text := v.text
	if sh.letters < 4 {
		return plain, false
	}
	inner := strings.Trim(text, "!?*_+#@&$%~^-'.")
	if i := strings.IndexAny(inner, "&#$%*!?@_~^€£"); i > 0 {
		left, right := inner[:i], inner[i+1:]
		if utf8.RuneCountInString(left) < 3 || utf8.RuneCountInString(right) < 3 {
			return odd, true
		}
		for j := v.first; j <= v.last; j++ {
			if p.tokens[j].sense != 0 {
				return odd, false
			}
		}
		if strings.IndexByte("#$%&*", inner[i]) >= 0 {
			return likely, true
		}
		return odd, true
	}
	if strings.ContainsAny(text[len(text)-1:], "*#$%&+_@^~") {
		return odd, true
	}
	if strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?") {
		return plain, true
	}
	if p.keys[v.first] != "" {
		return plain, false
	}
	if sh.joints == 0 && sh.caseTurns >= 3 && sh.letters >= 8 {
		return likely, false
	}
	if sh.joints == 0 && sh.caseTurns >= 1 && sh.letters >= 8 {
		return odd, false
	}
	return plain, false
}

// namesPaper reports whether a value is the name of a paper, a product or a
// period with a number: "attestation_1984", "covid19", "juin2024".
func (p *page) namesPaper(v *value) bool {
	lx := lexiconOnce()
	for j := v.first; j <= v.last; j++ {
		t := &p.tokens[j]
		word := t.fold
		if t.form == mixed {
			word = strings.Trim(word, "0123456789")
		}
		if len(word) < 2 {
			continue
		}
		if key := lx.known(word); key != "" {
			if at := lx.root.next[key]; at != nil && at.sense&(isDoc|isMonth|isService|isReference|isUnit) != 0 && at.sense&(isPassword|isPassWeak) == 0 {
				return true
			}
		}
	}
	return false
}

// harmlessMix knows mixtures of letters and digits that everyone writes: hours,
// ordinals, sizes, plates, articles of law, codes of forms and of papers.
func harmlessMix(s string) bool {
	var b [32]byte
	pattern := b[:0]
	for _, r := range s {
		if len(pattern) == cap(pattern) {
			return false
		}
		switch {
		case '0' <= r && r <= '9':
			pattern = append(pattern, '9')
		case unicode.IsLetter(r):
			pattern = append(pattern, 'a')
		case strings.ContainsRune(".-/',:°", r):
			pattern = append(pattern, '-')
		default:
			pattern = append(pattern, byte(r&0x7f))
		}
	}
	return harmlessPattern(squeeze(pattern), s)
}

// isSlug knows identifiers that programs make: UUIDs (RFC 9562), and words and
// numbers in lower case with three dashes or more.
func isSlug(s string) bool {
	if strings.Count(s, "-") < 3 || strings.HasSuffix(s, "-") {
		return false
	}
	upper, lower := false, false
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && s[i] != '-' {
			return false
		}
		upper = upper || isLetter(s[i]) && s[i] < 'a'
		lower = lower || isLetter(s[i]) && s[i] >= 'a'
	}
	return !upper || !lower
}

// run is one stretch of a pattern: its class and length.
type run struct {
	class byte
	n     int
}

func squeeze(pattern []byte) []run {
	var buf [12]run
	runs := buf[:0]
	for _, c := range pattern {
		if n := len(runs); n > 0 && runs[n-1].class == c {
			runs[n-1].n++
			continue
		}
		runs = append(runs, run{c, 1})
	}
	return runs
}

func harmlessPattern(runs []run, s string) bool {
	switch classesOf(runs) {
	case "9a": // 2e, 14h, 41m, 8810A, 12bis, 75011
		return runs[1].n <= 3
	case "9a9": // 14h30, 2x4, 06B12, 12AB34567
		return runs[1].n <= 3
	case "9a9a": // 14h30min, 8h30h
		return runs[1].n <= 2 && runs[3].n <= 3 && runs[0].n <= 2
	case "a9": // T2, K1201, RN7, PV1987
		return runs[0].n <= 3
	case "a9a": // A13B, AB123CD
		return runs[0].n <= 2 && runs[2].n <= 2
	case "9-a", "9-a-9", "9-9a", "9-9-a", "a-9a", "a9-9", "a9-a9", "a-9-a", "9a-9a", "9a-9", "9-9-9a":
		return longestRun(runs) <= 3
	case "a-9", "a-9-9", "a-a-9", "a-9-9-9", "a-a-9-9", "a-a9", "a-9a9", "a9-9-9": // L.262-10, AB-2024, RSA/2024
		return longestRun(runs) <= 3 || runs[1].n == 1 && strings.Contains(s, "/")
	case "a+9": // bac+2
		return runs[0].n <= 3
	case "9%a", "9+a", "9+9a":
		return longestRun(runs) <= 3
	}
	return false
}

func classesOf(runs []run) string {
	var b [12]byte
	for i := range runs {
		if i == len(b) {
			return ""
		}
		b[i] = runs[i].class
	}
	return string(b[:len(runs)])
}

// longestRun is the length of the longest run of letters.
func longestRun(runs []run) int {
	n := 0
	for _, r := range runs {
		if r.class == 'a' {
			n = max(n, r.n)
		}
	}
	return n
}
