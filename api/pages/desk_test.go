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

// A seat is a browser of a member, signed in: it follows forms as one without
// scripts does.
type seat struct {
	*site
	cookie string
	lang   string
	page   reply
}

// sit signs a new member in who has accepted the charter.
func (s *site) sit(role charter.Role) *seat {
	s.t.Helper()
	k := &seat{site: s, cookie: s.session(s.link(role)), lang: "fr"}
	home := k.open("/moi")
	k.send("/charte", "version", home.formField(s.t, "version"), "digest", home.formField(s.t, "digest"))
	k.page.status(s.t, http.StatusSeeOther)
	k.open("/")
	return k
}

// open follows a link.
func (k *seat) open(path string) reply {
	k.t.Helper()
	k.page = k.get(k.staff, path, "Cookie", k.cookie, "Accept-Language", k.lang)
	return k.page
}

// send sends a form with the token of the page that is open.
func (k *seat) send(path string, fields ...string) reply {
	k.t.Helper()
	fields = append([]string{"form", k.token()}, fields...)
	k.page = k.post(k.staff, path, fields, "Cookie", k.cookie, "Accept-Language", k.lang)
	return k.page
}

var tokenField = regexp.MustCompile(`name="form" value="([^"]*)"`)

// token is the form token; it is the session's, whatever the page.
func (k *seat) token() string {
	k.t.Helper()
	m := tokenField.FindStringSubmatch(k.page.body)
	if m == nil {
		m = tokenField.FindStringSubmatch(k.get(k.staff, "/moi", "Cookie", k.cookie).body)
	}
	return m[1]
}

// entries are the actions of the log from a size on.
func (s *site) entries(from int64) []audit.Detail {
	s.t.Helper()
	var list []audit.Detail
	s.must(s.log.Lines(s.ctx, s.space(slug), from, s.size(slug), func(l audit.Line) error {
		list = append(list, *l.Detail)
		return nil
	}))
	return list
}

func actionsOf(list []audit.Detail) string {
	var names []string
	for _, d := range list {
		names = append(names, string(d.Act))
	}
	return strings.Join(names, " ")
}

// preset saves a preset as a referent.
func (s *site) preset(name string, days int, powers ...consent.Power) consent.Preset {
	s.t.Helper()
	p, err := s.reg.SavePreset(s.ctx, s.referent, consent.NewPreset{Name: s.clean(name), Days: days, Powers: powers})
	s.must(err)
	return p
}

func rsa(mode charter.Mode) consent.Power {
	return consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: mode}
}

// drafted takes a mandate for a person to the page that is read aloud.
func (k *seat) drafted(person consent.PersonID, preset consent.PresetID) consent.MandateID {
	k.t.Helper()
	k.send("/mandat/preparer", "person", string(person)).status(k.t, http.StatusOK)
	k.send("/mandat/relire", "person", string(person), "once", k.page.formField(k.t, "once"), "preset", string(preset), "procedure0", "",
		"mode0", "do_for_present", "days", "1", "capacity", "no", "conflict", "no", "supersession", "keep").status(k.t, http.StatusOK)
	return consent.MandateID(k.page.formField(k.t, "mandate"))
}

func TestDeskMandateByInk(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf avec elle", 182, rsa(charter.DoForPresent))
	k := s.sit(charter.SocialWorker)
	before := s.size(slug)
	id := k.drafted(s.person, preset.ID)
	k.page.says(t, "À lire à voix haute", "CCAS de Besançon", "Déclaration trimestrielle RSA", "Êtes-vous d", "Jusqu'au 11 juillet 2027", "gardé 7 jours")
	k.page.silent(t, "Jeanne")
	m, err := s.reg.Mandate(s.ctx, s.helper, id)
	s.must(err)
	if m.State(s.clock.now()) != consent.Draft {
		t.Errorf("after the recap the mandate is %s", m.State(s.clock.now()))
	}

	k.send("/mandat/expliquer", "mandate", string(id), "lang", "fr", "aid", "read_aloud").status(t, http.StatusOK)
	k.page.says(t, "pas encore en vigueur", "Jeanne Morel", "C'est signé et remis : je signe pour CCAS de Besançon")
	k.send("/mandat/expliquer", "mandate", string(id), "lang", "fr", "aid", "none").status(t, http.StatusOK) // loaded again
	if strings.Contains(k.page.body, "<script") {
		t.Error("the page has a script")
	}
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_original", "place", "Classeur des mandats").status(t, http.StatusOK)
	k.page.says(t, "Le mandat est en vigueur.", "Papier signé, deux originaux")
	after := s.size(slug)
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_original", "place", "x").says(t, "Le mandat est en vigueur.")
	if got := s.size(slug); got != after {
		t.Errorf("the form sent twice wrote %d entries", got-after)
	}
	m, err = s.reg.Mandate(s.ctx, s.helper, id)
	s.must(err)
	if !m.InForce(s.clock.now()) || m.Level() != charter.E3 || m.Copy != "print" || m.Payload.Explained.Aid != "read_aloud" {
		t.Errorf("the mandate is %s at %s, copy %q", m.State(s.clock.now()), m.Level(), m.Copy)
	}
	const want = "person.read mandate.drafted notice.given mandate.proposed mandate.read mandate.read mandate.signed mandate.accepted " +
		"mandate.copy_delivered mandate.activated"
	if got := actionsOf(s.entries(before)); !strings.HasSuffix(got, want) || strings.Count(got, "mandate.proposed") != 1 {
		t.Errorf("entered %s", got)
	}
}

// A recap of many powers is still short, and its sheet has them all.
func TestDeskRecapIsShort(t *testing.T) {
	s := newSite(t)
	many := []consent.Power{rsa(charter.DoForPresent)}
	for _, p := range []charter.ProcedureCode{"rsa_request", "aah_declaration", "apl_request", "family_benefits", "certificate", "upload_documents", "read_messages", "change_of_situation", "activity_bonus_declaration"} {
		many = append(many, consent.Power{Service: "caf", Procedure: p, Mode: charter.DoForPresent})
	}
	for name, powers := range map[string][]consent.Power{
		"one": {rsa(charter.DoForPresent)}, "three": {rsa(charter.DoWith), rsa(charter.DoForPresent), rsa(charter.DoForAbsent)}, "many": many,
	} {
		preset := s.preset("Modèle "+name, 31, powers...)
		for _, lang := range []string{"fr", "en"} {
			k := s.sit(charter.SocialWorker)
			k.lang = lang
			k.drafted(s.person, preset.ID)
			block := regexp.MustCompile(`(?s)<blockquote class="aloud">(.*?)</blockquote>`).FindStringSubmatch(k.page.body)
			text := regexp.MustCompile(`<[^>]+>`).ReplaceAllString(block[1], " ")
			n := 0
			for _, w := range strings.Fields(strings.ReplaceAll(text, "\u00a0", " ")) {
				if strings.Trim(w, ":;,.!?«»") != "" {
					n++
				}
			}
			t.Logf("%s %s: %d words", lang, name, n)
			if n > 80 || n < 30 {
				t.Errorf("%s %s: %d words are read aloud:%s", lang, name, n, text)
			}
		}
	}
}

func TestDeskMandateByVoice(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf un mois", 31, rsa(charter.DoForPresent))
	k := s.sit(charter.SocialWorker)
	id := k.drafted(s.person, preset.ID)
	k.send("/mandat/expliquer", "mandate", string(id), "lang", "en", "aid", "interpreter")
	k.page.says(t, "DIGITAL HELP MANDATE", "MANDAT D'AIDE NUMÉRIQUE")

	k.send("/mandat/signer", "mandate", string(id), "how", "oral_witnessed", "witness1", "  ", "outside", "0").status(t, http.StatusForbidden)
	k.page.says(t, "Accord donné, feuille remise")
	k.page.silent(t, "Jeanne") // the sheet stood in the page before
	k.send("/mandat/signer", "mandate", string(id), "how", "oral_witnessed", "witness1", "Ali Benali", "witness2", "", "outside", "1").status(t, http.StatusOK)
	m, err := s.reg.Mandate(s.ctx, s.helper, id)
	s.must(err)
	if !m.InForce(s.clock.now()) || m.Level() != charter.E1 || m.Copy != "read_aloud_paper" {
		t.Errorf("the mandate is %s at %s, copy %q", m.State(s.clock.now()), m.Level(), m.Copy)
	}
}

// A sign-in that is too old stops before the helper's signature: what the person
// agreed to is kept, nothing is in force, and the same page goes on from there.
func TestDeskStepUpKeepsTheDraft(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf", 182, rsa(charter.DoForPresent))
	k := s.sit(charter.SocialWorker)
	id := k.drafted(s.person, preset.ID)
	k.send("/mandat/expliquer", "mandate", string(id), "lang", "fr", "aid", "read_aloud")
	s.clock.add(6 * time.Minute)
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_original", "place", "Classeur").status(t, http.StatusUnauthorized)
	k.page.says(t, "moins de 5 minutes", "rien n'est encore en vigueur", "Finir : je signe pour CCAS de Besançon")
	state := func() consent.State {
		m, err := s.reg.Mandate(s.ctx, s.helper, id)
		s.must(err)
		return m.State(s.clock.now())
	}
	if got := state(); got != consent.Signed {
		t.Fatalf("the mandate is %s", got)
	}
	k.open("/mandat/"+string(id)).says(t, "Accord donné, à signer par l'aidant", "Continuer ce mandat")
	me := consent.MemberID(regexp.MustCompile(`<code>(h_[a-z0-9]+)</code>`).FindStringSubmatch(k.open("/traces").body)[1])
	link, err := s.reg.MakeLink(s.ctx, s.referent, me)
	s.must(err)
	in := s.post(s.staff, "/lien/"+link.Token.Reveal(), nil, "Cookie", k.cookie)
	in.status(t, http.StatusSeeOther)
	k.cookie, _, _ = strings.Cut(in.Header.Get("Set-Cookie"), ";")
	k.send("/mandat/suite", "mandate", string(id)).status(t, http.StatusOK)
	k.send("/mandat/signer", "mandate", string(id)).status(t, http.StatusOK)
	if got := state(); got != consent.Active {
		t.Errorf("the mandate is %s", got)
	}
}

func TestDeskRefusedTextIsNotShownAgain(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf", 182, rsa(charter.DoForPresent))
	k := s.sit(charter.SocialWorker)
	id := k.drafted(s.person, preset.ID)
	k.send("/mandat/expliquer", "mandate", string(id), "lang", "fr", "aid", "read_aloud")
	k.send("/mandat/signer", "mandate", string(id), "how", "paper_original", "place", "mot de passe Soleil1948!").status(t, http.StatusForbidden)
	k.page.silent(t, "Soleil1948")
	k.page.says(t, "C08")
	if d := s.last(); d.Act != audit.AttemptRefused {
		t.Errorf("entered %s", d.Act)
	}
	m, err := s.reg.Mandate(s.ctx, s.helper, id)
	s.must(err)
	if m.State(s.clock.now()) != consent.Proposed {
		t.Errorf("the mandate is %s", m.State(s.clock.now()))
	}
}

func TestDeskDropsADraft(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf", 182, rsa(charter.DoForPresent))
	k := s.sit(charter.SocialWorker)
	id := k.drafted(s.person, preset.ID)
	k.open("/mandat/"+string(id)).says(t, "Brouillon", "Continuer ce mandat")
	k.send("/mandat/suite", "mandate", string(id)).says(t, "À lire à voix haute")
	k.send("/mandat/arreter", "mandate", string(id), "sure", "yes").says(t, "Brouillon abandonné")
	k.open("/").says(t, "Brouillon abandonné")
}

func TestDeskStopAsksOnceAndNoReason(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	id := string(s.mandate.ID)
	k.send("/mandat/arreter", "mandate", id).says(t, "Arrêter ce mandat", "Arrêter maintenant, pour CCAS de Besançon")
	k.page.silent(t, "Motif", "<textarea")
	k.send("/mandat/arreter", "mandate", id, "sure", "yes").says(t, "C'est arrêté.")
	if d := s.last(); d.Act != audit.MandateRevoked || d.Mandate != id {
		t.Errorf("entered %s", d.Act)
	}
}

// Nothing that says who somebody is comes by GET, and no answer that does is
// kept or redirects.
func TestDeskNamesComeByPostOnly(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	size := s.size(slug)
	for _, path := range []string{"/", "/mandat/" + string(s.mandate.ID), "/echeances", "/roles", "/roles/volunteer", "/services", "/traces", "/moi", "/personne/nouvelle"} {
		r := k.open(path)
		r.status(t, http.StatusOK)
		r.silent(t, "Jeanne", "Morel", "1948-03", "Fatou", "06 39", s.code)
		if path != "/personne/nouvelle" { // which keeps a refused form in the page
			r.silent(t, "<script")
		}
		if r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept", path)
		}
	}
	if got := s.size(slug); got != size {
		t.Errorf("GET wrote %d entries", got-size)
	}
	for path, field := range map[string]string{
		"/personne": "person", "/noms": "purpose", "/chercher": "q", "/mandat/preparer": "person", "/mandat/suite": "mandate", "/personne/carte": "person",
	} {
		if got := s.get(s.staff, path, "Cookie", k.cookie).StatusCode; got != http.StatusMethodNotAllowed && got != http.StatusNotFound {
			t.Errorf("GET %s answers %d", path, got)
		}
		s.post(s.staff, path, []string{field, string(s.person), "form", strings.Repeat("x", 43)}, "Cookie", k.cookie).status(t, http.StatusForbidden)
	}
	if got := s.size(slug); got != size {
		t.Errorf("forged forms wrote %d entries", got-size)
	}
}
