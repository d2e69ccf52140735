package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// A Question is "am I covered, now, for this?".
type Question struct {
	Member  MemberID // for whom a program asks; empty for a member, who asks for themself
	Person  PersonID
	Mandate MandateID // empty: the register looks for one
	Want    Power     // the category is filled in
}

// An Answer is yes, with the mandate that covers, or no, with the rule, why and
// what to do instead.
type Answer struct {
	Covered bool
	Mandate MandateID // empty when none is needed
	Until   time.Time // zero likewise
	Rule    charter.RuleID
	Reason  string
	Instead string
}

// Cover answers whether the actor may act now. A no is an answer, not a refusal:
// nothing was attempted; the question is a line all the same.
func (r *Register) Cover(ctx context.Context, a Actor, q Question) (*Answer, error) {
	if err := r.complete(&q.Want); err != nil {
		return nil, err
	}
	var ans Answer
	_, err := r.recordFor(ctx, a, charter.OpCover, func(t *turn) error {
		ans = Answer{}
		if err := t.onBehalf(q.Member); err != nil {
			return err
		}
		if _, err := t.livePerson(q.Person); err != nil {
			return err
		}
		m, err := t.relied(q.Person, q.Mandate, q.Want)
		if err != nil {
			return err
		}
		f := charter.Facts{Operation: charter.OpCover, Mandate: t.mandateFacts(m), Wanted: q.Want}
		e := audit.Entry{
			Act: audit.MandateStatusChecked, Person: string(q.Person), Mandate: string(mandateID(m)),
			Purpose: string(charter.PurposeActUnderMandate),
		}
		ans.Mandate = mandateID(m)
		if !t.me.Closed.IsZero() || t.actor.kind == member && r.sleep(&t.me, t.at) == charter.Asleep {
			return t.check(Attempt{Action: e.Act, Person: q.Person, Mandate: mandateID(m)}, f)
		}
		if finding := t.ask(f); finding != nil {
			ans.Rule, ans.Reason, ans.Instead = finding.Rule, string(finding.Reason), string(finding.Instead)
			e.Rules = []string{string(finding.Rule), string(finding.Reason)}
		} else {
			ans.Covered = true
			if m != nil { // doing it with the person needs none
				ans.Until = m.Payload.Until
			}
		}
		t.enter(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ans, nil
}

// complete fills the category of a power that is wanted.
func (r *Register) complete(p *Power) error {
	c, ok := r.charter.Procedure(p.Service, p.Procedure)
	if !ok {
		return &Invalid{Pointer: "/procedure", Reason: "procedure"}
	}
	p.Category = c.Category
	if _, ok := r.charter.Mode(p.Mode); !ok {
		return &Invalid{Pointer: "/mode", Reason: "mode"}
	}
	return nil
}

// NewAct is something a helper did and notes: fixed words only, no free text
// about the person's health, family or money (C10).
type NewAct struct {
	Member     MemberID // whose act a program notes; empty for a member, who notes their own
	Person     PersonID
	Mandate    MandateID // empty: the register looks for one
	Did        Power     // the category is filled in
	Reason     charter.ActReason
	Channel    charter.Channel
	Credential charter.CredentialEntry
	Outcome    charter.Outcome
	Happened   time.Time // zero means now
	Urgent     bool
	// For a declaration: when and how the person checked it, and its period.
	Validated    time.Time
	ValidatedHow charter.Validation
	Period       string
}

// lateAfter is when an act counts as typed late; it is allowed for longer.
const lateAfter = 24 * time.Hour

// RecordAct notes an act (CC 1993: the mandatary accounts for what it did). The
// person sees it on their page from this commit.
func (r *Register) RecordAct(ctx context.Context, a Actor, n NewAct) (*Act, error) {
	if err := r.complete(&n.Did); err != nil {
		return nil, err
	}
	if err := r.onlyDeclared(n); err != nil {
		return nil, err
	}
	var act *Act
	_, err := r.recordFor(ctx, a, charter.OpAct, func(t *turn) error {
		if err := t.onBehalf(n.Member); err != nil {
			return err
		}
		if _, err := t.livePerson(n.Person); err != nil {
			return err
		}
		m, err := t.relied(n.Person, n.Mandate, n.Did)
		if err != nil {
			return err
		}
		act = t.act(n, m)
		try := Attempt{Action: audit.ActRecorded, Person: n.Person, Mandate: mandateID(m)}
		f := charter.Facts{
			Operation: charter.OpAct, Mandate: t.mandateFacts(m), Wanted: n.Did,
			Act: charter.Act{
				Reason: n.Reason, Channel: n.Channel, CredentialEntry: n.Credential, Outcome: n.Outcome,
				HappenedAt: act.Happened, ValidatedAt: n.Validated, ValidatedHow: n.ValidatedHow, Period: n.Period,
				Urgent: n.Urgent,
			},
		}
		if err := t.check(try, f); err != nil {
			return err
		}
		dg, err := rowDigest(act)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.ActRecorded, Person: string(n.Person), Mandate: string(mandateID(m)),
			Purpose: string(charter.PurposeActUnderMandate), On: []string{string(act.ID)}, Digest: dg,
		})
		changed, err := t.follow(m, act)
		if err != nil {
			return err
		}
		rows := []Record{act, &ActOf{Person: act.Person, At: fixedTime(act.Recorded), Act: act.ID}}
		if changed {
			rows = append(rows, m)
		}
		if err := putAll(t.tx, rows...); err != nil {
			return err
		}
		return t.made(string(act.ID))
	})
	if id, again := replayed(err); again {
		return r.act(ctx, a, ActID(id))
	}
	if err != nil {
		return nil, err
	}
	return act, nil
}

// onlyDeclared keeps what belongs to a declaration off other acts: the charter
// checks those words for a declaration only, and a row is clear.
func (r *Register) onlyDeclared(n NewAct) error {
	c, _ := r.charter.Procedure(n.Did.Service, n.Did.Procedure)
	switch {
	case c.Mission == charter.MissionDeclaration:
		return nil
	case n.Period != "":
		return &Invalid{Pointer: "/period", Reason: string(charter.ValidationPeriod)}
	case n.ValidatedHow != "":
		return &Invalid{Pointer: "/validated_how", Reason: string(charter.ValidationHow)}
	}
	return nil
}

// follow does what an act changes in its mandate: one for one procedure is
// fulfilled when it is done, unless its time is over by then, and what comes back
// is due a period later.
func (t *turn) follow(m *Mandate, act *Act) (changed bool, err error) {
	if m == nil {
		return false, nil
	}
	before := t.r.watchRows(m, t.at)
	changed = t.noteLast(m, act)
	if m.OneProcedure && act.Outcome == outcomeDone && m.State(t.at) == Active {
		if err := m.finish(t.at, Fulfilled, "system"); err != nil {
			return false, err
		}
		t.enterMandate(audit.MandateEnded, m, m.Digest)
		changed = true
	}
	if !changed {
		return false, nil
	}
	return true, t.rewatch(m, before)
}

func (t *turn) act(n NewAct, m *Mandate) *Act {
	happened := n.Happened.UTC()
	if n.Happened.IsZero() {
		happened = t.at
	}
	return &Act{
		ID: ActID("t_" + random26()), Mandate: mandateID(m), Person: n.Person, By: t.me.ID, Role: t.me.Role, Via: t.actor.program,
		Service: n.Did.Service, Procedure: n.Did.Procedure, Mode: n.Did.Mode, Reason: n.Reason, Channel: n.Channel,
		Credential: n.Credential, Outcome: n.Outcome, Happened: happened, Recorded: t.at,
		Late: t.at.Sub(happened) > lateAfter, Urgent: n.Urgent,
		Validated: n.Validated.UTC(), ValidatedBy: n.ValidatedHow, Period: n.Period,
	}
}

func (r *Register) act(ctx context.Context, a Actor, id ActID) (*Act, error) {
	act := &Act{}
	err := r.viewMember(ctx, a, charter.OpAct, func(tx Tx, at time.Time, me *Member) error {
		*act = Act{ID: id}
		if err := need(tx, act, "act"); err != nil {
			return err
		}
		_, err := (&turn{tx: tx, at: at, me: *me}).livePerson(act.Person)
		return err
	})
	if err != nil {
		return nil, err
	}
	return act, nil
}

// outcomeDone is the outcome that fulfils a mandate given for one procedure.
const outcomeDone charter.Outcome = "done"
