package consent

import (
	"crypto/rand"
	"encoding/base32"
	"regexp"
	"strings"
)

// Identifiers are a prefix and 26 characters of lower-case base32 of 16 random
// bytes. They hold no time and no order, so one says nothing about another.

type (
	// PersonID is of a person: p_…
	PersonID string
	// MemberID is of a member of a structure: h_…
	MemberID string
	// AccountID is of an account: a_…
	AccountID string
	// StructureID is of a structure: s_…
	StructureID string
	// MandateID is of a mandate: m_…
	MandateID string
	// ActID is of an act noted: t_…
	ActID string
	// PresetID is of a preset: v_…
	PresetID string
	// SessionID is of a session: n_…; it opens nothing
	SessionID string
	// ProgramID is of a program: g_…
	ProgramID string
	// PasskeyID is of a passkey, made from the identifier that its device gave it: k_…
	PasskeyID string
	// DestructionID is of a record of destroyed notebooks: d_…
	DestructionID string
	// RequestID is of one request: r_…
	RequestID string
)

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// random26 is the part of an identifier after its prefix.
func random26() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base32Lower.EncodeToString(b[:])
}

// NewRequestID makes the identifier of one request, for the log and the reader
// of an error.
func NewRequestID() RequestID { return RequestID("r_" + random26()) }

// The last character of 26 carries 3 bits of 5 that count; the others are
// zero, so only one spelling of an identifier is accepted.
var idForm = regexp.MustCompile(`^[pahsmtrvgknlo]_[a-z2-7]{25}[aeimquy4]$`)

func validID(prefix, id string) bool {
	return strings.HasPrefix(id, prefix) && idForm.MatchString(id)
}

// ParsePersonID and its sisters accept only the exact form.
func ParsePersonID(s string) (PersonID, error) {
	if !validID("p_", s) {
		return "", &Invalid{Reason: "person_id"}
	}
	return PersonID(s), nil
}

// ParseMandateID accepts only the exact form of a mandate's identifier.
func ParseMandateID(s string) (MandateID, error) {
	if !validID("m_", s) {
		return "", &Invalid{Reason: "mandate_id"}
	}
	return MandateID(s), nil
}

// ParsePasskeyID accepts only the exact form of a passkey's identifier.
func ParsePasskeyID(s string) (PasskeyID, error) {
	if !validID("k_", s) {
		return "", &Invalid{Reason: "passkey_id"}
	}
	return PasskeyID(s), nil
}

// ParseSessionID accepts only the exact form of a session's identifier.
func ParseSessionID(s string) (SessionID, error) {
	if !validID("n_", s) {
		return "", &Invalid{Reason: "session_id"}
	}
	return SessionID(s), nil
}

// ParseMemberID accepts only the exact form of a member's identifier.
func ParseMemberID(s string) (MemberID, error) {
	if !validID("h_", s) {
		return "", &Invalid{Reason: "member_id"}
	}
	return MemberID(s), nil
}

// ParseProgramID accepts only the exact form of a program's identifier.
func ParseProgramID(s string) (ProgramID, error) {
	if !validID("g_", s) {
		return "", &Invalid{Reason: "program_id"}
	}
	return ProgramID(s), nil
}
