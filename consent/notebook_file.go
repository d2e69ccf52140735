package consent

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"aval/charter"
	"aval/charter/screen"
)

// A file of a notebook: who and for which service, and nothing else. It is read as
// it comes, is never on a disk of ours, and its first line decides: where another
// column stands, nothing after that line is read.

// Bounds of a file.
const (
	MaxNotebookFile = 60 << 10 // bytes
	maxNotebookRows = 2000
	maxHeader       = 256 // bytes of the first line
	maxCell         = 120 // characters
)

// A FileFault says where a file is not as it must be. It holds nothing of the file.
type FileFault struct {
	Line   int // from 1
	Column int // from 1; 0: the whole line
	Reason charter.Reason
}

// Why a line of a file is refused, beside what the screening says of its cells.
const (
	NotebookPerson  charter.Reason = "notebook_person"  // no name with a birth date
	NotebookService charter.Reason = "notebook_service" // no service of the list
	NotebookUnknown charter.Reason = "notebook_unknown" // nobody of this name and birth date is recorded here
	NotebookSeveral charter.Reason = "notebook_several" // more than one is
)

// notebookHeaders are the names that the two columns may have.
var notebookHeaders = map[string]string{
	"personne": "person", "person": "person", "nom": "person", "name": "person", "usager": "person",
	"service": "service", "site": "service",
}

// A notebookRow is one line of a file, screened: nothing else of it is kept.
type notebookRow struct {
	line    int
	person  screen.Clean
	birth   string // YYYY-MM-DD, or less
	service charter.ServiceCode
}

// A notebookFile is what was read of a file.
type notebookFile struct {
	rows   []notebookRow
	read   int // lines below the header
	faults []FileFault
	// kinds are the credentials that cells held, by kind.
	kinds map[screen.Kind]int64
}

// readNotebookFile reads a file. The error is *Invalid when it is to be refused as
// a whole: another column, no header of ours, not UTF-8, too large. What is wrong
// with one line is a fault, and the others go on.
func readNotebookFile(src io.Reader, services []charter.RecoverySheet) (*notebookFile, error) {
	in := bufio.NewReaderSize(&bounded{src: src, left: MaxNotebookFile}, 16) // hardly past the header
	comma, columns, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(in)
	rows.Comma, rows.FieldsPerRecord, rows.ReuseRecord = comma, len(columns), true
	known := namesOf(services)
	f := &notebookFile{kinds: map[screen.Kind]int64{}}
	for {
		cells, err := rows.Read()
		switch {
		case errors.Is(err, io.EOF):
			return f, nil
		case errors.Is(err, csv.ErrFieldCount):
			// A cell too many is another column; it is not looked at.
			return nil, &Invalid{Pointer: "/csv", Reason: "notebook_columns"}
		case errors.Is(err, errFileLong), f.read == maxNotebookRows:
			return nil, &Invalid{Pointer: "/csv", Reason: "notebook_size"}
		case err != nil:
			return nil, &Invalid{Pointer: "/csv", Reason: "notebook_form"}
		}
		line, _ := rows.FieldPos(0)
		f.read++
		f.take(line+1, cells, columns, known) // the header was read before
	}
}

// take reads one line.
func (f *notebookFile) take(line int, cells, columns []string, known map[string]charter.ServiceCode) {
	row := notebookRow{line: line}
	person, service := slices.Index(columns, "person"), slices.Index(columns, "service")
	fault := func(column int, reason charter.Reason) {
		f.faults = append(f.faults, FileFault{Line: line, Column: column + 1, Reason: reason})
	}
	fields := []screen.Field{
		{Name: "person", Text: strings.TrimSpace(cells[person]), Kind: screen.Note, Max: maxCell},
		{Name: "service", Text: strings.TrimSpace(cells[service]), Kind: screen.Note, Max: maxCell},
	}
	clean, err := screen.Form(fields...)
	if refusal, ok := errors.AsType[*screen.Refusal](err); ok {
		f.kinds[refusal.Kind]++
		fault(slices.Index(columns, refusal.Field), charter.Reason(credentialReason(refusal.Kind)))
		return
	}
	if invalid, ok := errors.AsType[*screen.Invalid](err); ok {
		fault(slices.Index(columns, invalid.Field), charter.Reason("text_"+string(invalid.Rule)))
		return
	}
	var ok bool
	row.person = clean[0]
	if row.service, ok = known[plain(clean[1].String())]; !ok {
		fault(service, NotebookService)
		return
	}
	if row.birth, ok = birthIn(clean[0].String()); !ok || !strings.ContainsFunc(clean[0].String(), unicode.IsLetter) {
		fault(person, NotebookPerson)
		return
	}
	f.rows = append(f.rows, row)
}

// readHeader reads the first line, and nothing after it: a byte order mark may
// stand before it, and the columns are parted by a comma, a semicolon or a tab.
func readHeader(in *bufio.Reader) (comma rune, columns []string, err error) {
	var line []byte
	for len(line) <= maxHeader {
		b, err := in.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, nil, &Invalid{Pointer: "/csv", Reason: "notebook_form"}
		}
		if err != nil || b == '\n' {
			break
		}
		line = append(line, b)
	}
	line = bytes.TrimPrefix(bytes.TrimSuffix(line, []byte("\r")), []byte("\xef\xbb\xbf"))
	if len(line) > maxHeader || !utf8.Valid(line) {
		return 0, nil, &Invalid{Pointer: "/csv", Reason: "notebook_form"}
	}
	comma = ','
	for _, c := range ";\t" {
		if bytes.ContainsRune(line, c) {
			comma = c
		}
	}
	for _, name := range strings.Split(string(line), string(comma)) {
		columns = append(columns, notebookHeaders[plain(name)])
	}
	switch {
	case len(columns) == 2 && slices.Contains(columns, "person") && slices.Contains(columns, "service"):
		return comma, columns, nil
	case len(columns) < 2:
		return 0, nil, &Invalid{Pointer: "/csv", Reason: "notebook_header"}
	}
	return 0, nil, &Invalid{Pointer: "/csv", Reason: "notebook_columns"}
}

// namesOf are the names under which each service may stand in a file.
func namesOf(services []charter.RecoverySheet) map[string]charter.ServiceCode {
	known := map[string]charter.ServiceCode{}
	for _, s := range services {
		known[plain(string(s.Service))] = s.Service
		for _, label := range []string{s.Label.FR, s.Label.EN} {
			known[plain(label)] = s.Service
			short, more, _ := strings.Cut(label, "(")
			known[plain(short)] = s.Service
			if inner, _, ok := strings.Cut(more, ")"); ok && !strings.ContainsAny(inner, " ,") {
				known[plain(inner)] = s.Service // "France Titres (ANTS)"
			}
		}
	}
	for name, code := range map[string]charter.ServiceCode{
		"impots": "impots_gouv", "impot": "impots_gouv", "poleemploi": "france_travail", "assuranceretraite": "carsat",
		"retraite": "info_retraite", "cpam": "ameli", "securitesociale": "ameli", "mail": "mailbox", "boitemail": "mailbox",
		"email": "mailbox", "messagerie": "mailbox", "franceconnect": "franceconnect", "laposte": "laposte_identite",
		"cpf": "mon_compte_formation", "logementsocial": "social_housing",
	} {
		if _, is := known[name]; !is {
			known[name] = code
		}
	}
	delete(known, "")
	return known
}

// plain is a name by its letters and digits alone: no marks, no case.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(s))
}

var errFileLong = errors.New("consent: the file is too long")

// bounded reads at most so many bytes, and says when there were more.
type bounded struct {
	src  io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		var one [1]byte
		if n, err := b.src.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errFileLong
	}
	n, err := b.src.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
