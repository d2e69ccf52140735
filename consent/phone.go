package consent

import (
	"context"
	"regexp"

	"aval/audit"
	"aval/charter/screen"
)

// phoneForm is a telephone number as people write it, with one separator between
// digits: 3 digits (short numbers) to 15 (ITU-T E.164 §6). A name or a note has no
// room there.
var phoneForm = regexp.MustCompile(`^\+?[0-9]([ .-]?[0-9]){2,14}$`)

// SetStructurePhone lets a referent say the telephone that is printed on mandates
// and shown on persons' pages: a public one, the structure's own. An empty one
// takes it away. *Invalid with "phone" when it is no number.
func (r *Register) SetStructurePhone(ctx context.Context, a Actor, phone screen.Clean) error {
	number := publicText(phone)
	if !number.IsZero() && !phoneForm.MatchString(number.String()) {
		return &Invalid{Pointer: "/phone", Reason: "phone"}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.governs(); err != nil {
			return err
		}
		p := t.profile
		p.Phone = number
		dg, err := rowDigest(&p)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(p.Structure)}, Digest: dg})
		if err := t.tx.Put(&p); err != nil {
			return err
		}
		return t.made(string(p.Structure))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}
