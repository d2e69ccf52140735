package pages_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// The helper's next page says that somebody stopped; the list leads to the person
// and to the answer; once answered nobody is reminded.
func TestDeskIsToldOfAStop(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	colleague := s.sit(charter.SocialWorker)
	preset := s.preset("Caf, avec elle", 182, rsa(charter.DoForPresent))
	k.fresh(s.person, preset.ID)
	s.card("stop_confirmed").says(t, "C'est arrêté")
	before := s.size(slug)
	colleague.open("/").silent(t, "a arrêté un accord qui vous concerne")
	k.open("/services").says(t, "1 personne a arrêté un accord qui vous concerne.", "Voir et répondre")
	if got := actionsOf(s.entries(before)); got != string(audit.NoticeSent) {
		t.Errorf("being told is entered as %s", got)
	}
	page := k.open("/arrets")
	page.says(t, "Arrêts à rappeler", "C'est pour vous", "par la personne, avec sa carte", "Tout l'accord est arrêté.", "Équipe prévenue le")
	page.silent(t, "Jeanne", "Morel")
	stop := ""
	for i, found := range regexp.MustCompile(`name="stop" value="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		stop = found[1]
		k.send("/arrets/repondu", "stop", stop, "once", strconv.Itoa(i)).says(t, "C'est noté pour le mandat")
	}
	k.open("/arrets").says(t, "Aucun arrêt n'attend de réponse.")
	if d := s.last(); d.Act != audit.NoticeAcked || d.Person != string(s.person) {
		t.Errorf("the answer is entered as %s", d.Act)
	}
	k.open("/").silent(t, "a arrêté un accord qui vous concerne")
	k.send("/arrets/repondu", "stop", stop, "once", "b").status(t, http.StatusConflict)
}

// fresh takes a mandate all the way at the desk.
func (k *seat) fresh(person consent.PersonID, preset consent.PresetID) consent.MandateID {
	k.t.Helper()
	id := k.drafted(person, preset)
	k.send("/mandat/expliquer", "mandate", string(id), "lang", "fr", "aid", "read_aloud").status(k.t, http.StatusOK)
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_original", "place", "Classeur").status(k.t, http.StatusOK)
	return id
}

// A member of the structure stops a part for a person who called, and prints the
// receipt.
func TestDeskStopsForThePerson(t *testing.T) {
	s := newSite(t)
	s.live()
	k := s.sit(charter.Secretary)
	k.send("/chercher", "q", "12/03/1948 mor jea", "purpose", "desk_revocation").says(t, "Arrêter pour la personne")
	ask := k.send("/personne/arreter", "person", string(s.person))
	ask.says(t, "On n'a pas à dire pourquoi", "Tout", "Caf", "Ameli", "au téléphone", "par lettre", "Arrêter maintenant (CCAS de Besançon)")
	before := s.size(slug)
	done := k.send("/personne/arreter", "person", string(s.person), "part", "service:caf", "way", "phone", "sure", "yes", "once", "x")
	done.says(t, "C'est arrêté.", "Reçu : c'est arrêté", "Accord n° ", "Arrêté : Caf. Le reste continue.", "Caf : Déclaration trimestrielle RSA. Vers le ", "Votre RSA et vos autres aides ne s'arrêtent pas.")
	list := s.entries(before)
	if len(list) != 1 || list[0].Act != audit.MandateRevoked || strings.Join(list[0].On, " ") != "caf way.phone" {
		t.Errorf("entered as %+v", list)
	}
	k.send("/personne/arreter", "person", string(s.person), "part", "service:caf", "way", "phone", "sure", "yes", "once", "x").says(t, "C'est arrêté.") // sent again
	if n := len(s.entries(before)); n != 1 {
		t.Errorf("sent twice it is %d entries", n)
	}
	k.send("/personne/arreter", "person", string(s.person), "part", "service:caf", "way", "phone", "sure", "yes", "once", "y").says(t, "Il n'y avait rien à arrêter.")
	k.send("/personne/arreter", "person", string(s.person), "way", "pigeon", "sure", "yes", "once", "z").status(t, http.StatusBadRequest)
}

// At a desk where the person is not known: by the card at once, else by a request
// that says the same of everybody.
func TestDeskStopsElsewhere(t *testing.T) {
	s := newSite(t)
	s.live()
	_, invite, err := s.reg.OpenStructure(s.ctx, consent.Operator(), consent.NewStructure{Name: s.clean("Maison de quartier"), Slug: "quartier"})
	s.must(err)
	k := &seat{site: s, cookie: s.session("/lien/" + invite.Token.Reveal()), lang: "fr"}
	k.open("/ailleurs").says(t, "Arrêter pour une personne suivie ailleurs", "CCAS de Besançon")
	known := k.send("/ailleurs/demande", "to", slug, "name", "Morel Jeanne", "birth", "12/03/1948", "once", "k")
	known.says(t, "La demande est partie.", "Si la structure connaît cette personne, tout est arrêté.")
	unknown := k.send("/ailleurs/demande", "to", slug, "name", "Martin Paul", "birth", "1950", "once", "u")
	once := regexp.MustCompile(`name="once" value="[^"]*"`)
	if once.ReplaceAllString(known.body, "") != once.ReplaceAllString(unknown.body, "") {
		t.Error("the two answers differ")
	}
	k.send("/ailleurs/demande", "to", slug, "name", "Morel Jeanne", "birth", "soon", "once", "w").status(t, http.StatusBadRequest)
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if m.State(s.clock.now()) != consent.Active {
		t.Errorf("before it is delivered the mandate is %s", m.State(s.clock.now()))
	}
	s.must(s.reg.Relay(s.ctx, s.space("quartier")))
	if m, err = s.reg.Mandate(s.ctx, s.helper, s.mandate.ID); err != nil || m.State(s.clock.now()) != consent.Revoked {
		t.Errorf("the mandate is %s, %v", m.State(s.clock.now()), err)
	}
	k.send("/ailleurs/carte", "code", s.code).says(t, "Il n'y avait rien à arrêter.")
	k.send("/ailleurs/carte", "code", "C-3333").status(t, http.StatusBadRequest)
}
