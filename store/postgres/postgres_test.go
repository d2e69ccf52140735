package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"aval/store/kv"
	"aval/store/kvtest"
)

var databases atomic.Int32

// freshDSN names an empty database on the test's server.
func freshDSN(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("register%d", databases.Add(1))
	c, err := pgx.Connect(t.Context(), serverDSN)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background()) //nolint:errcheck // nothing to lose
	if _, err := c.Exec(t.Context(), "create database "+name+" strategy file_copy"); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(serverDSN, "dbname=postgres", "dbname="+name, 1)
}

func open(t *testing.T, dsn string) *DB {
	t.Helper()
	db, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !errors.Is(err, kv.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func dsnOf(db kv.DB) string { return db.(*DB).pool.Config().ConnString() }

func TestContract(t *testing.T) {
	kvtest.Run(t,
		func(t *testing.T) kv.DB { return open(t, freshDSN(t)) },
		kvtest.Reopen(func(t *testing.T, db kv.DB) kv.DB {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, dsnOf(db))
		}),
		kvtest.Second(func(t *testing.T, db kv.DB) kv.DB { return open(t, dsnOf(db)) }))
}

var bucket = kv.Bucket{Name: "test"}

func put(tx kv.Tx, value string) error { return tx.Put(bucket, []byte("k"), []byte(value)) }

func get(t *testing.T, db *DB) string {
	t.Helper()
	var value []byte
	err := db.View(t.Context(), 1, func(tx kv.Tx) (err error) {
		value, err = tx.Get(bucket, []byte("k"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

// Replicas that start together on an empty database all find their table.
func TestOpenTogether(t *testing.T) {
	dsn := freshDSN(t)
	errs := make(chan error)
	for range 8 {
		go func() {
			db, err := Open(context.Background(), dsn)
			if err == nil {
				err = db.Close()
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A connection string may hold a password, which no error may show.
func TestOpenHidesThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://aval:sesame@[::1/register",
		"host=127.0.0.1 port=1 user=aval password=sesame dbname=register sslmode=disable connect_timeout=5",
		"user=aval password=sesame port=none",
	} {
		db, err := Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("opened: %v", db.Close())
		} else if strings.Contains(err.Error(), "sesame") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// kill ends all other connections to the database, as a failover does.
func kill(db *DB) error {
	_, err := db.pool.Exec(context.Background(),
		`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	return err
}

// A connection lost before the commit was sent leaves nothing, even if the
// function does not mind its errors, and is not in doubt.
func TestLostBeforeTheCommit(t *testing.T) {
	db := open(t, freshDSN(t))
	for name, fn := range map[string]func(tx kv.Tx) error{
		"with a write": func(tx kv.Tx) error { return errors.Join(put(tx, "lost"), kill(db)) },
		"with a read that is ignored": func(tx kv.Tx) error {
			err := errors.Join(put(tx, "lost"), kill(db))
			_, _ = tx.Get(bucket, []byte("other"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := db.Update(t.Context(), 1, fn)
			if err == nil || errors.Is(err, kv.ErrInDoubt) {
				t.Errorf("Update answers %v", err)
			}
			if got := get(t, db); got != "" {
				t.Errorf("%q landed", got)
			}
		})
	}
	if err := db.Update(t.Context(), 1, func(tx kv.Tx) error { return put(tx, "kept") }); err != nil {
		t.Error(err)
	}
	if got := get(t, db); got != "kept" {
		t.Errorf("%q landed afterwards", got)
	}
}

// A connection lost when nothing but the commit is left to send is in doubt.
func TestLostAtTheCommit(t *testing.T) {
	db := open(t, freshDSN(t))
	err := db.Update(t.Context(), 1, func(kv.Tx) error { return kill(db) })
	if !errors.Is(err, kv.ErrInDoubt) {
		t.Errorf("Update answers %v", err)
	}
}

func TestCommitErrors(t *testing.T) {
	answer := func(severity, code string) error {
		return fmt.Errorf("wrapped: %w", &pgconn.PgError{SeverityUnlocalized: severity, Code: code})
	}
	for _, test := range []struct {
		err     error
		inDoubt bool
		full    bool
	}{
		{err: answer("ERROR", "40001")},
		{err: answer("ERROR", "53100"), full: true},
		{err: pgx.ErrTxCommitRollback},
		{err: answer("ERROR", "40003"), inDoubt: true},
		{err: answer("FATAL", "57P01"), inDoubt: true},
		{err: answer("PANIC", "53100"), inDoubt: true},
		{err: errors.New("broken pipe"), inDoubt: true},
		{err: context.DeadlineExceeded, inDoubt: true},
	} {
		got := commitError(test.err)
		if errors.Is(got, kv.ErrInDoubt) != test.inDoubt || errors.Is(got, kv.ErrFull) != test.full || !errors.Is(got, test.err) {
			t.Errorf("%v becomes %v", test.err, got)
		}
	}
	if commitError(nil) != nil {
		t.Error("no error becomes one")
	}
}

// A database that commits without waiting for the disk is not left so.
func TestCommitsWaitForTheDisk(t *testing.T) {
	for setting, want := range map[string]string{"off": "on", "remote_apply": "remote_apply"} {
		dsn := freshDSN(t)
		c, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Exec(t.Context(), "alter database "+c.Config().Database+" set synchronous_commit = "+setting)
		if err := errors.Join(err, c.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := open(t, dsn).pool.QueryRow(t.Context(), "show synchronous_commit").Scan(&got); err != nil || got != want {
			t.Errorf("with %s set, connections have %s, error %v", setting, got, err)
		}
	}
}
