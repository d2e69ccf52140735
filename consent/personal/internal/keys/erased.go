package keys

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// ErrName: a pseudonym or a slug is malformed.
var ErrName = errors.New("keys: not a pseudonym or slug")

var (
	slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	// The last of the 26 characters carries 3 bits; only one spelling is an id.
	ownerForm = regexp.MustCompile(`^[pha]_[a-z2-7]{25}[aeimquy4]$`)
)

// An Erasure is a line of the list of the erased.
type Erasure struct {
	Space string // slug
	Owner string // pseudonym
}

// tornLine ends a line that a crash cut off, so that it is not read as one.
const tornLine = "!"

// AddErased appends a pseudonym to the list of the erased, durably. The list is
// outside the data and its backups: after a restore it is replayed, so that an
// older backup brings nobody back. Adding twice is harmless.
func (f *Folder) AddErased(space string, owner string) (err error) {
	if !slugForm.MatchString(space) || !ownerForm.MatchString(owner) {
		return ErrName
	}
	f.files.Lock()
	defer f.files.Unlock()
	line := space + " " + owner + "\n"
	old, err := f.disk.read(erasedFile, maxErased)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		line = tornLine + "\n" + line
	}
	if err := f.disk.write(erasedFile, os.O_CREATE|os.O_APPEND, []byte(line)); err != nil {
		return &FolderError{erasedFile, "can't be written", err}
	}
	return f.disk.sync()
}

// Erased reads the list of the erased, in order, each once.
func (f *Folder) Erased() ([]Erasure, error) {
	data, err := f.disk.read(erasedFile, maxErased)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Erasure
	seen := map[Erasure]bool{}
	lines := strings.Split(string(data), "\n")
	for _, line := range lines[:len(lines)-1] { // the last was never acknowledged
		space, owner, _ := strings.Cut(line, " ")
		e := Erasure{space, owner}
		switch {
		case strings.HasSuffix(line, tornLine) || seen[e]:
			continue
		case !slugForm.MatchString(space) || !ownerForm.MatchString(owner):
			return nil, damaged(erasedFile)
		}
		seen[e] = true
		list = append(list, e)
	}
	return list, nil
}
