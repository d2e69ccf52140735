package pages_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// uploadList sends a list as a browser's form does: the token first, then the file.
func (k *seat) uploadList(path, text string) reply {
	k.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	k.must(form.WriteField("form", k.token()))
	part, err := form.CreateFormFile("file", "carnet.csv")
	k.must(err)
	_, err = io.WriteString(part, text)
	k.must(err)
	k.must(form.Close())
	r := httptest.NewRequestWithContext(k.t.Context(), http.MethodPost, "http://staff.test"+path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Cookie", k.cookie)
	r.Header.Set("Accept-Language", "fr")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	k.staff.ServeHTTP(w, r)
	k.page = reply{w.Result(), w.Body.String()}
	return k.page
}

// The notebooks by pages: a list is imported, a line is noted and ended with the
// person, the person sees it, and the end is signed and printed.
func TestDeskRetiresANotebook(t *testing.T) {
	s := newSite(t)
	k, r := s.sit(charter.SocialWorker), s.sit(charter.Referent)
	r.open("/mots-de-passe").says(t, "Aucune ligne.", "jamais le mot de passe")
	before := s.size(slug)
	r.uploadList("/mots-de-passe/importer", "personne;service;mdp\nJeanne Morel 12/03/1948;Caf;Biscotte!74\n").status(t, http.StatusForbidden)
	r.page.says(t, "une autre colonne", "détruisez-le")
	r.page.silent(t, "Biscotte")
	if got := actionsOf(s.entries(before)); got != "attempt.refused" {
		t.Errorf("the log says %s", got)
	}
	r.uploadList("/mots-de-passe/importer", "personne;service\nJeanne Morel 12/03/1948;Caf\nPaul Martin 1950;Caf\n").status(t, http.StatusOK)
	r.page.says(t, "Lignes lues : 2. Ajoutées : 1. Déjà là : 0. Refusées : 1.", "Ligne 3 :", "inscrite ici", "Détruisez maintenant votre fichier", "0 sur 1 lignes")
	r.page.silent(t, "Paul", "Martin", "Morel")

	person := string(s.person)
	k.send("/mots-de-passe/personne", "person", person, "purpose", "act_under_mandate").says(t, "Jeanne Morel : ses mots de passe", "Caf", "3230", "À vérifier")
	k.send("/mots-de-passe/ajouter", "person", person, "purpose", "act_under_mandate", "service", "mailbox", "once", "a").says(t, "Boîte mail")
	step := func(service, step, note string) reply {
		return k.send("/mots-de-passe/ligne", "person", person, "purpose", "act_under_mandate", "service", service, "step", step, "note", note)
	}
	step("caf", "note", "digicode 4521, puis guichet").says(t, "est-il nécessaire ici ?")
	step("caf", "note", "Rappeler la conseillère mardi").silent(t, "conseillère")
	step("caf", "see", "").says(t, "Rappeler la conseillère mardi")
	if d := s.entries(s.size(slug) - 2); d[0].Act != audit.PersonRead || len(d[0].Fields) != 1 || d[0].Fields[0] != "notebook.caf" {
		t.Errorf("the look is %+v", d[0])
	}
	step("caf", "recovered", "").says(t, "Accès retrouvé par la personne, le ")
	step("mailbox", "kept", "").status(t, http.StatusBadRequest)
	k.open("/mots-de-passe").says(t, "1 sur 2 lignes terminées")
	s.open("fr").says(t, "a rangé un accès")

	destroyed := []string{"notebooks", "2", "files", "0", "day", time.Now().Format("2006") + "x", "witness", "management", "shredded", "yes", "once", "d"}
	r.send("/mots-de-passe/detruits", destroyed...).status(t, http.StatusBadRequest)
	destroyed[5] = s.clock.now().Format(time.DateOnly)
	r.send("/mots-de-passe/detruits", destroyed...).says(t, "L'attestation est signée", "carnets : 2, fichiers : 0", "Papier broyé", "la direction", "1 sur 2 lignes", "Empreinte du document signé")
	list, err := s.reg.Destructions(s.ctx, s.helper)
	s.must(err)
	k.open("/mots-de-passe/attestation/"+string(list[0].ID)).says(t, list[0].Digest)
	k.send("/mots-de-passe/detruits", destroyed...).status(t, http.StatusForbidden)
}

// The sheets, a shown credential, and the setting of contests by pages.
func TestDeskWayOut(t *testing.T) {
	s := newSite(t)
	k, r := s.sit(charter.SocialWorker), s.sit(charter.Referent)
	k.open("/services").says(t, "FranceConnect", "Passer par", "impots.gouv", "Aucune personne de la structure ne l'a vérifié", "À vérifier : Page officielle, Téléphone")
	k.page.silent(t, "Corriger cette fiche")
	today := s.clock.now().Format(time.DateOnly)
	sheet := []string{"service", "caf", "way", "Avec la personne, sur caf.fr", "page", "Mon Compte", "phone", "32 30", "bring", "Un courrier", "delay", "Dix minutes", "checked", today}
	k.send("/services/fiche", sheet...).status(t, http.StatusForbidden)
	r.send("/services/fiche", sheet...).says(t, "Avec la personne, sur caf.fr", "32 30", "Vérifié le")
	s.clock.add(91 * 24 * time.Hour)
	k = s.sit(charter.SocialWorker)
	k.open("/services").says(t, "il y a plus de 90 jours")

	before := s.size(slug)
	k.open("/mots-de-passe/montre").says(t, "N'écrivez pas le code")
	k.send("/mots-de-passe/montre", "service", "mailbox", "day", s.clock.now().Format(time.DateOnly), "once", "s").says(t, "C'est noté, sans le code.", "Faites changer ce code")
	if got := actionsOf(s.entries(before)); !strings.HasSuffix(got, "credential.shown") {
		t.Errorf("the log says %s", got)
	}
	k.open("/mots-de-passe").says(t, "1 code montré ce mois-ci.", "ni dans un carnet, ni dans un fichier", "Aidants Connect")
	k.open("/mots-de-passe/fiche").says(t, "Ma fiche, à garder chez moi", "Je la remplis à la main")
	r = s.sit(charter.Referent)
	r.send("/mots-de-passe/contestation", "lets_in", "yes").says(t, "Un texte contesté est gardé")
	r.send("/mots-de-passe/contestation", "lets_in", "no").says(t, "Un texte contesté reste refusé")
}

// scripted is a member at a browser that runs scripts.
func scripted(t *testing.T, k *seat) *hand {
	t.Helper()
	h := newHand(t, k)
	if _, err := chromedp.Call(h.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false}); err != nil {
		t.Fatal(err)
	}
	h.do(chromedp.Navigate(h.w.URL + "/mots-de-passe"))
	return h
}

// value is what a script says about the page.
func (h *hand) value(script string) string {
	h.t.Helper()
	got, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// Somebody types a password, sees the place marked, takes a fixed sentence with one
// click, and saves: nothing is kept of what was typed.
func TestBrowserPasswordReplacedByASentence(t *testing.T) {
	s := newSite(t)
	s.must(s.reg.ListInNotebook(s.ctx, s.helper, s.person, []charter.ServiceCode{"mailbox"}))
	h := scripted(t, s.sit(charter.SocialWorker))
	h.press(`form[action="/mots-de-passe/personne"] button`).says(t, "Jeanne Morel")
	const secret = "Biscotte!74"
	h.tap(`.card details summary`)
	h.fill("#note-mailbox", "Vue ce matin. Boîte mail, mdp : "+secret+". Rappeler lundi")
	save := `details[open] form[data-keep] .go`
	h.do(chromedp.Click(save), chromedp.WaitVisible(`section.refused .spot mark`))
	if got := h.value(`document.querySelector(".spot mark").textContent`); got != secret {
		t.Errorf("%q is marked", got)
	}
	if got := h.value(`document.getElementById("note-mailbox").getAttribute("aria-invalid") + document.activeElement.className`); got != "truenote refused" {
		t.Errorf("the field and the focus: %s", got)
	}
	h.picture("wayout-refused")
	h.width(320)
	h.picture("wayout-refused-320")
	h.width(1280)
	h.w.answer().says(t, "Rien n'a été gardé.", "Dans le champ « Ce qui reste à faire »")
	h.w.answer().silent(t, secret, "Rappeler lundi")
	h.tap(`.offers [data-sentence]`)
	if got := h.value(`document.getElementById("note-mailbox").value`); got != "Vue ce matin. Mot de passe conservé par la personne. Rappeler lundi" {
		t.Errorf("the note is %q", got)
	}
	h.do(chromedp.Click(save), chromedp.WaitNotPresent(`#note-mailbox:not(:placeholder-shown)[aria-invalid]`), chromedp.WaitVisible(`button[value=see]`))
	note, err := s.reg.NotebookNote(s.ctx, s.helper, s.person, "mailbox", charter.PurposeActUnderMandate)
	s.must(err)
	if note.Reveal() != "Vue ce matin. Mot de passe conservé par la personne. Rappeler lundi" {
		t.Errorf("kept: %q", note.Reveal())
	}
	for _, d := range s.entries(0) {
		if d.Act == audit.AttemptRefused && len(d.Counts) > 0 {
			t.Errorf("the refusal says %+v", d)
		}
	}
}

// After other words were refused too, "this is no secret" is counted, and the form
// stays as it is.
func TestBrowserContest(t *testing.T) {
	s := newSite(t)
	s.must(s.reg.ListInNotebook(s.ctx, s.helper, s.person, []charter.ServiceCode{"caf"}))
	h := scripted(t, s.sit(charter.SocialWorker))
	h.press(`form[action="/mots-de-passe/personne"] button`)
	h.tap(`.card details summary`)
	h.fill("#note-caf", "mot de passe : tournesol")
	save := `details[open] form[data-keep] .go`
	h.do(chromedp.Click(save), chromedp.WaitVisible(`section.refused[role=alert]`))
	h.w.answer().says(t, "Écrivez-le d'abord autrement")
	h.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(".refused").remove(); document.getElementById("note-caf").value = "son mot de passe est tournesol"`))
	h.do(chromedp.Click(save), chromedp.WaitVisible(`section.refused[role=alert]`))
	h.tap(`section.refused details:last-of-type summary`)
	h.picture("wayout-contest")
	h.do(chromedp.Click(`section.refused form[data-stay] button`), chromedp.WaitVisible(`section.refused [role=status]`))
	if got := h.value(`document.getElementById("note-caf").value + document.querySelector(".refused [role=status]").textContent`); !strings.HasPrefix(got, "son mot de passe est tournesol") || !strings.Contains(got, "C'est compté") {
		t.Errorf("then the page says %q", got)
	}
	if d := s.last(); d.Act != audit.AttemptContested {
		t.Errorf("the last entry is %s", d.Act)
	}
}

// Without scripts the field is named, and the sentences stand there.
func TestBrowserRefusalWithoutScripts(t *testing.T) {
	s := newSite(t)
	s.must(s.reg.ListInNotebook(s.ctx, s.helper, s.person, []charter.ServiceCode{"caf"}))
	h := newHand(t, s.sit(charter.SocialWorker))
	h.do(chromedp.Navigate(h.w.URL + "/mots-de-passe"))
	h.press(`form[action="/mots-de-passe/personne"] button`)
	h.tap(`.card details summary`)
	h.fill("#note-caf", "mdp Biscotte!74")
	h.press(`details[open] form[data-keep] .go`).says(t, "Rien n'a été gardé.", "Dans le champ « Ce qui reste à faire »", "« Mot de passe conservé par la personne. »", "On vous a dit")
	h.w.answer().silent(t, "Biscotte")
	h.picture("wayout-no-script")
	h.tap(`.card details:last-of-type summary`)
	h.fill("#note-caf", "Mot de passe conservé par la personne.")
	h.press(`.card details[open] form[data-keep] .go`).status(t, http.StatusOK)
}

// A11y: the pages about passwords, with a refusal in each shape.
func TestA11yPasswords(t *testing.T) {
	s := newSite(t)
	a := newAudit(t)
	person := string(s.person)
	s.must(s.reg.ListInNotebook(s.ctx, s.helper, s.person, []charter.ServiceCode{"caf", "mailbox"}))
	_, err := s.reg.StepNotebook(s.ctx, s.helper, consent.NotebookStep{Person: s.person, Service: "caf", Ending: consent.NotebookRecovered})
	s.must(err)
	for _, lang := range []string{"fr", "en"} {
		k, r := s.sit(charter.SocialWorker), s.sit(charter.Referent)
		k.lang, r.lang = lang, lang
		page := func(name string, r reply) { a.page(lang+"-passwords-"+name, r) }
		note := []string{"person", person, "purpose", "act_under_mandate", "service", "mailbox", "step", "note", "note", "mdp : Biscotte!74"}
		page("of", k.send("/mots-de-passe/personne", "person", person, "purpose", "act_under_mandate"))
		page("refused", k.send("/mots-de-passe/ligne", note...))
		page("refused-again", k.send("/mots-de-passe/ligne", note...))
		page("refused-name", k.send("/personne/nouvelle", "given", "carte 4111 1111 1111 1111", "name", "Morel", "birth", "1948", "language", "fr", "once", lang))
		page("list", r.open("/mots-de-passe"))
		page("import", r.uploadList("/mots-de-passe/importer", "personne;service\nPaul Martin 1950;Caf\n"))
		page("import-refused", r.uploadList("/mots-de-passe/importer", "personne;service;mdp\n"))
		page("destroyed", r.send("/mots-de-passe/detruits", "notebooks", "1", "files", "0", "witness", "dpo", "burned", "yes", "once", lang))
		page("shown", k.open("/mots-de-passe/montre"))
		page("shown-noted", k.send("/mots-de-passe/montre", "service", "caf", "once", lang))
		page("home-sheet", k.open("/mots-de-passe/fiche"))
		page("services", r.open("/services"))
	}
	a.all(false, "fr-passwords-refused", "fr-passwords-list")
}

// The sheet to keep at home and the record of destruction print on one page each.
func TestPrintPasswordPapers(t *testing.T) {
	s := newSite(t)
	h := newHand(t, s.sit(charter.SocialWorker))
	h.do(chromedp.Navigate(h.w.URL + "/mots-de-passe/fiche"))
	pages := h.printed("home-sheet")
	if len(pages) != 1 || !strings.Contains(pages[0], "Ma fiche, à garder chez moi") || strings.Contains(pages[0], "Imprimez") || strings.Contains(pages[0], "Jeanne") {
		t.Errorf("%d pages:\n%s", len(pages), pages[0])
	}
	row, err := s.reg.RecordDestruction(s.ctx, s.referent, consent.NewDestruction{Notebooks: 3, Witness: "management", Methods: consent.DestructionMethods[:1]})
	s.must(err)
	h.do(chromedp.Navigate(h.w.URL + "/mots-de-passe/attestation/" + string(row.ID)))
	pages = h.printed("destroyed")
	if len(pages) != 1 || !strings.Contains(pages[0], "Le témoin") || !strings.Contains(pages[0], row.Digest) ||
		!strings.Contains(pages[0], "Attestation de destruction") || strings.Contains(pages[0], "Imprimez") || strings.Contains(pages[0], "http") {
		t.Errorf("%d pages:\n%s", len(pages), pages[0])
	}
}
