// Package notice sends the mails that members asked for when a person stops. A
// mail says that something waits, and where; it names nobody, no service and no
// structure, neither in its text nor in its subject or sender. What waits to be sent
// is rows of identifiers (consent.MailDue); the address is opened for the moment of
// sending.
package notice

import (
	"context"
	"errors"
	"time"

	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
)

// A Letter is one mail, ready to leave.
type Letter struct {
	ID   string // left of the @ in Message-ID: the same when it is sent again
	To   personal.Text
	Last bool // a reminder
}

// A Post takes letters to their receivers. It is safe for concurrent use.
type Post interface {
	// Send delivers to the next server. ErrNever, wrapped, says that trying again is
	// of no use.
	Send(ctx context.Context, l Letter) error
}

// ErrNever: the server refused for good (RFC 5321 §4.2.1, replies of 5yz).
var ErrNever = errors.New("notice: refused for good")

// A Sender sends what waits in every space.
type Sender struct {
	Register *consent.Register
	Post     Post
	// Failed is told of what did not leave, with identifiers only; late is how long
	// it has waited.
	Failed func(mail consent.MailID, late time.Duration, never bool)
	kick   chan struct{}
}

// every is how often a sender looks by itself: mails leave within five minutes of a
// stop (domain.md §9), and at once when Kick is called.
const every = time.Minute

// NewSender makes a sender; Run sends.
func NewSender(r *consent.Register, p Post, failed func(consent.MailID, time.Duration, bool)) *Sender {
	return &Sender{Register: r, Post: p, Failed: failed, kick: make(chan struct{}, 1)}
}

// Kick says that something may wait. It does not wait itself.
func (s *Sender) Kick() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// Run sends until the context ends. What one round could not do is done by the next.
func (s *Sender) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-tick.C:
		}
	}
}

// Round sends what is due now, once. A mail that fails holds up no other.
func (s *Sender) Round(ctx context.Context) error {
	spaces, err := s.Register.Spaces(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, space := range spaces {
		due, err := s.Register.MailsDue(ctx, space)
		faults = append(faults, err)
		for _, m := range due {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			faults = append(faults, s.one(ctx, space, m))
		}
	}
	return errors.Join(faults...)
}

func (s *Sender) one(ctx context.Context, space audit.Space, m consent.MailDue) error {
	to, err := s.Register.OpenMail(ctx, space, m)
	if _, gone := errors.AsType[*consent.NotFound](err); gone {
		return nil // answered meanwhile, or nobody to write to any more
	}
	if err != nil {
		return err
	}
	err = s.Post.Send(ctx, Letter{ID: string(m.ID), To: to, Last: m.Chase})
	if err == nil {
		return s.Register.MailSent(ctx, space, m)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	never := errors.Is(err, ErrNever)
	if s.Failed != nil {
		s.Failed(m.ID, time.Since(m.Since), never)
	}
	return s.Register.MailFailed(ctx, space, m, never)
}
