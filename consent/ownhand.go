package consent

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/passkey"
	"aval/consent/personal"
	"aval/consent/statement"
)

// The helper's part of a mandate, signed by their own passkey: the challenge is the
// digest of the payload, so the key signs these bytes and no others. What it signed
// is an evidence object in the document; the key that the register holds for the
// helper signs beside it, and is then only its wrapper: it says which member of the
// structure the passkey is of.

// An ownHand is what a helper's passkey signed.
type ownHand struct {
	stated    statement.Passkey
	assertion statement.Assertion
}

// evidence gives what goes into the document for it: what the seal covers, the
// assertion, and the seal's statement of the key. A nil hand gives nothing.
func (h *ownHand) evidence(ch *charter.Charter, seal *personal.Signer) ([]EvidenceRef, []statement.Assertion, []string, error) {
	if h == nil {
		return nil, nil, nil, nil
	}
	c, err := h.assertion.Commitment()
	if err != nil {
		return nil, nil, nil, err
	}
	stated, err := statement.SignPasskey(seal, h.stated)
	if err != nil {
		return nil, nil, nil, err
	}
	level := ch.EvidenceLevel(charter.Evidence{Role: charter.SignerHelper, Type: charter.Passkey, OwnDevice: true})
	ref := EvidenceRef{Role: charter.SignerHelper, Type: charter.Passkey, Level: level, C: c}
	return []EvidenceRef{ref}, []statement.Assertion{h.assertion}, []string{stated}, nil
}

// signsThemself tells whether a member signs a mandate with their own passkey: they
// signed in with one, and it was theirs when the mandate was issued. A newer key
// counts from its statement on, so nobody could verify it.
func (r *Register) signsThemself(ctx context.Context, a Actor, m *Mandate) (bool, error) {
	if a.kind != member || a.how != ByPasskey {
		return false, nil
	}
	keys, err := r.handsOf(ctx, a, m)
	return len(keys) > 0, err
}

// handsOf are the passkeys with which a member may sign a mandate.
func (r *Register) handsOf(ctx context.Context, a Actor, m *Mandate) ([]*Passkey, error) {
	all, err := r.keysOf(ctx, a.account, a.member)
	if err != nil {
		return nil, err
	}
	var keys []*Passkey
	for _, k := range all {
		if k.Copied.IsZero() && !k.Added.Truncate(time.Second).After(m.Payload.IssuedAt) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// MaySignThemself tells whether the actor signs a mandate with their own passkey,
// so that a door asks for it (see AskAcceptance).
func (r *Register) MaySignThemself(ctx context.Context, a Actor, id MandateID) (bool, error) {
	m, err := r.sketch(ctx, a, id)
	if err != nil || m == nil {
		return false, err
	}
	return r.signsThemself(ctx, a, m)
}

// AskAcceptance asks the actor's passkey to sign a mandate whose text is fixed.
func (r *Register) AskAcceptance(ctx context.Context, a Actor, at *passkey.Party, id MandateID) (Asked, error) {
	if err := a.sits(); err != nil {
		return Asked{}, err
	}
	m, err := r.Mandate(ctx, a, id)
	if err != nil {
		return Asked{}, err
	}
	if m.Proposed.IsZero() {
		return Asked{}, &Conflict{Reason: "not_proposed"}
	}
	keys, err := r.handsOf(ctx, a, m)
	if err != nil {
		return Asked{}, err
	}
	if len(keys) == 0 {
		return Asked{}, &Conflict{Reason: "passkey_newer"}
	}
	payload, err := m.Payload.Bytes()
	if err != nil {
		return Asked{}, err
	}
	digest := sha256.Sum256(payload)
	options, pending, err := at.AskToSign(digest[:], passkey.Holder{Handle: string(a.account)}, credentials(keys))
	if err != nil {
		return Asked{}, err
	}
	return r.ask(ctx, Ceremony{What: signingFor, Session: a.session, Mandate: id, Pending: pending}, options)
}

// AcceptMandateByPasskey accepts a mandate with what the actor's passkey answered
// to AskAcceptance. It needs no other fresh sign-in: the key has just asked who is
// there.
func (r *Register) AcceptMandateByPasskey(ctx context.Context, a Actor, at *passkey.Party, id MandateID, ceremony CeremonyID, answer []byte) (*Mandate, error) {
	if err := a.sits(); err != nil {
		return nil, err
	}
	waits, err := r.take(ctx, signingFor, ceremony, a.session)
	if err != nil {
		return nil, err
	}
	if waits == nil || waits.Mandate != id {
		return nil, &Invalid{Pointer: "/ceremony", Reason: "passkey_late"}
	}
	hand, err := r.sign(ctx, a, at, waits.Pending, answer)
	if err != nil {
		return nil, err
	}
	return r.acceptMandate(ctx, a, id, hand)
}

// sign takes what the actor's passkey signed, and enters that it was used.
func (r *Register) sign(ctx context.Context, a Actor, at *passkey.Party, pending, answer []byte) (*ownHand, error) {
	var key *Passkey
	var signed passkey.Signature
	_, err := r.record(ctx, a.holder(), func(t *turn) error {
		var err error
		if key, signed, err = t.usePasskey(at, pending, answer); err != nil {
			return err
		}
		if key.Account != a.account || !slices.Contains(key.Members, a.member) {
			return &SignInNeeded{Reason: "sign_in"}
		}
		t.enter(audit.Entry{Act: audit.HelperLogin, On: []string{string(a.account), string(key.ID), string(signingFor)}})
		return t.tx.Put(key)
	})
	if err := r.passkeyFault(ctx, key, err); err != nil {
		if out, wrong := errors.AsType[*SignInNeeded](err); wrong && out.Reason == "sign_in" {
			return nil, &Invalid{Pointer: "/answer", Reason: "passkey_answer"}
		}
		return nil, err
	}
	made, err := passkey.Credential(key.Record).Read()
	if err != nil {
		return nil, err
	}
	public, err := statement.PasskeyKeyOf(made.Public)
	if err != nil {
		return nil, err
	}
	return &ownHand{
		stated: statement.Passkey{
			Member: string(a.member), Slug: a.space.Slug(), Key: public, Party: at.ID(), Origin: at.Origin(), From: key.Added,
		},
		assertion: statement.NewAssertion(public.Kid, signed.ClientData, signed.AuthData, signed.Signature),
	}, nil
}
