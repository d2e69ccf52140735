package consent

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// Mails to members. What waits is a row of identifiers; the address is opened when
// the mail is made, each time by an entry of its own, and the mail says nothing of
// anybody (package notice writes and sends it). A mail may be sent twice, when the
// program stops between sending and noting it, and then bears the same Message-ID.

// recordMail names the box of a member's address.
const recordMail = "mail"

// A MailID names one mail, in its Message-ID too.
type MailID string

// A MailDue is a mail that waits: to one member, about one stop.
type MailDue struct {
	ID    MailID
	To    MemberID
	Stop  StopID
	Chase bool // a reminder
	Since time.Time
	Tries int
	Next  time.Time // not before
}

func (m *MailDue) Bucket() string { return "mail-due" }
func (m *MailDue) Key() string    { return string(m.ID) }

// mailForm is what every address has (RFC 5321 §4.1.2); whether it exists is the mail
// server's to say.
var mailForm = regexp.MustCompile(`^[^@\s<>,;"]{1,64}@[^@\s<>,;"]{1,189}$`)

// mailLife is how long sending is tried, and mailBackoff the longest pause.
const (
	mailLife    = 48 * time.Hour
	mailBackoff = time.Hour
)

// mailTo has a mail sent to members about a stop, to those who gave an address.
func (t *turn) mailTo(ids []MemberID, stop StopID, chase bool) error {
	for _, id := range ids {
		m := &Member{ID: id}
		found, err := t.tx.Get(m)
		if err != nil {
			return err
		}
		if !found || m.Mail == "" || !m.Closed.IsZero() {
			continue
		}
		if err := t.tx.Put(&MailDue{ID: MailID(random26()), To: id, Stop: stop, Chase: chase, Since: t.at, Next: t.at}); err != nil {
			return err
		}
	}
	return nil
}

// SetOwnMail says the mail address at which the actor wants to be told of stops; an
// empty one takes it away. It is sealed under the member's own key and shown to
// nobody.
func (r *Register) SetOwnMail(ctx context.Context, a Actor, address screen.Clean) error {
	if text := address.String(); text != "" && !mailForm.MatchString(text) {
		return &Invalid{Pointer: "/email", Reason: "email_form"}
	}
	if a.kind != member {
		return &SignInNeeded{Reason: "session"}
	}
	me, err := r.memberNow(ctx, a)
	if err != nil {
		return err
	}
	version := me.MailVersion + 1
	var box personal.Sealed
	if text := personal.NewText(address); !text.IsZero() {
		key, err := r.keys.SealingKey(ctx, a.space, displayOwner(a.member), personal.KeyAccount)
		if err != nil {
			return err
		}
		// The record of a name holds it: one text under the member's key.
		if box, err = personal.Seal(r.keys, key, recordMail, version, personal.Name{Display: text}); err != nil {
			return err
		}
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.ownAccount(); err != nil {
			return err
		}
		if t.me.MailVersion != version-1 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.me.Mail, t.me.MailVersion = box, version
		t.enter(audit.Entry{Act: audit.PersonUpdated, On: []string{string(t.me.ID), recordMail}})
		if err := t.tx.Put(&t.me); err != nil {
			return err
		}
		return t.made(string(t.me.ID))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// ownAccount lets open members change what is their own, whoever hosts them.
func (t *turn) ownAccount() error {
	if t.me.Hosted && t.me.Closed.IsZero() {
		return nil
	}
	return t.onlyMember(audit.PersonUpdated)
}

// memberNow reads the actor's own record.
func (r *Register) memberNow(ctx context.Context, a Actor) (me Member, err error) {
	err = r.viewMember(ctx, a, "", func(_ Tx, _ time.Time, m *Member) error {
		me = *m
		return nil
	})
	return me, err
}

// MailsDue lists the mails of a space that are to be sent now, at most 100.
func (r *Register) MailsDue(ctx context.Context, s audit.Space) (list []MailDue, err error) {
	err = r.rec.View(ctx, s, func(tx Tx, at time.Time) error {
		list = nil
		return each(tx, "", func(m *MailDue) error {
			if len(list) == maxPage {
				return StopScan
			}
			if !at.Before(m.Next) {
				list = append(list, *m)
			}
			return nil
		})
	})
	return list, err
}

// OpenMail gives the address of a mail that is due. It is a look at the member's
// record, entered as one. Of a stop that was answered meanwhile, a member who left
// and an address that was taken away there is none any more: *NotFound, and the
// mail no longer waits.
func (r *Register) OpenMail(ctx context.Context, s audit.Space, due MailDue) (personal.Text, error) {
	var m *Member
	gone := false
	passes, err := r.record(ctx, systemIn(s), func(t *turn) error {
		gone = false
		row := &MailDue{ID: due.ID}
		if err := need(t.tx, row, "mail"); err != nil {
			return err
		}
		n, m2 := &StopNote{ID: due.Stop}, &Member{ID: due.To}
		found, err := t.tx.Get(n)
		if err != nil {
			return err
		}
		if err := need(t.tx, m2, "member"); err != nil {
			return err
		}
		m = m2
		gone = !found || !n.Acked.IsZero() || !m.Closed.IsZero() || m.Mail == ""
		e := audit.Entry{Act: audit.PersonRead, Purpose: string(charter.PurposeNotice), On: []string{string(m.ID)}}
		if gone {
			e.Act, e.Counts = audit.NoticeSent, map[string]int64{"sent": 0}
			t.enter(e)
			return t.tx.Delete(row)
		}
		e.Fields = []string{string(m.ID) + ":" + recordMail}
		t.enter(e)
		return nil
	})
	if err == nil && gone {
		err = &NotFound{Kind: "mail"}
	}
	if err != nil {
		return personal.Text{}, err
	}
	address, err := personal.Open[personal.Name](ctx, r.keys, passes[0], displayOwner(m.ID), recordMail, m.MailVersion, m.Mail)
	return address.Display, err
}

// MailSent notes that a mail left, and enters it for the person whom it is about.
func (r *Register) MailSent(ctx context.Context, s audit.Space, due MailDue) error {
	_, err := r.record(ctx, systemIn(s), func(t *turn) error {
		if err := need(t.tx, &MailDue{ID: due.ID}, "mail"); err != nil {
			return err
		}
		n := &StopNote{ID: due.Stop}
		if err := need(t.tx, n, "stop"); err != nil {
			return err
		}
		if err := t.tell(n, due.To, ToldByMail); err != nil {
			return err
		}
		return t.tx.Delete(&due)
	})
	return err
}

// MailFailed notes that a mail did not leave: it is tried again after a pause that
// grows, and given up after two days or when the server said that it never will.
// Giving up is an entry; the task and its banner go on.
func (r *Register) MailFailed(ctx context.Context, s audit.Space, due MailDue, never bool) error {
	now, err := r.now(ctx, s)
	if err != nil {
		return err
	}
	if !never && now.Sub(due.Since) < mailLife {
		return r.rec.Keep(ctx, s, func(tx Tx, at time.Time) error {
			row := &MailDue{ID: due.ID}
			if found, err := tx.Get(row); err != nil || !found {
				return err
			}
			pause := mailBackoff
			if row.Tries < 6 {
				pause = time.Minute << row.Tries
			}
			row.Tries, row.Next = row.Tries+1, at.Add(pause)
			return tx.Put(row)
		})
	}
	_, err = r.record(ctx, systemIn(s), func(t *turn) error {
		t.enter(audit.Entry{
			Act: audit.NoticeSent, Purpose: string(charter.PurposeNotice), On: []string{string(due.To)},
			Counts: map[string]int64{"sent": 0, "tries": int64(due.Tries) + 1},
		})
		return t.tx.Delete(&due)
	})
	return err
}

// ChaseStops reminds, once, of stops that nobody has answered for a day: those who
// have to know and the referents.
func (r *Register) ChaseStops(ctx context.Context, s audit.Space) error {
	late := func(n *StopNote, at time.Time) bool { return n.Chased.IsZero() && at.Sub(n.Effective) >= ChaseAfter }
	for {
		some := false
		err := r.rec.View(ctx, s, func(tx Tx, at time.Time) error {
			list, err := openStops(tx, func(n *StopNote) bool { return late(n, at) })
			some = len(list) > 0
			return err
		})
		if err != nil || !some {
			return err
		}
		_, err = r.record(ctx, systemIn(s), func(t *turn) error { return t.chase(late) })
		var moved *Conflict
		if errors.As(err, &moved) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *turn) chase(late func(*StopNote, time.Time) bool) error {
	list, err := openStops(t.tx, func(n *StopNote) bool { return late(n, t.at) })
	if err != nil {
		return err
	}
	referents, err := t.referents()
	if err != nil {
		return err
	}
	for _, n := range list {
		n.Chased = t.at
		for _, id := range referents {
			if !slices.Contains(n.Tell, id) {
				n.Tell = append(n.Tell, id)
			}
		}
		t.enter(audit.Entry{
			Act: audit.NoticeSent, Person: string(n.Person), Mandate: string(n.Mandate), Purpose: string(charter.PurposeNotice),
			On: []string{"chase"}, Counts: map[string]int64{"seconds": int64(t.at.Sub(n.Effective).Seconds())},
		})
		if err := t.mailTo(n.Tell, n.ID, true); err != nil {
			return err
		}
		if err := t.tx.Put(n); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return &Conflict{Reason: "not_due"}
	}
	return nil
}

// referents lists the open referents of the space.
func (t *turn) referents() (ids []MemberID, err error) {
	err = each(t.tx, "", func(m *Member) error {
		if m.Referent && m.Closed.IsZero() {
			ids = append(ids, m.ID)
		}
		return nil
	})
	return ids, err
}
