package audit

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// What is remembered is given once, and there is never much of it.
func TestRecent(t *testing.T) {
	var r recent
	hash := func(i int) tlog.Hash { return tlog.Hash{byte(i), byte(i >> 8), byte(i >> 16)} }
	if _, found := r.take(hash(0)); found {
		t.Error("found before anything was put")
	}
	for i := range 3 * maxRecent {
		r.put(hash(i), indexed{entry: &Entry{ID: "x"}})
		if len(r.all) > maxRecent {
			t.Fatalf("%d remembered", len(r.all))
		}
	}
	last := hash(3*maxRecent - 1)
	if x, found := r.take(last); !found || x.entry.ID != "x" {
		t.Error("the last one is forgotten")
	}
	if _, found := r.take(last); found {
		t.Error("given twice")
	}
}
