package consent

import (
	"context"

	"aval/audit"
	"aval/charter"
)

// ListNames shows the names of the persons of a list, for a purpose ("show
// names"). Each is a look of its own, which the person sees; all are shown or
// none. The charter says how many at once.
func (r *Register) ListNames(ctx context.Context, a Actor, ids []PersonID, purpose charter.Purpose) ([]Revealed, error) {
	if err := onceEach(ids, "/persons"); err != nil {
		return nil, err
	}
	var boxes []Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		boxes = boxes[:0]
		for _, id := range ids {
			b, err := t.listed(id, purpose, len(ids))
			if err != nil {
				return err
			}
			boxes = append(boxes, b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.openEach(ctx, passes, boxes)
}

// listed decides on one name of a list of so many rows, and enters it.
func (t *turn) listed(id PersonID, purpose charter.Purpose, rows int) (Box, error) {
	p, err := t.livePerson(id)
	if err != nil {
		return Box{}, err
	}
	m, err := t.relied(id, "", Power{})
	if err != nil {
		return Box{}, err
	}
	read, err := t.reading(id, purpose, charter.FieldIdentity)
	if err != nil {
		return Box{}, err
	}
	read.Rows = rows
	try := Attempt{Action: audit.PersonListed, Person: id, Mandate: mandateID(m), Purpose: purpose}
	if err := t.check(try, charter.Facts{Operation: charter.OpList, Mandate: t.mandateFacts(m), Read: read}); err != nil {
		return Box{}, err
	}
	boxes, err := t.boxes(p, read.Fields)
	if err != nil {
		return Box{}, err
	}
	if len(boxes) == 0 {
		return Box{}, &NotFound{Kind: "person"}
	}
	t.enter(audit.Entry{
		Act: audit.PersonListed, Person: string(id), Mandate: string(mandateID(m)), Purpose: string(purpose),
		Fields: boxNames(boxes), Rules: []string{"C10"},
	})
	return boxes[0], nil
}

// openEach opens one box with each pass, in order.
func (r *Register) openEach(ctx context.Context, passes []audit.Pass, boxes []Box) ([]Revealed, error) {
	out := make([]Revealed, len(boxes))
	for i, b := range boxes {
		out[i] = Revealed{Person: PersonID(b.Owner), Entry: passes[i].N(), At: passes[i].Time()}
		if err := r.openInto(ctx, passes[i], b, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// onceEach checks a list of identifiers: one to a page of them, each once.
func onceEach[ID ~string](ids []ID, pointer string) error {
	if len(ids) == 0 {
		return &Invalid{Pointer: pointer, Reason: "empty"}
	}
	seen := make(map[ID]bool, len(ids))
	for _, id := range ids {
		if seen[id] || len(seen) == maxPage {
			return &Invalid{Pointer: pointer, Reason: "list"}
		}
		seen[id] = true
	}
	return nil
}
