package charter

import (
	"errors"
	"fmt"
)

// Codes are fixed words of the charter document: safe to log, to store in clear
// and to put in a URL. Their meaning and labels stand in the document.
type (
	// RuleID is "C01" to "C30".
	RuleID string
	// Role is what a member does in a structure.
	Role string
	// Mission is a row of the mission matrix: a piece of work that a role may or
	// may not do.
	Mission string
	// Mode is one of the four modes of help.
	Mode string
	// CategoryCode names a family of procedures.
	CategoryCode string
	// ServiceCode names a site or body: "caf", "ameli".
	ServiceCode string
	// ProcedureCode names one administrative act, within a service.
	ProcedureCode string
	// ActReason says why a helper acted in the person's place.
	ActReason string
	// Channel says by which way an act was done.
	Channel string
	// CredentialEntry says who typed the person's codes, if anybody did.
	CredentialEntry string
	// Outcome says how an act ended.
	Outcome string
	// Validation says how the person checked a declaration before it was sent.
	Validation string
	// Capacity is the answer to "are you under a protection measure?".
	Capacity string
	// Conflict is the answer to "are you of the family, or do you have an interest?".
	Conflict string
	// Aid says what helped the person to understand.
	Aid string
	// Supersession is the person's choice when another mandate covers the same
	// procedure (Code civil art. 2006).
	Supersession string
	// EvidenceType is a way of agreeing to, or of signing, a mandate.
	EvidenceType string
	// SignerRole is the part a signature plays in a mandate.
	SignerRole string
	// Tie is what somebody is to the person who names them.
	Tie string
	// GlassReasonCode says why a glass is opened over a person's data.
	GlassReasonCode string
	// Purpose says why somebody reads personal data.
	Purpose string
	// Field is a kind of sealed personal data that a read opens.
	Field string
	// MandataryKind tells a structure from a natural person.
	MandataryKind string
	// End is the way a mandate ended, but for time running out.
	End string
)

// Modes of help. Train needs no mandate and names nobody.
const (
	Train        Mode = "train"
	DoWith       Mode = "do_with"
	DoForPresent Mode = "do_for_present"
	DoForAbsent  Mode = "do_for_absent"
)

// Roles. Referent and DPO are offices: they have no mission of the matrix.
const (
	SocialWorker    Role = "social_worker"
	Secretary       Role = "secretary"
	SocialMediator  Role = "social_mediator"
	DigitalMediator Role = "digital_mediator"
	ReceptionAgent  Role = "reception_agent"
	HomeHelp        Role = "home_help"
	Volunteer       Role = "volunteer"
	Relative        Role = "relative"
	Referent        Role = "referent"
	DPO             Role = "dpo"
	Auditor         Role = "auditor"
)

// Roles of parties that are no members.
const (
	Person              Role = "person"
	LegalRepresentative Role = "legal_representative"
	Witness             Role = "witness"
	RelyingService      Role = "relying_service"
	Operator            Role = "operator"
	Program             Role = "program"
	System              Role = "system"
)

// Missions that rules name. The others are only rows of the document.
const (
	MissionRefer           Mission = "refer"
	MissionDoWith          Mission = "do_with"
	MissionDoForPresent    Mission = "do_for_present"
	MissionDoForAbsent     Mission = "do_for_absent"
	MissionAccountCreation Mission = "account_creation"
	MissionAccessRecovery  Mission = "access_recovery"
	MissionDeclaration     Mission = "declaration"
	MissionPersonalAct     Mission = "personal_act"
	MissionPayment         Mission = "payment"
)

// Channels that rules name.
const (
	ChannelPersonSession   Channel = "person_session"
	ChannelDelegatedAccess Channel = "delegated_access"
	ChannelPartnerPortal   Channel = "partner_portal"
	ChannelPaper           Channel = "paper"
	ChannelPhone           Channel = "phone"
	ChannelCounter         Channel = "counter"
)

// Who typed the person's codes.
const (
	EntryPerson           CredentialEntry = "person"
	EntryDelegated        CredentialEntry = "delegated_access"
	EntryNone             CredentialEntry = "none"
	EntryHelperInPresence CredentialEntry = "helper_in_presence"
)

// How the person checked a declaration.
const (
	ValidatedOnScreen Validation = "screen"
	ValidatedByPhone  Validation = "phone"
	ValidatedOnPaper  Validation = "paper"
)

// Answers about capacity. CapacityYes says that a measure exists without saying
// which: it never opens a path.
const (
	CapacityNo               Capacity = "no"
	CapacityUnknown          Capacity = "unknown"
	CapacityYes              Capacity = "yes"
	CapacityEmancipated      Capacity = "emancipated_minor"
	CapacityMinor            Capacity = "minor"
	CapacitySauvegarde       Capacity = "sauvegarde"
	CapacityCuratelle        Capacity = "curatelle"
	CapacityTutelle          Capacity = "tutelle"
	CapacityHabilitation     Capacity = "habilitation_familiale"
	CapacityProtectionFuture Capacity = "protection_future"
	CapacityDoubt            Capacity = "doubt"
)

// Answers about conflict of interest.
const (
	ConflictNo       Conflict = "no"
	ConflictFamily   Conflict = "family"
	ConflictInterest Conflict = "interest"
)

// Choices when another mandate covers the same procedure.
const (
	SupersessionNone    Supersession = "none"
	SupersessionReplace Supersession = "replace"
	SupersessionKeep    Supersession = "keep"
)

// Types of evidence.
const (
	OralWitnessed       EvidenceType = "oral_witnessed"
	MarkWitnessed       EvidenceType = "mark_witnessed"
	PaperOriginal       EvidenceType = "paper_original"
	PaperScan           EvidenceType = "paper_scan"
	CardCode            EvidenceType = "card_code"
	Passkey             EvidenceType = "passkey"
	EmailCode           EvidenceType = "email_code"
	SMSReply            EvidenceType = "sms_reply"
	TabletDrawn         EvidenceType = "tablet_drawn"
	PhoneOral           EvidenceType = "phone_oral"
	EIDFranceConnect    EvidenceType = "eid_franceconnect"
	Qualified           EvidenceType = "qualified"
	Authentic           EvidenceType = "authentic"
	RepresentativeTitle EvidenceType = "representative"
	CuratorCosign       EvidenceType = "curator_cosign"
)

// Parts that signatures play.
const (
	SignerPerson         SignerRole = "person"
	SignerHelper         SignerRole = "helper"
	SignerStructure      SignerRole = "structure"
	SignerRepresentative SignerRole = "representative"
	SignerCurator        SignerRole = "curator"
)

// Purposes of a read.
const (
	PurposePrepareMandate   Purpose = "prepare_mandate"
	PurposeActUnderMandate  Purpose = "act_under_mandate"
	PurposeFollowUp         Purpose = "follow_up"
	PurposeAnswerPerson     Purpose = "answer_person"
	PurposeDeskRevocation   Purpose = "desk_revocation"
	PurposeReferentReview   Purpose = "referent_review"
	PurposeDPOAudit         Purpose = "dpo_audit"
	PurposeAuthorityRequest Purpose = "authority_request"
	PurposeTechnicalSupport Purpose = "technical_support"
	PurposeNotice           Purpose = "notice"
)

// Kinds of sealed data.
const (
	FieldIdentity Field = "identity"
	FieldContact  Field = "contact"
	FieldEvidence Field = "evidence"
)

// Kinds of mandatary.
const (
	MandataryStructure MandataryKind = "structure"
	MandataryNatural   MandataryKind = "natural"
)

// Ways a mandate ends before its time. Expiry is computed from Until, never given.
const (
	EndRevoked         End = "revoked"
	EndRenounced       End = "renounced"
	EndSuperseded      End = "superseded"
	EndFulfilled       End = "fulfilled"
	EndCapacityLost    End = "capacity_lost"
	EndDeceased        End = "deceased"
	EndStructureClosed End = "structure_closed"
	EndNotConfirmed    End = "not_confirmed"
	EndVoid            End = "void"
)

// Level is the strength of the evidence of an agreement, 0 to 4, written "E0"
// to "E4". E0 is a helper's word alone.
type Level int

// Levels of evidence.
const (
	E0 Level = iota
	E1
	E2
	E3
	E4
)

var errLevel = errors.New("charter: a level is E0 to E4")

// String returns "E0" to "E4".
func (l Level) String() string { return fmt.Sprintf("E%d", int(l)) }

// MarshalText writes "E0" to "E4"; any other value is an error.
func (l Level) MarshalText() ([]byte, error) {
	if l < E0 || l > E4 {
		return nil, errLevel
	}
	return []byte(l.String()), nil
}

// UnmarshalText reads what MarshalText writes and nothing else.
func (l *Level) UnmarshalText(b []byte) error {
	if len(b) != 2 || b[0] != 'E' || b[1] < '0' || b[1] > '4' {
		return errLevel
	}
	*l = Level(b[1] - '0')
	return nil
}
