package extract_test

import (
	"testing"
	"time"

	"aval/audit"
)

// BenchmarkRead verifies a log of 100,000 entries offline: its leaves alone, and
// with every detail.
func BenchmarkRead(b *testing.B) {
	const size = 100_000
	log := newBench()
	for i := 0; i < size; i += 1000 {
		var some []audit.Entry
		for k := range 1000 {
			some = append(some, entry(i+k))
		}
		log.record(b, some...)
	}
	for _, c := range []struct {
		name string
		open func(audit.Line) bool
	}{{"leaves", nil}, {"opened", func(audit.Line) bool { return true }}} {
		x := request(-time.Hour, time.Hour)
		x.Open = c.open
		data, _ := write(b, log, x)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := log.read(data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*size/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
