package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// An Appointment spares a helper saying again, at each step, whom they sit with
// and why. It opens nothing: every read is still asked of the charter and is an
// entry of its own.
type Appointment struct {
	Person  PersonID
	Purpose charter.Purpose
	Until   time.Time // 60 minutes after the start at most
}

// appointmentLife is how long somebody sits at a desk, at most.
const appointmentLife = time.Hour

// A Sitting is the appointment of a session, in the space of its member. It dies
// with the session: who is not signed in by it does not reach it.
type Sitting struct {
	Session SessionID // it stays when its holder shows again who they are
	Appointment
}

func (r *Sitting) Bucket() string { return "appointment" }
func (r *Sitting) Key() string    { return string(r.Session) }

// StartAppointment says whom the actor's session is with, and for what; it
// replaces the appointment before. A purpose that the actor may not have is
// refused, and the person sees that.
func (r *Register) StartAppointment(ctx context.Context, a Actor, id PersonID, purpose charter.Purpose) (Appointment, error) {
	if err := a.sits(); err != nil {
		return Appointment{}, err
	}
	var s Sitting
	allowed := true
	err := r.rec.Keep(ctx, a.space, func(tx Tx, at time.Time) error {
		t := &turn{r: r, tx: tx, at: at, actor: a}
		if err := t.begin(""); err != nil {
			return err
		}
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		f, err := t.sitting(id, purpose)
		if err != nil {
			return err
		}
		if allowed = t.ask(f) == nil; !allowed {
			return nil
		}
		s = Sitting{a.session, Appointment{Person: id, Purpose: purpose, Until: at.Add(appointmentLife)}}
		return tx.Put(&s)
	})
	if err == nil && !allowed {
		err = r.refuseAppointment(ctx, a, id, purpose)
	}
	if err != nil {
		return Appointment{}, err
	}
	return s.Appointment, nil
}

// sitting is what an appointment asks of the charter: that the actor may look for
// somebody, for that purpose; of whoever is hosted, that they may open who it is.
func (t *turn) sitting(id PersonID, purpose charter.Purpose) (charter.Facts, error) {
	f := charter.Facts{Operation: charter.OpSearch, Read: charter.Read{Purpose: purpose}}
	if !t.me.Hosted {
		return f, nil
	}
	m, err := t.relied(id, "", Power{})
	if err != nil {
		return f, err
	}
	f.Operation, f.Mandate = charter.OpRead, t.mandateFacts(m)
	f.Read, err = t.reading(id, purpose, charter.FieldIdentity)
	return f, err
}

// refuseAppointment enters the refusal, which housekeeping may not.
func (r *Register) refuseAppointment(ctx context.Context, a Actor, id PersonID, purpose charter.Purpose) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonRead, Person: id, Purpose: purpose}
		f, err := t.sitting(id, purpose)
		if err != nil {
			return err
		}
		if err := t.check(try, f); err != nil {
			return err
		}
		return &Conflict{Reason: "changed_meanwhile"}
	})
	return err
}

// Appointment is the one of the actor's session: *NotFound when there is none,
// when it is over, or when the person has asked to be forgotten.
func (r *Register) Appointment(ctx context.Context, a Actor) (*Appointment, error) {
	if err := a.sits(); err != nil {
		return nil, err
	}
	var s Sitting
	err := r.viewMember(ctx, a, "", func(tx Tx, at time.Time, _ *Member) error {
		s = Sitting{Session: a.session}
		if err := need(tx, &s, "appointment"); err != nil {
			return err
		}
		if !at.Before(s.Until) {
			return &NotFound{Kind: "appointment"}
		}
		if _, err := (&turn{tx: tx, at: at}).livePerson(s.Person); err != nil {
			return sameNotFound(err, "appointment")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &s.Appointment, nil
}

// EndAppointment ends the appointment of the actor's session, if there is one.
func (r *Register) EndAppointment(ctx context.Context, a Actor) error {
	if err := a.sits(); err != nil {
		return err
	}
	return r.rec.Keep(ctx, a.space, func(tx Tx, _ time.Time) error { return tx.Delete(&Sitting{Session: a.session}) })
}

// sits checks that the actor is a signed-in member: nobody else has appointments.
// Whether they are open is the charter's to say.
func (a Actor) sits() error {
	if a.kind != member || a.session == "" {
		return &SignInNeeded{Reason: "session"}
	}
	return nil
}
