package charter

import (
	"slices"
	"time"
)

// parties says what each party but a member may ask for at all.
var parties = map[Party][]Operation{
	ByPerson:         {OpRead, OpSign, OpRevoke, OpErase, OpExtract},
	ByRepresentative: {OpRead, OpSign, OpRevoke, OpErase, OpExtract},
	ByService:        {OpStatus},
	ByOperator:       {OpOpenMember, OpCloseMember, OpExtract},
	BySystem:         {OpRead},
}

func actorMay(_ *Charter, f *Facts) *Finding {
	if f.By == ByMember || slices.Contains(parties[f.By], f.Operation) {
		return nil
	}
	return &Finding{Reason: ActorNotAllowed, Instead: AskReferent}
}

func memberOpen(_ *Charter, f *Facts) *Finding {
	if f.By != ByMember || f.Member.Open {
		return nil
	}
	return &Finding{Reason: MemberClosed, Instead: AskReferent}
}

// adhered asks helpers for the current major version of the charter. An office
// alone (referent, DPO) helps nobody and needs none; reading at a desk in order
// to stop is never held up by it.
func adhered(c *Charter, f *Facts) *Finding {
	if f.By != ByMember || !c.isHelper(f.Member.Role) || f.stopsAtDesk() {
		return nil
	}
	v, ok := parseVersion(f.Member.Adhered)
	if ok && v[0] == c.version[0] {
		return nil
	}
	again := f.InForceSince.AddDate(0, 0, c.doc.Limits.AdhereAgainDays)
	if ok && v[0] == c.version[0]-1 && !f.InForceSince.IsZero() && f.Now.Before(again) {
		return nil
	}
	return &Finding{Reason: NotAdhered, Instead: AdhereFirst}
}

// stopsAtDesk tells whether somebody looks a person up in order to stop a mandate.
func (f *Facts) stopsAtDesk() bool {
	looks := f.Operation == OpRead || f.Operation == OpList || f.Operation == OpSearch
	return looks && f.Read.Purpose == PurposeDeskRevocation
}

func adheresToThis(c *Charter, f *Facts) *Finding {
	if f.Member.Adhered == c.doc.Version {
		return nil
	}
	return &Finding{Reason: CharterVersion, Instead: AdhereFirst, Pointer: "/version"}
}

// officeOnly keeps accounts with the referent, extracts and erasures with the
// referent and the DPO. Other parties were let in by actorMay.
func officeOnly(_ *Charter, f *Facts) *Finding {
	m := f.Member
	accounts := f.Operation == OpOpenMember || f.Operation == OpCloseMember
	if f.By != ByMember || m.isReferent() || m.isAuditor() && !accounts {
		return nil
	}
	return &Finding{Reason: OfficeOnly, Instead: AskReferent}
}

func helperRole(c *Charter, f *Facts) *Finding {
	if c.isHelper(f.Member.Role) {
		return nil
	}
	return &Finding{Reason: RoleNotHelper, Instead: AnotherHelper}
}

func (c *Charter) isHelper(r Role) bool {
	info := c.roles[r]
	return info != nil && info.Kind == "helper"
}

// instant is when a mandate must be in force: now, and for an act when it was
// done. An act may be written down after the end, if it was done before.
func (f *Facts) instant() time.Time {
	if f.Operation == OpAct && !f.Act.HappenedAt.IsZero() {
		return f.Act.HappenedAt
	}
	return f.Now
}
