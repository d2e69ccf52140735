package screen

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckedNumbers(t *testing.T) {
	tests := []struct {
		text string
		kind Kind
		rule Rule
	}{
		{"4111111111111111", KindCard, RuleCardNumber},
		{"4111 1111 1111 1111 06/30", KindCard, RuleCardNumber},
		{"378282246310005", KindCard, RuleCardNumber},
		{"4111 1111 1111 1112", KindCard, RuleCardForm},
		{"FR14 2004 1010 0505 0001 3M02 606", KindBank, RuleIBAN},
		{"fr1420041010050500013m02606.", KindBank, RuleIBAN},
		{"BE68 5390 0754 7034", KindBank, RuleIBAN},
		{"FR14 2004 1010 0505 0001 3402 607", KindBank, RuleIBANForm},
		{"20041 01005 0500013M026 06", KindBank, RuleRIB},
		{"2 69 05 49 588 157 80", KindNIR, RuleNIRKey},
		{"269054958815780", KindNIR, RuleNIRKey},
		{"1 58 05 2A 986 600 57", KindNIR, RuleNIRKey},
		{"287122a99345192", KindNIR, RuleNIRKey},
		{"2690549588157", KindNIR, RuleNIRForm},
		{"numéro de sécu 269054958815781", KindNIR, RuleNIRForm},
		{"0281414110567", KindAccountID, RuleTaxNumber},
		{"30 12 345 678 901", KindAccountID, RuleTaxNumber},
		{"ghp_" + strings.Repeat("a1", 18), KindToken, RuleTokenForm},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJlMTIzNDU2", KindToken, RuleJWT},
		{"-----BEGIN RSA PRIVATE KEY-----", KindToken, RulePEM},
		{"postgres://aval:s3cret@db.example/aval", KindPassword, RuleURLCredentials},
		{"https://x.example/reset?token=8f14e45f", KindRecovery, RuleURLCredentials},
		{"123456-234567-345678-456789-567890-678901-789012-890123", KindRecovery, RuleRecoveryKey},
		{"carte de Mme Petit C-6789-BDFG-HJKMP", KindRecovery, RuleCardCode},
	}
	for _, tt := range tests {
		if got, want := Judge(tt.text, "memo"), (Verdict{Refused: true, Kind: tt.kind, Field: "memo", Rule: tt.rule}); got != want {
			t.Errorf("%q: %+v, want %+v", tt.text, got, want)
		}
	}
}

func TestHarmlessNumbers(t *testing.T) {
	for _, text := range []string{
		"SIRET 775 672 272 00018", "SIREN 552 100 554", "55210055400013", "ISBN 978-2-07-036822-8",
		"TVA FR 12 345678901", "recommandé 1A 182 334 5567 8", "colissimo 6A12345678901",
		"06 39 98 31 34", "+33 6 39 98 31 34", "0033639983134", "cerfa 15692*02", "AB-123-CD",
		"carte finissant par 4821", "les 4 derniers chiffres : 0606", "2024-018877", "art. L.262-10 du CASF",
		"https://www.impots.gouv.fr/particulier?id=12", "contact@poste.example", "IMG_20240312.jpg",
		"demande 5f0c6c1e-2b57-4d0c-9a80-3b1d2f6f8a11", "BIC PSSTFRPPLYO",
		"numéro 075240987654310999", "Demande renouvelée (numéro 075240987654310999)",
	} {
		if v := Judge(text, "memo"); v.Refused {
			t.Errorf("%q refused: %+v", text, v)
		}
	}
}

// TestLuhn holds the digit against every single wrong digit.
func TestLuhn(t *testing.T) {
	const good = "4111111111111111"
	for i := range good {
		for d := byte('0'); d <= '9'; d++ {
			wrong := good[:i] + string(d) + good[i+1:]
			if luhn(wrong) != (wrong == good) {
				t.Errorf("%s", wrong)
			}
		}
	}
}

// TestNIRKey holds the key against every single wrong digit, Corsica included.
func TestNIRKey(t *testing.T) {
	for _, good := range []string{"269054958815780", "158052A98660057", "287122A99345192"} {
		if !isNIR(good) {
			t.Errorf("%s is a NIR", good)
		}
		for i := range good {
			for d := byte('0'); d <= '9'; d++ {
				if good[i] == d || good[i] == 'A' {
					continue
				}
				if wrong := good[:i] + string(d) + good[i+1:]; isNIR(wrong) {
					t.Errorf("%s passes for a NIR", wrong)
				}
			}
		}
	}
}

// TestNegationFreesNoStrongValue holds that talk of forgetting launders
// nothing that is a password by its form.
func TestNegationFreesNoStrongValue(t *testing.T) {
	for _, text := range []string{
		"mot de passe oublié, c'était Biscotte!74",
		"Biscotte!74. A oublié son mot de passe.",
		"pas de mot de passe ici svp. Biscotte!74",
		"n'a pas noté son code : 4471. ne jamais le noter",
	} {
		if !Judge(text, "memo").Refused {
			t.Errorf("%q accepted", text)
		}
	}
}

// TestLexicon holds that every row of every language can be reached as it is
// written.
func TestLexicon(t *testing.T) {
	lx := lexiconOnce()
	if len(lx.words) < 1500 {
		t.Errorf("%d words, the files were not read", len(lx.words))
	}
	for word := range lx.words {
		if lx.known(word) != word {
			t.Errorf("%q is not found", word)
		}
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"identifiant", "identifiant", 0}, {"identifiant", "identiiant", 1}, {"telephone", "telehpone", 1},
		{"crypto", "crtpo", 2}, {"passe", "", 3}, {"abc", "cab", 2}, {"ca", "abc", 3},
	}
	for _, tt := range tests {
		if got := distance([]rune(tt.a), []rune(tt.b), 2); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := distance([]rune(tt.b), []rune(tt.a), 2); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

// TestHostile reads texts of the greatest length made to be slow. It measures
// no time: a rule that is not linear makes the whole suite hang here.
func TestHostile(t *testing.T) {
	for name, part := range hostile {
		text := strings.Repeat(part, MaxBytes/len(part))
		Judge(text, "memo")
		JudgePair(text, "memo", text, "memo")
		if testing.Verbose() {
			t.Log(name)
		}
	}
}

// checkMark holds that a mark lies within the text and holds something.
func checkMark(t *testing.T, text string, err error) {
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Mark() == nil {
		return
	}
	if m := refusal.Mark(); m.Start() < 0 || m.End() <= m.Start() || m.End() > characters(text) {
		t.Errorf("mark from %d to %d in %d characters", m.Start(), m.End(), characters(text))
	}
}

func FuzzJudge(f *testing.F) {
	for _, n := range readNotes(f, "secrets-dev.jsonl") {
		f.Add(n.Text, n.Text2)
	}
	for _, part := range hostile {
		f.Add(strings.Repeat(part, 20), part)
	}
	f.Fuzz(func(t *testing.T, text, text2 string) {
		one, two := Judge(text, "memo"), JudgePair(text, "a", text2, "b")
		if one.Refused != (one.Rule != "") || two.Refused != (two.Kind != "") {
			t.Errorf("half a verdict: %+v %+v", one, two)
		}
		if one.Refused && !two.Refused {
			t.Error("refused alone, accepted in a pair")
		}
		normal := normalise(text)
		if !utf8.ValidString(normal) {
			t.Error("normalise broke the encoding")
		}
		clean, err := Form(Field{"f", text, Note, 0})
		if err == nil && (one.Refused || len(clean) != 1 || clean[0].String() != text) {
			t.Error("Form and Judge differ")
		}
		if err != nil && clean != nil {
			t.Error("a text beside an error")
		}
		checkMark(t, text, err)
		first, err := Beside(nil, Field{"f", text, Note, 0})
		if err != nil {
			return
		}
		_, err = Beside(first.Edges, Field{"g", text2, Note, 0})
		checkMark(t, text2, err)
	})
}
