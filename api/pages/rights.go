package pages

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/consent"
)

// What a person may ask about their data: one button each on their page, a list
// with its clock for the referent, and the paper that answers: a copy of everything,
// and once a year who looked.

// rightsDesk mounts the pages of requests.
func (p *Pages) rightsDesk(g *echo.Group) {
	g.GET("/demandes", p.rights)
	g.POST("/demandes/prolonger", p.extendRight)
	g.POST("/demandes/repondre", p.answerRight)
	g.POST("/personne/demande", p.askRightAtDesk)
	g.POST("/personne/copie", p.copyOf)
	g.POST("/demandes/lettres", p.letters)
}

// A rightView is one request on the person's page.
type rightView struct{ Title, State string }

// rights tells what the person asked and how it stands.
func (t teller) rights(list []*consent.RightRequest) (views []rightView) {
	for _, q := range slices.Backward(list) {
		v := rightView{Title: t.say("right." + string(q.Kind)), State: t.say("right.due", "Date", t.date(q.Due.Add(-time.Nanosecond).In(t.tz)))}
		switch {
		case !q.Answered.IsZero():
			v.State = t.say("right.answered."+string(q.Outcome), "Date", t.date(q.Answered.In(t.tz)))
		case q.Late(t.page.At):
			v.State = t.say("right.late")
		case !q.Extended.IsZero():
			v.State += " " + t.say("right.why."+string(q.Why))
		}
		views = append(views, v)
	}
	return views
}

// An askedView says that a request was written down.
type askedView struct {
	cardSheet
	Asked rightView
}

// askRight is the button of a person's page. A page that was not opened with the
// birth date asks for it first.
func (p *Pages) askRight(c echo.Context, v *door.Visit, f cardForm) error {
	if !p.door.Proven(f.code, f.proof) {
		return p.askBirth(c, v, f, http.StatusForbidden, "")
	}
	ctx := c.Request().Context()
	a, err := p.door.Card(ctx, v, f.code)
	if err != nil {
		return err
	}
	q, err := p.door.Register.AskRight(ctx, a, "", consent.RightKind(f.right))
	if err != nil {
		return err
	}
	view := askedView{cardSheet: p.cardSheet(v, f.code, "")}
	view.Switch, view.Proof = nil, f.proof
	t := teller{speaker: view.speaker, page: &consent.PersonPage{At: p.door.Now()}, tz: zone(consent.DefaultTZ)}
	view.Asked = t.rights([]*consent.RightRequest{q})[0]
	return p.show(c, http.StatusOK, "asked", view)
}

// A requestsView is the referent's list.
type requestsView struct {
	deskView
	Referent bool
	Rows     []requestView
	Outcomes []choiceView
	Whys     []choiceView
	Done     string // what was done just now
}

type requestView struct {
	ID       consent.RightID
	Person   consent.PersonID
	Title    string
	Say      []string
	Late     bool
	Extended bool
}

// rights is GET /demandes.
func (p *Pages) rights(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.showRights("")
}

func (d *desk) showRights(done string) error {
	list, err := d.register().OpenRights(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v := requestsView{deskView: d.view("request.title"), Referent: d.isReferent(), Done: done}
	for _, q := range list {
		row := requestView{
			ID: q.ID, Person: q.Person, Title: d.say("right." + string(q.Kind)), Late: q.Late(d.now()), Extended: !q.Extended.IsZero(),
		}
		by := d.say("request.by_person")
		if q.By != "person" {
			by = d.say("request.at_desk")
		}
		row.Say = append(row.Say, d.say("request.asked", "When", d.instant(q.Asked), "How", by),
			d.say("request.due", "Date", d.day(q.Due.Add(-time.Nanosecond))))
		if row.Extended {
			row.Say = append(row.Say, d.say("request.extended", "Date", d.day(q.Extended)))
		}
		v.Rows = append(v.Rows, row)
	}
	for _, o := range consent.RightOutcomes() {
		v.Outcomes = append(v.Outcomes, choiceView{Value: string(o), Label: d.say("request.outcome." + string(o))})
	}
	for _, w := range consent.RightWhys() {
		v.Whys = append(v.Whys, choiceView{Value: string(w), Label: d.say("request.why." + string(w))})
	}
	return d.show("requests", v)
}

// extendRight is POST /demandes/prolonger.
func (p *Pages) extendRight(c echo.Context) error {
	d, f, err := p.posted(c, "request", "why", "once")
	if err != nil {
		return err
	}
	_, err = d.register().ExtendRight(d.ctx, d.once(f["once"], "extend "+f["request"]), consent.RightID(f["request"]), consent.RightWhy(f["why"]))
	if err != nil {
		return err
	}
	return d.showRights(d.say("request.extended_now"))
}

// answerRight is POST /demandes/repondre.
func (p *Pages) answerRight(c echo.Context) error {
	d, f, err := p.posted(c, "request", "outcome", "once")
	if err != nil {
		return err
	}
	_, err = d.register().AnswerRight(d.ctx, d.once(f["once"], "answer "+f["request"]), consent.RightID(f["request"]), consent.RightOutcome(f["outcome"]))
	if err != nil {
		return err
	}
	return d.showRights(d.say("request.answered_now"))
}

// askRightAtDesk is POST /personne/demande.
func (p *Pages) askRightAtDesk(c echo.Context) error {
	d, f, err := p.posted(c, "person", "kind", "once")
	if err != nil {
		return err
	}
	_, err = d.register().AskRight(d.ctx, d.once(f["once"], "ask "+f["person"]+" "+f["kind"]), consent.PersonID(f["person"]), consent.RightKind(f["kind"]))
	if err != nil {
		return err
	}
	return d.showRights(d.say("request.asked_now"))
}

// rightChoices are the kinds, for the form at the desk.
func (d *desk) rightChoices() (list []choiceView) {
	for _, k := range consent.RightKinds() {
		list = append(list, choiceView{Value: string(k), Label: d.say("right." + string(k))})
	}
	return list
}

// A copyView is the person's copy on paper, in the words of their own page.
type copyView struct {
	deskView
	Person consent.PersonID
	Papers []paperView
	Next   string // cursor of the next batch of letters
	Empty  bool
}

// A paperView is one person's paper: a copy of everything, or the yearly letter.
type paperView struct {
	personView
	Year    bool // the letter: who looked, and what was done
	Contact []factView
	At      string
	Asked   []rightView
}

// copyOf is POST /personne/copie: on paper, or as a file of the JSON door's words.
func (p *Pages) copyOf(c echo.Context) error {
	d, f, err := p.posted(c, "person", "as")
	if err != nil {
		return err
	}
	copied, err := d.register().CopyPerson(d.ctx, d.actor.With(d.v.Call()), consent.PersonID(f["person"]))
	if err != nil {
		return err
	}
	paper := d.paper(copied, false)
	if f["as"] == "json" {
		return d.sendCopy(c, copied)
	}
	return d.show("copy", copyView{deskView: d.view("copy.title"), Person: copied.Person, Papers: []paperView{paper}})
}

// paper tells a copy in the words of the person's page: French, which binds.
func (d *desk) paper(copied *consent.PersonCopy, year bool) paperView {
	d = d.speaking("fr")
	page := &consent.PersonPage{
		At: d.now(), Structure: d.structure.Name.String(), Phone: d.structure.Phone.String(), TZ: d.structure.TZ,
		Mandates: copied.Mandates, Acts: copied.Acts, Stops: copied.Stops, Rights: copied.Rights, Lines: copied.Lines, More: copied.More,
		Names: copied.Names, Roles: copied.Roles,
	}
	if copied.Identity != nil {
		page.Identity = *copied.Identity
	}
	slices.Reverse(page.Acts)
	v := paperView{Year: year, At: d.instant(d.now())}
	v.personView = personView{cardSheet: cardSheet{sheet: sheet{speaker: d.speaker}}, most: 400}
	v.fill(page, d.charter)
	v.Asked = teller{speaker: d.speaker, page: page, charter: d.charter, tz: d.tz}.rights(page.Rights)
	if k := copied.Contact; k != nil && !year {
		for _, fact := range []factView{
			{d.say("receive.phone"), k.Phone.Reveal()}, {d.say("receive.email"), k.Email.Reveal()},
			{d.say("receive.address"), k.Address.Reveal()}, {d.say("receive.language"), k.Language},
		} {
			if fact.Value != "" {
				v.Contact = append(v.Contact, fact)
			}
		}
	}
	return v
}

// sendCopy answers with the copy as a file.
func (d *desk) sendCopy(c echo.Context, copied *consent.PersonCopy) error {
	raw, err := json.MarshalIndent(map[string]any{
		"person": copied.Person, "entry": copied.Entry, "at": d.now(), "identity": wireIdentity(copied), "contact": wireContact(copied),
		"mandates": copied.Mandates, "acts": copied.Acts, "stops": copied.Stops, "requests": copied.Rights, "lines": copied.Lines, "more": copied.More,
	}, "", "  ")
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", `attachment; filename="copie.json"`)
	h.Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/json", append(raw, '\n'))
}

func wireIdentity(c *consent.PersonCopy) map[string]string {
	if c.Identity == nil {
		return nil
	}
	return map[string]string{
		"given_names": c.Identity.GivenNames.Reveal(), "birth_name": c.Identity.BirthName.Reveal(), "used_name": c.Identity.UsedName.Reveal(),
		"birth": c.Identity.Birth.Reveal(),
	}
}

func wireContact(c *consent.PersonCopy) map[string]string {
	if c.Contact == nil {
		return nil
	}
	return map[string]string{
		"phone": c.Contact.Phone.Reveal(), "email": c.Contact.Email.Reveal(), "address": c.Contact.Address.Reveal(), "language": c.Contact.Language,
	}
}

// letterBatch is how many letters are printed at once.
const letterBatch = 20

// letters is POST /demandes/lettres: once a year, for each person, who looked and
// what was done, in large print; an entry each. No address stands on it: it is handed
// over, or posted where the person agreed.
func (p *Pages) letters(c echo.Context) error {
	d, f, err := p.posted(c, "after")
	if err != nil {
		return err
	}
	if !d.isReferent() {
		return &door.Fault{Status: http.StatusForbidden, Reason: "office_only"}
	}
	list, next, err := d.register().Mandates(d.ctx, d.actor, "", consent.Page{After: f["after"], Limit: letterBatch})
	if err != nil {
		return err
	}
	v := copyView{deskView: d.view("letter.title"), Next: next}
	var seen []consent.PersonID
	for _, m := range list {
		if slices.Contains(seen, m.Person) || m.State(d.now()) != consent.Active {
			continue
		}
		seen = append(seen, m.Person)
		copied, err := d.register().CopyPerson(d.ctx, d.actor.With(d.v.Call()), m.Person)
		if err != nil {
			return err
		}
		since := d.now().AddDate(-1, 0, 0)
		for i, l := range copied.Lines {
			if l.Time.Before(since) {
				copied.Lines, copied.More = copied.Lines[:i], false
				break
			}
		}
		v.Papers = append(v.Papers, d.paper(copied, true))
	}
	v.Empty = len(v.Papers) == 0
	return d.show("copy", v)
}

// rightsLight says whether somebody waits longer than the law lets them.
func (d *desk) rightsLight() (lightView, error) {
	list, err := d.register().OpenRights(d.ctx, d.actor)
	v := lightView{State: "ok", Label: d.say("light.requests"), Say: d.say("light.requests_none")}
	if err != nil || len(list) == 0 {
		return v, err
	}
	v.Say = d.number("light.requests_open", len(list)) + " " + d.say("request.due", "Date", d.day(list[0].Due.Add(-time.Nanosecond)))
	if list[0].Late(d.now()) {
		v.State = "bad"
		v.Say = d.number("light.requests_late", len(slices.DeleteFunc(list, func(q *consent.RightRequest) bool { return !q.Late(d.now()) })))
	}
	return v, nil
}
