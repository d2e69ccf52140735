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

// destroyDueContacts destroys the active key, and with it the contact, of persons
// whose last mandate is long over, and tells how many; with dry it only counts.
// The person stays: a new contact gets a new key.
func (r *Register) destroyDueContacts(ctx context.Context, s audit.Space, now time.Time, dry bool) (int, error) {
	due, err := r.dueContacts(ctx, s, now)
	if err != nil || dry || len(due) == 0 {
		return len(due), err
	}
	for _, id := range due {
		_, err := r.record(ctx, systemIn(s), func(t *turn) error {
			p, err := t.livePerson(id)
			if err != nil {
				return err
			}
			if late, err := t.contactDue(p); err != nil || !late {
				return errors.Join(err, &Conflict{Reason: "not_due"})
			}
			p.Contact = 0
			t.enter(audit.Entry{
				Act: audit.PersonKeyDestroyed, Person: string(id), On: []string{string(personal.KeyActive)}, Rules: []string{"C26"},
			})
			return putAll(t.tx, p, &Erasing{Person: id, Kind: personal.KeyActive, Contact: true})
		})
		var moved *Conflict
		if err != nil && !errors.As(err, &moved) {
			return 0, err
		}
	}
	return len(due), r.FinishErasures(ctx, s)
}

// dueContacts goes through the persons of a space in short transactions.
func (r *Register) dueContacts(ctx context.Context, s audit.Space, now time.Time) (due []PersonID, err error) {
	for after, more := "", true; more; {
		err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
			persons, last, err := slice[Person](tx, after)
			if err != nil {
				return err
			}
			t := &turn{r: r, tx: tx, at: now}
			for _, p := range persons {
				late, err := t.contactDue(p)
				if err != nil {
					return err
				}
				if late {
					due = append(due, p.ID)
				}
			}
			after, more = last, last != ""
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return due, nil
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
