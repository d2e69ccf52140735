package consent

import (
	"context"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// A PersonCopy is everything that a structure keeps about a person, for the person
// (GDPR 15 and 20).
type PersonCopy struct {
	Person   PersonID
	Entry    int64 // of this copy
	Identity *personal.Identity
	Contact  *personal.Contact
	Mandates []*Mandate
	Acts     []*Act
	Stops    []*StopNote
	Rights   []*RightRequest
	Lines    []audit.Line // newest first
	More     bool         // there are older lines: an extract has them
	// Names of those who signed or acted for the person, and the roles of these.
	Names map[MemberID]personal.Text
	Roles map[MemberID]charter.Role
}

// copyLines bounds the lines of a copy: a copy is made at a desk, in one page.
const copyLines = 1000

// CopyPerson gives a person's copy to the member who answers them. It opens identity
// and contact, and is a look of its own that the person sees.
func (r *Register) CopyPerson(ctx context.Context, a Actor, id PersonID) (*PersonCopy, error) {
	var c *PersonCopy
	var boxes []Box
	var members []Member
	passes, err := r.record(ctx, a, func(t *turn) error {
		c, boxes = &PersonCopy{Person: id}, nil
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		m, err := t.relied(id, "", Power{})
		if err != nil {
			return err
		}
		read, err := t.reading(id, charter.PurposeAnswerPerson, charter.FieldIdentity, charter.FieldContact)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonExported, Person: id, Mandate: mandateID(m), Purpose: charter.PurposeAnswerPerson}
		if err := t.check(try, charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(m), Read: read}); err != nil {
			return err
		}
		if boxes, err = t.boxes(p, read.Fields); err != nil {
			return err
		}
		if err := t.fillCopy(c); err != nil {
			return err
		}
		if members, err = t.helpersOf(&PersonPage{Mandates: c.Mandates, Acts: c.Acts}); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.PersonExported, Person: string(id), Mandate: string(mandateID(m)), Purpose: string(charter.PurposeAnswerPerson),
			Fields: append(boxNames(boxes), nameBoxes(members)...), Rules: []string{"C15"},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.Entry = passes[0].N()
	var opened Revealed
	for _, b := range boxes {
		if err := r.openInto(ctx, passes[0], b, &opened); err != nil {
			return nil, err
		}
	}
	c.Identity, c.Contact, c.Roles = opened.Identity, opened.Contact, map[MemberID]charter.Role{}
	for _, m := range members {
		c.Roles[m.ID] = m.Role
	}
	if c.Names, err = r.openNames(ctx, passes[0], members); err != nil {
		return nil, err
	}
	return c, r.copyLines(ctx, a, c)
}

// fillCopy reads the clear rows of a copy.
func (t *turn) fillCopy(c *PersonCopy) (err error) {
	all, err := t.mandates(c.Person)
	if err != nil {
		return err
	}
	c.Mandates = t.own(all)
	if c.Acts, err = actsOf(t.tx, c.Person); err != nil {
		return err
	}
	if c.Stops, err = stopsOf(t.tx, c.Person); err != nil {
		return err
	}
	c.Rights, err = rightsOf(t.tx, c.Person)
	return err
}

// copyLines reads the person's history.
func (r *Register) copyLines(ctx context.Context, a Actor, c *PersonCopy) error {
	before := int64(0)
	for len(c.Lines) < copyLines {
		lines, next, err := r.rec.Log().History(ctx, a.space, audit.Query{Person: string(c.Person), Before: before, Limit: pageLines})
		if err != nil {
			return err
		}
		c.Lines = append(c.Lines, lines...)
		if before = next; next == 0 {
			return nil
		}
	}
	c.More = true
	return nil
}
