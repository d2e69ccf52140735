package door

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"golang.org/x/time/rate"

	"aval/consent"
	"aval/consent/personal"
)

// guesses counts wrong codes and wrong birth dates. A code cannot be guessed (21
// to the 12th) while these hold; a birth date could, by who found a card.
type guesses struct {
	key     [32]byte      // hides codes in the keys of birth; new at each start
	all     *rate.Limiter // unknown codes, from everybody
	flood   *rate.Limiter // the same, counted for those who never guessed wrong too
	address *Limits       // unknown codes, an address
	birth   *Limits       // wrong birth dates, a card
}

// Card finds the holder of a card by the code as it was typed. Errors:
// *consent.Invalid for a slip in typing, *consent.NotFound for a card that is
// unknown or was killed, *consent.TooMany after too many unknown codes.
func (d *Door) Card(ctx context.Context, v *Visit, typed string) (consent.Actor, error) {
	a, _, err := d.card(ctx, v, typed)
	return a, err
}

func (d *Door) card(ctx context.Context, v *Visit, typed string) (consent.Actor, personal.CardCode, error) {
	code, err := personal.ParseCardCode(typed)
	switch {
	case errors.Is(err, personal.ErrCardCheck):
		return consent.Actor{}, code, &consent.Invalid{Pointer: "/code", Reason: "card_check"}
	case err != nil:
		return consent.Actor{}, code, &consent.Invalid{Pointer: "/code", Reason: "card_form"}
	}
	if !d.mayGuess(v) {
		return consent.Actor{}, code, &consent.TooMany{Seconds: 60}
	}
	a, err := d.Register.CardHolder(ctx, code)
	d.guessed(v, err)
	if err != nil {
		return consent.Actor{}, code, err
	}
	return a.With(v.Call()), code, nil
}

// mayGuess tells whether unknown codes are still taken, from everybody and from
// the visit's network. Somebody who never guessed wrong is let through when all
// others are held up: wrong codes of strangers must not keep a person from Stop.
// Only a flood from many networks at once does.
func (d *Door) mayGuess(v *Visit) bool {
	now, network := d.Now(), Network(v.Address)
	if d.guesses.flood.TokensAt(now) < 1 || !d.guesses.address.Left(network, now) {
		return false
	}
	return d.guesses.all.TokensAt(now) >= 1 || d.guesses.address.Untouched(network, now)
}

// guessed counts a code that was not found.
func (d *Door) guessed(v *Visit, err error) {
	if _, unknown := errors.AsType[*consent.NotFound](err); unknown {
		d.guesses.all.AllowN(d.Now(), 1)
		d.guesses.flood.AllowN(d.Now(), 1)
		d.guesses.address.Take(Network(v.Address), d.Now())
	}
}

// CardPage opens the person's page with a code and a birth date, both as they
// were typed. After 5 wrong birth dates on one card it answers *consent.TooMany,
// one more every 10 minutes. Stop is never limited: see Card and
// [consent.Register.CardStop].
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
