package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// someone records a person.
func (s *site) someone(given, name, birth string) consent.PersonID {
	s.t.Helper()
	d := consent.PersonData{Birth: birth, Language: "fr"}
	if given != "" {
		d.GivenNames = s.clean(given)
	}
	if name != "" {
		d.BirthName = s.clean(name)
	}
	id, err := s.reg.RecordPerson(s.ctx, s.helper, d)
	s.must(err)
	return id
}

// One box: names in any order, without marks, from their first letters, and each
// candidate is a line in the log.
func TestDeskFindsAgain(t *testing.T) {
	s := newSite(t)
	s.someone("Mohammed", "Aït-Ali", "1950-05-20")
	s.someone("Yann", "Le Goff", "1961-02-03")
	s.someone("", "Soraya", "1975")
	k := s.sit(charter.SocialWorker)
	for typed, want := range map[string]string{
		"12/03/1948 mor jea": "Jeanne Morel", "moh ait 20/05/1950": "Mohammed Aït-Ali", "AIT ALI 20.05.1950": "Mohammed Aït-Ali",
		"legoff 3/2/1961": "Yann Le Goff", "goff 1961-02-03": "Yann Le Goff", "sora 1975": "Soraya",
	} {
		before := s.size(slug)
		k.send("/chercher", "q", typed, "purpose", "prepare_mandate").status(t, http.StatusOK)
		if !strings.Contains(text(k.page.body), want) {
			t.Errorf("%q does not find %s", typed, want)
		}
		found := 0
		for _, d := range s.entries(before) {
			if d.Act == audit.PersonSearched && d.Person != "" && d.Purpose == "prepare_mandate" {
				found++
			}
		}
		if found == 0 || found > 5 {
			t.Errorf("%q left %d lines", typed, found)
		}
	}
	k.send("/chercher", "q", "zzz 01/01/1990", "purpose", "prepare_mandate").says(t, "Personne trouvé.")
	k.send("/chercher", "q", "Morel", "purpose", "prepare_mandate").status(t, http.StatusBadRequest)
	k.page.silent(t, `value="Morel"`)
}

func TestDeskFindsByReferenceAndCard(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	before := s.size(slug)
	for _, typed := range []string{s.mandate.Ref, s.mandate.Ref[:4] + " " + s.mandate.Ref[4:]} {
		k.send("/chercher", "q", typed, "purpose", "act_under_mandate").says(t, "Mandat", "Caf, Ameli", "En vigueur", "Recevoir la personne")
	}
	for _, typed := range []string{s.code, strings.ToLower(s.code), "HTTP://PUBLIC.TEST/C/" + s.code, "http://public.test/c/" + s.code} {
		k.send("/chercher", "q", typed, "purpose", "act_under_mandate").status(t, http.StatusOK)
		k.page.says(t, "Carte reconnue")
		k.page.silent(t, "Jeanne", s.code)
	}
	if got := s.size(slug); got != before {
		t.Errorf("%d entries, and nothing was opened", got-before)
	}
	k.send("/personne", "person", k.page.formField(t, "person"), "purpose", "act_under_mandate").says(t, "Jeanne Morel")
}

// Codes that nobody has are guesses in the find box too; slips in typing are not.
func TestDeskFindCountsGuesses(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	slip := []byte(s.code)
	last := &slip[len(slip)-1]
	if *last == '3' {
		*last = '6'
	} else {
		*last = '3'
	}
	for range 30 {
		k.send("/chercher", "q", string(slip), "purpose", "act_under_mandate").status(t, http.StatusBadRequest)
		k.page.says(t, "Il y a une faute de frappe dans le code de la carte.")
		k.page.silent(t, string(slip))
	}
	for range 10 {
		k.send("/chercher", "q", unknownCode(t), "purpose", "act_under_mandate").status(t, http.StatusNotFound)
	}
	for _, typed := range []string{unknownCode(t), "HTTP://PUBLIC.TEST/C/" + unknownCode(t), s.code} {
		k.send("/chercher", "q", typed, "purpose", "act_under_mandate").status(t, http.StatusTooManyRequests)
		if k.page.Header.Get("Retry-After") != "60" {
			t.Errorf("retry after %q", k.page.Header.Get("Retry-After"))
		}
		k.page.silent(t, "Carte reconnue", typed)
	}
	k.send("/chercher", "q", s.mandate.Ref, "purpose", "act_under_mandate").status(t, http.StatusOK)
	s.clock.add(10 * time.Minute)
	k.send("/chercher", "q", s.code, "purpose", "act_under_mandate").says(t, "Carte reconnue")
}

func TestDeskOffersDuplicatesFirst(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.open("/personne/nouvelle")
	typed := []string{"given", "Jeane", "name", "Morel", "birth", "12/03/1948", "language", "fr", "once", k.page.formField(t, "once")}
	before := s.size(slug)
	k.send("/personne/nouvelle", typed...).says(t, "Est-ce une de ces personnes", "Jeanne Morel", "12 mars 1948")
	if got := actionsOf(s.entries(before)); got != "person.searched" {
		t.Errorf("entered %s", got)
	}
	before = s.size(slug)
	sure := []string{
		"given", k.page.formField(t, "given"), "name", k.page.formField(t, "name"), "birth", k.page.formField(t, "birth"),
		"language", "fr", "once", k.page.formField(t, "once"), "sure", "yes",
	}
	for range 2 { // sent twice, recorded once
		k.send("/personne/nouvelle", sure...).says(t, "Nouveau mandat", "Jeane Morel")
	}
	if got := strings.Count(actionsOf(s.entries(before)), "person.created"); got != 1 {
		t.Errorf("%d persons were recorded", got)
	}
	k.send("/personne/nouvelle", "given", "", "name", "", "birth", "1948", "language", "fr", "once", "x").status(t, http.StatusBadRequest)
	k.send("/personne/nouvelle", "given", "A", "name", "B", "birth", "32/13/1948", "language", "fr", "once", "y").status(t, http.StatusBadRequest)
}

func TestDeskListShowsNoNameUntilAsked(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.page.says(t, "Caf, Ameli", "En vigueur", "12 mars 2027")
	k.page.silent(t, "Jeanne", "Morel")
	before := s.size(slug)
	k.send("/noms", "after", "", "purpose", "follow_up", "show", "names").says(t, "Jeanne Morel")
	list := s.entries(before)
	if len(list) != 1 || list[0].Act != audit.PersonListed || list[0].Purpose != "follow_up" || list[0].Person != string(s.person) {
		t.Errorf("entered %v", list)
	}
	before = s.size(slug)
	k.send("/noms", "after", "", "purpose", "referent_review", "show", "names").status(t, http.StatusForbidden)
	k.page.silent(t, "Jeanne")
	if got := actionsOf(s.entries(before)); got != "attempt.refused" {
		t.Errorf("entered %s", got)
	}
}

func TestDeskAppointment(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	before := s.size(slug)
	k.send("/personne", "person", string(s.person), "purpose", "act_under_mandate").
		says(t, "Jeanne Morel", "12 mars 1948", "Agir sous mandat, jusqu'à 11 h 05", "Déclaration trimestrielle RSA", "Couvert ?")
	k.page.silent(t, "06 39 98 12 34")
	k.send("/personne/joindre").says(t, "06 39 98 12 34")
	if got := actionsOf(s.entries(before)); got != "person.read mandate.read person.read mandate.read" {
		t.Errorf("entered %s", got)
	}
	k.open("/").says(t, "Rendez-vous en cours", "Reprendre le rendez-vous")
	for range 4 {
		s.clock.add(14 * time.Minute)
		k.open("/").says(t, "Rendez-vous en cours")
	}
	s.clock.add(5 * time.Minute)
	k.open("/").silent(t, "Rendez-vous en cours")
	k.send("/personne/joindre").status(t, http.StatusNotFound)
	k.send("/personne", "person", string(s.person), "purpose", "referent_review").status(t, http.StatusForbidden)
	k.send("/personne", "person", string(s.person), "purpose", "act_under_mandate").status(t, http.StatusOK)
	k.send("/personne/quitter").silent(t, "Rendez-vous en cours")
}

func TestDeskCoveredAndActInTwoTaps(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.send("/personne/couvert", "person", string(s.person), "procedure", "caf/rsa_declaration", "mode", "do_for_present").
		says(t, "Oui, jusqu'au", "Résultat", "Qui a tapé les codes ?", "noté pour CCAS de Besançon", "octobre 2026 à décembre 2026")
	act := []string{
		"person", string(s.person), "procedure", "caf/rsa_declaration", "mode", "do_for_present", "once", k.page.formField(t, "once"),
		// what the page fills in by itself
		"reason", "asked_by_person", "channel", "person_session", "validated", "screen", "period", "2026-10/2026-12", "day", "",
		// the two taps
		"outcome", "done", "typed", "person",
	}
	before := s.size(slug)
	for range 2 { // sent twice, noted once
		k.send("/personne/acte", act...).says(t, "C'est noté", "Fait")
	}
	if got := actionsOf(s.entries(before)); got != "act.recorded" {
		t.Errorf("entered %s", got)
	}
	acts, err := s.reg.Acts(s.ctx, s.helper, s.person, charter.PurposeFollowUp)
	s.must(err)
	if len(acts) != 1 || acts[0].Outcome != "done" || acts[0].Credential != charter.EntryPerson || acts[0].Period != "2026-10/2026-12" {
		t.Errorf("noted %+v", acts)
	}
	k.send("/personne/compte-rendu", "person", string(s.person)).
		says(t, "Ce qui a été fait pour vous", "Jeanne Morel", "Déclaration trimestrielle RSA", "Nous ne promettons ni un droit")

	k.send("/personne/couvert", "person", string(s.person), "procedure", "impots_gouv/income_tax_return", "mode", "do_for_present").
		says(t, "Non, pas aujourd'hui", "Règle C03")
	k.page.silent(t, "Qui a tapé les codes")
	k.send("/personne/couvert", "person", string(s.person), "procedure", "caf/rsa_declaration", "mode", "do_for_absent").
		says(t, "Non, pas aujourd'hui")
}

func TestDeskCountsHelpWithoutName(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	for kind, label := range map[string]string{
		"train": "J'ai montré ou expliqué", "do_with": "La personne a fait, j'étais à côté", "not_recorded": "La personne refuse d'être notée",
	} {
		before := s.size(slug)
		for range 2 { // sent twice, counted once
			k.send("/compter", "kind", kind, "once", kind).says(t, "Compté : "+label)
		}
		list := s.entries(before)
		if len(list) != 1 || list[0].Act != audit.ActRecorded || list[0].Person != "" || list[0].Mandate != "" {
			t.Errorf("%s left %v", kind, list)
		}
	}
	k.send("/compter", "kind", "other", "once", "z").status(t, http.StatusBadRequest)
}
