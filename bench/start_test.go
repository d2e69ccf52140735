package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/consent/personal"
	"aval/store"
	"aval/store/bolt"
)

// BenchmarkStart opens a register of a million entries after a clean stop, up to
// the point where it could serve, and tells the anonymous memory of the process
// afterwards.
func BenchmarkStart(b *testing.B) {
	r := open(b, 200)
	r.grow(b, 1_000_000)
	must(b, r.db.Close())
	b.ResetTimer()
	for b.Loop() {
		begin := time.Now()
		folder, err := personal.OpenFolder(filepath.Join(r.dir, "keys"))
		must(b, err)
		db, err := bolt.Open(filepath.Join(r.dir, "aval.db"), bolt.Options{MustExist: true})
		must(b, err)
		must(b, store.Prepare(b.Context(), db))
		keys := personal.NewKeyring(folder, store.Keys{DB: db})
		log := audit.NewLog(db, keys, keys, audit.NewClock(time.Now, nil))
		must(b, log.CheckStart(b.Context(), r.space))
		b.ReportMetric(float64(time.Since(begin).Microseconds())/1e3, "ms/start")
		must(b, db.Close())
	}
	b.ReportMetric(anonymousMB(b), "MB-anonymous")
}

// anonymousMB is the memory of this process that is no file, in MB. It includes
// what growing the log left to the garbage collector.
func anonymousMB(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	must(b, err)
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			must(b, err)
			return kb / 1e3
		}
	}
	b.Fatal("no RssAnon")
	return 0
}
