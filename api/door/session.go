package door

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"aval/consent"
	"aval/consent/personal"
)

// CookieName is the session cookie's name. Over TLS the __Host- prefix keeps
// other hosts and plain connections from setting it (RFC 6265bis §4.1.3.2).
func (d *Door) CookieName() string {
	if d.Secure {
		return "__Host-aval"
	}
	return "aval"
}

// A Redeemed is the answer to a link that was redeemed, as JSON.
type Redeemed struct {
	Bearer  string    `json:"bearer"` // session token, another one each time
	Expires time.Time `json:"expires"`
	MadeBy  string    `json:"made_by"` // who made the link: h_… or "operator"
	Space   string    `json:"space"`
}

// Redeem uses a one-time link up: it opens a session, or steps the visit's own
// session up when it is of the same account. The answer's Bearer is the session's
// token from now on. What is not of a token's form answers as an unknown link.
func (d *Door) Redeem(ctx context.Context, v *Visit, link string) (Redeemed, error) {
	token, err := personal.ParseToken(link)
	if err != nil {
		return Redeemed{}, &consent.SignInNeeded{Reason: "link"}
	}
	w, err := d.Register.Redeem(ctx, v.Call(), token, v.token)
	if err != nil {
		return Redeemed{}, err
	}
	return Redeemed{Bearer: w.Session.Reveal(), Expires: w.Expires, MadeBy: w.LinkBy, Space: w.Space}, nil
}

// SetSession puts a new session's token into the cookie. It lives as long as the
// browser: the register ends sessions itself.
func (d *Door) SetSession(w http.ResponseWriter, token string) {
	http.SetCookie(w, d.cookie(token, 0))
}

// SignOut ends the visit's session, if it has one, and takes the cookie away.
func (d *Door) SignOut(ctx context.Context, v *Visit, w http.ResponseWriter) error {
	if err := d.Register.SignOut(ctx, v.token); err != nil {
		return err
	}
	http.SetCookie(w, d.cookie("", -1))
	return nil
}

func (d *Door) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever readers come over TLS
		Name: d.CookieName(), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: d.Secure, SameSite: http.SameSiteStrictMode,
	}
}

// Join takes the invitation of a link into the account that asks. What is not of a
// token's form answers as an unknown link.
func (d *Door) Join(ctx context.Context, a consent.Actor, link string) (consent.Membership, error) {
	token, err := personal.ParseToken(link)
	if err != nil {
		return consent.Membership{}, &consent.SignInNeeded{Reason: "link"}
	}
	return d.Register.JoinStructure(ctx, a, token)
}

// LinkURL is the address of a one-time link, to be handed over once.
func (d *Door) LinkURL(token personal.Token) string {
	return d.StaffURL + "/lien/" + token.Reveal()
}

// WantsJSON tells whether a reader of an address that both doors know asked for
// JSON and not for a page.
func WantsJSON(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.TrimSpace(media) {
		case "application/json", "application/problem+json":
			return true
		case "text/html":
			return false
		}
	}
	return false
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
