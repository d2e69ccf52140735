package pages

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// The lines of one person: how each password becomes needless, with them.

// A passwordsOfView is the list of one person.
type passwordsOfView struct {
	deskView
	Person   consent.PersonID
	Purpose  charter.Purpose
	Name     string
	Lines    []passwordLine
	Services []choiceView
	Endings  []choiceView
	Warning  string
}

// A passwordLine is one service of the person.
type passwordLine struct {
	Service   charter.ServiceCode
	Label     string
	Open      bool
	Said      string
	HasNote   bool
	Note      string // once it was asked for
	Way, More string
	Stale     string
}

// passwordsOf is POST /mots-de-passe/personne.
func (p *Pages) passwordsOf(c echo.Context) error {
	d, f, err := p.posted(c, "person", "purpose")
	if err != nil {
		return err
	}
	v, err := d.passwordsOfView(consent.PersonID(f["person"]), charter.Purpose(f["purpose"]))
	if err != nil {
		return err
	}
	return d.show("passwords_of", v)
}

func (d *desk) passwordsOfView(person consent.PersonID, why charter.Purpose) (*passwordsOfView, error) {
	shown, err := d.reveal(person, why)
	if err != nil {
		return nil, err
	}
	v := &passwordsOfView{deskView: d.view("passwords.of"), Person: person, Purpose: why, Name: fullName(shown.Identity), Services: d.sheetChoices()}
	v.Script = d.p.script
	for _, e := range consent.NotebookEndings {
		v.Endings = append(v.Endings, choiceView{Value: string(e), Label: d.say("ending_of." + string(e))})
	}
	list, _, err := d.register().Notebook(d.ctx, d.actor, consent.NotebookQuery{Person: person, Limit: 100})
	if err != nil {
		return nil, err
	}
	sheets, err := d.register().RecoverySheets(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	for _, line := range list {
		v.Lines = append(v.Lines, d.passwordLine(line, sheets))
		v.Services = slices.DeleteFunc(v.Services, func(c choiceView) bool { return c.Value == string(line.Service) })
	}
	return v, nil
}

func (d *desk) passwordLine(line consent.NotebookLine, sheets []consent.Recovery) passwordLine {
	l := passwordLine{Service: line.Service, Label: d.sheetName(line.Service), Open: line.Open(), HasNote: line.Note > 0}
	if !line.Open() {
		l.Said = d.say("passwords.ended", "How", d.say("ending_of."+string(line.Ending)), "Date", d.day(line.Ended))
		return l
	}
	if i := slices.IndexFunc(sheets, func(s consent.Recovery) bool { return s.Service == line.Service }); i >= 0 {
		r := d.recovery(sheets[i])
		l.Way, l.More, l.Stale = r.Way, r.Call, strings.Trim(r.Checked+" · "+r.ToCheck, " ·")
	}
	return l
}

// addPasswords is POST /mots-de-passe/ajouter.
func (p *Pages) addPasswords(c echo.Context) error {
	d, f, err := p.posted(c, "person", "purpose", "service", "once")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	err = d.register().ListInNotebook(d.ctx, d.once(f["once"], "list "+f["person"]+" "+f["service"]), person, []charter.ServiceCode{charter.ServiceCode(f["service"])})
	v, fault := d.passwordsOfView(person, charter.Purpose(f["purpose"]))
	if fault != nil {
		return fault
	}
	if err != nil {
		return d.again(err, "passwords_of", &v.Problem, v)
	}
	return d.show("passwords_of", v)
}

// stepPassword is POST /mots-de-passe/ligne: an ending, a note of what is still to be
// done, or a look at the note.
func (p *Pages) stepPassword(c echo.Context) error {
	d, f, err := p.posted(c, "person", "purpose", "service", "step", "note", "once")
	if err != nil {
		return err
	}
	person, service, why := consent.PersonID(f["person"]), charter.ServiceCode(f["service"]), charter.Purpose(f["purpose"])
	note, warning := "", ""
	switch {
	case f["step"] == "see":
		text, fault := d.register().NotebookNote(d.ctx, d.actor, person, service, why)
		note, err = text.Reveal(), fault
	default:
		warning, err = d.step(person, service, f)
	}
	v, fault := d.passwordsOfView(person, why)
	if fault != nil {
		return fault
	}
	v.Warning = warning
	for i := range v.Lines {
		if v.Lines[i].Service == service {
			v.Lines[i].Note = note
		}
	}
	if err != nil {
		return d.again(err, "passwords_of", &v.Problem, v)
	}
	return d.show("passwords_of", v)
}

// step writes what a form says of a line, and tells what may not be needed in it.
func (d *desk) step(person consent.PersonID, service charter.ServiceCode, f map[string]string) (warning string, err error) {
	n := consent.NotebookStep{Person: person, Service: service}
	if f["step"] != "note" {
		n.Ending = consent.NotebookEnding(f["step"])
		if f["step"] == "again" {
			n.Ending = consent.NotebookOpen
		}
	}
	s, err := d.p.door.Screened(d.ctx, d.actor, screen.Field{Name: "note", Text: f["note"], Kind: screen.Note, Max: consent.MaxNotebookNote})
	if err != nil {
		return "", err
	}
	if f["step"] == "note" {
		n.Note = s.Texts[0]
	}
	if len(s.Warnings) > 0 {
		warning = d.say("warning." + string(s.Warnings[0].Topic))
	}
	_, err = d.register().StepNotebook(d.ctx, d.once(f["once"], lines([]string{"step", f["person"], f["service"], f["step"], f["note"]})), n)
	return warning, err
}
