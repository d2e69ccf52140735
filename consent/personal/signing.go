package personal

import (
	"time"

	"aval/audit"
	"aval/consent/personal/internal/keys"
	"aval/consent/statement"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/mod/sumdb/note"
)

// A Signer signs with one ES256 key and does not give it out. It is a
// jose.OpaqueSigner: hand it to jose.NewSigner as the key, and its kid stands in
// the protected header by itself.
type Signer = keys.Signer

// Origin is the register's name, fixed when it was made.
func (k *Keyring) Origin() string { return k.folder.Origin() }

// RegisterPub is what verifiers are given: the register's own public keys, as the
// file register.pub.
func (k *Keyring) RegisterPub() ([]byte, error) {
	key, err := statement.KeyOf(k.folder.Register().Public())
	if err != nil {
		return nil, err
	}
	pub := statement.RegisterPub{Origin: k.Origin(), Notes: []string{k.folder.RunLog().VKey()}, Keys: []statement.Key{key}}
	return pub.Marshal()
}

// RunLogSigner signs the checkpoints of the run log, whose origin is the
// register's.
func (k *Keyring) RunLogSigner() note.Signer { return k.folder.RunLog() }

// MakeSpaceKeys makes the keys of a space's log and seal, durable when it
// returns, or takes those that are there, since the transaction that was to name
// them may have failed. It gives the register's signed statement of them, valid
// from an instant on.
func (k *Keyring) MakeSpaceKeys(s audit.Space, from time.Time) (stated string, err error) {
	log, seal, err := k.folder.NewSpace(s.Slug())
	if err != nil {
		return "", err
	}
	key, err := statement.KeyOf(seal.Public())
	if err != nil {
		return "", err
	}
	return statement.SignSpace(k.folder.Register(), statement.Space{
		Origin: k.Origin(), Number: uint32(s.Number()), Slug: s.Slug(), Log: log.VKey(), Seal: key, From: from,
	})
}

// MakeMemberKey makes a member's signing key, durable when it returns, or takes
// the one that is there. It gives the key's kid and the seal's signed statement of
// it, valid from an instant on.
func (k *Keyring) MakeMemberKey(s audit.Space, member Owner, from time.Time) (kid, stated string, err error) {
	signer, err := k.folder.NewMember(string(member))
	if err != nil {
		return "", "", err
	}
	key, err := statement.KeyOf(signer.Public())
	if err != nil {
		return "", "", err
	}
	seal, err := k.folder.Seal(s.Slug())
	if err != nil {
		return "", "", err
	}
	stated, err = statement.SignMember(seal, statement.Member{
		ID: string(member), Slug: s.Slug(), Key: key, From: from,
	})
	return signer.Kid(), stated, err
}

// LogSigner signs a space's checkpoints; its name is ORIGIN/SLUG. It implements
// audit.Signers.
func (k *Keyring) LogSigner(s audit.Space) (note.Signer, error) {
	l, err := k.folder.Log(s.Slug())
	if err != nil {
		return nil, err
	}
	return l, nil
}

// LogVerifier verifies a space's checkpoints. It implements audit.Signers.
func (k *Keyring) LogVerifier(s audit.Space) (note.Verifier, error) {
	l, err := k.folder.Log(s.Slug())
	if err != nil {
		return nil, err
	}
	return l.Verifier, nil
}

// SealSigner signs for a structure.
func (k *Keyring) SealSigner(s audit.Space) (*Signer, error) { return k.folder.Seal(s.Slug()) }

// MemberSigner signs for a member (h_…). The caller sees to the step-up first.
func (k *Keyring) MemberSigner(member Owner) (*Signer, error) {
	return k.folder.Member(string(member))
}

var (
	_ audit.Wrapper     = (*Keyring)(nil)
	_ audit.Signers     = (*Keyring)(nil)
	_ jose.OpaqueSigner = (*Signer)(nil)
)
