package consent

import (
	"context"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// A counter that is shown a mandate may ask whether it is valid, with a code that
// the person gave for this. The code is about one mandate and one service and
// tells yes or no. It is filed beside the cards, as they are, under a letter of
// its own.

// checkLife is how long a counter's code serves.
const checkLife = 30 * 24 * time.Hour

// A Check is what a counter's code lets it ask about.
type Check struct {
	Mandate MandateID
	Service charter.ServiceCode
	Expires time.Time
}

// A CheckOf row leads from a mandate and a service to the code in use, so that a
// new one takes its place.
type CheckOf struct {
	Mandate MandateID
	Service charter.ServiceCode
	Serial  string
	Expires time.Time
}

func (r *CheckOf) Bucket() string { return "check" }
func (r *CheckOf) Key() string    { return string(r.Mandate) + "/" + string(r.Service) }

// An IssuedCheck is a new code for a counter, shown once.
type IssuedCheck struct {
	Code    personal.CheckCode
	Ref     string // of the mandate: the counter asks with both
	Service charter.ServiceCode
	Expires time.Time
	TZ      string
}

// IssueCheck makes a code with which one service can check one mandate, for 30
// days. The person asks for it on their page or at the desk; one made before for
// the same is dead. The mandate may be over: that it was valid can be asked too.
func (r *Register) IssueCheck(ctx context.Context, a Actor, id MandateID, service charter.ServiceCode) (*IssuedCheck, error) {
	issued := &IssuedCheck{Code: personal.NewCheckCode(), Service: service}
	closed, row, err := r.keys.CardRow(issued.Code.CardCode)
	if err != nil {
		return nil, err
	}
	serial := random26()
	_, err = r.record(ctx, a, func(t *turn) error {
		m, err := t.checkable(id, service)
		if err != nil {
			return err
		}
		of := &CheckOf{Mandate: id, Service: service}
		former, err := t.tx.Get(of)
		if err != nil {
			return err
		}
		if former {
			if err := t.send(registerSpace, killCard, CardSerial{Serial: of.Serial}); err != nil {
				return err
			}
		}
		of.Serial, of.Expires = serial, t.at.Add(checkLife)
		issued.Ref, issued.Expires, issued.TZ = m.Ref, of.Expires, t.profile.TZ
		t.enter(audit.Entry{
			Act: audit.CheckIssued, Person: string(m.Person), Mandate: string(id), On: []string{string(service)}, Rules: []string{"C15"},
		})
		err = t.send(registerSpace, issueCard, CardRow{
			Row: hex.EncodeToString(row), Serial: serial, Number: t.profile.Number, Slug: t.profile.Slug, Person: m.Person,
			Closed: closed, Check: &Check{Mandate: id, Service: service, Expires: of.Expires},
		})
		if err != nil {
			return err
		}
		if err := t.tx.Put(of); err != nil {
			return err
		}
		return t.made(serial)
	})
	if _, again := replayed(err); again {
		return nil, &Conflict{Reason: "check_shown_once"}
	}
	if err != nil {
		return nil, err
	}
	return issued, r.Relay(ctx, a.space)
}

// checkable gets a mandate that the actor may let a service check: the holder of
// a card that opens their page, or who may prepare a mandate.
func (t *turn) checkable(id MandateID, service charter.ServiceCode) (*Mandate, error) {
	m := &Mandate{ID: id}
	if err := need(t.tx, m, "mandate"); err != nil {
		return nil, err
	}
	p, err := t.livePerson(m.Person)
	if err != nil {
		return nil, sameNotFound(err, "mandate")
	}
	try := Attempt{Action: audit.CheckIssued, Person: m.Person, Mandate: id}
	switch {
	case t.actor.kind != card:
		err = t.check(try, charter.Facts{Operation: charter.OpRecord})
	case p.Card.Kind == CardStop || p.Card.Kind == CardDiscreet:
		err = t.refuse(try, &charter.Finding{Rule: "C15", Reason: CardStopsOnly})
	}
	if err != nil {
		return nil, err
	}
	if m.Delivered.IsZero() {
		return nil, &Conflict{Reason: "not_accepted"}
	}
	if !slices.ContainsFunc(m.Payload.Powers, func(p Power) bool { return p.Service == service }) {
		return nil, &NotFound{Kind: "power"}
	}
	return m, nil
}

// CheckHolder finds the actor of a counter's code: whoever was given it. They can
// do nothing but [Register.CheckMandate].
func (r *Register) CheckHolder(ctx context.Context, code personal.CheckCode) (Actor, error) {
	row, err := r.cardRow(ctx, code.CardCode)
	if err != nil {
		return Actor{}, err
	}
	if row.Check == nil {
		return Actor{}, &NotFound{Kind: "card"}
	}
	return Actor{
		kind: counter, space: audit.NewSpace(row.Number, row.Slug), person: row.Person, card: row.Serial, check: *row.Check,
	}, nil
}

// A CheckQuestion is what a counter asks: whether the mandate of a reference lets its
// helper do this, now, or did on a day.
type CheckQuestion struct {
	Ref  string
	Want Power
	Day  string // YYYY-MM-DD where the structure is; empty: now
}

// Check tells what is wrong with the form of a question, before anything is
// looked up.
func (q CheckQuestion) Check() error {
	if !refForm.MatchString(q.Ref) {
		return &Invalid{Pointer: "/ref", Reason: "ref_form"}
	}
	if q.Day != "" && !dayForm.MatchString(q.Day) {
		return &Invalid{Pointer: "/day", Reason: "date"}
	}
	return nil
}

var dayForm = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)

// CheckMandate answers a counter: true, and nothing else is learnt; for all that
// is not right, false. A day is answered for its end, so that one on which the
// mandate was stopped is not valid; a day to come never is. Each answer is a line
// that the person sees. The error is *Invalid for the form of the question.
func (r *Register) CheckMandate(ctx context.Context, a Actor, q CheckQuestion) (valid bool, err error) {
	if err := q.Check(); err != nil {
		return false, err
	}
	if a.kind != counter {
		return false, &NotFound{Kind: "card"}
	}
	_, err = r.recordFor(ctx, a, charter.OpStatus, func(t *turn) error {
		if !t.at.Before(t.actor.check.Expires) {
			return &NotFound{Kind: "card"}
		}
		m := &Mandate{ID: t.actor.check.Mandate}
		if err := need(t.tx, m, "card"); err != nil {
			return err
		}
		if _, err := t.livePerson(m.Person); err != nil {
			return &NotFound{Kind: "card"}
		}
		valid = t.answers(m, q)
		word := map[bool]string{true: "valid", false: "not_valid"}[valid]
		t.enter(audit.Entry{
			Act: audit.MandateStatusChecked, Person: string(m.Person), Mandate: string(m.ID),
			On: []string{string(t.actor.check.Service), word}, Rules: []string{"C15"},
		})
		return nil
	})
	return valid && err == nil, err
}

// answers decides what a counter is told, by the charter.
func (t *turn) answers(m *Mandate, q CheckQuestion) bool {
	at, ok := t.endOf(q.Day)
	if !ok || m.Ref != q.Ref || q.Want.Service != t.actor.check.Service {
		return false
	}
	f := charter.Facts{
		Now: at, By: charter.ByService, Operation: charter.OpStatus, Mandate: m.facts(at, ""), Wanted: q.Want, Opened: t.profile.Opened,
	}
	return m.InForce(at) && t.r.charter.Check(f) == nil
}

// endOf is the last instant of a day, or now while it lasts; false for a day that
// has not begun.
func (t *turn) endOf(day string) (time.Time, bool) {
	if day == "" {
		return t.at, true
	}
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return time.Time{}, false
	}
	first, err := time.Parse(time.DateOnly, day)
	if err != nil || day > t.at.In(tz).Format(time.DateOnly) {
		return time.Time{}, false
	}
	end := StartOfDay(first.Year(), first.Month(), first.Day()+1, tz).Add(-time.Microsecond)
	if end.After(t.at) {
		end = t.at
	}
	return end, true
}
