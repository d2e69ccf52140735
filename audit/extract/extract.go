// Package extract writes the entries of a period of a log, with what proves that
// they are all there and unchanged, into one file that anyone can check offline
// with one public key. docs/log.md has the format, file by file; [Read] is how
// Aval checks it.
package extract

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"time"

	"aval/audit"
)

// ErrInvalid: the file is not an extract, or not as it was made.
var ErrInvalid = errors.New("extract: it does not verify")

// The files of an extract, in this order; the caller's own come before the leaves.
const (
	aboutName      = "about.json"
	checkpointName = "checkpoint"
	rangeName      = "range-proof"
	leavesName     = "leaves.ndjson.gz"
	openingsName   = "openings.ndjson.gz"
)

// A Request says what an extract holds.
type Request struct {
	From, To time.Time             // the period: From ≤ t < To, whole microseconds
	Profile  string                // a word: for whom it is made
	Program  string                // a word: name and version of the program
	Open     func(audit.Line) bool // whose details its reader may see; nil for none
	Files    []File
}

// A File is a file of an extract: the caller's own, such as the statements that
// vouch for the log's key, slots of the run log, cosignatures, or timestamps.
type File struct {
	Name string // lower case letters, digits, '.', '-', '_' and '/', at most 64
	Data []byte
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

const timeForm = "2006-01-02T15:04:05.000000Z"

// fenced is the range of leaves that an extract shows: the period's, and one on
// either side, which prove that nothing was left out.
func (a *About) fenced() (from, to int64) {
	return max(a.First-1, 0), min(a.End+1, a.Size)
}

func (a *About) encode() []byte {
	b, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(b, '\n')
}

// A Report says what was written.
type Report struct {
	First, End int64 // numbers of the entries, half-open
	Opened     int64 // how many with their details
	Size       int64 // of the log at the checkpoint
}

// Write writes the extract of a period to w, signed by the space's log key. It
// asks for a checkpoint and covers what that does; if the log has nothing after
// the period yet, the extract ends where the log does. It reads in short
// transactions and holds no more than a few hundred entries. After an error, what
// w got is worthless.
func Write(ctx context.Context, w io.Writer, log *audit.Log, keys audit.Signers, s audit.Space, x Request) (Report, error) {
	if err := x.check(); err != nil {
		return Report{}, err
	}
	signer, err := keys.LogSigner(s)
	if err != nil {
		return Report{}, err
	}
	verifier, err := keys.LogVerifier(s)
	if err != nil {
		return Report{}, err
	}
	signed, err := log.Checkpoint(ctx, s)
	if err != nil {
		return Report{}, err
	}
	c, err := audit.OpenCheckpoint(signed, verifier)
	if err != nil {
		return Report{}, err
	}
	about, err := x.about(ctx, log, s, c)
	if err != nil {
		return Report{}, err
	}
	from, to := about.fenced()
	proof, err := prove(ctx, log, s, from, to, c.Size)
	if err != nil {
		return Report{}, err
	}
	a := newArchiveWriter(w)
	for _, f := range append([]File{{aboutName, about.encode()}, {checkpointName, signed}, {rangeName, proof.encode()}}, x.Files...) {
		if err := a.add(f.Name, f.Data); err != nil {
			return Report{}, err
		}
	}
	report := Report{First: about.First, End: about.End, Size: about.Size}
	err = a.addLines(leavesName, func(add func([]byte) error) error {
		return log.Leaves(ctx, s, from, to, func(line audit.Line) error { return add(line.Leaf) })
	})
	if err != nil {
		return Report{}, err
	}
	err = a.addLines(openingsName, func(add func([]byte) error) error {
		if x.Open == nil {
			return nil
		}
		return log.Lines(ctx, s, about.First, about.End, func(line audit.Line) error {
			if line.Detail == nil || !x.Open(line) {
				return nil
			}
			report.Opened++
			return add(encodeOpening(line.N, line.Salt, line.DetailBytes))
		})
	})
	if err != nil {
		return Report{}, err
	}
	return report, a.close(signer)
}

func (x *Request) check() error {
	if !isMicro(x.From) || !isMicro(x.To) || !x.From.Before(x.To) || !audit.IsWord(x.Profile) || !audit.IsWord(x.Program) {
		return errors.New("extract: a period in whole microseconds is needed, a profile and a program")
	}
	taken := map[string]bool{aboutName: true, checkpointName: true, rangeName: true, leavesName: true, openingsName: true, manifestName: true}
	total := 0
	for _, f := range x.Files {
		total += len(f.Data)
		if !isFileName(f.Name) || taken[f.Name] || len(f.Data) > maxFile || total > maxWhole/2 {
			return errors.New("extract: a file is too large or its name can't be used")
		}
		taken[f.Name] = true
	}
	if len(taken) > maxFiles {
		return errors.New("extract: too many files")
	}
	return nil
}

// isMicro tells whether t can be written in a leaf.
func isMicro(t time.Time) bool {
	return t.Equal(t.Truncate(time.Microsecond)) && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999
}

// about finds the period in the log that a checkpoint covers.
func (x *Request) about(ctx context.Context, log *audit.Log, s audit.Space, c audit.Checkpoint) (*About, error) {
	now, err := log.Clock().Now()
	if err != nil {
		return nil, err
	}
	first, err := firstAt(ctx, log, s, c.Size, x.From)
	if err != nil {
		return nil, err
	}
	end, err := firstAt(ctx, log, s, c.Size, x.To)
	return &About{
		V: 1, Origin: c.Origin, Space: s.Slug(), Profile: x.Profile, Program: x.Program,
		From: x.From.UTC().Format(timeForm), To: x.To.UTC().Format(timeForm), Made: now.Format(timeForm),
		First: first, End: end, Size: c.Size,
	}, err
}

// firstAt returns the number of the first entry that is not before at, or size.
func firstAt(ctx context.Context, log *audit.Log, s audit.Space, size int64, at time.Time) (int64, error) {
	var err error
	n := sort.Search(int(size), func(i int) (found bool) {
		failed := log.Leaves(ctx, s, int64(i), int64(i)+1, func(line audit.Line) error {
			found = !line.Time.Before(at)
			return nil
		})
		err = errors.Join(err, failed)
		return found
	})
	return int64(n), err
}

const saltSize = 32

// encodeOpening gives salt and detail of an entry as one line. The detail is a
// string and not an object, because its exact bytes are what is committed to; of
// them only quotes need escaping.
func encodeOpening(n int64, salt, detail []byte) []byte {
	escaped := bytes.ReplaceAll(detail, []byte(`"`), []byte(`\"`))
	return fmt.Appendf(nil, `{"n":%d,"salt":"%s","detail":"%s"}`, n, base64.RawURLEncoding.EncodeToString(salt), escaped)
}

// parseOpening reads what it can, and then sees whether encodeOpening gives the
// same bytes: whatever was misread does not.
func parseOpening(line []byte) (n int64, salt, detail []byte, err error) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(string(line), `{"n":`), `,"salt":"`)
	code, rest, _ := strings.Cut(rest, `","detail":"`)
	n, _ = strconv.ParseInt(number, 10, 64)
	salt, _ = base64.RawURLEncoding.DecodeString(code)
	detail = []byte(strings.ReplaceAll(strings.TrimSuffix(rest, `"}`), `\"`, `"`))
	if n < 0 || len(salt) != saltSize || bytes.IndexByte(detail, '\\') >= 0 || !bytes.Equal(encodeOpening(n, salt, detail), line) {
		return 0, nil, nil, ErrInvalid
	}
	return n, salt, detail, nil
}
