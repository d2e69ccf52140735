package screen

// The NIR, French social security number (code de la sécurité sociale,
// R. 115-1; INSEE): sex, year, month, department, commune, order, and a key of
// two digits, 97 minus the first 13 modulo 97. In Corsica the department is 2A
// or 2B, counted as 19 and 18.

// hasNIRForm reports whether s begins with the 13 characters of a NIR.
// Months run from 01 to 12, and for persons born abroad or registered late 20
// to 42 and 50 to 99.
func hasNIRForm(s string) bool {
	if len(s) < 13 {
		return false
	}
	for i := range 13 {
		if !isDigit(s[i]) && (i != 6 || s[5] != '2') {
			return false
		}
	}
	if s[0] < '1' || s[0] > '8' || s[0] == '5' || s[0] == '6' {
		return false
	}
	month := int(s[3]-'0')*10 + int(s[4]-'0')
	return (1 <= month && month <= 12 || 20 <= month && month <= 42 || month >= 50) && s[5:7] != "00"
}

// isNIR reports whether s is a NIR of 15 characters whose key is right.
func isNIR(s string) bool {
	if len(s) != 15 || !hasNIRForm(s) || !onlyDigits(s[13:]) {
		return false
	}
	plain := s[:13]
	switch s[6] | 0x20 {
	case 'a':
		plain = s[:5] + "19" + s[7:13]
	case 'b':
		plain = s[:5] + "18" + s[7:13]
	}
	key := int(s[13]-'0')*10 + int(s[14]-'0')
	return onlyDigits(plain) && key == 97-modulo97(plain)
}

// isTaxForm reports whether s has the form of a numéro fiscal (SPI), which has
// no public key: 13 digits, the first 0 to 3; 00 begins an
// international telephone number.
func isTaxForm(s string) bool {
	return len(s) == 13 && onlyDigits(s) && s[0] <= '3' && s[:2] != "00"
}

// isSplitNIR knows a NIR without its first digit by its groups of two, two,
// two, three, three and two, and its key: the sex is said in words then.
func isSplitNIR(digits string, first, last group) bool {
	return len(digits) == 14 && last.end-first.start == 14+5 && (isNIR("1"+digits) || isNIR("2"+digits)) && len(first.digits) == 2 && len(last.digits) == 2
}
