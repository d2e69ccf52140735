package consent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter/screen"
)

// What an extract says of passwords: the notebooks, what was refused, what was
// shown. Counts of the whole structure; none is one helper's.

// Gone counts what was declared destroyed.
type Gone struct {
	Records   int `json:"records"`
	Notebooks int `json:"notebooks"`
	Files     int `json:"files"`
}

// RefusalOf counts the refusals of a kind by a rule.
type RefusalOf struct {
	Kind      screen.Kind `json:"kind"`
	Rule      screen.Rule `json:"rule"`
	Refused   int64       `json:"refused"`
	Contested int64       `json:"contested"`
}

// countSecrets counts over the months that a period touches, in the structure's
// time zone, in short transactions.
func (r *Register) countSecrets(ctx context.Context, s audit.Space, q ExtractRequest, sum *Summary) error {
	tz, err := time.LoadLocation(sum.TZ)
	if err != nil {
		return err
	}
	first, last := q.From.In(tz).Format(monthForm), q.To.Add(-time.Nanosecond).In(tz).Format(monthForm)
	within := func(month string) bool { return first <= month && month <= last }
	if sum.Notebooks, err = r.countNotebooks(ctx, s); err != nil {
		return err
	}
	err = walk(ctx, r, s, func(row *DestructionRow) {
		if !row.At.Before(q.From) && row.At.Before(q.To) {
			sum.Destroyed.Records++
			sum.Destroyed.Notebooks += row.Record.Notebooks
			sum.Destroyed.Files += row.Record.Files
		}
	})
	if err != nil {
		return err
	}
	err = walk(ctx, r, s, func(row *ShownCount) {
		if within(row.Month) {
			sum.Shown += row.N
		}
	})
	if err != nil {
		return err
	}
	var counts []RefusalCount
	err = walk(ctx, r, s, func(row *RefusalCount) {
		if within(row.Month) {
			counts = append(counts, *row)
		}
	})
	sum.Refusals = refusalsOf(counts)
	sum.Contests = SumRefusals(counts)
	return err
}

// refusalsOf adds the months up.
func refusalsOf(counts []RefusalCount) []RefusalOf {
	list := []RefusalOf{}
	for _, c := range counts {
		i := slices.IndexFunc(list, func(x RefusalOf) bool { return x.Kind == c.Kind && x.Rule == c.Rule })
		if i < 0 {
			list, i = append(list, RefusalOf{Kind: c.Kind, Rule: c.Rule}), len(list)
		}
		list[i].Refused += c.Refused
		list[i].Contested += c.Contested
	}
	slices.SortFunc(list, func(a, b RefusalOf) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Rule, b.Rule)) })
	return list
}
