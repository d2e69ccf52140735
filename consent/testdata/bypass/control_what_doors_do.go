// compiles

package bypass

import (
	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"context"
)

// A door asks a use-case as whoever signed in, and shows what it is given.
func look(ctx context.Context, r *consent.Register, token personal.Token, p consent.PersonID) (string, audit.Pass, error) {
	a, err := r.SignedIn(ctx, token)
	if err != nil {
		return "", audit.Pass{}, err
	}
	seen, err := r.RevealPerson(ctx, a, consent.Reveal{
		Person: p, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact},
	})
	if err != nil {
		return "", audit.Pass{}, err
	}
	return seen.Contact.Phone.Reveal(), audit.Pass{}, nil
}
