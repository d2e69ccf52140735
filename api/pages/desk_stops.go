package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter/screen"
	"aval/consent"
)

// Stops at the desk: who has to call somebody back, stopping for a person who is
// there, on the telephone or who wrote, and stopping for somebody of another
// structure.

// stopDesk mounts the pages of stops.
func (p *Pages) stopDesk(g *echo.Group) {
	g.GET("/arrets", p.stopTasks)
	g.POST("/arrets/repondu", p.answerStop)
	g.POST("/personne/arreter", p.stopPerson)
	g.POST("/moi/mail", p.ownMail)
	g.GET("/ailleurs", p.elsewhere)
	g.POST("/ailleurs/carte", p.stopWithCard)
	g.POST("/ailleurs/demande", p.requestStop)
}

// A newsView says, on every page of whoever has to know, that somebody stopped.
type newsView struct{ Count, Open string }

// news tells the member what they have to know of. What cannot be noted now is told
// all the same, and noted at the next page.
func (d *desk) news() *newsView {
	list, err := d.register().StopNews(d.ctx, d.actor)
	if err != nil && len(list) == 0 || len(list) == 0 {
		return nil
	}
	return &newsView{Count: d.number("stops.news", len(list)), Open: d.say("stops.news_open")}
}

// A tasksView is the list of people to call back, by reference.
type tasksView struct {
	deskView
	Tasks    []taskView
	Answered string // the one that was answered just now
}

// A taskView is one stop that nobody has answered.
type taskView struct {
	ID      consent.StopID
	Mandate consent.MandateID
	Person  consent.PersonID
	Title   string
	Say     []string
	Mine    bool // whoever looks has to know
	Late    bool // a day without an answer
}

// stopTasks is GET /arrets.
func (p *Pages) stopTasks(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.showTasks("")
}

func (d *desk) showTasks(answered string) error {
	list, err := d.register().StopTasks(d.ctx, d.actor)
	if err != nil {
		return err
	}
	v := tasksView{deskView: d.view("stops.tasks"), Answered: answered}
	v.News = nil // it is what the page is about
	for _, n := range list {
		t := taskView{
			ID: n.ID, Mandate: n.Mandate, Person: n.Person, Title: d.say("mandate.ref", "Ref", spaced(n.Ref)),
			Mine: slices.Contains(n.Tell, d.actor.Member()), Late: d.now().Sub(n.Effective) > consent.ChaseAfter,
		}
		t.Say = append(t.Say, d.say("stops.since", "When", d.instant(n.Effective), "How", d.say("stop.way."+string(n.Way))))
		if part := (consent.Part{Scope: n.Part}); part.String() != "" {
			t.Say = append(t.Say, d.say("stops.part", "What", d.teller(nil).part(part, "")))
		} else {
			t.Say = append(t.Say, d.say("stops.whole"))
		}
		if at := n.Notified(); !at.IsZero() {
			t.Say = append(t.Say, d.say("stops.told_at", "When", d.instant(at)))
		}
		v.Tasks = append(v.Tasks, t)
	}
	return d.show("stops", v)
}

// teller tells parts and what is left to do at the desk, in the desk's language.
func (d *desk) teller(names map[consent.MemberID]string) teller {
	return teller{speaker: d.speaker, charter: d.charter, tz: d.tz, page: &consent.PersonPage{At: d.now()}, called: names}
}

// answerStop is POST /arrets/repondu.
func (p *Pages) answerStop(c echo.Context) error {
	d, f, err := p.posted(c, "stop", "once")
	if err != nil {
		return err
	}
	n, err := d.register().AckStop(d.ctx, d.once(f["once"], "answer "+f["stop"]), consent.StopID(f["stop"]))
	if err != nil {
		return err
	}
	return d.showTasks(spaced(n.Ref))
}

// A stoppingView asks what to stop, and then says what was.
type stoppingView struct {
	deskView
	Person consent.PersonID
	Parts  []choiceView
	Ways   []choiceView
	Done   bool
	None   bool // nothing was left to stop
	What   string
	When   string
	Refs   []string
	Next   []string
	Proof  string
	Paper  *speaker // of the receipt for the person
}

// stopPerson is POST /personne/arreter: asked once, then at once, without a reason
// (CC 2004).
func (p *Pages) stopPerson(c echo.Context) error {
	d, f, err := p.posted(c, "person", "part", "way", "sure", "once")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	v := stoppingView{deskView: d.view("stop.title"), Person: person, Ways: d.stopWays(f["way"])}
	if f["sure"] == "" {
		if v.Parts, err = d.stopParts(person); err != nil {
			return err
		}
		return d.show("stopping", v)
	}
	part, err := consent.ParsePart(f["part"])
	if err != nil {
		return err
	}
	receipt, err := d.register().StopPerson(d.ctx, d.once(f["once"], "stop "+f["person"]+" "+f["part"]), person, part, consent.StopWay(f["way"]))
	if err != nil {
		return err
	}
	v.tell(d, part, receipt)
	return d.show("stopping", v)
}

// tell says what a receipt says. The paper is the person's: French, which binds.
func (v *stoppingView) tell(d *desk, part consent.Part, r *consent.Receipt) {
	d = d.speaking("fr")
	v.Paper, v.Done, v.None = d.speaker, true, len(r.Stopped) == 0
	v.What, v.When = d.number("stop.stopped", len(r.Stopped)), d.instant(r.At)
	if part.String() != "" {
		v.What = d.say("stop.stopped_part", "What", d.teller(nil).part(part, ""))
	}
	for _, m := range r.Stopped {
		v.Refs = append(v.Refs, d.say("receipt.ref", "Ref", spaced(m.Ref)))
	}
	v.Next = d.teller(nil).leftToDo(r.Next)
	if r.Entry > 0 {
		v.Proof = d.say("stop.proof", "N", r.Entry)
	}
}

func (d *desk) stopWays(chosen string) (list []choiceView) {
	for _, w := range consent.TypedWays() {
		list = append(list, choiceView{
			Value: string(w), Label: d.say("stop.way." + string(w)), Chosen: string(w) == cmp.Or(chosen, string(consent.StopAtDesk)),
		})
	}
	return list
}

// stopParts lists what can be stopped for a person: everything first. Helpers are
// listed by name, which is a line in the log.
func (d *desk) stopParts(person consent.PersonID) ([]choiceView, error) {
	list := []choiceView{{Value: "", Label: d.say("stop.everything"), Chosen: true}}
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 100})
	if err != nil {
		return nil, err
	}
	names := map[consent.MemberID]string{}
	var ids []consent.MemberID
	for _, m := range mandates {
		for _, h := range m.Payload.Helpers.Named {
			if m.State(d.now()) == consent.Active && !slices.Contains(ids, h) && len(ids) < 20 {
				ids = append(ids, h)
			}
		}
	}
	if len(ids) > 0 && !d.me.Hosted {
		opened, err := d.register().MemberNames(d.ctx, d.actor, ids)
		if err != nil {
			return nil, err
		}
		for id, name := range opened {
			names[id] = name.Reveal()
		}
	}
	for _, part := range d.teller(names).parts(mandates, 40) {
		list = append(list, choiceView{Value: part.Value, Label: part.Name})
	}
	return list, nil
}

// An elsewhereView stops for somebody of another structure.
type elsewhereView struct {
	deskView
	Places []choiceView
	Sent   bool
	Name   string
	Birth  string
}

// elsewhere is GET /ailleurs.
func (p *Pages) elsewhere(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.elsewhereView("")
	if err != nil {
		return err
	}
	return d.show("elsewhere", v)
}

func (d *desk) elsewhereView(chosen string) (*elsewhereView, error) {
	v := &elsewhereView{deskView: d.view("elsewhere.title")}
	places, err := d.register().Places(d.ctx, d.actor)
	for _, place := range places {
		v.Places = append(v.Places, choiceView{Value: place.Slug, Label: place.Name, Chosen: place.Slug == chosen})
	}
	return v, err
}

// stopWithCard is POST /ailleurs/carte.
func (p *Pages) stopWithCard(c echo.Context) error {
	d, f, err := p.posted(c, "code")
	if err != nil {
		return err
	}
	receipt, err := d.p.door.StopWithCard(d.ctx, d.v, d.actor.With(d.v.Call()), door.TypedText(f["code"]))
	if err != nil {
		v, fault := d.elsewhereView("")
		if fault != nil {
			return err
		}
		return d.again(err, "elsewhere", &v.Problem, v)
	}
	receipt.Next = nil // what comes back is for the structure that helps, and for the person's page
	v := stoppingView{deskView: d.view("stop.title")}
	v.tell(d, consent.Part{}, receipt)
	return d.show("stopping", v)
}

// requestStop is POST /ailleurs/demande. What it answers is the same for everybody.
func (p *Pages) requestStop(c echo.Context) error {
	d, f, err := p.posted(c, "to", "name", "birth", "once")
	if err != nil {
		return err
	}
	v, err := d.elsewhereView(f["to"])
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 200})
	if err == nil {
		who := strings.Join([]string{f["to"], f["name"], f["birth"]}, "\n")
		err = d.register().RequestStop(d.ctx, d.once(f["once"], "stop "+who), consent.StopRequest{To: f["to"], Name: clean[0], Birth: birthTyped(f["birth"])})
	}
	if err != nil {
		return d.again(err, "elsewhere", &v.Problem, v)
	}
	v.Sent = true
	return d.show("elsewhere", v)
}

// ownMail is POST /moi/mail: where whoever asks wants to be told of stops. The
// address is shown to nobody again.
func (p *Pages) ownMail(c echo.Context) error {
	d, f, err := p.posted(c, "email")
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "email", Text: f["email"], Kind: screen.Email, Max: 254})
	if err != nil {
		return err
	}
	if err := d.register().SetOwnMail(d.ctx, d.actor, clean[0]); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moi")
}
