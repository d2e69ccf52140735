package charter

import (
	"slices"
	"time"
)

// Who asks. What each role may ask for at all is data: the document's roles say
// it (RoleInfo.May), and what is in no list is refused.

// partyRoles are the roles of parties that are no members and ask for themselves. A
// witness asks for nothing; a program asks for a member: see CheckProgram.
var partyRoles = map[Party]Role{
	ByPerson: Person, ByRepresentative: LegalRepresentative, ByService: RelyingService,
	ByOperator: Operator, BySystem: System,
}

func actorMay(c *Charter, f *Facts) *Finding {
	if f.By == ByMember || c.partyMay(f) {
		return nil
	}
	return &Finding{Reason: ActorNotAllowed, Instead: AskReferent}
}

func (c *Charter) partyMay(f *Facts) bool {
	info := c.roles[partyRoles[f.By]]
	return info != nil && (slices.Contains(info.May, f.Operation) || f.Glass != "" && slices.Contains(info.MayGlass, f.Operation))
}

func memberOpen(_ *Charter, f *Facts) *Finding {
	if f.By != ByMember || f.Member.Open {
		return nil
	}
	return &Finding{Reason: MemberClosed, Instead: AskReferent}
}

// memberAwake refuses an account that nobody signed in to for too long: it is
// somebody's who left, and nobody said so.
func memberAwake(c *Charter, f *Facts) *Finding {
	if f.By != ByMember || c.Asleep(f.Member.Used, f.Now) != Asleep {
		return nil
	}
	return &Finding{Reason: MemberUnused, Instead: AskReferent}
}

// Sleep is how long nobody has signed in to an account.
type Sleep int

// Awake, then Drowsy from Limits.AccountWarnMonths on, Asleep from
// Limits.AccountCloseMonths on.
const (
	Awake Sleep = iota
	Drowsy
	Asleep
)

// Asleep tells how an account stands that was last used at an instant; one whose
// last use is not known is awake.
func (c *Charter) Asleep(used, now time.Time) Sleep {
	l := c.doc.Limits
	switch {
	case used.IsZero() || now.Before(used.AddDate(0, l.AccountWarnMonths, 0)):
		return Awake
	case now.Before(used.AddDate(0, l.AccountCloseMonths, 0)):
		return Drowsy
	}
	return Asleep
}

// adhered asks helpers for the current major version of the charter. An office
// alone (referent, DPO) helps nobody and needs none; reading at a desk in order
// to stop is never held up by it.
func adhered(c *Charter, f *Facts) *Finding {
	if f.By != ByMember || !c.isHelper(f.Member.Role) || f.stopsAtDesk() {
		return nil
	}
	if ok, _ := c.Adherence(f.Member.Adhered, f.InForceSince, f.Now); ok {
		return nil
	}
	return &Finding{Reason: NotAdhered, Instead: AdhereFirst}
}

// Adherence tells whether who accepted a version of the charter may go on helping
// at now, where this major version is in force since an instant; zero when that is
// not known. until is the end of the time that is left to accept it, and zero when
// nothing is to be accepted.
func (c *Charter) Adherence(accepted string, since, now time.Time) (ok bool, until time.Time) {
	v, known := parseVersion(accepted)
	switch {
	case !known:
		return false, time.Time{}
	case v[0] == c.version[0]:
		return true, time.Time{}
	case v[0] != c.version[0]-1 || since.IsZero():
		return false, time.Time{}
	}
	until = since.AddDate(0, 0, c.doc.Limits.AdhereAgainDays)
	return now.Before(until), until
}

// SameMajor tells whether two versions ask for one adherence.
func SameMajor(a, b string) bool {
	x, ok := parseVersion(a)
	y, too := parseVersion(b)
	return ok && too && x[0] == y[0]
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

// officeOps are what offices alone do, whoever holds one.
var officeOps = []Operation{OpOpenMember, OpCloseMember, OpErase, OpExtract, OpBreakGlass}

// memberMay keeps a member to what their role and offices list. To stop is
// everybody's, whatever a document says.
func memberMay(c *Charter, f *Facts) *Finding {
	switch {
	case f.By != ByMember || f.Operation == OpRevoke || slices.Contains(c.mayOf(f.Member), f.Operation):
		return nil
	case c.hosted(f.Member):
		return &Finding{Reason: HostedOnly, Instead: AskReferent}
	case slices.Contains(officeOps, f.Operation):
		return &Finding{Reason: OfficeOnly, Instead: AskReferent}
	}
	return &Finding{Reason: RoleNotHelper, Instead: AnotherHelper}
}

// mayOf is what a member may ask for: by their role and their offices.
func (c *Charter) mayOf(m Member) []Operation {
	info := c.roles[m.Role]
	if info == nil || info.Kind == KindParty {
		return nil
	}
	if c.hosted(m) {
		return info.MayHosted
	}
	may := slices.Clone(info.May)
	for office, held := range map[Role]bool{Referent: m.isReferent(), DPO: m.isAuditor()} {
		if o := c.roles[office]; held && o != nil {
			may = append(may, o.May...)
		}
	}
	return may
}

// hosted tells whether a member is the mandatary themself: a relative always is.
func (c *Charter) hosted(m Member) bool {
	_, only := c.Hosts(m.Role)
	return m.Hosted || only
}

// Hosts tells whether a role can be held by somebody whom a person named, and by
// nobody else.
func (c *Charter) Hosts(r Role) (can, only bool) {
	info := c.roles[r]
	return info != nil && info.MayHosted != nil, info != nil && info.MayHosted != nil && info.May == nil
}

// pseudonymsOnly keeps names from the roles that never see one.
func pseudonymsOnly(c *Charter, f *Facts) *Finding {
	role := f.Member.Role
	if f.By != ByMember {
		role = partyRoles[f.By]
	}
	info := c.roles[role]
	if info == nil || !info.Pseudonyms || f.Glass != "" || len(f.Read.Fields) == 0 {
		return nil
	}
	return &Finding{Reason: NamesSession, Instead: AskDPO, Pointer: "/fields"}
}

// glassReason: a glass is opened for a reason that the charter knows.
func glassReason(c *Charter, f *Facts) *Finding {
	if c.Known(WordGlassReasons, string(f.Glass)) {
		return nil
	}
	return &Finding{Reason: GlassReason, Instead: Correct, Pointer: "/reason"}
}

func (c *Charter) isHelper(r Role) bool {
	info := c.roles[r]
	return info != nil && info.Kind == KindHelper
}

// instant is when a mandate must be in force: now, and for an act when it was
// done. An act may be written down after the end, if it was done before.
func (f *Facts) instant() time.Time {
	if f.Operation == OpAct && !f.Act.HappenedAt.IsZero() {
		return f.Act.HappenedAt
	}
	return f.Now
}
