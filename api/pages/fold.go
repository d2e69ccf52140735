package pages

import (
	"strings"
	"time"

	"aval/audit"
)

// Lines of the log are folded for a reader: what one actor did in one way on one
// day is one line with a count. Somebody followed for years would otherwise
// scroll past what matters. Nothing is dropped: each line unfolds to its instants.

// easyLines is how many lines of the log the page shows before anything is
// unfolded, all lists together.
const easyLines = 12

// A period is how wide a fold is.
type period int

const (
	day period = iota
	month
	ever
)

func (p period) of(t time.Time) string {
	switch p {
	case day:
		return t.Format(time.DateOnly)
	case month:
		return t.Format("2006-01")
	}
	return ""
}

// A fold is what one actor did in one way in one period.
type fold struct {
	line   audit.Line  // the newest, stands for all
	times  []time.Time // newest first, in the reader's time zone
	period period
}

// foldLines folds lines that are newest first, by the shortest period that leaves
// at most so many; where even all time leaves more, rest are those that are left
// over, to be told together as one more line.
func foldLines(lines []audit.Line, tz *time.Location, most int) (list, rest []*fold) {
	for _, p := range []period{day, month, ever} {
		if list = foldBy(lines, tz, p); len(list) <= most {
			return list, nil
		}
	}
	return list[:most-1], list[most-1:]
}

func foldBy(lines []audit.Line, tz *time.Location, p period) []*fold {
	var list []*fold
	known := map[string]*fold{}
	for _, line := range lines {
		at := line.Time.In(tz)
		key := p.of(at) + "\n" + sameWay(line.Detail)
		f, ok := known[key]
		if !ok {
			f = &fold{line: line, period: p}
			known[key] = f
			list = append(list, f)
		}
		f.times = append(f.times, at)
	}
	return list
}

// sameWay is equal for details that a reader would call the same thing.
func sameWay(d *audit.Detail) string {
	return strings.Join([]string{
		string(d.Act), d.By, d.Role, d.Purpose, string(d.Out),
		strings.Join(fieldsOf(d), ","), strings.Join(d.Rules, ","), attempted(d), answered(d),
	}, "\n")
}

// fieldsOf names the kinds of data that were opened, once each: "evidence.m_…"
// is evidence, whatever the mandate.
func fieldsOf(d *audit.Detail) []string {
	var kinds []string
	seen := map[string]bool{}
	for _, f := range d.Fields {
		if strings.Contains(f, ":") {
			continue // the display name of a colleague, shown beside what they did
		}
		kind, _, _ := strings.Cut(f, ".")
		if !seen[kind] {
			seen[kind] = true
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// attempted is the action that was refused.
func attempted(d *audit.Detail) string {
	if d.Act != audit.AttemptRefused || len(d.On) == 0 {
		return ""
	}
	return d.On[0]
}

// answered is what a counter was told, or where a page was opened.
func answered(d *audit.Detail) string {
	if d.Act != audit.MandateStatusChecked && d.Act != audit.PersonPageOpened {
		return ""
	}
	return strings.Join(d.On, ",")
}

// A section of the person's page that a line belongs to.
type section int

const (
	looked section = iota
	refused
	other
)

// sectionOf sorts a line: each line stands in exactly one section.
func sectionOf(d *audit.Detail) section {
	if d.Out == audit.Refused || d.Act == audit.AttemptRefused {
		return refused
	}
	if class, ok := d.Act.Class(); ok && class == audit.ClassRead {
		return looked
	}
	return other
}
