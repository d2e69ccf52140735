package pages

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Relatives, and volunteers of no structure: at the desk a person names them and
// signs; where they are, they read and accept. Their own pages show the mandates
// that name them, and nothing beyond.

// named mounts these pages.
func (p *Pages) named(g *echo.Group) {
	g.POST("/personne/proche", p.nameHelper)
	g.POST("/mandat/lien", p.inviteNamed)
	g.POST("/mandat/encore", p.again)
	g.POST("/proche/lire", p.readOwn)
	g.POST("/proche/accepter", p.acceptOwn)
	g.POST("/lien/:token/rejoindre", p.join)
}

// nameHelper is POST /personne/proche: the account is opened, and the mandate for
// them prepared.
func (p *Pages) nameHelper(c echo.Context) error {
	d, f, err := p.posted(c, "person", "name", "role", "tie", "once")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 100})
	var id consent.MemberID
	if err == nil {
		id, err = d.register().NameHelper(d.ctx, d.once(f["once"], "named "+f["name"]), consent.Named{
			Person: person, Name: clean[0], Role: charter.Role(f["role"]),
		})
	}
	if err != nil {
		return err
	}
	v, err := d.prepareView(person)
	if err != nil {
		return err
	}
	v.nameFor(id, charter.Tie(f["tie"]), clean[0].String())
	return d.show("prepare", v)
}

// nameFor says for whom the mandate is that is prepared. The person's other
// mandates were given to somebody else: they are not given again from here.
func (v *prepareView) nameFor(id consent.MemberID, tie charter.Tie, name string) {
	v.For, v.Tie, v.ForName = id, tie, name
	v.Presets = slices.DeleteFunc(v.Presets, func(x choiceView) bool { return len(x.Value) > 1 && x.Value[:2] == "m_" })
}

// namable are the roles that a person may give somebody, a relative's first.
func (d *desk) namable() []choiceView {
	var list []choiceView
	for _, r := range slices.Backward(d.charter.HelperRoles()) {
		if can, _ := d.charter.Hosts(r.Code); can {
			list = append(list, choiceView{Value: string(r.Code), Label: r.Label.In(d.Lang())})
		}
	}
	return list
}

// ties are what somebody may be to a person.
func (d *desk) ties() []choiceView { return d.words(charter.WordTies, "") }

// A namedView is where a mandate stands that the person signed for somebody who is
// not there: their link, once.
type namedView struct {
	deskView
	Mandate consent.MandateID
	Ref     string
	Address string
	Square  squareView
}

// inviteNamed is POST /mandat/lien.
func (p *Pages) inviteNamed(c echo.Context) error {
	d, f, err := p.posted(c, "mandate")
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	return d.invited(m)
}

// invited makes the link and shows it, to be printed or read from the screen by a
// telephone.
func (d *desk) invited(m *consent.Mandate) error {
	invite, err := d.register().InviteNamed(d.ctx, d.actor, m.ID)
	if err != nil {
		return err
	}
	v := namedView{deskView: d.view("named.title"), Mandate: m.ID, Ref: spaced(m.Ref), Address: d.p.door.LinkURL(invite.Token)}
	if v.Square, err = square(v.Address); err != nil {
		return err
	}
	return d.show("named_link", v)
}

// again is POST /mandat/encore: the same mandate once more, with a new signature:
// nothing is asked but what is asked at each signature (C19, C20).
func (p *Pages) again(c echo.Context) error {
	d, f, err := p.posted(c, "mandate")
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	v, err := d.prepareView(m.Person)
	if err != nil {
		return err
	}
	v.Same = append(d.powers(m.Payload.Powers), d.length(d.daysOf(m), m.OneProcedure))
	v.Presets = []choiceView{{Value: string(m.ID), Chosen: true}}
	for i := range v.Overlap {
		v.Overlap[i].Chosen = v.Overlap[i].Value == string(charter.SupersessionReplace)
	}
	return d.show("prepare", v)
}

// A kinView is the desk of somebody whom a person named.
type kinView struct {
	deskView
	Appointment *appointmentView
	Waiting     []rowView
	Rows        []rowView
}

// kinHome is GET / for whoever is hosted.
func (d *desk) kinHome() error {
	v := kinView{deskView: d.view("kin.title")}
	list, _, err := d.register().Mandates(d.ctx, d.actor, "", consent.Page{Limit: 100})
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Accepted.IsZero() {
			v.Waiting = append(v.Waiting, d.row(m))
		} else {
			v.Rows = append(v.Rows, d.row(m))
		}
	}
	if meeting, err := d.register().Appointment(d.ctx, d.actor); err == nil {
		v.Appointment = d.appointment(meeting)
	}
	return d.show("kin", v)
}

// An ownView is what somebody reads before they accept: the paper that the person
// signed.
type ownView struct {
	deskView
	Mandate consent.MandateID
	Sheet   sheetView
}

// readOwn is POST /proche/lire.
func (p *Pages) readOwn(c echo.Context) error {
	d, f, err := p.posted(c, "mandate")
	if err != nil {
		return err
	}
	return d.readOwn(consent.MandateID(f["mandate"]), nil)
}

func (d *desk) readOwn(id consent.MandateID, problem error) error {
	s, err := d.register().MandateSheet(d.ctx, d.actor, id, charter.PurposePrepareMandate)
	if err != nil {
		return err
	}
	v := ownView{deskView: d.view("kin.read_title"), Mandate: id}
	if v.Sheet, err = d.sheetIn("fr", s); err != nil {
		return err
	}
	if problem != nil {
		return d.again(problem, "kin_read", &v.Problem, &v)
	}
	return d.show("kin_read", v)
}

// acceptOwn is POST /proche/accepter: the mandate is in force from here.
func (p *Pages) acceptOwn(c echo.Context) error {
	d, f, err := p.posted(c, "mandate")
	if err != nil {
		return err
	}
	m, err := d.register().AcceptMandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return d.readOwn(consent.MandateID(f["mandate"]), err)
	}
	return d.mandatePage(m, true)
}

// join is POST /lien/TOKEN/rejoindre: an invitation is taken into the account that
// is signed in.
func (p *Pages) join(c echo.Context) error {
	d, _, err := p.posted(c)
	if err != nil {
		return err
	}
	if _, err := p.door.Join(d.ctx, d.actor, c.Param("token")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moi")
}
