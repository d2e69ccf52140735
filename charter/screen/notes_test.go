package screen

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// labelled is one line of the labelled notes in testdata.
type labelled struct {
	ID, Text, Field, Lang, Label, Kind, Note string
	Text2, Field2                            string
}

func (n labelled) secret() bool { return n.Label == "secret" }

func (n labelled) judge() Verdict {
	if n.Field2 != "" {
		return JudgePair(n.Text, n.Field, n.Text2, n.Field2)
	}
	return Judge(n.Text, n.Field)
}

func readNotes(t testing.TB, file string) []labelled {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var notes []labelled
	in := bufio.NewScanner(f)
	for in.Scan() {
		var n labelled
		if err := json.Unmarshal(in.Bytes(), &n); err != nil {
			t.Fatalf("%s: line %d: %v", file, len(notes)+1, err)
		}
		if n.Label != "secret" && n.Label != "clean" {
			t.Fatalf("%s: line %d: label %q", file, len(notes)+1, n.Label)
		}
		notes = append(notes, n)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return notes
}
