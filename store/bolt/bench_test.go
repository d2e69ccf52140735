package bolt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aval/store/kv"
)

// BenchmarkPut has callers wait for one small durable update each, again and
// again. Disks differ, and differ from minute to minute, so it measures the disk
// in the same run: 4 KiB appended and synced, the least a commit can be. A
// commit of bbolt syncs twice.
//
//	puts/s       updates a second, of all callers
//	syncs/s      the disk, one writer
//	puts/sync    the first over the second
//	p50-syncs    median time of an update, in syncs
func BenchmarkPut(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			dir := b.TempDir()
			syncs := measureSyncs(b, filepath.Join(dir, "syncs"))
			db := open(b, filepath.Join(dir, "register.db"), Options{})
			benchmarkPuts(b, db, callers, syncs)
		})
	}
}

func benchmarkPuts(b *testing.B, db *DB, callers int, syncs float64) { //nolint:thelper // a benchmark's body
	entries := kv.Bucket{Name: "entries", Append: true}
	var next atomic.Int64
	times := make([][]time.Duration, callers)
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range callers {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				began := time.Now()
				err := db.Update(context.Background(), 1, func(tx kv.Tx) error {
					return tx.Put(entries, []byte(fmt.Sprintf("%012d", n)), []byte("a small value"))
				})
				if err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	each := slices.Concat(times...)
	slices.Sort(each)
	puts := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(puts, "puts/s")
	b.ReportMetric(syncs, "syncs/s")
	b.ReportMetric(puts/syncs, "puts/sync")
	b.ReportMetric(each[len(each)/2].Seconds()*syncs, "p50-syncs")
}

// measureSyncs returns how often a second the disk makes 4 KiB durable.
func measureSyncs(b *testing.B, path string) float64 {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const many = 4000
	page := make([]byte, 4096)
	began := time.Now()
	for range many {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	return many / time.Since(began).Seconds()
}
