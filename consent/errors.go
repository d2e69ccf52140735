package consent

import (
	"errors"
	"fmt"

	"aval/charter"
)

// The closed list of what a use-case answers when it does not do what was
// asked. Each carries keys to be translated, never a sentence and never a value
// that was sent. Any other error is a fault of ours or of the machine: doors
// show only a reference for it.

// Invalid says that a request is not of its form.
type Invalid struct {
	Pointer string // JSON pointer to the member at fault, "" for the whole
	Reason  string // stable key
}

func (e *Invalid) Error() string { return fmt.Sprintf("invalid %s: %s", e.Pointer, e.Reason) }

// Reasons of refusal that are not the charter's Check's but of the same kind.
const (
	BirthDateDiffers charter.Reason = "birth_date_differs" // right code, wrong birth date
	CardStopsOnly    charter.Reason = "card_stops_only"    // the card opens no page
	CredentialKept   charter.Reason = "credential"         // followed by "_" and the kind
	NameShared       charter.Reason = "name_shared"        // a desk or a mailbox, and nobody's name
)

// NotFound is the answer for what is not there, for what another space has and
// for persons who asked to be forgotten: the three cannot be told apart.
type NotFound struct{ Kind string }

func (e *NotFound) Error() string { return "no such " + e.Kind }

// Refused says that the charter does not allow what was asked. It has been
// entered in the log.
type Refused struct {
	Rule    charter.RuleID
	Reason  string // stable key
	Instead string // key of what to do instead, may be empty
	Pointer string // JSON pointer to the member that decided, may be empty
	// Text is the way out of a text that holds a credential; nil for anything else.
	Text *TextRefusal
}

func (e *Refused) Error() string { return fmt.Sprintf("refused by %s: %s", e.Rule, e.Reason) }

// Conflict says that the request does not fit the state of what it is about:
// signed twice, delivered before it was signed, another body under the same
// idempotency key.
type Conflict struct{ Reason string }

func (e *Conflict) Error() string { return "conflict: " + e.Reason }

// SignInNeeded says that the caller must sign in, or sign in again: Reason is
// "session" (none or over), "step_up" (signing needs a fresh sign-in) or "link"
// (used, expired or unknown).
type SignInNeeded struct{ Reason string }

func (e *SignInNeeded) Error() string { return "sign-in needed: " + e.Reason }

// TooMany says that a limit on attempts was met; try again after Seconds.
type TooMany struct{ Seconds int }

func (e *TooMany) Error() string { return "too many attempts" }

// errReplay leaves a transaction whose idempotency key has done its work.
type errReplay struct{ result string }

func (e *errReplay) Error() string { return "replayed" }

// isAnswer tells an answer of a use-case, yes or no, from a fault of ours or of
// the machine.
func isAnswer(err error) bool {
	switch err.(type) { //nolint:errorlint // answers are returned as they are
	case nil, *Invalid, *NotFound, *Refused, *Conflict, *SignInNeeded:
		return true
	}
	return false
}

// sameNotFound says "not found" of what was asked for when something behind it is
// not found: the two cannot be told apart.
func sameNotFound(err error, kind string) error {
	if _, is := errors.AsType[*NotFound](err); is {
		return &NotFound{Kind: kind}
	}
	return err
}

func asRefused(err error) (*Refused, bool) {
	var r *Refused
	ok := errors.As(err, &r)
	return r, ok
}

func refused(f *charter.Finding) error {
	if f == nil {
		return nil
	}
	return &Refused{Rule: f.Rule, Reason: string(f.Reason), Instead: string(f.Instead), Pointer: f.Pointer}
}

// isConflict tells a conflict by its reason.
func isConflict(err error, reason string) bool {
	c, ok := errors.AsType[*Conflict](err)
	return ok && c.Reason == reason
}
