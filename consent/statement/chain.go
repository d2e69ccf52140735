package statement

import (
	"crypto/ecdsa"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Keys are the keys of one space that the register vouches for.
type Keys struct {
	spaces   []Space
	members  []Member
	passkeys []Passkey
}

const maxChain = 4096 // statements

// Chain verifies statements about one space and its members, in any order: each
// is signed by the register, or by a seal that the register states. One that is
// not makes the whole refused. The error is ErrForm or ErrSignature.
func Chain(register *RegisterPub, slug string, statements []string) (*Keys, error) {
	if len(statements) > maxChain {
		return nil, ErrForm
	}
	keys := &Keys{}
	var others []string
	for _, jws := range statements {
		s, err := ParseSpace(register, jws)
		switch {
		case errors.Is(err, ErrSignature):
			others = append(others, jws)
			continue
		case err != nil:
			return nil, err
		case s.Slug != slug:
			return nil, ErrSignature
		}
		keys.spaces = append(keys.spaces, s)
	}
	for _, jws := range others {
		if err := keys.sealed(jws); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// sealed reads a statement that a seal signed, of a member's key or of a passkey.
func (k *Keys) sealed(jws string) error {
	for _, s := range k.spaces {
		m, err := ParseMember(s, jws)
		if err == nil {
			k.members = append(k.members, m)
			return nil
		}
		p, other := ParsePasskey(s, jws)
		if other == nil {
			k.passkeys = append(k.passkeys, p)
			return nil
		}
		if !errors.Is(err, ErrSignature) {
			return err
		}
	}
	return ErrSignature
}

// Passkey gives the stated passkey with this kid, if it was one at an instant; else
// nil.
func (k *Keys) Passkey(kid string, at time.Time) *Passkey {
	for i, p := range k.passkeys {
		if p.Key.Kid == kid && covers(p.From, p.To, at) {
			return &k.passkeys[i]
		}
	}
	return nil
}

// Seal gives the seal's key with this kid, if it was one at an instant; else nil.
func (k *Keys) Seal(kid string, at time.Time) *ecdsa.PublicKey {
	for _, s := range k.spaces {
		if s.Seal.Kid == kid && covers(s.From, s.To, at) {
			return s.Seal.Public
		}
	}
	return nil
}

// Member gives the member's key with this kid, if it was one at an instant; else
// nil.
func (k *Keys) Member(kid string, at time.Time) *ecdsa.PublicKey {
	if m := k.member(kid, at); m != nil {
		return m.Key.Public
	}
	return nil
}

// MemberID gives the pseudonym of the member whose key it is, "" if nobody's at
// that instant.
func (k *Keys) MemberID(kid string, at time.Time) string {
	if m := k.member(kid, at); m != nil {
		return m.ID
	}
	return ""
}

func (k *Keys) member(kid string, at time.Time) *Member {
	for i, m := range k.members {
		if m.Key.Kid == kid && covers(m.From, m.To, at) {
			return &k.members[i]
		}
	}
	return nil
}

// Log gives the verifier of the space's log at an instant, the newest stated if
// there are several; nil if none is.
func (k *Keys) Log(at time.Time) note.Verifier {
	var best *Space
	for i, s := range k.spaces {
		if covers(s.From, s.To, at) && (best == nil || s.From.After(best.From)) {
			best = &k.spaces[i]
		}
	}
	if best == nil {
		return nil
	}
	v, err := note.NewVerifier(best.Log)
	if err != nil {
		return nil
	}
	return v
}
