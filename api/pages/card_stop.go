package pages

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/consent"
)

// Stop on the person's pages: all of it from the card alone, one agreement or a
// part from the page. What was stopped is told in full to whoever opened the page
// with the birth date, and in general words to whoever only holds the card.

// A confirmView asks whether to stop.
type confirmView struct {
	cardSheet
	Count    string
	Mandate  string // "" for all or a part
	Part     string // "" for all or one agreement
	PartName string // what the part is called
}

// confirm is the first step of Stop. It asks no birth date: when in doubt, stop
// (domain.md §9).
func (p *Pages) confirm(c echo.Context, v *door.Visit, f cardForm) error {
	ctx := c.Request().Context()
	view := confirmView{cardSheet: p.cardSheet(v, f.code, actStop), Mandate: f.mandate, Part: f.part}
	view.Proof = f.proof
	view.Switch.Mandate, view.Switch.Part = f.mandate, f.part
	if f.part != "" {
		part, err := consent.ParsePart(f.part)
		if err != nil {
			return err
		}
		// The words of what was sent, looked up nowhere: they tell nothing.
		view.PartName = teller{speaker: view.speaker, charter: p.door.Register.Charter(), page: &consent.PersonPage{}}.part(part, "")
	}
	a, err := p.door.Card(ctx, v, f.code)
	if _, held := errors.AsType[*consent.TooMany](err); held {
		view.Count = view.say("confirm.whatever")
		return p.show(c, http.StatusOK, "confirm", view)
	}
	if err != nil {
		return err
	}
	g, err := p.door.Register.CardGlance(ctx, a)
	if err != nil {
		return err
	}
	if g.Mandates == 0 {
		return p.show(c, http.StatusOK, "receipt", p.receipt(v, f, nil))
	}
	view.Count = view.number("confirm.what", g.Mandates)
	return p.show(c, http.StatusOK, "confirm", view)
}

// A receiptView says what was stopped. It names no service unless the page was
// opened with the birth date: whoever found the card could have stopped.
type receiptView struct {
	cardSheet
	Count, When, Proven, After, Nothing string
	Refs                                []string
	Next                                []string // what is left to do, and by when
	Untold                              bool     // whether there was something to stop
}

// stop is the second step of Stop. What is shown has been committed. Beyond
// the limits on wrong codes it is the same for a right one and a wrong one.
func (p *Pages) stop(c echo.Context, v *door.Visit, f cardForm) error {
	part, err := consent.ParsePart(f.part)
	if err != nil {
		return err
	}
	var receipt *consent.Receipt
	told, err := p.door.Stop(c.Request().Context(), v, f.code, func(a consent.Actor) (err error) {
		receipt, err = p.stopFor(c.Request().Context(), a, f, part)
		return err
	})
	if err != nil {
		return err
	}
	view := p.receipt(v, f, receipt)
	switch {
	case !told:
		view = p.receipt(v, cardForm{code: f.code}, nil)
		view.Nothing = view.say("receipt.untold")
	case f.part != "" && !p.door.Proven(f.code, f.proof):
		// Whether there was such a part is not for whoever only holds the card.
		told = false
		view = p.receipt(v, cardForm{code: f.code}, nil)
		view.Nothing = view.say("receipt.part_untold")
	}
	view.Untold = !told
	return p.show(c, http.StatusOK, "receipt", view)
}

// stopFor stops all, a part, or one agreement; one that is over already is no
// fault, and gives no receipt.
func (p *Pages) stopFor(ctx context.Context, a consent.Actor, f cardForm, part consent.Part) (*consent.Receipt, error) {
	if f.mandate != "" {
		id, err := consent.ParseMandateID(f.mandate)
		if err != nil {
			return nil, err
		}
		part = consent.Part{Mandate: id}
	}
	return p.door.Register.CardStopPart(ctx, a, part)
}

// receipt makes the view; a nil or empty receipt says that nothing was left.
func (p *Pages) receipt(v *door.Visit, f cardForm, r *consent.Receipt) receiptView {
	view := receiptView{cardSheet: p.cardSheet(v, f.code, "")}
	view.Switch = nil // to ask for it again would be to stop again
	if r == nil || len(r.Stopped) == 0 {
		view.Nothing = view.say("receipt.nothing")
		if f.mandate != "" || f.part != "" {
			view.Nothing = view.say("receipt.already")
		}
		return view
	}
	tz := zone(r.Stopped[0].Payload.TZ)
	at := r.At.In(tz)
	view.Count = view.number("receipt.stopped", len(r.Stopped))
	view.When = view.say("receipt.when", "Date", view.date(at), "Time", view.clock(at))
	view.After = view.say("confirm.nobody")
	if f.mandate != "" {
		view.After = view.say("confirm.nobody_one")
	}
	for _, m := range r.Stopped {
		view.Refs = append(view.Refs, view.say("receipt.ref", "Ref", spaced(m.Ref)))
	}
	view.Proven = view.say("receipt.proof", "N", r.Entry)
	t := teller{speaker: view.speaker, charter: p.door.Register.Charter(), tz: tz, page: &consent.PersonPage{}}
	if f.part != "" {
		part, err := consent.ParsePart(f.part)
		if err == nil {
			view.Count, view.After = view.say("receipt.part", "What", t.part(part, "")), ""
		}
	}
	if p.door.Proven(f.code, f.proof) {
		view.Next = t.leftToDo(r.Next)
	}
	return view
}

// leftToDo says what comes back and that nobody does any more, each once.
func (t teller) leftToDo(list []consent.Duty) (say []string) {
	for _, d := range list {
		line := t.say("receipt.next", "What", t.procedure(d.Service, d.Procedure), "Date", t.date(d.Next.In(t.tz)))
		if !slices.Contains(say, line) {
			say = append(say, line)
		}
	}
	return say
}

// part is what a part is called: a service, a procedure, or a helper, by name
// where the page may show it.
func (t teller) part(p consent.Part, name string) string {
	switch {
	case p.Helper != "" && name == "" && t.called[p.Helper] != "":
		return t.say("part.helper_named", "Who", t.called[p.Helper])
	case p.Helper != "" && name != "":
		return t.say("part.helper_named", "Who", name)
	case p.Helper != "":
		return t.say("part.helper")
	case p.Procedure != "":
		return t.procedure(p.Service, p.Procedure)
	}
	if known, ok := t.charter.Service(p.Service); ok {
		return known.Label.In(t.Lang())
	}
	return string(p.Service)
}

// A partView is a part that can be stopped, as a button.
type partView struct{ Value, Name string }

// parts lists what can be stopped alone: the services, where a service has more
// than one procedure those too, and the helpers whom the agreements name.
func (t teller) parts(list []*consent.Mandate, most int) (views []partView) {
	add := func(s consent.Scope, name string) {
		v := partView{Value: consent.Part{Scope: s}.String(), Name: t.part(consent.Part{Scope: s}, name)}
		if len(views) < most && !slices.Contains(views, v) {
			views = append(views, v)
		}
	}
	procedures := map[charter.ServiceCode]map[charter.ProcedureCode]bool{}
	open := func(do func(m *consent.Mandate, p consent.Power)) {
		for _, m := range list {
			for _, p := range m.Payload.Powers {
				if t.running(m) && !m.Stopped(p, "", t.page.At) {
					do(m, p)
				}
			}
		}
	}
	open(func(_ *consent.Mandate, p consent.Power) {
		if procedures[p.Service] == nil {
			procedures[p.Service] = map[charter.ProcedureCode]bool{}
		}
		procedures[p.Service][p.Procedure] = true
		add(consent.Scope{Service: p.Service}, "")
	})
	open(func(_ *consent.Mandate, p consent.Power) {
		if len(procedures[p.Service]) > 1 {
			add(consent.Scope{Service: p.Service, Procedure: p.Procedure}, "")
		}
	})
	open(func(m *consent.Mandate, p consent.Power) {
		for _, h := range t.helpersOf(m) {
			if m.Stopped(p, h, t.page.At) {
				continue
			}
			if name := t.page.Names[h]; !name.IsZero() {
				add(consent.Scope{Helper: h}, name.Reveal())
			} else if t.called[h] != "" {
				add(consent.Scope{Helper: h}, t.called[h])
			}
		}
	})
	return views
}

// helpersOf are the helpers whom the person knows by an agreement.
func (t teller) helpersOf(m *consent.Mandate) []consent.MemberID {
	if !m.Payload.Helpers.Team() {
		return m.Payload.Helpers.Named
	}
	return slices.Compact([]consent.MemberID{m.AcceptedBy, m.Payload.Explained.By})
}

// A stopView is one stop that the person made, and who knows of it since when.
type stopView struct{ Title, Told, Answer string }

// mostStops is how many stops the page tells, the newest.
const mostStops = 5

// stops tells the newest stops.
func (t teller) stops(list []*consent.StopNote) (views []stopView) {
	instant := func(at time.Time) string {
		return t.say("stops.at", "Date", t.date(at.In(t.tz)), "Time", t.clock(at.In(t.tz)))
	}
	for _, n := range slices.Backward(list) {
		if len(views) == mostStops {
			break
		}
		v := stopView{
			Title: t.say("stops.of", "Ref", spaced(n.Ref), "When", instant(n.Effective)),
			Told:  t.say("stops.not_told"), Answer: t.say("stops.not_answered"),
		}
		if part := (consent.Part{Scope: n.Part}); part.String() != "" && !t.page.Discreet {
			name := ""
			if known := t.page.Names[n.Part.Helper]; !known.IsZero() {
				name = known.Reveal()
			}
			v.Title = t.say("stops.of_part", "What", t.part(part, name), "Ref", spaced(n.Ref), "When", instant(n.Effective))
		}
		if at := n.Notified(); !at.IsZero() {
			v.Told = t.say("stops.told", "When", instant(at))
		}
		switch {
		case !n.Acked.IsZero():
			v.Answer = t.say("stops.answered", "When", instant(n.Acked))
		case !n.Chased.IsZero():
			v.Answer = t.say("stops.chased", "When", instant(n.Chased))
		}
		views = append(views, v)
	}
	return views
}

// spaced writes a reference as it is read aloud: "1234 5678".
func spaced(ref string) string {
	if len(ref) != 8 {
		return ref
	}
	return strings.Join([]string{ref[:4], ref[4:]}, "\u00a0")
}
