package screen

// group is a run of digits, a group of a longer number perhaps: "1 58 05"
// holds three. In a NIR the letters A and B stand in the department of
// Corsica, so such a letter after a 2 is part of the group.
type group struct {
	start, end int    // byte offsets in the text
	digits     string // as in the text, "2A" and "2B" included
	joined     bool   // only one space, dot, dash or slash lies between this group and the one before
}

// groupsOf finds the groups of digits of a normalised text.
func groupsOf(s string) []group {
	var found []group
	for i := 0; i < len(s); {
		if !isDigit(s[i]) {
			i++
			continue
		}
		start := i
		for i < len(s) && (isDigit(s[i]) || corsica(s, i)) {
			i++
		}
		g := group{start: start, end: i, digits: s[start:i]}
		if n := len(found); n > 0 {
			g.joined = separates(s[found[n-1].end:start])
		}
		found = append(found, g)
	}
	return found
}

// corsica reports whether the letter at i is the second character of a
// department of Corsica: after a 2, at a place where no word begins.
func corsica(s string, i int) bool {
	c := s[i] | 0x20
	return (c == 'a' || c == 'b') && i > 0 && s[i-1] == '2' && (i+1 == len(s) || !isLetter(s[i+1]))
}

// separates reports whether s is what stands between two groups of one number.
func separates(s string) bool {
	if len(s) == 0 || len(s) > 3 {
		return false
	}
	marks := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\n':
		case '.', '-', '_', '/':
			marks++
		default:
			return false
		}
	}
	return marks <= 1
}

// maxNumber is the longest number the validators look at, in characters.
const maxNumber = 48

// number joins groups from the i-th on, as long as they belong together, and
// calls try at the end of each group with what was read so far. It stops when
// try returns true.
func number(groups []group, i int, try func(digits string, first, last group) bool) bool {
	var buf [maxNumber]byte
	read := buf[:0]
	for j := i; j < len(groups); j++ {
		if j > i && !groups[j].joined || len(read)+len(groups[j].digits) > maxNumber {
			return false
		}
		read = append(read, groups[j].digits...)
		if try(string(read), groups[i], groups[j]) {
			return true
		}
	}
	return false
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// modulo97 is the remainder of the decimal number s, of any length.
func modulo97(s string) int {
	r := 0
	for i := 0; i < len(s); i++ {
		r = (r*10 + int(s[i]-'0')) % 97
	}
	return r
}
