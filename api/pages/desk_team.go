package pages

import (
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// What a team shares and may hang on a wall: duties by reference, who may do
// what, how to get back into a service. None of it names anybody, and none of it
// compares helpers.

// A dutiesView is what comes back, in the order in which it falls due.
type dutiesView struct {
	deskView
	Day     string
	Duties  []dutyView
	More    bool
	Ending  []rowView
	Orphans []rowView // mandates whose helpers have all left
	Within  string
	Away    []standInView // by pseudonym: the list may hang on a wall
}

// A dutyView is one duty of one mandate.
type dutyView struct {
	Mandate          consent.MandateID
	Ref, What, Every string
	Next, Last       string
	Late             bool
}

// duties is GET /echeances.
func (p *Pages) duties(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v := dutiesView{deskView: d.view("duties.title"), Day: d.day(d.now())}
	list, next, err := d.register().Duties(d.ctx, d.actor, consent.Page{Limit: 100})
	if err != nil {
		return err
	}
	v.More = next != ""
	for _, duty := range list {
		v.Duties = append(v.Duties, d.duty(duty))
	}
	v.Within = d.number("duration.days", d.charter.Limits().WarnBeforeEndDays)
	if v.Ending, v.Orphans, err = d.ending(); err != nil {
		return err
	}
	v.Away, err = d.standIns(func(m consent.MemberID) string { return shortNumber(string(m)) })
	if err != nil {
		return err
	}
	return d.show("duties", v)
}

// ending lists the mandates that end soon and those whose helpers have all left.
func (d *desk) ending() (soon, alone []rowView, err error) {
	ending, err := d.register().Ending(d.ctx, d.actor, time.Duration(d.charter.Limits().WarnBeforeEndDays)*24*time.Hour)
	if err != nil {
		return nil, nil, err
	}
	orphans, err := d.register().WithoutHelper(d.ctx, d.actor)
	return d.rows(ending), d.rows(orphans), err
}

func (d *desk) duty(u consent.Duty) dutyView {
	v := dutyView{
		Mandate: u.Mandate, Ref: spaced(u.Ref), What: d.power(consent.Power{Service: u.Service, Procedure: u.Procedure, Mode: u.Mode}),
		Every: d.say("every." + u.Every), Next: d.day(u.Next), Late: u.Next.Before(d.now()),
	}
	if !u.LastAt.IsZero() {
		v.Last = d.say("duties.last", "Date", d.day(u.LastAt), "Outcome", d.word(charter.WordOutcomes, string(u.LastOutcome)))
	}
	return v
}

// A rolesView is "can I do this, who can?": the matrix of the charter as the
// structure opened it, for everybody or for one role.
type rolesView struct {
	deskView
	Role     string // of a sheet for one role, "" for all
	Mine     charter.Role
	Roles    []choiceView
	Missions []matrixRow
	Day      string
}

// A matrixRow is a mission and who may do it.
type matrixRow struct {
	Label string
	Mine  string // the cell of the role asked for
	Who   []choiceView
	Yes   bool
}

// roles is GET /roles, and GET /roles/ROLE for the sheet of one role.
func (p *Pages) roles(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v := rolesView{deskView: d.view("roles.title"), Mine: d.me.Role, Day: d.day(d.now())}
	for _, r := range d.charter.HelperRoles() {
		v.Roles = append(v.Roles, choiceView{Value: string(r.Code), Label: r.Label.In(d.Lang())})
	}
	asked := charter.Role(c.Param("role"))
	if asked != "" {
		i := slices.IndexFunc(v.Roles, func(r choiceView) bool { return r.Value == string(asked) })
		if i < 0 {
			return &consent.NotFound{Kind: "role"}
		}
		v.Role = v.Roles[i].Label
	} else {
		asked = d.me.Role
	}
	for _, m := range d.charter.Missions() {
		row := matrixRow{Label: m.Label.In(d.Lang())}
		if d.helps(asked) {
			row.Mine, row.Yes = d.cell(m.Code, asked)
		}
		for _, r := range v.Roles {
			if said, yes := d.cell(m.Code, charter.Role(r.Value)); yes {
				row.Who = append(row.Who, choiceView{Label: r.Label, More: said})
			}
		}
		v.Missions = append(v.Missions, row)
	}
	return d.show("roles", v)
}

func (d *desk) helps(r charter.Role) bool {
	return slices.ContainsFunc(d.charter.HelperRoles(), func(i charter.RoleInfo) bool { return i.Code == r })
}

// cell says what a role may do of a mission in this structure.
func (d *desk) cell(m charter.Mission, r charter.Role) (said string, yes bool) {
	cell := d.charter.Cell(m, r)
	opened := slices.Contains(d.structure.Opened, m)
	switch cell {
	case charter.CellIfOpened:
		if opened {
			return d.say("cell.opened"), true
		}
	case charter.CellIfOpenedPresent:
		return d.say("cell." + string(cell)), opened
	case charter.CellExclusive, charter.CellLead, charter.CellOwn:
		return d.say("cell." + string(cell)), true
	}
	return d.say("cell." + string(cell)), false
}

// A tracesView is what the log says of the one who reads it.
type tracesView struct {
	deskView
	Member consent.MemberID
	Lines  []traceView
	Next   int64
}

// A traceView is one line of the log: no name, the pseudonym of the person.
type traceView struct {
	N             int64
	When          string
	What          string
	Person, Rules string
	Refused       bool
}

// traces is GET /traces: one's own lines, newest first.
func (p *Pages) traces(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	before, err := strconv.ParseInt("0"+c.QueryParam("avant"), 10, 64)
	if err != nil {
		return &consent.Invalid{Reason: "parameter"}
	}
	lines, next, err := d.register().LogLines(d.ctx, d.actor, consent.LogQuery{Member: d.actor.Member(), Before: before, Limit: 50})
	if err != nil {
		return err
	}
	v := tracesView{deskView: d.view("traces.title"), Member: d.actor.Member(), Next: next}
	for _, l := range lines {
		v.Lines = append(v.Lines, d.trace(l))
	}
	return d.show("traces", v)
}

// trace tells a line to the one who left it.
func (d *desk) trace(l audit.Line) traceView {
	v := traceView{N: l.N, When: d.instant(l.Time)}
	if l.Detail == nil {
		v.What = d.say("traces.pruned")
		return v
	}
	what, err := d.T("trace." + string(l.Detail.Act))
	if err != nil { // an action of a later version, or one that no member does
		what = d.say("trace.other")
	}
	v.What, v.Refused = what, l.Detail.Act == audit.AttemptRefused
	if l.Detail.Purpose != "" {
		if info, ok := d.charter.Purpose(charter.Purpose(l.Detail.Purpose)); ok {
			v.What += " (" + info.Label.In(d.Lang()) + ")"
		}
	}
	if l.Detail.Person != "" {
		v.Person = shortNumber(l.Detail.Person)
	}
	for _, r := range l.Detail.Rules {
		if _, ok := d.charter.Rule(charter.RuleID(r)); ok && v.Refused {
			v.Rules = r
		}
	}
	return v
}
