package audit

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// A Head is the state of a log after a commit.
type Head struct {
	Size int64     // number of entries
	Time time.Time // of the last entry; zero if there is none
	Root tlog.Hash // of the tree (RFC 6962)
}

// A tree is an RFC 6962 tree as its head keeps it: the roots of its full
// subtrees, largest first, one for each bit of size. Adding a leaf reads nothing.
type tree struct {
	size  int64
	time  time.Time
	peaks []tlog.Hash
}

// add appends a leaf. It calls grown for each new full subtree of 256, 256²,
// 256³ … leaves, with level 1, 2, 3 … and the subtree's number on that level.
func (t *tree) add(leaf tlog.Hash, grown func(level int, index int64, root tlog.Hash) error) error {
	h := leaf
	for l := 0; t.size>>l&1 == 1; l++ {
		last := len(t.peaks) - 1
		h = tlog.NodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
		if (l+1)%tileHeight == 0 && grown != nil {
			if err := grown((l+1)/tileHeight, t.size>>(l+1), h); err != nil {
				return err
			}
		}
	}
	t.peaks = append(t.peaks, h)
	t.size++
	return nil
}

// root lets tlog fold the peaks: they are the hashes that it asks for.
func (t *tree) root() tlog.Hash {
	root, err := tlog.TreeHash(t.size, tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return t.peaks, nil }))
	if err != nil {
		panic(err) // there are as many peaks as bits are set in size
	}
	return root
}

func (t *tree) head() Head { return Head{Size: t.size, Time: t.time, Root: t.root()} }

// headKey sorts after the key of every entry, being one byte longer.
var headKey = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

const (
	headVersion = 1
	headFixed   = 1 + 8 + 8
)

// append appends the head record: version ‖ size ‖ time in µs ‖ peaks.
func (t *tree) append(b []byte) []byte {
	b = append(b, headVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(t.size))
	b = binary.BigEndian.AppendUint64(b, uint64(t.time.UnixMicro()))
	for i := range t.peaks {
		b = append(b, t.peaks[i][:]...)
	}
	return b
}

// parseTree reads a head record. An empty tree has none.
func parseTree(b []byte) (tree, error) {
	if len(b) < headFixed || b[0] != headVersion {
		return tree{}, damaged("head record")
	}
	size := binary.BigEndian.Uint64(b[1:])
	peaks := b[headFixed:]
	if size == 0 || size > maxN || len(peaks) != bits.OnesCount64(size)*tlog.HashSize {
		return tree{}, damaged("head record")
	}
	t := tree{
		size:  int64(size),
		time:  time.UnixMicro(int64(binary.BigEndian.Uint64(b[9:]))).UTC(),
		peaks: make([]tlog.Hash, 0, len(peaks)/tlog.HashSize+1), // and the next leaf
	}
	for h := range slices.Chunk(peaks, tlog.HashSize) {
		t.peaks = append(t.peaks, tlog.Hash(h))
	}
	return t, nil
}
