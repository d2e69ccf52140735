package door

import (
	"context"
	"errors"

	"aval/charter/screen"
	"aval/consent"
)

// Screen lets the free texts of one form in, all or none. Each field's Name is
// its member in the request, without the slash: "birth_name", "witnesses/0". A
// text that holds a credential is refused by rule C08, and the refusal is
// entered in the log without the text; the error is then *consent.Refused.
func (d *Door) Screen(ctx context.Context, a consent.Actor, fields ...screen.Field) ([]screen.Clean, error) {
	s, err := d.Screened(ctx, a, fields...)
	return s.Texts, err
}

// Screened is Screen that tells, beside the texts, what may not be needed in them.
func (d *Door) Screened(ctx context.Context, a consent.Actor, fields ...screen.Field) (screen.Screened, error) {
	s, err := screen.Beside(nil, fields...)
	refusal, refused := errors.AsType[*screen.Refusal](err)
	if refused && refusal.Contestable() {
		contest := screen.Contest{Field: refusal.Field, Kind: refusal.Kind, Rule: refusal.Rule}
		letIn, fault := d.Register.TakeContest(ctx, a, contest)
		if fault != nil {
			return screen.Screened{}, fault
		}
		if letIn {
			s, err = screen.Contested(contest, fields...)
			refusal, refused = errors.AsType[*screen.Refusal](err)
		}
	}
	if refused {
		return screen.Screened{}, d.Register.RefuseText(ctx, a, refusal)
	}
	if invalid, ok := errors.AsType[*screen.Invalid](err); ok {
		return screen.Screened{}, &consent.Invalid{Pointer: "/" + invalid.Field, Reason: "text_" + string(invalid.Rule)}
	}
	return s, err
}
