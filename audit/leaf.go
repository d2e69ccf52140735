package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A Leaf is the public half of an entry: what the tree hashes and what every
// extract shows. It names nobody.
type Leaf struct {
	N          int64     // number of the entry in its space's log, from 0
	Time       time.Time // UTC, whole microseconds; never before that of the leaf before
	Class      Class
	Commitment [sha256.Size]byte // SHA-256(salt ‖ detail)
}

const (
	maxLeaf  = 118  // bytes of a line
	maxN     = 1e14 // entries of a log: what fits a line
	saltSize = 32   // so that a commitment to few possible details can't be guessed
	timeForm = "2006-01-02T15:04:05.000000Z"
	timeSize = len(timeForm)
)

var errLeaf = errors.New("audit: not a leaf")

// append appends the one encoding of l, without a line end.
func (l *Leaf) append(b []byte) []byte {
	b = append(b, `{"v":1,"n":`...)
	b = strconv.AppendInt(b, l.N, 10)
	b = append(b, `,"t":"`...)
	b = appendTime(b, l.Time)
	b = append(b, `","k":"`...)
	b = append(b, l.Class...)
	b = append(b, `","c":"`...)
	b = base64.RawURLEncoding.AppendEncode(b, l.Commitment[:])
	return append(b, `"}`...)
}

// appendTime is t.AppendFormat(b, timeForm) for years of four digits in UTC, at a
// third of its cost: package time has a short path for RFC 3339 alone.
func appendTime(b []byte, t time.Time) []byte {
	b = t.AppendFormat(b, time.RFC3339)
	z := len(b) - 1 // of the Z, which the digits replace
	b = strconv.AppendInt(b[:z], int64(1e6+t.Nanosecond()/1e3), 10)
	b[z] = '.' // instead of the million's 1
	return append(b, 'Z')
}

// ParseLeaf reads a leaf's line. It takes the bytes that the log writes and no
// others: what parses, encodes to the same bytes.
func ParseLeaf(line []byte) (Leaf, error) {
	c := cursor{rest: string(line)}
	var l Leaf
	if len(line) > maxLeaf || !c.lit(`{"v":1,"n":`) {
		return Leaf{}, errLeaf
	}
	l.N = c.number()
	if c.bad || !c.lit(`,"t":"`) || len(c.rest) < timeSize {
		return Leaf{}, errLeaf
	}
	var err error
	if l.Time, err = time.Parse(time.RFC3339Nano, c.rest[:timeSize]); err != nil {
		return Leaf{}, errLeaf
	}
	c.rest = c.rest[timeSize:]
	if !c.lit(`","k":"`) || len(c.rest) < 1 {
		return Leaf{}, errLeaf
	}
	k := strings.IndexByte(classes, c.rest[0])
	c.rest = c.rest[1:]
	if k < 0 || !c.lit(`","c":"`) || len(c.rest) != 45 {
		return Leaf{}, errLeaf
	}
	l.Class = Class(classes[k : k+1])
	if _, err := base64.RawURLEncoding.Decode(l.Commitment[:], line[len(line)-45:len(line)-2]); err != nil {
		return Leaf{}, errLeaf
	}
	var again [maxLeaf]byte
	if l.N < 0 || !bytes.Equal(l.append(again[:0]), line) {
		return Leaf{}, errLeaf
	}
	return l, nil
}

// leafHash is the RFC 6962 hash of a leaf. tlog.RecordHash gives the same; this
// one keeps its input on the stack.
func leafHash(line []byte) tlog.Hash {
	var b [1 + maxLeaf]byte // b[0] = 0, RFC 6962 section 2.1
	return sha256.Sum256(append(b[:1], line...))
}
