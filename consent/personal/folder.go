package personal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A Folder is the keys folder of a register, apart from its data. master.key is
// clear and the root of all; every other key file is sealed under it, bound to
// its own name, so copies without the master are worth nothing and files that
// changed places do not open. It is safe for concurrent use; several processes
// may share one folder.
type Folder struct {
	secretData
	disk      disk
	origin    string
	masterKid string
	master    cipher.AEAD
	pepper    []byte // inner hashes of cards, birth dates, tokens
	index     []byte // inner hashes of names
	register  *Signer
	runLog    *logSigner

	files   sync.Mutex // one writer of epochs and erased at a time; taken first
	reading sync.Mutex // one reload at a time, so that none puts an older view back
	mu      sync.RWMutex
	epochs  []*epoch // oldest first; never empty
}

const (
	masterFile   = "master.key"
	pepperFile   = "pepper.key"
	indexFile    = "index.key"
	registerFile = "register.key"
	runLogFile   = "run-log.key"
	erasedFile   = "erased"
)

// An origin names the register in checkpoints (C2SP tlog-checkpoint: a host name
// by custom), for ever: it is no listen address.
var originForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)

// The key files: one line of JSON each.
type (
	masterWire struct {
		V      int    `json:"v"`
		Kid    string `json:"kid"`
		Origin string `json:"origin"`
		Key    string `json:"key"`
	}
	sealedWire struct {
		V      int    `json:"v"`
		Kid    string `json:"kid"`
		Master string `json:"master"` // kid of the master
		Sealed string `json:"sealed"` // nonce, AES-256-GCM
	}
)

const fileVersion = 1

// Create makes the keys of a new register in a folder, which it makes too if
// need be, and opens it. The origin is the register's name for ever. A folder
// that holds any key is refused: nothing there is ever written over. master.key
// is written last, so a folder without it was never in use.
func Create(dir, origin string, now time.Time) (*Folder, error) {
	return create(disk{dir: dir}, origin, now)
}

func create(d disk, origin string, now time.Time) (*Folder, error) {
	if !originForm.MatchString(origin) {
		return nil, &FolderError{"", "can't be made: the origin must be a host name in lower case, such as aval.example.org", nil}
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, &FolderError{"", "can't be made", err}
	}
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name == masterFile {
			return nil, &FolderError{masterFile, "is there already: a register lives here", fs.ErrExist}
		}
		if strings.HasSuffix(name, ".key") {
			return nil, &FolderError{name, "is there without " + masterFile + ": put that back; or, if making the register was cut short, empty the folder", fs.ErrExist}
		}
	}
	key := make([]byte, keySize)
	rand.Read(key)
	f := &Folder{disk: d, origin: origin, masterKid: newID(), master: newAEAD(key)}
	if err := f.fill(now); err != nil {
		return nil, &FolderError{"", "can't be filled", err}
	}
	line, err := marshal(masterWire{fileVersion, f.masterKid, origin, b64.EncodeToString(key)})
	if err != nil {
		return nil, err
	}
	if err := d.create(masterFile, line); err != nil {
		return nil, &FolderError{masterFile, "can't be written", err}
	}
	return openFolder(d)
}

// fill writes what every register has.
func (f *Folder) fill(now time.Time) error {
	for _, name := range []string{pepperFile, indexFile, epochFile(weekOf(now))} {
		if err := f.newSymmetric(name); err != nil {
			return err
		}
	}
	if _, err := f.newSigner(registerFile); err != nil {
		return err
	}
	_, err := f.newLogSigner(runLogFile, f.origin)
	return err
}

// OpenFolder opens a keys folder. The error is a *FolderError that names the file
// and says what to do: missing, damaged, sealed under another master, or open to
// others.
func OpenFolder(dir string) (*Folder, error) { return openFolder(disk{dir: dir}) }

func openFolder(d disk) (*Folder, error) {
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	f := &Folder{disk: d}
	if err := f.readMaster(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := f.checkPrivate(name); err != nil {
			return nil, err
		}
	}
	if _, f.pepper, err = f.readSymmetric(pepperFile); err != nil {
		return nil, err
	}
	if _, f.index, err = f.readSymmetric(indexFile); err != nil {
		return nil, err
	}
	if f.register, err = f.readSigner(registerFile); err != nil {
		return nil, err
	}
	if f.runLog, err = f.readLogSigner(runLogFile, f.origin); err != nil {
		return nil, err
	}
	// A process that died between naming a file and making the name durable may
	// have left it to us; what we close under it must not outlive it.
	if err := d.sync(); err != nil {
		return nil, &FolderError{"", "can't be synced", err}
	}
	return f, f.reload()
}

// Origin is the register's name, fixed when it was made.
func (f *Folder) Origin() string { return f.origin }

func (f *Folder) readMaster() error {
	data, err := f.disk.read(masterFile, maxKeyFile)
	if err != nil {
		return err
	}
	var w masterWire
	if exactly(trimLine(data), &w) != nil || w.V != fileVersion || !originForm.MatchString(w.Origin) {
		return damaged(masterFile)
	}
	key, err := decode64(w.Key)
	if err != nil || len(key) != keySize {
		return damaged(masterFile)
	}
	f.origin, f.masterKid, f.master = w.Origin, w.Kid, newAEAD(key)
	return nil
}

func (f *Folder) checkPrivate(name string) error {
	if strings.HasPrefix(name, newPrefix) {
		return nil // another process may be about to rename it
	}
	info, err := os.Lstat(f.disk.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist): // likewise
		return nil
	case err != nil:
		return &FolderError{name, "can't be looked at", err}
	case info.Mode().Perm()&privateBits != 0 && info.Mode()&fs.ModeSymlink == 0:
		return &FolderError{name, "can be read or written by others: chmod go-rwx it", nil}
	}
	return nil
}

// writeKey seals a key into a new file; fs.ErrExist when there is one.
func (f *Folder) writeKey(name, kid string, secret []byte) error {
	sealed := f.master.Seal(nil, nil, secret, f.fileContext(name, kid))
	line, err := marshal(sealedWire{fileVersion, kid, f.masterKid, b64.EncodeToString(sealed)})
	if err != nil {
		return err
	}
	return f.disk.create(name, line)
}

// keep is writeKey, content with a key that is there already.
func (f *Folder) keep(name, kid string, secret []byte) error {
	err := f.writeKey(name, kid, secret)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return &FolderError{name, "can't be written", err}
	}
	return nil
}

func (f *Folder) readKey(name string) (kid string, secret []byte, err error) {
	data, err := f.disk.read(name, maxKeyFile)
	if err != nil {
		return "", nil, err
	}
	var w sealedWire
	if exactly(trimLine(data), &w) != nil || w.V != fileVersion {
		return "", nil, damaged(name)
	}
	if w.Master != f.masterKid {
		return "", nil, &FolderError{name, "was sealed under another " + masterFile + ": put the right one back", nil}
	}
	sealed, err := decode64(w.Sealed)
	if err != nil {
		return "", nil, damaged(name)
	}
	secret, err = f.master.Open(nil, nil, sealed, f.fileContext(name, w.Kid))
	if err != nil || len(secret) != keySize {
		return "", nil, &FolderError{name, "is damaged, renamed, or from another register: put it back from the copy of the keys folder", nil}
	}
	return w.Kid, secret, nil
}

func (f *Folder) fileContext(name, kid string) []byte {
	return []byte("aval key file\n" + f.origin + "\n" + name + "\n" + kid)
}

func (f *Folder) newSymmetric(name string) error {
	secret := make([]byte, keySize)
	rand.Read(secret)
	return f.writeKey(name, newID(), secret)
}

func (f *Folder) readSymmetric(name string) (kid string, secret []byte, err error) {
	kid, secret, err = f.readKey(name)
	if id, errID := base32Lower.DecodeString(kid); err == nil && (errID != nil || len(id) != idSize) {
		return "", nil, damaged(name)
	}
	return kid, secret, err
}

func trimLine(data []byte) []byte {
	if n := len(data); n > 0 && data[n-1] == '\n' {
		return data[:n-1]
	}
	return data
}

// newAEAD gives AES-256-GCM with a random nonce ahead of the text (NIST SP
// 800-38D §8.2.2): below 2³² closings a key the chance of a nonce met twice is
// negligible, and the busiest key, an epoch's, closes a few a person and week.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("personal: key size") // every caller's key is 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("personal: GCM over AES")
	}
	return aead
}

// An Erasure is a line of the list of the erased.
type Erasure struct {
	Space string // slug
	Owner Owner
}

// tornLine ends a line that a crash cut off, so that it is not read as one.
const tornLine = "!"

var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// AddErased appends a pseudonym to the list of the erased, durably. The list is
// outside the data and its backups: after a restore it is replayed, so that an
// older backup brings nobody back. Adding twice is harmless.
func (f *Folder) AddErased(space string, owner Owner) (err error) {
	if !slugForm.MatchString(space) || !ownerForm.MatchString(string(owner)) {
		return ErrOwner
	}
	f.files.Lock()
	defer f.files.Unlock()
	line := space + " " + string(owner) + "\n"
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
		e := Erasure{space, Owner(owner)}
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
