package personal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"aval/audit"
	"aval/consent/personal"

	"github.com/go-jose/go-jose/v4"
)

var ctx = context.Background()

// roundTrip seals a record, opens it with a pass, and compares.
func roundTrip[R personal.Record](t *testing.T, r *register, o personal.Owner, kind personal.KeyKind, want R) {
	t.Helper()
	key := r.key(t, lyon, o, kind)
	box := seal(t, r, key, "record.1", 7, want)
	if len(box) > 64<<10 || strings.Count(string(box), ".") != 4 {
		t.Errorf("box is %d bytes", len(box))
	}
	got, err := personal.Open[R](ctx, r.Keyring, r.pass(t, lyon, o, audit.OK, "record.1"), o, "record.1", 7, box)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%T: not what was sealed: %v", want, err)
	}
	// An update is sealed with the key as it is in the store.
	again, err := r.SealingKey(ctx, lyon, o, kind)
	if err != nil {
		t.Fatal(err)
	}
	box = seal(t, r, again, "record.1", 8, want)
	if _, err := personal.Open[R](ctx, r.Keyring, r.pass(t, lyon, o, audit.OK, "record.1"), o, "record.1", 8, box); err != nil {
		t.Errorf("%T: updated: %v", want, err)
	}
}

func TestSealOpen(t *testing.T) {
	r := newRegister(t)
	jean := identity(t, "Zoé Anaïs", "Le Goff", "Дмитриев <&> \"\\", "1950-03")
	roundTrip(t, r, owner("p", 1), personal.KeyEvidence, jean)
	roundTrip(t, r, owner("p", 2), personal.KeyEvidence, personal.Identity{GivenNames: text(t, "محمد"), Birth: birth(t, "1950")})
	roundTrip(t, r, owner("p", 3), personal.KeyEvidence, personal.Identity{})
	roundTrip(t, r, owner("p", 4), personal.KeyActive, personal.Contact{
		Phone: text(t, "04 72 00 00 00"), Email: text(t, "zoe@example.org"), Address: text(t, "1 rue des Lilas"), Language: "prs",
	})
	roundTrip(t, r, owner("p", 5), personal.KeyEvidence, personal.NewEvidence(text(t, "armoire 3"), []personal.Text{text(t, "Ana"), text(t, "Bo")}))
	roundTrip(t, r, owner("p", 6), personal.KeyEvidence, personal.Evidence{SentTo: text(t, "x"), Interpreter: text(t, "y"), Representative: text(t, "z")})
	roundTrip(t, r, owner("p", 7), personal.KeyEvidence, personal.NewOpening(jean))
	roundTrip(t, r, owner("p", 8), personal.KeyActive, personal.Note{Text: text(t, "Rappeler lundi")})
	roundTrip(t, r, owner("h", 8), personal.KeyAccount, personal.Name{Display: text(t, "Camille")})
	roundTrip(t, r, owner("a", 8), personal.KeyAccount, personal.Name{Display: text(t, "Camille")})
}

// The pass rules: the entry's person, its records, its space, each once.
func TestOpenNeedsPass(t *testing.T) {
	r := newRegister(t)
	p, q := owner("p", 1), owner("p", 2)
	contact := personal.Contact{Phone: text(t, "04")}
	box := seal(t, r, r.key(t, lyon, p, personal.KeyActive), "contact", 1, contact)
	r.key(t, nantes, p, personal.KeyActive)
	open := func(pass audit.Pass, record string) error {
		got, err := personal.Open[personal.Contact](ctx, r.Keyring, pass, p, record, 1, box)
		if err != nil && !got.Phone.IsZero() {
			t.Error("an error and a record")
		}
		return err
	}
	for name, pass := range map[string]audit.Pass{
		"none":         {},
		"a refusal":    r.pass(t, lyon, p, audit.Refused, "contact"),
		"other person": r.pass(t, lyon, q, audit.OK, "contact"),
		"other record": r.pass(t, lyon, p, audit.OK, "identity"),
		"no record":    r.pass(t, lyon, p, audit.OK),
	} {
		if err := open(pass, "contact"); !errors.Is(err, audit.ErrPass) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := open(r.pass(t, nantes, p, audit.OK, "contact"), "contact"); !errors.Is(err, personal.ErrBox) {
		t.Errorf("another space: %v", err)
	}
	pass := r.pass(t, lyon, p, audit.OK, "contact")
	if err := open(pass, "contact"); err != nil {
		t.Fatal(err)
	}
	if err := open(pass, "contact"); !errors.Is(err, audit.ErrPass) {
		t.Errorf("twice: %v", err)
	}
	// A pass is spent whatever comes of it.
	pass = r.pass(t, lyon, p, audit.OK, "contact")
	r.rows.delete(lyon, p, personal.KeyActive)
	if err := open(pass, "contact"); !errors.Is(err, personal.ErrErased) {
		t.Errorf("erased between decision and opening: %v", err)
	}
	if err := open(pass, "contact"); !errors.Is(err, audit.ErrPass) {
		t.Errorf("tried again: %v", err)
	}
	if _, err := r.SealingKey(ctx, lyon, p, personal.KeyActive); !errors.Is(err, personal.ErrErased) {
		t.Errorf("sealing for the erased: %v", err)
	}
}

// A colleague's name goes with the request of the person who reads it.
func TestOpenMemberName(t *testing.T) {
	r := newRegister(t)
	p, h := owner("p", 1), owner("h", 1)
	box := seal(t, r, r.key(t, lyon, h, personal.KeyAccount), "name", 1, personal.Name{Display: text(t, "Camille")})
	pass := r.pass(t, lyon, p, audit.OK, "identity", string(h)+":name")
	got, err := personal.Open[personal.Name](ctx, r.Keyring, pass, h, "name", 1, box)
	if err != nil || got.Display.Reveal() != "Camille" {
		t.Errorf("%v", err)
	}
}

// Boxes that changed places do not open, whatever changed.
func TestSwappedBoxes(t *testing.T) {
	r := newRegister(t)
	p, q := owner("p", 1), owner("p", 2)
	name := personal.Identity{GivenNames: text(t, "Ana")}
	key := r.key(t, lyon, p, personal.KeyEvidence)
	good := seal(t, r, key, "identity", 2, name)
	boxes := map[string]personal.Sealed{
		"owner":   seal(t, r, r.key(t, lyon, q, personal.KeyEvidence), "identity", 2, name),
		"space":   seal(t, r, r.key(t, nantes, p, personal.KeyEvidence), "identity", 2, name),
		"record":  seal(t, r, key, "identity2", 2, name),
		"version": seal(t, r, key, "identity", 1, name),
		"type":    seal(t, r, key, "identity", 2, personal.Evidence{PaperPlace: text(t, "x")}),
	}
	open := func(box personal.Sealed) error {
		_, err := personal.Open[personal.Identity](ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, "identity"), p, "identity", 2, box)
		return err
	}
	if err := open(good); err != nil {
		t.Fatal(err)
	}
	for what, box := range boxes {
		if err := open(box); !errors.Is(err, personal.ErrBox) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

func TestWrappedKeysStayInPlace(t *testing.T) {
	r := newRegister(t)
	p, q := owner("p", 1), owner("p", 2)
	wp, _, err := r.NewKey(lyon, p, personal.KeyEvidence)
	if err != nil {
		t.Fatal(err)
	}
	relabel := func(change func(*personal.WrappedKey)) personal.WrappedKey {
		w := wp
		change(&w)
		return w
	}
	cases := map[string]struct {
		s     audit.Space
		owner personal.Owner
		kind  personal.KeyKind
		w     personal.WrappedKey
	}{
		"another's row":      {lyon, q, personal.KeyEvidence, wp},
		"relabelled owner":   {lyon, q, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Owner = q })},
		"relabelled kind":    {lyon, p, personal.KeyActive, relabel(func(w *personal.WrappedKey) { w.Kind = personal.KeyActive })},
		"another space":      {nantes, p, personal.KeyEvidence, wp},
		"another kid":        {lyon, p, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Kid = strings.Repeat("a", 26) })},
		"a flipped bit":      {lyon, p, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Closed = bytes.Clone(w.Closed); w.Closed[40] ^= 1 })},
		"cut short":          {lyon, p, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Closed = w.Closed[:20] })},
		"cut to nothing":     {lyon, p, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Closed = nil })},
		"closed for the log": {lyon, p, personal.KeyEvidence, relabel(func(w *personal.WrappedKey) { w.Closed, _ = r.Wrap("x", make([]byte, 32)) })},
	}
	for name, c := range cases {
		r.rows.mu.Lock()
		r.rows.keys = map[rowKey]personal.WrappedKey{{c.s.Number(), c.owner, c.kind}: c.w}
		r.rows.mu.Unlock()
		if _, err := r.SealingKey(ctx, c.s, c.owner, c.kind); !errors.Is(err, personal.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	unknown := relabel(func(w *personal.WrappedKey) { w.Closed = bytes.Clone(w.Closed); w.Closed[0] ^= 1 })
	r.rows.put(lyon, unknown)
	if _, err := r.SealingKey(ctx, lyon, p, personal.KeyEvidence); !errors.Is(err, personal.ErrEpoch) {
		t.Errorf("unknown epoch: %v", err)
	}
	// Nor is there a way to a person's key through the door for the log's keys.
	for _, context := range []string{"", "x", "owner/1/" + string(p) + "/evidence/" + wp.Kid, "/owner/1/" + string(p) + "/evidence/" + wp.Kid} {
		if _, err := r.Unwrap(context, wp.Closed); !errors.Is(err, personal.ErrClosed) {
			t.Errorf("unwrapped: %v", err)
		}
	}
}

func TestNewKeyRefuses(t *testing.T) {
	r := newRegister(t)
	for _, c := range []struct {
		owner personal.Owner
		kind  personal.KeyKind
	}{
		{"", personal.KeyActive}, {"p_", personal.KeyActive}, {"p_1", personal.KeyActive},
		{owner("p", 1) + "/", personal.KeyActive}, {owner("m", 1), personal.KeyActive},
		{personal.Owner(strings.ToUpper(string(owner("p", 1)))), personal.KeyActive},
		{owner("p", 1)[:27] + "b", personal.KeyActive}, // a second spelling of an id
		{owner("p", 1), personal.KeyAccount}, {owner("h", 1), personal.KeyActive}, {owner("a", 1), personal.KeyEvidence},
		{owner("p", 1), "other"},
	} {
		if _, _, err := r.NewKey(lyon, c.owner, c.kind); !errors.Is(err, personal.ErrOwner) {
			t.Errorf("%q %q: %v", c.owner, c.kind, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	r, other := newRegister(t), newRegister(t)
	key := r.key(t, lyon, owner("p", 1), personal.KeyActive)
	if _, err := personal.Seal(r.Keyring, key, "identity", 1, personal.Identity{}); !errors.Is(err, personal.ErrKey) {
		t.Errorf("identity under the active key: %v", err)
	}
	if _, err := personal.Seal(other.Keyring, key, "contact", 1, personal.Contact{}); !errors.Is(err, personal.ErrKey) {
		t.Errorf("another register's key: %v", err)
	}
	if _, err := personal.Seal(r.Keyring, personal.PlainKey{}, "contact", 1, personal.Contact{}); !errors.Is(err, personal.ErrKey) {
		t.Errorf("no key: %v", err)
	}
	for _, name := range []string{"", "Contact", "a/b", "a b", `a"b`, strings.Repeat("a", 97)} {
		if _, err := personal.Seal(r.Keyring, key, name, 1, personal.Contact{}); !errors.Is(err, personal.ErrBox) {
			t.Errorf("record %q: %v", name, err)
		}
	}
	if _, err := personal.Seal(r.Keyring, key, "contact", -1, personal.Contact{}); !errors.Is(err, personal.ErrBox) {
		t.Errorf("version below 0: %v", err)
	}
	long := personal.Contact{Address: text(t, strings.Repeat("rue des Lilas ", 4000))}
	if _, err := personal.Seal(r.Keyring, key, "contact", 1, long); !errors.Is(err, personal.ErrBox) {
		t.Errorf("too large: %v", err)
	}
	evidence := r.key(t, lyon, owner("p", 1), personal.KeyEvidence)
	if _, err := personal.Seal(r.Keyring, evidence, "opening", 1, personal.Opening{}); !errors.Is(err, personal.ErrRecord) {
		t.Errorf("opening without salt: %v", err)
	}
}

// The box is a plain JWE that other programs read.
func TestBoxIsJWE(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	box := seal(t, r, r.key(t, lyon, p, personal.KeyActive), "contact", 3, personal.Contact{Phone: text(t, "04")})
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(string(box), ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(header, &got); err != nil {
		t.Fatal(err)
	}
	kid := got["kid"]
	want := map[string]string{"alg": "dir", "enc": "A256GCM", "typ": "contact+jwe", "fld": string(p) + "/contact/3", "kid": kid}
	if len(kid) != 26 || !reflect.DeepEqual(got, want) {
		t.Errorf("header %s", header)
	}
	if _, err := jose.ParseEncryptedCompact(string(box), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM}); err != nil {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	r := newRegister(f)
	p := owner("p", 1)
	good := seal(f, r, r.key(f, lyon, p, personal.KeyActive), "contact", 1, personal.Contact{Phone: text(f, "04")})
	parts := strings.Split(string(good), ".")
	f.Add(string(good))
	f.Add(string(good) + "\n")
	f.Add(string(good)[:len(good)-1])
	f.Add(strings.Replace(string(good), "..", ".AAAA.", 1))
	f.Add(parts[0] + "\n." + strings.Join(parts[1:], "."))
	f.Add(strings.Join(parts[:3], ".") + ".\r\n" + parts[3] + "." + parts[4])
	for _, header := range []string{
		`{"alg":"none"}`, `{"alg":"dir","enc":"A128GCM"}`, `{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":99999999}`,
		`{"alg":"dir","enc":"A256GCM","zip":"DEF"}`, `{"alg":"dir","enc":"A256GCM","crit":["x"]}`,
	} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + strings.Join(parts[1:], "."))
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := personal.Open[personal.Contact](ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, "contact"), p, "contact", 1, personal.Sealed(s))
		if (err == nil) != (s == string(good)) {
			t.Errorf("the box itself %v, error %v", s == string(good), err)
		}
	})
}

func BenchmarkSealingKey(b *testing.B) {
	r := newRegister(b)
	r.key(b, lyon, owner("p", 1), personal.KeyActive)
	for b.Loop() {
		if _, err := r.SealingKey(ctx, lyon, owner("p", 1), personal.KeyActive); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r := newRegister(b)
	p := owner("p", 1)
	box := seal(b, r, r.key(b, lyon, p, personal.KeyActive), "contact", 1, personal.Contact{Phone: text(b, "04 72 00 00 00"), Language: "fr"})
	var passes []audit.Pass
	for i := 0; b.Loop(); i++ {
		if i%64 == 0 {
			b.StopTimer()
			passes = passes[:0]
			for range 64 {
				passes = append(passes, r.pass(b, lyon, p, audit.OK, "contact"))
			}
			b.StartTimer()
		}
		if _, err := personal.Open[personal.Contact](ctx, r.Keyring, passes[i%64], p, "contact", 1, box); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	r := newRegister(b)
	key := r.key(b, lyon, owner("p", 1), personal.KeyActive)
	contact := personal.Contact{Phone: text(b, "04 72 00 00 00"), Language: "fr"}
	for b.Loop() {
		seal(b, r, key, "contact", 1, contact)
	}
}
