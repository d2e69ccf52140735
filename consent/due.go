package consent

import (
	"context"
	"errors"
	"time"

	"aval/audit"
	"aval/consent/personal"
)

// How long a person's contact outlives what it was for (domain.md §10).
const (
	contactAfterEnd = 90 * 24 * time.Hour      // after the last mandate
	contactUnused   = 2 * 365 * 24 * time.Hour // without any mandate
)

// forgetDue forgets persons of whom nothing needs proof any more, and those who
// came to nothing, as if they had asked; with dry it only counts.
func (r *Register) forgetDue(ctx context.Context, s audit.Space, now time.Time, dry bool) (int, error) {
	return r.eachDue(ctx, s, now, dry, (*turn).personDue, func(t *turn, p *Person) error {
		_, err := t.forget(p)
		return err
	})
}

// personDue tells whether a person's time is over: the last proof is past its
// date, or there never was a mandate and nothing was done for two years.
func (t *turn) personDue(p *Person) (bool, error) {
	if p.Erased() {
		return false, nil
	}
	all, err := t.mandates(p.ID)
	if err != nil {
		return false, err
	}
	signed := false
	for _, m := range all {
		if open(m.State(t.at)) {
			return false, nil
		}
		signed = signed || !m.Signed.IsZero()
	}
	if signed {
		until, err := t.evidenceUntil(p.ID)
		return !until.After(t.at), err
	}
	rows, err := actRows(t.tx, p.ID)
	if err != nil || len(rows) == 0 {
		return t.at.Sub(p.Created) > contactUnused, err
	}
	act := &Act{ID: rows[len(rows)-1].Act}
	if err := need(t.tx, act, "act"); err != nil {
		return false, err
	}
	return t.at.Sub(act.Recorded) > contactUnused, nil
}

// destroyDueContacts destroys the active key, and with it the contact, of persons
// whose last mandate is long over. The person stays: a new contact gets a new key.
func (r *Register) destroyDueContacts(ctx context.Context, s audit.Space, now time.Time, dry bool) (int, error) {
	return r.eachDue(ctx, s, now, dry, (*turn).contactDue, func(t *turn, p *Person) error {
		p.Contact = 0
		t.enter(audit.Entry{
			Act: audit.PersonKeyDestroyed, Person: string(p.ID), On: []string{string(personal.KeyActive)}, Rules: []string{"C26"},
		})
		if err := t.dropNotes(p.ID); err != nil {
			return err
		}
		return putAll(t.tx, p, &Erasing{Person: p.ID, Kind: personal.KeyActive, Contact: true})
	})
}

// eachDue finds the persons that are due, in short transactions, and does what is
// due, each in its own; it asks again there, since things move in between. It
// tells how many there were.
func (r *Register) eachDue(ctx context.Context, s audit.Space, now time.Time, dry bool, due func(*turn, *Person) (bool, error), do func(*turn, *Person) error) (int, error) {
	list, err := r.listDue(ctx, s, now, due)
	if err != nil || dry || len(list) == 0 {
		return len(list), err
	}
	for _, id := range list {
		_, err := r.record(ctx, systemIn(s), func(t *turn) error {
			p, err := t.livePerson(id)
			if err != nil {
				return err
			}
			if still, err := due(t, p); err != nil || !still {
				return errors.Join(err, &Conflict{Reason: "not_due"})
			}
			return do(t, p)
		})
		var moved *Conflict
		if err != nil && !errors.As(err, &moved) {
			return 0, err
		}
	}
	return len(list), r.FinishErasures(ctx, s)
}

func (r *Register) listDue(ctx context.Context, s audit.Space, now time.Time, due func(*turn, *Person) (bool, error)) (list []PersonID, err error) {
	for after, more := "", true; more; {
		var found []PersonID
		var last string
		err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
			found = nil
			persons, end, err := slice[Person](tx, after)
			if err != nil {
				return err
			}
			for _, p := range persons {
				is, err := due(&turn{r: r, tx: tx, at: now}, p)
				if err != nil {
					return err
				}
				if is {
					found = append(found, p.ID)
				}
			}
			last = end
			return nil
		})
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
		after, more = last, last != ""
	}
	return list, nil
}

// contactDue tells whether a person's contact is past its time.
func (t *turn) contactDue(p *Person) (bool, error) {
	if p.Contact == 0 || p.Erased() {
		return false, nil
	}
	last, after := p.Created, contactUnused
	all, err := t.mandates(p.ID)
	for _, m := range all {
		end := m.Payload.Until
		if m.ended(t.at) {
			end = m.End.At
		}
		if end.After(last) {
			last, after = end, contactAfterEnd
		}
	}
	return t.at.Sub(last) > after, err
}

// contactKey is the key that a person's contact is sealed under, with its row
// when it is a new one: the former went with a former contact.
func (r *Register) contactKey(ctx context.Context, s audit.Space, owner personal.Owner) (personal.PlainKey, []Record, error) {
	key, err := r.keys.SealingKey(ctx, s, owner, personal.KeyActive)
	if !errors.Is(err, personal.ErrErased) {
		return key, nil, err
	}
	wrapped, key, err := r.keys.NewKey(s, owner, personal.KeyActive)
	return key, []Record{&WrappedKey{wrapped}}, err
}
