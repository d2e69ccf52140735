// Package pages is the HTML door: server-rendered, without any script.
//
// Two listeners, two manners. On the public one stands the person's page: from
// the code on a paper card, with no account and no cookie, one idea a sentence.
// On the staff one stand the one-time link and the desk of helpers and
// referents (desk.go), with one page that says who I am and what I may do.
//
//	GET  /c/CODE      static: looks nothing up, writes nothing; two buttons; also
//	                  /c/CODE/LANG, as a square has it, in capitals or not
//	GET  /carte       the code to be typed; the same two buttons
//	POST /carte       see: how many agreements, and the birth date is asked
//	                  open: the page, revealed once and entered in the log
//	                  stop: what will stop; stop_confirmed: it has, a receipt
//	                  check: a code for a counter
//	GET  /sortir      leave quickly; with the name of a stay, that is over
//	GET  /verifier    a counter asks whether an agreement is valid; POST answers
//
// Nothing personal is ever given by GET or stands in an address, but for the
// code in the path of the square on the card, which the log of requests drops.
//
// Sentences are in locales; CONTRIBUTING.md says how to add a language. Package
// api mounts the pages and makes every error that a handler returns a page, by
// Fault.
package pages

import (
	"embed"
	"html/template"
	"time"

	"github.com/labstack/echo/v4"

	"aval/api/door"
)

//go:embed templates/*.html static/*.css static/*.js
var files embed.FS

// Pages is the HTML door. It is safe for concurrent use.
type Pages struct {
	door      *door.Door
	words     *words
	style     template.CSS // of the person's pages
	deskStyle template.CSS // of staff pages
	script    template.JS  // of staff pages
	styleHash string       // both, as the policy names them
	templates map[string]*template.Template
	calls     []call
	stays     stays
}

// New parses the templates, the sentences and the contract of the JSON door. An
// error means that the program was built wrong.
func New(d *door.Door) (*Pages, error) {
	p := &Pages{door: d, stays: stays{left: map[string]time.Time{}}}
	var err error
	if p.words, err = loadWords(localeFiles); err != nil {
		return nil, err
	}
	if err := p.parse(); err != nil {
		return nil, err
	}
	p.calls, err = callsOfContract()
	return p, err
}

// Public mounts the person's pages. They need no protection against requests
// forged by another site: there is no session to borrow, only the code.
func (p *Pages) Public(g *echo.Group) {
	g.GET("/carte", p.askCode)
	// The square on a card is in capitals; the codes of cards are read in both.
	for _, path := range []string{"/c/:code", "/c/:code/:lang", "/C/:code", "/C/:code/:lang"} {
		g.GET(path, p.hello)
	}
	g.POST("/carte", p.card)
	g.GET(wayOut, p.leaveQuickly)
	g.GET(wayOut+"/:stay", p.leaveQuickly)
	for _, path := range []string{"/verifier", "/verifier/:code/:ref", "/VERIFIER/:code/:ref"} {
		g.GET(path, p.askCheck)
	}
	g.POST("/verifier", p.check)
	g.GET("/kit", p.kit)
}

// Staff mounts the pages for members.
func (p *Pages) Staff(g *echo.Group) {
	g.GET("/", p.home)
	g.GET("/lien/:token", p.askLink)
	g.POST("/lien/:token", p.redeem)
	g.POST("/charte", p.adhere)
	g.POST("/deconnexion", p.signOut)
	g.GET("/api", p.reference)
	p.keys(g)
	g.GET("/kit", p.kit)
	p.desk(g)
}
