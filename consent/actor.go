package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// An Actor is whoever asks now. It comes only from a session, a card or the
// program itself, and holds the one space it may touch: a use-case cannot be
// pointed at another.
type Actor struct {
	kind    actorKind
	space   audit.Space
	member  MemberID
	account AccountID
	person  PersonID // of a card
	card    string   // its serial
	check   Check    // what the code of a counter is about
	// Of a signed-in member: the session, its last proof, who made the link when that
	// was one, and the members of the account that the proof is good for.
	session SessionID
	stepUp  time.Time
	how     Proof
	linkBy  string
	reach   []MemberID
	passkey PasskeyID // when the last proof was one
	// Of a program: which, the scopes of its token, and whether it is only proving who
	// it is.
	program   ProgramID
	scopes    []charter.Scope
	signingIn bool
	call      Call
}

type actorKind int

const (
	nobody actorKind = iota
	member
	card
	operator
	system
	program
	holder  // of an account, in the register's space
	counter // of a service, with a code of its own
)

// A Call is what a door knows of one request.
type Call struct {
	Request RequestID
	// Idempotency is the caller's key, or empty; Body is what the key stands for.
	Idempotency string
	Body        []byte
	// Near says of a card that members of its space are at work where it is used.
	Near bool
}

// With returns the actor asking within a call.
func (a Actor) With(c Call) Actor {
	a.call = c
	return a
}

// Member is the member's identifier in the actor's space; empty for others.
func (a Actor) Member() MemberID { return a.member }

// SpaceSlug is the name of the actor's space.
func (a Actor) SpaceSlug() string { return a.space.Slug() }

// Proof is how the actor last showed who they are.
func (a Actor) Proof() Proof { return a.how }

// LinkBy is who made the link that opened the session.
func (a Actor) LinkBy() string { return a.linkBy }

// MaySign tells whether a sign-in is fresh enough at an instant to use the
// helper's signing key: at most 5 minutes old.
func (a Actor) MaySign(at time.Time) bool {
	return !a.stepUp.IsZero() && at.Sub(a.stepUp) <= signingWindow
}

// holder is the actor as the holder of their account, in the register's space.
func (a Actor) holder() Actor {
	return Actor{kind: holder, space: registerSpace, account: a.account, call: a.call}
}

// fresh asks for a proof of at most 5 minutes ago, for what a screen that somebody
// left must not do: sign, extract, erase, close, add a key. A refusal of the
// charter comes before it: who may not do it at all is not sent to sign in again.
func (t *turn) fresh() error {
	if t.actor.kind == member && !t.actor.MaySign(t.at) {
		return &SignInNeeded{Reason: "step_up"}
	}
	return nil
}

const signingWindow = 5 * time.Minute

// by is the actor's pseudonym in the log.
func (a Actor) by() string {
	switch a.kind {
	case member:
		return string(a.member)
	case card:
		return "person"
	case operator:
		return "operator"
	case system:
		return "system"
	case program:
		return string(a.program)
	case holder:
		return string(a.account)
	case counter:
		return "service"
	}
	return "nobody"
}

// idempotency is the key of the call's row, nil when the call has none.
func (a Actor) idempotency() *Idempotency {
	if a.call.Idempotency == "" {
		return nil
	}
	key := sha256.Sum256([]byte(a.call.Idempotency))
	body := sha256.Sum256(a.call.Body)
	by := a.by()
	if a.kind == card {
		by = string(a.person) // every holder of a card is "person" in the log
	}
	return &Idempotency{
		Actor: by, KeyHash: hex.EncodeToString(key[:]), Request: hex.EncodeToString(body[:]),
	}
}

// displayOwner is the holder of a member's display name.
func displayOwner(m MemberID) personal.Owner { return personal.Owner(m) }
