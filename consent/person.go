package consent

import (
	"context"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// PersonData is what may be written about a person. One name is enough; the
// birth date may be a year or a year and month.
type PersonData struct {
	GivenNames, BirthName, UsedName screen.Clean
	Birth                           string // "1950", "1950-03" or "1950-03-02"
	Phone, Email, Address           screen.Clean
	Language                        string // BCP 47 code the person prefers
}

func (d PersonData) identity(at time.Time) (personal.Identity, error) {
	id := personal.Identity{
		GivenNames: personal.NewText(d.GivenNames),
		BirthName:  personal.NewText(d.BirthName),
		UsedName:   personal.NewText(d.UsedName),
	}
	if id.GivenNames.IsZero() && id.BirthName.IsZero() && id.UsedName.IsZero() {
		return id, &Invalid{Pointer: "/birth_name", Reason: "one_name_needed"}
	}
	birth, err := personal.ParseBirthDate(d.Birth, at)
	if err != nil {
		return id, &Invalid{Pointer: "/birth", Reason: "birth_date"}
	}
	id.Birth = birth
	return id, nil
}

func (d PersonData) contact() (personal.Contact, bool, error) {
	c := personal.Contact{
		Phone: personal.NewText(d.Phone), Email: personal.NewText(d.Email), Address: personal.NewText(d.Address),
		Language: d.Language,
	}
	if d.Language != "" && !languageForm.MatchString(d.Language) {
		return c, false, &Invalid{Pointer: "/language", Reason: "language"}
	}
	some := !c.Phone.IsZero() || !c.Email.IsZero() || !c.Address.IsZero() || c.Language != ""
	return c, some, nil
}

// Box names, which stand in the log's fields too. Identities are numbered: a
// corrected name leaves the one that a mandate committed to.
func identityRecord(version int64) string { return "identity." + strconv.FormatInt(version, 10) }

// RecordPerson records a person. Everything is sealed before the transaction;
// the transaction sees closed boxes only.
func (r *Register) RecordPerson(ctx context.Context, a Actor, d PersonData) (PersonID, error) {
	now, err := r.now(ctx, a.space)
	if err != nil {
		return "", err
	}
	p := &Person{ID: PersonID("p_" + random26())}
	rows, err := r.sealPerson(a.space, p, d, now)
	if err != nil {
		return "", err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		try := Attempt{Action: audit.PersonCreated}
		if err := t.check(try, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		if err := t.joins(textsOf(p.ID), identityRecord(1), d.GivenNames, d.BirthName, d.UsedName); err != nil {
			return err
		}
		p.Created, p.By = t.at, t.actor.member
		t.enter(audit.Entry{Act: audit.PersonCreated, Person: string(p.ID)})
		if err := putAll(t.tx, rows...); err != nil {
			return err
		}
		return t.made(string(p.ID))
	})
	if id, again := replayed(err); again {
		return PersonID(id), nil
	}
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

// sealPerson makes every row of a new person.
func (r *Register) sealPerson(s audit.Space, p *Person, d PersonData, now time.Time) ([]Record, error) {
	identity, err := d.identity(now)
	if err != nil {
		return nil, err
	}
	contact, some, err := d.contact()
	if err != nil {
		return nil, err
	}
	owner := ownerOf(p.ID)
	evidenceKey, sealEvidence, err := r.keys.NewKey(s, owner, personal.KeyEvidence)
	if err != nil {
		return nil, err
	}
	activeKey, sealActive, err := r.keys.NewKey(s, owner, personal.KeyActive)
	if err != nil {
		return nil, err
	}
	opening := personal.NewOpening(identity)
	p.Identity, p.C = 1, opening.Commitment()
	box, err := personal.Seal(r.keys, sealEvidence, identityRecord(1), 1, opening)
	if err != nil {
		return nil, err
	}
	index, err := r.indexRows(s, p.ID, identity)
	if err != nil {
		return nil, err
	}
	birth := &BirthSeal{Owner: p.ID, Closed: r.keys.BirthHash(s, owner, identity.Birth, now)}
	rows := append(index, p, birth, &WrappedKey{evidenceKey}, &WrappedKey{activeKey},
		&Box{Owner: owner, Name: identityRecord(1), Version: 1, Sealed: box})
	if some {
		p.Contact = 1
		box, err := personal.Seal(r.keys, sealActive, recordContact, 1, contact)
		if err != nil {
			return nil, err
		}
		rows = append(rows, &Box{Owner: owner, Name: recordContact, Version: 1, Sealed: box})
	}
	return rows, nil
}

// indexRows are the rows of the blind index for an identity, and the sealed
// inner hashes from which they are made again at each epoch.
func (r *Register) indexRows(s audit.Space, p PersonID, id personal.Identity) ([]Record, error) {
	closed, rows, err := r.keys.Index(s, id)
	if err != nil {
		return nil, err
	}
	return indexRecords(p, closed, rows), nil
}

func indexRecords(p PersonID, closed []byte, rows [][]byte) []Record {
	seal := &IndexSeal{Owner: p, Closed: closed}
	records := []Record{seal}
	for _, row := range rows {
		x := hex.EncodeToString(row)
		seal.Rows = append(seal.Rows, x)
		records = append(records, &IndexRow{Row: x, Owner: p})
	}
	return records
}

// now is the instant a decision in a space would have, for what must be computed
// before the transaction.
func (r *Register) now(ctx context.Context, s audit.Space) (now time.Time, err error) {
	if s == (audit.Space{}) { // nobody's
		return now, &SignInNeeded{Reason: "session"}
	}
	err = r.rec.View(ctx, s, func(_ Tx, at time.Time) error {
		now = at
		return nil
	})
	return now, err
}

// UpdateContact replaces a person's contact (GDPR 16).
func (r *Register) UpdateContact(ctx context.Context, a Actor, id PersonID, d PersonData) error {
	if a.kind == nobody {
		return &SignInNeeded{Reason: "session"}
	}
	contact, _, err := d.contact()
	if err != nil {
		return err
	}
	version, err := r.contactVersion(ctx, a.space, id)
	if err != nil {
		return err
	}
	owner := ownerOf(id)
	key, fresh, err := r.contactKey(ctx, a.space, owner)
	if err != nil {
		return err
	}
	version++
	box, err := personal.Seal(r.keys, key, recordContact, version, contact)
	if err != nil {
		return err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		m, err := t.relied(id, "", Power{})
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonUpdated, Person: id, Mandate: mandateID(m)}
		read, err := t.reading(id, charter.PurposePrepareMandate, charter.FieldContact)
		if err != nil {
			return err
		}
		if err := t.check(try, charter.Facts{Operation: charter.OpUpdate, Mandate: t.mandateFacts(m), Read: read}); err != nil {
			return err
		}
		if p.Contact != version-1 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		if err := t.joins(textsOf(id), recordContact, d.Phone, d.Email, d.Address); err != nil {
			return err
		}
		p.Contact = version
		t.enter(audit.Entry{Act: audit.PersonUpdated, Person: string(id), On: []string{recordContact}})
		rows := append(fresh, p, &Box{Owner: owner, Name: recordContact, Version: version, Sealed: box})
		if err := putAll(t.tx, rows...); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

func (r *Register) contactVersion(ctx context.Context, s audit.Space, id PersonID) (version int64, err error) {
	err = r.rec.View(ctx, s, func(tx Tx, at time.Time) error {
		p, err := (&turn{tx: tx, at: at}).livePerson(id)
		if err == nil {
			version = p.Contact
		}
		return err
	})
	return version, err
}

// reading describes a wish to open data of a person.
func (t *turn) reading(id PersonID, purpose charter.Purpose, fields ...charter.Field) (charter.Read, error) {
	all, err := t.mandates(id)
	if err != nil {
		return charter.Read{}, err
	}
	read := charter.Read{Purpose: purpose, Fields: fields}
	for _, m := range t.own(all) {
		switch m.State(t.at) {
		case Draft, Proposed, Signed:
			read.Drafting = true
		}
	}
	return read, nil
}

// A Reveal asks to open a person's data for a purpose.
type Reveal struct {
	Person  PersonID
	Mandate MandateID // empty: the register finds it
	Purpose charter.Purpose
	Fields  []charter.Field // identity, contact
	Want    Power           // what it is for, when a power is relied on
}

// Revealed is opened data, and the line that says so.
type Revealed struct {
	Person   PersonID
	Identity *personal.Identity
	Contact  *personal.Contact
	Entry    int64
	At       time.Time
}

// RevealPerson opens a person's data: the decision, the entry and the closed
// boxes in one transaction; clear data exists only after its commit.
func (r *Register) RevealPerson(ctx context.Context, a Actor, q Reveal) (*Revealed, error) {
	if len(q.Fields) == 0 {
		return nil, &Invalid{Pointer: "/fields", Reason: "empty"}
	}
	for i, f := range q.Fields {
		if slices.Contains(q.Fields[:i], f) {
			return nil, &Invalid{Pointer: "/fields", Reason: "member_twice"}
		}
	}
	var boxes []Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		boxes = boxes[:0]
		p, err := t.livePerson(q.Person)
		if err != nil {
			return err
		}
		m, err := t.relied(q.Person, q.Mandate, q.Want)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonRead, Person: q.Person, Mandate: mandateID(m), Purpose: q.Purpose}
		read, err := t.reading(q.Person, q.Purpose, q.Fields...)
		if err != nil {
			return err
		}
		f := charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(m), Wanted: q.Want, Read: read}
		if f.Glass, err = t.glass(q.Person); err != nil {
			return err
		}
		if err := t.check(try, f); err != nil {
			return err
		}
		boxes, err = t.boxes(p, q.Fields)
		if err != nil {
			return err
		}
		e := audit.Entry{
			Act: audit.PersonRead, Person: string(q.Person), Mandate: string(mandateID(m)), Purpose: string(q.Purpose),
			Fields: boxNames(boxes), Rules: []string{"C10", "C14"},
		}
		if f.Glass != "" {
			e.On = []string{string(f.Glass)}
		}
		t.enter(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &Revealed{Person: q.Person, Entry: passes[0].N(), At: passes[0].Time()}
	for _, b := range boxes {
		if err := r.openInto(ctx, passes[0], b, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// boxes finds the closed boxes of the fields asked; a person without contact has
// none, which is no error.
func (t *turn) boxes(p *Person, fields []charter.Field) ([]Box, error) {
	var boxes []Box
	for _, f := range fields {
		b := Box{Owner: ownerOf(p.ID)}
		switch f {
		case charter.FieldIdentity:
			b.Name = identityRecord(p.Identity)
		case charter.FieldContact:
			b.Name = recordContact
		default:
			return nil, &Invalid{Pointer: "/fields", Reason: "field"}
		}
		found, err := t.tx.Get(&b)
		if err != nil {
			return nil, err
		}
		if found {
			boxes = append(boxes, b)
		}
	}
	return boxes, nil
}

func boxNames(boxes []Box) []string {
	names := make([]string, len(boxes))
	for i, b := range boxes {
		names[i] = b.Name
	}
	return names
}

// openInto opens a box with the pass of the entry that names it.
func (r *Register) openInto(ctx context.Context, p audit.Pass, b Box, out *Revealed) error {
	if b.Name == recordContact {
		c, err := personal.Open[personal.Contact](ctx, r.keys, p, b.Owner, b.Name, b.Version, b.Sealed)
		out.Contact = &c
		return gone(err)
	}
	o, err := personal.Open[personal.Opening](ctx, r.keys, p, b.Owner, b.Name, b.Version, b.Sealed)
	out.Identity = &o.Identity
	return gone(err)
}

// Search asks for persons by a name and a birth date.
type Search struct {
	Name    screen.Clean
	Birth   string
	Purpose charter.Purpose
}

// maxCandidates bounds what a search shows: it finds somebody known, and is no
// way to browse.
const maxCandidates = 5

// SearchPersons finds at most 5 candidates. Each is a look of its own.
func (r *Register) SearchPersons(ctx context.Context, a Actor, q Search) ([]Revealed, error) {
	now, err := r.now(ctx, a.space)
	if err != nil {
		return nil, err
	}
	birth, err := personal.ParseBirthDate(q.Birth, now)
	if err != nil {
		return nil, &Invalid{Pointer: "/birth", Reason: "birth_date"}
	}
	keys, err := r.keys.Search(a.space, []personal.Text{personal.NewText(q.Name)}, birth)
	if err != nil {
		return nil, &Invalid{Pointer: "/name", Reason: "name"}
	}
	return r.lookUp(ctx, a, keys, q.Purpose)
}

// lookUp shows the candidates under rows of the blind index.
func (r *Register) lookUp(ctx context.Context, a Actor, look personal.Lookup, purpose charter.Purpose) ([]Revealed, error) {
	var boxes []Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		boxes = boxes[:0]
		try := Attempt{Action: audit.PersonSearched, Purpose: purpose}
		f := charter.Facts{Operation: charter.OpSearch, Read: charter.Read{Purpose: purpose}}
		if err := t.check(try, f); err != nil {
			return err
		}
		found, err := t.candidates(look)
		if err != nil {
			return err
		}
		for _, p := range found {
			b, err := t.boxes(p, []charter.Field{charter.FieldIdentity})
			if err != nil {
				return err
			}
			boxes = append(boxes, b...)
			t.enter(audit.Entry{
				Act: audit.PersonSearched, Person: string(p.ID), Purpose: string(purpose), Fields: boxNames(b),
			})
		}
		if len(found) == 0 {
			t.enter(audit.Entry{Act: audit.PersonSearched, Purpose: string(purpose), Counts: map[string]int64{"found": 0}})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.openEach(ctx, passes, boxes)
}

// gone turns "no key any more" into "no such person": somebody who asked to be
// forgotten between the commit and the opening.
func gone(err error) error {
	if errors.Is(err, personal.ErrErased) {
		return &NotFound{Kind: "person"}
	}
	return err
}

// languageForm bounds a language code (BCP 47): a language and perhaps a script
// or region.
var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// MandateOpening gives the opening of a mandate's person in clear: with it,
// whoever holds the mandate can check that it is about this person. It is a
// copy that leaves the register, and an entry that says so.
func (r *Register) MandateOpening(ctx context.Context, a Actor, id MandateID, purpose charter.Purpose) ([]byte, error) {
	var box Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		m := &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		p, err := t.livePerson(m.Person)
		if err != nil {
			return &NotFound{Kind: "mandate"}
		}
		if err := t.sees(m); err != nil {
			return err
		}
		read, err := t.reading(p.ID, purpose, charter.FieldIdentity)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonExported, Person: p.ID, Mandate: id, Purpose: purpose}
		f := charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(m), Read: read}
		if err := t.check(try, f); err != nil {
			return err
		}
		boxes, err := t.boxes(p, read.Fields)
		if err != nil || len(boxes) == 0 {
			return err
		}
		box = boxes[0]
		t.enter(audit.Entry{
			Act: audit.PersonExported, Person: string(p.ID), Mandate: string(id), Purpose: string(purpose),
			Fields: boxNames(boxes),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	o, err := personal.Open[personal.Opening](ctx, r.keys, passes[0], box.Owner, box.Name, box.Version, box.Sealed)
	if err != nil {
		return nil, gone(err)
	}
	return o.Reveal()
}

// RegisterPub is what verifiers are given: the register's own public keys.
func (r *Register) RegisterPub() ([]byte, error) { return r.keys.RegisterPub() }
