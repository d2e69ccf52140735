package screen

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalise undoes what changes the look of a text and not what a reader
// takes from it: markup, compatibility forms, invisible characters, digits of
// other scripts and look-alike letters. Line breaks stay, for the clauses.
// What it returns is read only by the screening; the register keeps the text
// as typed.
func normalise(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = dropMarkup(s)
	if !isASCII(s) {
		s = foldLookAlikes(mapRunes(norm.NFKC.String(dropPhrases(s))))
	}
	return s
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// dropPhrases drops the Arabic ligatures that are whole pious phrases: they
// hold no secret, and NFKC would make eleven letters of three bytes.
func dropPhrases(s string) string {
	if !strings.Contains(s, "\xef\xb7") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '\ufdf0' <= r && r <= '\ufdfd' {
			return ' '
		}
		return r
	}, s)
}

// mapRunes drops invisible characters and writes digits, dashes, quotes and
// spaces in one way.
func mapRunes(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case unicode.Is(unicode.Cf, r), r == '\u0640', unicode.Is(unicode.Variation_Selector, r), r == '\u034f', r == '\u115f', r == '\u1160', r == '\u3164':
			return -1
		case unicode.Is(unicode.Nd, r):
			return asciiDigit(r)
		case unicode.Is(unicode.Pd, r), r == '\u2212':
			return '-'
		case unicode.IsSpace(r):
			if r == '\u2028' || r == '\u2029' || r == '\u0085' {
				return '\n'
			}
			return ' '
		}
		switch r {
		case '\u2019', '\u2018', '\u02bc', '\u2032', '\u201b', '\u00b4', '\u2035':
			return '\''
		case '«', '»', '“', '”', '„', '‟', '‹', '›', '″', '〝', '〞':
			return '"'
		case '→', '⇒', '➔', '➜', '➡', '⟶', '▶', '►', '➤':
			return '>'
		case '،', '、', '‚':
			return ','
		case '؛':
			return ';'
		case '؟':
			return '?'
		case '۔', '。':
			return '.'
		case '∶', '꞉', '։', '׃':
			return ':'
		case '•', '·', '●', '‧':
			return ';'
		}
		return r
	}, s)
}

// asciiDigit gives the value of any decimal digit. Unicode keeps the ten
// digits of a script together (The Unicode Standard, 4.6), so the distance to
// the start of the range gives the value.
func asciiDigit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

// Letters that look alike in Cyrillic or Greek and in Latin.
const (
	otherLetters = "аеорсухкмтвніїјѕԁһԛԝӏАВЕЗІКМНОРСТУХЈЅԀԚԜαβεικνορτυχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
	latinLetters = "aeopcyxkmtbhiijsdhqwlABE3IKMHOPCTYXJSDQWabeiknoptuxynwABEZHIKMNOPTYX"
)

var (
	toLatin    = letterMap(otherLetters, latinLetters, unicode.L)
	toCyrillic = letterMap(latinLetters, otherLetters, unicode.Cyrillic)
)

// letterMap maps the runes of a to those of b, where b is in the given table;
// the first pair of a letter wins.
func letterMap(a, b string, table *unicode.RangeTable) map[rune]rune {
	m := map[rune]rune{}
	to := []rune(b)
	for i, r := range []rune(a) {
		if _, twice := m[r]; !twice && unicode.Is(table, to[i]) {
			m[r] = to[i]
		}
	}
	return m
}

// foldLookAlikes writes each word in one script. A text whose every Cyrillic
// or Greek letter has a Latin twin, beside Latin words, is Latin throughout: a
// word such as "mdp" has no letter left to betray it. A word with a letter
// that only Cyrillic has is Cyrillic.
func foldLookAlikes(s string) string {
	var latin, foreign, own bool
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			latin = latin || 'a' <= r|0x20 && r|0x20 <= 'z'
		case unicode.Is(unicode.Cyrillic, r) || unicode.Is(unicode.Greek, r):
			foreign = true
			own = own || toLatin[r] == 0
		}
	}
	if !foreign || !latin {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		switch {
		case n == 0:
			_, size := utf8.DecodeRuneInString(s)
			b.WriteString(s[:size])
			s = s[size:]
			continue
		case n < 0:
			n = len(s)
		}
		b.WriteString(oneScript(s[:n], own))
		s = s[n:]
	}
	return b.String()
}

func oneScript(word string, textIsCyrillic bool) string {
	var latin, foreign, own bool
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.Is(unicode.Cyrillic, r), unicode.Is(unicode.Greek, r):
			foreign = true
			own = own || toLatin[r] == 0
		}
	}
	to := toLatin
	switch {
	case !foreign, !latin && textIsCyrillic:
		return word
	case own:
		to = toCyrillic
	}
	return strings.Map(func(r rune) rune {
		if twin, ok := to[r]; ok && !('0' <= r && r <= '9') {
			return twin
		}
		return r
	}, word)
}

// dropMarkup removes HTML tags and entities and the marks of Markdown. Block
// tags become line breaks, the others nothing.
func dropMarkup(s string) string {
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	if strings.IndexByte(s, '<') >= 0 {
		s = dropTags(s)
	}
	if strings.ContainsAny(s, "*_`~#>") {
		s = dropMarkdown(s)
	}
	return s
}

// maxTag is the longest tag dropTags looks for, so that a text of opening
// brackets costs no more than its length.
const maxTag = 512

func dropTags(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		name, end := tag(s)
		if end == 0 {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		if !inlineTag[strings.ToLower(name)] {
			b.WriteByte('\n')
		}
		s = s[end:]
	}
}

// tag reads a tag or a comment at the start of s and gives its name and
// length; length 0 when there is none.
func tag(s string) (name string, end int) {
	if strings.HasPrefix(s, "<!") {
		if i := strings.IndexByte(s[:min(len(s), maxTag)], '>'); i > 0 {
			return "!", i + 1
		}
		return "", 0
	}
	i := 1
	if i < len(s) && s[i] == '/' {
		i++
	}
	start := i
	for i < len(s) && isAlnum(s[i]) {
		i++
	}
	if i == start || !isLetter(s[start]) || i-start > 12 {
		return "", 0
	}
	name = s[start:i]
	if i < len(s) && s[i] != '>' && s[i] != ' ' && s[i] != '/' && s[i] != '\n' {
		return "", 0
	}
	if j := strings.IndexAny(s[i:min(len(s), i+maxTag)], "<>"); j >= 0 && s[i+j] == '>' {
		return name, i + j + 1
	}
	return "", 0
}

var inlineTag = map[string]bool{
	"a": true, "abbr": true, "b": true, "bdi": true, "bdo": true, "big": true, "code": true,
	"del": true, "em": true, "font": true, "i": true, "ins": true, "kbd": true, "mark": true,
	"q": true, "s": true, "samp": true, "small": true, "span": true, "strike": true,
	"strong": true, "sub": true, "sup": true, "tt": true, "u": true, "var": true, "wbr": true,
}

// dropMarkdown removes marks in pairs around words ("**x**", "__x__", "~~x~~",
// "`x`") and at the start of lines ("# ", "> ", "* "). A single mark stays: it
// may be part of a password.
func dropMarkdown(s string) string {
	for _, mark := range []string{"**", "__", "~~", "`"} {
		if strings.Count(s, mark) >= 2 {
			s = strings.ReplaceAll(s, mark, "")
		}
	}
	s = dropEmphasis(s)
	at := true // at the start of a line
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			at = true
		case at && (r == '#' || r == '>' || r == '*'):
			return ' '
		case r != ' ':
			at = false
		}
		return r
	}, s)
}

// dropEmphasis removes one pair of single stars or underlines around the whole
// text ("*mdp : x*"), never one in the middle.
func dropEmphasis(s string) string {
	for _, mark := range []byte{'*', '_'} {
		t := strings.TrimSpace(s)
		if len(t) > 2 && t[0] == mark && t[len(t)-1] == mark {
			s = t[1 : len(t)-1]
		}
	}
	return s
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool  { return isLetter(c) || isDigit(c) }

// fold writes a word for comparison with the lexicon: lower case, without
// marks, Arabic letters in their plain form.
func fold(dst []byte, word string) []byte {
	if isASCII(word) {
		for i := 0; i < len(word); i++ {
			c := word[i]
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			dst = append(dst, c)
		}
		return dst
	}
	for _, r := range word {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r |= 0x20
			}
			dst = append(dst, byte(r))
			continue
		}
		dst = foldRune(dst, r)
	}
	return dst
}

// foldRune folds one rune outside ASCII. A letter with its mark is taken apart
// by its canonical decomposition.
func foldRune(dst []byte, r rune) []byte {
	var one [utf8.UTFMax]byte
	r = unicode.ToLower(r)
	parts := norm.NFD.Properties(one[:utf8.EncodeRune(one[:], r)]).Decomposition()
	if parts == nil {
		parts = one[:utf8.RuneLen(r)]
	}
	for len(parts) > 0 {
		r, size := utf8.DecodeRune(parts)
		parts = parts[size:]
		if r >= 0x300 && unicode.Is(unicode.Mn, r) {
			continue
		}
		switch r {
		case 'œ':
			dst = append(dst, "oe"...)
		case 'æ':
			dst = append(dst, "ae"...)
		case 'ß':
			dst = append(dst, "ss"...)
		case 'ı':
			dst = append(dst, 'i')
		case 'ł':
			dst = append(dst, 'l')
		case 'đ':
			dst = append(dst, 'd')
		case 'ø':
			dst = append(dst, 'o')
		case 'ٱ', 'أ', 'إ', 'آ':
			dst = utf8.AppendRune(dst, 'ا')
		case 'ة':
			dst = utf8.AppendRune(dst, 'ه')
		case 'ى', 'ی':
			dst = utf8.AppendRune(dst, 'ي')
		case 'ک':
			dst = utf8.AppendRune(dst, 'ك')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
