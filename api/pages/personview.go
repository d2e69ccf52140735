package pages

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A personView is the person's page: everything about themself, in short
// sentences (domain.md §12). The page of a discreet card names no service, no
// structure and nobody: whoever wants to know where somebody is helped may well
// know their birth date.
type personView struct {
	cardSheet
	Discreet               bool
	Name, Birth, Structure string
	Phone, Call            string // of the structure, as written and as dialled

	Accords    []accordView
	Parts      []partView // what can be stopped alone
	Stops      []stopView
	Asked      []rightView
	Ended      []accordView
	EndedTitle string

	Opened                 []string // how often, a month
	Looked, Refused, Other []lineView
	OtherTitle             string
	More                   bool

	Done      []actView
	DoneOlder []string
	DoneMore  string

	Authority []string // whether an authority asked
	Kept      []string

	most int // lines that one unfolded list may show
}

// An accordView is one mandate.
type accordView struct {
	ID       consent.MandateID
	Title    string
	Say      []string
	Services []choiceView // that a code for a counter can be for
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

// mostLines is how many folded lines one list shows where they are light enough.
const mostLines = 32

// fill puts a page into words.
func (v *personView) fill(p *consent.PersonPage, ch *charter.Charter) {
	t := teller{speaker: v.speaker, page: p, charter: ch, tz: zone(p.TZ)}
	v.Discreet = p.Discreet
	if !p.Discreet {
		v.Name, v.Birth, v.Structure = nameOf(p), t.birth(p.Identity.Birth.Reveal()), p.Structure
		v.Phone, v.Call = p.Phone, strings.NewReplacer(" ", "", ".", "", "-", "").Replace(p.Phone)
	}
	for _, m := range slices.Backward(p.Mandates) {
		if t.running(m) {
			v.Accords = append(v.Accords, t.accord(m))
		} else {
			v.Ended = append(v.Ended, t.ended(m))
		}
	}
	if !p.Discreet {
		v.Parts = t.parts(p.Mandates, v.most)
	}
	v.Stops = t.stops(p.Stops)
	v.Asked = t.rights(p.Rights)
	v.EndedTitle = t.number("accords.ended_title", len(v.Ended))
	v.Opened = t.opened()
	v.fillLines(t)
	v.fillActs(t)
	v.Authority = t.authority()
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
	called  map[consent.MemberID]string // names opened at the desk
}

func (t teller) running(m *consent.Mandate) bool {
	switch m.State(t.page.At) {
	case consent.Draft, consent.Proposed, consent.Signed, consent.Active:
		return true
	}
	return false
}

// accord tells a mandate that may still carry an act: one sentence a power.
func (t teller) accord(m *consent.Mandate) accordView {
	v := accordView{ID: m.ID, Title: t.say("accords.ref", "Ref", spaced(m.Ref))}
	if !m.InForce(t.page.At) {
		v.Say = append(v.Say, t.say("accords.waiting"), t.say("accords.from", "Date", t.date(m.Payload.From.In(t.tz))))
	}
	who, until := t.allowed(m), t.lastDay(m)
	for _, p := range m.Payload.Powers {
		do := t.task(p.Service, p.Procedure)
		sentence := t.say("accords."+string(p.Mode), "Who", who, "Do", do, "Date", until)
		if m.Stopped(p, "", t.page.At) {
			sentence = t.say("accords.part_stopped", "Do", do)
		}
		if !slices.Contains(v.Say, sentence) {
			v.Say = append(v.Say, sentence)
		}
	}
	if m.InForce(t.page.At) && !t.page.Discreet {
		for _, p := range m.Payload.Powers {
			s := choiceView{Value: string(p.Service), Label: t.service(p.Service)}
			if !slices.Contains(v.Services, s) {
				v.Services = append(v.Services, s)
			}
		}
	}
	if m.Payload.Helpers.Team() {
		v.Say = append(v.Say, t.say("accords.team"))
	}
	if m.OneProcedure {
		v.Say = append(v.Say, t.say("accords.one_procedure"))
	}
	return v
}

// lastDay is the day before the first instant that is not covered.
func (t teller) lastDay(m *consent.Mandate) string {
	return t.date(m.Payload.Until.Add(-time.Nanosecond).In(t.tz))
}

// allowed names who may act: the helper who explained; or the helpers the mandate
// names.
func (t teller) allowed(m *consent.Mandate) string {
	if m.Payload.Helpers.Team() {
		return t.name(cmp.Or(m.Payload.Explained.By, m.By))
	}
	var names []string
	for _, h := range m.Payload.Helpers.Named {
		if name := t.name(h); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return t.list(names)
}

// list joins: "a, b et c".
func (t teller) list(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return t.say("accords.and", "First", strings.Join(words[:last], ", "), "Last", words[last])
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
	for _, p := range m.Payload.Powers {
		if what := t.procedure(p.Service, p.Procedure) + "."; !slices.Contains(v.Say, what) {
			v.Say = append(v.Say, what)
		}
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

// task says what may be done as one says it to the person: "faire votre
// déclaration RSA (Caf)". A procedure without such words is called by its label.
func (t teller) task(s charter.ServiceCode, p charter.ProcedureCode) string {
	if t.page.Discreet {
		return t.say("accords.something")
	}
	do, err := t.T("do." + string(p))
	if err != nil {
		do = t.say("do.other", "What", t.label(s, p))
	}
	return t.say("accords.task", "Do", do, "Service", t.service(s))
}

// procedure names a procedure and its service.
func (t teller) procedure(s charter.ServiceCode, p charter.ProcedureCode) string {
	if t.page.Discreet {
		return t.say("accords.some_procedure")
	}
	return t.say("accords.procedure", "Service", t.service(s), "What", t.label(s, p))
}

// service and label name; codes that a later charter no longer has stay as they
// are. What a service's name says in brackets is for the desk.
func (t teller) service(s charter.ServiceCode) string {
	known, ok := t.charter.Service(s)
	if !ok {
		return string(s)
	}
	name, _, _ := strings.Cut(known.Label.In(t.Lang()), " (")
	return name
}

func (t teller) label(s charter.ServiceCode, p charter.ProcedureCode) string {
	if known, ok := t.charter.Procedure(s, p); ok {
		return known.Label.In(t.Lang())
	}
	return string(p)
}

// authority answers whether the préfecture, or any other authority, sees this.
// None has a way in; one that asked the structure left a line.
func (t teller) authority() []string {
	say := []string{t.say("authority.no"), t.say("authority.others"), t.say("authority.sent")}
	var asked []string
	for _, line := range t.page.Lines {
		d := line.Detail
		if d == nil || d.Purpose != string(charter.PurposeAuthorityRequest) || d.Out == audit.Refused {
			continue
		}
		if date := t.date(line.Time.In(t.tz)); !slices.Contains(asked, date) {
			asked = append(asked, date)
		}
	}
	switch {
	case len(asked) > 0:
		say = append(say, t.say("authority.asked", "Dates", t.list(asked)))
	case t.page.More:
		say = append(say, t.say("authority.not_lately"))
	default:
		say = append(say, t.say("authority.never"))
	}
	return append(say, t.say("authority.check"))
}

// kept tells what is kept and until when: a date where there is one, else how
// long, from the charter's own numbers.
func (t teller) kept() []string {
	var say []string
	last := t.lastEnd()
	for _, data := range []string{"mandate", "contact", "access", "refusal"} {
		r, ok := t.charter.RetentionOf(data)
		if !ok {
			continue
		}
		span := r.Archive
		if span == nil {
			span = r.Helpers
		}
		switch {
		case span == nil:
		case !last.IsZero() && (data == "mandate" || data == "contact"):
			until := last.AddDate(0, span.Months, span.Days)
			say = append(say, t.say("kept.until."+data, "Date", t.date(until)))
		default:
			say = append(say, t.say("kept."+data, "Span", t.span(*span)))
		}
	}
	return append(say, t.say("kept.then"), t.say("kept.never"))
}

// lastEnd is when the last agreement ends, or ended; zero when none was signed.
func (t teller) lastEnd() (last time.Time) {
	for _, m := range t.page.Mandates {
		if m.Signed.IsZero() {
			continue
		}
		end := m.Payload.Until
		if !m.End.At.IsZero() {
			end = m.End.At
		}
		if end.After(last) {
			last = end
		}
	}
	return last.In(t.tz)
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
