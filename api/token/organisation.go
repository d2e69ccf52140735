package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// An organisation's identity provider, as OpenID Connect sees it: what it says of
// itself, its keys, and its tokens about who signed in. Its keys and its
// description are kept for an hour and no longer: a provider that does not answer
// lets nobody in.

// A Provider verifies the tokens of one issuer for one client of it. It is safe
// for concurrent use.
type Provider struct {
	ProviderConfig
	about cached[*Metadata]
	keys  cached[*keySet]
}

// A ProviderConfig is what an operator knows of an issuer.
type ProviderConfig struct {
	// Issuer is the issuer's identifier, to the letter (OpenID Connect Discovery §3).
	Issuer string
	// Client is our identifier there.
	Client string
	// HTTP fetches; each fetch is bounded in time and size besides.
	HTTP *http.Client
	Now  func() time.Time
}

// NewProvider makes a verifier; nothing is fetched yet.
func NewProvider(c ProviderConfig) *Provider {
	p := &Provider{ProviderConfig: c}
	p.about.init()
	p.keys.init()
	return p
}

// signing are the algorithms that an organisation's tokens may be signed with:
// never none, never one with a shared secret, whatever the key set holds.
var signing = []jwa.SignatureAlgorithm{jwa.ES256, jwa.EdDSA, jwa.PS256, jwa.RS256}

const (
	// maxToken is how old an ID token may be: it comes straight from the issuer.
	maxToken = 10 * time.Minute
	// authLeeway is how long before the flow began a sign-in that was asked for
	// anew may have happened, by the two clocks.
	authLeeway = leeway
)

// A Wanted says what an ID token must fit.
type Wanted struct {
	Nonce string
	// AccessToken came with it; its hash is compared where the token has one.
	AccessToken string
	// Since, when set, is the instant after which whoever signed in must have
	// proven who they are (auth_time).
	Since time.Time
}

// An ID is what a verified ID token tells.
type ID struct {
	Issuer, Subject string
	// Claims are the members of the token that were not checked here.
	Claims map[string]any
}

type idClaims struct {
	Issuer   string         `json:"iss"`
	Subject  string         `json:"sub"`
	Audience audience       `json:"aud"`
	Party    string         `json:"azp"`
	Nonce    string         `json:"nonce"`
	AuthTime date           `json:"auth_time"`
	Hash     string         `json:"at_hash"`
	Rest     map[string]any `json:",unknown"`
	times    `json:",inline"`
}

// IDToken verifies an ID token (OpenID Connect Core §3.1.3.7): signed by a key of
// the issuer, by this issuer, for us and nobody else, of now, with our nonce.
func (p *Provider) IDToken(ctx context.Context, compact string, w Wanted) (ID, error) {
	alg, payload, err := p.verify(ctx, []byte(compact), []string{"", "JWT"})
	if err != nil {
		return ID{}, err
	}
	var c idClaims
	if err := decodeClaims(payload, &c); err != nil {
		return ID{}, err
	}
	now := p.Now()
	switch {
	case c.Issuer != p.Issuer:
		return ID{}, ClaimError("iss")
	case !c.Audience.only(p.Client):
		return ID{}, ClaimError("aud")
	case c.Party != "" && c.Party != p.Client:
		return ID{}, ClaimError("azp")
	case !identifier(c.Subject):
		return ID{}, ClaimError("sub")
	case w.Nonce == "" || subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(w.Nonce)) != 1:
		return ID{}, ClaimError("nonce")
	case c.Issued.IsZero() || now.Sub(c.Issued.Time) > maxToken:
		return ID{}, ErrTime
	case !w.Since.IsZero() && (c.AuthTime.Before(w.Since.Add(-authLeeway)) || c.AuthTime.After(now.Add(leeway))):
		return ID{}, ClaimError("auth_time")
	case c.Hash != "" && !halfHash(alg, c.Hash, w.AccessToken):
		return ID{}, ClaimError("at_hash")
	}
	if err := c.hold(now); err != nil {
		return ID{}, err
	}
	return ID{Issuer: c.Issuer, Subject: c.Subject, Claims: c.Rest}, nil
}

type userInfoClaims struct {
	Issuer   string         `json:"iss"`
	Subject  string         `json:"sub"`
	Audience audience       `json:"aud"`
	Rest     map[string]any `json:",unknown"`
	times    `json:",inline"`
}

// UserInfo verifies a signed answer of the userinfo endpoint (OpenID Connect Core
// §5.3.2): signed by the issuer, for us, about the subject of the ID token.
func (p *Provider) UserInfo(ctx context.Context, compact []byte, subject string) (map[string]any, error) {
	_, payload, err := p.verify(ctx, compact, []string{"", "JWT"})
	if err != nil {
		return nil, err
	}
	var c userInfoClaims
	if err := decodeClaims(payload, &c); err != nil {
		return nil, err
	}
	switch {
	case c.Issuer != p.Issuer:
		return nil, ClaimError("iss")
	case !c.Audience.only(p.Client):
		return nil, ClaimError("aud")
	case subject == "" || c.Subject != subject:
		return nil, ClaimError("sub")
	}
	// An exp is not asked for: the answer was asked for a moment ago.
	if c.Expires.IsZero() {
		c.Expires = date{p.Now().Add(leeway)}
	}
	return c.Rest, c.hold(p.Now())
}

// verify verifies a token with the key of the issuer that its header names.
func (p *Provider) verify(ctx context.Context, compact []byte, types []string) (jwa.SignatureAlgorithm, []byte, error) {
	h, err := readHeader(compact, signing, types, false)
	if err != nil {
		return "", nil, err
	}
	key, err := p.key(ctx, h.Algorithm(), h.KeyID())
	if err != nil {
		return "", nil, err
	}
	payload, err := verifyWith(compact, h.Algorithm(), key)
	return h.Algorithm(), payload, err
}

// halfHash compares an at_hash (OpenID Connect Core §3.1.3.6). It is defined by
// the hash of the algorithm; EdDSA names none, and there it is not compared.
func halfHash(alg jwa.SignatureAlgorithm, given, accessToken string) bool {
	if !slices.Contains([]jwa.SignatureAlgorithm{jwa.ES256, jwa.PS256, jwa.RS256}, alg) {
		return true
	}
	sum := sha256.Sum256([]byte(accessToken))
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}
