// The house has rooms, and this test keeps the doors between them: who may
// import whom, which room may use which library, and who may call the few
// functions that lead to personal data or past the log. CONTRIBUTING.md tells
// why. A new exception goes into a table below, with its reason.
package aval

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "aval"

// A pattern names folders or files of this module: "audit" is that folder
// alone, "api/..." that folder and all below it, "consent/erase.go" one file.
type pattern string

// A direction says what a room may import of ours. The longest matching room
// counts; a folder that is in no room is refused.
type direction struct {
	room  pattern
	may   []pattern
	tests []pattern // besides, in _test.go files; Go itself refuses circles
}

var directions = []direction{
	{room: "."}, // this file
	{room: "cmd/...", may: []pattern{"..."}},
	{room: "bench/...", may: []pattern{"..."}},
	{room: "api/...", may: []pattern{"api/...", "consent", "charter", "audit",
		"consent/passkey",      // the host and origin of passkeys, from the configuration
		"charter/screen",       // a form's texts are screened as a whole, before any use-case
		"charter/screen/paper", // how large a picture may be; see calls for Seen
		"consent/personal"},    // codes, tokens, dates: what use-cases take and give; see calls for Open and Seal
		tests: []pattern{"..."}},
	{room: "api/door/fault.go", may: []pattern{"api/...", "consent", "charter", "audit",
		"store/kv"}}, // its errors only: a full disk is told from a broken line
	{room: "consent/passkey"}, // what browsers are asked and answer: bytes in, bytes out
	{room: "consent/...", may: []pattern{"consent", "consent/passkey", "charter", "charter/screen", "charter/screen/paper", "audit", "audit/extract", "consent/personal", "consent/statement", "consent/place"}, tests: []pattern{"consent/...", "store/..."}},
	{room: "consent/personal/...", may: []pattern{"consent/personal/...", "audit", "charter/screen", "charter/screen/paper", "consent/statement"}, tests: []pattern{"store/..."}},
	{room: "consent/place", may: []pattern{"charter/screen"}}, // public data: it knows of nobody
	{room: "consent/statement"},                               // signed documents: strict parsing and verifying, for others too
	{room: "store", may: []pattern{"consent", "consent/personal", "store/kv",
		"audit"}, // to take a space from the keyring that asks for a key
		tests: []pattern{"..."}},
	{room: "store/...", may: []pattern{"store/kv"}, tests: []pattern{"store/kvtest", "store/mem", "store/bolt"}},
	{room: "store/postgres/register_test.go", may: []pattern{"..."}}, // a whole register moved from store to store
	{room: "store/kv"},
	{room: "audit", may: []pattern{"store/kv"}, tests: []pattern{"store/...", "audit/extract"}},
	{room: "audit/extract", may: []pattern{"audit"}, tests: []pattern{"store/..."}}, // what an outsider can check: it sees of the log what anyone does
	{room: "charter", tests: []pattern{"charter/screen"}},
	{room: "charter/..."},
	{room: "charter/screen/canary", may: []pattern{"charter/screen"}}, // credentials at random, for tests
	{room: "docs/examples/...", tests: []pattern{"..."}},              // programs of others: they know the contract and none of our packages
}

// An owner says that one library, or one package of the standard library, is
// used in these rooms only.
type owner struct {
	library string
	rooms   []pattern
	why     string
}

var owners = []owner{
	{"github.com/labstack/echo", []pattern{"api/..."}, "use-cases know nothing of HTTP"},
	{"net/http", []pattern{"api/...", "cmd/...", "bench/...", "docs/examples/..."}, "use-cases know nothing of HTTP"},
	{"github.com/lestrrat-go/jwx", []pattern{"api/token"}, "the second pair of eyes must not become the first"},
	{"github.com/go-jose/go-jose", []pattern{"consent", "consent/personal/...", "consent/statement", "docs/examples/..."}, "one place makes signatures and boxes; examples are programs of others"},
	{"github.com/go-webauthn/webauthn", []pattern{"consent/passkey"}, "one room speaks WebAuthn"},
	{"go.etcd.io/bbolt", []pattern{"store/bolt", "bench/..."}, "a backend stays behind the seam"},
	{"github.com/jackc/pgx", []pattern{"store/postgres", "bench/..."}, "a backend stays behind the seam"},
	{"github.com/wneessen/go-mail", []pattern{"consent/notice"}, "one place writes mails, and they say nothing of anybody"},
	{"github.com/spf13/cobra", []pattern{"cmd/..."}, "only the program has a command line"},
	{"unsafe", []pattern{"audit/boot_linux.go"}, "only the clock that counts sleep, which the standard library does not read"},
	{"C", nil, "the program is one static binary"},
}

// What tests use and the program must not contain: libraries that are not argued
// for it, and chance that can be foreseen (keys, salts and ids are crypto/rand's).
var testOnly = []string{
	"math/rand", "github.com/chromedp", "github.com/descope/virtualwebauthn", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal",
	"go.uber.org/goleak", "github.com/emersion/go-smtp", "pgregory.net/rapid", "testing",
}

// Folders that exist for tests, so that they may import what tests import.
var testFolders = []pattern{"store/kvtest"}

// A call says who may name a function or a method. For a function the package
// is given; a method is known by its name alone, whatever it is called on, so
// that an interface cannot hide it.
type call struct {
	pkg, name string
	from      []pattern
	tests     bool // whether every _test.go file may name it as well
	why       string
}

var calls = []call{
	{pkg: "aval/audit", name: "NewSpace", from: []pattern{"consent"}, tests: true,
		why: "a space comes from whoever asks, never from a request"},
	{pkg: "aval/consent/personal", name: "Open", from: []pattern{"consent"}, tests: true,
		why: "clear data is the use-cases' to give"},
	{pkg: "aval/consent/personal", name: "OpenScan", from: []pattern{"consent"}, tests: true,
		why: "clear data is the use-cases' to give"},
	{pkg: "aval/charter/screen/paper", name: "Seen", from: []pattern{"consent/personal"}, tests: true,
		why: "a picture that was not drawn anew just now needs proof that it was"},
	{pkg: "aval/consent/personal", name: "Seal", from: []pattern{"consent"}, tests: true,
		why: "boxes are the use-cases' to make"},
	{pkg: "aval/charter/screen", name: "Contested", from: []pattern{"api/door"},
		why: "a refused text is let in after the contest is in the log"},
	{name: "Keep", from: []pattern{
		"consent/appointment.go", // whom a session sits with: opens nothing, and is over within the hour
		"consent/epoch.go",       // closes again what lives, week by week: closed bytes for closed bytes
		"consent/erase.go",       // removes what the entry of an erasure has already said is gone
		"consent/session.go",     // a session's last use and its end
		"consent/passkeys.go",    // what waits for a browser's answer: used once, over within minutes
		"consent/mail.go",        // when a mail that did not leave is tried again
		"consent/outbox.go",      // takes a delivered message away; the entry is in its target
		"consent/programin.go",   // a proof that was used, so that it is not taken again: it opens nothing
		"consent/places.go",      // public places, in force only by the entry that says so
		"consent/stale.go",       // deletes sessions, links and marks that open nothing any more
		"consent/watch.go",       // rows that repeat what mandates say, made good once a day
	}, tests: true,
		why: "housekeeping writes without an entry: each file that does is listed"},
	reveal,
	{pkg: "time", name: "Now", from: []pattern{"cmd/...", "bench/...", "store/bolt", "consent/jobs", "docs/examples/...",
		"api/entrance.go", // how long a request took
		"api/api.go",      // the default of the limits on rate
	}, tests: true, why: "a decision's instant is passed in; only waiting and pace are measured"},
	{pkg: "os", name: "Exit", from: []pattern{"cmd/...", "docs/examples/..."}, tests: true, why: "only the program ends"},
	{pkg: "os", name: "Getenv", from: []pattern{"cmd/..."}, tests: true, why: "settings are arguments"},
}

// Templates call methods by name too, so they are searched as well.
var reveal = call{
	name: "Reveal", tests: true,
	from: []pattern{
		"api/v1", "api/pages/...", "consent/personal/...",
		"consent/notice/smtp.go", // a member's address, onto the envelope
		"consent/person.go",      // the opening's file, opened with an entry of its own
		// Tokens of links, sessions and programs, no text of a person.
		"api/door/session.go", "api/door/visit.go", "api/door/program.go", "api/door/passkey.go", "cmd/aval/init.go",
		"cmd/aval/glass.go", // what a referent lets the operator see of one person, on their terminal
		"cmd/aval/stage.go", // the demo asks for a look (consent.Reveal) and shows nothing
	},
	why: "only a view shows a text of a person",
}

// Names that say nothing about what is inside.
var emptyNames = []string{"util", "utils", "common", "manager", "managers", "helper", "helpers",
	"service", "services", "misc", "shared", "base", "lib"}

func TestHouse(t *testing.T) {
	for _, fault := range faults(t, os.DirFS(".")) {
		t.Error(fault)
	}
}

// An exception that names a file lasts as long as the file makes use of it.
func TestHouseExceptionsAreUsed(t *testing.T) {
	for _, c := range calls {
		for _, p := range c.from {
			data, err := os.ReadFile(string(p)) // fails on folders and on what is not there
			if err == nil && !strings.Contains(string(data), "."+c.name) {
				t.Errorf("%s no longer names %s: take it off the list", p, c.name)
			}
		}
	}
}

// The rules are tried on a small house where each is broken once: a check that
// finds nothing there would find nothing here.
func TestHouseRulesBite(t *testing.T) {
	house := fstest.MapFS{}
	for name, text := range map[string]string{
		"misc/x.go":                    `package misc`,
		"audit/common/x.go":            `package common`,
		"audit/a.go":                   `package audit; import _ "aval/consent"`,
		"charter/a.go":                 `package charter; import _ "aval/store/kv"`,
		"api/a.go":                     `package api; import _ "aval/store"`,
		"consent/a.go":                 `package consent; import _ "aval/store/bolt"`,
		"consent/ok_test.go":           `package consent; import _ "aval/store/mem"`,
		"consent/b.go":                 `package consent; import _ "net/http"`,
		"consent/c.go":                 `package consent; import _ "github.com/labstack/echo/v4/middleware"`,
		"consent/d.go":                 `package consent; import _ "pgregory.net/rapid"`,
		"consent/e.go":                 `package consent; import . "crypto"`,
		"consent/f.go":                 `package consent; func f(t interface{ Reveal() string }) { g := t.Reveal; _ = g }`,
		"consent/g.go":                 `package consent; func f(r interface{ Keep() }) { r.Keep() }`,
		"consent/j.go":                 `package consent; import _ "math/rand/v2"`,
		"consent/i.go":                 `package consent; import "time"; var now = time.Now`,
		"consent/h.go":                 `package consent; import j "github.com/lestrrat-go/jwx/v2/jwk"; var _ = j.X`,
		"consent/personal/a.go":        `package personal; import _ "aval/consent"`,
		"store/bolt/a.go":              `package bolt; import _ "aval/consent/personal"`,
		"store/postgres/a.go":          `package postgres; import _ "go.etcd.io/bbolt"`,
		"api/v1/a.go":                  `package v1; import p "aval/consent"; var _ = p.X`,
		"api/v1/b.go":                  `package v1; import p "aval/consent/personal"; var _ = p.Open[int]`,
		"api/v1/ok.go":                 `package v1; func f(t interface{ Reveal() string }) { t.Reveal() }`,
		"api/pages/a.go":               `package pages; import "aval/audit"; var s = audit.NewSpace`,
		"consent/notice/mail.txt":      `Bonjour {{.Name.Reveal}}`,
		"api/pages/templates/ok.html":  `{{.Name.Reveal}}`,
		"audit/testdata/ok/ignored.go": `package util`,
	} {
		house[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var got []string
	for _, f := range faults(t, house) {
		file, _, _ := strings.Cut(f, ":")
		got = append(got, file)
	}
	want := []string{
		"api/a.go", "api/pages/a.go", "api/v1/b.go",
		"audit/a.go", "audit/common/x.go", "audit/common/x.go", "charter/a.go",
		"consent/a.go", "consent/b.go", "consent/c.go", "consent/d.go", "consent/e.go", "consent/f.go",
		"consent/g.go", "consent/h.go", "consent/i.go", "consent/j.go", "consent/notice/mail.txt", "consent/personal/a.go",
		"misc/x.go", "misc/x.go", "store/bolt/a.go", "store/postgres/a.go",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("files with a fault:\n got %q\nwant %q", got, want)
	}
}

// faults reads every Go file below fsys, whatever its build tags, and every
// template, and returns a sentence for each rule that is not kept.
func faults(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && ignored(path.Base(name)):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		switch path.Ext(name) {
		case ".go":
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, data, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			found = append(found, sourceFaults(name, set, file)...)
		case ".html", ".tmpl", ".txt":
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			if strings.Contains(string(data), "."+reveal.name) && !matchAny(reveal.from, name) {
				found = append(found, fmt.Sprintf("%s: a template here may not name %s: %s", name, reveal.name, reveal.why))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ignored leaves out what the go command leaves out, and the tests' own tools.
func ignored(folder string) bool {
	return folder == "testdata" || folder == "node_modules" || strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

func sourceFaults(name string, set *token.FileSet, file *ast.File) []string {
	var found []string
	fault := func(format string, args ...any) {
		found = append(found, name+": "+fmt.Sprintf(format, args...))
	}
	isTest := strings.HasSuffix(name, "_test.go") || matchAny(testFolders, name)
	for _, word := range strings.Split(path.Dir(name), "/") {
		if slices.Contains(emptyNames, word) {
			fault("folder %q says nothing about what is inside", word)
		}
	}
	room := roomOf(name)
	if room == nil {
		fault("folder is in no room: give it one in this test, and its reason in CONTRIBUTING.md")
		return found
	}
	locals := map[string]string{} // name in this file → import path
	for _, spec := range file.Imports {
		target, _ := strconv.Unquote(spec.Path.Value)
		local := path.Base(target)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if local == "." {
			fault("imports %s into its own names, which hides who calls what", target)
		}
		locals[local] = target
		importFaults(name, room, isTest, target, fault)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			callFaults(name, isTest, locals, sel, func(format string, args ...any) {
				fault("line %d: %s", set.Position(sel.Pos()).Line, fmt.Sprintf(format, args...))
			})
		}
		return true
	})
	return found
}

func importFaults(name string, room *direction, isTest bool, target string, fault func(string, ...any)) {
	if ours, ok := strings.CutPrefix(target, module+"/"); ok {
		if ours != path.Dir(name) && !matchAny(room.may, ours) && !(isTest && matchAny(room.tests, ours)) {
			fault("room %s may not import %s", room.room, target)
		}
		return
	}
	for _, o := range owners {
		if within(o.library, target) && !matchAny(o.rooms, name) {
			fault("may not import %s: %s", target, o.why)
		}
	}
	for _, library := range testOnly {
		if within(library, target) && !isTest {
			fault("imports %s, which is for tests only", target)
		}
	}
}

func callFaults(name string, isTest bool, locals map[string]string, sel *ast.SelectorExpr, fault func(string, ...any)) {
	for _, c := range calls {
		if c.name != sel.Sel.Name || (isTest && c.tests) || matchAny(c.from, name) {
			continue
		}
		if c.pkg != "" {
			if x, ok := sel.X.(*ast.Ident); !ok || locals[x.Name] != c.pkg {
				continue
			}
		}
		fault("may not name %s: %s", c.name, c.why)
	}
}

// roomOf returns the direction that fits a file most closely, nil if none does.
func roomOf(name string) *direction {
	var best *direction
	closest := -1
	for i, d := range directions {
		tree, below := strings.CutSuffix(string(d.room), "/...")
		fit := 2 * len(tree)
		if !below {
			fit++ // the folder itself before its tree
		}
		if match(d.room, name) && fit > closest {
			best, closest = &directions[i], fit
		}
	}
	return best
}

// within tells whether an import path is a library or below it.
func within(library, target string) bool {
	return target == library || strings.HasPrefix(target, library+"/")
}

func matchAny(patterns []pattern, name string) bool {
	return slices.ContainsFunc(patterns, func(p pattern) bool { return match(p, name) })
}

// match takes a file ("audit/log.go") or a folder ("audit").
func match(p pattern, name string) bool {
	folder := name
	if path.Ext(name) != "" {
		folder = path.Dir(name)
	}
	tree, below := strings.CutSuffix(string(p), "...")
	if below {
		return strings.HasPrefix(folder+"/", tree)
	}
	return name == string(p) || folder == string(p)
}
