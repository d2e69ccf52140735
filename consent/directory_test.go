package consent_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"aval/consent"
	"aval/consent/place"
)

// nearNoumea is a register with the two real files.
func realPlaces(t *testing.T) (*world, *desk) {
	t.Helper()
	w := newWorld(t)
	d := w.desk()
	for set, file := range map[string]string{"charente": "charente-2023.json", "nc": "nouvelle-caledonie-2024.json"} {
		data, err := os.ReadFile("place/testdata/" + file)
		w.must(err)
		w.imported(set, string(data))
	}
	return w, d
}

func (w *world) find(a consent.Actor, q consent.PlaceQuery) *consent.FoundPlaces {
	w.t.Helper()
	found, err := w.reg.FindPlaces(w.ctx, a, q)
	w.must(err)
	return found
}

func TestFindPlaces(t *testing.T) {
	w, d := realPlaces(t)
	for _, tt := range []struct {
		name  string
		q     consent.PlaceQuery
		total int
		first string
		from  consent.MiddleFrom
	}{
		{"all", consent.PlaceQuery{}, 278, "", ""},
		{"near Nouméa", consent.PlaceQuery{Near: clean(t, "Nouméa"), Within: 15}, 44, "", consent.FromTowns},
		{"the same by its postal code, which the open towns lack", consent.PlaceQuery{Near: clean(t, "98800"), Within: 15}, -1, "", consent.FromPlaces},
		{"Angoulême without its accent", consent.PlaceQuery{Near: clean(t, "angouleme"), Within: 5}, -1, "", consent.FromTowns},
		{"a village without a place", consent.PlaceQuery{Near: clean(t, "Chadurie"), Within: 20}, -1, "", consent.FromPlaces},
		{"no such commune", consent.PlaceQuery{Near: clean(t, "Zzyzx"), Within: 10}, 0, "", ""},
		{"help with procedures", consent.PlaceQuery{Services: []place.Code{"procedures"}}, 143, "", ""},
		{"by word and way", consent.PlaceQuery{Services: []place.Code{"procedures"}, Ways: []place.Code{"individual"}}, 77, "", ""},
		{"for the deaf", consent.PlaceQuery{Care: []place.Code{"deafness"}}, 0, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := w.find(d.helper, tt.q)
			t.Log(got.Total, got.From, got.Middle, len(got.Places))
			for _, p := range got.Places[:min(3, len(got.Places))] {
				t.Log(p.Place.Name, p.Place.Commune, p.Km, p.Place.Services, p.Place.Ways)
			}
			if tt.total >= 0 && got.Total != tt.total || got.From != tt.from {
				t.Errorf("found %d (from %q)", got.Total, got.From)
			}
		})
	}
	for pointer, q := range map[string]consent.PlaceQuery{
		"/within": {Within: 500}, "/near": {Within: 5}, "/services": {Services: []place.Code{"cooking"}},
		"/limit": {Limit: 51}, "/cursor": {Cursor: "-1"},
	} {
		_, err := w.reg.FindPlaces(w.ctx, d.helper, q)
		if bad, ok := errors.AsType[*consent.Invalid](err); !ok || !strings.HasPrefix(bad.Pointer, pointer) && pointer != "/near" {
			t.Errorf("%s: %v", pointer, err)
		}
	}
}
