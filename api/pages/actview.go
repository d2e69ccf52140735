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

// newestActs is how many acts are told with all their details.
const newestActs = 5

// fillActs tells the newest acts with all their details, and of older ones the
// day and the name.
func (v *personView) fillActs(t teller) {
	full, all := min(newestActs, v.most), 4*v.most
	for i, act := range t.page.Acts {
		switch {
		case i < full:
			v.Done = append(v.Done, t.act(act))
		case i < all:
			v.DoneOlder = append(v.DoneOlder, t.date(act.Happened.In(t.tz))+"\u00a0: "+t.procedure(act.Service, act.Procedure)+".")
		default:
			v.More = true
		}
	}
	if older := len(t.page.Acts) - full; older > 0 {
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
	add(a.Via != "", "done.via")
	add(a.Urgent, "done.urgent")
	add(a.Late, "done.late")
	return say
}
