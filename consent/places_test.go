package consent_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/place"
	"aval/store/kv"
	"aval/store/mem"
)

const placesHead = "id,nom,commune,code_postal,adresse,date_maj,services\n"

// imported puts a file in force and returns the report and what was told, a line each.
func (w *world) imported(set, file string) (consent.PlaceReport, []string) {
	w.t.Helper()
	var told []string
	report, err := w.reg.ImportPlaces(w.ctx, consent.Operator(), consent.PlaceSetName(set), strings.NewReader(file), func(n consent.PlaceNews) {
		switch {
		case n.Gone != "":
			told = append(told, "gone: "+n.Gone)
		case n.Refused:
			told = append(told, n.Fault.String())
		default:
			told = append(told, "left out: "+n.Fault.String())
		}
	})
	w.must(err)
	return report, told
}

func TestPlacesAreImportedOnceAndReplaced(t *testing.T) {
	w := newWorld(t)
	w.desk()
	size := w.size("register")
	first := placesHead +
		"1,Mairie,Reims,51100,1 rue A,2024-04-02,Aide aux démarches administratives\n" +
		"2,Médiathèque,Reims,51100,2 rue B,2024-04-02,\n" +
		"1,Mairie bis,Reims,51100,3 rue C,2024-04-02,\n" +
		"4,Cyber-base,Reims,51100,4 rue D,2024-02-30,\n"
	report, told := w.imported("marne", first)
	want := consent.PlaceReport{Report: place.Report{Read: 4, Kept: 2, Refused: 2, NoPivot: 2, NoPoint: 2}, Added: 2}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"line 4, column 1: id was seen before in this file",
		"line 5, column 6: date_maj is not of the form that the schema asks",
	}, told); diff != "" {
		t.Error(diff)
	}
	if e := w.last("register"); e.Act != audit.PlacesImported || e.Counts["kept"] != 2 || w.size("register") != size+1 {
		t.Errorf("the entry is %+v", e.Entry)
	}

	again, told := w.imported("marne", first)
	want.Added, want.Same = 0, 2
	if diff := cmp.Diff(want, again); diff != "" || len(told) != 2 {
		t.Error(diff, told)
	}

	newer, told := w.imported("marne", placesHead+
		"1,Mairie,Reims,51100,1 rue Neuve,2025-04-02,Aide aux démarches administratives\n"+
		"5,Point info,Reims,51100,5 rue E,2025-04-02,\n")
	want = consent.PlaceReport{Report: place.Report{Read: 2, Kept: 2, NoPivot: 2, NoPoint: 2}, Added: 1, Changed: 1, Vanished: 1}
	if diff := cmp.Diff(want, newer); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"gone: Médiathèque, Reims"}, told); diff != "" {
		t.Error(diff)
	}
	if n := w.count("place"); n != 2 {
		t.Errorf("%d rows of places, 2 are in force", n)
	}

	w.imported("ardennes", placesHead+"1,Mairie,Sedan,08200,1 rue A,2024-04-02,\n")
	sets, err := w.reg.PlaceSets(w.ctx)
	w.must(err)
	if len(sets) != 2 || sets[1].Places != 2 {
		t.Errorf("%+v", sets)
	}
}

// A file that ends in the middle, and an import that is cut off at any write, leave
// the set as it was; the next import goes through.
func TestCutImportChangesNothing(t *testing.T) {
	b := &breaker{}
	w := newWorldOn(t, mem.Open(mem.Options{Fault: b.fault}))
	w.desk()
	w.imported("nc", placesHead+"1,Mairie,Nouméa,98800,1 rue A,2024-04-02,\n")
	inForce := func() string {
		sets, err := w.reg.PlaceSets(w.ctx)
		w.must(err)
		return fmt.Sprint(sets[0].Generation, sets[0].Places)
	}
	before, size := inForce(), w.size("register")

	_, err := w.reg.ImportPlaces(w.ctx, consent.Operator(), "nc", strings.NewReader(`[{"id":"9","nom":"x"},`), func(consent.PlaceNews) {})
	if _, broken := errors.AsType[*place.FileError](err); !broken || inForce() != before || w.size("register") != size {
		t.Fatalf("broken off: %v, in force %s", err, inForce())
	}
	file, err := os.ReadFile("place/testdata/nouvelle-caledonie-2024.json")
	w.must(err)
	for cut := 1; ; cut++ {
		for _, when := range []mem.Step{mem.Before, mem.After} {
			b.arm(cut, when)
			_, err := w.reg.ImportPlaces(w.ctx, consent.Operator(), "nc", strings.NewReader(string(file)), func(consent.PlaceNews) {})
			b.heal()
			w.clock.add(2 * 60e9)
			if err == nil {
				if when == mem.After {
					if got := w.count("place"); got != 90 {
						t.Errorf("%d rows of places, 90 are in force", got)
					}
					return
				}
				continue
			}
			if got := inForce(); got != before && !strings.HasSuffix(got, " 90") {
				t.Fatalf("cut at write %d: in force %s", cut, got)
			}
			w.imported("nc", placesHead+"1,Mairie,Nouméa,98800,1 rue A,2024-04-02,\n")
			if n := w.count("place"); n != 1 {
				t.Fatalf("cut at write %d: %d rows of places after the next import", cut, n)
			}
			before = inForce()
		}
		if cut > 20 {
			t.Fatal("the import never goes through")
		}
	}
}

// Two imports of one set do not write into each other.
func TestOneImportAtATime(t *testing.T) {
	w := newWorld(t)
	w.desk()
	var second error
	var ran bool
	_, err := w.reg.ImportPlaces(w.ctx, consent.Operator(), "nc", strings.NewReader(placesHead+"1,,,,,,\n"), func(consent.PlaceNews) {
		ran = true
		_, second = w.reg.ImportPlaces(w.ctx, consent.Operator(), "nc", strings.NewReader(placesHead), func(consent.PlaceNews) {})
	})
	w.must(err)
	if c, ok := errors.AsType[*consent.Conflict](second); !ran || !ok || c.Reason != "import_running" {
		t.Errorf("the second import: %v", second)
	}
}

// Only the operator imports.
func TestMembersImportNothing(t *testing.T) {
	w := newWorld(t)
	a := w.desk()
	_, err := w.reg.ImportPlaces(w.ctx, a.helper, "nc", strings.NewReader(placesHead), func(consent.PlaceNews) {})
	if _, ok := errors.AsType[*consent.NotFound](err); !ok {
		t.Errorf("a helper's import: %v", err)
	}
}

// count counts the rows of a bucket of the register's space.
func (w *world) count(bucket string) (n int) {
	w.t.Helper()
	w.must(w.db.View(w.ctx, 0, func(tx kv.Tx) error {
		n = 0
		return tx.Scan(kv.Bucket{Name: bucket}, nil, nil, func(_, _ []byte) error { n++; return nil })
	}))
	return n
}

// publicPlace is a place of a file in force.
func (w *world) publicPlace() consent.PlaceID {
	w.t.Helper()
	sets, err := w.reg.PlaceSets(w.ctx)
	w.must(err)
	if len(sets) == 0 {
		w.imported("nc", placesHead+"1,Mairie,Nouméa,98800,1 rue A,2024-04-02,\n")
	}
	return consent.PlaceIDOf("nc", "1")
}

// newPlace is a place that no file has.
func newPlace(t *testing.T) consent.NewPlace {
	return consent.NewPlace{
		Name: clean(t, "Café des voisins"), Address: clean(t, "3 rue du Port"), Commune: clean(t, "Nouméa"), Postal: "98800",
		Phone: clean(t, "+687 44 57 28"), Services: []place.Code{"procedures"},
	}
}

// What a structure knows better is its own, survives an import, and is in no other
// structure's searches.
func TestStructuresKnowBetter(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	other := w.helper(w.structure("maison"), charter.SocialWorker)
	id := w.publicPlace()
	w.must(w.reg.NotePlace(w.ctx, d.helper, consent.PlaceKnowledge{ID: id, Phone: clean(t, "01 80 05 98 80"), Hours: clean(t, "Mo-Su 00:00-24:00")}))
	own, err := w.reg.AddPlace(w.ctx, d.helper, newPlace(t))
	w.must(err)
	if e := w.last("ccas"); e.Act != audit.StructureUpdated || e.On[0] != string(own) || e.Digest == "" {
		t.Errorf("the entry is %+v", e.Entry)
	}
	w.imported("nc", placesHead+"1,Mairie annexe,Nouméa,98800,1 rue A,2025-04-02,\n")
	f, err := w.reg.Place(w.ctx, d.helper, id)
	w.must(err)
	if f.Local == nil || f.Local.Phone != "+33180059880" || f.Open != consent.OpenNow || f.Place.Name.String() != "Mairie annexe" {
		t.Errorf("%+v, local %+v", f, f.Local)
	}
	if got := w.find(d.helper, consent.PlaceQuery{}); got.Total != 2 || got.Places[0].ID != own {
		t.Errorf("found %+v", got)
	}
	if got := w.find(other, consent.PlaceQuery{}); got.Total != 1 || got.Places[0].Local != nil {
		t.Errorf("another structure found %+v", got)
	}
	if err := w.reg.DropPlace(w.ctx, other, own); err == nil {
		t.Error("another structure dropped the place")
	}
	w.must(w.reg.NotePlace(w.ctx, d.helper, consent.PlaceKnowledge{ID: id}))
	w.must(w.reg.DropPlace(w.ctx, d.helper, own))
	if got := w.find(d.helper, consent.PlaceQuery{}); got.Total != 1 || got.Places[0].Local != nil {
		t.Errorf("left over: %+v", got)
	}
}
