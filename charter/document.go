package charter

// The document's parts, as its JSON has them. Member order and the members left
// out are part of the format: a document has one encoding, white space aside.

// Text is a sentence or label in the languages of the charter. French binds.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// In returns the text in a language ("fr", "en"), and the French for any other.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.FR
}

func (t Text) complete() bool { return t.FR != "" && t.EN != "" }

// RuleText is a rule in French, in English, and in short plain French.
type RuleText struct {
	FR       string `json:"fr"`
	EN       string `json:"en"`
	EasyRead string `json:"easy_read"`
}

// In returns the text in a language ("fr", "en", or "easy_read" for plain
// French), and the French for any other.
func (t RuleText) In(lang string) string {
	switch lang {
	case "en":
		return t.EN
	case "easy_read":
		return t.EasyRead
	}
	return t.FR
}

// Class says how a rule holds: "enforced" (the register refuses), "evidenced"
// (evidence is recorded, its absence shows) or "declared" (the helper's word).
type Class string

// Overridable says what a structure may do to a rule or default.
type Overridable string

// Kept says whether this release keeps a rule.
type Kept string

// Values of Class, Overridable and Kept.
const (
	Enforced  Class = "enforced"
	Evidenced Class = "evidenced"
	Declared  Class = "declared"

	NotOverridable      Overridable = "no"
	StricterOverridable Overridable = "stricter"
	FullyOverridable    Overridable = "yes"

	EnforcedNow  Kept = "enforced now"
	NotYet       Kept = "not yet"
	DeclaredOnly Kept = "declared only" // a promise that no register can check
)

// Rule is one numbered rule.
type Rule struct {
	ID      RuleID   `json:"id"`
	Text    RuleText `json:"text"`
	Sources []string `json:"sources"`
	Class   []Class  `json:"class"`
	// Check says in English how the rule is meant to hold.
	Check string `json:"check"`
	// Params names the limits that the rule uses.
	Params      []string    `json:"params,omitempty"`
	Overridable Overridable `json:"overridable"`
	Kept        Kept        `json:"kept"`
	// KeptBy says which part of the register keeps it: "check" (this package's
	// Check), "screen" (texts are screened), "log", "spaces", "page".
	KeptBy []string `json:"kept_by,omitempty"`
}

// Reference is a work that sources cite.
type Reference struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

// RoleInfo is a role: a helper's, with a column of the matrix; an office, held
// alone or beside a role; or a party that is no member of a structure.
type RoleInfo struct {
	Code  Role   `json:"code"`
	Label Text   `json:"label"`
	Kind  string `json:"kind"` // "helper", "office" or "party"
	// MaxDays is the longest mandate this role may sign, in local days; 0: no limit of its own.
	MaxDays int `json:"max_days,omitempty"`
	// May lists what the role may ask for at all; what it then gets is told by the
	// rules. MayHosted is the list of those whom a person named and whom a structure
	// hosts: they are the mandatary themselves (Code civil art. 1994). MayGlass adds
	// what an opened glass allows.
	May       []Operation `json:"may,omitempty"`
	MayHosted []Operation `json:"may_hosted,omitempty"`
	MayGlass  []Operation `json:"may_glass,omitempty"`
	// Pseudonyms: the role never sees a name, but through an opened glass.
	Pseudonyms bool `json:"pseudonyms,omitempty"`
}

// Kinds of roles.
const (
	KindHelper = "helper"
	KindOffice = "office"
	KindParty  = "party"
)

// SharedNames are words that name a desk or a mailbox and nobody, without accents
// and in small letters: an account belongs to one person (C21).
type SharedNames struct {
	Alone    []string `json:"alone"`    // one is enough
	Together []string `json:"together"` // a name of these words alone
}

// Cell is one box of the mission matrix.
type Cell string

// Cells. Exclusive, lead and own all allow; they differ for who reads the matrix.
const (
	CellExclusive       Cell = "exclusive"
	CellLead            Cell = "lead"
	CellOwn             Cell = "own"
	CellIfOpened        Cell = "if_opened"
	CellIfOpenedPresent Cell = "if_opened_present" // opened by the structure, and the person there
	CellNo              Cell = "no"
	CellPerson          Cell = "person" // the person alone signs
)

// MissionInfo is a row of the matrix: one cell per helper role, in the order of roles.
type MissionInfo struct {
	Code   Mission `json:"code"`
	Label  Text    `json:"label"`
	Cells  []Cell  `json:"cells"`
	Source string  `json:"source"`
}

// ModeInfo is a mode of help.
type ModeInfo struct {
	Code    Mode    `json:"code"`
	Label   Text    `json:"label"`
	Mandate string  `json:"mandate"` // "none", "optional", "required"
	Mission Mission `json:"mission"` // the row of the matrix that opens it
}

// Word is a fixed word with its label.
type Word struct {
	Code  string `json:"code"`
	Label Text   `json:"label"`
}

// Path says what an answer about capacity opens.
type Path string

// Paths. Ask: the answer is not precise enough. Curator: closed unless the
// structure opened it, then the curator signs beside the person.
const (
	PathSign           Path = "sign"
	PathReferent       Path = "referent"
	PathAsk            Path = "ask"
	PathCurator        Path = "curator"
	PathRepresentative Path = "representative"
	PathRefused        Path = "refused"
)

// CapacityInfo is an answer about protection and age.
type CapacityInfo struct {
	Code   Capacity `json:"code"`
	Label  Text     `json:"label"`
	Answer string   `json:"answer"` // "yes", "no", "unknown": all that a summary needs to say
	Path   Path     `json:"path"`
	Source string   `json:"source"`
}

// Needs says which mandate a purpose of reading leans on.
type Needs string

// Values of Needs; the rule itself is told at checkRead in check_read.go.
const (
	NeedsInForce      Needs = "in_force"
	NeedsOpen         Needs = "open"
	NeedsOpenOrOffice Needs = "open_or_office"
	NeedsToStop       Needs = "to_stop"
	NeedsNothing      Needs = "nothing"
)

// PurposeInfo is a purpose of reading: who may have it, which mandate it needs,
// which data it may open.
type PurposeInfo struct {
	Code   Purpose  `json:"code"`
	Label  Text     `json:"label"`
	Who    []string `json:"who"` // "helper", "referent", "dpo", "auditor", or a Party
	Needs  Needs    `json:"needs"`
	Fields []Field  `json:"fields,omitempty"`
}

// LevelInfo is a level of evidence.
type LevelInfo struct {
	Level Level `json:"level"`
	Label Text  `json:"label"`
	// MaxDays is the longest mandate on such evidence; 0: not enough alone.
	MaxDays int `json:"max_days"`
}

// EvidenceInfo is a type of evidence and what it is worth.
type EvidenceInfo struct {
	Type  EvidenceType `json:"type"`
	Label Text         `json:"label"`
	Level Level        `json:"level"`
	// Levels that replace Level: with two witnesses or more, with a second
	// factor, on a device or address that is not the person's own.
	TwoWitnesses     *Level `json:"two_witnesses,omitempty"`
	WithSecondFactor *Level `json:"with_second_factor,omitempty"`
	OtherDevice      *Level `json:"other_device,omitempty"`
	MinWitnesses     int    `json:"min_witnesses,omitempty"`
	// AbsentWitnesses are needed where a power lets act in the person's absence.
	AbsentWitnesses int `json:"absent_witnesses,omitempty"`
	// OnlyProvisional: makes a provisional mandate and no other.
	OnlyProvisional bool `json:"only_provisional,omitempty"`
	// NeverAbsentAlone: never enough by itself for a power in absence.
	NeverAbsentAlone bool `json:"never_absent_alone,omitempty"`
	// Complement: stands beside another piece of evidence.
	Complement bool `json:"complement,omitempty"`
}

// SignersInfo says who signs a mandate, by kind of mandatary and path.
type SignersInfo struct {
	Mandatary MandataryKind `json:"mandatary"`
	Path      Path          `json:"path"`
	Signers   []SignerRole  `json:"signers"`
}

// Limits are the numbers of the charter; the unit is in the name. Days of a
// mandate are local days.
type Limits struct {
	MinPowers             int   `json:"min_powers"`
	MaxPowers             int   `json:"max_powers"`
	OfferedDays           []int `json:"offered_days"`
	MaxDays               int   `json:"max_days"`
	PastStartHours        int   `json:"past_start_hours"` // a draft may start that long ago, at most
	ProvisionalDays       int   `json:"provisional_days"`
	ProvisionalOneOffDays int   `json:"provisional_one_off_days"`
	WarnBeforeEndDays     int   `json:"warn_before_end_days"`
	WarnFromDays          int   `json:"warn_from_days"` // mandates at least that long get the warning
	AccountWarnMonths     int   `json:"account_warn_months"`
	AccountCloseMonths    int   `json:"account_close_months"`
	ActLateDays           int   `json:"act_late_days"`
	ActLateFlagHours      int   `json:"act_late_flag_hours"`
	ValidationDays        int   `json:"validation_days"`
	AdhereAgainDays       int   `json:"adhere_again_days"`
	DraftDays             int   `json:"draft_days"`
	ListRows              int   `json:"list_rows"`
	SearchCandidates      int   `json:"search_candidates"`
	NoticeMailMinutes     int   `json:"notice_mail_minutes"`
	NoticeChaseHours      int   `json:"notice_chase_hours"`
	UrgentReviewDays      int   `json:"urgent_review_days"`
	IncidentHours         int   `json:"incident_hours"`
	AnswerPersonMonths    int   `json:"answer_person_months"`
	ExtractDays           int   `json:"extract_days"`
	StatisticsGroup       int   `json:"statistics_group"`
}

// Span is a length of time on the calendar: days, or months (72 is six years).
type Span struct {
	Days   int `json:"days,omitempty"`
	Months int `json:"months,omitempty"`
}

// Retention says how long a kind of data is kept, counted from an event.
type Retention struct {
	Data  string `json:"data"`
	Label Text   `json:"label"`
	Since string `json:"since"`
	// Helpers is how long helpers see it, Archive how long the referent and the
	// DPO do, both from Since; nil: not kept for them, or as long as Since has not come.
	Helpers *Span `json:"helpers,omitempty"`
	Archive *Span `json:"archive,omitempty"`
	// AllowedMonths are the least and the most that a structure may set.
	AllowedMonths []int  `json:"allowed_months,omitempty"`
	Then          string `json:"then"`
	Source        string `json:"source"`
}

// Category is a family of procedures.
type Category struct {
	Code  CategoryCode `json:"code"`
	Label Text         `json:"label"`
	// MaxDays is the longest mandate holding a power of the category.
	MaxDays int `json:"max_days"`
	// MinLevel is the lowest evidence for a power in the person's absence.
	MinLevel Level `json:"min_level"`
	// Sensitive names what its data may show: "children", "health", "origin",
	// "offences". Keep the category code only, never the content.
	Sensitive []string `json:"sensitive,omitempty"`
	// ExplicitConsent: GDPR art. 9(2)(a) agreement asked apart from the mandate.
	ExplicitConsent bool `json:"explicit_consent,omitempty"`
	// PresentOnly: never in the person's absence.
	PresentOnly bool `json:"present_only,omitempty"`
}

// Service is a site or body with its procedures.
type Service struct {
	Code       ServiceCode `json:"code"`
	Label      Text        `json:"label"`
	Recovery   Recovery    `json:"recovery"`
	Procedures []Procedure `json:"procedures"`
}

// Recovery is the official way back into a service, in words.
type Recovery struct {
	Text Text  `json:"text"`
	Note *Text `json:"note,omitempty"`
	// CheckedOn is the date (YYYY-MM-DD) it was found in a source, nil if it
	// was not: then say so beside it.
	CheckedOn *string `json:"checked_on"`
}

// Procedure is one administrative act of a service.
type Procedure struct {
	Code     ProcedureCode `json:"code"`
	Category CategoryCode  `json:"category"`
	Mission  Mission       `json:"mission"`
	Label    Text          `json:"label"`
	// Every is "month", "quarter", "year", or "" if nothing comes back.
	Every string `json:"every,omitempty"`
	// NeverAbsent: never in the person's absence, whatever its category says.
	NeverAbsent bool `json:"never_absent,omitempty"`
}

type document struct {
	ID                string         `json:"id"`
	Version           string         `json:"version"`
	Date              string         `json:"date"`
	Lang              []string       `json:"lang"`
	Rules             []Rule         `json:"rules"`
	References        []Reference    `json:"references"`
	Roles             []RoleInfo     `json:"roles"`
	Missions          []MissionInfo  `json:"missions"`
	Modes             []ModeInfo     `json:"modes"`
	ActReasons        []Word         `json:"act_reasons"`
	Channels          []Word         `json:"channels"`
	CredentialEntries []Word         `json:"credential_entries"`
	Outcomes          []Word         `json:"outcomes"`
	Validations       []Word         `json:"validations"`
	Capacities        []CapacityInfo `json:"capacities"`
	Conflicts         []Word         `json:"conflicts"`
	Aids              []Word         `json:"aids"`
	Supersessions     []Word         `json:"supersessions"`
	Ends              []Word         `json:"ends"`
	Fields            []Word         `json:"fields"`
	Ties              []Word         `json:"ties,omitempty"`
	GlassReasons      []Word         `json:"glass_reasons,omitempty"`
	SharedNames       *SharedNames   `json:"shared_names,omitempty"`
	Purposes          []PurposeInfo  `json:"purposes"`
	Levels            []LevelInfo    `json:"levels"`
	EvidenceTypes     []EvidenceInfo `json:"evidence_types"`
	Signers           []SignersInfo  `json:"signers"`
	Limits            Limits         `json:"limits"`
	Retention         []Retention    `json:"retention"`
	Categories        []Category     `json:"categories"`
	Services          []Service      `json:"services"`
}
