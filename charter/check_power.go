package charter

import (
	"slices"
	"strconv"
)

// at is the JSON pointer of a member of the i-th element of a list.
func at(list string, i int, member string) string {
	p := list + "/" + strconv.Itoa(i)
	if member != "" {
		p += "/" + member
	}
	return p
}

// wants tells whether a power is asked for: always for an act and for "am I
// covered", else only if one is given and the mandate is leaned on.
func (c *Charter) wants(f *Facts) bool {
	switch f.Operation {
	case OpCover, OpAct:
		return true
	}
	return f.Wanted != Power{} && c.needOf(f) == needInForce
}

func wantedInCatalogue(c *Charter, f *Facts) *Finding {
	if !c.wants(f) {
		return nil
	}
	if found := c.inCatalogue(f.Wanted, ""); found != nil {
		return found
	}
	// Training is counted, never written under a person's name.
	if f.Operation == OpAct && f.Wanted.Mode == Train {
		return &Finding{Reason: ModeNoMandate, Instead: CountOnly, Pointer: "/mode"}
	}
	return nil
}

// inCatalogue checks the words of a power; a category left out is the procedure's.
func (c *Charter) inCatalogue(p Power, pointer string) *Finding {
	proc := c.procedures[procedureKey{p.Service, p.Procedure}]
	switch {
	case c.services[p.Service] == nil:
		return &Finding{Reason: ServiceUnknown, Instead: Correct, Pointer: pointer + "/service"}
	case proc == nil:
		return &Finding{Reason: ProcedureUnknown, Instead: Correct, Pointer: pointer + "/procedure"}
	case p.Category != "" && p.Category != proc.Category:
		return &Finding{Reason: PowerCategory, Instead: Correct, Pointer: pointer + "/category"}
	case c.modes[p.Mode] == nil:
		return &Finding{Reason: ModeUnknown, Instead: Correct, Pointer: pointer + "/mode"}
	}
	return nil
}

// byHelper tells whether the helper's hands are on it.
func byHelper(m Mode) bool { return m == DoForPresent || m == DoForAbsent }

func wantedNotPersonal(c *Charter, f *Facts) *Finding {
	if !c.wants(f) || !byHelper(f.Wanted.Mode) {
		return nil
	}
	return c.notPersonal(f.Wanted, "")
}

// notPersonal refuses what the person alone signs (CONSO R721-2, CC 458).
// Helping them while they do it stays possible.
func (c *Charter) notPersonal(p Power, pointer string) *Finding {
	if c.mission(p) != MissionPersonalAct {
		return nil
	}
	return &Finding{Reason: PersonalAct, Instead: PersonSigns, Pointer: pointer + "/procedure"}
}

// mission is that of a power in the catalogue; "" outside it.
func (c *Charter) mission(p Power) Mission {
	if proc := c.procedures[procedureKey{p.Service, p.Procedure}]; proc != nil {
		return proc.Mission
	}
	return ""
}

func wantedPaymentOpen(c *Charter, f *Facts) *Finding {
	if !c.wants(f) {
		return nil
	}
	return c.paymentOpen(f, f.Wanted, "")
}

func (c *Charter) paymentOpen(f *Facts, p Power, pointer string) *Finding {
	if c.mission(p) != MissionPayment || !byHelper(p.Mode) || slices.Contains(f.Opened, MissionPayment) {
		return nil
	}
	return &Finding{Reason: PaymentClosed, Instead: PersonPays, Pointer: pointer + "/procedure"}
}

func wantedMayBeAbsent(c *Charter, f *Facts) *Finding {
	if !c.wants(f) {
		return nil
	}
	return c.mayBeAbsent(f.Wanted, "")
}

// mayBeAbsent keeps what the person types themself, or what is a target of
// fraud, from being done in their absence.
func (c *Charter) mayBeAbsent(p Power, pointer string) *Finding {
	proc := c.procedures[procedureKey{p.Service, p.Procedure}]
	if p.Mode != DoForAbsent || !proc.NeverAbsent && !c.categories[proc.Category].PresentOnly {
		return nil
	}
	return &Finding{Reason: ModeAbsentForbidden, Instead: HelpPresent, Pointer: pointer + "/mode"}
}

// wantedInPowers: the mandate names the service, the procedure and the mode. To
// act in absence is never implied by acting in presence, nor the other way;
// doing with the person asks less than either, so any mode opens it.
func wantedInPowers(c *Charter, f *Facts) *Finding {
	if !c.wants(f) || c.needOf(f) == needNothing {
		return nil
	}
	var service, procedure bool
	for _, p := range f.Mandate.Powers {
		if p.Service != f.Wanted.Service {
			continue
		}
		service = true
		if p.Procedure != f.Wanted.Procedure {
			continue
		}
		procedure = true
		if p.Mode == f.Wanted.Mode || !byHelper(f.Wanted.Mode) {
			return nil
		}
	}
	switch {
	case !service:
		return &Finding{Reason: PowerService, Instead: AddPower, Pointer: "/service"}
	case !procedure:
		return &Finding{Reason: PowerProcedure, Instead: AddPower, Pointer: "/procedure"}
	}
	return &Finding{Reason: PowerMode, Instead: AddPower, Pointer: "/mode"}
}

func wantedInRole(c *Charter, f *Facts) *Finding {
	if !c.wants(f) || f.By != ByMember || f.Operation == OpStatus {
		return nil
	}
	return c.inRole(f.Wanted, []Role{f.Member.Role}, f.Opened, "")
}

// inRole checks a power against the matrix for at least one of the roles: the
// row of its mode, and where the helper's hands are on it the row of its mission.
func (c *Charter) inRole(p Power, roles []Role, opened []Mission, pointer string) *Finding {
	mode := c.modes[p.Mode]
	if mode == nil {
		return &Finding{Reason: ModeUnknown, Instead: Correct, Pointer: pointer + "/mode"}
	}
	found := &Finding{Reason: RoleMode, Instead: HelpWith, Pointer: pointer + "/mode"}
	for _, r := range roles {
		if !c.Allows(r, mode.Mission, p.Mode, opened) {
			continue
		}
		if !byHelper(p.Mode) || c.Allows(r, c.mission(p), p.Mode, opened) {
			return nil
		}
		found = &Finding{Reason: RoleMission, Instead: ReferPerson, Pointer: pointer + "/procedure"}
	}
	return found
}

// Allows reads one cell of the matrix for a role, where opened lists the
// missions that the structure opened. An unknown role or mission is not allowed.
func (c *Charter) Allows(r Role, m Mission, mode Mode, opened []Mission) bool {
	switch c.Cell(m, r) {
	case CellOwn, CellLead, CellExclusive:
		return true
	case CellIfOpened:
		return slices.Contains(opened, m)
	case CellIfOpenedPresent:
		return mode != DoForAbsent && slices.Contains(opened, m)
	}
	return false
}

// mandateInRole: who leans on a mandate as a whole has at least one power of it
// open to their role; who accepts one has them all.
func mandateInRole(c *Charter, f *Facts) *Finding {
	if f.By != ByMember || c.needOf(f) < needSigned || f.Operation != OpAccept && c.wants(f) {
		return nil
	}
	open := 0
	var first *Finding
	for i, p := range f.Mandate.Powers {
		found := c.inRole(p, []Role{f.Member.Role}, f.Opened, at("/powers", i, ""))
		switch {
		case found == nil:
			open++
		case first == nil:
			first = found
		}
	}
	if first == nil && open > 0 || f.Operation != OpAccept && open > 0 {
		return nil
	}
	return &Finding{Reason: RoleMission, Instead: ReferPerson}
}

// absentLevel refuses to act in absence on evidence below the category's least
// level, whatever was accepted when the mandate was signed.
func absentLevel(c *Charter, f *Facts) *Finding {
	if !c.wants(f) || f.Wanted.Mode != DoForAbsent || c.needOf(f) == needNothing {
		return nil
	}
	if f.Mandate.Level >= c.MinLevel([]Power{f.Wanted}) {
		return nil
	}
	return &Finding{Reason: EvidenceLevelLow, Instead: StrongerEvidence, Pointer: "/mode"}
}
