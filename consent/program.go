package consent

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
)

// A Program is the software that a structure keeps its cases with. It is let in by
// a referent, for what its scopes say and no longer than a year, and proves who it
// is with its own key: the register knows the public half and shares no secret
// with it. What it asks for a person it asks on behalf of a member.
//
// Its keys and scopes are fixed. To change one, open another and close this one:
// what a program could do on a day is then what its row and its entry say.
type Program struct {
	ID       ProgramID
	Name     PublicText // of the software, in clear as a structure's name is
	Keys     []ProgramKey
	Scopes   []charter.Scope // in order, once each
	Until    time.Time       // from this instant it is closed
	Opened   time.Time
	OpenedBy MemberID
	Closed   time.Time
	ClosedBy string
	Seen     time.Time // last time it was given a token
}

func (r *Program) Bucket() string { return "program" }
func (r *Program) Key() string    { return string(r.ID) }

// Open tells whether a program is let in at an instant.
func (r *Program) Open(at time.Time) bool { return r.Closed.IsZero() && at.Before(r.Until) }

// Client is the program's client identifier (RFC 6749 §2.2): it says its space, so
// that nothing has to be looked up across spaces.
func (r *Program) Client(slug string) string { return slug + "." + string(r.ID) }

// facts is the program as the charter sees it.
func (r *Program) facts(at time.Time) charter.Through {
	return charter.Through{Open: r.Open(at), Scopes: r.Scopes}
}

// NewProgram is a program to open.
type NewProgram struct {
	Name   screen.Clean
	Keys   []byte // a JWK Set (RFC 7517 §5) of public keys, see ParseProgramKeys
	Scopes []charter.Scope
	Days   int // how long it is let in: 1 to 365
}

const (
	maxPrograms    = 20
	maxProgramDays = 365
)

// OpenProgram lets a referent let a program in, with a sign-in at most 5 minutes
// old: it will ask in the structure's name for months.
func (r *Register) OpenProgram(ctx context.Context, a Actor, n NewProgram) (Program, error) {
	keys, err := n.valid()
	if err != nil {
		return Program{}, err
	}
	p := &Program{ID: ProgramID("g_" + random26()), Name: publicText(n.Name), Keys: keys, Scopes: inOrder(n.Scopes)}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.governsFreshly(audit.ProgramOpened, charter.OpOpenMember); err != nil {
			return err
		}
		open := 0
		err := each(t.tx, "", func(o *Program) error {
			if o.Open(t.at) {
				open++
			}
			return nil
		})
		if err != nil {
			return err
		}
		if open >= maxPrograms {
			return &Conflict{Reason: "programs_full"}
		}
		p.Opened, p.OpenedBy, p.Until = t.at, t.me.ID, t.at.AddDate(0, 0, n.Days)
		if err := t.enterProgram(audit.ProgramOpened, p); err != nil {
			return err
		}
		return t.made(string(p.ID))
	})
	if id, again := replayed(err); again {
		return r.program(ctx, a, ProgramID(id))
	}
	if err != nil {
		return Program{}, err
	}
	return *p, nil
}

// valid checks the form of a program to open and reads its keys.
func (n NewProgram) valid() ([]ProgramKey, error) {
	if publicText(n.Name).IsZero() {
		return nil, &Invalid{Pointer: "/name", Reason: "empty"}
	}
	if n.Days < 1 || n.Days > maxProgramDays {
		return nil, &Invalid{Pointer: "/days", Reason: "days"}
	}
	if len(n.Scopes) == 0 {
		return nil, &Invalid{Pointer: "/scopes", Reason: "empty"}
	}
	for i, s := range n.Scopes {
		if !slices.Contains(charter.Scopes(), s) || slices.Contains(n.Scopes[:i], s) {
			return nil, &Invalid{Pointer: "/scopes", Reason: "scope"}
		}
	}
	return ParseProgramKeys(n.Keys)
}

func inOrder(list []charter.Scope) []charter.Scope {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// governsFreshly lets a referent of the structure decide on who else asks for it.
func (t *turn) governsFreshly(action audit.Action, op charter.Operation) error {
	if err := t.onlyMember(action); err != nil {
		return err
	}
	if err := t.onlyReferent(action, op); err != nil {
		return err
	}
	if !t.actor.MaySign(t.at) {
		return &SignInNeeded{Reason: "step_up"}
	}
	return nil
}

// enterProgram writes a program and enters what was done with it.
func (t *turn) enterProgram(action audit.Action, p *Program) error {
	dg, err := rowDigest(p)
	if err != nil {
		return err
	}
	t.enter(audit.Entry{Act: action, On: []string{string(p.ID)}, Digest: dg})
	return t.tx.Put(p)
}

// CloseProgram lets a referent close a program: from this commit on its tokens
// open nothing and it gets no other.
func (r *Register) CloseProgram(ctx context.Context, a Actor, id ProgramID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.ProgramClosed); err != nil {
			return err
		}
		if err := t.onlyReferent(audit.ProgramClosed, charter.OpCloseMember); err != nil {
			return err
		}
		p := &Program{ID: id}
		if err := need(t.tx, p, "program"); err != nil {
			return err
		}
		if !p.Closed.IsZero() {
			return &Conflict{Reason: "already_closed"}
		}
		p.Closed, p.ClosedBy = t.at, t.actor.by()
		if err := t.enterProgram(audit.ProgramClosed, p); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// Programs lists the programs of the actor's structure, closed ones too, the
// newest first: any member may know which software asks for their structure.
func (r *Register) Programs(ctx context.Context, a Actor) (list []Program, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(p *Program) error {
			list = append(list, *p)
			return nil
		})
	})
	slices.SortFunc(list, func(a, b Program) int {
		return cmp.Or(b.Opened.Compare(a.Opened), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, err
}

func (r *Register) program(ctx context.Context, a Actor, id ProgramID) (p Program, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		p = Program{ID: id}
		return need(tx, &p, "program")
	})
	return p, err
}

// throughProgram decides whether the actor's program may ask for an operation; ""
// stands for what no program may do. Every transaction of a program begins here.
func (t *turn) throughProgram(op charter.Operation) error {
	p := &Program{ID: t.actor.program}
	if err := need(t.tx, p, "program"); err != nil {
		return err
	}
	facts := p.facts(t.at)
	if t.actor.signingIn {
		if !facts.Open {
			return t.refuse(Attempt{Action: audit.ProgramLogin}, &charter.Finding{Rule: "C21", Reason: charter.ProgramClosed})
		}
		return nil
	}
	facts.Scopes = slices.DeleteFunc(facts.Scopes, func(s charter.Scope) bool { return !slices.Contains(t.actor.scopes, s) })
	t.through = &facts
	return t.refuse(Attempt{}, t.r.charter.CheckProgram(op, facts))
}

// onBehalf finds for whom the actor asks: a member for themself, a program for the
// member it names.
func (t *turn) onBehalf(of MemberID) error {
	switch {
	case t.actor.kind != program && of != "":
		return &Invalid{Pointer: "/member", Reason: "member_unwanted"}
	case t.actor.kind != program:
		return nil
	case of == "":
		return &Invalid{Pointer: "/member", Reason: "member_missing"}
	}
	t.me = Member{ID: of}
	return need(t.tx, &t.me, "member")
}
