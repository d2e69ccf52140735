package consent_test

import (
	"testing"
	"time"

	"aval/audit"
)

// The last copy counts, and each is an entry in the register's space alone.
func TestLastBackup(t *testing.T) {
	w := newWorld(t)
	w.desk()
	last := func() time.Time {
		at, err := w.reg.LastBackup(w.ctx)
		w.must(err)
		return at
	}
	if at := last(); !at.IsZero() {
		t.Errorf("a copy at %v, and none was made", at)
	}
	for range 2 {
		w.clock.add(36 * time.Hour)
		want, sizes := w.clock.now(), w.sizes()
		w.must(w.reg.NoteBackup(w.ctx))
		if at := last(); !at.Equal(want) {
			t.Errorf("the last copy is of %v, want %v", at, want)
		}
		if e := w.last("register"); e.Act != audit.BackupMade || w.size("register") != sizes["register"]+1 || w.size("ccas") != sizes["ccas"] {
			t.Errorf("the entry is %+v", e.Entry)
		}
	}
	w.restart()
	w.clock.add(time.Hour)
	if at := last(); !at.Equal(w.clock.now().Add(-time.Hour)) {
		t.Errorf("started anew: %v", at)
	}
}
