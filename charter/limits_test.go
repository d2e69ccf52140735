package charter

import (
	"slices"
	"testing"
)

// TestCategories: the table of categories, copied by hand and apart from the document.
func TestCategories(t *testing.T) {
	c := load(t)
	want := map[CategoryCode]struct {
		days  int
		level Level
	}{
		"papiers": {365, E2}, "famille": {365, E2}, "social": {365, E2}, "travail": {365, E2}, "logement": {365, E2},
		"transports": {182, E2}, "argent": {182, E3}, "justice": {31, E3}, "etranger": {182, E3}, "loisirs": {365, E1},
		"acces": {1, E1}, "vie_asso": {365, E1},
	}
	if len(c.Categories()) != len(want) {
		t.Fatalf("%d categories, want %d", len(c.Categories()), len(want))
	}
	for code, w := range want {
		got, ok := c.Category(code)
		if !ok || got.MaxDays != w.days || got.MinLevel != w.level || got.PresentOnly != (code == "acces") {
			t.Errorf("%s: %d days, %s, present only %v; want %d, %s", code, got.MaxDays, got.MinLevel, got.PresentOnly, w.days, w.level)
		}
		if got.ExplicitConsent != (code == "social" || code == "etranger") {
			t.Errorf("%s: explicit consent %v", code, got.ExplicitConsent)
		}
	}
}

func TestEvidenceLevels(t *testing.T) {
	c := load(t)
	for _, x := range []struct {
		e    Evidence
		want Level
	}{
		{Evidence{Type: OralWitnessed}, E0},
		{Evidence{Type: OralWitnessed, Witnesses: 1}, E1},
		{Evidence{Type: OralWitnessed, Witnesses: 2}, E2},
		{Evidence{Type: MarkWitnessed, Witnesses: 1}, E1},
		{Evidence{Type: MarkWitnessed, Witnesses: 3}, E2},
		{Evidence{Type: TabletDrawn}, E1},
		{Evidence{Type: TabletDrawn, SecondFactor: true}, E2},
		{Evidence{Type: CardCode}, E0},
		{Evidence{Type: CardCode, OwnDevice: true}, E1},
		{Evidence{Type: PhoneOral}, E1},
		{Evidence{Type: SMSReply, OwnDevice: true}, E2},
		{Evidence{Type: SMSReply}, E0},
		{Evidence{Type: EmailCode, OwnDevice: true}, E2},
		{Evidence{Type: Passkey, OwnDevice: true}, E2},
		{Evidence{Type: PaperScan}, E2},
		{Evidence{Type: PaperOriginal}, E3},
		{Evidence{Type: EIDFranceConnect}, E3},
		{Evidence{Type: Qualified}, E4},
		{Evidence{Type: Authentic}, E4},
		{Evidence{Type: RepresentativeTitle}, E0},
		{Evidence{Type: CuratorCosign}, E0},
		{Evidence{Type: "oral_helper_only"}, E0},
	} {
		if got := c.EvidenceLevel(x.e); got != x.want {
			t.Errorf("%+v: %s, want %s", x.e, got, x.want)
		}
	}
	if got := c.MandateLevel([]Evidence{{Role: SignerHelper, Type: Qualified}, {Role: SignerPerson, Type: PaperScan}}); got != E2 {
		t.Errorf("a helper's signature counts for the person: %s", got)
	}
}

func TestRequired(t *testing.T) {
	c := load(t)
	tax := Power{"impots_gouv", "tax_notice", "argent", DoForAbsent}
	for _, x := range []struct {
		name string
		d    Draft
		kind MandataryKind
		role Role
		want Requirement
	}{
		{"present", Draft{Powers: []Power{rsa(DoForPresent)}, Capacity: CapacityNo}, MandataryStructure, SocialWorker,
			Requirement{[]SignerRole{SignerPerson, SignerHelper, SignerStructure}, E1, 365}},
		{"absent, two categories", Draft{Powers: []Power{read(DoForAbsent), tax}, Capacity: CapacityNo}, MandataryStructure, SocialWorker,
			Requirement{[]SignerRole{SignerPerson, SignerHelper, SignerStructure}, E3, 182}},
		{"volunteer", Draft{Powers: []Power{rsa(DoForPresent)}, Capacity: CapacityNo}, MandataryNatural, Volunteer,
			Requirement{[]SignerRole{SignerPerson, SignerHelper, SignerStructure}, E1, 31}},
		{"named volunteer, drafted by a colleague", Draft{Powers: []Power{rsa(DoForPresent)}, HelperRoles: []Role{Secretary, Volunteer}}, MandataryStructure, SocialWorker,
			Requirement{[]SignerRole{SignerPerson, SignerHelper, SignerStructure}, E1, 31}},
		{"tutelle", Draft{Powers: []Power{rsa(DoForPresent)}, Capacity: CapacityTutelle}, MandataryStructure, SocialWorker,
			Requirement{[]SignerRole{SignerRepresentative, SignerHelper, SignerStructure}, E1, 365}},
		{"curatelle", Draft{Powers: []Power{rsa(DoForPresent)}, Capacity: CapacityCuratelle}, MandataryStructure, SocialWorker,
			Requirement{[]SignerRole{SignerPerson, SignerCurator, SignerHelper, SignerStructure}, E1, 365}},
	} {
		got := c.Required(x.d, x.kind, x.role)
		if !slices.Equal(got.Signers, x.want.Signers) || got.MinLevel != x.want.MinLevel || got.MaxDays != x.want.MaxDays {
			t.Errorf("%s: %+v, want %+v", x.name, got, x.want)
		}
	}
	if d := c.MaxDays([]Power{rsa(DoForPresent)}, nil, E1); d != 31 {
		t.Errorf("E1 lasts %d days, want 31", d)
	}
	if d := c.MaxDays([]Power{rsa(DoForPresent)}, nil, E0); d != 0 {
		t.Errorf("E0 lasts %d days, want 0", d)
	}
}

// TestEveryProcedureIsOfUse: each procedure can be a power of somebody, but for
// what the person does alone and what is closed until opened.
func TestEveryProcedureIsOfUse(t *testing.T) {
	c := load(t)
	for _, s := range c.Services() {
		for _, p := range s.Procedures {
			f := base(OpDraft)
			cat, _ := c.Category(p.Category)
			f.Draft.Powers = []Power{{s.Code, p.Code, p.Category, DoForPresent}}
			f.Draft.Days = cat.MaxDays
			f.Draft.Until = f.Draft.From.AddDate(0, 0, cat.MaxDays)
			got := c.Check(f)
			closed := p.Mission == MissionPersonalAct || p.Mission == MissionPayment
			if (got != nil) != closed {
				t.Errorf("%s %s: %+v, closed %v", s.Code, p.Code, got, closed)
			}
		}
	}
}

func TestRetentionAndLimits(t *testing.T) {
	c := load(t)
	span := func(data string) (Retention, Span) {
		r, ok := c.RetentionOf(data)
		if !ok {
			t.Fatalf("no retention of %s", data)
		}
		if r.Archive == nil {
			return r, Span{}
		}
		return r, *r.Archive
	}
	if r, s := span("mandate"); s.Months != 72 || r.Helpers.Days != 90 || !slices.Equal(r.AllowedMonths, []int{60, 72}) {
		t.Errorf("mandate: %+v", r)
	}
	if r, s := span("access"); s.Months != 12 || !slices.Equal(r.AllowedMonths, []int{6, 36}) {
		t.Errorf("access: %+v", r)
	}
	if r, s := span("epoch_key"); s.Days != 23 {
		t.Errorf("epoch keys: %+v", r)
	}
	if r, _ := span("draft"); r.Helpers.Days != c.Limits().DraftDays {
		t.Errorf("draft: %+v", r)
	}
	if l := c.Limits(); l.MaxPowers != 15 || l.MaxDays != 365 || l.ProvisionalDays != 14 || !slices.Equal(l.OfferedDays, []int{1, 31, 182, 365}) {
		t.Errorf("limits: %+v", l)
	}
	if _, ok := c.RetentionOf("gossip"); ok {
		t.Error("retention of what is not kept")
	}
}
