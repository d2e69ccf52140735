package screen

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestFormPassesOrdinaryFields(t *testing.T) {
	fields := []Field{
		{"used_name", "Le Goff", Name, 200},
		{"given_names", "Marie-Thérèse", Name, 200},
		{"phone", "06 12 34 56 78", Phone, 30},
		{"phone2", "+33 6 12 34 56 78", Phone, 30},
		{"phone3", "0033612345678", Phone, 30},
		{"email", "marie.le-goff1954@poste.example", Email, 200},
		{"address", "12 bis rue des Lilas\n69003 Lyon", Address, 400},
		{"place", "Mairie de Vénissieux, salle 12", Place, 200},
		{"search", "Le Goff 1954", Search, 200},
		{"language", "français", Language, 30},
		{"note", "A oublié son mot de passe,\nréinitialisation lancée avec elle.", Note, 2000},
		{"empty", "", Note, 10},
		{"open", "À revoir : son identifiant CAF, son code", Note, 200},
	}
	clean, err := Form(fields...)
	if err != nil {
		t.Fatal(err)
	}
	if len(clean) != len(fields) {
		t.Fatalf("%d texts for %d fields", len(clean), len(fields))
	}
	for i, f := range fields {
		if clean[i].String() != f.Text {
			t.Errorf("%s: the text was changed", f.Name)
		}
	}
}

func TestFormRefuses(t *testing.T) {
	const nir = "2 69 05 49 588 157 80"
	tests := []struct {
		name   string
		fields []Field
		field  string
		kind   Kind
		rule   Rule
	}{
		{"NIR as a telephone", []Field{{"phone", nir, Phone, 0}}, "phone", KindNIR, RuleNIRKey},
		{"NIR as a name", []Field{{"name", "Martin " + nir, Name, 0}}, "name", KindNIR, RuleNIRKey},
		{"password as a name", []Field{{"name", "Biscotte!74", Name, 0}}, "name", KindPassword, RuleStrongToken},
		{"password as a telephone", []Field{{"phone", "Biscotte!74", Phone, 0}}, "phone", KindPassword, RuleStrongToken},
		{"password as an e-mail address", []Field{{"email", "mdp Biscotte!74", Email, 0}}, "email", KindPassword, RulePassword},
		{"password in a search", []Field{{"q", "mdp : soleil", Search, 0}}, "q", KindPassword, RulePassword},
		{"the second field", []Field{{"a", "bonjour", Note, 0}, {"b", "code sms 445566", Note, 0}}, "b", KindOneTime, RuleCode},
		{"cue and value apart", []Field{{"a", "mot de passe", Note, 0}, {"b", "tournesol", Note, 0}}, "b", KindPassword, RuleAcross},
		{"value before the cue", []Field{{"a", "8440", Note, 0}, {"b", "code de sa carte", Note, 0}}, "a", KindPIN, RuleAcross},
		{"a third field between", []Field{{"a", "code de sa carte", Note, 0}, {"n", "Le Goff", Name, 0}, {"b", "8440", Note, 0}}, "b", KindPIN, RuleAcross},
		{"card cut in two", []Field{{"a", "cb 4111 1111", Note, 0}, {"b", "1111 1111", Note, 0}}, "b", KindCard, RuleAcross},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clean, err := Form(tt.fields...)
			var refusal *Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("error %v, want a refusal", err)
			}
			if clean != nil {
				t.Error("texts were given beside the refusal")
			}
			if refusal.Kind != tt.kind || refusal.Field != tt.field || refusal.Rule != tt.rule || refusal.Earlier {
				t.Errorf("refused as %v, want %s %s %s", refusal, tt.kind, tt.field, tt.rule)
			}
		})
	}
}

func TestFormInvalid(t *testing.T) {
	tests := []struct {
		name  string
		field Field
		want  InvalidRule
	}{
		{"runes, not bytes", Field{"f", "éèà", Note, 2}, InvalidLength},
		{"bytes without a maximum", Field{"f", strings.Repeat("a", MaxBytes+1), Note, 0}, InvalidLength},
		{"not UTF-8", Field{"f", "a\xffb", Note, 0}, InvalidUTF8},
		{"zero byte", Field{"f", "a\x00b", Note, 0}, InvalidControl},
		{"escape", Field{"f", "a\x1b[31mb", Note, 0}, InvalidControl},
		{"line break in a name", Field{"f", "Le\nGoff", Name, 0}, InvalidControl},
		{"line separator", Field{"f", "a\u2028b", Note, 0}, InvalidControl},
		{"kind of no list", Field{"f", "a", "memo", 0}, InvalidKind},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clean, err := Form(Field{"first", "bonjour", Note, 0}, tt.field)
			var invalid *Invalid
			if !errors.As(err, &invalid) || *invalid != (Invalid{"f", tt.want}) || clean != nil {
				t.Errorf("got %v and %v, want %s", clean, err, tt.want)
			}
		})
	}
	if _, err := Form(Field{"f", "éè", Note, 2}, Field{"g", "a\tb\r\nc", Address, 10}); err != nil {
		t.Errorf("exactly as long as allowed: %v", err)
	}
}

// TestErrorsHoldNoText holds that whatever is printed of a refusal has nothing
// of what was typed.
func TestErrorsHoldNoText(t *testing.T) {
	for _, n := range readNotes(t, "secrets-dev.jsonl") {
		_, err := Form(Field{"memo", n.Text, Note, 0})
		if err == nil {
			continue
		}
		for _, printed := range []string{err.Error(), fmt.Sprintf("%+v %#v %q", err, err, err), fmt.Sprintf("%+v", Judge(n.Text, "memo"))} {
			for word := range strings.FieldsSeq(n.Text) {
				if len(word) >= 5 && !knownKey(word) && strings.Contains(strings.ToLower(printed), strings.ToLower(word)) {
					t.Errorf("%s: a word of the text is in the error", n.ID)
				}
			}
		}
	}
}

// knownKey reports whether a word is one of the fixed words of errors.
func knownKey(word string) bool {
	fixed := "screen field refused memo refusal"
	for _, k := range Kinds() {
		fixed += " " + string(k)
	}
	for _, r := range Rules() {
		fixed += " " + string(r)
	}
	return strings.Contains(fixed, strings.ToLower(strings.Trim(word, ".:,;")))
}

// TestListsAreClosed holds that every verdict names a kind and a rule of the
// published lists.
func TestListsAreClosed(t *testing.T) {
	kinds, rules := map[Kind]bool{}, map[Rule]bool{}
	for _, k := range Kinds() {
		kinds[k] = true
	}
	for _, r := range Rules() {
		rules[r] = true
	}
	for r := range checked {
		if !rules[r] {
			t.Errorf("rule %s is checked but not listed", r)
		}
	}
	for _, file := range []string{"secrets-dev.jsonl", "own-dev.jsonl"} {
		for _, n := range readNotes(t, file) {
			v := n.judge()
			if v.Refused && (!kinds[v.Kind] || !rules[v.Rule] || v.Field == "") || !v.Refused && v != (Verdict{Warning: v.Warning}) {
				t.Errorf("%s: verdict %+v", n.ID, v)
			}
		}
	}
}
