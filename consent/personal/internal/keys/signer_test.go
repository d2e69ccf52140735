package keys

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/mod/sumdb/note"
)

func TestSigner(t *testing.T) {
	f, dir := make1(t)
	_, seal, err := f.NewSpace("ccas-lyon")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	same, err := again.Seal("ccas-lyon")
	if err != nil || same.Kid() != seal.Kid() {
		t.Fatal(err)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: same}, nil)
	if err != nil {
		t.Fatal(err)
	}
	obj, err := s.Sign([]byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := obj.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.Signatures[0].Protected.KeyID; got != seal.Kid() {
		t.Errorf("kid in the header is %q", got)
	}
	if payload, err := parsed.Verify(seal.Public()); err != nil || string(payload) != "payload" {
		t.Errorf("does not verify: %v", err)
	}
	if _, err := parsed.Verify(f.Register().Public()); err == nil {
		t.Error("verifies with another key")
	}
	if _, err := same.SignPayload([]byte("x"), jose.ES384); err == nil {
		t.Error("signed with another algorithm")
	}
	if !seal.Public().IsPublic() {
		t.Error("the public key is not")
	}
	if got := fmt.Sprintf("%v %+v %#v %s", same, *same, same, f.RunLog()); got != "[secret] [secret] [secret] [secret]" {
		t.Errorf("printed %s", got)
	}
}

func TestLogSigner(t *testing.T) {
	f, _ := make1(t)
	log, _, err := f.NewSpace("ccas-lyon")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*LogSigner{origin + "/ccas-lyon": log, origin: f.RunLog()} {
		if s.Name() != name {
			t.Errorf("name is %q", s.Name())
		}
		msg, err := note.Sign(&note.Note{Text: "checkpoint\n"}, s)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(s.VKey())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(msg, note.VerifierList(v)); err != nil {
			t.Error(err)
		}
	}
}

func TestSignerNames(t *testing.T) {
	f, _ := make1(t)
	for _, bad := range []string{"", "../x", "A", "a b", "a/b", "-a", strings.Repeat("a", 64)} {
		if _, _, err := f.NewSpace(bad); !errors.Is(err, ErrName) {
			t.Errorf("slug %q: %v", bad, err)
		}
		if _, err := f.Log(bad); !errors.Is(err, ErrName) {
			t.Errorf("slug %q: %v", bad, err)
		}
		if _, err := f.Seal(bad); !errors.Is(err, ErrName) {
			t.Errorf("slug %q: %v", bad, err)
		}
		if _, err := f.NewMember(bad); !errors.Is(err, ErrName) {
			t.Errorf("member %q: %v", bad, err)
		}
	}
	person := "p_" + strings.Repeat("a", 26)
	if _, err := f.NewMember(person); !errors.Is(err, ErrName) {
		t.Errorf("a person signs: %v", err)
	}
	var fe *FolderError
	if _, err := f.Member("h_" + strings.Repeat("a", 26)); !errors.As(err, &fe) || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a member without key: %v", err)
	}
}
