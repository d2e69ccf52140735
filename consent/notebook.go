package consent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// A structure that keeps passwords in notebooks and files ends that here: one line
// for each person and service that stands in them, and for each line how the
// password became needless. No line has a place for a password. Once none is open
// the notebooks are destroyed, and the record of it is signed (destruction.go).

// A NotebookEnding is how a line of a notebook became needless.
type NotebookEnding string

// How a password becomes needless. The empty one is a line that is still open.
const (
	NotebookOpen      NotebookEnding = ""
	NotebookRecovered NotebookEnding = "recovered"  // the person has their own access again
	NotebookDelegated NotebookEnding = "delegated"  // delegated access, without the person's password
	NotebookClosed    NotebookEnding = "closed"     // the account was closed
	NotebookNotNeeded NotebookEnding = "not_needed" // nobody needs it any more
)

// NotebookEndings lists those that end a line.
var NotebookEndings = []NotebookEnding{NotebookRecovered, NotebookDelegated, NotebookClosed, NotebookNotNeeded}

// A NotebookLine is one person and one service of a notebook. It names nobody.
type NotebookLine struct {
	Person   PersonID
	Service  charter.ServiceCode
	Added    time.Time
	By       MemberID
	Ending   NotebookEnding
	Ended    time.Time
	EndedBy  MemberID
	Note     int64 // version of the sealed note of what is still to be done; 0: none
	Imported bool  // from a file
}

func (r *NotebookLine) Bucket() string { return "notebook" }
func (r *NotebookLine) Key() string    { return string(r.Person) + "/" + string(r.Service) }

// Open tells whether something is still to be done.
func (r *NotebookLine) Open() bool { return r.Ending == NotebookOpen }

// MaxNotebookNote is the longest note of a line, in characters: what is to be
// done, and when. Nothing on health, family or money belongs there (C10).
const MaxNotebookNote = 200

func noteRecord(s charter.ServiceCode) string { return recordNotebook + string(s) }

const recordNotebook = "notebook."

// maxLines bounds the lines of one person that one call takes.
const maxLines = 50

// ListInNotebook notes that a person's passwords for services lie in a notebook or
// a file. Lines that are there stay as they are. *Conflict with "already_listed"
// when all are.
func (r *Register) ListInNotebook(ctx context.Context, a Actor, p PersonID, services []charter.ServiceCode) error {
	if len(services) == 0 || len(services) > maxLines {
		return &Invalid{Pointer: "/services", Reason: "list"}
	}
	for i, s := range services {
		if !r.hasSheet(s) || slices.Contains(services[:i], s) {
			return &Invalid{Pointer: "/services", Reason: "service"}
		}
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(p); err != nil {
			return err
		}
		if err := t.atDesk(Attempt{Action: audit.NotebookListed, Person: p}); err != nil {
			return err
		}
		added, err := t.addLines(p, services, false)
		if err != nil {
			return err
		}
		if len(added) == 0 {
			return &Conflict{Reason: "already_listed"}
		}
		return t.made(string(p))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// addLines writes the lines of a person that are not there yet, and enters them.
func (t *turn) addLines(p PersonID, services []charter.ServiceCode, imported bool) (added []string, err error) {
	for _, s := range services {
		row := &NotebookLine{Person: p, Service: s}
		if found, err := t.tx.Get(row); err != nil {
			return nil, err
		} else if found {
			continue
		}
		row.Added, row.By, row.Imported = t.at, t.actor.member, imported
		if err := t.tx.Put(row); err != nil {
			return nil, err
		}
		added = append(added, string(s))
	}
	if len(added) > 0 {
		t.enter(audit.Entry{Act: audit.NotebookListed, Person: string(p), On: added, Rules: []string{"C08"}})
	}
	return added, nil
}

// A NotebookStep is what becomes of a line: an ending, or what is still to be done.
type NotebookStep struct {
	Person  PersonID
	Service charter.ServiceCode
	Ending  NotebookEnding // NotebookOpen leaves it open, or opens it again
	// Note says what is still to be done; with an ending there is none. An empty
	// note takes the former one away.
	Note screen.Clean
}

// StepNotebook notes how a line of a notebook became needless, or what is still to
// be done. The person sees an ending on their page. The note is gone with the
// ending: it says what is to be done, not what was.
func (r *Register) StepNotebook(ctx context.Context, a Actor, n NotebookStep) (*NotebookLine, error) {
	if n.Ending != NotebookOpen && !slices.Contains(NotebookEndings, n.Ending) {
		return nil, &Invalid{Pointer: "/ending", Reason: "ending"}
	}
	if n.Ending != NotebookOpen && n.Note.String() != "" {
		return nil, &Invalid{Pointer: "/note", Reason: "note_ended"}
	}
	box, rows, err := r.sealNote(ctx, a, n)
	if err != nil {
		return nil, err
	}
	var line NotebookLine
	_, err = r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(n.Person); err != nil {
			return err
		}
		if err := t.atDesk(Attempt{Action: audit.NotebookSettled, Person: n.Person}); err != nil {
			return err
		}
		line = NotebookLine{Person: n.Person, Service: n.Service}
		if err := need(t.tx, &line, "notebook_line"); err != nil {
			return err
		}
		if box != nil && box.Version != line.Note+1 {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		if err := t.stepLine(&line, n, box, rows); err != nil {
			return err
		}
		return t.made(string(n.Service))
	})
	if _, again := replayed(err); again {
		return r.notebookLine(ctx, a, n.Person, n.Service)
	}
	if err != nil {
		return nil, err
	}
	return &line, nil
}

// stepLine changes a line, its note, and enters both.
func (t *turn) stepLine(line *NotebookLine, n NotebookStep, box *Box, rows []Record) error {
	e := audit.Entry{
		Act: audit.NotebookSettled, Person: string(n.Person), On: []string{string(n.Service), string(n.Ending)}, Rules: []string{"C08"},
	}
	if n.Ending == NotebookOpen {
		e.Act, e.On = audit.PersonUpdated, []string{noteRecord(n.Service)}
	}
	line.Ending, line.Ended, line.EndedBy = n.Ending, time.Time{}, ""
	if !line.Open() {
		line.Ended, line.EndedBy = t.at, t.actor.member
	}
	old := &Box{Owner: ownerOf(n.Person), Name: noteRecord(n.Service)}
	if err := t.joins(textsOf(n.Person), noteRecord(n.Service), n.Note); err != nil {
		return err
	}
	if box == nil {
		line.Note = 0
		if err := t.tx.Delete(old); err != nil {
			return err
		}
	} else {
		line.Note = box.Version
		rows = append(rows, box)
	}
	dg, err := rowDigest(line)
	if err != nil {
		return err
	}
	e.Digest = dg
	t.enter(e)
	return putAll(t.tx, append(rows, line)...)
}

// sealNote closes a note under the person's active key, which is destroyed at once
// when the person asks to be forgotten; nil when there is none to close.
func (r *Register) sealNote(ctx context.Context, a Actor, n NotebookStep) (*Box, []Record, error) {
	if a.kind == nobody {
		return nil, nil, &SignInNeeded{Reason: "session"}
	}
	if n.Note.String() == "" {
		return nil, nil, nil
	}
	line := &NotebookLine{}
	var known bool
	err := r.rec.View(ctx, a.space, func(tx Tx, _ time.Time) error {
		*line = NotebookLine{Person: n.Person, Service: n.Service}
		p := &Person{ID: n.Person}
		found, err := tx.Get(p)
		if err != nil || !found || p.Erased() {
			return err // the transaction says so
		}
		known, err = tx.Get(line)
		return err
	})
	if err != nil || !known {
		return nil, nil, err
	}
	owner := ownerOf(n.Person)
	key, fresh, err := r.contactKey(ctx, a.space, owner)
	if err != nil {
		return nil, nil, err
	}
	box := &Box{Owner: owner, Name: noteRecord(n.Service), Version: line.Note + 1}
	box.Sealed, err = personal.Seal(r.keys, key, box.Name, box.Version, personal.Note{Text: personal.NewText(n.Note)})
	return box, fresh, err
}

func (r *Register) notebookLine(ctx context.Context, a Actor, p PersonID, s charter.ServiceCode) (*NotebookLine, error) {
	line := &NotebookLine{}
	err := r.view(ctx, a, func(tx Tx, _ time.Time) error {
		*line = NotebookLine{Person: p, Service: s}
		return need(tx, line, "notebook_line")
	})
	return line, err
}

// NotebookNote opens the note of a line, as an entry that the person sees.
func (r *Register) NotebookNote(ctx context.Context, a Actor, id PersonID, s charter.ServiceCode, purpose charter.Purpose) (personal.Text, error) {
	var box Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		if _, err := t.livePerson(id); err != nil {
			return err
		}
		m, err := t.relied(id, "", Power{})
		if err != nil {
			return err
		}
		read, err := t.reading(id, purpose, charter.FieldContact)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.PersonRead, Person: id, Mandate: mandateID(m), Purpose: purpose}
		if err := t.check(try, charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(m), Read: read}); err != nil {
			return err
		}
		box = Box{Owner: ownerOf(id), Name: noteRecord(s)}
		if err := need(t.tx, &box, "note"); err != nil {
			return err
		}
		t.enter(audit.Entry{
			Act: audit.PersonRead, Person: string(id), Mandate: string(mandateID(m)), Purpose: string(purpose),
			Fields: []string{box.Name}, Rules: []string{"C10", "C14"},
		})
		return nil
	})
	if err != nil {
		return personal.Text{}, err
	}
	note, err := personal.Open[personal.Note](ctx, r.keys, passes[0], box.Owner, box.Name, box.Version, box.Sealed)
	return note.Text, gone(err)
}

// A NotebookQuery asks for lines: one person's, or those of all after a cursor.
type NotebookQuery struct {
	Person PersonID
	Open   bool // only what is still to be done
	After  string
	Limit  int // 1 to 100
}

// maxNotebookSeen bounds the rows that one page goes through.
const maxNotebookSeen = 1000

// Notebook lists lines; next is the cursor of the following page, empty at the
// end. Nothing here says who a person is.
func (r *Register) Notebook(ctx context.Context, a Actor, q NotebookQuery) (list []NotebookLine, next string, err error) {
	if q.Limit < 1 || q.Limit > maxPage {
		return nil, "", &Invalid{Pointer: "/limit", Reason: "parameter"}
	}
	prefix := ""
	if q.Person != "" {
		prefix = string(q.Person) + "/"
	}
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list, next = nil, ""
		seen, last := 0, ""
		return tx.Scan(&NotebookLine{}, prefix, q.After, func(key string, load func(Record) error) error {
			if len(list) == q.Limit || seen == maxNotebookSeen {
				next = last
				return StopScan
			}
			seen, last = seen+1, key
			var row NotebookLine
			if err := load(&row); err != nil {
				return err
			}
			p := &Person{ID: row.Person}
			if found, err := tx.Get(p); err != nil || !found || p.Erased() || q.Open && !row.Open() {
				return err
			}
			list = append(list, row)
			return nil
		})
	})
	return list, next, err
}

// Progress is how far a structure has come with its notebooks.
type Progress struct {
	Open      int `json:"open"`
	Recovered int `json:"recovered"`
	Delegated int `json:"delegated"`
	Closed    int `json:"closed"`
	NotNeeded int `json:"not_needed"`
}

// Lines is how many there are in all.
func (p Progress) Lines() int { return p.Open + p.Ended() }

// Ended is how many are done.
func (p Progress) Ended() int { return p.Recovered + p.Delegated + p.Closed + p.NotNeeded }

func (p *Progress) count(e NotebookEnding) {
	switch e {
	case NotebookOpen:
		p.Open++
	case NotebookRecovered:
		p.Recovered++
	case NotebookDelegated:
		p.Delegated++
	case NotebookClosed:
		p.Closed++
	case NotebookNotNeeded:
		p.NotNeeded++
	}
}

// NotebookProgress counts the lines of the actor's structure.
func (r *Register) NotebookProgress(ctx context.Context, a Actor) (p Progress, err error) {
	if err := r.view(ctx, a, func(Tx, time.Time) error { return nil }); err != nil {
		return p, err
	}
	return r.countNotebooks(ctx, a.space)
}

// countNotebooks counts in short transactions: lines that change meanwhile may
// count as they were.
func (r *Register) countNotebooks(ctx context.Context, s audit.Space) (p Progress, err error) {
	err = walk(ctx, r, s, func(row *NotebookLine) { p.count(row.Ending) })
	return p, err
}

// dropLines deletes the lines of a person who asked to be forgotten: they prove
// nothing.
func (t *turn) dropLines(p PersonID) error {
	var rows []Record
	err := each(t.tx, string(p)+"/", func(row *NotebookLine) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return err
	}
	return deleteAll(t.tx, rows...)
}

// dropNotes takes the notes off a person's lines, when the key that they are
// closed under goes.
func (t *turn) dropNotes(p PersonID) error {
	var rows, gone []Record
	err := each(t.tx, string(p)+"/", func(row *NotebookLine) error {
		if row.Note > 0 {
			row.Note = 0
			rows = append(rows, row)
			gone = append(gone, &EdgeRow{Group: textsOf(p), Record: noteRecord(row.Service)})
		}
		return nil
	})
	return errors.Join(err, putAll(t.tx, rows...), deleteAll(t.tx, gone...))
}

// noteBoxes are the boxes of a person's notes.
func noteBoxes(tx Tx, owner personal.Owner) (boxes []Record, err error) {
	err = each(tx, string(owner)+"/", func(b *Box) error {
		if strings.HasPrefix(b.Name, recordNotebook) {
			boxes = append(boxes, b)
		}
		return nil
	})
	return boxes, err
}
