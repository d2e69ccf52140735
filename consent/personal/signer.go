package personal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"aval/audit"

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
		panic("personal: thumbprint") // only for kinds of key we do not make
	}
	return b64.EncodeToString(sum)
}

// A logSigner signs checkpoints (C2SP signed-note, Ed25519).
type logSigner struct {
	secretData
	note.Verifier
	vkey string
	key  ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s *logSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }

func (f *Folder) newLogSigner(file, name string) (*logSigner, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	if err := f.keep(file, thumbprint(public), key.Seed()); err != nil {
		return nil, err
	}
	return f.readLogSigner(file, name)
}

func (f *Folder) readLogSigner(file, name string) (*logSigner, error) {
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
	return &logSigner{Verifier: verifier, vkey: vkey, key: key}, nil
}

// RegisterSigner signs the statements about spaces.
func (k *Keyring) RegisterSigner() *Signer { return k.folder.register }

// RunLogSigner signs the checkpoints of the run log, whose origin is the
// register's.
func (k *Keyring) RunLogSigner() note.Signer { return k.folder.runLog }

// RunLogKey is the public half of RunLogSigner's key, as a vkey line.
func (k *Keyring) RunLogKey() string { return k.folder.runLog.vkey }

// Origin is the register's name, fixed when it was made.
func (k *Keyring) Origin() string { return k.folder.origin }

// NewSpaceKeys makes the keys of a space, durable when it returns, or gives those
// that are there: the vkey of its log and the ES256 key of its seal. Call it
// before the transaction that names them.
func (k *Keyring) NewSpaceKeys(s audit.Space) (logKey string, seal *jose.JSONWebKey, err error) {
	file, err := spaceFile(s, "log")
	if err != nil {
		return "", nil, err
	}
	l, err := k.folder.newLogSigner(file, k.logName(s))
	if err != nil {
		return "", nil, err
	}
	file, err = spaceFile(s, "seal")
	if err != nil {
		return "", nil, err
	}
	sealer, err := k.folder.newSigner(file)
	if err != nil {
		return "", nil, err
	}
	return l.vkey, sealer.Public(), nil
}

// LogKey is the vkey of a space's log.
func (k *Keyring) LogKey(s audit.Space) (string, error) {
	l, err := k.logSigner(s)
	if err != nil {
		return "", err
	}
	return l.vkey, nil
}

// LogSigner signs a space's checkpoints; its name is ORIGIN/SLUG. It implements
// audit.Signers.
func (k *Keyring) LogSigner(s audit.Space) (note.Signer, error) {
	l, err := k.logSigner(s)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// LogVerifier verifies a space's checkpoints. It implements audit.Signers.
func (k *Keyring) LogVerifier(s audit.Space) (note.Verifier, error) {
	l, err := k.logSigner(s)
	if err != nil {
		return nil, err
	}
	return l.Verifier, nil
}

// SealSigner signs for a structure: mandates, and statements about its members.
func (k *Keyring) SealSigner(s audit.Space) (*Signer, error) {
	file, err := spaceFile(s, "seal")
	if err != nil {
		return nil, err
	}
	return k.folder.readSigner(file)
}

// NewMemberKey makes the signing key of a member (h_…), durable when it returns,
// or gives the one that is there. Call it before the transaction that names it.
func (k *Keyring) NewMemberKey(member Owner) (*jose.JSONWebKey, error) {
	file, err := memberFile(member)
	if err != nil {
		return nil, err
	}
	s, err := k.folder.newSigner(file)
	if err != nil {
		return nil, err
	}
	return s.Public(), nil
}

// MemberSigner signs for a member. The caller sees to the step-up before it.
func (k *Keyring) MemberSigner(member Owner) (*Signer, error) {
	file, err := memberFile(member)
	if err != nil {
		return nil, err
	}
	return k.folder.readSigner(file)
}

func (k *Keyring) logSigner(s audit.Space) (*logSigner, error) {
	file, err := spaceFile(s, "log")
	if err != nil {
		return nil, err
	}
	return k.folder.readLogSigner(file, k.logName(s))
}

func (k *Keyring) logName(s audit.Space) string { return k.folder.origin + "/" + s.Slug() }

func spaceFile(s audit.Space, use string) (string, error) {
	if !slugForm.MatchString(s.Slug()) {
		return "", ErrOwner
	}
	return "space-" + s.Slug() + "-" + use + ".key", nil
}

func memberFile(member Owner) (string, error) {
	if !ownerForm.MatchString(string(member)) || !strings.HasPrefix(string(member), "h_") {
		return "", ErrOwner
	}
	return "member-" + string(member) + ".key", nil
}
