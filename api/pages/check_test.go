package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/consent"
)

// checkForm is a counter's code as it is printed.
var checkForm = regexp.MustCompile(`S-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`)

// given makes a code for a counter from the person's page.
func (s *site) given(service string) string {
	s.t.Helper()
	r := s.card("check", "mandate", string(s.mandate.ID), "service", service)
	r.status(s.t, http.StatusOK)
	return checkForm.FindString(text(r.body))
}

// asked is the counter's form.
func (s *site) asked(code, ref, procedure, mode, day string) reply {
	s.t.Helper()
	return s.post(s.public, "/verifier", []string{"code", code, "ref", ref, "procedure", procedure, "mode", mode, "day", day})
}

// A counter is told yes; the person gave the code from their page and sees that
// the counter asked.
func TestCounterJourney(t *testing.T) {
	s := newSite(t)
	page := s.open("fr")
	page.says(t, "Code pour un guichet", "Faire un code pour : Caf", "Faire un code pour : Ameli")
	paper := s.card("check", "mandate", string(s.mandate.ID), "service", "caf")
	paper.says(t, "Montrez cette page au guichet.", "Pour : Caf.", s.mandate.Ref[:4]+" "+s.mandate.Ref[4:], "http://public.test/verifier",
		"Le guichet voit oui ou non. Rien d'autre.", "Ce code marche jusqu'au 10 février 2027.")
	paper.silent(t, "Jeanne", "Morel", "Fatou", "Besançon")
	code := checkForm.FindString(text(paper.body))

	scanned := s.get(s.public, "/VERIFIER/"+code+"/"+s.mandate.Ref)
	scanned.status(t, http.StatusOK)
	if !strings.Contains(scanned.body, `value="`+code+`"`) || !strings.Contains(scanned.body, `value="`+s.mandate.Ref+`"`) {
		t.Error("the square does not fill the form")
	}
	yes := s.asked(strings.ToLower(code), s.mandate.Ref[:4]+" "+s.mandate.Ref[4:], "caf/rsa_declaration", "do_for_present", "")
	yes.status(t, http.StatusOK)
	yes.says(t, "Oui, l'accord est valable", "Caf : Déclaration trimestrielle RSA", "La personne voit que vous avez vérifié.")
	yes.silent(t, "Jeanne", "Morel", "Fatou", "Besançon", "12 mars", code)
	if d := s.last(); d.Act != audit.MandateStatusChecked || d.Person != string(s.person) {
		t.Errorf("entered as %s", d.Act)
	}
	s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_absent", "").says(t, "Non, nous ne pouvons pas le confirmer")
	s.open("fr").says(t, "Un guichet a vérifié votre accord.", "Réponse : oui.", "Réponse : non.", "Vous a fait un code pour un guichet.")
}

// Whatever is wrong, the counter is told the same.
func TestCounterIsToldOneNo(t *testing.T) {
	s := newSite(t)
	code := s.given("caf")
	unknown := "S" + strings.TrimPrefix(unknownCode(t), "C")
	no := s.asked(unknown, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "").body
	for name, r := range map[string]reply{
		"another reference": s.asked(code, "12345678", "caf/rsa_declaration", "do_for_present", ""),
		"a card's code":     s.asked("S"+strings.TrimPrefix(s.code, "C"), s.mandate.Ref, "caf/rsa_declaration", "do_for_present", ""),
		"another service's": s.asked(s.given("ameli"), s.mandate.Ref, "caf/rsa_declaration", "do_for_present", ""),
	} {
		if r.StatusCode != http.StatusOK || r.body != no {
			t.Errorf("%s is told from an unknown code:\n%s", name, text(r.body))
		}
	}
	s.card("stop_confirmed")
	if r := s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", ""); r.body != no {
		t.Error("a stop is told from an unknown code")
	}
	for name, r := range map[string]reply{
		"a slip":            s.asked(code[:len(code)-1]+map[bool]string{true: "3", false: "6"}[code[len(code)-1] != '3'], s.mandate.Ref, "caf/rsa_declaration", "do_for_present", ""),
		"seven digits":      s.asked(code, "1234567", "caf/rsa_declaration", "do_for_present", ""),
		"a day of nowhere":  s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "yesterday"),
		"no procedure":      s.asked(code, s.mandate.Ref, "", "do_for_present", ""),
		"a mode of its own": s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "fly", ""),
		"a field too many":  s.post(s.public, "/verifier", []string{"code", code, "name", "x"}),
	} {
		r.status(t, http.StatusBadRequest)
		r.silent(t, code)
		if name == "a slip" {
			r.says(t, "Il y a une faute dans le code.")
		}
	}
}

// Guessing is limited for counters as it is for cards, and so are questions with
// one code, known or not.
func TestCountersAreLimited(t *testing.T) {
	s := newSite(t)
	code := s.given("caf")
	for range 12 {
		s.from("192.0.2.1", unknownCode(t), "see")
	}
	s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "").status(t, http.StatusTooManyRequests)
	s.clock.add(time.Hour)
	s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "").says(t, "Oui, l'accord est valable")
}

// At the desk the code is on paper for the counter.
func TestDeskGivesACheckCode(t *testing.T) {
	s := newSite(t)
	k := s.sit("social_worker")
	k.open("/mandat/"+string(s.mandate.ID)).says(t, "Code pour un guichet", "Caf : faire un code, pour CCAS de Besançon")
	paper := k.send("/mandat/controle", "mandate", string(s.mandate.ID), "service", "caf")
	paper.says(t, "Accord n°", "Code de contrôle", "http://public.test/verifier")
	code := checkForm.FindString(text(paper.body))
	s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "").says(t, "Oui, l'accord est valable")
	_, err := s.reg.RevokeMandate(s.ctx, s.helper, s.mandate.ID, consent.Scope{})
	s.must(err)
	s.asked(code, s.mandate.Ref, "caf/rsa_declaration", "do_for_present", "").says(t, "Non, nous ne pouvons pas le confirmer")
}
