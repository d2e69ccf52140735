package charter

import "time"

// Operation is what somebody wants to do.
type Operation string

// Operations. The comment says which parts of Facts a decision reads, beside
// Operation, Now, By and Member.
const (
	OpAdhere      Operation = "adhere"       // Member.Adhered is the version being accepted
	OpOpenMember  Operation = "open_member"  // by a referent or the operator
	OpCloseMember Operation = "close_member" // by a referent or the operator
	OpRecord      Operation = "record"       // a new person
	OpUpdate      Operation = "update"       // Read, Mandate: identity or contact corrected
	OpSearch      Operation = "search"       // Read.Purpose: an index look-up, before anything is opened
	OpList        Operation = "list"         // Read, Mandate: one name in a list
	OpRead        Operation = "read"         // Read, Mandate, and Wanted where a power is relied on
	OpDraft       Operation = "draft"        // Draft, Opened
	OpSign        Operation = "sign"         // Draft, Evidence, Mandate: the person agrees
	OpAccept      Operation = "accept"       // Mandate: a helper accepts for the mandatary
	OpDeliver     Operation = "deliver"      // Mandate: the person gets the copy
	OpCover       Operation = "cover"        // Mandate, Wanted: am I covered, now, for this?
	OpAct         Operation = "act"          // Mandate, Wanted, Act
	OpStatus      Operation = "status"       // Mandate, Wanted if given: what a relying service asks; no member
	OpRevoke      Operation = "revoke"       // nothing else: stopping is never refused for a mandate's state
	OpRenounce    Operation = "renounce"     // Mandate
	OpErase       Operation = "erase"        // by the person, a referent or a DPO
	OpExtract     Operation = "extract"      // Read.Purpose, Read.Fields if names are wanted
	OpNameHelper  Operation = "name_helper"  // a relative or volunteer whom the person names is hosted
	OpBreakGlass  Operation = "break_glass"  // Glass is the reason: the operator may see one person's data for a while
)

// Party is the kind of whoever asks. The zero value is a member, whose zero
// value is closed: facts left out refuse.
type Party string

// Parties.
const (
	ByMember         Party = ""
	ByPerson         Party = "person"         // with their card, or a request at a desk typed for them
	ByRepresentative Party = "representative" // tuteur, curateur, parent
	ByService        Party = "service"        // a relying service: status only
	ByOperator       Party = "operator"       // the command line: pseudonyms only
	BySystem         Party = "system"         // a job: notices only
)

// Facts is everything one decision needs: fixed words, times and counts, never
// a name, so that facts may be logged. Every instant is compared as an instant;
// time zones do not matter here.
type Facts struct {
	Operation Operation
	// Now is the instant of the decision: the log entry's own.
	Now time.Time
	By  Party
	// Member is whoever asks, read in the same transaction. Empty if By is not ByMember.
	Member Member
	// Through is the program that asks for the member; nil if they ask themself.
	Through *Through
	// InForceSince is when this version of the charter took effect in this
	// register: helpers who accepted the former major version have
	// Limits.AdhereAgainDays from then. Zero gives no such time.
	InForceSince time.Time
	// Opened lists the missions that the structure opened among those that the
	// matrix leaves to it.
	Opened []Mission
	// OpenedCapacities lists the capacity answers whose closed path the
	// structure opened (curatelle with the curator's signature).
	OpenedCapacities []Capacity
	// Mandate is the one relied on: the one named in the request, else one of
	// the person's in force here, else the last that ended.
	Mandate Mandate
	// Wanted is the service, procedure and mode of an act or a question.
	Wanted   Power
	Draft    Draft
	Evidence []Evidence
	Act      Act
	Read     Read
	// Glass is, of OpBreakGlass, the reason; of a read by the operator, that of the
	// glass that is open now for the person, "" when none is.
	Glass GlassReasonCode
}

// Member is a member of the structure, as their record says now.
type Member struct {
	Open bool
	Role Role
	// Referent and Auditor say that the member also holds the office beside
	// their role: in a small structure a social worker is also the referent.
	// Role alone may be Referent or DPO too.
	Referent, Auditor bool
	// Adhered is the version of the charter they accepted, "" if none.
	Adhered string
	// Hosted: named by a person, and the mandatary themself; of the structure only
	// in that it hosts them.
	Hosted bool
	// Used is their last sign-in; zero when it is not known.
	Used time.Time
}

func (m Member) isReferent() bool { return m.Referent || m.Role == Referent }
func (m Member) isAuditor() bool  { return m.Auditor || m.Role == DPO }

// Power is one thing that a mandate allows, or that somebody wants to do. Its
// JSON form is the one of the mandate payload.
type Power struct {
	Service   ServiceCode   `json:"service"`
	Procedure ProcedureCode `json:"procedure"`
	Category  CategoryCode  `json:"category"`
	Mode      Mode          `json:"mode"`
}

// Mandate is a mandate of the person in the structure's space, as stored. Its
// state follows from these facts and Now; it is never given.
type Mandate struct {
	// Exists is false if the person has no mandate here. A mandate of another
	// space is not found, which the caller says without asking the charter.
	Exists bool
	// The mandate covers the half-open interval [From, Until).
	From, Until time.Time
	// Signed: the person's agreement is complete. Accepted: a helper accepted
	// for the mandatary. Delivered: the person has the copy.
	Signed, Accepted, Delivered bool
	// ActiveSince is when it became active; an act cannot have happened before.
	// Zero if not known.
	ActiveSince time.Time
	// ConfirmBy is set for a provisional mandate not yet confirmed: from that
	// instant it covers nothing.
	ConfirmBy time.Time
	Suspended bool
	// Ended is how it ended, "" if it did not, and EndedAt from which instant;
	// zero means from the beginning, as for a void one.
	Ended   End
	EndedAt time.Time
	Powers  []Power
	// Level is that of the person's evidence.
	Level Level
	// Mandatary tells a structure from a natural person. Team is true if any
	// member of the structure whose role is open may act; else Includes tells
	// whether the member asking is among the named helpers, or is the natural
	// person.
	Mandatary      MandataryKind
	Team, Includes bool
}

// Draft is a mandate being prepared or signed.
type Draft struct {
	Powers      []Power
	From, Until time.Time
	// Days is the number of local days: Until is 00:00 on the date of From + Days.
	Days int
	// HelperRoles are the roles of the helpers named, or of the natural person;
	// empty for a team, where the role of the member asking counts.
	HelperRoles []Role
	Capacity    Capacity
	// Minor says that the birth date makes the person a minor today.
	Minor bool
	// Represented: a legal representative signs, for a matter inside their power.
	Represented bool
	// ReferentConfirmed: the referent confirmed a case that needs it.
	ReferentConfirmed bool
	// SpecialMandatary: under sauvegarde, somebody named by the judge has this matter.
	SpecialMandatary bool
	Conflict         Conflict
	// Aid is what helped to explain, "" if not said.
	Aid Aid
	// Overlaps: another mandate of the person covers one of the procedures.
	Overlaps   bool
	Supersedes Supersession
	// Provisional: given by phone, active for a short time until confirmed.
	Provisional bool
}

// Evidence is one piece of evidence that somebody agreed or signed.
type Evidence struct {
	Role SignerRole
	Type EvidenceType
	// Witnesses counts adults without interest who saw and heard; OutsideTeam
	// those of them who are not of the helper's team, which is better evidence
	// but refused to nobody.
	Witnesses, OutsideTeam int
	// OwnDevice: the code was typed on, or sent to, the person's own phone or address.
	OwnDevice bool
	// SecondFactor: a code reached the person's own phone or address as well.
	SecondFactor bool
}

// Act is what a helper did; its service, procedure and mode are Facts.Wanted.
type Act struct {
	Reason          ActReason
	Channel         Channel
	CredentialEntry CredentialEntry
	Outcome         Outcome
	// HappenedAt is when it was done; the mandate must have covered it then.
	HappenedAt time.Time
	// ValidatedAt, ValidatedHow and Period are required for a declaration: when
	// and how the person checked it, and the period it covers, "2026",
	// "2026-07" or "2026-07/2026-09".
	ValidatedAt  time.Time
	ValidatedHow Validation
	Period       string
	// Urgent: only what could not wait (C29, reviewed afterwards). It refuses
	// nothing and excuses nothing: after a revocation an urgent act is refused too.
	Urgent bool
}

// Read is a wish to open personal data.
type Read struct {
	Purpose Purpose
	Fields  []Field
	// Drafting: the person has a draft in this structure that is not signed and not out of date.
	Drafting bool
	// Rows is how many names a list would show, all in all; each is then checked
	// with its own Mandate and Drafting.
	Rows int
}
