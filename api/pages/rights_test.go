package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A button on the page asks; the referent sees the clock, answers, and the person
// sees that; nothing is typed.
func TestPersonAsksAndIsAnswered(t *testing.T) {
	s := newSite(t)
	s.live()
	s.card("ask", "right", "copy").says(t, "Votre date de naissance") // a card that was found asks nothing
	if list, err := s.reg.OpenRights(s.ctx, s.referent); err != nil || len(list) > 0 {
		t.Fatalf("%d wait, %v", len(list), err)
	}
	page := s.open("fr")
	page.says(t, "Une copie de mes informations", "Corriger une erreur", "Effacer mes informations", "C'est gratuit.", "À la CNIL.", "Au Défenseur des droits.")
	asked := s.card("ask", "right", "copy", "proof", proofOf(t, page))
	asked.status(t, http.StatusOK)
	asked.says(t, "C'est demandé", "Une copie de mes informations", "Réponse au plus tard le 11 février 2027.")
	if d := s.last(); d.Act != audit.RequestMade || d.By != "person" {
		t.Errorf("entered as %s by %s", d.Act, d.By)
	}
	s.card("ask", "right", "gold", "proof", proofOf(t, page)).status(t, http.StatusBadRequest)

	k, r := s.sit(charter.SocialWorker), s.sit(charter.Referent)
	k.open("/demandes").says(t, "Une copie de mes informations", "par la personne, avec sa carte", "Réponse au plus tard le 11 février 2027.")
	k.page.silent(t, "Jeanne", "Morel", `action="/demandes/repondre"`)
	r.open("/referent").says(t, "1 demande attend.")
	request := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(r.open("/demandes").body)[1]
	k.send("/demandes/repondre", "request", request, "outcome", "done", "once", "k").status(t, http.StatusForbidden)
	r.send("/demandes/prolonger", "request", request, "why", "complex", "once", "x").says(t, "Le délai est prolongé.", "Réponse au plus tard le 11 avril 2027.")
	s.open("fr").says(t, "Réponse au plus tard le 11 avril 2027. C'est plus long : la demande est compliquée.")
	s.clock.add(90 * 24 * time.Hour)
	r = s.sit(charter.Referent)
	r.open("/referent").says(t, "1 demande est en retard : répondez aujourd'hui.")
	s.open("fr").says(t, "La réponse est en retard. Vous pouvez vous plaindre à la CNIL.")
	r.open("/demandes").says(t, "En retard")
	r.send("/demandes/repondre", "request", request, "outcome", "done", "once", "y").says(t, "La réponse est notée.", "Aucune demande n'attend de réponse.")
	s.open("fr").says(t, "Fait le 12 avril 2027.")
}

// At the desk a request is noted for the person, and the copy is one page to print
// or a file; the person sees that it was made.
func TestDeskCopyAndLetters(t *testing.T) {
	s := newSite(t)
	s.live()
	k := s.sit(charter.SocialWorker)
	k.send("/personne/demande", "person", string(s.person), "kind", "limit", "once", "a").says(t, "La demande est notée.", "Bloquer mes informations", "au guichet")
	size := s.size(slug)
	k.send("/personne/copie", "person", string(s.person))
	k.page.says(t, "Copie de vos informations", "Jeanne Morel", "12 mars 1948", "06 39 98 12 34", "Vos accords", "déclaration RSA",
		"Qui a regardé", "a regardé votre nom", "Ce qui est gardé", "Bloquer mes informations", "À la CNIL.")
	if list := s.entries(size); len(list) != 1 || list[0].Act != audit.PersonExported || list[0].Person != string(s.person) {
		t.Errorf("entered as %s", actionsOf(list))
	}
	file := k.send("/personne/copie", "person", string(s.person), "as", "json")
	if file.Header.Get("Content-Type") != "application/json" || !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") ||
		!strings.Contains(file.body, `"birth_name": "Morel"`) || !strings.Contains(file.body, s.mandate.Ref) {
		t.Errorf("the file: %v %.200s", file.Header, file.body)
	}
	s.open("fr").says(t, "a copié vos informations.")

	k.send("/demandes/lettres", "after", "").status(t, http.StatusForbidden)
	r := s.sit(charter.Referent)
	size = s.size(slug)
	letter := r.send("/demandes/lettres")
	letter.says(t, "Cette année : qui a regardé vos informations", "Jeanne Morel", "Qui a regardé")
	letter.silent(t, "06 39 98 12 34")
	if list := s.entries(size); len(list) != 1 || list[0].Act != audit.PersonExported {
		t.Errorf("the letters are entered as %s", actionsOf(list))
	}
	_, err := s.reg.StopPerson(s.ctx, s.member("Ana Costa", charter.Secretary), s.person, consent.Part{}, consent.StopAtDesk)
	s.must(err)
	r.send("/demandes/lettres").says(t, "Personne n'a d'accord en cours ici.")
}
