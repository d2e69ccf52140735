package personal

import (
	"time"

	"aval/consent/personal/internal/keys"
	"aval/consent/personal/internal/quiet"
)

// Aliases, so that embedding them exports no field.
type (
	personalData = quiet.Personal
	secretData   = quiet.Secret
)

// A Folder is an open keys folder. What it can open it opens for a Keyring only.
type Folder struct {
	secretData
	keys *keys.Folder
}

// A FolderError says what is wrong with a file of the keys folder and what to do.
type FolderError = keys.FolderError

// An Erasure is a line of the list of the erased: a space's slug and a pseudonym.
type Erasure = keys.Erasure

// An EpochInfo describes a live epoch key.
type EpochInfo = keys.EpochInfo

// ErrNoEpoch: the epoch named is not alive.
var ErrNoEpoch = keys.ErrNoEpoch

// Create makes the keys of a new register in a folder and opens it. The origin is
// the register's name for ever: a host name in lower case, with a port if need
// be. A folder that holds any key is refused. The error is a *FolderError.
func Create(dir, origin string, now time.Time) (*Folder, error) {
	return folder(keys.Create(dir, origin, now))
}

// OpenFolder opens a keys folder. The error is a *FolderError that names the file
// and says what to do: missing, damaged, sealed under another master, or open to
// others.
func OpenFolder(dir string) (*Folder, error) { return folder(keys.Open(dir)) }

func folder(k *keys.Folder, err error) (*Folder, error) {
	if err != nil {
		return nil, err
	}
	return &Folder{keys: k}, nil
}

// Origin is the register's name, fixed when it was made.
func (f *Folder) Origin() string { return f.keys.Origin() }

// AddErased appends a pseudonym to the list of the erased, durably. The list is
// outside the data and its backups and is replayed after a restore, so that an
// older backup brings nobody back. Adding twice is harmless. space is a slug.
func (f *Folder) AddErased(space string, owner Owner) error {
	return f.keys.AddErased(space, string(owner))
}

// Erased reads the list of the erased, in order, each once.
func (f *Folder) Erased() ([]Erasure, error) { return f.keys.Erased() }

// Turn makes this week's epoch key, durable when it returns, and makes it the
// current one; turned says whether it did. It never goes back: with a clock
// behind the newest epoch that one stays. now is to come from the log's clock,
// which refuses jumps: an epoch from years ahead would stay for years. Each
// process on the folder calls it at its start and at least once a day, to see
// what others turned.
func (k *Keyring) Turn(now time.Time) (turned bool, err error) { return k.folder.Turn(now) }

// Epochs lists the live epochs, oldest first.
func (k *Keyring) Epochs() []EpochInfo { return k.folder.Epochs() }

// MarkRewrapped records, durably, that every space was rewrapped and checked:
// nothing alive is closed under an epoch older than this one. Marking again
// changes nothing. The error is ErrNoEpoch or a *FolderError.
func (k *Keyring) MarkRewrapped(kid string, now time.Time) error {
	return k.folder.MarkRewrapped(kid, now)
}

// DestroyDue destroys every epoch key that is older than one marked as rewrapped
// 23 days ago or more, and returns their kids. A date alone never destroys a key:
// the current epoch must be marked too, so that after a pause all is looked at
// once more. The current key is never destroyed. With an error some may be destroyed
// already; calling again goes on.
func (k *Keyring) DestroyDue(now time.Time) (destroyed []string, err error) {
	return k.folder.DestroyDue(now)
}
