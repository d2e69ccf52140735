package pages

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"aval/api/door"
	"aval/consent"
)

// exit is where "leave quickly" leads. The weather: an ordinary page of a public
// service, which says nothing of whoever looks at it, and which anybody may have
// open at any time. An empty page would itself be odd to find on a phone.
const exit = "https://meteofrance.com/"

// A cardSheet is what the person's pages have in common.
type cardSheet struct {
	sheet
	Exit       string
	Code       string // as it was typed, for the next form
	Problem    string // what was wrong with the last one
	OnlyFrench bool
	Switch     *languageSwitch
}

// A languageSwitch shows the same step in another language: by GET where the page
// came by GET, else by the action that leads there again. A revealed page or a
// receipt leads back to the step before it, or has none.
type languageSwitch struct {
	Action  string
	Mandate string
	Choices []choice
}

// A choice is a language, named in itself: who looks for theirs must find it.
type choice struct{ Lang, Name string }

// The actions of the form, as the buttons send them.
const (
	actSee           = "see"
	actOpen          = "open"
	actStop          = "stop"
	actStopConfirmed = "stop_confirmed"
	actCheck         = "check"
)

// cardSheet begins a page of the visit. switchTo is the action that shows the
// page again, "" when a GET does.
func (p *Pages) cardSheet(v *door.Visit, code, switchTo string) cardSheet {
	say := p.words.in(v.Lang)
	return cardSheet{
		sheet: sheet{speaker: say, Title: say.say("title"), Style: p.style}, Exit: exit, Code: code,
		OnlyFrench: !isFrench(v.Lang),
		Switch:     &languageSwitch{Action: switchTo, Choices: p.words.choices},
	}
}

// isFrench tells French, easy to read or not, from any other language.
func isFrench(tag language.Tag) bool {
	base, _ := tag.Base()
	return base.String() == "fr"
}

// visit is the visit of a request in the language that was chosen, or asked for.
func (p *Pages) visit(c echo.Context, lang string) *door.Visit {
	v := door.VisitOf(c.Request().Context())
	v.Lang = p.words.chosen(lang, c.Request().Header.Get("Accept-Language"))
	return v
}

// askCode is GET /carte.
func (p *Pages) askCode(c echo.Context) error {
	v := p.visit(c, c.QueryParam("lang"))
	return p.show(c, http.StatusOK, "code", p.cardSheet(v, "", ""))
}

// hello is GET /c/CODE, the square on the card. Scanners, previews of messages
// and passers-by open addresses: so nothing is looked up, nothing is written and
// nothing is said, and the answer is the same for any code.
func (p *Pages) hello(c echo.Context) error {
	v := p.visit(c, cmp.Or(c.QueryParam("lang"), c.Param("lang")))
	code := c.Param("code")
	if len(code) > maxCode {
		code = ""
	}
	return p.show(c, http.StatusOK, "hello", p.cardSheet(v, code, ""))
}

// maxCode bounds a code as it is typed, in bytes.
const maxCode = 64

// A cardForm is what the person's forms send. None has all members.
type cardForm struct {
	action, code, mandate, service string
	day, month, year               string
}

func (p *Pages) readCardForm(c echo.Context) (*door.Visit, cardForm, error) {
	f, err := form(c, "action", "code", "lang", "mandate", "service", "day", "month", "year")
	if err != nil {
		return p.visit(c, ""), cardForm{}, err
	}
	return p.visit(c, f["lang"]), cardForm{
		action: f["action"], code: f["code"], mandate: f["mandate"], service: f["service"],
		day: f["day"], month: f["month"], year: f["year"],
	}, nil
}

// card is POST /carte: each button of the person's pages.
func (p *Pages) card(c echo.Context) error {
	v, f, err := p.readCardForm(c)
	if err != nil {
		return err
	}
	switch f.action {
	case actSee:
		err = p.glance(c, v, f)
	case actOpen:
		err = p.open(c, v, f)
	case actStop:
		err = p.confirm(c, v, f)
	case actStopConfirmed:
		err = p.stop(c, v, f)
	case actCheck:
		err = p.giveCheck(c, v, f)
	default:
		return &door.Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	}
	if id := slipOf(err); id != "" {
		return p.codeAgain(c, v, id, door.FaultOf(err).Status)
	}
	return err
}

// slipOf gives the sentence about a code that opens nothing, "" for any other
// error.
func slipOf(err error) string {
	if missing, ok := errors.AsType[*consent.NotFound](err); ok && missing.Kind == "card" {
		return "code.unknown"
	}
	invalid, ok := errors.AsType[*consent.Invalid](err)
	switch {
	case ok && invalid.Reason == "card_check":
		return "code.check"
	case ok && invalid.Reason == "card_form":
		return "code.form"
	}
	return ""
}

// codeAgain asks for the code again. The wrong one is not sent back.
func (p *Pages) codeAgain(c echo.Context, v *door.Visit, problem string, status int) error {
	view := p.cardSheet(v, "", "")
	view.Problem = view.say(problem)
	view.Switch = nil
	return p.show(c, status, "code", view)
}

// A birthView asks for the birth date.
type birthView struct {
	cardSheet
	Count     string // how many agreements
	Months    []monthChoice
	StopsOnly bool // the card opens no page
}

type monthChoice struct {
	Number int
	Name   string
}

// glance is the first step of See: the number of agreements, nothing else.
func (p *Pages) glance(c echo.Context, v *door.Visit, f cardForm) error {
	return p.askBirth(c, v, f, http.StatusOK, "")
}

func (p *Pages) askBirth(c echo.Context, v *door.Visit, f cardForm, status int, problem string) error {
	ctx := c.Request().Context()
	a, err := p.door.Card(ctx, v, f.code)
	if err != nil {
		return err
	}
	g, err := p.door.Register.CardGlance(ctx, a)
	if err != nil {
		return err
	}
	view := birthView{
		cardSheet: p.cardSheet(v, f.code, actSee), Months: p.months(v.Lang), StopsOnly: g.Kind == consent.CardStop,
	}
	view.Count = view.say("count_none")
	if g.Mandates > 0 {
		view.Count = view.number("count", g.Mandates)
	}
	if problem != "" {
		view.Problem = view.say(problem)
	}
	return p.show(c, status, "birth", view)
}

func (p *Pages) months(lang language.Tag) []monthChoice {
	say := p.words.in(lang)
	list := make([]monthChoice, 12)
	for i := range list {
		list[i] = monthChoice{Number: i + 1, Name: say.month(time.Month(i + 1))}
	}
	return list
}

// open is the second step of See: code and birth date reveal the page.
func (p *Pages) open(c echo.Context, v *door.Visit, f cardForm) error {
	birth, ok := birthOf(f.day, f.month, f.year)
	if !ok {
		return p.askBirth(c, v, f, http.StatusBadRequest, "birth.invalid")
	}
	page, err := p.door.CardPage(c.Request().Context(), v, f.code, birth)
	if invalid, ok := errors.AsType[*consent.Invalid](err); ok && invalid.Pointer == "/birth" {
		return p.askBirth(c, v, f, http.StatusBadRequest, "birth.invalid")
	}
	if refused, ok := errors.AsType[*consent.Refused](err); ok && refused.Reason == string(consent.BirthDateDiffers) {
		return p.askBirth(c, v, f, http.StatusForbidden, "birth.wrong")
	} else if ok && refused.Reason == string(consent.CardStopsOnly) {
		return p.askBirth(c, v, f, http.StatusForbidden, "")
	}
	if err != nil {
		return err
	}
	raw, err := p.renderPerson(p.cardSheet(v, f.code, actSee), page, p.door.Register.Charter())
	if err != nil {
		return err
	}
	return p.send(c, http.StatusOK, raw, v.Lang.String())
}

// A confirmView asks whether to stop.
type confirmView struct {
	cardSheet
	Count   string
	Mandate string // "" for all
}

// confirm is the first step of Stop. It asks no birth date: when in doubt, stop
// (domain.md §9).
func (p *Pages) confirm(c echo.Context, v *door.Visit, f cardForm) error {
	ctx := c.Request().Context()
	view := confirmView{cardSheet: p.cardSheet(v, f.code, actStop), Mandate: f.mandate}
	view.Switch.Mandate = f.mandate
	a, err := p.door.Card(ctx, v, f.code)
	if _, held := errors.AsType[*consent.TooMany](err); held {
		view.Count = view.say("confirm.whatever")
		return p.show(c, http.StatusOK, "confirm", view)
	}
	if err != nil {
		return err
	}
	g, err := p.door.Register.CardGlance(ctx, a)
	if err != nil {
		return err
	}
	if g.Mandates == 0 {
		return p.show(c, http.StatusOK, "receipt", p.receipt(v, f, nil))
	}
	view.Count = view.number("confirm.what", g.Mandates)
	return p.show(c, http.StatusOK, "confirm", view)
}

// A receiptView says what was stopped. It names no service and no structure:
// whoever found the card could have stopped.
type receiptView struct {
	cardSheet
	Count, When, Proof, After, Nothing string
	Refs                               []string
	Untold                             bool // whether there was something to stop
}

// stop is the second step of Stop. What is shown has been committed. Beyond
// the limits on wrong codes it is the same for a right one and a wrong one.
func (p *Pages) stop(c echo.Context, v *door.Visit, f cardForm) error {
	var receipt *consent.Receipt
	told, err := p.door.Stop(c.Request().Context(), v, f.code, func(a consent.Actor) (err error) {
		receipt, err = p.stopFor(c.Request().Context(), a, f)
		return err
	})
	if err != nil {
		return err
	}
	view := p.receipt(v, f, receipt)
	if !told {
		view = p.receipt(v, cardForm{code: f.code}, nil)
		view.Nothing = view.say("receipt.untold")
	}
	view.Untold = !told
	return p.show(c, http.StatusOK, "receipt", view)
}

// stopFor stops all, or one agreement; one that is over already is no fault, and
// gives no receipt.
func (p *Pages) stopFor(ctx context.Context, a consent.Actor, f cardForm) (*consent.Receipt, error) {
	if f.mandate == "" {
		return p.door.Register.CardStop(ctx, a)
	}
	id, err := consent.ParseMandateID(f.mandate)
	if err != nil {
		return nil, err
	}
	m, err := p.door.Register.RevokeMandate(ctx, a, id, consent.Scope{})
	if conflict, ok := errors.AsType[*consent.Conflict](err); ok && conflict.Reason == "already_ended" {
		return nil, nil //nolint:nilnil // see above
	}
	if err != nil {
		return nil, err
	}
	return &consent.Receipt{At: m.End.At, Stopped: []*consent.Mandate{m}}, nil
}

// receipt makes the view; a nil or empty receipt says that nothing was left.
func (p *Pages) receipt(v *door.Visit, f cardForm, r *consent.Receipt) receiptView {
	view := receiptView{cardSheet: p.cardSheet(v, f.code, "")}
	view.Switch = nil // to ask for it again would be to stop again
	if r == nil || len(r.Stopped) == 0 {
		view.Nothing = view.say("receipt.nothing")
		if f.mandate != "" {
			view.Nothing = view.say("receipt.already")
		}
		return view
	}
	at := r.At.In(zone(r.Stopped[0].Payload.TZ))
	view.Count = view.number("receipt.stopped", len(r.Stopped))
	view.When = view.say("receipt.when", "Date", view.date(at), "Time", view.clock(at))
	view.After = view.say("confirm.nobody")
	if f.mandate != "" {
		view.After = view.say("confirm.nobody_one")
	}
	for _, m := range r.Stopped {
		view.Refs = append(view.Refs, view.say("receipt.ref", "Ref", spaced(m.Ref)))
	}
	if r.Entry > 0 {
		view.Proof = view.say("receipt.proof", "N", r.Entry)
	}
	return view
}

// spaced writes a reference as it is read aloud: "1234 5678".
func spaced(ref string) string {
	if len(ref) != 8 {
		return ref
	}
	return strings.Join([]string{ref[:4], ref[4:]}, "\u00a0")
}
