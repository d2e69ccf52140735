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
	// All that follows the number has a fixed length, and is compared below.
	const number, t, k, c = len(`{"v":1,"n":`), len(`,"t":"`), len(`","k":"`), len(`","c":"`)
	const commitment = 43
	end := len(line) - len(`"}`) - commitment - c - 1 - k - timeSize - t // of the number
	if end < number || len(line) > maxLeaf {
		return Leaf{}, errLeaf
	}
	n, err1 := strconv.ParseInt(string(line[number:end]), 10, 64)
	at, err2 := time.Parse(time.RFC3339Nano, string(line[end+t:end+t+timeSize]))
	class := strings.IndexByte(classes, line[end+t+timeSize+k])
	if err1 != nil || err2 != nil || n < 0 || class < 0 {
		return Leaf{}, errLeaf
	}
	l := Leaf{N: n, Time: at, Class: Class(classes[class : class+1])}
	_, err := base64.RawURLEncoding.Decode(l.Commitment[:], line[len(line)-commitment-2:len(line)-2])
	var again [maxLeaf]byte
	if err != nil || !bytes.Equal(l.append(again[:0]), line) {
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
