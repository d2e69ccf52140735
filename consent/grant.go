package consent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
	"aval/consent/statement"
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
	Supersession      charter.Supersession
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
	if t.me.Role == charter.Relative {
		// Nobody may stand in for a natural person (CC 1994).
		m.Payload.Mandatary = Mandatary{Kind: charter.MandataryNatural, ID: string(t.me.ID)}
		m.Payload.Helpers = Helpers{Named: []MemberID{t.me.ID}}
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
		if !found || !named.Closed.IsZero() {
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
		raw, err := m.Payload.Bytes()
		if err == nil {
			dg = digest(raw)
		}
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
	var m *Mandate
	_, err := r.record(ctx, a, func(t *turn) error {
		m = &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		if _, err := t.livePerson(m.Person); err != nil {
			return &NotFound{Kind: "mandate"}
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

// An Agreement is how the person agreed.
type Agreement struct {
	Type charter.EvidenceType
	// PaperPlace is where the structure's signed original lies.
	PaperPlace screen.Clean
	// Witnesses are adults with no interest who saw and heard; OutsideTeam of
	// them are not of the helper's team.
	Witnesses   []screen.Clean
	OutsideTeam int
}

// SignMandate records that the person agreed. The evidence is sealed under the
// person's evidence key; the mandate keeps a commitment to it.
func (r *Register) SignMandate(ctx context.Context, a Actor, id MandateID, g Agreement) (*Mandate, error) {
	if g.Type == charter.PaperOriginal && g.PaperPlace.String() == "" {
		return nil, &Invalid{Pointer: "/paper_place", Reason: "paper_place"}
	}
	if g.OutsideTeam < 0 || g.OutsideTeam > len(g.Witnesses) {
		return nil, &Invalid{Pointer: "/outside_team", Reason: "witness_count"}
	}
	evidence := personal.NewEvidence(personal.NewText(g.PaperPlace), texts(g.Witnesses))
	box, err := r.sealEvidence(ctx, a, id, evidence)
	if err != nil {
		return nil, err
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		ev := charter.Evidence{
			Role: charter.SignerPerson, Type: g.Type, Witnesses: len(g.Witnesses), OutsideTeam: g.OutsideTeam,
		}
		f := charter.Facts{
			Operation: charter.OpSign, Mandate: t.mandateFacts(m), Draft: t.storedDraft(m), Evidence: []charter.Evidence{ev},
		}
		if err := t.check(t.attempt(audit.MandateSigned, m), f); err != nil {
			return err
		}
		c := evidence.Commitment()
		ref := EvidenceRef{Role: charter.SignerPerson, Type: g.Type, Level: t.r.charter.EvidenceLevel(ev), C: c}
		if err := m.sign(t.at, ref); err != nil {
			return err
		}
		if box == nil {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.enterMandate(audit.MandateSigned, m, m.Digest)
		return t.tx.Put(box)
	})
}

// sealEvidence makes the box of a person's agreement; nil when there is no such
// mandate or no such person any more, which is for the transaction to say.
func (r *Register) sealEvidence(ctx context.Context, a Actor, id MandateID, e personal.Evidence) (*Box, error) {
	m, err := r.sketch(ctx, a, id)
	if err != nil || m == nil {
		return nil, err
	}
	key, err := r.keys.SealingKey(ctx, a.space, ownerOf(m.Person), personal.KeyEvidence)
	if errors.Is(err, personal.ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	box := &Box{Owner: ownerOf(m.Person), Name: evidenceRecord(id), Version: 1}
	box.Sealed, err = personal.Seal(r.keys, key, box.Name, box.Version, e)
	return box, err
}

func texts(clean []screen.Clean) []personal.Text {
	out := make([]personal.Text, len(clean))
	for i, c := range clean {
		out[i] = personal.NewText(c)
	}
	return out
}

// sketch reads a mandate of the actor's space for what must be sealed or signed
// before the transaction; nil when there is none. It decides nothing and shows
// nothing: whether the actor may go on is asked, and entered, in the transaction.
func (r *Register) sketch(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	if a.kind == nobody {
		return nil, &SignInNeeded{Reason: "session"}
	}
	m := &Mandate{}
	found := false
	err := r.rec.View(ctx, a.space, func(tx Tx, _ time.Time) (err error) {
		*m = Mandate{ID: id}
		found, err = tx.Get(m)
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	return m, nil
}

// AcceptMandate is the mandatary's acceptance (CC 1984 al. 2): the helper's key
// signs the payload, usable within 5 minutes of a sign-in, and the structure's
// seal covers the payload and the commitments to the evidence.
func (r *Register) AcceptMandate(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	seen, err := r.sketch(ctx, a, id)
	if err != nil {
		return nil, err
	}
	doc, err := r.signDocument(ctx, a, seen)
	if err != nil {
		return nil, err
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		if err := t.check(t.attempt(audit.MandateAccepted, m), charter.Facts{Operation: charter.OpAccept, Mandate: t.mandateFacts(m)}); err != nil {
			return err
		}
		if !a.MaySign(t.at) {
			return &SignInNeeded{Reason: "step_up"}
		}
		if err := m.accept(t.at); err != nil {
			return err
		}
		m.AcceptedBy = t.actor.member
		if doc == nil && t.me.Opened.After(m.Payload.IssuedAt) {
			return &Conflict{Reason: "member_newer"}
		}
		if doc == nil || m.Digest != seen.Digest || len(m.Evidence) != len(seen.Evidence) {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.enterMandate(audit.MandateAccepted, m, digest(doc))
		return t.tx.Put(&Document{Mandate: id, JWS: doc})
	})
}

// signDocument makes the document of a mandate that the person has agreed to.
// Until the transaction that stores it commits, it exists nowhere else. It gives
// nil when there is nothing to sign, or when nobody could verify it: a key counts
// from its statement on, so a mandate issued before a member came is for others
// to accept.
func (r *Register) signDocument(ctx context.Context, a Actor, m *Mandate) ([]byte, error) {
	if m == nil || len(m.Evidence) == 0 || a.kind != member {
		return nil, nil
	}
	var space, me Stated
	err := r.rec.View(ctx, a.space, func(tx Tx, _ time.Time) error {
		space, me = Stated{Owner: a.space.Slug()}, Stated{Owner: string(a.member)}
		if err := need(tx, &space, "statement"); err != nil {
			return err
		}
		return need(tx, &me, "statement")
	})
	if err != nil {
		return nil, err
	}
	payload, err := m.Payload.Bytes()
	if err != nil {
		return nil, err
	}
	helperKey, err := r.keys.MemberSigner(personal.Owner(a.member))
	if err != nil {
		return nil, err
	}
	sealKey, err := r.keys.SealSigner(a.space)
	if err != nil {
		return nil, err
	}
	byHelper, err := signPayload(payload, helperKey, SignatureHeader{Role: charter.SignerHelper})
	if err != nil {
		return nil, err
	}
	byStructure, err := signPayload(payload, sealKey, SignatureHeader{
		Role: charter.SignerStructure, Evidence: m.Evidence,
	})
	if err != nil {
		return nil, err
	}
	doc, err := buildDocument(payload, []string{space.JWS, me.JWS}, byHelper, byStructure)
	if err != nil {
		return nil, err
	}
	if ok, err := r.verifies(doc); err != nil || !ok {
		return nil, err
	}
	return doc, nil
}

// verifies tells whether others can verify a document.
func (r *Register) verifies(doc []byte) (bool, error) {
	raw, err := r.keys.RegisterPub()
	if err != nil {
		return false, err
	}
	pub, err := statement.ParseRegisterPub(raw)
	if err != nil {
		return false, err
	}
	_, err = VerifyMandate(doc, pub)
	return err == nil, nil
}

// DeliverMandate records that the person has their copy and how they got it
// (CC 1375): the mandate is active from this commit, within its dates. Mandates
// that it replaces end now, because the mandatary is told now (CC 2006).
func (r *Register) DeliverMandate(ctx context.Context, a Actor, id MandateID, how CopyHow) (*Mandate, error) {
	if !slices.Contains(CopyHows, how) {
		return nil, &Invalid{Pointer: "/how", Reason: "copy_how"}
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		f := charter.Facts{Operation: charter.OpDeliver, Mandate: t.mandateFacts(m)}
		if err := t.check(t.attempt(audit.MandateCopyDelivered, m), f); err != nil {
			return err
		}
		if err := m.deliver(t.at, string(how)); err != nil {
			return err
		}
		t.enterMandate(audit.MandateCopyDelivered, m, m.Digest)
		t.enterMandate(audit.MandateActivated, m, m.Digest)
		for _, old := range m.Payload.Supersedes {
			if err := t.supersede(old, m); err != nil {
				return err
			}
		}
		return t.rewatch(m, nil)
	})
}

func (t *turn) supersede(id MandateID, by *Mandate) error {
	m := &Mandate{ID: id}
	if err := need(t.tx, m, "mandate"); err != nil {
		return err
	}
	if err := m.supersede(t.at, by.Payload.Powers); err != nil {
		return nil //nolint:nilerr // it ended by itself meanwhile
	}
	act := audit.MandateEnded
	if !m.ended(t.at) {
		act = audit.MandateRevoked // in part; the rest goes on
	}
	t.enterMandate(act, m, m.Digest)
	return t.tx.Put(m)
}

// CopyHow is how the person got their copy (C06).
type CopyHow string

// CopyHows are the ways a copy is given.
var CopyHows = []CopyHow{"print", "sms_link", "email", "post", "read_aloud_paper"}
