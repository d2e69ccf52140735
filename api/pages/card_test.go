package pages_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

// text is what a reader sees of a page.
func text(body string) string {
	body = regexp.MustCompile(`(?s)<style>.*?</style>|<title>.*?</title>`).ReplaceAllString(body, "")
	body = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, "\n")
	return strings.ReplaceAll(html.UnescapeString(body), "\u00a0", " ")
}

func (r reply) says(t testing.TB, sentences ...string) {
	t.Helper()
	seen := text(r.body)
	for _, s := range sentences {
		if !strings.Contains(seen, s) {
			t.Errorf("the page does not say %q; it says:\n%s", s, regexp.MustCompile(`\n\s*\n+`).ReplaceAllString(seen, "\n"))
		}
	}
}

func (r reply) silent(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(html.UnescapeString(r.body), w) {
			t.Errorf("the page says %q", w)
		}
	}
}

func (r reply) status(t testing.TB, want int) {
	t.Helper()
	if r.StatusCode != want {
		t.Errorf("status %d, want %d", r.StatusCode, want)
	}
}

// Step 5 of the story: the person looks and stops, and the helper's next click is
// refused.
func TestPersonSeesAndStops(t *testing.T) {
	s := newSite(t)
	s.live()

	count := s.card("see")
	count.status(t, http.StatusOK)
	count.says(t, "Vous avez 1 accord en cours", "Votre date de naissance", "Tout arrêter")
	count.silent(t, "CCAS", "Fatou", "Jeanne", "RSA", s.mandate.Ref)

	page := s.open("fr")
	page.status(t, http.StatusOK)
	page.says(t,
		"Jeanne Morel", "12 mars 1948", "CCAS de Besançon",
		"Fatou Diallo peut faire votre déclaration RSA (Caf), avec vous, jusqu'au 12 mars 2027.",
		"Fatou Diallo peut faire votre déclaration RSA (Caf), pour vous, devant vous, jusqu'au 12 mars 2027.",
		"Fatou Diallo peut voir vos remboursements (Ameli), pour vous, sans vous, jusqu'au 12 mars 2027.",
		"Un collègue peut le faire aussi.", "Caf : Déclaration trimestrielle RSA",
		"Votre fiche a été ouverte 3 fois en janvier 2027.",
		"La préfecture voit-elle cela ?", "Non. La préfecture ne voit pas cette page.", "Aucune autorité n'a demandé votre fiche depuis un an.",
		"Fatou Diallo a regardé votre nom et vos coordonnées (téléphone, adresse).",
		"3 fois", "11 janvier 2027 : 10 h 26, 10 h 19, 10 h 12",
		"Pourquoi : faire une démarche pour vous.",
		"Fatou Diallo l'a fait pour vous, devant vous. C'est fait.",
		"Pourquoi : lire est difficile.", "Vous avez tapé vos codes.",
		"a voulu faire une démarche.", "Règle C03 : L'accord dit pour quel site",
		"Cette page a été ouverte avec votre carte.",
		"Vos accords et les aides faites : jusqu'au 13 mars 2033.", "Votre téléphone et votre adresse : jusqu'au 11 juin 2027.",
		"Qui a regardé : 1 an.",
		"À la CNIL.", "Au Défenseur des droits.", "À la structure : CCAS de Besançon.",
	)
	if d := s.last(); d.Act != audit.PersonPageOpened || d.Out != audit.OK || d.Person != string(s.person) {
		t.Errorf("opening the page was entered as %s %s", d.Act, d.Out)
	}

	size := s.size(slug)
	ask := s.card("stop")
	ask.says(t, "Tout arrêter ?", "1 accord va s'arrêter tout de suite.", "Votre RSA ne s'arrête pas.", "Oui, tout arrêter")
	ask.silent(t, "CCAS", "Fatou", "Jeanne")
	if got := s.size(slug); got != size {
		t.Errorf("asking wrote %d entries", got-size)
	}

	receipt := s.card("stop_confirmed")
	receipt.status(t, http.StatusOK)
	receipt.says(t,
		"C'est arrêté", "1 accord est arrêté.", "Arrêté le 12 janvier 2027 à 13 h 26.", "Accord n° "+s.mandate.Ref[:4]+" "+s.mandate.Ref[4:],
		"Votre RSA ne s'arrête pas.", "Demandez à la structure qui a donné la carte.", "Preuve n° "+strconv.FormatInt(s.size(slug)-1, 10),
	)
	receipt.silent(t, "CCAS", "Fatou", "Jeanne")
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if got := m.State(s.clock.now()); got != consent.Revoked || m.End.By != "person" {
		t.Errorf("the mandate is %s, ended by %s", got, m.End.By)
	}
	if d := s.last(); d.Act != audit.MandateRevoked || d.Mandate != string(s.mandate.ID) || !slices.Contains(d.Rules, "C07") {
		t.Errorf("stopping was entered as %s", d.Act)
	}
	_, err = s.reg.RevealPerson(s.ctx, s.helper, consent.Reveal{
		Person: s.person, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact},
	})
	if err == nil {
		t.Error("the helper's next click was not refused")
	}

	s.card("stop_confirmed").says(t, "Rien à arrêter", "Vous n'avez pas d'accord en cours.")
	after := s.open("fr")
	after.says(t, "Vous n'avez pas d'accord en cours.", "1 accord terminé", "Arrêté le 12 janvier 2027.", "Un accord a été arrêté avec votre carte.",
		"Fatou Diallo a voulu voir vos informations.")
}

func TestStopOneAgreement(t *testing.T) {
	s := newSite(t)
	other := s.agree(consent.Power{Service: "msa", Procedure: "reimbursements", Mode: charter.DoForPresent})
	ask := s.card("stop", "mandate", string(other.ID))
	ask.says(t, "Arrêter cet accord ?", "Cet accord va s'arrêter tout de suite.", "Oui, arrêter cet accord")
	s.card("stop_confirmed", "mandate", string(other.ID)).says(t, "C'est arrêté", "1 accord est arrêté.")
	for id, want := range map[consent.MandateID]consent.State{other.ID: consent.Revoked, s.mandate.ID: consent.Active} {
		m, err := s.reg.Mandate(s.ctx, s.helper, id)
		s.must(err)
		if got := m.State(s.clock.now()); got != want {
			t.Errorf("a mandate is %s, want %s", got, want)
		}
	}
	s.card("stop_confirmed", "mandate", string(other.ID)).says(t, "Rien à arrêter", "Cet accord est déjà terminé.")
	s.card("stop_confirmed", "mandate", "m_of-nobody").status(t, http.StatusBadRequest)
}

// Scanners and previews open addresses: GET must not look anything up.
func TestSquareIsStatic(t *testing.T) {
	s := newSite(t)
	before := map[string]int64{slug: s.size(slug), consent.RegisterSlug: s.size(consent.RegisterSlug)}
	known := s.get(s.public, "/c/"+s.code)
	known.status(t, http.StatusOK)
	known.says(t, "Que voulez-vous faire ?", "Voir", "Tout arrêter")
	unknown := s.get(s.public, "/c/C-3333-3333-33333")
	if strings.ReplaceAll(known.body, s.code, "") != strings.ReplaceAll(unknown.body, "C-3333-3333-33333", "") {
		t.Error("the answer for a known code differs from that for an unknown one")
	}
	for space, size := range before {
		if got := s.size(space); got != size {
			t.Errorf("GET wrote %d entries into %s", got-size, space)
		}
	}
	long := s.get(s.public, "/c/"+strings.Repeat("6", 2000))
	long.status(t, http.StatusOK)
	long.silent(t, strings.Repeat("6", 100))
}

func TestWrongBirthDate(t *testing.T) {
	s := newSite(t)
	size := s.size(slug)
	wrong := s.card("open", "day", "13", "month", "3", "year", "1948")
	wrong.status(t, http.StatusForbidden)
	wrong.says(t, "Ce n'est pas la bonne date.", "Cet essai est noté.", "Votre date de naissance")
	wrong.silent(t, "CCAS", "Fatou", "Jeanne", "RSA")
	if d := s.last(); d.Act != audit.AttemptRefused || d.Out != audit.Refused || s.size(slug) != size+1 {
		t.Errorf("the wrong birth date was entered as %s %s", d.Act, d.Out)
	}
	s.open("fr").says(t, "Quelqu'un a tapé une mauvaise date de naissance.")

	for name, fields := range map[string][]string{
		"nothing":         {},
		"no year":         {"day", "12", "month", "3", "year", ""},
		"no such day":     {"day", "31", "month", "2", "year", "1948"},
		"a day alone":     {"day", "12", "month", "", "year", "1948"},
		"two digits":      {"day", "12", "month", "3", "year", "48"},
		"not born yet":    {"day", "12", "month", "3", "year", "2048"},
		"letters":         {"day", "x", "month", "3", "year", "1948"},
		"a month of mist": {"day", "12", "month", "brumaire", "year", "1948"},
	} {
		size := s.size(slug)
		r := s.card("open", fields...)
		if r.StatusCode != http.StatusBadRequest || !strings.Contains(text(r.body), "Cette date n'existe pas.") {
			t.Errorf("%s: status %d", name, r.StatusCode)
		}
		if got := s.size(slug); got != size {
			t.Errorf("%s was entered as an attempt", name)
		}
	}
}

// A phone set to Arabic or Persian writes its own digits.
func TestBirthDateInOtherDigits(t *testing.T) {
	s := newSite(t)
	s.card("open", "day", "۱۲", "month", "٣", "year", "۱۹۴۸").says(t, "Jeanne Morel")
}

func TestWrongCodes(t *testing.T) {
	s := newSite(t)
	wrong := []byte(s.code)
	last := &wrong[len(wrong)-1]
	if *last == '3' {
		*last = '6'
	} else {
		*last = '3'
	}
	for range 30 { // slips in typing are no attempts: never limited
		r := s.post(s.public, "/carte", []string{"action", "see", "code", string(wrong), "lang", "fr"})
		r.status(t, http.StatusBadRequest)
		r.says(t, "Il y a une faute dans le code.", "Ce n'est pas compté comme un essai.")
		r.silent(t, string(wrong))
	}
	for _, typed := range []string{"", "hello", "C-1234", strings.Repeat("6", 5000)} {
		r := s.post(s.public, "/carte", []string{"action", "stop", "code", typed, "lang", "fr"})
		r.status(t, http.StatusBadRequest)
	}
	limited := false
	for range 40 {
		r := s.post(s.public, "/carte", []string{"action", "see", "code", unknownCode(t), "lang", "fr"})
		if r.StatusCode == http.StatusTooManyRequests {
			limited = true
			r.says(t, "Trop d'essais", "Attendez 1 minute.")
			break
		}
		r.status(t, http.StatusNotFound)
		r.says(t, "Cette carte n'ouvre rien.")
	}
	if !limited {
		t.Error("unknown codes are not limited")
	}
	s.clock.add(10 * time.Minute)
	s.card("see").status(t, http.StatusOK)
}

// from sends the person's form out of a network.
func (s *site) from(address, code, action string, more ...string) reply {
	s.t.Helper()
	form := url.Values{"action": {action}, "code": {code}, "lang": {"fr"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/carte", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address + ":4321"
	return s.do(s.public, r)
}

// Guesses of strangers, from one network or from very many, keep nobody from
// Stop, and nobody who never guessed wrong from looking.
func TestGuessesOfStrangersKeepNobodyFromTheirCard(t *testing.T) {
	s := newSite(t)
	held := 0
	for i := range 3000 {
		r := s.from(fmt.Sprintf("10.%d.%d.1", i/5/250, i/5%250), unknownCode(t), "see")
		if r.StatusCode == http.StatusTooManyRequests {
			held++
		}
	}
	if held < 2000 {
		t.Errorf("of 3000 guesses only %d were held up", held)
	}
	s.from("192.0.2.77", s.code, "see").says(t, "Vous avez 1 accord en cours")
	r := s.from("192.0.2.77", s.code, "stop_confirmed")
	r.says(t, "C'est arrêté", "1 accord est arrêté.")
}

// Whoever shares a network with somebody who guesses can stop; the guesser learns
// nothing by trying to.
func TestStopIsNeverHeldUpAndTellsGuessersNothing(t *testing.T) {
	s := newSite(t)
	for range 12 {
		s.from("192.0.2.1", unknownCode(t), "see")
	}
	for _, code := range []string{s.code, unknownCode(t)} {
		r := s.from("192.0.2.1", code, "see")
		r.status(t, http.StatusTooManyRequests)
		r.silent(t, "1 accord")
	}
	same := func(action string, more ...string) reply {
		t.Helper()
		wrong := unknownCode(t)
		first, second := s.from("192.0.2.1", wrong, action, more...), s.from("192.0.2.1", s.code, action, more...)
		stay := regexp.MustCompile(`[A-Z2-7]{26}`)
		bare := func(r reply, code string) string {
			return stay.ReplaceAllString(strings.ReplaceAll(r.body, code, ""), "")
		}
		if bare(first, wrong) != bare(second, s.code) || first.StatusCode != second.StatusCode {
			t.Errorf("%s: a right code is told from a wrong one", action)
		}
		return second
	}
	same("stop").says(t, "Tout arrêter ?", "Tous vos accords vont s'arrêter tout de suite.")
	same("stop_confirmed", "mandate", "m_of-nobody").status(t, http.StatusOK)
	same("stop_confirmed").says(t, "C'est demandé", "Si le code est bon, tout est arrêté.")
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if got := m.State(s.clock.now()); got != consent.Revoked {
		t.Errorf("the mandate is %s", got)
	}
	same("stop_confirmed") // nothing left to stop
	s.clock.add(10 * time.Minute)
	s.from("192.0.2.1", s.code, "stop_confirmed").says(t, "Rien à arrêter")
}

func TestWrongBirthDatesAreLimited(t *testing.T) {
	s := newSite(t)
	for i := range 30 {
		r := s.card("open", "day", "1", "month", "1", "year", strconv.Itoa(1930+i))
		if r.StatusCode == http.StatusTooManyRequests {
			r.says(t, "Trop d'essais", "Attendez 10 minutes.")
			s.card("stop").says(t, "Tout arrêter ?") // stopping goes on
			return
		}
	}
	t.Error("wrong birth dates are not limited")
}

func TestKilledCardOpensNothing(t *testing.T) {
	s := newSite(t)
	s.must(s.reg.KillCard(s.ctx, s.helper, s.person))
	for _, action := range []string{"see", "stop", "stop_confirmed"} {
		r := s.card(action)
		r.status(t, http.StatusNotFound)
		r.says(t, "Cette carte n'ouvre rien.")
	}
}

func TestPersonFormsAreStrict(t *testing.T) {
	s := newSite(t)
	for name, fields := range map[string][]string{
		"no action":       {"code", s.code},
		"unknown action":  {"action", "fly", "code", s.code},
		"unknown field":   {"action", "see", "code", s.code, "name", "x"},
		"a field twice":   {"action", "see", "action", "stop", "code", s.code},
		"too large":       {"action", "see", "code", strings.Repeat("x", 10_000)},
		"somebody's else": {"action", "stop_confirmed", "code", s.code, "mandate", "x"},
	} {
		if r := s.post(s.public, "/carte", fields); r.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", name, r.StatusCode)
		}
	}
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if m.State(s.clock.now()) != consent.Active {
		t.Error("a malformed form stopped a mandate")
	}
}

func TestLanguages(t *testing.T) {
	s := newSite(t)
	s.get(s.public, "/carte?lang=en").says(t, "Type the code of your card", "Only the French text counts")
	s.get(s.public, "/carte", "Accept-Language", "en-GB,en;q=0.9").says(t, "Type the code of your card")
	s.get(s.public, "/carte?lang=xx").says(t, "Tapez le code de votre carte")
	s.live()
	page := s.open("en")
	page.says(t, "Fatou Diallo may make your RSA declaration (CAF), for you, before your eyes, until 12 March 2027.",
		"Your record was opened 3 times in January 2027.", "Who looked", "3 times", "Quarterly RSA declaration")
	if got := page.Header.Get("Content-Language"); got != "en" {
		t.Errorf("Content-Language %q", got)
	}
}

// No script, no cookie, nothing from elsewhere, nothing kept.
func TestPersonPagesAreLocked(t *testing.T) {
	s := newSite(t)
	for name, r := range map[string]reply{
		"code": s.get(s.public, "/carte"), "square": s.get(s.public, "/c/"+s.code), "count": s.card("see"), "page": s.open("fr"),
		"confirm": s.card("stop"), "receipt": s.card("stop_confirmed"), "slip": s.post(s.public, "/carte", []string{"action", "see", "code", "x"}),
		"missing": s.get(s.public, "/nothing"), "staff's": s.get(s.public, "/lien/x"),
	} {
		h := r.Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "form-action 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %s", name, csp, want)
			}
		}
		if strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy allows scripts: %s", name, csp)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || len(r.Cookies()) > 0 {
			t.Errorf("%s: %v", name, h)
		}
		if regexp.MustCompile(`(?i)<script|javascript:|\son[a-z]+=|style="|<link rel="?(stylesheet|preload)|@import|url\(|src=`).MatchString(r.body) {
			t.Errorf("%s: something to run or to load", name)
		}
		for _, m := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(r.body, -1) {
			if !regexp.MustCompile(`^(\?lang=[a-z]+|/carte(\?lang=[a-z]+)?|tel:\+33[0-9]{9}|data:,|/sortir(/[A-Z2-7]{26})?)$`).MatchString(m[1]) {
				t.Errorf("%s leads to %s", name, m[1])
			}
		}
		if !strings.Contains(r.body, "<title>Ma carte</title>") {
			t.Errorf("%s: the title says more than it must", name)
		}
		if strings.Contains(strings.ToLower(text(r.body)), "aval") {
			t.Errorf("%s names the program", name)
		}
	}
}

// unknownCode is a code of the right form that no card has.
func unknownCode(t *testing.T) string {
	t.Helper()
	return personal.NewCardCode().Shown()
}

// Whatever is sent, the person's form answers a page, and nothing is stopped
// without a card.
func FuzzCardForm(f *testing.F) {
	s := newSite(f)
	f.Add("action=see&code=C-3333-3333-33333&lang=fr")
	f.Add("action=open&code=%zz&day=1&month=2&year=1950")
	f.Add("action=stop_confirmed&code=&mandate=m_aaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Add("action=stop;code=x\x00&lang=\xff")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/carte", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.clock.add(time.Minute) // so that limits do not hide the rest
		answer := httptest.NewRecorder()
		s.public.ServeHTTP(answer, r)
		if answer.Code >= 500 || answer.Code < 400 {
			t.Errorf("status %d", answer.Code)
		}
		if !strings.Contains(answer.Body.String(), "</html>") {
			t.Error("half a page")
		}
		m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
		if err == nil && m.End.Kind == consent.Revoked {
			t.Error("stopped without a card")
		}
	})
}

// reissue makes the person's card of a kind.
func (s *site) reissue(kind consent.CardKind) {
	s.t.Helper()
	code, err := s.reg.IssueCard(s.ctx, s.helper, s.person, consent.CardWish{Kind: kind, Alone: consent.AloneYes})
	s.must(err)
	s.code = code.Shown()
}

// Every word that tells who somebody is, who helps them, where, or with what.
var telling = []string{"Jeanne", "Morel", "Fatou", "Diallo", "Paul", "CCAS", "Besançon", "(Caf)", "Caf :", "Ameli", "remboursements", "ravailleu", "accueil n°", "01 23"}

// The page of a discreet card is useful, and says nothing to somebody who knows
// the birth date and looks for where the person is helped.
func TestDiscreetPage(t *testing.T) {
	s := newSite(t)
	s.live()
	s.reissue(consent.CardDiscreet)
	for _, r := range []reply{s.card("see"), s.card("stop"), s.open("fr")} {
		r.status(t, http.StatusOK)
		r.silent(t, telling[:9]...)
	}
	page := s.open("fr")
	page.silent(t, telling[9:]...)
	page.says(t,
		"Cette page ne dit ni qui vous aide, ni pour quoi.", "Un aidant peut faire une démarche, avec vous, jusqu'au 12 mars 2027.",
		"Votre fiche a été ouverte 3 fois en janvier 2027.", "Un aidant a regardé votre nom et vos coordonnées",
		"Un aidant l'a fait pour vous, devant vous.", "À la structure qui vous aide.", "Tout arrêter",
	)
	s.card("stop_confirmed").says(t, "1 accord est arrêté.")
}

func TestStopOnlyPage(t *testing.T) {
	s := newSite(t)
	s.reissue(consent.CardStop)
	for _, r := range []reply{s.card("see"), s.open("fr")} {
		r.says(t, "Vous avez 1 accord en cours", "Cette carte sert seulement à arrêter.", "Tout arrêter")
		r.silent(t, telling...)
		if strings.Contains(r.body, `name="year"`) {
			t.Error("a birth date is asked for nothing")
		}
	}
	s.card("stop_confirmed").says(t, "1 accord est arrêté.")
}

// The square on a card is in capitals, and leads at once to the language of who
// holds it.
func TestSquareCarriesTheLanguage(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		"/C/" + s.code + "/EN": "What do you want to do?", "/c/" + s.code + "/en": "What do you want to do?",
		"/C/" + s.code: "Que voulez-vous faire ?", "/C/" + s.code + "/XX": "Que voulez-vous faire ?",
	} {
		r := s.get(s.public, path)
		r.status(t, http.StatusOK)
		r.says(t, want)
		if !strings.Contains(r.body, `value="`+s.code+`"`) {
			t.Errorf("%s loses the code", path)
		}
	}
	s.get(s.public, "/C/"+s.code+"/EN", "Accept-Language", "fr").says(t, "What do you want to do?")
}

// The way out leads to the weather at once, and what is sent again after it is
// answered as if nothing had been.
func TestLeavingQuickly(t *testing.T) {
	s := newSite(t)
	if r := s.get(s.public, "/c/"+s.code); !strings.Contains(r.body, `href="/sortir"`) {
		t.Error("no way out of the first page")
	}
	birth := s.card("see")
	stay := regexp.MustCompile(`name="stay" value="([A-Z2-7]{26})"`).FindStringSubmatch(birth.body)[1]
	seen := []string{"stay", stay, "day", "12", "month", "3", "year", "1948"}
	page := s.card("open", seen...)
	page.says(t, "Jeanne Morel")
	if !strings.Contains(page.body, `href="/sortir/`+stay+`"`) || strings.Contains(page.body, "meteofrance") {
		t.Error("the way out does not end the stay")
	}
	out := s.get(s.public, "/sortir/"+stay)
	if out.StatusCode != http.StatusSeeOther || out.Header.Get("Location") != "https://meteofrance.com/" ||
		out.Header.Get("Clear-Site-Data") != `"cache", "storage"` || out.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", out.StatusCode, out.Header)
	}
	size := s.size(slug)
	for _, action := range []string{"open", "see", "stop", "stop_confirmed", "check"} {
		again := s.card(action, seen...)
		again.says(t, "Tapez le code de votre carte")
		again.silent(t, "Jeanne", "1 accord", s.code, stay)
	}
	if s.size(slug) != size {
		t.Error("something was done after the way out")
	}
	s.open("fr").says(t, "Jeanne Morel") // the card goes on
	for _, odd := range []string{"x", strings.Repeat("A", 27), "%00", strings.Repeat("a", 26)} {
		s.get(s.public, "/sortir/"+odd).status(t, http.StatusSeeOther)
	}
}

// A card that is used where helpers of the structure are at work is seen: the
// person reads it, and knows whether it was them at the desk.
func TestACardUsedNearTheStaffIsSeen(t *testing.T) {
	s := newSite(t)
	s.open("fr").silent(t, "dans la structure.")
	k := s.sit(charter.SocialWorker)
	k.open("/")
	s.from("198.51.100.7", s.code, "open", "day", "12", "month", "3", "year", "1948").silent(t, "dans la structure.")
	if d := s.last(); len(d.On) > 0 {
		t.Errorf("entered as opened %v", d.On)
	}
	near := s.open("fr")
	near.says(t, "Cette page a été ouverte avec votre carte, dans la structure.", "C'était vous, au guichet ?")
	if d := s.last(); d.Act != audit.PersonPageOpened || !slices.Equal(d.On, []string{consent.OpenedNear}) {
		t.Errorf("entered as %s %v", d.Act, d.On)
	}
	s.clock.add(13 * time.Hour)
	s.open("fr")
	if d := s.last(); len(d.On) > 0 {
		t.Errorf("the next day it is entered as opened %v", d.On)
	}
}
