package pages_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"aval/charter"
	"aval/consent"
)

// screenshots is a folder for pictures of what the browser tests see, for people
// to look at: go test ./api/pages -run 'Browser|A11y' -screenshots DIR.
var screenshots = flag.String("screenshots", "", "folder for screenshots of the browser tests")

// A browser is one tab of a headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func newBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on this machine: run make tools")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("accept-lang", "fr"), chromedp.Flag("lang", "fr"),
	}, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return &browser{t: t, ctx: ctx}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// width makes the window as wide, in CSS pixels. A window of 1280 at 400 % zoom
// is one of 320.
func (b *browser) width(w int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(w, 900))
}

func (b *browser) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p); err != nil {
		b.t.Fatal(err)
	}
}

// picture keeps a picture of the whole page, if somebody wants to look.
func (b *browser) picture(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// tabs moves the focus on, as the key does.
func (b *browser) tabs(n int) {
	b.t.Helper()
	for range n {
		b.do(chromedp.KeyEvent("\t"))
	}
}

func (b *browser) write(text string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.t.Fatal(err)
	}
}

// enter presses Enter and waits for the page that comes.
func (b *browser) enter() {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent("\r")); err != nil {
		b.t.Fatal(err)
	}
}

// A window is a server that remembers what it answered last.
type window struct {
	*httptest.Server
	mu       sync.Mutex
	last     reply
	requests []string
}

func watch(t *testing.T, h http.Handler) *window {
	t.Helper()
	w := &window{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.mu.Lock()
		w.last = reply{rec.Result(), rec.Body.String()}
		w.requests = append(w.requests, r.Method+" "+r.URL.Path)
		w.mu.Unlock()
		for name, values := range rec.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(rec.Code)
		if _, err := rec.Body.WriteTo(rw); err != nil {
			t.Log(err)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *window) answer() reply {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *window) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.requests...)
}

// Step 5 of the story as the person does it: from the square on the card, by
// keyboard alone, scripts switched off, one request a page.
func TestBrowserStoryWithoutScripts(t *testing.T) {
	s := newSite(t)
	s.live()
	w := watch(t, s.public)
	b := newBrowser(t)
	b.width(320)
	b.do(chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	const header = 3 // leave quickly, two languages

	b.do(chromedp.Navigate(w.URL + "/c/" + s.code))
	w.answer().says(t, "Que voulez-vous faire ?")
	b.tabs(header + 1)
	b.picture("story-1-square")
	b.enter()
	w.answer().says(t, "Vous avez 1 accord en cours")

	b.tabs(header + 1)
	b.write("12")
	b.tabs(1)
	b.do(chromedp.KeyEvent("3"))
	b.tabs(1)
	b.write("1948")
	b.picture("story-2-birth")
	b.enter()
	w.answer().says(t, "Jeanne Morel", "Fatou Diallo peut faire votre déclaration RSA (Caf), avec vous, jusqu'au 12 mars 2027.")
	b.picture("story-3-page")

	b.tabs(header + 1)
	b.enter()
	w.answer().says(t, "Tout arrêter ?", "1 accord va s'arrêter tout de suite.")
	b.tabs(header + 1)
	b.picture("story-4-confirm")
	b.enter()
	w.answer().says(t, "C'est arrêté", "Votre RSA ne s'arrête pas.")
	b.picture("story-5-receipt")

	m, err := s.reg.Mandate(s.ctx, s.helper, s.mandate.ID)
	s.must(err)
	if got := m.State(s.clock.now()); got != consent.Revoked {
		t.Errorf("the mandate is %s", got)
	}
	want := []string{"GET /c/" + s.code, "POST /carte", "POST /carte", "POST /carte", "POST /carte"}
	if got := w.asked(); strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("the browser asked %v, want %v", got, want)
	}
}

// Typing the code from the card, and stopping without seeing: code, Stop, yes.
func TestBrowserStopByTypedCode(t *testing.T) {
	s := newSite(t)
	w := watch(t, s.public)
	b := newBrowser(t)
	b.width(1280)
	b.do(chromedp.Navigate(w.URL + "/carte"))
	b.tabs(4)
	b.write(strings.ToLower(strings.ReplaceAll(s.code, "-", " ")))
	b.tabs(2)
	b.enter()
	w.answer().says(t, "Tout arrêter ?")
	b.tabs(4)
	b.enter()
	w.answer().says(t, "C'est arrêté")
}

// A11y: no fault found by axe-core (WCAG 2.2 AA and best practice) in any page,
// at 1280 and 320 px, in every language; nothing wider than the window, nothing
// smaller than 14 pt, nothing to press under 44 px.
func TestA11yPersonPages(t *testing.T) {
	s, long, other := newSite(t), newSite(t), newSite(t)
	s.live()
	long.longStory()
	a := newAudit(t)
	for _, lang := range []string{"fr", "en"} {
		a.page(lang+"-code", s.get(s.public, "/carte?lang="+lang))
		a.page(lang+"-slip", s.post(s.public, "/carte", []string{"action", "see", "code", "C-3333-3333-33333", "lang", lang}))
		a.page(lang+"-square", s.get(s.public, "/c/"+s.code+"?lang="+lang))
		a.page(lang+"-birth", s.cardIn(lang, "see"))
		a.page(lang+"-birth-wrong", s.cardIn(lang, "open", "day", "13", "month", "3", "year", "1948"))
		a.page(lang+"-page", s.open(lang))
		a.page(lang+"-confirm", s.cardIn(lang, "stop"))
		a.page(lang+"-confirm-one", s.cardIn(lang, "stop", "mandate", string(s.mandate.ID)))
		a.page(lang+"-check-code", s.cardIn(lang, "check", "mandate", string(s.mandate.ID), "service", "caf"))
		a.page(lang+"-check", s.get(s.public, "/verifier", "Accept-Language", lang))
		a.page(lang+"-check-slip", s.post(s.public, "/verifier", []string{"code", "S", "ref", "1", "procedure", "caf/rsa_declaration", "mode", "do_for_present"}, "Accept-Language", lang))
		a.page(lang+"-check-no", s.post(s.public, "/verifier", []string{
			"code", "S" + unknownCode(t)[1:], "ref", s.mandate.Ref, "procedure", "caf/rsa_declaration", "mode", "do_for_present", "day", "2027-01-11",
		}, "Accept-Language", lang))
		a.page(lang+"-missing", s.get(s.public, "/nothing", "Accept-Language", lang))
	}
	a.page("fr-check-yes", s.asked(s.given("caf"), s.mandate.Ref, "caf/rsa_declaration", "do_for_present", ""))
	proof := proofOf(t, s.open("fr"))
	a.page("fr-asked", s.card("ask", "right", "copy", "proof", proof))
	a.page("fr-page-asked", s.open("fr"))
	a.page("fr-confirm-part", s.card("stop", "part", "service:ameli", "proof", proof))
	a.page("fr-receipt-part", s.card("stop_confirmed", "part", "service:ameli", "proof", proof))
	a.page("fr-receipt-part-untold", s.card("stop_confirmed", "part", "service:ameli"))
	a.page("fr-receipt", s.card("stop_confirmed", "proof", proof))
	a.page("fr-receipt-nothing", s.card("stop_confirmed"))
	a.page("fr-page-stopped", s.open("fr"))
	a.page("fr-page-long", long.open("fr"))
	for _, kind := range []consent.CardKind{consent.CardStop, consent.CardDiscreet} {
		other.reissue(kind)
		a.page("fr-see-"+string(kind), other.card("see"))
		a.page("fr-page-"+string(kind), other.open("fr"))
	}
	a.all(true, "fr-code", "fr-birth-wrong", "fr-page", "fr-confirm", "fr-receipt", "fr-check")
}

func TestA11yStaffPages(t *testing.T) {
	s := newSite(t)
	a := newAudit(t)
	for _, lang := range []string{"fr", "en"} {
		cookie := s.session(s.link(charter.Volunteer))
		a.page(lang+"-staff-signin", s.get(s.staff, "/", "Accept-Language", lang))
		a.page(lang+"-staff-link", s.get(s.staff, s.link(charter.Secretary), "Accept-Language", lang))
		a.page(lang+"-staff-home", s.get(s.staff, "/", "Cookie", cookie, "Accept-Language", lang))
		a.page(lang+"-staff-reference", s.get(s.staff, "/api", "Accept-Language", lang))
		a.page(lang+"-staff-fault", s.get(s.staff, "/nothing", "Accept-Language", lang))
	}
	a.all(false, "fr-staff-home")
}

// An accessibility audit serves answers again, as they were, under addresses
// that a browser can open: pages that come by POST can be looked at twice.
type accessibility struct {
	t     *testing.T
	names []string
	mux   *http.ServeMux
}

func newAudit(t *testing.T) *accessibility {
	t.Helper()
	return &accessibility{t: t, mux: http.NewServeMux()}
}

func (a *accessibility) page(name string, r reply) {
	a.names = append(a.names, name)
	a.mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
		for _, h := range []string{"Content-Type", "Content-Security-Policy", "Referrer-Policy"} {
			w.Header().Set(h, r.Header.Get(h))
		}
		if _, err := w.Write([]byte(r.body)); err != nil {
			a.t.Log(err)
		}
	})
}

// all judges every page. large asks for the sizes of the person's pages; in the
// dark only the colours change, so the pages named dark stand for all.
func (a *accessibility) all(large bool, dark ...string) {
	a.t.Helper()
	server := httptest.NewServer(a.mux)
	a.t.Cleanup(server.Close)
	axe := axeCore(a.t)
	b := newBrowser(a.t)
	for i, names := range [][]string{a.names, dark} {
		b.dark(i == 1)
		for _, name := range names {
			b.do(chromedp.Navigate(server.URL + "/" + name))
			if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](axe)); err != nil {
				a.t.Fatal(err)
			}
			for _, width := range []int64{1280, 320} {
				label := fmt.Sprintf("%s-%d-%s", name, width, []string{"light", "dark"}[i])
				b.width(width)
				b.picture(label)
				a.judge(b, label, width, large)
			}
		}
	}
}

func (a *accessibility) judge(b *browser, label string, width int64, large bool) {
	a.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](findings, chromedp.EvalAwaitPromise))
	if err != nil {
		a.t.Fatalf("%s: %v", label, err)
	}
	var report struct {
		Passes     int
		Violations []struct{ ID, Help, Where string }
		Wide       int64
		Small      []string // texts under 14 pt
		Tight      []string // targets under 44 px
	}
	if err := json.Unmarshal([]byte(found), &report); err != nil {
		a.t.Fatal(err)
	}
	if report.Passes < 10 {
		a.t.Errorf("%s: axe looked at %d rules only", label, report.Passes)
	}
	for _, v := range report.Violations {
		a.t.Errorf("%s: %s: %s: %s", label, v.ID, v.Help, v.Where)
	}
	if report.Wide > width {
		a.t.Errorf("%s: the page is %d px wide", label, report.Wide)
	}
	if large && len(report.Small) > 0 {
		a.t.Errorf("%s: smaller than 14 pt: %q", label, report.Small)
	}
	if large && len(report.Tight) > 0 {
		a.t.Errorf("%s: lower than 44 px: %q", label, report.Tight)
	}
}

// axeCore is the script of axe-core.
func axeCore(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		for _, place := range []string{"node_modules", ".ci/node_modules"} {
			script, err := os.ReadFile(filepath.Join(dir, place, "axe-core", "axe.min.js"))
			if err == nil {
				return string(script) + "\n;true"
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no axe-core: run make tools")
		}
		dir = parent
	}
}

// findings asks axe, and measures what axe does not.
const findings = `(async () => {
	const r = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]});
	const small = new Set(), tight = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode())
		if (n.data.trim() && parseFloat(getComputedStyle(n.parentElement).fontSize) < 14 / 72 * 96)
			small.add(n.data.trim());
	for (const e of document.querySelectorAll("button, a.button, input:not([type=hidden]), select, summary"))
		if (e.getBoundingClientRect().height < 44) tight.add(e.textContent.trim() || e.id);
	return JSON.stringify({
		Passes: r.passes.length,
		Violations: r.violations.map(v => ({ID: v.id, Help: v.help, Where: v.nodes.map(n => n.html).slice(0, 3).join(" ")})),
		Wide: document.documentElement.scrollWidth, Small: [...small], Tight: [...tight],
	});
})()`
