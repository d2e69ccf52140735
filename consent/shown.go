package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// "A credential was shown to me": it happens at every desk, and who says so can
// say it without writing the credential down. The day, the service and the person
// are noted, and no value; the person sees it on their page and has it changed.

// A Shown says that somebody showed the member a credential.
type Shown struct {
	Person  PersonID // empty for somebody who is not recorded here
	Service charter.ServiceCode
	Day     string // YYYY-MM-DD, at most a year ago; "" means today
}

// A ShownCount counts them by month and service. It does not say who told it.
type ShownCount struct {
	Month   string // YYYY-MM, in the structure's time zone
	Service charter.ServiceCode
	N       int64
}

func (r *ShownCount) Bucket() string { return "shown" }
func (r *ShownCount) Key() string    { return r.Month + "/" + string(r.Service) }

// ReportShown notes that a credential was shown. *Invalid with "service", "date",
// "date_future" or "date_old".
func (r *Register) ReportShown(ctx context.Context, a Actor, n Shown) error {
	if !r.hasSheet(n.Service) {
		return &Invalid{Pointer: "/service", Reason: "service"}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if n.Person != "" {
			if _, err := t.livePerson(n.Person); err != nil {
				return err
			}
		}
		if err := t.atDesk(Attempt{Action: audit.CredentialShown, Person: n.Person}); err != nil {
			return err
		}
		day, err := t.dayOf(n.Day)
		if err != nil {
			return err
		}
		month, err := t.month()
		if err != nil {
			return err
		}
		row := &ShownCount{Month: month, Service: n.Service}
		if _, err := t.tx.Get(row); err != nil {
			return err
		}
		row.N++
		t.enter(audit.Entry{
			Act: audit.CredentialShown, Person: string(n.Person), On: []string{string(n.Service), day}, Rules: []string{"C08", "C09"},
		})
		if err := t.tx.Put(row); err != nil {
			return err
		}
		return t.made(string(n.Service))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// ShownCounts gives the counts of a month, YYYY-MM.
func (r *Register) ShownCounts(ctx context.Context, a Actor, month string) (list []ShownCount, err error) {
	if m, err := time.Parse(monthForm, month); err != nil || m.Format(monthForm) != month {
		return nil, &Invalid{Pointer: "/month", Reason: "month"}
	}
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, month+"/", func(row *ShownCount) error {
			list = append(list, *row)
			return nil
		})
	})
	return list, err
}

// hasSheet tells whether a code is that of a service or an identity provider.
func (r *Register) hasSheet(s charter.ServiceCode) bool {
	list, err := r.charter.RecoverySheets()
	return err == nil && slices.ContainsFunc(list, func(x charter.RecoverySheet) bool { return x.Service == s })
}

// atDesk lets in who works at the desk: a helper who accepted the charter, or a
// referent, whose office is to put an end to notebooks.
func (t *turn) atDesk(try Attempt) error {
	op := charter.OpRecord
	switch {
	case t.actor.kind == card:
		return &NotFound{Kind: "use-case"}
	case t.actor.kind == member && (t.me.Referent || t.me.Role == charter.Referent):
		op = charter.OpOpenMember
	}
	if t.actor.kind != member {
		return t.onlyMember(try.Action)
	}
	return t.check(try, charter.Facts{Operation: op})
}

// dayOf checks a day that somebody names: today when empty, not in the future and
// at most a year ago.
func (t *turn) dayOf(day string) (string, error) {
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return "", err
	}
	today := t.at.In(tz)
	if day == "" {
		return today.Format(time.DateOnly), nil
	}
	d, err := time.Parse(time.DateOnly, day)
	switch {
	case err != nil:
		return "", &Invalid{Pointer: "/day", Reason: "date"}
	case day > today.Format(time.DateOnly):
		return "", &Invalid{Pointer: "/day", Reason: "date_future"}
	case d.Before(today.AddDate(-1, 0, -1)):
		return "", &Invalid{Pointer: "/day", Reason: "date_old"}
	}
	return day, nil
}
