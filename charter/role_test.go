package charter

import (
	"slices"
	"testing"
	"time"
)

// roleCases: who may ask for what at all, and how long an account lasts.
func roleCases() []checkCase {
	hosted := Member{Open: true, Role: Relative, Hosted: true, Adhered: "1.1.0"}
	named := func(op Operation, change func(*Facts)) Facts {
		return with(op, func(f *Facts) {
			f.Member, f.Mandate.Mandatary, f.Mandate.Team, f.Mandate.Includes = hosted, MandataryNatural, false, true
			change(f)
		})
	}
	same := func(*Facts) {}
	support := func(f *Facts) {
		f.By, f.Member = ByOperator, Member{}
		f.Read = Read{Purpose: PurposeTechnicalSupport, Fields: []Field{FieldContact}}
	}
	asleep := now.AddDate(0, -6, 0)
	return []checkCase{
		{"accepts this version", with(OpAdhere, func(f *Facts) { f.Member.Adhered = "1.1.0" }), nil},
		{"an account that slept", with(OpAct, func(f *Facts) { f.Member.Used = asleep }), no("C23", MemberUnused, AskReferent, "")},
		{"an account that slept stops nobody's help", with(OpRevoke, func(f *Facts) { f.Member.Used = asleep }), no("C23", MemberUnused, AskReferent, "")},
		{"an account about to sleep", with(OpAct, func(f *Facts) { f.Member.Used = asleep.Add(1) }), nil},
		{"last used, nobody knows when", base(OpAct), nil},

		{"a relative acts under the mandate that names them", named(OpAct, same), nil},
		{"a relative accepts", named(OpAccept, same), nil},
		{"a relative reads", named(OpRead, same), nil},
		{"a relative reads what they are to accept", named(OpRead, func(f *Facts) {
			f.Read.Purpose, f.Mandate.Accepted, f.Mandate.Delivered = PurposePrepareMandate, false, false
		}), nil},
		{"a relative reads a draft", named(OpRead, func(f *Facts) {
			f.Read.Purpose, f.Mandate.Signed, f.Mandate.Accepted, f.Mandate.Delivered = PurposePrepareMandate, false, false, false
		}), no("C02", MandateNotSigned, SignMandate, "")},
		{"a relative reads where there is no mandate", named(OpRead, func(f *Facts) {
			f.Read.Purpose, f.Mandate = PurposePrepareMandate, Mandate{}
		}), no("C02", MandateMissing, MakeMandate, "")},
		{"a relative leans on the team's mandate", named(OpAct, func(f *Facts) {
			f.Mandate.Mandatary, f.Mandate.Team, f.Mandate.Includes = MandataryStructure, true, false
		}), no("C11", HelperNotNamed, AnotherHelper, "")},
		{"a relative searches", named(OpSearch, same), no("C16", HostedOnly, AskReferent, "")},
		{"a relative drafts", named(OpDraft, same), no("C16", HostedOnly, AskReferent, "")},
		{"a relative names another", named(OpNameHelper, same), no("C16", HostedOnly, AskReferent, "")},
		{"a relative of the team is hosted all the same", with(OpSearch, func(f *Facts) { f.Member.Role = Relative }),
			no("C16", HostedOnly, AskReferent, "")},
		{"a relative stops", named(OpRevoke, same), nil},
		{"a volunteer of the team searches", with(OpSearch, func(f *Facts) { f.Member.Role = Volunteer }), nil},
		{"a volunteer whom a person named searches", with(OpSearch, func(f *Facts) { f.Member.Role, f.Member.Hosted = Volunteer, true }),
			no("C16", HostedOnly, AskReferent, "")},
		{"a social worker is not hosted", with(OpAct, func(f *Facts) { f.Member.Hosted = true }), no("C16", HostedOnly, AskReferent, "")},

		{"an auditor reads the log", with(OpExtract, func(f *Facts) { f.Member = Member{Open: true, Role: Auditor} }), nil},
		{"an auditor wants names", with(OpExtract, func(f *Facts) {
			f.Member = Member{Open: true, Role: Auditor}
			f.Read.Fields = []Field{FieldIdentity}
		}), no("C10", NamesSession, AskDPO, "/fields")},
		{"an auditor opens a file", with(OpRead, func(f *Facts) {
			f.Member = Member{Open: true, Role: Auditor}
			f.Read = Read{Purpose: PurposeDPOAudit, Fields: []Field{FieldIdentity}}
		}), no("C16", RoleNotHelper, AnotherHelper, "")},

		{"the operator looks", with(OpRead, support), no("C21", ActorNotAllowed, AskReferent, "")},
		{"the operator looks through the glass", with(OpRead, func(f *Facts) { support(f); f.Glass = "danger" }), nil},
		{"the glass shows no evidence", with(OpRead, func(f *Facts) {
			support(f)
			f.Glass, f.Read.Fields = "danger", []Field{FieldEvidence}
		}), no("C10", FieldPurpose, ChoosePurpose, "/fields/0")},
		{"the glass lets nobody act", with(OpAct, func(f *Facts) { support(f); f.Glass = "danger" }), no("C21", ActorNotAllowed, AskReferent, "")},
		{"the operator opens a glass", with(OpBreakGlass, func(f *Facts) { f.By, f.Member = ByOperator, Member{} }),
			no("C21", ActorNotAllowed, AskReferent, "")},
		{"a helper opens a glass", with(OpBreakGlass, func(f *Facts) { f.Member.Referent = false }), no("C16", OfficeOnly, AskReferent, "")},
		{"a glass for no reason", with(OpBreakGlass, func(f *Facts) { f.Glass = "curiosity" }), no("C21", GlassReason, Correct, "/reason")},
	}
}

// TestRolesOfTheDomain: every actor of the domain is a role of the document, and
// what is in no list of a role is refused to it, whatever else is true.
func TestRolesOfTheDomain(t *testing.T) {
	c := load(t)
	parties := map[Role]Party{}
	for p, r := range partyRoles {
		parties[r] = p
	}
	for _, role := range []Role{
		SocialWorker, SocialMediator, DigitalMediator, Secretary, ReceptionAgent, HomeHelp, Volunteer, Relative,
		Referent, DPO, Auditor, Person, LegalRepresentative, Witness, RelyingService, Operator, Program, System,
	} {
		info, ok := c.Role(role)
		if !ok {
			t.Errorf("no role %s", role)
			continue
		}
		for _, op := range allOps {
			f := base(op)
			may := slices.Concat(info.May, info.MayHosted)
			if f.By = parties[role]; info.Kind == KindParty && f.By == ByMember {
				f.By = "nobody" // a witness is at the signature, a program asks for a member
			}
			f.Member = Member{Open: true, Role: role, Hosted: info.May == nil && info.MayHosted != nil, Adhered: c.Version()}
			got := c.Check(f)
			refused := got != nil && slices.Contains([]Reason{ActorNotAllowed, OfficeOnly, RoleNotHelper, HostedOnly}, got.Reason)
			if op == OpBreakGlass && f.By == ByOperator {
				may = nil
			}
			if refused == slices.Contains(may, op) {
				t.Errorf("%s %s: %+v, listed %v", role, op, got, !refused)
			}
		}
	}
}

// Names of desks, services and mailboxes are no person's; names of people are not
// taken for them, even where a surname is a word.
func TestSharedNames(t *testing.T) {
	c := load(t)
	for _, name := range []string{
		"Accueil CCAS", "accueil@ville.example", "contact", "Secrétariat", "SECRETARIAT DU CCAS DE CLUNY", "Mairie de Cluny",
		"Équipe numérique", "Equipe", "Bureau d'aide sociale", "Stagiaire", "Stagiaire 2", "France services", "info@asso.example",
		"Poste 3", "Espace numérique", "guichet-unique", "Standard", "Acc" + "ueil", "Se" + "cre" + "\u0301" + "tariat", "test",
	} {
		if !c.SharedName(name) {
			t.Errorf("%q is taken for a person", name)
		}
	}
	for _, name := range []string{
		"Jeanne Bureau", "Anatole France", "Marie Maison", "Fatou Diallo", "N'Diaye", "Paul Point", "Élise Centre-Dupont",
		"jeanne.morel@ville.example", "李", "", "Aide Soignante Morel", "O", "Zoé",
	} {
		if c.SharedName(name) {
			t.Errorf("%q is taken for a desk", name)
		}
	}
	old, err := LoadVersion("1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	if old.SharedName("Accueil") {
		t.Error("a version without the list refuses names")
	}
}

// An account sleeps after so many months of the calendar, to the instant.
func TestAsleep(t *testing.T) {
	c := load(t)
	for months, want := range map[int]Sleep{0: Awake, 4: Awake, 5: Drowsy, 6: Asleep, 60: Asleep} {
		if got := c.Asleep(now.AddDate(0, -months, 0), now); got != want {
			t.Errorf("%d months: %d, want %d", months, got, want)
		}
	}
	if c.Asleep(now.AddDate(0, -5, 0).Add(1), now) != Awake || c.Asleep(now.AddDate(0, -6, 0).Add(1), now) != Drowsy {
		t.Error("a nanosecond early")
	}
}

// A new major version leaves 30 days, counted from when it came into force here.
func TestAdherence(t *testing.T) {
	c := load(t)
	since := now.AddDate(0, 0, -30)
	for _, x := range []struct {
		accepted string
		since    int // in nanoseconds after 30 days ago
		ok, told bool
	}{
		{"1.0.0", 0, true, false}, {"1.1.0", 0, true, false}, {"0.9.0", 1, true, true}, {"0.9.0", 0, false, true},
		{"", 1, false, false}, {"x", 1, false, false}, {"2.0.0", 1, false, false},
	} {
		ok, until := c.Adherence(x.accepted, since.Add(time.Duration(x.since)), now)
		if ok != x.ok || until.IsZero() == x.told {
			t.Errorf("%+v: %v until %s", x, ok, until)
		}
	}
	if !SameMajor("1.0.0", "1.9.2") || SameMajor("1.0.0", "2.0.0") || SameMajor("", "") {
		t.Error("majors are mixed up")
	}
}
