package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A hand is somebody at a browser with scripts switched off, who counts what
// they click and which fields they type into.
type hand struct {
	*browser
	w             *window
	clicks, typed int
	last          string // folder of what was printed last
}

// newHand opens the desk of a member in a browser.
func newHand(t *testing.T, k *seat) *hand {
	t.Helper()
	h := &hand{browser: newBrowser(t), w: watch(t, k.staff)}
	h.width(1280)
	h.do(chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(h.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(k.cookie, "=")
	if _, err := chromedp.Call(h.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: h.w.URL}); err != nil {
		t.Fatal(err)
	}
	h.do(chromedp.Navigate(h.w.URL + "/"))
	return h
}

// tap clicks on what stays on the page: a radio button, a summary.
func (h *hand) tap(where string) {
	h.t.Helper()
	h.clicks++
	h.do(chromedp.Click(where))
}

// press clicks on what leads to another page.
func (h *hand) press(where string) reply {
	h.t.Helper()
	h.clicks++
	if _, err := chromedp.RunResponse(h.ctx, chromedp.Click(where)); err != nil {
		h.t.Fatalf("%s: %v", where, err)
	}
	return h.w.answer()
}

// fill types into a field; going there by keyboard is no click.
func (h *hand) fill(where, text string) {
	h.t.Helper()
	h.typed++
	h.do(chromedp.Focus(where))
	h.write(text)
}

// Somebody known, from the list to a mandate in force: at most 9 clicks, nothing
// typed, and no script.
func TestBrowserKnownPerson(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf, déclaration trimestrielle, avec elle, 1 an", 365, rsa(charter.DoForPresent))
	h := newHand(t, s.sit(charter.SocialWorker))
	h.press(`a[href="/mandat/` + string(s.mandate.ID) + `"]`)
	h.press(`form[action="/mandat/preparer"] button`).says(t, "Jeanne Morel")
	h.tap(`input[name=preset][value="` + string(preset.ID) + `"]`)
	h.tap(`input[name=capacity][value=no]`)
	h.tap(`input[name=conflict][value=no]`)
	h.tap(`input[name=supersession][value=replace]`)
	h.picture("desk-prepare")
	h.press(`form[action="/mandat/relire"] .big`).says(t, "À lire à voix haute")
	h.press(`button[value=read_aloud]`).says(t, "deux originaux")
	h.press(`form[action="/mandat/signer"] .big`).says(t, "Le mandat est en vigueur.")
	t.Logf("known person: %d clicks, %d fields typed", h.clicks, h.typed)
	if h.clicks > 9 || h.typed > 0 {
		t.Errorf("%d clicks and %d typed fields, want at most 9 and none", h.clicks, h.typed)
	}
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if m.State(s.clock.now()) != consent.Superseded && !m.Stopped(rsa(charter.DoForPresent), "", s.clock.now()) {
		t.Error("the former mandate still has the power that was given anew")
	}
}

// Somebody new: at most 4 fields typed.
func TestBrowserNewPerson(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf", 365, rsa(charter.DoForPresent))
	h := newHand(t, s.sit(charter.SocialWorker))
	h.press(`a[href="/personne/nouvelle"]`)
	h.fill("#given", "Aminata")
	h.fill("#name", "N'Diaye")
	h.fill("#birth", "20/05/1950")
	h.press(`form[action="/personne/nouvelle"] .big`).says(t, "Nouveau mandat", "Aminata N'Diaye")
	h.tap(`input[name=preset][value="` + string(preset.ID) + `"]`)
	h.tap(`input[name=capacity][value=no]`)
	h.tap(`input[name=conflict][value=no]`)
	h.press(`form[action="/mandat/relire"] .big`)
	h.press(`button[value=read_aloud]`).says(t, "Aminata N'Diaye")
	h.press(`form[action="/mandat/signer"] .big`).says(t, "Le mandat est en vigueur.")
	t.Logf("new person: %d clicks, %d fields typed", h.clicks, h.typed)
	if h.typed > 4 || h.clicks > 9 {
		t.Errorf("%d fields typed, %d clicks", h.typed, h.clicks)
	}
}

// An act is two taps from a green answer.
func TestBrowserActInTwoTaps(t *testing.T) {
	s := newSite(t)
	h := newHand(t, s.sit(charter.SocialWorker))
	h.press(`a[href="/mandat/` + string(s.mandate.ID) + `"]`)
	h.press(`form[action="/personne"] button`).says(t, "Jeanne Morel")
	h.press(`form[action="/personne/couvert"] button`).says(t, "Oui, jusqu'au")
	before := h.clicks
	h.tap(`input[name=outcome][value=done]`)
	h.press(`button[name=typed][value=person]`).says(t, "C'est noté")
	t.Logf("an act: %d clicks from the answer, %d in all", h.clicks-before, h.clicks)
	if h.clicks-before != 2 || h.typed > 0 {
		t.Errorf("an act took %d clicks and %d fields", h.clicks-before, h.typed)
	}

	h.do(chromedp.Navigate(h.w.URL + "/"))
	before = h.clicks
	h.tap(`.tap:first-of-type summary`)
	h.press(`.tap[open] button`).says(t, "Compté : J'ai montré ou expliqué")
	if h.clicks-before != 2 {
		t.Errorf("counting help took %d clicks", h.clicks-before)
	}
}

// Everything can be done with the keyboard: a mandate from the desk on.
func TestBrowserKeyboardOnly(t *testing.T) {
	s := newSite(t)
	s.preset("Caf", 365, rsa(charter.DoForPresent))
	h := newHand(t, s.sit(charter.SocialWorker))
	h.do(chromedp.Focus(`a[href="/mandat/` + string(s.mandate.ID) + `"]`))
	h.enter()
	h.w.answer().says(t, "Ce qui est permis")
	h.do(chromedp.Focus(`form[action="/mandat/preparer"] button`))
	h.enter()
	h.do(chromedp.Focus(`input[name=preset]`), chromedp.KeyEvent(" "))
	h.tabs(2) // past the list's summary
	h.do(chromedp.KeyEvent(" "))
	h.do(chromedp.Focus(`input[name=conflict]`), chromedp.KeyEvent(" "))
	h.do(chromedp.Focus(`input[name=supersession]`), chromedp.KeyEvent(" "))
	h.do(chromedp.Focus(`form[action="/mandat/relire"] .big`))
	h.enter()
	h.w.answer().says(t, "À lire à voix haute")
}

// printed prints what the browser shows and reads the pages back, one text a page.
func (h *hand) printed(name string) []string {
	h.t.Helper()
	out, err := chromedp.Call(h.ctx, page.PrintToPDF, page.PrintToPDFParams{
		PreferCSSPageSize: new(true), PrintBackground: new(true), DisplayHeaderFooter: new(true),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.last = h.t.TempDir()
	if *screenshots != "" {
		h.last = *screenshots
	}
	file := filepath.Join(h.last, name+".pdf")
	if err := os.WriteFile(file, out.Data, 0o600); err != nil {
		h.t.Fatal(err)
	}
	if _, err := exec.LookPath("pdftotext"); err != nil {
		h.t.Fatal("no pdftotext on this machine: run make tools")
	}
	text, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		h.t.Fatal(err)
	}
	if out, err := exec.Command("qpdf", "--check", file).CombinedOutput(); err != nil {
		h.t.Errorf("%s is no sound PDF (qpdf --check): %s", name, out)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	return pages
}

// scanned reads the square on what was printed, as a telephone does.
func (h *hand) scanned(name string) string {
	h.t.Helper()
	dir := h.t.TempDir()
	file := filepath.Join(h.last, name+".pdf")
	if out, err := exec.Command("pdftoppm", "-r", "150", "-singlefile", "-png", file, filepath.Join(dir, name)).CombinedOutput(); err != nil {
		h.t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", filepath.Join(dir, name+".png")).Output()
	if err != nil {
		h.t.Fatalf("zbarimg (run make tools where it is missing): %v", err)
	}
	return strings.TrimSpace(string(out))
}

// cardForm is the form of a card's code, in any text.
var cardForm = regexp.MustCompile(`C-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`)

// The mandate prints on one sheet, front and back, twice: five plain lines, the
// reference, the digest of what is signed; no code of a card, no address of a
// page, no date by the browser.
func TestPrintMandate(t *testing.T) {
	s := newSite(t)
	many := []consent.Power{}
	for i, p := range s.reg.Charter().Services()[1].Procedures {
		if i < 12 {
			many = append(many, consent.Power{Service: "caf", Procedure: p.Code, Mode: charter.DoForPresent})
		}
	}
	many = append(many, rsa(charter.DoWith), consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoWith}, consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForPresent})
	many = many[:min(15, len(many))]
	for name, c := range map[string]struct {
		preset consent.Preset
		lang   string
		pages  int
	}{
		"one":       {s.preset("Une", 182, rsa(charter.DoForPresent)), "fr", 4},
		"five":      {s.preset("Cinq", 31, openedOnly(s, many)[:5]...), "fr", 4},
		"fifteen":   {s.preset("Quinze", 31, openedOnly(s, many)...), "fr", 4},
		"bilingual": {s.preset("Deux langues", 182, rsa(charter.DoForPresent)), "en", 8},
	} {
		t.Run(name, func(t *testing.T) {
			k := s.sit(charter.SocialWorker)
			id := k.drafted(s.person, c.preset.ID)
			m, err := s.reg.ProposeMandate(s.ctx, s.helper, id, consent.Explained{Lang: c.lang, Aid: "read_aloud"})
			s.must(err)
			h := newHand(t, k)
			h.do(chromedp.Navigate(h.w.URL + "/mandat/" + string(id)))
			h.press(`form[action="/mandat/suite"] button`)
			pages := h.printed("mandate-" + name)
			if len(pages) != c.pages {
				t.Fatalf("%d pages, want %d", len(pages), c.pages)
			}
			front, all := pages[0], strings.Join(pages, "\n")
			for _, want := range []string{
				"Qui aide", "CCAS de Besançon", "Pour qui", "Jeanne Morel", "Pour quoi", "Caf", "Jusqu'au", "Téléphone",
				m.Ref[:4] + " " + m.Ref[4:], m.Digest, "12 mars 1948", "MANDAT D'AIDE NUMÉRIQUE", "11. Autres accords", "original de la personne",
				"La personne :", "Fait en deux exemplaires",
			} {
				if !strings.Contains(front, want) {
					t.Errorf("the front does not say %q:\n%s", want, front)
				}
			}
			for _, p := range m.Payload.Powers {
				known, _ := s.reg.Charter().Procedure(p.Service, p.Procedure)
				if !strings.Contains(front, known.Label.FR) {
					t.Errorf("the front does not say %q", known.Label.FR)
				}
			}
			for _, want := range []string{"Vos informations, et nos règles", "90 jours", "CNIL", "C01", "C30", "Empreinte"} {
				if !strings.Contains(pages[1], want) {
					t.Errorf("the back does not say %q:\n%s", want, pages[1])
				}
			}
			if !strings.Contains(pages[c.pages/2], "original de la structure") {
				t.Error("there is no second original")
			}
			if c.lang == "en" && (!strings.Contains(pages[2], "DIGITAL HELP MANDATE") || !strings.Contains(pages[3], "rules")) {
				t.Error("the second sheet is not in English")
			}
			host, err := url.Parse(h.w.URL)
			s.must(err)
			for _, never := range []string{s.code, host.Host, "http", "/mandat", "public.test", time.Now().Format("01/02/06"), "Ctrl"} {
				if strings.Contains(all, never) {
					t.Errorf("the sheet says %q", never)
				}
			}
			if code := cardForm.FindString(all); code != "" {
				t.Error("a card's code stands on the sheet")
			}
		})
	}
}

// openedOnly leaves out what a social worker may not do.
func openedOnly(s *site, powers []consent.Power) []consent.Power {
	var list []consent.Power
	ch := s.reg.Charter()
	for _, p := range powers {
		known, _ := ch.Procedure(p.Service, p.Procedure)
		if known.Category != "acces" && ch.Allows(charter.SocialWorker, known.Mission, p.Mode, nil) {
			list = append(list, p)
		}
	}
	return list
}

// The card is on a strip of its own: its code is on the paper and never on the
// screen, and a card that is made again is dead.
func TestPrintCard(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	h := newHand(t, k)
	h.do(chromedp.Navigate(h.w.URL + "/mandat/" + string(s.mandate.ID)))
	h.tap(`details.tap:first-of-type > summary`) // a card kills the former one: never by a slip
	h.press(`form[action="/personne/carte"] button`).says(t, "La personne peut-elle répondre seule ?")
	h.picture("card-ask")
	h.tap(`[name=alone][value=yes]`)
	h.press(`form[action="/personne/carte"] .big`).says(t, "Son code ne s'affiche pas")
	h.picture("card-screen")
	shown, err := chromedp.Run(h.ctx, chromedp.Text("body"))
	if err != nil {
		t.Fatal(err)
	}
	if cardForm.MatchString(shown) {
		t.Fatal("the code stands on the screen")
	}
	pages := h.printed("card")
	if len(pages) != 1 {
		t.Fatalf("%d pages, want 1:\n%s", len(pages), fmt.Sprint(pages))
	}
	code := cardForm.FindString(pages[0])
	if code == "" {
		t.Fatalf("no code on the paper:\n%s", pages[0])
	}
	for _, never := range []string{"Jeanne", "Morel", s.mandate.Ref, s.mandate.Ref[:4] + " " + s.mandate.Ref[4:], "Besançon", "Ctrl"} {
		if strings.Contains(pages[0], never) {
			t.Errorf("the card says %q", never)
		}
	}
	if got, want := h.scanned("card"), "HTTP://PUBLIC.TEST/C/"+code+"/FR"; got != want {
		t.Errorf("the square says %q, want %q", got, want)
	}
	works := func(code string) bool {
		return s.post(s.public, "/carte", []string{"action", "see", "code", code, "lang", "fr"}).StatusCode == http.StatusOK
	}
	if works(s.code) {
		t.Error("the former card still opens the page")
	}
	if !works(code) {
		t.Error("the code on the paper opens nothing")
	}
	h.press(`form[action="/personne/carte"] button`)
	h.tap(`[name=alone][value=no]`)
	h.press(`form[action="/personne/carte"] .big`)
	if works(code) {
		t.Error("a card that was made again still opens the page")
	}
	h.press(`form[action="/personne/carte-perdue"] button`).says(t, "La carte ne sert plus à rien.")
	if len(h.printed("card-lost")) != 1 || cardForm.MatchString(h.w.answer().body) {
		t.Error("a dead card still shows a code")
	}
}

// A11y: no fault found by axe-core in any page of the desk, at 1280 and 320 px, in
// every language, and nothing wider than the window.
func TestA11yDesk(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf, trimestre, avec elle, 1 an", 365, rsa(charter.DoForPresent), rsa(charter.DoWith))
	a := newAudit(t)
	s.agree(consent.Power{Service: "france_travail", Procedure: "monthly_update", Mode: charter.DoForPresent})
	person, mandate := string(s.person), string(s.mandate.ID)
	for _, lang := range []string{"fr", "en"} {
		k, r := s.sit(charter.SocialWorker), s.sit(charter.Referent)
		k.lang, r.lang = lang, lang
		page := func(name string, r reply) { a.page(lang+"-desk-"+name, r) }
		page("new-person", k.open("/personne/nouvelle"))
		page("alike", k.send("/personne/nouvelle", "given", "Jeane", "name", "Morel", "birth", "12/03/1948", "language", "fr", "once", lang))
		page("found", k.send("/chercher", "q", "12/03/1948 mor jea", "purpose", "prepare_mandate"))
		page("found-ref", k.send("/chercher", "q", s.mandate.Ref, "purpose", "act_under_mandate"))
		page("found-none", k.send("/chercher", "q", "zzz 1990", "purpose", "act_under_mandate"))
		page("find-wrong", k.send("/chercher", "q", "Morel", "purpose", "act_under_mandate"))
		page("prepare", k.send("/mandat/preparer", "person", person))
		id := string(k.drafted(s.person, preset.ID))
		page("recap", k.page)
		page("sign", k.send("/mandat/expliquer", "mandate", id, "lang", "fr", "aid", "read_aloud"))
		page("sign-wrong", k.send("/mandat/signer", "mandate", id, "how", "oral_witnessed", "witness1", " ", "outside", "0"))
		page("fresh", k.send("/mandat/signer", "mandate", id, "how", "paper_original", "place", "Classeur"))
		page("stop", k.send("/mandat/arreter", "mandate", id))
		page("stopped", k.send("/mandat/arreter", "mandate", id, "sure", "yes"))
		page("mandate", k.open("/mandat/"+mandate))
		page("person", k.send("/personne", "person", person, "purpose", "act_under_mandate"))
		page("contact", k.send("/personne/joindre"))
		page("home", k.open("/"))
		page("names", k.send("/noms", "after", "", "purpose", "follow_up", "show", "names"))
		page("counted", k.send("/compter", "kind", "train", "once", lang))
		page("covered", k.send("/personne/couvert", "person", person, "procedure", "caf/rsa_declaration", "mode", "do_for_present"))
		page("uncovered", k.send("/personne/couvert", "person", person, "procedure", "caf/access_recovery", "mode", "do_for_absent"))
		page("noted", k.send("/personne/acte", "person", person, "procedure", "ameli/reimbursements", "mode", "do_for_absent", "outcome", "done",
			"typed", "none", "reason", "asked_by_person", "channel", "phone", "once", "n"+lang))
		page("report", k.send("/personne/compte-rendu", "person", person))
		page("check-code", k.send("/mandat/controle", "mandate", mandate, "service", "caf"))
		page("card-ask", k.send("/personne/carte", "person", person))
		page("card", k.send("/personne/carte", "person", person, "alone", "yes", "kind", "full", "lang", lang))
		page("stop-ask", k.send("/personne/arreter", "person", person))
		page("stop-none", k.send("/personne/arreter", "person", person, "part", "service:impots", "way", "desk", "sure", "yes", "once", "n"+lang))
		again := k.fresh(s.person, preset.ID)
		page("stop-done", k.send("/personne/arreter", "person", person, "part", "procedure:caf.rsa_declaration", "way", "letter", "sure", "yes", "once", "s"+lang))
		page("stop-news", k.open("/mandat/"+string(again)))
		page("stop-tasks", k.open("/arrets"))
		page("elsewhere", k.open("/ailleurs"))
		page("elsewhere-wrong", k.send("/ailleurs/carte", "code", "C-33"))
		page("request-noted", k.send("/personne/demande", "person", person, "kind", "correct", "once", "q"+lang))
		page("requests", r.open("/demandes"))
		page("copy", k.send("/personne/copie", "person", person))
		page("letters", r.send("/demandes/lettres"))
		page("duties", k.open("/echeances"))
		page("roles", k.open("/roles"))
		page("role", k.open("/roles/secretary"))
		page("services", k.open("/services"))
		page("traces", k.open("/traces"))
		page("me", k.open("/moi"))
		r.open("/referent")
		page("office", r.page)
		page("office-names", r.send("/referent/noms"))
		page("office-link", r.send("/referent/ouvrir", "name", "Zoé Petit", "role", "volunteer", "once", "o"+lang))
		page("office-wrong", r.send("/referent/modele", "name", "Rien", "days", "31", "once", "w"+lang))
	}
	a.all(false, "fr-desk-home", "fr-desk-prepare", "fr-desk-covered", "fr-desk-uncovered", "fr-desk-office")
}

// The style of all pages together, in bytes.
func TestStyleIsSmall(t *testing.T) {
	total := 0
	for _, name := range []string{"static/page.css", "static/desk.css"} {
		css, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		total += len(css)
	}
	t.Logf("style: %d bytes", total)
	if total > 15_000 {
		t.Errorf("the style weighs %d bytes", total)
	}
}

// A refused text stays in the page, and in the page only; the server does not
// echo it, and the rest of the form is not lost.
func TestBrowserKeepsARefusedForm(t *testing.T) {
	s := newSite(t)
	h := newHand(t, s.sit(charter.SocialWorker))
	if _, err := chromedp.Call(h.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false}); err != nil {
		t.Fatal(err)
	}
	before := s.size(slug)
	h.do(chromedp.Navigate(h.w.URL + "/personne/nouvelle"))
	h.fill("#given", "mdp caf : Soleil1948!")
	h.fill("#name", "N'Diaye")
	h.fill("#birth", "20/05/1950")
	h.do(chromedp.Click(`form[action="/personne/nouvelle"] .big`), chromedp.WaitVisible(`section.refused[role=alert]`))
	for field, want := range map[string]string{"given": "mdp caf : Soleil1948!", "name": "N'Diaye", "birth": "20/05/1950"} {
		got, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](`document.getElementById("`+field+`").value`))
		if err != nil || got != want {
			t.Errorf("%s holds %q, %v", field, got, err)
		}
	}
	stored, err := chromedp.Run(h.ctx, chromedp.Evaluate[int](`localStorage.length + sessionStorage.length`))
	if err != nil || stored != 0 {
		t.Errorf("the page stored something: %d, %v", stored, err)
	}
	if d := s.last(); d.Act != audit.AttemptRefused || s.size(slug) != before+1 {
		t.Errorf("the last entry is %s, %d were added", d.Act, s.size(slug)-before)
	}
	// Corrected, the same page leads on.
	h.do(chromedp.Evaluate[chromedp.Void](`document.getElementById("given").value = "Aminata"`))
	h.do(chromedp.Click(`form[action="/personne/nouvelle"] .big`), chromedp.WaitVisible(`form[action="/mandat/relire"]`))
	title, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](`document.title + "/" + document.activeElement.tagName`))
	if err != nil || title != "Nouveau mandat/H1" {
		t.Errorf("then the page is %q, %v", title, err)
	}
}
