package personal_test

import (
	"context"
	"encoding/base32"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/audit"
	"aval/charter/screen"
	"aval/consent/personal"
	"aval/store/kv"
	"aval/store/mem"
)

var (
	now    = time.Date(2026, 11, 21, 21, 20, 33, 0, time.UTC)
	lyon   = audit.NewSpace(kv.Space(1), "ccas-lyon")
	nantes = audit.NewSpace(kv.Space(2), "ccas-nantes")
)

const week = 7 * 24 * time.Hour

// A register is what this room needs of one: keys, a log that makes passes, and
// rows with wrapped keys.
type register struct {
	*personal.Keyring
	folder *personal.Folder
	dir    string
	rec    *audit.Recorder[kv.Tx]
	rows   *rows
}

type rowKey struct {
	space kv.Space
	owner personal.Owner
	kind  personal.KeyKind
}

type rows struct {
	mu   sync.Mutex
	keys map[rowKey]personal.WrappedKey
}

func (r *rows) WrappedKey(_ context.Context, s audit.Space, owner personal.Owner, kind personal.KeyKind) (personal.WrappedKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, ok := r.keys[rowKey{s.Number(), owner, kind}]
	if !ok {
		return w, personal.ErrErased
	}
	return w, nil
}

func (r *rows) put(s audit.Space, w personal.WrappedKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys[rowKey{s.Number(), w.Owner, w.Kind}] = w
}

func (r *rows) delete(s audit.Space, owner personal.Owner, kind personal.KeyKind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.keys, rowKey{s.Number(), owner, kind})
}

func newRegister(t testing.TB) *register {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	folder, err := personal.Create(dir, "aval.example.org", now)
	if err != nil {
		t.Fatal(err)
	}
	r := &register{folder: folder, dir: dir, rows: &rows{keys: map[rowKey]personal.WrappedKey{}}}
	r.Keyring = personal.NewKeyring(folder, r.rows)
	for _, s := range []audit.Space{lyon, nantes} {
		if _, err := r.MakeSpaceKeys(s, now); err != nil {
			t.Fatal(err)
		}
	}
	db := mem.Open(mem.Options{})
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := audit.NewClock(func() time.Time { return now }, nil)
	r.rec = audit.NewRecorder(audit.NewLog(db, r.Keyring, r.Keyring, clock), func(tx kv.Tx) kv.Tx { return tx })
	return r
}

// owner makes a pseudonym out of a prefix and a letter.
func owner(prefix string, n byte) personal.Owner {
	id := make([]byte, 16)
	id[0] = n
	return personal.Owner(prefix + "_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(id)))
}

// key makes and files a key.
func (r *register) key(t testing.TB, s audit.Space, o personal.Owner, kind personal.KeyKind) personal.PlainKey {
	t.Helper()
	w, key, err := r.NewKey(s, o, kind)
	if err != nil {
		t.Fatal(err)
	}
	r.rows.put(s, w)
	return key
}

// pass has an entry committed and gives its pass.
func (r *register) pass(t testing.TB, s audit.Space, person personal.Owner, out audit.Outcome, records ...string) audit.Pass {
	t.Helper()
	act := audit.PersonRead
	if out != audit.OK {
		act = audit.AttemptRefused
	}
	passes, err := r.rec.Record(context.Background(), s, func(kv.Tx, time.Time) ([]audit.Entry, error) {
		return []audit.Entry{{Act: act, By: string(owner("h", 9)), Person: string(person), Fields: records, Out: out}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return passes[0]
}

func text(t testing.TB, s string) personal.Text {
	t.Helper()
	clean, err := screen.Form(screen.Field{Name: "name", Text: s, Kind: screen.Name})
	if err != nil {
		t.Fatal(err)
	}
	return personal.NewText(clean[0])
}

func birth(t testing.TB, s string) personal.BirthDate {
	t.Helper()
	b, err := personal.ParseBirthDate(s, now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func identity(t testing.TB, given, born, used, date string) personal.Identity {
	t.Helper()
	return personal.Identity{
		GivenNames: text(t, given), BirthName: text(t, born), UsedName: text(t, used), Birth: birth(t, date),
	}
}

func seal[R personal.Record](t testing.TB, r *register, key personal.PlainKey, record string, version int64, v R) personal.Sealed {
	t.Helper()
	box, err := personal.Seal(r.Keyring, key, record, version, v)
	if err != nil {
		t.Fatal(err)
	}
	return box
}
