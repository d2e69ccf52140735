package place

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
)

//go:embed communes.csv.gz
var communesFile []byte

// A Gazetteer finds communes by name or postal code, and where they are. It does not
// change once loaded.
type Gazetteer struct {
	towns  []Town           // by folded name, then postal code
	names  []string         // folded, of towns
	postal map[Postal][]int // towns of a postal code
}

// A Town is a commune under one of its postal codes.
type Town struct {
	Name   string
	Postal Postal // empty for some communes overseas
	INSEE  Commune
	Point  *Point // nil when the open files do not say
}

// LoadGazetteer reads the communes that the program carries (communes.mjs says from
// where): about 36,000, a quarter of them, the larger, with a position.
func LoadGazetteer() (*Gazetteer, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(communesFile))
	if err != nil {
		return nil, fmt.Errorf("place: communes: %w", err)
	}
	g := &Gazetteer{postal: map[Postal][]int{}}
	rows := csv.NewReader(unzipped)
	rows.FieldsPerRecord = 5
	for {
		row, err := rows.Read()
		if err == io.EOF { //nolint:errorlint // returned as it is
			break
		} else if err != nil {
			return nil, fmt.Errorf("place: communes: %w", err)
		}
		t := Town{Postal: Postal(row[0]), INSEE: Commune(row[1]), Name: row[2]}
		if row[3] != "" {
			lat, errLat := strconv.ParseFloat(row[3], 64)
			lon, errLon := strconv.ParseFloat(row[4], 64)
			if errLat != nil || errLon != nil {
				return nil, fmt.Errorf("place: communes: position of %s", t.INSEE)
			}
			t.Point = &Point{lat, lon}
		}
		g.towns = append(g.towns, t)
	}
	g.names = make([]string, len(g.towns))
	for i, t := range g.towns {
		g.names[i] = fold(t.Name)
	}
	sort.Stable(byName{g})
	for i, t := range g.towns {
		if t.Postal != "" {
			g.postal[t.Postal] = append(g.postal[t.Postal], i)
		}
	}
	return g, nil
}

// byName sorts towns and their folded names together.
type byName struct{ *Gazetteer }

func (g byName) Len() int           { return len(g.towns) }
func (g byName) Less(i, j int) bool { return g.names[i] < g.names[j] }
func (g byName) Swap(i, j int) {
	g.towns[i], g.towns[j] = g.towns[j], g.towns[i]
	g.names[i], g.names[j] = g.names[j], g.names[i]
}

// Find lists the communes of a postal code, of a name, or of a name's beginning when
// no name fits whole; at most 20. "98800 Nouméa" is read by its code.
func (g *Gazetteer) Find(text string) []Town {
	text = strings.TrimSpace(text)
	if code := Postal(strings.TrimSpace(text[:min(5, len(text))])); postalForm.MatchString(string(code)) {
		var towns []Town
		for _, i := range g.postal[code] {
			towns = append(towns, g.towns[i])
		}
		return first20(towns)
	}
	name := fold(text)
	if len(name) < 2 {
		return nil
	}
	var exact, begin []Town
	for i := sort.SearchStrings(g.names, name); i < len(g.names) && strings.HasPrefix(g.names[i], name); i++ {
		if g.names[i] == name {
			exact = append(exact, g.towns[i])
		} else {
			begin = append(begin, g.towns[i])
		}
	}
	if len(exact) > 0 {
		return first20(exact)
	}
	return first20(begin)
}

func first20(towns []Town) []Town { return towns[:min(20, len(towns))] }

// SameName tells whether two names of communes are one, whatever their spelling.
func SameName(a, b string) bool { return fold(a) == fold(b) }

// FoldName is a commune's name in the one spelling that SameName compares.
func FoldName(name string) string { return fold(name) }

// Around is the middle of the communes of a postal code that have a position; nil
// when none has.
func (g *Gazetteer) Around(code Postal) *Point {
	var points []Point
	for _, i := range g.postal[code] {
		if p := g.towns[i].Point; p != nil {
			points = append(points, *p)
		}
	}
	return Middle(points)
}

// Middle is the median of points by latitude and by longitude, so that one misplaced
// point does not pull it away; nil of none.
func Middle(points []Point) *Point {
	if len(points) == 0 {
		return nil
	}
	median := func(degrees func(Point) float64) float64 {
		list := make([]float64, len(points))
		for i, p := range points {
			list[i] = degrees(p)
		}
		sort.Float64s(list)
		return list[len(list)/2]
	}
	return &Point{median(func(p Point) float64 { return p.Lat }), median(func(p Point) float64 { return p.Lon })}
}

// Km is the distance between two points along the Earth's surface, in kilometres
// (haversine on a sphere of 6,371 km: right to half a percent).
func Km(a, b Point) float64 {
	const earth, radian = 6371, math.Pi / 180
	dLat, dLon := (b.Lat-a.Lat)*radian, (b.Lon-a.Lon)*radian
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(a.Lat*radian)*math.Cos(b.Lat*radian)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Zone is the time zone that a postal code's clocks show (IANA).
func Zone(code Postal) string {
	zones := map[string]string{
		"971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne", "974": "Indian/Reunion",
		"975": "America/Miquelon", "976": "Indian/Mayotte", "986": "Pacific/Wallis", "987": "Pacific/Tahiti", "988": "Pacific/Noumea",
	}
	if len(code) == 5 {
		if zone, overseas := zones[string(code[:3])]; overseas {
			return zone
		}
	}
	return "Europe/Paris"
}
