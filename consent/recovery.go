package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
)

// The official ways back into a service. They are shipped (charter.RecoverySheets), and a
// structure corrects its own copy: a number that changed must not wait for a
// release.

// A RecoveryRow is a sheet as the structure's referent wrote it. Its texts are
// public, the services' own; they are in clear, screened, and name nobody.
type RecoveryRow struct {
	Service charter.ServiceCode
	Page    PublicText // name of the official page, screened
	Phone   PublicText // public number of the service, screened; digits only
	Bring   PublicText // what to have at hand, screened
	Delay   PublicText // how long it takes, screened
	Way     PublicText // the way itself, screened
	Checked string     // YYYY-MM-DD: the day on which somebody saw that it is so
	Changed time.Time
	By      MemberID
}

func (r *RecoveryRow) Bucket() string { return "recovery" }
func (r *RecoveryRow) Key() string    { return string(r.Service) }

// sheetLife is how long a sheet counts as checked (a re-check each quarter).
const sheetLife = 90 * 24 * time.Hour

// A Recovery is the way back into a service as the structure has it.
type Recovery struct {
	charter.RecoverySheet
	// Own: the referent wrote it. Checked is the day on which a person saw that it
	// is so, "" for a shipped sheet that nobody of the structure has checked.
	Own     bool
	Checked string
	// Stale: more than 90 days since, or never.
	Stale bool
}

// RecoverySheets lists the sheet of every service, the structure's own where there is one.
func (r *Register) RecoverySheets(ctx context.Context, a Actor) ([]Recovery, error) {
	shipped, err := r.charter.RecoverySheets()
	if err != nil {
		return nil, err
	}
	var list []Recovery
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		list = list[:0]
		own := map[charter.ServiceCode]*RecoveryRow{}
		err := each(tx, "", func(row *RecoveryRow) error {
			own[row.Service] = row
			return nil
		})
		for _, s := range shipped {
			list = append(list, recoveryOf(s, own[s.Service], at))
		}
		return err
	})
	return list, err
}

// recoveryOf is a shipped sheet with what the structure wrote over it.
func recoveryOf(shipped charter.RecoverySheet, row *RecoveryRow, at time.Time) Recovery {
	s := Recovery{RecoverySheet: shipped, Stale: true}
	if row == nil {
		return s
	}
	same := func(text PublicText) charter.Text { return charter.Text{FR: text.String(), EN: text.String()} }
	way := same(row.Way)
	s.Own, s.Checked, s.ToCheck = true, row.Checked, nil
	s.Page, s.Phone, s.Bring, s.Delay, s.Way = same(row.Page), row.Phone.String(), same(row.Bring), same(row.Delay), &way
	if day, err := time.Parse(time.DateOnly, row.Checked); err == nil {
		s.Stale = at.Sub(day) > sheetLife
	}
	return s
}

// NewRecovery is a sheet to write. Checked is a day, "" means today.
type NewRecovery struct {
	Service                 charter.ServiceCode
	Page, Bring, Delay, Way screen.Clean
	Phone                   screen.Clean
	Checked                 string
}

// SaveRecovery lets a referent write a service's sheet for the structure, and say on
// which day it was checked with the service.
func (r *Register) SaveRecovery(ctx context.Context, a Actor, n NewRecovery) error {
	row := RecoveryRow{
		Service: n.Service, Page: publicText(n.Page), Phone: publicText(n.Phone), Bring: publicText(n.Bring),
		Delay: publicText(n.Delay), Way: publicText(n.Way), Checked: n.Checked,
	}
	if err := r.validRecovery(row); err != nil {
		return err
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.governs(); err != nil {
			return err
		}
		if err := t.checkedOn(&row); err != nil {
			return err
		}
		row.Changed, row.By = t.at, t.actor.member
		dg, err := rowDigest(&row)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{"recovery", string(row.Service)}, Digest: dg})
		if err := t.tx.Put(&row); err != nil {
			return err
		}
		return t.made(string(row.Service))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// checkedOn fills the day of the check, which is not in the future.
func (t *turn) checkedOn(row *RecoveryRow) error {
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return err
	}
	today := t.at.In(tz).Format(time.DateOnly)
	if row.Checked == "" {
		row.Checked = today
	}
	if row.Checked > today {
		return &Invalid{Pointer: "/checked", Reason: "date_future"}
	}
	return nil
}

func (r *Register) validRecovery(row RecoveryRow) error {
	shipped, err := r.charter.RecoverySheets()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(shipped, func(s charter.RecoverySheet) bool { return s.Service == row.Service }) {
		return &Invalid{Pointer: "/service", Reason: "service"}
	}
	if row.Way.IsZero() {
		return &Invalid{Pointer: "/way", Reason: "empty"}
	}
	if !row.Phone.IsZero() && !phoneForm.MatchString(row.Phone.String()) {
		return &Invalid{Pointer: "/phone", Reason: "phone"}
	}
	if _, err := time.Parse(time.DateOnly, row.Checked); row.Checked != "" && err != nil {
		return &Invalid{Pointer: "/checked", Reason: "date"}
	}
	return nil
}
