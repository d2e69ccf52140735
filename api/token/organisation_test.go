package token_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"aval/api/token"
)

// A provider is an issuer that does what the test tells it.
type provider struct {
	*httptest.Server
	mu      sync.Mutex
	about   map[string]any
	keys    []byte
	fault   http.HandlerFunc // answers everything, when set
	fetched atomic.Int64     // key sets
	now     time.Time
}

func newProvider(t *testing.T, keys ...any) *provider {
	t.Helper()
	p := &provider{now: noon, keys: setOf(t, keys...)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch {
		case p.fault != nil:
			p.fault(w, r)
		case r.URL.Path == "/.well-known/openid-configuration":
			json.NewEncoder(w).Encode(p.about) //nolint:errcheck // the client shows it
		case r.URL.Path == "/keys":
			p.fetched.Add(1)
			w.Write(p.keys) //nolint:errcheck // likewise
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(p.Close)
	p.about = map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
	}
	return p
}

func (p *provider) do(fn func()) { p.mu.Lock(); defer p.mu.Unlock(); fn() }

// verifier reads the provider's tokens for us.
func (p *provider) verifier() *token.Provider {
	return token.NewProvider(token.ProviderConfig{
		Issuer: p.URL, Client: "aval", HTTP: token.Client(),
		Now: func() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now },
	})
}

func (p *provider) id() map[string]any {
	return map[string]any{
		"iss": p.URL, "aud": "aval", "sub": "user-7", "nonce": "our-nonce", "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
	}
}

var wanted = token.Wanted{Nonce: "our-nonce", AccessToken: "access"}

// What an organisation's token must say, and each way not to be believed.
func TestIDToken(t *testing.T) {
	s, rsaKey, ed := newSigner(t, jwa.ES256, "ec"), newSigner(t, jwa.RS256, "rsa"), newSigner(t, jwa.EdDSA, "ed")
	ps := signer{jwa.PS256, rsaKey.key, rsaKey.pub}
	secret, err := jwk.FromRaw([]byte("a secret that was put into the set by mistake"))
	must(t, err)
	must(t, secret.Set(jwk.KeyIDKey, "oct"))
	p := newProvider(t, s.pub, rsaKey.pub, ed.pub, secret, map[string]any{"kty": "AKP", "kid": "of a later day"})
	in := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	half := sha256.Sum256([]byte("access"))
	atHash := base64.RawURLEncoding.EncodeToString(half[:16])
	for name, compact := range map[string]string{
		"EC":              s.sign(t, nil, p.id()),
		"RSA":             rsaKey.sign(t, map[string]any{"typ": "JWT"}, p.id()),
		"RSA-PSS":         ps.sign(t, nil, p.id()),
		"Ed25519":         ed.sign(t, nil, p.id()),
		"without kid":     s.sign(t, map[string]any{"kid": nil}, p.id()),
		"aud as a list":   s.sign(t, nil, with(p.id(), "aud", []any{"aval"}, "azp", "aval")),
		"with at_hash":    s.sign(t, nil, with(p.id(), "at_hash", atHash)),
		"clock is behind": s.sign(t, nil, with(p.id(), "iat", in(20*time.Second))),
	} {
		id, err := p.verifier().IDToken(t.Context(), compact, wanted)
		if err != nil || id.Subject != "user-7" || id.Issuer != p.URL {
			t.Errorf("%s: %+v %v", name, id, err)
		}
	}
	raw, err := json.Marshal(s.pub)
	must(t, err)
	rawKey, err := jwk.FromRaw(raw)
	must(t, err)
	must(t, rawKey.Set(jwk.KeyIDKey, "ec"))
	confused := signer{jwa.HS256, rawKey, s.pub}
	octet := signer{jwa.HS256, secret, s.pub}
	small := newSigner(t, jwa.ES256, "unknown")
	bad := map[string]string{
		"alg none":                  byHand(t, map[string]any{"alg": "none"}, p.id(), nil),
		"alg None":                  byHand(t, map[string]any{"alg": "None", "kid": "ec"}, p.id(), nil),
		"alg none with a signature": byHand(t, map[string]any{"alg": "none", "kid": "ec"}, p.id(), make([]byte, 64)),
		"HS256 with the public key": confused.sign(t, nil, p.id()),
		"HS256 with a shared key":   octet.sign(t, map[string]any{"kid": "oct"}, p.id()),
		"another's key":             small.sign(t, map[string]any{"kid": "ec"}, p.id()),
		"a kid of nobody":           small.sign(t, nil, p.id()),
		"its own key inside":        small.sign(t, map[string]any{"jwk": small.pub}, p.id()),
		"keys at another address":   small.sign(t, map[string]any{"jku": p.URL + "/keys"}, p.id()),
		"a critical extension":      byHand(t, map[string]any{"alg": "ES256", "kid": "ec", "crit": []any{"b64"}, "b64": false}, p.id(), make([]byte, 64)),
		"an access token":           s.sign(t, map[string]any{"typ": "at+jwt"}, p.id()),
		"a logout token":            s.sign(t, map[string]any{"typ": "logout+jwt"}, p.id()),
		"another issuer":            s.sign(t, nil, with(p.id(), "iss", "https://evil.test")),
		"issuer with a slash":       s.sign(t, nil, with(p.id(), "iss", p.URL+"/")),
		"without issuer":            s.sign(t, nil, with(p.id(), "iss", nil)),
		"for another client":        s.sign(t, nil, with(p.id(), "aud", "other")),
		"for two clients":           s.sign(t, nil, with(p.id(), "aud", []any{"aval", "other"}, "azp", "aval")),
		"asked for by another":      s.sign(t, nil, with(p.id(), "azp", "other")),
		"for nobody":                s.sign(t, nil, with(p.id(), "aud", nil)),
		"another nonce":             s.sign(t, nil, with(p.id(), "nonce", "their-nonce")),
		"without nonce":             s.sign(t, nil, with(p.id(), "nonce", nil)),
		"expired":                   s.sign(t, nil, with(p.id(), "exp", in(0))),
		"without exp":               s.sign(t, nil, with(p.id(), "exp", nil)),
		"not yet":                   s.sign(t, nil, with(p.id(), "nbf", in(time.Minute))),
		"made in the future":        s.sign(t, nil, with(p.id(), "iat", in(time.Minute))),
		"made long ago":             s.sign(t, nil, with(p.id(), "iat", in(-11*time.Minute))),
		"without iat":               s.sign(t, nil, with(p.id(), "iat", nil)),
		"without sub":               s.sign(t, nil, with(p.id(), "sub", nil)),
		"an empty sub":              s.sign(t, nil, with(p.id(), "sub", "")),
		"a sub that is no text":     s.sign(t, nil, with(p.id(), "sub", 7)),
		"a huge sub":                s.sign(t, nil, with(p.id(), "sub", strings.Repeat("7", 256))),
		"another access token":      s.sign(t, nil, with(p.id(), "at_hash", atHash[1:]+"A")),
		"huge":                      s.sign(t, nil, with(p.id(), "x", strings.Repeat("x", 20<<10))),
		"no token":                  "hello",
	}
	v := p.verifier()
	for name, compact := range bad {
		if id, err := v.IDToken(t.Context(), compact, wanted); err == nil {
			t.Errorf("%s: believed as %+v", name, id)
		}
	}
	if _, err := v.IDToken(t.Context(), s.sign(t, nil, with(p.id(), "nonce", "")), token.Wanted{}); err == nil {
		t.Error("believed where no nonce was asked for")
	}
}

// Who is asked to prove themself again has to have done it since.
func TestAuthTime(t *testing.T) {
	s := newSigner(t, jwa.ES256, "ec")
	p := newProvider(t, s.pub)
	v, w := p.verifier(), wanted
	w.Since = noon.Add(-time.Minute)
	for at, good := range map[time.Duration]bool{
		0: true, -time.Minute: true, -90 * time.Second: true, -91 * time.Second: false, -time.Hour: false, time.Minute: false,
	} {
		_, err := v.IDToken(t.Context(), s.sign(t, nil, with(p.id(), "auth_time", noon.Add(at).Unix())), w)
		if (err == nil) != good {
			t.Errorf("%v ago: %v", at, err)
		}
	}
	if _, err := v.IDToken(t.Context(), s.sign(t, nil, p.id()), w); err == nil {
		t.Error("believed without a time")
	}
}

func TestUserInfo(t *testing.T) {
	s := newSigner(t, jwa.RS256, "rsa")
	p := newProvider(t, s.pub)
	v := p.verifier()
	info := map[string]any{"iss": p.URL, "aud": "aval", "sub": "user-7", "siret": "21300000000000"}
	got, err := v.UserInfo(t.Context(), []byte(s.sign(t, nil, info)), "user-7")
	if err != nil || got["siret"] != "21300000000000" {
		t.Fatalf("%v %v", got, err)
	}
	for name, compact := range map[string]string{
		"of another":        s.sign(t, nil, with(info, "sub", "user-8")),
		"of nobody":         s.sign(t, nil, with(info, "sub", nil)),
		"for another":       s.sign(t, nil, with(info, "aud", "other")),
		"by another":        s.sign(t, nil, with(info, "iss", "https://evil.test")),
		"expired":           s.sign(t, nil, with(info, "exp", noon.Unix())),
		"not signed":        `{"sub":"user-7"}`,
		"signed by another": newSigner(t, jwa.RS256, "rsa").sign(t, nil, info),
		"alg none":          byHand(t, map[string]any{"alg": "none"}, info, nil),
	} {
		if got, err := v.UserInfo(t.Context(), []byte(compact), "user-7"); err == nil {
			t.Errorf("%s: believed: %v", name, got)
		}
	}
	if _, err := v.UserInfo(t.Context(), []byte(s.sign(t, nil, with(info, "sub", ""))), ""); err == nil {
		t.Error("believed about nobody")
	}
}

// A provider turns its keys: the new one is found, the old one forgotten within
// the hour, and invented kids do not make it be asked again and again.
func TestKeysTurn(t *testing.T) {
	before, after := newSigner(t, jwa.ES256, "1"), newSigner(t, jwa.ES256, "2")
	p := newProvider(t, before.pub)
	v := p.verifier()
	try := func(s signer, good bool) {
		t.Helper()
		claims := with(p.id(), "iat", p.now.Unix(), "exp", p.now.Add(time.Minute).Unix())
		if _, err := v.IDToken(t.Context(), s.sign(t, nil, claims), wanted); (err == nil) != good {
			t.Fatalf("believed %v, want %v: %v", err == nil, good, err)
		}
	}
	fetched := func(want int64) {
		t.Helper()
		if got := p.fetched.Load(); got != want {
			t.Fatalf("the set was fetched %d times, want %d", got, want)
		}
	}
	try(before, true)
	try(before, true)
	fetched(1)
	p.do(func() { p.keys = setOf(t, after.pub) })
	try(after, false) // a minute has not passed
	fetched(1)
	p.do(func() { p.now = p.now.Add(time.Minute) })
	try(after, true)
	fetched(2)
	try(before, false)
	for range 20 {
		try(newSigner(t, jwa.EdDSA, ""), false)
	}
	fetched(2)
	p.do(func() { p.now = p.now.Add(time.Hour) })
	try(after, true)
	fetched(3)
}

// A provider that does not answer as it must lets nobody in, and what it sends is
// not read without end.
func TestProviderFaults(t *testing.T) {
	s := newSigner(t, jwa.ES256, "ec")
	many := make([]any, 65)
	for i := range many {
		many[i] = s.pub
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"keys":[`)) //nolint:errcheck // who reads hangs up
		for range 20 << 10 {
			if _, err := w.Write([]byte(strings.Repeat(" ", 1<<10))); err != nil {
				return
			}
		}
	}
	for name, change := range map[string]func(p *provider){
		"another issuer":       func(p *provider) { p.about["issuer"] = "https://evil.test" },
		"no issuer":            func(p *provider) { delete(p.about, "issuer") },
		"keys elsewhere, open": func(p *provider) { p.about["jwks_uri"] = "http://keys.test/keys" },
		"keys from a file":     func(p *provider) { p.about["jwks_uri"] = "file:///etc/passwd" },
		"no token endpoint":    func(p *provider) { delete(p.about, "token_endpoint") },
		"plain challenge only": func(p *provider) { p.about["code_challenge_methods_supported"] = []string{"plain"} },
		"no keys":              func(p *provider) { p.keys = []byte(`{"keys":[]}`) },
		"no set":               func(p *provider) { p.keys = []byte(`[]`) },
		"a huge set":           func(p *provider) { p.keys = setOf(t, many...) },
		"two keys of one kid":  func(p *provider) { p.keys = setOf(t, s.pub, newSigner(t, jwa.ES256, "ec").pub) },
		"a key to encrypt":     func(p *provider) { p.keys = setOf(t, used(t, s, "enc")) },
		"its private key":      func(p *provider) { p.keys = setOf(t, s.key) },
		"endless":              func(p *provider) { p.fault = endless },
		"a redirect": func(p *provider) {
			p.fault = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://evil.test"+r.URL.Path, http.StatusFound)
			}
		},
		"an error": func(p *provider) {
			p.fault = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }
		},
		"a line that breaks": func(p *provider) {
			p.fault = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		},
	} {
		p := newProvider(t, s.pub)
		v := p.verifier()
		compact := s.sign(t, nil, p.id())
		p.do(func() { change(p) })
		_, err := v.IDToken(t.Context(), compact, wanted)
		if !errors.Is(err, token.ErrProvider) && !errors.Is(err, token.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: the error repeats what was sent: %v", name, err)
		}
	}
}

func used(tb testing.TB, s signer, use string) jwk.Key {
	tb.Helper()
	key, err := s.pub.Clone()
	must(tb, err)
	must(tb, key.Set(jwk.KeyUsageKey, use))
	return key
}

// A slow provider holds up those who come for it until they go, and no longer; its
// failure is remembered a moment, so that it is not asked by everyone.
func TestSlowProvider(t *testing.T) {
	s := newSigner(t, jwa.ES256, "ec")
	p := newProvider(t, s.pub)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	p.do(func() {
		p.fault = func(w http.ResponseWriter, _ *http.Request) {
			asked <- struct{}{}
			<-release
			http.Error(w, "too late", http.StatusServiceUnavailable)
		}
	})
	now := noon
	v := token.NewProvider(token.ProviderConfig{Issuer: p.URL, Client: "aval", HTTP: token.Client(), Now: func() time.Time { return now }})
	first := make(chan error, 1)
	go func() { _, err := v.Metadata(t.Context()); first <- err }()
	<-asked
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Metadata(gone); !errors.Is(err, gone.Err()) {
		t.Errorf("who went away was told %v", err)
	}
	close(release)
	if err := <-first; !errors.Is(err, token.ErrProvider) {
		t.Errorf("the first was told %v", err)
	}
	if _, err := v.Metadata(t.Context()); !errors.Is(err, token.ErrProvider) || len(asked) != 0 {
		t.Errorf("asked again at once: %v", err)
	}
	p.do(func() { p.fault = nil })
	now = now.Add(5 * time.Second)
	if _, err := v.Metadata(t.Context()); err != nil {
		t.Errorf("not asked again: %v", err)
	}
}

func FuzzIDToken(f *testing.F) {
	s := newSigner(f, jwa.ES256, "ec")
	keys := setOf(f, s.pub)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	f.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{ //nolint:errcheck // the verifier shows it
			"issuer": server.URL, "authorization_endpoint": server.URL, "token_endpoint": server.URL, "jwks_uri": server.URL + "/keys",
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { w.Write(keys) }) //nolint:errcheck // likewise
	v := token.NewProvider(token.ProviderConfig{Issuer: server.URL, Client: "aval", HTTP: token.Client(), Now: func() time.Time { return noon }})
	f.Add(s.sign(f, nil, map[string]any{"iss": server.URL, "aud": "aval", "sub": "x", "nonce": "our-nonce", "iat": noon.Unix(), "exp": noon.Unix() + 60}))
	f.Add(byHand(f, map[string]any{"alg": "none"}, map[string]any{"sub": "x"}, nil))
	f.Fuzz(func(t *testing.T, compact string) {
		if id, err := v.IDToken(t.Context(), compact, wanted); err == nil && (id.Subject == "" || id.Issuer != server.URL) {
			t.Errorf("believed: %+v", id)
		}
	})
}
