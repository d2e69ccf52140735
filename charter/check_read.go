package charter

import "slices"

// Who may open a person's identity or contact (C10, C11, C12, C15).
//
// A purpose is always needed, and each purpose has those who may have it, the
// data it may open, and what it needs:
//
//   - in_force (act under a mandate, follow up): a mandate of the person in
//     force now, given to the member's team or to the member, with at least one
//     power open to the member's role.
//   - open (prepare a mandate): the same; or the person has no mandate here yet;
//     or a draft of theirs is being prepared here. After a mandate that ended, a
//     draft opens the identity alone: it must stand on the paper to be signed,
//     but stopping and drafting again is no way round a stop.
//   - open_or_office (answer the person): as open for a helper, anything for a
//     referent, a DPO, or the person.
//   - to_stop (stop at a desk): any helper or referent, the identity alone, as
//     long as there is a mandate to stop. Stopping itself needs no read.
//   - nothing (review, audit, authority, notice): the office or job alone.
//
// Somebody hosted reads under their own mandate alone, whatever the purpose; what
// they are about to accept they read once the person has signed it.
//
// What is corrected (OpUpdate) is opened too, so the same holds, but for the
// purposes that only look: to_stop and nothing.
//
// Each structure's people are in a space of their own, so nothing here can reach
// another structure's.

func purposeGiven(c *Charter, f *Facts) *Finding {
	switch {
	case f.Read.Purpose == "":
		return &Finding{Reason: PurposeMissing, Instead: ChoosePurpose, Pointer: "/purpose"}
	case c.purposes[f.Read.Purpose] == nil:
		return &Finding{Reason: PurposeUnknown, Instead: ChoosePurpose, Pointer: "/purpose"}
	}
	return nil
}

func purposeOfRole(c *Charter, f *Facts) *Finding {
	p := c.purposes[f.Read.Purpose]
	// Reviewing, auditing or stopping changes nothing about a person.
	looksOnly := p.Needs == NeedsNothing || p.Needs == NeedsToStop
	for _, is := range c.kindsOf(f) {
		if slices.Contains(p.Who, is) && !(looksOnly && f.Operation == OpUpdate) {
			return nil
		}
	}
	return &Finding{Reason: PurposeRole, Instead: ChoosePurpose, Pointer: "/purpose"}
}

// kindsOf says as what somebody may claim a purpose. An extract is never made
// as a helper.
func (c *Charter) kindsOf(f *Facts) []string {
	if f.By != ByMember {
		return []string{string(f.By)}
	}
	var kinds []string
	if f.Operation != OpExtract && c.isHelper(f.Member.Role) {
		kinds = append(kinds, "helper")
	}
	if f.Member.isReferent() {
		kinds = append(kinds, "referent")
	}
	if f.Member.isAuditor() {
		kinds = append(kinds, "dpo")
	}
	if f.Member.Role == Auditor {
		kinds = append(kinds, "auditor")
	}
	return kinds
}

func fieldsOfPurpose(c *Charter, f *Facts) *Finding {
	if f.Operation != OpExtract && len(f.Read.Fields) == 0 {
		return &Finding{Reason: FieldsMissing, Instead: Correct, Pointer: "/fields"}
	}
	for i, field := range f.Read.Fields {
		if !slices.Contains(c.purposes[f.Read.Purpose].Fields, field) {
			return &Finding{Reason: FieldPurpose, Instead: ChoosePurpose, Pointer: at("/fields", i, "")}
		}
	}
	return nil
}

// listShort keeps "show names" to a page that somebody can look at.
func listShort(c *Charter, f *Facts) *Finding {
	if f.Read.Rows <= c.doc.Limits.ListRows {
		return nil
	}
	return &Finding{Reason: RowsOver, Instead: SmallerList, Pointer: "/rows"}
}

// needOfRead is needOf for what opens personal data.
func (c *Charter) needOfRead(f *Facts) need {
	if !slices.Contains(openOps, f.Operation) || c.asOffice(f) {
		return needNothing
	}
	if c.hosted(f.Member) { // their own mandate, and what they are about to accept
		if f.Read.Purpose == PurposePrepareMandate {
			return needSigned
		}
		return needInForce
	}
	switch c.purposes[f.Read.Purpose].Needs {
	case NeedsToStop:
		return needOpen
	case NeedsOpen, NeedsOpenOrOffice:
		if !f.Mandate.Exists || f.Read.Drafting {
			return needNothing
		}
	}
	return needInForce
}

// asOffice tells whether a read leans on an office, a job or the person's own
// right, and so on no mandate.
func (c *Charter) asOffice(f *Facts) bool {
	switch c.purposes[f.Read.Purpose].Needs {
	case NeedsNothing:
		return true
	case NeedsOpenOrOffice:
		return f.By != ByMember || f.Member.isReferent() || f.Member.isAuditor()
	}
	return false
}

// endedIdentityOnly: after a mandate that ended, a draft opens the identity alone.
func endedIdentityOnly(c *Charter, f *Facts) *Finding {
	if c.asOffice(f) || c.needOfRead(f) != needNothing || f.ended() == "" {
		return nil
	}
	for i, field := range f.Read.Fields {
		if field != FieldIdentity {
			return &Finding{Reason: FieldPurpose, Instead: SignMandate, Pointer: at("/fields", i, "")}
		}
	}
	return nil
}
