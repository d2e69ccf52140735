package place

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"sync"
	"unicode/utf8"
)

// batch is how many records go to one worker at a time.
const batch = 128

// Read gives the records of a file in its order: CSV with a header line, or a JSON
// array of objects. Memory does not grow with the file. The last pair has an error
// when the file could not be read to its end: *FileError for what the file is, any
// other for what its reader or ctx says.
func (v *Vocabulary) Read(ctx context.Context, in io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		src, err := open(in)
		if err != nil {
			yield(Row{}, err)
			return
		}
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(errStopped)
		for done := range v.pipeline(ctx, src) {
			rows := <-done
			for _, row := range rows.rows {
				if !yield(row, nil) {
					return
				}
			}
			if rows.err != nil {
				yield(Row{}, rows.err)
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(Row{}, err)
		}
	}
}

type looked struct {
	rows []Row
	err  error // of the source, after the rows
}

// pipeline reads records one after another and looks at them side by side; the
// results come in the order of the file.
func (v *Vocabulary) pipeline(ctx context.Context, src source) <-chan chan looked {
	type job struct {
		records []record
		err     error
		done    chan looked
	}
	workers := runtime.GOMAXPROCS(0)
	jobs, order := make(chan job), make(chan chan looked, 2*workers)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for j := range jobs {
				out := looked{rows: make([]Row, len(j.records)), err: j.err}
				for i, r := range j.records {
					out.rows[i] = v.check(r)
				}
				j.done <- out
			}
		})
	}
	go func() {
		defer close(order)
		defer close(jobs)
		for {
			j := job{records: make([]record, 0, batch), done: make(chan looked, 1)}
			for len(j.records) < batch && j.err == nil {
				var r record
				if r, j.err = src.next(); j.err == nil {
					j.records = append(j.records, r)
				}
			}
			over := j.err != nil
			if errors.Is(j.err, io.EOF) {
				j.err = nil
			}
			select {
			case order <- j.done:
			case <-ctx.Done():
				return
			}
			jobs <- j // a worker takes it, since each only waits for a place of its own
			if over {
				return
			}
		}
	}()
	return order
}

// A Report counts what an import did.
type Report struct {
	Read, Kept, Mapped, Refused int
	// Of the places kept:
	NoPivot     int // the number of the legal person is not known
	LongSummary int // the summary is longer than the schema lets it be
	NoPoint     int // no coordinates
	Closed      int // they receive nobody
	LeftOut     int // cells that were not kept
	// Others are the columns that the schema does not have, and in how many
	// records each stood; at most 100 are told apart.
	Others map[string]int
}

// Add counts a row.
func (r *Report) Add(row Row) {
	r.Read++
	for _, column := range row.Others {
		if _, known := r.Others[column]; known || len(r.Others) < 100 {
			if r.Others == nil {
				r.Others = map[string]int{}
			}
			r.Others[column]++
		}
	}
	if !row.Kept {
		r.Refused++
		return
	}
	r.Kept++
	r.LeftOut += len(row.Faults)
	count := func(n *int, so bool) {
		if so {
			*n++
		}
	}
	p := &row.Place
	count(&r.Mapped, row.Mapped)
	count(&r.NoPivot, p.Pivot == "")
	count(&r.LongSummary, utf8.RuneCountInString(p.Summary.String()) > SummaryMax)
	count(&r.NoPoint, p.Point == nil)
	count(&r.Closed, p.ReceivesNobody())
}

// ReceivesNobody tells a place that no one can come to.
func (p *Place[T]) ReceivesNobody() bool {
	for _, a := range p.Access {
		if a == "nobody" {
			return true
		}
	}
	return false
}
