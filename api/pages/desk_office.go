package pages

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// The referent's page: who may come in, what the structure's mandates usually
// say, which end, and whether the register is well.

type officeView struct {
	deskView
	Members  []memberView
	Named    bool // names are shown
	Alone    bool // there is no second referent
	Roles    []choiceView
	Presets  []presetView
	Services []serviceView
	Modes    []choiceView
	Days     []choiceView
	Rows     []int
	Ending   []rowView
	Orphans  []rowView
	Within   string
	Lights   []lightView
	Link     *linkView
	Counts   []factView // help without a name, this month
	Month    string
	Away     []standInView
	Today    string
	Phone    string       // of the structure
	Losses   []choiceView // why a member's keys are removed
	Checks   []choiceView // how it was made sure who asks
}

// A standInView says who takes over for whom, and when.
type standInView struct {
	ID             consent.MemberID
	Away, By, When string
}

// A memberView is a member of the structure. Nothing tells how much they do.
type memberView struct {
	ID       consent.MemberID
	Short    string
	Name     string
	Role     string
	Offices  string
	Adhered  string
	Closed   string
	Sleeps   string // nobody signed in for months
	Myself   bool
	Referent bool
}

// A presetView is what can be given with one touch.
type presetView struct {
	ID           consent.PresetID
	Name, Length string
	Powers       []string
}

// A lightView is one thing that must be well: "ok" or "bad".
type lightView struct{ State, Label, Say string }

// A linkView is a one-time link, shown once.
type linkView struct {
	Address string
	For     string
	Enrol   bool
}

// office is GET /referent.
func (p *Pages) office(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.officeView(false)
	if err != nil {
		return err
	}
	return d.show("office", v)
}

// colleagues is POST /referent/noms: the page with the names of the members.
func (p *Pages) colleagues(c echo.Context) error {
	d, _, err := p.posted(c)
	if err != nil {
		return err
	}
	v, err := d.officeView(true)
	if err != nil {
		return err
	}
	return d.show("office", v)
}

// named is how many names are opened at once.
const named = 50

func (d *desk) officeView(names bool) (*officeView, error) {
	if !d.isReferent() {
		return nil, &consent.Refused{Rule: "C16", Reason: string(charter.OfficeOnly), Instead: string(charter.AskReferent)}
	}
	v := &officeView{
		deskView: d.view("office.title"), Named: names, Services: d.catalogue(), Rows: ownRows(), Phone: d.structure.Phone.String(),
		Within: d.number("duration.days", d.charter.Limits().WarnBeforeEndDays),
	}
	v.Script = d.p.script
	v.Losses, v.Checks = d.readmissions()
	var err error
	if v.Lights, err = d.lights(); err != nil {
		return nil, err
	}
	for _, r := range d.charter.MemberRoles() {
		v.Roles = append(v.Roles, choiceView{Value: string(r.Code), Label: r.Label.In(d.Lang())})
	}
	for _, code := range []charter.Mode{charter.DoWith, charter.DoForPresent, charter.DoForAbsent} {
		v.Modes = append(v.Modes, choiceView{Value: string(code), Label: d.mode(code), Chosen: code == charter.DoForPresent})
	}
	for _, n := range d.charter.Limits().OfferedDays {
		v.Days = append(v.Days, choiceView{Value: strconv.Itoa(n), Label: d.duration(n), Chosen: n == 365})
	}
	if err := d.fillMembers(v, names); err != nil {
		return nil, err
	}
	presets, err := d.register().Presets(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	for _, s := range presets {
		v.Presets = append(v.Presets, presetView{ID: s.ID, Name: s.Name.String(), Powers: d.powers(s.Powers), Length: d.length(s.Days, s.OneProcedure)})
	}
	if v.Ending, v.Orphans, err = d.ending(); err != nil {
		return nil, err
	}
	return v, d.fillMonth(v)
}

// fillMonth tells who stands in for whom, and counts the structure's help without
// a name: never a helper's.
func (d *desk) fillMonth(v *officeView) error {
	now := d.now().In(d.tz)
	v.Today, v.Month = now.Format(time.DateOnly), d.monthYear(now)
	counts, err := d.register().Tallies(d.ctx, d.actor, now.Format("2006-01"))
	if err != nil {
		return err
	}
	for _, kind := range consent.TallyKinds {
		v.Counts = append(v.Counts, factView{d.say("tally." + kind), strconv.FormatInt(counts[kind], 10)})
	}
	called := map[consent.MemberID]string{}
	for _, m := range v.Members {
		called[m.ID] = cmp.Or(m.Name, m.Short)
	}
	v.Away, err = d.standIns(func(m consent.MemberID) string { return called[m] })
	return err
}

// standIns tells who takes over for whom, by whatever they are called there.
func (d *desk) standIns(called func(consent.MemberID) string) ([]standInView, error) {
	list, err := d.register().StandIns(d.ctx, d.actor)
	var away []standInView
	for _, s := range list {
		away = append(away, standInView{
			ID: s.Away, Away: called(s.Away), By: called(s.By), When: d.say("away.when", "From", d.birth(s.From), "To", d.birth(s.To)),
		})
	}
	return away, err
}

// replace is POST /referent/remplacer: somebody takes over for a colleague who is
// away, from a day to a day. Mandates that name their helpers are left out: nobody
// stands in there (CC 1994).
func (p *Pages) replace(c echo.Context) error {
	d, f, err := p.posted(c, "away", "by", "from", "to")
	if err != nil {
		return err
	}
	return d.officeAfter(d.register().SetStandIn(d.ctx, d.actor, consent.StandIn{
		Away: consent.MemberID(f["away"]), By: consent.MemberID(f["by"]), From: f["from"], To: f["to"],
	}))
}

// back is POST /referent/retour: somebody is back.
func (p *Pages) back(c echo.Context) error {
	d, f, err := p.posted(c, "away")
	if err != nil {
		return err
	}
	return d.officeAfter(d.register().DropStandIn(d.ctx, d.actor, consent.MemberID(f["away"])))
}

func (d *desk) fillMembers(v *officeView, names bool) error {
	members, err := d.register().Members(d.ctx, d.actor)
	if err != nil {
		return err
	}
	referents := 0
	var ids []consent.MemberID
	for _, m := range members {
		row := d.memberRow(m)
		if m.Closed.IsZero() && m.Referent {
			referents++
		}
		v.Members = append(v.Members, row)
		if ids = append(ids, m.ID); len(ids) == named {
			break
		}
	}
	v.Alone = referents < 2
	slices.SortStableFunc(v.Members, func(a, b memberView) int { return strings.Compare(a.Closed, b.Closed) })
	if !names {
		return nil
	}
	all, err := d.register().MemberNames(d.ctx, d.actor, ids)
	if err != nil {
		return err
	}
	for i := range v.Members {
		v.Members[i].Name = all[v.Members[i].ID].Reveal()
	}
	return nil
}

// memberRow tells a member by pseudonym: their role and offices, whether they
// accepted the charter, and whether anybody still signs in.
func (d *desk) memberRow(m *consent.Member) memberView {
	row := memberView{
		ID: m.ID, Short: shortNumber(string(m.ID)), Role: cmp.Or(d.roleLabel(m.Role), string(m.Role)), Myself: m.ID == d.actor.Member(), Referent: m.Referent,
	}
	if m.Referent && m.Role != charter.Referent {
		row.Offices = d.say("home.office_referent")
	}
	if m.Hosted {
		row.Offices = d.say("office.hosted")
	}
	if m.Adhered.Version != "" {
		row.Adhered = d.say("office.adhered", "Date", d.day(m.Adhered.At))
	}
	switch d.register().Sleeping(m, d.now()) {
	case charter.Drowsy:
		row.Sleeps = d.say("office.drowsy", "Date", d.day(m.Used))
	case charter.Asleep:
		row.Sleeps = d.say("office.asleep", "Date", d.day(m.Used))
	}
	if !m.Closed.IsZero() {
		row.Closed = d.say("office.closed", "Date", d.day(m.Closed))
	}
	return row
}

// lights say only what this process can know.
func (d *desk) lights() ([]lightView, error) {
	address := lightView{State: "ok", Label: d.say("light.address"), Say: d.say("light.address_ok", "Address", d.p.door.PublicURL)}
	if !strings.HasPrefix(d.p.door.PublicURL, "https://") {
		address.State, address.Say = "bad", d.say("light.address_bad", "Address", d.p.door.PublicURL)
	}
	// A register whose clock it does not trust answers nothing, so this page
	// comes with a clock that is right.
	clock := lightView{State: "ok", Label: d.say("light.clock"), Say: d.say("light.clock_ok", "Time", d.instant(d.now()))}
	backup, err := d.backupLight()
	if err != nil {
		return nil, err
	}
	requests, err := d.rightsLight()
	return []lightView{address, clock, backup, requests}, err
}

// backupDays is how old the last copy may be: a week, and a day for a task that
// runs late.
const backupDays = 8

func (d *desk) backupLight() (lightView, error) {
	v := lightView{State: "bad", Label: d.say("light.backup"), Say: d.say("light.backup_never")}
	at, err := d.register().LastBackup(d.ctx)
	if err != nil || at.IsZero() {
		return v, err
	}
	age := d.now().Sub(at)
	v.Say = d.say("light.backup_age", "Time", d.instant(at), "Age", d.number("duration.days", int(age/(24*time.Hour))))
	if age <= backupDays*24*time.Hour {
		v.State = "ok"
	} else {
		v.Say += " " + d.say("light.backup_old")
	}
	return v, nil
}

// openHelper is POST /referent/ouvrir.
func (p *Pages) openHelper(c echo.Context) error {
	d, f, err := p.posted(c, "name", "role", "referent", "once")
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 100})
	if err != nil {
		return d.officeAgain(err)
	}
	invite, err := d.register().OpenHelper(d.ctx, d.once(f["once"], "open "+f["name"]+f["role"]), consent.NewHelper{
		Name: clean[0], Role: charter.Role(f["role"]), Referent: f["referent"] != "",
	})
	if err != nil {
		return d.officeAgain(err)
	}
	return d.linked(invite, true)
}

// makeLink is POST /referent/lien.
func (p *Pages) makeLink(c echo.Context) error {
	d, f, err := p.posted(c, "member")
	if err != nil {
		return err
	}
	invite, err := d.register().MakeLink(d.ctx, d.actor, consent.MemberID(f["member"]))
	if err != nil {
		return d.officeAgain(err)
	}
	return d.linked(invite, false)
}

// linked shows a link, once; a form that was sent again has none to show.
func (d *desk) linked(invite consent.Invitation, enrol bool) error {
	v, err := d.officeView(false)
	if err != nil {
		return err
	}
	if token := invite.Token.Reveal(); token != "" {
		v.Link = &linkView{
			Address: d.p.door.StaffURL + "/lien/" + token, For: shortNumber(string(invite.Member)), Enrol: enrol,
		}
	}
	return d.show("office", v)
}

// closeHelper is POST /referent/fermer.
func (p *Pages) closeHelper(c echo.Context) error {
	d, f, err := p.posted(c, "member")
	if err != nil {
		return err
	}
	return d.officeAfter(d.register().CloseHelper(d.ctx, d.actor, consent.MemberID(f["member"])))
}

// structurePhone is POST /referent/telephone.
func (p *Pages) structurePhone(c echo.Context) error {
	d, f, err := p.posted(c, "phone")
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "phone", Text: f["phone"], Kind: screen.Phone, Max: 40})
	if err != nil {
		return d.officeAgain(err)
	}
	if err := d.register().SetStructurePhone(d.ctx, d.actor, clean[0]); err != nil {
		return d.officeAgain(err)
	}
	if _, d.structure, err = d.register().Self(d.ctx, d.actor); err != nil {
		return err
	}
	return d.officeAfter(nil)
}

// savePreset is POST /referent/modele.
func (p *Pages) savePreset(c echo.Context) error {
	d, f, err := p.posted(c, "name", "procedure0", "mode0", "procedure1", "mode1", "procedure2", "mode2", "days", "once")
	if err != nil {
		return err
	}
	clean, err := d.screen(screen.Field{Name: "name", Text: f["name"], Kind: screen.Name, Max: 80})
	if err != nil {
		return d.officeAgain(err)
	}
	n := consent.NewPreset{Name: clean[0], Powers: chosenPowers(f), Days: atoi(f["days"])}
	if f["days"] == "one" {
		n.OneProcedure = true
	}
	if len(n.Powers) == 0 {
		return d.officeAgain(&consent.Invalid{Pointer: "/powers", Reason: "empty"})
	}
	_, err = d.register().SavePreset(d.ctx, d.once(f["once"], "preset "+f["name"]), n)
	return d.officeAfter(err)
}

// dropPreset is POST /referent/oublier.
func (p *Pages) dropPreset(c echo.Context) error {
	d, f, err := p.posted(c, "preset")
	if err != nil {
		return err
	}
	return d.officeAfter(d.register().DropPreset(d.ctx, d.actor, consent.PresetID(f["preset"])))
}

// officeAfter shows the page again after a step.
func (d *desk) officeAfter(err error) error {
	if err != nil {
		return d.officeAgain(err)
	}
	v, err := d.officeView(false)
	if err != nil {
		return err
	}
	return d.show("office", v)
}

func (d *desk) officeAgain(err error) error {
	v, fault := d.officeView(false)
	if fault != nil {
		return err
	}
	return d.again(err, "office", &v.Problem, v)
}
