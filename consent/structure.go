package consent

import (
	"context"
	"regexp"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
)

// Operator is the actor of the command line: it sees pseudonyms only.
func Operator() Actor { return Actor{kind: operator, space: registerSpace} }

// operatorIn is the operator acting on one space.
func operatorIn(s audit.Space) Actor { return Actor{kind: operator, space: s} }

// slugForm keeps names of spaces fit for origins and file names.
var slugForm = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){0,38}$`)

// DefaultTZ is the time zone of a structure that names none.
const DefaultTZ = "Europe/Paris"

// NewStructure is a structure to open.
type NewStructure struct {
	Name screen.Clean
	Slug string
	TZ   string // IANA name, DefaultTZ when empty
	// Opened are missions beyond the charter's default.
	Opened []charter.Mission
}

// OpenStructure opens a structure and its space, and returns the one-time link
// of its first referent. Keys are on disk before the transaction that names
// them; a crash in between leaves files that no row names.
func (r *Register) OpenStructure(ctx context.Context, a Actor, n NewStructure) (*Structure, Invitation, error) {
	if a.kind != operator {
		return nil, Invitation{}, &NotFound{Kind: "use-case"}
	}
	if n.TZ == "" {
		n.TZ = DefaultTZ
	}
	if err := n.valid(); err != nil {
		return nil, Invitation{}, err
	}
	s := &Structure{ID: StructureID("s_" + random26()), Slug: n.Slug, Name: publicText(n.Name)}
	if err := r.nextNumber(ctx, s); err != nil {
		return nil, Invitation{}, err
	}
	space := audit.NewSpace(s.Number, s.Slug)
	from, err := r.now(ctx, registerSpace)
	if err != nil {
		return nil, Invitation{}, err
	}
	stated, err := r.keys.MakeSpaceKeys(space, from)
	if err != nil {
		return nil, Invitation{}, err
	}
	enrolment, token, err := r.enrol(ctx, space, NewHelper{Role: charter.Referent}, a.by())
	if err != nil {
		return nil, Invitation{}, err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if number, err := nextNumber(t.tx, s.Slug); err != nil {
			return err
		} else if number != s.Number {
			return &Conflict{Reason: "number_taken"}
		}
		s.Opened = t.at
		if err := t.tx.Put(s); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureOpened, On: []string{string(s.ID)}})
		return t.send(space, openSpace, openSpaceBody{
			Profile:   Profile{Structure: s.ID, Number: s.Number, Slug: s.Slug, Name: s.Name, TZ: n.TZ, Opened: n.Opened},
			Stated:    stated,
			Enrolment: enrolment,
		})
	})
	if err != nil {
		return nil, Invitation{}, err
	}
	if err := r.Relay(ctx, registerSpace); err != nil {
		return nil, Invitation{}, err
	}
	return s, Invitation{Member: enrolment.Member.ID, Token: token}, nil
}

// nextNumber fills the number of a structure to open.
func (r *Register) nextNumber(ctx context.Context, s *Structure) error {
	return r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) (err error) {
		s.Number, err = nextNumber(tx, s.Slug)
		return err
	})
}

// nextNumber is one more than any number given: closed structures keep theirs.
func nextNumber(tx Tx, slug string) (uint32, error) {
	next := uint32(1)
	err := each(tx, "", func(o *Structure) error {
		if o.Slug == slug {
			return &Conflict{Reason: "slug_taken"}
		}
		next = max(next, o.Number+1)
		return nil
	})
	return next, err
}

type openSpaceBody struct {
	Profile   Profile
	Stated    string // of the space's keys
	Enrolment enrolment
}

// applyOpenSpace writes the first rows of a new space: what it is, and its first
// referent. Its keys are stated public by the same step.
func (t *turn) applyOpenSpace(b openSpaceBody) error {
	b.Profile.Charter = t.r.inForce(t.at)
	if err := putAll(t.tx, &b.Profile, &Stated{Owner: b.Profile.Slug, JWS: b.Stated}); err != nil {
		return err
	}
	t.enter(audit.Entry{Act: audit.StructureOpened, On: []string{string(b.Profile.Structure)}})
	t.enter(audit.Entry{Act: audit.KeyPublished, On: []string{b.Profile.Slug}})
	return t.open(b.Enrolment)
}

func (n NewStructure) valid() error {
	if !slugForm.MatchString(n.Slug) || n.Slug == RegisterSlug {
		return &Invalid{Pointer: "/slug", Reason: "slug"}
	}
	if n.Name.String() == "" {
		return &Invalid{Pointer: "/name", Reason: "empty"}
	}
	if _, err := time.LoadLocation(n.TZ); err != nil || n.TZ == "Local" { // the machine's: another on another
		return &Invalid{Pointer: "/tz", Reason: "time_zone"}
	}
	return nil
}
