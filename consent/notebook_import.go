package consent

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// A NotebookImport tells what became of a file: read = kept + known + refused.
type NotebookImport struct {
	Read    int // lines below the header
	Kept    int // new lines of the list
	Known   int // that were in the list before
	Refused int
	Faults  []FileFault // one for each refused line, in their order
}

// ImportNotebook lets a referent list the persons and services of a file. A line
// counts when its person is recorded here under this very name and birth date.
// Others are refused, with their line: to write them down from a file would put
// people into the register who were told nothing and never came (C10, GDPR 14),
// and a name by itself finds the wrong one sooner or later. Record them when they
// come and import the file again: what is there stays as it is. The look-up opens
// no box.
//
// A file with another column is refused as a whole, and the refusal entered; so is
// one that is none (*Invalid).
func (r *Register) ImportNotebook(ctx context.Context, a Actor, src io.Reader) (*NotebookImport, error) {
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpOpenMember})
	if err != nil {
		return nil, err
	}
	if !may || a.kind != member { // nothing is read; the refusal is entered
		_, err := r.record(ctx, a, func(t *turn) error {
			if err := t.governs(); err != nil {
				return err
			}
			return &Conflict{Reason: "changed_meanwhile"}
		})
		return nil, err
	}
	sheets, err := r.charter.RecoverySheets()
	if err != nil {
		return nil, err
	}
	file, err := readNotebookFile(src, sheets)
	if invalid, ok := errors.AsType[*Invalid](err); ok && invalid.Reason == "notebook_columns" {
		return nil, r.refuseFile(ctx, a, invalid)
	}
	if err != nil {
		return nil, err
	}
	rep := &NotebookImport{Read: file.read, Faults: file.faults}
	for some := range slices.Chunk(file.rows, importSlice) {
		if err := r.importRows(ctx, a, some, rep); err != nil {
			return nil, err
		}
	}
	rep.Refused = len(rep.Faults)
	slices.SortStableFunc(rep.Faults, func(a, b FileFault) int { return cmp.Compare(a.Line, b.Line) })
	return rep, r.enterImport(ctx, a, file, rep)
}

// importSlice bounds the lines of one transaction: each looks into the index.
const importSlice = 25

// refuseFile enters that a file with another column was offered.
func (r *Register) refuseFile(ctx context.Context, a Actor, invalid *Invalid) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		return t.refuse(Attempt{Action: audit.NotebookImported}, &charter.Finding{
			Rule: "C08", Reason: charter.Reason(invalid.Reason), Pointer: invalid.Pointer,
		})
	})
	return err
}

// A sought is where a line of a file looks for its person.
type sought struct {
	row   notebookRow
	birth personal.BirthDate
	whole personal.Lookup
	words []personal.Lookup // of each word by itself
}

// seek makes the look-up of a line; the fault is its reason, "" for none.
func (r *Register) seek(s audit.Space, row notebookRow, now time.Time) (sought, charter.Reason) {
	x := sought{row: row}
	var err error
	if x.birth, err = personal.ParseBirthDate(row.birth, now); err != nil {
		return x, NotebookPerson
	}
	if x.whole, err = r.keys.Search(s, []personal.Text{personal.NewText(row.person)}, x.birth); err != nil {
		return x, NotebookPerson
	}
	for _, word := range strings.FieldsFunc(row.person.String(), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) }) {
		clean, err := screen.Form(screen.Field{Name: "person", Text: word, Kind: screen.Name})
		if err != nil {
			return x, NotebookPerson
		}
		look, err := r.keys.Search(s, []personal.Text{personal.NewText(clean[0])}, x.birth)
		if err != nil {
			return x, NotebookPerson
		}
		x.words = append(x.words, look)
	}
	return x, ""
}

// importRows lists the persons of some lines, in one transaction.
func (r *Register) importRows(ctx context.Context, a Actor, rows []notebookRow, rep *NotebookImport) error {
	now, err := r.now(ctx, a.space)
	if err != nil {
		return err
	}
	var seek []sought
	for _, row := range rows {
		x, fault := r.seek(a.space, row, now)
		if fault != "" {
			rep.Faults = append(rep.Faults, FileFault{Line: row.line, Reason: fault})
			continue
		}
		seek = append(seek, x)
	}
	var kept, known int
	var faults []FileFault
	nothing := errors.New("consent: nothing to write")
	_, err = r.record(ctx, a, func(t *turn) error {
		kept, known, faults = 0, 0, nil
		if err := t.governs(); err != nil {
			return err
		}
		for _, x := range seek {
			p, fault, err := t.exactly(x)
			if err != nil {
				return err
			}
			if fault != "" {
				faults = append(faults, FileFault{Line: x.row.line, Reason: fault})
				continue
			}
			added, err := t.addLines(p, []charter.ServiceCode{x.row.service}, true)
			if err != nil {
				return err
			}
			kept += len(added)
			known += 1 - len(added)
		}
		if kept == 0 {
			return nothing
		}
		return nil
	})
	if err != nil && !errors.Is(err, nothing) {
		return err
	}
	rep.Kept += kept
	rep.Known += known
	rep.Faults = append(rep.Faults, faults...)
	return nil
}

// exactly finds the one person of this very name and birth date: filed under the
// whole name, under each word of it, and born on this day. fault is the reason
// when there is none, or more than one.
func (t *turn) exactly(x sought) (p PersonID, fault charter.Reason, err error) {
	found, err := t.hits(x.whole.Exact)
	if err != nil {
		return "", "", err
	}
	for _, word := range x.words {
		under, err := t.hits(word.Prefix)
		if err != nil {
			return "", "", err
		}
		found = slices.DeleteFunc(found, func(id PersonID) bool { return !slices.Contains(under, id) })
	}
	var born []PersonID
	for _, id := range found {
		is, err := t.bornOn(id, x.birth)
		if err != nil {
			return "", "", err
		}
		if is {
			born = append(born, id)
		}
	}
	switch len(born) {
	case 1:
		return born[0], "", nil
	case 0:
		return "", NotebookUnknown, nil
	}
	return "", NotebookSeveral, nil
}

// bornOn compares a birth date with the keyed hash of a living row's.
func (t *turn) bornOn(id PersonID, birth personal.BirthDate) (bool, error) {
	p, seal := &Person{ID: id}, &BirthSeal{Owner: id}
	if found, err := t.tx.Get(p); err != nil || !found || p.Erased() {
		return false, err
	}
	if found, err := t.tx.Get(seal); err != nil || !found {
		return false, err
	}
	return t.r.keys.CheckBirth(t.actor.space, ownerOf(id), seal.Closed, birth)
}

// enterImport enters what became of a file, and once for each kind of credential
// that its cells held.
func (r *Register) enterImport(ctx context.Context, a Actor, file *notebookFile, rep *NotebookImport) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.governs(); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.NotebookImported, Rules: []string{"C08", "C10"}, Counts: map[string]int64{
			"read": int64(rep.Read), "kept": int64(rep.Kept), "known": int64(rep.Known), "refused": int64(rep.Refused),
		}})
		for _, kind := range screen.Kinds() {
			if n := file.kinds[kind]; n > 0 {
				t.enter(audit.Entry{
					Act: audit.AttemptRefused, Rules: []string{"C08", credentialReason(kind)}, Out: audit.Refused,
					On: []string{string(audit.NotebookImported)}, Counts: map[string]int64{"cells": n},
				})
			}
		}
		return nil
	})
	return err
}
