package door

import (
	"context"
	"errors"
	"strings"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

// maxFind is the longest text of the find box, in characters: the address that a
// card's scanner reads.
const maxFind = 300

// Find looks for what was typed or scanned into the one box of the desk. What has
// the form of a card's code goes no further as a text, since the screening takes
// codes nowhere; anything else is screened and looked for as
// [consent.Register.Find] does. Errors besides: *consent.Invalid with "card_check"
// for a slip in a card's code, *consent.TooMany as [Door.Card] says.
func (d *Door) Find(ctx context.Context, v *Visit, a consent.Actor, typed Typed, purpose charter.Purpose) (*consent.Found, error) {
	code, err := personal.ParseCardCode(scanned(typed.text()))
	switch {
	case errors.Is(err, personal.ErrCardCheck):
		return nil, &consent.Invalid{Pointer: "/text", Reason: "card_check"}
	case err == nil:
		return d.findCard(ctx, v, a, code)
	}
	clean, err := d.Screen(ctx, a, typed.Field("text", screen.Search, maxFind))
	if err != nil {
		return nil, err
	}
	return d.Register.Find(ctx, a, clean[0], purpose)
}

// scanned is what a scanner read, or was typed, without the address of the page
// that a card opens. The square on a card may be in capitals: it is smaller then.
func scanned(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '/'); i >= 0 && strings.HasSuffix(strings.ToLower(text[:i]), "/c") {
		return text[i+1:]
	}
	return text
}

// findCard counts codes that nobody has as guesses, whoever gives them.
func (d *Door) findCard(ctx context.Context, v *Visit, a consent.Actor, code personal.CardCode) (*consent.Found, error) {
	if !d.mayGuess(v) {
		return nil, &consent.TooMany{Seconds: 60}
	}
	found, err := d.Register.FindByCard(ctx, a, code)
	d.guessed(v, err)
	return found, err
}
