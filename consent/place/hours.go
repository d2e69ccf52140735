package place

import (
	"regexp"
	"strings"
	"time"
)

// Hours is what a week of opening hours says, minute by minute. The zero Hours is
// never open.
//
// Of OpenStreetMap's opening_hours only the plain weekly form is read, which nearly
// every place uses: weekdays with times of one day, rules separated by ";", a later
// rule replacing an earlier one on its days. Months, weeks, holidays with hours,
// comments and times past midnight are not: then the text is shown as it is written
// and nobody guesses. No library for Go that is kept reads the whole notation with
// its overriding rules.
type Hours struct {
	days [7][]span // by time.Weekday
	// ButHolidays says that the place is closed on public holidays ("PH off"). Which
	// days those are is not known here.
	ButHolidays bool
}

// A span is from and until in minutes since midnight, half-open.
type span struct{ from, until int }

var weekdays = map[string]time.Weekday{
	"Mo": time.Monday, "Tu": time.Tuesday, "We": time.Wednesday, "Th": time.Thursday,
	"Fr": time.Friday, "Sa": time.Saturday, "Su": time.Sunday,
}

var (
	ruleForm = regexp.MustCompile(`^([A-Z][a-z](?:[,-] ?[A-Z][a-z])*) ((?:[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})(?:, ?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})*|off|closed)$`)
	spanForm = regexp.MustCompile(`([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})`)
)

// ParseHours reads opening hours. ok is false when they are not of the plain weekly
// form, and nothing is known then.
func ParseHours(s string) (h Hours, ok bool) {
	if len(s) > 500 {
		return Hours{}, false
	}
	if strings.TrimSpace(s) == "24/7" {
		for d := range h.days {
			h.days[d] = []span{{0, 24 * 60}}
		}
		return h, true
	}
	rules := strings.Split(strings.TrimSuffix(strings.TrimSpace(s), ";"), ";")
	for _, rule := range rules {
		rule = strings.TrimSpace(rule)
		if rule == "PH off" || rule == "PH closed" {
			h.ButHolidays = true
			continue
		}
		parts := ruleForm.FindStringSubmatch(rule)
		if parts == nil {
			return Hours{}, false
		}
		days, ok := daysOf(parts[1])
		if !ok {
			return Hours{}, false
		}
		spans, ok := spansOf(parts[2])
		if !ok {
			return Hours{}, false
		}
		for _, d := range days {
			h.days[d] = spans
		}
	}
	return h, true
}

// daysOf reads "Mo-Th,Sa". A range may pass the end of the week.
func daysOf(s string) (days []time.Weekday, ok bool) {
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, known := weekdays[first]
		if !known {
			return nil, false
		}
		to := from
		if isRange {
			if to, known = weekdays[strings.TrimSpace(last)]; !known {
				return nil, false
			}
		}
		for d := from; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, true
}

func spansOf(s string) (spans []span, ok bool) {
	for _, m := range spanForm.FindAllStringSubmatch(s, -1) {
		from, until := minutes(m[1], m[2]), minutes(m[3], m[4])
		if from < 0 || until <= from {
			return nil, false
		}
		spans = append(spans, span{from, until})
	}
	return spans, true
}

// minutes since midnight; 24:00 is the end of the day, anything later is -1.
func minutes(hour, minute string) int {
	h, m := int(hour[0]-'0')*10+int(hour[1]-'0'), int(minute[0]-'0')*10+int(minute[1]-'0')
	if m > 59 || h*60+m > 24*60 {
		return -1
	}
	return h*60 + m
}

// OpenAt tells whether the place is open at an instant, whose own time zone counts.
func (h Hours) OpenAt(t time.Time) bool {
	now := t.Hour()*60 + t.Minute()
	for _, s := range h.days[t.Weekday()] {
		if s.from <= now && now < s.until {
			return true
		}
	}
	return false
}
