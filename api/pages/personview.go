package pages

import (
	"slices"
	"strings"
	"time"

	"aval/charter"
	"aval/consent"
)

// A personView is the person's page: everything about themself, in short
// sentences (domain.md §12).
type personView struct {
	cardSheet
	Name, Birth, Structure string
	Phone, Call            string // of the structure, as written and as dialled

	Accords    []accordView
	Ended      []accordView
	EndedTitle string

	Looked, Refused, Other []lineView
	OtherTitle             string
	More                   bool

	Done      []actView
	DoneOlder []string
	DoneMore  string

	Kept []string

	most int // lines a section may show
}

// An accordView is one mandate.
type accordView struct {
	ID    consent.MandateID
	Title string
	Say   []string
	Items []itemView
}

// An itemView is what a mandate allows for one procedure.
type itemView struct {
	Title string
	Say   []string
}

// maxPage is what the page may weigh, in bytes, uncompressed and style included:
// it is opened on old phones and poor lines.
const maxPage = 30_000

// renderPerson makes the person's page. Somebody helped by many people for years
// would get a heavy one: then the newest of each section are shown, fewer and
// fewer until the page is light, and it says that there is more.
func (p *Pages) renderPerson(sheet cardSheet, page *consent.PersonPage, ch *charter.Charter) ([]byte, error) {
	for most := mostLines; ; most /= 2 {
		v := personView{cardSheet: sheet, most: most}
		v.fill(page, ch)
		raw, err := p.render("person", v)
		if err != nil || len(raw) <= maxPage || most == 1 {
			return raw, err
		}
	}
}

// mostLines is how many folded lines a section shows where they are light enough.
const mostLines = 32

// fill puts a page into words.
func (v *personView) fill(p *consent.PersonPage, ch *charter.Charter) {
	t := teller{speaker: v.speaker, page: p, charter: ch, tz: zone(p.TZ)}
	v.Name, v.Birth, v.Structure = nameOf(p), t.birth(p.Identity.Birth.Reveal()), p.Structure
	v.Phone, v.Call = p.Phone, strings.NewReplacer(" ", "", ".", "", "-", "").Replace(p.Phone)
	for _, m := range slices.Backward(p.Mandates) {
		if t.running(m) {
			v.Accords = append(v.Accords, t.accord(m))
		} else {
			v.Ended = append(v.Ended, t.ended(m))
		}
	}
	v.EndedTitle = t.number("accords.ended_title", len(v.Ended))
	v.fillLines(t)
	v.fillActs(t)
	v.Kept = t.kept()
}

func nameOf(p *consent.PersonPage) string {
	name := p.Identity.UsedName.Reveal()
	if name == "" {
		name = p.Identity.BirthName.Reveal()
	}
	return strings.TrimSpace(p.Identity.GivenNames.Reveal() + " " + name)
}

// A teller tells one person's page in one language.
type teller struct {
	*speaker
	page    *consent.PersonPage
	charter *charter.Charter
	tz      *time.Location
}

func (t teller) running(m *consent.Mandate) bool {
	switch m.State(t.page.At) {
	case consent.Draft, consent.Proposed, consent.Signed, consent.Active:
		return true
	}
	return false
}

// accord tells a mandate that may still carry an act.
func (t teller) accord(m *consent.Mandate) accordView {
	v := accordView{ID: m.ID, Title: t.say("accords.ref", "Ref", spaced(m.Ref))}
	if !m.InForce(t.page.At) {
		v.Say = append(v.Say, t.say("accords.waiting"), t.say("accords.from", "Date", t.date(m.Payload.From.In(t.tz))))
	}
	v.Say = append(v.Say, t.say("accords.until", "Date", t.lastDay(m)))
	if m.OneProcedure {
		v.Say = append(v.Say, t.say("accords.one_procedure"))
	}
	v.Items = t.items(m)
	return v
}

// lastDay is the day before the first instant that is not covered.
func (t teller) lastDay(m *consent.Mandate) string {
	return t.date(m.Payload.Until.Add(-time.Nanosecond).In(t.tz))
}

// items groups the powers of a mandate by procedure.
func (t teller) items(m *consent.Mandate) []itemView {
	var list []itemView
	who := t.allowed(m)
	for _, p := range m.Payload.Powers {
		title := t.procedure(p.Service, p.Procedure)
		i := slices.IndexFunc(list, func(v itemView) bool { return v.Title == title })
		if i < 0 {
			list, i = append(list, itemView{Title: title}), len(list)
		}
		sentence := t.say("accords."+string(p.Mode), "Who", who)
		if m.Stopped(p, "", t.page.At) {
			sentence = t.say("accords.part_stopped")
		}
		if !slices.Contains(list[i].Say, sentence) {
			list[i].Say = append(list[i].Say, sentence)
		}
	}
	return list
}

// allowed names who may act: the helper who explained, or a colleague; or the
// helpers the mandate names.
func (t teller) allowed(m *consent.Mandate) string {
	if !m.Payload.Helpers.Team() {
		var names []string
		for _, h := range m.Payload.Helpers.Named {
			names = append(names, t.name(h))
		}
		last := len(names) - 1
		if last == 0 {
			return names[0]
		}
		return t.say("accords.and", "First", strings.Join(names[:last], ", "), "Last", names[last])
	}
	by := m.Payload.Explained.By
	if by == "" {
		by = m.By
	}
	return t.say("accords.team", "Who", t.name(by))
}

// name is the name of a member who signed or acted for the person, else "a
// helper".
func (t teller) name(h consent.MemberID) string {
	if name := t.page.Names[h]; !name.IsZero() {
		return name.Reveal()
	}
	return t.say("accords.person")
}

// ended tells a mandate that is over, and how it ended.
func (t teller) ended(m *consent.Mandate) accordView {
	v := accordView{Title: t.say("accords.ref", "Ref", spaced(m.Ref))}
	for _, item := range t.items(m) {
		v.Say = append(v.Say, item.Title+".")
	}
	state := m.State(t.page.At)
	switch state {
	case consent.Expired, consent.Fulfilled, consent.Superseded, consent.Revoked, consent.Renounced:
		v.Say = append(v.Say, t.say("accords.ended."+string(state), "Date", t.date(m.End.At.In(t.tz))))
	default:
		v.Say = append(v.Say, t.say("accords.ended.other"))
	}
	return v
}

// procedure names a procedure and its service; codes that a later charter no
// longer has stay as they are.
func (t teller) procedure(s charter.ServiceCode, p charter.ProcedureCode) string {
	service, what := string(s), string(p)
	if known, ok := t.charter.Service(s); ok {
		service = known.Label.In(t.Lang())
	}
	if known, ok := t.charter.Procedure(s, p); ok {
		what = known.Label.In(t.Lang())
	}
	return t.say("accords.procedure", "Service", service, "What", what)
}

// kept tells what is kept and until when, from the charter's own numbers.
func (t teller) kept() []string {
	var say []string
	for _, data := range []string{"mandate", "contact", "access", "refusal"} {
		r, ok := t.charter.RetentionOf(data)
		if !ok {
			continue
		}
		span := r.Archive
		if span == nil {
			span = r.Helpers
		}
		if span != nil {
			say = append(say, t.say("kept."+data, "Span", t.span(*span)))
		}
	}
	return append(say, t.say("kept.then"), t.say("kept.never"))
}

func (t teller) span(s charter.Span) string {
	switch {
	case s.Months > 0 && s.Months%12 == 0:
		return t.number("span.years", s.Months/12)
	case s.Months > 0:
		return t.number("span.months", s.Months)
	}
	return t.number("span.days", s.Days)
}
