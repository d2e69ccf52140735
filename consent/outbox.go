package consent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"aval/audit"
)

// Steps that touch two spaces go through messages, because a transaction never
// does. A message is a row of the source, written in the transaction that
// decided it; Relay applies it once in the target, by its identifier and with an
// entry of its own, then takes it out of the source's outbox. A stop at any
// point is made good by the next Relay.

// messageKind names what a message asks of its target.
type messageKind string

const (
	openSpace   messageKind = "space.open"   // register → new space: profile and first referent
	openAccount messageKind = "account.open" // space → register: account and first link
	makeLink    messageKind = "link.make"    // space → register: a link for an account
	endSessions messageKind = "sessions.end" // space → register: a member was closed
	noteLogin   messageKind = "login.note"   // register → space: who signed in, by whose link
	issueCard   messageKind = "card.issue"   // space → register: look-up of a card
	killCard    messageKind = "card.kill"    // space → register
	nameAccount messageKind = "account.name" // space → register: a member changed their name
	joinMember  messageKind = "member.join"  // register → space: a member is of another account
	addPasskey  messageKind = "passkey.add"  // space → register
	dropPasskey messageKind = "passkey.drop" // space → register
	requestStop messageKind = "stop.request" // space → space: somebody stops there, without their card
)

// appliers do a message's work in its target.
var appliers = map[messageKind]func(*turn, json.RawMessage) error{
	openSpace:   applyWith((*turn).applyOpenSpace),
	openAccount: applyWith((*turn).applyOpenAccount),
	makeLink:    applyWith((*turn).applyMakeLink),
	endSessions: applyWith((*turn).applyEndSessions),
	noteLogin:   applyWith((*turn).applyNoteLogin),
	issueCard:   applyWith((*turn).applyIssueCard),
	killCard:    applyWith((*turn).applyKillCard),
	nameAccount: applyWith((*turn).applyNameAccount),
	joinMember:  applyWith((*turn).applyJoinMember),
	addPasskey:  applyWith((*turn).applyAddPasskey),
	dropPasskey: applyWith((*turn).applyDropPasskey),
	requestStop: applyWith((*turn).applyRequestStop),
}

func applyWith[B any](fn func(*turn, B) error) func(*turn, json.RawMessage) error {
	return func(t *turn, raw json.RawMessage) error {
		var body B
		if err := json.Unmarshal(raw, &body); err != nil {
			return err
		}
		return fn(t, body)
	}
}

// send writes a message in the transaction of the turn.
func (t *turn) send(to audit.Space, kind messageKind, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	// Times may be equal, so what waits is numbered: a card is issued before it
	// is killed.
	m := &Message{
		ID: random26(), To: uint32(to.Number()), Slug: to.Slug(), Kind: string(kind), Body: raw, At: t.at, Seq: 1,
	}
	err = each(t.tx, "", func(before *Message) error {
		m.Seq = max(m.Seq, before.Seq+1)
		return nil
	})
	if err != nil {
		return err
	}
	return t.tx.Put(m)
}

// Relay delivers the messages that wait in a space, oldest first, and those
// that they cause. It is run after each step that sends one, and at start. One
// that cannot be delivered stays and is told; those after it are not held up,
// since none takes its rights from another: a card or a session that comes too
// late opens nothing that the person's or the member's own row does not allow.
func (r *Register) Relay(ctx context.Context, from audit.Space) error {
	waiting, err := r.waiting(ctx, from)
	if err != nil {
		return err
	}
	var faults []error
	for _, m := range waiting {
		if err := r.deliver(ctx, from, m); err != nil {
			faults = append(faults, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(faults...)
}

func (r *Register) deliver(ctx context.Context, from audit.Space, m Message) error {
	to := audit.NewSpace(m.To, m.Slug)
	err := r.apply(ctx, to, m)
	if messageKind(m.Kind) == requestStop && r.makesRoom(err) {
		err = r.apply(ctx, to, m)
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", m.Kind, err)
	}
	if err := r.rec.Keep(ctx, from, func(tx Tx, _ time.Time) error { return tx.Delete(&m) }); err != nil {
		return err
	}
	return r.Relay(ctx, to)
}

func (r *Register) waiting(ctx context.Context, from audit.Space) ([]Message, error) {
	var waiting []Message
	err := r.rec.View(ctx, from, func(tx Tx, _ time.Time) error {
		waiting = waiting[:0]
		return each(tx, "", func(m *Message) error {
			waiting = append(waiting, *m)
			return nil
		})
	})
	slices.SortFunc(waiting, func(a, b Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return waiting, err
}

// apply does a message's work in its target, once.
func (r *Register) apply(ctx context.Context, to audit.Space, m Message) error {
	work, ok := appliers[messageKind(m.Kind)]
	if !ok {
		return fmt.Errorf("unknown kind")
	}
	a := Actor{kind: system, space: to}
	_, err := r.rec.Record(ctx, to, func(tx Tx, at time.Time) ([]audit.Entry, error) {
		t := &turn{r: r, tx: tx, at: at, actor: a}
		done := Applied{ID: m.ID}
		if found, err := tx.Get(&done); err != nil {
			return nil, err
		} else if found {
			return nil, &errReplay{result: m.ID}
		}
		if err := work(t, m.Body); err != nil {
			return nil, err
		}
		done.At = at
		return t.entries, tx.Put(&done)
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}
