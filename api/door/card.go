package door

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"aval/consent"
	"aval/consent/personal"
)

// guesses counts wrong codes and wrong birth dates. A code cannot be guessed (21
// to the 12th) while these hold; a birth date could, by who found a card.
type guesses struct {
	key     [32]byte      // hides codes in the keys of birth; new at each start
	all     *rate.Limiter // unknown codes, from everybody
	address *Limits       // unknown codes, a network
	birth   *Limits       // wrong birth dates, a card
	asked   *Limits       // questions of a counter, a code
}

// Card finds the holder of a card by the code as it was typed, for whoever wants
// to look. Errors: *consent.Invalid for a slip in typing, which counts as no
// attempt, *consent.NotFound for a card that is unknown or was killed,
// *consent.TooMany after too many unknown codes, whatever the code.
func (d *Door) Card(ctx context.Context, v *Visit, typed string) (consent.Actor, error) {
	a, _, err := d.card(ctx, v, typed)
	return a, err
}

func (d *Door) card(ctx context.Context, v *Visit, typed string) (consent.Actor, personal.CardCode, error) {
	code, err := cardCode(typed)
	if err != nil {
		return consent.Actor{}, code, err
	}
	if !d.mayGuess(v) {
		return consent.Actor{}, code, &consent.TooMany{Seconds: 60}
	}
	a, err := d.holder(ctx, v, code)
	return a, code, err
}

func cardCode(typed string) (personal.CardCode, error) {
	code, err := personal.ParseCardCode(typed)
	switch {
	case errors.Is(err, personal.ErrCardCheck):
		return code, &consent.Invalid{Pointer: "/code", Reason: "card_check"}
	case err != nil:
		return code, &consent.Invalid{Pointer: "/code", Reason: "card_form"}
	}
	return code, nil
}

// holder looks a code up, and counts one that nobody has.
func (d *Door) holder(ctx context.Context, v *Visit, code personal.CardCode) (consent.Actor, error) {
	a, err := d.Register.CardHolder(ctx, code)
	d.guessed(v, err)
	if err != nil {
		return consent.Actor{}, err
	}
	call := v.Call()
	call.Near = d.atWork.near(a, v.Address, d.Now())
	return a.With(call), nil
}

// Stop lets the holder of a card stop something: stop is called with who that is.
// No limit keeps anybody from it. Beyond the limits it is done all the same, but
// nobody is told whether the code was right, in words or by how long it took: so
// guesses gain nothing, and told is false. Errors otherwise are those of Card,
// and stop's own.
func (d *Door) Stop(ctx context.Context, v *Visit, typed string, stop func(consent.Actor) error) (told bool, err error) {
	code, err := cardCode(typed)
	if err != nil {
		return true, err
	}
	told = d.mayGuess(v)
	if !told {
		defer evenly(ctx)()
	}
	a, err := d.holder(ctx, v, code)
	if err == nil {
		err = stop(a)
	}
	if !told && FaultOf(err).Status < http.StatusInternalServerError {
		err = nil
	}
	return told, err
}

// evenly waits, at the end, until a moment is over that is longer than the work.
func evenly(ctx context.Context) func() {
	over := time.NewTimer(time.Second / 2)
	return func() {
		select {
		case <-over.C:
		case <-ctx.Done():
			over.Stop()
		}
	}
}

// mayGuess tells whether codes are looked at for this visit. A network that gave
// too many unknown ones waits; when all networks together did, those wait that
// gave one lately. Whoever never guessed wrong is not held up by strangers.
func (d *Door) mayGuess(v *Visit) bool {
	now, network := d.Now(), Network(v.Address)
	if !d.guesses.address.Left(network, now) {
		return false
	}
	return d.guesses.all.TokensAt(now) >= 1 || d.guesses.address.Untouched(network, now)
}

// guessed counts a code that was not found.
func (d *Door) guessed(v *Visit, err error) {
	if _, unknown := errors.AsType[*consent.NotFound](err); unknown {
		d.guesses.all.AllowN(d.Now(), 1)
		d.guesses.address.Take(Network(v.Address), d.Now())
	}
}

// CardPage opens the person's page with a code and a birth date, both as they
// were typed. After 5 wrong birth dates on one card it answers *consent.TooMany,
// one more every 10 minutes.
func (d *Door) CardPage(ctx context.Context, v *Visit, typed, birth string) (*consent.PersonPage, error) {
	a, code, err := d.card(ctx, v, typed)
	if err != nil {
		return nil, err
	}
	key := d.guesses.hide(code)
	if !d.guesses.birth.Left(key, d.Now()) {
		return nil, &consent.TooMany{Seconds: 600}
	}
	page, err := d.Register.CardPage(ctx, a, birth)
	if refused, ok := errors.AsType[*consent.Refused](err); ok && refused.Reason == "birth_date_differs" {
		d.guesses.birth.Take(key, d.Now())
	}
	return page, err
}

// hide gives the key under which a card's guesses are counted, so that no code
// lies about in memory longer than its request.
func (g *guesses) hide(code personal.CardCode) string {
	h := hmac.New(sha256.New, g.key[:])
	h.Write([]byte(code.Shown()))
	return string(h.Sum(nil))
}
