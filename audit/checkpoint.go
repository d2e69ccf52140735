package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint says which tree a log had at some size (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // name of the key that signs it
	Size   int64
	Root   tlog.Hash
}

var (
	bucketCheckpoint = kv.Bucket{Name: "log.checkpoint", Append: true}
	lastKey          = headKey // holds the key of the last note
)

var (
	errCheckpoint = errors.New("audit: not a checkpoint")
	// ErrNote: a signed note does not verify, or is not written the one way it can be.
	ErrNote = errors.New("audit: the note does not verify")
	// ErrFork: the log is not a continuation of that checkpoint.
	ErrFork = errors.New("audit: the log does not continue that checkpoint")
)

const maxNote = 64 << 10

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// ParseCheckpoint reads a checkpoint's text. Extension lines are refused: we
// write none, and the specification advises against them.
func ParseCheckpoint(text string) (Checkpoint, error) {
	if len(text) > maxNote {
		return Checkpoint{}, errCheckpoint
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" {
		return Checkpoint{}, errCheckpoint
	}
	size, err1 := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := tlog.ParseHash(lines[2])
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if err1 != nil || err2 != nil || size < 0 || c.text() != text {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

// OpenCheckpoint verifies a checkpoint signed by v's key. Signatures by other
// keys, such as witnesses' later, may stand beside it and are not looked at.
func OpenCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	if len(signed) > maxNote {
		return Checkpoint{}, ErrNote
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, ErrNote
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil || c.Origin != v.Name() {
		return Checkpoint{}, ErrNote
	}
	return c, nil
}

// OpenNote verifies a note that v's key alone has signed and returns its text.
// The note must be the very bytes that note.Sign writes: base64 as note.Open
// takes it leaves bits that can be flipped unseen.
func OpenNote(signed []byte, v note.Verifier) (string, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", ErrNote
	}
	sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil {
		return "", ErrNote
	}
	again := n.Text + "\n— " + v.Name() + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	if again != string(signed) {
		return "", ErrNote
	}
	return n.Text, nil
}

// checkpointPause is the least time between two checkpoints of a space.
const checkpointPause = time.Second

// Checkpoint returns a signed checkpoint of a space's log. It is made over a
// committed state and stored before it is returned, so no crash can take back
// what has been signed; never are two made for one size. If the log has not grown,
// or the last one was signed by this program less than a second ago, that one is
// returned.
func (l *Log) Checkpoint(ctx context.Context, s Space) ([]byte, error) {
	var head Head
	var last []byte
	err := l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		head = t.head()
		last, err = lastCheckpoint(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	now, err := l.clock.Now()
	if err != nil {
		return nil, err
	}
	if last != nil {
		c, err := l.openOwn(s, last)
		if err != nil {
			return nil, err
		}
		if c.Size > head.Size {
			return nil, damaged("the log is shorter than its last checkpoint")
		}
		if c.Size == head.Size && c.Root != head.Root {
			return nil, damaged("the log differs from its last checkpoint")
		}
		if c.Size == head.Size || !l.mayFollow(s, now) {
			return last, nil
		}
	}
	return l.sign(ctx, s, head, now)
}

// mayFollow tells whether enough time has passed since the last signature. The
// time is not stored: nothing could vouch for it.
func (l *Log) mayFollow(s Space, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.signed[s.number]).Abs() >= checkpointPause
}

func (l *Log) sign(ctx context.Context, s Space, head Head, now time.Time) ([]byte, error) {
	signer, err := l.signers.LogSigner(s)
	if err != nil {
		return nil, err
	}
	c := Checkpoint{Origin: signer.Name(), Size: head.Size, Root: head.Root}
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return nil, err
	}
	kept := signed
	err = l.update(ctx, s, func(tx kv.Tx) error {
		kept = signed
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		if root, err := t.rootAt(tx, c.Size); err != nil || root != c.Root {
			return errors.Join(damaged("the log changed while it was signed"), err)
		}
		last, err := tx.Get(bucketCheckpoint, lastKey)
		if err != nil {
			return err
		}
		key := recordKey(c.Size)
		if bytes.Compare(last, key) >= 0 { // another replica was first
			kept, err = lastCheckpoint(tx)
			return err
		}
		if err := tx.Put(bucketCheckpoint, key, signed); err != nil {
			return err
		}
		return tx.Put(bucketCheckpoint, lastKey, key)
	})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signed[s.number] = now
	return kept, nil
}

// lastCheckpoint returns the last note that was stored, nil if there is none.
func lastCheckpoint(tx kv.Tx) ([]byte, error) {
	key, err := tx.Get(bucketCheckpoint, lastKey)
	if err != nil || key == nil {
		return nil, err
	}
	if len(key) != 8 {
		return nil, damaged("last checkpoint")
	}
	signed, err := tx.Get(bucketCheckpoint, key)
	if err == nil && signed == nil {
		err = damaged("last checkpoint is missing")
	}
	return signed, err
}

// openOwn verifies a note that this log has stored.
func (l *Log) openOwn(s Space, signed []byte) (Checkpoint, error) {
	v, err := l.signers.LogVerifier(s)
	if err != nil {
		return Checkpoint{}, err
	}
	text, err := OpenNote(signed, v)
	if err != nil {
		return Checkpoint{}, damaged("stored checkpoint: %v", err)
	}
	c, err := ParseCheckpoint(text)
	if err != nil || c.Origin != v.Name() || !strings.HasSuffix(c.Origin, "/"+s.slug) {
		return Checkpoint{}, damaged("stored checkpoint")
	}
	return c, nil
}

// Extends tells whether a space's log continues the tree of a checkpoint of its
// own, such as one kept elsewhere: nil if it does, ErrFork if not (an old copy
// was put back, or entries were altered), ErrNote if the note isn't the log's.
func (l *Log) Extends(ctx context.Context, s Space, signed []byte) error {
	v, err := l.signers.LogVerifier(s)
	if err != nil {
		return err
	}
	c, err := OpenCheckpoint(signed, v)
	if err != nil {
		return err
	}
	return l.view(ctx, s, func(tx kv.Tx) error {
		t, err := readTree(tx)
		if err != nil {
			return err
		}
		return t.extends(tx, c)
	})
}

func (t *tree) extends(tx kv.Tx, c Checkpoint) error {
	if c.Size > t.size {
		return fmt.Errorf("%w: it is shorter, %d entries instead of %d", ErrFork, t.size, c.Size)
	}
	root, err := t.rootAt(tx, c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("%w: its first %d entries are others", ErrFork, c.Size)
	}
	return nil
}
