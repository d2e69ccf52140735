package personal_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"aval/audit"
	"aval/consent/personal"

	"pgregory.net/rapid"
)

// turnTo makes the epoch n weeks from now.
func turnTo(t testing.TB, r *register, n int) {
	t.Helper()
	if turned, err := r.Turn(now.Add(time.Duration(n) * week)); err != nil || !turned {
		t.Fatalf("turned %v, %v", turned, err)
	}
}

// finish destroys all epochs but the current one, made n weeks from now.
func finish(t testing.TB, r *register, n int) {
	t.Helper()
	epochs := r.Epochs()
	at := now.Add(time.Duration(n) * week)
	if err := r.MarkRewrapped(epochs[len(epochs)-1].Kid, at); err != nil {
		t.Fatal(err)
	}
	gone, err := r.DestroyDue(at.Add(23 * 24 * time.Hour))
	if err != nil || len(gone) != len(epochs)-1 {
		t.Fatalf("destroyed %v, %v", gone, err)
	}
}

// Over many weeks the living stay readable and whatever lies about of earlier
// weeks is dead, whole or not.
func TestRewrapOverManyEpochs(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	contact := personal.Contact{Phone: text(t, "04")}
	box := seal(t, r, r.key(t, lyon, p, personal.KeyActive), "contact", 1, contact)
	detail := []byte("a key of the log's details, 32 b")
	closed, err := r.Wrap("detail/1/r/2026-11", detail)
	if err != nil {
		t.Fatal(err)
	}
	born := r.BirthHash(lyon, p, birth(t, "1950-03-02"), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	var passes []audit.Pass // beforehand: nobody rewraps the log's own keys in this test
	for range 9 {
		passes = append(passes, r.pass(t, lyon, p, audit.OK, "contact"))
	}
	for n := 1; n <= 8; n++ {
		w, err := r.rows.WrappedKey(ctx, lyon, p, personal.KeyActive)
		if err != nil {
			t.Fatal(err)
		}
		if same, changed, err := r.Rewrap(lyon, w); err != nil || changed || !bytes.Equal(same.Closed, w.Closed) {
			t.Fatalf("rewrapped in its own epoch: %v, %v", changed, err)
		}
		turnTo(t, r, n)
		w2, changed, err := r.Rewrap(lyon, w)
		if err != nil || !changed || w2.Epoch == w.Epoch || w2.Kid != w.Kid || w2.Owner != w.Owner {
			t.Fatalf("rewrap: %v, %v", changed, err)
		}
		r.rows.put(lyon, w2)
		closed2, changed, err := r.RewrapBytes("detail/1/r/2026-11", closed)
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		born2, changed, err := r.RewrapBirth(lyon, p, born)
		if err != nil || !changed {
			t.Fatal(changed, err)
		}
		finish(t, r, n)
		// The old forms are dead; the new ones serve.
		if _, _, err := r.Rewrap(lyon, w); !errors.Is(err, personal.ErrEpoch) {
			t.Errorf("week %d: an old wrapped key: %v", n, err)
		}
		if _, err := r.Unwrap("detail/1/r/2026-11", closed); !errors.Is(err, personal.ErrEpoch) {
			t.Errorf("week %d: an old detail key: %v", n, err)
		}
		if _, err := r.CheckBirth(lyon, p, born, birth(t, "1950-03-02")); !errors.Is(err, personal.ErrEpoch) {
			t.Errorf("week %d: an old birth hash: %v", n, err)
		}
		closed, born = closed2, born2
		if got, err := r.Unwrap("detail/1/r/2026-11", closed); err != nil || !bytes.Equal(got, detail) {
			t.Errorf("week %d: the detail key: %v", n, err)
		}
		if ok, err := r.CheckBirth(lyon, p, born, birth(t, "1950-03-02")); err != nil || !ok {
			t.Errorf("week %d: the birth hash: %v", n, err)
		}
		got, err := personal.Open[personal.Contact](ctx, r.Keyring, passes[n], p, "contact", 1, box)
		if err != nil || got.Phone.Reveal() != "04" {
			t.Errorf("week %d: the box: %v", n, err)
		}
	}
}

// A row put back from an old backup, after its person was erased and the epoch
// destroyed, opens nothing.
func TestDestroyedEpochIsTheEnd(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	box := seal(t, r, r.key(t, lyon, p, personal.KeyActive), "contact", 1, personal.Contact{Phone: text(t, "04")})
	backup, err := r.rows.WrappedKey(ctx, lyon, p, personal.KeyActive)
	if err != nil {
		t.Fatal(err)
	}
	r.rows.delete(lyon, p, personal.KeyActive)
	turnTo(t, r, 1)
	finish(t, r, 1)
	r.rows.put(lyon, backup)
	_, err = personal.Open[personal.Contact](ctx, r.Keyring, r.pass(t, lyon, p, audit.OK, "contact"), p, "contact", 1, box)
	if !errors.Is(err, personal.ErrEpoch) {
		t.Errorf("brought back: %v", err)
	}
	again, err := personal.OpenFolder(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := personal.NewKeyring(again, r.rows).Rewrap(lyon, backup); !errors.Is(err, personal.ErrEpoch) {
		t.Errorf("by another process: %v", err)
	}
}

func TestWrapContext(t *testing.T) {
	r, other := newRegister(t), newRegister(t)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "key")
		context := rapid.String().Draw(t, "context")
		closed, err := r.Wrap(context, key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Unwrap(context, closed); err != nil || !bytes.Equal(got, key) {
			t.Fatalf("unwrapped: %v", err)
		}
		if _, err := r.Unwrap(context+"x", closed); !errors.Is(err, personal.ErrClosed) {
			t.Fatalf("in another context: %v", err)
		}
		if _, err := other.Unwrap(context, closed); !errors.Is(err, personal.ErrEpoch) {
			t.Fatalf("in another register: %v", err)
		}
		i := rapid.IntRange(0, len(closed)-1).Draw(t, "byte")
		closed[i] ^= 1
		if _, err := r.Unwrap(context, closed); err == nil {
			t.Fatalf("byte %d flipped", i)
		}
	})
	if _, err := r.Wrap("x", make([]byte, 1<<20)); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("a megabyte: %v", err)
	}
	if _, err := r.Unwrap("x", make([]byte, 1<<20)); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("a megabyte: %v", err)
	}
}

func TestErasedList(t *testing.T) {
	r := newRegister(t)
	if err := r.folder.AddErased("ccas-lyon", owner("p", 1)); err != nil {
		t.Fatal(err)
	}
	again, err := personal.OpenFolder(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []personal.Erasure{{Space: "ccas-lyon", Owner: string(owner("p", 1))}}
	if got, err := again.Erased(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	data, err := os.ReadFile(r.dir + "/erased")
	if err != nil || string(data) != "ccas-lyon "+string(owner("p", 1))+"\n" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestCheckBirth(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	for _, c := range []struct {
		recorded, typed string
		right           bool
	}{
		{"1950-03-02", "1950-03-02", true},
		{"1950-03-02", "1950-03-03", false},
		{"1950-03-02", "1950-03", false}, // knows less than we do
		{"1950-03-02", "1950", false},
		{"1950-03", "1950-03-02", true},
		{"1950-03", "1950-03", true},
		{"1950-03", "1950-04-02", false},
		{"1950-03", "1950", false},
		{"1950", "1950-12-31", true},
		{"1950", "1950-12", true},
		{"1950", "1950", true},
		{"1950", "1951", false},
	} {
		closed := r.BirthHash(lyon, p, birth(t, c.recorded), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		if got, err := r.CheckBirth(lyon, p, closed, birth(t, c.typed)); err != nil || got != c.right {
			t.Errorf("%s for %s: %v, %v", c.typed, c.recorded, got, err)
		}
	}
	closed := r.BirthHash(lyon, p, birth(t, "1950"), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	if _, err := r.CheckBirth(nantes, p, closed, birth(t, "1950")); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("in another space: %v", err)
	}
	if _, err := r.CheckBirth(lyon, owner("p", 2), closed, birth(t, "1950")); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("another person: %v", err)
	}
	none := r.BirthHash(lyon, p, personal.BirthDate{}, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	for _, typed := range []personal.BirthDate{{}, birth(t, "1950")} {
		if ok, err := r.CheckBirth(lyon, p, none, typed); err != nil || ok {
			t.Errorf("without a date: %v, %v", ok, err)
		}
	}
	if ok, err := r.CheckBirth(lyon, p, closed, personal.BirthDate{}); err != nil || ok {
		t.Errorf("nothing typed: %v, %v", ok, err)
	}
	if len(none) != len(closed) {
		t.Error("the length tells how much is known")
	}
}

func TestToken(t *testing.T) {
	r, other := newRegister(t), newRegister(t)
	a, b := personal.NewToken(), personal.NewToken()
	if len(a.Reveal()) != 43 || a.Reveal() == b.Reveal() {
		t.Error("not random")
	}
	again, err := personal.ParseToken(a.Reveal())
	if err != nil || !bytes.Equal(r.TokenHash(again), r.TokenHash(a)) || len(r.TokenHash(a)) != 32 {
		t.Errorf("read back: %v", err)
	}
	if bytes.Equal(r.TokenHash(a), r.TokenHash(b)) || bytes.Equal(r.TokenHash(a), other.TokenHash(a)) {
		t.Error("hashes alike")
	}
	last := a.Reveal()[42]
	for _, bad := range []string{"", "x", a.Reveal()[:42], a.Reveal() + "A", a.Reveal()[:42] + "!", a.Reveal()[:42] + string(last+1), a.Reveal()[:42] + "\n"} {
		if _, err := personal.ParseToken(bad); !errors.Is(err, personal.ErrToken) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Until the first instant of the day they are surely of age, somebody may be a
// minor, and nothing is kept of anybody older.
func TestIsMinor(t *testing.T) {
	r := newRegister(t)
	p := owner("p", 1)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		born  string
		at    time.Time
		minor bool
	}{
		{"2010-03-02", now, true},
		{"2010-03-02", time.Date(2028, 3, 1, 23, 59, 59, 0, time.UTC), true},
		{"2010-03-02", time.Date(2028, 3, 2, 0, 0, 0, 0, time.UTC), false},
		{"2010-03", time.Date(2028, 3, 30, 0, 0, 0, 0, time.UTC), true},
		{"2010-03", time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC), false},
		{"2010", time.Date(2028, 12, 30, 0, 0, 0, 0, time.UTC), true},
		{"2010", time.Date(2028, 12, 31, 0, 0, 0, 0, time.UTC), false},
		{"1950-03-02", now, false},
		{"2008-11-22", now, false},
		{"2008-11-23", now, true},
	} {
		closed := r.BirthHash(lyon, p, birth(t, c.born), now)
		if got, err := r.IsMinor(lyon, p, closed, c.at); err != nil || got != c.minor {
			t.Errorf("born %s, at %s: minor %v %v, want %v", c.born, c.at, got, err, c.minor)
		}
		if ok, err := r.CheckBirth(lyon, p, closed, birth(t, c.born)); err != nil || !ok {
			t.Errorf("born %s: the date is not theirs: %v", c.born, err)
		}
	}
	if _, err := r.IsMinor(nantes, p, r.BirthHash(lyon, p, birth(t, "2010"), now), now); !errors.Is(err, personal.ErrClosed) {
		t.Errorf("another space's seal: %v", err)
	}
}
