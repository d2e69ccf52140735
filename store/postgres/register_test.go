package postgres_test

import (
	"path/filepath"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
	"aval/store/postgres"
)

// nobodyErased is a list of erased persons that stays empty.
type nobodyErased struct{}

func (nobodyErased) Add(string, consent.PersonID) error          { return nil }
func (nobodyErased) All() (map[string][]consent.PersonID, error) { return nil, nil }

// A register moves from one store to another by its bytes: the same rows, the
// same roots, so what was signed stays true, and it goes on there.
func TestRegisterMovesByItsBytes(t *testing.T) {
	folder, err := personal.Create(filepath.Join(t.TempDir(), "keys"), "register.test", time.Now())
	check(t, err)
	from := mem.Open(mem.Options{})
	check(t, store.Begin(t.Context(), from))
	reg, log := wire(t, folder, from)
	check(t, reg.Begin(t.Context()))
	openStructure(t, reg, "ccas")
	spaces, err := reg.Spaces(t.Context())
	check(t, err)
	notes := map[string][]byte{}
	for _, s := range spaces {
		notes[s.Slug()], err = log.Checkpoint(t.Context(), s)
		check(t, err)
	}

	to, err := postgres.Open(t.Context(), postgres.FreshDSN(t))
	check(t, err)
	defer func() { check(t, to.Close()) }()
	check(t, from.Copy(t.Context(), func(row kv.Row) error {
		return to.Update(t.Context(), row.Space, func(tx kv.Tx) error {
			return tx.Put(kv.Bucket{Name: row.Bucket}, row.Key, row.Value)
		})
	}))
	check(t, store.Prepare(t.Context(), to))
	moved, there := wire(t, folder, to)
	for _, s := range spaces {
		check(t, there.Check(t.Context(), s))
		check(t, there.Extends(t.Context(), s, notes[s.Slug()]))
		a, err := log.Head(t.Context(), s)
		check(t, err)
		b, err := there.Head(t.Context(), s)
		check(t, err)
		if a != b {
			t.Errorf("%s: the head is %+v, it was %+v", s.Slug(), b, a)
		}
	}
	openStructure(t, moved, "pont")
	again, err := moved.Spaces(t.Context())
	check(t, err)
	if len(again) != len(spaces)+1 {
		t.Errorf("%d spaces, want one more than %d", len(again), len(spaces))
	}
	for _, s := range again {
		check(t, there.Check(t.Context(), s))
		if notes[s.Slug()] != nil {
			check(t, there.Extends(t.Context(), s, notes[s.Slug()]))
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wire(t *testing.T, folder *personal.Folder, db kv.DB) (*consent.Register, *audit.Log) {
	t.Helper()
	ch, err := charter.Load()
	check(t, err)
	keys := personal.NewKeyring(folder, store.Keys{DB: db})
	log := audit.NewLog(db, keys, keys, audit.NewClock(time.Now, nil))
	rec := audit.NewRecorder(log, store.Ledger, store.Housekeeping...)
	return consent.NewRegister(rec, keys, ch, folder.Origin(), nobodyErased{}), log
}

func openStructure(t *testing.T, reg *consent.Register, slug string) {
	t.Helper()
	name, err := screen.Form(screen.Field{Name: "name", Text: "Structure", Kind: screen.Name, Max: 100})
	check(t, err)
	_, _, err = reg.OpenStructure(t.Context(), consent.Operator(), consent.NewStructure{Name: name[0], Slug: slug})
	check(t, err)
}
