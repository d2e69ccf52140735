package consent_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

var monthly = consent.Power{Service: "france_travail", Procedure: "monthly_update", Mode: charter.DoForPresent}

// lasting are terms for as long as the powers allow.
func lasting(p consent.PersonID, days int, powers ...consent.Power) consent.Terms {
	t := terms(p, powers...)
	t.Days = days
	return t
}

// duties reads all pages.
func (w *world) duties(a consent.Actor, limit int) []consent.Duty {
	w.t.Helper()
	var all []consent.Duty
	for after, more := "", true; more; {
		list, next, err := w.reg.Duties(w.ctx, a, consent.Page{After: after, Limit: limit})
		w.must(err)
		if len(list) > limit {
			w.t.Fatalf("%d on a page of %d", len(list), limit)
		}
		all = append(all, list...)
		after, more = next, next != ""
	}
	return all
}

// outcome notes an act with an outcome, under a mandate.
func (w *world) outcome(a consent.Actor, m *consent.Mandate, did consent.Power, o charter.Outcome, happened time.Time) {
	w.t.Helper()
	_, err := w.reg.RecordAct(w.ctx, a, consent.NewAct{
		Person: m.Person, Mandate: m.ID, Did: did, Reason: "cannot_read", Channel: charter.ChannelPersonSession,
		Credential: charter.EntryPerson, Outcome: o, Happened: happened, Validated: happened,
		ValidatedHow: charter.ValidatedOnScreen, Period: "2026-12",
	})
	w.must(err)
}

func paris(y int, m time.Month, d int) time.Time {
	tz, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return time.Date(y, m, d, 0, 0, 0, 0, tz).UTC()
}

// A duty is due a period after it was last carried out, or after the mandate's
// start, and is listed by reference.
func TestDuties(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	quarter := w.mandate(d.helper, lasting(d.person, 365, caf))
	other := w.person(d.helper)
	month := w.mandate(d.helper, lasting(other, 182, monthly))
	w.unchanged(func() {
		want := []consent.Duty{{
			Mandate: month.ID, Ref: month.Ref, Person: other, Service: monthly.Service, Procedure: monthly.Procedure,
			Mode: monthly.Mode, Every: "month", Next: paris(2027, 2, 11), Counted: true, Until: month.Payload.Until,
		}, {
			Mandate: quarter.ID, Ref: quarter.Ref, Person: d.person, Service: caf.Service, Procedure: caf.Procedure,
			Mode: caf.Mode, Every: "quarter", Next: paris(2027, 4, 11), Counted: true, Until: quarter.Payload.Until,
		}}
		if diff := cmp.Diff(want, w.duties(d.referent, 1)); diff != "" {
			t.Error(diff)
		}
	})
	for _, step := range []struct {
		outcome charter.Outcome
		at      time.Duration // after the start
		next    time.Time
		counted bool
		last    charter.Outcome
	}{
		{"blocked", time.Hour, paris(2027, 2, 11), true, "blocked"}, // not carried out: due as before
		{"waiting", 48 * time.Hour, paris(2027, 2, 13), false, "waiting"},
		{"refused_by_service", 72 * time.Hour, paris(2027, 2, 13), false, "refused_by_service"},
		{"done", 24 * time.Hour, paris(2027, 2, 13), false, "refused_by_service"}, // noted late
		{"done", 96 * time.Hour, paris(2027, 2, 15), false, "done"},
	} {
		if at := start.Add(step.at); at.After(w.clock.now()) {
			w.clock.to(at)
		}
		w.outcome(d.helper, month, monthly, step.outcome, start.Add(step.at))
		got := w.duties(d.helper, 10)[0]
		if got.Mandate != month.ID || !got.Next.Equal(step.next) || got.Counted != step.counted || got.LastOutcome != step.last || got.LastAt.IsZero() {
			t.Errorf("after %s: %+v", step.outcome, got)
		}
	}
	if rows := dumped(t, w.db).in("duty"); len(rows) != 2 {
		t.Errorf("two duties have the rows %v", rows)
	}
}

// What the person took back, what has ended and what comes after the end is not
// listed; nor is anything of somebody forgotten.
func TestDutiesThatAreOver(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	persons := []consent.PersonID{d.person, w.person(d.helper), w.person(d.helper), w.person(d.helper), w.person(d.helper)}
	part := w.mandate(d.helper, lasting(persons[0], 182, caf, monthly))
	whole := w.mandate(d.helper, lasting(persons[1], 182, monthly))
	w.mandate(d.helper, lasting(persons[2], 31, monthly)) // the next month is after it
	w.mandate(d.helper, lasting(persons[3], 182, monthly))
	ending := w.mandate(d.helper, lasting(persons[4], 60, monthly))
	if n := len(w.duties(d.helper, 2)); n != 5 {
		t.Fatalf("%d duties, want 5", n)
	}
	_, err := w.reg.RevokeMandate(w.ctx, d.helper, part.ID, consent.Scope{Service: monthly.Service})
	w.must(err)
	_, err = w.reg.RevokeMandate(w.ctx, d.helper, whole.ID, consent.Scope{})
	w.must(err)
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, persons[3])
	w.must(err)
	left := w.duties(d.helper, 2)
	if len(left) != 2 || left[0].Mandate != ending.ID || left[1].Mandate != part.ID || left[1].Procedure != caf.Procedure {
		t.Errorf("left: %+v", left)
	}
	w.clock.to(ending.Payload.Until)
	d.helper = w.letIn("ccas", d.helper.Member())
	if left := w.duties(d.helper, 2); len(left) != 1 || left[0].Mandate != part.ID {
		t.Errorf("after an end: %+v", left)
	}
	before := len(dumped(t, w.db).in("duty"))
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if after := len(dumped(t, w.db).in("duty")); before != 5 || after != 1 {
		t.Errorf("%d rows, %d after the daily run, want 5 and 1", before, after)
	}
}

// The days that months do not have.
func TestNextDay(t *testing.T) {
	for _, c := range []struct {
		start time.Time
		power consent.Power
		want  time.Time
	}{
		{time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), monthly, paris(2027, 2, 28)},
		{time.Date(2028, 1, 31, 12, 0, 0, 0, time.UTC), monthly, paris(2028, 2, 29)},
		{time.Date(2027, 1, 31, 23, 30, 0, 0, time.UTC), monthly, paris(2027, 3, 1)}, // in Paris it is February
		{time.Date(2027, 11, 30, 12, 0, 0, 0, time.UTC), caf, paris(2028, 2, 29)},
		{time.Date(2027, 2, 28, 12, 0, 0, 0, time.UTC), monthly, paris(2027, 3, 28)}, // the day clocks change
	} {
		w := newWorld(t)
		w.clock.to(c.start)
		d := w.desk()
		w.mandate(d.helper, lasting(d.person, 182, c.power))
		got := w.duties(d.helper, 10)
		if len(got) != 1 || !got[0].Next.Equal(c.want) {
			t.Errorf("from %s: %+v, want %s", c.start, got, c.want)
		}
	}
}

func TestEnding(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	long := w.mandate(d.helper, lasting(d.person, 365, caf))
	short := w.mandate(d.helper, lasting(w.person(d.helper), 20, caf))
	middle := w.mandate(d.helper, lasting(w.person(d.helper), 31, caf))
	stopped := w.mandate(d.helper, lasting(w.person(d.helper), 10, caf))
	_, err := w.reg.RevokeMandate(w.ctx, d.helper, stopped.ID, consent.Scope{})
	w.must(err)
	_, err = w.reg.DraftMandate(w.ctx, d.helper, lasting(w.person(d.helper), 5, caf)) // not in force
	w.must(err)
	const day = 24 * time.Hour
	ids := func(within time.Duration) (ids []consent.MandateID) {
		list, err := w.reg.Ending(w.ctx, d.referent, within)
		w.must(err)
		for _, m := range list {
			ids = append(ids, m.ID)
		}
		return ids
	}
	w.unchanged(func() {
		for within, want := range map[time.Duration][]consent.MandateID{
			19 * day: nil, 20 * day: {short.ID}, 31 * day: {short.ID, middle.ID}, 366 * day: {short.ID, middle.ID, long.ID},
		} {
			if got := ids(within); !slices.Equal(got, want) {
				t.Errorf("within %s: %v, want %v", within, got, want)
			}
		}
		for _, within := range []time.Duration{0, -day, 367 * day} {
			if _, err := w.reg.Ending(w.ctx, d.helper, within); invalid(err) != "/days days" {
				t.Errorf("within %s: %v", within, err)
			}
		}
	})
	w.clock.to(short.Payload.Until)
	d.referent = w.letIn("ccas", d.referent.Member())
	if got := ids(31 * day); !slices.Equal(got, []consent.MandateID{middle.ID}) {
		t.Errorf("one has ended, the list is %v", got)
	}
}

// A mandate whose named helpers are all closed waits for somebody to ask the
// person; a team's never does.
func TestWithoutHelper(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	first, secondOne := w.helper(d.referent, charter.Secretary), w.helper(d.referent, charter.Secretary)
	named := func(days int, by ...consent.Actor) *consent.Mandate {
		n := lasting(w.person(d.helper), days, caf)
		for _, a := range by {
			n.Helpers = append(n.Helpers, a.Member())
		}
		return w.mandate(by[0], n)
	}
	both, one, stopped := named(100, first, secondOne), named(50, first), named(60, first)
	w.mandate(d.helper, lasting(d.person, 30, caf))
	_, err := w.reg.RevokeMandate(w.ctx, d.helper, stopped.ID, consent.Scope{})
	w.must(err)
	list := func() (ids []consent.MandateID) {
		l, err := w.reg.WithoutHelper(w.ctx, d.referent)
		w.must(err)
		for _, m := range l {
			ids = append(ids, m.ID)
		}
		return ids
	}
	for _, step := range []struct {
		closes consent.Actor
		want   []consent.MandateID
	}{{d.helper, nil}, {first, []consent.MandateID{one.ID}}, {secondOne, []consent.MandateID{one.ID, both.ID}}} {
		w.must(w.reg.CloseHelper(w.ctx, d.referent, step.closes.Member()))
		if got := list(); !slices.Equal(got, step.want) {
			t.Errorf("after %s was closed: %v, want %v", step.closes.Member(), got, step.want)
		}
	}
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, one.Person)
	w.must(err)
	if got := list(); !slices.Equal(got, []consent.MandateID{both.ID}) {
		t.Errorf("after somebody was forgotten: %v", got)
	}
}

// Whatever happens, the list is what the mandates and acts say, on pages of any
// size, before and after the daily run.
func TestDutiesAreWhatMandatesSay(t *testing.T) {
	const seed = 7
	chance := rand.New(rand.NewPCG(seed, seed))
	w := newWorld(t)
	referent := w.structure("ccas")
	member := w.helper(referent, charter.SocialWorker).Member()
	powers := []consent.Power{caf, monthly}
	var mandates []*consent.Mandate
	for step := range 60 {
		a := w.letIn("ccas", member)
		switch {
		case step%4 == 0:
			p := powers[chance.IntN(len(powers))]
			mandates = append(mandates, w.mandate(a, lasting(w.person(a), 40+chance.IntN(140), p)))
		case chance.IntN(8) == 0:
			m := mandates[chance.IntN(len(mandates))]
			if m.State(w.clock.now()) == consent.Active {
				if _, err := w.reg.RevokeMandate(w.ctx, a, m.ID, consent.Scope{}); err != nil && conflict(err) != "already_ended" {
					t.Fatal(err)
				}
			}
		default:
			m, err := w.reg.Mandate(w.ctx, a, mandates[chance.IntN(len(mandates))].ID)
			w.must(err)
			if m.InForce(w.clock.now()) {
				o := []charter.Outcome{"done", "waiting", "blocked", "partly_done"}[chance.IntN(4)]
				w.outcome(a, m, m.Payload.Powers[0], o, w.clock.now())
			}
		}
		w.clock.add(time.Duration(chance.IntN(4*24)) * time.Hour)
		a = w.letIn("ccas", member)
		if step%20 == 19 {
			_, err := w.reg.RunRetention(w.ctx, false)
			w.must(err)
		}
		want := w.dutiesByHand(a)
		if diff := cmp.Diff(want, w.duties(a, 1+chance.IntN(7))); diff != "" {
			t.Fatalf("step %d: %s", step, diff)
		}
	}
	if len(w.duties(w.letIn("ccas", member), 100)) == 0 {
		t.Error("nothing was due in the end: the test shows nothing")
	}
}

// dutiesByHand goes through all mandates and all their acts.
func (w *world) dutiesByHand(a consent.Actor) (list []consent.Duty) {
	w.t.Helper()
	all, _, err := w.reg.Mandates(w.ctx, a, "", consent.Page{Limit: 100})
	w.must(err)
	tz, err := time.LoadLocation("Europe/Paris")
	w.must(err)
	for _, m := range all {
		if m.State(w.clock.now()) != consent.Active {
			continue
		}
		p := m.Payload.Powers[0]
		c, _ := w.reg.Charter().Procedure(p.Service, p.Procedure)
		d := consent.Duty{
			Mandate: m.ID, Ref: m.Ref, Person: m.Person, Service: p.Service, Procedure: p.Procedure, Mode: p.Mode,
			Every: c.Every, Counted: true, Until: m.Payload.Until,
		}
		from := m.Payload.From
		acts, err := w.reg.Acts(w.ctx, a, m.Person, charter.PurposeFollowUp)
		w.must(err)
		for _, act := range acts {
			d.LastAt, d.LastOutcome = act.Happened, act.Outcome
			if act.Outcome == "done" || act.Outcome == "waiting" {
				from, d.Counted = act.Happened, false
			}
		}
		y, mo, day := from.In(tz).Date()
		mo += map[string]time.Month{"month": 1, "quarter": 3, "year": 12}[c.Every]
		first := time.Date(y, mo, 1, 0, 0, 0, 0, tz)
		for d.Next = time.Date(y, mo, day, 0, 0, 0, 0, tz); d.Next.Month() != first.Month(); day-- {
			d.Next = time.Date(y, mo, day-1, 0, 0, 0, 0, tz) // the month has no such day
		}
		if d.Next = d.Next.UTC(); d.Next.Before(d.Until) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b consent.Duty) int {
		if c := a.Next.Compare(b.Next); c != 0 {
			return c
		}
		return strings.Compare(string(a.Mandate), string(b.Mandate))
	})
	return list
}

// reads counts the rows that transactions read.
type reads struct {
	consent.Tx
	n *int
}

func (r reads) Get(row consent.Record) (bool, error) { *r.n++; return r.Tx.Get(row) }

func (r reads) Scan(like consent.Record, prefix, after string, fn func(string, func(consent.Record) error) error) error {
	return r.Tx.Scan(like, prefix, after, func(key string, load func(consent.Record) error) error {
		*r.n++
		return fn(key, load)
	})
}

// A page costs the same with a few mandates and with thousands, and a register
// that is older than the rows gets them with the daily run.
func TestListsOfThousandsReadAPage(t *testing.T) {
	const many = 3000
	w := newWorldOn(t, mem.Open(mem.Options{}))
	d := w.desk()
	m := w.mandate(d.helper, lasting(d.person, 365, caf))
	err := w.db.Update(w.ctx, w.space("ccas").Number(), func(tx kv.Tx) error {
		ledger := store.Ledger(tx)
		for i := range many {
			copied := *m
			copied.ID = consent.MandateID(fmt.Sprintf("m_%026d", i))
			copied.Payload.From = m.Payload.From.AddDate(0, 0, -i%80)
			copied.Payload.Until = m.Payload.Until.AddDate(0, 0, -i%300)
			if i%3 == 0 {
				copied.Payload.Helpers.Named = []consent.MemberID{d.helper.Member()}
			}
			if err := ledger.Put(&copied); err != nil {
				return err
			}
		}
		return nil
	})
	w.must(err)
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))

	n := 0
	rec := audit.NewRecorder(w.log, func(tx kv.Tx) consent.Tx { return reads{store.Ledger(tx), &n} }, store.Housekeeping...)
	reg := consent.NewRegister(rec, w.keys, w.reg.Charter(), w.folder.Origin(), w.erased)
	for name, list := range map[string]func(context.Context) (int, error){
		"duties": func(ctx context.Context) (int, error) {
			l, next, err := reg.Duties(ctx, d.referent, consent.Page{Limit: 100})
			if next == "" {
				t.Error("the first page is the last")
			}
			return len(l), err
		},
		"ending": func(ctx context.Context) (int, error) {
			l, err := reg.Ending(ctx, d.referent, 366*24*time.Hour)
			return len(l), err
		},
		"without helper": func(ctx context.Context) (int, error) {
			l, err := reg.WithoutHelper(ctx, d.referent)
			return len(l), err
		},
	} {
		n = 0
		got, err := list(w.ctx)
		if err != nil || got != 100 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
		if n > 500 {
			t.Errorf("%s reads %d rows of %d mandates", name, n, many)
		}
	}
}
