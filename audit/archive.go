package audit

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// An extract is a zip file, so that anyone can open it, in the one form that
// this file writes: method store, no dates, no comments, sizes after the data. A
// reader writes it again from what it has parsed and compares every byte, so no
// bit lies outside what is checked. The last file is a signed note over name,
// size and SHA-256 of all others.

// ErrExtract: the file is not an extract, or not as it was made.
var ErrExtract = errors.New("audit: the extract does not verify")

// A File is a file of an extract: the caller's own, such as the statements that
// vouch for the log's key, slots of the run log, cosignatures, or timestamps.
type File struct {
	Name string // lower case letters, digits, '.', '-', '_' and '/', at most 64
	Data []byte
}

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
	if len(name) == 0 || len(name) > maxFileName {
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

func newMember(name string) *member { return &member{name: name, sum: sha256.New()} }

func zipHeader(name string) *zip.FileHeader { return &zip.FileHeader{Name: name, Method: zip.Store} }

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
	members []*member
}

func newArchiveWriter(w io.Writer) *archiveWriter { return &archiveWriter{zip: zip.NewWriter(w)} }

func (a *archiveWriter) add(name string, fill func(io.Writer) error) error {
	w, err := a.zip.CreateHeader(zipHeader(name))
	if err != nil {
		return err
	}
	m := newMember(name)
	a.members = append(a.members, m)
	return fill(io.MultiWriter(w, m))
}

func (a *archiveWriter) addBytes(name string, data []byte) error {
	return a.add(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// close signs the manifest and ends the archive.
func (a *archiveWriter) close(signer note.Signer) error {
	signed, err := note.Sign(&note.Note{Text: manifest(signer.Name(), a.members)}, signer)
	if err != nil {
		return err
	}
	if err := a.addBytes(manifestName, signed); err != nil {
		return err
	}
	return a.zip.Close()
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
		return nil, ErrExtract
	}
	same := &comparer{r: r}
	zw := zip.NewWriter(same)
	a := &archive{whole: make(map[string][]byte)}
	total := 0
	for _, f := range zr.File {
		if !isFileName(f.Name) || f.Method != zip.Store {
			return nil, ErrExtract
		}
		m := newMember(f.Name)
		m.zip = f
		data, err := a.copy(zw, m)
		if err != nil {
			return nil, ErrExtract
		}
		if total += len(data); total > maxWhole || a.whole[m.name] != nil {
			return nil, ErrExtract
		}
		a.members = append(a.members, m)
		a.whole[m.name] = data
	}
	if zw.Close() != nil || same.at != size {
		return nil, ErrExtract
	}
	last := len(a.members) - 1
	if a.members[last].name != manifestName {
		return nil, ErrExtract
	}
	a.manifest, a.members = a.whole[manifestName], a.members[:last]
	delete(a.whole, manifestName)
	return a, nil
}

// copy reads a file into the rebuilt archive and its sum, and into memory unless
// it is one that streams.
func (a *archive) copy(zw *zip.Writer, m *member) ([]byte, error) {
	w, err := zw.CreateHeader(zipHeader(m.name))
	if err != nil {
		return nil, err
	}
	r, err := m.zip.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := bytes.NewBuffer([]byte{})
	if isStream(m.name) {
		_, err = io.Copy(io.MultiWriter(w, m), r)
		return data.Bytes(), err
	}
	n, err := io.Copy(io.MultiWriter(w, m, data), io.LimitReader(r, maxFile+1))
	if err == nil && n > maxFile {
		err = ErrExtract
	}
	return data.Bytes(), err
}

// verify checks the manifest's signature, and that it says what the files are.
func (a *archive) verify(v note.Verifier) error {
	text, err := openNote(a.manifest, v)
	if err != nil || text != manifest(v.Name(), a.members) {
		return ErrExtract
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
	return nil, ErrExtract
}

// A comparer is a writer that takes only the bytes that r has at that place.
type comparer struct {
	r   io.ReaderAt
	at  int64
	buf [16 << 10]byte
}

func (c *comparer) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n := min(len(p)-done, len(c.buf))
		if read, err := c.r.ReadAt(c.buf[:n], c.at); read < n {
			return done, errors.Join(ErrExtract, err)
		}
		if !bytes.Equal(c.buf[:n], p[done:done+n]) {
			return done, ErrExtract
		}
		done += n
		c.at += int64(n)
	}
	return done, nil
}
