package door

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"aval/consent"
	"aval/consent/personal"
)

// StopWithCard stops everything for whoever brought their card to a member's desk,
// by the code as it was scanned or typed. Codes that nobody has count as guesses;
// beyond the limits the card is stopped all the same and the answer is
// *consent.TooMany, so that a desk is told no more than anybody else (see Stop).
func (d *Door) StopWithCard(ctx context.Context, v *Visit, a consent.Actor, typed Typed) (*consent.Receipt, error) {
	var receipt *consent.Receipt
	told, err := d.Stop(ctx, v, scanned(typed.text()), func(holder consent.Actor) (err error) {
		receipt, err = d.Register.StopWithCard(ctx, a, holder)
		return err
	})
	if err == nil && !told {
		err = &consent.TooMany{Seconds: 60}
	}
	return receipt, err
}

// provenLife is how long a page that was opened with the birth date may still be
// used to stop a part and be told what was stopped.
const provenLife = time.Hour

// Prove makes a word that says: this card's page was opened with the right birth
// date. A page carries it in its forms, since it has no session. It dies with the
// program; then a stop is carried out and told in general words.
func (d *Door) Prove(typed string) string {
	return d.guesses.proof(typed, d.Now().Add(provenLife))
}

// Proven tells whether a word was made for a card by Prove, less than an hour ago.
func (d *Door) Proven(typed, word string) bool {
	if len(word) < base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return false
	}
	until, err := strconv.ParseInt(word[base64.RawURLEncoding.EncodedLen(sha256.Size):], 36, 64)
	if err != nil {
		return false
	}
	over := time.Unix(until, 0)
	return d.Now().Before(over) && hmac.Equal([]byte(word), []byte(d.guesses.proof(typed, over)))
}

func (g *guesses) proof(typed string, until time.Time) string {
	code, err := personal.ParseCardCode(typed)
	if err != nil {
		return ""
	}
	h := hmac.New(sha256.New, g.key[:])
	h.Write([]byte("page opened " + strconv.FormatInt(until.Unix(), 10) + " "))
	h.Write([]byte(code.Shown()))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + strconv.FormatInt(until.Unix(), 36)
}
