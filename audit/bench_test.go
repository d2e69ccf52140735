package audit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aval/audit"
	"aval/store/bolt"
	"aval/store/kv"
	"aval/store/mem"
)

// Times on one machine say little; compare lines of one run. Record and
// NoLog are the same loop with and without the log, on the same store.

func openBolt(b *testing.B) kv.DB {
	b.Helper()
	db, err := bolt.Open(filepath.Join(b.TempDir(), "aval.db"), bolt.Options{Create: true, InitialMmapSize: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// callers runs fn b.N times from c goroutines.
func callers(b *testing.B, c int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range c {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := fn(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkRecord(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"callers=1", 1}, {"callers=64", 64}} {
		b.Run(c.name, func(b *testing.B) {
			bench := newBench(openBolt(b))
			callers(b, c.n, func(i int) error {
				_, err := record(bench, entry(i))
				return err
			})
		})
	}
}

func BenchmarkNoLog(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"callers=1", 1}, {"callers=64", 64}} {
		b.Run(c.name, func(b *testing.B) {
			db, row := openBolt(b), make([]byte, 530) // as long as a record
			rand.Read(row)
			bucket := kv.Bucket{Name: "rows", Append: true}
			callers(b, c.n, func(i int) error {
				key := binary.BigEndian.AppendUint64(nil, uint64(i))
				return db.Update(context.Background(), 7, func(tx kv.Tx) error {
					if _, err := tx.Get(bucket, []byte("head")); err != nil {
						return err
					}
					return tx.Put(bucket, key, row)
				})
			})
		})
	}
}

// BenchmarkSerial is what one Record costs inside its transaction: a store that
// costs next to nothing shows the log's own share.
func BenchmarkSerial(b *testing.B) {
	bench := newBench(&flat{rows: map[string][]byte{}})
	e := []audit.Entry{entry(1)}
	b.ReportAllocs()
	for b.Loop() {
		_, err := bench.rec.Record(context.Background(), space, func(kv.Tx, time.Time) ([]audit.Entry, error) { return e, nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

// flat is a store without transactions, for one caller.
type flat struct {
	kv.DB
	log  [][]byte
	rows map[string][]byte
}

func (f *flat) Update(_ context.Context, _ kv.Space, fn func(kv.Tx) error) error { return fn(f) }

func (f *flat) Get(b kv.Bucket, key []byte) ([]byte, error) {
	if b.Name == "log" && len(key) == 8 {
		if n := binary.BigEndian.Uint64(key); n < uint64(len(f.log)) {
			return f.log[n], nil
		}
		return nil, nil
	}
	return slices.Clone(f.rows[b.Name+string(key)]), nil
}

func (f *flat) Put(b kv.Bucket, key, value []byte) error {
	if b.Name == "log" && len(key) == 8 {
		f.log = append(f.log, bytes.Clone(value))
		return nil
	}
	f.rows[b.Name+string(key)] = bytes.Clone(value)
	return nil
}

func (f *flat) Delete(kv.Bucket, []byte) error { return kv.ErrReadOnly }

func (f *flat) Scan(_ kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	for n := binary.BigEndian.Uint64(from); n < binary.BigEndian.Uint64(to); n++ {
		if err := fn(binary.BigEndian.AppendUint64(nil, n), f.log[n]); err != nil {
			return err
		}
	}
	return nil
}

var (
	largeOnce sync.Once
	large     *bench
)

const largeSize = 100_000

// largeLog is a log of 100,000 entries of 1,000 persons.
func largeLog(b *testing.B) *bench {
	b.Helper()
	largeOnce.Do(func() {
		large = memBench(mem.Options{})
		for i := 0; i < largeSize; i += 1000 {
			var some []audit.Entry
			for k := range 1000 {
				e := entry(i + k)
				e.Person = id("p_", (i+k)*7919%1000)
				some = append(some, e)
			}
			mustRecord(b, large, some...)
			large.watch.move(time.Hour)
		}
	})
	return large
}

func BenchmarkHistory(b *testing.B) {
	for _, name := range []string{"blocks", "merged"} {
		b.Run(name, func(b *testing.B) {
			l := largeLog(b)
			if name == "merged" {
				if _, err := l.log.MergeIndex(context.Background(), space); err != nil {
					b.Fatal(err)
				}
			}
			for i := 0; b.Loop(); i++ {
				got, _, err := l.log.History(context.Background(), space, audit.Query{Person: id("p_", i%1000), Limit: 1000})
				if err != nil || len(got) != 100 {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	l := largeLog(b)
	for b.Loop() {
		if err := check(l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*largeSize/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkSHA256 hashes the same leaves in one stream: the limit.
func BenchmarkSHA256(b *testing.B) {
	leaf := make([]byte, 110)
	for b.Loop() {
		h := sha256.New()
		for range largeSize {
			h.Write(leaf)
		}
		h.Sum(nil)
	}
	b.ReportMetric(float64(b.N)*largeSize/b.Elapsed().Seconds(), "entries/s")
}
