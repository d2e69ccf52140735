package consent_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aval/charter"
	"aval/consent"
	"aval/consent/personal"
	"aval/consent/statement"
)

var b64 = base64.RawURLEncoding

// A paper is a mandate's document taken apart by the test's own hands, to be put
// together again as no signer of ours would.
type paper struct {
	Payload    string   `json:"payload"`
	Signatures []inked  `json:"signatures"`
	Statements []string `json:"statements"`
}

type inked struct {
	Protected string `json:"protected"`
	Signature string `json:"signature"`
}

func (p paper) raw(t *testing.T) []byte {
	t.Helper()
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (p paper) copy() paper {
	p.Signatures = append([]inked(nil), p.Signatures...)
	p.Statements = append([]string(nil), p.Statements...)
	return p
}

// ink signs a payload under a protected header, whatever that says.
func ink(t *testing.T, key *personal.Signer, header, payload string) inked {
	t.Helper()
	s := inked{Protected: b64.EncodeToString([]byte(header))}
	sig, err := key.SignPayload([]byte(s.Protected+"."+payload), jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	s.Signature = b64.EncodeToString(sig)
	return s
}

// An office is a structure with a mandate, and the keys that signed it.
type office struct {
	w            *world
	mandate      *consent.Mandate
	document     []byte
	paper        paper
	helper, seal *personal.Signer
	ev           string // as it stands in the seal's header
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	p := w.person(helper)
	absent := consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForAbsent}
	w.clock.add(time.Minute)
	o := &office{w: w, mandate: w.mandate(helper, terms(p, caf, absent))}
	var err error
	o.document, err = w.reg.MandateDocument(w.ctx, referent, o.mandate.ID, charter.PurposeAnswerPerson)
	w.must(err)
	w.must(json.Unmarshal(o.document, &o.paper))
	o.helper, err = w.keys.MemberSigner(personal.Owner(helper.Member()))
	w.must(err)
	o.seal, err = w.keys.SealSigner(w.space("ccas"))
	w.must(err)
	ev, err := json.Marshal(o.mandate.Evidence)
	w.must(err)
	o.ev = string(ev)
	return o
}

func kid(s *personal.Signer) string { return s.Public().KeyID }

func (o *office) helperHeader() string {
	return `{"alg":"ES256","kid":"` + kid(o.helper) + `","role":"helper","typ":"mandate+jws"}`
}

func (o *office) sealHeader(ev string) string {
	return `{"alg":"ES256","ev":` + ev + `,"kid":"` + kid(o.seal) + `","role":"structure","typ":"mandate+jws"}`
}

// signed is the document of another payload, signed by the right keys.
func (o *office) signed(t *testing.T, change func(p *consent.Payload)) []byte {
	t.Helper()
	p := o.mandate.Payload
	change(&p)
	raw, err := p.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	doc := o.paper.copy()
	doc.Payload = b64.EncodeToString(raw)
	doc.Signatures = []inked{ink(t, o.helper, o.helperHeader(), doc.Payload), ink(t, o.seal, o.sealHeader(o.ev), doc.Payload)}
	return doc.raw(t)
}

func TestVerifyMandateRefuses(t *testing.T) {
	o := newOffice(t)
	other := newOffice(t)
	register := o.w.register()
	if v, err := consent.VerifyMandate(o.document, register); err != nil || v.PersonLevel() != charter.E3 {
		t.Fatalf("the document itself: %v", err)
	}
	if _, err := consent.VerifyMandate(o.signed(t, func(*consent.Payload) {}), register); err != nil {
		t.Fatalf("the document signed by the test's hand: %v", err)
	}

	edit := func(change func(t *testing.T, p *paper)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			p := o.paper.copy()
			change(t, &p)
			return p.raw(t)
		}
	}
	text := func(old, new string) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			if bytes.Count(o.document, []byte(old)) < 1 {
				t.Fatalf("the document has no %s", old)
			}
			return bytes.Replace(o.document, []byte(old), []byte(new), 1)
		}
	}
	payload := func(change func(p *consent.Payload)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte { return o.signed(t, change) }
	}
	helperSays := func(header string) func(t *testing.T) []byte {
		return edit(func(t *testing.T, p *paper) { p.Signatures[0] = ink(t, o.helper, header, p.Payload) })
	}
	sealSays := func(header string) func(t *testing.T) []byte {
		return edit(func(t *testing.T, p *paper) { p.Signatures[1] = ink(t, o.seal, header, p.Payload) })
	}
	head := o.helperHeader()
	with := func(old, new string) string { return strings.Replace(head, old, new, 1) }
	member := func(from, to time.Time) func(t *testing.T) []byte {
		return edit(func(t *testing.T, p *paper) {
			key, err := statement.KeyOf(o.helper.Public())
			if err != nil {
				t.Fatal(err)
			}
			p.Statements[1], err = statement.SignMember(o.seal, statement.Member{
				ID: string(o.mandate.By), Slug: "ccas", Key: key, From: from, To: to,
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	iat := o.mandate.Payload.IssuedAt
	low := strings.Replace(o.ev, `"E3"`, `"E1"`, 1)

	cases := []struct {
		name, reason string
		make         func(t *testing.T) []byte
	}{
		{"no helper's signature", "mandate_role_helper", edit(func(_ *testing.T, p *paper) { p.Signatures = p.Signatures[1:] })},
		{"no seal", "mandate_role_person", edit(func(_ *testing.T, p *paper) { p.Signatures = p.Signatures[:1] })},
		{"no signature at all", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Signatures = nil })},
		{"nine signatures", "mandate_form", edit(func(_ *testing.T, p *paper) {
			for len(p.Signatures) < 9 {
				p.Signatures = append(p.Signatures, p.Signatures[0])
			}
		})},
		{"a seal without evidence", "mandate_role_person", sealSays(strings.Replace(o.sealHeader(o.ev), `"ev":`+o.ev+`,`, "", 1))},
		{"evidence under the least level", "mandate_role_person", sealSays(o.sealHeader(low))},
		{"evidence of a level there is not", "mandate_header", sealSays(o.sealHeader(strings.Replace(o.ev, `"E3"`, `"E9"`, 1)))},
		{"evidence in the helper's header", "mandate_evidence", helperSays(with(`"kid"`, `"ev":`+o.ev+`,"kid"`))},
		{"signatures swapped", "mandate_signature", edit(func(_ *testing.T, p *paper) {
			s := p.Signatures
			s[0].Signature, s[1].Signature = s[1].Signature, s[0].Signature
		})},
		{"another mandate's signatures", "mandate_key", edit(func(_ *testing.T, p *paper) { p.Signatures = other.paper.Signatures })},
		{"another mandate's payload", "mandate_statement", edit(func(_ *testing.T, p *paper) {
			p.Statements, p.Payload = other.paper.Statements, other.paper.Payload
		})},
		{"a role changed after signing", "mandate_key", edit(func(_ *testing.T, p *paper) {
			p.Signatures[0].Protected = b64.EncodeToString([]byte(with("helper", "structure")))
		})},
		{"the helper signs as the structure", "mandate_key", helperSays(with(`"helper"`, `"structure"`))},
		{"the helper signs as the person", "mandate_key", helperSays(with(`"helper"`, `"person"`))},
		{"the seal signs as the helper", "mandate_key", sealSays(strings.Replace(strings.Replace(o.sealHeader(o.ev), `"ev":`+o.ev+`,`, "", 1), "structure", "helper", 1))},
		{"alg none", "mandate_header", helperSays(with("ES256", "none"))},
		{"alg HS256", "mandate_header", helperSays(with("ES256", "HS256"))},
		{"alg RS256", "mandate_header", helperSays(with("ES256", "RS256"))},
		{"alg EdDSA on a key of ES256", "mandate_signature", helperSays(with("ES256", "EdDSA"))},
		{"another type", "mandate_header", helperSays(with("mandate+jws", "statement+jws"))},
		{"no type", "mandate_header", helperSays(with(`,"typ":"mandate+jws"`, ""))},
		{"an unknown kid", "mandate_key", helperSays(with(kid(o.helper), kid(other.helper)))},
		{"a key in the header", "mandate_header", helperSays(with(`"kid"`, `"jwk":{},"kid"`))},
		{"crit in the header", "mandate_header", helperSays(with(`"kid"`, `"crit":["b64"],"kid"`))},
		{"b64 in the header", "mandate_header", helperSays(with(`"kid"`, `"b64":false,"kid"`))},
		{"a member twice in the header", "mandate_header", helperSays(with(`"alg":"ES256"`, `"alg":"none","alg":"ES256"`))},
		{"a member in capitals", "mandate_header", helperSays(with(`"alg"`, `"ALG"`))},
		{"a space in the header", "mandate_header", helperSays(with(`,"kid"`, `, "kid"`))},
		{"something after the header", "mandate_header", helperSays(head + "{}")},
		{"signature beside signatures", "mandate_form", text(`"signatures":`, `"signature":"`+o.paper.Signatures[0].Signature+`","signatures":`)},
		{"protected beside signatures", "mandate_form", text(`"signatures":`, `"protected":"e30","signatures":`)},
		{"an unprotected header", "mandate_form", text(`{"protected":`, `{"header":{"alg":"none"},"protected":`)},
		{"an extra member", "mandate_form", text(`"payload":`, `"x":1,"payload":`)},
		{"the payload twice", "mandate_form", text(`"payload":`, `"payload":"","payload":`)},
		{"the payload in capitals", "mandate_form", text(`"payload":`, `"Payload":`)},
		{"members in another order", "mandate_form", func(*testing.T) []byte {
			at := bytes.Index(o.document, []byte(`,"statements"`))
			return []byte(`{` + string(o.document[at+1:len(o.document)-1]) + `,` + string(o.document[1:at]) + `}`)
		}},
		{"spaces", "mandate_form", func(t *testing.T) []byte {
			var b bytes.Buffer
			if err := json.Indent(&b, o.document, "", " "); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}},
		{"something after the document", "mandate_form", func(*testing.T) []byte { return append(bytes.Clone(o.document), "{}"...) }},
		{"stray bits in the payload", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Payload = stray(p.Payload) })},
		{"stray bits in a signature", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Signatures[0].Signature = stray(p.Signatures[0].Signature) })},
		{"a line break in base64", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Signatures[0].Signature += "\n" })},
		{"padding in base64", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Signatures[0].Signature += "==" })},
		{"the other alphabet of base64", "mandate_form", edit(func(_ *testing.T, p *paper) { p.Signatures[0].Signature = "+/" + p.Signatures[0].Signature[2:] })},
		{"a payload edited", "mandate_signature", edit(func(t *testing.T, p *paper) {
			raw, err := b64.DecodeString(p.Payload)
			if err != nil {
				t.Fatal(err)
			}
			p.Payload = b64.EncodeToString(bytes.Replace(raw, []byte(`"min_level":"E2"`), []byte(`"min_level":"E1"`), 1))
		})},
		{"no statement", "mandate_key", edit(func(_ *testing.T, p *paper) { p.Statements = nil })},
		{"no statement of the helper's key", "mandate_key", edit(func(_ *testing.T, p *paper) { p.Statements = p.Statements[:1] })},
		{"no statement of the space", "mandate_statement", edit(func(_ *testing.T, p *paper) { p.Statements = p.Statements[1:] })},
		{"statements of another register", "mandate_statement", edit(func(_ *testing.T, p *paper) { p.Statements = other.paper.Statements })},
		{"seventeen statements", "mandate_form", edit(func(_ *testing.T, p *paper) {
			for len(p.Statements) < 17 {
				p.Statements = append(p.Statements, p.Statements[1])
			}
		})},
		{"a statement that ended before", "mandate_key", member(start, iat)},
		{"a statement that begins after", "mandate_key", member(iat.Add(time.Second), time.Time{})},
		{"another origin", "mandate_origin", payload(func(p *consent.Payload) { p.Origin = "other.test" })},
		{"another space", "mandate_statement", payload(func(p *consent.Payload) { p.Space = "asso" })},
		{"before the keys were stated", "mandate_key", payload(func(p *consent.Payload) { p.IssuedAt = start.AddDate(-1, 0, 0) })},
		{"nobody but the structure is required", "payload_member", payload(func(p *consent.Payload) {
			p.Required = []charter.SignerRole{charter.SignerStructure}
		})},
		{"a helper's word is enough", "payload_member", payload(func(p *consent.Payload) { p.MinLevel = charter.E0 })},
		{"a curator is required and did not sign", "mandate_role_curator", payload(func(p *consent.Payload) {
			p.Required = append([]charter.SignerRole{charter.SignerCurator}, p.Required...)
		})},
		{"a representative is required and did not sign", "mandate_role_representative", payload(func(p *consent.Payload) {
			p.Required = []charter.SignerRole{charter.SignerRepresentative, charter.SignerHelper, charter.SignerStructure}
		})},
		{"too large", "mandate_size", func(*testing.T) []byte { return append(bytes.Clone(o.document), make([]byte, 256<<10)...) }},
		{"a payload too large", "payload_size", edit(func(_ *testing.T, p *paper) { p.Payload = b64.EncodeToString(make([]byte, 17<<10)) })},
		{"nothing", "mandate_form", func(*testing.T) []byte { return nil }},
		{"null", "mandate_form", func(*testing.T) []byte { return []byte("null") }},
		{"a list", "mandate_form", func(*testing.T) []byte { return []byte("[]") }},
		{"deep nesting", "mandate_form", func(*testing.T) []byte { return bytes.Repeat([]byte("["), 200<<10) }},
		{"a compact JWS", "mandate_form", func(*testing.T) []byte {
			s := o.paper.Signatures[0]
			return []byte(s.Protected + "." + o.paper.Payload + "." + s.Signature)
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := consent.VerifyMandate(c.make(t), register)
			if err == nil {
				t.Fatalf("it verifies: %+v", v)
			}
			if got := lastWord(invalid(err)); got != c.reason {
				t.Errorf("refused as %q (%v), want %q", got, err, c.reason)
			}
		})
	}
	if _, err := consent.VerifyMandate(o.document, other.w.register()); lastWord(invalid(err)) != "mandate_statement" {
		t.Errorf("with another register's keys: %v", err)
	}
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// stray changes the last character of base64 in bits that decode to nothing.
func stray(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for len(s)%4 == 0 || len(s)%4 == 1 { // no bits are left over: lose a byte first
		raw, _ := b64.DecodeString(s)
		s = b64.EncodeToString(raw[:len(raw)-1])
	}
	i := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[i+1])
}

// The levels that stand in a document are those of the charter for what the
// person did, and the seal covers the evidence that the register keeps.
func TestSealCoversTheEvidence(t *testing.T) {
	o := newOffice(t)
	v, err := consent.VerifyMandate(o.document, o.w.register())
	o.w.must(err)
	if len(v.Signatures) != 2 || v.Signatures[0].Role != charter.SignerHelper || v.Signatures[1].Role != charter.SignerStructure {
		t.Fatalf("signed by %+v", v.Signatures)
	}
	if got := v.Signatures[1].Evidence; len(got) != 1 || got[0] != o.mandate.Evidence[0] || got[0].Type != charter.PaperOriginal {
		t.Errorf("the seal covers %+v", got)
	}
	if v.Payload.Person.ID != o.mandate.Person || v.Payload.MinLevel != charter.E2 {
		t.Errorf("the payload is about %+v", v.Payload.Person)
	}
	raw, err := o.w.reg.MandateOpening(o.w.ctx, o.w.structureReferent(o), o.mandate.ID, charter.PurposeAnswerPerson)
	o.w.must(err)
	opening, err := personal.ParseOpening(raw)
	o.w.must(err)
	if opening.Commitment() != v.Payload.Person.C {
		t.Error("the opening is not what the mandate commits to")
	}
}

// structureReferent is a referent of the office, signed in anew.
func (w *world) structureReferent(o *office) consent.Actor {
	w.t.Helper()
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	members, err := w.reg.Members(w.ctx, operator)
	w.must(err)
	for _, m := range members {
		if m.Referent {
			invite, err := w.reg.MakeLink(w.ctx, operator, m.ID)
			w.must(err)
			return w.enter(invite.Token)
		}
	}
	w.t.Fatal("no referent")
	return consent.Actor{}
}

// Another reader of general JWS finds the same: every signature verifies over the
// same bytes with the keys that the statements give.
func TestDocumentIsAGeneralJWS(t *testing.T) {
	o := newOffice(t)
	jws, err := jose.ParseSignedJSON(string(o.document), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if len(jws.Signatures) != 2 {
		t.Fatalf("%d signatures", len(jws.Signatures))
	}
	keys, err := statement.Chain(o.w.register(), "ccas", o.paper.Statements)
	o.w.must(err)
	for i, key := range []*ecdsa.PublicKey{
		keys.Member(kid(o.helper), o.mandate.Payload.IssuedAt), keys.Seal(kid(o.seal), o.mandate.Payload.IssuedAt),
	} {
		if key == nil {
			t.Fatalf("signature %d has no stated key", i)
		}
		index, sig, payload, err := jws.VerifyMulti(key)
		if err != nil || index != i {
			t.Fatalf("signature %d: %v", i, err)
		}
		want, err := o.mandate.Payload.Bytes()
		o.w.must(err)
		if !bytes.Equal(payload, want) {
			t.Error("another payload")
		}
		sum, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
		o.w.must(err)
		if sig.Protected.KeyID != b64.EncodeToString(sum) {
			t.Error("the kid is not the key's thumbprint (RFC 7638)")
		}
	}
	if got := keys.MemberID(kid(o.helper), o.mandate.Payload.IssuedAt); got != string(o.mandate.By) {
		t.Errorf("the helper's key is stated for %s", got)
	}
}

// The example of RFC 7520 §4.8 is a general JWS that others verify and that is no
// mandate: headers outside the signature, and algorithms with a shared secret.
func TestMultipleSignaturesExampleIsNoMandate(t *testing.T) {
	raw, err := os.ReadFile("testdata/rfc7520-4.8.json")
	if err != nil {
		t.Fatal(err)
	}
	algs := []jose.SignatureAlgorithm{jose.RS256, jose.ES512, jose.HS256}
	jws, err := jose.ParseSignedJSON(string(raw), algs)
	if err != nil || len(jws.Signatures) != 3 {
		t.Fatalf("the example does not parse: %v", err)
	}
	if _, err := consent.VerifyMandate(raw, newWorld(t).register()); invalid(err) != " mandate_form" {
		t.Errorf("refused as %v", err)
	}
}

var update = flag.Bool("update", false, "make the kept mandate and its register anew; every mandate handed out before stops verifying if it has to")

// A mandate made once, and the register's public keys of that day. Both are kept
// for ever: what was handed to people must verify with every later version.
func TestKeptMandateStillVerifies(t *testing.T) {
	document, register := filepath.Join("testdata", "mandate.json"), filepath.Join("testdata", "register.pub")
	if *update {
		o := newOffice(t)
		pub, err := o.w.keys.RegisterPub()
		o.w.must(err)
		o.w.must(os.WriteFile(register, pub, 0o644))
		o.w.must(os.WriteFile(document, o.document, 0o644))
		raw, err := o.mandate.Payload.Bytes()
		o.w.must(err)
		o.w.must(os.WriteFile(filepath.Join("testdata", "payload.json"), raw, 0o644))
	}
	doc, pub := kept(t, document), kept(t, register)
	keys, err := statement.ParseRegisterPub(pub)
	if err != nil {
		t.Fatal(err)
	}
	v, err := consent.VerifyMandate(doc, keys)
	if err != nil {
		t.Fatalf("a mandate that people hold no longer verifies: %v", err)
	}
	raw, err := v.Payload.Bytes()
	if err != nil || !bytes.Equal(raw, kept(t, filepath.Join("testdata", "payload.json"))) {
		t.Errorf("its payload is now written\n%s", raw)
	}
	if v.PersonLevel() != charter.E3 || v.Payload.Until.Format(time.RFC3339) != "2027-02-10T23:00:00Z" || len(v.Payload.Powers) != 2 {
		t.Errorf("it now says %+v", v.Payload)
	}
}

func kept(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Only the kept document verifies, whatever is made of it.
func FuzzVerifyMandate(f *testing.F) {
	doc := kept(f, "testdata/mandate.json")
	register, err := statement.ParseRegisterPub(kept(f, "testdata/register.pub"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"payload":"","signatures":[{"protected":"e30","signature":""}],"statements":[]}`))
	f.Add([]byte(`{"payload":"e30","signatures":[],"statements":null}`))
	f.Add(bytes.Replace(doc, []byte(`"signatures"`), []byte(`"signature":"","signatures"`), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := consent.VerifyMandate(raw, register)
		if err == nil && !bytes.Equal(bytes.TrimSuffix(raw, []byte("\n")), doc) {
			t.Errorf("another document verifies: %q", raw)
		}
		if err != nil && invalid(err) == "" {
			t.Errorf("refused by %T", err)
		}
	})
}
