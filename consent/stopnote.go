package consent

import (
	"context"
	"slices"
	"strconv"
	"time"

	"aval/audit"
	"aval/charter"
)

// Who has to know of a stop, and since when they do. The stop holds from its own
// commit; what a helper did in good faith before they could know stays valid
// (CC 2008, 2009), so each instant is kept, and the person sees them.

// A StopNote is one stop of one mandate, with the people who have to know. To
// them it is a task: to call the person back about what is left to do.
type StopNote struct {
	ID        StopID
	Person    PersonID
	Mandate   MandateID
	Ref       string // of the mandate
	Part      Scope
	Way       StopWay
	By        string // who stopped: h_…, "person" or "system"
	Effective time.Time
	Tell      []MemberID // who has to know
	Told      []Told     // who was told, in order
	Acked     time.Time  // somebody said that they know and take care of it
	AckedBy   MemberID
	Chased    time.Time // they were reminded, after a day without an answer
}

// A StopID names a stop: its instant, so that it sorts by time, its mandate, and
// which stop of that mandate it is.
type StopID string

// Told is how and when a member was told.
type Told struct {
	Member MemberID
	At     time.Time
	How    ToldHow
}

// A ToldHow is how a member was told.
type ToldHow string

// The ways of telling.
const (
	ToldOnScreen ToldHow = "screen"
	ToldByMail   ToldHow = "mail"
)

// Notified is when the first of them was told; zero while nobody was.
func (n *StopNote) Notified() time.Time {
	if len(n.Told) == 0 {
		return time.Time{}
	}
	return n.Told[0].At
}

// ChaseAfter is how long a stop may stay without an answer before those concerned
// and the referents are told again.
const ChaseAfter = 24 * time.Hour

// StopOpen leads to a note that nobody has answered yet.
type StopOpen struct{ ID StopID }

// StopOf leads from a person to a note.
type StopOf struct {
	Person  PersonID
	ID      StopID
	Mandate MandateID
	At      time.Time
}

func (n *StopNote) Bucket() string { return "stop-note" }
func (n *StopNote) Key() string    { return string(n.ID) }
func (r *StopOpen) Bucket() string { return "stop-open" }
func (r *StopOpen) Key() string    { return string(r.ID) }
func (r *StopOf) Bucket() string   { return "stop-of" }
func (r *StopOf) Key() string      { return string(r.Person) + "/" + string(r.ID) }

// noteStop writes who has to know of a stop.
func (t *turn) noteStop(m *Mandate, s Scope, way StopWay) error {
	which := "all"
	if !s.whole() {
		which = strconv.Itoa(len(m.Stops))
	}
	n := &StopNote{
		ID: StopID(fixedTime(t.at) + "-" + string(m.ID) + "-" + which), Person: m.Person, Mandate: m.ID, Ref: m.Ref, Part: s, Way: way,
		By: t.actor.by(), Effective: t.at, Tell: m.concerned(s),
	}
	if err := t.mailTo(n.Tell, n.ID, false); err != nil {
		return err
	}
	return putAll(t.tx, n, &StopOpen{ID: n.ID}, &StopOf{Person: n.Person, ID: n.ID, Mandate: n.Mandate, At: n.Effective})
}

// concerned are the helpers who have to know that part of a mandate stopped: the
// one that was taken off it, those it names, or who prepared and signed it.
func (m *Mandate) concerned(s Scope) []MemberID {
	switch {
	case s.Helper != "":
		return []MemberID{s.Helper}
	case !m.Payload.Helpers.Team():
		return m.Payload.Helpers.Named
	}
	var list []MemberID
	for _, h := range []MemberID{m.AcceptedBy, m.Payload.Explained.By, m.By} {
		if h != "" && !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

// StopTasks lists the stops that nobody has answered yet, the oldest first, at
// most 100: by reference, without a name. Whoever is hosted sees their own.
func (r *Register) StopTasks(ctx context.Context, a Actor) (list []*StopNote, err error) {
	err = r.viewMember(ctx, a, "", func(tx Tx, _ time.Time, me *Member) error {
		list, err = openStops(tx, func(n *StopNote) bool { return !me.Hosted || slices.Contains(n.Tell, me.ID) })
		return err
	})
	return list, err
}

func openStops(tx Tx, want func(*StopNote) bool) (list []*StopNote, err error) {
	seen := 0
	err = each(tx, "", func(row *StopOpen) error {
		if seen++; len(list) == maxPage || seen > maxSeen {
			return StopScan
		}
		n := &StopNote{ID: row.ID}
		if found, err := tx.Get(n); err != nil || !found || !want(n) {
			return err
		}
		list = append(list, n)
		return nil
	})
	return list, err
}

// StopNews lists the stops that the actor has to know of and that nobody has
// answered yet. Being given the list is being told: it is an entry that the person
// sees, once a member and stop.
func (r *Register) StopNews(ctx context.Context, a Actor) (list []*StopNote, err error) {
	mine := func(n *StopNote) bool { return slices.Contains(n.Tell, a.member) }
	fresh := false
	err = r.viewMember(ctx, a, "", func(tx Tx, _ time.Time, _ *Member) error {
		list, err = openStops(tx, mine)
		fresh = slices.ContainsFunc(list, func(n *StopNote) bool { return !n.toldTo(a.member, ToldOnScreen) })
		return err
	})
	if err != nil || !fresh {
		return list, err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if list, err = openStops(t.tx, mine); err != nil {
			return err
		}
		for _, n := range list {
			if n.toldTo(a.member, ToldOnScreen) {
				continue
			}
			if err := t.tell(n, a.member, ToldOnScreen); err != nil {
				return err
			}
		}
		if len(t.entries) == 0 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		return nil
	})
	return list, err
}

func (n *StopNote) toldTo(id MemberID, how ToldHow) bool {
	return slices.ContainsFunc(n.Told, func(told Told) bool { return told.Member == id && told.How == how })
}

// tell notes and enters that a member was told.
func (t *turn) tell(n *StopNote, id MemberID, how ToldHow) error {
	n.Told = append(n.Told, Told{Member: id, At: t.at, How: how})
	t.enter(audit.Entry{
		Act: audit.NoticeSent, Person: string(n.Person), Mandate: string(n.Mandate), Purpose: string(charter.PurposeNotice),
		On: []string{string(id), "by." + string(how)}, Counts: map[string]int64{"seconds": int64(t.at.Sub(n.Effective).Seconds())},
	})
	return t.tx.Put(n)
}

// AckStop says that the actor knows of a stop and takes care of it. Any open
// member of the structure may: the one concerned may be away.
func (r *Register) AckStop(ctx context.Context, a Actor, id StopID) (*StopNote, error) {
	n := &StopNote{}
	_, err := r.record(ctx, a, func(t *turn) error {
		*n = StopNote{ID: id}
		if err := need(t.tx, n, "stop"); err != nil {
			return err
		}
		if _, err := t.livePerson(n.Person); err != nil {
			return sameNotFound(err, "stop")
		}
		if mine := t.me.Hosted && slices.Contains(n.Tell, t.me.ID); !mine {
			if err := t.onlyMember(audit.NoticeAcked); err != nil {
				return err
			}
		}
		if !n.Acked.IsZero() {
			return &Conflict{Reason: "already_answered"}
		}
		n.Acked, n.AckedBy = t.at, t.actor.member
		t.enter(audit.Entry{
			Act: audit.NoticeAcked, Person: string(n.Person), Mandate: string(n.Mandate), On: []string{string(t.actor.member)},
			Counts: map[string]int64{"seconds": int64(t.at.Sub(n.Effective).Seconds())},
		})
		if err := putAll(t.tx, n); err != nil {
			return err
		}
		if err := t.tx.Delete(&StopOpen{ID: id}); err != nil {
			return err
		}
		return t.made(string(n.Mandate))
	})
	if _, again := replayed(err); again {
		return r.stopNote(ctx, a, id)
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (r *Register) stopNote(ctx context.Context, a Actor, id StopID) (*StopNote, error) {
	n := &StopNote{}
	err := r.viewMember(ctx, a, "", func(tx Tx, _ time.Time, _ *Member) error {
		*n = StopNote{ID: id}
		return need(tx, n, "stop")
	})
	return n, err
}

// Stops lists the stops of a person, the oldest first: what was stopped, who was
// told and who answered. It names nobody.
func (r *Register) Stops(ctx context.Context, a Actor, id PersonID) (list []*StopNote, err error) {
	err = r.viewMember(ctx, a, "", func(tx Tx, at time.Time, me *Member) error {
		if _, err := (&turn{r: r, tx: tx, at: at, actor: a, me: *me}).livePerson(id); err != nil {
			return err
		}
		list, err = stopsOf(tx, id)
		list = slices.DeleteFunc(list, func(n *StopNote) bool { return me.Hosted && !slices.Contains(n.Tell, me.ID) })
		return err
	})
	return list, err
}

// stopsOf loads the stops of a person.
func stopsOf(tx Tx, id PersonID) (list []*StopNote, err error) {
	err = each(tx, string(id)+"/", func(row *StopOf) error {
		n := &StopNote{ID: row.ID}
		found, err := tx.Get(n)
		if found {
			list = append(list, n)
		}
		return err
	})
	return list, err
}

// dropStopTasks takes the tasks of a person away: who asked to be forgotten is
// not called back. What was told when stays, as proof.
func (t *turn) dropStopTasks(id PersonID) error {
	return t.dropStops(id, func(row *StopOf) []Record { return []Record{&StopOpen{ID: row.ID}} })
}

// dropStopNotes takes the notes of a person away, with what leads to them.
func (t *turn) dropStopNotes(id PersonID) error {
	return t.dropStops(id, func(row *StopOf) []Record {
		return []Record{row, &StopNote{ID: row.ID}, &StopOpen{ID: row.ID}}
	})
}

func (t *turn) dropStops(id PersonID, gone func(*StopOf) []Record) error {
	var rows []Record
	err := each(t.tx, string(id)+"/", func(row *StopOf) error {
		rows = append(rows, gone(row)...)
		return nil
	})
	if err != nil {
		return err
	}
	return deleteAll(t.tx, rows...)
}
