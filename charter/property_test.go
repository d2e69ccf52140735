package charter

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestHalfOpen: a mandate covers [from, until) to the nanosecond, whatever the
// operation that leans on it and whatever the time zones of the instants.
func TestHalfOpen(t *testing.T) {
	c := load(t)
	zones := []*time.Location{time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -11*3600)}
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "from"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		until := from.Add(time.Duration(rapid.Int64Range(1, int64(365*day)).Draw(t, "length")))
		span := int64(until.Sub(from))
		at := from.Add(time.Duration(rapid.OneOf(
			rapid.SampledFrom([]int64{-1, 0, 1, span - 1, span, span + 1}),
			rapid.Int64Range(-span, 2*span),
		).Draw(t, "at")))
		f := base(rapid.SampledFrom([]Operation{OpCover, OpRead, OpList, OpStatus, OpAct}).Draw(t, "op"))
		zone := func(name string) *time.Location { return rapid.SampledFrom(zones).Draw(t, name) }
		f.Now = at.In(zone("now"))
		f.Mandate.From, f.Mandate.Until = from.In(zone("zone of from")), until.In(zone("zone of until"))
		f.Mandate.ActiveSince = time.Time{}
		f.Act.HappenedAt, f.Act.ValidatedAt = at, at

		got := c.Check(f)
		switch {
		case at.Before(from):
			if got == nil || got.Reason != MandateNotStarted || got.Rule != "C04" {
				t.Fatalf("before from: %+v", got)
			}
		case at.Before(until):
			if got != nil {
				t.Fatalf("within: %+v", got)
			}
		default:
			if got == nil || got.Reason != MandateExpired || got.Rule != "C04" {
				t.Fatalf("at or after until: %+v", got)
			}
		}
	})
}

// TestRevocationBeatsAll: from the instant of a revocation nothing that leans on
// the mandate is allowed, whatever else is true; one that comes later stops
// nothing before it.
func TestRevocationBeatsAll(t *testing.T) {
	c := load(t)
	ops := []Operation{OpSign, OpAccept, OpDeliver, OpCover, OpAct, OpStatus, OpRead, OpList, OpUpdate, OpRenounce}
	rapid.Check(t, func(t *rapid.T) {
		f := base(rapid.SampledFrom(ops).Draw(t, "op"))
		m := &f.Mandate
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		m.Signed, m.Accepted, m.Delivered, m.Suspended = flag("signed"), flag("accepted"), flag("delivered"), flag("suspended")
		m.Team, m.Includes = flag("team"), flag("includes")
		m.From = now.Add(time.Duration(rapid.Int64Range(-int64(day), int64(day)).Draw(t, "from")))
		m.Until = m.From.Add(time.Duration(rapid.Int64Range(1, int64(365*day)).Draw(t, "length")))
		m.Level = rapid.SampledFrom([]Level{E0, E1, E2, E3, E4}).Draw(t, "level")
		f.Act.Urgent = flag("urgent")
		f.Act.HappenedAt = now.Add(-time.Duration(rapid.Int64Range(0, int64(7*day)).Draw(t, "happened")))
		m.Ended = EndRevoked
		m.EndedAt = now.Add(-time.Duration(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, int64(9*day))).Draw(t, "ago")))

		got := c.Check(f)
		if got == nil || got.Reason != MandateRevoked || got.Rule != "C07" {
			t.Fatalf("after the revocation: %+v", got)
		}
		m.EndedAt = now.Add(1)
		if got := c.Check(f); got != nil && got.Reason == MandateRevoked {
			t.Fatalf("a nanosecond before the revocation: %+v", got)
		}
	})
}

// TestStoppingIsNeverRefused: whatever the mandate, an open member or the person stops it.
func TestStoppingIsNeverRefused(t *testing.T) {
	c := load(t)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		f.Operation = OpRevoke
		f.By = rapid.SampledFrom([]Party{ByMember, ByPerson, ByRepresentative}).Draw(t, "by")
		f.Member.Open = true
		if got := c.Check(f); got != nil {
			t.Fatalf("%+v", got)
		}
	})
}

// TestOneAnswer: any facts get one answer, the same each time, made of known
// keys, and nothing in the facts is changed.
func TestOneAnswer(t *testing.T) {
	c := load(t)
	reasons, insteads := Reasons(), Insteads()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		first, second := c.Check(f), c.Check(f)
		if first == nil || second == nil {
			if first != second {
				t.Fatalf("%+v, then %+v", first, second)
			}
			return
		}
		if *first != *second || first == second {
			t.Fatalf("%+v, then %+v (shared: %v)", first, second, first == second)
		}
		if _, ok := c.Rule(first.Rule); !ok || !slices.Contains(reasons, first.Reason) || !slices.Contains(insteads, first.Instead) {
			t.Fatalf("unknown key: %+v", first)
		}
	})
}

// TestClosedMemberDoesNothing: whatever else is true.
func TestClosedMemberDoesNothing(t *testing.T) {
	c := load(t)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		f.By, f.Member.Open = ByMember, false
		if got := c.Check(f); got == nil || got.Reason != MemberClosed && got.Reason != OperationUnknown {
			t.Fatalf("%+v", got)
		}
	})
}

// anyFacts mixes words of the charter with others, in any combination.
func anyFacts(t *rapid.T) Facts {
	f := base(rapid.SampledFrom(append([]Operation{"", "x"}, allOps...)).Draw(t, "op"))
	pick := func(name string, words ...string) string {
		return rapid.SampledFrom(append(words, "", "x")).Draw(t, name)
	}
	f.By = Party(pick("by", "", "", "", "person", "representative", "service", "operator", "system"))
	f.Member = Member{
		Open:     rapid.IntRange(0, 9).Draw(t, "open") > 0,
		Role:     rapid.SampledFrom(append([]Role{Referent, DPO, Auditor, Operator, "", "x"}, matrixRoles...)).Draw(t, "role"),
		Referent: rapid.Bool().Draw(t, "referent"), Auditor: rapid.Bool().Draw(t, "auditor"),
		Adhered: pick("adhered", "1.0.0", "1.0.0", "1.2.0", "0.1.0", "2.0.0"),
		Hosted:  rapid.IntRange(0, 4).Draw(t, "hosted") == 0,
	}
	power := rapid.Custom(func(t *rapid.T) Power {
		return Power{
			Service:   ServiceCode(rapid.SampledFrom([]string{"caf", "impots_gouv", "antai", "mon_compte_formation", "x"}).Draw(t, "service")),
			Procedure: ProcedureCode(rapid.SampledFrom([]string{"rsa_declaration", "read_messages", "access_recovery", "fine_payment", "fine_admission", "x"}).Draw(t, "procedure")),
			Category:  CategoryCode(rapid.SampledFrom([]string{"", "social", "acces", "x"}).Draw(t, "category")),
			Mode:      Mode(rapid.SampledFrom([]string{"train", "do_with", "do_for_present", "do_for_absent", "x"}).Draw(t, "mode")),
		}
	})
	f.Mandate.Exists = rapid.Bool().Draw(t, "exists")
	f.Mandate.Ended = End(pick("ended", "", "", "", "revoked", "void", "deceased"))
	f.Mandate.Powers = rapid.SliceOfN(power, 0, 3).Draw(t, "powers")
	f.Wanted = power.Draw(t, "wanted")
	f.Draft.Powers = rapid.SliceOfN(power, 0, 17).Draw(t, "draft powers")
	f.Draft.Capacity = Capacity(pick("capacity", "no", "tutelle", "curatelle", "sauvegarde", "doubt", "yes", "unknown", "minor"))
	f.Draft.Represented = rapid.Bool().Draw(t, "represented")
	f.Draft.Conflict = Conflict(pick("conflict", "no", "family", "interest"))
	f.Evidence = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Evidence {
		return Evidence{
			Role:      SignerRole(rapid.SampledFrom([]string{"person", "helper", "representative", "curator", "x"}).Draw(t, "part")),
			Type:      EvidenceType(rapid.SampledFrom([]string{"oral_witnessed", "paper_scan", "card_code", "phone_oral", "representative", "curator_cosign", "x"}).Draw(t, "type")),
			Witnesses: rapid.IntRange(-1, 3).Draw(t, "witnesses"),
		}
	}), 0, 3).Draw(t, "evidence")
	f.Act.Channel = Channel(pick("channel", "paper", "person_session"))
	f.Act.CredentialEntry = CredentialEntry(pick("entry", "person", "none", "helper_in_presence"))
	f.Read.Purpose = Purpose(pick("purpose", "prepare_mandate", "act_under_mandate", "answer_person", "desk_revocation", "dpo_audit", "referent_review", "notice", "technical_support"))
	f.Read.Fields = []Field{Field(pick("field", "identity", "contact", "evidence"))}
	f.Glass = GlassReasonCode(pick("glass", "", "danger"))
	f.Read.Drafting = rapid.Bool().Draw(t, "drafting")
	return f
}
