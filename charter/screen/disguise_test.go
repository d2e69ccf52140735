package screen

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// disguises rewrite a note without changing what a reader takes from it.
var disguises = []struct {
	name    string
	rewrite func(string) string
}{
	{"NFD, no-break spaces", func(s string) string {
		return strings.ReplaceAll(norm.NFD.String(s), " ", "\u00a0")
	}},
	{"narrow no-break spaces", func(s string) string { return strings.ReplaceAll(s, " ", "\u202f") }},
	{"zero-width characters inside words", insideWords("\u200b")},
	{"soft hyphens inside words", insideWords("\u00ad")},
	{"full-width forms", func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r < 0x7f {
				return r + 0xfee0
			}
			return r
		}, s)
	}},
	{"Cyrillic look-alikes", func(s string) string {
		return strings.NewReplacer("a", "а", "e", "е", "o", "о", "p", "р", "c", "с", "x", "х").Replace(s)
	}},
	{"typographic apostrophes and dashes", func(s string) string {
		return strings.NewReplacer("'", "’", " - ", " – ", "--", "—").Replace(s)
	}},
	{"guillemets around", func(s string) string { return "« " + s + " »" }},
	{"all capitals", strings.ToUpper},
	{"all lower case", strings.ToLower},
	{"two clean sentences before", func(s string) string {
		return "Entretien de suivi avec la personne. Elle va bien et reviendra la semaine prochaine. " + s
	}},
	{"two clean sentences after", func(s string) string {
		return s + ". Entretien de suivi avec la personne. Elle a oublié son mot de passe et reviendra."
	}},
	{"every space a new line", func(s string) string { return strings.ReplaceAll(s, " ", "\n") }},
	{"Markdown bold around", func(s string) string { return "**" + s + "**" }},
	{"Markdown bold on every word", func(s string) string {
		return "**" + strings.Join(strings.Fields(s), "** **") + "**"
	}},
	{"Markdown emphasis around", func(s string) string { return "_" + s + "_" }},
	{"Markdown code around", func(s string) string { return "`" + s + "`" }},
	{"Markdown quotation", func(s string) string { return "> " + s }},
	{"HTML paragraph around", func(s string) string { return "<p>" + s + "</p>" }},
	{"HTML bold on every word", func(s string) string {
		return "<b>" + strings.Join(strings.Fields(s), "</b> <b>") + "</b>"
	}},
	{"HTML entities", func(s string) string {
		return strings.NewReplacer("é", "&eacute;", " ", "&nbsp;", "'", "&#39;").Replace(s)
	}},
	{"digits of another script", func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r - '0' + '٠'
			}
			return r
		}, s)
	}},
}

// insideWords puts a mark between every two letters of a word.
func insideWords(mark string) func(string) string {
	return func(s string) string {
		var b strings.Builder
		var before rune
		for _, r := range s {
			if unicode.IsLetter(before) && unicode.IsLetter(r) {
				b.WriteString(mark)
			}
			b.WriteRune(r)
			before = r
		}
		return b.String()
	}
}

// TestDisguises holds that a refused note stays refused when it is disguised,
// and that a disguise makes no clean note look like a secret.
func TestDisguises(t *testing.T) {
	notes := readNotes(t, "secrets-dev.jsonl")
	clean, before, falseBefore := 0, map[string]bool{}, 0
	for _, n := range notes {
		refused := n.judge().Refused
		if n.secret() && refused {
			before[n.ID] = true
		}
		if !n.secret() {
			clean++
			if refused {
				falseBefore++
			}
		}
	}
	for _, d := range disguises {
		t.Run(d.name, func(t *testing.T) {
			kept, falseAfter := 0, 0
			for _, n := range notes {
				was := n.Text
				n.Text = d.rewrite(n.Text)
				if n.Field2 != "" {
					n.Text2 = d.rewrite(n.Text2)
				}
				refused := n.judge().Refused
				switch {
				case before[n.ID] && refused:
					kept++
				case before[n.ID]:
					t.Logf("lost %s %s: %q", n.ID, n.Kind, was)
				case !n.secret() && refused:
					falseAfter++
					t.Logf("false %s %s: %q", n.ID, n.Kind, was)
				}
			}
			t.Logf("kept %d of %d, false refusals %d of %d (%d before)", kept, len(before), falseAfter, clean, falseBefore)
			if kept*1000 < 990*len(before) {
				t.Errorf("only %d of %d refused notes stay refused", kept, len(before))
			}
			if falseAfter > falseBefore+1 {
				t.Errorf("%d clean notes refused, %d before", falseAfter, falseBefore)
			}
		})
	}
}

// TestSlips holds that one slip of the finger in one word lets few refused
// notes through: a letter left out, doubled, replaced or swapped with the next.
func TestSlips(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same slips every time
	kept, before, wrong, clean := 0, 0, 0, 0
	for _, n := range readNotes(t, "secrets-dev.jsonl") {
		was := n.judge().Refused
		for range 3 {
			slipped := n
			slipped.Text = oneSlip(r, n.Text)
			refused := slipped.judge().Refused
			switch {
			case n.secret() && was:
				before++
				if refused {
					kept++
				}
			case !n.secret():
				clean++
				if refused {
					wrong++
				}
			}
		}
	}
	t.Logf("kept %d of %d, false refusals %d of %d", kept, before, wrong, clean)
	if kept*1000 < 975*before || wrong*200 > clean {
		t.Error("worse than agreed: 97.5 % and 0.5 %")
	}
}

// oneSlip makes one slip in one word of four letters or more, if there is one.
func oneSlip(r *rand.Rand, s string) string {
	words := strings.Fields(s)
	for range 20 {
		i := r.IntN(len(words))
		w := []rune(words[i])
		if len(w) < 4 || strings.ContainsFunc(words[i], func(c rune) bool { return !unicode.IsLetter(c) }) {
			continue
		}
		k := 1 + r.IntN(len(w)-2)
		switch r.IntN(4) {
		case 0:
			w[k], w[k+1] = w[k+1], w[k]
		case 1:
			w = slices.Delete(w, k, k+1)
		case 2:
			w = slices.Insert(w, k, w[k])
		case 3:
			w[k] = rune('a' + r.IntN(26))
		}
		words[i] = string(w)
		break
	}
	return strings.Join(words, " ")
}
