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

func TestOfficeIsTheReferents(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.page.silent(t, `href="/referent"`)
	k.open("/referent").status(t, http.StatusForbidden)
	k.send("/referent/noms").status(t, http.StatusForbidden)
	before := s.size(slug)
	k.send("/referent/ouvrir", "name", "Zoé Petit", "role", "volunteer", "once", "a").status(t, http.StatusForbidden)
	k.send("/referent/modele", "name", "Caf", "procedure0", "caf/rsa_declaration", "mode0", "do_with", "days", "31", "once", "b").status(t, http.StatusForbidden)
	if got := actionsOf(s.entries(before)); got != "attempt.refused attempt.refused" {
		t.Errorf("entered %s", got)
	}

	r := s.sit(charter.Referent)
	r.open("/referent").says(t, "Page du référent", "Aidants et accès", "Modèles de mandat", "Mandats sans aidant")
	r.page.silent(t, "Fatou")
	r.send("/referent/noms").says(t, "Fatou Diallo", "Paul Lenoir", "Travailleur social")
}

func TestOfficeOpensLinksAndCloses(t *testing.T) {
	s := newSite(t)
	r := s.sit(charter.Referent)
	r.open("/referent")
	before := s.size(slug)
	open := []string{"name", "Zoé Petit", "role", "volunteer", "once", r.page.formField(t, "once")}
	r.send("/referent/ouvrir", open...).says(t, "http://staff.test/lien/", "24 heures")
	link := regexp.MustCompile(`http://staff\.test(/lien/[A-Za-z0-9_-]+)`).FindStringSubmatch(r.page.body)[1]
	r.send("/referent/ouvrir", open...).silent(t, "http://staff.test/lien/") // sent again: shown once, kept nowhere
	if got := strings.Count(actionsOf(s.entries(before)), "helper.opened"); got != 1 {
		t.Errorf("%d accesses were opened", got)
	}
	cookie := s.session(link)
	home := s.get(s.staff, "/", "Cookie", cookie)
	home.says(t, "Bénévole")
	me := regexp.MustCompile(`<code>(h_[a-z0-9]+)</code>`).FindStringSubmatch(home.body)[1]

	r.send("/referent/lien", "member", me).says(t, "http://staff.test/lien/", "15 minutes")
	r.send("/referent/fermer", "member", me).says(t, "Fermé le 11 janvier 2027")
	if d := s.last(); d.Act != audit.HelperClosed {
		t.Errorf("entered %s", d.Act)
	}
	s.get(s.staff, "/", "Cookie", cookie).status(t, http.StatusUnauthorized)
	r.send("/referent/fermer", "member", me).status(t, http.StatusConflict)
}

func TestOfficePresets(t *testing.T) {
	s := newSite(t)
	r := s.sit(charter.Referent)
	r.open("/referent")
	fields := []string{
		"name", "Caf, trimestre, avec elle", "procedure0", "caf/rsa_declaration", "mode0", "do_with",
		"procedure1", "caf/rsa_declaration", "mode1", "do_for_present", "procedure2", "", "mode2", "do_for_present", "days", "365", "once", "p",
	}
	r.send("/referent/modele", fields...).says(t, "Caf, trimestre, avec elle", "1 an", "Déclaration trimestrielle RSA (avec la personne, pour la personne présente)")
	if d := s.last(); d.Act != audit.StructureUpdated {
		t.Errorf("entered %s", d.Act)
	}
	k := s.sit(charter.SocialWorker)
	k.send("/mandat/preparer", "person", string(s.person)).says(t, "Caf, trimestre, avec elle", "1 an")
	presets, err := s.reg.Presets(s.ctx, s.referent)
	s.must(err)
	r.open("/referent")
	r.send("/referent/oublier", "preset", string(presets[0].ID)).says(t, "Aucun modèle.")
	r.send("/referent/modele", "name", "Rien", "days", "365", "once", "q").status(t, http.StatusBadRequest)
	r.page.says(t, "Page du référent")
}

func TestOfficeLights(t *testing.T) {
	s := newSite(t)
	s.sit(charter.Referent).open("/referent").says(t, "http://public.test n'est pas une adresse sûre", "Juste pour le registre : 11 janvier 2027")
	for _, c := range []struct {
		name  string
		copy  bool
		after time.Duration
		state string
		say   string
	}{
		{"never", false, 0, "bad", "Aucune copie n'a été faite."},
		{"fresh", true, time.Hour, "ok", "11 janvier 2027 à 10 h 05, il y a 0 jour."},
		{"a week and a day", false, 8*24*time.Hour - time.Hour - time.Minute, "ok", "il y a 7 jours."},
		{"old", false, 2 * time.Minute, "bad", "il y a 8 jours. C'est trop ancien"},
		{"fresh again", true, 0, "ok", "19 janvier 2027"},
	} {
		if c.copy {
			s.must(s.reg.NoteBackup(s.ctx))
		}
		s.clock.add(c.after)
		r := s.sit(charter.Referent) // sessions are shorter than copies are old
		r.open("/referent").says(t, c.say)
		lights := regexp.MustCompile(`<li class="(ok|bad)"><b>`).FindAllStringSubmatch(r.page.body, -1)
		if len(lights) != 4 || lights[2][1] != c.state {
			t.Errorf("%s: lights %v", c.name, lights)
		}
	}
	r := s.sit(charter.Referent)
	r.lang = "en"
	r.open("/referent").says(t, "19 January 2027", "0 days ago.")
}

// The structure's telephone is the referent's to say, and stands where the person
// looks for whom to ask: on the paper and on their page.
func TestOfficePhone(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.send("/referent/telephone", "phone", "03 81 41 21 21").status(t, http.StatusForbidden)
	r := s.sit(charter.Referent)
	preset := s.preset("Caf avec elle", 182, rsa(charter.DoForPresent))
	paper := func() reply {
		id := k.drafted(s.person, preset.ID)
		return k.send("/mandat/expliquer", "mandate", string(id), "aid", "read_aloud", "lang", "fr")
	}
	paper().says(t, "…… …… …… …… ……")
	s.open("fr").silent(t, "03 81")
	r.open("/referent").says(t, "Numéro public de l'accueil")
	before := s.size(slug)
	r.send("/referent/telephone", "phone", "03 81 41 21 21").status(t, http.StatusOK)
	if got := r.page.formField(t, "phone"); got != "03 81 41 21 21" || actionsOf(s.entries(before)) != "structure.updated" {
		t.Errorf("the form says %q, entered %s", got, actionsOf(s.entries(before)))
	}
	paper().says(t, "Téléphone", "03 81 41 21 21")
	k.page.silent(t, "…… ……")
	page := s.open("fr")
	page.says(t, "À la structure : CCAS de Besançon.", "03 81 41 21 21")
	if !strings.Contains(page.body, `href="tel:0381412121"`) {
		t.Error("the telephone cannot be called")
	}
	r.send("/referent/telephone", "phone", "accueil").status(t, http.StatusBadRequest)
	r.page.says(t, "avec ses chiffres seuls", "Page du référent")
	r.send("/referent/telephone", "phone", "").status(t, http.StatusOK)
	s.open("fr").silent(t, "03 81")
}

func TestTeamPages(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.Volunteer)
	k.open("/roles").says(t, "Faire une déclaration", "si la structure l'ouvre, la personne présente", "Travailleur social", "la personne seule, ou personne ici")
	k.open("/roles/secretary").says(t, "Secrétaire médico-sociale ou administrative", "Ce rôle")
	k.open("/roles/referent").status(t, http.StatusNotFound)
	k.open("/services").says(t, "FranceConnect n'a pas de mot de passe", "Trouvé dans une source le 21 novembre 2026", "Pas encore vérifié")
	for _, service := range s.reg.Charter().Services() {
		k.page.says(t, service.Label.FR)
	}
	m := s.agree(consent.Power{Service: "france_travail", Procedure: "monthly_update", Mode: charter.DoForPresent})
	k.open("/echeances").says(t, "À faire bientôt", m.Ref[:4]+" "+m.Ref[4:], "France Travail", "chaque mois", "11 février 2027", "comptées")
	s.clock.add(40 * 24 * time.Hour)
	k = s.sit(charter.SocialWorker)
	k.open("/echeances").says(t, "Mandats qui finissent avant 30 jours", "jusqu'au 12 mars 2027")
}

// Each helper sees their own lines and nobody else's.
func TestTracesAreOnesOwn(t *testing.T) {
	s := newSite(t)
	s.live() // another helper's
	k := s.sit(charter.SocialWorker)
	k.send("/personne", "person", string(s.person), "purpose", "act_under_mandate")
	k.open("/traces").says(t, "Informations d'une personne ouvertes (Agir sous mandat)", "Charte acceptée")
	if got := strings.Count(text(k.page.body), "Informations d'une personne ouvertes"); got != 1 {
		t.Errorf("%d looks are shown, one is theirs", got)
	}
	k.page.silent(t, string(s.helper.Member()), "Aide notée")
	k.open("/traces?avant=x").status(t, http.StatusBadRequest)
}

// Nothing ranks helpers, and no page tells how long somebody looked at a screen
// (C05: that watches staff and proves nothing).
func TestNoPageMeasuresHelpers(t *testing.T) {
	s := newSite(t)
	s.live()
	r := s.sit(charter.Referent)
	k := s.sit(charter.SocialWorker)
	r.open("/referent")
	r.send("/referent/noms")
	k.open("/echeances")
	for _, page := range []reply{r.page, k.page, k.open("/"), k.open("/roles"), k.open("/traces")} {
		seen := text(page.body)
		for _, never := range []string{"classement", "temps passé", "temps d'écran", "durée moyenne", "actes par aidant", "record"} {
			if strings.Contains(strings.ToLower(seen), never) {
				t.Errorf("a page says %q", never)
			}
		}
	}
	// A member's row has who they are and since when, and no number of anything done.
	rows := regexp.MustCompile(`(?s)<li class="acts"><span class="grow">(.*?)</span>\n`).FindAllStringSubmatch(r.page.body, -1)
	members, err := s.reg.Members(s.ctx, s.referent)
	s.must(err)
	before := text(r.send("/referent/noms").body)
	_, err = s.reg.RecordAct(s.ctx, s.helper, consent.NewAct{
		Person: s.person, Did: rsa(charter.DoWith), Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson, Outcome: "done",
		Validated: s.clock.now(), ValidatedHow: charter.ValidatedOnScreen, Period: "2026-10/2026-12",
	})
	s.must(err)
	if after := text(r.send("/referent/noms").body); after != before {
		t.Error("the referent's page changes when a helper does something")
	}
	if len(members) < 4 || len(rows) == 0 {
		t.Errorf("%d members, %d rows", len(members), len(rows))
	}
}

func TestOfficeStandIns(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.send("/compter", "kind", "train", "once", "a")
	r := s.sit(charter.Referent)
	r.open("/referent").says(t, "Personne n'est remplacé.", "janvier 2027", "J'ai montré ou expliqué")
	away, by := string(s.helper.Member()), string(s.colleague.Member())
	r.send("/referent/remplacer", "away", away, "by", by, "from", "2027-01-11", "to", "2027-01-20").
		says(t, "remplace", "Du 11 janvier 2027 au 20 janvier 2027")
	if d := s.last(); d.Act != audit.StructureUpdated {
		t.Errorf("entered %s", d.Act)
	}
	r.send("/referent/noms").says(t, "Paul Lenoir remplace Fatou Diallo")
	k.open("/echeances").says(t, "Remplacements", "Du 11 janvier 2027 au 20 janvier 2027")
	k.page.silent(t, "Lenoir", "Diallo")
	r.send("/referent/remplacer", "away", away, "by", by, "from", "2027-01-11", "to", "2027-01-01").status(t, http.StatusBadRequest)
	r.send("/referent/retour", "away", away).says(t, "Personne n'est remplacé.")
}

// Whatever an appointment is for, it shows what that purpose allows.
func TestDeskEveryPurpose(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	for _, purpose := range []string{"prepare_mandate", "act_under_mandate", "follow_up", "answer_person", "desk_revocation"} {
		before := s.size(slug)
		k.send("/personne", "person", string(s.person), "purpose", purpose).status(t, http.StatusOK)
		k.page.says(t, "Jeanne Morel", "Ses mandats")
		for _, d := range s.entries(before) {
			if d.Purpose != purpose || d.Person != string(s.person) {
				t.Errorf("%s: entered %s for %q", purpose, d.Act, d.Purpose)
			}
		}
	}
	nobody := s.someone("Nour", "", "1990")
	k.send("/personne", "person", string(nobody), "purpose", "prepare_mandate").says(t, "Nour", "Aucun mandat.")
}

// A referent without a helper's role answers persons and reviews, and may stop.
func TestReferentAtTheDesk(t *testing.T) {
	s := newSite(t)
	r := s.sit(charter.Referent)
	r.page.says(t, "Retrouver une personne", "Répondre à la personne", "Contrôle par le référent")
	r.page.silent(t, "Préparer un mandat", "J'ai montré ou expliqué")
	r.send("/noms", "after", "", "purpose", "referent_review", "show", "names").says(t, "Jeanne Morel")
	r.send("/personne", "person", string(s.person), "purpose", "answer_person").says(t, "Jeanne Morel", "Ses mandats")
	r.send("/mandat/arreter", "mandate", string(s.mandate.ID), "sure", "yes").says(t, "C'est arrêté.")

	r.send("/moi/nom", "name", "Inès Roy").status(t, http.StatusSeeOther)
	r.send("/referent/noms").says(t, "Inès Roy")
	r.send("/moi/nom", "name", "").status(t, http.StatusBadRequest)
}
