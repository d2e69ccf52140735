package bolt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"aval/store/kv"
)

// The test binary starts itself again where another process is needed.
const childEnv = "AVAL_BOLT_TEST_CHILD"

func TestMain(m *testing.M) {
	role, path, _ := strings.Cut(os.Getenv(childEnv), ":")
	var err error
	switch role {
	case "":
		os.Exit(m.Run())
	case "open":
		err = childOpen(path)
	case "write":
		err = childWrite(path)
	case "fill":
		err = childFill(path)
	}
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+role+":"+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// childOpen says what Open answers.
func childOpen(path string) error {
	db, err := Open(path, Options{LockTimeout: 1})
	fmt.Println(errors.Is(err, kv.ErrLocked))
	if err != nil {
		return nil //nolint:nilerr // told above
	}
	return db.Close()
}

const writers = 8

// childWrite appends for ever, and prints each number once it is acknowledged.
// Each update writes the number to two buckets, and counts.
func childWrite(path string) error {
	db, err := Open(path, Options{MustExist: true})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make(chan error, writers)
	for range writers {
		all.Go(func() {
			for {
				n, err := appendEntry(db)
				if err != nil {
					errs <- err
					return
				}
				fmt.Println(n) // one write call, so lines do not mix
			}
		})
	}
	all.Wait()
	return <-errs
}

var (
	entries = kv.Bucket{Name: "entries", Append: true}
	index   = kv.Bucket{Name: "index"}
	count   = []byte("count")
)

func appendEntry(db *DB) (int, error) {
	var n int
	err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
		value, err := tx.Get(index, count)
		if err != nil {
			return err
		}
		n, _ = strconv.Atoi(string(value))
		key := fmt.Appendf(nil, "%09d", n)
		return errors.Join(
			tx.Put(entries, key, []byte(strings.Repeat("x", 300))),
			tx.Put(index, fmt.Appendf(nil, "%09d", n*7919%1000003), key),
			tx.Put(index, count, strconv.AppendInt(nil, int64(n+1), 10)))
	})
	return n, err
}

// checkEntries checks that the entries are whole and returns their number.
func checkEntries(db *DB) (int, error) {
	n := 0
	err := db.View(context.Background(), 1, func(tx kv.Tx) error {
		err := tx.Scan(entries, nil, nil, func(key, value []byte) error {
			if string(key) != fmt.Sprintf("%09d", n) || len(value) != 300 {
				return fmt.Errorf("entry %d is %q with %d bytes", n, key, len(value))
			}
			other, err := tx.Get(index, fmt.Appendf(nil, "%09d", n*7919%1000003))
			if err != nil || string(other) != string(key) {
				return fmt.Errorf("index of entry %d is %q, error %w", n, other, err)
			}
			n++
			return nil
		})
		if err != nil {
			return err
		}
		value, err := tx.Get(index, count)
		if counted, _ := strconv.Atoi(string(value)); err == nil && counted != n {
			err = fmt.Errorf("count is %d, with %d entries", counted, n)
		}
		return err
	})
	return n, err
}

// TestKill kills a writing process again and again: nothing it acknowledged is
// lost, and nothing is half there.
func TestKill(t *testing.T) {
	path := t.TempDir() + "/register.db"
	db := open(t, path, Options{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := -1
	for round := range 6 {
		cmd := child(t, "write", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for i := 0; ; i++ {
			line, err := lines.ReadString('\n')
			if err != nil {
				break // what it wrote before it died has been read
			}
			n, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatalf("the child says %q", line)
			}
			acknowledged = max(acknowledged, n)
			if i == 100+137*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		if m := metaOf(t, path); m.freelist != noFreelist {
			t.Error("a killed process left a free list: the test did not kill it in time")
		}
		db := open(t, path, Options{MustExist: true})
		n, err := checkEntries(db)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n <= acknowledged {
			t.Fatalf("round %d: %d entries, but %d was acknowledged", round, n, acknowledged)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocked(t *testing.T) {
	path := t.TempDir() + "/register.db"
	db := open(t, path, Options{})
	locked := func() string {
		out, err := child(t, "open", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := locked(); got != "true" {
		t.Errorf("a second process finds the file locked: %s", got)
	}
	if _, err := appendEntry(db); err != nil {
		t.Errorf("the first process: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := locked(); got != "false" {
		t.Errorf("after Close it finds the file locked: %s", got)
	}
}

// childFill writes until the file may not grow, under a limit on its size that
// the kernel treats like a full disk; then with more room again.
func childFill(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // the limit is to be an error, not the end
	db, err := Open(path, Options{MustExist: true})
	if err != nil {
		return err
	}
	limit := func(bytes uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: 1 << 40})
	}
	// The file is 16 MiB long with nothing in most of it: with less allowed,
	// writing inside it fails. With more allowed, growing it does.
	for _, bytes := range []uint64{1 << 20, 24 << 20} {
		if err := limit(bytes); err != nil {
			return err
		}
		kept, err := fillUp(db)
		if err != nil {
			return err
		}
		for range 3 {
			if err := appendLarge(db); !errors.Is(err, kv.ErrFull) {
				return fmt.Errorf("a large update on a full disk answers %w", err)
			}
		}
		if n, err := checkEntries(db); err != nil || n != kept {
			return fmt.Errorf("full at %d: %d entries, acknowledged %d: %w", bytes, n, kept, err)
		}
	}
	if err := limit(1 << 40); err != nil {
		return err
	}
	if err := appendLarge(db); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return db.Close()
}

// fillUp appends until the disk is full and returns how many entries there are.
func fillUp(db *DB) (int, error) {
	for {
		if err := appendLarge(db); errors.Is(err, kv.ErrFull) {
			break
		} else if err != nil {
			return 0, err
		}
	}
	for {
		n, err := appendEntry(db)
		if errors.Is(err, kv.ErrFull) {
			return n, nil
		} else if err != nil {
			return 0, err
		}
	}
}

// appendLarge puts half a megabyte beside what is there.
func appendLarge(db *DB) error {
	return db.Update(context.Background(), 2, func(tx kv.Tx) error {
		value, err := tx.Get(index, count)
		if err != nil {
			return err
		}
		return errors.Join(
			tx.Put(index, count, append(value, 'I')),
			tx.Put(entries, fmt.Appendf(nil, "%09d", len(value)), make([]byte, 1<<19)))
	})
}

func TestFullDisk(t *testing.T) {
	path := t.TempDir() + "/register.db"
	db := open(t, path, Options{})
	if _, err := appendEntry(db); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := child(t, "fill", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if n, err := checkEntries(open(t, path, Options{MustExist: true})); err != nil || n < 2 {
		t.Errorf("%d entries afterwards, error %v", n, err)
	}
}
