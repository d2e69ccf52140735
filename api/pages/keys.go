package pages

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/passkey"
)

// Signing in with a passkey, and the page of one's own keys and sessions. A small
// script asks the browser for the key; without scripts a page says what to do.

// keys mounts the pages of keys and sessions.
func (p *Pages) keys(g *echo.Group) {
	g.POST("/cle/demander", p.askKey)
	g.POST("/cle/entrer", p.enterByKey)
	g.POST("/structure", p.chooseStructure)
	g.GET("/structure", p.structures)
	g.POST("/reprendre", p.carryOn)
	g.GET("/moi/cles", p.ownKeys)
	g.POST("/moi/cles", p.ownKeysNamed)
	g.POST("/moi/cles/demander", p.askNewKey)
	g.POST("/moi/cles/ajouter", p.addKey)
	g.POST("/moi/cles/retirer", p.removeKey)
	g.POST("/moi/sessions/fermer", p.endSession)
	g.POST("/referent/perdu", p.readmit)
	g.POST("/mandat/cle", p.askSignature)
}

// hasPasskeys tells whether browsers know passkeys at this address.
func (p *Pages) hasPasskeys() bool {
	_, err := p.door.Party()
	return err == nil
}

// asked answers the script.
func asked(c echo.Context, a consent.Asked) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(http.StatusOK, struct {
		Ceremony consent.CeremonyID `json:"ceremony"`
		Options  json.RawMessage    `json:"options"`
	}{a.Ceremony, a.Options})
}

// askKey is POST /cle/demander: what the script asks the browser.
func (p *Pages) askKey(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := p.door.AskPasskey(ctx, door.VisitOf(ctx))
	if err != nil {
		return err
	}
	return asked(c, a)
}

// answerOf is what the script put into a form.
func answerOf(f map[string]string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(f["answer"])
	if err != nil {
		return nil, &consent.Invalid{Pointer: "/answer", Reason: "passkey_answer"}
	}
	return raw, nil
}

// enterByKey is POST /cle/entrer. A form that was held goes on where it was.
func (p *Pages) enterByKey(c echo.Context) error {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	f, err := form(c, "ceremony", "answer", "held")
	if err != nil {
		return err
	}
	answer, err := answerOf(f)
	if err != nil {
		return err
	}
	w, err := p.door.SignInByPasskey(ctx, v, f["ceremony"], answer)
	if err != nil {
		return p.notIn(c, err, f["held"])
	}
	return p.entered(c, w, f["held"])
}

// entered puts a new session into the cookie and goes on.
func (p *Pages) entered(c echo.Context, w consent.Welcome, held string) error {
	p.door.Enters(c.Response(), door.VisitOf(c.Request().Context()), w)
	switch {
	case w.Space == "":
		return c.Redirect(http.StatusSeeOther, "/structure")
	case held != "" && w.SteppedUp:
		return p.goOn(c, held)
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// notIn shows the page again from which a sign-in failed.
func (p *Pages) notIn(c echo.Context, err error, held string) error {
	f := door.FaultOf(err)
	if f.Status >= http.StatusInternalServerError {
		return err
	}
	v := door.VisitOf(c.Request().Context())
	door.FaultHeaders(c.Response().Header(), f)
	if held != "" && p.door.Holds(c.Request().Context(), v, held) {
		return p.whoIsThere(c, v, f, held)
	}
	return p.signInPage(c, v, f.Status, p.door.Detail(v, f))
}

// A signInView is the page for who is not signed in.
type signInView struct {
	staffView
	Problem  string
	Passkeys bool   // browsers know them at this address
	Held     string // a form that waits, sealed
	Reading  bool   // nothing waits but a page
}

func (p *Pages) signInPage(c echo.Context, v *door.Visit, status int, problem string) error {
	view := signInView{staffView: staffView{sheet: p.staffSheet(c, v, "signin.title")}, Problem: problem, Passkeys: p.hasPasskeys()}
	if view.Passkeys {
		view.Script = p.script
	}
	return p.show(c, status, "signin", view)
}

// whoIsThere asks who is there, of a session that was left alone or whose last
// proof is too old for what was asked. What was typed waits in the page, sealed.
func (p *Pages) whoIsThere(c echo.Context, v *door.Visit, f door.Fault, held string) error {
	view := signInView{
		staffView: staffView{sheet: p.staffSheet(c, v, "again.title")}, Passkeys: p.hasPasskeys(), Held: held,
		Reading: c.Request().Method == http.MethodGet,
	}
	if f.Reason != "step_up" {
		view.Problem = p.door.Detail(v, f)
	}
	if view.Passkeys {
		view.Script = p.script
	}
	return p.show(c, f.Status, "again", view)
}

// A waiting form is what is held: a page that was asked for, or a form with all
// that was typed.
type waiting struct {
	Method string `json:"m"`
	Path   string `json:"p"`
	Form   string `json:"f,omitempty"`
}

// hold seals what a request asked for, for after its sender has shown who they are;
// empty when there is no session to hold it for.
func (p *Pages) hold(c echo.Context, v *door.Visit) string {
	r := c.Request()
	w := waiting{Method: r.Method, Path: r.URL.Path}
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil { // a form that cannot be read has nothing to keep
			return ""
		}
		w.Form = r.PostForm.Encode()
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return ""
	}
	held, err := p.door.Hold(r.Context(), v, raw)
	if err != nil {
		return ""
	}
	return held
}

// carryOn is POST /reprendre: who showed in another tab that it is them comes back
// to what waits.
func (p *Pages) carryOn(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	f, err := form(c, "held")
	if err != nil {
		return err
	}
	_, err = p.door.Actor(c.Request().Context(), v)
	if fault := door.FaultOf(err); fault.Reason == "step_up" && p.door.Holds(c.Request().Context(), v, f["held"]) {
		return p.whoIsThere(c, v, fault, f["held"])
	}
	if err != nil {
		return err
	}
	return p.goOn(c, f["held"])
}

// goOn does what was held: shows the page, or takes the form as if it were sent now.
func (p *Pages) goOn(c echo.Context, held string) error {
	raw, err := p.door.Held(c.Request().Context(), door.VisitOf(c.Request().Context()), held)
	if err != nil {
		return err
	}
	var w waiting
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	if w.Method != http.MethodPost {
		return c.Redirect(http.StatusSeeOther, w.Path)
	}
	again, err := http.NewRequestWithContext(c.Request().Context(), w.Method, w.Path, nil)
	if err != nil {
		return err
	}
	again.Header, again.RemoteAddr, again.Host = c.Request().Header, c.Request().RemoteAddr, c.Request().Host
	if again.PostForm, err = url.ParseQuery(w.Form); err != nil {
		return err
	}
	again.Form = again.PostForm
	c.SetRequest(again)
	c.Echo().Router().Find(w.Method, w.Path, c)
	return c.Handler()(c)
}

// structures is GET /structure: for whom do I work now?
func (p *Pages) structures(c echo.Context) error {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	list, err := p.door.Choices(ctx, v)
	if err != nil {
		return err
	}
	view := structuresView{staffView: staffView{sheet: p.staffSheet(c, v, "structures.title")}, Token: p.door.ChoiceToken(v)}
	for _, x := range list {
		view.List = append(view.List, choiceView{Value: string(x.Member), Label: x.Name, Chosen: x.Here})
	}
	return p.show(c, http.StatusOK, "structures", view)
}

type structuresView struct {
	staffView
	Token string
	List  []choiceView
}

// chooseStructure is POST /structure.
func (p *Pages) chooseStructure(c echo.Context) error {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	f, err := form(c, "choice", "member")
	if err != nil {
		return err
	}
	if f["choice"] != p.door.ChoiceToken(v) {
		return &door.Fault{Status: http.StatusForbidden, Reason: "cross_origin"}
	}
	w, err := p.door.ChooseSpace(ctx, v, consent.MemberID(f["member"]))
	if err != nil {
		return err
	}
	return p.entered(c, w, "")
}

// A keysView is one's own keys and sessions.
type keysView struct {
	deskView
	Passkeys bool
	Keys     []keyView
	Named    bool
	Fresh    bool // the last proof is new enough to change anything
	Sessions []sessionView
	Several  bool // structures to choose among
}

// A keyView is a key as its holder, or the referent, sees it.
type keyView struct {
	ID                      consent.PasskeyID
	Name, Added, Used, Kept string
	Copied                  bool
}

// A sessionView is a place where somebody is signed in.
type sessionView struct {
	ID               consent.SessionID
	Used, Since, How string
	Here             bool
}

// ownKeys is GET /moi/cles.
func (p *Pages) ownKeys(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.keysPage(nil, false)
}

// ownKeysNamed is POST /moi/cles: with the names that one gave them.
func (p *Pages) ownKeysNamed(c echo.Context) error {
	d, _, err := p.posted(c)
	if err != nil {
		return err
	}
	return d.keysPage(nil, true)
}

func (d *desk) keysPage(problem error, named bool) error {
	v := keysView{
		deskView: d.view("keys.title"), Passkeys: d.p.hasPasskeys(), Named: named, Fresh: d.actor.MaySign(d.now()),
	}
	v.Script = d.p.script
	list, err := d.register().Passkeys(d.ctx, d.actor)
	if err != nil {
		return err
	}
	if v.Keys = d.keyViews(list); named {
		names, err := d.register().PasskeyNames(d.ctx, d.actor)
		if err != nil {
			return err
		}
		for i := range v.Keys {
			v.Keys[i].Name = names[v.Keys[i].ID].Reveal()
		}
	}
	sessions, err := d.register().Sessions(d.ctx, d.actor)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		v.Sessions = append(v.Sessions, sessionView{
			ID: s.ID, Used: d.instant(s.Seen), Since: d.instant(s.Opened), How: d.say("keys.by." + string(s.By)), Here: d.actor.Current(s.ID),
		})
	}
	choices, err := d.p.door.Choices(d.ctx, d.v)
	if err != nil {
		return err
	}
	if v.Several = len(choices) > 1; problem != nil {
		return d.again(problem, "keys", &v.Problem, &v)
	}
	return d.show("keys", v)
}

func (d *desk) keyViews(list []*consent.Passkey) []keyView {
	views := make([]keyView, len(list))
	for i, k := range list {
		views[i] = keyView{
			ID: k.ID, Name: d.say("keys.number", "N", i+1), Added: d.instant(k.Added), Used: d.instant(k.Used), Copied: !k.Copied.IsZero(),
			Kept: d.say("keys.device"),
		}
		if key, err := passkey.Credential(k.Record).Read(); err == nil && key.Synced {
			views[i].Kept = d.say("keys.synced")
		}
	}
	return views
}

// askNewKey is POST /moi/cles/demander: what the script asks the browser.
func (p *Pages) askNewKey(c echo.Context) error {
	d, _, err := p.posted(c, "ceremony", "answer")
	if err != nil {
		return err
	}
	at, err := p.door.Party()
	if err != nil {
		return err
	}
	a, err := d.register().AskNewPasskey(d.ctx, d.actor, at)
	if err != nil {
		return err
	}
	return asked(c, a)
}

// addKey is POST /moi/cles/ajouter.
func (p *Pages) addKey(c echo.Context) error {
	d, f, err := p.posted(c, "name", "ceremony", "answer")
	if err != nil {
		return err
	}
	if err := d.addKey(f); err != nil {
		return d.keysPage(err, false)
	}
	return c.Redirect(http.StatusSeeOther, "/moi/cles")
}

func (d *desk) addKey(f map[string]string) error {
	at, err := d.p.door.Party()
	if err != nil {
		return err
	}
	answer, err := answerOf(f)
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 60})
	if err != nil {
		return err
	}
	_, err = d.register().AddPasskey(d.ctx, d.actor, at, consent.CeremonyID(f["ceremony"]), answer, clean[0])
	return err
}

// askSignature is POST /mandat/cle: the helper's key is to sign a mandate.
func (p *Pages) askSignature(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "how", "ceremony", "answer")
	if err != nil {
		return err
	}
	at, err := p.door.Party()
	if err != nil {
		return err
	}
	a, err := d.register().AskAcceptance(d.ctx, d.actor, at, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	return asked(c, a)
}

// accept accepts a mandate for the structure, with what the helper's key signed
// where they came in by one.
func (d *desk) accept(id consent.MandateID, f map[string]string) (*consent.Mandate, error) {
	if f["answer"] == "" {
		return d.register().AcceptMandate(d.ctx, d.actor, id)
	}
	at, err := d.p.door.Party()
	if err != nil {
		return nil, err
	}
	answer, err := answerOf(f)
	if err != nil {
		return nil, err
	}
	return d.register().AcceptMandateByPasskey(d.ctx, d.actor, at, id, consent.CeremonyID(f["ceremony"]), answer)
}

// removeKey is POST /moi/cles/retirer.
func (p *Pages) removeKey(c echo.Context) error {
	d, f, err := p.posted(c, "key")
	if err != nil {
		return err
	}
	if err := d.register().RemovePasskey(d.ctx, d.actor, consent.PasskeyID(f["key"])); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moi/cles")
}

// endSession is POST /moi/sessions/fermer.
func (p *Pages) endSession(c echo.Context) error {
	d, f, err := p.posted(c, "session")
	if err != nil {
		return err
	}
	if err := d.register().EndSession(d.ctx, d.actor, consent.SessionID(f["session"])); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moi/cles")
}

// readmit is POST /referent/perdu: a member lost their device, and the referent
// checked that it is them who asks.
func (p *Pages) readmit(c echo.Context) error {
	d, f, err := p.posted(c, "member", "why", "checked")
	if err != nil {
		return err
	}
	made, err := d.register().Readmit(d.ctx, d.actor, consent.MemberID(f["member"]), consent.Loss{
		Why: consent.LossReason(f["why"]), Checked: consent.IdentityCheck(f["checked"]),
	})
	if err != nil {
		return d.officeAgain(err)
	}
	return d.linked(made, true)
}

// readmissions are the answers that a referent chooses from.
func (d *desk) readmissions() (why, checked []choiceView) {
	for _, w := range consent.LossReasons {
		why = append(why, choiceView{Value: string(w), Label: d.say("readmit.why." + string(w))})
	}
	for _, w := range consent.IdentityChecks {
		checked = append(checked, choiceView{Value: string(w), Label: d.say("readmit.checked." + string(w))})
	}
	return why, checked
}

// stepUp tells whether a fault asks who is there, of somebody whose request can
// wait: the questions of the script cannot, it asks anew.
func stepUp(c echo.Context, f door.Fault) bool {
	return f.Reason == "step_up" && !slices.Contains([]string{"/moi/cles/demander", "/cle/demander", "/mandat/cle"}, c.Path())
}
