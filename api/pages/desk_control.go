package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// For those who check and change nothing: the DPO, an auditor of the département or
// of a funder, and the referent. What stands here by GET names nobody; each look
// into the log is a line of its own.

// control mounts these pages.
func (p *Pages) control(g *echo.Group) {
	g.GET("/controle", p.checks)
	g.POST("/controle/journal", p.logLines)
	g.POST("/controle/extrait", p.extract)
	g.POST("/personne/exploitant", p.openGlass)
}

// checksOthers tells whether the member may look into the log of the structure.
func (d *desk) checksOthers() bool {
	return d.isReferent() || d.me.Auditor || d.me.Role == charter.DPO || d.me.Role == charter.Auditor
}

// A checksView is the page of the DPO.
type checksView struct {
	deskView
	Members  []memberView
	Purposes []choiceView
	States   []factView
	Lines    []logLineView
	Next     int64
	Purpose  string
	From, To string
	Pages    bool // lines were asked for
}

// A logLineView is one line of the log: pseudonyms alone.
type logLineView struct {
	traceView
	By, Role string
}

// checks is GET /controle.
func (p *Pages) checks(c echo.Context) error {
	d, err := p.sit(c)
	if err != nil {
		return err
	}
	v, err := d.checksView()
	if err != nil {
		return err
	}
	return d.show("control", v)
}

func (d *desk) checksView() (*checksView, error) {
	if !d.checksOthers() {
		return nil, &consent.Refused{Rule: "C16", Reason: string(charter.OfficeOnly), Instead: string(charter.AskReferent)}
	}
	now := d.now().In(d.tz)
	v := &checksView{
		deskView: d.view("control.title"), Purposes: d.checkPurposes(),
		From: now.AddDate(0, -1, 0).Format(time.DateOnly), To: now.Format(time.DateOnly),
	}
	members, err := d.register().Members(d.ctx, d.actor)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		v.Members = append(v.Members, d.memberRow(m))
	}
	return v, nil
}

// checkPurposes are the purposes of looking into the log that the member may have.
func (d *desk) checkPurposes() []choiceView {
	as := map[string]bool{
		"referent": d.isReferent(), "dpo": d.me.Auditor || d.me.Role == charter.DPO, "auditor": d.me.Role == charter.Auditor,
	}
	var list []choiceView
	for _, info := range d.charter.Purposes() {
		if info.Needs != charter.NeedsNothing {
			continue
		}
		for _, who := range info.Who {
			if as[who] {
				list = append(list, choiceView{Value: string(info.Code), Label: info.Label.In(d.Lang())})
				break
			}
		}
	}
	return list
}

// logLines is POST /controle/journal: lines of the structure, of a person or of a
// mandate, newest first.
func (p *Pages) logLines(c echo.Context) error {
	d, f, err := p.posted(c, "purpose", "about", "before")
	if err != nil {
		return err
	}
	v, err := d.checksView()
	if err != nil {
		return err
	}
	before, err := strconv.ParseInt("0"+f["before"], 10, 64)
	if err != nil {
		return &consent.Invalid{Reason: "parameter"}
	}
	q := consent.LogQuery{Purpose: charter.Purpose(f["purpose"]), Before: before, Limit: 50}
	switch about := f["about"]; {
	case len(about) > 2 && about[:2] == "p_":
		q.Person = consent.PersonID(about)
	case len(about) > 2 && about[:2] == "m_":
		q.Mandate = consent.MandateID(about)
	case about != "":
		m, err := d.register().MandateByRef(d.ctx, d.actor, strings.Map(onlyDigits, about))
		if err != nil {
			return d.again(err, "control", &v.Problem, v)
		}
		q.Mandate = m.ID
	}
	lines, next, err := d.register().LogLines(d.ctx, d.actor, q)
	if err != nil {
		return d.again(err, "control", &v.Problem, v)
	}
	v.Pages, v.Next, v.Purpose = true, next, f["purpose"]
	for _, l := range lines {
		v.Lines = append(v.Lines, d.logLine(l))
	}
	return d.show("control", v)
}

// onlyDigits drops what stands between the digits of a reference as it is printed.
func onlyDigits(r rune) rune {
	if '0' <= r && r <= '9' {
		return r
	}
	return -1
}

func (d *desk) logLine(l audit.Line) logLineView {
	v := logLineView{traceView: d.trace(l)}
	if l.Detail == nil {
		return v
	}
	v.By = shortNumber(l.Detail.By)
	v.Role = cmp.Or(d.roleLabel(charter.Role(l.Detail.Role)), l.Detail.Role)
	return v
}

func (d *desk) roleLabel(r charter.Role) string {
	if info, ok := d.charter.Role(r); ok {
		return info.Label.In(d.Lang())
	}
	return ""
}

// extract is POST /controle/extrait: the period as a file that anyone can check.
func (p *Pages) extract(c echo.Context) error {
	d, f, err := p.posted(c, "purpose", "from", "to")
	if err != nil {
		return err
	}
	v, err := d.checksView()
	if err != nil {
		return err
	}
	from, err := time.ParseInLocation(time.DateOnly, f["from"], d.tz)
	to, err2 := time.ParseInLocation(time.DateOnly, f["to"], d.tz)
	if err != nil || err2 != nil {
		return d.again(&consent.Invalid{Pointer: "/from", Reason: "date"}, "control", &v.Problem, v)
	}
	name := fmt.Sprintf("extrait-%s-%s-%s.zip", d.structure.Slug, f["from"], f["to"])
	out := &download{ResponseWriter: c.Response(), name: name}
	_, err = d.register().Extract(d.ctx, d.actor, out, consent.ExtractRequest{
		From: from.UTC(), To: to.AddDate(0, 0, 1).UTC(), Profile: consent.ProfileDPO, Purpose: charter.Purpose(f["purpose"]), Program: "aval-" + p.door.Version,
	})
	if err != nil && !out.begun {
		return d.again(err, "control", &v.Problem, v)
	}
	return err
}

// A download sends its headers with the first byte: a refusal comes before it, and
// is a page.
type download struct {
	http.ResponseWriter
	name  string
	begun bool
}

func (w *download) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", `attachment; filename="`+w.name+`"`)
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// A glassView says that a glass is open.
type glassView struct {
	deskView
	Person     consent.PersonID
	Until, Why string
}

// openGlass is POST /personne/exploitant: the operator may see one person's data
// for half an hour.
func (p *Pages) openGlass(c echo.Context) error {
	d, f, err := p.posted(c, "person", "reason", "close")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	v := glassView{deskView: d.view("glass.title"), Person: person}
	if f["close"] != "" {
		if err := d.register().CloseGlass(d.ctx, d.actor, person); err != nil {
			return err
		}
		return d.show("glass", v)
	}
	g, err := d.register().OpenGlass(d.ctx, d.actor, person, charter.GlassReasonCode(f["reason"]))
	if err != nil {
		return err
	}
	v.Until, v.Why = d.clock(g.Until.In(d.tz)), d.word(charter.WordGlassReasons, string(g.Reason))
	return d.show("glass", v)
}
