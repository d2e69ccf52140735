package consent

import (
	"context"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// A Sheet is everything that a mandate says on paper, with names in clear. The
// words around it are the template's: see TemplateText.
type Sheet struct {
	Mandate   *Mandate
	Identity  personal.Identity
	Structure Profile
	// HelperName is the display name of whoever explained the mandate, else of
	// whoever drafted it. Members are that member, then the helpers named; Names
	// has the names of them all.
	HelperName personal.Text
	Members    []MemberID
	Names      map[MemberID]personal.Text
	// Others are the person's other mandates in force for a procedure of this one
	// (CC 2006).
	Others []*Mandate
	// Digest of what is signed, base64url SHA-256; empty for a draft, which may
	// still change.
	Digest string
	Entry  int64
}

// MandateSheet opens what the paper of a mandate shows: the person's identity, the
// helpers' names. It is a look that the person sees.
func (r *Register) MandateSheet(ctx context.Context, a Actor, id MandateID, purpose charter.Purpose) (*Sheet, error) {
	var s *Sheet
	var boxes []Box
	var members []Member
	passes, err := r.record(ctx, a, func(t *turn) error {
		s = &Sheet{Mandate: &Mandate{ID: id}, Structure: t.profile}
		if err := need(t.tx, s.Mandate, "mandate"); err != nil {
			return err
		}
		p, err := t.livePerson(s.Mandate.Person)
		if err != nil {
			return sameNotFound(err, "mandate")
		}
		if err := t.sees(s.Mandate); err != nil {
			return err
		}
		read, err := t.reading(p.ID, purpose, charter.FieldIdentity)
		if err != nil {
			return err
		}
		f := charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(s.Mandate), Read: read}
		try := Attempt{Action: audit.MandateRead, Person: p.ID, Mandate: id, Purpose: purpose}
		if err := t.check(try, f); err != nil {
			return err
		}
		if boxes, err = t.boxes(p, read.Fields); err != nil {
			return err
		}
		if members, err = t.signatories(s.Mandate); err != nil {
			return err
		}
		if s.Others, err = t.others(s.Mandate); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.MandateRead, Person: string(p.ID), Mandate: string(id), Purpose: string(purpose),
			Fields: append(boxNames(boxes), nameBoxes(members)...), Digest: s.Mandate.Digest, Rules: []string{"C10"},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.Digest, s.Entry = s.Mandate.Digest, passes[0].N()
	return s, r.fillSheet(ctx, passes[0], s, boxes, members)
}

// signatories are the members whom the paper names: who explained or drafted the
// mandate, first, and the helpers it is given to.
func (t *turn) signatories(m *Mandate) ([]Member, error) {
	ids := []MemberID{m.spokesman()}
	for _, h := range m.Payload.Helpers.Named {
		if h != ids[0] {
			ids = append(ids, h)
		}
	}
	return t.membersOf(ids)
}

// spokesman is who signs for the mandatary, as far as it is known.
func (m *Mandate) spokesman() MemberID {
	if m.Payload.Explained.By != "" {
		return m.Payload.Explained.By
	}
	return m.By
}

// others are the person's other mandates in force for a procedure of this one.
func (t *turn) others(m *Mandate) ([]*Mandate, error) {
	all, err := t.mandates(m.Person)
	if err != nil {
		return nil, err
	}
	var list []*Mandate
	for _, o := range all {
		if o.ID != m.ID && o.State(t.at) == Active && sharesProcedure(o.Payload.Powers, m.Payload.Powers) {
			list = append(list, o)
		}
	}
	return list, nil
}

func (r *Register) fillSheet(ctx context.Context, pass audit.Pass, s *Sheet, boxes []Box, members []Member) error {
	var opened Revealed
	for _, b := range boxes {
		if err := r.openInto(ctx, pass, b, &opened); err != nil {
			return err
		}
	}
	if opened.Identity != nil {
		s.Identity = *opened.Identity
	}
	for _, m := range members {
		s.Members = append(s.Members, m.ID)
	}
	names, err := r.openNames(ctx, pass, members)
	s.Names, s.HelperName = names, names[s.Mandate.spokesman()]
	return err
}
