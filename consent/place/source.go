package place

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxRecord is the most that one place may take in a file, in bytes. The largest
// real one seen had 6 KiB.
const MaxRecord = 256 << 10

// A record is one place as its file has it.
type record struct {
	line  int
	cells []cell
	fault Reason // what kept the record from being read; its cells are then missing
}

type cell struct {
	at     int    // 1 for the first of its record
	column string // as the file names it
	text   string
	form   cellForm
}

type cellForm int

const (
	aText cellForm = iota
	aNumber
	notText // a truth value or an object, in JSON
)

// A source gives the records of a file in order, then io.EOF.
type source interface {
	next() (record, error)
}

// open looks at the first byte that says something: JSON files are arrays.
func open(r io.Reader) (source, error) {
	b := &bounded{in: r, line: 1}
	start := make([]byte, 0, 64)
	for {
		var one [1]byte
		if _, err := io.ReadFull(b, one[:]); errors.Is(err, io.EOF) {
			return nil, &FileError{Line: b.line, Reason: FileEmpty}
		} else if err != nil {
			return nil, err
		}
		if start = append(start, one[0]); len(start) <= 3 && bytes.HasPrefix([]byte("\ufeff"), start) {
			continue // a byte order mark, or the first bytes of one
		}
		if !strings.ContainsRune(" \t\r\n", rune(one[0])) {
			break
		}
		if len(start) == cap(start) {
			return nil, &FileError{Line: b.line, Reason: FileEmpty}
		}
	}
	start = bytes.TrimPrefix(start, []byte("\ufeff"))
	b.back = bytes.TrimLeft(start, " \t\r\n")
	b.line, b.count, b.breaks = b.lineAt(b.count), 0, nil
	if b.back[0] == '[' {
		return newJSON(b)
	}
	return newCSV(b)
}

// bounded is a file of which no record is longer than MaxRecord and no byte is
// NUL. It knows which line each byte is on.
type bounded struct {
	in     io.Reader
	back   []byte  // read already, to be read again
	count  int64   // bytes given out
	mark   int64   // where the last record ended
	breaks []int64 // offsets of the line breaks given out since
	line   int     // of the mark
}

// lookahead is what decoders read past the record they return, in bytes.
const lookahead = 64 << 10

func (b *bounded) Read(p []byte) (int, error) {
	if b.count-b.mark > MaxRecord+lookahead {
		return 0, &FileError{Line: b.line, Reason: FileRecordTooLong}
	}
	p = p[:min(len(p), lookahead/4)]
	n := copy(p, b.back)
	var err error
	if n > 0 {
		b.back = b.back[n:]
	} else {
		n, err = b.in.Read(p)
	}
	for i := 0; ; i++ {
		next := bytes.IndexByte(p[i:n], '\n')
		if next < 0 {
			break
		}
		i += next
		b.breaks = append(b.breaks, b.count+int64(i))
	}
	if nul := bytes.IndexByte(p[:n], 0); nul >= 0 {
		return 0, &FileError{Line: b.lineAt(b.count + int64(nul)), Reason: FileNUL}
	}
	b.count += int64(n)
	return n, err
}

// lineAt is the line of an offset at or after the mark.
func (b *bounded) lineAt(offset int64) int {
	line := b.line
	for _, at := range b.breaks {
		if at >= offset {
			break
		}
		line++
	}
	return line
}

// done says that everything before an offset was used.
func (b *bounded) done(offset int64) {
	b.line, b.mark = b.lineAt(offset), offset
	for len(b.breaks) > 0 && b.breaks[0] < offset {
		b.breaks = b.breaks[1:]
	}
}

// fileFault prefers what bounded found to what a decoder made of it.
func fileFault(err error, line int, reason FileReason) error {
	if own, ok := errors.AsType[*FileError](err); ok {
		return own
	}
	return &FileError{Line: line, Reason: reason}
}

type csvSource struct {
	in      *bounded
	r       *csv.Reader
	columns []string
}

func newCSV(b *bounded) (source, error) {
	head, separator, err := firstLine(b)
	if err != nil {
		return nil, err
	}
	b.back, b.count, b.breaks = append(head, b.back...), 0, nil
	s := &csvSource{in: b, r: csv.NewReader(b)}
	s.r.Comma, s.r.FieldsPerRecord, s.r.ReuseRecord = separator, -1, true
	columns, err := s.r.Read()
	if err != nil {
		return nil, fileFault(err, 1, FileHeader)
	}
	s.columns = append([]string(nil), columns...)
	if len(s.columns) > maxColumns {
		return nil, &FileError{Line: 1, Reason: FileHeader}
	}
	b.done(s.r.InputOffset())
	return s, nil
}

// maxColumns is far above the schema's 32.
const maxColumns = 256

// firstLine reads up to the first line break and tells which separator the header
// uses: the schema's comma, or what spreadsheets write in its place.
func firstLine(b *bounded) ([]byte, rune, error) {
	var head []byte
	one := make([]byte, 1)
	for len(head) < lookahead/4 {
		n, err := b.Read(one)
		head = append(head, one[:n]...)
		if errors.Is(err, io.EOF) || n == 1 && one[0] == '\n' {
			break
		} else if err != nil {
			return nil, 0, err
		}
	}
	best, most := ',', bytes.Count(head, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return head, best, nil
}

func (s *csvSource) next() (record, error) {
	row, err := s.r.Read()
	if errors.Is(err, io.EOF) {
		return record{}, io.EOF
	}
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		s.in.done(s.r.InputOffset())
		return record{line: broken.StartLine, fault: BadQuotes}, nil
	}
	if err != nil {
		return record{}, fileFault(err, s.in.line, FileUnreadable)
	}
	line, _ := s.r.FieldPos(0)
	rec := record{line: line}
	size := s.r.InputOffset() - s.in.mark
	s.in.done(s.r.InputOffset())
	if size > MaxRecord {
		return record{}, &FileError{Line: line, Reason: FileRecordTooLong}
	}
	if len(row) != len(s.columns) {
		rec.fault = WrongCount
		return rec, nil
	}
	rec.cells = make([]cell, 0, len(row))
	for i, text := range row {
		rec.cells = append(rec.cells, cell{at: i + 1, column: s.columns[i], text: text})
	}
	return rec, nil
}

type jsonSource struct {
	in *bounded
	d  *jsontext.Decoder
}

func newJSON(b *bounded) (source, error) {
	s := &jsonSource{in: b, d: jsontext.NewDecoder(b)}
	if _, err := s.d.ReadToken(); err != nil { // the "[" that was seen
		return nil, fileFault(err, 1, FileUnreadable)
	}
	return s, nil
}

func (s *jsonSource) next() (record, error) {
	if s.d.PeekKind() == ']' {
		if _, err := s.d.ReadToken(); err != nil {
			return record{}, fileFault(err, s.in.line, FileUnreadable)
		}
		if _, err := s.d.ReadToken(); !errors.Is(err, io.EOF) {
			return record{}, fileFault(err, s.in.line, FileUnreadable)
		}
		return record{}, io.EOF
	}
	raw, err := s.d.ReadValue()
	if err != nil {
		return record{}, fileFault(err, s.in.lineAt(s.d.InputOffset()), FileUnreadable)
	}
	end := s.d.InputOffset()
	rec := record{line: s.in.lineAt(end - int64(len(raw)) + 1)}
	s.in.done(end)
	if len(raw) > MaxRecord {
		return record{}, &FileError{Line: rec.line, Reason: FileRecordTooLong}
	}
	rec.cells, rec.fault = members(raw)
	return rec, nil
}

// members reads an object's members as cells. A list of texts is the same cell as
// its texts joined by the schema's separator.
func members(raw jsontext.Value) ([]cell, Reason) {
	if raw.Kind() != '{' {
		return nil, NotObject
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return nil, NotObject
	}
	var cells []cell
	for at := 1; d.PeekKind() != '}'; at++ {
		name, err := d.ReadToken()
		if err != nil || at > maxColumns {
			return nil, NotObject
		}
		c := cell{at: at, column: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, NotObject
		}
		switch value.Kind() {
		case 'n': // as an empty cell
		case '"':
			c.text = unquoted(value)
		case '0':
			c.text, c.form = string(value), aNumber
		case '[':
			c.text, c.form = joined(value)
		default:
			c.form = notText
		}
		cells = append(cells, c)
	}
	return cells, ""
}

func unquoted(value jsontext.Value) string {
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil { // it was read as a value already
		panic(fmt.Sprintf("place: %v", err))
	}
	return string(text)
}

func joined(list jsontext.Value) (string, cellForm) {
	d := jsontext.NewDecoder(bytes.NewReader(list))
	var parts []string
	for {
		token, err := d.ReadToken()
		if err != nil {
			return strings.Join(parts, "|"), aText
		}
		switch token.Kind() {
		case '"':
			parts = append(parts, token.String())
		case '[', ']':
		default:
			return "", notText
		}
	}
}
