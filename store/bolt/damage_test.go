package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"aval/store/kv"
)

func metaOf(t testing.TB, path string) meta {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // only read
	m, err := readMeta(f, os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A sample is the bytes of a store with buckets of every kind: folded into
// their parent, of one page, of many, with values longer than a page, and with
// free pages. It was either closed or is as a killed process leaves it.
func sample(t testing.TB, closed bool) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "register.db")
	db := open(t, path, Options{})
	for space := range kv.Space(3) {
		for round := range 3 {
			err := db.Update(context.Background(), space, func(tx kv.Tx) error {
				err := tx.Put(kv.Bucket{Name: "small"}, []byte("k"), []byte("v"))
				for i := range 200 {
					key := fmt.Appendf(nil, "%05d", i*7919%10007)
					err = errors.Join(err, tx.Put(index, key, bytes.Repeat(key, 10*round+3)))
				}
				return errors.Join(err, tx.Put(entries, []byte("long"), make([]byte, 10_000)))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if closed {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := metaOf(t, path)
	if closed != (m.freelist != noFreelist) {
		t.Fatalf("closed: %t, but the free list is at page %d", closed, int64(m.freelist))
	}
	return all[:m.high*uint64(os.Getpagesize())] // without what was never used
}

// try opens a file with these bytes and reads and writes all it can. It reports
// errors other than damage; a crash reports itself.
func try(t testing.TB, path string, contents []byte) error {
	t.Helper()
	if err := os.WriteFile(path, contents, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, Options{})
	if err != nil {
		if !errors.Is(err, kv.ErrDamaged) {
			t.Errorf("Open answers %v, want kv.ErrDamaged", err)
		}
		return err
	}
	err = db.Copy(context.Background(), func(kv.Row) error { return nil })
	if err == nil {
		err = db.Update(context.Background(), 1, func(tx kv.Tx) error {
			return errors.Join(tx.Put(index, []byte("00001"), nil), tx.Delete(index, []byte("00002")))
		})
	}
	err = errors.Join(err, db.Close())
	if err != nil && !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("a damaged store answers %v", err)
	}
	return err
}

func TestTruncated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	page := os.Getpagesize()
	for _, closed := range []bool{true, false} {
		whole := sample(t, closed)
		if err := try(t, path, whole); err != nil {
			t.Fatalf("the whole file: %v", err)
		}
		lengths := []int{0, 1, 15, 16, 79, 80, 1023, 1024, 4095, len(whole) - 1}
		for at := page; at < len(whole); at += page {
			lengths = append(lengths, at, at+1, at+page/2)
		}
		for _, n := range lengths {
			if err := try(t, path, whole[:n]); err == nil {
				t.Errorf("%d of %d bytes were accepted", n, len(whole))
			}
		}
	}
}

// TestFlippedHeads flips a bit of every byte of the meta pages and of the free list's head: the
// file is refused, or the other meta page or an unused byte explains why not.
func TestFlippedHeads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	page := os.Getpagesize()
	whole := sample(t, true)
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	freelist := int(metaOf(t, path).freelist) * page
	for _, at := range []int{0, page, freelist} {
		for i := range headerSize + metaSize {
			flipped := bytes.Clone(whole)
			flipped[at+i] ^= 1 << (i % 8)
			_ = try(t, path, flipped)
		}
	}
	both := bytes.Clone(whole)
	both[headerSize+16]++
	both[page+headerSize+16]++
	if err := try(t, path, both); err == nil {
		t.Error("two damaged meta pages were accepted")
	}
}

// TestFlippedTree flips bits all over the file of a process that was killed.
// bbolt reads all of it then, on a goroutine of its own.
func TestFlippedTree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	whole := sample(t, false)
	refused := 0
	for at := 2 * os.Getpagesize(); at < len(whole); {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		if try(t, path, flipped) != nil {
			refused++
		}
		if at%os.Getpagesize() < 64 { // headers are the most telling
			at += 13
		} else {
			at += 1009
		}
	}
	if refused < 30 {
		t.Errorf("only %d changed files were refused", refused)
	}
}

// FuzzOpen opens files that are a store only in their first two pages.
func FuzzOpen(f *testing.F) {
	page := os.Getpagesize()
	path := filepath.Join(f.TempDir(), "register.db")
	whole := tiny(f, path)
	f.Add(metaOf(f, path).root, whole[2*page:])
	path = filepath.Join(f.TempDir(), "fuzzed.db")
	f.Fuzz(func(t *testing.T, root uint64, pages []byte) {
		file := append(bytes.Clone(whole[:2*page]), pages...)
		file = append(file, make([]byte, -len(file)&(page-1))...)
		for at := 0; at < 2*page; at += page {
			m := file[at+headerSize : at+headerSize+metaSize]
			order.PutUint64(m[16:], root)
			order.PutUint64(m[40:], uint64(len(file)/page))
			sum := fnv.New64a()
			sum.Write(m[:metaSize-8])
			order.PutUint64(m[metaSize-8:], sum.Sum64())
		}
		// What the check refuses, Open does; the rest must not harm bbolt.
		m, err := readMeta(bytes.NewReader(file), page)
		if err != nil {
			t.Fatal(err)
		}
		if checkTree(bytes.NewReader(file), page, m) == nil {
			if err := try(t, path, file); errors.Is(err, kv.ErrLocked) {
				t.Error(err)
			}
		}
	})
}

// tiny is a killed process's store of a few pages.
func tiny(t testing.TB, path string) []byte {
	t.Helper()
	db := open(t, path, Options{})
	err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
		err := tx.Put(kv.Bucket{Name: "small"}, []byte("k"), []byte("v"))
		for i := range 30 {
			err = errors.Join(err, tx.Put(index, fmt.Appendf(nil, "%05d", i), make([]byte, 200)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return all[:metaOf(t, path).high*uint64(os.Getpagesize())]
}

func TestNotAStore(t *testing.T) {
	dir := t.TempDir()
	for name, contents := range map[string][]byte{
		"empty": nil,
		"text":  bytes.Repeat([]byte("not a store\n"), 3000),
		"zeros": make([]byte, 1<<16),
	} {
		path := filepath.Join(dir, name)
		if err := try(t, path, contents); err == nil {
			t.Errorf("%s was opened", name)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(after, contents) {
			t.Errorf("%s was changed, error %v", name, err)
		}
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, kv.ErrDamaged) {
		t.Errorf("a folder answers %v", err)
	}
}

func TestMustExistAndCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "register.db")
	if _, err := Open(path, Options{MustExist: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("MustExist answers %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none", "register.db"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder answers %v", err)
	}
	db := open(t, path, Options{Create: true})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{Create: true}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Create answers %v", err)
	}
	if _, err := Open(path, Options{Create: true, MustExist: true}); err == nil {
		t.Error("both at once are accepted")
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Fatalf("the folder has %v, error %v", names, err)
	}
	info, err := names[0].Info()
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode is %v, error %v", info.Mode(), err)
	}
}

// A clean Close leaves the list of free pages, and only that does.
func TestFreelist(t *testing.T) {
	path := filepath.Join(t.TempDir(), "register.db")
	for range 3 {
		db := open(t, path, Options{})
		for range 5 {
			if _, err := appendEntry(db); err != nil {
				t.Fatal(err)
			}
		}
		if m := metaOf(t, path); m.freelist != noFreelist {
			t.Error("there is a free list while the store is open")
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if m := metaOf(t, path); m.freelist == noFreelist {
			t.Error("there is no free list after Close")
		}
	}
	if n, err := checkEntries(open(t, path, Options{})); n != 15 || err != nil {
		t.Errorf("%d entries, error %v", n, err)
	}
}
