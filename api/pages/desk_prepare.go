package pages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/consent"
)

// A mandate at the desk is four pages: what it is for (prepare), what is read
// aloud (recap), the sheet to be signed (sign), and what is in force. After each
// the register has kept where it stands, and nothing is in force before the
// last.

// A prepareView asks what the mandate is for, and the two questions of rules C19
// and C20.
type prepareView struct {
	deskView
	Person     consent.PersonID
	Name       string
	Presets    []choiceView
	Services   []serviceView
	Modes      []choiceView
	Days       []choiceView
	Capacities []choiceView
	Conflicts  []choiceView
	Overlap    []choiceView // what to do with a mandate in force, if there is one
	Rows       []int        // of powers chosen one by one
	MayConfirm bool         // a referent confirms what needs it (C19)
	Same       []string     // the same as before, and nothing to choose
	// For is whom the person named; empty: the structure.
	For     consent.MemberID
	Tie     charter.Tie
	ForName string
}

// A serviceView is a service with its procedures, for a list to choose from.
type serviceView struct {
	Label      string
	Procedures []choiceView
}

// ownPowers is how many powers can be chosen one by one; for more, a referent
// makes a preset.
const ownPowers = 3

// ownRows numbers them.
func ownRows() []int {
	rows := make([]int, ownPowers)
	for i := range rows {
		rows[i] = i + 1
	}
	return rows
}

// prepare is POST /mandat/preparer.
func (p *Pages) prepare(c echo.Context) error {
	d, f, err := p.posted(c, "person")
	if err != nil {
		return err
	}
	return d.prepare(consent.PersonID(f["person"]), "")
}

// prepare shows the first page of a mandate.
func (d *desk) prepare(person consent.PersonID, problem string) error {
	v, err := d.prepareView(person)
	if err != nil {
		return err
	}
	v.Problem = problem
	return d.show("prepare", v)
}

func (d *desk) prepareView(person consent.PersonID) (*prepareView, error) {
	shown, err := d.reveal(person, charter.PurposePrepareMandate)
	if err != nil {
		return nil, err
	}
	v := &prepareView{
		deskView: d.view("prepare.title"), Person: person, Name: fullName(shown.Identity), Services: d.catalogue(),
		Conflicts: d.words(charter.WordConflicts, ""), Rows: ownRows(),
		MayConfirm: d.isReferent(),
	}
	for _, code := range []charter.Mode{charter.DoWith, charter.DoForPresent, charter.DoForAbsent} {
		v.Modes = append(v.Modes, choiceView{Value: string(code), Label: d.mode(code), Chosen: code == charter.DoForPresent})
	}
	for _, n := range d.charter.Limits().OfferedDays {
		v.Days = append(v.Days, choiceView{Value: strconv.Itoa(n), Label: d.duration(n)})
	}
	for _, c := range d.charter.Capacities() {
		v.Capacities = append(v.Capacities, choiceView{Value: string(c.Code), Label: c.Label.In(d.Lang())})
	}
	if v.Presets, err = d.offers(person); err != nil {
		return nil, err
	}
	v.Overlap, err = d.overlap(person)
	return v, err
}

// overlap is what a person chooses between who has a mandate in force already
// (CC 2006).
func (d *desk) overlap(person consent.PersonID) ([]choiceView, error) {
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(mandates, func(m *consent.Mandate) bool { return m.State(d.now()) == consent.Active }) {
		return nil, nil
	}
	return slices.DeleteFunc(d.words(charter.WordSupersessions, ""), func(v choiceView) bool {
		return v.Value == string(charter.SupersessionNone)
	}), nil
}

// reveal opens who somebody is.
func (d *desk) reveal(person consent.PersonID, why charter.Purpose) (*consent.Revealed, error) {
	return d.register().RevealPerson(d.ctx, d.actor, consent.Reveal{
		Person: person, Purpose: why, Fields: []charter.Field{charter.FieldIdentity},
	})
}

// offers are the structure's presets, and the person's own last mandate, to be
// given again.
func (d *desk) offers(person consent.PersonID) ([]choiceView, error) {
	presets, err := d.register().Presets(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	var list []choiceView
	for _, s := range presets {
		list = append(list, choiceView{
			Value: string(s.ID), Label: s.Name.String(), More: strings.Join(append(d.powers(s.Powers), d.length(s.Days, s.OneProcedure)), " · "),
		})
	}
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 1})
	if err != nil || len(mandates) == 0 {
		return list, err
	}
	last := mandates[len(mandates)-1]
	if last.Payload.Explained.By == "" { // a draft: carried on, not copied
		return list, nil
	}
	return append(list, choiceView{
		Value: string(last.ID), Label: d.say("prepare.again", "Ref", spaced(last.Ref)),
		More: strings.Join(append(d.powers(last.Payload.Powers), d.length(d.daysOf(last), last.OneProcedure)), " · "),
	}), nil
}

// daysOf is how many local days a mandate lasts.
func (d *desk) daysOf(m *consent.Mandate) int {
	return calendarDays(m.Payload.From.In(d.tz), m.Payload.Until.In(d.tz))
}

func (d *desk) length(days int, one bool) string {
	if one {
		return d.say("prepare.one_procedure")
	}
	return d.duration(days)
}

// duration says a number of days as people do.
func (d *desk) duration(days int) string {
	switch days {
	case 31, 182, 365:
		return d.say("duration." + strconv.Itoa(days))
	}
	return d.number("duration.days", days)
}

// catalogue is every procedure that can be a power, by service.
func (d *desk) catalogue() []serviceView { return catalogueOf(d.charter, d.Lang()) }

func catalogueOf(ch *charter.Charter, lang string) []serviceView {
	var list []serviceView
	for _, s := range ch.Services() {
		v := serviceView{Label: s.Label.In(lang)}
		for _, p := range s.Procedures {
			if p.Mission == charter.MissionPersonalAct || p.Mission == charter.MissionPayment {
				continue // the person alone signs; money stays theirs
			}
			v.Procedures = append(v.Procedures, choiceView{Value: string(s.Code) + "/" + string(p.Code), Label: p.Label.In(lang)})
		}
		if len(v.Procedures) > 0 {
			list = append(list, v)
		}
	}
	return list
}

// prepareMembers are what the first page sends.
var prepareMembers = []string{
	"person", "preset", "procedure0", "mode0", "procedure1", "mode1", "procedure2", "mode2", "days", "capacity", "conflict",
	"supersession", "confirmed", "once", "for", "tie",
}

// draft is POST /mandat/relire: the draft is kept, and what it says is shown to
// be read aloud. Nothing is fixed before the person has heard it.
func (p *Pages) draft(c echo.Context) error {
	d, f, err := p.posted(c, prepareMembers...)
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	terms, err := d.terms(person, f)
	if err == nil {
		var m *consent.Mandate
		m, err = d.register().DraftMandate(d.ctx, d.once(f["once"], "draft "+f["person"]), terms)
		if err == nil {
			return d.recap(m, "")
		}
	}
	v, fault := d.prepareView(person)
	if fault != nil {
		return fault
	}
	if f["for"] != "" {
		v.nameFor(consent.MemberID(f["for"]), charter.Tie(f["tie"]), "")
	}
	for k, list := range [][]choiceView{v.Presets, v.Capacities, v.Conflicts, v.Overlap} {
		for i := range list {
			list[i].Chosen = list[i].Value == f[[]string{"preset", "capacity", "conflict", "supersession"}[k]]
		}
	}
	return d.again(err, "prepare", &v.Problem, v)
}

// terms reads what was chosen: a preset, the last mandate again, or powers one
// by one.
func (d *desk) terms(person consent.PersonID, f map[string]string) (consent.Terms, error) {
	t := consent.Terms{
		Person: person, Capacity: charter.Capacity(f["capacity"]), Conflict: charter.Conflict(f["conflict"]),
		Supersession:      charter.Supersession(cmp.Or(f["supersession"], string(charter.SupersessionNone))),
		ReferentConfirmed: f["confirmed"] != "" && d.isReferent(), For: consent.MemberID(f["for"]), Tie: charter.Tie(f["tie"]),
	}
	switch {
	case strings.HasPrefix(f["preset"], "m_"):
		last, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["preset"]))
		if err != nil {
			return t, err
		}
		t.Powers, t.OneProcedure = last.Payload.Powers, last.OneProcedure
		if last.Payload.Mandatary.Kind == charter.MandataryNatural {
			t.For, t.Tie = consent.MemberID(last.Payload.Mandatary.ID), last.Tie
		}
		if !t.OneProcedure {
			t.Days = d.daysOf(last)
		}
	case f["preset"] != "":
		presets, err := d.register().Presets(d.ctx, d.actor)
		if err != nil {
			return t, err
		}
		i := slices.IndexFunc(presets, func(s consent.Preset) bool { return string(s.ID) == f["preset"] })
		if i < 0 {
			return t, &consent.NotFound{Kind: "preset"}
		}
		t.Powers, t.Days, t.OneProcedure = presets[i].Powers, presets[i].Days, presets[i].OneProcedure
		if t.OneProcedure {
			t.Days = 0
		}
	default:
		t.Powers, t.Days = chosenPowers(f), atoi(f["days"])
	}
	if len(t.Powers) == 0 {
		return t, &consent.Invalid{Pointer: "/powers", Reason: "empty"}
	}
	return t, nil
}

// chosenPowers reads powers chosen one by one.
func chosenPowers(f map[string]string) []consent.Power {
	var list []consent.Power
	for i := range ownPowers {
		n := strconv.Itoa(i)
		service, procedure, ok := strings.Cut(f["procedure"+n], "/")
		if ok {
			list = append(list, consent.Power{
				Service: charter.ServiceCode(service), Procedure: charter.ProcedureCode(procedure), Mode: charter.Mode(f["mode"+n]),
			})
		}
	}
	return list
}

// atoi reads a number of a form; 0 for what is none, which use-cases refuse.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
