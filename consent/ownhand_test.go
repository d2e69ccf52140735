package consent_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"aval/charter"
	"aval/consent"
	"aval/consent/statement"
)

// agreed is a mandate that the person has agreed to, to be accepted.
func (w *world) agreed(helper consent.Actor) *consent.Mandate {
	w.t.Helper()
	m, err := w.reg.DraftMandate(w.ctx, helper, terms(w.person(helper), caf))
	w.must(err)
	m, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(w.t, "Classeur bleu")})
	w.must(err)
	return m
}

// sign lets the device sign a mandate.
func (d *device) sign(a consent.Actor, id consent.MandateID) (*consent.Mandate, error) {
	d.w.t.Helper()
	asked, err := d.w.reg.AskAcceptance(d.w.ctx, a, d.at, id)
	d.w.must(err)
	return d.w.reg.AcceptMandateByPasskey(d.w.ctx, a, d.at, id, asked.Ceremony, d.answers(asked))
}

// signer is a helper whose device holds a key, signed in by it.
func (w *world) signer(kind virtualwebauthn.KeyType) (*device, consent.Actor) {
	w.t.Helper()
	d := w.device(kind)
	d.enrol(w.helper(w.structure("ccas"), charter.SocialWorker))
	return d, d.enter()
}

// A helper who signed in with their key signs with it: the document says so to
// anybody, and the key that the register holds only wraps it.
func TestPasskeySignsTheMandate(t *testing.T) {
	for name, kind := range map[string]virtualwebauthn.KeyType{"ES256": virtualwebauthn.KeyTypeEC2, "RS256": virtualwebauthn.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, helper := w.signer(kind)
			m := w.agreed(helper)
			if _, err := w.reg.AcceptMandate(w.ctx, helper, m.ID); signInNeeded(err) != "passkey" {
				t.Errorf("the register signed for who can sign: %v", err)
			}
			w.clock.add(6 * time.Minute) // the key asks who is there: no other proof is needed
			_, err := d.sign(helper, m.ID)
			w.must(err)
			_, err = w.reg.DeliverMandate(w.ctx, helper, m.ID, "print")
			w.must(err)
			doc, err := w.reg.MandateDocument(w.ctx, helper, m.ID, charter.PurposeFollowUp)
			w.must(err)
			v, err := consent.VerifyMandate(doc, w.pub())
			w.must(err)
			for _, s := range v.Signatures {
				switch s.Role {
				case charter.SignerHelper:
					if s.Passkey == "" || s.Passkey == s.Kid {
						t.Errorf("the helper signed with %+v", s)
					}
				case charter.SignerStructure:
					if !slices.ContainsFunc(s.Evidence, func(e consent.EvidenceRef) bool {
						return e.Role == charter.SignerHelper && e.Type == charter.Passkey && e.Level == charter.E2
					}) {
						t.Errorf("the seal covers %v", s.Evidence)
					}
				}
			}
			if bytes.Contains(doc, []byte(w.account(helper.Member()))) {
				t.Error("the document names the account")
			}
		})
	}
}

// Not a byte of what the key signed, nor of the document around it, can be another.
func TestPasskeySignatureEveryByteCounts(t *testing.T) {
	w := newWorld(t)
	d, helper := w.signer(virtualwebauthn.KeyTypeEC2)
	m, err := d.sign(helper, w.agreed(helper).ID)
	w.must(err)
	_, err = w.reg.DeliverMandate(w.ctx, helper, m.ID, "print")
	w.must(err)
	doc, err := w.reg.MandateDocument(w.ctx, helper, m.ID, charter.PurposeFollowUp)
	w.must(err)
	pub := w.pub()
	for i := bytes.Index(doc, []byte(`"assertions"`)); i < len(doc); i++ {
		broken := slices.Clone(doc)
		broken[i] ^= 1
		if _, err := consent.VerifyMandate(broken, pub); err == nil {
			t.Errorf("byte %d of %d flipped, and it verifies", i, len(doc))
		}
	}
	var parts struct {
		Payload    string                `json:"payload"`
		Signatures []json.RawMessage     `json:"signatures"`
		Statements []string              `json:"statements"`
		Assertions []statement.Assertion `json:"assertions,omitempty"`
	}
	w.must(json.Unmarshal(doc, &parts))
	keys, err := statement.Chain(pub, "ccas", parts.Statements)
	w.must(err)
	payload, err := base64.RawURLEncoding.DecodeString(parts.Payload)
	w.must(err)
	good := parts.Assertions[0]
	key := keys.Passkey(good.Kid, m.Payload.IssuedAt)
	w.must(key.Verify(good, payload))
	// The parts by themselves, without the seal around them: each byte of each.
	for name, part := range map[string]*string{"client data": &good.ClientData, "authenticator data": &good.AuthData, "signature": &good.Signature} {
		before := *part
		raw, err := base64.RawURLEncoding.DecodeString(before)
		w.must(err)
		for i := range raw {
			raw[i] ^= 1
			*part = base64.RawURLEncoding.EncodeToString(raw)
			if key.Verify(good, payload) == nil {
				t.Errorf("byte %d of the %s flipped, and it verifies", i, name)
			}
			raw[i] ^= 1
		}
		*part = before
	}
	if key.Verify(good, append(payload, ' ')) == nil {
		t.Error("it verifies for another payload")
	}
	for name, change := range map[string]func(p *statement.Passkey){
		"another page": func(p *statement.Passkey) { p.Origin = "https://registre.test" },
		"another host": func(p *statement.Passkey) { p.Party = "evil.test" },
		"another key": func(p *statement.Passkey) {
			p.Key.Public = &newECDSA(t).PublicKey
		},
	} {
		other := *key
		change(&other)
		if other.Verify(good, payload) == nil {
			t.Errorf("%s, and it verifies", name)
		}
	}
	with := func(change func()) []byte {
		before := parts
		defer func() { parts = before }()
		change()
		raw, err := json.Marshal(parts)
		w.must(err)
		return raw
	}
	for name, doc := range map[string][]byte{
		"without what the key signed": with(func() { parts.Assertions = nil }),
		"with it twice":               with(func() { parts.Assertions = []statement.Assertion{good, good} }),
		"with one that nobody sealed": with(func() { parts.Assertions = []statement.Assertion{good, {Kid: good.Kid}} }),
		"without the key's statement": with(func() {
			parts.Statements = slices.DeleteFunc(slices.Clone(parts.Statements), func(jws string) bool {
				raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(jws, ".")[1])
				return bytes.Contains(raw, []byte(`"kind":"passkey"`))
			})
		}),
		"without the wrapper": with(func() { parts.Signatures = parts.Signatures[1:] }),
	} {
		if _, err := consent.VerifyMandate(doc, pub); err == nil {
			t.Errorf("%s, it verifies", name)
		}
	}
}

// Only what was asked is signed, by who was asked, once, and while it waits.
func TestPasskeySignsOnlyWhatWasAsked(t *testing.T) {
	w := newWorld(t)
	d, helper := w.signer(virtualwebauthn.KeyTypeEC2)
	first, second := w.agreed(helper), w.agreed(helper)
	ask := func(id consent.MandateID) consent.Asked {
		asked, err := w.reg.AskAcceptance(w.ctx, helper, d.at, id)
		w.must(err)
		return asked
	}
	try := func(a consent.Actor, id consent.MandateID, c consent.CeremonyID, answer []byte) error {
		_, err := w.reg.AcceptMandateByPasskey(w.ctx, a, d.at, id, c, answer)
		return err
	}
	one, other := ask(first.ID), ask(second.ID)
	stranger := *d
	stranger.key = newKey(virtualwebauthn.KeyTypeEC2)
	signIn, err := w.reg.AskPasskey(w.ctx, d.at)
	w.must(err)
	again := d.enter()
	late := ask(first.ID)
	for name, err := range map[string]error{
		"the answer for another mandate": try(helper, first.ID, one.Ceremony, d.answers(other)),
		"the asking for another mandate": try(helper, first.ID, other.Ceremony, d.answers(other)),
		"an asking that was used":        try(helper, first.ID, one.Ceremony, d.answers(one)),
		"the asking of another session":  try(again, first.ID, ask(first.ID).Ceremony, d.answers(one)),
		"the asking of a sign-in":        try(helper, first.ID, signIn.Ceremony, d.answers(signIn)),
		"another key": func() error {
			asked := ask(first.ID)
			return try(helper, first.ID, asked.Ceremony, stranger.answers(asked))
		}(),
		"too late": func() error {
			w.clock.add(5 * time.Minute)
			return try(helper, first.ID, late.Ceremony, d.answers(late))
		}(),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "invalid ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m, err := w.reg.Mandate(w.ctx, helper, first.ID); err != nil || !m.Accepted.IsZero() {
		t.Error("the mandate was accepted")
	}
	asked := ask(first.ID)
	w.must(try(helper, first.ID, asked.Ceremony, d.answers(asked)))
	if err := try(helper, first.ID, asked.Ceremony, d.answers(asked)); err == nil {
		t.Error("accepted twice")
	}

	// A key that is newer than the mandate could not be verified by others: then the
	// key that the register holds signs, as for who came by a link.
	third := w.agreed(helper)
	w.clock.add(time.Minute)
	w.must(w.reg.RemovePasskey(w.ctx, w.again(helper), d.added))
	fresh := w.device(virtualwebauthn.KeyTypeEC2)
	fresh.enrol(w.again(helper))
	by := fresh.enter()
	if _, err := w.reg.AskAcceptance(w.ctx, by, fresh.at, third.ID); conflict(err) != "passkey_newer" {
		t.Errorf("asked a key that is newer: %v", err)
	}
	_, err = w.reg.AcceptMandate(w.ctx, by, third.ID)
	w.must(err)
}

func FuzzAssertion(f *testing.F) {
	f.Add([]byte(`{"kid":"a","client_data":"e30","auth_data":"AAAA","signature":"AAAA"}`), []byte("payload"))
	f.Add([]byte(`{"client_data":"eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"}`), []byte{})
	key, err := statement.PasskeyKeyOf(&newECDSA(f).PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	p := statement.Passkey{Key: key, Party: "registre.test", Origin: "https://registre.test"}
	f.Fuzz(func(t *testing.T, raw, payload []byte) {
		var a statement.Assertion
		if json.Unmarshal(raw, &a) != nil {
			return
		}
		a.Kid = key.Kid
		if p.Verify(a, payload) == nil {
			t.Error("a signature by nobody verifies")
		}
	})
}

func newECDSA(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}
