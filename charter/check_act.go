package charter

import "time"

func minute(t time.Time) time.Time { return t.Truncate(time.Minute) }

// actHasReason: acting in the person's place is told with its reason.
func actHasReason(c *Charter, f *Facts) *Finding {
	r := f.Act.Reason
	if c.Known(WordActReasons, string(r)) || r == "" && !byHelper(f.Wanted.Mode) {
		return nil
	}
	return &Finding{Reason: ActReasonMissing, Instead: Correct, Pointer: "/reason"}
}

// actTold: the person's page says by which way it was done and how it ended.
func actTold(c *Charter, f *Facts) *Finding {
	switch {
	case !c.Known(WordChannels, string(f.Act.Channel)):
		return &Finding{Reason: ActChannel, Instead: Correct, Pointer: "/channel"}
	case !c.Known(WordOutcomes, string(f.Act.Outcome)):
		return &Finding{Reason: ActOutcome, Instead: Correct, Pointer: "/outcome"}
	}
	return nil
}

func actInTime(c *Charter, f *Facts) *Finding {
	t := f.Act.HappenedAt
	switch {
	case t.IsZero():
		return &Finding{Reason: ActTimeMissing, Instead: Correct, Pointer: "/happened_at"}
	case t.After(f.Now):
		return &Finding{Reason: ActInFuture, Instead: Correct, Pointer: "/happened_at"}
	case f.Now.Sub(t) > time.Duration(c.doc.Limits.ActLateDays)*24*time.Hour:
		return &Finding{Reason: ActLate, Instead: ReportToReferent, Pointer: "/happened_at"}
	}
	return nil
}

// ActIsLate tells whether an act written down at now is to be flagged as late.
func (c *Charter) ActIsLate(happened, now time.Time) bool {
	return now.Sub(happened) > time.Duration(c.doc.Limits.ActLateFlagHours)*time.Hour
}

// credentialsTyped: the person types their own codes. A helper types them only
// with the person there, never to create or recover an access; in absence no
// code of the person is used at all.
func credentialsTyped(c *Charter, f *Facts) *Finding {
	entry, mode := f.Act.CredentialEntry, f.Wanted.Mode
	refuse := func(r Reason, i Instead) *Finding {
		return &Finding{Reason: r, Instead: i, Pointer: "/credential_entry"}
	}
	if !c.Known(WordCredentialEntries, string(entry)) {
		return refuse(CredentialMissing, Correct)
	}
	if mode == DoForAbsent {
		if entry != EntryDelegated && entry != EntryNone {
			return refuse(CredentialAbsent, OfficialWay)
		}
		if f.Act.Channel == ChannelPersonSession {
			return &Finding{Reason: ChannelAbsent, Instead: OfficialWay, Pointer: "/channel"}
		}
		return nil
	}
	if entry != EntryHelperInPresence {
		return nil
	}
	if mode != DoForPresent {
		return refuse(CredentialPresent, PersonTypes)
	}
	if m := c.mission(f.Wanted); m == MissionAccountCreation || m == MissionAccessRecovery {
		return refuse(CredentialPerson, PersonTypes)
	}
	return nil
}

// declarationValidated: a declaration was read back before it was sent, not
// long ago, and says which period it covers (CP 441-6: who declares answers for it).
func declarationValidated(c *Charter, f *Facts) *Finding {
	if c.mission(f.Wanted) != MissionDeclaration {
		return nil
	}
	a := f.Act
	refuse := func(r Reason, pointer string) *Finding {
		return &Finding{Reason: r, Instead: ValidateWithPerson, Pointer: pointer}
	}
	switch {
	case a.ValidatedAt.IsZero():
		return refuse(ValidationMissing, "/validated_by_person_at")
	case !c.Known(WordValidations, string(a.ValidatedHow)):
		return refuse(ValidationHow, "/validated_how")
	case !validPeriod(a.Period):
		return refuse(ValidationPeriod, "/period")
	case minute(a.ValidatedAt).After(a.HappenedAt):
		return refuse(ValidationAfterAct, "/validated_by_person_at")
	case a.HappenedAt.Sub(a.ValidatedAt) > time.Duration(c.doc.Limits.ValidationDays)*24*time.Hour:
		return refuse(ValidationOld, "/validated_by_person_at")
	}
	return nil
}

// validPeriod takes a year "2026", a month "2026-07", or a first and last month
// "2026-07/2026-09", the first not after the last.
func validPeriod(s string) bool {
	switch len(s) {
	case len("2026"):
		_, err := time.Parse("2006", s)
		return err == nil
	case len("2026-07"):
		_, err := time.Parse("2006-01", s)
		return err == nil
	case len("2026-07/2026-09"):
		return s[7] == '/' && validPeriod(s[:7]) && validPeriod(s[8:]) && s[:7] <= s[8:]
	}
	return false
}
