package pages_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// session redeems a link in a browser and gives the cookie.
func (s *site) session(link string) string {
	s.t.Helper()
	r := s.post(s.staff, link, nil)
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" || len(r.Cookies()) != 1 {
		s.t.Fatalf("status %d, %d cookies", r.StatusCode, len(r.Cookies()))
	}
	return r.Cookies()[0].Name + "=" + r.Cookies()[0].Value
}

// formField is the value of a hidden field of a page.
func (r reply) formField(t testing.TB, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("no field %s", name)
	}
	return m[1]
}

// link makes a link for a new member.
func (s *site) link(role charter.Role) string {
	return "/lien/" + s.invite("Nadia Petit", role).Reveal()
}

func TestLinkIsUsedByPostOnly(t *testing.T) {
	s := newSite(t)
	link := s.link(charter.SocialWorker)
	size := s.size(consent.RegisterSlug)
	for range 3 {
		r := s.get(s.staff, link)
		r.status(t, http.StatusOK)
		r.says(t, "Votre lien de connexion", "Me connecter")
		if len(r.Cookies()) > 0 {
			t.Error("GET gave a cookie")
		}
	}
	if got := s.size(consent.RegisterSlug); got != size {
		t.Errorf("GET wrote %d entries", got-size)
	}
	cookie := s.session(link)
	home := s.get(s.staff, "/", "Cookie", cookie)
	home.status(t, http.StatusOK)
	home.says(t, "Qui je suis", "Travailleur social", "CCAS de Besançon", "ccas", "Lien de connexion fait par", string(s.referent.Member()))

	again := s.post(s.staff, link, nil)
	again.status(t, http.StatusUnauthorized)
	again.says(t, "Ce lien ne sert plus", "Référence : r_")
	s.post(s.staff, "/lien/x", nil).status(t, http.StatusUnauthorized)
}

func TestLinkForPrograms(t *testing.T) {
	s := newSite(t)
	r := s.post(s.staff, s.link(charter.SocialWorker), nil, "Accept", "application/json")
	r.status(t, http.StatusOK)
	var answer struct {
		Bearer, Expires, Space string
		MadeBy                 string `json:"made_by"`
	}
	s.must(json.Unmarshal([]byte(r.body), &answer))
	if answer.Space != slug || answer.MadeBy != string(s.referent.Member()) || answer.Expires == "" || len(r.Cookies()) > 0 {
		t.Errorf("answered %s", r.body)
	}
	s.get(s.staff, "/", "Authorization", "Bearer "+answer.Bearer).says(t, "Qui je suis")
}

func TestSignInPage(t *testing.T) {
	s := newSite(t)
	r := s.get(s.staff, "/")
	r.status(t, http.StatusUnauthorized)
	r.says(t, "Demandez un lien au référent de votre structure.")
	s.get(s.staff, "/", "Accept-Language", "en").says(t, "Ask the referent of your structure for a link.")
	s.get(s.staff, "/", "Cookie", "aval="+strings.Repeat("x", 43)).status(t, http.StatusUnauthorized)
}

func TestCharterIsReadAndAccepted(t *testing.T) {
	s := newSite(t)
	cookie := s.session(s.link(charter.Secretary))
	home := s.get(s.staff, "/", "Cookie", cookie)
	home.says(t, "Lisez la charte, puis acceptez-la.", "C08", "Je ne garde jamais un mot de passe", "pas encore vérifié par le registre",
		"Faire une déclaration", "la personne seule signe", "si la structure l'ouvre")
	fields := []string{
		"form", home.formField(t, "form"), "version", home.formField(t, "version"), "digest", home.formField(t, "digest"),
	}
	size := s.size(slug)

	forged := append([]string{}, fields...)
	forged[1] = strings.Repeat("x", len(forged[1]))
	s.post(s.staff, "/charte", forged, "Cookie", cookie).status(t, http.StatusForbidden)
	s.post(s.staff, "/charte", fields, "Cookie", cookie, "Sec-Fetch-Site", "cross-site").status(t, http.StatusForbidden)
	s.post(s.staff, "/charte", fields).status(t, http.StatusUnauthorized)
	old := append([]string{}, fields...)
	old[3] = "0.9.0"
	s.post(s.staff, "/charte", old, "Cookie", cookie).status(t, http.StatusBadRequest)
	if got := s.size(slug); got != size {
		t.Fatalf("%d entries were written", got-size)
	}

	s.post(s.staff, "/charte", fields, "Cookie", cookie).status(t, http.StatusSeeOther)
	if d := s.last(); d.Act != audit.HelperAdhered || d.Digest != s.reg.Charter().Digest() {
		t.Errorf("accepting was entered as %s", d.Act)
	}
	accepted := s.get(s.staff, "/moi", "Cookie", cookie)
	accepted.says(t, "Vous l'avez acceptée le 11 janvier 2027.")
	accepted.silent(t, "J'ai lu la charte")
}

func TestRolesSeeTheirMissions(t *testing.T) {
	s := newSite(t)
	s.get(s.staff, "/", "Cookie", s.session(s.link(charter.DPO))).
		says(t, "Délégué à la protection des données", "Votre fonction ne comprend pas de mission d'aide.")
	s.get(s.staff, "/", "Cookie", s.session(s.link(charter.Volunteer)), "Accept-Language", "en").
		says(t, "Volunteer", "if the structure opens it, the person being there", "Read the 30 rules")
}

func TestSignOut(t *testing.T) {
	s := newSite(t)
	cookie := s.session(s.link(charter.SocialWorker))
	home := s.get(s.staff, "/", "Cookie", cookie)
	s.post(s.staff, "/deconnexion", []string{"form", "x"}, "Cookie", cookie).status(t, http.StatusForbidden)
	s.get(s.staff, "/", "Cookie", cookie).status(t, http.StatusOK)
	out := s.post(s.staff, "/deconnexion", []string{"form", home.formField(t, "form")}, "Cookie", cookie)
	out.status(t, http.StatusSeeOther)
	if c := out.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Error("the cookie stays")
	}
	s.get(s.staff, "/", "Cookie", cookie).status(t, http.StatusUnauthorized)
}

func TestReferenceListsTheContract(t *testing.T) {
	s := newSite(t)
	r := s.get(s.staff, "/api")
	r.status(t, http.StatusOK)
	r.says(t, "/persons", "/mandates/{mandate}/revoke", "POST", "Redeem a one-time link")
}

func TestStaffFaultPages(t *testing.T) {
	s := newSite(t)
	missing := s.get(s.staff, "/no-such-page")
	missing.status(t, http.StatusNotFound)
	missing.says(t, "Introuvable", "Cette adresse n’existe pas.", "Référence : r_", "Revenir à l'accueil")
	missing.silent(t, "no-such-page")
	s.get(s.staff, "/carte").status(t, http.StatusNotFound) // nothing of one listener is on the other
	s.get(s.staff, "/c/"+s.code).status(t, http.StatusNotFound)
	s.get(s.public, "/").status(t, http.StatusNotFound)
	for name, r := range map[string]reply{"home": s.get(s.staff, "/"), "link": s.get(s.staff, "/lien/x"), "fault": missing} {
		h := r.Header
		if h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") ||
			h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", name, h)
		}
		if regexp.MustCompile(`(?i)<script|\son[a-z]+=|style="|src=`).MatchString(r.body) {
			t.Errorf("%s: something to run or to load", name)
		}
	}
}
