package pages

import (
	"slices"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/consent"
)

// A mandate by its reference, and stopping it.

// A mandateView is a mandate by its reference: nothing on it says whose it is.
type mandateView struct {
	deskView
	Row    rowView
	Powers []powerView
	Facts  []string
	// ScanFor are the purposes for which the picture of the paper may be seen; empty
	// where there is none.
	ScanFor []choiceView
	// Counters are the services for which a code can be made.
	Counters []choiceView
	State    consent.State
	InForce  bool
	Fresh    bool // it has just come into force
	Stopped  bool // it has just been stopped
	Ask      bool // whether stopping is asked once more
	Resume   bool // the desk can carry it on
	Link     bool // whoever is named has still to accept, or lost their link
	Again    bool // it was signed: the same can be signed again
}

// A powerView is one power and whether the person took it back.
type powerView struct {
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	Mode      charter.Mode
	Label     string
	Stopped   bool
}

// mandate is GET /mandat/ID.
func (p *Pages) mandate(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(c.Param("mandate")))
	if err != nil {
		return err
	}
	return d.mandatePage(m, false)
}

func (d *desk) mandatePage(m *consent.Mandate, fresh bool) error {
	return d.show("mandate", d.mandateView(m, fresh))
}

func (d *desk) mandateView(m *consent.Mandate, fresh bool) mandateView {
	v := mandateView{
		deskView: d.view("mandate.title"), Row: d.row(m), State: m.State(d.now()), InForce: m.InForce(d.now()), Fresh: fresh,
		Powers: d.powersOf(m), ScanFor: d.scanPurposes(m),
	}
	if v.InForce {
		for _, power := range m.Payload.Powers {
			s := choiceView{Value: string(power.Service), Label: d.service(power.Service)}
			if !slices.Contains(v.Counters, s) {
				v.Counters = append(v.Counters, s)
			}
		}
	}
	natural := m.Payload.Mandatary.Kind == charter.MandataryNatural
	v.Again = !m.Signed.IsZero() && !d.me.Hosted
	v.Link = natural && !d.me.Hosted && (v.State == consent.Signed || v.State == consent.Active)
	v.Resume = v.State == consent.Draft || v.State == consent.Proposed || v.State == consent.Signed && !natural
	v.Facts = append(v.Facts, d.say("mandate.period", "From", d.day(m.Payload.From), "Until", d.lastDay(m)))
	if m.Payload.Helpers.Team() {
		v.Facts = append(v.Facts, d.say("mandate.team", "Structure", d.structure.Name.String()))
	} else {
		v.Facts = append(v.Facts, d.number("mandate.named", len(m.Payload.Helpers.Named)))
	}
	for _, last := range m.Lasts {
		v.Facts = append(v.Facts, d.say("mandate.last", "What", d.procedure(last.Service, last.Procedure), "Date", d.day(last.At),
			"Outcome", d.word(charter.WordOutcomes, string(last.Outcome))))
	}
	for _, e := range m.Evidence {
		if info, ok := d.charter.EvidenceType(e.Type); ok {
			v.Facts = append(v.Facts, d.say("mandate.agreed", "How", info.Label.In(d.Lang()), "Date", d.instant(m.Signed)))
		}
	}
	return v
}

func (d *desk) powersOf(m *consent.Mandate) []powerView {
	var list []powerView
	for _, p := range m.Payload.Powers {
		list = append(list, powerView{
			Service: p.Service, Procedure: p.Procedure, Mode: p.Mode, Label: d.power(p), Stopped: m.Stopped(p, d.actor.Member(), d.now()),
		})
	}
	return list
}

// stopMandate is POST /mandat/arreter: asked once more, then at once, without a
// reason (CC 2004).
func (p *Pages) stopMandate(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "sure")
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	if f["sure"] == "" {
		m, err := d.register().Mandate(d.ctx, d.actor, id)
		if err != nil {
			return err
		}
		v := d.mandateView(m, false)
		v.Ask = true
		return d.show("mandate", v)
	}
	m, err := d.register().RevokeMandate(d.ctx, d.actor, id, consent.Scope{})
	if err != nil {
		return err
	}
	v := d.mandateView(m, false)
	v.Stopped = true
	return d.show("mandate", v)
}
