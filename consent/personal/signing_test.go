package personal_test

import (
	"sync"
	"testing"
	"time"

	"aval/audit"
	"aval/consent/personal"
	"aval/consent/statement"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/mod/sumdb/note"
)

// From register.pub alone a verifier comes to every key that signs.
func TestStatementsChain(t *testing.T) {
	r := newRegister(t)
	h := owner("h", 1)
	data, err := r.RegisterPub()
	if err != nil {
		t.Fatal(err)
	}
	pub, err := statement.ParseRegisterPub(data)
	if err != nil || pub.Origin != "aval.example.org" || r.Origin() != pub.Origin || r.folder.Origin() != pub.Origin {
		t.Fatal(err)
	}
	space, err := r.MakeSpaceKeys(lyon, now)
	if err != nil {
		t.Fatal(err)
	}
	kid, stated, err := r.MakeMemberKey(lyon, h, now)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := statement.Chain(pub, "ccas-lyon", []string{space, stated})
	if err != nil {
		t.Fatal(err)
	}
	member, err := r.MemberSigner(h)
	if err != nil || member.Kid() != kid || keys.MemberID(kid, now) != string(h) {
		t.Fatalf("member: %v", err)
	}
	seal, err := r.SealSigner(lyon)
	if err != nil {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: seal}, nil)
	if err != nil {
		t.Fatal(err)
	}
	obj, err := s.Sign([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := obj.Verify(keys.Seal(seal.Kid(), now)); err != nil {
		t.Errorf("seal: %v", err)
	}
	log, err := r.LogSigner(lyon)
	if err != nil {
		t.Fatal(err)
	}
	for verifier, signer := range map[note.Verifier]note.Signer{keys.Log(now): log, must(note.NewVerifier(pub.Notes[0])): r.RunLogSigner()} {
		msg, err := note.Sign(&note.Note{Text: "checkpoint\n"}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(msg, note.VerifierList(verifier)); err != nil {
			t.Errorf("%s: %v", verifier.Name(), err)
		}
	}
	if v, err := r.LogVerifier(lyon); err != nil || v.KeyHash() != log.KeyHash() {
		t.Errorf("log verifier: %v", err)
	}
	// Making again gives the same keys: a transaction may have failed in between.
	again, _, err := r.MakeMemberKey(lyon, h, now)
	if err != nil || again != kid {
		t.Errorf("a second key: %v", err)
	}
	if _, _, err := r.MakeMemberKey(lyon, owner("p", 1), now); err == nil {
		t.Error("a person has a signing key")
	}
	if _, err := statement.Chain(pub, "ccas-nantes", []string{space}); err == nil {
		t.Error("keys of another space")
	}
	other := newRegister(t)
	stranger, err := other.RegisterPub()
	if err != nil {
		t.Fatal(err)
	}
	otherPub, err := statement.ParseRegisterPub(stranger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := statement.Chain(otherPub, "ccas-lyon", []string{space}); err == nil {
		t.Error("vouched for by another register")
	}
	none := audit.NewSpace(lyon.Number()+7, "none")
	if _, err := r.LogSigner(none); err == nil {
		t.Error("a log key out of nowhere")
	}
	if _, err := r.LogVerifier(none); err == nil {
		t.Error("a log key out of nowhere")
	}
	if _, _, err := r.MakeMemberKey(none, owner("h", 2), now); err == nil {
		t.Error("stated by a seal out of nowhere")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Epochs turn and die while everything else goes on.
func TestTurnUnderLoad(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	box := seal(t, r, r.key(t, lyon, p, personal.KeyActive), "contact", 1, personal.Contact{Phone: text(t, "04")})
	var passes []audit.Pass
	for range 200 {
		passes = append(passes, r.pass(t, lyon, p, audit.OK, "contact"))
	}
	var wg sync.WaitGroup
	var reading sync.RWMutex
	for part := range 4 {
		wg.Go(func() {
			for _, pass := range passes[part*50 : part*50+50] {
				reading.RLock()
				if _, err := personal.Open[personal.Contact](ctx, r.Keyring, pass, p, "contact", 1, box); err != nil {
					t.Error(err)
				}
				closed, err := r.Wrap("x", []byte("y"))
				if err != nil {
					t.Error(err)
				}
				if _, err := r.Unwrap("x", closed); err != nil {
					t.Error(err)
				}
				reading.RUnlock()
			}
		})
	}
	wg.Go(func() {
		for n := 1; n <= 10; n++ {
			at := now.Add(time.Duration(n) * 4 * week)
			if _, err := r.Turn(at); err != nil {
				t.Error(err)
			}
			w, err := r.rows.WrappedKey(ctx, lyon, p, personal.KeyActive)
			if err != nil {
				t.Error(err)
			}
			w, _, err = r.Rewrap(lyon, w)
			if err != nil {
				t.Error(err)
			}
			if err := r.MarkRewrapped(w.Epoch, at); err != nil {
				t.Error(err)
			}
			// Whoever holds something of an older epoch comes to an end; in life that
			// takes less than 23 days. New readers go on meanwhile.
			reading.Lock()
			r.rows.put(lyon, w)
			reading.Unlock()
			if _, err := r.DestroyDue(at); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	if n := len(r.Epochs()); n != 2 {
		t.Errorf("%d epochs live", n)
	}
}
