package screen

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// dotted reports whether a point stands between two words of letters, the
// second with digits: "Brioche.Tiede3". Nobody ends a sentence so.
func dotted(s string) bool {
	left, right, found := strings.Cut(s, ".")
	if !found || strings.ContainsAny(right, "./:") {
		return false
	}
	a, b := shapeOf(left), shapeOf(right)
	return a.longest >= 3 && a.digits+a.signs+a.joints == 0 && b.longest >= 3 && b.digits > 0 && b.turns == 1 && !isDigit(right[0])
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
	case "9a": // 2e, 14h, 41m, 8810A, 12bis
		return runs[1].n <= 3 && runs[0].n <= 5
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
