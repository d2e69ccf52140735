package charter

import (
	"reflect"
	"slices"
)

// limitNames are the JSON names of Limits, which the params of rules cite.
func (c *Charter) limitNames() map[string]bool {
	names := map[string]bool{}
	for f := range reflect.TypeFor[Limits]().Fields() {
		names[f.Tag.Get("json")] = true
	}
	return names
}

func (c *Charter) validateLimits(v *faults) {
	l := c.doc.Limits
	for f, x := range reflect.ValueOf(l).Fields() {
		v.must(x.Kind() != reflect.Int || x.Int() > 0, "limit %s: not above zero", f.Tag.Get("json"))
	}
	v.must(l.MinPowers <= l.MaxPowers, "limits: powers")
	v.must(l.MaxDays <= 365, "limits: a mandate of more than a year")
	v.must(len(l.OfferedDays) > 0 && slices.IsSorted(l.OfferedDays) && l.OfferedDays[0] >= 1 &&
		l.OfferedDays[len(l.OfferedDays)-1] <= l.MaxDays, "limits: offered_days")
	codes(v, "retention", c.doc.Retention, func(r Retention) string { return r.Data })
	for _, r := range c.doc.Retention {
		v.must(r.Label.complete() && r.Since != "" && r.Then != "" && r.Source != "", "retention %s: incomplete", r.Data)
		for _, s := range []*Span{r.Helpers, r.Archive} {
			v.must(s == nil || s.Days >= 0 && s.Months >= 0 && s.Days+s.Months > 0, "retention %s: length", r.Data)
		}
		if r.AllowedMonths == nil {
			continue
		}
		a := r.AllowedMonths
		v.must(len(a) == 2 && r.Archive != nil && a[0] <= r.Archive.Months && r.Archive.Months <= a[1], "retention %s: allowed_months", r.Data)
	}
}
