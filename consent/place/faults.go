package place

import (
	"errors"
	"fmt"
)

// A Reason says why a place, or one cell of it, was not kept. The words are stable.
type Reason string

// The closed list of reasons.
const (
	BadQuotes  Reason = "quotes"     // the record's quotation marks do not match
	WrongCount Reason = "count"      // another number of cells than the header has
	NotObject  Reason = "object"     // not a JSON object of texts and numbers
	Missing    Reason = "missing"    // a needed cell is empty
	BadUTF8    Reason = "utf8"       // not UTF-8
	BadForm    Reason = "form"       // not of the form that the schema asks
	TooLong    Reason = "long"       // longer than any real one
	Control    Reason = "control"    // a control character
	Credential Reason = "credential" // looks like a password, a code or a card number (C08)
	Unknown    Reason = "unknown"    // a word that is in no list, of today or older
	Duplicate  Reason = "duplicate"  // the identifier was seen before in this file
	Twice      Reason = "twice"      // two columns of one record have the same meaning
)

var sentences = map[Reason]string{
	BadQuotes:  "quotation marks do not match",
	WrongCount: "the line has more or fewer cells than the header",
	NotObject:  "not an object of texts and numbers",
	Missing:    "is needed and empty",
	BadUTF8:    "is not UTF-8; save the file as UTF-8",
	BadForm:    "is not of the form that the schema asks",
	TooLong:    "is too long",
	Control:    "has a control character",
	Credential: "looks like a password, a code or a card number, which is never kept",
	Unknown:    "has a word that is in no list of the schema",
	Duplicate:  "was seen before in this file",
	Twice:      "says again what another column says",
}

// A Fault is a cell that was not kept. It never holds what the cell said.
type Fault struct {
	Line   int    // of the file, from 1: where the record begins
	At     int    // which cell of the record, from 1; 0 is the whole record
	Column string // the schema's name; empty for the whole record
	Reason Reason
}

// String is the fault as the report of an import says it.
func (f Fault) String() string {
	if f.Column == "" {
		return fmt.Sprintf("line %d, column %d: %s", f.Line, max(f.At, 1), sentences[f.Reason])
	}
	return fmt.Sprintf("line %d, column %d: %s %s", f.Line, max(f.At, 1), f.Column, sentences[f.Reason])
}

// A FileReason says why a file cannot be read on. The words are stable.
type FileReason string

// The closed list of reasons.
const (
	FileEmpty         FileReason = "empty"
	FileHeader        FileReason = "header"
	FileNUL           FileReason = "nul"
	FileRecordTooLong FileReason = "record"
	FileUnreadable    FileReason = "unreadable"
)

var fileSentences = map[FileReason]string{
	FileEmpty:         "the file has no places",
	FileHeader:        "the first line is not a header of the schema",
	FileNUL:           "the file holds a NUL byte; it is damaged, or not a text",
	FileRecordTooLong: fmt.Sprintf("one place takes more than %d KiB", MaxRecord>>10),
	FileUnreadable:    "the file is broken off, or is not CSV or JSON of places",
}

// A FileError ends the reading of a file. It never holds what the file says.
type FileError struct {
	Line   int
	Reason FileReason
}

// Error says where and why.
func (e *FileError) Error() string {
	return fmt.Sprintf("line %d: %s", e.Line, fileSentences[e.Reason])
}

// errStopped is what a reader that was told to stop says.
var errStopped = errors.New("place: stopped")
