package consent

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"aval/audit"
	"aval/consent/place"
)

// The directory of places where people are helped lies in the register's space: it
// is public, about nobody, and read without an entry. It is made of sets, one for
// each producer's file. A file is written beside the set that it replaces, and one
// entry puts it in force as a whole: readers see the old set until then.

// A PlaceSetName tells the producers' files apart, such as "charente": a newer file
// of a set replaces it, files of other sets stay.
type PlaceSetName string

var placeSetForm = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9]){0,38}$`)

// ParsePlaceSetName accepts 1 to 39 lower-case letters, digits and single hyphens.
func ParsePlaceSetName(s string) (PlaceSetName, error) {
	if !placeSetForm.MatchString(s) {
		return "", &Invalid{Pointer: "/set", Reason: "slug"}
	}
	return PlaceSetName(s), nil
}

// PlaceID names a place: l_ and 26 characters. Of a public place it is made from its
// set and the producer's identifier, so it stays the same from file to file.
type PlaceID string

// PlaceIDOf is the identifier of a place of a set, from the producer's own.
func PlaceIDOf(set PlaceSetName, local string) PlaceID {
	sum := sha256.Sum256([]byte(string(set) + "\x00" + local))
	return PlaceID("l_" + base32Lower.EncodeToString(sum[:16]))
}

// ParsePlaceID accepts only the exact form.
func ParsePlaceID(s string) (PlaceID, error) {
	if !validID("l_", s) {
		return "", &Invalid{Reason: "place_id"}
	}
	return PlaceID(s), nil
}

// A PlaceSet is a set in force.
type PlaceSet struct {
	Name       PlaceSetName
	Generation uint32 // each import makes another
	Places     int
	Imported   time.Time
	Digest     FileDigest
}

// A FileDigest is the SHA-256 of a file, base64url.
type FileDigest string

// A PlaceRun says that a file of a set is being written. One whose Seen is older than
// a minute was cut off.
type PlaceRun struct {
	Set        PlaceSetName
	Generation uint32
	Seen       time.Time
	Over       bool
}

// A PlaceRow is one public place.
type PlaceRow struct {
	Set        PlaceSetName
	Generation uint32
	Seq        uint32 // its number in the file
	ID         PlaceID
	Place      place.Place[PublicText]
}

// A PlaceAt leads from a place's identifier to its row.
type PlaceAt struct {
	Set        PlaceSetName
	Generation uint32
	ID         PlaceID
	Seq        uint32
	Sum        uint64 // of what the row says, to tell what a newer file changed
}

func (r *PlaceSet) Bucket() string { return "place-set" }
func (r *PlaceSet) Key() string    { return string(r.Name) }
func (r *PlaceRun) Bucket() string { return "place-run" }
func (r *PlaceRun) Key() string    { return string(r.Set) }
func (r *PlaceRow) Bucket() string { return "place" }
func (r *PlaceRow) Key() string    { return generation(r.Set, r.Generation) + fmt.Sprintf("%08x", r.Seq) }
func (r *PlaceAt) Bucket() string  { return "place-at" }
func (r *PlaceAt) Key() string     { return generation(r.Set, r.Generation) + string(r.ID) }

// generation is the beginning of the keys of one file's rows.
func generation(set PlaceSetName, n uint32) string { return fmt.Sprintf("%s/%08x/", set, n) }

// A PlaceReport is what an import did.
type PlaceReport struct {
	place.Report
	Added, Changed, Same, Vanished int
}

// PlaceNews tells of one place or cell while a file is imported. One of the two is set.
type PlaceNews struct {
	Fault   *place.Fault // a cell left out, or why the place was refused
	Refused bool
	Gone    string // name and commune of a place that the newer file has no more
}

// placeBatch bounds the places of one transaction; it stays far below 100 ms.
const placeBatch = 500

// runLife is how long an import that is not heard of counts as running.
const runLife = time.Minute

// ImportPlaces reads a file of places and puts it in force in place of the set's
// former one. tell hears of each refusal, each cell left out, and each place that
// is gone. Only the operator imports. A file that cannot be read to its end changes
// nothing; the error is a *place.FileError.
func (r *Register) ImportPlaces(ctx context.Context, a Actor, set PlaceSetName, in io.Reader, tell func(PlaceNews)) (PlaceReport, error) {
	if a.kind != operator {
		return PlaceReport{}, &NotFound{Kind: "use-case"}
	}
	run, err := r.beginImport(ctx, set)
	if err != nil {
		return PlaceReport{}, err
	}
	w := &placeWriter{r: r, run: run, tell: tell}
	sum := sha256.New()
	if err := w.write(ctx, io.TeeReader(in, sum)); err != nil {
		// What was written is of no set; the caller's context may be over.
		return PlaceReport{}, errors.Join(err, r.endImport(context.WithoutCancel(ctx), run, run.Generation))
	}
	before, err := r.adoptPlaces(ctx, a, w, base64.RawURLEncoding.EncodeToString(sum.Sum(nil)))
	if err != nil {
		return PlaceReport{}, err
	}
	if err := w.vanished(ctx, before); err != nil {
		return PlaceReport{}, err
	}
	return w.report, r.endImport(ctx, run, before)
}

// beginImport takes the set for this import and clears what one that was cut off
// left behind.
func (r *Register) beginImport(ctx context.Context, set PlaceSetName) (PlaceRun, error) {
	var run PlaceRun
	var inForce uint32
	err := r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		run = PlaceRun{Set: set}
		found, err := tx.Get(&run)
		if err != nil {
			return err
		}
		if found && !run.Over && at.Sub(run.Seen) < runLife {
			return &Conflict{Reason: "import_running"}
		}
		s := PlaceSet{Name: set}
		if _, err := tx.Get(&s); err != nil {
			return err
		}
		inForce = s.Generation
		run = PlaceRun{Set: set, Generation: max(run.Generation, inForce) + 1, Seen: at}
		return tx.Put(&run)
	})
	if err != nil {
		return run, err
	}
	return run, r.dropGenerations(ctx, set, func(g uint32) bool { return g != inForce && g != run.Generation })
}

// endImport clears one generation and lets the next import begin.
func (r *Register) endImport(ctx context.Context, run PlaceRun, stale uint32) error {
	if err := r.dropGenerations(ctx, run.Set, func(g uint32) bool { return g == stale }); err != nil {
		return err
	}
	return r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		run.Seen, run.Over = at, true
		return tx.Put(&run)
	})
}

// dropGenerations deletes rows of files that are not in force, in short transactions.
func (r *Register) dropGenerations(ctx context.Context, set PlaceSetName, stale func(uint32) bool) error {
	drop := func(like Record, of func(Record) uint32, fresh func() Record) error {
		for after, last, more := "", "", true; more; after = last {
			err := r.rec.Keep(ctx, registerSpace, func(tx Tx, _ time.Time) error {
				more, last = false, after
				n := 0
				var gone []Record
				err := tx.Scan(like, string(set)+"/", after, func(key string, load func(Record) error) error {
					if n == placeBatch {
						more = true
						return StopScan
					}
					n, last = n+1, key
					row := fresh()
					if err := load(row); err != nil {
						return err
					}
					if stale(of(row)) {
						gone = append(gone, row)
					}
					return nil
				})
				if err != nil {
					return err
				}
				for _, row := range gone {
					if err := tx.Delete(row); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	err := drop(&PlaceRow{}, func(x Record) uint32 { return x.(*PlaceRow).Generation }, func() Record { return &PlaceRow{} })
	if err != nil {
		return err
	}
	return drop(&PlaceAt{}, func(x Record) uint32 { return x.(*PlaceAt).Generation }, func() Record { return &PlaceAt{} })
}

// A placeWriter writes the places of one file.
type placeWriter struct {
	r      *Register
	run    PlaceRun
	tell   func(PlaceNews)
	report PlaceReport
	seq    uint32
}

// write reads the file and writes its places beside those in force.
func (w *placeWriter) write(ctx context.Context, in io.Reader) error {
	v, err := place.LoadVocabulary()
	if err != nil {
		return err
	}
	batch := make([]place.Row, 0, placeBatch)
	for row, err := range v.Read(ctx, in) {
		if err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) == placeBatch {
			if err := w.keep(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return w.keep(ctx, batch)
}

// A placed is a place with what is written of it.
type placed struct {
	row PlaceRow
	at  PlaceAt
	was before
}

type before int

const (
	absent before = iota
	other
	same
	double // of this very file
)

// keep writes a batch in one transaction.
func (w *placeWriter) keep(ctx context.Context, rows []place.Row) error {
	if len(rows) == 0 {
		return nil
	}
	list := make([]placed, 0, len(rows))
	index := make([]int, len(rows)) // of each row in list; -1 when it is refused
	for i, row := range rows {
		index[i] = -1
		if !row.Kept {
			continue
		}
		p, err := w.placed(row)
		if err != nil {
			return err
		}
		index[i] = len(list)
		list = append(list, p)
	}
	err := w.r.rec.Keep(ctx, registerSpace, func(tx Tx, at time.Time) error {
		in := PlaceSet{Name: w.run.Set}
		if _, err := tx.Get(&in); err != nil {
			return err
		}
		run := w.run
		run.Seen = at
		if err := tx.Put(&run); err != nil {
			return err
		}
		for i := range list {
			if err := list[i].put(tx, in.Generation); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, row := range rows {
		if index[i] >= 0 && list[index[i]].was == double {
			row.Kept, row.Faults = false, []place.Fault{{Line: row.Line, At: 1, Column: "id", Reason: place.Duplicate}}
		}
		w.count(row)
		if row.Kept {
			w.compared(list[index[i]].was)
		}
	}
	return nil
}

// placed makes the rows of a place.
func (w *placeWriter) placed(row place.Row) (placed, error) {
	texts := place.Texts(row.Place, publicText)
	raw, err := EncodeRow(&PlaceRow{Place: texts})
	if err != nil {
		return placed{}, err
	}
	sum := sha256.Sum256(raw)
	id := PlaceIDOf(w.run.Set, row.Local)
	p := placed{
		row: PlaceRow{Set: w.run.Set, Generation: w.run.Generation, Seq: w.seq, ID: id, Place: texts},
		at:  PlaceAt{Set: w.run.Set, Generation: w.run.Generation, ID: id, Seq: w.seq},
	}
	for _, b := range sum[:7] { // a number that every reader of JSON reads exactly
		p.at.Sum = p.at.Sum<<8 | uint64(b)
	}
	p.at.Sum >>= 3
	w.seq++
	return p, nil
}

// put writes the rows unless the identifier was in this file before.
func (p *placed) put(tx Tx, inForce uint32) error {
	former := p.at
	if found, err := tx.Get(&former); err != nil {
		return err
	} else if found && former.Seq != p.at.Seq {
		p.was = double
		return nil
	}
	former = PlaceAt{Set: p.at.Set, Generation: inForce, ID: p.at.ID}
	found, err := tx.Get(&former)
	switch {
	case err != nil:
		return err
	case !found:
		p.was = absent
	case former.Sum == p.at.Sum:
		p.was = same
	default:
		p.was = other
	}
	return putAll(tx, &p.row, &p.at)
}

func (w *placeWriter) count(row place.Row) {
	w.report.Add(row)
	for _, f := range row.Faults {
		w.tell(PlaceNews{Fault: &f, Refused: !row.Kept})
	}
}

func (w *placeWriter) compared(was before) {
	switch was {
	case absent:
		w.report.Added++
	case same:
		w.report.Same++
	default:
		w.report.Changed++
	}
}

// adoptPlaces puts the file in force, with its entry, and returns the generation
// that it replaces.
func (r *Register) adoptPlaces(ctx context.Context, a Actor, w *placeWriter, digest string) (before uint32, err error) {
	_, err = r.record(ctx, a, func(t *turn) error {
		s := PlaceSet{Name: w.run.Set}
		if _, err := t.tx.Get(&s); err != nil {
			return err
		}
		before = s.Generation
		s.Generation, s.Places, s.Imported, s.Digest = w.run.Generation, w.report.Kept, t.at, FileDigest(digest)
		t.enter(audit.Entry{
			Act: audit.PlacesImported, On: []string{string(w.run.Set)}, Digest: digest,
			Counts: map[string]int64{
				"read": int64(w.report.Read), "kept": int64(w.report.Kept), "refused": int64(w.report.Refused),
				"added": int64(w.report.Added), "changed": int64(w.report.Changed),
			},
		})
		return t.tx.Put(&s)
	})
	return before, err
}

// vanished tells which places of the former file the new one has no more.
func (w *placeWriter) vanished(ctx context.Context, former uint32) error {
	if former == 0 {
		return nil
	}
	prefix := generation(w.run.Set, former)
	for after, last, more := "", "", true; more; after = last {
		var gone []string
		err := w.r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
			gone, more, last = nil, false, after
			n := 0
			return tx.Scan(&PlaceAt{}, prefix, after, func(key string, load func(Record) error) error {
				if n == placeBatch {
					more = true
					return StopScan
				}
				n, last = n+1, key
				var at PlaceAt
				if err := load(&at); err != nil {
					return err
				}
				now := PlaceAt{Set: at.Set, Generation: w.run.Generation, ID: at.ID}
				if found, err := tx.Get(&now); err != nil || found {
					return err
				}
				row := PlaceRow{Set: at.Set, Generation: at.Generation, Seq: at.Seq}
				if err := need(tx, &row, "place"); err != nil {
					return err
				}
				gone = append(gone, row.Place.Name.String()+", "+row.Place.Commune.String())
				return nil
			})
		})
		if err != nil {
			return err
		}
		for _, name := range gone {
			w.report.Vanished++
			w.tell(PlaceNews{Gone: name})
		}
	}
	return nil
}

// PlaceSets lists the sets in force.
func (r *Register) PlaceSets(ctx context.Context) (sets []PlaceSet, err error) {
	err = r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		sets = nil
		return each(tx, "", func(s *PlaceSet) error {
			sets = append(sets, *s)
			return nil
		})
	})
	return sets, err
}
