package pages

import (
	"cmp"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// Finding somebody again, and writing somebody down for the first time.

// A foundView is what one box found: at most 5 candidates, each with a line in
// the log.
type foundView struct {
	deskView
	Purpose    charter.Purpose
	Candidates []candidateView
	Mandate    *rowView // found by its reference
	Person     consent.PersonID
	Typed      *typedPerson // when somebody new looks like somebody known
}

// A candidateView is somebody who may be the one.
type candidateView struct {
	Person consent.PersonID
	Name   string
	Birth  string
}

// fullName is how somebody is called.
func fullName(id *personal.Identity) string {
	if id == nil {
		return ""
	}
	last := cmp.Or(id.UsedName.Reveal(), id.BirthName.Reveal())
	return strings.TrimSpace(id.GivenNames.Reveal() + " " + last)
}

func (d *desk) candidates(list []consent.Revealed) []candidateView {
	var out []candidateView
	for _, r := range list {
		out = append(out, candidateView{Person: r.Person, Name: fullName(r.Identity), Birth: d.birth(r.Identity.Birth.Reveal())})
	}
	return out
}

// find is POST /chercher: a card, a reference, or a birth date and the beginning
// of names.
func (p *Pages) find(c echo.Context) error {
	d, f, err := p.posted(c, "q", "purpose")
	if err != nil {
		return err
	}
	home, err := d.homeView("")
	if err != nil {
		return err
	}
	found, err := d.p.door.Find(d.ctx, d.v, d.actor, door.TypedText(f["q"]), charter.Purpose(f["purpose"]))
	if err != nil {
		return d.again(err, "desk", &home.Problem, home)
	}
	v := foundView{
		deskView: d.view("found.title"), Purpose: charter.Purpose(f["purpose"]), Candidates: d.candidates(found.Candidates),
	}
	if found.Mandate != nil {
		row := d.row(found.Mandate)
		v.Mandate = &row
	}
	if len(found.Candidates) == 0 {
		v.Person = found.Person
	}
	return d.show("found", v)
}

// A typedPerson is what was typed about somebody new, to be sent again when a
// helper says that none of the candidates is the one.
type typedPerson struct{ Given, Name, Birth, Language string }

// A newPersonView asks for who somebody is: one name is enough.
type newPersonView struct {
	deskView
	Languages []choiceView
}

// newPerson is GET /personne/nouvelle.
func (p *Pages) newPerson(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.show("new_person", d.newPersonView())
}

func (d *desk) newPersonView() newPersonView {
	v := newPersonView{deskView: d.view("new_person.title"), Languages: d.languages("fr")}
	v.Script = d.p.script
	return v
}

// The languages that many persons at a desk prefer (domain.md §9); the mandate
// itself is printed in those that have a template.
var spoken = []string{"fr", "en", "ar", "prs", "ps", "tr", "pt", "ru", "uk", "ro", "es"}

func (d *desk) languages(chosen string) []choiceView {
	var list []choiceView
	for _, code := range spoken {
		list = append(list, choiceView{Value: code, Label: d.say("language." + code), Chosen: code == chosen})
	}
	return list
}

// recordPerson is POST /personne/nouvelle: whoever looks like somebody known is
// shown first; then the person is written down, and the mandate begins.
func (p *Pages) recordPerson(c echo.Context) error {
	d, f, err := p.posted(c, "given", "name", "birth", "language", "once", "sure")
	if err != nil {
		return err
	}
	form := d.newPersonView()
	clean, err := d.screen(
		screen.Field{Name: "given_names", Text: f["given"], Kind: screen.Name, Max: 100},
		screen.Field{Name: "birth_name", Text: f["name"], Kind: screen.Name, Max: 100},
	)
	if err != nil {
		return d.again(err, "new_person", &form.Problem, &form)
	}
	data := consent.PersonData{GivenNames: clean[0], BirthName: clean[1], Birth: birthTyped(f["birth"]), Language: f["language"]}
	if f["sure"] == "" {
		alike, err := d.register().Similar(d.ctx, d.actor, data)
		if err != nil {
			return d.again(err, "new_person", &form.Problem, &form)
		}
		if len(alike) > 0 {
			return d.show("found", foundView{
				deskView: d.view("found.alike"), Purpose: charter.PurposePrepareMandate, Candidates: d.candidates(alike),
				Typed: &typedPerson{Given: clean[0].String(), Name: clean[1].String(), Birth: data.Birth, Language: data.Language},
			})
		}
	}
	person, err := d.register().RecordPerson(d.ctx, d.once(f["once"], "person "+lines([]string{f["given"], f["name"], f["birth"]})), data)
	if err != nil {
		return d.again(err, "new_person", &form.Problem, &form)
	}
	return d.prepare(person, "")
}

// birthTyped turns a birth date as it is typed in France (12/03/1948, 03/1948,
// 1948, also with spaces, dots or dashes) into the register's form. What is no
// date goes on as it is, to be refused there.
func birthTyped(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/ .-\u00a0", r) })
	for i, p := range parts {
		if len(p) == 1 {
			parts[i] = "0" + p
		}
	}
	if len(parts) > 1 && len(parts[0]) == 4 { // already as 1948-03-12
		return strings.Join(parts, "-")
	}
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return strings.Join(parts, "-")
}
