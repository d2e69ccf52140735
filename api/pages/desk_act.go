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
)

// "Am I covered?", and what was done, noted in two taps.

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
	if slices.Contains([]charter.RuleID{"C08", "C09"}, answer.Rule) {
		if v.Recovery, err = d.recoveryOf(want.Service); err != nil {
			return nil, err
		}
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
		a.Period = lastPeriod(known.Every, d.now().In(d.tz))
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
	if f["day"] != "" && f["day"] != d.now().In(d.tz).Format(time.DateOnly) {
		day, err := time.ParseInLocation(time.DateOnly, f["day"], d.tz)
		if err != nil {
			return n, &consent.Invalid{Pointer: "/happened_at", Reason: "date"}
		}
		n.Happened = day.Add(12 * time.Hour)
	}
	if len(usual.Validations) > 0 {
		n.ValidatedHow, n.Period = charter.Validation(f["validated"]), cmp.Or(f["period"], usual.Period)
		if n.ValidatedHow != "" {
			n.Validated = cmp.Or(n.Happened, d.now().UTC())
		}
	}
	return n, nil
}
