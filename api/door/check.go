package door

import (
	"context"
	"errors"

	"aval/consent"
	"aval/consent/personal"
)

// CheckMandate answers a counter that typed a code: true, or false for all that is
// not right, a code that nobody has included. The answers cannot be told apart,
// nor by how long they took. Errors: *consent.Invalid for the form of what was
// typed, *consent.TooMany after too many unknown codes from the network or too
// many questions with one code.
func (d *Door) CheckMandate(ctx context.Context, v *Visit, typed string, q consent.CheckQuestion) (bool, error) {
	code, err := personal.ParseCheckCode(typed)
	switch {
	case errors.Is(err, personal.ErrCardCheck):
		return false, &consent.Invalid{Pointer: "/code", Reason: "card_check"}
	case err != nil:
		return false, &consent.Invalid{Pointer: "/code", Reason: "check_form"}
	}
	if err := q.Check(); err != nil {
		return false, err
	}
	defer evenly(ctx)()
	if !d.mayGuess(v) {
		return false, &consent.TooMany{Seconds: 60}
	}
	// Whether somebody has the code or not: else the limit would tell.
	if ok, wait := d.guesses.asked.Take(d.guesses.hide(code.CardCode), d.Now()); !ok {
		return false, &consent.TooMany{Seconds: int(wait.Seconds())}
	}
	a, err := d.Register.CheckHolder(ctx, code)
	d.guessed(v, err)
	valid := false
	if err == nil {
		valid, err = d.Register.CheckMandate(ctx, a.With(v.Call()), q)
	}
	if _, unknown := errors.AsType[*consent.NotFound](err); unknown {
		return false, nil
	}
	return valid, err
}
