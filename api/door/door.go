package door

import (
	"crypto/rand"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"aval/api/locale"
	"aval/consent"
	"aval/consent/passkey"
)

// A Config is what the doors are opened with. Every member but WrongCodes and
// Secure is needed.
type Config struct {
	Register  *consent.Register
	Catalogue *locale.Catalogue
	Log       *slog.Logger
	Now       func() time.Time
	Origin    string // the register's name
	// StaffURL and PublicURL are the base URLs of the two listeners, without a
	// final slash, for links that are shown.
	StaffURL, PublicURL string
	// Mails says that members can be told of stops by mail.
	Mails bool
	// Version of the program.
	Version string
	// Secure says that readers come over TLS, here or at a proxy: cookies are
	// then for TLS only.
	Secure bool
	// WrongCodes is how many unknown card codes are taken from everybody
	// together, a second; zero means 1. One network may give 10 at once, then
	// one every 30 seconds.
	WrongCodes rate.Limit
}

// A Door is the shared half of both doors. It is safe for concurrent use.
type Door struct {
	Config
	guesses  guesses
	atWork   atWork
	arrivals arrivals
	party    *passkey.Party // nil where browsers refuse passkeys
}

// New opens.
func New(c Config) *Door {
	if c.WrongCodes == 0 {
		c.WrongCodes = 1
	}
	d := &Door{Config: c, arrivals: newArrivals(), atWork: atWork{seen: map[string]time.Time{}}}
	if at, err := passkey.At(c.StaffURL, c.Origin); err == nil {
		d.party = at
	}
	rand.Read(d.guesses.key[:])
	d.guesses.all = rate.NewLimiter(c.WrongCodes, wrongCodesBurst)
	d.guesses.address = NewLimits(rate.Every(30*time.Second), 10)
	d.guesses.birth = NewLimits(rate.Every(10*time.Minute), 5)
	d.guesses.asked = NewLimits(rate.Every(time.Minute), 20)
	return d
}

// wrongCodesBurst is how many unknown codes are taken at once, from everybody
// together: mistakes come in bunches on the day the letters arrive.
const wrongCodesBurst = 60
