package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"

	"aval/store/kv"
)

// The layout of a bbolt file (version 2), in the byte order of the machine. It
// is read here, before bbolt does, because bbolt trusts it: after a crash it
// walks the tree on a goroutine of its own, where a panic cannot be caught.
const (
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaSize    = 64 // with its checksum, the last 8 bytes
	noFreelist  = ^uint64(0)

	headerSize  = 16 // of a page: id 8, flags 2, count 2, overflow 4
	elementSize = 16 // of a leaf or a branch
	bucketSize  = 16 // root page 8, sequence 8; then the page itself if the root is 0

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10

	elementIsBucket = 0x01

	minPageSize = 1 << 10
)

var order = binary.NativeEndian

// A meta is what one of the two meta pages says.
type meta struct {
	root     uint64 // page of the root bucket
	freelist uint64 // its page, or noFreelist
	high     uint64 // pages from here on were never used
	txid     uint64
}

// readMeta returns the newer valid meta page.
func readMeta(f io.ReaderAt, pageSize int) (meta, error) {
	var newest meta
	found := false
	for page := range 2 {
		buf := make([]byte, headerSize+metaSize)
		if _, err := f.ReadAt(buf, int64(page)*int64(pageSize)); err != nil {
			return meta{}, damaged("meta page %d cannot be read", page)
		}
		m, ok := parseMeta(buf[headerSize:], pageSize)
		if ok && (!found || m.txid > newest.txid) {
			newest, found = m, true
		}
	}
	if !found {
		return meta{}, damaged("no valid meta page")
	}
	return newest, nil
}

func parseMeta(b []byte, pageSize int) (meta, bool) {
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	if order.Uint32(b) != metaMagic || order.Uint32(b[4:]) != metaVersion ||
		order.Uint32(b[8:]) != uint32(pageSize) || order.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{
		root:     order.Uint64(b[16:]), // a sequence number of 8 bytes follows
		freelist: order.Uint64(b[32:]),
		high:     order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
	}, true
}

// A checker walks pages that may hold anything.
type checker struct {
	f        io.ReaderAt
	pageSize int
	high     uint64
	seen     []uint64 // one bit a page
}

func newChecker(f io.ReaderAt, pageSize int, m meta) *checker {
	// high was compared with the size of the file, so this is bounded.
	return &checker{f: f, pageSize: pageSize, high: m.high, seen: make([]uint64, m.high/64+1)}
}

// checkFreelist refuses a list of free pages that is not one: bbolt would hand
// out pages in use.
func checkFreelist(f io.ReaderAt, pageSize int, m meta) error {
	c := newChecker(f, pageSize, m)
	p, err := c.read(m.freelist)
	if err != nil {
		return err
	}
	if p.flags() != flagFreelist {
		return damaged("page %d is no free list", m.freelist)
	}
	ids := p[headerSize:]
	n := uint64(p.count())
	if n == 0xFFFF { // then the number stands before the ids
		n = order.Uint64(ids)
		ids = ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return damaged("free list of %d pages does not fit", n)
	}
	last := uint64(1)
	for i := range n {
		id := order.Uint64(ids[8*i:])
		if id <= last || id >= m.high {
			return damaged("free list names page %d", id)
		}
		last = id
	}
	return nil
}

// checkTree reads every page in use, once. It refuses whatever bbolt's own walk
// would: that one panics, and leaves the file locked.
func checkTree(f io.ReaderAt, pageSize int, m meta) error {
	return newChecker(f, pageSize, m).tree(subtree{page: m.root})
}

// A subtree is a page and the bounds of the keys on it: from ≤ key < to, where
// nil is no bound.
type subtree struct {
	page     uint64
	from, to []byte
}

// tree checks a page and all below it.
func (c *checker) tree(s subtree) error {
	p, err := c.read(s.page)
	if err != nil {
		return err
	}
	below, err := p.children(s, false)
	if err != nil {
		return fmt.Errorf("page %d: %w", s.page, err)
	}
	for _, s := range below {
		if err := c.tree(s); err != nil {
			return err
		}
	}
	return nil
}

// A page is a page with its overflow, or one inside a bucket's value.
type page []byte

func (p page) id() uint64       { return order.Uint64(p) }
func (p page) flags() uint16    { return order.Uint16(p[8:]) }
func (p page) count() uint16    { return order.Uint16(p[10:]) }
func (p page) overflow() uint32 { return order.Uint32(p[12:]) }

// read returns a page that was not read before. Pages read once only also means
// that a loop ends.
func (c *checker) read(id uint64) (page, error) {
	if id < 2 || id >= c.high {
		return nil, damaged("page %d is outside the %d in use", id, c.high)
	}
	p := make(page, c.pageSize)
	if err := c.readAt(p, id); err != nil {
		return nil, err
	}
	if p.id() != id {
		return nil, damaged("page %d says it is %d", id, p.id())
	}
	more := uint64(p.overflow())
	if more >= c.high-id {
		return nil, damaged("page %d runs over the end", id)
	}
	for i := id; i <= id+more; i++ {
		if c.seen[i/64]&(1<<(i%64)) != 0 {
			return nil, damaged("page %d is used twice", i)
		}
		c.seen[i/64] |= 1 << (i % 64)
	}
	if more > 0 {
		p = make(page, (1+more)*uint64(c.pageSize))
		if err := c.readAt(p, id); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (c *checker) readAt(p page, id uint64) error {
	if _, err := c.f.ReadAt(p, int64(id)*int64(c.pageSize)); err != nil {
		return damaged("page %d cannot be read", id)
	}
	return nil
}

// children checks the elements of a page and returns what is below them.
func (p page) children(s subtree, folded bool) ([]subtree, error) {
	if len(p) < headerSize+elementSize*int(p.count()) {
		return nil, damaged("%d elements do not fit", p.count())
	}
	switch {
	case p.flags() == flagLeaf:
		return p.leaf(s, folded)
	case p.flags() == flagBranch && !folded && p.count() > 0:
		return p.branch(s)
	default:
		return nil, damaged("neither leaf nor branch: flags %x, %d elements", p.flags(), p.count())
	}
}

func (p page) branch(s subtree) ([]subtree, error) {
	below := make([]subtree, 0, p.count())
	var last []byte
	for i := range int(p.count()) {
		at := headerSize + elementSize*i
		pos, ksize := order.Uint32(p[at:]), order.Uint32(p[at+4:])
		key, ok := p.extent(at, pos, uint64(ksize))
		if !ok || !s.next(last, key, i == 0) {
			return nil, damaged("element %d", i)
		}
		last = key
		below = append(below, subtree{order.Uint64(p[at+8:]), key, s.to})
		if i > 0 {
			below[i-1].to = key
		}
	}
	return below, nil
}

func (p page) leaf(s subtree, folded bool) ([]subtree, error) {
	var below []subtree
	var last []byte
	for i := range int(p.count()) {
		at := headerSize + elementSize*i
		flags, pos := order.Uint32(p[at:]), order.Uint32(p[at+4:])
		ksize, vsize := order.Uint32(p[at+8:]), order.Uint32(p[at+12:])
		both, ok := p.extent(at, pos, uint64(ksize)+uint64(vsize))
		if !ok || !s.next(last, both[:ksize], i == 0) {
			return nil, damaged("element %d", i)
		}
		last = both[:ksize]
		if flags&elementIsBucket == 0 {
			continue
		}
		if folded { // bbolt never folds a bucket of buckets into its parent
			return nil, damaged("element %d is a bucket in a folded bucket", i)
		}
		inside, err := bucketRoot(both[ksize:])
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		below = append(below, inside...)
	}
	return below, nil
}

// next says whether key may follow last on a page of s.
func (s subtree) next(last, key []byte, first bool) bool {
	if first {
		last = s.from
	}
	c := bytes.Compare(last, key)
	return (c < 0 || first && c == 0) && (s.to == nil || bytes.Compare(key, s.to) < 0)
}

// bucketRoot checks a bucket's value and returns its root page, if it has one.
func bucketRoot(value []byte) ([]subtree, error) {
	if len(value) < bucketSize {
		return nil, damaged("bucket of %d bytes", len(value))
	}
	if root := order.Uint64(value); root != 0 {
		return []subtree{{page: root}}, nil
	}
	folded := page(value[bucketSize:])
	if len(folded) < headerSize {
		return nil, damaged("folded bucket of %d bytes", len(value))
	}
	return folded.children(subtree{}, true)
}

// extent returns n bytes of the page that start pos bytes after element at.
func (p page) extent(at int, pos uint32, n uint64) ([]byte, bool) {
	from := uint64(at) + uint64(pos)
	to := from + n
	if to > uint64(len(p)) {
		return nil, false
	}
	return p[from:to:to], true
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", kv.ErrDamaged, fmt.Sprintf(format, args...))
}
