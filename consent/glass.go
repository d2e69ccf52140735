package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// The operator sees pseudonyms. Where something cannot be put right without a
// name, the structure, which is the controller, opens a glass for them: a referent
// who has just signed in, for one person, for a reason of the charter's list, for
// half an hour. Nothing is ever open by itself. The person sees that it was
// opened, by whom, why, and each look through it.

// glassLife is how long a glass stays open.
const glassLife = 30 * time.Minute

// A Glass lets the operator open the data of one person until an instant.
type Glass struct {
	Person PersonID
	By     MemberID
	Reason charter.GlassReasonCode
	Until  time.Time
}

func (r *Glass) Bucket() string { return "glass" }
func (r *Glass) Key() string    { return string(r.Person) }

// OpenGlass opens a glass over a person's data for the operator; one that is open
// is opened anew. It needs a fresh sign-in.
func (r *Register) OpenGlass(ctx context.Context, a Actor, id PersonID, reason charter.GlassReasonCode) (Glass, error) {
	var g Glass
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		f := charter.Facts{Operation: charter.OpBreakGlass, Glass: reason}
		if err := t.check(Attempt{Action: audit.BreakGlass, Person: id}, f); err != nil {
			return err
		}
		if !a.MaySign(t.at) {
			return &SignInNeeded{Reason: "step_up"}
		}
		g = Glass{Person: id, By: t.me.ID, Reason: reason, Until: t.at.Add(glassLife)}
		t.enter(audit.Entry{Act: audit.BreakGlass, Person: string(id), On: []string{string(reason)}, Rules: []string{"C15"}})
		if err := t.tx.Put(&g); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
			g = Glass{Person: id}
			return need(tx, &g, "glass")
		})
	}
	return g, err
}

// CloseGlass closes a glass before its time.
func (r *Register) CloseGlass(ctx context.Context, a Actor, id PersonID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		if err := t.onlyReferent(audit.BreakGlass, charter.OpCloseMember); err != nil {
			return err
		}
		g := &Glass{Person: id}
		if err := need(t.tx, g, "glass"); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.BreakGlass, Person: string(id), On: []string{"closed"}})
		if err := t.tx.Delete(g); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// glass is the reason of the glass that is open over a person's data for whoever
// asks; empty when none is.
func (t *turn) glass(id PersonID) (charter.GlassReasonCode, error) {
	if t.actor.kind != operator {
		return "", nil
	}
	g := &Glass{Person: id}
	found, err := t.tx.Get(g)
	if err != nil || !found || !t.at.Before(g.Until) {
		return "", err
	}
	return g.Reason, nil
}
