package pages

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/consent"
)

// A deskHomeView is where a helper begins: one box, the appointment that is
// open, help that is only counted, and the structure's mandates by reference.
type deskHomeView struct {
	deskView
	Appointment *appointmentView
	Purposes    []choiceView // of a search
	Tallies     []tallyView
	Counted     string // which help was counted just now
	Rows        []rowView
	NamesFor    []choiceView // purposes of showing names
	After, Next string       // cursors of this page of the list and of the next
}

// An appointmentView is the person whom the helper has before them, by the
// references of their mandates.
type appointmentView struct {
	Person  consent.PersonID
	Purpose charter.Purpose
	Why     string
	Until   string
}

// A tallyView is help without a mandate and without a name.
type tallyView struct{ Kind, Label string }

// deskHome is GET / for a helper or a referent who accepted the charter.
func (d *desk) deskHome() error {
	v, err := d.homeView("")
	if err != nil {
		return err
	}
	return d.show("desk", v)
}

func (d *desk) homeView(after string) (*deskHomeView, error) {
	v := &deskHomeView{
		deskView: d.view("desk.title"), After: after,
		Purposes: d.purposes(charter.PurposePrepareMandate, charter.PurposeActUnderMandate, charter.PurposeFollowUp,
			charter.PurposeAnswerPerson, charter.PurposeDeskRevocation, charter.PurposeReferentReview),
		NamesFor: d.purposes(charter.PurposeFollowUp, charter.PurposeActUnderMandate, charter.PurposePrepareMandate,
			charter.PurposeAnswerPerson, charter.PurposeReferentReview),
	}
	if !d.isHelper() { // an office has no help of its own to count
		return v, d.fillHome(v)
	}
	for _, kind := range consent.TallyKinds {
		v.Tallies = append(v.Tallies, tallyView{Kind: kind, Label: d.say("tally." + kind)})
	}
	return v, d.fillHome(v)
}

// fillHome tells the appointment that is open and a page of the mandates.
func (d *desk) fillHome(v *deskHomeView) error {
	meeting, err := d.register().Appointment(d.ctx, d.actor)
	if _, none := errors.AsType[*consent.NotFound](err); err != nil && !none {
		return err
	}
	if err == nil {
		v.Appointment = d.appointment(meeting)
	}
	list, next, err := d.register().Mandates(d.ctx, d.actor, "", consent.Page{After: v.After, Limit: d.charter.Limits().ListRows})
	if err != nil {
		return err
	}
	v.Rows, v.Next = d.rows(list), next
	return nil
}

func (d *desk) appointment(m *consent.Appointment) *appointmentView {
	v := &appointmentView{Person: m.Person, Purpose: m.Purpose, Until: d.clock(m.Until.In(d.tz))}
	if info, ok := d.charter.Purpose(m.Purpose); ok {
		v.Why = info.Label.In(d.Lang())
	}
	return v
}

// showNames is POST /noms: the same page of the list, with the names of those
// for whom the purpose holds, each a line of their own in the log.
func (p *Pages) showNames(c echo.Context) error {
	d, f, err := p.posted(c, "after", "purpose", "show")
	if err != nil {
		return err
	}
	if f["after"] != "" { // it stands in the page that follows
		if _, err := consent.ParseMandateID(f["after"]); err != nil {
			return err
		}
	}
	v, err := d.homeView(f["after"])
	if err != nil || f["show"] == "" { // the next page of the list, without names
		if err == nil {
			err = d.show("desk", v)
		}
		return err
	}
	purpose := charter.Purpose(f["purpose"])
	var persons []consent.PersonID
	for i := range v.Rows {
		named, err := d.mayName(v.Rows[i], purpose)
		if err != nil {
			return err
		}
		if named && !slices.Contains(persons, v.Rows[i].Person) {
			persons = append(persons, v.Rows[i].Person)
		}
	}
	if len(persons) == 0 {
		v.Problem = d.say("desk.no_names")
		return d.show("desk", v)
	}
	named, err := d.register().ListNames(d.ctx, d.actor, persons, purpose)
	if err != nil {
		return d.again(err, "desk", &v.Problem, v)
	}
	for _, r := range named {
		for i := range v.Rows {
			if v.Rows[i].Person == r.Person {
				v.Rows[i].Name = fullName(r.Identity)
			}
		}
	}
	return d.show("desk", v)
}

// mayName tells whether a purpose can hold for a row: asking for the others
// would only be refused, for all.
func (d *desk) mayName(row rowView, purpose charter.Purpose) (bool, error) {
	switch purpose {
	case charter.PurposeReferentReview:
		return true, nil
	case charter.PurposeAnswerPerson, charter.PurposePrepareMandate:
		return row.Running, nil
	}
	m, err := d.register().Mandate(d.ctx, d.actor, row.ID)
	if err != nil {
		return false, err
	}
	return m.InForce(d.now()) && m.Payload.Helpers.Has(d.actor.Member()), nil
}

// countHelp is POST /compter: help without a mandate and without a name.
func (p *Pages) countHelp(c echo.Context) error {
	d, f, err := p.posted(c, "kind", "once")
	if err != nil {
		return err
	}
	if err := d.register().CountHelp(d.ctx, d.once(f["once"], "tally "+f["kind"]), f["kind"]); err != nil {
		return err
	}
	v, err := d.homeView("")
	if err != nil {
		return err
	}
	if slices.Contains(consent.TallyKinds, f["kind"]) {
		v.Counted = d.say("tally." + f["kind"])
	}
	return p.show(c, http.StatusOK, "desk", v)
}
