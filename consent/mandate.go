package consent

import (
	"slices"
	"time"

	"aval/charter"
	"aval/consent/personal"
)

// A Mandate is the contract by which a person lets a mandatary act for them
// (CC 1984). Powers and dates stand in the payload that was signed and nowhere
// else; what happens afterwards is a list of instants beside it.
type Mandate struct {
	ID      MandateID
	Ref     string // 8 digits, said aloud or typed at a desk; opens nothing
	Person  PersonID
	By      MemberID    // who drafted it
	Tie     charter.Tie // what a natural mandatary is to the person, a word of the charter
	Payload Payload
	Digest  string // SHA-256 of the payload's bytes, base64url; set when proposed

	// Confirmed is the referent who confirmed a case that needs it (a person
	// under sauvegarde de justice); empty for others.
	Confirmed MemberID

	// OneProcedure ends the mandate as fulfilled with the first act whose
	// outcome is "done".
	OneProcedure bool

	Drafted    time.Time
	Proposed   time.Time // shown and explained; the payload is fixed from here
	Signed     time.Time // the person agreed
	AcceptedBy MemberID  // who signed for the mandatary
	Accepted   time.Time // the helper signed and the structure sealed
	Delivered  time.Time // the person has their copy (CC 1375): active from here
	Copy       string    // how it was given; before Delivered, with the signature

	Evidence []EvidenceRef
	Stops    []Stop
	End      End
	Lasts    []Last // of procedures that come back
}

// An EvidenceRef names one way the person agreed; the evidence itself is sealed.
type EvidenceRef struct {
	Role  charter.SignerRole   `json:"role"`
	Type  charter.EvidenceType `json:"type"`
	Level charter.Level        `json:"level"`
	C     string               `json:"c"` // commitment, base64url SHA-256
}

// An End is an end that was declared; ends that follow from time are computed.
type End struct {
	At   time.Time
	Kind State
	By   string // h_…, "person" or "system"
}

// A Stop takes part of a mandate away: all that its set members match.
type Stop struct {
	At        time.Time
	By        string
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	Helper    MemberID
}

// State is where a mandate stands at an instant: exactly one at any instant.
type State string

// The states of domain.md §4 that can be reached today.
const (
	Draft      State = "draft"
	Proposed   State = "proposed"
	Signed     State = "signed"
	Active     State = "active"
	Expired    State = "expired"
	Fulfilled  State = "fulfilled"
	Revoked    State = "revoked"
	Renounced  State = "renounced"
	Superseded State = "superseded"
)

// States lists them all, for catalogues and tests.
var States = []State{Draft, Proposed, Signed, Active, Expired, Fulfilled, Revoked, Renounced, Superseded}

// State computes the state at an instant. A declared end beats time, and both
// beat every signature. Active does not mean in force: see InForce.
func (m *Mandate) State(at time.Time) State {
	switch {
	case m.ended(at):
		return m.End.Kind
	case !m.Payload.Until.IsZero() && !at.Before(m.Payload.Until):
		return Expired
	case reached(m.Delivered, at):
		return Active
	case reached(m.Signed, at):
		return Signed
	case reached(m.Proposed, at):
		return Proposed
	}
	return Draft
}

// InForce tells whether the mandate can carry an act at an instant: active and
// inside the half-open interval [from, until).
func (m *Mandate) InForce(at time.Time) bool {
	return m.State(at) == Active && !at.Before(m.Payload.From)
}

func (m *Mandate) ended(at time.Time) bool { return reached(m.End.At, at) }

// reached tells whether an instant that may not have come has come by at.
func reached(t, at time.Time) bool { return !t.IsZero() && !at.Before(t) }

// Stopped tells whether the person took this power, for this helper, back.
func (m *Mandate) Stopped(p Power, by MemberID, at time.Time) bool {
	return slices.ContainsFunc(m.Stops, func(s Stop) bool {
		return reached(s.At, at) &&
			(s.Service == "" || s.Service == p.Service) &&
			(s.Procedure == "" || s.Procedure == p.Procedure) &&
			(s.Helper == "" || s.Helper == by)
	})
}

// Level is the best evidence the person's agreement stands on.
func (m *Mandate) Level() charter.Level {
	var best charter.Level
	for _, e := range m.Evidence {
		if e.Role == charter.SignerPerson {
			best = max(best, e.Level)
		}
	}
	return best
}

// The transitions below are pure: they look at the state at an instant and
// change the mandate or answer a *Conflict. They know no rule of the charter;
// use-cases check those first.

func (m *Mandate) propose(at time.Time) error {
	if m.State(at) != Draft {
		return &Conflict{Reason: "not_draft"}
	}
	raw, err := m.Payload.Bytes()
	if err != nil {
		return err
	}
	if _, err := ParsePayload(raw); err != nil { // nothing is signed that no verifier would read
		return err
	}
	m.Digest, m.Proposed = digest(raw), at
	return nil
}

func (m *Mandate) sign(at time.Time, evidence ...EvidenceRef) error {
	if m.State(at) != Proposed {
		return &Conflict{Reason: "not_proposed"}
	}
	m.Evidence, m.Signed = append(m.Evidence, evidence...), at
	return nil
}

func (m *Mandate) accept(at time.Time) error {
	if m.State(at) != Signed || reached(m.Accepted, at) {
		return &Conflict{Reason: "not_signed"}
	}
	m.Accepted = at
	return nil
}

func (m *Mandate) deliver(at time.Time, copy string) error {
	if m.State(at) != Signed || !reached(m.Accepted, at) {
		return &Conflict{Reason: "not_accepted"}
	}
	m.Copy, m.Delivered = copy, at
	return nil
}

// finish ends the mandate. A mandate that has ended stays as it ended.
func (m *Mandate) finish(at time.Time, kind State, by string) error {
	if m.ended(at) || m.State(at) == Expired {
		return &Conflict{Reason: "already_ended"}
	}
	m.End = End{At: at, Kind: kind, By: by}
	return nil
}

// stop takes part of the mandate back; when nothing is left the whole is
// revoked.
func (m *Mandate) stop(s Stop) error {
	if m.ended(s.At) || m.State(s.At) == Expired {
		return &Conflict{Reason: "already_ended"}
	}
	m.Stops = append(m.Stops, s)
	if !m.left(s.At) {
		m.End = End{At: s.At, Kind: Revoked, By: s.By}
	}
	return nil
}

// supersede takes from a mandate the procedures that a new one gives to somebody
// (CC 2006: for the same matter only); when nothing is left the whole is over.
func (m *Mandate) supersede(at time.Time, given []Power) error {
	if m.ended(at) || m.State(at) == Expired {
		return &Conflict{Reason: "already_ended"}
	}
	for _, p := range given {
		if sharesProcedure(m.Payload.Powers, []Power{p}) {
			m.Stops = append(m.Stops, Stop{At: at, By: "person", Service: p.Service, Procedure: p.Procedure})
		}
	}
	if !m.left(at) {
		m.End = End{At: at, Kind: Superseded, By: "person"}
	}
	return nil
}

// left tells whether anybody can still use any power: somebody of the team whom
// no stop names, or one of the helpers named.
func (m *Mandate) left(at time.Time) bool {
	holders := m.Payload.Helpers.Named
	if m.Payload.Helpers.Team() {
		holders = []MemberID{""}
	}
	return slices.ContainsFunc(holders, func(h MemberID) bool {
		return slices.ContainsFunc(m.Payload.Powers, func(p Power) bool { return !m.Stopped(p, h, at) })
	})
}

// Until is the first instant of the day after the last one: 00:00 in tz on the
// day of from plus days (1 day ends tonight). Days are calendar days, so a
// change of clocks moves the instant and not the date.
func Until(from time.Time, days int, tz *time.Location) time.Time {
	y, m, d := from.In(tz).Date()
	return StartOfDay(y, m, d+days, tz)
}

// StartOfDay is the first instant of a date in tz, in UTC: 00:00, or what the
// clocks show first where they jump over midnight (Cairo, Santiago); the first
// of two midnights, where they go back to it (Havana). For a date that a zone
// left out it is the first instant of the next. time.Date promises none of this.
func StartOfDay(y int, m time.Month, d int, tz *time.Location) time.Time {
	want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	reached := func(t time.Time) bool { return t.In(tz).Format(time.DateOnly) >= want }
	at := time.Date(y, m, d, 12, 0, 0, 0, tz)
	if !reached(at) {
		_, at = at.ZoneBounds()
	}
	// Back from noon, one stretch without a change of clocks at a time.
	for {
		h, mi, s := at.In(tz).Clock()
		first := at.Add(-time.Duration(h)*time.Hour - time.Duration(mi)*time.Minute - time.Duration(s)*time.Second)
		if start, _ := at.In(tz).ZoneBounds(); start.After(first) {
			first = start
		}
		before := first.Add(-time.Second)
		if !reached(before) {
			return first.UTC()
		}
		at = before
	}
}

// evidenceRecord and identityRecord name boxes, and stand in the log's fields.
func evidenceRecord(m MandateID) string { return "evidence." + string(m) }
func scanRecord(m MandateID) string     { return "scan." + string(m) }

const (
	recordContact = "contact"
	recordName    = "name"
)

// ownerOf names the holder of the keys of a person.
func ownerOf(p PersonID) personal.Owner { return personal.Owner(p) }
