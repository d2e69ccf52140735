package token

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

// ErrProvider: the provider did not answer, or not as it must.
var ErrProvider = errors.New("token: the provider does not answer as it must")

const (
	keptFor      = time.Hour       // description and keys
	againAfter   = time.Minute     // a set is fetched anew for an unknown kid at most so often
	faultAfter   = 5 * time.Second // and after a failed fetch
	fetchTimeout = 5 * time.Second // of one fetch, its body included
	maxMetadata  = 64 << 10        // bytes
	maxKeySet    = 256 << 10       // bytes
	maxKeys      = 64              // of a set
	wellKnown    = "/.well-known/openid-configuration"
)

// Metadata is what a provider says of itself (OpenID Connect Discovery §3).
type Metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Keys          string   `json:"jwks_uri"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	TokenAuth     []string `json:"token_endpoint_auth_methods_supported"`
	// SaysIssuer: answers at the redirect address name the issuer (RFC 9207 §3).
	SaysIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// Metadata gives the provider's description, at most an hour old. The error is
// ErrProvider or that of the context.
func (p *Provider) Metadata(ctx context.Context) (*Metadata, error) {
	return p.about.get(ctx, p.Now, nil, p.fetchMetadata)
}

func (p *Provider) fetchMetadata(ctx context.Context) (*Metadata, error) {
	raw, err := p.fetch(ctx, strings.TrimSuffix(p.Issuer, "/")+wellKnown, maxMetadata)
	if err != nil {
		return nil, err
	}
	var m Metadata
	if err := json.Unmarshal(raw, &m); err != nil || m.Issuer != p.Issuer {
		return nil, ErrProvider
	}
	for _, address := range []string{m.Authorization, m.Token, m.Keys} {
		if CheckAddress(address) != nil {
			return nil, ErrProvider
		}
	}
	if m.UserInfo != "" && CheckAddress(m.UserInfo) != nil {
		return nil, ErrProvider
	}
	if m.Challenges != nil && !slices.Contains(m.Challenges, "S256") {
		return nil, ErrProvider
	}
	return &m, nil
}

// CheckAddress takes an address of a provider: https, or http to this machine
// itself, where nobody listens in between. The error is ErrProvider.
func CheckAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return ErrProvider
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return ErrProvider
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// A keySet is a provider's keys.
type keySet struct{ set jwk.Set }

// one finds the key that may have signed: the one of that kid, or, when the token
// names none, the only one that fits.
func (s *keySet) one(alg jwa.SignatureAlgorithm, kid string) (jwk.Key, bool) {
	var found []jwk.Key
	for i := range s.set.Len() {
		key, _ := s.set.Key(i)
		if (kid == "" || key.KeyID() == kid) && fits(alg, key) {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return found[0], true
}

// key gives the key that signs with a kid. A set that does not have it is fetched
// anew, at most once a minute: keys turn, and strangers invent kids.
func (p *Provider) key(ctx context.Context, alg jwa.SignatureAlgorithm, kid string) (jwk.Key, error) {
	has := func(s *keySet) bool { _, ok := s.one(alg, kid); return ok }
	set, err := p.keys.get(ctx, p.Now, has, p.fetchKeys)
	if err != nil {
		return nil, err
	}
	key, ok := set.one(alg, kid)
	if !ok {
		return nil, ErrKey
	}
	return key, nil
}

func (p *Provider) fetchKeys(ctx context.Context) (*keySet, error) {
	about, err := p.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := p.fetch(ctx, about.Keys, maxKeySet)
	if err != nil {
		return nil, err
	}
	var count struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &count); err != nil || len(count.Keys) == 0 || len(count.Keys) > maxKeys {
		return nil, ErrProvider
	}
	// Keys of a kind that is not known here are for others; the rest counts.
	set, err := jwk.Parse(raw, jwk.WithIgnoreParseError(true))
	if err != nil {
		return nil, ErrProvider
	}
	return &keySet{set}, nil
}

// fetch gets an address: bounded in time and size, no redirect followed.
func (p *Provider) fetch(ctx context.Context, address string, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, ErrProvider
	}
	r.Header.Set("Accept", "application/json")
	res, err := p.HTTP.Do(r)
	if err != nil {
		return nil, ErrProvider // err would repeat addresses and what came back
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, ErrProvider
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err != nil || int64(len(raw)) > most {
		return nil, ErrProvider
	}
	return raw, nil
}

// Client makes the HTTP client for providers: no redirect, no proxy by name, few
// connections, everything bounded in time.
func Client() *http.Client {
	return &http.Client{
		Timeout:       2 * fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: fetchTimeout}).DialContext,
			TLSHandshakeTimeout:    fetchTimeout,
			ResponseHeaderTimeout:  fetchTimeout,
			MaxResponseHeaderBytes: 16 << 10,
			MaxConnsPerHost:        4,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		},
	}
}

// cached is one value that is fetched when it is needed: by one caller at a time,
// kept for an hour, asked for again no more than is decent.
type cached[T any] struct {
	turn  chan struct{} // held while looking and fetching
	value T
	have  bool
	at    time.Time // of the last good fetch
	tried time.Time // of the last one
	bad   bool      // it failed
}

func (c *cached[T]) init() { c.turn = make(chan struct{}, 1) }

// get gives the value. enough, when given, tells whether the value will do; one
// that does not is fetched anew, but not at once again and again.
func (c *cached[T]) get(ctx context.Context, now func() time.Time, enough func(T) bool, fetch func(context.Context) (T, error)) (T, error) {
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	defer func() { <-c.turn }()
	t := now()
	fresh := c.have && t.Sub(c.at) < keptFor && !t.Before(c.at)
	switch {
	case fresh && (enough == nil || enough(c.value) || t.Sub(c.tried) < againAfter):
		return c.value, nil
	case c.bad && !t.Before(c.tried) && t.Sub(c.tried) < faultAfter:
		var none T
		return none, ErrProvider
	}
	c.tried = t
	// Who asked may go: the answer is everybody's.
	value, err := fetch(context.WithoutCancel(ctx))
	if c.bad = err != nil; c.bad {
		var none T
		return none, err
	}
	c.value, c.have, c.at = value, true, t
	return value, nil
}
