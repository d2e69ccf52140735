package consent

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// How a mandate comes to be, one step a function: DraftMandate (shown and
// explained: proposed), SignMandate (the person agrees), AcceptMandate (the
// helper signs, the structure seals), DeliverMandate (the person has a copy:
// active). Each asks the charter inside its transaction.

// Terms are what a mandate is to say.
type Terms struct {
	Person PersonID
	Powers []Power // the category is filled in from the procedure
	// From is a date, YYYY-MM-DD in the structure's time zone; empty means now.
	From string
	// One of Days, Until and OneProcedure. Until is the last day, inclusive.
	Days         int
	Until        string
	OneProcedure bool
	Capacity     charter.Capacity
	Conflict     charter.Conflict
	// SpecialMandatary and ReferentConfirmed answer what a protection measure asks.
	SpecialMandatary  bool
	ReferentConfirmed bool
	Explained         *Explained // nil keeps a draft that is not yet shown
	Helpers           []MemberID // empty: the team
	// For is a member whom the person named, and who is the mandatary themself; Tie
	// is what they are to the person, a word of the charter. Both empty: the
	// structure is the mandatary.
	For          MemberID
	Tie          charter.Tie
	Supersession charter.Supersession
}

// oneProcedureDays bounds a mandate "for this procedure only": it ends with the
// procedure, and not later than this.
const oneProcedureDays = 31

// DraftMandate drafts a mandate and, when it was explained, proposes it. From
// then on its payload is fixed.
func (r *Register) DraftMandate(ctx context.Context, a Actor, terms Terms) (*Mandate, error) {
	var m *Mandate
	_, err := r.record(ctx, a, func(t *turn) error {
		p, err := t.livePerson(terms.Person)
		if err != nil {
			return err
		}
		if m, err = t.draft(p, terms); err != nil {
			return err
		}
		all, err := t.mandates(p.ID)
		if err != nil {
			return err
		}
		overlaps := overlapping(all, m.Payload.Powers, t.at)
		facts, err := t.draftFacts(p, m, terms, len(overlaps) > 0)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.MandateDrafted, Person: p.ID}
		if err := t.check(try, charter.Facts{Operation: charter.OpDraft, Draft: facts}); err != nil {
			return err
		}
		if countOpen(all, t.at) >= maxOpen {
			return &Conflict{Reason: "mandates_open"}
		}
		if terms.Supersession == charter.SupersessionReplace {
			m.Payload.Supersedes = overlaps
		}
		t.enterMandate(audit.MandateDrafted, m, "")
		if terms.Explained != nil {
			if err := m.propose(t.at); err != nil {
				return err
			}
			t.enterMandate(audit.NoticeGiven, m, m.Payload.Template.Digest)
			t.enterMandate(audit.MandateProposed, m, m.Digest)
		}
		if err := putAll(t.tx, m, &MandateOf{Person: p.ID, Mandate: m.ID}, &MandateRef{Ref: m.Ref, Mandate: m.ID}); err != nil {
			return err
		}
		if err := t.rewatch(m, nil); err != nil {
			return err
		}
		return t.made(string(m.ID))
	})
	if id, again := replayed(err); again {
		return r.Mandate(ctx, a, MandateID(id))
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// maxOpen bounds the mandates of a person that have not ended: stopping them all
// is one transaction with an entry each, whatever anybody drafted.
const maxOpen = 100

func countOpen(all []*Mandate, at time.Time) (n int) {
	for _, m := range all {
		if open(m.State(at)) {
			n++
		}
	}
	return n
}

// draft makes the mandate that the terms describe, at the instant of the turn.
func (t *turn) draft(p *Person, terms Terms) (*Mandate, error) {
	if len(terms.Helpers) > maxHelpers {
		return nil, &Invalid{Pointer: "/helpers", Reason: "member_length"}
	}
	for i, h := range terms.Helpers {
		if slices.Contains(terms.Helpers[:i], h) { // papers and pages name each once
			return nil, &Invalid{Pointer: fmt.Sprintf("/helpers/%d", i), Reason: "member_twice"}
		}
	}
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return nil, err
	}
	ref, err := t.freeRef()
	if err != nil {
		return nil, err
	}
	m := &Mandate{
		ID: MandateID("m_" + random26()), Ref: ref, Person: p.ID, By: t.actor.member, Drafted: t.at,
		OneProcedure: terms.OneProcedure,
	}
	if terms.ReferentConfirmed && t.me.Referent {
		m.Confirmed = t.me.ID
	}
	from, until, err := terms.period(t.at, tz)
	if err != nil {
		return nil, err
	}
	powers, err := t.r.powers(terms.Powers)
	if err != nil {
		return nil, err
	}
	if terms.OneProcedure && len(powers) != 1 {
		return nil, &Invalid{Pointer: "/powers", Reason: "one_procedure"}
	}
	m.Payload = Payload{
		V: 1, ID: m.ID, Ref: ref, Origin: t.r.origin, Space: t.profile.Slug,
		Charter:   CharterRef{Version: t.r.charter.Version(), Digest: t.r.charter.Digest()},
		Person:    PersonRef{ID: p.ID, C: p.C},
		Mandatary: Mandatary{Kind: charter.MandataryStructure, ID: string(t.profile.Structure)},
		Helpers:   Helpers{Named: terms.Helpers},
		Powers:    powers, IssuedAt: t.at.Truncate(time.Second), From: from, Until: until, TZ: t.profile.TZ,
		Capacity: terms.Capacity, Free: true,
		Required: []charter.SignerRole{charter.SignerPerson, charter.SignerHelper, charter.SignerStructure},
		MinLevel: t.r.charter.MinLevel(powers),
	}
	if err := t.mandateFor(m, terms); err != nil {
		return nil, err
	}
	lang := "fr"
	if terms.Explained != nil {
		if err := terms.Explained.valid(); err != nil {
			return nil, err
		}
		m.Payload.Explained = *terms.Explained
		m.Payload.Explained.By = t.actor.member
		lang = terms.Explained.Lang
	}
	m.Payload.Template = TemplateFor(lang)
	return m, nil
}

// period gives the half-open interval of the terms.
func (d Terms) period(now time.Time, tz *time.Location) (from, until time.Time, err error) {
	from = now.Truncate(time.Second)
	if d.From != "" {
		day, err := time.Parse(time.DateOnly, d.From)
		if err != nil {
			return from, until, &Invalid{Pointer: "/from", Reason: "date"}
		}
		y, m, dd := day.Date()
		if start := StartOfDay(y, m, dd, tz); start.After(from) {
			from = start
		} else if !from.Before(StartOfDay(y, m, dd+1, tz)) {
			return from, until, &Invalid{Pointer: "/from", Reason: "date_past"}
		}
	}
	said := 0
	if d.Days != 0 {
		said++
		if d.Days < 1 || d.Days > 3660 {
			return from, until, &Invalid{Pointer: "/days", Reason: "days"}
		}
		until = Until(from, d.Days, tz)
	}
	if d.Until != "" {
		said++
		last, err := time.Parse(time.DateOnly, d.Until)
		if err != nil {
			return from, until, &Invalid{Pointer: "/until", Reason: "date"}
		}
		y, m, dd := last.Date()
		until = StartOfDay(y, m, dd+1, tz)
	}
	if d.OneProcedure {
		said++
		until = Until(from, oneProcedureDays, tz)
	}
	if said != 1 {
		return from, until, &Invalid{Pointer: "/days", Reason: "one_duration"}
	}
	if !from.Before(until) {
		return from, until, &Invalid{Pointer: "/until", Reason: "until_before_from"}
	}
	return from, until, nil
}

// powers fills the categories in from the charter's services.
func (r *Register) powers(asked []Power) ([]Power, error) {
	powers := make([]Power, len(asked))
	for i, p := range asked {
		c, ok := r.charter.Procedure(p.Service, p.Procedure)
		if !ok {
			return nil, &Invalid{Pointer: fmt.Sprintf("/powers/%d/procedure", i), Reason: "procedure"}
		}
		p.Category = c.Category
		powers[i] = p
	}
	return powers, nil
}

// freeRef draws 8 digits that no mandate of the space has.
func (t *turn) freeRef() (string, error) {
	for range 20 {
		n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
		if err != nil {
			return "", err
		}
		row := &MandateRef{Ref: fmt.Sprintf("%08d", n)}
		found, err := t.tx.Get(row)
		if err != nil || !found {
			return row.Ref, err
		}
	}
	return "", fmt.Errorf("no free reference")
}

// overlapping lists the mandates in force or to come that cover one of the
// powers' procedures.
func overlapping(all []*Mandate, powers []Power, at time.Time) []MandateID {
	var ids []MandateID
	for _, m := range all {
		if m.State(at) != Active {
			continue
		}
		if sharesProcedure(m.Payload.Powers, powers) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func sharesProcedure(a, b []Power) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Service == y.Service && x.Procedure == y.Procedure {
				return true
			}
		}
	}
	return false
}

// draftFacts is a draft as the charter sees it.
func (t *turn) draftFacts(p *Person, m *Mandate, terms Terms, overlaps bool) (charter.Draft, error) {
	minor, err := t.minor(p.ID)
	if err != nil {
		return charter.Draft{}, err
	}
	d := charter.Draft{
		Powers: m.Payload.Powers, From: m.Payload.From, Until: m.Payload.Until,
		Capacity: terms.Capacity, Minor: minor,
		ReferentConfirmed: m.Confirmed != "", SpecialMandatary: terms.SpecialMandatary,
		Conflict: terms.Conflict, Overlaps: overlaps, Supersedes: terms.Supersession,
	}
	tz, err := time.LoadLocation(m.Payload.TZ)
	if err != nil {
		return d, err
	}
	d.Days = days(m.Payload.From, m.Payload.Until, tz)
	if terms.Explained != nil {
		d.Aid = terms.Explained.Aid
	}
	for i, h := range m.Payload.Helpers.Named {
		named := &Member{ID: h}
		found, err := t.tx.Get(named)
		if err != nil {
			return d, err
		}
		if !found || !named.Closed.IsZero() || named.Hosted && named.ID != terms.For {
			return d, &Invalid{Pointer: fmt.Sprintf("/helpers/%d", i), Reason: "member_id"}
		}
		d.HelperRoles = append(d.HelperRoles, named.Role)
	}
	return d, nil
}

// minor tells whether a person may be under age now.
func (t *turn) minor(p PersonID) (bool, error) {
	seal := &BirthSeal{Owner: p}
	if err := need(t.tx, seal, "person"); err != nil {
		return false, err
	}
	return t.r.keys.IsMinor(t.actor.space, ownerOf(p), seal.Closed, t.at)
}

// days counts calendar days from the day of from to until.
func days(from, until time.Time, tz *time.Location) int {
	y, mo, d := from.In(tz).Date()
	y2, m2, d2 := until.In(tz).Date()
	a := time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
	b := time.Date(y2, m2, d2, 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a).Hours() / 24)
}

// enterMandate adds the entry of a step of a mandate, with the digest of what
// the step is about.
func (t *turn) enterMandate(act audit.Action, m *Mandate, dg string) {
	if dg == "" {
		dg, _ = m.digest() // an entry without one is refused
	}
	t.enter(audit.Entry{Act: act, Person: string(m.Person), Mandate: string(m.ID), Digest: dg})
}

// ProposeMandate says how a draft was explained; its payload is fixed from then.
func (r *Register) ProposeMandate(ctx context.Context, a Actor, id MandateID, explained Explained) (*Mandate, error) {
	if err := explained.valid(); err != nil {
		return nil, err
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		if m.State(t.at) != Draft {
			return &Conflict{Reason: "not_draft"}
		}
		m.Payload.Explained = explained
		m.Payload.Explained.By = t.actor.member
		m.Payload.Template = TemplateFor(explained.Lang)
		f := charter.Facts{Operation: charter.OpDraft, Draft: t.storedDraft(m)}
		if err := t.check(t.attempt(audit.MandateProposed, m), f); err != nil {
			return err
		}
		if err := m.propose(t.at); err != nil {
			return err
		}
		t.enterMandate(audit.NoticeGiven, m, m.Payload.Template.Digest)
		t.enterMandate(audit.MandateProposed, m, m.Digest)
		return nil
	})
}

// storedDraft is a mandate's payload as the draft that led to it. Conflict and
// overlap were answered and checked when it was drafted.
func (t *turn) storedDraft(m *Mandate) charter.Draft {
	tz, err := time.LoadLocation(m.Payload.TZ)
	if err != nil {
		tz = time.UTC
	}
	return charter.Draft{
		Powers: m.Payload.Powers, From: m.Payload.From, Until: m.Payload.Until,
		Days:     days(m.Payload.From, m.Payload.Until, tz),
		Capacity: m.Payload.Capacity, Conflict: charter.ConflictNo, Aid: m.Payload.Explained.Aid,
		ReferentConfirmed: m.Confirmed != "", Supersedes: charter.SupersessionNone,
	}
}

// step runs a transition of one mandate of the actor's space.
func (r *Register) step(ctx context.Context, a Actor, id MandateID, fn func(t *turn, m *Mandate) error) (*Mandate, error) {
	return r.stepWith(ctx, a, id, r.record, fn)
}

// stepWith is step by a way of recording: record, or recordStop.
func (r *Register) stepWith(ctx context.Context, a Actor, id MandateID, record recording, fn func(t *turn, m *Mandate) error) (*Mandate, error) {
	var m *Mandate
	_, err := record(ctx, a, func(t *turn) error {
		m = &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		if _, err := t.livePerson(m.Person); err != nil {
			return &NotFound{Kind: "mandate"}
		}
		if err := t.sees(m); err != nil {
			return err
		}
		if err := fn(t, m); err != nil {
			return err
		}
		if err := t.tx.Put(m); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return r.Mandate(ctx, a, id)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (t *turn) attempt(act audit.Action, m *Mandate) Attempt {
	return Attempt{Action: act, Person: m.Person, Mandate: m.ID}
}
