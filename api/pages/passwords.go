package pages

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// Passwords that lie elsewhere: the notebooks of a structure, retired line by line,
// with what was refused and what was shown. Nothing here has a place for one.

func (p *Pages) passwords(g *echo.Group) {
	g.GET("/mots-de-passe", p.passwordsPage)
	g.POST("/mots-de-passe/suite", p.morePasswords)
	g.POST("/mots-de-passe/personne", p.passwordsOf)
	g.POST("/mots-de-passe/ajouter", p.addPasswords)
	g.POST("/mots-de-passe/ligne", p.stepPassword)
	g.POST("/mots-de-passe/importer", p.importPasswords)
	g.POST("/mots-de-passe/detruits", p.destroy)
	g.GET("/mots-de-passe/attestation/:id", p.destroyed)
	g.POST("/mots-de-passe/contestation", p.setContest)
	g.POST("/mots-de-passe/contester", p.contest)
	g.GET("/mots-de-passe/montre", p.askShown)
	g.POST("/mots-de-passe/montre", p.shown)
	g.GET("/mots-de-passe/fiche", p.homeSheet)
	g.POST("/services/fiche", p.saveRecovery)
}

// A passwordsView is how far the structure is.
type passwordsView struct {
	deskView
	Referent     bool
	Facts        []factView
	Done, All    int
	Say          string
	Rows         []notebookRow
	Next         string
	Report       *importView
	Destructions []linkedView
	Methods      []choiceView
	Witnesses    []choiceView
	Today        string
	Month        string
	Refusals     []factView
	Rate         string
	LetsIn       bool
	Shown        string
}

// A notebookRow is a person of the list, by a short number, and what is still to be
// done.
type notebookRow struct {
	Person   consent.PersonID
	Short    string
	Services string
	Purpose  charter.Purpose
}

// A linkedView leads to a page.
type linkedView struct{ Path, Label string }

// An importView is what became of a file.
type importView struct {
	Say    string
	Faults []string
}

func (p *Pages) passwordsPage(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.passwordsView("")
	if err != nil {
		return err
	}
	return d.show("passwords", v)
}

// morePasswords is POST /mots-de-passe/suite: the next page of the list.
func (p *Pages) morePasswords(c echo.Context) error {
	d, f, err := p.posted(c, "after")
	if err != nil {
		return err
	}
	v, err := d.passwordsView(f["after"])
	if err != nil {
		return err
	}
	return d.show("passwords", v)
}

// openLines is how many lines of the list stand on a page.
const openLines = 60

func (d *desk) passwordsView(after string) (*passwordsView, error) {
	v := &passwordsView{deskView: d.view("passwords.title"), Referent: d.isReferent(), LetsIn: d.structure.ContestLetsIn}
	progress, err := d.register().NotebookProgress(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	v.Done, v.All = progress.Ended(), progress.Lines()
	v.Say = d.say("passwords.progress", "Done", v.Done, "All", v.All)
	for _, e := range []struct {
		id string
		n  int
	}{
		{"open", progress.Open}, {"recovered", progress.Recovered}, {"delegated", progress.Delegated},
		{"closed", progress.Closed}, {"not_needed", progress.NotNeeded},
	} {
		v.Facts = append(v.Facts, factView{d.say("ending_of." + e.id), strconv.Itoa(e.n)})
	}
	lines, next, err := d.register().Notebook(d.ctx, d.actor, consent.NotebookQuery{Open: true, After: after, Limit: openLines})
	if err != nil {
		return nil, err
	}
	v.Rows, v.Next = d.notebookRows(lines), next
	return v, d.fillPasswords(v)
}

// notebookRows puts the lines of each person together.
func (d *desk) notebookRows(lines []consent.NotebookLine) []notebookRow {
	var rows []notebookRow
	for _, line := range lines {
		if n := len(rows) - 1; n >= 0 && rows[n].Person == line.Person {
			rows[n].Services += ", " + d.sheetName(line.Service)
			continue
		}
		rows = append(rows, notebookRow{
			Person: line.Person, Short: shortNumber(string(line.Person)), Services: d.sheetName(line.Service), Purpose: d.lookPurpose(),
		})
	}
	return rows
}

// lookPurpose is why a member opens the list of somebody: a helper before a mandate,
// a referent because that is their office.
func (d *desk) lookPurpose() charter.Purpose {
	if d.isHelper() {
		return charter.PurposePrepareMandate
	}
	return charter.PurposeReferentReview
}

// sheetName is the name of a service or an identity provider.
func (d *desk) sheetName(s charter.ServiceCode) string {
	list, err := d.charter.RecoverySheets()
	if err == nil {
		if i := slices.IndexFunc(list, func(x charter.RecoverySheet) bool { return x.Service == s }); i >= 0 {
			return list[i].Label.In(d.Lang())
		}
	}
	return string(s)
}

// fillPasswords tells what was destroyed, refused and shown.
func (d *desk) fillPasswords(v *passwordsView) error {
	destroyed, err := d.register().Destructions(d.ctx, d.actor)
	if err != nil {
		return err
	}
	for _, row := range destroyed {
		v.Destructions = append(v.Destructions, linkedView{
			Path: "/mots-de-passe/attestation/" + string(row.ID), Label: d.say("destroyed.line", "Date", d.birth(row.Record.On),
				"Notebooks", row.Record.Notebooks, "Files", row.Record.Files),
		})
	}
	for _, m := range consent.DestructionMethods {
		v.Methods = append(v.Methods, choiceView{Value: string(m), Label: d.say("method." + string(m))})
	}
	for _, w := range consent.DestructionWitnesses {
		v.Witnesses = append(v.Witnesses, choiceView{Value: w, Label: d.say("witness." + w)})
	}
	now := d.now().In(d.tz)
	v.Today, v.Month = now.Format(time.DateOnly), d.monthYear(now)
	counts, err := d.register().Refusals(d.ctx, d.actor, now.Format("2006-01"))
	if err != nil {
		return err
	}
	kinds := map[screen.Kind]int64{}
	for _, c := range counts {
		kinds[c.Kind] += c.Refused
	}
	for _, k := range screen.Kinds() {
		if kinds[k] > 0 {
			v.Refusals = append(v.Refusals, factView{d.say("secret." + string(k)), strconv.FormatInt(kinds[k], 10)})
		}
	}
	sum := consent.SumRefusals(counts)
	v.Rate = d.say("refusals.rate", "Contestable", sum.Contestable, "Contested", sum.Contested, "Percent", strconv.FormatFloat(100*sum.Rate, 'f', 0, 64))
	shown, err := d.register().ShownCounts(d.ctx, d.actor, now.Format("2006-01"))
	total := 0
	for _, c := range shown {
		total += int(c.N)
	}
	v.Shown = d.number("shown.count", total)
	return err
}

// passwordsAgain shows the page with what was wrong.
func (d *desk) passwordsAgain(err error) error {
	v, fault := d.passwordsView("")
	if fault != nil {
		return err
	}
	return d.orSignIn(err, "passwords", &v.Problem, v)
}

// importPasswords is POST /mots-de-passe/importer: a file that is read as it comes, and
// is never on a disk. The form's token comes before it.
func (p *Pages) importPasswords(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return &consent.Invalid{Pointer: "/csv", Reason: "notebook_form"}
	}
	token, err := parts.NextPart()
	if err != nil || token.FormName() != "form" {
		return &consent.Invalid{Reason: "bad_request"}
	}
	value, err := io.ReadAll(io.LimitReader(token, 256))
	if err != nil {
		return &consent.Invalid{Reason: "bad_request"}
	}
	if err := p.checkForm(d.actor, map[string]string{"form": string(value)}); err != nil {
		return err
	}
	file, err := parts.NextPart()
	if err != nil || file.FormName() != "file" {
		return d.passwordsAgain(&consent.Invalid{Pointer: "/csv", Reason: "notebook_form"})
	}
	return d.imported(file)
}

func (d *desk) imported(file *multipart.Part) error {
	rep, err := d.register().ImportNotebook(d.ctx, d.actor, file)
	if err != nil {
		return d.passwordsAgain(err)
	}
	v, err := d.passwordsView("")
	if err != nil {
		return err
	}
	v.Report = &importView{Say: d.say("import.report", "Read", rep.Read, "Kept", rep.Kept, "Known", rep.Known, "Refused", rep.Refused)}
	for _, f := range rep.Faults {
		id := "import.fault"
		if f.Column == 0 {
			id = "import.fault_line"
		}
		v.Report.Faults = append(v.Report.Faults, d.say(id, "Line", f.Line, "Column", f.Column,
			"Why", d.p.door.Catalogue.Reason(d.v.Lang, string(f.Reason))))
	}
	return d.show("passwords", v)
}

// destroy is POST /mots-de-passe/detruits.
func (p *Pages) destroy(c echo.Context) error {
	members := []string{"notebooks", "files", "day", "witness", "once"}
	for _, m := range consent.DestructionMethods {
		members = append(members, string(m))
	}
	d, f, err := p.posted(c, members...)
	if err != nil {
		return err
	}
	n := consent.NewDestruction{Notebooks: atoi(f["notebooks"]), Files: atoi(f["files"]), On: f["day"], Witness: f["witness"]}
	for _, m := range consent.DestructionMethods {
		if f[string(m)] != "" && f[string(m)] != "yes" {
			return &consent.Invalid{Pointer: "/methods", Reason: "member_value"}
		}
		if f[string(m)] != "" {
			n.Methods = append(n.Methods, m)
		}
	}
	row, err := d.register().RecordDestruction(d.ctx, d.once(f["once"], lines([]string{"destroy", f["notebooks"], f["files"]})), n)
	if err != nil {
		return d.passwordsAgain(err)
	}
	return d.showDestroyed(row, true)
}

// A destroyedView is the record of notebooks destroyed, to be printed.
type destroyedView struct {
	deskView
	Fresh bool
	Facts []factView
	Proof string
}

// destroyed is GET /mots-de-passe/attestation/ID: it names nobody.
func (p *Pages) destroyed(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	row, err := d.register().Destruction(d.ctx, d.actor, consent.DestructionID(c.Param("id")))
	if err != nil {
		return err
	}
	return d.showDestroyed(row, false)
}

func (d *desk) showDestroyed(row *consent.DestructionRow, fresh bool) error {
	rec := row.Record
	var methods []string
	for _, m := range rec.Methods {
		methods = append(methods, d.say("method."+string(m)))
	}
	return d.show("destroyed", destroyedView{
		deskView: d.view("destroyed.title"), Fresh: fresh,
		Facts: []factView{
			{d.say("destroyed.structure"), d.structure.Name.String()},
			{d.say("destroyed.on"), d.birth(rec.On)},
			{d.say("destroyed.what"), d.say("destroyed.counts", "Notebooks", rec.Notebooks, "Files", rec.Files)},
			{d.say("destroyed.how"), strings.Join(methods, ", ")},
			{d.say("destroyed.before"), d.say("witness." + rec.Witness)},
			{d.say("destroyed.by"), d.say("destroyed.referent", "Number", shortNumber(string(rec.By)))},
			{d.say("destroyed.list"), d.say("passwords.progress", "Done", rec.Lines.Ended(), "All", rec.Lines.Lines())},
			{d.say("destroyed.signed"), d.instant(rec.IssuedAt)},
		},
		Proof: d.say("destroyed.digest", "Digest", row.Digest),
	})
}

// setContest is POST /mots-de-passe/contestation.
func (p *Pages) setContest(c echo.Context) error {
	d, f, err := p.posted(c, "lets_in")
	if err != nil {
		return err
	}
	if f["lets_in"] != "yes" && f["lets_in"] != "no" {
		return &consent.Invalid{Pointer: "/lets_in", Reason: "member_value"}
	}
	if err := d.register().SetContest(d.ctx, d.actor, f["lets_in"] == "yes"); err != nil {
		return d.passwordsAgain(err)
	}
	if _, d.structure, err = d.register().Self(d.ctx, d.actor); err != nil {
		return err
	}
	v, err := d.passwordsView("")
	if err != nil {
		return err
	}
	return d.show("passwords", v)
}

// A shownView asks about a credential that was shown.
type shownView struct {
	deskView
	Services []choiceView
	Today    string
	Sitting  consent.PersonID // whom the member sits with
	Noted    bool
}

func (p *Pages) askShown(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.shownView()
	if err != nil {
		return err
	}
	return d.show("shown", v)
}

func (d *desk) shownView() (*shownView, error) {
	v := &shownView{deskView: d.view("shown.title"), Services: d.sheetChoices(), Today: d.now().In(d.tz).Format(time.DateOnly)}
	meeting, err := d.register().Appointment(d.ctx, d.actor)
	if err == nil {
		v.Sitting = meeting.Person
	} else if _, none := errors.AsType[*consent.NotFound](err); !none {
		return nil, err
	}
	return v, nil
}

// sheetChoices are the services that have a sheet.
func (d *desk) sheetChoices() []choiceView {
	var list []choiceView
	sheets, err := d.charter.RecoverySheets()
	if err != nil {
		return nil
	}
	for _, s := range sheets {
		list = append(list, choiceView{Value: string(s.Service), Label: s.Label.In(d.Lang())})
	}
	return list
}

// shown is POST /mots-de-passe/montre.
func (p *Pages) shown(c echo.Context) error {
	d, f, err := p.posted(c, "person", "service", "day", "once")
	if err != nil {
		return err
	}
	v, err := d.shownView()
	if err != nil {
		return err
	}
	n := consent.Shown{Person: consent.PersonID(f["person"]), Service: charter.ServiceCode(f["service"]), Day: f["day"]}
	if err := d.register().ReportShown(d.ctx, d.once(f["once"], lines([]string{"shown", f["service"], f["day"]})), n); err != nil {
		return d.again(err, "shown", &v.Problem, v)
	}
	v.Noted = true
	return p.show(c, http.StatusOK, "shown", v)
}

// A homeSheetView is a sheet that the person fills by hand and keeps.
type homeSheetView struct {
	deskView
	Rows []int
}

func (p *Pages) homeSheet(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	return d.show("home_sheet", homeSheetView{deskView: d.view("home_sheet.title"), Rows: make([]int, 6)})
}
