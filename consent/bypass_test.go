package consent_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Ways around the log that do not compile. Each file of testdata/bypass is a
// program by somebody who may import what this module exports; its first line
// says what the compiler answers. Those named control_… show what is allowed, so
// that the others do not fail for another reason.
func TestWaysAroundTheLogDoNotCompile(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "bypass", "*.go"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d programs: %v", len(files), err)
	}
	imports := importer.ForCompiler(token.NewFileSet(), "gc", exports(t))
	wanted := regexp.MustCompile(`^// (refused: (.+)|compiles)$`)
	controls := 0
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			m := wanted.FindStringSubmatch(file.Comments[0].List[0].Text)
			if m == nil {
				t.Fatal("its first line does not say what is wanted")
			}
			var faults []string
			conf := types.Config{Importer: imports, Error: func(err error) { faults = append(faults, err.Error()) }}
			_, _ = conf.Check("bypass", fset, []*ast.File{file}, nil)
			all := strings.Join(faults, "\n")
			switch {
			case m[1] == "compiles":
				controls++
				if len(faults) > 0 {
					t.Errorf("it should compile:\n%s", all)
				}
			case len(faults) == 0:
				t.Error("it compiles")
			case len(faults) > 1 || !strings.Contains(all, m[2]):
				t.Errorf("it is refused by\n%s\nwant only: %s", all, m[2])
			}
		})
	}
	if controls == 0 {
		t.Error("no program shows that the others could compile")
	}
}

// exports finds what the compiler wrote about the packages that the programs
// import: it is in the build's cache, because this test is linked with them.
func exports(t *testing.T) importer.Lookup {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}",
		"aval/consent", "aval/store", "aval/charter/screen", "encoding/json", "context", "time", "fmt").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		found[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(found[path]) }
}
