package pages

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/charter/screen"
	"aval/consent"
)

// A refused text: what is said, and the ways out. The server never has the text
// again; a small script marks the place in the form that the page kept, and writes a
// fixed sentence there. Without scripts the field is named and the sentences stand
// there to be copied.

// A refusedView is the way out of one refusal.
type refusedView struct {
	*speaker
	FormToken   string
	Field       string // the member of the form, for the script
	Where       string // "Dans le champ « Note »."
	What        string
	Marked      bool
	Start, End  int
	Sentences   []string // to be written in place of what was refused
	Advice      []string
	Law         string // the charter's rule
	Ways        []wayView
	Mailbox     bool // it answers who was told that a mailbox password may be kept
	Contestable bool
	Rewritten   bool
	Kind        screen.Kind
	Rule        screen.Rule
}

// A wayView leads on, in a tab of its own: the form that was refused stays.
type wayView struct{ Path, Label string }

// freeFields are the texts in which a sentence makes sense; in a name or a number it
// does not.
var freeFields = []string{"note", "way", "bring", "delay", "page", "paper_place"}

// waysOf are the pages that suggestions lead to.
var waysOf = map[screen.Suggestion]string{
	screen.SuggestRecovery: "/services", screen.SuggestWasShown: "/mots-de-passe/montre", screen.SuggestPaperCard: "/mots-de-passe/fiche",
}

// refusedView puts a refusal into words; nil for what is none.
func (d *desk) refusedView(refused *consent.Refused) *refusedView {
	if refused == nil || refused.Text == nil {
		return nil
	}
	t := refused.Text
	name, _, _ := strings.Cut(strings.TrimPrefix(refused.Pointer, "/"), "/")
	v := &refusedView{
		speaker: d.speaker, Field: strings.TrimPrefix(refused.Pointer, "/"), What: d.p.door.Catalogue.Reason(d.v.Lang, refused.Reason),
		FormToken: d.register().FormToken(d.actor), Contestable: t.Contestable, Rewritten: t.Rewritten, Kind: t.Kind, Rule: t.Rule,
		Law:     d.say("wayout.rule", "Rule", string(refused.Rule)),
		Mailbox: slices.Contains([]screen.Kind{screen.KindPassword, screen.KindPIN, screen.KindRecovery}, t.Kind),
	}
	if label := d.say("field." + name); label != "" {
		v.Where = d.say("wayout.where", "Field", label)
	}
	if t.Mark != nil {
		v.Marked, v.Start, v.End = true, t.Mark.Start(), t.Mark.End()
	}
	for _, s := range d.p.door.Suggestions(d.v, t) {
		path := waysOf[screen.Suggestion(s.Key)]
		switch {
		case path != "":
			v.Ways = append(v.Ways, wayView{Path: path, Label: s.Label})
		case s.Sentence == "":
			v.Advice = append(v.Advice, s.Label)
		}
		if s.Sentence != "" && slices.Contains(freeFields, name) {
			v.Sentences = append(v.Sentences, s.Sentence)
		} else if s.Sentence != "" {
			v.Advice = append(v.Advice, s.Label)
		}
	}
	return v
}

// refuse lets a page show the way out in the place of its problem.
func (v *deskView) refuse(r *refusedView) { v.Refused = r }

// A contestedView says what became of "this is no secret".
type contestedView struct {
	deskView
	LetIn bool
}

// contest is POST /mots-de-passe/contester.
func (p *Pages) contest(c echo.Context) error {
	d, f, err := p.posted(c, "field", "kind", "rule")
	if err != nil {
		return err
	}
	v := contestedView{deskView: d.view("contested.title")}
	v.LetIn, err = d.register().ContestText(d.ctx, d.actor, screen.Contest{
		Field: f["field"], Kind: screen.Kind(f["kind"]), Rule: screen.Rule(f["rule"]),
	})
	if err != nil {
		return d.orSignIn(err, "contested", &v.Problem, &v)
	}
	return p.show(c, http.StatusOK, "contested", &v)
}

// orSignIn is again for what needs a fresh proof of who asks: then that is asked for,
// and the form waits (Fault).
func (d *desk) orSignIn(err error, name string, problem *string, v view) error {
	if _, out := errors.AsType[*consent.SignInNeeded](err); out {
		return err
	}
	return d.again(err, name, problem, v)
}
