package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"aval/audit"
	"aval/charter"
)

// Reads of clear rows: identifiers, services, states, dates. Nothing here says
// who a person is, no box is opened and no entry written (design: lists).

// Mandate gets one mandate of the actor's space.
func (r *Register) Mandate(ctx context.Context, a Actor, id MandateID) (*Mandate, error) {
	m := &Mandate{}
	err := r.viewOwn(ctx, a, charter.OpStatus, func(tx Tx, _ time.Time, me *Member) error {
		*m = Mandate{ID: id}
		if err := need(tx, m, "mandate"); err != nil {
			return err
		}
		if a.kind == card { // live, and of this mandate's person
			p, err := (&turn{tx: tx, actor: a}).holder()
			if err != nil {
				return sameNotFound(err, "mandate")
			}
			if m.Person != p.ID {
				return &NotFound{Kind: "mandate"}
			}
		}
		if err := (&turn{tx: tx, actor: a, me: *me}).sees(m); err != nil {
			return err
		}
		return hideErased(tx, m)
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// MandateByRef gets a mandate by its short reference.
func (r *Register) MandateByRef(ctx context.Context, a Actor, ref string) (*Mandate, error) {
	row := &MandateRef{}
	err := r.viewFor(ctx, a, charter.OpStatus, func(tx Tx, _ time.Time) error {
		if !refForm.MatchString(ref) {
			return &NotFound{Kind: "mandate"}
		}
		*row = MandateRef{Ref: ref}
		if ref == "" { // no key of a row
			return &NotFound{Kind: "mandate"}
		}
		return need(tx, row, "mandate")
	})
	if err != nil {
		return nil, err
	}
	return r.Mandate(ctx, a, row.Mandate)
}

// A Page of a list: at most Limit rows after a cursor.
type Page struct {
	After string // identifier of the last row seen
	Limit int    // 1 to 100
}

const maxPage = 100

// Mandates lists the mandates of the actor's space, or of one person in it.
// next is the cursor of the following page, empty at the end.
func (r *Register) Mandates(ctx context.Context, a Actor, person PersonID, page Page) (list []*Mandate, next string, err error) {
	if page.Limit < 1 || page.Limit > maxPage {
		return nil, "", &Invalid{Pointer: "/limit", Reason: "parameter"}
	}
	err = r.viewMember(ctx, a, charter.OpStatus, func(tx Tx, at time.Time, me *Member) (err error) {
		list, next = nil, ""
		if me.Hosted {
			list, err = ownMandates(tx, me.ID, at)
			list = slices.DeleteFunc(list, func(m *Mandate) bool { return person != "" && m.Person != person })
			return err
		}
		if person != "" {
			return listOf(tx, person, &list)
		}
		return tx.Scan(&Mandate{}, "", page.After, func(key string, load func(Record) error) error {
			if len(list) == page.Limit {
				next = string(list[len(list)-1].ID)
				return StopScan
			}
			m := &Mandate{}
			if err := load(m); err != nil {
				return err
			}
			err := hideErased(tx, m)
			if _, hidden := errors.AsType[*NotFound](err); hidden {
				return nil
			}
			list = append(list, m)
			return err
		})
	})
	return list, next, err
}

func listOf(tx Tx, person PersonID, list *[]*Mandate) error {
	p := &Person{ID: person}
	if err := need(tx, p, "person"); err != nil {
		return err
	}
	if p.Erased() {
		return &NotFound{Kind: "person"}
	}
	all, err := mandatesOf(tx, person)
	slices.SortFunc(all, func(a, b *Mandate) int { return a.Drafted.Compare(b.Drafted) })
	*list = all
	return err
}

// hideErased answers "not found" for the mandate of somebody who asked to be
// forgotten.
func hideErased(tx Tx, m *Mandate) error {
	p := &Person{ID: m.Person}
	if found, err := tx.Get(p); err != nil {
		return err
	} else if !found || p.Erased() {
		return &NotFound{Kind: "mandate"}
	}
	return nil
}

// view reads clear rows of the actor's space. A closed member sees nothing, and
// neither does one who slept; the holder of a card and whoever is hosted see
// nothing but what viewOwn and viewMember are used for. A program is refused, and
// the refusal entered.
func (r *Register) view(ctx context.Context, a Actor, fn func(Tx, time.Time) error) error {
	return r.viewFor(ctx, a, "", fn)
}

// viewFor is view for rows that programs may see as well, when they have the scope
// of the operation; "" is no operation.
func (r *Register) viewFor(ctx context.Context, a Actor, op charter.Operation, fn func(Tx, time.Time) error) error {
	return r.viewMember(ctx, a, op, func(tx Tx, at time.Time, me *Member) error {
		if me.Hosted {
			return &NotFound{Kind: "use-case"}
		}
		return fn(tx, at)
	})
}

// viewMember is viewFor for rows of which fn shows whoever is hosted their own.
func (r *Register) viewMember(ctx context.Context, a Actor, op charter.Operation, fn func(Tx, time.Time, *Member) error) error {
	if a.kind == card {
		return &SignInNeeded{Reason: "session"}
	}
	return r.viewOwn(ctx, a, op, fn)
}

// errUnscoped ends a view for which a program has no scope; it is answered by a
// refusal, which only a recorded transaction can enter.
var errUnscoped = errors.New("consent: no scope")

// viewOwn is viewMember for rows of which fn shows the holder of a card their own.
// Of whoever is no member, the record is empty.
func (r *Register) viewOwn(ctx context.Context, a Actor, op charter.Operation, fn func(Tx, time.Time, *Member) error) error {
	if a.kind == nobody || a.kind == counter {
		return &SignInNeeded{Reason: "session"}
	}
	err := r.rec.View(ctx, a.space, func(tx Tx, at time.Time) error {
		me := &Member{}
		if a.kind == program {
			if t := (&turn{r: r, tx: tx, at: at, actor: a}); t.throughProgram(op) != nil {
				return errUnscoped
			}
		}
		if a.kind == member {
			me.ID = a.member
			if err := need(tx, me, "member"); err != nil {
				return err
			}
			if !me.Closed.IsZero() {
				return &SignInNeeded{Reason: "session"}
			}
			if r.sleep(me, at) == charter.Asleep {
				return refused(&charter.Finding{Rule: "C23", Reason: charter.MemberUnused, Instead: charter.AskReferent})
			}
		}
		return fn(tx, at, me)
	})
	if errors.Is(err, errUnscoped) {
		_, err = r.recordFor(ctx, a, op, func(*turn) error { return &Conflict{Reason: "changed_meanwhile"} })
	}
	return err
}

// MandateDocument gives the signed document of a mandate, as an entry: it leaves
// the register.
func (r *Register) MandateDocument(ctx context.Context, a Actor, id MandateID, purpose charter.Purpose) ([]byte, error) {
	var doc []byte
	_, err := r.record(ctx, a, func(t *turn) error {
		m := &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		if _, err := t.livePerson(m.Person); err != nil {
			return &NotFound{Kind: "mandate"}
		}
		if err := t.sees(m); err != nil {
			return err
		}
		d := &Document{Mandate: id}
		if found, err := t.tx.Get(d); err != nil {
			return err
		} else if !found {
			return &Conflict{Reason: "not_accepted"}
		}
		read, err := t.reading(m.Person, purpose)
		if err != nil {
			return err
		}
		f := charter.Facts{Operation: charter.OpList, Mandate: t.mandateFacts(m), Read: read}
		if err := t.check(Attempt{Action: audit.MandateRead, Person: m.Person, Mandate: id, Purpose: purpose}, f); err != nil {
			return err
		}
		doc = d.JWS
		t.enter(audit.Entry{Act: audit.MandateRead, Person: string(m.Person), Mandate: string(id), Purpose: string(purpose)})
		return nil
	})
	return doc, err
}

// Members lists the members of the actor's space, without names.
func (r *Register) Members(ctx context.Context, a Actor) (list []*Member, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(m *Member) error {
			list = append(list, m)
			return nil
		})
	})
	return list, err
}

// Self is who the actor is: their own member record and structure.
func (r *Register) Self(ctx context.Context, a Actor) (me Member, structure Profile, err error) {
	err = r.viewMember(ctx, a, "", func(tx Tx, _ time.Time, self *Member) error {
		if a.kind != member {
			return &NotFound{Kind: "member"}
		}
		me, structure = *self, Profile{}
		return need(tx, &structure, "space")
	})
	return me, structure, err
}

// Acts lists what was done for a person, newest last, for a purpose. Acts name
// nobody, but they tell what somebody's life needs, so looking is a line.
func (r *Register) Acts(ctx context.Context, a Actor, person PersonID, purpose charter.Purpose) (list []*Act, err error) {
	_, err = r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(person); err != nil {
			return err
		}
		m, err := t.relied(person, "", Power{})
		if err != nil {
			return err
		}
		read, err := t.reading(person, purpose)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.MandateRead, Person: person, Mandate: mandateID(m), Purpose: purpose}
		if err := t.check(try, charter.Facts{Operation: charter.OpList, Mandate: t.mandateFacts(m), Read: read}); err != nil {
			return err
		}
		if list, err = actsOf(t.tx, person); err != nil {
			return err
		}
		if t.me.Hosted { // what others did for the person is not theirs to know
			list = slices.DeleteFunc(list, func(act *Act) bool { return act.By != t.me.ID })
		}
		t.enter(audit.Entry{
			Act: audit.MandateRead, Person: string(person), Mandate: string(mandateID(m)), Purpose: string(purpose),
			Counts: map[string]int64{"acts": int64(len(list))},
		})
		return nil
	})
	return list, err
}

// maxActs bounds the acts that one read loads; older ones are in extracts.
const maxActs = 300

// actsOf loads the newest acts of a person, newest last.
func actsOf(tx Tx, person PersonID) ([]*Act, error) {
	rows, err := actRows(tx, person)
	if err != nil {
		return nil, err
	}
	list := make([]*Act, 0, min(len(rows), maxActs))
	for _, row := range rows[max(0, len(rows)-maxActs):] {
		act := &Act{ID: row.Act}
		if err := need(tx, act, "act"); err != nil {
			return nil, err
		}
		list = append(list, act)
	}
	return list, nil
}

// actRows lists the rows that lead to a person's acts, oldest first.
func actRows(tx Tx, person PersonID) (rows []*ActOf, err error) {
	err = each(tx, string(person)+"/", func(row *ActOf) error {
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// fixedTime writes an instant so that text sorts as time does.
func fixedTime(t time.Time) string { return t.UTC().Format("20060102T150405.000000") }

// EncodeRow gives the bytes that a row is stored as: the store writes them and
// entries name their digest, so they are made in one place.
func EncodeRow(r Record) ([]byte, error) { return json.Marshal(r, json.Deterministic(true)) }

// rowDigest is the digest of a row as it is stored, for its entry: a row altered
// later shows.
func rowDigest(r Record) (string, error) {
	raw, err := EncodeRow(r)
	if err != nil {
		return "", err
	}
	return digest(raw), nil
}

func sortByTime[T any](list []T, at func(T) time.Time) {
	slices.SortStableFunc(list, func(a, b T) int { return at(a).Compare(at(b)) })
}

// normaliseRef drops what people type between digits.
func normaliseRef(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' || r == '\u00a0' {
			return -1
		}
		return r
	}, s)
}
