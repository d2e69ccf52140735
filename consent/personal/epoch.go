package personal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An epoch is a week's key. What is derived from it is kept, the key itself not.
type epoch struct {
	week      string // "2026-W47": ISO 8601, so order of text is order of time
	kid       string
	id        []byte // kid as bytes; stands at the head of what it closes
	aead      cipher.AEAD
	rows      []byte    // keys the outer hash of look-up rows
	rewrapped time.Time // when all was found wrapped under this epoch or a later one; zero if not yet
}

// An EpochInfo describes a live epoch key.
type EpochInfo struct {
	Kid       string
	Week      string // "2026-W47"
	Current   bool   // what is closed now is closed under it
	Rewrapped time.Time
}

// destroyAfter is how long older epoch keys live after all was rewrapped, for
// backups to be restorable: 7 days of an epoch, 1 to rewrap, and these make 31
// (domain.md §10, design: forgetting works).
const destroyAfter = 23 * 24 * time.Hour

var (
	epochForm = regexp.MustCompile(`^epoch-([0-9]{4}-W[0-9]{2})\.key$`)
	// ErrNoEpoch: the epoch named is not alive.
	ErrNoEpoch = errors.New("personal: no such epoch key")
)

func epochFile(week string) string { return "epoch-" + week + ".key" }
func markFile(week string) string  { return "epoch-" + week + ".rewrapped" }

func weekOf(t time.Time) string {
	y, w := t.UTC().ISOWeek()
	return fmt.Sprintf("%04d-W%02d", y, w)
}

// Turn makes this week's epoch key, durable when it returns, and makes it the
// current one; turned says whether it did. It never goes back: with a clock
// behind the newest epoch that one stays. now is to come from the log's clock,
// which refuses jumps: an epoch from years ahead would stay for years.
func (k *Keyring) Turn(now time.Time) (turned bool, err error) {
	f := k.folder
	f.files.Lock()
	defer f.files.Unlock()
	if err := f.reload(); err != nil {
		return false, err
	}
	week := weekOf(now)
	if week <= f.current().week {
		return false, nil
	}
	err = f.newSymmetric(epochFile(week))
	if errors.Is(err, fs.ErrExist) { // another replica was faster
		return false, f.reload()
	}
	if err != nil {
		return false, &FolderError{epochFile(week), "can't be written", err}
	}
	return true, f.reload()
}

// Epochs lists the live epochs, oldest first.
func (k *Keyring) Epochs() []EpochInfo {
	live := k.folder.live()
	list := make([]EpochInfo, len(live))
	for i, e := range live {
		list[i] = EpochInfo{e.kid, e.week, i == len(live)-1, e.rewrapped}
	}
	return list
}

// MarkRewrapped records, durably, that every space was rewrapped and checked:
// nothing alive is closed under an epoch older than this one. Marking again
// changes nothing. The error is ErrNoEpoch or a *FolderError.
func (k *Keyring) MarkRewrapped(kid string, now time.Time) error {
	f := k.folder
	f.files.Lock()
	defer f.files.Unlock()
	e, err := f.epoch(kid)
	if err != nil {
		return ErrNoEpoch
	}
	err = f.disk.create(markFile(e.week), []byte(now.UTC().Format(time.RFC3339)+"\n"))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return &FolderError{markFile(e.week), "can't be written", err}
	}
	return f.reload()
}

// DestroyDue destroys every epoch key that is older than one marked as rewrapped
// 23 days ago or more, and returns their kids; a date alone never destroys a key,
// and the current one is never destroyed. What a crash left half destroyed is
// ended first. With an error some may be destroyed already; calling again goes on.
func (k *Keyring) DestroyDue(now time.Time) (destroyed []string, err error) {
	f := k.folder
	f.files.Lock()
	defer f.files.Unlock()
	if err := f.disk.sweep(now); err != nil {
		return nil, &FolderError{"", "can't be cleared of destroyed keys", err}
	}
	if err := f.reload(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.reload()) }()
	for _, e := range dueEpochs(f.live(), now) {
		if err := f.disk.destroy(epochFile(e.week)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return destroyed, &FolderError{epochFile(e.week), "can't be destroyed", err}
		}
		destroyed = append(destroyed, e.kid)
	}
	return destroyed, f.clearMarks()
}

// dueEpochs is the rule of DestroyDue. live is oldest first.
func dueEpochs(live []*epoch, now time.Time) []*epoch {
	for i := len(live) - 1; i > 0; i-- {
		if at := live[i].rewrapped; !at.IsZero() && now.Sub(at) >= destroyAfter {
			return live[:i]
		}
	}
	return nil
}

// clearMarks removes the marks of epochs that are gone.
func (f *Folder) clearMarks() error {
	names, err := f.disk.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		week, ok := strings.CutSuffix(strings.TrimPrefix(name, "epoch-"), ".rewrapped")
		if ok && !slices.Contains(names, epochFile(week)) {
			if err := f.disk.remove(name); err != nil {
				return &FolderError{name, "can't be removed", err}
			}
		}
	}
	return nil
}

// reload reads the epochs as they are in the folder: this process or another may
// have made or destroyed some.
func (f *Folder) reload() error {
	f.reading.Lock()
	defer f.reading.Unlock()
	names, err := f.disk.names()
	if err != nil {
		return err
	}
	var epochs []*epoch
	for _, name := range names {
		m := epochForm.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		e, err := f.readEpoch(m[1])
		if errors.Is(err, fs.ErrNotExist) {
			continue // destroyed since it was listed
		}
		if err != nil {
			return err
		}
		epochs = append(epochs, e)
	}
	if len(epochs) == 0 {
		return &FolderError{"epoch-YYYY-Www.key", "is missing: put the epoch keys back from the copy of the keys folder", nil}
	}
	slices.SortFunc(epochs, func(a, b *epoch) int { return strings.Compare(a.week, b.week) })
	f.mu.Lock()
	f.epochs = epochs
	f.mu.Unlock()
	return nil
}

func (f *Folder) readEpoch(week string) (*epoch, error) {
	kid, key, err := f.readSymmetric(epochFile(week))
	if err != nil {
		return nil, err
	}
	e := &epoch{week: week, kid: kid, aead: newAEAD(derive(key, "wrap")), rows: derive(key, "rows")}
	if e.id, err = base32Lower.DecodeString(kid); err != nil {
		return nil, damaged(epochFile(week))
	}
	mark, err := f.disk.read(markFile(week), maxKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	e.rewrapped, err = time.Parse(time.RFC3339+"\n", string(mark))
	if err != nil {
		return nil, &FolderError{markFile(week), "is damaged: remove it, the rewrapping is then done once more", nil}
	}
	return e, nil
}

// live is the epochs as of now, oldest first. The slice is never changed.
func (f *Folder) live() []*epoch {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.epochs
}

// current is the newest epoch.
func (f *Folder) current() *epoch {
	live := f.live()
	return live[len(live)-1]
}

// epoch finds a live epoch. One that is unknown may be another replica's.
func (f *Folder) epoch(kid string) (*epoch, error) {
	if e := find(f.live(), kid); e != nil {
		return e, nil
	}
	if err := f.reload(); err != nil {
		return nil, err
	}
	if e := find(f.live(), kid); e != nil {
		return e, nil
	}
	return nil, ErrEpoch
}

func find(live []*epoch, kid string) *epoch {
	for _, e := range live {
		if e.kid == kid {
			return e
		}
	}
	return nil
}

// epochOf gives the kid of the epoch that closed these bytes.
func epochOf(closed []byte) string { return base32Lower.EncodeToString(closed[:idSize]) }

func (e *epoch) close(d domain, context string, plain []byte) []byte {
	return e.aead.Seal(slices.Clone(e.id), nil, plain, closedContext(d, context))
}

func (e *epoch) open(d domain, context string, closed []byte) ([]byte, error) {
	plain, err := e.aead.Open(nil, nil, closed[idSize:], closedContext(d, context))
	if err != nil {
		return nil, ErrClosed
	}
	return plain, nil
}

func closedContext(d domain, context string) []byte { return []byte(string(d) + "\x00" + context) }

// row is the outer hash: what a look-up row is filed under in this epoch.
func (e *epoch) row(d domain, context string, inner []byte) []byte {
	return mac(e.rows, string(d), context, string(inner))[:rowSize]
}

const rowSize = 16

// derive makes a key for one use out of another (RFC 5869).
func derive(key []byte, use string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "aval "+use, keySize)
	if err != nil {
		panic("personal: HKDF") // only for lengths it cannot give
	}
	return out
}
