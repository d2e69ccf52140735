package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
)

// draftLife is how long a draft that nobody signed is kept (domain.md §10).
const draftLife = 7 * 24 * time.Hour

// keepMonths is how long the details of a class are kept, in months after the
// one they belong to (CNIL 2021-122 for looks, limitation of actions for acts).
var keepMonths = map[audit.Class]int{
	audit.ClassRead: 12, audit.ClassSystem: 12,
	audit.ClassAct: 72, audit.ClassMandate: 72, audit.ClassGovernance: 72,
}

// A RetentionReport counts what was destroyed in a space, or would be.
type RetentionReport struct {
	Space    string `json:"space"`
	Drafts   int    `json:"drafts"`
	Contacts int    `json:"contacts"`
	Persons  int    `json:"persons"`
	Evidence int    `json:"evidence_keys"`
	Months   int    `json:"log_months"`
}

// RunRetention destroys what is due in every space (C26). With dry it only
// counts. It can be cut off anywhere: what is left is due at the next run.
func (r *Register) RunRetention(ctx context.Context, dry bool) ([]RetentionReport, error) {
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return nil, err
	}
	var reports []RetentionReport
	for _, s := range spaces {
		rep, err := r.retain(ctx, s, dry)
		if err != nil {
			return reports, err
		}
		reports = append(reports, rep)
	}
	return reports, nil
}

func (r *Register) retain(ctx context.Context, s audit.Space, dry bool) (RetentionReport, error) {
	rep := RetentionReport{Space: s.Slug()}
	now, err := r.now(ctx, s)
	if err != nil {
		return rep, err
	}
	drafts, err := r.oldDrafts(ctx, s, now)
	if err != nil {
		return rep, err
	}
	rep.Drafts = len(drafts)
	months, err := r.oldMonths(ctx, s, now)
	if err != nil {
		return rep, err
	}
	rep.Months = len(months)
	if rep.Contacts, err = r.destroyDueContacts(ctx, s, now, dry); err != nil {
		return rep, err
	}
	if rep.Persons, err = r.forgetDue(ctx, s, now, dry); err != nil {
		return rep, err
	}
	if rep.Evidence, err = r.DestroyDueEvidence(ctx, s, dry); err != nil || dry {
		return rep, err
	}
	for _, m := range months {
		if err := r.rec.Log().DestroyMonth(ctx, s, m.Class, m.Month); err != nil {
			return rep, err
		}
	}
	if rep.Drafts, err = r.dropDrafts(ctx, s, drafts, len(months)); err != nil {
		return rep, err
	}
	if err := r.dropStale(ctx, s); err != nil {
		return rep, err
	}
	return rep, r.tidyWatch(ctx, s)
}

// dropDrafts deletes drafts, so many a transaction, and enters it together with
// the months of the log that were destroyed. It tells how many drafts went.
func (r *Register) dropDrafts(ctx context.Context, s audit.Space, drafts []*Mandate, months int) (dropped int, err error) {
	for len(drafts) > 0 || months > 0 {
		some := drafts[:min(len(drafts), rewrapSlice)]
		n := 0
		_, err := r.record(ctx, systemIn(s), func(t *turn) (err error) {
			if n, err = t.dropDrafts(some); err != nil {
				return err
			}
			t.enter(audit.Entry{
				Act: audit.RetentionRun, Rules: []string{"C26"},
				Counts: map[string]int64{"drafts": int64(n), "months": int64(months)},
			})
			return nil
		})
		if err != nil {
			return dropped, err
		}
		dropped += n
		drafts, months = drafts[len(some):], 0
	}
	return dropped, nil
}

func (t *turn) dropDrafts(drafts []*Mandate) (n int, err error) {
	for _, m := range drafts {
		now := &Mandate{ID: m.ID}
		if found, err := t.tx.Get(now); err != nil {
			return n, err
		} else if !found || !now.Signed.IsZero() {
			continue // signed at the last moment
		}
		n++
		for _, row := range []Record{m, &MandateOf{Person: m.Person, Mandate: m.ID}, &MandateRef{Ref: m.Ref}} {
			if err := t.tx.Delete(row); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// oldDrafts lists mandates that nobody signed in time.
func (r *Register) oldDrafts(ctx context.Context, s audit.Space, now time.Time) (old []*Mandate, err error) {
	err = walk(ctx, r, s, func(m *Mandate) {
		if m.Signed.IsZero() && now.Sub(m.Drafted) > draftLife {
			old = append(old, m)
		}
	})
	return old, err
}

// oldMonths lists the months of the log whose details are past their time.
func (r *Register) oldMonths(ctx context.Context, s audit.Space, now time.Time) ([]audit.Month, error) {
	months, err := r.rec.Log().LiveMonths(ctx, s)
	return slices.DeleteFunc(months, func(m audit.Month) bool {
		kept := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -keepMonths[m.Class], 0)
		return m.Month >= kept.Format("2006-01")
	}), err
}
