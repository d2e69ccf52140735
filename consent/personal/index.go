package personal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"unicode"

	"aval/audit"

	"golang.org/x/text/unicode/norm"
)

// ErrIndex: an identity or a search has no birth date, or no letter in any name.
var ErrIndex = errors.New("personal: looking a person up needs a birth year and a name")

const (
	maxWords    = 8  // of one name, or of a search
	maxLetters  = 64 // of one word or name
	prefixSize  = 3  // letters
	innerSize   = 16 // bytes
	maxInner    = 64 // hashes of one person
	labelName   = "name"
	labelPair   = "name and given name"
	labelPrefix = "prefix"
)

// A Lookup is where a search has to look, under every live epoch.
type Lookup struct {
	Exact  [][]byte // rows of the same name and birth date
	Prefix [][]byte // rows of any name that begins alike, and the same birth date
}

// Index makes the blind index of a person in a space: the rows to file them
// under, 16 bytes each, and their inner hashes, closed, to be kept beside the
// person. The error is ErrIndex.
//
// Names count as letters only: no accents, case, spaces, hyphens, doubled
// letters ("Le Goff" is "LEGOF", "Mohammed" is "MOHAMED"); letters of every
// script are kept. There is a row for the birth name, one for the used name with
// the first given name, and one for the first three letters of each part of each
// name; a person with one name only has that name as birth name.
//
// Rows hold the birth date as precisely as it is recorded, and a search looks at
// its own precision and at every coarser one. So a full date finds a person
// recorded by year, a year finds those recorded by year only, and a year with
// three letters can't be used to list everybody born in it.
func (k *Keyring) Index(s audit.Space, i Identity) (closed []byte, rows [][]byte, err error) {
	terms := i.terms()
	if i.Birth.IsZero() || len(terms) == 0 {
		return nil, nil, ErrIndex
	}
	key := k.folder.Index(uint32(s.Number()))
	var inner []byte
	for _, t := range terms {
		inner = append(inner, t.hash(key, i.Birth.Reveal())...)
	}
	closed = k.close(indexContext(s), inner)
	rows, err = k.IndexRows(s, closed)
	return closed, rows, err
}

// IndexRows gives the rows that go with a closed index: those to remove before it
// is made anew or with the person. The error is ErrClosed or ErrEpoch.
func (k *Keyring) IndexRows(s audit.Space, closed []byte) ([][]byte, error) {
	inner, err := k.open(indexContext(s), closed)
	if err != nil {
		return nil, err
	}
	if n := len(inner); n == 0 || n%innerSize != 0 || n > maxInner*innerSize {
		return nil, ErrClosed
	}
	var rows [][]byte
	for ; len(inner) > 0; inner = inner[innerSize:] {
		row, err := k.row(indexContext(s), closed, inner[:innerSize])
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Reindex makes the index anew under the current epoch, out of closed bytes
// alone; what is of that epoch already comes back as it is. The error is
// ErrClosed or ErrEpoch.
func (k *Keyring) Reindex(s audit.Space, closed []byte) (again []byte, rows [][]byte, err error) {
	again, _, err = k.reclose(indexContext(s), closed)
	if err != nil {
		return nil, nil, err
	}
	rows, err = k.IndexRows(s, again)
	return again, rows, err
}

// Search gives the rows under which a person with these names, typed in any order
// and number of fields, and this birth date is filed. At most eight words count.
// The error is ErrIndex.
func (k *Keyring) Search(s audit.Space, names []Text, birth BirthDate) (Lookup, error) {
	var all []string
	for _, n := range names {
		all = append(all, words(n)...)
	}
	if birth.IsZero() || len(all) == 0 {
		return Lookup{}, ErrIndex
	}
	all = all[:min(len(all), maxWords)]
	key := k.folder.Index(uint32(s.Number()))
	var l Lookup
	for _, date := range birth.coarser() {
		for _, t := range searchTerms(all) {
			inner := t.hash(key, date)
			for _, e := range k.folder.Live() {
				row := e.Row(indexContext(s), inner)
				if t.label == labelPrefix {
					l.Prefix = append(l.Prefix, row)
				} else {
					l.Exact = append(l.Exact, row)
				}
			}
		}
	}
	return l, nil
}

// A term is what is hashed: what it is, and the letters of names.
type term struct{ label, name, given string }

func (t term) hash(key []byte, date string) []byte {
	return mac(key, t.label, t.name, t.given, date)[:innerSize]
}

// terms are those a person is filed under, each once.
func (i Identity) terms() []term {
	given, birth, used := words(i.GivenNames), words(i.BirthName), words(i.UsedName)
	var list termSet
	single := given
	if len(single) == 0 {
		single = used
	}
	switch {
	case len(birth) > 0:
		list.add(term{labelName, joined(birth), ""})
	case len(given) == 0 || len(used) == 0:
		list.add(term{labelName, joined(single), ""})
	}
	if len(used) > 0 && len(given) > 0 {
		list.add(term{labelPair, joined(used), given[0]})
	}
	for _, name := range [][]string{given, birth, used} {
		list.addPrefixes(name)
	}
	return list.terms
}

// searchTerms are those a search looks for: each way of cutting its words into a
// name and given names, in both orders, since nobody knows in which order they
// were typed.
func searchTerms(all []string) []term {
	var list termSet
	for i := range all {
		left, right := all[:i], all[i:]
		list.add(term{labelName, joined(left), ""})
		list.add(term{labelName, joined(right), ""})
		if i > 0 {
			list.add(term{labelPair, joined(left), right[0]})
			list.add(term{labelPair, joined(right), left[0]})
		}
	}
	list.addPrefixes(all)
	return list.terms
}

type termSet struct{ terms []term }

func (l *termSet) add(t term) {
	for _, old := range l.terms {
		if old == t {
			return
		}
	}
	if t.name != "" {
		l.terms = append(l.terms, t)
	}
}

// addPrefixes adds the first letters of each word, alone ("Goff" of "Le Goff")
// and with what follows ("Leg").
func (l *termSet) addPrefixes(name []string) {
	for i, word := range name {
		l.add(term{labelPrefix, prefix(word), ""})
		l.add(term{labelPrefix, prefix(joined(name[i:])), ""})
	}
}

func prefix(word string) string {
	n := 0
	for i := range word {
		if n == prefixSize {
			return word[:i]
		}
		n++
	}
	return word
}

// words cuts a name into its parts, each as letters; at most eight.
func words(t Text) []string {
	var list []string
	for _, part := range strings.FieldsFunc(t.Reveal(), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r)
	}) {
		if w := letters(part); w != "" && len(list) < maxWords {
			list = append(list, w)
		}
	}
	return list
}

func joined(words []string) string { return letters(strings.Join(words, "")) }

// spelt are letters that Unicode does not take apart but people do, and letters
// of Arabic and Persian that keyboards exchange for one another.
var spelt = map[rune]string{
	'Œ': "OE", 'Æ': "AE", 'ß': "S", 'ẞ': "S", 'Ø': "O", 'Ł': "L", 'Đ': "D", 'Ð': "D", 'Þ': "TH",
	'ی': "ي", 'ى': "ي", 'ک': "ك", 'ة': "ه",
}

// letters folds a word: compatibility forms taken apart (NFKD, Unicode UAX 15),
// marks and modifiers (Lm: apostrophes, the Arabic kashida) dropped, capitals,
// doubled letters once.
func letters(s string) string {
	var b strings.Builder
	n, last := 0, rune(0)
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToUpper(r)
		out, ok := spelt[r]
		if !ok && unicode.IsLetter(r) && !unicode.Is(unicode.Lm, r) {
			out = string(r)
		}
		for _, r := range out {
			if r != last && n < maxLetters {
				b.WriteRune(r)
				n++
			}
			last = r
		}
	}
	return b.String()
}

// mac is HMAC-SHA-256 over parts, each with its length ahead: two lists of parts
// never give the same bytes.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	var n [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
