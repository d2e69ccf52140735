package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// Forgetting is three steps, each of which can be cut off and is made good at
// the next start:
//
//  1. one transaction marks the person erased and stops every mandate: from its
//     commit helpers get "not found";
//  2. the pseudonym goes to lists outside the store and its backups, so that a
//     restore brings nobody back;
//  3. the active key, its boxes, the index rows and the card are removed.
//
// Identity and evidence stay locked until the date at which proof is no longer
// needed (GDPR 17(3)(e)); then the evidence key goes the same way. What old
// pages and backups still hold is dead when the epoch's key is destroyed.

// evidenceYears is how long proof is kept after the last mandate's end
// (CC 2224, criminal limitation; domain.md §10).
const evidenceYears = 6

// An Erasing row says that step 2 or 3 is still to be done.
type Erasing struct {
	Person PersonID
	Kind   personal.KeyKind // the key that goes
	// Contact says that only the contact is over: nobody asked to be forgotten.
	Contact bool
}

func (r *Erasing) Bucket() string { return "erasing" }
func (r *Erasing) Key() string    { return string(r.Person) + "/" + string(r.Kind) }

// An EvidenceDue row names the day on which a locked evidence key is destroyed.
type EvidenceDue struct {
	On     string // YYYY-MM-DD, UTC
	Person PersonID
}

func (r *EvidenceDue) Bucket() string { return "evidence-due" }
func (r *EvidenceDue) Key() string    { return r.On + "/" + string(r.Person) }

// Forgotten is what the person is told.
type Forgotten struct {
	At    time.Time
	Until time.Time // the locked evidence is destroyed then
}

// ForgetPerson does what the person asked for (GDPR 17). It is asked for at the
// desk, or by the person with their card.
func (r *Register) ForgetPerson(ctx context.Context, a Actor, id PersonID) (*Forgotten, error) {
	var f *Forgotten
	_, err := r.record(ctx, a, func(t *turn) error {
		f = nil
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonKeyDestroyed, Person: id}
		if err := t.check(try, charter.Facts{Operation: charter.OpErase}); err != nil {
			return err
		}
		if err := t.fresh(); err != nil {
			return err
		}
		if f, err = t.forget(p); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return r.forgotten(ctx, a, id)
	}
	if err != nil {
		return nil, err
	}
	return f, r.FinishErasures(ctx, a.space)
}

// forget is step 1.
func (t *turn) forget(p *Person) (*Forgotten, error) {
	if err := t.revokeAll(p.ID); err != nil {
		return nil, err
	}
	until, err := t.evidenceUntil(p.ID)
	if err != nil {
		return nil, err
	}
	if err := t.dropCard(p); err != nil {
		return nil, err
	}
	if err := t.dropLines(p.ID); err != nil {
		return nil, err
	}
	p.Erasure = &Erasure{At: t.at, Until: until}
	t.enter(audit.Entry{Act: audit.PersonKeyDestroyed, Person: string(p.ID), On: []string{string(personal.KeyActive)}, Rules: []string{"C26"}})
	err = putAll(t.tx, p, &Erasing{Person: p.ID, Kind: personal.KeyActive},
		&EvidenceDue{On: until.Format(time.DateOnly), Person: p.ID})
	return &Forgotten{At: t.at, Until: until}, err
}

// revokeAll ends every mandate of a person. Nobody is told: to helpers the person
// is not found from now on.
func (t *turn) revokeAll(p PersonID) error {
	all, err := t.mandates(p)
	if err != nil {
		return err
	}
	for _, m := range all {
		if !open(m.State(t.at)) {
			continue
		}
		if err := t.revoke(m, Scope{}, ""); err != nil {
			return err
		}
		if err := t.tx.Put(m); err != nil {
			return err
		}
	}
	if err := t.answerErased(p); err != nil {
		return err
	}
	return t.dropStopTasks(p)
}

// evidenceUntil is the date at which nothing needs proof any more: now, for
// somebody who never signed.
func (t *turn) evidenceUntil(p PersonID) (time.Time, error) {
	until := t.at
	all, err := t.mandates(p)
	for _, m := range all {
		if m.Signed.IsZero() {
			continue
		}
		end := m.Payload.Until
		if m.ended(t.at) {
			end = m.End.At
		}
		if date := end.AddDate(evidenceYears, 0, 1).Truncate(24 * time.Hour); date.After(until) {
			until = date
		}
	}
	return until, err
}

func (r *Register) forgotten(ctx context.Context, a Actor, id PersonID) (f *Forgotten, err error) {
	err = r.viewOwn(ctx, a, "", func(tx Tx, _ time.Time, _ *Member) error {
		p := &Person{ID: id}
		if err := need(tx, p, "person"); err != nil {
			return err
		}
		if p.Erasure == nil {
			return &NotFound{Kind: "person"}
		}
		f = &Forgotten{At: p.Erasure.At, Until: p.Erasure.Until}
		return nil
	})
	return f, err
}

// FinishErasures does steps 2 and 3 for every erasure of a space that waits for
// them. It is run after step 1 and at each start. The card's look-up goes by
// message; keys do not wait for it.
func (r *Register) FinishErasures(ctx context.Context, s audit.Space) error {
	return errors.Join(r.sweepErasures(ctx, s), r.Relay(ctx, s))
}

func (r *Register) sweepErasures(ctx context.Context, s audit.Space) error {
	var waiting []Erasing
	err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
		waiting = nil
		return each(tx, "", func(e *Erasing) error {
			waiting = append(waiting, *e)
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, e := range waiting {
		if !e.Contact {
			if err := r.erased.Add(s.Slug(), e.Person); err != nil {
				return err
			}
		}
		if err := r.rec.Keep(ctx, s, func(tx Tx, _ time.Time) error { return sweep(tx, e) }); err != nil {
			return err
		}
	}
	return nil
}

// sweep is step 3 for one key of one person.
func sweep(tx Tx, e Erasing) error {
	owner := ownerOf(e.Person)
	key := &WrappedKey{}
	key.Owner, key.Kind = owner, e.Kind
	gone, err := noteBoxes(tx, owner) // under the active key; the evidence key outlives it
	if err != nil {
		return err
	}
	gone = append(gone, key)
	switch {
	case e.Contact:
		p := &Person{ID: e.Person}
		if _, err := tx.Get(p); err != nil {
			return err
		}
		if p.Contact > 0 { // written anew meanwhile, under the same key
			return tx.Delete(&e)
		}
		gone = append(gone, &Box{Owner: owner, Name: recordContact}, &EdgeRow{Group: textsOf(e.Person), Record: recordContact})
	case e.Kind == personal.KeyActive:
		seal := &IndexSeal{Owner: e.Person}
		if _, err := tx.Get(seal); err != nil {
			return err
		}
		for _, row := range seal.Rows {
			gone = append(gone, &IndexRow{Row: row, Owner: e.Person})
		}
		edges, err := edgeRows(tx, textsOf(e.Person))
		if err != nil {
			return err
		}
		gone = append(gone, edges...)
		gone = append(gone, seal, &BirthSeal{Owner: e.Person}, &Box{Owner: owner, Name: recordContact})
	default:
		// By their keys alone: a picture's boxes are large, and nothing is to be read.
		prefix := string(owner) + "/"
		err := tx.Scan(&Box{}, prefix, "", func(key string, _ func(Record) error) error {
			gone = append(gone, &Box{Owner: owner, Name: strings.TrimPrefix(key, prefix)})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return deleteAll(tx, append(gone, &e)...)
}

// DestroyDueEvidence destroys the locked evidence keys whose date has come, and
// tells how many; with dry it only counts.
func (r *Register) DestroyDueEvidence(ctx context.Context, s audit.Space, dry bool) (int, error) {
	var due []EvidenceDue
	err := r.rec.View(ctx, s, func(tx Tx, at time.Time) error {
		due = nil
		today := at.Format(time.DateOnly)
		return each(tx, "", func(d *EvidenceDue) error {
			if d.On > today {
				return StopScan
			}
			due = append(due, *d)
			return nil
		})
	})
	if err != nil || dry {
		return len(due), err
	}
	// One that cannot be destroyed is told and tried again; it holds up no other.
	var faults []error
	destroyed := 0
	for _, d := range due {
		_, err := r.record(ctx, systemIn(s), func(t *turn) error {
			p := &Person{ID: d.Person}
			if err := need(t.tx, p, "person"); err != nil {
				return err
			}
			if p.Erasure == nil || t.at.Before(p.Erasure.Until) {
				return &Conflict{Reason: "not_due"}
			}
			p.Erasure.Finished = true
			t.enter(audit.Entry{Act: audit.PersonKeyDestroyed, Person: string(p.ID), On: []string{string(personal.KeyEvidence)}, Rules: []string{"C26"}})
			if err := t.deleteTraces(p.ID); err != nil {
				return err
			}
			if err := t.tx.Delete(&d); err != nil {
				return err
			}
			return putAll(t.tx, p, &Erasing{Person: p.ID, Kind: personal.KeyEvidence})
		})
		if err != nil {
			faults = append(faults, err)
			continue
		}
		destroyed++
	}
	return destroyed, errors.Join(errors.Join(faults...), r.FinishErasures(ctx, s))
}

// deleteTraces deletes the rows of a person that name nobody: mandates, their
// documents, acts. Their entries stay in the log, as leaves that say nothing.
func (t *turn) deleteTraces(p PersonID) error {
	all, err := t.mandates(p)
	if err != nil {
		return err
	}
	var rows []Record
	for _, m := range all {
		rows = append(rows, m, &MandateOf{Person: p, Mandate: m.ID}, &MandateRef{Ref: m.Ref}, &Document{Mandate: m.ID})
	}
	err = each(t.tx, string(p)+"/", func(row *ActOf) error {
		rows = append(rows, row, &Act{ID: row.Act})
		return nil
	})
	if err != nil {
		return err
	}
	err = each(t.tx, string(p)+"/", func(row *Referral) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	if err := deleteAll(t.tx, rows...); err != nil {
		return err
	}
	if err := t.dropRights(p); err != nil {
		return err
	}
	return t.dropStopNotes(p)
}

// ReplayErased marks again the persons whom the lists outside the store name and
// the store does not: an older copy was restored. It is run at each start, and
// ends every erasure that was cut off; a Relay is to follow.
func (r *Register) ReplayErased(ctx context.Context) (int, error) {
	lists, err := r.erased.All()
	if err != nil {
		return 0, err
	}
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return 0, err
	}
	replayed := 0
	for _, s := range spaces {
		back, err := r.returned(ctx, s, lists[s.Slug()])
		if err != nil {
			return replayed, err
		}
		for _, id := range back {
			_, err := r.record(ctx, systemIn(s), func(t *turn) error {
				p, err := t.livePerson(id)
				if err != nil {
					return err
				}
				_, err = t.forget(p)
				return err
			})
			if err != nil {
				return replayed, err
			}
			replayed++
		}
		if err := r.sweepErasures(ctx, s); err != nil {
			return replayed, err
		}
	}
	return replayed, nil
}

// returned lists the persons of a list that the store holds unmarked.
func (r *Register) returned(ctx context.Context, s audit.Space, list []PersonID) (back []PersonID, err error) {
	for some := range slices.Chunk(list, rewrapSlice) {
		var found []PersonID
		err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
			found = nil
			for _, id := range some {
				p := &Person{ID: id}
				is, err := tx.Get(p)
				if err != nil {
					return err
				}
				if is && !p.Erased() {
					found = append(found, id)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		back = append(back, found...)
	}
	return back, nil
}

// systemIn is the actor of the jobs.
func systemIn(s audit.Space) Actor { return Actor{kind: system, space: s} }
