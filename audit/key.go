package audit

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"time"

	"aval/store/kv"
)

// A Wrapper closes the log's keys under a key that is kept elsewhere. Context
// says what the key is for and must be given again to open it.
type Wrapper interface {
	Wrap(context string, key []byte) (closed []byte, err error)
	Unwrap(context string, closed []byte) (key []byte, err error)
}

// ErrPruned: the key of that class and month has been destroyed.
var ErrPruned = errors.New("audit: details of that month have been destroyed")

// bucketKey holds a wrapped key for each class and month; an empty value says
// that it was destroyed, which is not the same as lost.
var bucketKey = kv.Bucket{Name: "log.key"}

const keySize = 32

// A keyName is a class and a month: "r2026-11".
type keyName [8]byte

func nameKey(c Class, t time.Time) (k keyName) {
	k[0] = c[0]
	t.AppendFormat(k[1:1], "2006-01")
	return k
}

func (k keyName) context(s Space) string {
	return "detail/" + strconv.FormatUint(uint64(s.number), 10) + "/" + string(k[:1]) + "/" + string(k[1:])
}

// A monthKey seals the details of one class and month and blinds their rows in
// the index.
type monthKey struct {
	name   keyName
	secret []byte
	seal   cipher.AEAD
	blind  hash.Hash // HMAC of the index; made when first asked for
	buf    []byte
}

func newMonthKey(secret []byte) (*monthKey, error) {
	if len(secret) != keySize {
		return nil, damaged("key")
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCM(block)
	return &monthKey{secret: secret, seal: seal}, err
}

// appendToken appends the token under which the index finds an id. Its key is
// derived from the month's key: whoever destroys that blinds the rows as well.
func (k *monthKey) appendToken(b []byte, kind kind, id string) ([]byte, error) {
	if k.blind == nil {
		secret, err := hkdf.Key(sha256.New, k.secret, nil, "aval log index v1", keySize)
		if err != nil {
			return nil, err
		}
		k.blind = hmac.New(sha256.New, secret)
	}
	k.blind.Reset()
	k.buf = append(append(k.buf[:0], byte(kind)), id...)
	k.blind.Write(k.buf)
	k.buf = k.blind.Sum(k.buf[:0])
	return append(b, k.buf[:tokenSize]...), nil
}

// open opens nonce ‖ sealed.
func (k *monthKey) open(sealed, data []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errors.New("too short")
	}
	return k.seal.Open(nil, sealed[:nonceSize], sealed[nonceSize:], data)
}

// keys opens month keys within one transaction. It keeps none for longer:
// unwrapping costs less than a microsecond, and a cache would outlive a
// destroyed key.
type keys struct {
	tx   kv.Tx
	s    Space
	wrap Wrapper
	open []*monthKey // few: five classes, mostly of one month
}

func (l *Log) keys(tx kv.Tx, s Space) *keys { return &keys{tx: tx, s: s, wrap: l.wrap} }

// get returns a key that exists; ErrPruned if it was destroyed.
func (ks *keys) get(name keyName) (*monthKey, error) { return ks.key(name, false) }

// make returns a key and makes it if it does not exist yet.
func (ks *keys) make(name keyName) (*monthKey, error) { return ks.key(name, true) }

func (ks *keys) key(name keyName, create bool) (*monthKey, error) {
	for _, k := range ks.open {
		if k.name == name {
			return k, nil
		}
	}
	closed, err := ks.tx.Get(bucketKey, name[:])
	if err != nil {
		return nil, err
	}
	var secret []byte
	switch {
	case closed == nil && create:
		secret, err = ks.create(name)
	case closed == nil:
		return nil, damaged("key %s is missing", name[:])
	case len(closed) == 0:
		return nil, ErrPruned
	default:
		secret, err = ks.wrap.Unwrap(name.context(ks.s), closed)
	}
	if err != nil {
		return nil, fmt.Errorf("audit: key %s: %w", name[:], err)
	}
	k, err := newMonthKey(secret)
	if err == nil {
		k.name, ks.open = name, append(ks.open, k)
	}
	return k, err
}

func (ks *keys) create(name keyName) ([]byte, error) {
	secret := make([]byte, keySize)
	rand.Read(secret) // never fails: it ends the program instead
	closed, err := ks.wrap.Wrap(name.context(ks.s), secret)
	if err != nil {
		return nil, err
	}
	if len(closed) == 0 {
		return nil, errors.New("wrapping gave nothing")
	}
	return secret, ks.tx.Put(bucketKey, name[:], closed)
}
