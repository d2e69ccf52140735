package consent

import (
	"cmp"
	"slices"
	"time"

	"aval/charter"
)

// decide.go turns rows into the charter's facts. No rule stands here: what is
// allowed is the charter's to say.

// check asks the charter about facts and enters a refusal.
func (t *turn) check(a Attempt, f charter.Facts) error { return t.refuse(a, t.ask(f)) }

// ask puts facts to the charter; who asks and when are filled in.
func (t *turn) ask(f charter.Facts) *charter.Finding {
	f.Now, f.Opened, f.InForceSince = t.at, t.profile.Opened, t.profile.Charter.Since
	switch t.actor.kind {
	case member, program:
		f.Through = t.through
		f.Member = charter.Member{
			Open: t.me.Closed.IsZero(), Role: t.me.Role, Referent: t.me.Referent, Auditor: t.me.Auditor,
			Adhered: cmp.Or(f.Member.Adhered, t.me.Adhered.Version), Hosted: t.me.Hosted, Used: t.me.Used,
		}
	case counter:
		f.By = charter.ByService
	case card:
		f.By = charter.ByPerson
	case operator:
		f.By = charter.ByOperator
	case system:
		f.By = charter.BySystem
	}
	return t.r.charter.Check(f)
}

// facts gives a mandate as the charter sees it for a member and, where a power
// is wanted, without what the person took back.
func (m *Mandate) facts(at time.Time, by MemberID) charter.Mandate {
	f := charter.Mandate{
		Exists: true, From: m.Payload.From, Until: m.Payload.Until,
		Signed: reached(m.Signed, at), Accepted: reached(m.Accepted, at), Delivered: reached(m.Delivered, at),
		ActiveSince: m.Delivered, Level: m.Level(),
		Mandatary: m.Payload.Mandatary.Kind, Team: m.Payload.Helpers.Team(), Includes: m.Payload.Helpers.Has(by),
	}
	if m.ended(at) {
		f.Ended, f.EndedAt = charter.End(m.End.Kind), m.End.At
	}
	for _, p := range m.Payload.Powers {
		if !m.Stopped(p, by, at) {
			f.Powers = append(f.Powers, p)
		}
	}
	return f
}

// mandatesOf loads every mandate of a person in the turn's space.
func mandatesOf(tx Tx, p PersonID) ([]*Mandate, error) {
	var all []*Mandate
	err := each(tx, string(p)+"/", func(row *MandateOf) error {
		m := &Mandate{ID: row.Mandate}
		if err := need(tx, m, "mandate"); err != nil {
			return err
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// mandates loads the mandates of a person once a turn: several questions of one
// decision look at them. A turn about one person sees its own changes, made in
// place.
func (t *turn) mandates(p PersonID) ([]*Mandate, error) {
	if t.of == p {
		return t.all, nil
	}
	all, err := mandatesOf(t.tx, p)
	if err == nil {
		t.of, t.all = p, all
	}
	return all, err
}

// relied picks the mandate a request relies on: the one it names, else one in
// force that carries the power wanted, else one in force, else the last.
func (t *turn) relied(p PersonID, named MandateID, want Power) (*Mandate, error) {
	all, err := t.mandates(p)
	if err != nil {
		return nil, err
	}
	all = t.own(all)
	if named != "" {
		for _, m := range all {
			if m.ID == named {
				return m, nil
			}
		}
		return nil, &NotFound{Kind: "mandate"}
	}
	if len(all) == 0 {
		return nil, nil
	}
	best := slices.MaxFunc(all, func(a, b *Mandate) int {
		if x, y := t.fitness(a, want), t.fitness(b, want); x != y {
			return x - y
		}
		return a.Drafted.Compare(b.Drafted)
	})
	if sideBySide(want.Mode) && t.fitness(best, want) <= inForceForMe {
		return nil, nil // none is needed, and none that is over or for something else is leaned on
	}
	return best, nil
}

// sideBySide tells the modes in which the person does it themself.
func sideBySide(m charter.Mode) bool { return m == charter.DoWith || m == charter.Train }

// inForceForMe is the fitness of a mandate in force and open to the member that
// does not name the procedure.
const inForceForMe = 8 + 4

// fitness orders the mandates of a person by how well they answer a request.
func (t *turn) fitness(m *Mandate, want Power) int {
	score := 0
	if m.InForce(t.at) {
		score = 8
		if m.Payload.Helpers.Has(t.me.ID) {
			score += 4
		}
	}
	match := 0
	for _, p := range m.Payload.Powers {
		if p.Service == want.Service && p.Procedure == want.Procedure && !m.Stopped(p, t.me.ID, t.at) {
			match = max(match, 1)
			if p.Mode == want.Mode {
				match = 2
			}
		}
	}
	return score + match
}

// mandateFacts is the mandate a request relies on, as facts; the zero facts when
// there is none.
func (t *turn) mandateFacts(m *Mandate) charter.Mandate {
	if m == nil {
		return charter.Mandate{}
	}
	return m.facts(t.at, t.me.ID)
}

func mandateID(m *Mandate) MandateID {
	if m == nil {
		return ""
	}
	return m.ID
}
