package screen

import (
	"strings"
	"unicode/utf8"
)

// ibanLength is the length of an IBAN by country (SWIFT IBAN registry, and the
// North African countries that use the form without being in it).
var ibanLength = parseLengths(`AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22
BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27 CR22 CV25 CY28 CZ24 DE22 DJ27
DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GN28
GQ27 GR27 GT28 GW25 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27
MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33
SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26
UA29 VA22 VG24 XK20 YE30`)

func parseLengths(table string) map[string]int {
	m := map[string]int{}
	for _, row := range strings.Fields(table) {
		m[row[:2]] = int(row[2]-'0')*10 + int(row[3]-'0')
	}
	return m
}

// ibanAt reads an IBAN that begins at byte i. exact is true when its check
// digits are right; form is true when country, length and the share of digits
// fit, which is refused too: a mistyped account number is an account number.
func ibanAt(s string, i int) (exact, form bool) {
	if i+5 > len(s) || insideWord(s, i) || !isLetter(s[i]) {
		return false, false
	}
	second := i + 1
	if s[second] == ' ' {
		second++
	}
	want := ibanLength[strings.ToUpper(string([]byte{s[i], s[second]}))]
	if want == 0 {
		return false, false
	}
	var buf [34]byte
	read, digits, gap := buf[:0], 0, 0
	for j := i; j < len(s) && len(read) < want && gap <= 1; j++ {
		c := s[j]
		switch {
		case isAlnum(c):
			if isLetter(c) {
				c &^= 0x20
			} else {
				digits++
			}
			read, gap = append(read, c), 0
		case strings.IndexByte(" -._/\n", c) >= 0:
			gap++
		default:
			gap = 2
		}
	}
	if len(read) < 15 || !isDigit(read[2]) || !isDigit(read[3]) || 2*digits < len(read) {
		return false, false
	}
	if len(read) == want && ibanRemainder(read) == 1 {
		return true, true
	}
	return false, isDigit(s[second+1]) && len(read) >= want-4 && 10*digits >= 7*len(read)
}

func ibanRemainder(s []byte) int {
	r := 0
	for k := range s {
		c := s[(k+4)%len(s)]
		if isDigit(c) {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r
}

// insideWord reports whether the byte at i goes on with a word: what precedes
// is a letter, of any script, or a digit.
func insideWord(s string, i int) bool {
	return i > 0 && (isAlnum(s[i-1]) || s[i-1] >= utf8.RuneSelf)
}

// ribAt reports whether a French RIB begins at byte i: bank 5, branch 5,
// account 11, key 2 (Comité français d'organisation et de normalisation
// bancaires). Letters stand in the account number only.
func ribAt(s string, i int) bool {
	if insideWord(s, i) {
		return false
	}
	var read [23]byte
	n, gap := 0, 0
	for ; i < len(s) && n < len(read) && gap <= 1; i++ {
		c := s[i]
		switch {
		case isDigit(c):
			read[n], n, gap = c, n+1, 0
		case isLetter(c) && n >= 10 && n < 21:
			read[n], n, gap = ribDigit(c), n+1, 0
		case strings.IndexByte(" -._/\n", c) >= 0:
			gap++
		default:
			return false
		}
	}
	if n < len(read) || i < len(s) && isAlnum(s[i]) {
		return false
	}
	d := string(read[:])
	sum := 89*modulo97(d[:5]) + 15*modulo97(d[5:10]) + 3*modulo97(d[10:21])
	return 97-sum%97 == int(d[21]-'0')*10+int(d[22]-'0')
}

// ribDigit gives the digit a letter counts for: A to I 1 to 9, J to R 1 to 9,
// S to Z 2 to 9.
func ribDigit(c byte) byte {
	switch c |= 0x20; {
	case c <= 'i':
		return '1' + c - 'a'
	case c <= 'r':
		return '1' + c - 'j'
	}
	return '2' + c - 's'
}
