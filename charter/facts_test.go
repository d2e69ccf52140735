package charter

import (
	"testing"
	"time"
)

// now is the instant of the tests' decisions; the base mandate runs around it.
var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const hour, day = time.Hour, 24 * time.Hour

func load(t testing.TB) *Charter {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rsa(m Mode) Power {
	return Power{Service: "caf", Procedure: "rsa_declaration", Category: "social", Mode: m}
}

func read(m Mode) Power {
	return Power{Service: "caf", Procedure: "read_messages", Category: "social", Mode: m}
}

// base is a request of each operation that keeps every rule: a social worker
// under a mandate of the team, in force, on paper.
func base(op Operation) Facts {
	f := Facts{
		Operation: op,
		Now:       now,
		Member:    Member{Open: true, Role: SocialWorker, Adhered: "1.1.0"},
		Mandate: Mandate{
			Exists: true, From: now.Add(-day), Until: now.Add(30 * day), Signed: true, Accepted: true, Delivered: true,
			ActiveSince: now.Add(-day), Powers: []Power{rsa(DoForPresent), read(DoForAbsent)}, Level: E3,
			Mandatary: MandataryStructure, Team: true,
		},
		Wanted: rsa(DoForPresent),
		Draft: Draft{
			Powers: []Power{rsa(DoForPresent), read(DoForAbsent)}, From: now, Until: now.Add(31*day - 10*hour), Days: 31,
			Capacity: CapacityNo, Conflict: ConflictNo, Aid: "read_aloud",
		},
		Evidence: []Evidence{{Role: SignerPerson, Type: PaperOriginal}},
		Act: Act{
			Reason: "cannot_read", Channel: ChannelPersonSession, CredentialEntry: EntryPerson, Outcome: "done",
			HappenedAt: now.Add(-hour), ValidatedAt: now.Add(-2 * hour), ValidatedHow: ValidatedOnScreen, Period: "2026-08/2026-10",
		},
		Read: Read{Purpose: PurposeActUnderMandate, Fields: []Field{FieldContact}},
	}
	switch op {
	case OpOpenMember, OpCloseMember, OpErase:
		f.Member.Referent = true
	case OpBreakGlass:
		f.Member.Referent, f.Glass = true, "person_asks"
	case OpExtract:
		f.Member.Auditor = true
		f.Read = Read{Purpose: PurposeDPOAudit}
	case OpStatus:
		f.By, f.Member = ByService, Member{}
	case OpSearch:
		f.Read = Read{Purpose: PurposePrepareMandate}
	}
	return f
}

func with(op Operation, change func(f *Facts)) Facts {
	f := base(op)
	change(&f)
	return f
}
