package charter

import (
	"slices"
	"time"
)

func capacityKnown(c *Charter, f *Facts) *Finding {
	if c.capacities[f.Draft.Capacity] == nil {
		return &Finding{Reason: CapacityMissing, Instead: AskPerson, Pointer: "/capacity"}
	}
	if f.Draft.Minor && f.Draft.Capacity != CapacityMinor && f.Draft.Capacity != CapacityEmancipated {
		return &Finding{Reason: CapacityMinorPerson, Instead: RepresentativeSigns, Pointer: "/capacity"}
	}
	return nil
}

// capacityPath follows what the answer opens (Code civil art. 414-1, 435 to
// 437, 467, 473, 477, 494-1, 1145, 1146).
func capacityPath(c *Charter, f *Facts) *Finding {
	d := f.Draft
	refuse := func(r Reason, i Instead) *Finding {
		return &Finding{Reason: r, Instead: i, Pointer: "/capacity"}
	}
	switch c.capacities[d.Capacity].Path {
	case PathSign:
		return nil
	case PathAsk:
		return refuse(CapacityMeasure, AskMeasure)
	case PathReferent:
		if d.SpecialMandatary {
			return refuse(CapacitySpecial, AskSpecialMandatary)
		}
		if !d.ReferentConfirmed {
			return refuse(CapacityConfirm, AskReferent)
		}
		return nil
	case PathCurator:
		if !slices.Contains(f.OpenedCapacities, d.Capacity) {
			return refuse(CapacityCurator, HelpWith)
		}
		return nil
	case PathRepresentative:
		if !d.Represented {
			return refuse(CapacityRepresentative, RepresentativeSigns)
		}
		return nil
	}
	return refuse(CapacityRefused, HelpWith)
}

// noConflict refuses a professional or volunteer their own family, and anybody
// with an interest in the matter (Code civil art. 1161).
func noConflict(c *Charter, f *Facts) *Finding {
	switch {
	case !c.Known(WordConflicts, string(f.Draft.Conflict)):
		return &Finding{Reason: ConflictMissing, Instead: AskPerson, Pointer: "/conflict"}
	case f.Draft.Conflict == ConflictNo:
		return nil
	case f.Draft.Conflict == ConflictFamily && allRelatives(f.Draft.roles(f.Member.Role)):
		return nil
	}
	return &Finding{Reason: ConflictFound, Instead: AnotherHelper, Pointer: "/conflict"}
}

func allRelatives(roles []Role) bool {
	return !slices.ContainsFunc(roles, func(r Role) bool { return r != Relative })
}

// aidKnown takes no answer: how a mandate was explained is evidence, and its
// absence shows in the extract.
func aidKnown(c *Charter, f *Facts) *Finding {
	if f.Draft.Aid == "" || c.Known(WordAids, string(f.Draft.Aid)) {
		return nil
	}
	return &Finding{Reason: AidUnknown, Instead: Correct, Pointer: "/explained/aid"}
}

func powersCounted(c *Charter, f *Facts) *Finding {
	n, l := len(f.Draft.Powers), c.doc.Limits
	if n < l.MinPowers || n > l.MaxPowers {
		return &Finding{Reason: PowersCount, Instead: SplitMandate, Pointer: "/powers"}
	}
	for i, p := range f.Draft.Powers {
		for _, q := range f.Draft.Powers[:i] {
			if p.Service == q.Service && p.Procedure == q.Procedure && p.Mode == q.Mode {
				return &Finding{Reason: PowerTwice, Instead: Correct, Pointer: at("/powers", i, "")}
			}
		}
	}
	return nil
}

// eachPower gives the first finding among the powers of a draft.
func eachPower(f *Facts, check func(p Power, pointer string) *Finding) *Finding {
	for i, p := range f.Draft.Powers {
		if found := check(p, at("/powers", i, "")); found != nil {
			return found
		}
	}
	return nil
}

func powersInCatalogue(c *Charter, f *Facts) *Finding {
	return eachPower(f, func(p Power, pointer string) *Finding {
		if found := c.inCatalogue(p, pointer); found != nil {
			return found
		}
		if c.modes[p.Mode].Mandate == "none" {
			return &Finding{Reason: ModeNoMandate, Instead: CountOnly, Pointer: pointer + "/mode"}
		}
		return nil
	})
}

// powersNotPersonal: an act that the person alone signs can be no power, in any mode.
func powersNotPersonal(c *Charter, f *Facts) *Finding { return eachPower(f, c.notPersonal) }

func powersPaymentOpen(c *Charter, f *Facts) *Finding {
	return eachPower(f, func(p Power, pointer string) *Finding { return c.paymentOpen(f, p, pointer) })
}

func powersMayBeAbsent(c *Charter, f *Facts) *Finding { return eachPower(f, c.mayBeAbsent) }

// powersInRole: each power can be used by one of the helpers named, or by the
// helper who drafts it for the team.
func powersInRole(c *Charter, f *Facts) *Finding {
	roles := f.Draft.roles(f.Member.Role)
	return eachPower(f, func(p Power, pointer string) *Finding { return c.inRole(p, roles, f.Opened, pointer) })
}

func datesInOrder(_ *Charter, f *Facts) *Finding {
	d := f.Draft
	switch {
	case d.Until.IsZero() || d.Days < 1:
		return &Finding{Reason: EndMissing, Instead: Correct, Pointer: "/until"}
	case !d.From.Before(d.Until):
		return &Finding{Reason: DatesOrder, Instead: Correct, Pointer: "/until"}
	case !f.Now.Before(d.Until):
		return &Finding{Reason: EndPast, Instead: Correct, Pointer: "/until"}
	}
	return nil
}

// startNotPast: a mandate does not cover what was done before it. A start
// earlier the same day is taken, since days are what people sign.
func startNotPast(c *Charter, f *Facts) *Finding {
	earliest := f.Now.Add(-time.Duration(c.doc.Limits.PastStartHours) * time.Hour)
	if !f.Draft.From.Before(earliest) {
		return nil
	}
	return &Finding{Reason: StartPast, Instead: Correct, Pointer: "/from"}
}

func durationKept(c *Charter, f *Facts) *Finding {
	d := f.Draft
	roles := d.roles(f.Member.Role)
	switch {
	case d.lastsOver(c.doc.Limits.MaxDays):
		return &Finding{Reason: DurationOver, Instead: ShorterMandate, Pointer: "/until"}
	case d.lastsOver(c.MaxDays(nil, roles, E4)):
		return &Finding{Reason: DurationOver, Instead: ShorterMandate, Pointer: "/until"}
	case d.lastsOver(c.MaxDays(d.Powers, nil, E4)):
		return &Finding{Reason: DurationOver, Instead: SplitMandate, Pointer: "/until"}
	}
	return nil
}

// lastsOver compares local days, and the hours too, so that a wrong count of
// days does not lengthen a mandate. A night that puts clocks back is an hour more.
func (d *Draft) lastsOver(days int) bool {
	return d.Days > days || d.Until.Sub(d.From) > time.Duration(days)*24*time.Hour+time.Hour
}

// supersessionChosen: with another mandate for the same procedure, the person
// chose whether the new one replaces it (Code civil art. 2006).
func supersessionChosen(c *Charter, f *Facts) *Finding {
	s := f.Draft.Supersedes
	known := s == "" || c.Known(WordSupersessions, string(s))
	if known && (!f.Draft.Overlaps || s == SupersessionReplace || s == SupersessionKeep) {
		return nil
	}
	return &Finding{Reason: SupersessionAnswer, Instead: AskPerson, Pointer: "/supersedes"}
}
