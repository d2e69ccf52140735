package extract

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"aval/audit"
)

// A rangeProof proves that leaves from … to-1 are in the tree of a checkpoint:
// the peaks of the tree before them, to which they are appended, and an RFC 6962
// consistency proof from the tree after them.
type rangeProof struct {
	from, to, size int64
	before         []tlog.Hash
	after          tlog.TreeProof
}

// prove proves the range from … to-1, which is empty only if the log is.
func prove(ctx context.Context, log *audit.Log, s audit.Space, from, to, size int64) (*rangeProof, error) {
	p := &rangeProof{from: from, to: to, size: size}
	if size == 0 {
		return p, nil
	}
	// The audit path of a tree's last leaf is the peaks of the tree before it,
	// the smallest first.
	path, err := log.Inclusion(ctx, s, from, from+1)
	if err != nil {
		return nil, err
	}
	p.before = path
	slices.Reverse(p.before)
	p.after, err = log.Consistency(ctx, s, to, size)
	return p, err
}

func (p *rangeProof) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "before %d\n", p.from)
	for _, h := range p.before {
		fmt.Fprintf(&b, "%s\n", h)
	}
	fmt.Fprintf(&b, "after %d %d\n", p.to, p.size)
	for _, h := range p.after {
		fmt.Fprintf(&b, "%s\n", h)
	}
	return b.Bytes()
}

// parseRangeProof reads what it can, and then sees whether encode gives the same
// bytes: whatever was misread does not.
func parseRangeProof(b []byte) (*rangeProof, error) {
	const maxHashes = 2 * 64
	p := new(rangeProof)
	lines := strings.Split(string(b), "\n")
	if len(lines) > maxHashes+3 {
		return nil, ErrInvalid
	}
	hashes := &p.before
	for i, line := range lines[:len(lines)-1] {
		if i == 0 {
			p.from, _ = strconv.ParseInt(strings.TrimPrefix(line, "before "), 10, 64)
		} else if rest, ok := strings.CutPrefix(line, "after "); ok {
			to, size, _ := strings.Cut(rest, " ")
			p.to, _ = strconv.ParseInt(to, 10, 64)
			p.size, _ = strconv.ParseInt(size, 10, 64)
			hashes = (*[]tlog.Hash)(&p.after)
		} else {
			h, _ := tlog.ParseHash(line)
			*hashes = append(*hashes, h)
		}
	}
	if !bytes.Equal(p.encode(), b) || p.from < 0 || p.from > p.to || p.to > p.size ||
		len(p.before) != bits.OnesCount64(uint64(p.from)) {
		return nil, ErrInvalid
	}
	return p, nil
}

// check tells whether the tree after the last leaf leads to the checkpoint's.
func (p *rangeProof) check(after *tree, c audit.Checkpoint) error {
	if p.size != c.Size || p.to != after.size {
		return ErrInvalid
	}
	if p.size == 0 && len(p.after) == 0 && after.root() == c.Root {
		return nil
	}
	if tlog.CheckTree(p.after, c.Size, c.Root, p.to, after.root()) != nil {
		return ErrInvalid
	}
	return nil
}

// A tree is an RFC 6962 tree: its size and the roots of its full subtrees from
// left to right, its peaks. The log has its own, which also stores itself; to
// verify, these few lines are enough, and nothing that writes can mislead them.
type tree struct {
	size  int64
	peaks []tlog.Hash
}

func (t *tree) add(leaf tlog.Hash) {
	h := leaf
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.peaks) - 1
		h = tlog.NodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
	}
	t.peaks = append(t.peaks, h)
	t.size++
}

// root lets tlog fold the peaks: they are the hashes that it asks for.
func (t *tree) root() tlog.Hash {
	root, err := tlog.TreeHash(t.size, tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) { return t.peaks, nil }))
	if err != nil {
		panic(err) // as many peaks as bits are set in size, always
	}
	return root
}
