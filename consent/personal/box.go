package personal

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"aval/audit"

	"github.com/go-jose/go-jose/v4"
)

// A Sealed is a record in a box: JWE compact serialization, alg "dir", enc
// "A256GCM" (RFC 7516, RFC 7518 §4.5 and §5.3), at most 64 KiB.
type Sealed string

const maxSealed = 64 << 10

// ErrBox: a box is damaged, or is not the record that was asked for.
var ErrBox = errors.New("personal: box is damaged or holds another record")

// A record's name stands in the header of its box and in the fields of entries.
var recordForm = regexp.MustCompile(`^[a-z0-9_.:-]{1,96}$`)

// Seal closes a record of the key's owner under a name ("contact") and a version
// that grows with each change. The key is one of k, of the kind that this type
// of record takes, else ErrKey. Other errors: ErrRecord, ErrBox when the name or
// version is malformed or the record is too large.
func Seal[R Record](k *Keyring, key PlainKey, record string, version int64, r R) (Sealed, error) {
	typ, kind := kindOf[R]()
	if key.ring != k || key.kind != kind {
		return "", ErrKey
	}
	if !recordForm.MatchString(record) || version < 0 {
		return "", ErrBox
	}
	data, err := encode(r)
	if err != nil {
		return "", err
	}
	return seal(key, header{typ: typ, fld: field(key.owner, record, version)}, data, maxSealed)
}

// A header is what the protected header of a box says, besides the key and what is
// always the same.
type header struct {
	typ, fld string
	part     string // "2/5" for the second of five boxes of one record; "" for the only one
}

func seal(key PlainKey, h header, data []byte, most int) (Sealed, error) {
	opts := (&jose.EncrypterOptions{}).WithType(jose.ContentType(h.typ)).WithHeader("fld", h.fld)
	if h.part != "" {
		opts = opts.WithHeader("part", h.part)
	}
	enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key.key[:], KeyID: key.kid}, opts)
	if err != nil {
		return "", ErrBox
	}
	obj, err := enc.Encrypt(data)
	if err != nil {
		return "", ErrBox
	}
	box, err := obj.CompactSerialize()
	if err != nil || len(box) > most {
		return "", ErrBox
	}
	return Sealed(box), nil
}

// Open gives a record in clear. The pass is spent first, for this owner and
// record; then the wrapped key is read. Errors: the pass's own, ErrErased,
// ErrKey, ErrEpoch, ErrBox (not this owner's, record's, version's or type's box),
// ErrRecord, or the key source's.
func Open[R Record](ctx context.Context, k *Keyring, p audit.Pass, owner Owner, record string, version int64, box Sealed) (R, error) {
	var zero R
	if err := p.Use(string(owner), record); err != nil {
		return zero, err
	}
	typ, kind := kindOf[R]()
	key, err := k.SealingKey(ctx, p.Space(), owner, kind)
	if err != nil {
		return zero, err
	}
	data, err := unseal(key, header{typ: typ, fld: field(owner, record, version)}, box, maxSealed)
	if err != nil {
		return zero, err
	}
	return decode[R](data)
}

// unseal opens one box. Its header is known in full beforehand, so it is compared
// as bytes: nothing that a header could ask for is ever looked at, and there is
// one spelling. There is one of the other parts too, which decoders of base64
// do not see to: they skip line breaks and stray bits.
func unseal(key PlainKey, h header, box Sealed, most int) ([]byte, error) {
	head := b64.EncodeToString([]byte(h.protected(key.kid))) + ".." // no key inside, alg being "dir"
	rest, ok := strings.CutPrefix(string(box), head)
	if !ok || len(box) > most {
		return nil, ErrBox
	}
	for part := range strings.SplitSeq(rest, ".") {
		if _, err := decode64(part); err != nil {
			return nil, ErrBox
		}
	}
	obj, err := jose.ParseEncryptedCompact(string(box), []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrBox
	}
	data, err := obj.Decrypt(key.key[:])
	if err != nil {
		return nil, ErrBox
	}
	return data, nil
}

// protected is the header as go-jose writes it: members in alphabetical order.
// No part needs escaping in JSON.
func (h header) protected(kid string) string {
	part := ""
	if h.part != "" {
		part = fmt.Sprintf(`"part":"%s",`, h.part)
	}
	return fmt.Sprintf(`{"alg":"dir","enc":"A256GCM","fld":"%s","kid":"%s",%s"typ":"%s"}`, h.fld, kid, part, h.typ)
}

// field says which record a box is. No part holds a "/".
func field(owner Owner, record string, version int64) string {
	return fmt.Sprintf("%s/%s/%d", owner, record, version)
}
