package personal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"

	"aval/audit"
	"aval/consent/personal/internal/keys"
)

// An Owner is the pseudonym of whoever a key belongs to: p_ a person, h_ a
// member, a_ an account, and 26 characters of base32.
type Owner string

// The last of the 26 characters carries 3 bits; only one spelling is an id.
var ownerForm = regexp.MustCompile(`^[pha]_[a-z2-7]{25}[aeimquy4]$`)

// A KeyKind says what a key of an owner is for, so that each can be destroyed at
// its own time.
type KeyKind string

// The kinds of key.
const (
	KeyActive   KeyKind = "active"   // of a person: contact, preferences; destroyed at once on request
	KeyEvidence KeyKind = "evidence" // of a person: identity, signature evidence; destroyed at its date
	KeyAccount  KeyKind = "account"  // of an account or a member: display name
)

// A WrappedKey is an owner's key, closed under an epoch key. It is kept beside
// the data; removing it is the first half of forgetting, destroying its epoch
// the second.
type WrappedKey struct {
	Owner  Owner   `json:"owner"`
	Kind   KeyKind `json:"kind"`
	Kid    string  `json:"kid"`   // random, stands in the header of each box
	Epoch  string  `json:"epoch"` // kid of the epoch key
	Closed []byte  `json:"closed"`
}

// A PlainKey seals records of one owner and kind, and can do nothing else: there
// is no way from it to opening.
type PlainKey struct {
	secretData
	owner Owner
	kind  KeyKind
	kid   string
	ring  *Keyring
	key   *[keySize]byte
}

const keySize = 32

// Errors that callers tell apart; test with errors.Is. They hold no data.
var (
	// ErrErased: there is no key any more, so nothing can be opened or added.
	ErrErased = errors.New("personal: the key is gone: erased")
	// ErrKey: a wrapped key is not the one asked for, or damaged.
	ErrKey = errors.New("personal: wrapped key is damaged or another's")
	// ErrEpoch: closed bytes name an epoch key that is not in the keys folder.
	ErrEpoch = keys.ErrEpoch
	// ErrClosed: closed bytes do not open in this place.
	ErrClosed = keys.ErrClosed
	// ErrOwner: a pseudonym or kind of key is not one.
	ErrOwner = errors.New("personal: not the pseudonym of an owner of such a key")
)

// A KeySource reads wrapped keys from the store, as they are now and without a
// cache: a key removed a moment ago must not be found.
type KeySource interface {
	// WrappedKey answers ErrErased when there is none.
	WrappedKey(ctx context.Context, s audit.Space, owner Owner, kind KeyKind) (WrappedKey, error)
}

// A Keyring opens and closes with the keys of a folder. It is safe for
// concurrent use.
type Keyring struct {
	secretData
	folder *keys.Folder
	source KeySource
}

// NewKeyring joins a keys folder with the place where wrapped keys are.
func NewKeyring(f *Folder, source KeySource) *Keyring {
	return &Keyring{folder: f.keys, source: source}
}

// NewKey makes a key for an owner in a space, wrapped for the store and plain
// for sealing what goes into the same transaction. The error is ErrOwner.
func (k *Keyring) NewKey(s audit.Space, owner Owner, kind KeyKind) (WrappedKey, PlainKey, error) {
	person := len(owner) > 0 && owner[0] == 'p'
	switch {
	case !ownerForm.MatchString(string(owner)),
		person && kind != KeyActive && kind != KeyEvidence,
		!person && kind != KeyAccount:
		return WrappedKey{}, PlainKey{}, ErrOwner
	}
	p := PlainKey{owner: owner, kind: kind, kid: keys.NewID(), ring: k, key: new([keySize]byte)}
	rand.Read(p.key[:])
	w := WrappedKey{Owner: owner, Kind: kind, Kid: p.kid}
	w.Closed = k.close(ownerContext(s, w), p.key[:])
	w.Epoch = keys.EpochOf(w.Closed)
	return w, p, nil
}

// SealingKey reads an owner's key for sealing a change. It opens nothing, so it
// needs no pass. The error is ErrErased, ErrKey, ErrEpoch, or the source's.
func (k *Keyring) SealingKey(ctx context.Context, s audit.Space, owner Owner, kind KeyKind) (PlainKey, error) {
	w, err := k.source.WrappedKey(ctx, s, owner, kind)
	if err != nil {
		return PlainKey{}, err
	}
	if w.Owner != owner || w.Kind != kind {
		return PlainKey{}, ErrKey
	}
	secret, err := k.open(ownerContext(s, w), w.Closed)
	if errors.Is(err, ErrEpoch) {
		return PlainKey{}, err
	}
	if err != nil || len(secret) != keySize {
		return PlainKey{}, ErrKey
	}
	return PlainKey{owner: owner, kind: kind, kid: w.Kid, ring: k, key: (*[keySize]byte)(secret)}, nil
}

// Rewrap gives an owner's key closed under the current epoch, and whether that
// changed anything. It gives closed bytes for closed bytes: no pass is needed.
func (k *Keyring) Rewrap(s audit.Space, w WrappedKey) (WrappedKey, bool, error) {
	closed, changed, err := k.reclose(ownerContext(s, w), w.Closed)
	if err != nil || !changed {
		return w, false, err
	}
	w.Closed, w.Epoch = closed, keys.EpochOf(closed)
	return w, true, nil
}

// What an epoch closes, it closes in a context: a word for what it is, and its
// place. The words are ours alone: Unwrap serves the audit log and must not open
// an owner's key.
func ownerContext(s audit.Space, w WrappedKey) string {
	return fmt.Sprintf("owner/%d/%s/%s/%s", s.Number(), w.Owner, w.Kind, w.Kid)
}
func auditContext(context string) string { return "audit/" + context }
func indexContext(s audit.Space) string  { return fmt.Sprintf("index/%d", s.Number()) }
func birthContext(s audit.Space, owner Owner) string {
	return fmt.Sprintf("birth/%d/%s", s.Number(), owner)
}

const cardContext = "card"

func (k *Keyring) close(context string, plain []byte) []byte {
	return k.folder.Current().Close(context, plain)
}

// open opens what close closed, in whatever epoch. The error is ErrEpoch or
// ErrClosed.
func (k *Keyring) open(context string, closed []byte) ([]byte, error) {
	kid := keys.EpochOf(closed)
	if kid == "" {
		return nil, ErrClosed
	}
	e, err := k.folder.Epoch(kid)
	if err != nil {
		return nil, err
	}
	return e.Open(context, closed)
}

// reclose closes under the current epoch what an older one closed.
func (k *Keyring) reclose(context string, closed []byte) (again []byte, changed bool, err error) {
	plain, err := k.open(context, closed)
	if err != nil {
		return nil, false, err
	}
	e := k.folder.Current()
	if keys.EpochOf(closed) == e.Kid() {
		return closed, false, nil
	}
	return e.Close(context, plain), true, nil
}

// row files an inner hash under the epoch of its closed form.
func (k *Keyring) row(context string, closed, inner []byte) ([]byte, error) {
	e, err := k.folder.Epoch(keys.EpochOf(closed))
	if err != nil {
		return nil, err
	}
	return e.Row(context, inner), nil
}

const maxWrap = 4 << 10 // bytes of a key

// Wrap closes a key of the audit log under the current epoch. The context names
// its place and is needed to open it. It implements audit.Wrapper. Keys over
// 4 KiB are refused with ErrClosed.
func (k *Keyring) Wrap(context string, key []byte) ([]byte, error) {
	if len(key) > maxWrap {
		return nil, ErrClosed
	}
	return k.close(auditContext(context), key), nil
}

// Unwrap opens what Wrap closed, and nothing else. The error is ErrEpoch or
// ErrClosed.
func (k *Keyring) Unwrap(context string, closed []byte) ([]byte, error) {
	return k.open(auditContext(context), closed)
}

// RewrapBytes gives what Wrap closed under the current epoch, and whether that
// changed anything.
func (k *Keyring) RewrapBytes(context string, closed []byte) ([]byte, bool, error) {
	return k.reclose(auditContext(context), closed)
}
