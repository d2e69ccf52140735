package pages

import (
	"slices"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
)

// With the person before you: who they are, what you may do for them now, and
// what was done, noted in two taps.

// A receiveView is the person of the appointment.
type receiveView struct {
	deskView
	Purpose  charter.Purpose
	Person   consent.PersonID
	Rights   []choiceView // what they may ask about their data
	Name     string
	Birth    string
	Why      string
	Until    string // of the appointment
	Powers   []powerView
	Mandates []rowView
	Done     []doneView
	Other    otherView
	Contact  *contactView
	Ties     []choiceView // of whom the person may name, and as what
	Namable  []choiceView
	Glass    []choiceView // reasons for which a referent lets the operator look
}

// A doneView is an act on one line.
type doneView struct{ When, What, Outcome string }

// A contactView is how to reach the person.
type contactView struct{ Phone, Email, Address, Language string }

// An otherView asks about something that is in no mandate.
type otherView struct {
	Services []serviceView
	Modes    []choiceView
}

// receive is POST /personne: the appointment begins, or goes on, and shows who
// it is.
func (p *Pages) receive(c echo.Context) error {
	d, f, err := p.posted(c, "person", "purpose")
	if err != nil {
		return err
	}
	meeting, err := d.register().StartAppointment(d.ctx, d.actor, consent.PersonID(f["person"]), charter.Purpose(f["purpose"]))
	if err != nil {
		return err
	}
	v, err := d.receiveView(&meeting, charter.FieldIdentity)
	if err != nil {
		return err
	}
	return d.show("receive", v)
}

// contact is POST /personne/joindre: telephone and addresses, for the purpose of
// the appointment.
func (p *Pages) contact(c echo.Context) error {
	d, _, err := p.posted(c)
	if err != nil {
		return err
	}
	meeting, err := d.register().Appointment(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v, err := d.receiveView(meeting, charter.FieldIdentity, charter.FieldContact)
	if err != nil {
		return err
	}
	return d.show("receive", v)
}

// leave is POST /personne/quitter.
func (p *Pages) leave(c echo.Context) error {
	d, _, err := p.posted(c)
	if err != nil {
		return err
	}
	if err := d.register().EndAppointment(d.ctx, d.actor); err != nil {
		return err
	}
	return d.deskHome()
}

func (d *desk) receiveView(meeting *consent.Appointment, fields ...charter.Field) (*receiveView, error) {
	person := meeting.Person
	shown, err := d.register().RevealPerson(d.ctx, d.actor, consent.Reveal{Person: person, Purpose: meeting.Purpose, Fields: fields})
	if err != nil {
		return nil, err
	}
	v := &receiveView{
		deskView: d.view("receive.title"), Person: person, Purpose: meeting.Purpose, Name: fullName(shown.Identity),
		Birth: d.birth(shown.Identity.Birth.Reveal()), Until: d.clock(meeting.Until.In(d.tz)),
		Other: otherView{Services: d.catalogue()},
	}
	if info, ok := d.charter.Purpose(meeting.Purpose); ok {
		v.Why = info.Label.In(d.Lang())
	}
	if !d.me.Hosted {
		v.Rights = d.rightChoices()
	}
	for _, m := range []charter.Mode{charter.DoForPresent, charter.DoForAbsent, charter.DoWith} {
		v.Other.Modes = append(v.Other.Modes, choiceView{Value: string(m), Label: d.mode(m)})
	}
	if d.isHelper() && !d.me.Hosted {
		v.Ties, v.Namable = d.ties(), d.namable()
	}
	if d.isReferent() {
		v.Glass = d.words(charter.WordGlassReasons, "")
	}
	if slices.Contains(fields, charter.FieldContact) {
		v.Contact = d.contactOf(shown.Contact)
	}
	return v, d.fillHistory(v, person, meeting.Purpose)
}

// contactOf is how to reach somebody; all empty for who left nothing.
func (d *desk) contactOf(c *personal.Contact) *contactView {
	if c == nil {
		return &contactView{}
	}
	v := &contactView{Phone: c.Phone.Reveal(), Email: c.Email.Reveal(), Address: c.Address.Reveal()}
	if slices.Contains(spoken, c.Language) {
		v.Language = d.say("language." + c.Language)
	}
	return v
}

// fillHistory tells the person's mandates and what was done last.
func (d *desk) fillHistory(v *receiveView, person consent.PersonID, purpose charter.Purpose) error {
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 1})
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(mandates) {
		v.Mandates = append(v.Mandates, d.row(m))
		if !m.InForce(d.now()) || !m.Payload.Helpers.Has(d.actor.Member()) {
			continue
		}
		for _, p := range d.powersOf(m) {
			if !p.Stopped && !slices.Contains(v.Powers, p) {
				v.Powers = append(v.Powers, p)
			}
		}
	}
	acts, err := d.register().Acts(d.ctx, d.actor, person, purpose)
	if err != nil {
		return err
	}
	v.Done = d.done(acts, shownActs)
	return nil
}

// shownActs is how many acts the appointment shows; the report has them all.
const shownActs = 5

// done tells the newest acts, newest first.
func (d *desk) done(acts []*consent.Act, most int) []doneView {
	var list []doneView
	for _, a := range slices.Backward(acts) {
		if len(list) == most {
			break
		}
		list = append(list, doneView{
			When: d.day(a.Happened), What: d.power(consent.Power{Service: a.Service, Procedure: a.Procedure, Mode: a.Mode}),
			Outcome: d.word(charter.WordOutcomes, string(a.Outcome)),
		})
	}
	return list
}

// word is the label of a word of the charter.
func (d *desk) word(kind, code string) string {
	for _, w := range d.charter.Words(kind) {
		if w.Code == code {
			return w.Label.In(d.Lang())
		}
	}
	return code
}

// A reportView accounts to the person for what was done (CC 1993), on paper.
type reportView struct {
	deskView
	Person consent.PersonID
	Name   string
	Day    string
	Acts   []reportLine
}

type reportLine struct {
	doneView
	How []string
}

// report is POST /personne/compte-rendu.
func (p *Pages) report(c echo.Context) error {
	d, f, err := p.posted(c, "person")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	shown, err := d.reveal(person, charter.PurposeAnswerPerson)
	if err != nil {
		return err
	}
	acts, err := d.register().Acts(d.ctx, d.actor, person, charter.PurposeAnswerPerson)
	if err != nil {
		return err
	}
	v := reportView{deskView: d.view("report.title"), Person: person, Name: fullName(shown.Identity), Day: d.day(d.now())}
	for i, line := range d.done(acts, len(acts)) {
		a := acts[len(acts)-1-i]
		v.Acts = append(v.Acts, reportLine{line, []string{
			d.word(charter.WordChannels, string(a.Channel)), d.word(charter.WordCredentialEntries, string(a.Credential)),
		}})
	}
	return d.show("report", v)
}
