package pages_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// proofOf is the word that a page which was opened carries.
func proofOf(t *testing.T, r reply) string {
	t.Helper()
	found := regexp.MustCompile(`name="proof" value="([^"]+)"`).FindStringSubmatch(r.body)
	if found == nil {
		t.Fatal("the page carries no proof that it was opened")
	}
	return found[1]
}

// One touch more than Stop: the list of parts, the part, yes. The page says what
// stopped, what is left to do, and then who was told and answered.
func TestPersonStopsAPart(t *testing.T) {
	s := newSite(t)
	s.live()
	page := s.open("fr")
	page.says(t, "Arrêter une partie seulement", "L'aide de Fatou Diallo", "Ameli")
	for _, part := range []string{`name="part" value="service:caf"`, `name="part" value="service:ameli"`, `value="helper:` + string(s.helper.Member())} {
		if !regexp.MustCompile(regexp.QuoteMeta(part)).MatchString(page.body) {
			t.Errorf("no button %s", part)
		}
	}
	proof := proofOf(t, page)
	size := s.size(slug)
	ask := s.card("stop", "part", "service:caf", "proof", proof)
	ask.says(t, "Arrêter cela ?", "Caf", "Cela va s'arrêter tout de suite. Le reste continue.", "Oui, arrêter cela", "Votre RSA ne s'arrête pas.")
	if got := s.size(slug); got != size {
		t.Errorf("asking wrote %d entries", got-size)
	}
	receipt := s.card("stop_confirmed", "part", "service:caf", "proof", proof)
	receipt.status(t, http.StatusOK)
	receipt.says(t, "C'est arrêté", "Arrêté : Caf. Le reste continue.", "À faire bientôt", "Caf : Déclaration trimestrielle RSA. Vers le ",
		"Personne ne le fera pour vous.", "Votre RSA ne s'arrête pas.")
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	for _, p := range m.Payload.Powers {
		if stopped := m.Stopped(p, s.helper.Member(), s.clock.now()); stopped != (p.Service == "caf") {
			t.Errorf("%s %s stopped: %v", p.Service, p.Mode, stopped)
		}
	}
	if d := s.last(); d.Act != audit.MandateRevoked || !slices.Equal(d.On, []string{"caf"}) {
		t.Errorf("entered as %s %v", d.Act, d.On)
	}
	s.card("stop_confirmed", "part", "service:caf", "proof", proof).says(t, "Rien à arrêter", "Cet accord est déjà terminé.")

	page = s.open("fr")
	page.says(t, "Ce que vous avez arrêté", "Caf, accord n° "+s.mandate.Ref[:4]+" "+s.mandate.Ref[4:]+" : arrêté le ",
		"Votre aidant ne le sait pas encore. C'est arrêté quand même.", "Votre aidant n'a pas encore répondu.")
	page.silent(t, `value="service:caf"`)
	news, err := s.reg.StopNews(s.ctx, s.helper)
	s.must(err)
	s.open("fr").says(t, "Votre aidant l'a su le ")
	_, err = s.reg.AckStop(s.ctx, s.helper, news[0].ID)
	s.must(err)
	s.open("fr").says(t, "Votre aidant a répondu le ")
}

// Who only holds the card stops a part all the same, and is told no more of one
// that was there than of one that was not.
func TestAPartIsToldToWhoOpenedThePage(t *testing.T) {
	s := newSite(t)
	s.live()
	there := s.card("stop_confirmed", "part", "service:caf")
	not := s.card("stop_confirmed", "part", "service:impots")
	nobody := s.card("stop_confirmed", "part", "helper:h_aaaaaaaaaaaaaaaaaaaaaaaaaa")
	for _, r := range []reply{there, not, nobody} {
		r.status(t, http.StatusOK)
		r.says(t, "C'est demandé", "Si vous aviez un accord pour cela, il est arrêté.")
	}
	bare := func(r reply) string { return regexp.MustCompile(`[A-Z2-7]{26}`).ReplaceAllString(r.body, "") } // names the stay
	if bare(there) != bare(not) || bare(there) != bare(nobody) {
		t.Error("the answers differ")
	}
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if !m.Stopped(consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoWith}, "", s.clock.now()) {
		t.Error("it was not stopped")
	}
	for _, forged := range []string{"x", proofOf(t, s.open("fr")) + "1", proofOf(t, s.open("fr"))[1:]} {
		s.card("stop_confirmed", "part", "service:ameli", "proof", forged).says(t, "C'est demandé")
	}
	s.card("stop_confirmed", "part", "service:").status(t, http.StatusBadRequest)
	s.card("stop", "part", "everything").status(t, http.StatusBadRequest)
}
