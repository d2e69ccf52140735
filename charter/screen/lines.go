package screen

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxLine is the longest line JudgeLines reads, in bytes.
const MaxLine = 256 << 10

// LineError is the error of a line that cannot be read. It holds the number of
// the line, counted from 1, and nothing of its content.
type LineError struct{ Line int }

// Error names the line by its number.
func (e *LineError) Error() string { return fmt.Sprintf("screen: line %d cannot be read", e.Line) }

// question is one line of input.
type question struct {
	ID     *string `json:"id"`
	Text   *string `json:"text"`
	Field  *string `json:"field"`
	Text2  *string `json:"text2"`
	Field2 *string `json:"field2"`
}

// answer is one line of output.
type answer struct {
	ID      string `json:"id"`
	Verdict string `json:"verdict"`
	Kind    Kind   `json:"kind"`
	Field   string `json:"field"`
	Rule    Rule   `json:"rule"`
	Warning Topic  `json:"warning,omitempty"`
}

// JudgeLines reads one JSON object a line, {"id","text","field"} and perhaps
// {"text2","field2"}, and writes one answer a line, never the text. It stops
// at the first line that cannot be read with a *LineError; the answers before
// it are written. Memory does not grow with the input.
func JudgeLines(r io.Reader, w io.Writer) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), MaxLine)
	out := bufio.NewWriter(w)
	n := 0
	for in.Scan() {
		n++
		q, ok := parseQuestion(in.Bytes())
		if !ok {
			return errors.Join(&LineError{n}, out.Flush())
		}
		if err := writeAnswer(out, q.judge()); err != nil {
			return err
		}
	}
	if err := in.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = &LineError{n + 1}
		}
		return errors.Join(err, out.Flush())
	}
	return out.Flush()
}

// parseQuestion reads one line strictly: known members only, each once, the
// three first ones present, the two others both or neither, nothing after.
func parseQuestion(line []byte) (question, bool) {
	var q question
	if !utf8.Valid(line) || !membersOnce(line) {
		return q, false
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if dec.Decode(&q) != nil {
		return q, false
	}
	if _, err := dec.Token(); err != io.EOF {
		return q, false
	}
	whole := q.ID != nil && q.Text != nil && q.Field != nil
	return q, whole && (q.Text2 == nil) == (q.Field2 == nil)
}

// membersOnce refuses a member given twice, or under a name that differs from
// ours by case alone: encoding/json would take the last silently.
func membersOnce(line []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(line))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		name, isName := t.(string)
		if err != nil || !isName || seen[name] {
			return false
		}
		switch name {
		case "id", "text", "field", "text2", "field2":
			seen[name] = true
		default:
			return false
		}
		if v, err := dec.Token(); err != nil || !isString(v) {
			return false
		}
	}
	return true
}

func isString(t json.Token) bool { _, ok := t.(string); return ok }

func (q question) judge() answer {
	var v Verdict
	if q.Text2 != nil {
		v = JudgePair(*q.Text, *q.Field, *q.Text2, *q.Field2)
	} else {
		v = Judge(*q.Text, *q.Field)
	}
	a := answer{ID: *q.ID, Verdict: "accepted", Kind: v.Kind, Field: v.Field, Rule: v.Rule, Warning: v.Warning}
	if v.Refused {
		a.Verdict = "refused"
	}
	return a
}

func writeAnswer(w *bufio.Writer, a answer) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
