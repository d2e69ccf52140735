package pages

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"aval/api/door"
	"aval/charter"
	"aval/consent"
)

// The page of a counter that is shown a mandate: is it valid for this? It asks no
// account and tells yes or no; for all that is not right, the same no.

// A checkView asks what a counter wants to know.
type checkView struct {
	cardSheet
	Check    string // the code, when a square brought it
	Ref      string
	Services []serviceView
	Modes    []choiceView
}

// askCheck is GET /verifier, and GET /verifier/CODE/REF, a square that a person
// shows: nothing is looked up.
func (p *Pages) askCheck(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	code, ref := c.Param("code"), c.Param("ref")
	if len(code) > maxCode || len(ref) > maxCode {
		code, ref = "", ""
	}
	return p.show(c, http.StatusOK, "check", p.checkView(v, code, ref))
}

func (p *Pages) checkView(v *door.Visit, code, ref string) checkView {
	view := checkView{cardSheet: p.cardSheet(v, "", ""), Check: code, Ref: ref}
	view.Title, view.Switch, view.OnlyFrench, view.Exit = view.say("check.title"), nil, false, "" // a clerk at work
	view.Services = catalogueOf(p.door.Register.Charter(), view.Lang())
	for _, m := range []charter.Mode{charter.DoForPresent, charter.DoForAbsent} {
		view.Modes = append(view.Modes, choiceView{
			Value: string(m), Label: view.say("check." + string(m)), Chosen: m == charter.DoForPresent,
		})
	}
	return view
}

// A checkedView is the answer.
type checkedView struct {
	cardSheet
	Valid           bool
	What, How, When string
}

// check is POST /verifier.
func (p *Pages) check(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	f, err := form(c, "code", "ref", "procedure", "mode", "day")
	if err != nil {
		return err
	}
	service, procedure, _ := strings.Cut(f["procedure"], "/")
	q := consent.CheckQuestion{Ref: refTyped(f["ref"]), Day: f["day"], Want: consent.Power{
		Service: charter.ServiceCode(service), Procedure: charter.ProcedureCode(procedure), Mode: charter.Mode(f["mode"]),
	}}
	ch := p.door.Register.Charter()
	what, known := ch.Procedure(q.Want.Service, q.Want.Procedure)
	of, _ := ch.Service(q.Want.Service)
	if !known || q.Want.Mode != charter.DoForPresent && q.Want.Mode != charter.DoForAbsent {
		return &door.Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	}
	valid, err := p.door.CheckMandate(c.Request().Context(), v, f["code"], q)
	if invalid, ok := errors.AsType[*consent.Invalid](err); ok {
		view := p.checkView(v, "", "")
		view.Problem = view.say("check.problem." + invalid.Reason)
		return p.show(c, http.StatusBadRequest, "check", view)
	}
	if err != nil {
		return err
	}
	view := checkedView{cardSheet: p.cardSheet(v, "", ""), Valid: valid}
	view.Title, view.Switch, view.OnlyFrench, view.Exit = view.say("check.title"), nil, false, "" // a clerk at work
	view.What = view.say("check.what", "Service", of.Label.In(view.Lang()), "What", what.Label.In(view.Lang()))
	view.How = view.say("check." + string(q.Want.Mode))
	view.When = view.say("check.now")
	if day, err := time.Parse(time.DateOnly, q.Day); err == nil {
		view.When = view.say("check.on", "Date", view.date(day))
	}
	return p.show(c, http.StatusOK, "checked", view)
}

// A checkCodeView is a code for a counter as the person or a helper shows it.
type checkCodeView struct {
	cardSheet
	Service, Ref, Counter, Until, Site string
	Square                             squareView
}

func (p *Pages) checkCodeView(sheet cardSheet, issued *consent.IssuedCheck) (checkCodeView, error) {
	view := checkCodeView{
		cardSheet: sheet, Ref: spaced(issued.Ref), Counter: issued.Code.Shown(), Site: p.door.PublicURL + "/verifier",
		Until: sheet.date(issued.Expires.In(zone(issued.TZ))), Service: string(issued.Service),
	}
	if known, ok := p.door.Register.Charter().Service(issued.Service); ok {
		view.Service = known.Label.In(sheet.Lang())
	}
	var err error
	view.Square, err = square(strings.ToUpper(view.Site + "/" + view.Counter + "/" + issued.Ref))
	return view, err
}

// giveCheck makes a code for a counter, from the person's page.
func (p *Pages) giveCheck(c echo.Context, v *door.Visit, f cardForm) error {
	ctx := c.Request().Context()
	a, err := p.door.Card(ctx, v, f.code)
	if err != nil {
		return err
	}
	issued, err := p.door.Register.IssueCheck(ctx, a, consent.MandateID(f.mandate), charter.ServiceCode(f.service))
	if err != nil {
		return err
	}
	sheet := p.cardSheet(v, f.code, "")
	sheet.Switch = nil // to ask for it again would be to make another
	view, err := p.checkCodeView(sheet, issued)
	if err != nil {
		return err
	}
	return p.show(c, http.StatusOK, "check_code", view)
}

// A deskCheckView is the same at the desk.
type deskCheckView struct {
	deskView
	Paper   checkCodeView
	Mandate consent.MandateID
}

// deskCheck is POST /mandat/controle.
func (p *Pages) deskCheck(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "service")
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	issued, err := d.register().IssueCheck(d.ctx, d.actor, id, charter.ServiceCode(f["service"]))
	if err != nil {
		return err
	}
	v := deskCheckView{deskView: d.view("check_code.title"), Mandate: id}
	v.Paper, err = p.checkCodeView(cardSheet{sheet: sheet{speaker: p.words.in(language.French)}}, issued)
	if err != nil {
		return err
	}
	return d.show("desk_check", v)
}

// refTyped is a reference without what people write between its digits.
func refTyped(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0.-", r) {
			return -1
		}
		return r
	}, s)
}
