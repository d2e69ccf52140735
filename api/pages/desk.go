package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// The desk: the pages of helpers and referents. What names nobody comes by GET;
// whoever is helped is named only in the answer to a POST, for a purpose. No
// such answer redirects, so a name stands in no address, and a reload is a look
// of its own.

// desk mounts the pages of helpers and referents.
func (p *Pages) desk(g *echo.Group) {
	g.GET("/moi", p.myself)
	g.POST("/moi/nom", p.rename)

	g.POST("/chercher", p.find)
	g.POST("/noms", p.showNames)
	g.POST("/compter", p.countHelp)
	g.GET("/personne/nouvelle", p.newPerson)
	g.POST("/personne/nouvelle", p.recordPerson)

	g.GET("/mandat/:mandate", p.mandate)
	g.POST("/mandat/preparer", p.prepare)
	g.POST("/mandat/relire", p.draft)
	g.POST("/mandat/expliquer", p.propose)
	g.POST("/mandat/suite", p.resume)
	g.POST("/mandat/signer", p.sign)
	g.POST("/mandat/photo", p.photo)
	g.POST("/mandat/papier", p.paper)
	g.POST("/mandat/arreter", p.stopMandate)
	g.POST("/mandat/controle", p.deskCheck)

	g.POST("/personne", p.receive)
	g.POST("/personne/quitter", p.leave)
	g.POST("/personne/joindre", p.contact)
	g.POST("/personne/couvert", p.cover)
	g.POST("/personne/acte", p.act)
	g.POST("/personne/compte-rendu", p.report)
	g.POST("/personne/carte", p.newCard)
	g.POST("/personne/carte-perdue", p.lostCard)

	p.stopDesk(g)
	p.rightsDesk(g)

	g.GET("/echeances", p.duties)
	g.GET("/roles", p.roles)
	g.GET("/roles/:role", p.roles)
	g.GET("/services", p.services)
	g.GET("/traces", p.traces)

	p.named(g)
	p.control(g)
	p.passwords(g)

	g.GET("/referent", p.office)
	g.POST("/referent/noms", p.colleagues)
	g.POST("/referent/ouvrir", p.openHelper)
	g.POST("/referent/lien", p.makeLink)
	g.POST("/referent/fermer", p.closeHelper)
	g.POST("/referent/remplacer", p.replace)
	g.POST("/referent/retour", p.back)
	g.POST("/referent/telephone", p.structurePhone)
	g.POST("/referent/modele", p.savePreset)
	g.POST("/referent/oublier", p.dropPreset)
}

// A desk is one request of a member: who asks, for which structure, when.
type desk struct {
	*speaker
	p         *Pages
	c         echo.Context
	ctx       context.Context
	v         *door.Visit
	actor     consent.Actor
	me        consent.Member
	structure consent.Profile
	charter   *charter.Charter
	tz        *time.Location
}

// now is the instant of what is being said: later than that of a step that the
// same request has just taken.
func (d *desk) now() time.Time { return d.p.door.Now() }

// sit finds the member who asks.
func (p *Pages) sit(c echo.Context) (*desk, error) {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	a, err := p.door.Actor(ctx, v)
	if err != nil {
		return nil, err
	}
	me, structure, err := p.door.Register.Self(ctx, a)
	if err != nil {
		return nil, err
	}
	return &desk{
		speaker: p.words.in(v.Lang), p: p, c: c, ctx: ctx, v: v, actor: a, me: me, structure: structure,
		charter: p.door.Register.Charter(), tz: zone(structure.TZ),
	}, nil
}

// posted reads a form of the desk: only these members, and the token of the
// session.
func (p *Pages) posted(c echo.Context, members ...string) (*desk, map[string]string, error) {
	f, err := form(c, append(members, "form")...)
	if err != nil {
		return nil, nil, err
	}
	d, err := p.received(c, f)
	return d, f, err
}

// received finds the member who sent a form, and that the form was given to them.
func (p *Pages) received(c echo.Context, f map[string]string) (*desk, error) {
	d, err := p.sit(c)
	if err != nil {
		return nil, err
	}
	return d, p.checkForm(d.actor, f)
}

// register is the use-cases.
func (d *desk) register() *consent.Register { return d.p.door.Register }

// once is the actor of one write that a form does once, however often the form
// is sent: key is a random word that the form carries.
func (d *desk) once(key, what string) consent.Actor {
	call := consent.Call{Request: d.v.Request}
	if key != "" {
		call.Idempotency, call.Body = key, []byte(what)
	}
	return d.actor.With(call)
}

// screen lets the texts of a form in, all or none.
func (d *desk) screen(fields ...screen.Field) ([]screen.Clean, error) {
	return d.p.door.Screen(d.ctx, d.actor, fields...)
}

// isHelper tells whether the member's role is one that helps persons.
func (d *desk) isHelper() bool {
	return slices.ContainsFunc(d.charter.HelperRoles(), func(r charter.RoleInfo) bool { return r.Code == d.me.Role })
}

// adhered tells whether the member accepted the charter, or has time left to
// accept its new major version: before that there is nothing to do at the desk.
func (d *desk) adhered() bool {
	ok, _ := d.charter.Adherence(d.me.Adhered.Version, d.structure.Charter.Since, d.now())
	return ok
}

// adhereBy tells until when a new major version of the charter waits for the
// member; empty when nothing is to be accepted.
func (d *desk) adhereBy() string {
	ok, until := d.charter.Adherence(d.me.Adhered.Version, d.structure.Charter.Since, d.now())
	if !ok || until.IsZero() {
		return ""
	}
	return d.say("charter.accept_by", "Date", d.instant(until))
}

func (d *desk) isReferent() bool { return d.me.Referent || d.me.Role == charter.Referent }

// A deskView is what every page of the desk has.
type deskView struct {
	staffView
	Structure string
	AdhereBy  string // a new charter waits for the member
	Hosted    bool   // named by a person: sees what names them and nothing beyond
	Once      string // makes one sending of the page's form count once
	Problem   string // why the last form did nothing
	Refused   *refusedView
}

// A navLink leads to a page that names nobody.
type navLink struct {
	Path, Name string
	Here       bool
}

// view begins a page.
func (d *desk) view(title string) deskView {
	return deskView{
		staffView: staffView{
			sheet: d.p.staffSheet(d.c, d.v, title), FormToken: d.register().FormToken(d.actor), Nav: d.nav(), Of: d.structure.Name.String(),
			News: d.news(),
		},
		Structure: d.structure.Name.String(), Once: rand.Text(), AdhereBy: d.adhereBy(), Hosted: d.me.Hosted,
	}
}

func (d *desk) nav() []navLink {
	links := []navLink{{Path: "/", Name: d.say("nav.desk")}}
	if d.isHelper() && !d.me.Hosted {
		links = append(links, navLink{Path: "/echeances", Name: d.say("nav.duties")})
	}
	links = append(links, navLink{Path: "/arrets", Name: d.say("nav.stops")})
	links = append(links,
		navLink{Path: "/roles", Name: d.say("nav.roles")},
		navLink{Path: "/services", Name: d.say("nav.services")},
		navLink{Path: "/mots-de-passe", Name: d.say("nav.passwords")},
		navLink{Path: "/traces", Name: d.say("nav.traces")})
	if d.isReferent() {
		links = append(links, navLink{Path: "/referent", Name: d.say("nav.office")}, navLink{Path: "/demandes", Name: d.say("nav.requests")})
	}
	if d.checksOthers() {
		links = append(links, navLink{Path: "/controle", Name: d.say("nav.control")})
	}
	links = append(links, navLink{Path: "/moi", Name: d.say("nav.me")})
	for i := range links {
		links[i].Here = links[i].Path == d.c.Request().URL.Path
	}
	return links
}

// show answers with a page.
func (d *desk) show(name string, v view) error { return d.p.show(d.c, http.StatusOK, name, v) }

// again shows a page with what was wrong, when that is an answer to what was
// asked: a fault of ours, and a session that is over, have pages of their own.
func (d *desk) again(err error, name string, problem *string, v view) error {
	f := door.FaultOf(err)
	signIn, out := errors.AsType[*consent.SignInNeeded](err)
	if f.Status >= http.StatusInternalServerError || out && signIn.Reason != "step_up" && signIn.Reason != "passkey" {
		return err
	}
	door.FaultHeaders(d.c.Response().Header(), f)
	*problem = d.p.door.Detail(d.v, f)
	refused, _ := errors.AsType[*consent.Refused](err)
	if told, can := v.(interface{ refuse(*refusedView) }); can {
		told.refuse(d.refusedView(refused))
	}
	if out && signIn.Reason == "step_up" {
		*problem = d.say("sign.step_up")
	}
	return d.p.show(d.c, f.Status, name, v)
}

// A choiceView is one radio button or option.
type choiceView struct {
	Value, Label string
	More         string // what stands below the label
	Chosen       bool
}

// words makes choices of the charter's words of a kind.
func (d *desk) words(kind string, chosen string) []choiceView {
	var list []choiceView
	for _, w := range d.charter.Words(kind) {
		list = append(list, choiceView{Value: w.Code, Label: w.Label.In(d.Lang()), Chosen: w.Code == chosen})
	}
	return list
}

// deskStyle is the style of staff pages: the common one and the desk's own.
func deskStyle(common template.CSS) (template.CSS, error) {
	css, err := files.ReadFile("static/desk.css")
	if err != nil {
		return "", err
	}
	return common + template.CSS(css), nil //nolint:gosec // our own file, embedded
}

// lines joins what stands on lines of its own.
func lines(list []string) string { return strings.Join(list, "\n") }
