package pages

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"aval/api/door"
	"aval/charter"
)

// The kit for families needs no register: the rules in plain words and a mandate to
// fill in by hand, to be printed at home, at a town hall, or by anybody.

// kitRules are the rules of the charter that hold between two people alone, without
// accounts, a log or a structure.
var kitRules = []charter.RuleID{
	"C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08", "C09", "C10", "C11", "C12", "C13", "C17", "C18", "C19", "C20", "C24", "C25", "C29", "C30",
}

// A kitView is the kit. It is in French, which binds.
type kitView struct {
	staffView
	Paper *speaker
	Rules []ruleView
	Rows  []int // blank lines of the mandate
}

// kit is GET /kit.
func (p *Pages) kit(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	view := kitView{staffView: staffView{sheet: p.staffSheet(c, v, "kit.title")}, Paper: p.words.in(language.French), Rows: []int{1, 2, 3, 4}}
	for _, id := range kitRules {
		if r, ok := p.door.Register.Charter().Rule(id); ok {
			view.Rules = append(view.Rules, ruleView{ID: id, Text: r.Text.In("easy_read")})
		}
	}
	return p.show(c, http.StatusOK, "kit", view)
}
