package consent

import (
	"context"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// A Recorder is the transaction port of the use-cases.
type Recorder = audit.Recorder[Tx]

// A Register has the use-cases as its methods. It is built on a recorder, not on
// a store: what is not entered in the log does not happen.
type Register struct {
	rec     *Recorder
	keys    *personal.Keyring
	charter *charter.Charter
	origin  string
	erased  ErasedList

	failures failures
	room     Room          // nil: nobody watches the disk
	wake     chan struct{} // see Woken
	places   directory     // of public places
	drawing  chan struct{} // see ShowScan
}

// An ErasedList keeps the pseudonyms of the erased outside the store and its
// backups, so that a restore does not bring anybody back.
type ErasedList interface {
	// Add is durable in every place of the list when it returns.
	Add(space string, p PersonID) error
	// All returns what any place of the list holds.
	All() (map[string][]PersonID, error)
}

// NewRegister wires a register. origin is the name fixed when the register was
// made; it stands in payloads and checkpoints.
func NewRegister(rec *Recorder, keys *personal.Keyring, ch *charter.Charter, origin string, erased ErasedList) *Register {
	return &Register{rec: rec, keys: keys, charter: ch, origin: origin, erased: erased, wake: make(chan struct{}, 1),
		drawing: make(chan struct{}, drawnAtOnce)}
}

// Charter is the version in force.
func (r *Register) Charter() *charter.Charter { return r.charter }

// Origin is the register's name.
func (r *Register) Origin() string { return r.origin }

// registerSpace is the space of accounts, structures and card look-ups.
var registerSpace = audit.NewSpace(uint32(0), RegisterSlug)

// RegisterSlug names the register's own space in origins.
const RegisterSlug = "register"

// Spaces lists every space, the register's first, for what runs over all of
// them: jobs, checks, verification.
func (r *Register) Spaces(ctx context.Context) ([]audit.Space, error) {
	spaces := []audit.Space{registerSpace}
	err := r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		spaces = spaces[:1]
		return tx.Scan(&Structure{}, "", "", func(_ string, load func(Record) error) error {
			var s Structure
			if err := load(&s); err != nil {
				return err
			}
			spaces = append(spaces, audit.NewSpace(s.Number, s.Slug))
			return nil
		})
	})
	return spaces, err
}

// space finds a space by its slug.
func (r *Register) space(ctx context.Context, slug string) (audit.Space, error) {
	if slug == RegisterSlug {
		return registerSpace, nil
	}
	s := Structure{Slug: slug}
	err := r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error { return need(tx, &s, "space") })
	if err != nil {
		return audit.Space{}, err
	}
	return audit.NewSpace(s.Number, s.Slug), nil
}

// A turn is one use-case inside its transaction: rows, the instant of the
// decision, who asks, and the entries so far.
type turn struct {
	r       *Register
	tx      Tx
	at      time.Time
	actor   Actor
	me      Member           // of a member actor, or whom a program asks for
	through *charter.Through // of a program actor
	profile Profile
	entries []audit.Entry
	writes  int
	of      PersonID // whose mandates all are
	all     []*Mandate
}

// record runs one use-case of an actor. fn looks, decides, then writes; it
// may run more than once. A *Refused it returns becomes an entry and is returned
// after the commit: nothing it wrote before would be allowed to stay, so it must
// refuse first. Any other error leaves nothing. Where the room on the disk is
// watched it is refused while that is kept for stops (room.go).
//
// A program is refused, whatever fn would do: see recordFor.
func (r *Register) record(ctx context.Context, a Actor, fn func(t *turn) error) ([]audit.Pass, error) {
	return r.recordFor(ctx, a, "", fn)
}

// A recording is record or recordStop.
type recording func(ctx context.Context, a Actor, fn func(t *turn) error) ([]audit.Pass, error)

// recordFor is record for a use-case that programs may ask for as well, when they
// have the scope of the operation.
func (r *Register) recordFor(ctx context.Context, a Actor, op charter.Operation, fn func(t *turn) error) ([]audit.Pass, error) {
	if err := r.hasRoom(); err != nil {
		return nil, err
	}
	return r.recordAnyway(ctx, a, op, fn)
}

// recordAnyway is recordFor whatever room there is.
func (r *Register) recordAnyway(ctx context.Context, a Actor, op charter.Operation, fn func(t *turn) error) ([]audit.Pass, error) {
	if a.kind == nobody || a.kind == counter && op != charter.OpStatus { // a counter asks CheckMandate, and nothing else
		return nil, &SignInNeeded{Reason: "session"}
	}
	var refusal error
	passes, err := r.rec.Record(ctx, a.space, func(tx Tx, at time.Time) ([]audit.Entry, error) {
		refusal = nil
		t := &turn{r: r, actor: a, at: at}
		t.tx = countWrites{tx, &t.writes}
		err := t.begin(op)
		if err == nil {
			err = t.unlessClosed(fn(t))
		}
		if _, ok := asRefused(err); ok {
			if t.writes > 0 {
				return nil, errors.New("consent: refused after a write")
			}
			refusal = err
			return t.entries, nil
		}
		return t.entries, err
	})
	if met, ok := errors.AsType[*screen.Refusal](err); ok { // see joins: nothing was kept
		return nil, r.RefuseText(ctx, a, met)
	}
	if err != nil {
		return nil, err
	}
	return passes, refusal
}

// begin reads what every decision needs: the space, the member or the program as
// they are now, and whether the call was already carried out.
func (t *turn) begin(op charter.Operation) error {
	if t.actor.space != registerSpace {
		if err := need(t.tx, &t.profile, "space"); err != nil {
			return err
		}
	}
	if t.actor.kind == member {
		t.me = Member{ID: t.actor.member}
		if err := need(t.tx, &t.me, "member"); err != nil {
			return err
		}
		if !t.me.Closed.IsZero() || t.r.sleep(&t.me, t.at) == charter.Asleep {
			return nil // see unlessClosed
		}
	}
	if t.actor.kind == program {
		if err := t.throughProgram(op); err != nil {
			return err
		}
	}
	if err := t.replay(); err != nil || t.actor.kind != card {
		return err
	}
	_, err := t.holder() // a card killed since it was looked up opens nothing
	return err
}

// unlessClosed sees to it that a member who is closed or slept gets one answer,
// whatever the use-case would say: the refusal. It is given after the use-case has looked, so
// that the charter's own refusal comes first: it names the person, who sees it.
// A use-case that wrote before it asked the charter keeps nothing.
func (t *turn) unlessClosed(err error) error {
	if t.actor.kind != member || !isAnswer(err) {
		return err
	}
	closed := &charter.Finding{Rule: "C23", Reason: charter.MemberClosed, Instead: charter.AskReferent}
	switch {
	case !t.me.Closed.IsZero():
	case t.r.sleep(&t.me, t.at) == charter.Asleep:
		closed.Reason = charter.MemberUnused
	default:
		return err
	}
	if r, ok := asRefused(err); ok && r.Rule == closed.Rule {
		return err
	}
	return t.refuse(Attempt{}, closed)
}

// replay leaves the transaction when the call's idempotency key has done its
// work, and complains when it stands for another body.
func (t *turn) replay() error {
	row := t.actor.idempotency()
	if row == nil {
		return nil
	}
	asked := row.Request
	found, err := t.tx.Get(row)
	switch {
	case err != nil:
		return err
	case !found || !t.at.Before(row.Expires):
		return nil
	case row.Request != asked:
		return &Conflict{Reason: "idempotency_key_reused"}
	}
	return &errReplay{result: row.Result}
}

// made keeps what a call made, for 24 hours, so that it can be asked again.
func (t *turn) made(id string) error {
	row := t.actor.idempotency()
	if row == nil {
		return nil
	}
	row.Result, row.Expires = id, t.at.Add(24*time.Hour)
	return t.tx.Put(row)
}

// replayed tells whether an error says that the work was done before, and what
// it made.
func replayed(err error) (string, bool) {
	var e *errReplay
	if errors.As(err, &e) {
		return e.result, true
	}
	return "", false
}

// enter adds an entry about what the actor does.
func (t *turn) enter(e audit.Entry) {
	e.By, e.Request = t.actor.by(), string(t.actor.call.Request)
	if e.Role == "" {
		e.Role = t.role()
	}
	if e.Out == "" {
		e.Out = audit.OK
	}
	if t.actor.kind == program && t.me.ID != "" {
		e.On = append(slices.Clip(e.On), string(t.me.ID)) // on whose behalf
	}
	t.entries = append(t.entries, e)
}

func (t *turn) role() string {
	switch t.actor.kind {
	case member:
		return string(t.me.Role)
	case card:
		return "person"
	case program:
		return "program"
	}
	return t.actor.by()
}

// An Attempt is what was asked, for the entry of a refusal.
type Attempt struct {
	Action  audit.Action
	Person  PersonID
	Mandate MandateID
	Purpose charter.Purpose
}

// refuse enters a refusal and returns it, or nil when the finding is nil.
func (t *turn) refuse(a Attempt, f *charter.Finding) error {
	if f == nil {
		return nil
	}
	e := audit.Entry{
		Act: audit.AttemptRefused, Person: string(a.Person), Mandate: string(a.Mandate),
		Rules: []string{string(f.Rule), string(f.Reason)}, Out: audit.Refused,
	}
	if _, known := t.r.charter.Purpose(a.Purpose); known { // else it is any text
		e.Purpose = string(a.Purpose)
	}
	if a.Action != "" {
		e.On = []string{string(a.Action)}
	}
	t.entries = t.entries[:0]
	t.enter(e)
	return refused(f)
}

// need gets a row that must be there.
func need(tx Tx, r Record, kind string) error {
	found, err := tx.Get(r)
	if err == nil && !found {
		err = &NotFound{Kind: kind}
	}
	return err
}

// livePerson gets a person who has not asked to be forgotten.
func (t *turn) livePerson(id PersonID) (*Person, error) {
	if t.actor.kind == card && id != t.actor.person {
		return nil, &NotFound{Kind: "person"} // a card speaks for its holder only
	}
	p := &Person{ID: id}
	if err := need(t.tx, p, "person"); err != nil {
		return nil, err
	}
	if p.Erased() {
		return nil, &NotFound{Kind: "person"}
	}
	return p, t.knows(id)
}

// countWrites lets record see that a refusal came before any write.
type countWrites struct {
	Tx
	n *int
}

func (c countWrites) Put(r Record) error    { *c.n++; return c.Tx.Put(r) }
func (c countWrites) Delete(r Record) error { *c.n++; return c.Tx.Delete(r) }

// each loads every row of a bucket under a prefix into fresh records.
func each[R any, P interface {
	*R
	Record
}](tx Tx, prefix string, fn func(P) error) error {
	return tx.Scan(P(new(R)), prefix, "", func(_ string, load func(Record) error) error {
		rec := P(new(R))
		if err := load(rec); err != nil {
			return err
		}
		return fn(rec)
	})
}
