package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/wneessen/go-mail"
)

// An SMTP is a Post that hands letters to one mail server, over TLS or not at all
// (RFC 3207, RFC 8314).
type SMTP struct {
	Host string
	Port int    // 465 speaks TLS from the first byte; any other says STARTTLS
	From string // address
	// User and Password sign in; both empty: the server takes letters without.
	User, Password string
	// TLS is what the server's certificate is held against; nil: the system's roots.
	TLS *tls.Config
	// Origin stands right of the @ in Message-ID, and StaffURL in the text.
	Origin, StaffURL string
	Timeout          time.Duration // of one delivery; zero: 30 seconds
}

// The letter. It is the same for everybody and says nothing of anybody.
const (
	subject  = "Une information vous attend"
	reminder = "Rappel : une information vous attend"
	body     = `Bonjour,

Une information vous attend dans votre espace de travail :

%s/arrets

Ce message ne contient aucune donnée personnelle. Il est envoyé par un logiciel :
n'y répondez pas. Pour ne plus en recevoir, retirez votre adresse à la page « Moi ».
`
)

// Send implements Post.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	msg, err := s.message(l)
	if err != nil {
		return fmt.Errorf("%w: the letter has no address", ErrNever)
	}
	client, err := s.client()
	if err != nil {
		return errors.New("notice: the settings of the mail server do not fit")
	}
	err = client.DialAndSendWithContext(ctx, msg)
	var refused *mail.SendError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
		return fmt.Errorf("%w: reply %d", ErrNever, refused.ErrorCode())
	}
	return errors.New("notice: the mail server did not take the letter") // its words may name the receiver
}

func (s *SMTP) client() (*mail.Client, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTimeout(timeout)}
	if s.Port == 465 {
		options = append(options, mail.WithSSL())
	}
	if s.TLS != nil {
		config := s.TLS.Clone()
		config.ServerName, config.MinVersion = s.Host, tls.VersionTLS12
		options = append(options, mail.WithTLSConfig(config))
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	return mail.NewClient(s.Host, options...)
}

func (s *SMTP) message(l Letter) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(s.From); err != nil {
		return nil, err
	}
	if err := msg.To(l.To.Reveal()); err != nil {
		return nil, err
	}
	msg.Subject(subject)
	if l.Last {
		msg.Subject(reminder)
	}
	msg.SetMessageIDWithValue(l.ID + "@" + s.Origin)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's holiday answers it
	msg.SetBodyString(mail.TypeTextPlain, fmt.Sprintf(body, s.StaffURL))
	return msg, nil
}
