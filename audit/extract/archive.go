package extract

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"aval/audit"
)

// The zip file has the one form that this file writes: method store, no dates, no
// comments, sizes after the data. A reader writes it again from what it has
// parsed and compares every byte, so no bit lies outside what is checked. The last
// file is a signed note over name, size and SHA-256 of all others.

const (
	manifestName = "manifest"
	manifestLine = "aval extract v1" // an origin has no spaces, so never a checkpoint's
	maxFiles     = 64
	maxFile      = 16 << 20 // of a file that is read as a whole
	maxWhole     = 64 << 20 // of all of them
	maxFileName  = 64
)

// isFileName allows plain relative paths only.
func isFileName(name string) bool {
	if len(name) > maxFileName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-/") == ""
}

// isStream tells the files that are read as they come, never as a whole.
func isStream(name string) bool { return name == leavesName || name == openingsName }

// A member is a file of an archive as the manifest has it.
type member struct {
	name string
	size int64
	sum  hash.Hash
	zip  *zip.File // when reading
}

func (m *member) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	return m.sum.Write(p)
}

func manifest(origin string, members []*member) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", manifestLine, origin)
	for _, m := range members {
		fmt.Fprintf(&b, "%s %d %s\n", m.name, m.size, base64.RawURLEncoding.EncodeToString(m.sum.Sum(nil)))
	}
	return b.String()
}

// An archiveWriter writes an archive to a stream.
type archiveWriter struct {
	zip     *zip.Writer
	gz      *gzip.Writer // for files of lines, one after the other: it is large
	members []*member
}

func newArchiveWriter(w io.Writer) *archiveWriter { return &archiveWriter{zip: zip.NewWriter(w)} }

// create begins the next file; what is written to it ends with the next call.
func (a *archiveWriter) create(m *member) (io.Writer, error) {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Store})
	if err != nil {
		return nil, err
	}
	m.sum = sha256.New()
	a.members = append(a.members, m)
	return io.MultiWriter(w, m), nil
}

// addLines adds a file of lines, compressed: gzip, because every language's
// standard library reads it, at its fastest, which costs an eighth in size.
func (a *archiveWriter) addLines(name string, fill func(add func(line []byte) error) error) error {
	w, err := a.create(&member{name: name})
	if err != nil {
		return err
	}
	if a.gz == nil {
		a.gz, err = gzip.NewWriterLevel(w, gzip.BestSpeed)
	} else {
		a.gz.Reset(w)
	}
	if err != nil {
		return err
	}
	lines := bufio.NewWriterSize(a.gz, 64<<10)
	err = fill(func(line []byte) error {
		lines.Write(line) // an error stays and comes back from the next call
		return lines.WriteByte('\n')
	})
	return errors.Join(err, lines.Flush(), a.gz.Close())
}

func (a *archiveWriter) add(name string, data []byte) error {
	w, err := a.create(&member{name: name})
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// close signs the manifest and ends the archive.
func (a *archiveWriter) close(signer note.Signer) error {
	signed, err := note.Sign(&note.Note{Text: manifest(signer.Name(), a.members)}, signer)
	if err != nil {
		return err
	}
	return errors.Join(a.add(manifestName, signed), a.zip.Close())
}

// An archive is a parsed archive. Nothing of it is verified but its form.
type archive struct {
	members  []*member // without the manifest
	whole    map[string][]byte
	manifest []byte
}

// readArchive parses an archive and rebuilds it for comparison.
func readArchive(r io.ReaderAt, size int64) (*archive, error) {
	zr, err := zip.NewReader(r, size)
	if err != nil || len(zr.File) == 0 || len(zr.File) > maxFiles {
		return nil, ErrInvalid
	}
	same := &comparer{r: r}
	again := newArchiveWriter(same)
	a := &archive{whole: make(map[string][]byte)}
	total := 0
	for _, f := range zr.File {
		if !isFileName(f.Name) || f.Method != zip.Store || a.whole[f.Name] != nil {
			return nil, ErrInvalid
		}
		data, err := readFile(again, f)
		if total += len(data); err != nil || total > maxWhole {
			return nil, ErrInvalid
		}
		a.whole[f.Name] = data
	}
	last := len(again.members) - 1
	if again.zip.Close() != nil || same.at != size || again.members[last].name != manifestName {
		return nil, ErrInvalid
	}
	a.manifest, a.members = a.whole[manifestName], again.members[:last]
	delete(a.whole, manifestName)
	return a, nil
}

// readFile reads a file into the rebuilt archive, and into memory unless it is
// one that streams. What it returns is not nil.
func readFile(again *archiveWriter, f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	w, err := again.create(&member{name: f.Name, zip: f})
	if err != nil {
		return nil, err
	}
	data := bytes.NewBuffer([]byte{})
	if isStream(f.Name) {
		_, err = io.Copy(w, r) //nolint:gosec // zip.Store: what comes out is as long as what lies there
		return data.Bytes(), err
	}
	n, err := io.Copy(io.MultiWriter(w, data), io.LimitReader(r, maxFile+1))
	if n > maxFile {
		err = ErrInvalid
	}
	return data.Bytes(), err
}

// verify checks the manifest's signature, and that it says what the files are.
func (a *archive) verify(v note.Verifier) error {
	text, err := audit.OpenNote(a.manifest, v)
	if err != nil || text != manifest(v.Name(), a.members) {
		return ErrInvalid
	}
	return nil
}

// open reads a streaming file again.
func (a *archive) open(name string) (io.ReadCloser, error) {
	for _, m := range a.members {
		if m.name == name {
			return m.zip.Open()
		}
	}
	return nil, ErrInvalid
}

// A comparer is a writer that takes only the bytes that r has at that place.
type comparer struct {
	r   io.ReaderAt
	at  int64
	buf [16 << 10]byte
}

func (c *comparer) Write(p []byte) (done int, err error) {
	for done < len(p) {
		there := c.buf[:min(len(p)-done, len(c.buf))]
		if n, err := c.r.ReadAt(there, c.at); n < len(there) {
			return done, errors.Join(ErrInvalid, err)
		}
		if !bytes.Equal(there, p[done:done+len(there)]) {
			return done, ErrInvalid
		}
		done += len(there)
		c.at += int64(len(there))
	}
	return done, nil
}
