package screen

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// marked gives the part of the text that a page would mark in the browser's
// copy, where line breaks are one character.
func marked(text string, m *Mark) string {
	if m == nil {
		return ""
	}
	copied := []rune(strings.ReplaceAll(text, "\r\n", "\n"))
	return string(copied[m.Start():m.End()])
}

func TestMark(t *testing.T) {
	tests := []struct{ text, want string }{
		{"mdp : Biscotte!74", "Biscotte!74"},
		{"Elle va bien. Le mot de passe est tournesol.", "tournesol"},
		{"Ligne un\r\nmdp caf :\r\nBiscotte74, à garder", "Biscotte74"},
		{"Été à Orléans, mdp\u00a0: É\u0301té2019", "É\u0301té2019"},
		{"<p class=\"x\">mdp : <b>Biscotte74</b></p>", "Biscotte74"},
		{"**mdp caf : Biscotte74**", "Biscotte74"},
		{"code carte : ４８２７ ok", "４８２７"},
		{"carte 4111 1111 1111 1111 exp 06/30", "4111 1111 1111 1111"},
		{"NIR 2 69 05 49 588 157 80.", "2 69 05 49 588 157 80"},
		{"iban : FR14 2004 1010 0505 0001 3M02 606 ok", "FR14 2004 1010 0505 0001 3M02 606"},
		{"question secrète : nom du chien, réponse Médor", "Médor"},
		{"son mdp : prénom du chat à l'envers", "prénom du chat à l'envers"},
		{"mot de passe lettre par lettre : j u l i e 7 5", "j u l i e 7 5"},
		{"lien https://x.example/reset?token=8f14e45f reçu", "https://x.example/reset?token=8f14e45f"},
		{"m\u200bd\u200bp caf Biscotte74", "Biscotte74"},
	}
	for _, tt := range tests {
		_, err := Form(Field{"note", tt.text, Note, 0})
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%q accepted", tt.text)
			continue
		}
		if got := marked(tt.text, refusal.Mark()); strings.Trim(got, " \".,:") != tt.want {
			t.Errorf("%q: marks %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestMarkIsThere holds that nearly every refusal of the development notes has
// a mark, and that it lies within the text.
func TestMarkIsThere(t *testing.T) {
	refused, with := 0, 0
	for _, n := range readNotes(t, "secrets-dev.jsonl") {
		for _, d := range disguises {
			text := d.rewrite(n.Text)
			_, err := Form(Field{"memo", text, Note, 0})
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				continue
			}
			refused++
			if m := refusal.Mark(); m != nil {
				with++
				if m.Start() < 0 || m.End() <= m.Start() || m.End() > len([]rune(text)) {
					t.Fatalf("%s %s: mark from %d to %d", n.ID, d.name, m.Start(), m.End())
				}
			}
		}
	}
	t.Logf("%d of %d refusals have a mark", with, refused)
	if with*100 < 98*refused {
		t.Error("fewer than 98 %")
	}
}

// TestMarkIsNotPrinted holds that the numbers of a mark, which tell the length
// of a value, appear in no log, error or JSON.
func TestMarkIsNotPrinted(t *testing.T) {
	refusal := &Refusal{Kind: KindPassword, Field: "note", Rule: RulePassword, mark: func() *Mark { return &Mark{987654321, 987654333} }}
	var b strings.Builder
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "r", refusal, "m", refusal.Mark())
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "r", refusal, "m", refusal.Mark(), "v", *refusal)
	for _, v := range []any{refusal, *refusal, refusal.Mark(), Warning{Field: "a", mark: refusal.mark}, errors.Join(refusal)} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%v %+v %#v %s %q %d %x %s\n", v, v, v, v, v, v, v, text)
	}
	if strings.Contains(b.String(), "9876543") || strings.Contains(b.String(), "3ade68b1") {
		t.Errorf("a number of the mark is printed:\n%s", b.String())
	}
}
