package personal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"aval/audit"
	"aval/charter/screen/paper"
)

// A Scan is the picture of a signed paper. It is kept under the person's evidence
// key in boxes of at most 512 KiB, because a row of the store holds no more than a
// megabyte. Each box says in its protected header which it is and of how many, so
// that one that is missing, doubled or in another's place does not open.
type Scan struct {
	personalData
	_ [0]func() // no ==
	p paper.Picture
}

const (
	scanType  = "scan+jwe"
	scanPart  = 512 << 10 // bytes of a picture in a box
	maxParts  = paper.MaxBytes / scanPart
	maxBoxOut = 704 << 10 // of a full box, with its header, in base64
)

// Reveal gives the file in clear, for the view that shows it. It is not to be
// changed.
func (s Scan) Reveal() []byte { return s.p.Bytes() }

// Media is the type of the file, image/jpeg or image/png.
func (s Scan) Media() string { return s.p.Media() }

// Digest is what the evidence says of the picture: SHA-256, base64url.
func (s Scan) Digest() string { return ScanDigest(s.p) }

// ScanDigest is the SHA-256 of a picture, base64url.
func ScanDigest(p paper.Picture) string {
	sum := sha256.Sum256(p.Bytes())
	return b64.EncodeToString(sum[:])
}

// ScanBox names the box of a part of a scan, counted from 1, in the store and in
// the fields of an entry.
func ScanBox(record string, part int) string { return fmt.Sprintf("%s.%02d", record, part) }

// SealScan closes a picture, in order, under the name that ScanBox gives each box.
// The key is an evidence key of k, else ErrKey. Other errors: ErrBox.
func SealScan(k *Keyring, key PlainKey, record string, version int64, p paper.Picture) ([]Sealed, error) {
	if key.ring != k || key.kind != KeyEvidence {
		return nil, ErrKey
	}
	if !recordForm.MatchString(ScanBox(record, 1)) || version < 0 || p.IsZero() {
		return nil, ErrBox
	}
	parts := slices.Collect(slices.Chunk(p.Bytes(), scanPart))
	boxes := make([]Sealed, len(parts))
	for i, part := range parts {
		var err error
		if boxes[i], err = seal(key, scanHeader(key.owner, record, version, i, len(parts)), part, maxBoxOut); err != nil {
			return nil, err
		}
	}
	return boxes, nil
}

func scanHeader(owner Owner, record string, version int64, i, of int) header {
	return header{
		typ: scanType, fld: field(owner, ScanBox(record, i+1), version), part: fmt.Sprintf("%d/%d", i+1, of),
	}
}

// OpenScan gives a picture in clear. The pass is spent for every box, then the
// wrapped key is read. Errors as of Open: ErrBox too when a box is missing.
func OpenScan(ctx context.Context, k *Keyring, p audit.Pass, owner Owner, record string, version int64, boxes []Sealed) (Scan, error) {
	if len(boxes) == 0 || len(boxes) > maxParts {
		return Scan{}, ErrBox
	}
	for i := range boxes {
		if err := p.Use(string(owner), ScanBox(record, i+1)); err != nil {
			return Scan{}, err
		}
	}
	key, err := k.SealingKey(ctx, p.Space(), owner, KeyEvidence)
	if err != nil {
		return Scan{}, err
	}
	var all bytes.Buffer
	for i, box := range boxes {
		data, err := unseal(key, scanHeader(owner, record, version, i, len(boxes)), box, maxBoxOut)
		if err != nil {
			return Scan{}, err
		}
		all.Write(data)
	}
	picture, err := paper.Seen(all.Bytes())
	if err != nil {
		return Scan{}, ErrRecord
	}
	return Scan{p: picture}, nil
}

// Vouch gives what proves until a time that a session was shown this picture, for
// what it is about. Whoever brings both back need not have it drawn anew, which
// would make it another.
func (k *Keyring) Vouch(p paper.Picture, session, about string, until time.Time) string {
	at := binary.BigEndian.AppendUint64(nil, uint64(until.Unix())) //nolint:gosec // after 1970
	return b64.EncodeToString(append(at, k.voucher(p.Bytes(), session, about, at)...))
}

// Shown takes bytes back that Vouch was given. false: it was not, or not for this,
// or its time is over.
func (k *Keyring) Shown(data []byte, voucher, session, about string, now time.Time) (paper.Picture, bool) {
	raw, err := decode64(voucher)
	if err != nil || len(raw) != 8+sha256.Size || session == "" {
		return paper.Picture{}, false
	}
	until := time.Unix(int64(binary.BigEndian.Uint64(raw)), 0) //nolint:gosec // what is not ours is refused below
	if !hmac.Equal(raw[8:], k.voucher(data, session, about, raw[:8])) || !now.Before(until) {
		return paper.Picture{}, false
	}
	p, err := paper.Seen(data)
	return p, err == nil
}

func (k *Keyring) voucher(data []byte, session, about string, until []byte) []byte {
	sum := sha256.Sum256(data)
	return mac(k.folder.Pepper("paper"), session, about, string(until), string(sum[:]))
}
