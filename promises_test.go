package aval_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPromisesAreKept looks every test up that docs/promises.md names: a promise
// whose test went away is no promise.
func TestPromisesAreKept(t *testing.T) {
	raw, err := os.ReadFile("docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+)` ((?:(?:Test|Benchmark)[A-Za-z0-9]+(?:, )?)+)")
	rows := 0
	for line := range strings.Lines(string(raw)) {
		if !regexp.MustCompile(`^\| [0-9]+ \|`).MatchString(line) {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(line, -1)
		if len(found) == 0 {
			t.Errorf("no test is named: %s", line)
		}
		for _, m := range found {
			for _, name := range strings.Split(strings.TrimSuffix(m[2], ", "), ", ") {
				if !hasTest(t, m[1], name) {
					t.Errorf("%s has no %s", m[1], name)
				}
			}
		}
	}
	if rows != 10 {
		t.Errorf("docs/promises.md has %d promises, want 10", rows)
	}
}

func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
