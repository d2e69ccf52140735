package extract

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"aval/audit"
)

// An Extract is a verified extract.
type Extract struct {
	About      About
	Checkpoint audit.Checkpoint
	Entries    int64             // of the period, all of them
	Opened     int64             // how many of them with their details
	Files      map[string][]byte // the files that the maker added
	// Fenced says that an entry after the period is shown, so that the period is
	// complete for ever. Otherwise it is complete up to the checkpoint.
	Fenced bool
	// Before and After are the trees at both ends of what is shown. Extracts
	// chain: the root at one size must be the same in all of a log's extracts.
	Before, After audit.Head

	archive  *archive
	proof    *rangeProof
	from, to time.Time
}

// Read verifies a whole extract or fails with ErrInvalid. Every byte counts:
// whichever is changed, the answer is no. trust gets the files that the maker
// added, not verified yet, and returns the verifier of the log's key, which it
// must know from elsewhere or find vouched for in them.
func Read(r io.ReaderAt, size int64, trust func(files map[string][]byte) (note.Verifier, error)) (*Extract, error) {
	a, err := readArchive(r, size)
	if err != nil {
		return nil, err
	}
	x := &Extract{archive: a, Files: a.whole}
	own := make(map[string][]byte)
	for _, name := range []string{aboutName, checkpointName, rangeName, leavesName, openingsName} {
		if a.whole[name] == nil {
			return nil, ErrInvalid
		}
		own[name] = a.whole[name]
		delete(a.whole, name)
	}
	v, err := trust(x.Files)
	if err != nil {
		return nil, err
	}
	if err := a.verify(v); err != nil {
		return nil, err
	}
	if err := x.parse(own, v); err != nil {
		return nil, err
	}
	return x, x.Lines(func(audit.Line) error { return nil })
}

// parse reads the small files and compares them with each other.
func (x *Extract) parse(own map[string][]byte, v note.Verifier) (err error) {
	if json.Unmarshal(own[aboutName], &x.About) != nil || string(x.About.encode()) != string(own[aboutName]) {
		return ErrInvalid
	}
	if x.Checkpoint, err = audit.OpenCheckpoint(own[checkpointName], v); err != nil {
		return ErrInvalid
	}
	if x.proof, err = parseRangeProof(own[rangeName]); err != nil {
		return err
	}
	a, ok := &x.About, true
	x.from, ok = parseTime(a.From, ok)
	x.to, ok = parseTime(a.To, ok)
	_, ok = parseTime(a.Made, ok)
	from, to := a.fenced()
	if !ok || a.V != 1 || a.Origin != v.Name() || !strings.HasSuffix(a.Origin, "/"+a.Space) ||
		!audit.IsWord(a.Space) || !audit.IsWord(a.Profile) || !audit.IsWord(a.Program) || !x.from.Before(x.to) ||
		a.First < 0 || a.First > a.End || a.End > a.Size || a.Size != x.Checkpoint.Size ||
		x.proof.from != from || x.proof.to != to {
		return ErrInvalid
	}
	x.Entries, x.Fenced = a.End-a.First, a.End < a.Size
	return nil
}

func parseTime(s string, ok bool) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, ok && err == nil && t.Format(timeForm) == s
}

// Lines calls fn for each entry of the period, in order, and verifies them all
// again on the way: what fn has seen counts only once Lines returns nil.
func (x *Extract) Lines(fn func(audit.Line) error) error {
	leaves, err := x.archive.lines(leavesName, 4<<10)
	if err != nil {
		return err
	}
	defer leaves.close()
	openings, err := x.archive.lines(openingsName, 160<<10)
	if err != nil {
		return err
	}
	defer openings.close()
	w := walk{x: x, openings: openings, tree: tree{x.proof.from, slices.Clone(x.proof.before)}}
	x.Before = audit.Head{Size: w.tree.size, Root: w.tree.root()}
	if err := w.nextOpening(); err != nil {
		return err
	}
	for n := x.proof.from; n < x.proof.to; n++ {
		line, err := leaves.next()
		if err != nil {
			return ErrInvalid
		}
		if err := w.leaf(n, line, fn); err != nil {
			return err
		}
	}
	if _, err := leaves.next(); !errors.Is(err, io.EOF) || w.opening >= 0 {
		return ErrInvalid
	}
	x.Opened, x.After = w.opened, audit.Head{Size: w.tree.size, Time: w.last, Root: w.tree.root()}
	return x.proof.check(&w.tree, x.Checkpoint)
}

// A walk goes through leaves and openings side by side.
type walk struct {
	x            *Extract
	tree         tree
	last         time.Time // of the leaf before
	openings     *lineReader
	opening      int64 // the entry that the next opening is of; -1 if there is none left
	salt, detail []byte
	opened       int64
}

func (w *walk) nextOpening() error {
	line, err := w.openings.next()
	if errors.Is(err, io.EOF) {
		w.opening = -1
		return nil
	}
	if err == nil {
		w.opening, w.salt, w.detail, err = parseOpening(line)
	}
	return err
}

func (w *walk) leaf(n int64, raw []byte, fn func(audit.Line) error) error {
	leaf, err := audit.ParseLeaf(raw)
	if err != nil || leaf.N != n || leaf.Time.Before(w.last) {
		return ErrInvalid
	}
	w.tree.add(tlog.RecordHash(raw))
	w.last = leaf.Time
	a := &w.x.About
	// The fences are outside the period on their side, all others inside.
	before, after := leaf.Time.Before(w.x.from), !leaf.Time.Before(w.x.to)
	if before != (n < a.First) || after != (n >= a.End) {
		return ErrInvalid
	}
	if before || after {
		return nil
	}
	line := audit.Line{N: n, Time: leaf.Time, Class: leaf.Class, Leaf: slices.Clone(raw)}
	if w.opening == n {
		if err := w.open(&line, leaf.Commitment); err != nil {
			return err
		}
	}
	return fn(line)
}

// open fills in the detail, if the leaf commits to it.
func (w *walk) open(line *audit.Line, commitment [sha256.Size]byte) error {
	d, err := audit.ParseDetail(w.detail)
	if err != nil || d.Space != w.x.About.Space || sha256.Sum256(slices.Concat(w.salt, w.detail)) != commitment {
		return ErrInvalid
	}
	line.Salt, line.DetailBytes, line.Detail = w.salt, w.detail, d
	w.opened++
	return w.nextOpening()
}

// A lineReader reads the lines of a compressed file, none longer than its buffer,
// so that no small file can make it hold a large one.
type lineReader struct {
	file  io.ReadCloser
	raw   *bufio.Reader
	lines *bufio.Reader
}

func (a *archive) lines(name string, longest int) (*lineReader, error) {
	file, err := a.open(name)
	if err != nil {
		return nil, ErrInvalid
	}
	l := &lineReader{file: file, raw: bufio.NewReaderSize(file, 32<<10)}
	gz, err := gzip.NewReader(l.raw)
	if err != nil {
		l.close()
		return nil, ErrInvalid
	}
	gz.Multistream(false)
	l.lines = bufio.NewReaderSize(gz, longest)
	return l, nil
}

func (l *lineReader) close() { _ = l.file.Close() }

// next returns the next line without its end, valid until the call after, or
// io.EOF where the compressed stream and the file end together.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.lines.ReadSlice('\n')
	switch {
	case err == nil:
		return line[:len(line)-1], nil
	case !errors.Is(err, io.EOF) || len(line) > 0:
		return nil, ErrInvalid
	}
	if _, err := l.raw.ReadByte(); err != io.EOF {
		return nil, ErrInvalid
	}
	return nil, io.EOF
}
