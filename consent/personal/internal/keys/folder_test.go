package keys

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const origin = "aval.example.org"

var monday = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC) // first instant of 2026-W47

const week = 7 * 24 * time.Hour

func make1(t testing.TB) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	f, err := Create(dir, origin, monday)
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func list(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCreateAndOpen(t *testing.T) {
	f, dir := make1(t)
	want := []string{"epoch-2026-W47.key", "index.key", "master.key", "pepper.key", "register.key", "run-log.key"}
	if got := list(t, dir); !slices.Equal(got, want) {
		t.Errorf("files: %q, want %q", got, want)
	}
	for _, name := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: mode %v, %v", info.Mode(), err)
	}
	closed := f.Current().Close("here", []byte("secret"))
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := again.Epoch(EpochOf(closed))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := e.Open("here", closed); err != nil || string(plain) != "secret" {
		t.Errorf("closed before, open after: %q, %v", plain, err)
	}
	if _, err := e.Open("there", closed); !errors.Is(err, ErrClosed) {
		t.Errorf("another context: %v", err)
	}
	if again.Origin() != origin || again.Register().Kid() != f.Register().Kid() || again.RunLog().VKey() != f.RunLog().VKey() ||
		!bytes.Equal(again.Pepper("x"), f.Pepper("x")) || !bytes.Equal(again.Index(3), f.Index(3)) {
		t.Error("keys differ after opening again")
	}
	if bytes.Equal(f.Index(3), f.Index(4)) || bytes.Equal(f.Pepper("card"), f.Pepper("birth")) {
		t.Error("two uses have one key")
	}
}

func TestCreateRefuses(t *testing.T) {
	_, dir := make1(t)
	before := read(t, dir, masterFile)
	if _, err := Create(dir, origin, monday); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), masterFile) {
		t.Errorf("over a register: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, masterFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, origin, monday); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "without master.key") {
		t.Errorf("over keys without a master: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, masterFile), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err != nil {
		t.Errorf("refusing changed something: %v", err)
	}
	for _, bad := range []string{"", "Aval.example", "a b", "a+b", "aval/x", "é.fr", "aval.example.", strings.Repeat("a", 300)} {
		if _, err := Create(filepath.Join(t.TempDir(), "k"), bad, monday); err == nil {
			t.Errorf("origin %q taken", bad)
		}
	}
	if _, err := Create(filepath.Join(dir, masterFile), origin, monday); err == nil {
		t.Error("made in a file")
	}
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is wrong with the folder is said by the file's name, with no content.
func TestOpenRefuses(t *testing.T) {
	everyFile := []string{masterFile, pepperFile, indexFile, registerFile, runLogFile, "epoch-2026-W47.key"}
	other, otherDir := make1(t)
	_ = other
	for _, name := range everyFile {
		faults := map[string]func(t *testing.T, dir string){
			"missing":   func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, name)) },
			"empty":     func(t *testing.T, dir string) { write(t, dir, name, nil) },
			"short":     func(t *testing.T, dir string) { write(t, dir, name, read(t, dir, name)[:20]) },
			"two":       func(t *testing.T, dir string) { d := read(t, dir, name); write(t, dir, name, append(d, d...)) },
			"long":      func(t *testing.T, dir string) { write(t, dir, name, make([]byte, maxKeyFile+1)) },
			"not ours":  func(t *testing.T, dir string) { write(t, dir, name, read(t, otherDir, name)) },
			"readable":  func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, name), 0o640) },
			"by others": func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, name), 0o602) },
			"a folder": func(t *testing.T, dir string) {
				os.Remove(filepath.Join(dir, name))
				if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
					t.Fatal(err)
				}
			},
		}
		for fault, do := range faults {
			t.Run(name+" "+fault, func(t *testing.T) {
				_, dir := make1(t)
				do(t, dir)
				_, err := Open(dir)
				var fe *FolderError
				if !errors.As(err, &fe) {
					t.Fatalf("got %v", err)
				}
				// With another register's master it is the first file under it that is named.
				if name == masterFile && fault == "not ours" {
					if fe.File == masterFile || !strings.Contains(err.Error(), masterFile) {
						t.Errorf("says %q", err)
					}
				} else if fe.File != name && !(fe.File == "epoch-YYYY-Www.key" && fault == "missing") {
					t.Errorf("names %q: %v", fe.File, err)
				}
				if (fault == "missing") != strings.Contains(err.Error(), "missing") {
					t.Errorf("says %q", err)
				}
			})
		}
	}
	t.Run("folder", func(t *testing.T) {
		_, dir := make1(t)
		chmod(t, dir, 0o750)
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "chmod") {
			t.Errorf("open to the group: %v", err)
		}
		if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("no folder: %v", err)
		}
	})
}

// Each single byte of each file counts.
func TestFlippedBytes(t *testing.T) {
	_, dir := make1(t)
	for _, name := range list(t, dir) {
		good := read(t, dir, name)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			write(t, dir, name, bad)
			// The master's own name is no part of what it opens; the others tell it.
			if _, err := Open(dir); err == nil {
				t.Errorf("%s: byte %d flipped and opened", name, i)
			}
		}
		write(t, dir, name, good)
	}
}

func TestRenamedFiles(t *testing.T) {
	f, dir := make1(t)
	if turned, err := f.Turn(monday.Add(week)); err != nil || !turned {
		t.Fatal(turned, err)
	}
	for _, pair := range [][2]string{
		{pepperFile, indexFile}, {"epoch-2026-W47.key", "epoch-2026-W48.key"}, {registerFile, runLogFile},
	} {
		a, b := read(t, dir, pair[0]), read(t, dir, pair[1])
		write(t, dir, pair[0], b)
		write(t, dir, pair[1], a)
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "renamed") {
			t.Errorf("%v exchanged: %v", pair, err)
		}
		write(t, dir, pair[0], a)
		write(t, dir, pair[1], b)
	}
}

func TestErased(t *testing.T) {
	f, dir := make1(t)
	if got, err := f.Erased(); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	a, b := "p_"+strings.Repeat("a", 26), "p_"+strings.Repeat("b", 25)+"a"
	for _, e := range []Erasure{{"ccas-lyon", a}, {"register", b}, {"ccas-lyon", a}} {
		if err := f.AddErased(e.Space, e.Owner); err != nil {
			t.Fatal(err)
		}
	}
	want := []Erasure{{"ccas-lyon", a}, {"register", b}}
	if got, err := f.Erased(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range [][2]string{{"", a}, {"x y", a}, {"x", "p_short"}, {"x", a + "\n"}, {"x\n", a}, {"x", "Jean Dupont"}} {
		if err := f.AddErased(bad[0], bad[1]); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// A line cut short at every length is forgotten, and the next one is not.
	full := read(t, dir, erasedFile)
	line := "other " + b + "\n"
	for n := range line {
		write(t, dir, erasedFile, append(bytes.Clone(full), line[:n]...))
		if got, err := f.Erased(); err != nil || !slices.Equal(got, want) {
			t.Errorf("cut at %d: %v, %v", n, got, err)
		}
		if err := f.AddErased("third", a); err != nil {
			t.Fatal(err)
		}
		if got, err := f.Erased(); err != nil || !slices.Equal(got, append(slices.Clone(want), Erasure{"third", a})) {
			t.Errorf("after one cut at %d: %v, %v", n, got, err)
		}
	}
	write(t, dir, erasedFile, append([]byte("what is this\n"), full...))
	if _, err := f.Erased(); err == nil || !strings.Contains(err.Error(), "erased is damaged") {
		t.Errorf("damaged: %v", err)
	}
}

func FuzzKeyFile(f *testing.F) {
	folder, dir := make1(f)
	for _, name := range list(f, dir) {
		f.Add(read(f, dir, name))
	}
	f.Add([]byte(`{"v":1,"kid":"","master":"","sealed":""}`))
	good := read(f, dir, pepperFile)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxKeyFile {
			return
		}
		write(t, dir, pepperFile, data)
		_, secret, err := folder.readSymmetric(pepperFile)
		same := bytes.Equal(bytes.TrimSuffix(data, []byte("\n")), bytes.TrimSuffix(good, []byte("\n")))
		if (err == nil) != same || err != nil && secret != nil {
			t.Errorf("same file %v, error %v", same, err)
		}
	})
}

func FuzzErased(f *testing.F) {
	folder, dir := make1(f)
	f.Add([]byte("register p_aaaaaaaaaaaaaaaaaaaaaaaaaa\n"))
	f.Add([]byte("register p_aaaaa!\nregister p_aaaaaaaaaaaaaaaaaaaaaaaaaa\nregi"))
	f.Fuzz(func(t *testing.T, data []byte) {
		write(t, dir, erasedFile, data)
		got, err := folder.Erased()
		if err != nil {
			return
		}
		for _, e := range got {
			if !slugForm.MatchString(e.Space) || !ownerForm.MatchString(e.Owner) {
				t.Errorf("read %q", e)
			}
		}
		if err := folder.AddErased("new", "p_aaaaaaaaaaaaaaaaaaaaaaaaaa"); err != nil {
			t.Fatal(err)
		}
		after, err := folder.Erased()
		if err != nil || !slices.Contains(after, Erasure{"new", "p_aaaaaaaaaaaaaaaaaaaaaaaaaa"}) || len(after) < len(got) {
			t.Errorf("%v then %v, %v", got, after, err)
		}
	})
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}
