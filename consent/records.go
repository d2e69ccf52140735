package consent

import (
	"encoding/json"
	"errors"
	"time"

	"aval/charter"
	"aval/consent/personal"
)

// A Record is a row: its bucket and its key inside the space. Keys are ASCII
// identifiers and fixed words joined by "/".
type Record interface {
	Bucket() string
	Key() string
}

// Tx is what the use-cases need from a store: rows of one space in one
// transaction. Package store makes it from bytes.
type Tx interface {
	// Get fills r from the row at its key and tells whether there is one.
	Get(r Record) (bool, error)
	Put(r Record) error
	Delete(r Record) error
	// Scan calls fn for each row of like's bucket whose key begins with prefix
	// and comes after the key after, in order. load fills a record. fn ends the
	// scan by returning StopScan.
	Scan(like Record, prefix, after string, fn func(key string, load func(Record) error) error) error
}

// StopScan ends a Scan early and is not passed on.
var StopScan = errors.New("consent: stop scan")

// Instants are kept in UTC with microseconds; the zero time means "not yet".

// A Structure is a legal person that answers for its helpers, and the register
// space's row about its space. A structure's name is public, no personal data.
type Structure struct {
	ID     StructureID
	Number uint32 // of the space, never reused
	Slug   string // of the space, in origins and payloads, fixed
	Name   PublicText
	Opened time.Time
	Closed time.Time
}

// Profile is the structure as its own space knows it.
type Profile struct {
	Structure StructureID
	Number    uint32
	Slug      string
	Name      PublicText
	TZ        string     // IANA name; limits of days are counted there
	Phone     PublicText // printed for the person; empty: none
	Charter   InForce
	// Opened are the missions that the structure opens beyond the charter's
	// default (the ○ of the mission matrix).
	Opened []charter.Mission
	// ContestLetsIn: a text that was refused by a judgement, and is contested, is
	// let in (SetContest). Not by default.
	ContestLetsIn bool
}

// A Member is an account's record in one space: read inside every transaction,
// so that "closed now" is exact.
type Member struct {
	ID       MemberID
	Account  AccountID
	Role     charter.Role
	Referent bool // holds the office beside the role
	Auditor  bool // likewise (DPO)
	Opened   time.Time
	OpenedBy string
	Closed   time.Time
	Adhered  Adherence
	Kid      string          // kid of the member's signing key
	Name     personal.Sealed // display name, under the member's own key
	Renamed  int64           // version of the name once it was changed; 0 before
	// Mail is where they want to be told of stops, under the same key; empty: nowhere.
	Mail        personal.Sealed
	MailVersion int64
	// Hosted: named by a person, and the mandatary themself (CC 1994); of the
	// structure only in that it hosts them.
	Hosted  bool
	Used    time.Time // last sign-in; zero in rows of before it was kept
	Slumber Slumber
}

// A Stated row is the signed statement of a public key: the register's of the
// space's own keys (owner: the slug), or the seal's of a member's. It stands apart
// from the rows that every decision reads.
type Stated struct {
	Owner string
	JWS   string
}

// A Person is the state row of a person: what decisions need, and nothing that
// says who it is.
type Person struct {
	ID      PersonID
	Created time.Time
	By      MemberID
	// Identity and Contact are the versions of those boxes; 0 means none. An
	// older identity stays beside the mandates that committed to it.
	Identity, Contact int64
	C                 string // commitment to the identity, in payloads
	Card              Card
	Erasure           *Erasure
}

// Erased tells whether the person asked to be forgotten: helpers then get "not
// found" from the same instant.
func (p *Person) Erased() bool { return p.Erasure != nil }

// Erasure is how far forgetting has come.
type Erasure struct {
	At       time.Time
	Until    time.Time // the evidence key is destroyed then
	Finished bool      // it was
}

// Card is the state of a person's card; the code is nowhere.
type Card struct {
	Issued time.Time
	Killed time.Time
	Serial string // names the look-up row to kill; not derived from the code
	By     MemberID
	Kind   CardKind // CardNone: they want none; empty in old rows: CardFull
	Alone  Alone    // whether they could answer alone
}

// Live tells whether a card opens the person's page.
func (c Card) Live() bool { return !c.Issued.IsZero() && c.Killed.IsZero() }

// A Box is a sealed record of an owner.
type Box struct {
	Owner   personal.Owner
	Name    string // record name: identity, contact, evidence/…, opening/…
	Version int64
	Sealed  personal.Sealed
}

// An IndexRow leads from a keyed hash of name and birth date to a person.
type IndexRow struct {
	Row   string // hex
	Owner PersonID
}

// An IndexSeal keeps the inner hashes of a person's index rows, sealed, so that
// the rows can be made anew when the epoch turns.
type IndexSeal struct {
	Owner  PersonID
	Closed []byte
	Rows   []string // hex, the rows as they stand now
}

// A BirthSeal keeps a keyed hash of a person's birth date, closed under the
// epoch: the date is checked at the card without opening a box.
type BirthSeal struct {
	Owner  PersonID
	Closed []byte
}

// An Act is something the helper did under a mandate (CC 1993), or with the
// person.
type Act struct {
	ID          ActID
	Mandate     MandateID
	Person      PersonID
	By          MemberID
	Via         ProgramID `json:",omitzero"` // that noted it for them
	Role        charter.Role
	Service     charter.ServiceCode
	Procedure   charter.ProcedureCode
	Mode        charter.Mode
	Reason      charter.ActReason
	Channel     charter.Channel
	Credential  charter.CredentialEntry
	Outcome     charter.Outcome
	Happened    time.Time
	Recorded    time.Time
	Late        bool // typed more than 24 hours after the fact
	Urgent      bool
	Validated   time.Time // by the person; zero when none was needed
	ValidatedBy charter.Validation
	Period      string // that a declaration covers: "2026", "2026-07" or "2026-07/2026-09"
}

// An Account is somebody who signs in. Names are sealed under its own key.
type Account struct {
	ID      AccountID
	Opened  time.Time
	Closed  time.Time
	Members []Membership
}

// A Membership is a space an account works in.
type Membership struct {
	Number uint32
	Slug   string
	Member MemberID
	Closed time.Time // of an account's: the member was closed there
}

// A Link is a one-time link, kept by its keyed hash.
type Link struct {
	Hash    string // hex
	Account AccountID
	Purpose string // "enrol" (24 hours) or "sign_in" (15 minutes)
	By      string // who made it: told to the helper, flagged in extracts
	Space   Membership
	Expires time.Time
	Used    time.Time
}

// A Session is bound to one space, and kept by the keyed hash of its token.
type Session struct {
	Hash    string    // hex; each proof gives another
	ID      SessionID // stays, and opens nothing
	Account AccountID
	Space   Membership // none yet while its holder chooses
	Opened  time.Time
	Seen    time.Time  // written at most once a minute
	StepUp  time.Time  // last time its holder showed who they are
	By      Proof      // how they did
	Reach   []MemberID // what the proof is good for
	Passkey PasskeyID  // when it was one
	LinkBy  string     // who made the link, if one opened it or stepped it up
	Ended   time.Time
}

// A CardRow is the look-up of a card, in the register space.
type CardRow struct {
	Row    string // hex, keyed under the epoch
	Serial string
	Number uint32
	Slug   string
	Person PersonID
	Closed []byte // the inner hash, sealed, to make the row anew
	Check  *Check // of a counter's code; nil for a card
}

// A CardSerial leads from a card's serial to its row.
type CardSerial struct {
	Serial string
	Row    string
}

// A Message is a step for another space, written in the source's transaction
// and applied once in the target.
type Message struct {
	ID   string
	To   uint32
	Slug string
	Kind string
	Body json.RawMessage
	At   time.Time
	Seq  int64 // order among those that wait in the source
}

// Applied marks a message as done in the target.
type Applied struct {
	ID string
	At time.Time
}

// An Idempotency row lets a write be asked twice and done once. No body is kept.
type Idempotency struct {
	Actor   string
	KeyHash string // hex
	Request string // hex SHA-256 of the request body
	Result  string // identifier of what was made
	Expires time.Time
}

// A MandateOf row leads from a person to a mandate.
type MandateOf struct {
	Person  PersonID
	Mandate MandateID
}

// A MandateRef row leads from the short reference to a mandate.
type MandateRef struct {
	Ref     string
	Mandate MandateID
}

// An ActOf row leads from a person to an act, in the order they were noted.
type ActOf struct {
	Person PersonID
	At     string // fixed width
	Act    ActID
}

// A Document is the signed form of a mandate: the bytes that were signed.
type Document struct {
	Mandate MandateID
	JWS     []byte            // general JSON serialization, complete once accepted
	Parts   []json.RawMessage // signatures so far
}

func (r *Structure) Bucket() string   { return "structure" }
func (r *Structure) Key() string      { return r.Slug }
func (r *Profile) Bucket() string     { return "profile" }
func (r *Profile) Key() string        { return "profile" }
func (m *Member) Bucket() string      { return "member" }
func (m *Member) Key() string         { return string(m.ID) }
func (p *Person) Bucket() string      { return "person" }
func (p *Person) Key() string         { return string(p.ID) }
func (r *Box) Bucket() string         { return "box" }
func (r *Box) Key() string            { return string(r.Owner) + "/" + r.Name }
func (r *IndexRow) Bucket() string    { return "index" }
func (r *IndexRow) Key() string       { return r.Row + "/" + string(r.Owner) }
func (r *IndexSeal) Bucket() string   { return "index-seal" }
func (r *IndexSeal) Key() string      { return string(r.Owner) }
func (r *BirthSeal) Bucket() string   { return "birth" }
func (r *BirthSeal) Key() string      { return string(r.Owner) }
func (r *Stated) Bucket() string      { return "statement" }
func (r *Stated) Key() string         { return r.Owner }
func (r *Act) Bucket() string         { return "act" }
func (r *Act) Key() string            { return string(r.ID) }
func (r *ActOf) Bucket() string       { return "act-of" }
func (r *ActOf) Key() string          { return string(r.Person) + "/" + r.At + "/" + string(r.Act) }
func (r *Account) Bucket() string     { return "account" }
func (r *Account) Key() string        { return string(r.ID) }
func (r *Link) Bucket() string        { return "link" }
func (r *Link) Key() string           { return r.Hash }
func (s *Session) Bucket() string     { return "session" }
func (s *Session) Key() string        { return s.Hash }
func (r *CardRow) Bucket() string     { return "card" }
func (r *CardRow) Key() string        { return r.Row }
func (r *CardSerial) Bucket() string  { return "card-serial" }
func (r *CardSerial) Key() string     { return r.Serial }
func (r *Message) Bucket() string     { return "outbox" }
func (r *Message) Key() string        { return r.ID }
func (r *Applied) Bucket() string     { return "applied" }
func (r *Applied) Key() string        { return r.ID }
func (r *Idempotency) Bucket() string { return "idempotency" }
func (r *Idempotency) Key() string    { return r.Actor + "/" + r.KeyHash }
func (r *MandateOf) Bucket() string   { return "mandate-of" }
func (r *MandateOf) Key() string      { return string(r.Person) + "/" + string(r.Mandate) }
func (r *MandateRef) Bucket() string  { return "mandate-ref" }
func (r *MandateRef) Key() string     { return r.Ref }
func (m *Mandate) Bucket() string     { return "mandate" }
func (m *Mandate) Key() string        { return string(m.ID) }
func (r *Document) Bucket() string    { return "document" }
func (r *Document) Key() string       { return string(r.Mandate) }

// WrappedKey is a key of an owner, wrapped under an epoch. A missing row means
// erased.
type WrappedKey struct{ personal.WrappedKey }

func (r *WrappedKey) Bucket() string { return "key" }
func (r *WrappedKey) Key() string    { return string(r.Owner) + "/" + string(r.Kind) }
