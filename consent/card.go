package consent

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
)

// A person's card is made, redeemed, killed and made again in this file. Its
// code opens the person's page; it is kept only as a keyed hash, in the register
// space, because whoever holds a card does not say which structure it is from.

// A CardKind is what a card opens and what stands on it. The person is asked when
// nobody else hears: a card that somebody else finds must not harm them.
type CardKind string

// The kinds of card.
const (
	CardFull     CardKind = "full"     // opens the page
	CardStop     CardKind = "stop"     // stops, and opens nothing
	CardDiscreet CardKind = "discreet" // paper and page name no service, structure or person
	CardNone     CardKind = "none"     // no card: they come to the desk
)

// CardKinds lists the kinds of card.
func CardKinds() []CardKind { return []CardKind{CardFull, CardStop, CardDiscreet, CardNone} }

// Alone says whether a person could answer with nobody else near: else what they
// chose may not be what they want.
type Alone string

// The answers; empty: it was not asked.
const (
	AloneYes Alone = "yes"
	AloneNo  Alone = "no"
)

// A CardWish is the card that a person asked for. The zero wish is a full card.
type CardWish struct {
	Kind  CardKind
	Alone Alone
}

func (w *CardWish) check() error {
	w.Kind = cmp.Or(w.Kind, CardFull)
	if !slices.Contains(CardKinds(), w.Kind) {
		return &Invalid{Pointer: "/kind", Reason: "card_kind"}
	}
	return w.Alone.check()
}

func (a Alone) check() error {
	switch a {
	case "", AloneYes, AloneNo:
		return nil
	}
	return &Invalid{Pointer: "/alone", Reason: "alone"}
}

// words are the wish in the log.
func (w CardWish) words() []string {
	words := []string{"kind." + string(w.Kind)}
	if w.Alone != "" {
		words = append(words, "alone."+string(w.Alone))
	}
	return words
}

// IssueCard makes a card, or a new one that kills the former. The code is
// returned once, after the look-up is in place; nobody can show it again. Of
// CardNone there is none: the former card is killed and the wish is kept.
func (r *Register) IssueCard(ctx context.Context, a Actor, id PersonID, want CardWish) (personal.CardCode, error) {
	if err := want.check(); err != nil {
		return personal.CardCode{}, err
	}
	code := personal.NewCardCode()
	closed, row, err := r.keys.CardRow(code)
	if err != nil {
		return personal.CardCode{}, err
	}
	serial := random26()
	_, err = r.record(ctx, a, func(t *turn) error {
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		act := cardAction(p, want)
		if err := t.check(Attempt{Action: act, Person: id}, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		if err := t.dropCard(p); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: act, Person: string(id), On: want.words(), Rules: []string{"C07", "C15"}})
		p.Card = Card{Serial: serial, By: t.actor.member, Kind: want.Kind, Alone: want.Alone}
		if want.Kind != CardNone {
			p.Card.Issued = t.at
			err = t.send(registerSpace, issueCard, CardRow{
				Row: hex.EncodeToString(row), Serial: serial, Number: t.profile.Number, Slug: t.profile.Slug,
				Person: id, Closed: closed,
			})
			if err != nil {
				return err
			}
		}
		if err := t.tx.Put(p); err != nil {
			return err
		}
		return t.made(serial)
	})
	if _, again := replayed(err); again {
		return personal.CardCode{}, &Conflict{Reason: "card_shown_once"}
	}
	if err != nil {
		return personal.CardCode{}, err
	}
	if want.Kind == CardNone {
		code = personal.CardCode{}
	}
	return code, r.Relay(ctx, a.space)
}

// cardAction is what making a card is called in the log.
func cardAction(p *Person, want CardWish) audit.Action {
	switch {
	case want.Kind == CardNone:
		return audit.CardDeclined
	case p.Card.Issued.IsZero():
		return audit.CardIssued
	}
	return audit.CardReissued
}

// KillCard makes a lost card useless at once. Every member of the structure may;
// whoever is hosted may not: the card is the person's way to stop them.
func (r *Register) KillCard(ctx context.Context, a Actor, id PersonID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		p, err := t.livePerson(id)
		if err != nil {
			return err
		}
		// As with a stop, neither role nor anything else is asked of who does it.
		try := Attempt{Action: audit.CardKilled, Person: id}
		if err := t.check(try, charter.Facts{Operation: charter.OpRevoke}); err != nil {
			return err
		}
		if t.me.Hosted {
			return t.refuse(try, &charter.Finding{Rule: "C16", Reason: charter.HostedOnly, Instead: charter.AskReferent})
		}
		if !p.Card.Live() {
			return &Conflict{Reason: "no_card"}
		}
		if err := t.dropCard(p); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.CardKilled, Person: string(id)})
		if err := t.tx.Put(p); err != nil {
			return err
		}
		return t.made(p.Card.Serial)
	})
	if _, again := replayed(err); again {
		return nil
	}
	if err != nil {
		return err
	}
	return r.Relay(ctx, a.space)
}

// dropCard kills the live card of a person, if any, in the person's row and, by
// message, in the look-up.
func (t *turn) dropCard(p *Person) error {
	if !p.Card.Live() {
		return nil
	}
	p.Card.Killed = t.at
	return t.send(registerSpace, killCard, CardSerial{Serial: p.Card.Serial})
}

func (t *turn) applyIssueCard(row CardRow) error {
	act := audit.CardIssued
	if row.Check != nil {
		act = audit.CheckIssued
	}
	t.enter(audit.Entry{Act: act, Person: string(row.Person)})
	return putAll(t.tx, &row, &CardSerial{Serial: row.Serial, Row: row.Row})
}

func (t *turn) applyKillCard(s CardSerial) error {
	found, err := t.tx.Get(&s)
	if err != nil {
		return err
	}
	t.enter(audit.Entry{Act: audit.CardKilled, Counts: map[string]int64{"rows": count(found)}})
	if !found {
		return nil
	}
	if err := t.tx.Delete(&CardRow{Row: s.Row}); err != nil {
		return err
	}
	return t.tx.Delete(&s)
}

func count(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// CardHolder finds the actor of a card: whoever holds it. An unknown code and a
// killed one answer the same.
func (r *Register) CardHolder(ctx context.Context, code personal.CardCode) (Actor, error) {
	row, err := r.cardRow(ctx, code)
	if err != nil {
		return Actor{}, err
	}
	return Actor{kind: card, space: audit.NewSpace(row.Number, row.Slug), person: row.Person, card: row.Serial}, nil
}

// cardRow looks a code up, a card's or a counter's: their hashes differ by the
// letter. One that nobody has is counted.
func (r *Register) cardRow(ctx context.Context, code personal.CardCode) (row *CardRow, err error) {
	err = r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		for _, k := range r.keys.CardRows(code) {
			row = &CardRow{Row: hex.EncodeToString(k)}
			if found, err := tx.Get(row); err != nil || found {
				return err
			}
		}
		return &NotFound{Kind: "card"}
	})
	if _, unknown := errors.AsType[*NotFound](err); unknown {
		r.failures.cards.Add(1)
	}
	return row, err
}

// holder gets the person of the actor's card, which must be live.
func (t *turn) holder() (*Person, error) {
	p, err := t.livePerson(t.actor.person)
	if err != nil || !p.Card.Live() || p.Card.Serial != t.actor.card {
		return nil, &NotFound{Kind: "card"}
	}
	return p, nil
}
