package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

var linkShown = regexp.MustCompile(`http://staff\.test(/lien/[A-Za-z0-9_-]{43})`)

// named takes a mandate for a relative as far as their link, page by page.
func (k *seat) named() (link string, id string) {
	k.t.Helper()
	k.send("/personne", "person", string(k.person), "purpose", "prepare_mandate").says(k.t, "La personne nomme un proche")
	k.send("/personne/proche", "person", string(k.person), "name", "Marie Morel", "role", "relative", "tie", "child", "once", "n1").
		says(k.t, "Nouveau mandat", "L'accord est donné à", "Marie Morel")
	named, tie := k.page.formField(k.t, "for"), k.page.formField(k.t, "tie")
	k.send("/mandat/relire", "person", string(k.person), "for", named, "tie", tie, "procedure0", "caf/upload_documents", "mode0", "do_for_absent",
		"days", "182", "capacity", "no", "conflict", "family", "supersession", "keep", "once", "n2").
		says(k.t, "À lire à voix haute", "Vous choisissez Marie Morel pour vous aider.")
	id = k.page.formField(k.t, "mandate")
	k.send("/mandat/expliquer", "mandate", id, "lang", "fr", "aid", "read_aloud").says(k.t, "Marie Morel (pour la personne : Enfant)")
	k.send("/mandat/signer", "mandate", id, "how", "paper_original", "place", "Classeur").says(k.t, "Le lien du proche", "est signé")
	m := linkShown.FindStringSubmatch(k.page.body)
	if m == nil {
		k.t.Fatalf("no link:\n%s", k.page.body)
	}
	return m[1], id
}

// kin signs the one in who was named, and lets them accept the charter.
func (s *site) kin(link string) *seat {
	s.t.Helper()
	k := &seat{site: s, cookie: s.session(link), lang: "fr"}
	home := k.open("/")
	home.says(s.t, "acceptez-la")
	k.send("/charte", "version", home.formField(s.t, "version"), "digest", home.formField(s.t, "digest"))
	k.open("/")
	return k
}

// The father at the desk, the daughter on her telephone: she reads, accepts and
// helps, and finds no list, no search and nobody else.
func TestRelativeOnPages(t *testing.T) {
	s := newSite(t)
	desk := s.sit(charter.SocialWorker)
	link, id := desk.named()
	s.clock.add(12 * time.Hour)
	daughter := s.kin(link)
	daughter.page.says(t, "Vous aidez un proche", "À lire et accepter", "Caf")
	if strings.Contains(daughter.page.body, "/echeances") || strings.Contains(daughter.page.body, "/chercher") {
		t.Error("her desk leads to lists")
	}
	daughter.send("/proche/lire", "mandate", id).says(t, "Jeanne Morel", "Marie Morel", "J'accepte d'aider")
	daughter.send("/proche/accepter", "mandate", id).says(t, "Le mandat est en vigueur.")
	m, err := s.reg.Mandate(s.ctx, s.helper, consent.MandateID(id))
	s.must(err)
	if !m.InForce(s.clock.now()) || m.Payload.Mandatary.Kind != charter.MandataryNatural {
		t.Errorf("it is %s", m.State(s.clock.now()))
	}
	daughter.open("/").says(t, "Vos accords")
	daughter.send("/personne", "person", string(s.person), "purpose", "act_under_mandate").says(t, "Jeanne Morel")
	for _, never := range []string{"/personne/carte", "/mandat/preparer", "/personne/proche", "/personne/compte-rendu"} {
		if strings.Contains(daughter.page.body, never) {
			t.Errorf("her page leads to %s", never)
		}
	}
	daughter.open("/mandat/"+string(s.mandate.ID)).status(t, http.StatusNotFound)
	for _, path := range []string{"/echeances", "/referent", "/controle", "/personne/nouvelle"} {
		if r := daughter.open(path); r.StatusCode == http.StatusOK && path != "/personne/nouvelle" {
			t.Errorf("%s is open to her", path)
		}
	}
	daughter.send("/chercher", "q", "12/03/1948 mor jea", "purpose", "prepare_mandate").status(t, http.StatusForbidden)

	// The person sees her by name, and stops.
	s.open("fr").says(t, "Marie Morel")
	s.card("stop_confirmed").says(t, "arrêté")
	daughter.send("/personne", "person", string(s.person), "purpose", "act_under_mandate").status(t, http.StatusForbidden)
}

// The same again is one page: what is asked at each signature, and nothing else.
func TestSameAgain(t *testing.T) {
	s := newSite(t)
	k := s.sit(charter.SocialWorker)
	k.open("/mandat/"+string(s.mandate.ID)).says(t, "Encore pareil")
	k.send("/mandat/encore", "mandate", string(s.mandate.ID)).says(t, "Le même accord, une nouvelle signature")
	if strings.Contains(k.page.body, "procedure0") {
		t.Error("it asks for the procedures again")
	}
	k.send("/mandat/relire", "person", string(s.person), "preset", k.page.formField(t, "preset"), "capacity", "no", "conflict", "no", "supersession", "replace", "once", "a1").
		says(t, "À lire à voix haute")
	id := k.page.formField(t, "mandate")
	m, err := s.reg.Mandate(s.ctx, s.helper, consent.MandateID(id))
	s.must(err)
	if len(m.Payload.Powers) != len(s.mandate.Payload.Powers) || m.State(s.clock.now()) != consent.Draft || len(m.Payload.Supersedes) != 1 {
		t.Errorf("drafted with %d powers, %s, in place of %d", len(m.Payload.Powers), m.State(s.clock.now()), len(m.Payload.Supersedes))
	}
}

// The DPO reads and changes nothing; an auditor likewise, and others not at all.
// Each look is a line.
func TestControlPage(t *testing.T) {
	s := newSite(t)
	s.live()
	dpo, worker := s.sit(charter.DPO), s.sit(charter.SocialWorker)
	worker.open("/controle").status(t, http.StatusForbidden)
	dpo.open("/controle").says(t, "Contrôle", "Télécharger l'extrait", "Travailleur social")
	if strings.Contains(dpo.page.body, "Diallo") || strings.Contains(dpo.page.body, "Morel") {
		t.Error("a name by GET")
	}
	before := s.size(slug)
	dpo.send("/controle/journal", "purpose", "dpo_audit", "about", s.mandate.Ref, "before", "").says(t, "Travailleur social")
	if d := s.last(); s.size(slug) != before+1 || d.Act != audit.ExtractRead || d.Mandate != string(s.mandate.ID) {
		t.Errorf("the look is %+v", d.Entry)
	}
	dpo.send("/controle/journal", "purpose", "referent_review", "about", "", "before", "").status(t, http.StatusForbidden)
	dpo.send("/controle/journal", "purpose", "dpo_audit", "about", "00000000", "before", "").status(t, http.StatusNotFound)
	r := dpo.send("/controle/extrait", "purpose", "dpo_audit", "from", "2027-01-11", "to", "2027-01-12")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(r.body, "PK") {
		t.Errorf("the extract: %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	dpo.send("/controle/extrait", "purpose", "dpo_audit", "from", "2027-01-11", "to", "hier").status(t, http.StatusBadRequest)
	worker.send("/controle/extrait", "purpose", "dpo_audit", "from", "2027-01-11", "to", "2027-01-12").status(t, http.StatusForbidden)
}

// A referent opens a person's file to the operator and closes it again; the person
// reads both.
func TestGlassPage(t *testing.T) {
	s := newSite(t)
	r := s.sit(charter.Referent)
	r.send("/personne", "person", string(s.person), "purpose", "referent_review").says(t, "Laisser voir à l'exploitant")
	r.send("/personne/exploitant", "person", string(s.person), "reason", "restore_data").says(t, "Ouvert jusqu'à", "Remettre des données en état")
	s.open("fr").says(t, "exploitant")
	r.send("/personne/exploitant", "person", string(s.person), "close", "yes").says(t, "L'exploitant ne voit plus rien.")
	s.sit(charter.SocialWorker).send("/personne/exploitant", "person", string(s.person), "reason", "restore_data").status(t, http.StatusForbidden)
}

// Whoever is signed in takes an invitation of another structure into their account.
func TestJoinPage(t *testing.T) {
	s := newSite(t)
	_, invite, err := s.reg.OpenStructure(s.ctx, consent.Operator(), consent.NewStructure{Name: s.clean("Maison du Lac"), Slug: "lac"})
	s.must(err)
	k := s.sit(charter.SocialWorker)
	path := "/lien/" + invite.Token.Reveal()
	s.get(s.staff, path).says(t, "Me connecter")
	if strings.Contains(s.get(s.staff, path).body, "rejoindre") {
		t.Error("nobody is signed in, and may join")
	}
	k.open(path).says(t, "Vous avez déjà un compte ici", "CCAS de Besançon")
	if strings.Contains(k.page.body, "Lac") {
		t.Error("the page tells whose invitation it is")
	}
	k.send(path+"/rejoindre").status(t, http.StatusSeeOther)
	k.send(path+"/rejoindre").status(t, http.StatusUnauthorized)
}

// The kit needs no register: anybody prints it, on two sheets of A4.
func TestPrintKit(t *testing.T) {
	s := newSite(t)
	for name, h := range map[string]http.Handler{"staff": s.staff, "public": s.public} {
		r := s.get(h, "/kit", "Accept-Language", "en")
		r.status(t, http.StatusOK)
		r.says(t, "The relative", "Mandat d'aide numérique entre proches")
		if len(r.Cookies()) > 0 || strings.Contains(r.body, "<form") {
			t.Errorf("%s: the kit asks for something", name)
		}
	}
	b := &hand{browser: newBrowser(t), w: watch(t, s.public)}
	b.width(1280)
	b.do(chromedp.Navigate(b.w.URL + "/kit"))
	b.picture("kit")
	pages := b.printed("kit")
	if len(pages) != 2 {
		t.Fatalf("%d pages, want the rules and the mandate:\n%s", len(pages), strings.Join(pages, "\n----\n"))
	}
	for i, wants := range [][]string{
		{"Les règles de celui qui aide", "Je ne garde jamais vos mots de passe", "Je vous respecte"},
		{"Mandat d'aide numérique entre proches", "Site ou organisme", "Ma signature", "articles 1984 à 2010", "Un an au plus"},
	} {
		for _, want := range wants {
			if !strings.Contains(pages[i], want) {
				t.Errorf("page %d does not say %q:\n%s", i+1, want, pages[i])
			}
		}
	}
}

// A11y: the pages of relatives, of who checks, and the kit.
func TestA11yRoles(t *testing.T) {
	s := newSite(t)
	a := newAudit(t)
	desk := s.sit(charter.SocialWorker)
	a.page("fr-roles-named", desk.send("/personne", "person", string(s.person), "purpose", "prepare_mandate"))
	link, id := desk.named()
	a.page("fr-roles-link", desk.page)
	a.page("fr-roles-mandate", desk.open("/mandat/"+id))
	a.page("fr-roles-again", desk.send("/mandat/encore", "mandate", string(s.mandate.ID)))
	a.page("fr-roles-for", desk.send("/personne/proche", "person", string(s.person), "name", "Paul Morel", "role", "volunteer", "tie", "volunteer", "once", "x"))
	daughter, r, dpo := s.kin(link), s.sit(charter.Referent), s.sit(charter.DPO)
	a.page("fr-roles-kin", daughter.open("/"))
	a.page("fr-roles-read", daughter.send("/proche/lire", "mandate", id))
	a.page("fr-roles-control", dpo.send("/controle/journal", "purpose", "dpo_audit", "about", s.mandate.Ref, "before", ""))
	a.page("fr-roles-review", r.send("/personne", "person", string(s.person), "purpose", "referent_review"))
	a.page("fr-roles-glass", r.send("/personne/exploitant", "person", string(s.person), "reason", "danger"))
	a.page("en-roles-kit", s.get(s.public, "/kit", "Accept-Language", "en"))
	a.page("fr-roles-accepted", daughter.send("/proche/accepter", "mandate", id))
	a.page("fr-roles-kin-person", daughter.send("/personne", "person", string(s.person), "purpose", "act_under_mandate"))
	a.all(false)
}
