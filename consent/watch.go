package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// Rows that lead, by date or by helper, to mandates to watch. They repeat what
// mandates say, so they are written with the step that changes it and made good
// once a day: what has ended goes then, and readers look at the mandate anyway.

// maxSeen bounds the rows that one list reads, so that no transaction is long.
const maxSeen = 500

// A DutyRow leads to a mandate by the day on which a procedure comes back.
type DutyRow struct {
	Next      string // an instant, in fixed width
	Mandate   MandateID
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
}

// An EndingRow leads to a mandate by its end.
type EndingRow struct {
	Until   string // an instant, in fixed width
	Mandate MandateID
}

// A NamedRow leads from a helper to a mandate that names them.
type NamedRow struct {
	Member  MemberID
	Mandate MandateID
}

func (r *DutyRow) Bucket() string { return "duty" }
func (r *DutyRow) Key() string {
	return r.Next + "/" + string(r.Mandate) + "/" + string(r.Service) + "/" + string(r.Procedure)
}
func (r *EndingRow) Bucket() string { return "ending" }
func (r *EndingRow) Key() string    { return r.Until + "/" + string(r.Mandate) }
func (r *NamedRow) Bucket() string  { return "named" }
func (r *NamedRow) Key() string     { return string(r.Member) + "/" + string(r.Mandate) }

func (d Duty) row() *DutyRow {
	return &DutyRow{Next: fixedTime(d.Next), Mandate: d.Mandate, Service: d.Service, Procedure: d.Procedure}
}

// watchRows are the rows that lead to a mandate; none once it has ended.
func (r *Register) watchRows(m *Mandate, at time.Time) []Record {
	if m.State(at) != Active {
		return m.waitingFor(at)
	}
	rows := []Record{&EndingRow{Until: fixedTime(m.Payload.Until), Mandate: m.ID}}
	for _, h := range m.Payload.Helpers.Named {
		rows = append(rows, &NamedRow{Member: h, Mandate: m.ID})
	}
	for _, d := range r.duties(m, at) {
		rows = append(rows, d.row())
	}
	return rows
}

// waitingFor are the rows of a mandate that a person named somebody for and that
// is not in force yet: they find it there, and it ends with their account.
func (m *Mandate) waitingFor(at time.Time) []Record {
	if m.Payload.Mandatary.Kind != charter.MandataryNatural || !open(m.State(at)) {
		return nil
	}
	return []Record{&NamedRow{Member: MemberID(m.Payload.Mandatary.ID), Mandate: m.ID}}
}

// rewatch writes the rows of a mandate that a step has changed, where before were
// those that it had.
func (t *turn) rewatch(m *Mandate, before []Record) error {
	after := t.r.watchRows(m, t.at)
	for _, row := range before {
		if hasRow(after, row) {
			continue
		}
		if err := t.tx.Delete(row); err != nil {
			return err
		}
	}
	for _, row := range after {
		if hasRow(before, row) {
			continue
		}
		if err := t.tx.Put(row); err != nil {
			return err
		}
	}
	return nil
}

// tidyWatch makes the rows of a space good again, in short transactions.
func (r *Register) tidyWatch(ctx context.Context, s audit.Space) error {
	steps := []func(context.Context, audit.Space, string) (string, error){
		tidy(r, func(row *DutyRow) MandateID { return row.Mandate }),
		tidy(r, func(row *EndingRow) MandateID { return row.Mandate }),
		tidy(r, func(row *NamedRow) MandateID { return row.Mandate }),
		r.watchAll,
	}
	for _, step := range steps {
		for after, more := "", true; more; more = after != "" {
			var err error
			if after, err = step(ctx, s, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidy takes away rows of a bucket that their mandate does not ask for any more.
func tidy[R any, P interface {
	*R
	Record
}](r *Register, mandate func(P) MandateID) func(context.Context, audit.Space, string) (string, error) {
	return func(ctx context.Context, s audit.Space, after string) (last string, err error) {
		err = r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
			var rows []P
			if rows, last, err = slice[R, P](tx, after); err != nil {
				return err
			}
			for _, row := range rows {
				m := &Mandate{ID: mandate(row)}
				if found, err := tx.Get(m); err != nil {
					return err
				} else if found && hasRow(r.watchRows(m, at), row) {
					continue
				}
				if err := tx.Delete(row); err != nil {
					return err
				}
			}
			return nil
		})
		return last, err
	}
}

func hasRow(rows []Record, row Record) bool {
	for _, r := range rows {
		if r.Bucket() == row.Bucket() && r.Key() == row.Key() {
			return true
		}
	}
	return false
}

// watchAll writes the rows that are missing: registers are older than these rows.
func (r *Register) watchAll(ctx context.Context, s audit.Space, after string) (last string, err error) {
	err = r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
		var all []*Mandate
		if all, last, err = slice[Mandate](tx, after); err != nil {
			return err
		}
		for _, m := range all {
			for _, row := range r.watchRows(m, at) {
				if found, err := tx.Get(row); err != nil {
					return err
				} else if found {
					continue
				}
				if err := tx.Put(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return last, err
}
