package charter

import "slices"

// Reason is the stable key of a refusal. Pages translate it; it is never shown as it is.
type Reason string

// Instead is the stable key of what to do instead of what was refused.
type Instead string

// Reasons of refusal, in the order of the rules that give them.
const (
	OperationUnknown Reason = "operation_unknown"
	ActorNotAllowed  Reason = "actor_not_allowed"
	ProgramClosed    Reason = "program_closed"
	ProgramScope     Reason = "program_scope"
	MemberClosed     Reason = "member_closed"
	NotAdhered       Reason = "not_adhered"
	CharterVersion   Reason = "charter_version"
	OfficeOnly       Reason = "office_only"
	RoleNotHelper    Reason = "role_not_helper"
	MemberUnused     Reason = "member_unused"
	HostedOnly       Reason = "hosted_only"
	GlassReason      Reason = "glass_reason"

	PurposeMissing Reason = "purpose_missing"
	PurposeUnknown Reason = "purpose_unknown"
	PurposeRole    Reason = "purpose_role"
	FieldsMissing  Reason = "fields_missing"
	FieldPurpose   Reason = "field_purpose"
	RowsOver       Reason = "rows_over"
	NamesSession   Reason = "names_session"

	MandateMissing         Reason = "mandate_missing"
	MandateRevoked         Reason = "mandate_revoked"
	MandateRenounced       Reason = "mandate_renounced"
	MandateSuperseded      Reason = "mandate_superseded"
	MandateFulfilled       Reason = "mandate_fulfilled"
	MandateCapacityLost    Reason = "mandate_capacity_lost"
	MandateDeceased        Reason = "mandate_deceased"
	MandateStructureClosed Reason = "mandate_structure_closed"
	MandateNotConfirmed    Reason = "mandate_not_confirmed"
	MandateVoid            Reason = "mandate_void"
	MandateEnded           Reason = "mandate_ended"
	MandateNotSigned       Reason = "mandate_not_signed"
	MandateNotAccepted     Reason = "mandate_not_accepted"
	CopyNotDelivered       Reason = "copy_not_delivered"
	MandateNotStarted      Reason = "mandate_not_started"
	MandateExpired         Reason = "mandate_expired"
	MandateNotActive       Reason = "mandate_not_active"
	MandateSuspended       Reason = "mandate_suspended"
	HelperNotNamed         Reason = "helper_not_named"

	ServiceUnknown      Reason = "service_unknown"
	ProcedureUnknown    Reason = "procedure_unknown"
	PowerCategory       Reason = "power_category"
	ModeUnknown         Reason = "mode_unknown"
	ModeNoMandate       Reason = "mode_no_mandate"
	PersonalAct         Reason = "personal_act"
	PaymentClosed       Reason = "payment_closed"
	ModeAbsentForbidden Reason = "mode_absent_forbidden"
	PowerService        Reason = "power_service"
	PowerProcedure      Reason = "power_procedure"
	PowerMode           Reason = "power_mode"
	RoleMode            Reason = "role_mode"
	RoleMission         Reason = "role_mission"

	PowersCount Reason = "powers_count"
	PowerTwice  Reason = "power_twice"

	CapacityMissing        Reason = "capacity_missing"
	CapacityMinorPerson    Reason = "capacity_minor"
	CapacityMeasure        Reason = "capacity_measure"
	CapacityConfirm        Reason = "capacity_confirm"
	CapacitySpecial        Reason = "capacity_special"
	CapacityCurator        Reason = "capacity_curator"
	CapacityRepresentative Reason = "capacity_representative"
	CapacityRefused        Reason = "capacity_refused"
	ConflictMissing        Reason = "conflict_missing"
	ConflictFound          Reason = "conflict"
	AidUnknown             Reason = "aid_unknown"
	SupersessionAnswer     Reason = "supersession_answer"

	EndMissing   Reason = "end_missing"
	DatesOrder   Reason = "dates_order"
	EndPast      Reason = "end_past"
	StartPast    Reason = "start_past"
	DurationOver Reason = "duration_over"

	EvidenceMissing     Reason = "evidence_missing"
	EvidenceUnknown     Reason = "evidence_unknown"
	WitnessCount        Reason = "witness_count"
	EvidenceProvisional Reason = "evidence_provisional"
	EvidenceLevelLow    Reason = "evidence_level"
	EvidenceAbsentAlone Reason = "evidence_absent_alone"

	ActReasonMissing   Reason = "act_reason"
	ActChannel         Reason = "act_channel"
	ActOutcome         Reason = "act_outcome"
	CredentialMissing  Reason = "credential_entry"
	CredentialPresent  Reason = "credential_entry_present"
	CredentialAbsent   Reason = "credential_entry_absent"
	CredentialPerson   Reason = "credential_entry_person"
	ChannelAbsent      Reason = "channel_absent"
	ActTimeMissing     Reason = "act_time"
	ActInFuture        Reason = "act_in_future"
	ActLate            Reason = "act_late"
	ValidationMissing  Reason = "validation_missing"
	ValidationHow      Reason = "validation_how"
	ValidationPeriod   Reason = "validation_period"
	ValidationAfterAct Reason = "validation_after_act"
	ValidationOld      Reason = "validation_old"
)

// What to do instead.
const (
	AskReferent         Instead = "ask_referent"
	AskDPO              Instead = "ask_dpo"
	AdhereFirst         Instead = "adhere"
	Correct             Instead = "correct"
	ChoosePurpose       Instead = "choose_purpose"
	SmallerList         Instead = "smaller_list"
	MakeMandate         Instead = "make_mandate"
	RenewMandate        Instead = "renew_mandate"
	SignMandate         Instead = "sign_mandate"
	AcceptMandate       Instead = "accept_mandate"
	DeliverCopy         Instead = "deliver_copy"
	WaitStart           Instead = "wait_start"
	ConfirmMandate      Instead = "confirm_mandate"
	StopHelping         Instead = "stop_helping"
	AnotherHelper       Instead = "another_helper"
	ReferPerson         Instead = "refer"
	HelpWith            Instead = "do_with"
	HelpPresent         Instead = "do_for_present"
	CountOnly           Instead = "count_only"
	PersonSigns         Instead = "person_signs"
	PersonPays          Instead = "person_pays"
	PersonTypes         Instead = "person_types"
	OfficialWay         Instead = "official_way"
	SplitMandate        Instead = "split_mandate"
	ShorterMandate      Instead = "shorter_mandate"
	AskPerson           Instead = "ask_person"
	AskMeasure          Instead = "ask_measure"
	CuratorSigns        Instead = "curator_signs"
	RepresentativeSigns Instead = "representative_signs"
	AskSpecialMandatary Instead = "ask_special_mandatary"
	SecondWitness       Instead = "second_witness"
	StrongerEvidence    Instead = "stronger_evidence"
	MakeProvisional     Instead = "make_provisional"
	ReportToReferent    Instead = "report_to_referent"
	ValidateWithPerson  Instead = "validate_with_person"
	AddPower            Instead = "add_power"
)

// Reasons lists every reason that Check may give, sorted: a catalogue of
// translations is complete when it has them all.
func Reasons() []Reason {
	r := []Reason{
		OperationUnknown, ActorNotAllowed, MemberClosed, NotAdhered, CharterVersion, OfficeOnly, RoleNotHelper,
		MemberUnused, HostedOnly, GlassReason, ProgramClosed, ProgramScope,
		PurposeMissing, PurposeUnknown, PurposeRole, FieldsMissing, FieldPurpose, RowsOver, NamesSession,
		MandateMissing, MandateRevoked, MandateRenounced, MandateSuperseded, MandateFulfilled, MandateCapacityLost,
		MandateDeceased, MandateStructureClosed, MandateNotConfirmed, MandateVoid, MandateEnded, MandateNotSigned,
		MandateNotAccepted, CopyNotDelivered, MandateNotStarted, MandateExpired, MandateNotActive, MandateSuspended,
		HelperNotNamed, ServiceUnknown, ProcedureUnknown, PowerCategory, ModeUnknown, ModeNoMandate, PersonalAct,
		PaymentClosed, ModeAbsentForbidden, PowerService, PowerProcedure, PowerMode, RoleMode, RoleMission,
		PowersCount, PowerTwice, CapacityMissing, CapacityMinorPerson, CapacityMeasure, CapacityConfirm,
		CapacitySpecial, CapacityCurator, CapacityRepresentative, CapacityRefused, ConflictMissing, ConflictFound,
		AidUnknown, SupersessionAnswer, EndMissing, DatesOrder, EndPast, StartPast, DurationOver, EvidenceMissing,
		EvidenceUnknown, WitnessCount, EvidenceProvisional, EvidenceLevelLow, EvidenceAbsentAlone, ActReasonMissing,
		ActChannel, ActOutcome, CredentialMissing, CredentialPresent, CredentialAbsent, CredentialPerson,
		ChannelAbsent, ActTimeMissing, ActInFuture, ActLate, ValidationMissing, ValidationHow, ValidationPeriod,
		ValidationAfterAct, ValidationOld,
	}
	slices.Sort(r)
	return r
}

// Insteads lists every key that Finding.Instead may have, sorted.
func Insteads() []Instead {
	r := []Instead{
		AskReferent, AskDPO, AdhereFirst, Correct, ChoosePurpose, SmallerList, MakeMandate, RenewMandate, SignMandate,
		AcceptMandate, DeliverCopy, WaitStart, ConfirmMandate, StopHelping, AnotherHelper, ReferPerson, HelpWith,
		HelpPresent, CountOnly, PersonSigns, PersonPays, PersonTypes, OfficialWay, SplitMandate, ShorterMandate,
		AskPerson, AskMeasure, CuratorSigns, RepresentativeSigns, AskSpecialMandatary, SecondWitness,
		StrongerEvidence, MakeProvisional, ReportToReferent, ValidateWithPerson, AddPower,
	}
	slices.Sort(r)
	return r
}
