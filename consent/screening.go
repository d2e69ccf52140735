package consent

import (
	"context"

	"aval/charter"
	"aval/charter/screen"
)

// RefuseText enters that a text was refused because it holds a credential (C08):
// by whom, which kind, which rule of the screening; never the text. It returns
// the *Refused to show.
func (r *Register) RefuseText(ctx context.Context, a Actor, refusal *screen.Refusal) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		return t.refuse(Attempt{}, &charter.Finding{
			Rule: "C08", Reason: CredentialKept + "_" + charter.Reason(refusal.Kind), Instead: charter.PersonTypes,
			Pointer: "/" + refusal.Field,
		})
	})
	return err
}
