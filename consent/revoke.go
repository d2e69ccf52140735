package consent

import (
	"context"
	"slices"

	"aval/audit"
	"aval/charter"
)

// A Scope is what is stopped: the whole mandate when nothing is set, else all
// powers that the set members match.
type Scope struct {
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	Helper    MemberID
}

func (s Scope) whole() bool { return s == Scope{} }

// RevokeMandate stops a mandate, or part of it, for the person: a helper who is
// asked must do it at once and may not argue, so neither role nor state nor
// reason is asked (CC 2004). No entry after its commit can carry a pass.
func (r *Register) RevokeMandate(ctx context.Context, a Actor, id MandateID, s Scope) (*Mandate, error) {
	m, err := r.stepWith(ctx, a, id, r.recordStop, func(t *turn, m *Mandate) error {
		if err := t.check(t.attempt(audit.MandateRevoked, m), charter.Facts{Operation: charter.OpRevoke, Mandate: t.mandateFacts(m)}); err != nil {
			return err
		}
		if err := t.names(m, s); err != nil {
			return err
		}
		return t.stopOne(m, s, t.usualWay())
	})
	if err == nil {
		r.wakeJobs()
	}
	return m, err
}

// usualWay is how a stop comes in when nothing is said of it.
func (t *turn) usualWay() StopWay {
	if t.actor.kind == card {
		return StopByPage
	}
	return StopAtDesk
}

// names checks that a scope is about the mandate: its words go into the log.
func (t *turn) names(m *Mandate, s Scope) error {
	match := slices.ContainsFunc(m.Payload.Powers, func(p Power) bool {
		return (s.Service == "" || s.Service == p.Service) && (s.Procedure == "" || s.Procedure == p.Procedure)
	})
	if !match {
		return &NotFound{Kind: "power"}
	}
	if s.Helper == "" {
		return nil
	}
	return need(t.tx, &Member{ID: s.Helper}, "member")
}

// revoke stops, and enters it.
func (t *turn) revoke(m *Mandate, s Scope, way StopWay) error {
	var err error
	if s.whole() {
		err = m.finish(t.at, Revoked, t.actor.by())
	} else {
		err = m.stop(Stop{At: t.at, By: t.actor.by(), Service: s.Service, Procedure: s.Procedure, Helper: s.Helper})
	}
	if err != nil {
		return err
	}
	e := audit.Entry{
		Act: audit.MandateRevoked, Person: string(m.Person), Mandate: string(m.ID),
		Rules: []string{"C07"},
	}
	if e.Digest, err = m.digest(); err != nil {
		return err
	}
	for _, part := range []string{string(s.Service), string(s.Procedure), string(s.Helper)} {
		if part != "" {
			e.On = append(e.On, part)
		}
	}
	if way != "" && way != t.usualWay() {
		e.On = append(e.On, "way."+string(way))
	}
	t.enter(e)
	return nil
}

// RenounceMandate is the mandatary's own end of the mandate (CC 2007).
func (r *Register) RenounceMandate(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		f := charter.Facts{Operation: charter.OpRenounce, Mandate: t.mandateFacts(m)}
		if err := t.check(t.attempt(audit.MandateRenounced, m), f); err != nil {
			return err
		}
		if err := m.finish(t.at, Renounced, t.actor.by()); err != nil {
			return err
		}
		t.enterMandate(audit.MandateRenounced, m, m.Digest)
		return nil
	})
}

// open tells the states from which a mandate can still come into force.
func open(s State) bool {
	switch s {
	case Draft, Proposed, Signed, Active:
		return true
	}
	return false
}
