package door

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"aval/consent"
	"aval/consent/passkey"
)

// arrivals counts what people who are not signed in try: a browser that asks for a
// key writes a row each time, and wrong answers are guesses.
type arrivals struct {
	asked *Limits // questions to keys, a network
	wrong *Limits // sign-ins that failed, a network
}

func newArrivals() arrivals {
	return arrivals{
		asked: NewLimits(2, 60), // an office where all begin at nine
		wrong: NewLimits(rate.Every(6*time.Second), 20),
	}
}

// Party is the register as browsers know it. The error says that they refuse
// passkeys at its address, which has no name.
func (d *Door) Party() (*passkey.Party, error) {
	if d.party == nil {
		return nil, errNoPasskeys
	}
	return d.party, nil
}

// errNoPasskeys is what is said where browsers refuse passkeys.
var errNoPasskeys = &consent.Conflict{Reason: "no_passkeys_here"}

// AskPasskey asks the visit's browser for a passkey, to sign in or step up.
func (d *Door) AskPasskey(ctx context.Context, v *Visit) (consent.Asked, error) {
	at, err := d.Party()
	if err != nil {
		return consent.Asked{}, err
	}
	if ok, wait := d.arrivals.asked.Take(Network(v.Address), d.Now()); !ok {
		return consent.Asked{}, &consent.TooMany{Seconds: int(wait.Seconds())}
	}
	return d.Register.AskPasskey(ctx, at)
}

// SignInByPasskey signs in with what a passkey answered, or steps the visit's own
// session up. A network that failed often waits.
func (d *Door) SignInByPasskey(ctx context.Context, v *Visit, ceremony string, answer []byte) (consent.Welcome, error) {
	at, err := d.Party()
	if err != nil {
		return consent.Welcome{}, err
	}
	return d.arrive(v, func() (consent.Welcome, error) {
		return d.Register.SignInByPasskey(ctx, v.Call(), at, consent.CeremonyID(ceremony), answer, v.token)
	})
}

// arrive lets a network try to sign in that has not failed too often.
func (d *Door) arrive(v *Visit, try func() (consent.Welcome, error)) (consent.Welcome, error) {
	network := Network(v.Address)
	if !d.arrivals.wrong.Left(network, d.Now()) {
		return consent.Welcome{}, &consent.TooMany{Seconds: 60}
	}
	w, err := try()
	if _, wrong := errors.AsType[*consent.SignInNeeded](err); wrong {
		d.arrivals.wrong.Take(network, d.Now())
	}
	return w, err
}

// Choices are the structures among which the visit's session chooses.
func (d *Door) Choices(ctx context.Context, v *Visit) ([]consent.Choice, error) {
	return d.Register.Choices(ctx, v.token)
}

// ChooseSpace says for which structure the visit's session works now.
func (d *Door) ChooseSpace(ctx context.Context, v *Visit, id consent.MemberID) (consent.Welcome, error) {
	return d.Register.ChooseSpace(ctx, v.Call(), v.token, id)
}

// Enters puts a new session's token into the cookie, and lets what is left of the
// visit go on by it.
func (d *Door) Enters(w http.ResponseWriter, v *Visit, in consent.Welcome) {
	d.SetSession(w, in.Session.Reveal())
	v.token = in.Session
}

// Hold seals what a request asked for, for the visit's session.
func (d *Door) Hold(ctx context.Context, v *Visit, what []byte) (string, error) {
	return d.Register.HoldForm(ctx, v.token, what)
}

// Holds tells whether Hold sealed something for the visit's session.
func (d *Door) Holds(ctx context.Context, v *Visit, held string) bool {
	return d.Register.Holds(ctx, v.token, held)
}

// Held opens what Hold sealed for the visit's session.
func (d *Door) Held(ctx context.Context, v *Visit, held string) ([]byte, error) {
	a, err := d.Actor(ctx, v)
	if err != nil {
		return nil, err
	}
	return d.Register.HeldForm(ctx, a, held)
}

// ChoiceToken is what the form that chooses a structure sends back: there is no
// actor yet whose form it could be. It is a digest of the session's token, from
// which that cannot be found.
func (d *Door) ChoiceToken(v *Visit) string { return digest("choice" + v.SessionKey()) }
