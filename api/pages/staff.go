package pages

import (
	"crypto/hmac"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// The staff pages: the one-time link, signing out, and who I am. Referrer
// policy is "same-origin" here, so that browsers without Sec-Fetch-Site still
// send the Origin that tells a form of ours from one of another site.

func (p *Pages) staffSheet(c echo.Context, v *door.Visit, title string) sheet {
	c.Response().Header().Set("Referrer-Policy", "same-origin")
	say := p.words.in(v.Lang)
	return sheet{speaker: say, Title: say.say(title), Style: p.deskStyle, Wide: true}
}

// A staffView is a page for members.
type staffView struct {
	sheet
	FormToken string // "" without a session
	Of        string // the structure that the session is bound to: every page names it
	Nav       []navLink
	News      *newsView // what whoever looks has to know of
}

// checkForm refuses a form that was not given to the actor's session.
func (p *Pages) checkForm(a consent.Actor, f map[string]string) error {
	if !hmac.Equal([]byte(f["form"]), []byte(p.door.Register.FormToken(a))) {
		return &door.Fault{Status: http.StatusForbidden, Reason: "cross_origin"}
	}
	return nil
}

// askLink is GET /lien/TOKEN: a button. Previews of messages open addresses, so
// opening one must not use the link up.
func (p *Pages) askLink(c echo.Context) error {
	v := door.VisitOf(c.Request().Context())
	view := linkPage{staffView: staffView{sheet: p.staffSheet(c, v, "link.title")}}
	if d, err := p.sit(c); err == nil { // whoever is signed in may take an invitation into their account
		view.Join, view.JoinPath = p.door.Register.FormToken(d.actor), c.Request().URL.Path+"/rejoindre"
		view.Of = d.structure.Name.String()
	}
	return p.show(c, http.StatusOK, "link", view)
}

// A linkPage asks whether a link is used up now.
type linkPage struct {
	staffView
	Join     string // form token of whoever is signed in; else empty
	JoinPath string
}

// redeem is POST /lien/TOKEN: a cookie for a browser, a bearer for a program.
func (p *Pages) redeem(c echo.Context) error {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	answer, err := p.door.Redeem(ctx, v, c.Param("token"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if door.WantsJSON(c.Request()) {
		return c.JSON(http.StatusOK, answer)
	}
	p.door.SetSession(c.Response(), answer.Bearer)
	return c.Redirect(http.StatusSeeOther, "/")
}

// signOut ends the session.
func (p *Pages) signOut(c echo.Context) error {
	ctx := c.Request().Context()
	v := door.VisitOf(ctx)
	f, err := form(c, "form")
	if err != nil {
		return err
	}
	a, err := p.door.Actor(ctx, v)
	// A session left alone has no actor; to end it is never wrong.
	if signIn, out := errors.AsType[*consent.SignInNeeded](err); out && signIn.Reason == "step_up" {
		err = nil
	} else if err == nil {
		err = p.checkForm(a, f)
	}
	if err != nil {
		return err
	}
	if err := p.door.SignOut(ctx, v, c.Response()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// adhere is POST /charte.
func (p *Pages) adhere(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := form(c, "form", "version", "digest")
	if err != nil {
		return err
	}
	a, err := p.door.Actor(ctx, door.VisitOf(ctx))
	if err != nil {
		return err
	}
	if err := p.checkForm(a, f); err != nil {
		return err
	}
	if err := p.door.Register.Adhere(ctx, a, f["version"], f["digest"]); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// rename is POST /moi/nom: the first referent of a structure is opened by the
// operator, who knows no name.
func (p *Pages) rename(c echo.Context) error {
	d, f, err := p.posted(c, "name")
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 100})
	if err != nil {
		return err
	}
	if err := d.register().SetOwnName(d.ctx, d.actor, clean[0]); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moi")
}

// A homeView is who I am: my role and the charter.
type homeView struct {
	staffView
	Member           consent.MemberID
	Role, Offices    string
	Structure, Space string
	Mail             string // whether they are told of stops by mail
	LinkBy           string

	CharterProblem, CharterVersion, Version, CharterDigest string
	Accepted, ReadRules                                    string
	MayAccept                                              bool
	Rules                                                  []ruleView
	Missions                                               []missionView
}

type ruleView struct {
	ID         charter.RuleID
	Text, Kept string
}

type missionView struct{ Label, May string }

// home is GET /: the desk of a helper or referent who accepted the charter, else
// who I am.
func (p *Pages) home(c echo.Context) error {
	d, err := p.sit(c)
	if _, out := errors.AsType[*consent.SignInNeeded](err); out {
		v := door.VisitOf(c.Request().Context())
		if f := door.FaultOf(err); f.Reason != "session" {
			return err // there is one, and it asks for something: see Fault
		}
		return p.signInPage(c, v, http.StatusUnauthorized, "")
	}
	if err != nil {
		return err
	}
	if d.me.Hosted && d.adhered() {
		return d.kinHome()
	}
	if (d.isHelper() || d.isReferent()) && d.adhered() {
		return d.deskHome()
	}
	return d.myself()
}

// myself is GET /moi.
func (p *Pages) myself(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.myself()
}

func (d *desk) myself() error {
	view := homeView{
		staffView: d.view("staff.title").staffView,
		Member:    d.me.ID, Structure: d.structure.Name.String(), Space: d.structure.Slug, LinkBy: d.actor.LinkBy(),
	}
	if view.LinkBy == byOperator {
		view.LinkBy = view.say("home.link_operator")
	}
	view.Mail = d.say("mail.none")
	switch {
	case !d.p.door.Mails:
		view.Mail = d.say("mail.off")
	case d.me.Mail != "":
		view.Mail = d.say("mail.noted")
	}
	view.fillRole(d.me, d.structure, d.charter)
	view.fillCharter(d.me, d.charter, d.structure.TZ)
	return d.show("home", view)
}

// fillRole tells role, offices and missions.
func (v *homeView) fillRole(me consent.Member, structure consent.Profile, ch *charter.Charter) {
	if role, ok := ch.Role(me.Role); ok {
		v.Role = role.Label.In(v.Lang())
	}
	var offices []string
	if me.Referent {
		offices = append(offices, v.say("home.office_referent"))
	}
	if me.Auditor {
		offices = append(offices, v.say("home.office_dpo"))
	}
	v.Offices = strings.Join(offices, ", ")
	if !slices.ContainsFunc(ch.HelperRoles(), func(r charter.RoleInfo) bool { return r.Code == me.Role }) {
		return
	}
	for _, m := range ch.Missions() {
		cell := ch.Cell(m.Code, me.Role)
		may := "cell." + string(cell)
		if cell == charter.CellIfOpened && slices.Contains(structure.Opened, m.Code) {
			may = "cell.opened"
		}
		v.Missions = append(v.Missions, missionView{Label: m.Label.In(v.Lang()), May: v.say(may)})
	}
}

// fillCharter tells the charter, and whether the member has accepted it.
func (v *homeView) fillCharter(me consent.Member, ch *charter.Charter, tz string) {
	v.Version, v.CharterDigest = ch.Version(), ch.Digest()
	v.CharterVersion = v.say("charter.version", "Version", ch.Version(), "Date", v.birth(ch.Date()))
	v.ReadRules = v.number("charter.read", len(ch.Rules()))
	switch {
	case me.Adhered.Version == "":
		v.CharterProblem, v.MayAccept = v.say("charter.to_accept"), true
	case !charter.SameMajor(me.Adhered.Version, ch.Version()):
		v.CharterProblem, v.MayAccept = v.say("charter.changed"), true
	case me.Adhered.Digest != ch.Digest(): // nothing new is asked; they may say that they read it
		v.Accepted, v.MayAccept = v.say("charter.accepted_before", "Version", me.Adhered.Version, "Date", v.date(me.Adhered.At.In(zone(tz)))), true
	default:
		v.Accepted = v.say("charter.accepted", "Date", v.date(me.Adhered.At.In(zone(tz))))
	}
	for _, r := range ch.Rules() {
		rule := ruleView{ID: r.ID, Text: r.Text.In(v.Lang())}
		switch r.Kept {
		case charter.NotYet:
			rule.Kept = v.say("charter.kept.not_yet")
		case charter.DeclaredOnly:
			rule.Kept = v.say("charter.kept.declared")
		}
		v.Rules = append(v.Rules, rule)
	}
}
