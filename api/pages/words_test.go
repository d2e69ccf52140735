package pages

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"aval/api/locale"
	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// messages reads a catalogue as its translators do: each id with its plural
// forms, "other" for one without.
func messages(t *testing.T, name string, tag language.Tag) map[string]map[string]string {
	t.Helper()
	raw, err := localeFiles.ReadFile("locales/" + name + "." + tag.String() + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for id, v := range file {
		out[id] = map[string]string{}
		switch v := v.(type) {
		case string:
			out[id]["other"] = v
		case map[string]any:
			for form, text := range v {
				out[id][form] = text.(string)
			}
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`{{\.(\w+)}}`)

func placeholders(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Each language has the ids, plural forms and placeholders that it must have.
func TestCatalogueIsComplete(t *testing.T) {
	for _, name := range slices.Concat(personCatalogues, staffCatalogues) {
		tags := locale.Languages()
		if slices.Contains(personCatalogues, name) {
			tags = spokenToPersons(t)
		}
		first := messages(t, name, tags[0])
		for _, tag := range tags {
			m := messages(t, name, tag)
			if missing := lacking(first, m); len(missing) > 0 {
				t.Errorf("%s.%s lacks %v", name, tag, missing)
			}
			if more := lacking(m, first); len(more) > 0 {
				t.Errorf("%s.%s has %v, which %s has not", name, tag, more, tags[0])
			}
			for id, forms := range m {
				checkForms(t, tag, id, forms, first[id])
			}
		}
	}
}

// spokenToPersons are the languages of the person's pages.
func spokenToPersons(t *testing.T) []language.Tag {
	t.Helper()
	tags, err := personLanguages(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

func lacking(want, have map[string]map[string]string) []string {
	var ids []string
	for id := range want {
		if _, ok := have[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func checkForms(t *testing.T, tag language.Tag, id string, forms, first map[string]string) {
	t.Helper()
	if (len(forms) > 1) != (len(first) > 1) {
		t.Errorf("%s %s: plural here and not there", tag, id)
	}
	if len(forms) > 1 {
		if got, want := slices.Sorted(maps.Keys(forms)), pluralForms(tag); !slices.Equal(got, want) {
			t.Errorf("%s %s has the forms %v, the language has %v", tag, id, got, want)
		}
	}
	for form, text := range forms {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s %s %s is empty", tag, id, form)
		}
		if got, want := placeholders(text), placeholders(first["other"]); form == "other" && !slices.Equal(got, want) {
			t.Errorf("%s %s uses %v, want %v", tag, id, got, want)
		}
	}
}

// pluralForms are the forms that whole numbers take in a language (CLDR 44,
// cardinal plurals), sorted. A language that is added must be added here.
func pluralForms(tag language.Tag) []string {
	switch base, _ := tag.Base(); base.String() {
	case "fr": // many: 1 000 000 d'accords
		return []string{"many", "one", "other"}
	case "en", "ps", "prs":
		return []string{"one", "other"}
	case "ar":
		return []string{"few", "many", "one", "other", "two", "zero"}
	}
	return nil
}

// families are the ids that are put together from a prefix and a code.
func families(t *testing.T) map[string][]string {
	t.Helper()
	ch, err := charter.Load()
	if err != nil {
		t.Fatal(err)
	}
	f := map[string][]string{
		"date.month.":      {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
		"what.":            {"identity", "contact", "evidence", "other"},
		"kept.":            {"mandate", "contact", "access", "refusal"},
		"line.refused.":    {"look", "act", "mandate", "card", "birth", "other"},
		"accords.ended.":   {"expired", "fulfilled", "revoked", "renounced", "superseded", "other"},
		"accords.":         {"do_with", "do_for_present", "do_for_absent"},
		"stop.way.":        {"page", "desk", "phone", "letter", "elsewhere", "request", "link"},
		"right.":           {"copy", "correct", "limit", "object", "erase"},
		"right.why.":       {"complex", "many"},
		"right.answered.":  {"done", "partly", "refused", "withdrawn"},
		"request.outcome.": {"done", "partly", "refused", "withdrawn"},
		"request.why.":     {"complex", "many"},
		"cell.":            {"exclusive", "lead", "own", "if_opened", "if_opened_present", "no", "person", "opened"},
	}
	f["keys.by."] = []string{"link", "passkey", "oidc", "totp"}
	for _, w := range consent.LossReasons {
		f["readmit.why."] = append(f["readmit.why."], string(w))
	}
	for _, w := range consent.IdentityChecks {
		f["readmit.checked."] = append(f["readmit.checked."], string(w))
	}
	for prefix, words := range map[string][]charter.Word{
		"reason.": ch.Words("act_reasons"), "channel.": ch.Words("channels"), "typed.": ch.Words("credential_entries"),
		"outcome.": ch.Words("outcomes"), "done.checked.": ch.Words("validations"),
	} {
		if len(words) == 0 {
			t.Fatalf("the charter has no words for %s", prefix)
		}
		for _, w := range words {
			f[prefix] = append(f[prefix], w.Code)
		}
	}
	for _, m := range ch.Modes() {
		f["mode."] = append(f["mode."], string(m.Code))
		f["recap.mode."] = append(f["recap.mode."], string(m.Code))
	}
	for _, state := range consent.States {
		f["state."] = append(f["state."], string(state))
	}
	f["card.kind."], f["card.kind_hint."] = nil, nil
	for _, k := range consent.CardKinds() {
		f["card.kind."] = append(f["card.kind."], string(k))
		f["card.kind_hint."] = append(f["card.kind_hint."], string(k))
	}
	f["tally."], f["language."] = consent.TallyKinds, spoken
	f["every."], f["duration."] = []string{"month", "quarter", "year"}, []string{"31", "182", "365"}
	f["notice.kept."] = []string{"mandate", "contact", "access"}
	f["trace."] = memberActions
	passwordWords(f)
	f["check."] = []string{string(charter.DoForPresent), string(charter.DoForAbsent)}
	f["check.problem."] = []string{"card_check", "check_form", "ref_form", "date"}
	f["do."], f["kept.until."] = []string{"other"}, []string{"mandate", "contact"}
	for _, service := range ch.Services() {
		for _, p := range service.Procedures { // a new procedure is told in the person's words
			f["do."] = append(f["do."], string(p.Code))
		}
	}
	for _, p := range ch.Purposes() {
		f["why."] = append(f["why."], string(p.Code))
	}
	f["line."] = []string{"request.made", "request.extended", "request.answered", "mandate.revoked.you", "person.page_opened.near", "other"}
	for _, a := range actions(t) {
		if class, _ := a.Class(); aboutPersons(a, class) {
			f["line."] = append(f["line."], string(a))
		}
	}
	return f
}

// memberActions are the lines that a member can leave, and the sentence for any
// other.
var memberActions = []string{
	"person.read", "person.listed", "person.searched", "person.exported", "mandate.read", "mandate.status_checked",
	"extract.made", "extract.read", "attempt.refused", "act.recorded", "mandate.drafted", "mandate.proposed",
	"mandate.signed", "mandate.accepted", "mandate.copy_delivered", "mandate.activated", "mandate.revoked",
	"mandate.renounced", "mandate.ended", "notice.given", "card.issued", "card.reissued", "card.killed", "helper.adhered",
	"helper.opened", "helper.closed", "helper.login", "helper.linked", "helper.key_added", "helper.key_removed", "person.created", "person.updated",
	"structure.updated", "key.published", "person.key_destroyed", "attempt.contested", "credential.shown", "notebook.listed",
	"notebook.settled", "notebook.imported", "notebook.destroyed", "other",
}

// actions reads every action from its declaration: a new one must not reach a
// person's page without a sentence.
func actions(t *testing.T) []audit.Action {
	t.Helper()
	raw, err := os.ReadFile("../../audit/action.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []audit.Action
	for _, m := range regexp.MustCompile(`Action += "([a-z._]+)"`).FindAllSubmatch(raw, -1) {
		list = append(list, audit.Action(m[1]))
	}
	if len(list) < 40 {
		t.Fatalf("found %d actions", len(list))
	}
	return list
}

// aboutPersons tells which actions name a person; the others never stand on a
// person's page.
func aboutPersons(a audit.Action, class audit.Class) bool {
	switch class {
	case audit.ClassRead, audit.ClassAct, audit.ClassMandate:
		return a != audit.AttemptRefused // has its own sentences
	}
	switch a { // whom they name, who left, and what was opened to the operator
	case audit.HelperOpened, audit.HelperLinked, audit.HelperClosed, audit.BreakGlass:
		return true
	}
	return strings.HasPrefix(string(a), "person.")
}

// Every id that templates and code name is there, and no other.
func TestCatalogueIsUsed(t *testing.T) {
	used := map[string]bool{}
	for prefix, codes := range families(t) {
		for _, code := range codes {
			used[prefix+code] = true
		}
	}
	have := map[string]map[string]string{}
	for _, name := range slices.Concat(personCatalogues, staffCatalogues) {
		maps.Copy(have, messages(t, name, locale.Languages()[0]))
	}
	for id := range used {
		if _, ok := have[id]; !ok {
			t.Errorf("no sentence for %s", id)
		}
	}
	named := regexp.MustCompile(`\.T "([a-z_.0-9]+)"|(?:say|number|view|staffSheet\(c, v|askBirth\(.*)[,(] ?"([a-z_.0-9]+)"|return "([a-z_]+\.[a-z_.]+)"|(?:add\(.*|:?=) "([a-z_]+\.[a-z_]+)"`)
	for file, text := range sources(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			id := m[1] + m[2] + m[3] + m[4]
			if _, ok := have[id]; !ok && !strings.HasSuffix(id, ".") {
				t.Errorf("%s names %q, which is not in the catalogue", file, id)
			}
			used[id] = true
		}
	}
	for id := range have {
		if !used[id] {
			t.Errorf("nothing says %q", id)
		}
	}
}

// sources are the package's own templates and code.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if ext := filepath.Ext(path); ext == ".go" || ext == ".html" {
			raw, err := os.ReadFile(path)
			out[path] = string(raw)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// pageMessages are the sentences of the person's pages.
func pageMessages(t *testing.T, tag language.Tag) map[string]map[string]string {
	t.Helper()
	all := messages(t, "person", tag)
	maps.Copy(all, messages(t, "stop", tag))
	return all
}

// domain.md §9: one idea a sentence, at most 12 words.
func TestPersonSentencesAreShort(t *testing.T) {
	end := regexp.MustCompile(`[.!?]+(\s|$)`)
	for _, tag := range spokenToPersons(t) {
		for id, forms := range pageMessages(t, tag) {
			for _, text := range forms {
				text = placeholder.ReplaceAllString(text, "word")
				for _, sentence := range end.Split(text, -1) {
					words := 0
					for _, w := range strings.FieldsFunc(sentence, func(r rune) bool { return r == ' ' || r == '\u00a0' }) {
						if strings.Trim(w, `:;,!?«»"–`) != "" {
							words++
						}
					}
					if words > 12 {
						t.Errorf("%s %s has %d words: %s", tag, id, words, sentence)
					}
				}
			}
		}
	}
}

// design.md §10: the words of the person's pages, and those that never stand there.
func TestPersonWords(t *testing.T) {
	never := map[string]*regexp.Regexp{
		"fr": regexp.MustCompile(`(?i)\b(aval|pouvoirs?|révoqu\w+|révocation|journal|mandat\w*|E[0-4])\b`),
		"en": regexp.MustCompile(`(?i)\b(aval|powers?|revo\w+|log|mandates?|mandatary|E[0-4])\b`),
	}
	for _, tag := range spokenToPersons(t) {
		base, _ := tag.Base()
		words, ok := never[base.String()]
		if !ok {
			continue // the word lists are ours; others' are for who reads the language
		}
		for id, forms := range pageMessages(t, tag) {
			for _, text := range forms {
				if word := words.FindString(text); word != "" {
					t.Errorf("%s %s says %q", tag, id, word)
				}
			}
		}
	}
}

// A mandate that is over says how it ended, whatever the way.
func TestEveryStateIsTold(t *testing.T) {
	ended := map[consent.State]bool{}
	for _, s := range consent.States {
		ended[s] = true
	}
	for _, s := range []consent.State{consent.Draft, consent.Proposed, consent.Signed, consent.Active} {
		delete(ended, s)
	}
	told := messages(t, "person", language.French)
	for s := range ended {
		if _, ok := told["accords.ended."+string(s)]; !ok {
			t.Errorf("no sentence for a mandate that is %s", s)
		}
	}
}

func TestFrenchDates(t *testing.T) {
	w, err := loadWords(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	fr, en := w.in(language.French), w.in(language.English)
	for known, want := range map[string][2]string{
		"1948-03-01": {"1er mars 1948", "1 March 1948"},
		"1948-08-12": {"12 août 1948", "12 August 1948"},
		"1948-03":    {"mars 1948", "March 1948"},
		"1948":       {"1948", "1948"},
	} {
		if got := [2]string{fr.birth(known), en.birth(known)}; got != want {
			t.Errorf("%s is told as %v, want %v", known, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 accord est arrêté.", 1: "1 accord est arrêté.", 2: "2 accords sont arrêtés.", 1_000_000: "1000000 d'accords sont arrêtés."} {
		if got := fr.number("receipt.stopped", n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if w.in(language.Arabic) != fr {
		t.Error("a language that is not there does not fall back on French")
	}
	for tag, want := range map[string]string{"fr": "ltr", "en": "ltr", "ar": "rtl", "prs": "rtl", "ps": "rtl"} {
		if got := (&speaker{tag: language.MustParse(tag)}).Dir(); got != want {
			t.Errorf("%s is written %s, want %s", tag, got, want)
		}
	}
}

// passwordWords are the families of the pages about passwords.
func passwordWords(f map[string][]string) {
	f["field."] = []string{
		"note", "way", "page", "phone", "bring", "delay", "paper_place", "witnesses", "given_names", "birth_name", "used_name", "name",
		"email", "address", "text",
	}
	f["ending_of."] = []string{"open"}
	for _, e := range consent.NotebookEndings {
		f["ending_of."] = append(f["ending_of."], string(e))
	}
	for _, m := range consent.DestructionMethods {
		f["method."] = append(f["method."], string(m))
	}
	f["witness."] = consent.DestructionWitnesses
	for _, k := range screen.Kinds() {
		f["secret."] = append(f["secret."], string(k))
	}
	for _, t := range screen.Topics() {
		f["warning."] = append(f["warning."], string(t))
	}
	f["sheet_part."] = []string{"page", "phone", "bring", "delay"}
}
