package consent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// The person's page: what the holder of a card sees and can stop.

// A Glance is what a card shows before the birth date is given.
type Glance struct {
	Mandates int // that have not ended
	Kind     CardKind
}

// CardGlance counts, and tells nothing else: whoever finds the card learns
// neither name, nor service, nor place.
func (r *Register) CardGlance(ctx context.Context, a Actor) (g Glance, err error) {
	if a.kind == nobody {
		return g, &SignInNeeded{Reason: "session"}
	}
	err = r.rec.View(ctx, a.space, func(tx Tx, at time.Time) error {
		g = Glance{}
		t := &turn{r: r, tx: tx, at: at, actor: a}
		p, err := t.holder()
		if err != nil {
			return err
		}
		all, err := mandatesOf(tx, p.ID)
		g.Mandates, g.Kind = countOpen(all, at), cmp.Or(p.Card.Kind, CardFull)
		return err
	})
	return g, err
}

// A PersonPage is everything about themself that the person sees.
type PersonPage struct {
	At time.Time
	// Discreet is the page of a discreet card: it is to name no service, no
	// structure and nobody, and Structure, Phone, Identity and Names are empty.
	Discreet  bool
	Structure string
	Phone     string // of the structure; empty: none
	TZ        string
	Identity  personal.Identity
	Mandates  []*Mandate
	Acts      []*Act
	Stops     []*StopNote // oldest first
	Rights    []*RightRequest
	Lines     []audit.Line // newest first
	More      bool         // older lines exist
	// Names of the members who signed or acted under the person's mandates;
	// others show as role and pseudonym (domain.md §12).
	Names map[MemberID]personal.Text
	Roles map[MemberID]charter.Role
}

// maxNames bounds the names that one page shows, as an entry bounds its fields;
// members beyond it show as role and pseudonym.
const maxNames = 50

// pageLines bounds what one page shows of the log.
const pageLines = 300

// CardPage opens the person's page: right code and right birth date. The
// opening is itself a line they see, and so is a wrong birth date.
func (r *Register) CardPage(ctx context.Context, a Actor, birth string) (*PersonPage, error) {
	page := &PersonPage{}
	var boxes []Box
	var members []Member
	passes, err := r.record(ctx, a, func(t *turn) error {
		*page, boxes, members = PersonPage{}, nil, nil
		p, err := t.holder()
		if err != nil {
			return err
		}
		if err := t.holds(p, birth); err != nil {
			return err
		}
		page.Discreet = p.Card.Kind == CardDiscreet
		if page.Mandates, err = t.mandates(p.ID); err != nil {
			return err
		}
		if page.Acts, err = actsOf(t.tx, p.ID); err != nil {
			return err
		}
		if page.Stops, err = stopsOf(t.tx, p.ID); err != nil {
			return err
		}
		if page.Rights, err = rightsOf(t.tx, p.ID); err != nil {
			return err
		}
		page.At, page.TZ = t.at, t.profile.TZ
		if !page.Discreet {
			if boxes, err = t.boxes(p, []charter.Field{charter.FieldIdentity}); err != nil {
				return err
			}
			if members, err = t.helpersOf(page); err != nil {
				return err
			}
			page.Structure, page.Phone = t.profile.Name.String(), t.profile.Phone.String()
		}
		var near []string
		if a.call.Near {
			near = []string{OpenedNear}
		}
		t.enter(audit.Entry{
			Act: audit.PersonPageOpened, Person: string(p.ID), Purpose: string(charter.PurposeAnswerPerson), On: near,
			Fields: append(boxNames(boxes), nameBoxes(members)...), Rules: []string{"C15"},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	sortByTime(page.Mandates, func(m *Mandate) time.Time { return m.Drafted })
	slices.Reverse(page.Acts)
	return page, r.fillPage(ctx, a, passes[0], page, boxes, members)
}

// OpenedNear is what an entry says of a page that was opened where members of the
// structure are at work: by the person at the desk, or by somebody who kept the
// code. The person knows which.
const OpenedNear = "near_staff"

// holds tells whether whoever holds the card of a person may look: the card opens
// more than Stop, and the birth date is right. A wrong one is an entry that the
// person sees.
func (t *turn) holds(p *Person, birth string) error {
	try := Attempt{Action: audit.PersonPageOpened, Person: p.ID, Purpose: charter.PurposeAnswerPerson}
	if p.Card.Kind == CardStop { // before the date: else the card would tell who guessed it
		return t.refuse(try, &charter.Finding{Rule: "C15", Reason: CardStopsOnly})
	}
	given, err := personal.ParseBirthDate(birth, t.at)
	if err != nil {
		return &Invalid{Pointer: "/birth", Reason: "birth_date"}
	}
	seal := &BirthSeal{Owner: p.ID}
	if err := need(t.tx, seal, "card"); err != nil {
		return err
	}
	right, err := t.r.keys.CheckBirth(t.actor.space, ownerOf(p.ID), seal.Closed, given)
	if err != nil {
		return err
	}
	if !right {
		return t.refuse(try, &charter.Finding{Rule: "C15", Reason: BirthDateDiffers})
	}
	return nil
}

// helpersOf lists the members that signed or acted under the page's mandates.
func (t *turn) helpersOf(page *PersonPage) ([]Member, error) {
	seen := map[MemberID]bool{}
	for _, m := range page.Mandates {
		seen[m.By] = true
		seen[m.Payload.Explained.By] = true
		seen[m.AcceptedBy] = true
		for _, h := range m.Payload.Helpers.Named {
			seen[h] = true
		}
	}
	for _, act := range page.Acts {
		seen[act.By] = true
	}
	delete(seen, "")
	var list []Member
	for id := range seen {
		m := Member{ID: id}
		found, err := t.tx.Get(&m)
		if err != nil {
			return nil, err
		}
		if found && len(list) < maxNames {
			list = append(list, m)
		}
	}
	return list, nil
}

// fillPage opens what the page's pass allows, and reads the log.
func (r *Register) fillPage(ctx context.Context, a Actor, pass audit.Pass, page *PersonPage, boxes []Box, members []Member) error {
	var opened Revealed
	for _, b := range boxes {
		if err := r.openInto(ctx, pass, b, &opened); err != nil {
			return err
		}
	}
	if opened.Identity != nil {
		page.Identity = *opened.Identity
	}
	page.Roles = map[MemberID]charter.Role{}
	for _, m := range members {
		page.Roles[m.ID] = m.Role
	}
	names, err := r.openNames(ctx, pass, members)
	if err != nil {
		return err
	}
	page.Names = names
	lines, next, err := r.rec.Log().History(ctx, a.space, audit.Query{Person: string(a.person), Limit: pageLines})
	page.Lines, page.More = lines, next > 0
	return err
}

// nameBoxes names the display names that a page shows beside what was done:
// they go with the page's own entry.
func nameBoxes(members []Member) []string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = string(m.ID) + ":" + recordName
	}
	return names
}
