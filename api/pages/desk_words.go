package pages

import (
	"slices"
	"strings"
	"time"

	"aval/charter"
	"aval/consent"
)

// How the desk names services, powers, states and mandates.

// service is the name of a service; a code that a later charter no longer has
// stays as it is.
func (d *desk) service(s charter.ServiceCode) string {
	if known, ok := d.charter.Service(s); ok {
		return known.Label.In(d.Lang())
	}
	return string(s)
}

// procedure names a procedure and its service.
func (d *desk) procedure(s charter.ServiceCode, p charter.ProcedureCode) string {
	what := string(p)
	if known, ok := d.charter.Procedure(s, p); ok {
		what = known.Label.In(d.Lang())
	}
	return d.say("desk.procedure", "Service", d.service(s), "What", what)
}

// mode says how somebody is helped: "en sa présence".
func (d *desk) mode(m charter.Mode) string { return d.say("mode." + string(m)) }

// power names a power on one line.
func (d *desk) power(p consent.Power) string {
	return d.say("desk.power", "What", d.procedure(p.Service, p.Procedure), "How", d.mode(p.Mode))
}

// powers names powers, the modes of one procedure together.
func (d *desk) powers(list []consent.Power) []string { return d.grouped(list, d.mode) }

// grouped names powers with the modes in the words given.
func (d *desk) grouped(list []consent.Power, mode func(charter.Mode) string) []string {
	type group struct {
		what string
		how  []string
	}
	var groups []group
	for _, p := range list {
		what := d.procedure(p.Service, p.Procedure)
		i := slices.IndexFunc(groups, func(g group) bool { return g.what == what })
		if i < 0 {
			groups, i = append(groups, group{what: what}), len(groups)
		}
		groups[i].how = append(groups[i].how, mode(p.Mode))
	}
	var named []string
	for _, g := range groups {
		named = append(named, d.say("desk.power", "What", g.what, "How", strings.Join(g.how, ", ")))
	}
	return named
}

// servicesOf names the services of powers, each once.
func (d *desk) servicesOf(list []consent.Power) string {
	var names []string
	for _, p := range list {
		if name := d.service(p.Service); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// day says a date in the structure's time zone.
func (d *desk) day(t time.Time) string { return d.date(t.In(d.tz)) }

// instant says a date and a time of day.
func (d *desk) instant(t time.Time) string {
	t = t.In(d.tz)
	return d.say("date.at", "Date", d.date(t), "Time", d.clock(t))
}

// lastDay is the day before the first instant that is not covered.
func (d *desk) lastDay(m *consent.Mandate) string {
	return d.day(m.Payload.Until.Add(-time.Nanosecond))
}

// state says where a mandate stands.
func (d *desk) state(m *consent.Mandate) string {
	state := m.State(d.now())
	if state == consent.Active && !m.InForce(d.now()) {
		return d.say("state.waiting", "Date", d.day(m.Payload.From))
	}
	if state == consent.Revoked && m.Proposed.IsZero() {
		return d.say("state.dropped")
	}
	if state == consent.Signed && !m.Accepted.IsZero() {
		return d.say("state.accepted")
	}
	return d.say("state." + string(state))
}

// open tells whether a mandate may still be carried on.
func open(s consent.State) bool {
	return slices.Contains([]consent.State{consent.Draft, consent.Proposed, consent.Signed, consent.Active}, s)
}

// A rowView is a mandate in a list: nothing that says whose it is.
type rowView struct {
	ID       consent.MandateID
	Person   consent.PersonID
	Ref      string
	Services string
	State    string
	Until    string
	Running  bool
	Name     string // only where names were asked for
}

func (d *desk) row(m *consent.Mandate) rowView {
	v := rowView{
		ID: m.ID, Person: m.Person, Ref: spaced(m.Ref), Services: d.servicesOf(m.Payload.Powers), State: d.state(m),
		Running: open(m.State(d.now())),
	}
	if v.Running {
		v.Until = d.lastDay(m)
	}
	return v
}

func (d *desk) rows(list []*consent.Mandate) []rowView {
	rows := make([]rowView, len(list))
	for i, m := range list {
		rows[i] = d.row(m)
	}
	return rows
}

// purposes are those of the offered ones that the member may open data for.
func (d *desk) purposes(offered ...charter.Purpose) []choiceView {
	as := map[string]bool{"helper": d.isHelper(), "referent": d.isReferent()}
	var list []choiceView
	for _, code := range offered {
		info, ok := d.charter.Purpose(code)
		if ok && slices.ContainsFunc(info.Who, func(who string) bool { return as[who] }) {
			list = append(list, choiceView{Value: string(code), Label: info.Label.In(d.Lang()), Chosen: len(list) == 0})
		}
	}
	return list
}
