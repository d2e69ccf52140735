package screen

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Mark says which part of a field's text is doubtful, so that a page can mark
// it in the copy that the browser still has. It counts characters: Unicode
// code points from the start of the text, a CR LF as one, since a browser
// sends the line breaks of a text area as CR LF and has one character for them
// (HTML, form submission). For JavaScript, whose strings count otherwise, cut
// Array.from(text).
//
// A mark tells the length of a value. It is for the answer to the person who
// typed, and for nothing else: it prints as "mark", and marshals to an empty
// object. A log, a metric and the audit log never take its numbers.
type Mark struct{ start, end int }

// Start is the position of the first doubtful character, counted from 0.
func (m *Mark) Start() int { return m.start }

// End is the position after the last doubtful character, more than Start.
func (m *Mark) End() int { return m.end }

// Format prints the word "mark" for every verb, so that no log gets the numbers.
func (m *Mark) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("mark")) }

// given reads a mark that a refusal or a warning keeps. They keep a function,
// since fmt prints what an unexported pointer points at.
func given(mark func() *Mark) *Mark {
	if mark == nil {
		return nil
	}
	return mark()
}

// markOf finds the bytes [from, to) of p.text in the text that was typed.
// Normalising changes lengths, so letters and digits are counted on both
// sides, word by word; where the sides do not agree there is no mark. A word
// that normalising changed is marked whole.
func markOf(typed string, p *page, from, to int) func() *Mark {
	if from >= to || to > len(p.text) {
		return nil
	}
	before, within := countWord(p.text[:from]), countWord(p.text[from:to])
	if within == 0 {
		return nil
	}
	first, last := before, before+within-1 // of the counted characters
	found, counted, at := Mark{-1, -1}, 0, 0
	for typed != "" {
		n, word := piece(typed)
		part := typed[:n]
		typed = typed[n:]
		if word {
			plain := normalise(part)
			here := countWord(plain)
			if found.start < 0 && first < counted+here {
				found.start = at + offset(part, plain, first-counted)
			}
			if found.end < 0 && last < counted+here {
				found.end = at + offset(part, plain, last-counted)
				if plain == part {
					found.end++
				} else {
					found.end = at + characters(part)
				}
			}
			counted += here
		}
		at += characters(part)
	}
	if found.start < 0 || found.end <= found.start || counted != countWord(p.text) {
		return nil
	}
	return func() *Mark { return &found }
}

// offset gives the position of the k-th letter or digit in a word, or 0 when
// normalising changed the word.
func offset(part, plain string, k int) int {
	if plain != part {
		return 0
	}
	at := 0
	for _, r := range part {
		if wordRune(r) {
			if k == 0 {
				return at
			}
			k--
		}
		at++
	}
	return 0
}

// piece cuts the next word, stretch of white space or tag from s. A tag is no
// word.
func piece(s string) (n int, word bool) {
	if s[0] == '<' {
		if _, end := tag(s); end > 0 {
			return end, false
		}
	}
	first, size := utf8.DecodeRuneInString(s)
	space := unicode.IsSpace(first)
	for n = size; n < len(s); n += size {
		var r rune
		if r, size = utf8.DecodeRuneInString(s[n:]); unicode.IsSpace(r) != space || r == '<' {
			break
		}
	}
	return n, !space
}

// characters counts as Mark does.
func characters(s string) int {
	n := 0
	for i := 0; i < len(s); n++ {
		_, size := utf8.DecodeRuneInString(s[i:])
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			size = 2
		}
		i += size
	}
	return n
}

func countWord(s string) int {
	n := 0
	for _, r := range s {
		if wordRune(r) {
			n++
		}
	}
	return n
}
