package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// A ReferralID is of a hand-over: o_…
type ReferralID string

// ParseReferralID accepts only the exact form.
func ParseReferralID(s string) (ReferralID, error) {
	if !validID("o_", s) {
		return "", &Invalid{Reason: "referral_id"}
	}
	return ReferralID(s), nil
}

// A Referral says that a person was shown the way to a place. Nothing of theirs goes
// there: they go themself, with a sheet of paper. It is a clear row that names
// nobody, and looking at it is a line, as of acts: it tells what somebody needs.
type Referral struct {
	ID        ReferralID
	Person    PersonID
	Mandate   MandateID
	Place     PlaceID
	By        MemberID
	Role      charter.Role
	Made      time.Time
	Outcome   ReferralOutcome // empty until somebody knows
	OutcomeAt time.Time
	OutcomeBy MemberID
}

func (r *Referral) Bucket() string { return "referral" }
func (r *Referral) Key() string {
	return string(r.Person) + "/" + fixedTime(r.Made) + "/" + string(r.ID)
}

// ReferralOutcome is what came of a hand-over.
type ReferralOutcome string

// The outcomes.
const (
	ReferralWent        ReferralOutcome = "went"         // the person went there
	ReferralHelped      ReferralOutcome = "helped"       // and was helped
	ReferralNotPossible ReferralOutcome = "not_possible" // it could not be done
)

// ReferralOutcomes lists the outcomes in the order of a page.
func ReferralOutcomes() []ReferralOutcome {
	return []ReferralOutcome{ReferralHelped, ReferralWent, ReferralNotPossible}
}

// maxReferrals bounds the hand-overs of one person that one read loads.
const maxReferrals = 100

// ReferTo notes that the person was shown the way to a place, under a mandate in
// force. The person sees it on their page.
func (r *Register) ReferTo(ctx context.Context, a Actor, person PersonID, to PlaceID) (*Referral, error) {
	public, err := r.publicPlace(ctx, to)
	if err != nil {
		return nil, err
	}
	var made *Referral
	_, err = r.record(ctx, a, func(t *turn) error {
		made = nil
		m, err := t.mayRefer(person, audit.ReferralMade)
		if err != nil {
			return err
		}
		if public == nil {
			if err := need(t.tx, &PlaceOwn{ID: to}, "place"); err != nil {
				return err
			}
		}
		made = &Referral{
			ID: ReferralID("o_" + random26()), Person: person, Mandate: mandateID(m), Place: to,
			By: t.me.ID, Role: t.me.Role, Made: t.at,
		}
		if err := t.putReferral(made); err != nil {
			return err
		}
		return t.made(string(made.ID))
	})
	if id, again := replayed(err); again {
		return r.referral(ctx, a, person, ReferralID(id))
	}
	return made, err
}

// NoteReferral notes what came of a hand-over. Saying it again replaces it.
func (r *Register) NoteReferral(ctx context.Context, a Actor, person PersonID, id ReferralID, outcome ReferralOutcome) error {
	if !slices.Contains(ReferralOutcomes(), outcome) {
		return &Invalid{Pointer: "/outcome", Reason: "code"}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.mayRefer(person, audit.ReferralMade); err != nil {
			return err
		}
		row, err := referralOf(t.tx, person, id)
		if err != nil {
			return err
		}
		row.Outcome, row.OutcomeAt, row.OutcomeBy = outcome, t.at, t.me.ID
		return t.putReferral(row)
	})
	return err
}

// Referrals lists a person's hand-overs, newest first, for a purpose. Looking is a
// line.
func (r *Register) Referrals(ctx context.Context, a Actor, person PersonID, purpose charter.Purpose) (list []*Referral, err error) {
	_, err = r.record(ctx, a, func(t *turn) error {
		list = nil
		m, err := t.mayLookAtReferrals(person, purpose)
		if err != nil {
			return err
		}
		err = each(t.tx, string(person)+"/", func(row *Referral) error {
			list = append(list, row)
			return nil
		})
		if err != nil {
			return err
		}
		slices.Reverse(list)
		list = list[:min(len(list), maxReferrals)]
		t.enter(audit.Entry{
			Act: audit.MandateRead, Person: string(person), Mandate: string(mandateID(m)), Purpose: string(purpose),
			Counts: map[string]int64{"referrals": int64(len(list))},
		})
		return nil
	})
	return list, err
}

// putReferral writes a hand-over and its entry.
func (t *turn) putReferral(row *Referral) error {
	dg, err := rowDigest(row)
	if err != nil {
		return err
	}
	t.enter(audit.Entry{
		Act: audit.ReferralMade, Person: string(row.Person), Mandate: string(row.Mandate),
		Purpose: string(charter.PurposeActUnderMandate), On: []string{string(row.ID), string(row.Place)}, Digest: dg,
	})
	return t.tx.Put(row)
}

// mayRefer asks the charter whether the member may act for the person now, and
// whether handing over is a mission of their role.
func (t *turn) mayRefer(person PersonID, act audit.Action) (*Mandate, error) {
	m, err := t.mayLookAtReferrals(person, charter.PurposeActUnderMandate)
	if err != nil {
		return nil, err
	}
	if t.actor.kind == member && t.r.charter.Cell(charter.MissionRefer, t.me.Role) == charter.CellNo {
		return nil, t.refuse(Attempt{Action: act, Person: person, Mandate: mandateID(m)},
			&charter.Finding{Rule: "C16", Reason: charter.RoleMission, Instead: charter.AnotherHelper})
	}
	return m, nil
}

func (t *turn) mayLookAtReferrals(person PersonID, purpose charter.Purpose) (*Mandate, error) {
	if _, err := t.livePerson(person); err != nil {
		return nil, err
	}
	m, err := t.relied(person, "", Power{})
	if err != nil {
		return nil, err
	}
	read, err := t.reading(person, purpose)
	if err != nil {
		return nil, err
	}
	try := Attempt{Action: audit.ReferralMade, Person: person, Mandate: mandateID(m), Purpose: purpose}
	return m, t.check(try, charter.Facts{Operation: charter.OpList, Mandate: t.mandateFacts(m), Read: read})
}

// referralOf finds a person's hand-over by its identifier.
func referralOf(tx Tx, person PersonID, id ReferralID) (found *Referral, err error) {
	err = each(tx, string(person)+"/", func(row *Referral) error {
		if row.ID == id {
			found = row
		}
		return nil
	})
	if err == nil && found == nil {
		err = &NotFound{Kind: "referral"}
	}
	return found, err
}

// referral is what a call that was asked again made.
func (r *Register) referral(ctx context.Context, a Actor, person PersonID, id ReferralID) (row *Referral, err error) {
	err = r.viewMember(ctx, a, charter.OpList, func(tx Tx, at time.Time, me *Member) error {
		if _, err := (&turn{tx: tx, at: at, me: *me}).livePerson(person); err != nil {
			return err
		}
		row, err = referralOf(tx, person, id)
		return err
	})
	return row, err
}
