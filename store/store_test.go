package store_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

// at is an instant as rows keep it: UTC, whole microseconds.
var at = time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC)

// A row of each kind comes back as it went in.
func TestRowsRoundTrip(t *testing.T) {
	rows := []consent.Record{
		&consent.Structure{ID: "s_x", Number: 7, Slug: "pont", Name: public(t, "Pont <&> é"), Opened: at},
		&consent.Profile{Structure: "s_x", Number: 7, Slug: "pont", Name: public(t, "Pont"), TZ: "Europe/Paris"},
		&consent.Member{ID: "h_x", Account: "a_x", Role: "volunteer", Opened: at, Adhered: consent.Adherence{Version: "1.0.0", At: at}},
		&consent.Person{ID: "p_x", Created: at, Identity: 1, C: "c", Card: consent.Card{Issued: at, Serial: "s"}},
		&consent.Mandate{ID: "m_x", Person: "p_x", Drafted: at, Payload: consent.Payload{V: 1, From: at, Until: at.Add(time.Hour)}},
		&consent.Box{Owner: "p_x", Name: "contact", Version: 3, Sealed: "a.b.c"},
		&consent.WrappedKey{WrappedKey: personal.WrappedKey{Owner: "p_x", Kind: personal.KeyActive, Closed: []byte{0, 1, 255}}},
		&consent.IndexRow{Row: "00ff", Owner: "p_x"},
		&consent.IndexSeal{Owner: "p_x", Closed: []byte("closed"), Rows: []string{"00ff"}},
		&consent.BirthSeal{Owner: "p_x", Closed: []byte("closed")},
		&consent.Act{ID: "t_x", Mandate: "m_x", Person: "p_x", Happened: at, Recorded: at},
		&consent.Session{Hash: "00", Account: "a_x", Opened: at},
		&consent.Glass{Person: "p_x", By: "h_x", Reason: "danger", Until: at},
		&consent.Leaving{Member: "h_x", After: "m_x"},
	}
	db := mem.Open(mem.Options{})
	err := db.Update(t.Context(), 1, func(tx kv.Tx) error {
		for _, r := range rows {
			if err := store.Ledger(tx).Put(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), 1, func(tx kv.Tx) error {
		for _, want := range rows {
			got := reflect.New(reflect.TypeOf(want).Elem()).Interface().(consent.Record)
			err := store.Ledger(tx).Scan(got, want.Key(), "", func(_ string, load func(consent.Record) error) error { return load(got) })
			if err != nil {
				return err
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: %s", want.Bucket(), diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What this program did not write, it does not read, and it does not say what
// stood there.
func TestRowsAreStrict(t *testing.T) {
	for _, raw := range []string{
		`{"ID":"p_x","Nickname":"Jeanne"}`, `{"ID":"p_x","ID":"p_y"}`, `{"id":"p_x"}`, `{"ID":"p_x"} {}`, `{"ID":`, ``, `[]`,
	} {
		db := mem.Open(mem.Options{})
		put := func(tx kv.Tx) error { return tx.Put(kv.Bucket{Name: "person"}, []byte("p_x"), []byte(raw)) }
		if err := db.Update(t.Context(), 1, put); err != nil {
			t.Fatal(err)
		}
		err := db.View(t.Context(), 1, func(tx kv.Tx) error {
			_, err := store.Ledger(tx).Get(&consent.Person{ID: "p_x"})
			return err
		})
		if err == nil || strings.Contains(err.Error(), "Jeanne") {
			t.Errorf("%s was read with %v", raw, err)
		}
	}
}

// A scan gives the keys with the prefix, after the cursor, in order, and stops
// when it is told to.
func TestScan(t *testing.T) {
	db := mem.Open(mem.Options{})
	keys := []consent.PersonID{"p_a", "p_b", "p_ba", "p_c", "q_a"}
	err := db.Update(t.Context(), 1, func(tx kv.Tx) error {
		for _, k := range keys {
			if err := store.Ledger(tx).Put(&consent.Person{ID: k}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ prefix, after, stop, want string }{
		{"", "", "", "p_a p_b p_ba p_c q_a"},
		{"p_", "", "", "p_a p_b p_ba p_c"},
		{"p_b", "", "", "p_b p_ba"},
		{"p_", "p_b", "", "p_ba p_c"},
		{"p_", "p_c", "", ""},
		{"", "", "p_b", "p_a p_b"},
	} {
		var got []string
		err := db.View(t.Context(), 1, func(tx kv.Tx) error {
			return store.Ledger(tx).Scan(&consent.Person{}, c.prefix, c.after, func(key string, _ func(consent.Record) error) error {
				got = append(got, key)
				if key == c.stop {
					return consent.StopScan
				}
				return nil
			})
		})
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("scan %q after %q: %v %v, want %s", c.prefix, c.after, got, err, c.want)
		}
	}
}

// A missing wrapped key means erased.
func TestKeys(t *testing.T) {
	db := mem.Open(mem.Options{})
	s := audit.NewSpace(uint32(1), "pont")
	_, err := store.Keys{DB: db}.WrappedKey(t.Context(), s, "p_x", personal.KeyActive)
	if !errors.Is(err, personal.ErrErased) {
		t.Errorf("got %v, want erased", err)
	}
}

func TestFormat(t *testing.T) {
	ctx := context.Background()
	db := mem.Open(mem.Options{})
	if err := store.Prepare(ctx, db); !errors.Is(err, store.ErrNoRegister) {
		t.Errorf("an empty store: got %v", err)
	}
	if err := store.Begin(ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := store.Begin(ctx, db); !errors.Is(err, store.ErrRegister) {
		t.Errorf("a second begin: got %v", err)
	}
	if err := store.Prepare(ctx, db); err != nil {
		t.Errorf("the present format: got %v", err)
	}
	for raw, want := range map[string]error{"2": store.ErrNewer, "999": store.ErrNewer, "x": kv.ErrDamaged, "0": kv.ErrDamaged} {
		err := db.Update(ctx, 0, func(tx kv.Tx) error { return tx.Put(kv.Bucket{Name: "format"}, []byte("format"), []byte(raw)) })
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Prepare(ctx, db); !errors.Is(err, want) {
			t.Errorf("format %s: got %v, want %v", raw, err, want)
		}
	}
}

// Every housekeeping bucket is one that records use: a name misspelt here would
// only show when a key cannot be destroyed.
func TestHousekeepingNamesRealBuckets(t *testing.T) {
	known := map[string]bool{}
	for _, r := range []consent.Record{
		&consent.Session{}, &consent.Message{}, &consent.Erasing{}, &consent.Idempotency{}, &consent.Applied{},
		&consent.WrappedKey{}, &consent.Box{}, &consent.IndexRow{}, &consent.IndexSeal{}, &consent.BirthSeal{},
		&consent.CardRow{}, &consent.CardSerial{}, &consent.CheckOf{}, &consent.Link{}, &consent.Sitting{}, &consent.Glass{}, &consent.Ceremony{},
		&consent.DutyRow{}, &consent.EndingRow{}, &consent.NamedRow{}, &consent.EdgeRow{}, &consent.MailDue{},
		&consent.Access{}, &consent.Spent{}, &consent.PlaceRow{}, &consent.PlaceAt{}, &consent.PlaceRun{},
		&consent.RefusedText{},
	} {
		known[r.Bucket()] = true
	}
	for _, b := range store.Housekeeping {
		if !known[b.Name] {
			t.Errorf("no record is in bucket %s", b.Name)
		}
		if err := b.Check(); err != nil {
			t.Error(err)
		}
	}
}

// public is a text as a row gives it back.
func public(t *testing.T, text string) (p consent.PublicText) {
	t.Helper()
	if err := p.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return p
}
