package audit

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// An Extract is a verified extract.
type Extract struct {
	About      About
	Checkpoint Checkpoint
	Entries    int64             // of the period, all of them
	Opened     int64             // how many of them with their details
	Files      map[string][]byte // the files that the maker added
	// Fenced says that an entry after the period is shown, so that the period is
	// complete for ever. Otherwise it is complete up to the checkpoint.
	Fenced bool
	// Before and After are the trees at both ends of what is shown. Extracts
	// chain: the root at one size must be the same in all of a log's extracts.
	Before, After Head

	archive  *archive
	proof    *rangeProof
	from, to time.Time
}

// ReadExtract verifies a whole extract or fails with ErrExtract. Every byte
// counts: whichever is changed, the answer is no. trust gets the files that the
// maker added, not verified yet, and returns the verifier of the log's key, which
// it must know from elsewhere or find vouched for in them.
func ReadExtract(r io.ReaderAt, size int64, trust func(files map[string][]byte) (note.Verifier, error)) (*Extract, error) {
	a, err := readArchive(r, size)
	if err != nil {
		return nil, err
	}
	x := &Extract{archive: a, Files: a.whole}
	own := make(map[string][]byte)
	for _, name := range []string{aboutName, checkpointName, rangeName, leavesName, openingsName} {
		if a.whole[name] == nil {
			return nil, ErrExtract
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
	return x, x.Lines(func(Line) error { return nil })
}

// parse reads the small files and compares them with each other.
func (x *Extract) parse(own map[string][]byte, v note.Verifier) (err error) {
	if json.Unmarshal(own[aboutName], &x.About) != nil || string(x.About.encode()) != string(own[aboutName]) {
		return ErrExtract
	}
	if x.Checkpoint, err = OpenCheckpoint(own[checkpointName], v); err != nil {
		return ErrExtract
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
		!isWord(a.Space) || !isWord(a.Profile) || !isWord(a.Program) || !x.from.Before(x.to) ||
		a.First < 0 || a.First > a.End || a.End > a.Size || a.Size != x.Checkpoint.Size ||
		x.proof.from != from || x.proof.to != to {
		return ErrExtract
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
func (x *Extract) Lines(fn func(Line) error) error {
	leaves, err := x.archive.lines(leavesName, 4<<10)
	if err != nil {
		return err
	}
	defer leaves.close()
	openings, err := x.archive.lines(openingsName, 4*maxDetail)
	if err != nil {
		return err
	}
	defer openings.close()
	w := extractWalk{x: x, openings: openings, tree: tree{size: x.proof.from, peaks: append(x.proof.before[:0:0], x.proof.before...)}}
	x.Before = Head{Size: w.tree.size, Root: w.tree.root()}
	if err := w.nextOpening(); err != nil {
		return err
	}
	for n := x.proof.from; n < x.proof.to; n++ {
		line, err := leaves.next()
		if err != nil {
			return ErrExtract
		}
		if err := w.leaf(n, line, fn); err != nil {
			return err
		}
	}
	if _, err := leaves.next(); err != io.EOF || w.opening >= 0 {
		return ErrExtract
	}
	x.Opened, x.After = w.opened, w.tree.head()
	return x.proof.check(&w.tree, x.Checkpoint)
}

// An extractWalk goes through leaves and openings side by side.
type extractWalk struct {
	x        *Extract
	tree     tree
	openings *lineReader
	opening  int64 // the entry that the next opening is of; -1 if there is none left
	plain    []byte
	opened   int64
}

func (w *extractWalk) nextOpening() error {
	line, err := w.openings.next()
	if err == io.EOF {
		w.opening = -1
		return nil
	}
	if err != nil {
		return ErrExtract
	}
	w.opening, w.plain, err = parseOpening(line)
	return err
}

func (w *extractWalk) leaf(n int64, raw []byte, fn func(Line) error) error {
	leaf, err := ParseLeaf(raw)
	if err != nil || leaf.N != n || leaf.Time.Before(w.tree.time) {
		return ErrExtract
	}
	if err := w.tree.add(leafHash(raw), nil); err != nil {
		return err
	}
	w.tree.time = leaf.Time
	a := &w.x.About
	// The fences are outside the period on their side, all others inside.
	before, after := leaf.Time.Before(w.x.from), !leaf.Time.Before(w.x.to)
	if before != (n < a.First) || after != (n >= a.End) {
		return ErrExtract
	}
	if before || after {
		return nil
	}
	line := Line{N: n, Time: leaf.Time, Class: leaf.Class, Leaf: append([]byte(nil), raw...)}
	if w.opening == n {
		if line.fill(leaf, w.plain, a.Space) != nil {
			return ErrExtract
		}
		w.opened++
		if err := w.nextOpening(); err != nil {
			return err
		}
	}
	return fn(line)
}

// A lineReader reads the lines of a compressed file, none longer than its buffer,
// so that no small file can make it hold a large one.
type lineReader struct {
	file  io.ReadCloser
	raw   *bufio.Reader
	gz    *gzip.Reader
	lines *bufio.Reader
}

func (a *archive) lines(name string, longest int) (*lineReader, error) {
	file, err := a.open(name)
	if err != nil {
		return nil, ErrExtract
	}
	l := &lineReader{file: file, raw: bufio.NewReaderSize(file, 32<<10)}
	if l.gz, err = gzip.NewReader(l.raw); err != nil {
		l.close()
		return nil, ErrExtract
	}
	l.gz.Multistream(false)
	l.lines = bufio.NewReaderSize(l.gz, longest)
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
	case err != io.EOF || len(line) > 0:
		return nil, ErrExtract
	}
	if _, err := l.raw.ReadByte(); err != io.EOF {
		return nil, ErrExtract
	}
	return nil, io.EOF
}
