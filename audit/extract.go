package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"sort"
	"strconv"
	"strings"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// The files of an extract, in this order; the caller's own come before the leaves.
const (
	aboutName      = "about.json"
	checkpointName = "checkpoint"
	rangeName      = "range-proof"
	leavesName     = "leaves.ndjson.gz"
	openingsName   = "openings.ndjson.gz"
)

// An ExtractRequest says what an extract holds.
type ExtractRequest struct {
	From, To time.Time       // the period: From ≤ t < To, whole microseconds
	Profile  string          // a word: for whom it is made
	Program  string          // a word: name and version of the program
	Open     func(Line) bool // whose details its reader may see; nil for none
	Files    []File
}

// An About says what an extract is: the first file to read in it.
type About struct {
	V       int    `json:"v"`
	Origin  string `json:"origin"`
	Space   string `json:"space"`
	From    string `json:"from"`
	To      string `json:"to"`
	Made    string `json:"made"`
	Profile string `json:"profile"`
	Program string `json:"program"`
	First   int64  `json:"first"` // number of the period's first entry
	End     int64  `json:"end"`   // number after that of its last
	Size    int64  `json:"size"`  // of the log, at the checkpoint
}

// fenced is the range of leaves that an extract shows: the period's, and one on
// either side, which prove that nothing was left out.
func (a *About) fenced() (from, to int64) {
	return max(a.First-1, 0), min(a.End+1, a.Size)
}

// An ExtractReport says what was written.
type ExtractReport struct {
	First, End int64 // numbers of the entries, half-open
	Opened     int64 // how many with their details
	Size       int64 // of the log at the checkpoint
}

// WriteExtract writes the entries of a period, and what proves that they are all
// there and unchanged, to w. It asks for a checkpoint and covers what that does;
// if the log has nothing after the period yet, the extract ends where the log does.
// It reads in short transactions and holds no more than a few hundred entries.
// After an error, what w got is worthless.
func (l *Log) WriteExtract(ctx context.Context, w io.Writer, s Space, x ExtractRequest) (ExtractReport, error) {
	if err := x.check(); err != nil {
		return ExtractReport{}, err
	}
	signer, err := l.signers.LogSigner(s)
	if err != nil {
		return ExtractReport{}, err
	}
	signed, err := l.Checkpoint(ctx, s)
	if err != nil {
		return ExtractReport{}, err
	}
	c, err := l.openOwn(s, signed)
	if err != nil {
		return ExtractReport{}, err
	}
	about, proof, err := l.survey(ctx, s, &x, c)
	if err != nil {
		return ExtractReport{}, err
	}
	files := append([]File{{aboutName, about.encode()}, {checkpointName, signed}, {rangeName, proof.encode()}}, x.Files...)
	a := newArchiveWriter(w)
	for _, f := range files {
		if err := a.addBytes(f.Name, f.Data); err != nil {
			return ExtractReport{}, err
		}
	}
	if err := l.writeLeaves(ctx, a, s, about); err != nil {
		return ExtractReport{}, err
	}
	opened, err := l.writeOpenings(ctx, a, s, about, x.Open)
	if err != nil {
		return ExtractReport{}, err
	}
	return ExtractReport{First: about.First, End: about.End, Opened: opened, Size: about.Size}, a.close(signer)
}

func (x *ExtractRequest) check() error {
	if !isMicro(x.From) || !isMicro(x.To) || !x.From.Before(x.To) || !isWord(x.Profile) || !isWord(x.Program) {
		return errors.New("audit: an extract needs a period in whole microseconds, a profile and a program")
	}
	taken := map[string]bool{aboutName: true, checkpointName: true, rangeName: true, leavesName: true, openingsName: true, manifestName: true}
	total := 0
	for _, f := range x.Files {
		total += len(f.Data)
		if !isFileName(f.Name) || taken[f.Name] || len(f.Data) > maxFile || total > maxWhole/2 {
			return errors.New("audit: a file of the extract is too large or its name can't be used")
		}
		taken[f.Name] = true
	}
	if len(taken) > maxFiles {
		return errors.New("audit: too many files for an extract")
	}
	return nil
}

// isMicro tells whether t can be written in a leaf.
func isMicro(t time.Time) bool {
	return t.Equal(t.Truncate(time.Microsecond)) && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999
}

// survey finds the period in the log and proves where it lies.
func (l *Log) survey(ctx context.Context, s Space, x *ExtractRequest, c Checkpoint) (*About, *rangeProof, error) {
	now, err := l.clock.Now()
	if err != nil {
		return nil, nil, err
	}
	about := &About{
		V: 1, Origin: c.Origin, Space: s.slug, Size: c.Size, Profile: x.Profile, Program: x.Program,
		From: x.From.UTC().Format(timeForm), To: x.To.UTC().Format(timeForm), Made: now.Format(timeForm),
	}
	var proof *rangeProof
	err = l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		if about.First, err = firstAt(tx, c.Size, x.From); err != nil {
			return err
		}
		if about.End, err = firstAt(tx, c.Size, x.To); err != nil {
			return err
		}
		from, to := about.fenced()
		proof, err = proveRange(t.hashes(tx), from, to, c.Size)
		return err
	})
	return about, proof, err
}

// firstAt returns the number of the first entry that is not before at, or size.
func firstAt(tx kv.Tx, size int64, at time.Time) (int64, error) {
	var err error
	n := sort.Search(int(size), func(i int) bool {
		leaf, failed := readLeaf(tx, int64(i))
		err = errors.Join(err, failed)
		return !leaf.Time.Before(at)
	})
	return int64(n), err
}

func (a *About) encode() []byte {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(b, '\n')
}

// writeLeaves writes the leaves with their fences, one a line.
func (l *Log) writeLeaves(ctx context.Context, a *archiveWriter, s Space, about *About) error {
	from, to := about.fenced()
	return a.addLines(leavesName, func(w *bufio.Writer) error {
		return l.lines(ctx, s, from, to, false, func(line Line) error {
			w.Write(line.Leaf) // an error stays and comes back from Flush
			return w.WriteByte('\n')
		})
	})
}

// writeOpenings writes salt and detail of the entries that the reader may see.
func (l *Log) writeOpenings(ctx context.Context, a *archiveWriter, s Space, about *About, open func(Line) bool) (opened int64, err error) {
	var buf []byte
	err = a.addLines(openingsName, func(w *bufio.Writer) error {
		if open == nil {
			return nil
		}
		return l.lines(ctx, s, about.First, about.End, true, func(line Line) error {
			if line.Detail == nil || !open(line) {
				return nil
			}
			opened++
			buf = appendOpening(buf[:0], line.N, line.Salt, line.DetailBytes)
			w.Write(buf)
			return w.WriteByte('\n')
		})
	})
	return opened, err
}

// addLines adds a file of lines, compressed: gzip, because every language's
// standard library reads it, at its fastest, which costs an eighth in size.
func (a *archiveWriter) addLines(name string, fill func(*bufio.Writer) error) error {
	return a.add(name, func(w io.Writer) error {
		gz, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			return err
		}
		lines := bufio.NewWriterSize(gz, 64<<10)
		if err := fill(lines); err != nil {
			return err
		}
		return errors.Join(lines.Flush(), gz.Close())
	})
}

// appendOpening appends {"n":…,"salt":"…","detail":"…"}. The detail is a string
// and not an object, because its exact bytes are what is committed to.
func appendOpening(b []byte, n int64, salt, detail []byte) []byte {
	b = append(b, `{"n":`...)
	b = strconv.AppendInt(b, n, 10)
	b = append(b, `,"salt":"`...)
	b = base64.RawURLEncoding.AppendEncode(b, salt)
	b = append(b, `","detail":"`...)
	for _, c := range detail {
		if c == '"' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, `"}`...)
}

// parseOpening reads what appendOpening writes and returns salt ‖ detail.
func parseOpening(line []byte) (n int64, plain []byte, err error) {
	c := cursor{rest: string(line)}
	if !c.lit(`{"n":`) {
		return 0, nil, ErrExtract
	}
	if n = c.number(); c.bad || n < 0 || !c.lit(`,"salt":"`) || len(c.rest) < 43 {
		return 0, nil, ErrExtract
	}
	salt, err := base64.RawURLEncoding.DecodeString(c.rest[:43])
	c.rest = c.rest[43:]
	if err != nil || len(salt) != saltSize || !c.lit(`","detail":"`) || !strings.HasSuffix(c.rest, `"}`) {
		return 0, nil, ErrExtract
	}
	detail := []byte(strings.ReplaceAll(c.rest[:len(c.rest)-2], `\"`, `"`))
	if !bytes.Equal(appendOpening(nil, n, salt, detail), line) {
		return 0, nil, ErrExtract
	}
	return n, append(salt, detail...), nil
}

// A rangeProof proves that leaves from … to-1 are in the tree of a checkpoint:
// the peaks of the tree before them, to which they are appended, and an RFC 6962
// consistency proof from the tree after them.
type rangeProof struct {
	from, to, size int64
	before         []tlog.Hash
	after          tlog.TreeProof
}

func proveRange(r tlog.HashReader, from, to, size int64) (*rangeProof, error) {
	p := &rangeProof{from: from, to: to, size: size}
	var indexes []int64
	for n, l := int64(0), 62; l >= 0; l-- {
		if from>>l&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(l, n>>l))
			n += 1 << l
		}
	}
	var err error
	if p.before, err = r.ReadHashes(indexes); err != nil || to == 0 {
		return p, err
	}
	p.after, err = tlog.ProveTree(size, to, r)
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

func parseRangeProof(b []byte) (*rangeProof, error) {
	const maxHashes = 2 * 64
	p := new(rangeProof)
	lines := strings.Split(string(b), "\n")
	if len(lines) > maxHashes+3 {
		return nil, ErrExtract
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
			h, err := tlog.ParseHash(line)
			if err != nil {
				return nil, ErrExtract
			}
			*hashes = append(*hashes, h)
		}
	}
	// Whatever was misread above is not written back the same.
	if !bytes.Equal(p.encode(), b) || p.from < 0 || p.from > p.to || p.to > p.size ||
		len(p.before) != bits.OnesCount64(uint64(p.from)) {
		return nil, ErrExtract
	}
	return p, nil
}

// check tells whether the tree after the last leaf leads to the checkpoint's.
func (p *rangeProof) check(after *tree, c Checkpoint) error {
	if p.size != c.Size || p.to != after.size {
		return ErrExtract
	}
	if p.to == 0 {
		if len(p.after) > 0 || p.size != 0 || after.root() != c.Root {
			return ErrExtract
		}
		return nil
	}
	if tlog.CheckTree(p.after, c.Size, c.Root, p.to, after.root()) != nil {
		return ErrExtract
	}
	return nil
}
