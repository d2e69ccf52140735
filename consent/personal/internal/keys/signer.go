package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/mod/sumdb/note"
)

// A Signer signs with one ES256 key (RFC 7518 §3.4) and does not give it out. It
// is a jose.OpaqueSigner: hand it to jose.NewSigner as the key, and the kid
// stands in the protected header by itself.
type Signer struct {
	secretData
	key    *ecdsa.PrivateKey
	public jose.JSONWebKey
}

var _ jose.OpaqueSigner = (*Signer)(nil)

// Kid is the RFC 7638 thumbprint of the public key.
func (s *Signer) Kid() string { return s.public.KeyID }

// Public is the public key, with kid, alg and use.
func (s *Signer) Public() *jose.JSONWebKey {
	public := s.public
	return &public
}

// Algs says ES256.
func (s *Signer) Algs() []jose.SignatureAlgorithm { return []jose.SignatureAlgorithm{jose.ES256} }

// SignPayload signs the bytes that go-jose has put together: 64 bytes, r ‖ s.
func (s *Signer) SignPayload(payload []byte, alg jose.SignatureAlgorithm) ([]byte, error) {
	if alg != jose.ES256 {
		return nil, jose.ErrUnsupportedAlgorithm
	}
	digest := sha256.Sum256(payload)
	r, sv, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return nil, err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	sv.FillBytes(sig[32:])
	return sig, nil
}

// newSigner makes an ES256 key in a file, or takes the one that is there: the
// transaction that was to name it may have failed, and nothing is named twice.
func (f *Folder) newSigner(name string) (*Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	raw, err := key.Bytes()
	if err != nil {
		return nil, err
	}
	if err := f.keep(name, thumbprint(&key.PublicKey), raw); err != nil {
		return nil, err
	}
	return f.readSigner(name)
}

func (f *Folder) readSigner(name string) (*Signer, error) {
	kid, raw, err := f.readKey(name)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil || thumbprint(&key.PublicKey) != kid {
		return nil, damaged(name)
	}
	public := jose.JSONWebKey{Key: &key.PublicKey, KeyID: kid, Algorithm: string(jose.ES256), Use: "sig"}
	return &Signer{key: key, public: public}, nil
}

// thumbprint is the kid of a public key (RFC 7638, RFC 8037 for Ed25519).
func thumbprint(public any) string {
	sum, err := (&jose.JSONWebKey{Key: public}).Thumbprint(crypto.SHA256)
	if err != nil {
		panic("keys: thumbprint") // only for kinds of key we do not make
	}
	return b64.EncodeToString(sum)
}

// A LogSigner signs checkpoints (C2SP signed-note, Ed25519).
type LogSigner struct {
	secretData
	note.Verifier
	vkey string
	key  ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s *LogSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func (f *Folder) newLogSigner(file, name string) (*LogSigner, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := f.keep(file, thumbprint(public), key.Seed()); err != nil {
		return nil, err
	}
	return f.readLogSigner(file, name)
}

func (f *Folder) readLogSigner(file, name string) (*LogSigner, error) {
	kid, seed, err := f.readKey(file)
	if err != nil {
		return nil, err
	}
	key := ed25519.NewKeyFromSeed(seed)
	public := key.Public().(ed25519.PublicKey)
	if thumbprint(public) != kid {
		return nil, damaged(file)
	}
	vkey, err := note.NewEd25519VerifierKey(name, public)
	if err != nil {
		return nil, damaged(file)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, damaged(file)
	}
	return &LogSigner{Verifier: verifier, vkey: vkey, key: key}, nil
}

// VKey is the public half in the form of a verifier key line.
func (s *LogSigner) VKey() string { return s.vkey }

// Register gives the key that signs the statements about spaces.
func (f *Folder) Register() *Signer { return f.register }

// RunLog gives the key that signs the run log, whose name is the origin.
func (f *Folder) RunLog() *LogSigner { return f.runLog }

// NewSpace makes the keys of a space's log and seal, durable when it returns, or
// gives those that are there. The log's name is ORIGIN/SLUG.
func (f *Folder) NewSpace(slug string) (*LogSigner, *Signer, error) {
	if !slugForm.MatchString(slug) {
		return nil, nil, ErrName
	}
	l, err := f.newLogSigner(logFile(slug), f.origin+"/"+slug)
	if err != nil {
		return nil, nil, err
	}
	s, err := f.newSigner(sealFile(slug))
	return l, s, err
}

// Log gives the signer of a space's log.
func (f *Folder) Log(slug string) (*LogSigner, error) {
	if !slugForm.MatchString(slug) {
		return nil, ErrName
	}
	return f.readLogSigner(logFile(slug), f.origin+"/"+slug)
}

// Seal gives the seal of a space.
func (f *Folder) Seal(slug string) (*Signer, error) {
	if !slugForm.MatchString(slug) {
		return nil, ErrName
	}
	return f.readSigner(sealFile(slug))
}

// NewMember makes a member's (h_…) key, durable when it returns, or gives the one
// that is there.
func (f *Folder) NewMember(id string) (*Signer, error) {
	if !ownerForm.MatchString(id) || id[0] != 'h' {
		return nil, ErrName
	}
	return f.newSigner(memberFile(id))
}

// Member gives the signer of a member.
func (f *Folder) Member(id string) (*Signer, error) {
	if !ownerForm.MatchString(id) || id[0] != 'h' {
		return nil, ErrName
	}
	return f.readSigner(memberFile(id))
}

func logFile(slug string) string  { return "space-" + slug + "-log.key" }
func sealFile(slug string) string { return "space-" + slug + "-seal.key" }
func memberFile(id string) string { return "member-" + id + ".key" }
