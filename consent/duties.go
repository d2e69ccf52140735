package consent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aval/charter"
)

// What comes back or runs out, by reference: no list here opens a box or names
// anybody. Each is read from rows sorted by date, so that a structure with ten
// thousand mandates reads a page of them and not all (see watch.go).

// A Duty is a procedure that comes back (a declaration each month or quarter) and
// that a mandate lets helpers do.
type Duty struct {
	Mandate   MandateID
	Ref       string
	Person    PersonID
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	Mode      charter.Mode
	Every     string // "month", "quarter" or "year", as the charter says
	// LastOutcome and LastAt are of the last act; none yet when LastAt is zero.
	LastOutcome charter.Outcome
	LastAt      time.Time
	// Next is the day, at 00:00 in the mandate's time zone, one period after it was
	// last carried out, or after the mandate's start when it never was (Counted is
	// then true). It is counted, not known: services set their own dates.
	Next    time.Time
	Counted bool
	Until   time.Time // end of the mandate
}

// A Last is what the last acts say of a procedure that comes back.
type Last struct {
	Service   charter.ServiceCode
	Procedure charter.ProcedureCode
	At        time.Time // of the last act
	Outcome   charter.Outcome
	Done      time.Time // when it was last carried out; zero when it never was
}

// carriedOut are the outcomes after which a duty is over until the next period:
// what was sent and waits for an answer is.
var carriedOut = []charter.Outcome{outcomeDone, "waiting"}

var monthsOf = map[string]int{"month": 1, "quarter": 3, "year": 12}

// Duties lists what is to be done next, the longest due first. next is the cursor
// of the following page, empty at the end; a page may have fewer than its limit.
func (r *Register) Duties(ctx context.Context, a Actor, page Page) (list []Duty, next string, err error) {
	if page.Limit < 1 || page.Limit > maxPage {
		return nil, "", &Invalid{Pointer: "/limit", Reason: "parameter"}
	}
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		list, next = nil, ""
		seen, last := 0, ""
		return tx.Scan(&DutyRow{}, "", page.After, func(key string, load func(Record) error) error {
			if len(list) == page.Limit || seen == maxSeen {
				next = last
				return StopScan
			}
			seen, last = seen+1, key
			row := &DutyRow{}
			if err := load(row); err != nil {
				return err
			}
			m, err := watched(tx, row.Mandate, at)
			if err != nil || m == nil {
				return err
			}
			for _, d := range r.duties(m, at) {
				if d.row().Key() == key {
					list = append(list, d)
				}
			}
			return nil
		})
	})
	return list, next, err
}

// duties are what comes back under a mandate before it ends, without what the
// person took back.
func (r *Register) duties(m *Mandate, at time.Time) []Duty {
	return slices.DeleteFunc(r.comesBack(m, at), func(d Duty) bool { return !d.Next.Before(d.Until) })
}

// comesBack is duties with what is due after the mandate's end.
func (r *Register) comesBack(m *Mandate, at time.Time) []Duty {
	tz, err := time.LoadLocation(m.Payload.TZ)
	if err != nil {
		tz = time.UTC
	}
	var list []Duty
	for _, p := range m.Payload.Powers {
		c, _ := r.charter.Procedure(p.Service, p.Procedure)
		twice := slices.ContainsFunc(list, func(d Duty) bool { return d.Service == p.Service && d.Procedure == p.Procedure })
		if c.Every == "" || twice || m.Stopped(p, "", at) {
			continue
		}
		d := Duty{
			Mandate: m.ID, Ref: m.Ref, Person: m.Person, Service: p.Service, Procedure: p.Procedure, Mode: p.Mode,
			Every: c.Every, Until: m.Payload.Until, Counted: true,
		}
		from := m.Payload.From
		if last := m.last(p); last != nil {
			d.LastOutcome, d.LastAt = last.Outcome, last.At
			if !last.Done.IsZero() {
				d.Counted, from = false, last.Done
			}
		}
		d.Next = later(from, monthsOf[c.Every], tz)
		list = append(list, d)
	}
	return list
}

// later is the day so many months after an instant: the last of its month where
// the month has no such day.
func later(from time.Time, months int, tz *time.Location) time.Time {
	y, m, d := from.In(tz).Date()
	last := time.Date(y, m+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC)
	return StartOfDay(last.Year(), last.Month(), min(d, last.Day()), tz)
}

func (m *Mandate) last(p Power) *Last {
	for i := range m.Lasts {
		if m.Lasts[i].Service == p.Service && m.Lasts[i].Procedure == p.Procedure {
			return &m.Lasts[i]
		}
	}
	return nil
}

// noteLast keeps in a mandate what an act says of a procedure that comes back, and
// tells whether it did: an act noted late says nothing new.
func (t *turn) noteLast(m *Mandate, act *Act) bool {
	p := Power{Service: act.Service, Procedure: act.Procedure}
	if c, _ := t.r.charter.Procedure(p.Service, p.Procedure); c.Every == "" {
		return false
	}
	last := m.last(p)
	if last == nil {
		m.Lasts = append(m.Lasts, Last{Service: p.Service, Procedure: p.Procedure})
		last = &m.Lasts[len(m.Lasts)-1]
	}
	done := slices.Contains(carriedOut, act.Outcome) && act.Happened.After(last.Done)
	if done {
		last.Done = act.Happened
	}
	newest := !act.Happened.Before(last.At)
	if newest {
		last.At, last.Outcome = act.Happened, act.Outcome
	}
	return done || newest
}

// Ending lists the mandates in force or to come that end within a time, the first
// to end first, at most 100.
func (r *Register) Ending(ctx context.Context, a Actor, within time.Duration) (list []*Mandate, err error) {
	if within <= 0 || within > 366*24*time.Hour {
		return nil, &Invalid{Pointer: "/days", Reason: "days"}
	}
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		list = nil
		seen, end := 0, fixedTime(at.Add(within))
		return tx.Scan(&EndingRow{}, "", fixedTime(at), func(key string, load func(Record) error) error {
			if len(list) == maxPage || seen == maxSeen || key > end {
				return StopScan
			}
			seen++
			row := &EndingRow{}
			if err := load(row); err != nil {
				return err
			}
			m, err := watched(tx, row.Mandate, at)
			if err == nil && m != nil {
				list = append(list, m)
			}
			return err
		})
	})
	return list, err
}

// WithoutHelper lists the mandates in force or to come whose named helpers are all
// closed, so that somebody asks the person; the first to end first, at most 100.
func (r *Register) WithoutHelper(ctx context.Context, a Actor) (list []*Mandate, err error) {
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		list = nil
		var gone []MemberID
		err := each(tx, "", func(m *Member) error {
			if !m.Closed.IsZero() {
				gone = append(gone, m.ID)
			}
			return nil
		})
		if err != nil {
			return err
		}
		list, err = abandoned(tx, gone, at)
		return err
	})
	slices.SortFunc(list, func(a, b *Mandate) int {
		return cmp.Or(a.Payload.Until.Compare(b.Payload.Until), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// abandoned are the mandates that name closed members and no other.
func abandoned(tx Tx, gone []MemberID, at time.Time) (list []*Mandate, err error) {
	seen := map[MandateID]bool{}
	for _, id := range gone {
		err := each(tx, string(id)+"/", func(row *NamedRow) error {
			if len(list) == maxPage || len(seen) == maxSeen {
				return StopScan
			}
			if seen[row.Mandate] {
				return nil
			}
			seen[row.Mandate] = true
			m, err := watched(tx, row.Mandate, at)
			if err == nil && m != nil && all(m.Payload.Helpers.Named, func(h MemberID) bool { return slices.Contains(gone, h) }) {
				list = append(list, m)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// watched gets a mandate that a row leads to; nil when it has ended, or when its
// person asked to be forgotten: the row goes within the day.
func watched(tx Tx, id MandateID, at time.Time) (*Mandate, error) {
	m := &Mandate{ID: id}
	found, err := tx.Get(m)
	if err != nil || !found || m.State(at) != Active {
		return nil, err
	}
	switch err := hideErased(tx, m).(type) { //nolint:errorlint // answers are returned as they are
	case nil:
		return m, nil
	case *NotFound:
		return nil, nil
	default:
		return nil, err
	}
}
