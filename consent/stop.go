package consent

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// Stopping for a person: all of their mandates, or the part that they name. It
// asks for no reason, no state and no birth date, and it is written before anybody
// is told (CC 2004). Who has to know stands in stopnote.go.

// A StopWay is how a person's wish to stop came in.
type StopWay string

// The ways.
const (
	StopByPage    StopWay = "page"      // with the card, by themself
	StopAtDesk    StopWay = "desk"      // they said so to a member of the structure
	StopByPhone   StopWay = "phone"     // likewise, on the telephone
	StopByLetter  StopWay = "letter"    // a letter came
	StopElsewhere StopWay = "elsewhere" // with the card, at another structure's desk
	StopRequested StopWay = "request"   // sent on by another structure, without the card
	StopByLink    StopWay = "link"      // by a link that was sent to them
)

// TypedWays are the ways that a member of the structure types for the person.
func TypedWays() []StopWay { return []StopWay{StopAtDesk, StopByPhone, StopByLetter} }

// A Part is what is to be stopped: everything when nothing is set, else one
// mandate, or what the scope matches in all of them.
type Part struct {
	Mandate MandateID
	Scope
}

// A Receipt says what was stopped, from when.
type Receipt struct {
	At      time.Time
	Entry   int64 // number of the first entry; 0 when nothing was left to stop
	Stopped []*Mandate
	// Next is what comes back and that nobody of the structure does any more
	// because of this stop, the first due first.
	Next []Duty
}

// errNothing leaves a transaction that has nothing to stop.
var errNothing = errors.New("consent: nothing to stop")

// StopPerson stops for a person. A member says how the person asked (one of
// TypedWays); the holder of a card says nothing. An empty list in the receipt says
// that nothing was left to stop.
func (r *Register) StopPerson(ctx context.Context, a Actor, id PersonID, part Part, way StopWay) (*Receipt, error) {
	if a.kind == member && !slices.Contains(TypedWays(), way) {
		return nil, &Invalid{Pointer: "/way", Reason: "stop_way"}
	}
	if a.kind == card {
		way = StopByPage
	}
	return r.stopPerson(ctx, a, id, part, way)
}

// CardStop stops everything from a card: no birth date, no reason, no delay.
func (r *Register) CardStop(ctx context.Context, a Actor) (*Receipt, error) {
	return r.stopPerson(ctx, a, a.person, Part{}, StopByPage)
}

// CardStopPart stops a part from a card, on the same terms.
func (r *Register) CardStopPart(ctx context.Context, a Actor, part Part) (*Receipt, error) {
	return r.stopPerson(ctx, a, a.person, part, StopByPage)
}

func (r *Register) stopPerson(ctx context.Context, a Actor, id PersonID, part Part, way StopWay) (*Receipt, error) {
	receipt := &Receipt{}
	passes, err := r.recordStop(ctx, a, func(t *turn) error {
		*receipt = Receipt{}
		if id == "" { // no card
			return &NotFound{Kind: "card"}
		}
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.MandateRevoked, Person: id}
		if err := t.check(try, charter.Facts{Operation: charter.OpRevoke}); err != nil {
			return err
		}
		if err := t.stopPart(p.ID, part, way, receipt); err != nil {
			return err
		}
		if len(receipt.Stopped) == 0 {
			return errNothing
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return r.lastReceipt(ctx, a, id)
	}
	if errors.Is(err, errNothing) {
		receipt.At, err = r.now(ctx, a.space)
		return receipt, err
	}
	if err != nil {
		return nil, err
	}
	r.wakeJobs()
	receipt.At, receipt.Entry = passes[0].Time(), passes[0].N()
	return receipt, nil
}

// stopPart stops, in a transaction, what a part matches and is still open, and
// adds it to the receipt.
func (t *turn) stopPart(p PersonID, part Part, way StopWay, receipt *Receipt) error {
	if part.Helper != "" {
		found, err := t.tx.Get(&Member{ID: part.Helper})
		switch {
		case err != nil:
			return err
		case !found && t.actor.kind == member:
			return &NotFound{Kind: "member"}
		case !found: // to whoever only holds a card it is as any part that is not there
			return nil
		}
	}
	all, err := t.mandates(p)
	if err != nil {
		return err
	}
	for _, m := range t.own(all) {
		if part.Mandate != "" && part.Mandate != m.ID || !open(m.State(t.at)) || !m.touches(part.Scope, t.at) {
			continue
		}
		before := t.r.comesBack(m, t.at)
		if err := t.stopOne(m, part.Scope, way); err != nil {
			return err
		}
		receipt.Stopped = append(receipt.Stopped, m)
		receipt.Next = append(receipt.Next, t.dropped(m, before)...)
		if err := t.tx.Put(m); err != nil {
			return err
		}
	}
	slices.SortFunc(receipt.Next, func(a, b Duty) int { return a.Next.Compare(b.Next) })
	return nil
}

// touches tells whether a scope takes anything from a mandate that is still there.
func (m *Mandate) touches(s Scope, at time.Time) bool {
	if s.Helper != "" && !m.Payload.Helpers.Has(s.Helper) {
		return false
	}
	return slices.ContainsFunc(m.Payload.Powers, func(p Power) bool {
		return (s.Service == "" || s.Service == p.Service) && (s.Procedure == "" || s.Procedure == p.Procedure) &&
			!m.Stopped(p, s.Helper, at)
	})
}

// stopOne stops one mandate or part of it, and says who has to know.
func (t *turn) stopOne(m *Mandate, s Scope, way StopWay) error {
	signed := !m.Signed.IsZero()
	if err := t.revoke(m, s, way); err != nil {
		return err
	}
	if !signed {
		return nil // nobody could rely on it
	}
	return t.noteStop(m, s, way)
}

// dropped are the duties that a mandate had and that nobody has any more.
func (t *turn) dropped(m *Mandate, before []Duty) (gone []Duty) {
	for _, d := range before {
		if m.ended(t.at) || m.Stopped(Power{Service: d.Service, Procedure: d.Procedure, Mode: d.Mode}, "", t.at) {
			gone = append(gone, d)
		}
	}
	return gone
}

// lastReceipt says again what the newest stop of a person did.
func (r *Register) lastReceipt(ctx context.Context, a Actor, id PersonID) (*Receipt, error) {
	receipt := &Receipt{}
	err := r.viewOwn(ctx, a, "", func(tx Tx, _ time.Time, _ *Member) error {
		*receipt = Receipt{}
		return each(tx, string(id)+"/", func(row *StopOf) error {
			if row.At.After(receipt.At) {
				*receipt = Receipt{At: row.At}
			}
			m := &Mandate{ID: row.Mandate}
			receipt.Stopped = append(receipt.Stopped, m)
			return need(tx, m, "mandate")
		})
	})
	return receipt, err
}

// partForm is a part as pages and programs write it.
var partForm = regexp.MustCompile(`^(service):([a-z0-9_]{1,64})$|^(procedure):([a-z0-9_]{1,64})\.([a-z0-9_]{1,64})$|^(helper):(h_[a-z2-7]{26})$`)

// ParsePart reads a part as pages and programs write it: "service:caf",
// "procedure:caf.rsa_declaration", "helper:h_…"; empty for everything.
func ParsePart(s string) (Part, error) {
	f := partForm.FindStringSubmatch(s)
	switch {
	case s == "":
		return Part{}, nil
	case f == nil:
		return Part{}, &Invalid{Pointer: "/part", Reason: "stop_part"}
	}
	return Part{Scope: Scope{
		Service: charter.ServiceCode(f[2] + f[4]), Procedure: charter.ProcedureCode(f[5]), Helper: MemberID(f[7]),
	}}, nil
}

// String is the part as ParsePart reads it; a mandate is no part of it.
func (p Part) String() string {
	switch {
	case p.Helper != "":
		return "helper:" + string(p.Helper)
	case p.Procedure != "":
		return "procedure:" + string(p.Service) + "." + string(p.Procedure)
	case p.Service != "":
		return "service:" + string(p.Service)
	}
	return ""
}
