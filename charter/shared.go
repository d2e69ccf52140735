package charter

import (
	"slices"
	"strings"
	"unicode"
)

// SharedName tells whether a text names a desk, a service or a mailbox and not a
// person: "Accueil CCAS", "secretariat@mairie.example". Accounts are one person's
// (C21). Of an address of e-mail, what stands before the sign counts.
func (c *Charter) SharedName(text string) bool {
	words := c.doc.SharedNames
	if words == nil {
		return false
	}
	local, _, _ := strings.Cut(text, "@")
	said := strings.FieldsFunc(plainLetters(local), func(r rune) bool { return !unicode.IsLetter(r) })
	together := len(said) > 0
	for _, w := range said {
		if slices.Contains(words.Alone, w) {
			return true
		}
		together = together && slices.Contains(words.Together, w)
	}
	return together
}

// plainLetters drops case and the marks of French.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) { // a mark that stands apart
			return -1
		}
		r = unicode.ToLower(r)
		if i := slices.Index(marked, r); i >= 0 {
			return plain[i]
		}
		return r
	}, s)
}

var marked, plain = []rune("àâäçéèêëîïôöùûü"), []rune("aaaceeeeiioouuu")
