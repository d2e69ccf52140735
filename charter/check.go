package charter

import "slices"

// Finding is the first rule that a request does not keep. It holds no value of
// the request, so it may be logged and shown.
type Finding struct {
	Rule RuleID
	// Reason is a key of Reasons, Instead one of Insteads.
	Reason  Reason
	Instead Instead
	// Pointer is the JSON pointer (RFC 6901) of the fault inside the thing asked
	// for: "/powers/0/mode" of a draft, "/channel" of an act, "/purpose" of a
	// read. "" if the fault is in no part of it.
	Pointer string
}

// Check decides one request: nil if every rule of the charter that bears on it
// is kept, else the first one that is not, in the order of the table. An
// operation that the table does not know is refused.
func (c *Charter) Check(f Facts) *Finding {
	rows, ok := byOperation[f.Operation]
	if !ok {
		return &Finding{Rule: "C02", Reason: OperationUnknown, Instead: Correct}
	}
	for _, r := range rows {
		if found := r.check(c, &f); found != nil {
			found.Rule = r.rule
			return found
		}
	}
	return nil
}

type row struct {
	rule  RuleID
	ops   []Operation
	check func(c *Charter, f *Facts) *Finding
}

// Groups of operations that rules share.
var (
	allOps = []Operation{OpAdhere, OpOpenMember, OpCloseMember, OpRecord, OpUpdate, OpSearch, OpList, OpRead, OpDraft,
		OpSign, OpAccept, OpDeliver, OpCover, OpAct, OpStatus, OpRevoke, OpRenounce, OpErase, OpExtract, OpNameHelper, OpBreakGlass}
	adheredOps = []Operation{OpRecord, OpUpdate, OpSearch, OpList, OpRead, OpDraft, OpSign, OpAccept, OpDeliver, OpCover, OpAct, OpNameHelper}
	openOps    = []Operation{OpUpdate, OpList, OpRead}
	askOps     = []Operation{OpUpdate, OpSearch, OpList, OpRead, OpExtract}
	// What leans on a mandate; how much it asks of it is told by needOf.
	mandateOps = []Operation{OpUpdate, OpList, OpRead, OpSign, OpAccept, OpDeliver, OpCover, OpAct, OpStatus, OpRenounce}
	powerOps   = []Operation{OpRead, OpUpdate, OpCover, OpAct, OpStatus}
	draftOps   = []Operation{OpDraft, OpSign}
)

// table is the charter as code. A row's place decides which answer comes first,
// so the order is that of usefulness to whoever is refused: who asks, for what
// purpose, then the mandate (whether it was stopped before all else: a
// revocation beats every date and signature), then what is wanted, then the
// particulars.
//
// Stopping is in no row but those about who asks: nobody who may ask at all is
// ever refused a stop (C07).
var table = []row{
	{"C21", allOps, actorMay},
	{"C21", allOps, programMay},
	{"C23", allOps, memberOpen},
	{"C23", allOps, memberAwake},
	{"C22", adheredOps, adhered},
	{"C22", []Operation{OpAdhere}, adheresToThis},
	{"C16", allOps, memberMay},
	{"C21", []Operation{OpBreakGlass}, glassReason},

	{"C15", askOps, purposeGiven},
	{"C15", askOps, purposeOfRole},
	{"C10", askOps, pseudonymsOnly},
	{"C10", []Operation{OpUpdate, OpRead, OpExtract}, fieldsOfPurpose},
	{"C10", []Operation{OpList}, listShort},

	{"C02", mandateOps, mandateExists},
	{"C07", mandateOps, notRevoked},
	{"C02", mandateOps, notEnded},
	{"C02", mandateOps, signed},
	{"C02", mandateOps, accepted},
	{"C06", mandateOps, delivered},
	{"C02", mandateOps, notSuspended},
	{"C04", mandateOps, started},
	{"C04", mandateOps, notExpired},
	{"C02", mandateOps, confirmed},
	{"C02", []Operation{OpAct}, activeThen},
	{"C11", mandateOps, helperNamed},
	{"C10", openOps, endedIdentityOnly},

	{"C03", powerOps, wantedInCatalogue},
	{"C18", powerOps, wantedNotPersonal},
	{"C20", powerOps, wantedPaymentOpen},
	{"C09", powerOps, wantedMayBeAbsent},
	{"C03", powerOps, wantedInPowers},
	{"C16", powerOps, wantedInRole},
	{"C16", []Operation{OpRead, OpList, OpUpdate, OpAccept, OpRenounce}, mandateInRole},
	{"C02", powerOps, absentLevel},

	{"C19", draftOps, capacityKnown},
	{"C19", draftOps, capacityPath},
	{"C20", draftOps, noConflict},
	{"C05", draftOps, aidKnown},
	{"C03", draftOps, powersCounted},
	{"C03", draftOps, powersInCatalogue},
	{"C18", draftOps, powersNotPersonal},
	{"C20", draftOps, powersPaymentOpen},
	{"C09", draftOps, powersMayBeAbsent},
	{"C16", []Operation{OpDraft}, powersInRole},
	{"C04", draftOps, datesInOrder},
	{"C02", []Operation{OpDraft}, startNotPast},
	{"C04", draftOps, durationKept},
	{"C02", draftOps, supersessionChosen},

	{"C02", []Operation{OpSign}, evidenceKnown},
	{"C02", []Operation{OpSign}, evidenceWitnessed},
	{"C02", []Operation{OpSign}, evidenceProvisional},
	{"C19", []Operation{OpSign}, evidenceOfPath},
	{"C02", []Operation{OpSign}, evidenceStrongEnough},
	{"C04", []Operation{OpSign}, evidenceLastsAsLong},

	{"C01", []Operation{OpAct}, actHasReason},
	{"C13", []Operation{OpAct}, actTold},
	{"C13", []Operation{OpAct}, actInTime},
	{"C09", []Operation{OpAct}, credentialsTyped},
	{"C18", []Operation{OpAct}, declarationValidated},
}

var byOperation = func() map[Operation][]row {
	m := map[Operation][]row{}
	for _, op := range allOps {
		for _, r := range table {
			if slices.Contains(r.ops, op) {
				m[op] = append(m[op], r)
			}
		}
	}
	return m
}()
