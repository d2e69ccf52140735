package keys

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An Epoch is a week's key. What is derived from it is kept, the key itself not.
type Epoch struct {
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
	ErrNoEpoch = errors.New("keys: no such epoch key")
	// ErrEpoch: closed bytes name an epoch key that is not in the keys folder.
	ErrEpoch = errors.New("keys: the epoch key of these bytes is not in the keys folder")
	// ErrClosed: closed bytes do not open in this place.
	ErrClosed = errors.New("keys: closed bytes are damaged or from another place")
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
// which refuses jumps: an epoch from years ahead would stay for years. Each
// process on the folder calls it at its start and at least once a day, to see
// what others turned.
func (f *Folder) Turn(now time.Time) (turned bool, err error) {
	f.files.Lock()
	defer f.files.Unlock()
	if err := f.reload(); err != nil {
		return false, err
	}
	week := weekOf(now)
	if week <= f.Current().week {
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
func (f *Folder) Epochs() []EpochInfo {
	live := f.Live()
	list := make([]EpochInfo, len(live))
	for i, e := range live {
		list[i] = EpochInfo{e.kid, e.week, i == len(live)-1, e.rewrapped}
	}
	return list
}

// MarkRewrapped records, durably, that every space was rewrapped and checked:
// nothing alive is closed under an epoch older than this one. Marking again
// changes nothing. The error is ErrNoEpoch or a *FolderError.
func (f *Folder) MarkRewrapped(kid string, now time.Time) error {
	f.files.Lock()
	defer f.files.Unlock()
	e, err := f.Epoch(kid)
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
// 23 days ago or more, and returns their kids. A date alone never destroys a key:
// the current epoch must be marked too, so that after a pause all is looked at
// once more (something may have been closed under an old epoch while the first
// look was under way). The current key is never destroyed. What a crash left half
// destroyed is ended first. With an error some may be destroyed already; calling
// again goes on.
func (f *Folder) DestroyDue(now time.Time) (destroyed []string, err error) {
	f.files.Lock()
	defer f.files.Unlock()
	if err := f.disk.sweep(now); err != nil {
		return nil, &FolderError{"", "can't be cleared of destroyed keys", err}
	}
	if err := f.reload(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.reload()) }()
	for _, e := range dueEpochs(f.Live(), now) {
		if err := f.disk.destroy(epochFile(e.week)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return destroyed, &FolderError{epochFile(e.week), "can't be destroyed", err}
		}
		destroyed = append(destroyed, e.kid)
	}
	return destroyed, f.clearMarks()
}

// dueEpochs is the rule of DestroyDue. live is oldest first.
func dueEpochs(live []*Epoch, now time.Time) []*Epoch {
	last := len(live) - 1
	if live[last].rewrapped.IsZero() {
		return nil
	}
	for i := last; i > 0; i-- {
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
	var epochs []*Epoch
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
	// Whoever made a key may have died before its name was durable, and what is
	// closed under it must not outlive it.
	if err := f.disk.sync(); err != nil {
		return &FolderError{"", "can't be synced", err}
	}
	slices.SortFunc(epochs, func(a, b *Epoch) int { return strings.Compare(a.week, b.week) })
	f.mu.Lock()
	f.epochs = epochs
	f.mu.Unlock()
	return nil
}

func (f *Folder) readEpoch(week string) (*Epoch, error) {
	kid, key, err := f.readSymmetric(epochFile(week))
	if err != nil {
		return nil, err
	}
	e := &Epoch{week: week, kid: kid, aead: newAEAD(derive(key, "wrap")), rows: derive(key, "rows")}
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

// Live is the epochs as of now, oldest first. The slice is never changed.
func (f *Folder) Live() []*Epoch {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.epochs
}

// Current is the newest epoch.
func (f *Folder) Current() *Epoch {
	live := f.Live()
	return live[len(live)-1]
}

// Epoch finds a live epoch. One that is unknown may be another replica's.
func (f *Folder) Epoch(kid string) (*Epoch, error) {
	if e := find(f.Live(), kid); e != nil {
		return e, nil
	}
	if err := f.reload(); err != nil {
		return nil, err
	}
	if e := find(f.Live(), kid); e != nil {
		return e, nil
	}
	return nil, ErrEpoch
}

func find(live []*Epoch, kid string) *Epoch {
	for _, e := range live {
		if e.kid == kid {
			return e
		}
	}
	return nil
}

// IDSize is the length of what stands at the head of closed bytes, the id of their
// epoch.
const IDSize = 16

const maxClosed = 64 << 10

// EpochOf gives the kid of the epoch that closed these bytes; "" if they are too
// short or too long to be closed bytes.
func EpochOf(closed []byte) string {
	if len(closed) < IDSize || len(closed) > maxClosed {
		return ""
	}
	return base32Lower.EncodeToString(closed[:IDSize])
}

// Kid names the epoch.
func (e *Epoch) Kid() string { return e.kid }

// Close closes bytes in a context, which is needed to open them: the epoch's id,
// a random nonce, AES-256-GCM.
func (e *Epoch) Close(context string, plain []byte) []byte {
	return e.aead.Seal(slices.Clone(e.id), nil, plain, []byte(context))
}

// Open opens what Close closed. The error is ErrClosed.
func (e *Epoch) Open(context string, closed []byte) ([]byte, error) {
	if EpochOf(closed) != e.kid {
		return nil, ErrClosed
	}
	plain, err := e.aead.Open(nil, nil, closed[IDSize:], []byte(context))
	if err != nil {
		return nil, ErrClosed
	}
	return plain, nil
}

// Row gives the outer hash: what a look-up row is filed under in this epoch, 16
// bytes.
func (e *Epoch) Row(context string, inner []byte) []byte {
	h := hmac.New(sha256.New, e.rows)
	binary.Write(h, binary.BigEndian, uint32(len(context)))
	h.Write([]byte(context))
	h.Write(inner)
	return h.Sum(nil)[:rowSize]
}

const rowSize = 16

// derive makes a key for one use out of another (RFC 5869).
func derive(key []byte, use string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "aval "+use, keySize)
	if err != nil {
		panic("keys: HKDF") // only for lengths it cannot give
	}
	return out
}
