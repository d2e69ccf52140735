package consent

import (
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// Help without a mandate or a name is counted: people were shown how (train),
// did it themselves with somebody beside them (do_with), or were helped and did
// not want to be recorded. Structures answer for that help too.

// Kinds of help that is only counted.
const (
	TallyTrain       = "train"
	TallyDoWith      = "do_with"
	TallyNotRecorded = "not_recorded"
)

// TallyKinds lists them.
var TallyKinds = []string{TallyTrain, TallyDoWith, TallyNotRecorded}

// A TallyRow counts one kind of help of a month, by members of one role. It does
// not say who helped: no number here is one helper's.
type TallyRow struct {
	Month string // YYYY-MM, in the structure's time zone
	Kind  string // one of TallyKinds
	Role  charter.Role
	N     int64
}

func (r *TallyRow) Bucket() string { return "tally" }
func (r *TallyRow) Key() string    { return r.Month + "/" + r.Kind + "/" + string(r.Role) }

const monthForm = "2006-01"

// CountHelp counts help of a kind, once, this month. Any helper may, in any role:
// the matrix says whose mission a kind of help is, but what was done is counted.
func (r *Register) CountHelp(ctx context.Context, a Actor, kind string) error {
	if !slices.Contains(TallyKinds, kind) {
		return &Invalid{Pointer: "/kind", Reason: "tally_kind"}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.check(Attempt{Action: audit.ActRecorded}, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		tz, err := time.LoadLocation(t.profile.TZ)
		if err != nil {
			return err
		}
		row := &TallyRow{Month: t.at.In(tz).Format(monthForm), Kind: kind, Role: t.me.Role}
		if _, err := t.tx.Get(row); err != nil {
			return err
		}
		row.N++
		dg, err := rowDigest(row)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.ActRecorded, On: []string{kind}, Digest: dg})
		if err := t.tx.Put(row); err != nil {
			return err
		}
		return t.made(kind)
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// Tallies gives the counts of a month, YYYY-MM, of the whole structure by kind;
// each kind is there.
func (r *Register) Tallies(ctx context.Context, a Actor, month string) (map[string]int64, error) {
	if m, err := time.Parse(monthForm, month); err != nil || m.Format(monthForm) != month {
		return nil, &Invalid{Pointer: "/month", Reason: "month"}
	}
	counts := make(map[string]int64, len(TallyKinds))
	err := r.view(ctx, a, func(tx Tx, _ time.Time) error {
		for _, kind := range TallyKinds {
			counts[kind] = 0
		}
		return each(tx, month+"/", func(row *TallyRow) error {
			counts[row.Kind] += row.N
			return nil
		})
	})
	return counts, err
}
