package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Person   consent.PersonID
	Name     string
	Birth    string
	Why      string
	Until    string // of the appointment
	Powers   []powerView
	Mandates []rowView
	Done     []doneView
	Other    otherView
	Contact  *contactView
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
		deskView: d.view("receive.title"), Person: person, Name: fullName(shown.Identity),
		Birth: d.birth(shown.Identity.Birth.Reveal()), Until: d.clock(meeting.Until.In(d.tz)),
		Other: otherView{Services: d.catalogue()},
	}
	if info, ok := d.charter.Purpose(meeting.Purpose); ok {
		v.Why = info.Label.In(d.Lang())
	}
	for _, m := range []charter.Mode{charter.DoForPresent, charter.DoForAbsent, charter.DoWith} {
		v.Other.Modes = append(v.Other.Modes, choiceView{Value: string(m), Label: d.mode(m)})
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
		if !m.InForce(d.now) || !m.Payload.Helpers.Has(d.actor.Member()) {
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

// A coverView answers "am I covered, now, for this?". A yes has the act below
// it, a no the rule and what to do instead.
type coverView struct {
	deskView
	Person     consent.PersonID
	Purpose    charter.Purpose
	Power      powerView
	Covered    bool
	Until      string
	Rule       string
	RuleText   string
	Why        string
	Instead    string
	Recovery   *recoveryView // the official way, where codes are the matter
	MayPrepare bool          // a new mandate would answer it
	Act        actForm
}

// An actForm is how an act is noted: what it asks are the outcome and who typed
// the codes; all else has a default from the power, shown below and to be
// changed there.
type actForm struct {
	Outcomes    []choiceView
	Entries     []choiceView
	Reasons     []choiceView
	Channels    []choiceView
	Validations []choiceView // of a declaration
	Period      string       // as it is sent
	Said        string       // as it is told
}

// cover is POST /personne/couvert.
func (p *Pages) cover(c echo.Context) error {
	d, f, err := p.posted(c, "person", "procedure", "mode")
	if err != nil {
		return err
	}
	v, err := d.coverView(consent.PersonID(f["person"]), powerOf(f))
	if err != nil {
		return err
	}
	return d.show("cover", v)
}

// powerOf reads a power: "service/procedure", and a mode.
func powerOf(f map[string]string) consent.Power {
	service, procedure, _ := strings.Cut(f["procedure"], "/")
	return consent.Power{
		Service: charter.ServiceCode(service), Procedure: charter.ProcedureCode(procedure), Mode: charter.Mode(f["mode"]),
	}
}

func (d *desk) coverView(person consent.PersonID, want consent.Power) (*coverView, error) {
	answer, err := d.register().Cover(d.ctx, d.actor, consent.Question{Person: person, Want: want})
	if err != nil {
		return nil, err
	}
	v := &coverView{
		deskView: d.view("cover.title"), Person: person, Purpose: charter.PurposeActUnderMandate, Covered: answer.Covered,
		Power: powerView{Service: want.Service, Procedure: want.Procedure, Mode: want.Mode, Label: d.power(want)},
	}
	if answer.Covered {
		v.Until = d.day(answer.Until.Add(-time.Nanosecond))
		v.Act = d.actForm(want)
		return v, nil
	}
	words := d.p.door.Catalogue
	v.MayPrepare = slices.Contains(newMandates, charter.Instead(answer.Instead))
	v.Rule, v.Why, v.Instead = string(answer.Rule), words.Reason(d.v.Lang, answer.Reason), words.Instead(d.v.Lang, answer.Instead)
	if rule, ok := d.charter.Rule(answer.Rule); ok {
		v.RuleText = rule.Text.In(d.Lang())
	}
	if s, ok := d.charter.Service(want.Service); ok && slices.Contains([]charter.RuleID{"C08", "C09"}, answer.Rule) {
		r := d.recovery(s)
		v.Recovery = &r
	}
	return v, nil
}

// newMandates are the ways out that begin with a new mandate.
var newMandates = []charter.Instead{charter.MakeMandate, charter.RenewMandate, charter.AddPower}

func (d *desk) actForm(p consent.Power) actForm {
	a := actForm{
		Outcomes: d.words(charter.WordOutcomes, ""),
		Reasons:  d.words(charter.WordActReasons, "asked_by_person"),
		Channels: d.words(charter.WordChannels, string(usualChannel(p.Mode))),
	}
	for _, w := range d.words(charter.WordCredentialEntries, "") {
		if mayType(p.Mode, charter.CredentialEntry(w.Value)) {
			a.Entries = append(a.Entries, w)
		}
	}
	if known, ok := d.charter.Procedure(p.Service, p.Procedure); ok && known.Mission == charter.MissionDeclaration {
		a.Validations = d.words(charter.WordValidations, string(usualValidation(p.Mode)))
		a.Period = lastPeriod(known.Every, d.now.In(d.tz))
		a.Said = d.period(a.Period)
	}
	return a
}

// usualChannel is the way by which most acts of a mode are done. In absence no
// code of the person is used, so it is the delegated access.
func usualChannel(m charter.Mode) charter.Channel {
	if m == charter.DoForAbsent {
		return charter.ChannelDelegatedAccess
	}
	return charter.ChannelPersonSession
}

func usualValidation(m charter.Mode) charter.Validation {
	if m == charter.DoForAbsent {
		return charter.ValidatedByPhone
	}
	return charter.ValidatedOnScreen
}

// mayType leaves out the answers that rule C09 would refuse.
func mayType(m charter.Mode, e charter.CredentialEntry) bool {
	switch m {
	case charter.DoForAbsent:
		return e == charter.EntryDelegated || e == charter.EntryNone
	case charter.DoForPresent:
		return true
	}
	return e != charter.EntryHelperInPresence
}

// lastPeriod is what a declaration that comes back is about on a day: the last
// month, the last three, or the last year that are over.
func lastPeriod(every string, now time.Time) string {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch every {
	case "year":
		return fmt.Sprintf("%04d", now.Year()-1)
	case "quarter":
		return first.AddDate(0, -3, 0).Format("2006-01") + "/" + first.AddDate(0, -1, 0).Format("2006-01")
	}
	return first.AddDate(0, -1, 0).Format("2006-01")
}

// period says a period: a year, a month, or the first and last month.
func (d *desk) period(s string) string {
	first, last, two := strings.Cut(s, "/")
	if !two {
		return d.birth(s)
	}
	return d.say("act.months", "First", d.birth(first), "Last", d.birth(last))
}

// A notedView says that an act was noted, and what the person can be told.
type notedView struct {
	deskView
	Person  consent.PersonID
	Purpose charter.Purpose
	What    string
	Outcome string
	When    string
	Late    bool
}

var actMembers = []string{
	"person", "procedure", "mode", "outcome", "typed", "reason", "channel", "validated", "period", "urgent", "day", "once",
}

// act is POST /personne/acte.
func (p *Pages) act(c echo.Context) error {
	d, f, err := p.posted(c, actMembers...)
	if err != nil {
		return err
	}
	person, want := consent.PersonID(f["person"]), powerOf(f)
	n, err := d.newAct(person, want, f)
	if err != nil {
		return err
	}
	act, err := d.register().RecordAct(d.ctx, d.once(f["once"], "act "+f["person"]+" "+f["procedure"]+" "+f["mode"]), n)
	if err != nil {
		v, fault := d.coverView(person, want)
		if fault != nil {
			return err
		}
		return d.again(err, "cover", &v.Problem, v)
	}
	return d.show("noted", notedView{
		deskView: d.view("noted.title"), Person: person, Purpose: charter.PurposeActUnderMandate, What: d.power(want),
		Outcome: d.word(charter.WordOutcomes, string(act.Outcome)), When: d.instant(act.Happened), Late: act.Late,
	})
}

// newAct reads an act. What the form leaves out is what the power usually is.
func (d *desk) newAct(person consent.PersonID, want consent.Power, f map[string]string) (consent.NewAct, error) {
	usual := d.actForm(want)
	n := consent.NewAct{
		Person: person, Did: want, Reason: charter.ActReason(f["reason"]), Channel: charter.Channel(f["channel"]),
		Credential: charter.CredentialEntry(f["typed"]), Outcome: charter.Outcome(f["outcome"]), Urgent: f["urgent"] != "",
	}
	if f["day"] != "" && f["day"] != d.now.In(d.tz).Format(time.DateOnly) {
		day, err := time.ParseInLocation(time.DateOnly, f["day"], d.tz)
		if err != nil {
			return n, &consent.Invalid{Pointer: "/happened_at", Reason: "date"}
		}
		n.Happened = day.Add(12 * time.Hour)
	}
	if len(usual.Validations) > 0 {
		n.ValidatedHow, n.Period = charter.Validation(f["validated"]), cmp.Or(f["period"], usual.Period)
		if n.ValidatedHow != "" {
			n.Validated = cmp.Or(n.Happened, d.now.UTC())
		}
	}
	return n, nil
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
	v := reportView{deskView: d.view("report.title"), Person: person, Name: fullName(shown.Identity), Day: d.day(d.now)}
	for i, line := range d.done(acts, len(acts)) {
		a := acts[len(acts)-1-i]
		v.Acts = append(v.Acts, reportLine{line, []string{
			d.word(charter.WordChannels, string(a.Channel)), d.word(charter.WordCredentialEntries, string(a.Credential)),
		}})
	}
	return d.show("report", v)
}
