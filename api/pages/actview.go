package pages

import (
	"aval/charter"
	"aval/consent"
)

// An actView is something that was done for the person.
type actView struct {
	When  string
	Title string
	Text  string
	Say   []string
}

// fullActs is how many acts are told with all their details; older ones have
// their day and name, up to maxActs.
const (
	fullActs = 12
	maxActs  = 60
)

func (v *personView) fillActs(t teller) {
	for i, act := range t.page.Acts {
		switch {
		case i < fullActs:
			v.Done = append(v.Done, t.act(act))
		case i < maxActs:
			v.DoneOlder = append(v.DoneOlder, t.date(act.Happened.In(t.tz))+"\u00a0: "+t.procedure(act.Service, act.Procedure)+".")
		default:
			v.More = true
		}
	}
	if older := len(t.page.Acts) - fullActs; older > 0 {
		v.DoneMore = t.number("done.more", older)
	}
}

func (t teller) act(a *consent.Act) actView {
	v := actView{When: t.date(a.Happened.In(t.tz)), Title: t.procedure(a.Service, a.Procedure)}
	how := "done.with"
	switch a.Mode {
	case charter.DoForPresent:
		how = "done.present"
	case charter.DoForAbsent:
		how = "done.absent"
	}
	v.Text = t.say(how, "Who", t.name(a.By)) + " " + t.say("outcome."+string(a.Outcome))
	v.Say = t.actDetails(a)
	return v
}

// actDetails tells why, where, who typed the codes, and what was out of the
// ordinary.
func (t teller) actDetails(a *consent.Act) []string {
	var say []string
	add := func(some bool, id string) {
		if some {
			say = append(say, t.say(id))
		}
	}
	add(a.Reason != "", "reason."+string(a.Reason))
	add(a.Channel != "", "channel."+string(a.Channel))
	add(a.Credential != "", "typed."+string(a.Credential))
	add(a.ValidatedBy != "", "done.checked."+string(a.ValidatedBy))
	add(a.Urgent, "done.urgent")
	add(a.Late, "done.late")
	return say
}
