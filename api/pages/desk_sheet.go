package pages

import (
	"cmp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"aval/charter"
	"aval/consent"
	"golang.org/x/text/language"
)

// What is printed: the mandate and its notice on one sheet, front and back, and
// the card on a strip of its own. The sheet holds no code of a card and no
// address; the card is on no other paper.

// A sheetView is a mandate as it is printed in one language: the front is what
// is signed, the back is the notice.
type sheetView struct {
	*speaker
	Theirs bool       // the person's original, else the structure's
	Dense  bool       // so many powers that small print alone keeps them on one page
	Top    []factView // five plain lines
	Ref    string
	Title  string
	Blocks []blockView
	Foot   []string
	Notice noticeView
}

// A factView is a plain line: a word and what it is.
type factView struct{ Label, Value string }

// A blockView is a numbered part of the mandate.
type blockView struct {
	Title string
	Lines []string
}

// A noticeView is the back of the sheet.
type noticeView struct {
	Why   []string
	Kept  []factView
	Rules []string
	Proof string
}

// sheets are the pages to print: French, which binds, and the language in which
// the mandate was explained where there is a text in it.
func (d *desk) sheets(m *consent.Mandate) ([]sheetView, error) {
	sheet, err := d.register().MandateSheet(d.ctx, d.actor, m.ID, charter.PurposePrepareMandate)
	if err != nil {
		return nil, err
	}
	langs := []string{"fr"}
	if m.Payload.Template.Lang != "fr" {
		langs = append(langs, m.Payload.Template.Lang)
	}
	var list []sheetView
	for _, theirs := range []bool{true, false} { // one original each (CC 1375)
		for _, lang := range langs {
			v, err := d.sheetIn(lang, sheet)
			if err != nil {
				return nil, err
			}
			v.Theirs = theirs
			list = append(list, v)
		}
	}
	return list, nil
}

// speaking is the same desk in another language: paper is in the person's, not
// in that of the helper's screen.
func (d *desk) speaking(lang string) *desk {
	other := *d
	other.speaker = d.p.words.in(language.Make(lang))
	return &other
}

func (d *desk) sheetIn(lang string, s *consent.Sheet) (sheetView, error) {
	d = d.speaking(lang)
	m := s.Mandate
	text, err := d.template(lang, s)
	if err != nil {
		return sheetView{}, err
	}
	v := sheetView{speaker: d.speaker, Ref: spaced(m.Ref), Dense: len(m.Payload.Powers) > airy}
	v.Title, v.Blocks, v.Foot = blocks(text)
	who := strings.TrimPrefix(s.HelperName.Reveal()+", "+d.structure.Name.String(), ", ")
	if m.Payload.Mandatary.Kind == charter.MandataryNatural {
		who = s.Names[consent.MemberID(m.Payload.Mandatary.ID)].Reveal()
	}
	v.Top = []factView{
		{d.say("sheet.who"), who},
		{d.say("sheet.whom"), fullName(&s.Identity)},
		{d.say("sheet.what"), d.servicesOf(m.Payload.Powers)},
		{d.say("sheet.until"), d.lastDay(m)},
		{d.say("sheet.phone"), cmp.Or(d.structure.Phone.String(), d.say("sheet.phone_blank"))},
	}
	v.Notice = d.notice(m)
	return v, nil
}

// airy is how many powers stand on the front in large print.
const airy = 5

// template fills the text that the mandate's payload names by its digest.
func (d *desk) template(lang string, s *consent.Sheet) (string, error) {
	t, err := template.New("mandate").Option("missingkey=error").Parse(string(consent.TemplateText(lang)))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, d.templateData(s))
	return b.String(), err
}

func (d *desk) templateData(s *consent.Sheet) map[string]any {
	m := s.Mandate
	type power struct{ Service, Procedure, Mode string }
	var powers []power
	for _, p := range m.Payload.Powers {
		what := string(p.Procedure)
		if known, ok := d.charter.Procedure(p.Service, p.Procedure); ok {
			what = known.Label.In(d.Lang())
		}
		powers = append(powers, power{d.service(p.Service), what, d.mode(p.Mode)})
	}
	capacity := string(m.Payload.Capacity)
	if info, ok := d.charter.Capacity(m.Payload.Capacity); ok {
		capacity = info.Label.In(d.Lang())
	}
	others := d.say("sheet.others_none")
	if len(s.Others) > 0 {
		var refs []string
		for _, o := range s.Others {
			refs = append(refs, spaced(o.Ref))
		}
		id := "sheet.others_kept"
		if len(m.Payload.Supersedes) > 0 {
			id = "sheet.others_replaced"
		}
		others = d.say(id, "Refs", strings.Join(refs, ", "))
	}
	helpers := d.say("sheet.team", "Structure", d.structure.Name.String())
	if !m.Payload.Helpers.Team() {
		var names []string
		for _, h := range m.Payload.Helpers.Named {
			names = append(names, s.Names[h].Reveal())
		}
		helpers = strings.Join(names, ", ")
	}
	mandatary := d.structure.Name.String()
	if m.Payload.Mandatary.Kind == charter.MandataryNatural { // they are the only helper named
		mandatary = d.say("sheet.named", "Who", helpers, "Tie", d.word(charter.WordTies, string(m.Tie)))
	}
	return map[string]any{
		"Ref": spaced(m.Ref), "Structure": d.structure.Name.String(), "Person": formalName(s), "Birth": d.birth(s.Identity.Birth.Reveal()),
		"Capacity": capacity, "Mandatary": mandatary, "Helpers": helpers, "Powers": powers,
		"From": d.day(m.Payload.From), "LastDay": d.lastDay(m), "Others": others, "Date": d.instant(m.Payload.IssuedAt),
		"Digest": m.Digest, "Charter": m.Payload.Charter.Version,
	}
}

// formalName has every name of a person, as a contract needs them.
func formalName(s *consent.Sheet) string {
	given, birth, used := s.Identity.GivenNames.Reveal(), s.Identity.BirthName.Reveal(), s.Identity.UsedName.Reveal()
	name := strings.TrimSpace(given + " " + birth)
	switch {
	case used == "" || used == birth:
		return name
	case birth == "":
		return strings.TrimSpace(given + " " + used)
	}
	return name + " (" + used + ")"
}

// blocks takes the text apart: a title, parts that begin with a number, and what
// stands after the line of signatures. The words stay as they are; lines that
// only wrapped become one.
func blocks(text string) (title string, list []blockView, foot []string) {
	signed := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		number, _, numbered := strings.Cut(line, ". ")
		_, notNumber := strconv.Atoi(number)
		switch {
		case line == "":
		case title == "":
			title = line
		case numbered && notNumber == nil && !signed:
			list = append(list, blockView{Title: line})
		case len(list) == 0 || strings.Contains(line, "   "): // the head's line, and that of signatures, have their own place
			signed = len(list) > 0
		case signed:
			foot = append(foot, line)
		default:
			last := &list[len(list)-1]
			n := len(last.Lines) - 1
			if n < 0 || strings.HasPrefix(line, "- ") || strings.HasPrefix(last.Lines[n], "- ") {
				last.Lines = append(last.Lines, line)
			} else {
				last.Lines[n] += " " + line
			}
		}
	}
	return title, list, foot
}

// notice is what the person is told about their data (GDPR 13): what for, how
// long, and the rules of the helper, which the mandate's digest of the charter
// covers.
func (d *desk) notice(m *consent.Mandate) noticeView {
	v := noticeView{
		Why: []string{
			d.say("notice.controller", "Structure", d.structure.Name.String()), d.say("notice.purpose"), d.say("notice.data"),
			d.say("notice.readers", "Structure", d.structure.Name.String()), d.say("notice.rights"), d.say("notice.complain"),
		},
		Proof: d.say("notice.charter", "Version", m.Payload.Charter.Version, "Digest", m.Payload.Charter.Digest),
	}
	for _, data := range []string{"mandate", "contact", "access"} {
		if r, ok := d.charter.RetentionOf(data); ok {
			v.Kept = append(v.Kept, factView{r.Label.In(d.Lang()), d.say("notice.kept." + data)})
		}
	}
	lang := d.Lang()
	if lang == "fr" {
		lang = "easy_read"
	}
	for _, r := range d.charter.Rules() {
		v.Rules = append(v.Rules, string(r.ID)+" "+r.Text.In(lang))
	}
	return v
}

// calendarDays counts days on the calendar from one date to another.
func calendarDays(from, until time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(day(until).Sub(day(from)).Hours() / 24)
}
