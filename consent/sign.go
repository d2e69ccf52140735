package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/charter/screen/paper"
	"aval/consent/personal"
	"aval/consent/statement"
)

// From a proposed mandate to one in force: SignMandate (the person agrees),
// AcceptMandate (the helper signs, the structure seals), DeliverMandate (the
// person has a copy).

// An Agreement is how the person agreed.
type Agreement struct {
	Type charter.EvidenceType
	// PaperPlace is where the structure's signed original lies.
	PaperPlace screen.Clean
	// Witnesses are adults with no interest who saw and heard; OutsideTeam of
	// them are not of the helper's team.
	Witnesses   []screen.Clean
	OutsideTeam int
	// Scan is the picture of the signed paper, for charter.PaperScan and nothing else.
	Scan *SeenScan
	// Copy is how the person got their copy at once, where whoever accepts is not
	// there: the mandate is then in force from the acceptance on. Empty: see
	// DeliverMandate.
	Copy CopyHow
}

// SignMandate records that the person agreed. The evidence is sealed under the
// person's evidence key; the mandate keeps a commitment to it.
func (r *Register) SignMandate(ctx context.Context, a Actor, id MandateID, g Agreement) (*Mandate, error) {
	if (g.Type == charter.PaperOriginal || g.Type == charter.PaperScan) && g.PaperPlace.String() == "" {
		return nil, &Invalid{Pointer: "/paper_place", Reason: "paper_place"}
	}
	if g.OutsideTeam < 0 || g.OutsideTeam > len(g.Witnesses) {
		return nil, &Invalid{Pointer: "/outside_team", Reason: "witness_count"}
	}
	if g.Copy != "" && !slices.Contains(CopyHows, g.Copy) {
		return nil, &Invalid{Pointer: "/copy", Reason: "copy_how"}
	}
	evidence := personal.NewEvidence(personal.NewText(g.PaperPlace), texts(g.Witnesses))
	scan, err := r.seenScan(ctx, a, id, g)
	if err != nil {
		return nil, err
	}
	if !scan.IsZero() {
		evidence.Scan = personal.ScanDigest(scan)
	}
	boxes, err := r.sealEvidence(ctx, a, id, evidence, scan)
	if err != nil {
		return nil, err
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		ev := charter.Evidence{
			Role: charter.SignerPerson, Type: g.Type, Witnesses: len(g.Witnesses), OutsideTeam: g.OutsideTeam,
		}
		f := charter.Facts{
			Operation: charter.OpSign, Mandate: t.mandateFacts(m), Draft: t.storedDraft(m), Evidence: []charter.Evidence{ev},
		}
		if err := t.check(t.attempt(audit.MandateSigned, m), f); err != nil {
			return err
		}
		c := evidence.Commitment()
		ref := EvidenceRef{Role: charter.SignerPerson, Type: g.Type, Level: t.r.charter.EvidenceLevel(ev), C: c}
		if err := m.sign(t.at, ref); err != nil {
			return err
		}
		if len(boxes) == 0 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		if err := t.joins(textsOf(m.Person), evidenceRecord(id), append([]screen.Clean{g.PaperPlace}, g.Witnesses...)...); err != nil {
			return err
		}
		t.enterMandate(audit.MandateSigned, m, m.Digest)
		if m.Copy = string(g.Copy); m.Copy != "" {
			t.enterMandate(audit.MandateCopyDelivered, m, m.Digest)
		}
		return putAll(t.tx, boxes...)
	})
}

// sealEvidence makes the boxes of a person's agreement; none when there is no such
// mandate or no such person any more, which is for the transaction to say.
func (r *Register) sealEvidence(ctx context.Context, a Actor, id MandateID, e personal.Evidence, scan paper.Picture) ([]Record, error) {
	m, err := r.sketch(ctx, a, id)
	if err != nil || m == nil {
		return nil, err
	}
	key, err := r.keys.SealingKey(ctx, a.space, ownerOf(m.Person), personal.KeyEvidence)
	if errors.Is(err, personal.ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	owner := ownerOf(m.Person)
	box := &Box{Owner: owner, Name: evidenceRecord(id), Version: 1}
	box.Sealed, err = personal.Seal(r.keys, key, box.Name, box.Version, e)
	if err != nil || scan.IsZero() {
		return []Record{box}, err
	}
	boxes := []Record{box}
	parts, err := personal.SealScan(r.keys, key, scanRecord(id), 1, scan)
	for i, part := range parts {
		boxes = append(boxes, &Box{Owner: owner, Name: personal.ScanBox(scanRecord(id), i+1), Version: 1, Sealed: part})
	}
	return boxes, err
}

func texts(clean []screen.Clean) []personal.Text {
	out := make([]personal.Text, len(clean))
	for i, c := range clean {
		out[i] = personal.NewText(c)
	}
	return out
}

// sketch reads a mandate of the actor's space for what must be sealed or signed
// before the transaction; nil when there is none. It decides nothing and shows
// nothing: whether the actor may go on is asked, and entered, in the transaction.
func (r *Register) sketch(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	if a.kind == nobody {
		return nil, &SignInNeeded{Reason: "session"}
	}
	m := &Mandate{}
	found := false
	err := r.rec.View(ctx, a.space, func(tx Tx, _ time.Time) (err error) {
		*m = Mandate{ID: id}
		found, err = tx.Get(m)
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	return m, nil
}

// AcceptMandate is the mandatary's acceptance (CC 1984 al. 2): the helper's key
// signs the payload, usable within 5 minutes of a sign-in, and the structure's
// seal covers the payload and the commitments to the evidence. The register holds
// that key; who signed in with a passkey signs with it themself, by
// AcceptMandateByPasskey.
func (r *Register) AcceptMandate(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	return r.acceptMandate(ctx, a, id, nil)
}

// acceptMandate accepts with what a passkey signed, or without.
func (r *Register) acceptMandate(ctx context.Context, a Actor, id MandateID, hand *ownHand) (*Mandate, error) {
	seen, err := r.sketch(ctx, a, id)
	if err != nil {
		return nil, err
	}
	if hand == nil && seen != nil {
		if signs, err := r.signsThemself(ctx, a, seen); err != nil {
			return nil, err
		} else if signs {
			return nil, &SignInNeeded{Reason: "passkey"}
		}
	}
	doc, err := r.signDocument(ctx, a, seen, hand)
	if err != nil {
		return nil, err
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		if err := t.check(t.attempt(audit.MandateAccepted, m), charter.Facts{Operation: charter.OpAccept, Mandate: t.mandateFacts(m)}); err != nil {
			return err
		}
		if hand == nil && !a.MaySign(t.at) {
			return &SignInNeeded{Reason: "step_up"}
		}
		if err := m.accept(t.at); err != nil {
			return err
		}
		m.AcceptedBy = t.actor.member
		if doc == nil && t.me.Opened.After(m.Payload.IssuedAt) {
			return &Conflict{Reason: "member_newer"}
		}
		if doc == nil || m.Digest != seen.Digest || len(m.Evidence) != len(seen.Evidence) {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.enterMandate(audit.MandateAccepted, m, digest(doc))
		if err := t.tx.Put(&Document{Mandate: id, JWS: doc}); err != nil || m.Copy == "" {
			return err
		}
		return t.activate(m, CopyHow(m.Copy)) // the person has their copy already
	})
}

// signDocument makes the document of a mandate that the person has agreed to.
// Until the transaction that stores it commits, it exists nowhere else. It gives
// nil when there is nothing to sign, or when nobody could verify it: a key counts
// from its statement on, so a mandate issued before a member came is for others
// to accept.
func (r *Register) signDocument(ctx context.Context, a Actor, m *Mandate, hand *ownHand) ([]byte, error) {
	if m == nil || len(m.Evidence) == 0 || a.kind != member {
		return nil, nil
	}
	var space, me Stated
	err := r.rec.View(ctx, a.space, func(tx Tx, _ time.Time) error {
		space, me = Stated{Owner: a.space.Slug()}, Stated{Owner: string(a.member)}
		if err := need(tx, &space, "statement"); err != nil {
			return err
		}
		return need(tx, &me, "statement")
	})
	if err != nil {
		return nil, err
	}
	payload, err := m.Payload.Bytes()
	if err != nil {
		return nil, err
	}
	helperKey, err := r.keys.MemberSigner(personal.Owner(a.member))
	if err != nil {
		return nil, err
	}
	sealKey, err := r.keys.SealSigner(a.space)
	if err != nil {
		return nil, err
	}
	byHelper, err := signPayload(mandateType, payload, helperKey, SignatureHeader{Role: charter.SignerHelper})
	if err != nil {
		return nil, err
	}
	statements := []string{space.JWS, me.JWS}
	evidence, assertions, stated, err := hand.evidence(r.charter, sealKey)
	if err != nil {
		return nil, err
	}
	byStructure, err := signPayload(mandateType, payload, sealKey, SignatureHeader{
		Role: charter.SignerStructure, Evidence: slices.Concat(m.Evidence, evidence),
	})
	if err != nil {
		return nil, err
	}
	doc, err := buildDocument(payload, append(statements, stated...), assertions, byHelper, byStructure)
	if err != nil {
		return nil, err
	}
	if ok, err := r.verifies(doc); err != nil || !ok {
		return nil, err
	}
	return doc, nil
}

// verifies tells whether others can verify a document.
func (r *Register) verifies(doc []byte) (bool, error) {
	raw, err := r.keys.RegisterPub()
	if err != nil {
		return false, err
	}
	pub, err := statement.ParseRegisterPub(raw)
	if err != nil {
		return false, err
	}
	_, err = VerifyMandate(doc, pub)
	return err == nil, nil
}

// DeliverMandate records that the person has their copy and how they got it
// (CC 1375): the mandate is active from this commit, within its dates. Mandates
// that it replaces end now, because the mandatary is told now (CC 2006).
func (r *Register) DeliverMandate(ctx context.Context, a Actor, id MandateID, how CopyHow) (*Mandate, error) {
	if !slices.Contains(CopyHows, how) {
		return nil, &Invalid{Pointer: "/how", Reason: "copy_how"}
	}
	return r.step(ctx, a, id, func(t *turn, m *Mandate) error {
		f := charter.Facts{Operation: charter.OpDeliver, Mandate: t.mandateFacts(m)}
		if err := t.check(t.attempt(audit.MandateCopyDelivered, m), f); err != nil {
			return err
		}
		if m.Copy == "" {
			t.enterMandate(audit.MandateCopyDelivered, m, m.Digest)
		}
		return t.activate(m, how)
	})
}

// activate lets an accepted mandate take effect now that the person has a copy.
func (t *turn) activate(m *Mandate, how CopyHow) error {
	before := t.r.watchRows(m, t.at)
	if err := m.deliver(t.at, string(how)); err != nil {
		return err
	}
	t.enterMandate(audit.MandateActivated, m, m.Digest)
	for _, old := range m.Payload.Supersedes {
		if err := t.supersede(old, m); err != nil {
			return err
		}
	}
	return t.rewatch(m, before)
}

func (t *turn) supersede(id MandateID, by *Mandate) error {
	m := &Mandate{ID: id}
	if err := need(t.tx, m, "mandate"); err != nil {
		return err
	}
	if err := m.supersede(t.at, by.Payload.Powers); err != nil {
		return nil //nolint:nilerr // it ended by itself meanwhile
	}
	act := audit.MandateEnded
	if !m.ended(t.at) {
		act = audit.MandateRevoked // in part; the rest goes on
	}
	t.enterMandate(act, m, m.Digest)
	return t.tx.Put(m)
}

// CopyHow is how the person got their copy (C06).
type CopyHow string

// CopyHows are the ways a copy is given.
var CopyHows = []CopyHow{"print", "sms_link", "email", "post", "read_aloud_paper"}
