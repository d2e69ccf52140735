package api_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"aval/api"
	"aval/api/token"
	v1 "aval/api/v1"
	"aval/audit"
	"aval/consent"
	"aval/consent/statement"
)

// secure is a house whose staff reach it by a name, over TLS: there are passkeys.
func secure(t *testing.T) *house {
	t.Helper()
	return newHouse(t, options{config: func(c *api.Config) { c.Secure, c.StaffURL = true, "https://staff.test" }})
}

// A device holds one passkey.
type device struct {
	h    *house
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
	id   string
}

func (h *house) device() *device {
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 { // the library writes a coordinate that begins with a zero one byte short
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &device{
		h: h, rp: virtualwebauthn.RelyingParty{Name: origin, ID: "staff.test", Origin: "https://staff.test"},
		auth: virtualwebauthn.NewAuthenticator(), key: key,
	}
}

func (d *device) text(options any) string {
	d.h.t.Helper()
	raw, err := json.Marshal(options)
	ok(d.h.t, err)
	return string(raw)
}

// enrol makes a key for a signed-in member.
func (d *device) enrol(c *client) {
	d.h.t.Helper()
	asked := c.must("POST", "/me/passkeys/ask", nil, 200)
	options, err := virtualwebauthn.ParseAttestationOptions(d.text(asked.json["options"]))
	ok(d.h.t, err)
	d.auth.Options.UserHandle = []byte(d.h.account(c.id))
	d.id = c.must("POST", "/me/passkeys", members{
		"ceremony": asked.str("ceremony"), "name": "Clé bleue",
		"answer": b64(virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *options)),
	}, 201).str("id")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func (h *house) account(member string) consent.AccountID {
	h.t.Helper()
	m := &consent.Member{ID: consent.MemberID(member)}
	if !h.row(h.space, m) {
		h.t.Fatal("no member")
	}
	return m.Account
}

// answer is what the key says to what it is asked.
func (d *device) answer(asked *answer) string {
	d.h.t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(d.text(asked.json["options"]))
	ok(d.h.t, err)
	return b64(virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *options))
}

// signIn signs in with the session, if any, of a client.
func (d *device) signIn(c *client, status int) *answer {
	d.h.t.Helper()
	asked := c.must("POST", "/sign-in/passkey/ask", nil, 200)
	return c.must("POST", "/sign-in/passkey", members{"ceremony": asked.str("ceremony"), "answer": d.answer(asked)}, status)
}

// A helper's day with a key, through the JSON door: enrol, sign in, a second key,
// step up, remove one, and back again after a loss.
func TestPasskeyThroughTheDoor(t *testing.T) {
	h := secure(t)
	worker := h.helper("social_worker")
	first, second := h.device(), h.device()
	h.said(func() { first.enrol(worker) }, audit.HelperKeyAdded)

	nobody := &client{h: h}
	in := first.signIn(nobody, 200)
	if in.str("how") != "passkey" || in.str("space") != "ccas" || in.json["stepped_up"] != false || in.json["choose"] != false {
		t.Fatalf("signed in: %s", in.body)
	}
	by := &client{h: h, bearer: in.str("bearer")}
	me := by.must("GET", "/me", nil, 200)
	if me.str("member") != worker.id || me.str("link_by") != "" || me.json["may_sign"] != true {
		t.Fatalf("me: %s", me.body)
	}
	by.id = worker.id
	second.enrol(by)

	h.clock.add(15 * time.Minute)
	by.refused("GET", "/me", nil, 401, "step_up", "")
	up := first.signIn(by, 200)
	if up.json["stepped_up"] != true || up.str("expires") != in.str("expires") {
		t.Fatalf("stepped up: %s", up.body)
	}
	by.refused("GET", "/me", nil, 401, "session", "")
	by.bearer = up.str("bearer")

	keys := by.must("GET", "/me/passkeys", nil, 200)
	if list := keys.list("passkeys"); len(list) != 2 || strings.Contains(string(keys.body), "bleue") || list[0]["copied"] != false {
		t.Fatalf("the keys: %s", keys.body)
	}
	if list := by.must("POST", "/me/passkeys/names", nil, 200).list("passkeys"); list[0]["name"] != "Clé bleue" {
		t.Fatalf("the names: %v", list)
	}
	lost := &client{h: h, bearer: second.signIn(nobody, 200).str("bearer")}
	lost.must("GET", "/me", nil, 200)
	list := by.must("GET", "/me/sessions", nil, 200).list("sessions")
	if len(list) != 3 || list[0]["here"] == list[1]["here"] {
		t.Fatalf("the sessions: %v", list)
	}
	by.must("POST", "/me/passkeys/"+second.id+"/remove", nil, 204)
	lost.refused("GET", "/me", nil, 401, "session", "")
	second.signIn(nobody, 401)
	list = by.must("GET", "/me/sessions", nil, 200).list("sessions")
	slices.SortFunc(list, func(a, b members) int { return cmp.Compare(fmt.Sprint(a["here"]), fmt.Sprint(b["here"])) })
	for _, s := range list { // one's own last
		by.must("POST", "/me/sessions/"+s["id"].(string)+"/end", nil, 204)
	}
	by.refused("GET", "/me", nil, 401, "session", "")

	referent := &client{h: h, bearer: h.referent.bearer, id: h.referent.id}
	referent.refused("GET", "/helpers/"+worker.id+"/passkeys", nil, 401, "step_up", "")
	operator, err := h.reg.In(t.Context(), "ccas")
	ok(t, err)
	link, err := h.reg.MakeLink(t.Context(), operator, consent.MemberID(referent.id))
	ok(t, err)
	referent = h.signIn(link.Token.Reveal())
	if list := referent.must("GET", "/helpers/"+worker.id+"/passkeys", nil, 200).list("passkeys"); len(list) != 1 || list[0]["id"] != first.id {
		t.Fatalf("the referent sees %v", list)
	}
	secretary := h.enrolled(referent, "secretary")
	secretary.adhere()
	h.unchanged(func() {
		secretary.refused("GET", "/helpers/"+worker.id+"/passkeys", nil, 403, "office_only", "C16")
	}, "C16")
	back := referent.must("POST", "/helpers/"+worker.id+"/readmit", members{"why": "lost", "checked": "face_to_face"}, 201)
	first.signIn(nobody, 401)
	again := h.signIn(strings.TrimPrefix(back.str("link"), "https://staff.test/lien/"))
	third := h.device()
	third.enrol(again)
	third.signIn(nobody, 200)
}

// A helper who came in with their key signs a mandate with it, and both verifiers
// say so.
func TestPasskeySignsThroughTheDoor(t *testing.T) {
	h := secure(t)
	worker := h.helper("social_worker")
	d := h.device()
	d.enrol(worker)
	by := &client{h: h, id: worker.id, bearer: d.signIn(&client{h: h}, 200).str("bearer")}
	id := by.proposed(by.recorded())
	by.must("POST", "/mandates/"+id+"/sign", onPaper, 200)
	by.refused("POST", "/mandates/"+id+"/accept", nil, 401, "passkey", "")
	asked := by.must("POST", "/mandates/"+id+"/accept/ask", nil, 200)
	by.must("POST", "/mandates/"+id+"/accept", members{"ceremony": asked.str("ceremony"), "answer": d.answer(asked)}, 200)
	by.must("POST", "/mandates/"+id+"/deliver", members{"how": "print"}, 200)
	doc := by.must("POST", "/mandates/"+id+"/document", members{"purpose": "act_under_mandate"}, 200)
	raw, err := h.reg.RegisterPub()
	ok(t, err)
	pub, err := statement.ParseRegisterPub(raw)
	ok(t, err)
	v, err := consent.VerifyMandate(doc.body, pub)
	ok(t, err)
	if v.Signatures[0].Passkey == "" {
		t.Error("the document does not say that the helper signed with their key")
	}
	if _, err := token.Verify(doc.body, raw); err != nil {
		t.Errorf("the second verifier: %v", err)
	}
	for i := bytes.Index(doc.body, []byte(`"assertions"`)); i < len(doc.body); i++ {
		broken := slices.Clone(doc.body)
		broken[i] ^= 1
		if _, err := token.Verify(broken, raw); err == nil {
			t.Errorf("byte %d flipped, and the second verifier takes it", i)
		}
	}
}

// Nothing of a wrong answer is told, whoever and whatever it is about.
func TestSignInTellsNothing(t *testing.T) {
	h := secure(t)
	worker := h.helper("social_worker")
	d := h.device()
	d.enrol(worker)
	nobody := &client{h: h}
	said := map[string]bool{}
	for name, change := range map[string]func(*device){
		"unknown key":     func(d *device) { *d = *h.device(); d.auth.Options.UserHandle = []byte(h.account(worker.id)) },
		"unknown account": func(d *device) { d.auth.Options.UserHandle = []byte("a_aaaaaaaaaaaaaaaaaaaaaaaaaa") },
		"wrong key":       func(d *device) { d.key.Key = h.device().key.Key },
		"another site":    func(d *device) { d.rp.Origin, d.rp.ID = "https://evil.test", "evil.test" },
	} {
		other := *d
		change(&other)
		a := other.signIn(nobody, 401)
		said[fmt.Sprint(a.str("type"), a.str("title"), a.str("detail"))] = true
		if a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: a cookie is set", name)
		}
	}
	if len(said) != 1 {
		t.Errorf("answers can be told apart: %v", said)
	}
}

// A network that fails often waits; another goes on. Behind a proxy that is
// trusted, the network is that of whoever asks.
func TestSignInIsLimited(t *testing.T) {
	proxy := netip.MustParsePrefix("192.0.2.0/24") // httptest's
	h := newHouse(t, options{config: func(c *api.Config) {
		c.Secure, c.StaffURL, c.TrustedProxies = true, "https://staff.test", []netip.Prefix{proxy}
	}})
	worker := h.helper("social_worker")
	d := h.device()
	d.enrol(worker)
	try := func(from string, answer func(*answer) string) int {
		nobody := &client{h: h}
		asked := nobody.must("POST", "/sign-in/passkey/ask", nil, 200, "X-Forwarded-For", from)
		return nobody.call("POST", "/sign-in/passkey",
			members{"ceremony": asked.str("ceremony"), "answer": answer(asked)}, "X-Forwarded-For", from).status
	}
	wrong := func(*answer) string { return b64("{}") }
	for i := range 20 {
		if got := try("203.0.113.9", wrong); got != 401 {
			t.Fatalf("try %d: %d", i, got)
		}
	}
	if got := try("203.0.113.9", d.answer); got != 429 {
		t.Errorf("after 20 failures: %d", got)
	}
	if got := try("203.0.113.10", d.answer); got != 200 {
		t.Errorf("from elsewhere: %d", got)
	}
	h.clock.add(6 * time.Second)
	if got := try("203.0.113.9", d.answer); got != 200 {
		t.Errorf("six seconds later: %d", got)
	}
}

// The host and the origin are the configuration's: what a request says of its host
// changes nothing that a browser is asked.
func TestPartyIsNotTheHostHeader(t *testing.T) {
	h := secure(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://evil.test"+v1.Base+"/sign-in/passkey/ask", nil)
	r.Header.Set("X-Forwarded-Host", "evil.test")
	a := h.serve(h.staff, r)
	if a.status != 200 || bytes.Contains(a.body, []byte("evil")) || !bytes.Contains(a.body, []byte(`"rpId":"staff.test"`)) {
		t.Errorf("asked %s", a.body)
	}
	none := newHouse(t, options{config: func(c *api.Config) { c.StaffURL = "https://192.168.1.4" }})
	(&client{h: none}).refused("POST", "/sign-in/passkey/ask", nil, 409, "no_passkeys_here", "")
}
