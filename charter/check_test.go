package charter

import (
	"slices"
	"testing"
	"time"
)

type checkCase struct {
	name string
	f    Facts
	// want is nil for a request that keeps every rule.
	want *Finding
}

func no(rule RuleID, r Reason, i Instead, pointer string) *Finding {
	return &Finding{Rule: rule, Reason: r, Instead: i, Pointer: pointer}
}

func allCases() []checkCase {
	var bases []checkCase
	for _, op := range allOps {
		bases = append(bases, checkCase{name: "base of " + string(op), f: base(op)})
	}
	return slices.Concat(bases, actorCases(), roleCases(), programCases(), readCases(), mandateCases(), powerCases(), draftCases(), evidenceCases(), actCases())
}

func TestCheck(t *testing.T) {
	c := load(t)
	for _, x := range allCases() {
		t.Run(x.name, func(t *testing.T) {
			got := c.Check(x.f)
			switch {
			case got == nil && x.want == nil:
			case got == nil || x.want == nil || *got != *x.want:
				t.Errorf("%s: got %+v, want %+v", x.f.Operation, got, x.want)
			}
		})
	}
}

// TestEveryRowDecides: each function of the table gives the answer of at least
// one case, and lets at least one case through.
func TestEveryRowDecides(t *testing.T) {
	c := load(t)
	refused, allowed := make([]int, len(table)), make([]int, len(table))
	for _, x := range allCases() {
		for i, r := range table {
			if !slices.Contains(r.ops, x.f.Operation) {
				continue
			}
			if r.check(c, &x.f) != nil {
				refused[i]++
				break
			}
			allowed[i]++
		}
	}
	for i, r := range table {
		if refused[i] == 0 || allowed[i] == 0 {
			t.Errorf("row %d (%s): refuses %d cases and allows %d", i, r.rule, refused[i], allowed[i])
		}
	}
}

// TestEveryKeyIsUsed: every reason and every "instead" is the answer of a case.
func TestEveryKeyIsUsed(t *testing.T) {
	reasons, insteads := map[Reason]bool{}, map[Instead]bool{}
	for _, x := range allCases() {
		if x.want != nil {
			reasons[x.want.Reason] = true
			insteads[x.want.Instead] = true
		}
	}
	for _, r := range Reasons() {
		if !reasons[r] {
			t.Errorf("no case is refused with %s", r)
		}
	}
	for _, i := range Insteads() {
		if !insteads[i] {
			t.Errorf("no case is told to %s", i)
		}
	}
	if len(reasons) != len(Reasons()) || len(insteads) != len(Insteads()) {
		t.Errorf("cases use %d reasons and %d insteads, the lists have %d and %d",
			len(reasons), len(insteads), len(Reasons()), len(Insteads()))
	}
}

// TestEnforcedRulesAreTested: a rule that the document says is enforced now has
// a case refused under it here, or is one of the few kept by another package.
func TestEnforcedRulesAreTested(t *testing.T) {
	c := load(t)
	tested := map[RuleID]bool{}
	for _, x := range allCases() {
		if x.want != nil {
			tested[x.want.Rule] = true
		}
	}
	// C08 by charter/screen, C12 by the spaces of the store, C14 by the log.
	elsewhere := []RuleID{"C08", "C12", "C14"}
	for _, r := range c.Rules() {
		switch {
		case slices.Contains(elsewhere, r.ID):
			if slices.Contains(r.KeptBy, "check") {
				t.Errorf("%s: said to be kept by Check too", r.ID)
			}
		case r.Kept == EnforcedNow && !tested[r.ID]:
			t.Errorf("%s: enforced now, but no case is refused under it", r.ID)
		case slices.Contains(r.KeptBy, "check") != tested[r.ID]:
			t.Errorf("%s: kept by %v, refused in a case: %v", r.ID, r.KeptBy, tested[r.ID])
		}
	}
}

// TestNothingIsAllowedByOmission: facts left out refuse.
func TestNothingIsAllowedByOmission(t *testing.T) {
	c := load(t)
	for _, op := range append([]Operation{"", "unheard_of"}, allOps...) {
		if c.Check(Facts{Operation: op}) == nil {
			t.Errorf("%q: allowed on empty facts", op)
		}
	}
}

func actorCases() []checkCase {
	return []checkCase{
		{"unknown operation", with("dance", func(*Facts) {}), no("C02", OperationUnknown, Correct, "")},
		{"unknown party", with(OpRead, func(f *Facts) { f.By = "ghost" }), no("C21", ActorNotAllowed, AskReferent, "")},
		{"operator opens nothing", with(OpRead, func(f *Facts) { f.By = ByOperator }), no("C21", ActorNotAllowed, AskReferent, "")},
		{"a service acts for nobody", with(OpAct, func(f *Facts) { f.By = ByService }), no("C21", ActorNotAllowed, AskReferent, "")},
		{"a job stops nothing", with(OpRevoke, func(f *Facts) { f.By = BySystem }), no("C21", ActorNotAllowed, AskReferent, "")},
		{"operator opens the first referent", with(OpOpenMember, func(f *Facts) { f.By, f.Member = ByOperator, Member{} }), nil},

		{"closed member", with(OpCover, func(f *Facts) { f.Member.Open = false }), no("C23", MemberClosed, AskReferent, "")},
		{"closed member comes before all", with(OpCover, func(f *Facts) { f.Member.Open = false; f.Mandate.Ended = EndRevoked }),
			no("C23", MemberClosed, AskReferent, "")},
		{"closed member cannot stop either", with(OpRevoke, func(f *Facts) { f.Member.Open = false }), no("C23", MemberClosed, AskReferent, "")},

		{"never adhered", with(OpDraft, func(f *Facts) { f.Member.Adhered = "" }), no("C22", NotAdhered, AdhereFirst, "")},
		{"adhered to no version", with(OpDraft, func(f *Facts) { f.Member.Adhered = "one" }), no("C22", NotAdhered, AdhereFirst, "")},
		{"minor versions do not ask again", with(OpDraft, func(f *Facts) { f.Member.Adhered = "1.7.2" }), nil},
		{"former major, no date given", with(OpDraft, func(f *Facts) { f.Member.Adhered = "0.9.0" }), no("C22", NotAdhered, AdhereFirst, "")},
		{"former major, within 30 days", with(OpDraft, func(f *Facts) {
			f.Member.Adhered, f.InForceSince = "0.9.0", now.AddDate(0, 0, -30).Add(1)
		}), nil},
		{"former major, at 30 days", with(OpDraft, func(f *Facts) {
			f.Member.Adhered, f.InForceSince = "0.9.0", now.AddDate(0, 0, -30)
		}), no("C22", NotAdhered, AdhereFirst, "")},
		{"stopping asks for no adherence", with(OpRevoke, func(f *Facts) { f.Member.Adhered = "" }), nil},
		{"reading to stop asks for no adherence", with(OpRead, func(f *Facts) {
			f.Member.Adhered = ""
			f.Read = Read{Purpose: PurposeDeskRevocation, Fields: []Field{FieldIdentity}}
		}), nil},
		{"the purpose of stopping opens nothing else", with(OpDraft, func(f *Facts) {
			f.Member.Adhered, f.Read.Purpose = "", PurposeDeskRevocation
		}), no("C22", NotAdhered, AdhereFirst, "")},
		{"an office needs no adherence", with(OpRead, func(f *Facts) {
			f.Member = Member{Open: true, Role: DPO}
			f.Read = Read{Purpose: PurposeDPOAudit, Fields: []Field{FieldIdentity}}
		}), nil},
		{"adheres to another version", with(OpAdhere, func(f *Facts) { f.Member.Adhered = "1.0.1" }), no("C22", CharterVersion, AdhereFirst, "/version")},

		{"helper opens a helper", with(OpOpenMember, func(f *Facts) { f.Member.Referent = false }), no("C16", OfficeOnly, AskReferent, "")},
		{"DPO opens a helper", with(OpOpenMember, func(f *Facts) { f.Member = Member{Open: true, Role: DPO} }), no("C16", OfficeOnly, AskReferent, "")},
		{"DPO erases", with(OpErase, func(f *Facts) { f.Member = Member{Open: true, Role: DPO} }), no("C16", OfficeOnly, AskReferent, "")},
		{"person asks to be erased", with(OpErase, func(f *Facts) { f.By, f.Member = ByPerson, Member{} }), nil},
		{"helper makes an extract", with(OpExtract, func(f *Facts) { f.Member.Auditor = false }), no("C16", OfficeOnly, AskReferent, "")},
		{"referent drafts", with(OpDraft, func(f *Facts) { f.Member = Member{Open: true, Role: Referent} }), no("C16", RoleNotHelper, AnotherHelper, "")},
		{"unknown role records", with(OpRecord, func(f *Facts) { f.Member.Role = "friend" }), no("C16", RoleNotHelper, AnotherHelper, "")},
		{"home help records", with(OpRecord, func(f *Facts) { f.Member.Role = HomeHelp }), nil},
	}
}

func readCases() []checkCase {
	ended := func(f *Facts) { f.Mandate.Ended, f.Mandate.EndedAt = EndRevoked, now.Add(-hour) }
	readAs := func(m Member, p Purpose, fields ...Field) Facts {
		return with(OpRead, func(f *Facts) { f.Member, f.Read = m, Read{Purpose: p, Fields: fields} })
	}
	referent, dpo := Member{Open: true, Role: Referent}, Member{Open: true, Role: DPO}
	return []checkCase{
		{"no purpose", with(OpRead, func(f *Facts) { f.Read.Purpose = "" }), no("C15", PurposeMissing, ChoosePurpose, "/purpose")},
		{"no purpose to search", with(OpSearch, func(f *Facts) { f.Read.Purpose = "" }), no("C15", PurposeMissing, ChoosePurpose, "/purpose")},
		{"unknown purpose", with(OpRead, func(f *Facts) { f.Read.Purpose = "curious" }), no("C15", PurposeUnknown, ChoosePurpose, "/purpose")},
		{"helper audits", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposeDPOAudit }), no("C15", PurposeRole, ChoosePurpose, "/purpose")},
		{"referent acts", readAs(referent, PurposeActUnderMandate, FieldContact), no("C15", PurposeRole, ChoosePurpose, "/purpose")},
		{"correcting while auditing", with(OpUpdate, func(f *Facts) { f.Member, f.Read.Purpose = dpo, PurposeDPOAudit }),
			no("C16", RoleNotHelper, AnotherHelper, "")},
		{"correcting while stopping", with(OpUpdate, func(f *Facts) {
			f.Read = Read{Purpose: PurposeDeskRevocation, Fields: []Field{FieldIdentity}}
		}), no("C15", PurposeRole, ChoosePurpose, "/purpose")},
		{"a referent corrects for the person", with(OpUpdate, func(f *Facts) { f.Member, f.Read.Purpose = referent, PurposeAnswerPerson }), nil},
		{"extract as a helper", with(OpExtract, func(f *Facts) { f.Read.Purpose = PurposeActUnderMandate }), no("C15", PurposeRole, ChoosePurpose, "/purpose")},
		{"no field", with(OpRead, func(f *Facts) { f.Read.Fields = nil }), no("C10", FieldsMissing, Correct, "/fields")},
		{"field beyond the purpose", with(OpRead, func(f *Facts) { f.Read.Fields = []Field{FieldContact, FieldEvidence} }),
			no("C10", FieldPurpose, ChoosePurpose, "/fields/1")},
		{"support sees nobody", with(OpExtract, func(f *Facts) {
			f.By, f.Member, f.Read = ByOperator, Member{}, Read{Purpose: PurposeDPOAudit, Fields: []Field{FieldIdentity}}
		}), no("C10", NamesSession, AskDPO, "/fields")},
		{"operator's extract has no names", with(OpExtract, func(f *Facts) { f.By, f.Member = ByOperator, Member{} }), nil},
		{"DPO's file of names", with(OpExtract, func(f *Facts) { f.Read.Fields = []Field{FieldIdentity} }), nil},
		{"20 names", with(OpList, func(f *Facts) { f.Read.Rows = 20 }), nil},
		{"21 names", with(OpList, func(f *Facts) { f.Read.Rows = 21 }), no("C10", RowsOver, SmallerList, "/rows")},

		{"acting without a mandate", with(OpRead, func(f *Facts) { f.Mandate = Mandate{} }), no("C02", MandateMissing, MakeMandate, "")},
		{"preparing, no mandate yet", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposePrepareMandate; f.Mandate = Mandate{} }), nil},
		{"preparing, after the end, without a draft", with(OpRead, func(f *Facts) {
			f.Read.Purpose = PurposePrepareMandate
			f.Mandate.Until = now
		}), no("C04", MandateExpired, RenewMandate, "")},
		{"preparing, after the end, with a draft", with(OpRead, func(f *Facts) {
			f.Read.Purpose, f.Read.Drafting = PurposePrepareMandate, true
			f.Mandate.Until = now
		}), nil},
		{"preparing, after a stop, without a draft", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposePrepareMandate; ended(f) }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"preparing, after a stop, with a draft: identity", with(OpRead, func(f *Facts) {
			f.Read = Read{Purpose: PurposePrepareMandate, Fields: []Field{FieldIdentity}, Drafting: true}
			ended(f)
		}), nil},
		{"preparing, after a stop, with a draft: contact", with(OpRead, func(f *Facts) {
			f.Read = Read{Purpose: PurposePrepareMandate, Fields: []Field{FieldIdentity, FieldContact}, Drafting: true}
			ended(f)
		}), no("C10", FieldPurpose, SignMandate, "/fields/1")},
		{"a helper answers after a stop", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposeAnswerPerson; ended(f) }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"a referent answers after a stop", with(OpRead, func(f *Facts) { f.Member = referent; f.Read.Purpose = PurposeAnswerPerson; ended(f) }), nil},
		{"the person reads after a stop", with(OpRead, func(f *Facts) {
			f.By, f.Member, f.Read.Purpose = ByPerson, Member{}, PurposeAnswerPerson
			ended(f)
		}), nil},
		{"stopping at a desk, by a colleague not named", with(OpRead, func(f *Facts) {
			f.Mandate.Team = false
			f.Read = Read{Purpose: PurposeDeskRevocation, Fields: []Field{FieldIdentity}}
		}), nil},
		{"stopping at a desk needs no contact", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposeDeskRevocation }),
			no("C10", FieldPurpose, ChoosePurpose, "/fields/0")},
		{"nothing left to stop", with(OpRead, func(f *Facts) {
			f.Read = Read{Purpose: PurposeDeskRevocation, Fields: []Field{FieldIdentity}}
			ended(f)
		}), no("C07", MandateRevoked, StopHelping, "")},
		{"a job finds where to send a notice", with(OpRead, func(f *Facts) {
			f.By, f.Member, f.Read = BySystem, Member{}, Read{Purpose: PurposeNotice, Fields: []Field{FieldContact}}
		}), nil},
		{"a helper pretends to be a notice", with(OpRead, func(f *Facts) { f.Read.Purpose = PurposeNotice }), no("C15", PurposeRole, ChoosePurpose, "/purpose")},
		{"referent's review", readAs(referent, PurposeReferentReview, FieldIdentity, FieldEvidence), nil},
		{"DPO's audit", readAs(dpo, PurposeDPOAudit, FieldIdentity), nil},
		{"a social worker who is the referent too", readAs(Member{Open: true, Role: SocialWorker, Referent: true, Adhered: "1.0.0"}, PurposeReferentReview, FieldIdentity), nil},
		{"home help reads under a mandate that is not theirs to use", with(OpRead, func(f *Facts) { f.Member.Role = HomeHelp; f.Wanted = Power{} }),
			no("C16", RoleMission, ReferPerson, "")},
		{"no power named: any that the role has", with(OpRead, func(f *Facts) { f.Wanted = Power{} }), nil},
		{"a power named outside the mandate", with(OpRead, func(f *Facts) { f.Wanted.Service, f.Wanted.Procedure = "msa", "rsa_declaration" }),
			no("C03", PowerService, AddPower, "/service")},
	}
}

func mandateCases() []checkCase {
	end := func(op Operation, e End) Facts {
		return with(op, func(f *Facts) { f.Mandate.Ended, f.Mandate.EndedAt = e, now })
	}
	return []checkCase{
		{"no mandate", with(OpCover, func(f *Facts) { f.Mandate = Mandate{} }), no("C02", MandateMissing, MakeMandate, "")},
		{"with the person, no mandate", with(OpCover, func(f *Facts) { f.Mandate = Mandate{}; f.Wanted.Mode = DoWith }), nil},
		{"with the person, under a mandate that was stopped", with(OpCover, func(f *Facts) { f.Wanted.Mode = DoWith; f.Mandate.Ended = EndRevoked }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"revoked at this instant", end(OpCover, EndRevoked), no("C07", MandateRevoked, StopHelping, "")},
		{"revoked a nanosecond from now", with(OpCover, func(f *Facts) { f.Mandate.Ended, f.Mandate.EndedAt = EndRevoked, now.Add(1) }), nil},
		{"revoked without an instant", with(OpCover, func(f *Facts) { f.Mandate.Ended = EndRevoked }), no("C07", MandateRevoked, StopHelping, "")},
		{"revoked beats expired", with(OpCover, func(f *Facts) { f.Mandate.Ended = EndRevoked; f.Mandate.Until = now }), no("C07", MandateRevoked, StopHelping, "")},
		{"revoked beats not started", with(OpCover, func(f *Facts) { f.Mandate.Ended = EndRevoked; f.Mandate.From = now.Add(hour) }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"revoked beats not accepted", with(OpCover, func(f *Facts) { f.Mandate.Ended = EndRevoked; f.Mandate.Accepted = false }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"an act before the stop, noted after it", with(OpAct, func(f *Facts) {
			f.Mandate.Ended, f.Mandate.EndedAt = EndRevoked, now.Add(-time.Minute)
		}), no("C07", MandateRevoked, StopHelping, "")},
		{"an urgent act after the stop", with(OpAct, func(f *Facts) { f.Mandate.Ended = EndRevoked; f.Act.Urgent = true }),
			no("C07", MandateRevoked, StopHelping, "")},
		{"accepting what was stopped", end(OpAccept, EndRevoked), no("C07", MandateRevoked, StopHelping, "")},
		{"renounced", end(OpCover, EndRenounced), no("C02", MandateRenounced, MakeMandate, "")},
		{"superseded", end(OpCover, EndSuperseded), no("C02", MandateSuperseded, ReferPerson, "")},
		{"fulfilled", end(OpAct, EndFulfilled), no("C02", MandateFulfilled, MakeMandate, "")},
		{"capacity lost", end(OpCover, EndCapacityLost), no("C02", MandateCapacityLost, RepresentativeSigns, "")},
		{"deceased", end(OpCover, EndDeceased), no("C02", MandateDeceased, StopHelping, "")},
		{"structure closed", end(OpStatus, EndStructureClosed), no("C02", MandateStructureClosed, ReferPerson, "")},
		{"not confirmed", end(OpCover, EndNotConfirmed), no("C02", MandateNotConfirmed, MakeMandate, "")},
		{"void", end(OpCover, EndVoid), no("C02", MandateVoid, MakeMandate, "")},
		{"ended in an unknown way", end(OpCover, "vanished"), no("C02", MandateEnded, MakeMandate, "")},
		{"giving back what has ended", end(OpRenounce, EndRenounced), no("C02", MandateRenounced, MakeMandate, "")},

		{"not signed", with(OpCover, func(f *Facts) { f.Mandate.Signed = false }), no("C02", MandateNotSigned, SignMandate, "")},
		{"accepting before the person", with(OpAccept, func(f *Facts) { f.Mandate.Signed = false }), no("C02", MandateNotSigned, SignMandate, "")},
		{"delivering before the person", with(OpDeliver, func(f *Facts) { f.Mandate.Signed = false }), no("C02", MandateNotSigned, SignMandate, "")},
		{"giving back before the person", with(OpRenounce, func(f *Facts) { f.Mandate.Signed, f.Mandate.Accepted, f.Mandate.Delivered = false, false, false }), nil},
		{"not accepted", with(OpCover, func(f *Facts) { f.Mandate.Accepted = false }), no("C02", MandateNotAccepted, AcceptMandate, "")},
		{"accepting", with(OpAccept, func(f *Facts) { f.Mandate.Accepted, f.Mandate.Delivered = false, false }), nil},
		{"copy not delivered", with(OpAct, func(f *Facts) { f.Mandate.Delivered = false }), no("C06", CopyNotDelivered, DeliverCopy, "")},
		{"delivering", with(OpDeliver, func(f *Facts) { f.Mandate.Accepted, f.Mandate.Delivered = false, false }), nil},
		{"suspended", with(OpRead, func(f *Facts) { f.Mandate.Suspended = true }), no("C02", MandateSuspended, AskReferent, "")},

		{"before from", with(OpCover, func(f *Facts) { f.Mandate.From = now.Add(1) }), no("C04", MandateNotStarted, WaitStart, "")},
		{"at from", with(OpCover, func(f *Facts) { f.Mandate.From = now }), nil},
		{"accepting before from", with(OpAccept, func(f *Facts) { f.Mandate.From = now.Add(day) }), nil},
		{"at until", with(OpCover, func(f *Facts) { f.Mandate.Until = now }), no("C04", MandateExpired, RenewMandate, "")},
		{"before until", with(OpCover, func(f *Facts) { f.Mandate.Until = now.Add(1) }), nil},
		{"no end", with(OpCover, func(f *Facts) { f.Mandate.Until = time.Time{} }), no("C04", MandateExpired, RenewMandate, "")},
		{"accepting at until", with(OpAccept, func(f *Facts) { f.Mandate.Until = now }), no("C04", MandateExpired, RenewMandate, "")},
		{"signing at until", with(OpSign, func(f *Facts) { f.Mandate.Until = now }), no("C04", MandateExpired, RenewMandate, "")},
		{"act done before until, noted after", with(OpAct, func(f *Facts) { f.Mandate.Until = now.Add(-hour + 1) }), nil},
		{"act done at until", with(OpAct, func(f *Facts) { f.Mandate.Until = now.Add(-hour) }), no("C04", MandateExpired, RenewMandate, "")},
		{"act done before from", with(OpAct, func(f *Facts) { f.Mandate.From = now.Add(-hour + 1) }), no("C04", MandateNotStarted, WaitStart, "")},
		{"provisional, in time", with(OpCover, func(f *Facts) { f.Mandate.ConfirmBy = now.Add(1) }), nil},
		{"provisional, too late", with(OpCover, func(f *Facts) { f.Mandate.ConfirmBy = now }), no("C02", MandateNotConfirmed, ConfirmMandate, "")},
		{"act before the mandate was active", with(OpAct, func(f *Facts) { f.Mandate.ActiveSince = now.Add(-30 * time.Minute) }),
			no("C02", MandateNotActive, ReportToReferent, "/happened_at")},
		{"act in the minute of the activation", with(OpAct, func(f *Facts) { f.Mandate.ActiveSince = now.Add(-hour + 40*time.Second) }), nil},

		{"helper not named", with(OpCover, func(f *Facts) { f.Mandate.Team = false }), no("C11", HelperNotNamed, AnotherHelper, "")},
		{"helper named", with(OpCover, func(f *Facts) { f.Mandate.Team, f.Mandate.Includes = false, true }), nil},
		{"nobody stands in for a natural person", with(OpCover, func(f *Facts) { f.Mandate.Mandatary = MandataryNatural }),
			no("C11", HelperNotNamed, AnotherHelper, "")},
		{"the natural person", with(OpCover, func(f *Facts) { f.Mandate.Mandatary, f.Mandate.Includes = MandataryNatural, true }), nil},
		{"a colleague hands the copy over", with(OpDeliver, func(f *Facts) { f.Mandate.Team = false }), nil},
		{"a referent gives back for the structure", with(OpRenounce, func(f *Facts) { f.Mandate.Team = false; f.Member.Referent = true }), nil},
		{"a referent gives back for a natural person", with(OpRenounce, func(f *Facts) {
			f.Mandate.Mandatary = MandataryNatural
			f.Member.Referent = true
		}), no("C11", HelperNotNamed, AnotherHelper, "")},
		{"the purpose of stopping gives nothing back", with(OpRenounce, func(f *Facts) {
			f.Mandate.Team, f.Read.Purpose = false, PurposeDeskRevocation
		}), no("C11", HelperNotNamed, AnotherHelper, "")},
		{"the person stops", with(OpRevoke, func(f *Facts) { f.By, f.Member = ByPerson, Member{} }), nil},
		{"stopping twice", end(OpRevoke, EndRevoked), nil},
	}
}

func powerCases() []checkCase {
	want := func(p Power) Facts { return with(OpCover, func(f *Facts) { f.Wanted = p }) }
	return []checkCase{
		{"unknown service", want(Power{"bank", "rsa_declaration", "", DoForPresent}), no("C03", ServiceUnknown, Correct, "/service")},
		{"wildcard service", want(Power{"*", "*", "", DoForAbsent}), no("C03", ServiceUnknown, Correct, "/service")},
		{"unknown procedure", want(Power{"caf", "dance", "", DoForPresent}), no("C03", ProcedureUnknown, Correct, "/procedure")},
		{"another category", want(Power{"caf", "rsa_declaration", "logement", DoForPresent}), no("C03", PowerCategory, Correct, "/category")},
		{"category left out", want(Power{"caf", "rsa_declaration", "", DoForPresent}), nil},
		{"unknown mode", want(Power{"caf", "rsa_declaration", "", "do"}), no("C03", ModeUnknown, Correct, "/mode")},
		{"training is not written under a name", with(OpAct, func(f *Facts) { f.Wanted.Mode = Train }), no("C03", ModeNoMandate, CountOnly, "/mode")},
		{"personal act", want(Power{"banque_de_france", "over_indebtedness_filing", "", DoForPresent}), no("C18", PersonalAct, PersonSigns, "/procedure")},
		{"personal act, with the person", with(OpCover, func(f *Facts) {
			f.Mandate = Mandate{}
			f.Wanted = Power{"banque_de_france", "over_indebtedness_filing", "", DoWith}
		}), nil},
		{"payment", want(Power{"antai", "fine_payment", "", DoForPresent}), no("C20", PaymentClosed, PersonPays, "/procedure")},
		{"payment opened, not in the mandate", with(OpCover, func(f *Facts) {
			f.Wanted = Power{"antai", "fine_payment", "", DoForPresent}
			f.Opened = []Mission{MissionPayment}
		}), no("C03", PowerService, AddPower, "/service")},
		{"payment opened, in the mandate", with(OpCover, func(f *Facts) {
			f.Wanted = Power{"antai", "fine_payment", "", DoForPresent}
			f.Opened = []Mission{MissionPayment}
			f.Mandate.Powers = []Power{f.Wanted}
		}), nil},
		{"payment opened, not to this role", with(OpCover, func(f *Facts) {
			f.Wanted = Power{"antai", "fine_payment", "", DoForPresent}
			f.Opened = []Mission{MissionPayment}
			f.Mandate.Powers = []Power{f.Wanted}
			f.Member.Role = Secretary
		}), no("C16", RoleMission, ReferPerson, "/procedure")},
		{"training account in absence", want(Power{"mon_compte_formation", "training_rights", "", DoForAbsent}), no("C09", ModeAbsentForbidden, HelpPresent, "/mode")},
		{"recovery in absence", want(Power{"caf", "access_recovery", "", DoForAbsent}), no("C09", ModeAbsentForbidden, HelpPresent, "/mode")},
		{"outside the service", want(Power{"msa", "rsa_declaration", "", DoForPresent}), no("C03", PowerService, AddPower, "/service")},
		{"outside the procedure", want(Power{"caf", "apl_request", "", DoForPresent}), no("C03", PowerProcedure, AddPower, "/procedure")},
		{"in absence is not in presence", want(rsa(DoForAbsent)), no("C03", PowerMode, AddPower, "/mode")},
		{"in presence is not in absence", want(read(DoForPresent)), no("C03", PowerMode, AddPower, "/mode")},
		{"with the person is less than either", want(read(DoWith)), nil},
		{"a status without a power", with(OpStatus, func(f *Facts) { f.Wanted = Power{} }), nil},
		{"a status outside the powers", with(OpStatus, func(f *Facts) { f.Wanted = rsa(DoForAbsent) }), no("C03", PowerMode, AddPower, "/mode")},
		{"mode outside the role", with(OpCover, func(f *Facts) { f.Member.Role = HomeHelp }), no("C16", RoleMode, HelpWith, "/mode")},
		{"mission outside the role", with(OpCover, func(f *Facts) { f.Member.Role = DigitalMediator }), no("C16", RoleMission, ReferPerson, "/procedure")},
		{"mission opened by the structure", with(OpCover, func(f *Facts) {
			f.Member.Role = DigitalMediator
			f.Opened = []Mission{MissionDeclaration}
		}), nil},
		{"volunteer, both opened", with(OpCover, func(f *Facts) {
			f.Member.Role = Volunteer
			f.Opened = []Mission{MissionDeclaration, MissionDoForPresent}
		}), nil},
		{"volunteer in absence, whatever is opened", with(OpCover, func(f *Facts) {
			f.Member.Role, f.Wanted = Volunteer, read(DoForAbsent)
			f.Opened = []Mission{MissionDeclaration, MissionDoForPresent, MissionDoForAbsent, "read_messages"}
		}), no("C16", RoleMode, HelpWith, "/mode")},
		{"accepting powers beyond one's role", with(OpAccept, func(f *Facts) { f.Member.Role = DigitalMediator }), no("C16", RoleMission, ReferPerson, "")},
		{"evidence too weak for absence", with(OpCover, func(f *Facts) { f.Wanted, f.Mandate.Level = read(DoForAbsent), E1 }),
			no("C02", EvidenceLevelLow, StrongerEvidence, "/mode")},
		{"evidence just enough for absence", with(OpCover, func(f *Facts) { f.Wanted, f.Mandate.Level = read(DoForAbsent), E2 }), nil},
	}
}

func draftCases() []checkCase {
	draft := func(change func(d *Draft)) Facts { return with(OpDraft, func(f *Facts) { change(&f.Draft) }) }
	capacity := func(c Capacity) Facts { return draft(func(d *Draft) { d.Capacity = c }) }
	days := func(n int, powers ...Power) Facts {
		return draft(func(d *Draft) {
			d.Days, d.Until = n, d.From.Add(time.Duration(n)*day)
			if powers != nil {
				d.Powers = powers
			}
		})
	}
	access := Power{"caf", "access_recovery", "acces", DoForPresent}
	court := Power{"telerecours", "case_status", "justice", DoForPresent}
	return []checkCase{
		{"capacity not asked", capacity(""), no("C19", CapacityMissing, AskPerson, "/capacity")},
		{"signing, capacity not asked", with(OpSign, func(f *Facts) { f.Draft.Capacity = "" }), no("C19", CapacityMissing, AskPerson, "/capacity")},
		{"a minor who says no", draft(func(d *Draft) { d.Minor = true }), no("C19", CapacityMinorPerson, RepresentativeSigns, "/capacity")},
		{"an emancipated minor", draft(func(d *Draft) { d.Minor, d.Capacity = true, CapacityEmancipated }), nil},
		{"a minor alone", capacity(CapacityMinor), no("C19", CapacityRepresentative, RepresentativeSigns, "/capacity")},
		{"a minor's parent", draft(func(d *Draft) { d.Capacity, d.Represented = CapacityMinor, true }), nil},
		{"a measure not said", capacity(CapacityYes), no("C19", CapacityMeasure, AskMeasure, "/capacity")},
		{"does not know", capacity(CapacityUnknown), no("C19", CapacityConfirm, AskReferent, "/capacity")},
		{"does not know, referent confirmed", draft(func(d *Draft) { d.Capacity, d.ReferentConfirmed = CapacityUnknown, true }), nil},
		{"sauvegarde", capacity(CapacitySauvegarde), no("C19", CapacityConfirm, AskReferent, "/capacity")},
		{"sauvegarde, somebody has this matter", draft(func(d *Draft) {
			d.Capacity, d.ReferentConfirmed, d.SpecialMandatary = CapacitySauvegarde, true, true
		}), no("C19", CapacitySpecial, AskSpecialMandatary, "/capacity")},
		{"curatelle", capacity(CapacityCuratelle), no("C19", CapacityCurator, HelpWith, "/capacity")},
		{"curatelle, opened", with(OpDraft, func(f *Facts) {
			f.Draft.Capacity = CapacityCuratelle
			f.OpenedCapacities = []Capacity{CapacityCuratelle}
		}), nil},
		{"tutelle alone", capacity(CapacityTutelle), no("C19", CapacityRepresentative, RepresentativeSigns, "/capacity")},
		{"habilitation, represented", draft(func(d *Draft) { d.Capacity, d.Represented = CapacityHabilitation, true }), nil},
		{"protection future", capacity(CapacityProtectionFuture), no("C19", CapacityRefused, HelpWith, "/capacity")},
		{"doubt today", draft(func(d *Draft) { d.Capacity, d.ReferentConfirmed, d.Represented = CapacityDoubt, true, true }),
			no("C19", CapacityRefused, HelpWith, "/capacity")},

		{"conflict not asked", draft(func(d *Draft) { d.Conflict = "" }), no("C20", ConflictMissing, AskPerson, "/conflict")},
		{"a professional's family", draft(func(d *Draft) { d.Conflict = ConflictFamily }), no("C20", ConflictFound, AnotherHelper, "/conflict")},
		{"an interest", draft(func(d *Draft) { d.Conflict = ConflictInterest }), no("C20", ConflictFound, AnotherHelper, "/conflict")},
		{"a relative's family", draft(func(d *Draft) { d.HelperRoles, d.Conflict = []Role{Relative}, ConflictFamily }), nil},
		{"a relative with an interest", draft(func(d *Draft) { d.HelperRoles, d.Conflict = []Role{Relative}, ConflictInterest }),
			no("C20", ConflictFound, AnotherHelper, "/conflict")},
		{"aid not said", draft(func(d *Draft) { d.Aid = "" }), nil},
		{"aid unknown", draft(func(d *Draft) { d.Aid = "telepathy" }), no("C05", AidUnknown, Correct, "/explained/aid")},

		{"no power", draft(func(d *Draft) { d.Powers = nil }), no("C03", PowersCount, SplitMandate, "/powers")},
		{"15 powers", draft(func(d *Draft) { d.Powers = manyPowers(15) }), nil},
		{"16 powers", draft(func(d *Draft) { d.Powers = manyPowers(16) }), no("C03", PowersCount, SplitMandate, "/powers")},
		{"a power twice", draft(func(d *Draft) { d.Powers = []Power{rsa(DoForPresent), read(DoForAbsent), rsa(DoForPresent)} }),
			no("C03", PowerTwice, Correct, "/powers/2")},
		{"the same power, another mode", draft(func(d *Draft) { d.Powers = []Power{read(DoForPresent), read(DoForAbsent)} }), nil},
		{"unknown service in a draft", draft(func(d *Draft) { d.Powers[1].Service = "*" }), no("C03", ServiceUnknown, Correct, "/powers/1/service")},
		{"training needs no mandate", draft(func(d *Draft) { d.Powers[0].Mode = Train }), no("C03", ModeNoMandate, CountOnly, "/powers/0/mode")},
		{"a personal act is no power", draft(func(d *Draft) { d.Powers = []Power{{"antai", "fine_admission", "transports", DoForPresent}} }),
			no("C18", PersonalAct, PersonSigns, "/powers/0/procedure")},
		{"nor with the person", draft(func(d *Draft) { d.Powers = []Power{{"antai", "fine_admission", "transports", DoWith}} }),
			no("C18", PersonalAct, PersonSigns, "/powers/0/procedure")},
		{"a payment", draft(func(d *Draft) { d.Powers = []Power{{"impots_gouv", "tax_payment", "argent", DoForAbsent}} }),
			no("C20", PaymentClosed, PersonPays, "/powers/0/procedure")},
		{"an access in absence", draft(func(d *Draft) { d.Powers = []Power{{"mailbox", "account_creation", "acces", DoForAbsent}} }),
			no("C09", ModeAbsentForbidden, HelpPresent, "/powers/0/mode")},
		{"a volunteer's draft, nothing opened", with(OpDraft, func(f *Facts) { f.Member.Role = Volunteer }), no("C16", RoleMode, HelpWith, "/powers/0/mode")},
		{"a mandate to a home help", draft(func(d *Draft) { d.HelperRoles = []Role{HomeHelp} }), no("C16", RoleMode, HelpWith, "/powers/0/mode")},
		{"one of those named may", draft(func(d *Draft) { d.HelperRoles = []Role{HomeHelp, Secretary} }), nil},
		{"a mission outside the role", with(OpDraft, func(f *Facts) {
			f.Member.Role = Secretary
			f.Draft.Powers = []Power{{"caf", "appeal", "social", DoForPresent}}
		}), no("C16", RoleMission, ReferPerson, "/powers/0/procedure")},

		{"no end date", draft(func(d *Draft) { d.Until = time.Time{} }), no("C04", EndMissing, Correct, "/until")},
		{"no days", draft(func(d *Draft) { d.Days = 0 }), no("C04", EndMissing, Correct, "/until")},
		{"until at from", draft(func(d *Draft) { d.Until = d.From }), no("C04", DatesOrder, Correct, "/until")},
		{"until now", draft(func(d *Draft) { d.From, d.Until, d.Days = now.Add(-hour), now, 1 }), no("C04", EndPast, Correct, "/until")},
		{"from earlier today", draft(func(d *Draft) { d.From = now.Add(-10 * hour) }), nil},
		{"from days ago", draft(func(d *Draft) { d.From = now.Add(-25*hour - 1) }), no("C02", StartPast, Correct, "/from")},
		{"signing a draft some days old", with(OpSign, func(f *Facts) { f.Draft.From = now.Add(-3 * day); f.Draft.Days = 34 }), nil},
		{"365 days", days(365, rsa(DoForPresent)), nil},
		{"366 days", days(366, rsa(DoForPresent)), no("C04", DurationOver, ShorterMandate, "/until")},
		{"a wrong count of days", draft(func(d *Draft) { d.Days, d.Until = 365, d.From.Add(365*day+hour+1) }), no("C04", DurationOver, ShorterMandate, "/until")},
		{"31 days of justice", days(31, court), nil},
		{"32 days of justice", days(32, court), no("C04", DurationOver, SplitMandate, "/until")},
		{"an access with something longer", days(31, rsa(DoForPresent), access), no("C04", DurationOver, SplitMandate, "/until")},
		{"an access for a day", days(1, access), nil},
		{"a volunteer for 32 days", with(OpDraft, func(f *Facts) {
			f.Member.Role, f.Opened = Volunteer, []Mission{MissionDoForPresent, MissionDeclaration}
			f.Draft.Powers = []Power{rsa(DoForPresent)}
			f.Draft.Days, f.Draft.Until = 32, now.Add(32*day)
		}), no("C04", DurationOver, ShorterMandate, "/until")},
		{"another mandate, nothing chosen", draft(func(d *Draft) { d.Overlaps = true }), no("C02", SupersessionAnswer, AskPerson, "/supersedes")},
		{"another mandate, said there is none", draft(func(d *Draft) { d.Overlaps, d.Supersedes = true, SupersessionNone }),
			no("C02", SupersessionAnswer, AskPerson, "/supersedes")},
		{"another mandate, kept", draft(func(d *Draft) { d.Overlaps, d.Supersedes = true, SupersessionKeep }), nil},
		{"another mandate, replaced", draft(func(d *Draft) { d.Overlaps, d.Supersedes = true, SupersessionReplace }), nil},
		{"an unknown choice", draft(func(d *Draft) { d.Supersedes = "both" }), no("C02", SupersessionAnswer, AskPerson, "/supersedes")},
	}
}

// manyPowers are n powers that a social worker may have, all different.
func manyPowers(n int) []Power {
	var out []Power
	for _, s := range []ServiceCode{"caf", "msa", "carsat", "france_travail", "info_retraite", "mdph"} {
		for _, m := range []Mode{DoWith, DoForPresent, DoForAbsent} {
			out = append(out, Power{s, "upload_documents", "", m})
		}
	}
	return out[:n]
}

func evidenceCases() []checkCase {
	sign := func(e ...Evidence) Facts { return with(OpSign, func(f *Facts) { f.Evidence = e }) }
	present := func(e ...Evidence) Facts {
		return with(OpSign, func(f *Facts) { f.Evidence, f.Draft.Powers = e, []Power{rsa(DoForPresent)} })
	}
	p := func(t EvidenceType) Evidence { return Evidence{Role: SignerPerson, Type: t} }
	witnessed := func(t EvidenceType, n int) Evidence { return Evidence{Role: SignerPerson, Type: t, Witnesses: n} }
	leisure := func(e Evidence) Facts {
		return with(OpSign, func(f *Facts) {
			f.Evidence = []Evidence{e}
			f.Draft.Powers = []Power{{"leisure_permits", "hunting_licence", "loisirs", DoForAbsent}}
		})
	}
	own := func(t EvidenceType) Evidence { return Evidence{Role: SignerPerson, Type: t, OwnDevice: true} }
	return []checkCase{
		{"no evidence", sign(), no("C02", EvidenceMissing, SignMandate, "/evidence")},
		{"the helper's word", sign(Evidence{Role: SignerHelper, Type: Passkey}), no("C02", EvidenceMissing, SignMandate, "/evidence")},
		{"a complement alone", sign(p(RepresentativeTitle)), no("C02", EvidenceMissing, SignMandate, "/evidence")},
		{"unknown evidence", sign(p(PaperOriginal), p("stone")), no("C02", EvidenceUnknown, Correct, "/evidence/1/type")},
		{"a voice, no witness", present(witnessed(OralWitnessed, 0)), no("C02", WitnessCount, SecondWitness, "/evidence/0/witnesses")},
		{"a voice, one witness, in presence", present(witnessed(OralWitnessed, 1)), nil},
		{"a mark, one witness, in absence", sign(witnessed(MarkWitnessed, 1)), no("C02", WitnessCount, SecondWitness, "/evidence/0/witnesses")},
		{"a mark, two witnesses, in absence", sign(witnessed(MarkWitnessed, 2)), nil},
		{"a voice, one witness, leisure in absence", leisure(witnessed(OralWitnessed, 1)), no("C02", WitnessCount, SecondWitness, "/evidence/0/witnesses")},
		{"a voice and a paper, one witness, in absence", sign(witnessed(OralWitnessed, 1), p(PaperScan)), nil},
		{"the phone alone", present(p(PhoneOral)), no("C02", EvidenceProvisional, MakeProvisional, "/evidence")},
		{"the phone, provisional", with(OpSign, func(f *Facts) {
			f.Evidence, f.Draft.Powers, f.Draft.Provisional = []Evidence{p(PhoneOral)}, []Power{rsa(DoForPresent)}, true
		}), nil},
		{"the phone, then an SMS", sign(p(PhoneOral), own(SMSReply)), nil},
		{"represented, title not seen", with(OpSign, func(f *Facts) {
			f.Draft.Capacity, f.Draft.Represented = CapacityTutelle, true
			f.Evidence = []Evidence{{Role: SignerRepresentative, Type: PaperOriginal}}
		}), no("C19", CapacityRepresentative, RepresentativeSigns, "/evidence")},
		{"represented", with(OpSign, func(f *Facts) {
			f.Draft.Capacity, f.Draft.Represented = CapacityTutelle, true
			f.Evidence = []Evidence{{Role: SignerRepresentative, Type: PaperOriginal}, {Role: SignerRepresentative, Type: RepresentativeTitle}}
		}), nil},
		{"represented, but the person signed", with(OpSign, func(f *Facts) {
			f.Draft.Capacity, f.Draft.Represented = CapacityTutelle, true
		}), no("C02", EvidenceMissing, SignMandate, "/evidence")},
		{"curatelle, curator has not signed", with(OpSign, func(f *Facts) {
			f.Draft.Capacity, f.OpenedCapacities = CapacityCuratelle, []Capacity{CapacityCuratelle}
		}), no("C19", CapacityCurator, CuratorSigns, "/evidence")},
		{"curatelle, curator signed", with(OpSign, func(f *Facts) {
			f.Draft.Capacity, f.OpenedCapacities = CapacityCuratelle, []Capacity{CapacityCuratelle}
			f.Evidence = append(f.Evidence, Evidence{Role: SignerCurator, Type: CuratorCosign})
		}), nil},
		{"a code on the helper's device", present(p(CardCode)), no("C02", EvidenceLevelLow, StrongerEvidence, "/evidence")},
		{"a code on the person's phone", present(own(CardCode)), nil},
		{"a card code alone, leisure in absence", leisure(own(CardCode)), no("C02", EvidenceAbsentAlone, StrongerEvidence, "/evidence")},
		{"an SMS to another's phone", present(p(SMSReply)), no("C02", EvidenceLevelLow, StrongerEvidence, "/evidence")},
		{"a drawing, in absence", sign(p(TabletDrawn)), no("C02", EvidenceLevelLow, StrongerEvidence, "/evidence")},
		{"a drawing and a second factor, in absence", sign(Evidence{Role: SignerPerson, Type: TabletDrawn, SecondFactor: true}), nil},
		{"a scan, taxes in absence", with(OpSign, func(f *Facts) {
			f.Evidence, f.Draft.Powers = []Evidence{p(PaperScan)}, []Power{{"impots_gouv", "tax_notice", "argent", DoForAbsent}}
		}), no("C02", EvidenceLevelLow, StrongerEvidence, "/evidence")},
		{"one witness, 32 days", with(OpSign, func(f *Facts) {
			f.Evidence, f.Draft.Powers = []Evidence{witnessed(OralWitnessed, 1)}, []Power{rsa(DoForPresent)}
			f.Draft.Days, f.Draft.Until = 32, now.Add(32*day)
		}), no("C04", DurationOver, StrongerEvidence, "/until")},
		{"two witnesses, 182 days", with(OpSign, func(f *Facts) {
			f.Evidence, f.Draft.Powers = []Evidence{witnessed(OralWitnessed, 2)}, []Power{rsa(DoForPresent)}
			f.Draft.Days, f.Draft.Until = 182, now.Add(182*day)
		}), nil},
	}
}

func actCases() []checkCase {
	act := func(change func(a *Act)) Facts { return with(OpAct, func(f *Facts) { change(&f.Act) }) }
	absent := func(change func(f *Facts)) Facts {
		return with(OpAct, func(f *Facts) {
			f.Wanted = read(DoForAbsent)
			f.Act.Channel, f.Act.CredentialEntry = ChannelDelegatedAccess, EntryDelegated
			change(f)
		})
	}
	recovery := func(e CredentialEntry) Facts {
		return with(OpAct, func(f *Facts) {
			f.Wanted = Power{"caf", "access_recovery", "", DoForPresent}
			f.Mandate.Powers = []Power{f.Wanted}
			f.Act.CredentialEntry = e
		})
	}
	return []checkCase{
		{"no reason", act(func(a *Act) { a.Reason = "" }), no("C01", ActReasonMissing, Correct, "/reason")},
		{"unknown reason", act(func(a *Act) { a.Reason = "quicker" }), no("C01", ActReasonMissing, Correct, "/reason")},
		{"with the person, no reason", with(OpAct, func(f *Facts) { f.Wanted.Mode = DoWith; f.Act.Reason = "" }), nil},
		{"with the person, no mandate", with(OpAct, func(f *Facts) { f.Wanted.Mode = DoWith; f.Mandate = Mandate{} }), nil},
		{"unknown channel", act(func(a *Act) { a.Channel = "pigeon" }), no("C13", ActChannel, Correct, "/channel")},
		{"no outcome", act(func(a *Act) { a.Outcome = "" }), no("C13", ActOutcome, Correct, "/outcome")},
		{"no time", act(func(a *Act) { a.HappenedAt = time.Time{} }), no("C13", ActTimeMissing, Correct, "/happened_at")},
		{"tomorrow", act(func(a *Act) { a.HappenedAt = now.Add(1) }), no("C13", ActInFuture, Correct, "/happened_at")},
		{"this instant", act(func(a *Act) { a.HappenedAt = now }), nil},
		{"seven days ago", with(OpAct, func(f *Facts) {
			f.Mandate.From, f.Mandate.ActiveSince = now.Add(-30*day), now.Add(-30*day)
			f.Act.HappenedAt, f.Act.ValidatedAt = now.Add(-7*day), now.Add(-7*day)
		}), nil},
		{"longer ago", with(OpAct, func(f *Facts) {
			f.Mandate.From, f.Mandate.ActiveSince = now.Add(-30*day), now.Add(-30*day)
			f.Act.HappenedAt, f.Act.ValidatedAt = now.Add(-7*day-1), now.Add(-7*day-1)
		}), no("C13", ActLate, ReportToReferent, "/happened_at")},

		{"who typed not said", act(func(a *Act) { a.CredentialEntry = "" }), no("C09", CredentialMissing, Correct, "/credential_entry")},
		{"the helper typed, the person there", act(func(a *Act) { a.CredentialEntry = EntryHelperInPresence }), nil},
		{"the helper typed, doing with", with(OpAct, func(f *Facts) { f.Wanted.Mode = DoWith; f.Act.CredentialEntry = EntryHelperInPresence }),
			no("C09", CredentialPresent, PersonTypes, "/credential_entry")},
		{"in absence, delegated", absent(func(*Facts) {}), nil},
		{"in absence, no code", absent(func(f *Facts) { f.Act.Channel, f.Act.CredentialEntry = ChannelPaper, EntryNone }), nil},
		{"in absence, the person's code", absent(func(f *Facts) { f.Act.CredentialEntry = EntryPerson }), no("C09", CredentialAbsent, OfficialWay, "/credential_entry")},
		{"in absence, typed by the helper", absent(func(f *Facts) { f.Act.CredentialEntry = EntryHelperInPresence }),
			no("C09", CredentialAbsent, OfficialWay, "/credential_entry")},
		{"in absence, the person's session", absent(func(f *Facts) { f.Act.Channel = ChannelPersonSession }), no("C09", ChannelAbsent, OfficialWay, "/channel")},
		{"recovering an access, the person types", recovery(EntryPerson), nil},
		{"recovering an access, the helper types", recovery(EntryHelperInPresence), no("C09", CredentialPerson, PersonTypes, "/credential_entry")},

		{"declaration not validated", act(func(a *Act) { a.ValidatedAt = time.Time{} }), no("C18", ValidationMissing, ValidateWithPerson, "/validated_by_person_at")},
		{"declaration, how not said", act(func(a *Act) { a.ValidatedHow = "nod" }), no("C18", ValidationHow, ValidateWithPerson, "/validated_how")},
		{"declaration, no period", act(func(a *Act) { a.Period = "" }), no("C18", ValidationPeriod, ValidateWithPerson, "/period")},
		{"declaration validated afterwards", act(func(a *Act) { a.ValidatedAt = a.HappenedAt.Add(time.Minute) }),
			no("C18", ValidationAfterAct, ValidateWithPerson, "/validated_by_person_at")},
		{"declaration validated in the same minute", act(func(a *Act) { a.ValidatedAt = a.HappenedAt.Add(20 * time.Second) }), nil},
		{"declaration validated 31 days before", act(func(a *Act) { a.ValidatedAt = a.HappenedAt.Add(-31 * day) }), nil},
		{"declaration validated longer before", act(func(a *Act) { a.ValidatedAt = a.HappenedAt.Add(-31*day - 1) }),
			no("C18", ValidationOld, ValidateWithPerson, "/validated_by_person_at")},
		{"no declaration, nothing to validate", absent(func(f *Facts) { f.Act.ValidatedAt, f.Act.ValidatedHow, f.Act.Period = time.Time{}, "", "" }), nil},
	}
}
