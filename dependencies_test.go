package aval

import (
	"os"
	"regexp"
	"testing"

	"golang.org/x/mod/modfile"
)

// Each module in go.mod has its line in docs/dependencies.md, and no line
// outlives its module: whoever adds one says why, and under which licence.
func TestDependenciesAreArgued(t *testing.T) {
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	argued := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllSubmatch(text, -1) {
		argued[string(row[1])] = true
	}
	for _, r := range mod.Require {
		if !argued[r.Mod.Path] {
			t.Errorf("go.mod requires %s: give it a line in docs/dependencies.md", r.Mod.Path)
		}
		delete(argued, r.Mod.Path)
	}
	for path := range argued {
		t.Errorf("docs/dependencies.md has a line for %s, which go.mod no longer requires", path)
	}
}
