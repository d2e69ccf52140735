package pages

import (
	"slices"
	"strings"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A lineView is what somebody did in one way in one period, or what is left over
// of many, to be unfolded.
type lineView struct {
	When  string
	Text  string
	Say   []string
	Count string // "4 fois"
	Times string // "" for a line that stands for one instant
	Rest  []lineView
}

// fillLines tells the log in at most easyLines lines: who looked and what was
// refused stand open, the rest behind one of them.
func (v *personView) fillLines(t teller) {
	v.More = t.page.More
	sections := map[section][]audit.Line{}
	for _, line := range t.page.Lines {
		if line.Detail != nil { // its month may have been destroyed meanwhile
			s := sectionOf(line.Detail)
			sections[s] = append(sections[s], line)
		}
	}
	room := easyLines - 1 // one to unfold all others
	v.Refused = v.lines(t, sections[refused], refused, room/3)
	v.Looked = v.lines(t, sections[looked], looked, room-len(v.Refused))
	v.Other = v.lines(t, sections[other], other, easyLines)
	v.OtherTitle = t.number("other.lines", len(sections[other]))
}

func (v *personView) lines(t teller, lines []audit.Line, s section, most int) []lineView {
	folds, rest := foldLines(lines, t.tz, most)
	var list []lineView
	for _, f := range folds {
		list = append(list, t.line(f, s))
	}
	if len(rest) == 0 {
		return list
	}
	n := 0
	left := lineView{}
	for i, f := range rest {
		n += len(f.times)
		if i == v.most {
			v.More = true
		}
		if i < v.most {
			left.Rest = append(left.Rest, t.line(f, s))
		}
	}
	left.Count = t.number("other.more", n)
	return append(list, left)
}

// opened tells how often others opened the record, for the newest months.
func (t teller) opened() []string {
	var months []string
	count := map[string]int{}
	for _, line := range t.page.Lines {
		d := line.Detail
		if d == nil || d.By == byPerson || d.Act == audit.MandateStatusChecked || sectionOf(d) != looked {
			continue
		}
		month := t.monthYear(line.Time.In(t.tz))
		if count[month]++; count[month] == 1 {
			months = append(months, month)
		}
	}
	if t.page.More && len(months) > 1 {
		months = months[:len(months)-1] // of the oldest there may be lines that are not here
	}
	var say []string
	for _, month := range months[:min(3, len(months))] {
		say = append(say, t.number("looked.opened", count[month], "Month", month))
	}
	return say
}

// line tells a fold.
func (t teller) line(f *fold, s section) lineView {
	d := f.line.Detail
	v := lineView{When: t.when(f), Text: t.sentence(d, s)}
	if s == refused {
		v.Say = t.rules(d)
	} else if why := t.why(d); why != "" && s == looked {
		v.Say = append(v.Say, why)
	}
	if len(f.times) > 1 {
		v.Count, v.Times = t.number("times", len(f.times)), t.instants(f)
	}
	return v
}

// when tells the period of a fold.
func (t teller) when(f *fold) string {
	newest, oldest := f.times[0], f.times[len(f.times)-1]
	switch {
	case len(f.times) == 1:
		return t.say("date.at", "Date", t.date(newest), "Time", t.clock(newest))
	case day.of(newest) == day.of(oldest):
		return t.date(newest)
	case f.period == month:
		return t.monthYear(newest)
	}
	return t.say("date.between", "First", t.date(oldest), "Last", t.date(newest))
}

// instants lists the instants of a fold, by day: "12 mars 2026 : 9 h 05, 9 h 40."
func (t teller) instants(f *fold) string {
	var b strings.Builder
	last := ""
	for _, at := range f.times {
		if date := t.date(at); date != last {
			if last != "" {
				b.WriteString(". ")
			}
			b.WriteString(date + "\u00a0: ")
			last = date
		} else {
			b.WriteString(", ")
		}
		b.WriteString(t.clock(at))
	}
	return b.String()
}

// sentence tells an entry.
func (t teller) sentence(d *audit.Detail, s section) string {
	who := t.actor(d)
	if s == refused {
		return t.say("line.refused."+refusedKind(d), "Who", who)
	}
	id := "line." + string(d.Act)
	if d.Act == audit.PersonPageOpened && slices.Contains(d.On, consent.OpenedNear) {
		id += ".near"
	}
	if d.By == byPerson && d.Act == audit.MandateRevoked {
		id += ".you"
	}
	text, err := t.T(id, "Who", who, "What", t.what(d))
	if err != nil { // an action of a later version, or one without a sentence of its own
		return t.say("line.other", "Who", who)
	}
	return text
}

// The actors of entries that are no members.
const (
	byPerson   = "person"
	bySystem   = "system"
	byOperator = "operator"
	byProgram  = "program" // a role: the software's pseudonym says which
	byService  = "service" // a counter
)

// actor names who did something: a member who signed or acted for the person by
// name, any other by role and a stable short number.
func (t teller) actor(d *audit.Detail) string {
	switch d.By {
	case byPerson:
		return t.say("who.you")
	case bySystem:
		return t.say("who.system")
	case byOperator:
		return t.say("who.operator")
	case byService:
		return t.say("who.service")
	}
	if t.page.Discreet {
		return t.say("accords.person")
	}
	if name := t.page.Names[consent.MemberID(d.By)]; !name.IsZero() {
		return name.Reveal()
	}
	if d.Role == byProgram {
		return t.say("who.program", "Number", shortNumber(d.By))
	}
	role, ok := t.charter.Role(charter.Role(d.Role))
	if !ok {
		return t.say("who.somebody")
	}
	return t.say("who.role", "Role", role.Label.In(t.Lang()), "Number", shortNumber(d.By))
}

// shortNumber shortens a pseudonym to what a person can say on the phone.
func shortNumber(id string) string {
	_, id, _ = strings.Cut(id, "_")
	return strings.ToUpper(id[:min(4, len(id))])
}

// what names the kinds of data that were opened.
func (t teller) what(d *audit.Detail) string {
	var kinds []string
	opened := fieldsOf(d)
	for _, kind := range []charter.Field{charter.FieldIdentity, charter.FieldContact, charter.FieldEvidence} {
		if slices.Contains(opened, string(kind)) {
			kinds = append(kinds, t.say("what."+string(kind)))
		}
	}
	if len(kinds) == 0 {
		return t.say("what.other")
	}
	return t.list(kinds)
}

// why tells the purpose of a look; "" for the person's own, and for a purpose of
// a later version.
func (t teller) why(d *audit.Detail) string {
	if d.Act == audit.PersonPageOpened && slices.Contains(d.On, consent.OpenedNear) {
		return t.say("looked.near")
	}
	if d.Act == audit.MandateStatusChecked {
		if slices.Contains(d.On, "valid") {
			return t.say("checked.yes")
		}
		return t.say("checked.no")
	}
	if d.By == byPerson || d.Purpose == "" {
		return ""
	}
	return t.say("why." + d.Purpose)
}

// refusedKind groups what was refused.
func refusedKind(d *audit.Detail) string {
	if slices.Contains(d.Rules, string(consent.BirthDateDiffers)) {
		return "birth"
	}
	action, _, _ := strings.Cut(attempted(d), ".")
	switch action {
	case "person", "extract":
		return "look"
	case "act":
		return "act"
	case "mandate":
		return "mandate"
	case "card":
		return "card"
	}
	return "other"
}

// rules tells the rules that refused, in plain French, or in the page's language.
// A wrong birth date needs no rule to be understood.
func (t teller) rules(d *audit.Detail) []string {
	if refusedKind(d) == "birth" {
		return nil
	}
	var say []string
	for _, id := range d.Rules {
		rule, ok := t.charter.Rule(charter.RuleID(id))
		if !ok {
			continue // the reason that stands beside the rule
		}
		text := rule.Text.In(t.Lang())
		if t.Lang() == "fr" {
			text = rule.Text.EasyRead
		}
		say = append(say, t.say("refused.rule", "Rule", id)+" "+text)
	}
	return say
}
