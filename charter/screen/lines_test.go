package screen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestJudgeLines(t *testing.T) {
	in := `{"id":"1","text":"mdp : Biscotte!74","field":"memo"}
{"id":"2","text":"mdp oubli\u00e9","field":"memo"}
{"id":"3","text":"mdp gmail","field":"subject","text2":"tournesol","field2":"memo"}
{"field":"name","id":"","text":""}
`
	want := `{"id":"1","verdict":"refused","kind":"password","field":"memo","rule":"password_cue"}
{"id":"2","verdict":"accepted","kind":"","field":"","rule":""}
{"id":"3","verdict":"refused","kind":"password","field":"memo","rule":"across_two_fields"}
{"id":"","verdict":"accepted","kind":"","field":"","rule":""}
`
	var out bytes.Buffer
	if err := JudgeLines(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
	if err := JudgeLines(strings.NewReader(""), io.Discard); err != nil {
		t.Errorf("no line at all: %v", err)
	}
}

func TestJudgeLinesUnreadable(t *testing.T) {
	const good = `{"id":"1","text":"a","field":"memo"}`
	bad := map[string]string{
		"empty line":         "",
		"not JSON":           "canary",
		"not an object":      `["canary"]`,
		"cut":                `{"id":"1","text":"canary`,
		"unknown member":     `{"id":"1","text":"canary","field":"memo","kind":"x"}`,
		"other case":         `{"ID":"1","text":"canary","field":"memo"}`,
		"member twice":       `{"id":"1","text":"a","text":"canary","field":"memo"}`,
		"member missing":     `{"id":"1","text":"canary"}`,
		"null":               `{"id":"1","text":null,"field":"memo"}`,
		"number":             `{"id":1,"text":"canary","field":"memo"}`,
		"half a pair":        `{"id":"1","text":"canary","field":"memo","text2":"b"}`,
		"two objects":        good + good,
		"something after":    good + " canary",
		"not UTF-8":          "{\"id\":\"1\",\"text\":\"canary\xff\",\"field\":\"memo\"}",
		"longer than a line": `{"id":"1","field":"memo","text":"` + strings.Repeat("canary ", MaxLine/7) + `"}`,
	}
	for name, line := range bad {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := JudgeLines(strings.NewReader(good+"\n"+line+"\n"+good+"\n"), &out)
			var lineErr *LineError
			if !errors.As(err, &lineErr) || lineErr.Line != 2 {
				t.Fatalf("error %v, want line 2", err)
			}
			if strings.Contains(err.Error()+out.String(), "canary") {
				t.Error("the text is in the error or the output")
			}
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Errorf("%d answers written, want the one before the fault", n)
			}
		})
	}
}

// failing is a writer and reader that fails.
type failing struct{}

var errFailing = errors.New("broken")

func (failing) Write([]byte) (int, error) { return 0, errFailing }
func (failing) Read([]byte) (int, error)  { return 0, errFailing }

func TestJudgeLinesBroken(t *testing.T) {
	line := `{"id":"1","text":"a","field":"memo"}` + "\n"
	if err := JudgeLines(strings.NewReader(strings.Repeat(line, 1000)), failing{}); !errors.Is(err, errFailing) {
		t.Errorf("broken output: %v", err)
	}
	if err := JudgeLines(failing{}, io.Discard); !errors.Is(err, errFailing) {
		t.Errorf("broken input: %v", err)
	}
}

// endless gives the same line without end and counts.
type endless struct {
	line string
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	e.left--
	return copy(p, e.line), nil
}

// TestJudgeLinesFlat holds that memory does not grow with the number of lines.
func TestJudgeLinesFlat(t *testing.T) {
	work := func(lines int) float64 {
		return testing.AllocsPerRun(1, func() {
			err := JudgeLines(&endless{`{"id":"1","text":"bonjour","field":"memo"}` + "\n", lines}, io.Discard)
			if err != nil {
				t.Error(err)
			}
		})
	}
	few, many := work(500), work(5000)
	if many > 10.5*few {
		t.Errorf("%.0f allocations for 500 lines, %.0f for 5000", few, many)
	}
}

func FuzzJudgeLines(f *testing.F) {
	f.Add([]byte(`{"id":"1","text":"mdp : Biscotte!74","field":"memo"}`))
	f.Add([]byte(`{"id":"1","text":"a","field":"memo","text2":"b","field2":"name"}` + "\n\n"))
	f.Add([]byte(`{"id":"1","text":"a","text":"b","field":"memo"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		err := JudgeLines(bytes.NewReader(data), &out)
		answers := strings.Count(out.String(), "\n")
		lines := bytes.Count(data, []byte("\n")) + 1
		var lineErr *LineError
		switch {
		case err == nil && answers > lines:
			t.Errorf("%d answers to %d lines", answers, lines)
		case err != nil && (!errors.As(err, &lineErr) || lineErr.Line != answers+1 || err.Error() != fmt.Sprintf("screen: line %d cannot be read", answers+1)):
			t.Errorf("error %v after %d answers", err, answers)
		}
	})
}
