package bolt

import (
	"path/filepath"
	"testing"

	"aval/store/kv"
	"aval/store/kvtest"
)

func open(t testing.TB, path string, o Options) *DB {
	t.Helper()
	db, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && err != kv.ErrClosed { //nolint:errorlint // nothing wraps it
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func TestContract(t *testing.T) {
	for name, o := range map[string]Options{
		"plain":      {},
		"no linger":  {Linger: -1},
		"batch of 3": {MaxBatch: 3},
		"small map":  {InitialMmapSize: 1 << 15}, // so that the file is mapped anew again and again
	} {
		t.Run(name, func(t *testing.T) {
			kvtest.Run(t,
				func(t *testing.T) kv.DB { return open(t, filepath.Join(t.TempDir(), "register.db"), o) },
				kvtest.Reopen(func(t *testing.T, db kv.DB) kv.DB {
					path := db.(*DB).bolt.Path()
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					return open(t, path, o)
				}))
		})
	}
}
