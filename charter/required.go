package charter

import "slices"

// Requirement is what a mandate needs in order to be valid: the payload's
// "required" and "min_level", and the longest it may last.
type Requirement struct {
	Signers  []SignerRole
	MinLevel Level
	// MaxDays is the longest duration in local days, on evidence of MinLevel or
	// better; MaxDaysAt tells what a given level allows.
	MaxDays int
}

// Required says who signs a draft, on which evidence at least, for how long at
// most. kind is the mandatary's, role that of the helper asking, which counts
// where the draft names no helpers.
func (c *Charter) Required(d Draft, kind MandataryKind, role Role) Requirement {
	path := PathSign
	if info := c.capacities[d.Capacity]; info != nil {
		path = info.Path
	}
	if d.Represented {
		path = PathRepresentative
	}
	if path != PathRepresentative && path != PathCurator {
		path = PathSign
	}
	r := Requirement{MinLevel: c.MinLevel(d.Powers), MaxDays: c.MaxDays(d.Powers, d.roles(role), E4)}
	for _, s := range c.doc.Signers {
		if s.Mandatary == kind && s.Path == path {
			r.Signers = slices.Clone(s.Signers)
		}
	}
	return r
}

// MinLevel is the lowest evidence for a set of powers: E1, and where one lets
// act in the person's absence, its category's.
func (c *Charter) MinLevel(powers []Power) Level {
	least := E1
	for _, p := range powers {
		if cat := c.categoryOf(p); p.Mode == DoForAbsent && cat != nil {
			least = max(least, cat.MinLevel)
		}
	}
	return least
}

// MaxDays is the longest mandate, in local days, for these powers, these roles
// of the helpers who sign it, and evidence of this level: 0 on E0.
func (c *Charter) MaxDays(powers []Power, roles []Role, level Level) int {
	days := c.doc.Limits.MaxDays
	for _, p := range powers {
		if cat := c.categoryOf(p); cat != nil {
			days = min(days, cat.MaxDays)
		}
	}
	for _, r := range roles {
		if info := c.roles[r]; info != nil && info.MaxDays > 0 {
			days = min(days, info.MaxDays)
		}
	}
	return min(days, c.MaxDaysAt(level))
}

// MaxDaysAt is the longest mandate on evidence of a level; 0 on E0 or an unknown level.
func (c *Charter) MaxDaysAt(level Level) int {
	for _, l := range c.doc.Levels {
		if l.Level == level {
			return l.MaxDays
		}
	}
	return 0
}

func (c *Charter) categoryOf(p Power) *Category {
	if proc := c.procedures[procedureKey{p.Service, p.Procedure}]; proc != nil {
		return c.categories[proc.Category]
	}
	return nil
}

// roles are those who will act: the helpers named, else the one who asks.
func (d *Draft) roles(asks Role) []Role {
	if len(d.HelperRoles) > 0 {
		return d.HelperRoles
	}
	return []Role{asks}
}

// EvidenceLevel is what one piece of evidence is worth. A type not known, or
// without the witnesses it needs, is worth E0.
func (c *Charter) EvidenceLevel(e Evidence) Level {
	info := c.evidence[e.Type]
	switch {
	case info == nil || e.Witnesses < info.MinWitnesses:
		return E0
	case info.OtherDevice != nil && !e.OwnDevice:
		return *info.OtherDevice
	case info.TwoWitnesses != nil && e.Witnesses >= 2:
		return *info.TwoWitnesses
	case info.WithSecondFactor != nil && e.SecondFactor:
		return *info.WithSecondFactor
	}
	return info.Level
}

// MandateLevel is the level of the person's agreement: the best piece of
// evidence given as the person or as their legal representative.
func (c *Charter) MandateLevel(evidence []Evidence) Level {
	best := E0
	for _, e := range evidence {
		if e.Role == SignerPerson || e.Role == SignerRepresentative {
			best = max(best, c.EvidenceLevel(e))
		}
	}
	return best
}
