package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"aval": testProgram})
}

// testProgram is the real program on a clock that a script can move: the file
// named by TEST_CLOCK says by how much.
func testProgram() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: testNow}
	status := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

func testNow() time.Time {
	raw, err := os.ReadFile(os.Getenv("TEST_CLOCK"))
	if err != nil {
		return time.Now()
	}
	shift, err := time.ParseDuration(strings.TrimSpace(string(raw)))
	if err != nil {
		panic(err)
	}
	return time.Now().Add(shift)
}

// TestScripts runs the whole program as its users do: see testdata/*.txt.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TEST_CLOCK", filepath.Join(e.WorkDir, "clock"))
			e.Setenv("HOME", e.WorkDir)
			return os.WriteFile(filepath.Join(e.WorkDir, "clock"), []byte("0s"), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"let":   letCommand,
			"await": awaitCommand,
			"days":  daysCommand,
			"flip":  flipCommand,
			"cut":   cutCommand,
			"bytes": bytesCommand,
		},
	})
}

// let NAME FILE REGEXP puts the first group of the first match into a variable.
func letCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: let NAME FILE REGEXP")
	}
	m := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if m == nil {
		ts.Fatalf("%s does not match in %s: %s", args[2], args[1], ts.ReadFile(args[1]))
	}
	ts.Setenv(args[0], m[1])
}

// await FILE REGEXP waits until a file matches: a server in the background is up.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	want := regexp.MustCompile(args[1])
	for range 600 {
		if raw, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && want.Match(raw) {
			return
		}
		time.Sleep(50 * time.Millisecond) //nolint:forbidigo // another process writes the file
	}
	ts.Fatalf("%s never matched in %s", args[1], args[0])
}

// days N moves the clock N days on.
func daysCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: days N")
	}
	shift, err := time.ParseDuration(strings.TrimSpace(ts.ReadFile("clock")))
	ts.Check(err)
	n, err := time.ParseDuration(args[0] + "h")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("clock"), []byte((shift + 24*n).String()), 0o600))
}

// flip FILE verifies an extract or mandate with every 97th byte changed, and the
// first and last hundred: each must be refused with exit status 1.
func flipCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE KEY")
	}
	path := ts.MkAbs(args[0])
	whole := []byte(ts.ReadFile(args[0]))
	bad := ts.MkAbs("flipped")
	for i := range whole {
		if i >= 100 && i < len(whole)-100 && i%97 != 0 {
			continue
		}
		whole[i] ^= 0x01
		ts.Check(os.WriteFile(bad, whole, 0o600))
		var out, errOut strings.Builder
		if got := run(context.Background(), []string{"verify", bad, "--key", ts.MkAbs(args[1])}, strings.NewReader(""), &out, &errOut); got != exitNo {
			ts.Fatalf("byte %d of %s was changed and verify exited %d: %s%s", i, path, got, out.String(), errOut.String())
		}
		whole[i] ^= 0x01
	}
}

// cut FILE N shortens a file to N bytes.
func cutCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cut FILE N")
	}
	n, err := time.ParseDuration(args[1] + "ns")
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), int64(n)))
}

// bytes TEXT searches every byte of every file below the given folders: with
// "!" the text must be nowhere.
func bytesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: bytes TEXT FOLDER…")
	}
	found := ""
	for _, root := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(root), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(path)
			if strings.Contains(string(raw), args[0]) {
				found = path
			}
			return err
		}))
	}
	if neg && found != "" {
		ts.Fatalf("%q is in %s", args[0], found)
	}
	if !neg && found == "" {
		ts.Fatalf("%q is nowhere", args[0])
	}
}
