package pages

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"aval/api/door"
	"aval/consent"
)

// A cardSheet is what the person's pages have in common.
type cardSheet struct {
	sheet
	Exit       string
	Stay       string // names the visit until it is left; "" on the page of a square
	Code       string // as it was typed, for the next form
	Proof      string // that the page was opened with the birth date (see door.Prove)
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
	Part    string
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
	actAsk           = "ask"
	actCheck         = "check"
)

// cardSheet begins a page of the visit. switchTo is the action that shows the
// page again, "" when a GET does.
func (p *Pages) cardSheet(v *door.Visit, code, switchTo string) cardSheet {
	say := p.words.in(v.Lang)
	way := wayOut
	if v.Stay != "" {
		way += "/" + v.Stay
	}
	return cardSheet{
		sheet: sheet{speaker: say, Title: say.say("title"), Style: p.style}, Exit: way, Stay: v.Stay, Code: code,
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
	v.Stay = stayOf("")
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
	right                          string
	part, proof                    string // of the page: what to stop, and that it was opened
	day, month, year               string
}

func (p *Pages) readCardForm(c echo.Context) (*door.Visit, cardForm, error) {
	f, err := form(c, "action", "code", "lang", "stay", "mandate", "service", "right", "part", "proof", "day", "month", "year")
	if err != nil {
		return p.visit(c, ""), cardForm{}, err
	}
	v := p.visit(c, f["lang"])
	v.Stay = stayOf(f["stay"])
	return v, cardForm{
		action: f["action"], code: f["code"], mandate: f["mandate"], service: f["service"], right: f["right"], part: f["part"], proof: f["proof"],
		day: f["day"], month: f["month"], year: f["year"],
	}, nil
}

// card is POST /carte: each button of the person's pages.
func (p *Pages) card(c echo.Context) error {
	v, f, err := p.readCardForm(c)
	if err != nil {
		return err
	}
	if p.stays.over(v.Stay, p.door.Now()) {
		v.Stay = stayOf("")
		return p.show(c, http.StatusOK, "code", p.cardSheet(v, "", ""))
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
	case actAsk:
		err = p.askRight(c, v, f)
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
	sheet := p.cardSheet(v, f.code, actSee)
	if !page.Discreet { // with it a receipt says what is left to do, and where
		sheet.Proof = p.door.Prove(f.code)
	}
	raw, err := p.renderPerson(sheet, page, p.door.Register.Charter())
	if err != nil {
		return err
	}
	return p.send(c, http.StatusOK, raw, v.Lang.String())
}
