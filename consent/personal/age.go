package personal

import "time"

// majority is the first instant at which somebody born on the date is surely of
// age (CC 414: 18 years): of a date known by year or month, the last day counts,
// so a doubt is asked about.
func (b BirthDate) majority() time.Time {
	for _, form := range []struct {
		layout string
		last   func(time.Time) time.Time
	}{
		{time.DateOnly, func(t time.Time) time.Time { return t }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, -1) }},
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, -1) }},
	} {
		if t, err := time.Parse(form.layout, b.Reveal()); err == nil {
			return form.last(t).AddDate(18, 0, 0)
		}
	}
	return time.Time{}
}
