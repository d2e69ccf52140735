package statement_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"aval/consent/statement"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"golang.org/x/mod/sumdb/note"
)

const origin = "aval.example.org"

var (
	from   = time.Date(2026, 11, 21, 21, 20, 33, 0, time.UTC)
	member = "h_" + strings.Repeat("a", 26)
	other  = "h_" + strings.Repeat("b", 25) + "a"
)

// A signer signs with a key in memory and names its kid.
type signer struct {
	jose.OpaqueSigner
	key statement.Key
}

func (s signer) Public() *jose.JSONWebKey {
	return &jose.JSONWebKey{Key: s.key.Public, KeyID: s.key.Kid}
}

func newSigner(t testing.TB) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := statement.KeyOf(&jose.JSONWebKey{Key: &private.PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	return signer{cryptosigner.Opaque(private), key}
}

func vkey(t testing.TB, name string) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type world struct {
	register, seal, member signer
	pub                    *statement.RegisterPub
	space                  statement.Space
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{register: newSigner(t), seal: newSigner(t), member: newSigner(t)}
	w.pub = &statement.RegisterPub{Origin: origin, Notes: []string{vkey(t, origin)}, Keys: []statement.Key{w.register.key}}
	w.space = statement.Space{Origin: origin, Number: 3, Slug: "ccas-lyon", Log: vkey(t, origin+"/ccas-lyon"), Seal: w.seal.key, From: from}
	return w
}

func (w *world) sign(t testing.TB, s statement.Space) string {
	t.Helper()
	jws, err := statement.SignSpace(w.register, s)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func (w *world) signMember(t testing.TB, m statement.Member) string {
	t.Helper()
	jws, err := statement.SignMember(w.seal, m)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func TestRoundTrip(t *testing.T) {
	w := newWorld(t)
	w.space.To = from.AddDate(1, 0, 0)
	got, err := statement.ParseSpace(w.pub, w.sign(t, w.space))
	if err != nil || !got.Seal.Public.Equal(w.seal.key.Public) {
		t.Fatal(err)
	}
	got.Seal = w.space.Seal
	if got != w.space {
		t.Errorf("%+v, want %+v", got, w.space)
	}
	m := statement.Member{ID: member, Slug: "ccas-lyon", Key: w.member.key, From: from.Add(time.Hour + time.Millisecond)}
	gotM, err := statement.ParseMember(w.space, w.signMember(t, m))
	if err != nil || gotM.Key.Kid != m.Key.Kid || !gotM.From.Equal(from.Add(time.Hour)) || !gotM.To.IsZero() {
		t.Errorf("%+v, %v", gotM, err)
	}
}

func TestChain(t *testing.T) {
	w := newWorld(t)
	space := w.sign(t, w.space)
	m1 := w.signMember(t, statement.Member{ID: member, Slug: "ccas-lyon", Key: w.member.key, From: from, To: from.Add(time.Hour)})
	keys, err := statement.Chain(w.pub, "ccas-lyon", []string{m1, space})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]bool{-time.Nanosecond: false, 0: true, time.Hour - 1: true, time.Hour: false} {
		got := keys.Member(w.member.key.Kid, from.Add(at))
		if (got != nil) != want || (keys.MemberID(w.member.key.Kid, from.Add(at)) == member) != want {
			t.Errorf("member's key at %v: %v", at, got != nil)
		}
	}
	if keys.Seal(w.seal.key.Kid, from) == nil || keys.Seal(w.seal.key.Kid, from.Add(-1)) != nil ||
		keys.Seal(w.member.key.Kid, from) != nil || keys.Member(w.seal.key.Kid, from) != nil || keys.Seal(w.register.key.Kid, from) != nil {
		t.Error("a key in another role")
	}
	if keys.Log(from) == nil || keys.Log(from).Name() != origin+"/ccas-lyon" || keys.Log(from.Add(-1)) != nil {
		t.Error("the log's key")
	}
	newer := w.space
	newer.Log, newer.From = vkey(t, origin+"/ccas-lyon"), from.Add(time.Hour)
	keys, err = statement.Chain(w.pub, "ccas-lyon", []string{w.sign(t, newer), space})
	if err != nil {
		t.Fatal(err)
	}
	old, _ := note.NewVerifier(w.space.Log)
	next, _ := note.NewVerifier(newer.Log)
	if keys.Log(from).KeyHash() != old.KeyHash() || keys.Log(newer.From).KeyHash() != next.KeyHash() {
		t.Error("not the log's key of the time")
	}
}

func TestChainRefuses(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	space := w.sign(t, w.space)
	m := statement.Member{ID: member, Slug: "ccas-lyon", Key: w.member.key, From: from}
	otherSpace := w.space
	otherSpace.Slug, otherSpace.Log = "ccas-nantes", vkey(t, origin+"/ccas-nantes")
	elsewhere := m
	elsewhere.Slug = "ccas-nantes"
	early := m
	early.From = from.Add(-time.Second)
	bySelf, err := statement.SignMember(w.member, m)
	if err != nil {
		t.Fatal(err)
	}
	byRegister, err := statement.SignMember(w.register, m)
	if err != nil {
		t.Fatal(err)
	}
	spaceBySeal, err := statement.SignSpace(w.seal, w.space)
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]string{
		"another space's":            {space, w.sign(t, otherSpace)},
		"another space's seal alone": {w.sign(t, otherSpace), w.signMember(t, m)},
		"another register's":         {stranger.sign(t, stranger.space)},
		"a member of another space":  {space, w.signMember(t, elsewhere)},
		"before the seal was":        {space, w.signMember(t, early)},
		"the seal is not stated":     {w.signMember(t, m)},
		"by the member":              {space, bySelf},
		"by the register":            {space, byRegister},
		"a space by its seal":        {space, spaceBySeal},
		"nonsense":                   {space, "x.y.z"},
		"empty":                      {""},
		"too many":                   make([]string, 5000),
	} {
		if keys, err := statement.Chain(w.pub, "ccas-lyon", list); err == nil || keys != nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(*statement.Space){
		"origin":   func(s *statement.Space) { s.Origin = "" },
		"slug":     func(s *statement.Space) { s.Slug = "CCAS" },
		"log":      func(s *statement.Space) { s.Log = vkey(t, origin+"/other") },
		"log name": func(s *statement.Space) { s.Log = "x" },
		"seal":     func(s *statement.Space) { s.Seal = statement.Key{} },
		"from":     func(s *statement.Space) { s.From = time.Time{} },
		"to":       func(s *statement.Space) { s.To = s.From },
	} {
		s := w.space
		change(&s)
		if _, err := statement.SignSpace(w.register, s); !errors.Is(err, statement.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := statement.Member{ID: member, Slug: "ccas-lyon", Key: w.member.key, From: from}
	for name, change := range map[string]func(*statement.Member){
		"id":   func(m *statement.Member) { m.ID = "Jean" },
		"slug": func(m *statement.Member) { m.Slug = "" },
		"key":  func(m *statement.Member) { m.Key = statement.Key{} },
		"from": func(m *statement.Member) { m.From = time.Time{} },
		"to":   func(m *statement.Member) { m.To = m.From.Add(-time.Hour) },
	} {
		m := good
		change(&m)
		if _, err := statement.SignMember(w.seal, m); !errors.Is(err, statement.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Signed by the right key and still not a statement: other headers, spellings.
func TestStrictForm(t *testing.T) {
	w := newWorld(t)
	good := w.sign(t, w.space)
	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	sign := func(payload string, opts *jose.SignerOptions) string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: w.register}, opts)
		if err != nil {
			t.Fatal(err)
		}
		obj, err := s.Sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		jws, err := obj.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return jws
	}
	typ := func() *jose.SignerOptions { return (&jose.SignerOptions{}).WithType(statement.Type) }
	text := string(payload)
	if _, err := statement.ParseSpace(w.pub, sign(text, typ())); err != nil {
		t.Fatal(err)
	}
	for name, jws := range map[string]string{
		"no type":        sign(text, nil),
		"another type":   sign(text, (&jose.SignerOptions{}).WithType("mandate+jws")),
		"another header": sign(text, typ().WithHeader("x", 1)),
		"embedded key":   sign(text, (&jose.SignerOptions{EmbedJWK: true}).WithType(statement.Type)),
		"unknown member": sign(strings.Replace(text, `"v":1`, `"v":1,"x":1`, 1), typ()),
		"member twice":   sign(strings.Replace(text, `"v":1`, `"v":1,"v":1`, 1), typ()),
		"spaces":         sign(strings.Replace(text, `,`, `, `, 1), typ()),
		"version":        sign(strings.Replace(text, `"v":1`, `"v":2`, 1), typ()),
		"kind":           sign(strings.Replace(text, `"kind":"space"`, `"kind":"member"`, 1), typ()),
		"number":         sign(strings.Replace(text, `"number":3`, `"number":-3`, 1), typ()),
		"time":           sign(strings.Replace(text, `21:20:33Z`, `21:20:33+00:00`, 1), typ()),
		"fraction":       sign(strings.Replace(text, `21:20:33Z`, `21:20:33.5Z`, 1), typ()),
		"not JSON":       sign("hello", typ()),
		"line break":     parts[0] + "." + parts[1] + "." + parts[2] + "\n",
		"break within":   parts[0] + "." + parts[1][:8] + "\n" + parts[1][8:] + "." + parts[2],
		"padding":        good + "==",
		"fourth part":    good + ".",
		"long":           good + strings.Repeat("A", 8<<10),
		"wrong kid":      strings.Replace(good, parts[0], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"x","typ":"statement+jws"}`)), 1),
		"no alg":         strings.Replace(good, parts[0], base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+w.register.key.Kid+`"}`)), 1),
	} {
		if _, err := statement.ParseSpace(w.pub, jws); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for i := range good {
		bad := []byte(good)
		bad[i] ^= 1
		if _, err := statement.ParseSpace(w.pub, string(bad)); err == nil {
			t.Errorf("byte %d flipped: taken", i)
		}
	}
}

func TestRegisterPub(t *testing.T) {
	w := newWorld(t)
	data, err := w.pub.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := statement.ParseRegisterPub(data)
	if err != nil || got.Origin != origin || got.Notes[0] != w.pub.Notes[0] || got.Keys[0].Kid != w.register.key.Kid {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.HasPrefix(string(data), `{"origin":"aval.example.org","notes":["aval.example.org+`) || !strings.Contains(string(data), `"jwks":{"keys":[{"kty":"EC","crv":"P-256","x":"`) {
		t.Errorf("file: %s", data)
	}
	// It is a JWK set for everybody.
	var set struct {
		Keys jose.JSONWebKeySet `json:"jwks"`
	}
	if err := json.Unmarshal(data, &set); err != nil || len(set.Keys.Keys) != 1 || !set.Keys.Keys[0].Valid() || !set.Keys.Keys[0].IsPublic() {
		t.Errorf("as a JWK set: %v", err)
	}
	line := string(data)
	for name, bad := range map[string]string{
		"empty":          "",
		"unknown member": strings.Replace(line, `{"origin"`, `{"x":1,"origin"`, 1),
		"order":          `{"notes":[],"origin":""}`,
		"other origin":   strings.Replace(line, `"origin":"aval`, `"origin":"avam`, 1),
		"bad origin":     strings.ReplaceAll(line, "aval.example.org", "aval example"),
		"no notes":       strings.Replace(line, w.pub.Notes[0], "", 1),
		"kid":            strings.Replace(line, `"kid":"`, `"kid":"A`, 1),
		"private":        strings.Replace(line, `"crv"`, `"d":"AA","crv"`, 1),
		"off the curve":  strings.Replace(line, `"x":"`+line[strings.Index(line, `"x":"`)+5:][:8], `"x":"AAAAAAAA`, 1),
		"two lines":      line + "\n",
		"large":          line + strings.Repeat(" ", 64<<10),
	} {
		if got, err := statement.ParseRegisterPub([]byte(bad)); !errors.Is(err, statement.ErrForm) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]statement.RegisterPub{
		"nothing": {}, "no keys": {Origin: origin, Notes: w.pub.Notes}, "no notes": {Origin: origin, Keys: w.pub.Keys},
		"zero key": {Origin: origin, Notes: w.pub.Notes, Keys: make([]statement.Key, 1)},
	} {
		if _, err := bad.Marshal(); !errors.Is(err, statement.ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyOf(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{nil, []byte("secret"), &p384.PublicKey, p384} {
		if _, err := statement.KeyOf(&jose.JSONWebKey{Key: key}); !errors.Is(err, statement.ErrForm) {
			t.Errorf("%T: %v", key, err)
		}
	}
}

func FuzzRegisterPub(f *testing.F) {
	data, err := newWorld(f).pub.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"origin":"a","notes":[],"jwks":{"keys":[]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		pub, err := statement.ParseRegisterPub(data)
		if err != nil {
			return
		}
		again, err := pub.Marshal()
		if err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), bytes.TrimSuffix(data, []byte("\n"))) {
			t.Errorf("two spellings: %v", err)
		}
	})
}

func FuzzStatement(f *testing.F) {
	w := newWorld(f)
	space := w.sign(f, w.space)
	m := w.signMember(f, statement.Member{ID: member, Slug: "ccas-lyon", Key: w.member.key, From: from})
	m2 := w.signMember(f, statement.Member{ID: other, Slug: "ccas-lyon", Key: w.member.key, From: from})
	f.Add(space)
	f.Add(m)
	f.Add(m2[:len(m2)-1])
	f.Add("eyJhbGciOiJub25lIn0..")
	f.Fuzz(func(t *testing.T, jws string) {
		// Nothing but what was signed here is taken.
		if _, err := statement.ParseSpace(w.pub, jws); (err == nil) != (jws == space) {
			t.Errorf("as a space: %v", err)
		}
		if _, err := statement.ParseMember(w.space, jws); (err == nil) != (jws == m) {
			t.Errorf("as a member: %v", err)
		}
	})
}
