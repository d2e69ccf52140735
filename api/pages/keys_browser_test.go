package pages_test

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/statement"
)

// A keyholder is somebody at a browser with scripts, whose device can make passkeys
// and always finds that it is them.
type keyholder struct {
	*browser
	s      *site
	at     string // the address of the staff pages, by a name
	device webauthn.AuthenticatorID
}

// newKeyholder serves the staff pages at localhost, where browsers know passkeys,
// and opens a browser with a device.
func newKeyholder(t *testing.T, s *site) *keyholder {
	t.Helper()
	k := &keyholder{browser: newBrowser(t), s: s}
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	s.must(err)
	k.at = "http://localhost:" + port
	s.serveAt(k.at)
	server.Config.Handler = s.staff
	server.Start()
	t.Cleanup(server.Close)
	k.width(1280)
	if _, err := chromedp.Call(k.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	k.newDevice()
	return k
}

// newDevice takes the device away and puts a new one in its place.
func (k *keyholder) newDevice() {
	k.t.Helper()
	if k.device != "" {
		if _, err := chromedp.Call(k.ctx, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.device}); err != nil {
			k.t.Fatal(err)
		}
	}
	made, err := chromedp.Call(k.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
			Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
			IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	k.device = made.AuthenticatorID
}

func (k *keyholder) open(path string) {
	k.t.Helper()
	k.do(chromedp.Navigate(k.at + path))
}

// says waits for a text on the page.
func (k *keyholder) says(text string) {
	k.t.Helper()
	k.waits(text, true)
}

// silent waits until a text is no longer on the page.
func (k *keyholder) silent(text string) {
	k.t.Helper()
	k.waits(text, false)
}

func (k *keyholder) waits(text string, there bool) {
	k.t.Helper()
	var body string
	for range 100 {
		var err error
		body, err = chromedp.Run(k.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		if err == nil && body != "" && strings.Contains(body, text) == there {
			return
		}
		k.do(chromedp.Sleep(50 * time.Millisecond))
	}
	k.t.Fatalf("the page says %q: %t, want %t:\n%s", text, !there, there, body)
}

func (k *keyholder) press(where string) {
	k.t.Helper()
	k.do(chromedp.Click(chromedp.CSS(where)))
}

// enrol makes a key on the page of keys.
func (k *keyholder) enrol(name string) {
	k.t.Helper()
	k.open("/moi/cles")
	k.says("Mes clés d'accès")
	open, err := chromedp.Run(k.ctx, chromedp.Evaluate[bool](`document.querySelector("#key-name").closest("details").open`))
	k.s.must(err)
	if !open {
		k.press(`details:has(#key-name) > summary`)
	}
	k.do(chromedp.Focus(chromedp.CSS("#key-name")))
	k.write(name)
	k.press(`form[action="/moi/cles/ajouter"] button`)
	k.says("Afficher les noms de mes clés")
}

// link opens a one-time link and enters by it.
func (k *keyholder) link(token string) {
	k.t.Helper()
	k.open("/lien/" + token)
	k.press("main button")
}

// signOut ends the session.
func (k *keyholder) signOut() {
	k.t.Helper()
	k.press(`form[action="/deconnexion"] button`)
	k.says("Se connecter")
}

const byKey = `form[action="/cle/entrer"] button`

// A helper's key, from the first link to the lost device: enrol, sign in, a second
// key, a removed key, a loss.
func TestBrowserPasskeys(t *testing.T) {
	s := newSite(t)
	k := newKeyholder(t, s)
	k.link(s.invite("Aïcha Benali", charter.SocialWorker).Reveal())
	k.says("Bonjour")
	k.open("/moi/cles")
	k.says("Vous n'avez pas encore de clé d'accès.")
	k.picture("keys-none")
	k.enrol("Ordinateur de l'accueil")
	k.picture("keys-one")
	if d := s.last(); d.Act != audit.HelperKeyAdded {
		t.Errorf("entered %s", d.Act)
	}
	k.press(`form[action="/moi/cles"] button`)
	k.says("Ordinateur de l'accueil")
	k.signOut()
	k.picture("keys-signin")

	k.press(byKey)
	k.says("Bonjour")
	if d := s.last(); d.Act != audit.HelperLogin || len(d.On) != 2 || d.On[1] != "passkey" {
		t.Errorf("entered %+v", d.Entry)
	}
	me := consent.MemberID(s.last().On[0])

	k.newDevice()
	k.enrol("Clé USB bleue")
	k.says("Clé 2")
	k.picture("keys-two")
	k.press(`li:nth-child(2) details.tap summary`)
	k.press(`li:nth-child(2) form[action="/moi/cles/retirer"] button`)
	k.silent("Clé 2")
	k.signOutHere()
	k.press(byKey)
	k.says("La connexion n’a pas réussi.")
	k.picture("keys-refused")

	invite, err := s.reg.Readmit(s.ctx, s.fresh(s.referent), me, consent.Loss{Why: "lost", Checked: "face_to_face"})
	s.must(err)
	k.link(invite.Token.Reveal())
	k.says("Bonjour")
	k.enrol("Nouveau téléphone")
	k.says("Clé 1")
	k.signOut()
	k.press(byKey)
	k.says("Bonjour")
}

// signOutHere ends the session from wherever the page is: a removed key may have
// ended it.
func (k *keyholder) signOutHere() {
	k.t.Helper()
	k.open("/")
	out, err := chromedp.Run(k.ctx, chromedp.Evaluate[bool](`!!document.querySelector('form[action="/deconnexion"]')`))
	k.s.must(err)
	if out {
		k.signOut()
	}
}

// anotherTab opens a link of the helper's in another tab of the same browser.
func (k *keyholder) anotherTab(s *site) {
	k.t.Helper()
	invite, err := s.reg.MakeLink(s.ctx, s.fresh(s.referent), consent.MemberID(s.lastHelper()))
	s.must(err)
	tab, cancel := chromedp.NewContext(k.ctx)
	defer cancel()
	other := &browser{t: k.t, ctx: tab}
	other.do(chromedp.Navigate(k.at+"/lien/"+invite.Token.Reveal()), chromedp.Click(chromedp.CSS("main button")),
		chromedp.WaitVisible(chromedp.CSS(`form[action="/deconnexion"]`)))
}

// lastHelper is the member who was opened last.
func (s *site) lastHelper() string {
	s.t.Helper()
	members, err := s.reg.Members(s.ctx, s.referent)
	s.must(err)
	last := members[0]
	for _, m := range members {
		if m.Opened.After(last.Opened) || m.Opened.Equal(last.Opened) && m.Role == charter.SocialWorker && m.ID != s.helper.Member() {
			last = m
		}
	}
	return string(last.ID)
}

// fresh is a member who has just shown once more who they are.
func (s *site) fresh(a consent.Actor) consent.Actor {
	s.t.Helper()
	operator, err := s.reg.In(s.ctx, slug)
	s.must(err)
	invite, err := s.reg.MakeLink(s.ctx, operator, a.Member())
	s.must(err)
	return s.enter(invite.Token)
}

// A form that was typed before the session fell asleep is not lost: the helper
// shows that it is them, and it is done as it was sent. Without a key, a link
// opened in another tab does the same.
func TestBrowserStepUpKeepsTheForm(t *testing.T) {
	s := newSite(t)
	k := newKeyholder(t, s)
	k.link(s.invite("Aïcha Benali", charter.SocialWorker).Reveal())
	k.says("Bonjour")
	k.enrol("Ordinateur de l'accueil")
	k.open("/")
	k.press(`form[action="/charte"] button`)
	k.says("Retrouver une personne")
	for way, name := range map[string]string{"key": "Aminata N'Diaye", "link": "Zoltan Horvath"} {
		given, family, _ := strings.Cut(name, " ")
		k.open("/personne/nouvelle")
		k.do(chromedp.Focus(chromedp.CSS("#given")))
		k.write(given)
		k.do(chromedp.Focus(chromedp.CSS("#name")))
		k.write(family)
		k.do(chromedp.Focus(chromedp.CSS("#birth")))
		k.write("20/05/1950")
		s.clock.add(15 * time.Minute)
		before := s.size(slug)
		k.press(`form[action="/personne/nouvelle"] .big`)
		k.says("Êtes-vous toujours là ?")
		k.picture("keys-again")
		source, err := chromedp.Run(k.ctx, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
		s.must(err)
		if strings.Contains(source, given) || s.size(slug) != before {
			t.Error("the page shows what was typed, or something was done")
		}
		if way == "key" {
			k.press(byKey)
		} else {
			k.anotherTab(s)
			k.press(`form[action="/reprendre"] button`)
		}
		k.says(name)
	}
	k.open("/moi")
	s.clock.add(15 * time.Minute)
	k.open("/echeances") // a page that was asked for comes after
	k.says("Êtes-vous toujours là ?")
	k.press(byKey)
	k.says("À faire bientôt")
}

func TestA11yKeys(t *testing.T) {
	s := newSite(t)
	s.serveAt("http://localhost:8080")
	a := newAudit(t)
	for _, lang := range []string{"fr", "en"} {
		k := s.sit(charter.SocialWorker)
		k.lang = lang
		a.page(lang+"-signin", s.get(s.staff, "/", "Accept-Language", lang))
		a.page(lang+"-keys", k.open("/moi/cles"))
		a.page(lang+"-structures", k.open("/structure"))
		s.clock.add(15 * time.Minute)
		a.page(lang+"-again", k.open("/echeances"))
		a.page(lang+"-again-refused", k.post(k.staff, "/cle/entrer", []string{"ceremony", "", "answer", "", "held", k.page.formField(t, "held")}, "Cookie", k.cookie))
		s.referent = s.fresh(s.referent)
	}
	a.all(false, "fr-keys")
}

// A helper who came in with their key signs a mandate with it; the document says so.
func TestBrowserKeySignsAMandate(t *testing.T) {
	s := newSite(t)
	preset := s.preset("Caf", 365, rsa(charter.DoForPresent))
	k := newKeyholder(t, s)
	k.link(s.invite("Aïcha Benali", charter.SocialWorker).Reveal())
	k.says("Bonjour")
	k.enrol("Ordinateur de l'accueil")
	k.open("/")
	k.press(`form[action="/charte"] button`)
	k.says("Retrouver une personne")
	k.signOut()
	k.press(byKey)
	k.says("Retrouver une personne")
	s.clock.add(6 * time.Minute) // the key is proof enough

	k.open("/mandat/" + string(s.mandate.ID))
	k.press(`form[action="/mandat/preparer"] button`)
	k.says("Jeanne Morel")
	k.press(`input[name=preset][value="` + string(preset.ID) + `"]`)
	k.press(`input[name=capacity][value=no]`)
	k.press(`input[name=conflict][value=no]`)
	k.press(`input[name=supersession][value=replace]`)
	k.press(`form[action="/mandat/relire"] .big`)
	k.says("À lire à voix haute")
	k.press(`button[value=read_aloud]`)
	k.says("Votre clé d'accès signera")
	k.picture("keys-sign")
	k.press(`form[action="/mandat/signer"] .big`)
	k.says("Le mandat est en vigueur.")

	list, _, err := s.reg.Mandates(s.ctx, s.helper, s.person, consent.Page{Limit: 10})
	s.must(err)
	last := list[0]
	for _, m := range list {
		if m.Drafted.After(last.Drafted) {
			last = m
		}
	}
	doc, err := s.reg.MandateDocument(s.ctx, s.helper, last.ID, charter.PurposeFollowUp)
	s.must(err)
	raw, err := s.reg.RegisterPub()
	s.must(err)
	pub, err := statement.ParseRegisterPub(raw)
	s.must(err)
	v, err := consent.VerifyMandate(doc, pub)
	s.must(err)
	if v.Signatures[0].Passkey == "" {
		t.Error("the document does not say that the helper signed with their key")
	}
}
