package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// The demo's people and their month. Everybody is made up; everything is done
// through the use-cases that the doors call, so what the charter refuses cannot
// stand here either. The same seed gives the same month; identifiers and keys
// are random each time.

// demoDays is how long before now the demo begins.
const demoDays = 31

// A demoClock runs behind the real one by what is left of the month to play.
type demoClock struct {
	now    func() time.Time
	behind time.Duration
	left   atomic.Int64 // added to behind, negative
}

// Now is the time on the stage.
func (c *demoClock) Now() time.Time {
	return c.now().Add(-c.behind - time.Duration(c.left.Load()))
}

// pass lets time go by, up to now and no further.
func (c *demoClock) pass(d time.Duration) {
	c.left.Store(max(int64(-c.behind), c.left.Load()-int64(d)))
}

// A stage is a register being filled.
type stage struct {
	ctx   context.Context
	h     *house
	clock *demoClock // nil: everything happens now
	seed  int        // the same seed draws the same month
	drawn int
}

// draw gives a number below n. It is spread, not random: a demo is to be the same
// each time, and keys and identifiers are made elsewhere.
func (s *stage) draw(n int) int {
	s.drawn++
	return (s.seed + 31*s.drawn*s.drawn + 17*s.drawn) % n
}

// A troupe is a structure and who works there.
type troupe struct {
	slug     string
	referent consent.Actor
	helpers  []demoHelper
	dpo      consent.Actor
}

type demoHelper struct {
	actor  consent.Actor
	powers []consent.Power // that the charter opens to the role
	days   int             // of the mandates they prepare
}

var (
	cafRSA     = consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent}
	cafPapers  = consent.Power{Service: "caf", Procedure: "upload_documents", Mode: charter.DoForPresent}
	ameliCSS   = consent.Power{Service: "ameli", Procedure: "css_request", Mode: charter.DoForPresent}
	workUpdate = consent.Power{Service: "france_travail", Procedure: "monthly_update", Mode: charter.DoForPresent}
	workPapers = consent.Power{Service: "france_travail", Procedure: "upload_documents", Mode: charter.DoForPresent}
	idCard     = consent.Power{Service: "ants", Procedure: "identity_card", Mode: charter.DoForPresent}
)

// A demoMember is somebody to open, and what the charter opens to their role.
type demoMember struct {
	name   string
	role   charter.Role
	powers []consent.Power
}

// demoStructures are three structures and their helpers; Jeanne's daughter is the
// twelfth.
var demoStructures = []struct {
	name, slug string
	opened     []charter.Mission
	helpers    []demoMember
}{
	{"CCAS de Valombre (démonstration)", "valombre", nil, []demoMember{
		{"Fatou Diallo", charter.SocialWorker, []consent.Power{cafRSA, ameliCSS, workUpdate}},
		{"Élodie Lefèvre", charter.Secretary, []consent.Power{cafRSA, cafPapers}},
		{"Karim Benali", charter.ReceptionAgent, []consent.Power{idCard, workUpdate}},
		{"Sunniva Berg", charter.DigitalMediator, []consent.Power{cafPapers, workPapers}},
		{"Rosa Almeida", charter.HomeHelp, nil},
	}},
	{"Association du Pont (démonstration)", "pont", []charter.Mission{"do_for_present", "upload_documents"}, []demoMember{
		{"Nadia Cherif", charter.SocialMediator, []consent.Power{cafRSA, ameliCSS}},
		{"Paul Garnier", charter.Volunteer, []consent.Power{cafPapers, workPapers}},
		{"Thi Hoa Nguyen", charter.Volunteer, []consent.Power{cafPapers}},
	}},
	{"Maison France services du Lac (démonstration)", "lac", nil, []demoMember{
		{"Hugo Petit", charter.ReceptionAgent, []consent.Power{idCard, ameliCSS}},
		{"Amina Saïd", charter.SocialMediator, []consent.Power{workUpdate, cafRSA}},
		{"Jean-Baptiste Roux", charter.SocialWorker, []consent.Power{cafRSA}},
	}},
}

// A demoPerson is made up.
type demoPerson struct{ given, name, birth, phone, lang string }

// jeanne is the person whose card the demo shows.
var jeanne = demoPerson{"Jeanne", "Morel", "1948-03-12", "06 39 98 12 34", "fr"}

// Names as they come to a desk: marks, several words, one name only, scripts.
var (
	demoGiven = []string{"Mohamed", "Mohammed", "Anaïs", "José", "Zoë", "Þóra", "Aïcha", "Łukasz", "Mélodie", "", "Ngọc", "Oksana", "محمد", "Chloé", "Ibrahim", "", "Søren", "Maëlys"}
	demoNames = []string{"Le Goff", "Legoff", "Aït-Ali", "N'Diaye", "Müller", "García López", "Zahra", "Dupond", "Kovač", "Öztürk", "العلوي", "Ferreira", "Шевченко", "Lefèvre", "Da Silva", "Tremblay"}
	demoBirth = []string{"1948-03-12", "1961", "1990-01", "1975-11-30", "1953", "2001-06-07", "1984-02-29", "1939-12-24", "1967-08", "1996-10-01"}
	demoLangs = []string{"fr", "ar", "fa", "pt", "uk", "tr", "en", "es"}
)

// An ending is what a mandate of the month comes to.
var demoEndings = []consent.State{
	consent.Active, consent.Active, consent.Draft, consent.Active, consent.Proposed, consent.Expired, consent.Active,
	consent.Signed, consent.Fulfilled, consent.Active, consent.Revoked, consent.Renounced, consent.Superseded,
}

// demoCrowd is how many persons there are beside Jeanne.
const demoCrowd = 59

// play fills the register and hands out the links.
func (s *stage) play() (*demoCast, error) {
	var troupes []*troupe
	for i := range demoStructures {
		t, err := s.gather(i)
		if err != nil {
			return nil, err
		}
		troupes = append(troupes, t)
	}
	first := troupes[0]
	id, err := s.record(first.helpers[0].actor, jeanne)
	if err != nil {
		return nil, err
	}
	if err := s.mandate(first.helpers[0], id, consent.Active, cafRSA); err != nil {
		return nil, err
	}
	if err := s.kin(first, id); err != nil {
		return nil, err
	}
	for n := range demoCrowd {
		if err := s.visit(n, troupes[n%len(troupes)]); err != nil {
			return nil, fmt.Errorf("person %d: %w", n, err)
		}
		s.pass(demoDays * 24 * time.Hour / (demoCrowd + 1))
	}
	if err := s.act(first.helpers[0], id, cafRSA, "done"); err != nil {
		return nil, err
	}
	s.pass(demoDays * 24 * time.Hour)
	cast := &demoCast{birth: jeanne.birth}
	if cast.card, err = s.h.reg.IssueCard(s.ctx, first.helpers[0].actor, id, consent.CardWish{}); err != nil {
		return nil, err
	}
	return cast, s.handOut(cast, first)
}

func (s *stage) pass(d time.Duration) {
	if s.clock != nil {
		s.clock.pass(d)
	}
}

// gather opens a structure, its helpers and its DPO.
func (s *stage) gather(i int) (*troupe, error) {
	d := demoStructures[i]
	name, err := screenedName(d.name)
	if err != nil {
		return nil, err
	}
	_, invite, err := s.h.reg.OpenStructure(s.ctx, consent.Operator(), consent.NewStructure{Name: name, Slug: d.slug, Opened: d.opened})
	if err != nil {
		return nil, err
	}
	t := &troupe{slug: d.slug}
	if t.referent, err = s.enter(invite.Token); err != nil {
		return nil, err
	}
	for _, h := range d.helpers {
		a, err := s.member(t.referent, h.name, h.role)
		if err != nil {
			return nil, err
		}
		t.helpers = append(t.helpers, demoHelper{a, h.powers, daysOf(h.role)})
	}
	if t.dpo, err = s.member(t.referent, "Claire Garnier", charter.DPO); err != nil {
		return nil, err
	}
	return t, s.presets(t)
}

// daysOf is how long the mandates of a role last here; a volunteer's are short.
func daysOf(r charter.Role) int {
	if r == charter.Volunteer {
		return 31
	}
	return 182
}

// kin lets Jeanne name her daughter at the desk: she agrees there, and the daughter
// accepts from where she is.
func (s *stage) kin(t *troupe, jeanne consent.PersonID) error {
	name, err := screenedName("Inès Morel")
	if err != nil {
		return err
	}
	desk := t.helpers[0].actor
	id, err := s.h.reg.NameHelper(s.ctx, desk, consent.Named{Person: jeanne, Name: name, Role: charter.Relative})
	if err != nil {
		return err
	}
	m, err := s.h.reg.DraftMandate(s.ctx, desk, consent.Terms{
		Person: jeanne, Powers: []consent.Power{cafPapers}, Days: 182, Capacity: charter.CapacityNo, Conflict: charter.ConflictFamily,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionNone, For: id, Tie: "child",
	})
	if err != nil {
		return err
	}
	place, err := paperPlace()
	if err != nil {
		return err
	}
	_, err = s.h.reg.SignMandate(s.ctx, desk, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: place, Copy: "print"})
	if err != nil {
		return err
	}
	invite, err := s.h.reg.InviteNamed(s.ctx, desk, m.ID)
	if err != nil {
		return err
	}
	daughter, err := s.enter(invite.Token)
	if err != nil {
		return err
	}
	if err := s.h.reg.Adhere(s.ctx, daughter, s.h.reg.Charter().Version(), s.h.reg.Charter().Digest()); err != nil {
		return err
	}
	_, err = s.h.reg.AcceptMandate(s.ctx, daughter, m.ID)
	return err
}

// presets are the usual mandates, which the referent prepares.
func (s *stage) presets(t *troupe) error {
	for _, p := range []struct {
		name  string
		power consent.Power
		days  int
	}{
		{"CAF, déclaration trimestrielle, en sa présence, 6 mois", cafRSA, 182},
		{"France Travail, actualisation, en sa présence, 6 mois", workUpdate, 182},
		{"CAF, envoyer des documents, en sa présence, 1 mois", cafPapers, 31},
	} {
		name, err := screenedName(p.name)
		if err != nil {
			return err
		}
		_, err = s.h.reg.SavePreset(s.ctx, t.referent, consent.NewPreset{Name: name, Powers: []consent.Power{p.power}, Days: p.days})
		if err != nil {
			return err
		}
	}
	return nil
}

// enter redeems a link, as somebody does who clicks on it.
func (s *stage) enter(token personal.Token) (consent.Actor, error) {
	w, err := s.h.reg.Redeem(s.ctx, consent.Call{Request: consent.NewRequestID()}, token, personal.Token{})
	if err != nil {
		return consent.Actor{}, err
	}
	return s.h.reg.SignedIn(s.ctx, w.Session)
}

// again signs a member in anew: signing needs a fresh sign-in.
func (s *stage) again(t *troupe, a consent.Actor) (consent.Actor, error) {
	operator, err := s.h.reg.In(s.ctx, t.slug)
	if err != nil {
		return a, err
	}
	invite, err := s.h.reg.MakeLink(s.ctx, operator, a.Member())
	if err != nil {
		return a, err
	}
	return s.enter(invite.Token)
}

func (s *stage) member(referent consent.Actor, name string, role charter.Role) (consent.Actor, error) {
	clean, err := screen.Form(screen.Field{Name: "name", Text: name, Kind: screen.Name, Max: 120})
	if err != nil {
		return consent.Actor{}, err
	}
	invite, err := s.h.reg.OpenHelper(s.ctx, referent, consent.NewHelper{Name: clean[0], Role: role})
	if err != nil {
		return consent.Actor{}, err
	}
	a, err := s.enter(invite.Token)
	if err != nil || role == charter.DPO {
		return a, err
	}
	return a, s.h.reg.Adhere(s.ctx, a, s.h.reg.Charter().Version(), s.h.reg.Charter().Digest())
}

func (s *stage) record(helper consent.Actor, p demoPerson) (consent.PersonID, error) {
	clean, err := screen.Form(
		screen.Field{Name: "given_names", Text: p.given, Kind: screen.Name, Max: 120},
		screen.Field{Name: "birth_name", Text: p.name, Kind: screen.Name, Max: 120},
		screen.Field{Name: "phone", Text: p.phone, Kind: screen.Phone, Max: 40},
	)
	if err != nil {
		return "", err
	}
	return s.h.reg.RecordPerson(s.ctx, helper, consent.PersonData{
		GivenNames: clean[0], BirthName: clean[1], Phone: clean[2], Birth: p.birth, Language: p.lang,
	})
}

// visit is somebody's first appointment: who they are and what comes of it is
// drawn from the seed.
func (s *stage) visit(n int, t *troupe) error {
	h := t.helpers[s.draw(len(t.helpers))]
	for len(h.powers) == 0 {
		h = t.helpers[s.draw(len(t.helpers))]
	}
	p := demoPerson{
		given: pick(s, demoGiven), name: pick(s, demoNames), birth: pick(s, demoBirth), lang: pick(s, demoLangs),
	}
	if s.draw(3) > 0 {
		p.phone = fmt.Sprintf("06 39 98 %02d %02d", s.draw(100), s.draw(100))
	}
	var err error
	if h.actor, err = s.again(t, h.actor); err != nil {
		return err
	}
	id, err := s.record(h.actor, p)
	if err != nil {
		return err
	}
	ending, power := demoEndings[n%len(demoEndings)], pick(s, h.powers)
	if err := s.mandate(h, id, ending, power); err != nil {
		return err
	}
	if ending != consent.Active {
		return nil
	}
	for range s.draw(4) {
		if err := s.act(h, id, power, pick(s, []charter.Outcome{"done", "waiting", "partly_done", "blocked"})); err != nil {
			return err
		}
	}
	return nil
}

func pick[T any](s *stage, list []T) T { return list[s.draw(len(list))] }

// mandate takes a mandate to what it comes to.
func (s *stage) mandate(h demoHelper, id consent.PersonID, ending consent.State, power consent.Power) error {
	terms := consent.Terms{
		Person: id, Powers: []consent.Power{power}, Days: h.days, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionNone,
	}
	switch ending {
	case consent.Draft:
		terms.Explained = nil
	case consent.Expired:
		terms.Days = 1
	case consent.Fulfilled:
		terms.Days, terms.OneProcedure = 0, true
	}
	m, err := s.agree(h, terms, ending)
	if err != nil || m.Delivered.IsZero() {
		return err
	}
	return s.end(h, m, ending, terms)
}

// paperPlace is where the structures keep their originals.
func paperPlace() (screen.Clean, error) {
	place, err := screen.Form(screen.Field{Name: "paper_place", Text: "Classeur des mandats, accueil", Kind: screen.Place, Max: 200})
	if err != nil {
		return screen.Clean{}, err
	}
	return place[0], nil
}

// agree takes a mandate from its draft to the copy in the person's hands, or as
// far as its ending lets it come.
func (s *stage) agree(h demoHelper, terms consent.Terms, ending consent.State) (*consent.Mandate, error) {
	m, err := s.h.reg.DraftMandate(s.ctx, h.actor, terms)
	if err != nil || ending == consent.Draft || ending == consent.Proposed {
		return m, err
	}
	place, err := paperPlace()
	if err != nil {
		return nil, err
	}
	m, err = s.h.reg.SignMandate(s.ctx, h.actor, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: place})
	if err != nil || ending == consent.Signed {
		return m, err
	}
	if _, err := s.h.reg.AcceptMandate(s.ctx, h.actor, m.ID); err != nil {
		return nil, err
	}
	return s.h.reg.DeliverMandate(s.ctx, h.actor, m.ID, "print")
}

// end brings a mandate in force to its end.
func (s *stage) end(h demoHelper, m *consent.Mandate, ending consent.State, terms consent.Terms) (err error) {
	switch ending {
	case consent.Fulfilled:
		err = s.act(h, m.Person, terms.Powers[0], "done")
	case consent.Revoked:
		_, err = s.h.reg.RevokeMandate(s.ctx, h.actor, m.ID, consent.Scope{})
	case consent.Renounced:
		_, err = s.h.reg.RenounceMandate(s.ctx, h.actor, m.ID)
	case consent.Superseded:
		terms.Supersession = charter.SupersessionReplace
		_, err = s.agree(h, terms, consent.Active)
	}
	return err
}

// act looks at the contact, as one does, and notes what was done.
func (s *stage) act(h demoHelper, id consent.PersonID, power consent.Power, outcome charter.Outcome) error {
	_, err := s.h.reg.RevealPerson(s.ctx, h.actor, consent.Reveal{
		Person: id, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact},
	})
	if err != nil {
		return err
	}
	a := consent.NewAct{
		Person: id, Did: power, Reason: pick(s, []charter.ActReason{"cannot_use_device", "cannot_read", "language", "no_equipment"}),
		Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson, Outcome: outcome,
	}
	if p, ok := s.h.reg.Charter().Procedure(power.Service, power.Procedure); ok && p.Mission == charter.MissionDeclaration {
		now := time.Now()
		if s.clock != nil {
			now = s.clock.Now()
		}
		a.Validated, a.ValidatedHow, a.Period = now.Add(-time.Minute), charter.ValidatedOnScreen, now.AddDate(0, -1, 0).Format("2006-01")
	}
	_, err = s.h.reg.RecordAct(s.ctx, h.actor, a)
	return err
}

// handOut makes two links for each role that can be played.
func (s *stage) handOut(cast *demoCast, t *troupe) error {
	operator, err := s.h.reg.In(s.ctx, t.slug)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		name string
		who  consent.Actor
	}{{"helper", t.helpers[0].actor}, {"referent", t.referent}, {"dpo", t.dpo}} {
		role := demoRole{name: r.name}
		for _, link := range []*consent.Invitation{&role.browser, &role.curl} {
			if *link, err = s.h.reg.MakeLink(s.ctx, operator, r.who.Member()); err != nil {
				return err
			}
		}
		cast.roles = append(cast.roles, role)
	}
	return nil
}
