package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"aval/consent/personal/internal/quiet"
)

type secretData = quiet.Secret // an alias, so that the field is not exported

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
	runLog    *LogSigner

	files   sync.Mutex // one writer of epochs and erased at a time; taken first
	reading sync.Mutex // one reload at a time, so that none puts an older view back
	mu      sync.RWMutex
	epochs  []*Epoch // oldest first; never empty
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

const (
	fileVersion = 1
	keySize     = 32
)

// b64 is the base64 of key files: URL alphabet, no padding.
var b64 = base64.RawURLEncoding

// decode64 takes one spelling only: the library skips line breaks and stray bits.
func decode64(s string) ([]byte, error) {
	data, err := b64.DecodeString(s)
	if err != nil || b64.EncodeToString(data) != s {
		return nil, errLine
	}
	return data, nil
}

// parseLine reads a key file: these members, in json.Marshal's spelling only.
func parseLine(data []byte, v any) error {
	data = bytes.TrimSuffix(data, []byte("\n"))
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errLine // err could hold a value
	}
	if again, err := json.Marshal(v); err != nil || !bytes.Equal(again, data) {
		return errLine
	}
	return nil
}

var errLine = errors.New("keys: not a key file")

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
	f := &Folder{disk: d, origin: origin, masterKid: NewID(), master: newAEAD(key)}
	if err := f.fill(now); err != nil {
		return nil, &FolderError{"", "can't be filled", err}
	}
	line, err := json.Marshal(masterWire{fileVersion, f.masterKid, origin, b64.EncodeToString(key)})
	if err != nil {
		return nil, err
	}
	if err := d.create(masterFile, line); err != nil {
		return nil, &FolderError{masterFile, "can't be written", err}
	}
	return open(d)
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

// Open opens a keys folder. The error is a *FolderError that names the file
// and says what to do: missing, damaged, sealed under another master, or open to
// others.
func Open(dir string) (*Folder, error) { return open(disk{dir: dir}) }

func open(d disk) (*Folder, error) {
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
	if err := f.reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Origin is the register's name, fixed when it was made.
func (f *Folder) Origin() string { return f.origin }

func (f *Folder) readMaster() error {
	data, err := f.disk.read(masterFile, maxKeyFile)
	if err != nil {
		return err
	}
	var w masterWire
	if parseLine(data, &w) != nil || w.V != fileVersion || !originForm.MatchString(w.Origin) {
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
	line, err := json.Marshal(sealedWire{fileVersion, kid, f.masterKid, b64.EncodeToString(sealed)})
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
	if parseLine(data, &w) != nil || w.V != fileVersion {
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
	return f.writeKey(name, NewID(), secret)
}

func (f *Folder) readSymmetric(name string) (kid string, secret []byte, err error) {
	kid, secret, err = f.readKey(name)
	if id, errID := base32Lower.DecodeString(kid); err == nil && (errID != nil || len(id) != IDSize) {
		return "", nil, damaged(name)
	}
	return kid, secret, err
}

// newAEAD gives AES-256-GCM with a random nonce ahead of the text (NIST SP
// 800-38D §8.2.2): below 2³² closings a key the chance of a nonce met twice is
// negligible, and the busiest key, an epoch's, closes a few a person and week.
func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("keys: key size") // every caller's key is 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("keys: GCM over AES")
	}
	return aead
}

// Pepper gives a key for one use, for hashes of codes, tokens and birth dates.
func (f *Folder) Pepper(use string) []byte { return derive(f.pepper, use) }

// Index gives a key for hashes of names in one space.
func (f *Folder) Index(space uint32) []byte { return derive(f.index, fmt.Sprint("index ", space)) }

// NewID names a symmetric key: it has nothing public to be named after. 26
// characters.
func NewID() string {
	var id [IDSize]byte
	rand.Read(id[:])
	return base32Lower.EncodeToString(id[:])
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
