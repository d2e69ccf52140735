package pages

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// The official ways back into the services: one sheet each, which says whether
// somebody has checked it.

// A servicesView is the sheet of every service.
type servicesView struct {
	deskView
	Services []recoveryView
	Referent bool
	Today    string
}

// A recoveryView is one service and its official way back.
type recoveryView struct {
	Code             charter.ServiceCode
	Service          string
	Way, Note        string
	Page, Phone      string
	Bring, Delay     string
	Call             string // page and telephone, on one line
	Via              string
	Checked, ToCheck string
	Unchecked        bool
}

// recovery puts a sheet into words. What no person has checked for 90 days says so.
func (d *desk) recovery(s consent.Recovery) recoveryView {
	v := recoveryView{
		Code: s.Service, Service: s.Label.In(d.Lang()), Way: s.Way.In(d.Lang()), Page: s.Page.In(d.Lang()), Phone: s.Phone,
		Bring: s.Bring.In(d.Lang()), Delay: s.Delay.In(d.Lang()), Unchecked: s.Stale,
	}
	if known, ok := d.charter.Service(s.Service); ok && known.Recovery.Note != nil && !s.Own {
		v.Note = known.Recovery.Note.In(d.Lang())
	}
	var via []string
	for _, code := range s.Via {
		via = append(via, d.sheetName(code))
	}
	v.Via = strings.Join(via, ", ")
	v.Call = strings.Join(slices.DeleteFunc([]string{v.Page, v.Phone}, func(t string) bool { return t == "" }), ", ")
	var parts []string
	for _, field := range s.ToCheck {
		parts = append(parts, d.say("sheet_part."+string(field)))
	}
	if len(parts) > 0 {
		v.ToCheck = d.say("services.to_check", "What", strings.Join(parts, ", "))
	}
	switch {
	case s.Checked != "" && s.Stale:
		v.Checked = d.say("services.stale", "Date", d.birth(s.Checked))
	case s.Checked != "":
		v.Checked = d.say("services.checked", "Date", d.birth(s.Checked))
	case s.FoundOn != nil:
		v.Checked = d.say("services.found", "Date", d.birth(*s.FoundOn))
	default:
		v.Checked = d.say("services.unchecked")
	}
	return v
}

// recoveryOf is the sheet of a service; nil when it has none.
func (d *desk) recoveryOf(s charter.ServiceCode) (*recoveryView, error) {
	list, err := d.register().RecoverySheets(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(x consent.Recovery) bool { return x.Service == s })
	if i < 0 {
		return nil, nil
	}
	v := d.recovery(list[i])
	return &v, nil
}

// services is GET /services.
func (p *Pages) services(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.servicesView()
	if err != nil {
		return err
	}
	return d.show("services", v)
}

func (d *desk) servicesView() (*servicesView, error) {
	v := &servicesView{deskView: d.view("services.title"), Referent: d.isReferent(), Today: d.now().In(d.tz).Format(time.DateOnly)}
	if v.Referent { // whose forms are kept in the page when they are refused
		v.Script = d.p.script
	}
	list, err := d.register().RecoverySheets(d.ctx, d.actor)
	for _, s := range list {
		v.Services = append(v.Services, d.recovery(s))
	}
	return v, err
}

// saveRecovery is POST /services/fiche.
func (p *Pages) saveRecovery(c echo.Context) error {
	d, f, err := p.posted(c, "service", "way", "page", "phone", "bring", "delay", "checked")
	if err != nil {
		return err
	}
	clean, err := d.screen(
		screen.Field{Name: "way", Text: f["way"], Kind: screen.Note, Max: 400},
		screen.Field{Name: "page", Text: f["page"], Kind: screen.Place, Max: 120},
		screen.Field{Name: "phone", Text: f["phone"], Kind: screen.Phone, Max: 40},
		screen.Field{Name: "bring", Text: f["bring"], Kind: screen.Note, Max: 300},
		screen.Field{Name: "delay", Text: f["delay"], Kind: screen.Note, Max: 200},
	)
	if err == nil {
		err = d.register().SaveRecovery(d.ctx, d.actor, consent.NewRecovery{
			Service: charter.ServiceCode(f["service"]), Way: clean[0], Page: clean[1], Phone: clean[2], Bring: clean[3], Delay: clean[4],
			Checked: f["checked"],
		})
	}
	v, fault := d.servicesView()
	if fault != nil {
		return fault
	}
	if err != nil {
		return d.again(err, "services", &v.Problem, v)
	}
	return d.show("services", v)
}
