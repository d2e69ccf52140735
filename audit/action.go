package audit

// A Class groups actions by how long their details are kept: details of one
// class and month share a key, and pruning destroys that key.
type Class string

// The classes, with how long their details are kept by default.
const (
	ClassRead       Class = "r" // looks at personal data: 12 months (CNIL 2021-122: 6 to 12, up to 36 with a reason)
	ClassAct        Class = "a" // acts: 6 years (limitation of criminal actions)
	ClassMandate    Class = "m" // mandates, consents, notices, cards: 6 years
	ClassSystem     Class = "s" // members, clock, checkpoints: 12 months
	ClassGovernance Class = "g" // charter, keys, retention, incidents: 6 years
)

// classes in the order of their letters.
const classes = "agmrs"

// An Action says what an entry is about: a code of domain.md §13 or interface.md.
type Action string

// Reading personal data.
const (
	PersonRead           Action = "person.read"
	PersonListed         Action = "person.listed"
	PersonSearched       Action = "person.searched"
	PersonExported       Action = "person.exported"
	PersonPageOpened     Action = "person.page_opened"
	MandateRead          Action = "mandate.read"
	MandateStatusChecked Action = "mandate.status_checked"
	ExtractMade          Action = "extract.made"
	ExtractRead          Action = "extract.read"
	AttemptRefused       Action = "attempt.refused"
	// AttemptContested: somebody says of a refused text that it is no credential.
	AttemptContested Action = "attempt.contested"
)

// Acting for a person.
const (
	ActRecorded  Action = "act.recorded"
	ActReviewed  Action = "act.reviewed"
	ReferralMade Action = "referral.made"
)

// Passwords that lie elsewhere: one that was shown to a helper, and those of a
// notebook, each made needless and then destroyed with it.
const (
	CredentialShown   Action = "credential.shown"
	NotebookListed    Action = "notebook.listed"
	NotebookSettled   Action = "notebook.settled"
	NotebookImported  Action = "notebook.imported"
	NotebookDestroyed Action = "notebook.destroyed"
)

// The mandate, what goes with it, and the card.
const (
	MandateDrafted       Action = "mandate.drafted"
	MandateProposed      Action = "mandate.proposed"
	MandateSigned        Action = "mandate.signed"
	MandateAccepted      Action = "mandate.accepted"
	MandateCopyDelivered Action = "mandate.copy_delivered"
	MandateActivated     Action = "mandate.activated"
	MandateConfirmed     Action = "mandate.confirmed"
	MandateSuspended     Action = "mandate.suspended"
	MandateRevoked       Action = "mandate.revoked"
	MandateRenounced     Action = "mandate.renounced"
	MandateEnded         Action = "mandate.ended"
	ConsentGiven         Action = "consent.given"
	ConsentWithdrawn     Action = "consent.withdrawn"
	NoticeGiven          Action = "notice.given"
	NoticeSent           Action = "notice.sent"
	NoticeAcked          Action = "notice.acked"
	CardIssued           Action = "card.issued"
	CardReissued         Action = "card.reissued"
	CardKilled           Action = "card.killed"
	CardDeclined         Action = "card.declined" // the person wants none
	CheckIssued          Action = "check.issued"  // a code with which a counter asks
)

// Members, persons' records, and the system.
const (
	HelperAdhered    Action = "helper.adhered"
	HelperOpened     Action = "helper.opened"
	HelperClosed     Action = "helper.closed"
	HelperLogin      Action = "helper.login"
	HelperLinked     Action = "helper.linked" // a one-time link was made for them
	ProgramLogin     Action = "program.login" // a program was given a token
	HelperKeyAdded   Action = "helper.key_added"
	HelperKeyRemoved Action = "helper.key_removed" // by them, or by a referent who checked who asks
	HelperKeyRefused Action = "helper.key_refused" // a right key that may have been copied, or changed
	HelperSignedOut  Action = "helper.signed_out"  // a session was ended from another
	PersonCreated    Action = "person.created"
	PersonUpdated    Action = "person.updated"
	CheckpointSigned Action = "checkpoint.signed"
	ClockJump        Action = "clock.jump"
	BackupMade       Action = "backup.made"
	PlacesImported   Action = "places.imported" // the public directory; nobody's data
)

// Governing the register.
const (
	CharterPublished   Action = "charter.published"
	OverridePublished  Action = "override.published"
	KeyPublished       Action = "key.published"
	KeyRetired         Action = "key.retired"
	PersonKeyDestroyed Action = "person.key_destroyed"
	RetentionRun       Action = "retention.run"
	IncidentOpened     Action = "incident.opened"
	IncidentClosed     Action = "incident.closed"
	RequestMade        Action = "request.made" // by a person, about their data (GDPR 15 to 21)
	RequestExtended    Action = "request.extended"
	RequestAnswered    Action = "request.answered"
	BackupRestored     Action = "backup.restored"
	BreakGlass         Action = "break_glass"
	StructureOpened    Action = "structure.opened"
	StructureUpdated   Action = "structure.updated"
	StructureClosed    Action = "structure.closed"
	ProgramOpened      Action = "program.opened" // who may ask in a structure's name, and for what
	ProgramClosed      Action = "program.closed"
)

// Class returns the class of a, and whether a is an action at all. A switch and
// not a map: nothing can be added while the program runs.
func (a Action) Class() (Class, bool) {
	switch a {
	case PersonRead, PersonListed, PersonSearched, PersonExported, PersonPageOpened,
		MandateRead, MandateStatusChecked, ExtractMade, ExtractRead, AttemptRefused, AttemptContested:
		return ClassRead, true
	case ActRecorded, ActReviewed, ReferralMade, CredentialShown, NotebookListed, NotebookSettled:
		return ClassAct, true
	case MandateDrafted, MandateProposed, MandateSigned, MandateAccepted, MandateCopyDelivered,
		MandateActivated, MandateConfirmed, MandateSuspended, MandateRevoked, MandateRenounced, MandateEnded,
		ConsentGiven, ConsentWithdrawn, NoticeGiven, NoticeSent, NoticeAcked,
		CardIssued, CardReissued, CardKilled, CardDeclined, CheckIssued:
		return ClassMandate, true
	case HelperAdhered, HelperOpened, HelperClosed, HelperLogin, HelperLinked, ProgramLogin, PersonCreated, PersonUpdated,
		HelperKeyAdded, HelperKeyRemoved, HelperKeyRefused, HelperSignedOut,
		CheckpointSigned, ClockJump, BackupMade, PlacesImported, NotebookImported:
		return ClassSystem, true
	case CharterPublished, OverridePublished, KeyPublished, KeyRetired, PersonKeyDestroyed, RetentionRun,
		IncidentOpened, IncidentClosed, RequestMade, RequestExtended, RequestAnswered, BackupRestored, BreakGlass,
		StructureOpened, StructureUpdated, StructureClosed, ProgramOpened, ProgramClosed, NotebookDestroyed:
		return ClassGovernance, true
	}
	return "", false
}
