package pages_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"aval/charter"
	"aval/consent"
)

// The ways in which people come to their page, each by touch, with scripts switched
// off: how often they touch the screen is counted.

// newPhone is a phone of 360 CSS pixels that opens the public listener.
func newPhone(t *testing.T, s *site) *hand {
	t.Helper()
	h := &hand{browser: newBrowser(t), w: watch(t, s.public)}
	h.width(360)
	h.do(chromedp.Navigate("about:blank"))
	h.noScripts()
	return h
}

func (b *browser) noScripts() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.t.Fatal(err)
	}
}

// slow is a poor line: 400 kbit/s, 400 ms there and back.
func (b *browser) slow() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 20_000}},
	}); err != nil {
		b.t.Fatal(err)
	}
}

func (h *hand) open(path string) reply {
	h.t.Helper()
	h.do(chromedp.Navigate(h.w.URL + path))
	return h.w.answer()
}

// bornOn gives the birth date and opens the page.
func (h *hand) bornOn(day, month, year string) reply {
	h.t.Helper()
	h.fill("#day", day)
	h.do(chromedp.Focus("#month"), chromedp.KeyEvent(month))
	h.fill("#year", year)
	return h.press("[value=open]")
}

// button is the button that sends an action, the first in the page.
func button(action string) string { return `button[value="` + action + `"]` }

// Alone, on a cheap phone with a poor line, from the paper card: two touches after
// the square to stop everything; two and a birth date to see.
func TestJourneyAlone(t *testing.T) {
	s := newSite(t)
	s.live()
	h := newPhone(t, s)
	h.slow()
	h.open("/C/"+s.code+"/FR").says(t, "Que voulez-vous faire ?")
	h.picture("alone-1-square")
	h.press(button("see")).says(t, "Vous avez 1 accord en cours")
	h.picture("alone-2-birth")
	h.bornOn("12", "3", "1948").says(t, "Fatou Diallo peut faire votre déclaration RSA (Caf), avec vous, jusqu'au 12 mars 2027.")
	h.picture("alone-3-page")
	if h.clicks != 2 || h.typed != 2 {
		t.Errorf("seeing took %d touches and %d typed fields", h.clicks, h.typed)
	}
	h.clicks = 0
	h.open("/C/" + s.code + "/FR")
	h.press(button("stop")).says(t, "Tout arrêter ?")
	h.picture("alone-4-sure")
	h.press(button("stop_confirmed")).says(t, "C'est arrêté", "Votre RSA ne s'arrête pas.")
	h.picture("alone-5-receipt")
	if h.clicks != 2 {
		t.Errorf("stopping took %d touches", h.clicks)
	}
	for _, asked := range h.w.asked() {
		if !strings.HasPrefix(asked, "POST /carte") && !strings.HasPrefix(asked, "GET /C/") {
			t.Errorf("the phone asked for %s as well", asked)
		}
	}
	if got := len(h.w.asked()); got != 6 {
		t.Errorf("%d requests for 6 pages", got)
	}
}

// At a desk, without a phone and without the card: a colleague finds the person by
// name and birth date, prints what was done, and stops, for the person.
func TestJourneyAtADesk(t *testing.T) {
	s := newSite(t)
	s.live()
	h := newHand(t, s.sit(charter.ReceptionAgent))
	h.fill("#q", "12/03/1948 mor jea")
	h.press(`form[action="/chercher"] button`).says(t, "Jeanne Morel", "12 mars 1948")
	h.picture("desk-1-found")
	h.press(`form[action="/personne/carte-perdue"] button`).says(t, "La carte ne sert plus à rien.")
	if h.clicks != 2 {
		t.Errorf("killing a lost card took %d clicks", h.clicks)
	}
	s.card("see").status(t, http.StatusNotFound)
	h.clicks = 0
	h.open("/mandat/" + string(s.mandate.ID))
	h.press(`form[action="/mandat/arreter"] button`)
	h.press(`form[action="/mandat/arreter"] .stop`).says(t, "arrêté")
	h.picture("desk-2-stopped")
	if h.clicks != 2 {
		t.Errorf("stopping took %d clicks", h.clicks)
	}
	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if m.State(s.clock.now()) != consent.Revoked {
		t.Error("it was not stopped")
	}
}

// A relative in another town, to whom the code is read on the phone, types it at a
// computer and stops one agreement.
func TestJourneyRelativeElsewhere(t *testing.T) {
	s := newSite(t)
	other := s.agree(consent.Power{Service: "msa", Procedure: "reimbursements", Mode: charter.DoForPresent})
	h := newPhone(t, s)
	h.width(1280)
	h.open("/carte").says(t, "Tapez le code de votre carte")
	h.fill("#code", strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(s.code, "-", ""), "C")))
	h.press(button("see")).says(t, "Vous avez 2 accords en cours")
	h.bornOn("12", "3", "1948").says(t, "Jeanne Morel", "voir vos remboursements (MSA)")
	h.picture("relative-1-page")
	h.press(`button[aria-label$="`+spacedRef(other.Ref)+`"]`).says(t, "Arrêter cet accord ?")
	h.press(button("stop_confirmed")).says(t, "C'est arrêté", "Accord n° "+spacedRef(other.Ref)[:4])
	h.picture("relative-2-receipt")
	if h.clicks != 4 || h.typed != 3 {
		t.Errorf("%d touches, %d typed fields", h.clicks, h.typed)
	}
	for id, want := range map[consent.MandateID]consent.State{other.ID: consent.Revoked, s.mandate.ID: consent.Active} {
		m, err := s.reg.Mandate(s.ctx, s.helper, id)
		s.must(err)
		if got := m.State(s.clock.now()); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func spacedRef(ref string) string { return ref[:4] + "\u00a0" + ref[4:] }

// Somebody violent finds a discreet card and knows the birth date: neither the page
// nor its title or address tells where the person is helped, with what, or by whom.
func TestJourneyViolentRelative(t *testing.T) {
	s := newSite(t)
	s.live()
	s.reissue(consent.CardDiscreet)
	h := newPhone(t, s)
	h.open("/carte")
	h.fill("#code", s.code)
	h.press(button("see"))
	page := h.bornOn("12", "3", "1948")
	page.says(t, "Cette page ne dit ni qui vous aide, ni pour quoi.")
	page.silent(t, telling...)
	h.picture("violent-1-page")
	title, err := chromedp.Run(h.ctx, chromedp.Title())
	s.must(err)
	where, err := chromedp.Run(h.ctx, chromedp.Location())
	s.must(err)
	if title != "Ma carte" || where != h.w.URL+"/carte" {
		t.Errorf("the page is %q at %s", title, where)
	}
}

// check presses the counter's button by key: the list of procedures may lie over it.
func (h *hand) check() reply {
	h.t.Helper()
	h.clicks++
	h.do(chromedp.Focus("button.big"))
	h.enter()
	return h.w.answer()
}

// A counter: a code that somebody shows on a phone or on paper, and an answer.
func TestJourneyCounter(t *testing.T) {
	s := newSite(t)
	code := s.given("caf")
	h := newPhone(t, s)
	h.width(1280)
	h.open("/verifier").says(t, "Vérifier un accord")
	h.fill("#ref", s.mandate.Ref)
	h.fill("#code", code)
	h.do(chromedp.Focus("#procedure"), chromedp.KeyEvent("D"))
	h.clicks++
	h.picture("counter-1-ask")
	h.check().says(t, "Oui, l'accord est valable")
	h.picture("counter-2-yes")
	if h.clicks != 2 || h.typed != 2 {
		t.Errorf("%d clicks, %d typed fields", h.clicks, h.typed)
	}
	// From the square there is nothing to type.
	h.clicks, h.typed = 0, 0
	h.open("/VERIFIER/" + code + "/" + s.mandate.Ref)
	h.do(chromedp.Focus("#procedure"), chromedp.KeyEvent("D"), chromedp.KeyEvent(kb.ArrowDown))
	h.clicks++
	h.check().says(t, "Non, nous ne pouvons pas le confirmer")
	h.picture("counter-3-no")
	if h.clicks != 2 || h.typed != 0 {
		t.Errorf("from the square: %d clicks, %d typed fields", h.clicks, h.typed)
	}
}

// After the quick exit the back button shows nothing of the page, even to somebody
// who sends the form again; so it does over TLS, where browsers keep pages in
// memory.
func TestBackShowsNothingAfterTheQuickExit(t *testing.T) {
	s := newSite(t)
	s.live()
	weather := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!doctype html><title>Météo</title><p>Beau temps")
	}))
	t.Cleanup(weather.Close)
	public := httptest.NewTLSServer(s.public)
	t.Cleanup(public.Close)
	_, port, err := net.SplitHostPort(weather.Listener.Addr().String())
	s.must(err)
	b := newBrowser(t, chromedp.Flag("host-resolver-rules", "MAP meteofrance.com 127.0.0.1:"+port), chromedp.Flag("ignore-certificate-errors", true))
	h := &hand{browser: b}
	b.width(360)
	b.do(chromedp.Navigate("about:blank"))
	b.noScripts()
	go1 := func(where string) {
		t.Helper()
		if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(where)); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	seen := func() string {
		t.Helper()
		text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		s.must(err)
		return text
	}
	b.do(chromedp.Navigate(public.URL + "/carte"))
	h.fill("#code", s.code)
	go1(button("see"))
	h.fill("#day", "12")
	b.do(chromedp.Focus("#month"), chromedp.KeyEvent("3"))
	h.fill("#year", "1948")
	go1("[value=open]")
	if !strings.Contains(seen(), "Jeanne Morel") {
		t.Fatal("the page is not open")
	}
	go1("header a")
	if !strings.Contains(seen(), "Beau temps") {
		t.Fatalf("the way out leads to %q", seen())
	}
	nothing := func(when string) {
		t.Helper()
		for _, word := range append([]string{"accord en cours", s.code}, telling...) {
			if strings.Contains(seen(), word) {
				t.Errorf("%s: the page says %q", when, word)
			}
		}
		b.picture("exit-" + when)
	}
	history, err := chromedp.Call(b.ctx, page.GetNavigationHistory, cdp.Empty{})
	s.must(err)
	if history.CurrentIndex < 3 {
		t.Fatalf("only %d pages to go back to", history.CurrentIndex)
	}
	for back := history.CurrentIndex - 1; back > 0; back-- {
		err := chromedp.Do(b.ctx, chromedp.NavigateToHistoryEntry(history.Entries[back].ID))
		if err != nil && !strings.Contains(err.Error(), "ERR_CACHE_MISS") { // Chromium asks before it sends a form again
			t.Fatal(err)
		}
		nothing(fmt.Sprintf("%d-back", history.CurrentIndex-back))
		b.do(chromedp.Reload()) // and somebody who lets it
		nothing(fmt.Sprintf("%d-again", history.CurrentIndex-back))
	}
}
