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
	clean, err := screen.Form(fields...)
	if refusal, ok := errors.AsType[*screen.Refusal](err); ok {
		return nil, d.Register.RefuseText(ctx, a, refusal)
	}
	if invalid, ok := errors.AsType[*screen.Invalid](err); ok {
		return nil, &consent.Invalid{Pointer: "/" + invalid.Field, Reason: "text_" + string(invalid.Rule)}
	}
	return clean, err
}
