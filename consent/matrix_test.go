package consent_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

// The authorisation matrix: every use-case, asked by everybody, in their own space
// and about another, with the mandate in each of its states and the member in each
// of theirs. It is generated from the one table in matrix_rows_test.go; what is
// asserted of each cell is the answer, what was stored, and the entry.

// A who is a letter: one role.
type who = rune

// Everybody who may ask. A letter in a row's columns names one of them.
const (
	social     who = 'S' // social worker: a helper of the team
	homeHelp   who = 'B' // a helper whose role has no mission here
	volunteer  who = 'V' // of the team; the structure opened the mission
	kin        who = 'K' // a relative, hosted
	asReferent who = 'R' // referent, and nothing else
	officer    who = 'D' // DPO
	auditor    who = 'A'
	holder     who = 'C' // of the person's card
	operator   who = 'O'
	software   who = 'P' // a program with every scope, for no member
	nobody     who = 'N'
)

var memberRoles = map[who]charter.Role{
	social: charter.SocialWorker, homeHelp: charter.HomeHelp, volunteer: charter.Volunteer, kin: charter.Relative,
	asReferent: charter.Referent, officer: charter.DPO, auditor: charter.Auditor,
}

const everybody = "SBVKRDACOPN"

// States of a member and of a mandate.
var (
	memberStates  = []string{"open", "unadhered", "asleep", "closed"}
	mandateStates = []string{"none", "draft", "proposed", "signed", "accepted", "active", "expired", "revoked", "renounced"}
)

// A row is one use-case asked in one way.
type row struct {
	use, as string // the method of Register; how it is asked, where there are several rows
	// may are those whom the charter's roles let ask at all, purpose those whose
	// purpose it may be ("": everybody's).
	may, purpose string
	// refused is what those answer who are in neither, by letter; else see denied.
	refused map[who]string
	office  bool // an office's: others are told so
	adhere  bool // needs the charter accepted
	noID    bool // names nobody: there is no other space to ask about
	early   bool // who asks is decided before anything is looked up
	idFirst bool // what is looked up is decided before who asks
	always  bool // a member's state does not matter
	seen    bool // reads clear rows: no entry, ever
	preview bool // begins by reading clear rows
	answers bool // a no is an answer, with the entry of the question
	quiet   bool // writes without an entry
	counted bool // a refusal is counted beside its entry
	// before is answered for a mandate's state before the charter is asked, state
	// after it, kinState in its place for a relative. "": goes on.
	before, state, kinState map[string]string
	lax                     string // letters that lean on no mandate
	role                    string // what a role without the mission is told: a home help's
	roles                   string // and these letters'
	act                     audit.Action
	do                      func(*cell) error
}

// A cell is one question.
type cell struct {
	*world
	row     *row
	who     who
	a       consent.Actor
	person  consent.PersonID
	team    *consent.Mandate // of the person, for the team
	own     *consent.Mandate // of the person, for the relative
	member  consent.MemberID // somebody else's
	ref     string
	code    personal.CardCode
	invite  personal.Token // of the other structure
	preset  consent.PresetID
	place   consent.PlaceID // added by the structure
	soft    consent.ProgramID
	helper  consent.MemberID // for whom a program asks
	program consent.ProgramID

	mandateState, memberState string
	elsewhere                 bool
}

// id is the mandate that the question is about: a relative asks about their own.
func (c *cell) id() consent.MandateID {
	m := c.team
	if c.who == kin && !c.elsewhere {
		m = c.own
	}
	if m == nil {
		return "m_" + consent.MandateID(strings.Repeat("a", 26))
	}
	return m.ID
}

// want is the answer that the table gives.
func (r *row) want(c *cell) string {
	_, isMember := memberRoles[c.who]
	special, denied := r.refused[c.who]
	if c.who == software && !strings.ContainsRune(r.may, software) {
		if r.idFirst && c.elsewhere && !denied {
			return "not found"
		}
		return first(special, "C21 program_scope")
	}
	if c.who == nobody {
		return first(special, "sign in: session")
	}
	if unknown := c.elsewhere || c.who == kin && c.mandateState == "none" && r.quiet; r.idFirst && unknown && (isMember || !r.quiet) {
		return "not found"
	}
	if isMember && !r.always {
		shut := map[string]string{"closed": "C23 member_closed", "asleep": "C23 member_unused"}[c.memberState]
		if (r.seen || r.preview) && c.memberState == "closed" {
			shut = "sign in: session"
		}
		if shut != "" {
			return shut
		}
	}
	if denied && special != "" {
		return special
	}
	lost := c.elsewhere && !r.noID
	if lost && !r.early {
		return "not found"
	}
	if c.who == kin && c.mandateState == "none" && !r.noID && !r.early && !r.seen {
		return "not found" // they were never named
	}
	if r.seen {
		return "ok"
	}
	if answer := r.before[c.mandateState]; answer != "" {
		return answer
	}
	return r.asked(c, isMember, lost)
}

// asked is the answer of the charter, and of the state of things after it.
func (r *row) asked(c *cell, isMember, lost bool) string {
	no := ""
	if r.answers {
		no = "no: "
	}
	switch {
	case !isMember && !strings.ContainsRune(r.may, c.who):
		return no + "C21 actor_not_allowed"
	case r.adhere && c.memberState == "unadhered" && strings.ContainsRune("SBVK", c.who):
		return no + "C22 not_adhered"
	case !strings.ContainsRune(r.may, c.who) && c.who == kin:
		return no + "C16 hosted_only"
	case !strings.ContainsRune(r.may, c.who) && r.office:
		return no + "C16 office_only"
	case !strings.ContainsRune(r.may, c.who):
		return no + "C16 role_not_helper"
	case lost:
		return "not found"
	case r.purpose != "" && !strings.ContainsRune(r.purpose, c.who):
		return no + "C15 purpose_role"
	}
	states := r.state
	if c.who == kin && r.kinState != nil {
		states = r.kinState
	}
	answer := states[c.mandateState]
	if strings.ContainsRune(r.lax, c.who) {
		answer = ""
	}
	byCharter := !strings.HasPrefix(answer, "conflict")
	switch {
	case answer != "" && byCharter:
		return no + answer
	case (c.who == homeHelp || strings.ContainsRune(r.roles, c.who)) && r.role != "":
		return no + r.role
	case answer != "":
		return answer
	}
	return "ok"
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// errNo is an answer that says no.
type errNo struct{ rule, reason string }

func (e *errNo) Error() string { return e.rule + " " + e.reason }

// got is what was answered, in the words of the table.
func got(err error) string {
	var (
		refused  *consent.Refused
		missing  *consent.NotFound
		sign     *consent.SignInNeeded
		conflict *consent.Conflict
		no       *errNo
		invalid  *consent.Invalid
	)
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refused):
		return string(refused.Rule) + " " + refused.Reason
	case errors.As(err, &missing):
		return "not found"
	case errors.As(err, &sign):
		return "sign in: " + sign.Reason
	case errors.As(err, &conflict):
		return "conflict: " + conflict.Reason
	case errors.As(err, &invalid):
		return "invalid: " + invalid.Reason
	case errors.As(err, &no):
		return "no: " + no.Error()
	}
	return "fault: " + err.Error()
}

// A stageSet is the register in one state of the mandates and of the members.
type stageSet struct {
	mark mem.Mark
	now  time.Time
	cell // what a cell begins with
}

// A theatre has every set, built once.
type theatre struct {
	*world
	db     *mem.DB
	actors map[who]consent.Actor
	sets   map[string]*stageSet // "mandate/member"
	there  cell                 // the other space's

	software consent.ProgramID
}

func newTheatre(t *testing.T) *theatre {
	t.Helper()
	db := mem.Open(mem.Options{})
	h := &theatre{world: newWorldOn(t, db), db: db, actors: map[who]consent.Actor{}, sets: map[string]*stageSet{}}
	h.structureWith("ccas", "do_for_present", "upload_documents")
	helper, person := h.cast()
	h.there = h.other()
	base := h.base(helper, person)
	h.build(base, helper)
	return h
}

// structureWith opens a structure that opened missions, and keeps its referent.
func (h *theatre) structureWith(slug string, opened ...charter.Mission) {
	h.t.Helper()
	_, invite, err := h.reg.OpenStructure(h.ctx, consent.Operator(), consent.NewStructure{Name: clean(h.t, "Structure "+slug), Slug: slug, Opened: opened})
	h.must(err)
	h.actors[asReferent] = h.enter(invite.Token)
}

// cast lets everybody in, one of each role, and records the person.
func (h *theatre) cast() (helper consent.Actor, person consent.PersonID) {
	h.t.Helper()
	for letter, role := range memberRoles {
		if letter == asReferent || letter == kin {
			continue
		}
		invite, err := h.reg.OpenHelper(h.ctx, h.actors[asReferent], consent.NewHelper{Name: clean(h.t, "Camille Petit"), Role: role})
		h.must(err)
		h.actors[letter] = h.enter(invite.Token)
	}
	for _, a := range h.actors {
		h.must(h.reg.Adhere(h.ctx, a, h.reg.Charter().Version(), h.reg.Charter().Digest()))
	}
	person = h.person(h.actors[social])
	var err error
	h.actors[operator], err = h.reg.In(h.ctx, "ccas")
	h.must(err)
	var p consent.Program
	p, h.actors[software] = h.program(h.actors[asReferent], charter.Scopes()...)
	h.software = p.ID
	h.actors[nobody] = consent.Actor{}
	return h.actors[social], person
}

// papers is the power of the matrix: everybody's but that of a home help.
var papers = consent.Power{Service: "caf", Procedure: "upload_documents", Mode: charter.DoForPresent}

// other is a structure beside, with a person, a mandate, a card and an invitation.
func (h *theatre) other() cell {
	h.t.Helper()
	there := h.structure("asso")
	helper := h.helper(there, charter.SocialWorker)
	p := h.person(helper)
	m := h.mandate(helper, terms(p, papers))
	code, err := h.reg.IssueCard(h.ctx, helper, p, consent.CardWish{})
	h.must(err)
	preset, err := h.reg.SavePreset(h.ctx, there, consent.NewPreset{Name: clean(h.t, "Papiers"), Powers: []consent.Power{papers}, Days: 31})
	h.must(err)
	added, err := h.reg.AddPlace(h.ctx, helper, newPlace(h.t))
	h.must(err)
	return cell{person: p, team: m, own: m, member: helper.Member(), ref: m.Ref, code: code, preset: preset.ID, place: added, soft: "g_aaaaaaaaaaaaaaaaaaaaaaaaaa"}
}

// base is the register before any mandate of the person.
func (h *theatre) base(helper consent.Actor, person consent.PersonID) cell {
	h.t.Helper()
	code, err := h.reg.IssueCard(h.ctx, helper, person, consent.CardWish{})
	h.must(err)
	h.actors[holder], err = h.reg.CardHolder(h.ctx, code)
	h.must(err)
	extra, err := h.reg.OpenHelper(h.ctx, h.actors[asReferent], consent.NewHelper{Name: clean(h.t, "Noé Blanc"), Role: charter.Secretary})
	h.must(err)
	preset, err := h.reg.SavePreset(h.ctx, h.actors[asReferent], consent.NewPreset{Name: clean(h.t, "Papiers"), Powers: []consent.Power{papers}, Days: 31})
	h.must(err)
	h.must(h.reg.SetStandIn(h.ctx, h.actors[asReferent], h.away(extra.Member, helper.Member())))
	named, err := h.reg.NameHelper(h.ctx, helper, consent.Named{Person: person, Name: clean(h.t, "Marie Morel"), Role: charter.Relative})
	h.must(err)
	ask := h.terms(person)
	ask.For, ask.Tie = named, "child"
	m, err := h.reg.DraftMandate(h.ctx, helper, ask) // to let her in; it is not of the sets
	h.must(err)
	h.agree(m.ID)
	link, err := h.reg.InviteNamed(h.ctx, helper, m.ID)
	h.must(err)
	h.actors[kin] = h.enter(link.Token)
	h.must(h.reg.Adhere(h.ctx, h.actors[kin], h.reg.Charter().Version(), h.reg.Charter().Digest()))
	h.drop(m)
	asso, err := h.reg.In(h.ctx, "asso")
	h.must(err)
	invite, err := h.reg.OpenHelper(h.ctx, asso, consent.NewHelper{Name: clean(h.t, "Camille P."), Role: charter.Secretary})
	h.must(err)
	added, err := h.reg.AddPlace(h.ctx, h.actors[social], newPlace(h.t))
	h.must(err)
	h.publicPlace()
	return cell{person: person, member: extra.Member, code: code, preset: preset.ID, place: added, invite: invite.Token, soft: h.software, helper: helper.Member()}
}

func (h *theatre) away(who, by consent.MemberID) consent.StandIn {
	return consent.StandIn{Away: who, By: by, From: "2027-01-11", To: "2027-12-31"}
}

func (h *theatre) terms(person consent.PersonID) consent.Terms {
	ask := terms(person, papers)
	ask.Supersession, ask.Conflict = charter.SupersessionKeep, charter.ConflictNo
	return ask
}

func (h *theatre) agree(id consent.MandateID) {
	h.t.Helper()
	_, err := h.reg.SignMandate(h.ctx, h.actors[social], id, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(h.t, "Classeur")})
	h.must(err)
}

// put writes rows past the use-cases; drop takes a mandate away so.
func (h *theatre) put(rows ...consent.Record) {
	h.t.Helper()
	h.must(h.db.Update(h.ctx, 1, func(tx kv.Tx) error {
		for _, r := range rows {
			if err := store.Ledger(tx).Put(r); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (h *theatre) drop(m *consent.Mandate) {
	h.t.Helper()
	h.must(h.db.Update(h.ctx, 1, func(tx kv.Tx) error {
		for _, r := range []consent.Record{
			m, &consent.MandateOf{Person: m.Person, Mandate: m.ID}, &consent.MandateRef{Ref: m.Ref},
			&consent.NamedRow{Member: consent.MemberID(m.Payload.Mandatary.ID), Mandate: m.ID},
		} {
			if err := store.Ledger(tx).Delete(r); err != nil {
				return err
			}
		}
		return nil
	}))
}

// build makes the sets: each state of the mandates, then of the members.
func (h *theatre) build(base cell, helper consent.Actor) {
	h.t.Helper()
	empty, now := h.db.Mark(), h.clock.now()
	for _, state := range mandateStates {
		h.db.Reset(empty)
		h.clock.to(now)
		c := base
		if state != "none" {
			c.team = h.upTo(state, helper, h.terms(base.person))
			ask := h.terms(base.person)
			ask.For, ask.Tie = h.actors[kin].Member(), "child"
			c.own = h.upTo(state, h.actors[kin], ask)
			c.ref = c.team.Ref
		}
		if state == "expired" {
			h.clock.add(40 * 24 * time.Hour)
		}
		all := h.db.Mark()
		for _, ms := range memberStates {
			h.db.Reset(all)
			h.members(ms)
			h.sets[state+"/"+ms] = &stageSet{mark: h.db.Mark(), now: h.clock.now(), cell: c}
		}
	}
}

// upTo takes a mandate as far as a state; accepts is whoever may accept it.
func (h *theatre) upTo(state string, accepts consent.Actor, ask consent.Terms) *consent.Mandate {
	h.t.Helper()
	if state == "draft" {
		ask.Explained = nil
	}
	m, err := h.reg.DraftMandate(h.ctx, h.actors[social], ask)
	h.must(err)
	if state == "draft" || state == "proposed" {
		return m
	}
	h.agree(m.ID)
	if state == "signed" {
		return m
	}
	_, err = h.reg.AcceptMandate(h.ctx, accepts, m.ID)
	h.must(err)
	if state == "accepted" {
		return m
	}
	_, err = h.reg.DeliverMandate(h.ctx, h.actors[social], m.ID, "print")
	h.must(err)
	switch state {
	case "revoked":
		_, err = h.reg.RevokeMandate(h.ctx, accepts, m.ID, consent.Scope{})
	case "renounced":
		_, err = h.reg.RenounceMandate(h.ctx, accepts, m.ID)
	}
	h.must(err)
	return m
}

// members puts every member into a state.
func (h *theatre) members(state string) {
	h.t.Helper()
	for letter := range memberRoles {
		m := &consent.Member{ID: h.actors[letter].Member()}
		h.must(h.db.View(h.ctx, 1, func(tx kv.Tx) error { _, err := store.Ledger(tx).Get(m); return err }))
		switch state {
		case "unadhered":
			m.Adhered = consent.Adherence{}
		case "asleep":
			m.Used = h.clock.now().AddDate(0, -6, 0)
		case "closed":
			m.Closed = h.clock.now()
		}
		h.put(m)
	}
}

// play asks one question and checks the answer, what is stored, and the entry.
func (h *theatre) play(t *testing.T, r *row, letter who, mandate, member string, elsewhere bool) {
	set := h.sets[mandate+"/"+member]
	h.db.Reset(set.mark)
	h.clock.to(set.now)
	c := set.cell
	if elsewhere {
		there := h.there
		there.invite, there.helper = c.invite, c.helper
		c = there
	}
	sub := *h.world
	sub.t = t
	c.world, c.row, c.who, c.a = &sub, r, letter, h.actors[letter].With(consent.Call{Request: consent.NewRequestID()})
	c.mandateState, c.memberState, c.elsewhere = mandate, member, elsewhere
	size := h.size("ccas")
	err := r.do(&c)
	answer, want := got(err), r.want(&c)
	if answer != want {
		t.Errorf("%s: %s, want %s", c.name(), answer, want)
		return
	}
	h.stored(t, &c, set.mark, size, answer)
}

func (c *cell) name() string {
	where := "own space"
	if c.elsewhere {
		where = "another space"
	}
	return fmt.Sprintf("%s %s by %c, %s, mandate %s, member %s", c.row.use, c.row.as, c.who, where, c.mandateState, c.memberState)
}

// stored checks what an answer left behind: of a yes the entry of its action, of a
// refusal its own entry and nothing else, of anything else nothing.
func (h *theatre) stored(t *testing.T, c *cell, mark mem.Mark, size int64, answer string) {
	refusedByRule := strings.HasPrefix(answer, "C") && (!c.row.seen || c.who == software) && (!c.row.preview || !strings.HasPrefix(answer, "C23"))
	entries := h.size("ccas") - size
	var others []string
	for _, b := range h.db.Since(mark) {
		counts := strings.HasSuffix(b, "/refusal-count") || strings.HasSuffix(b, "/refused-text")
		if !strings.HasPrefix(b, "1/log") && !(c.row.counted && counts) {
			others = append(others, b)
		}
	}
	switch {
	case refusedByRule:
		if entries != 1 || len(others) > 0 {
			t.Errorf("%s: refused with %d entries, and wrote %v", c.name(), entries, others)
			return
		}
		d := h.last("ccas")
		if d.Act != audit.AttemptRefused || d.Out != audit.Refused || strings.Join(d.Rules, " ") != answer {
			t.Errorf("%s: the entry is %s %v", c.name(), d.Act, d.Rules)
		}
	case answer == "ok" && c.row.act != "", c.row.answers && strings.HasPrefix(answer, "no:"):
		if entries < 1 {
			t.Errorf("%s: no entry", c.name())
			return
		}
		if d := h.last("ccas"); d.Act != c.row.act || d.Out != audit.OK || d.By != first(string(c.a.Member()), map[who]string{holder: "person", operator: "operator", software: string(h.software)}[c.who]) {
			t.Errorf("%s: the entry is %s by %s", c.name(), d.Act, d.By)
		}
	case answer == "ok" && c.row.quiet:
	default:
		if entries != 0 || len(others) > 0 {
			t.Errorf("%s: %s, with %d entries, and wrote %v", c.name(), answer, entries, others)
		}
	}
}

func TestAuthorisationMatrix(t *testing.T) {
	h := newTheatre(t)
	cells := 0
	for _, r := range matrix() {
		t.Run(strings.TrimSpace(r.use+" "+r.as), func(t *testing.T) {
			mandates := []string{"active"}
			if r.before != nil || r.state != nil || r.kinState != nil {
				mandates = mandateStates
			}
			for _, letter := range everybody {
				members := []string{"open"}
				if _, is := memberRoles[letter]; is {
					members = memberStates
				}
				for _, member := range members {
					for _, mandate := range mandates {
						h.play(t, &r, letter, mandate, member, false)
						cells++
					}
					if !r.noID {
						h.play(t, &r, letter, "active", member, true)
						cells++
					}
				}
			}
		})
	}
	t.Logf("%d cells", cells)
	if cells < 5000 {
		t.Errorf("only %d cells", cells)
	}
}

// A use-case is in the table, or its name is here with what it is. One that is new
// gets its rows in matrix_rows_test.go: who may ask, and what they are told.
func TestEveryUseCaseIsInTheMatrix(t *testing.T) {
	inTable := map[string]bool{}
	for _, r := range matrix() {
		inTable[r.use] = true
	}
	typ, actor := reflect.TypeFor[*consent.Register](), reflect.TypeFor[consent.Actor]()
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		asks := false
		for j := range m.Type.NumIn() {
			asks = asks || m.Type.In(j) == actor
		}
		_, argued := beside[m.Name]
		switch {
		case asks && !inTable[m.Name] && !argued:
			t.Errorf("%s takes an actor and has no row in the matrix: add one to matrix_rows_test.go", m.Name)
		case !asks && !argued:
			t.Errorf("%s takes no actor: say in the list beside what it is, or let it take one", m.Name)
		case argued && inTable[m.Name]:
			t.Errorf("%s is in the table and beside it", m.Name)
		}
		delete(inTable, m.Name)
	}
	for name := range inTable {
		t.Errorf("%s is no use-case", name)
	}
	names := slices.Collect(func(yield func(string) bool) {
		for name := range beside {
			if !yield(name) {
				return
			}
		}
	})
	for _, name := range names {
		if _, ok := typ.MethodByName(name); !ok {
			t.Errorf("%s is no method", name)
		}
	}
}
