package pages

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"aval/api/door"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

// From what is read aloud to what is signed.

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
	who := d.recapWho(m)
	full := d.recapWith(m, who, strings.Join(d.grouped(m.Payload.Powers, said), " ; "))
	if countWords(full) <= maxRecap {
		return full
	}
	short := d.say("recap.services", "Services", d.servicesOf(m.Payload.Powers), "Count", len(m.Payload.Powers))
	return d.recapWith(m, who, short)
}

// recapWho says who is chosen to help.
func (d *desk) recapWho(m *consent.Mandate) string {
	if m.Payload.Mandatary.Kind != charter.MandataryNatural {
		return d.say("recap.who", "Structure", d.structure.Name.String())
	}
	who, id := d.say("named.for_other"), consent.MemberID(m.Payload.Mandatary.ID)
	if names, err := d.register().MemberNames(d.ctx, d.actor, []consent.MemberID{id}); err == nil {
		who = names[id].Reveal()
	}
	return d.say("recap.named", "Who", who)
}

func (d *desk) recapWith(m *consent.Mandate, who, what string) []string {
	return []string{
		who, d.say("recap.what", "What", what),
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
	if err == nil && m.State(d.now()) == consent.Draft { // else the page is only loaded again, to print
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
	OwnKey  bool        // the helper signs with their own key
	Sheets  []sheetView // printed; not on the screen
}

// signing shows the page where the person agrees. The sheet stands in it for
// the printer, so it opens who the person is.
func (d *desk) signing(m *consent.Mandate, err error) error {
	v := signView{
		deskView: d.view("sign.title"), Mandate: m.ID, Ref: spaced(m.Ref), Person: m.Person, State: m.State(d.now()),
	}
	if v.OwnKey = d.signsThemself(m); v.OwnKey {
		v.Script = d.p.script
	}
	if err != nil { // the sheet was printed from the page before
		return d.again(err, "sign", &v.Problem, &v)
	}
	if v.Sheets, err = d.sheets(m); err != nil {
		return err
	}
	return d.show("sign", v)
}

// signsThemself tells whether the page asks the helper's key to sign: where it is
// not known, the next step says.
func (d *desk) signsThemself(m *consent.Mandate) bool {
	own, err := d.register().MaySignThemself(d.ctx, d.actor, m.ID)
	return err == nil && own && d.p.hasPasskeys()
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
	if m.State(d.now()) == consent.Draft {
		return d.recap(m, "")
	}
	return d.signing(m, nil)
}

// sign is POST /mandat/signer: the person agreed, the helper signs for the
// structure, the person has their copy. Three steps, each kept by itself: what
// stops in between goes on from there, and nothing is in force before the last.
func (p *Pages) sign(c echo.Context) error {
	f, err := formUpTo(c, maxPictureForm, "mandate", "how", "place", "witness1", "witness2", "outside", "ceremony", "answer",
		"image", "voucher", "seen", "form")
	if err != nil {
		return err
	}
	d, err := p.received(c, f)
	if err != nil {
		return err
	}
	id := consent.MandateID(f["mandate"])
	m, err := d.register().Mandate(d.ctx, d.actor, id)
	if err != nil {
		return err
	}
	if m.State(d.now()) == consent.Active { // sent twice
		return d.mandatePage(m, true)
	}
	if m.Payload.Mandatary.Kind == charter.MandataryNatural {
		return d.signedFor(m, f)
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

// signedFor is a mandate for somebody who is not there: the person agrees and takes
// their copy home, and it is in force once the other has accepted.
func (d *desk) signedFor(m *consent.Mandate, f map[string]string) error {
	if m.State(d.now()) == consent.Proposed {
		g, err := d.agreement(f)
		if err == nil {
			if g.Copy = "print"; g.Type != charter.PaperOriginal {
				g.Copy = "read_aloud_paper"
			}
			m, err = d.register().SignMandate(d.ctx, d.actor, m.ID, g)
		}
		if err != nil {
			return d.signing(m, err)
		}
	}
	return d.invited(m)
}

// finish takes a mandate from where it stands to active.
func (d *desk) finish(m *consent.Mandate, f map[string]string) (*consent.Mandate, error) {
	if m.State(d.now()) == consent.Proposed {
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
		if m, err = d.accept(m.ID, f); err != nil {
			return nil, err
		}
	}
	given := consent.CopyHow("print")
	if slices.ContainsFunc(m.Evidence, func(e consent.EvidenceRef) bool { return e.Type == charter.OralWitnessed }) {
		given = "read_aloud_paper" // the sheet was read to them and given
	}
	return d.register().DeliverMandate(d.ctx, d.actor, m.ID, given)
}

// agreement reads how the person agreed: by ink, with a photo of it or without, or
// aloud before witnesses.
func (d *desk) agreement(f map[string]string) (consent.Agreement, error) {
	switch f["how"] {
	default:
		return consent.Agreement{}, &door.Fault{Status: http.StatusBadRequest, Reason: "bad_request"}
	case string(charter.OralWitnessed):
		return d.spoken(f)
	case string(charter.PaperOriginal), string(charter.PaperScan):
		clean, err := d.screen(screen.Field{Name: "paper_place", Text: f["place"], Kind: screen.Place, Max: 100})
		if err != nil {
			return consent.Agreement{}, err
		}
		g := consent.Agreement{Type: charter.EvidenceType(f["how"]), PaperPlace: clean[0]}
		if g.Type == charter.PaperScan {
			g.Scan = seenPhoto(f)
		}
		return g, nil
	}
}

// spoken is an agreement before witnesses.
func (d *desk) spoken(f map[string]string) (consent.Agreement, error) {
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
