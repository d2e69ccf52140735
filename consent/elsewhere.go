package consent

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// Stopping at the desk of another structure. Whoever brings the card stops at
// once. Without it the desk names the structure and sends a request on, and learns
// nothing: neither whether that structure knows the person nor whether anything
// stopped, in words or by how long the answer took.

// StopWithCard stops for whoever holds a card that was brought to the actor's
// desk, whichever structure it is from. holder comes from CardHolder.
func (r *Register) StopWithCard(ctx context.Context, a, holder Actor) (*Receipt, error) {
	if err := r.atDesk(ctx, a); err != nil {
		return nil, err
	}
	if holder.kind != card {
		return nil, &NotFound{Kind: "card"}
	}
	return r.stopPerson(ctx, holder.With(a.call), holder.person, Part{}, StopElsewhere)
}

// atDesk checks that the actor is an open member.
func (r *Register) atDesk(ctx context.Context, a Actor) error {
	if a.kind != member {
		return &SignInNeeded{Reason: "session"}
	}
	return r.view(ctx, a, func(Tx, time.Time) error { return nil })
}

// A Place is a structure of the register, by what is public of it.
type Place struct{ Slug, Name string }

// Places lists the structures of the register that are open, by name, for a member
// who sends a request on.
func (r *Register) Places(ctx context.Context, a Actor) (list []Place, err error) {
	if err := r.atDesk(ctx, a); err != nil {
		return nil, err
	}
	err = r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(s *Structure) error {
			if s.Closed.IsZero() && s.Slug != a.space.Slug() {
				list = append(list, Place{Slug: s.Slug, Name: s.Name.String()})
			}
			return nil
		})
	})
	slices.SortFunc(list, func(x, y Place) int { return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Slug, y.Slug)) })
	return list, err
}

// A StopRequest asks another structure to stop everything for somebody.
type StopRequest struct {
	To    string // slug of the structure
	Name  screen.Clean
	Birth string // as PersonData has it
}

// requestStopBody is a request as it travels: keyed hashes of the target's own
// index, which say nothing to anybody else.
type requestStopBody struct {
	Rows []string // hex
	From string   // slug of the sender
}

// RequestStop sends a request on. It answers as soon as the message is durable,
// before anybody has looked whom it may concern; it is delivered at once by the
// jobs (see Woken).
func (r *Register) RequestStop(ctx context.Context, a Actor, q StopRequest) error {
	if err := r.atDesk(ctx, a); err != nil {
		return err
	}
	to, err := r.space(ctx, q.To)
	if err != nil || to == registerSpace || to == a.space {
		if err == nil || isAnswer(err) {
			err = &Invalid{Pointer: "/to", Reason: "structure_slug"}
		}
		return err
	}
	now, err := r.now(ctx, a.space)
	if err != nil {
		return err
	}
	birth, err := personal.ParseBirthDate(q.Birth, now)
	if err != nil {
		return &Invalid{Pointer: "/birth", Reason: "birth_date"}
	}
	look, err := r.keys.Search(to, []personal.Text{personal.NewText(q.Name)}, birth)
	if err != nil {
		return &Invalid{Pointer: "/name", Reason: "name"}
	}
	body := requestStopBody{From: a.space.Slug()}
	for _, row := range look.Exact {
		body.Rows = append(body.Rows, hex.EncodeToString(row))
	}
	_, err = r.recordStop(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.NoticeSent); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.NoticeSent, Purpose: string(charter.PurposeDeskRevocation), On: []string{to.Slug(), "stop.request"},
		})
		if err := t.send(to, requestStop, body); err != nil {
			return err
		}
		return t.made(string(a.member))
	})
	if _, again := replayed(err); again {
		return nil
	}
	if err == nil {
		r.wakeJobs()
	}
	return err
}

// applyRequestStop stops everything of whoever bears the very name and birth date.
// Of several it stops all: wrongly stopping is repaired by a signature, wrongly
// going on is not (domain.md §9). It says nothing to the sender.
func (t *turn) applyRequestStop(b requestStopBody) error {
	var rows [][]byte
	for _, row := range b.Rows {
		raw, err := hex.DecodeString(row)
		if err != nil {
			return err
		}
		rows = append(rows, raw)
	}
	found, err := t.candidates(personal.Lookup{Exact: rows})
	if err != nil {
		return err
	}
	receipt := &Receipt{}
	for _, p := range found {
		if err := t.stopPart(p.ID, Part{}, StopRequested, receipt); err != nil {
			return err
		}
	}
	t.enter(audit.Entry{
		Act: audit.PersonSearched, Purpose: string(charter.PurposeDeskRevocation), On: []string{b.From},
		Counts: map[string]int64{"found": int64(len(found)), "stopped": int64(len(receipt.Stopped))},
	})
	return nil
}
