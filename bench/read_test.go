package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/bolt"
	"aval/store/kv"
)

// A register on disk with one structure, one helper and some persons under
// mandate: what the benchmarks read.
type register struct {
	dir     string
	db      *bolt.DB
	log     *audit.Log
	rec     *consent.Recorder
	reg     *consent.Register
	space   audit.Space
	helper  consent.Actor
	persons []consent.PersonID
}

type noErased struct{}

func (noErased) Add(string, consent.PersonID) error          { return nil }
func (noErased) All() (map[string][]consent.PersonID, error) { return nil, nil }

func open(tb testing.TB, persons int) *register {
	tb.Helper()
	ctx := tb.Context()
	dir := tb.TempDir()
	folder, err := personal.Create(filepath.Join(dir, "keys"), "register.bench", time.Now())
	must(tb, err)
	db, err := bolt.Open(filepath.Join(dir, "aval.db"), bolt.Options{})
	must(tb, err)
	tb.Cleanup(func() { _ = db.Close() }) // a benchmark may have closed it
	must(tb, store.Begin(ctx, db))
	ch, err := charter.Load()
	must(tb, err)
	keys := personal.NewKeyring(folder, store.Keys{DB: db})
	r := &register{dir: dir, db: db, log: audit.NewLog(db, keys, keys, audit.NewClock(time.Now, nil))}
	r.rec = audit.NewRecorder(r.log, store.Ledger, store.Housekeeping...)
	r.reg = consent.NewRegister(r.rec, keys, ch, folder.Origin(), noErased{})
	must(tb, r.reg.Begin(ctx))
	_, invite, err := r.reg.OpenStructure(ctx, consent.Operator(), consent.NewStructure{Name: clean(tb, "Structure"), Slug: "bench"})
	must(tb, err)
	referent := r.enter(ctx, tb, invite.Token)
	invite, err = r.reg.OpenHelper(ctx, referent, consent.NewHelper{Name: clean(tb, "Fatou"), Role: charter.SocialWorker})
	must(tb, err)
	r.helper = r.enter(ctx, tb, invite.Token)
	must(tb, r.reg.Adhere(ctx, r.helper, ch.Version(), ch.Digest()))
	for range persons {
		r.persons = append(r.persons, r.person(ctx, tb))
	}
	spaces, err := r.reg.Spaces(ctx)
	must(tb, err)
	r.space = spaces[1]
	return r
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func clean(tb testing.TB, text string) screen.Clean {
	tb.Helper()
	c, err := screen.Form(screen.Field{Name: "name", Text: text, Kind: screen.Name, Max: 200})
	must(tb, err)
	return c[0]
}

func (r *register) enter(ctx context.Context, tb testing.TB, token personal.Token) consent.Actor {
	tb.Helper()
	w, err := r.reg.Redeem(ctx, consent.Call{}, token, personal.Token{})
	must(tb, err)
	a, err := r.reg.SignedIn(ctx, w.Session)
	must(tb, err)
	return a
}

func (r *register) person(ctx context.Context, tb testing.TB) consent.PersonID {
	tb.Helper()
	p, err := r.reg.RecordPerson(ctx, r.helper, consent.PersonData{
		BirthName: clean(tb, "Morel"), Birth: "1948-03-12", Phone: clean(tb, "06 39 98 12 34"),
	})
	must(tb, err)
	m, err := r.reg.DraftMandate(ctx, r.helper, consent.Terms{
		Person: p, Powers: []consent.Power{{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent}},
		Days: 31, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionNone,
	})
	must(tb, err)
	_, err = r.reg.SignMandate(ctx, r.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(tb, "Classeur")})
	must(tb, err)
	_, err = r.reg.AcceptMandate(ctx, r.helper, m.ID)
	must(tb, err)
	_, err = r.reg.DeliverMandate(ctx, r.helper, m.ID, "print")
	must(tb, err)
	return p
}

// read is the whole audited read: decision, entry, leaf, seal, tree, index,
// commit, key, open.
func (r *register) read(ctx context.Context, i int) error {
	_, err := r.reg.RevealPerson(ctx, r.helper, consent.Reveal{
		Person: r.persons[i%len(r.persons)], Purpose: charter.PurposeActUnderMandate,
		Fields: []charter.Field{charter.FieldContact},
	})
	return err
}

// callers runs fn b.N times from n goroutines and reports the rate and the
// median and 99th percentile of one call.
func callers(b *testing.B, n int, fn func(i int) error) {
	b.Helper()
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	begin := time.Now()
	for range n {
		running.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				t := time.Now()
				if err := fn(i); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(t)
			}
		})
	}
	running.Wait()
	total := time.Since(begin)
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/total.Seconds(), "calls/s")
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
}

// BenchmarkSync is the floor of a durable commit on this disk, in this run: a
// 4 KiB write at the end of a file, and fdatasync.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "sync"))
	must(b, err)
	defer f.Close()
	page := make([]byte, 4096)
	callers(b, 1, func(int) error {
		if _, err := f.Write(page); err != nil {
			return err
		}
		return fdatasync(f)
	})
}

// BenchmarkRead is the whole audited read, at several numbers of callers.
func BenchmarkRead(b *testing.B) {
	r := open(b, 200)
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
			callers(b, n, func(i int) error { return r.read(b.Context(), i) })
		})
	}
}

// BenchmarkReadGrown is the same read as the log grows: the cost must not.
func BenchmarkReadGrown(b *testing.B) {
	r := open(b, 200)
	for _, size := range []int64{10_000, 1_000_000} {
		r.grow(b, size)
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("entries=%d/callers=%d", size, n), func(b *testing.B) {
				callers(b, n, func(i int) error { return r.read(b.Context(), i) })
			})
		}
	}
}

// grow adds entries, 1,000 a transaction, until the log has so many.
func (r *register) grow(b *testing.B, size int64) {
	b.Helper()
	for {
		head, err := r.log.Head(b.Context(), r.space)
		must(b, err)
		if head.Size >= size {
			return
		}
		_, err = r.rec.Record(b.Context(), r.space, func(consent.Tx, time.Time) ([]audit.Entry, error) {
			entries := make([]audit.Entry, min(1000, size-head.Size))
			for i := range entries {
				entries[i] = audit.Entry{
					Act: audit.PersonRead, By: string(r.helper.Member()), Role: "social_worker",
					Person: string(r.persons[i%len(r.persons)]), Purpose: "follow_up", Fields: []string{"contact"}, Out: audit.OK,
				}
			}
			return entries, nil
		})
		must(b, err)
	}
}

// BenchmarkReadUnderCopy is the read while a copy of the register is made, beside
// the same read alone: the tail must not move.
func BenchmarkReadUnderCopy(b *testing.B) {
	r := open(b, 200)
	r.grow(b, 200_000)
	b.Run("alone", func(b *testing.B) {
		callers(b, 16, func(i int) error { return r.read(b.Context(), i) })
	})
	b.Run("copying", func(b *testing.B) {
		ctx, stop := context.WithCancel(b.Context())
		var copying sync.WaitGroup
		copying.Go(func() {
			for ctx.Err() == nil {
				if err := r.db.Copy(ctx, func(kv.Row) error { return ctx.Err() }); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
			}
		})
		callers(b, 16, func(i int) error { return r.read(b.Context(), i) })
		stop()
		copying.Wait()
	})
}

// BenchmarkHistory is the first page of one person's lines.
func BenchmarkHistory(b *testing.B) {
	r := open(b, 200)
	for _, size := range []int64{10_000, 1_000_000} {
		r.grow(b, size)
		b.Run(fmt.Sprintf("entries=%d", size), func(b *testing.B) {
			callers(b, 1, func(i int) error {
				_, _, err := r.log.History(b.Context(), r.space, audit.Query{
					Person: string(r.persons[i%len(r.persons)]), Limit: 50,
				})
				return err
			})
		})
	}
}
