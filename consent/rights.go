package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
)

// What a person may ask about their data (GDPR 15 to 21): a copy, a correction,
// limits, to object, to be erased. Each is a task of the referent, with the clock of
// article 12(3): one month, two more with a reason that the person is told. A button
// is enough; no reason and no text is asked.

// A RightKind is what is asked for.
type RightKind string

// The kinds.
const (
	RightCopy    RightKind = "copy"    // GDPR 15, 20
	RightCorrect RightKind = "correct" // GDPR 16
	RightErase   RightKind = "erase"   // GDPR 17
	RightLimit   RightKind = "limit"   // GDPR 18
	RightObject  RightKind = "object"  // GDPR 21
)

// RightKinds lists them, the most asked first.
func RightKinds() []RightKind {
	return []RightKind{RightCopy, RightCorrect, RightLimit, RightObject, RightErase}
}

// A RightWhy is why an answer takes longer (GDPR 12(3)).
type RightWhy string

// The reasons that the article knows.
const (
	RightComplex RightWhy = "complex"
	RightMany    RightWhy = "many"
)

// RightWhys lists them.
func RightWhys() []RightWhy { return []RightWhy{RightComplex, RightMany} }

// A RightOutcome is how a request was answered.
type RightOutcome string

// The outcomes.
const (
	RightDone      RightOutcome = "done"
	RightPartly    RightOutcome = "partly"
	RightRefused   RightOutcome = "refused" // the person is told why, and where to complain (GDPR 12(4))
	RightWithdrawn RightOutcome = "withdrawn"
)

// RightOutcomes lists them.
func RightOutcomes() []RightOutcome {
	return []RightOutcome{RightDone, RightPartly, RightRefused, RightWithdrawn}
}

// A RightID is of a request: d_…
type RightID string

// A RightRequest is one request and how it stands.
type RightRequest struct {
	ID         RightID
	Person     PersonID
	Kind       RightKind
	By         string // who asked: "person", or the h_… who typed it at the desk
	Asked      time.Time
	Due        time.Time // 00:00 of the day by which it is answered
	Extended   time.Time // zero: it was not
	Why        RightWhy
	Answered   time.Time // zero: not yet
	AnsweredBy string
	Outcome    RightOutcome
}

// Late tells whether an answer is overdue at an instant.
func (q *RightRequest) Late(at time.Time) bool { return q.Answered.IsZero() && !at.Before(q.Due) }

// RightOf leads from a person to a request, and RightOpen, by its due date, to one
// that waits.
type (
	RightOf struct {
		Person PersonID
		ID     RightID
	}
	RightOpen struct {
		Due string // an instant, in fixed width
		ID  RightID
	}
)

func (q *RightRequest) Bucket() string { return "right" }
func (q *RightRequest) Key() string    { return string(q.ID) }
func (r *RightOf) Bucket() string      { return "right-of" }
func (r *RightOf) Key() string         { return string(r.Person) + "/" + string(r.ID) }
func (r *RightOpen) Bucket() string    { return "right-open" }
func (r *RightOpen) Key() string       { return r.Due + "/" + string(r.ID) }

func (q *RightRequest) open() *RightOpen { return &RightOpen{Due: fixedTime(q.Due), ID: q.ID} }

// monthsToAnswer and monthsMore are the clock of GDPR 12(3).
const (
	monthsToAnswer = 1
	monthsMore     = 2
)

// errWaits leaves a transaction that has nothing to write: the request waits already.
var errWaits = errors.New("consent: the request waits already")

// AskRight makes a request for a person: with their card, or typed by a member at
// the desk. One of the same kind that waits is given back: asking twice does not
// start the clock again.
func (r *Register) AskRight(ctx context.Context, a Actor, id PersonID, kind RightKind) (*RightRequest, error) {
	if a.kind == card && id == "" {
		id = a.person
	}
	if !slices.Contains(RightKinds(), kind) {
		return nil, &Invalid{Pointer: "/kind", Reason: "right_kind"}
	}
	var q *RightRequest
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		if t.actor.kind != card {
			if err := t.onlyMember(audit.RequestMade); err != nil {
				return err
			}
		}
		all, err := rightsOf(t.tx, id)
		if err != nil {
			return err
		}
		for _, before := range all {
			if before.Kind == kind && before.Answered.IsZero() {
				q = before
				return errWaits
			}
		}
		tz, err := time.LoadLocation(t.profile.TZ)
		if err != nil {
			return err
		}
		q = &RightRequest{
			ID: RightID("d_" + random26()), Person: id, Kind: kind, By: t.actor.by(), Asked: t.at,
			Due: later(t.at, monthsToAnswer, tz),
		}
		t.enterRight(audit.RequestMade, q)
		if err := putAll(t.tx, q, &RightOf{Person: id, ID: q.ID}, q.open()); err != nil {
			return err
		}
		return t.made(string(q.ID))
	})
	if made, again := replayed(err); again {
		return r.right(ctx, a, RightID(made))
	}
	if err != nil && !errors.Is(err, errWaits) {
		return nil, err
	}
	return q, nil
}

func (t *turn) enterRight(act audit.Action, q *RightRequest) {
	e := audit.Entry{Act: act, Person: string(q.Person), On: []string{string(q.ID), "kind." + string(q.Kind)}}
	if q.Outcome != "" {
		e.On = append(e.On, "outcome."+string(q.Outcome))
	}
	t.enter(e)
}

// rightsOf loads the requests of a person, the oldest first.
func rightsOf(tx Tx, id PersonID) (list []*RightRequest, err error) {
	err = each(tx, string(id)+"/", func(row *RightOf) error {
		q := &RightRequest{ID: row.ID}
		found, err := tx.Get(q)
		if found {
			list = append(list, q)
		}
		return err
	})
	sortByTime(list, func(q *RightRequest) time.Time { return q.Asked })
	return list, err
}

// right gives a request of a living person.
func (r *Register) right(ctx context.Context, a Actor, id RightID) (*RightRequest, error) {
	q := &RightRequest{}
	err := r.viewOwn(ctx, a, "", func(tx Tx, at time.Time, me *Member) error {
		*q = RightRequest{ID: id}
		if err := need(tx, q, "request"); err != nil {
			return err
		}
		_, err := (&turn{r: r, tx: tx, at: at, actor: a, me: *me}).livePerson(q.Person)
		return sameNotFound(err, "request")
	})
	return q, err
}

// Rights lists the requests of a person.
func (r *Register) Rights(ctx context.Context, a Actor, id PersonID) (list []*RightRequest, err error) {
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		if _, err := (&turn{r: r, tx: tx, at: at, actor: a}).livePerson(id); err != nil {
			return err
		}
		list, err = rightsOf(tx, id)
		return err
	})
	return list, err
}

// OpenRights lists the requests of the structure that wait for an answer, the first
// due first, at most 100: by reference, without a name.
func (r *Register) OpenRights(ctx context.Context, a Actor) (list []*RightRequest, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(row *RightOpen) error {
			if len(list) == maxPage {
				return StopScan
			}
			q := &RightRequest{ID: row.ID}
			found, err := tx.Get(q)
			if found {
				list = append(list, q)
			}
			return err
		})
	})
	return list, err
}

// ExtendRight gives the referent two months more, once, before the first is over,
// for a reason that the person sees.
func (r *Register) ExtendRight(ctx context.Context, a Actor, id RightID, why RightWhy) (*RightRequest, error) {
	if !slices.Contains(RightWhys(), why) {
		return nil, &Invalid{Pointer: "/why", Reason: "right_why"}
	}
	return r.changeRight(ctx, a, id, audit.RequestExtended, func(t *turn, q *RightRequest) error {
		if !q.Extended.IsZero() || q.Late(t.at) {
			return &Conflict{Reason: "not_extended"}
		}
		tz, err := time.LoadLocation(t.profile.TZ)
		if err != nil {
			return err
		}
		if err := t.tx.Delete(q.open()); err != nil {
			return err
		}
		q.Extended, q.Why, q.Due = t.at, why, later(q.Asked, monthsToAnswer+monthsMore, tz)
		return t.tx.Put(q.open())
	})
}

// AnswerRight says how a request was answered. What was asked is done by its own
// use-case: correcting, erasing, giving the copy.
func (r *Register) AnswerRight(ctx context.Context, a Actor, id RightID, outcome RightOutcome) (*RightRequest, error) {
	if !slices.Contains(RightOutcomes(), outcome) {
		return nil, &Invalid{Pointer: "/outcome", Reason: "right_outcome"}
	}
	return r.changeRight(ctx, a, id, audit.RequestAnswered, func(t *turn, q *RightRequest) error {
		return t.answer(q, outcome)
	})
}

func (t *turn) answer(q *RightRequest, outcome RightOutcome) error {
	q.Answered, q.AnsweredBy, q.Outcome = t.at, t.actor.by(), outcome
	return t.tx.Delete(q.open())
}

// changeRight is a step of the referent with a request that waits.
func (r *Register) changeRight(ctx context.Context, a Actor, id RightID, act audit.Action, change func(*turn, *RightRequest) error) (*RightRequest, error) {
	var q *RightRequest
	_, err := r.record(ctx, a, func(t *turn) error {
		q = &RightRequest{ID: id}
		if err := need(t.tx, q, "request"); err != nil {
			return err
		}
		if _, err := t.livePerson(q.Person); err != nil {
			return sameNotFound(err, "request")
		}
		if err := t.onlyMember(act); err != nil {
			return err
		}
		if err := t.onlyReferent(act, charter.OpOpenMember); err != nil {
			return err
		}
		if !q.Answered.IsZero() {
			return &Conflict{Reason: "already_answered"}
		}
		if err := change(t, q); err != nil {
			return err
		}
		t.enterRight(act, q)
		if err := t.tx.Put(q); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return r.right(ctx, a, id)
	}
	if err != nil {
		return nil, err
	}
	return q, nil
}

// answerErased answers what a person asked for who is being forgotten.
func (t *turn) answerErased(id PersonID) error {
	all, err := rightsOf(t.tx, id)
	for _, q := range all {
		if !q.Answered.IsZero() {
			continue
		}
		outcome := RightWithdrawn
		if q.Kind == RightErase {
			outcome = RightDone
		}
		if err := t.answer(q, outcome); err != nil {
			return err
		}
		t.enterRight(audit.RequestAnswered, q)
		if err := t.tx.Put(q); err != nil {
			return err
		}
	}
	return err
}

// dropRights takes the requests of a person away.
func (t *turn) dropRights(id PersonID) error {
	all, err := rightsOf(t.tx, id)
	if err != nil {
		return err
	}
	var rows []Record
	for _, q := range all {
		rows = append(rows, q, q.open(), &RightOf{Person: id, ID: q.ID})
	}
	return deleteAll(t.tx, rows...)
}
