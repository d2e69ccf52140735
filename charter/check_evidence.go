package charter

import "slices"

func evidenceKnown(c *Charter, f *Facts) *Finding {
	agrees := false
	for i, e := range f.Evidence {
		info := c.evidence[e.Type]
		if info == nil {
			return &Finding{Reason: EvidenceUnknown, Instead: Correct, Pointer: at("/evidence", i, "type")}
		}
		agrees = agrees || e.Role == f.agreeing() && !info.Complement
	}
	if !agrees {
		return &Finding{Reason: EvidenceMissing, Instead: SignMandate, Pointer: "/evidence"}
	}
	return nil
}

// agreeing is who agrees: the person, or who represents them.
func (f *Facts) agreeing() SignerRole {
	if f.Draft.Represented {
		return SignerRepresentative
	}
	return SignerPerson
}

func (d *Draft) absent() bool {
	return slices.ContainsFunc(d.Powers, func(p Power) bool { return p.Mode == DoForAbsent })
}

func evidenceWitnessed(c *Charter, f *Facts) *Finding {
	for i, e := range f.Evidence {
		least := c.evidence[e.Type].MinWitnesses
		if f.Draft.absent() && c.aloneOfItsKind(f, i) {
			least = max(least, c.evidence[e.Type].AbsentWitnesses)
		}
		if e.Witnesses < least {
			return &Finding{Reason: WitnessCount, Instead: SecondWitness, Pointer: at("/evidence", i, "witnesses")}
		}
	}
	return nil
}

// aloneOfItsKind tells whether nothing but voices, marks and complements says
// that the person agreed, so that witnesses carry it all.
func (c *Charter) aloneOfItsKind(f *Facts, i int) bool {
	for j, e := range f.Evidence {
		info := c.evidence[e.Type]
		if j != i && e.Role == f.agreeing() && !info.Complement && info.MinWitnesses == 0 {
			return false
		}
	}
	return true
}

// evidenceProvisional: words on the phone alone make a provisional mandate, to
// be confirmed by something else in time.
func evidenceProvisional(c *Charter, f *Facts) *Finding {
	if f.Draft.Provisional || !c.only(f, func(e *EvidenceInfo) bool { return e.OnlyProvisional }) {
		return nil
	}
	return &Finding{Reason: EvidenceProvisional, Instead: MakeProvisional, Pointer: "/evidence"}
}

// only tells whether all evidence that the person agreed is of one sort.
func (c *Charter) only(f *Facts, sort func(*EvidenceInfo) bool) bool {
	for _, e := range f.Evidence {
		info := c.evidence[e.Type]
		if e.Role == f.agreeing() && !info.Complement && !sort(info) {
			return false
		}
	}
	return true
}

// evidenceOfPath: a representative's title was seen; a curator signed too.
func evidenceOfPath(c *Charter, f *Facts) *Finding {
	has := func(t EvidenceType) bool {
		return slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return e.Type == t })
	}
	if f.Draft.Represented && !has(RepresentativeTitle) {
		return &Finding{Reason: CapacityRepresentative, Instead: RepresentativeSigns, Pointer: "/evidence"}
	}
	if c.capacities[f.Draft.Capacity].Path == PathCurator && !has(CuratorCosign) {
		return &Finding{Reason: CapacityCurator, Instead: CuratorSigns, Pointer: "/evidence"}
	}
	return nil
}

func evidenceStrongEnough(c *Charter, f *Facts) *Finding {
	if c.agreedLevel(f) < c.MinLevel(f.Draft.Powers) {
		return &Finding{Reason: EvidenceLevelLow, Instead: StrongerEvidence, Pointer: "/evidence"}
	}
	if f.Draft.absent() && c.only(f, func(e *EvidenceInfo) bool { return e.NeverAbsentAlone }) {
		return &Finding{Reason: EvidenceAbsentAlone, Instead: StrongerEvidence, Pointer: "/evidence"}
	}
	return nil
}

func (c *Charter) agreedLevel(f *Facts) Level {
	best := E0
	for _, e := range f.Evidence {
		if e.Role == f.agreeing() {
			best = max(best, c.EvidenceLevel(e))
		}
	}
	return best
}

func evidenceLastsAsLong(c *Charter, f *Facts) *Finding {
	if !f.Draft.lastsOver(c.MaxDaysAt(c.agreedLevel(f))) {
		return nil
	}
	return &Finding{Reason: DurationOver, Instead: StrongerEvidence, Pointer: "/until"}
}
