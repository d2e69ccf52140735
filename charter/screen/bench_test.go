package screen

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// notes300 are notes of about 300 characters made of the clean development
// notes, which is what the screening meets all day.
func notes300(tb testing.TB) []string {
	tb.Helper()
	var notes []string
	var b strings.Builder
	for _, n := range readNotes(tb, "secrets-dev.jsonl") {
		if n.secret() {
			continue
		}
		b.WriteString(n.Text)
		b.WriteString(". ")
		if b.Len() >= 300 {
			notes = append(notes, b.String())
			b.Reset()
		}
	}
	return notes
}

func BenchmarkJudge(b *testing.B) {
	notes := notes300(b)
	size := 0
	for _, n := range notes {
		size += len(n)
	}
	b.SetBytes(int64(size / len(notes)))
	i := 0
	for b.Loop() {
		Judge(notes[i%len(notes)], "memo")
		i++
	}
}

// BenchmarkJudgeSlowest reports the 99th percentile over the notes of what one
// takes. Of each note the quickest of several runs counts, so that what else
// runs on the machine does not.
func BenchmarkJudgeSlowest(b *testing.B) {
	notes := notes300(b)
	best := make([]time.Duration, len(notes))
	for i := range best {
		best[i] = time.Hour
	}
	for b.Loop() {
		for i, n := range notes {
			start := time.Now()
			Judge(n, "memo")
			best[i] = min(best[i], time.Since(start))
		}
	}
	slices.Sort(best)
	b.ReportMetric(float64(best[len(best)*99/100].Nanoseconds()), "p99-ns/note")
	b.ReportMetric(float64(best[len(best)/2].Nanoseconds()), "p50-ns/note")
}

// hostile are texts of 64 KiB made to be slow.
var hostile = map[string]string{
	"one word":        "a",
	"digits":          "1",
	"single digits":   "1 ",
	"groups":          "1234 ",
	"mot":             "mot de ",
	"mistyped":        "identifiannt ",
	"cue and number":  "code 2 ",
	"cues":            "mot de passe ",
	"tags":            "<b>",
	"open brackets":   "<",
	"stars":           "**",
	"underlines":      "_",
	"entities":        "&amp;",
	"signs":           "a!",
	"values":          "Kader1975 dossier ",
	"dossier":         "dossier Kader1975 ",
	"letters":         "a b ",
	"descriptions":    "prénom nom ",
	"questions":       "question secrète prénom ",
	"answers":         "réponse ",
	"combining":       "e\u0301\u0301",
	"zero width":      "\u200b",
	"Cyrillic":        "рассказ код ",
	"mixed scripts":   "сode ",
	"Arabic":          "كلمة السر ",
	"IBAN starts":     "FR76 ",
	"token starts":    "sk-",
	"JWT starts":      "eyJhbGciOi.",
	"URL":             "https://a.b/?token=",
	"slashes":         "a/b/",
	"commas":          "mdp,",
	"plus":            "mdp a + ",
	"numbers in word": "deux trois quatre ",
	"ligatures":       "\ufdfa",
	"code groups":     "ab12 cd34 ",
	"other groups":    "abcd 1234 ",
	"quotes":          "tape « tournesol » ameli ",
	"open quotes":     "douze mots \" ",
	"memories":        "demande premier chien ",
	"recipes":         "mot de passe prénom à l'envers 2 ",
	"keys apart":      "19106 75112433 clé 51 ",
	"sames":           "même mot de passe plus ",
	"dialect":         "3endha ch7al 9al ",
	"titles":          "M. ",
	"questions asked": "mdp ? ",
	"digicodes":       "code porte ",
	"plus signs":      "mdp a + b + ",
}

func BenchmarkHostile(b *testing.B) {
	for name, part := range hostile {
		text := strings.Repeat(part, MaxBytes/len(part))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Judge(text, "memo")
			}
		})
	}
}
