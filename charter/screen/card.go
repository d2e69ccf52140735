package screen

// isCardNumber reports whether s is the number of a payment card: a prefix of
// a known network, that network's length, and the Luhn digit (ISO/IEC 7812-1).
// Lengths 13 and 14 are left out: they are those of tax numbers and of the
// SIRET, which has a Luhn digit as well.
func isCardNumber(s string) bool {
	if !onlyDigits(s) {
		return false
	}
	switch {
	case len(s) == 15:
		return (prefix(s, 2, 34, 34) || prefix(s, 2, 37, 37)) && luhn(s)
	case len(s) == 16:
		return cardPrefix16(s) && luhn(s)
	}
	return len(s) == 19 && (s[0] == '4' || prefix(s, 2, 62, 62)) && luhn(s)
}

// cardPrefix16 knows Visa, Mastercard (both ranges), Maestro, Discover,
// UnionPay, JCB, Mir and the national schemes on them (Carte Bancaire cards
// carry one of these).
func cardPrefix16(s string) bool {
	return s[0] == '4' || prefix(s, 2, 51, 55) || prefix(s, 4, 2221, 2720) ||
		prefix(s, 2, 50, 50) || prefix(s, 2, 56, 58) || prefix(s, 2, 60, 69) ||
		prefix(s, 4, 3528, 3589) || prefix(s, 4, 2200, 2204) || prefix(s, 4, 9792, 9792)
}

// prefix reports whether the first n digits of s are between low and high.
func prefix(s string, n, low, high int) bool {
	v := 0
	for i := 0; i < n; i++ {
		v = v*10 + int(s[i]-'0')
	}
	return low <= v && v <= high
}

func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
