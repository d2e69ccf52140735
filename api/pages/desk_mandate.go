package pages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// A mandate at the desk is four pages: what it is for (prepare), what is read
// aloud (recap), the sheet to be signed (sign), and what is in force. After each
// the register has kept where it stands, and nothing is in force before the
// last.

// A prepareView asks what the mandate is for, and the two questions of rules C19
// and C20.
type prepareView struct {
	deskView
	Person     consent.PersonID
	Name       string
	Presets    []choiceView
	Services   []serviceView
	Modes      []choiceView
	Days       []choiceView
	Capacities []choiceView
	Conflicts  []choiceView
	Overlap    []choiceView // what to do with a mandate in force, if there is one
	Rows       []int        // of powers chosen one by one
	MayConfirm bool         // a referent confirms what needs it (C19)
}

// A serviceView is a service with its procedures, for a list to choose from.
type serviceView struct {
	Label      string
	Procedures []choiceView
}

// ownPowers is how many powers can be chosen one by one; for more, a referent
// makes a preset.
const ownPowers = 3

// ownRows numbers them.
func ownRows() []int {
	rows := make([]int, ownPowers)
	for i := range rows {
		rows[i] = i + 1
	}
	return rows
}

// prepare is POST /mandat/preparer.
func (p *Pages) prepare(c echo.Context) error {
	d, f, err := p.posted(c, "person")
	if err != nil {
		return err
	}
	return d.prepare(consent.PersonID(f["person"]), "")
}

// prepare shows the first page of a mandate.
func (d *desk) prepare(person consent.PersonID, problem string) error {
	v, err := d.prepareView(person)
	if err != nil {
		return err
	}
	v.Problem = problem
	return d.show("prepare", v)
}

func (d *desk) prepareView(person consent.PersonID) (*prepareView, error) {
	shown, err := d.reveal(person, charter.PurposePrepareMandate)
	if err != nil {
		return nil, err
	}
	v := &prepareView{
		deskView: d.view("prepare.title"), Person: person, Name: fullName(shown.Identity), Services: d.catalogue(),
		Conflicts: d.words(charter.WordConflicts, ""), Rows: ownRows(),
		MayConfirm: d.isReferent(),
	}
	for _, code := range []charter.Mode{charter.DoWith, charter.DoForPresent, charter.DoForAbsent} {
		v.Modes = append(v.Modes, choiceView{Value: string(code), Label: d.mode(code), Chosen: code == charter.DoForPresent})
	}
	for _, n := range d.charter.Limits().OfferedDays {
		v.Days = append(v.Days, choiceView{Value: strconv.Itoa(n), Label: d.duration(n)})
	}
	for _, c := range d.charter.Capacities() {
		v.Capacities = append(v.Capacities, choiceView{Value: string(c.Code), Label: c.Label.In(d.Lang())})
	}
	if v.Presets, err = d.offers(person); err != nil {
		return nil, err
	}
	v.Overlap, err = d.overlap(person)
	return v, err
}

// overlap is what a person chooses between who has a mandate in force already
// (CC 2006).
func (d *desk) overlap(person consent.PersonID) ([]choiceView, error) {
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(mandates, func(m *consent.Mandate) bool { return m.State(d.now) == consent.Active }) {
		return nil, nil
	}
	return slices.DeleteFunc(d.words(charter.WordSupersessions, ""), func(v choiceView) bool {
		return v.Value == string(charter.SupersessionNone)
	}), nil
}

// reveal opens who somebody is.
func (d *desk) reveal(person consent.PersonID, why charter.Purpose) (*consent.Revealed, error) {
	return d.register().RevealPerson(d.ctx, d.actor, consent.Reveal{
		Person: person, Purpose: why, Fields: []charter.Field{charter.FieldIdentity},
	})
}

// offers are the structure's presets, and the person's own last mandate, to be
// given again.
func (d *desk) offers(person consent.PersonID) ([]choiceView, error) {
	presets, err := d.register().Presets(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	var list []choiceView
	for _, s := range presets {
		list = append(list, choiceView{
			Value: string(s.ID), Label: s.Name, More: strings.Join(append(d.powers(s.Powers), d.length(s.Days, s.OneProcedure)), " · "),
		})
	}
	mandates, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 1})
	if err != nil || len(mandates) == 0 {
		return list, err
	}
	last := mandates[len(mandates)-1]
	if last.Payload.Explained.By == "" { // a draft: carried on, not copied
		return list, nil
	}
	return append(list, choiceView{
		Value: string(last.ID), Label: d.say("prepare.again", "Ref", spaced(last.Ref)),
		More: strings.Join(append(d.powers(last.Payload.Powers), d.length(d.daysOf(last), last.OneProcedure)), " · "),
	}), nil
}

// daysOf is how many local days a mandate lasts.
func (d *desk) daysOf(m *consent.Mandate) int {
	return calendarDays(m.Payload.From.In(d.tz), m.Payload.Until.In(d.tz))
}

func (d *desk) length(days int, one bool) string {
	if one {
		return d.say("prepare.one_procedure")
	}
	return d.duration(days)
}

// duration says a number of days as people do.
func (d *desk) duration(days int) string {
	switch days {
	case 31, 182, 365:
		return d.say("duration." + strconv.Itoa(days))
	}
	return d.number("duration.days", days)
}

// catalogue is every procedure that can be a power, by service.
func (d *desk) catalogue() []serviceView {
	var list []serviceView
	for _, s := range d.charter.Services() {
		v := serviceView{Label: s.Label.In(d.Lang())}
		for _, p := range s.Procedures {
			if p.Mission == charter.MissionPersonalAct || p.Mission == charter.MissionPayment {
				continue // the person alone signs; money stays theirs
			}
			v.Procedures = append(v.Procedures, choiceView{
				Value: string(s.Code) + "/" + string(p.Code), Label: p.Label.In(d.Lang()),
			})
		}
		if len(v.Procedures) > 0 {
			list = append(list, v)
		}
	}
	return list
}

// prepareMembers are what the first page sends.
var prepareMembers = []string{
	"person", "preset", "procedure0", "mode0", "procedure1", "mode1", "procedure2", "mode2", "days", "capacity", "conflict",
	"supersession", "confirmed", "once",
}

// draft is POST /mandat/relire: the draft is kept, and what it says is shown to
// be read aloud. Nothing is fixed before the person has heard it.
func (p *Pages) draft(c echo.Context) error {
	d, f, err := p.posted(c, prepareMembers...)
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	terms, err := d.terms(person, f)
	if err == nil {
		var m *consent.Mandate
		m, err = d.register().DraftMandate(d.ctx, d.once(f["once"], "draft "+f["person"]), terms)
		if err == nil {
			return d.recap(m, "")
		}
	}
	v, fault := d.prepareView(person)
	if fault != nil {
		return fault
	}
	for k, list := range [][]choiceView{v.Presets, v.Capacities, v.Conflicts, v.Overlap} {
		for i := range list {
			list[i].Chosen = list[i].Value == f[[]string{"preset", "capacity", "conflict", "supersession"}[k]]
		}
	}
	return d.again(err, "prepare", &v.Problem, v)
}

// terms reads what was chosen: a preset, the last mandate again, or powers one
// by one.
func (d *desk) terms(person consent.PersonID, f map[string]string) (consent.Terms, error) {
	t := consent.Terms{
		Person: person, Capacity: charter.Capacity(f["capacity"]), Conflict: charter.Conflict(f["conflict"]),
		Supersession:      charter.Supersession(cmp.Or(f["supersession"], string(charter.SupersessionNone))),
		ReferentConfirmed: f["confirmed"] != "" && d.isReferent(),
	}
	switch {
	case strings.HasPrefix(f["preset"], "m_"):
		last, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["preset"]))
		if err != nil {
			return t, err
		}
		t.Powers, t.OneProcedure = last.Payload.Powers, last.OneProcedure
		if !t.OneProcedure {
			t.Days = d.daysOf(last)
		}
	case f["preset"] != "":
		presets, err := d.register().Presets(d.ctx, d.actor)
		if err != nil {
			return t, err
		}
		i := slices.IndexFunc(presets, func(s consent.Preset) bool { return string(s.ID) == f["preset"] })
		if i < 0 {
			return t, &consent.NotFound{Kind: "preset"}
		}
		t.Powers, t.Days, t.OneProcedure = presets[i].Powers, presets[i].Days, presets[i].OneProcedure
		if t.OneProcedure {
			t.Days = 0
		}
	default:
		t.Powers, t.Days = chosenPowers(f), atoi(f["days"])
	}
	if len(t.Powers) == 0 {
		return t, &consent.Invalid{Pointer: "/powers", Reason: "empty"}
	}
	return t, nil
}

// chosenPowers reads powers chosen one by one.
func chosenPowers(f map[string]string) []consent.Power {
	var list []consent.Power
	for i := range ownPowers {
		n := strconv.Itoa(i)
		service, procedure, ok := strings.Cut(f["procedure"+n], "/")
		if ok {
			list = append(list, consent.Power{
				Service: charter.ServiceCode(service), Procedure: charter.ProcedureCode(procedure), Mode: charter.Mode(f["mode"+n]),
			})
		}
	}
	return list
}

// atoi reads a number of a form; 0 for what is none, which use-cases refuse.
func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// A recapView is what is read aloud before the person says yes: at most 80
// words.
type recapView struct {
	deskView
	Mandate   consent.MandateID
	Ref       string
	Recap     []string
	Aids      []choiceView
	Languages []choiceView
}

// maxRecap is how many words a person is read before the question.
const maxRecap = 80

// recap shows what to read aloud.
func (d *desk) recap(m *consent.Mandate, problem string) error {
	v := recapView{
		deskView: d.view("recap.title"), Mandate: m.ID, Ref: spaced(m.Ref), Recap: d.spokenRecap(m),
		Aids: d.words(charter.WordAids, ""), Languages: d.languages("fr"),
	}
	v.Problem = problem
	return d.show("recap", v)
}

// spokenRecap says a mandate in plain words. Where naming every procedure would
// be too much to listen to, the services stand for them, and the sheet has all.
func (d *desk) spokenRecap(m *consent.Mandate) []string {
	said := func(mode charter.Mode) string { return d.say("recap.mode." + string(mode)) }
	full := d.recapWith(m, strings.Join(d.grouped(m.Payload.Powers, said), " ; "))
	if countWords(full) <= maxRecap {
		return full
	}
	short := d.say("recap.services", "Services", d.servicesOf(m.Payload.Powers), "Count", len(m.Payload.Powers))
	return d.recapWith(m, short)
}

func (d *desk) recapWith(m *consent.Mandate, what string) []string {
	return []string{
		d.say("recap.who", "Structure", d.structure.Name), d.say("recap.what", "What", what),
		d.say("recap.until", "Date", d.lastDay(m)),
		d.say("recap.free"), d.say("recap.codes"), d.say("recap.trace"), d.say("recap.stop"), d.say("recap.no"),
		d.say("recap.agree"),
	}
}

// countWords counts words as somebody who reads aloud does.
func countWords(sentences []string) int {
	n := 0
	for _, s := range sentences {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\u00a0' || r == '\u202f' }) {
			if strings.Trim(w, `:;,.!?«»"–·`) != "" {
				n++
			}
		}
	}
	return n
}

// propose is POST /mandat/expliquer: how it was explained is noted, the text is
// fixed, and the sheet to sign is shown.
func (p *Pages) propose(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "aid", "lang")
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	how := consent.Explained{Lang: cmp.Or(f["lang"], "fr"), Aid: charter.Aid(f["aid"])}
	m, err := d.register().Mandate(d.ctx, d.actor, id)
	if err == nil && m.State(d.now) == consent.Draft { // else the page is only loaded again, to print
		m, err = d.register().ProposeMandate(d.ctx, d.actor, id, how)
	}
	if err != nil {
		return err
	}
	return d.signing(m, nil)
}

// A signView is the sheet, which prints, and how the person agreed.
type signView struct {
	deskView
	Mandate consent.MandateID
	Ref     string
	Person  consent.PersonID
	State   consent.State
	Sheets  []sheetView // printed; not on the screen
}

// signing shows the page where the person agrees. The sheet stands in it for
// the printer, so it opens who the person is.
func (d *desk) signing(m *consent.Mandate, err error) error {
	v := signView{
		deskView: d.view("sign.title"), Mandate: m.ID, Ref: spaced(m.Ref), Person: m.Person, State: m.State(d.now),
	}
	if err != nil { // the sheet was printed from the page before
		return d.again(err, "sign", &v.Problem, &v)
	}
	if v.Sheets, err = d.sheets(m); err != nil {
		return err
	}
	return d.show("sign", v)
}

// resume is POST /mandat/suite: a mandate that was begun is carried on where it
// stands.
func (p *Pages) resume(c echo.Context) error {
	d, f, err := p.posted(c, "mandate")
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(f["mandate"]))
	if err != nil {
		return err
	}
	if m.State(d.now) == consent.Draft {
		return d.recap(m, "")
	}
	return d.signing(m, nil)
}

// sign is POST /mandat/signer: the person agreed, the helper signs for the
// structure, the person has their copy. Three steps, each kept by itself: what
// stops in between goes on from there, and nothing is in force before the last.
func (p *Pages) sign(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "how", "place", "witness1", "witness2", "outside")
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	m, err := d.register().Mandate(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	if m.State(d.now) == consent.Active { // sent twice
		return d.mandatePage(m, true)
	}
	done, err := d.finish(m, f)
	if err != nil {
		if now, again := d.register().Mandate(d.ctx, d.actor, id); again == nil {
			m = now
		}
		return d.signing(m, err)
	}
	return d.mandatePage(done, true)
}

// finish takes a mandate from where it stands to active.
func (d *desk) finish(m *consent.Mandate, f map[string]string) (*consent.Mandate, error) {
	if m.State(d.now) == consent.Proposed {
		g, err := d.agreement(f)
		if err != nil {
			return nil, err
		}
		if m, err = d.register().SignMandate(d.ctx, d.actor, m.ID, g); err != nil {
			return nil, err
		}
	}
	if m.Accepted.IsZero() {
		var err error
		if m, err = d.register().AcceptMandate(d.ctx, d.actor, m.ID); err != nil {
			return nil, err
		}
	}
	given := consent.CopyHow("print")
	if m.Level() < charter.E3 { // agreed aloud: the sheet was read to them and given
		given = "read_aloud_paper"
	}
	return d.register().DeliverMandate(d.ctx, d.actor, m.ID, given)
}

// agreement reads how the person agreed: by ink, or aloud before witnesses.
func (d *desk) agreement(f map[string]string) (consent.Agreement, error) {
	if f["how"] != string(charter.OralWitnessed) {
		clean, err := d.screen(screen.Field{Name: "paper_place", Text: f["place"], Kind: screen.Place, Max: 100})
		if err != nil {
			return consent.Agreement{}, err
		}
		return consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean[0]}, nil
	}
	g := consent.Agreement{Type: charter.OralWitnessed, OutsideTeam: atoi(f["outside"])}
	for i, name := range []string{f["witness1"], f["witness2"]} {
		if strings.TrimSpace(name) == "" {
			continue
		}
		clean, err := d.screen(screen.Field{Name: "witnesses/" + strconv.Itoa(i), Text: name, Kind: screen.Name, Max: 100})
		if err != nil {
			return g, err
		}
		g.Witnesses = append(g.Witnesses, clean[0])
	}
	return g, nil
}

// A mandateView is a mandate by its reference: nothing on it says whose it is.
type mandateView struct {
	deskView
	Row      rowView
	Powers   []powerView
	Facts    []string
	State    consent.State
	InForce  bool
	Fresh    bool // it has just come into force
	Stopped  bool // it has just been stopped
	Ask      bool // whether stopping is asked once more
	Duration string
}

// A powerView is one power and whether the person took it back.
type powerView struct {
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	Mode      charter.Mode
	Label     string
	Stopped   bool
}

// mandate is GET /mandat/ID.
func (p *Pages) mandate(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	m, err := d.register().Mandate(d.ctx, d.actor, consent.MandateID(c.Param("mandate")))
	if err != nil {
		return err
	}
	return d.mandatePage(m, false)
}

func (d *desk) mandatePage(m *consent.Mandate, fresh bool) error {
	return d.show("mandate", d.mandateView(m, fresh))
}

func (d *desk) mandateView(m *consent.Mandate, fresh bool) mandateView {
	v := mandateView{
		deskView: d.view("mandate.title"), Row: d.row(m), State: m.State(d.now), InForce: m.InForce(d.now), Fresh: fresh,
		Powers: d.powersOf(m), Duration: d.length(d.daysOf(m), m.OneProcedure),
	}
	v.Facts = append(v.Facts, d.say("mandate.period", "From", d.day(m.Payload.From), "Until", d.lastDay(m)))
	if m.Payload.Helpers.Team() {
		v.Facts = append(v.Facts, d.say("mandate.team", "Structure", d.structure.Name))
	} else {
		v.Facts = append(v.Facts, d.number("mandate.named", len(m.Payload.Helpers.Named)))
	}
	for _, last := range m.Lasts {
		v.Facts = append(v.Facts, d.say("mandate.last", "What", d.procedure(last.Service, last.Procedure), "Date", d.day(last.At),
			"Outcome", d.word(charter.WordOutcomes, string(last.Outcome))))
	}
	for _, e := range m.Evidence {
		if info, ok := d.charter.EvidenceType(e.Type); ok {
			v.Facts = append(v.Facts, d.say("mandate.agreed", "How", info.Label.In(d.Lang()), "Date", d.instant(m.Signed)))
		}
	}
	return v
}

func (d *desk) powersOf(m *consent.Mandate) []powerView {
	var list []powerView
	for _, p := range m.Payload.Powers {
		list = append(list, powerView{
			Service: p.Service, Procedure: p.Procedure, Mode: p.Mode, Label: d.power(p), Stopped: m.Stopped(p, d.actor.Member(), d.now),
		})
	}
	return list
}

// stopMandate is POST /mandat/arreter: asked once more, then at once, without a
// reason (CC 2004).
func (p *Pages) stopMandate(c echo.Context) error {
	d, f, err := p.posted(c, "mandate", "sure")
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	if f["sure"] == "" {
		m, err := d.register().Mandate(d.ctx, d.actor, id)
		if err != nil {
			return err
		}
		v := d.mandateView(m, false)
		v.Ask = true
		return d.show("mandate", v)
	}
	m, err := d.register().RevokeMandate(d.ctx, d.actor, id, consent.Scope{})
	if err != nil {
		return err
	}
	v := d.mandateView(m, false)
	v.Stopped = true
	return d.show("mandate", v)
}
