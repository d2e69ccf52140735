package screen

import (
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var rowsFile = flag.String("rows", "", "write the line that shows each row of the lexicon to this file")

// row is one row of the lexicon.
type row struct {
	file, class, text string
}

func (r row) String() string { return r.file + " [" + r.class + "] " + r.text }

func lexiconRows(t testing.TB) []row {
	t.Helper()
	files, err := lexiconFiles.ReadDir("lexicon")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for _, f := range files {
		text, err := lexiconFiles.ReadFile(path.Join("lexicon", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == "README.txt" {
			continue
		}
		class := ""
		for line := range strings.Lines(string(text)) {
			switch line = strings.TrimSpace(line); {
			case line == "" || line[0] == '#':
			case line[0] == '[':
				class = strings.Trim(line, "[]")
			default:
				rows = append(rows, row{f.Name(), class, line})
			}
		}
	}
	return rows
}

// shown are, by class, the lines that can show what a row does: "W" stands for
// the row, "|" between two fields. The first that comes out differently without
// the row is taken.
var shown = map[string][]string{
	"password":  {"W : tournesol", "W abricot7", "W est tournesol", "tournesol comme W"},
	"passweak":  {"W abricot7", "W : abricot7", "identifiant nadia W tournesol", "log in: nadia W : tournesol"},
	"pin":       {"W 4827", "W : 4827"},
	"code":      {"W : 4827", "W 482731"},
	"otp":       {"W 482731", "W : 4827", "W de la poste : 8KD4-20QP"},
	"card":      {"W 4827", "W 482 au dos"},
	"cvv":       {"W 482", "W : 482"},
	"back":      {"carte 482 W", "carte W 482"},
	"atm":       {"4827 W", "W 4827"},
	"unlock":    {"W 4827", "W abricot7", "« tournesol » W", "tel de ma mere deverouillage 1945"},
	"login":     {"W 48273", "W : nadia / tournesol", "W abricot7"},
	"account":   {"W 48273", "W : 4827316", "W cinq huit zéro deux trois", "4827316 W"},
	"service":   {"W : abricot7", "W 482731", "W tape « tournesol »", "mot de passe W tournesol"},
	"question":  {"W : Kerdoncuff", "W réponse Kerdoncuff", "W|réponse Kerdoncuff"},
	"answer":    {"question secrète, W Kerdoncuff", "premier chien, W : Kerdoncuff", "le site demande le premier chien, W kerdoncuff", "W|Kerdoncuff", "W|réponse kerdoncuff", "question secrète : premier chien ici W kerdoncuff et voilà"},
	"topic":     {"question de W, réponse : kerdoncuff", "question secrète W Kerdoncuff", "W, réponse Kerdoncuff"},
	"memory":    {"le site demande W, kerdoncuff", "le site demande W : kerdoncuff", "on lui demande W Kerdoncuff"},
	"ask":       {"W le premier chien : kerdoncuff", "W le premier chien Kerdoncuff"},
	"recovery":  {"W : 4827 1190", "W KM4T-77PL", "W abricot7"},
	"seed":      {"W : ruche pelle canal fusil tapis orage", "ruche pelle canal fusil tapis orage drap W", "W « ruche pelle canal »"},
	"token":     {"W : a8f3kd92mzq71xnv0", "W a8f3-kd92-mzq7"},
	"nir":       {"W 969054958815781", "W 269054958815781", "W cinq huit zéro deux trois quatre"},
	"bank":      {"W 20041010050500013", "W cinq huit zéro deux trois quatre"},
	"reference": {"code W 4827", "W tournesol72", "W 2145879632147", "code W tournesol72", "mdp W 4827", "carte W 4827", "identifiant W 48273", "caf W 4827316"},
	"frame":     {"W 4827", "W : 4827", "W tournesol72", "carte W 4827", "mdp : W", "W : tournesol", "code W 4827", "mot de passe W 4827", "mdp commence par bnl, W tour9"},
	"copula":    {"mot de passe W Tournesol", "mot de passe W tournesol", "code W 2019", "mot de passe W prénom", "question secrète W Kerdoncuff", "premier chien W Kerdoncuff, question secrète"},
	"status":    {"mot de passe : W", "mot de passe W abricot", "mdp : tournesol W", "identifiant W tournesol", "code W|4827", "W mdp : tournesol", "le mot de passe W tournesol", "code carte W 4827", "mdp W|tournesol", "carte 4827 W", "mot de passe prénom W nom"},
	"negation":  {"W mdp : tournesol", "mot de passe : W", "mdp : tournesol W", "W question secrète : Kerdoncuff", "mdp W : tournesol"},
	"advice":    {"W mdp : tournesol", "mot de passe : W", "mot de passe = prénom W nom", "W mot de passe = prénom suivi de 48", "mdp : tournesol W"},
	"desc":      {"mot de passe = W à l'envers", "mot de passe : W suivi de 48", "mot de passe = W", "W à l'envers comme mot de passe", "mot de passe : W et code postal", "pour se connecter W à l'envers sans espace", "le code est W", "mot de passe W 48 puis"},
	"descop":    {"mot de passe = le prénom W 48", "mot de passe prénom W 48", "mot de passe est X prénom W 48", "pour se connecter ville prénom W 48", "le même mot de passe W 2", "mot de passe : tournesol W rien de plus", "mdp commence par bnl, W tour9"},
	"same":      {"mot de passe W Gmail avec 2 à la fin", "mot de passe W prénom", "mot de passe à l'envers W 48"},
	"twist":     {"mot de passe prénom W", "mot de passe son prénom ici W", "mot de passe : tournesol en W et voilà ainsi", "pour se connecter prénom W 48", "mot de passe : tournesol W jardin", "mdp : tournesol W", "son prénom W comme mot de passe"},
	"deschint":  {"mot de passe W prénom", "caf : W prénom suivi de 48", "caf W prénom suivi de 48", "mdp W Tournesol"},
	"unit":      {"code 4827 W", "mdp 4827 W"},
	"month":     {"code 4827 W", "code W 2019", "mdp : W2019", "mot de passe W 2019", "mot de passe : W"},
	"year":      {"mot de passe W 2019", "code W 2019", "mot de passe = W 2019", "mot de passe : W"},
	"phone":     {"mdp W 0612345678", "code W 0612345678", "épeler W zéro six trois neuf", "mot de passe : W"},
	"enter":     {"W 482731 ici", "W 4827 reçu", "W abricot7", "premier chien, question, W kerdoncuff", "mdp W ici : tournesol"},
	"received":  {"je tape 4827 W", "W 482731", "482731 W", "carte W abricot7"},
	"typing":    {"W « tournesol » sur ameli", "W abricot-48", "W t u l i p", "premier chien, question, W kerdoncuff"},
	"keep":      {"W abricot7", "W gloriette7", "W : gloriette-48"},
	"half":      {"W Solei|fin bnl2019", "moitié Solei|W bnl2019"},
	"spell":     {"W : t u l i p e", "W : 4827", "W abricot7"},
	"doc":       {"W2024", "mdp W2024", "W_2024", "W-2024 tapé ici", "mot de passe : W"},
	"function":  {"mdp : tournesol W", "mot de passe : W", "douze mots : ruche pelle canal W fusil tapis orage", "mdp W", "mdp gmail W", "le site demande le premier chien, dit W Kerdoncuff", "mdp : W Tournesol"},
	"article":   {"trois chiffres W dos 482", "mot de W passe : tournesol", "mdp : tournesol W", "réponse secrète W Kerdoncuff", "trois W derniers chiffres 4827"},
	"link":      {"mdp : W tournesol", "mdp W Tournesol", "tournesol W comme mot de passe", "mdp : tournesol W", "question secrète W kerdoncuff", "premier chien question W Kerdoncuff"},
	"symbol":    {"mdp a b W c", "mdp : tournesol W ainsi dit", "mot de passe prénom W 48", "mdp t W u l i"},
	"number":    {"code carte W huit deux neuf", "code carte un W deux trois"},
	"common":    {"W : tournesol", "mot de passe : W", "mdp W", "W-48", "mot de passe est W", "question secrète : W", "W5", "W-48 tapé", "mdp gmail W", "douze mots : W W W W W W", "le site demande le premier chien, W"},
	"holder":    {"W 4827316", "W : 4827316"},
	"pointer":   {"mot de passe de la boite mail de monsieur changé, W|tournesol", "mot de passe W|tournesol", "mdp noté W|Tournesol", "mdp changé W|4827"},
	"device":    {"W : 4827", "W tape « tournesol »"},
	"place":     {"code W 4827", "code : 4827 W"},
	"door":      {"W 4827"},
	"wifi":      {"W 48273"},
	"energy":    {"W 482731"},
	"student":   {"W 482731900"},
}

// beside are lines that hold the word of a row and come out the other way:
// what one row finds or frees is not decided by the word alone.
var beside = []string{"W", "W : oui", "on a parlé de W", "W et mdp : Biscotte!74", "carte 4111 1111 1111 1111, W"}

func judgeLine(line string) Verdict {
	if a, b, pair := strings.Cut(line, "|"); pair {
		return JudgePair(a, "note", b, "note")
	}
	return Judge(line, "note")
}

// TestRows holds that every row of the lexicon is needed: a line comes out
// differently without it, and another line with the same word comes out the
// other way. A row that nothing shows is taken out, or gets a template.
func TestRows(t *testing.T) {
	rows := lexiconRows(t)
	real, lx := lexiconOnce, editable(t, rows)
	lexiconOnce = func() *lexicon { return lx.lexicon }
	t.Cleanup(func() { lexiconOnce = real })
	seen := map[row]bool{}
	var table strings.Builder
	for _, r := range rows {
		key := row{class: r.class, text: r.text}
		if seen[key] {
			t.Errorf("%v is there twice", r)
			continue
		}
		seen[key] = true
		line, refused := lx.shows(r)
		if line == "" {
			t.Errorf("%v: no line comes out differently without it", r)
			continue
		}
		other := ""
		for _, b := range beside {
			if b = strings.ReplaceAll(b, "W", plainRow(r)); judgeLine(b).Refused != refused {
				other = b
				break
			}
		}
		if other == "" {
			t.Errorf("%v: no line with the word comes out the other way", r)
		}
		if refused {
			line, other = other, line
		}
		fmt.Fprintf(&table, "%v\t%s\t%s\n", r, other, line)
	}
	if *rowsFile != "" {
		if err := os.WriteFile(*rowsFile, []byte("row\trefused\taccepted\n"+table.String()), 0o644); err != nil { //nolint:gosec // a report
			t.Fatal(err)
		}
	}
}

// slipped is a row with two letters of its forgiven word in the wrong order.
func slipped(r row) string {
	i := strings.Index(r.text, "~")
	word := []rune(r.text[i+1:])
	word[1], word[2] = word[2], word[1]
	return r.text[:i] + string(word)
}

// plainRow is a row as somebody writes it, a stem with an ending that no slip
// of another word has.
func plainRow(r row) string {
	plain := strings.ReplaceAll(r.text, "~", "")
	if stem, ok := strings.CutSuffix(plain, "*"); ok {
		_, size := utf8.DecodeLastRuneInString(stem)
		return stem + strings.Repeat(stem[len(stem)-size:], 4)
	}
	return plain
}

// editableLexicon is a lexicon from which rows can be taken and put back.
type editableLexicon struct {
	*lexicon
	rows  map[string][]row    // by each of their words, as a key of the tree
	notes map[string][]string // development notes by the words in them
}

func editable(t testing.TB, rows []row) *editableLexicon {
	e := &editableLexicon{newLexicon(), map[string][]row{}, map[string][]string{}}
	for _, r := range rows {
		e.add(r.text, classes[r.class])
		for _, k := range rowKeys(r) {
			if !slices.Contains(e.rows[k], r) {
				e.rows[k] = append(e.rows[k], r)
			}
		}
	}
	for _, file := range []string{"secrets-dev.jsonl", "own-dev.jsonl", "strangers-dev.jsonl"} {
		for _, n := range readNotes(t, file) {
			e.index(n)
		}
	}
	return e
}

// maxNotes is how many notes with a word are tried.
const maxNotes = 40

func (e *editableLexicon) index(n labelled) {
	line := n.Text
	if n.Field2 != "" {
		line += "|" + n.Text2
	}
	for _, tok := range tokensOf(normalise(line)) {
		if list := e.notes[tok.fold]; len(list) < maxNotes && !slices.Contains(list, line) {
			e.notes[tok.fold] = append(list, line)
		}
	}
}

// rowKeys gives the words of a row as the tree has them.
func rowKeys(r row) []string {
	var keys []string
	for part := range strings.FieldsSeq(r.text) {
		key := string(fold(nil, strings.Trim(part, "*~")))
		if strings.HasSuffix(part, "*") {
			key += "*"
		}
		keys = append(keys, key)
	}
	return keys
}

// shows gives the first line that comes out differently without the row, and
// whether it is refused with it.
func (e *editableLexicon) shows(r row) (line string, refused bool) {
	var lines []string
	var with []Verdict
	for _, s := range shown[r.class] {
		s = strings.ReplaceAll(s, "W", plainRow(r))
		lines, with = append(lines, s), append(with, judgeLine(s))
	}
	if strings.Contains(r.text, "~") {
		for _, s := range shown[r.class] {
			s = strings.ReplaceAll(s, "W", slipped(r))
			lines, with = append(lines, s), append(with, judgeLine(s))
		}
	}
	for _, s := range e.notesWith(r) {
		lines, with = append(lines, s), append(with, judgeLine(s))
	}
	e.takeOut(r)
	defer e.putBack(r)
	for i, s := range lines {
		if judgeLine(s) != with[i] {
			return s, with[i].Refused
		}
	}
	return "", false
}

// notesWith gives the development notes with the rarest word of a row.
func (e *editableLexicon) notesWith(r row) []string {
	var rarest []string
	for i, k := range rowKeys(r) {
		if list := e.notes[k]; i == 0 || len(list) < len(rarest) {
			rarest = list
		}
	}
	return rarest
}

// takeOut makes the lexicon what it were without one row.
func (e *editableLexicon) takeOut(r row) {
	keys := rowKeys(r)
	var nodes []*node
	at := e.root
	for _, k := range keys {
		nodes = append(nodes, at)
		at = at.next[k]
	}
	at.sense = 0
	for _, other := range e.rows[keys[len(keys)-1]] {
		if other != r && slices.Equal(rowKeys(other), keys) {
			at.sense |= classes[other.class]
		}
	}
	for i := len(keys) - 1; i >= 0; i-- {
		if child := nodes[i].next[keys[i]]; child.sense == 0 && len(child.next) == 0 {
			delete(nodes[i].next, keys[i])
		}
	}
	for _, k := range keys {
		e.forget(k, r)
	}
	if classes[r.class] == isArticle {
		delete(e.skip, string(fold(nil, r.text)))
	}
}

// forget takes a word out of the lists when no other row has it, and out of
// those of words with slips when no other row forgives them.
func (e *editableLexicon) forget(k string, r row) {
	if stem, ok := strings.CutSuffix(k, "*"); ok {
		if len(e.rows[k]) == 1 {
			delete(e.stems, stem)
		}
		return
	}
	left, keep := literal, false
	for _, other := range e.rows[k] {
		if other == r {
			continue
		}
		keep = true
		if forgives(classes[other.class], k) {
			left = forgiving
		}
	}
	if !keep {
		delete(e.words, k)
	} else {
		e.words[k] = left
	}
	if left == literal || !keep {
		e.dropSlip(k)
	}
	e.generous = slices.DeleteFunc(e.generous, func(s slip) bool { return s.word == k && strings.Contains(r.text, "~") })
}

func (e *editableLexicon) dropSlip(k string) {
	for n := range e.slips {
		for i, s := range e.slips[n].words {
			if s.word == k {
				e.slips[n].words = slices.Delete(e.slips[n].words, i, i+1)
				e.slips[n].letters = slices.Delete(e.slips[n].letters, i, i+1)
				return
			}
		}
	}
}

func (e *editableLexicon) putBack(r row) { e.add(r.text, classes[r.class]) }
