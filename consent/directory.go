package consent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"aval/charter/screen"
	"aval/consent/place"
)

// Finding a place goes through all of them: a few dozen bytes of each are held in
// memory, made from the rows when a set changed, so a search of a country takes
// milliseconds and no index has to be kept true.

// A directory is what searches go through. It is a copy of rows and may be dropped.
type directory struct {
	mu      sync.Mutex
	stamp   string // of the sets it was made from
	entries []entry
	sets    []PlaceSet
	towns   *place.Gazetteer // once somebody looks near a commune
	words   *place.Vocabulary
}

// An entry is a place as a search sees it.
type entry struct {
	set      uint16 // in directory.sets
	located  bool
	seq      uint32
	marks    place.Marks
	lat, lon float32
	postal   place.Postal
	commune  string // folded; one string for all places of a commune
	updated  place.Date
}

// A PlaceQuery says what kind of place is looked for. All that is set must hold.
type PlaceQuery struct {
	Near     screen.Clean // commune or postal code; empty: anywhere
	Within   int          // kilometres, 1 to 200; 0: any distance
	Services []place.Code
	Care     []place.Code
	Ways     []place.Code
	Access   []place.Code
	Price    []place.Code
	National []place.Code // programmes
	OpenNow  bool         // places whose hours are known and say so
	Limit    int          // 1 to 50; 0 means 20
	Cursor   string       // of the page before
}

// A FoundPlace is one result.
type FoundPlace struct {
	ID    PlaceID
	Set   PlaceSetName // empty for a place that the structure added
	Place place.Place[PublicText]
	Km    float64     // from the middle of Near; -1 when it is not known
	Open  OpenState   // now
	Stale bool        // its producer has not touched it for a year
	Local *PlaceLocal // what the actor's structure knows better; nil: nothing
}

// OpenState is what the opening hours say now.
type OpenState string

// The states; HoursUnknown also stands for hours of a form that nobody reads.
const (
	HoursUnknown OpenState = "unknown"
	OpenNow      OpenState = "open"
	ClosedNow    OpenState = "closed"
)

// FoundPlaces is a page of results.
type FoundPlaces struct {
	Places []FoundPlace
	Total  int    // before OpenNow is asked
	Next   string // cursor; empty on the last page
	// Middle is where Near is, and From how that is known; nil when it is not, and
	// then the places of that name or postal code come first.
	Middle *place.Point
	From   MiddleFrom
	Zone   string // time zone of OpenNow
}

// MiddleFrom says how the position of a commune is known.
type MiddleFrom string

// The ways, the best first.
const (
	FromTowns  MiddleFrom = "towns"  // open data of towns
	FromPlaces MiddleFrom = "places" // middle of the places imported there
	FromPostal MiddleFrom = "postal" // middle of the communes of the same postal code
)

// staleAfter is when a place's data is shown as old.
const staleAfter = 365 * 24 * time.Hour

// maxLooked bounds the places whose hours one page looks at.
const maxLooked = 500

func (q PlaceQuery) valid() error {
	switch {
	case q.Within < 0 || q.Within > 200:
		return &Invalid{Pointer: "/within", Reason: "distance"}
	case q.Limit < 0 || q.Limit > 50:
		return &Invalid{Pointer: "/limit", Reason: "limit"}
	case q.Within > 0 && strings.TrimSpace(q.Near.String()) == "":
		return &Invalid{Pointer: "/near", Reason: "near_needed"}
	}
	return nil
}

// FindPlaces finds places. What helps most people who come here stands first: help
// with procedures, one to one; then the nearest. Places that receive nobody are
// left out. It is public data, so nothing is entered in the log.
func (r *Register) FindPlaces(ctx context.Context, a Actor, q PlaceQuery) (*FoundPlaces, error) {
	if err := q.valid(); err != nil {
		return nil, err
	}
	if q.Limit == 0 {
		q.Limit = 20
	}
	local, now, err := r.localPlaces(ctx, a)
	if err != nil {
		return nil, err
	}
	d := &r.places
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := r.refresh(ctx, d); err != nil {
		return nil, err
	}
	return r.find(ctx, d, q, local, now)
}

// refresh makes the directory anew when a set changed.
func (r *Register) refresh(ctx context.Context, d *directory) error {
	sets, err := r.PlaceSets(ctx)
	if err != nil {
		return err
	}
	if d.words == nil {
		if d.words, err = place.LoadVocabulary(); err != nil {
			return err
		}
	}
	stamp := fmt.Sprint(sets)
	if stamp == d.stamp {
		return nil
	}
	entries, communes := []entry(nil), map[string]string{}
	for i, s := range sets {
		entries = slices.Grow(entries, s.Places)
		err := r.eachPlace(ctx, s, func(row *PlaceRow) {
			p := &row.Place
			if p.ReceivesNobody() {
				return
			}
			e := entry{set: uint16(i), seq: row.Seq, marks: place.MarksOf(d.words, p), postal: p.Postal, updated: p.Updated}
			name := place.FoldName(p.Commune.String())
			if known, ok := communes[name]; ok {
				name = known
			} else {
				communes[name] = name
			}
			e.commune = name
			if p.Point != nil {
				e.located, e.lat, e.lon = true, float32(p.Point.Lat), float32(p.Point.Lon)
			}
			entries = append(entries, e)
		})
		if err != nil {
			return err
		}
	}
	d.stamp, d.entries, d.sets = stamp, entries, sets
	return nil
}

// eachPlace goes through a set in short transactions.
func (r *Register) eachPlace(ctx context.Context, s PlaceSet, fn func(*PlaceRow)) error {
	prefix := generation(s.Name, s.Generation)
	for after, last, more := "", "", true; more; after = last {
		var rows []*PlaceRow
		err := r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
			rows, more, last = rows[:0], false, after
			return tx.Scan(&PlaceRow{}, prefix, after, func(key string, load func(Record) error) error {
				if len(rows) == placeBatch {
					more = true
					return StopScan
				}
				row := &PlaceRow{}
				if err := load(row); err != nil {
					return err
				}
				rows, last = append(rows, row), key
				return nil
			})
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			fn(row)
		}
	}
	return nil
}

// A where is what Near came to.
type where struct {
	middle  *place.Point
	from    MiddleFrom
	commune string // folded
	postal  place.Postal
}

// locate finds where a commune or postal code is.
func (d *directory) locate(near string) where {
	near = strings.TrimSpace(near)
	w := where{commune: place.FoldName(near)}
	if code := near[:min(5, len(near))]; len(code) == 5 && strings.Trim(code, "0123456789") == "" {
		w.postal, w.commune = place.Postal(code), place.FoldName(near[5:])
	}
	var towns []place.Point
	for _, t := range d.towns.Find(near) {
		if t.Point != nil && (w.commune == "" || place.FoldName(t.Name) == w.commune || w.postal == t.Postal) {
			towns = append(towns, *t.Point)
		}
		if w.postal == "" && t.Postal != "" && place.FoldName(t.Name) == w.commune {
			w.postal = t.Postal
		}
	}
	if len(towns) == 0 && w.commune != "" {
		for _, t := range d.towns.Find(near[min(5, len(near)):]) {
			if t.Point != nil && w.postal != "" && place.FoldName(t.Name) == w.commune {
				towns = append(towns, *t.Point)
			}
		}
	}
	if w.middle = place.Middle(near1(towns)); w.middle != nil {
		w.from = FromTowns
		return w
	}
	var there []place.Point
	for i := range d.entries {
		if e := &d.entries[i]; e.located && w.names(e) {
			there = append(there, place.Point{Lat: float64(e.lat), Lon: float64(e.lon)})
		}
	}
	if w.middle = place.Middle(there); w.middle != nil {
		w.from = FromPlaces
		return w
	}
	if w.middle = d.towns.Around(w.postal); w.middle != nil {
		w.from = FromPostal
	}
	return w
}

// near1 keeps the towns within 30 km of the first: communes of one name lie anywhere
// in the country, and their middle is nowhere.
func near1(towns []place.Point) []place.Point {
	var close []place.Point
	for _, p := range towns {
		if place.Km(towns[0], p) < 30 {
			close = append(close, p)
		}
	}
	return close
}

// names tells whether a place stands under the commune or postal code.
func (w where) names(e *entry) bool {
	return w.commune != "" && e.commune == w.commune || w.postal != "" && e.postal == w.postal
}

// A candidate is a place that fits, with what it is sorted by.
type candidate struct {
	at    int // in directory.entries; below 0: -1-n is the n-th that the structure added
	rank  int
	km    float64
	there bool
}

// find goes through the directory. d is locked.
func (r *Register) find(ctx context.Context, d *directory, q PlaceQuery, local localPlaces, now time.Time) (*FoundPlaces, error) {
	want, err := d.wanted(q)
	if err != nil {
		return nil, err
	}
	var w where
	near := strings.TrimSpace(q.Near.String())
	if near != "" {
		if d.towns == nil {
			if d.towns, err = place.LoadGazetteer(); err != nil {
				return nil, err
			}
		}
		w = d.locate(near)
	}
	first := []place.Marks{d.words.Mark("services", "procedures"), d.words.Mark("modalites_accompagnement", "individual")}
	var fit []candidate
	try := func(at int, e *entry) {
		c := candidate{at: at, km: -1, there: near != "" && w.names(e)}
		if e.marks&want != want {
			return
		}
		if w.middle != nil && e.located {
			c.km = place.Km(*w.middle, place.Point{Lat: float64(e.lat), Lon: float64(e.lon)})
		}
		switch {
		case near == "":
		case q.Within > 0 && c.km >= 0:
			if c.km > float64(q.Within) {
				return
			}
		case (q.Within > 0 || w.middle == nil) && !c.there:
			return
		}
		for _, m := range first {
			if e.marks&m != m {
				c.rank++
			}
		}
		fit = append(fit, c)
	}
	for i := range d.entries {
		try(i, &d.entries[i])
	}
	added := local.entries(d.words)
	for i := range added {
		try(-1-i, &added[i])
	}
	slices.SortStableFunc(fit, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(far(a), far(b)), cmp.Compare(a.at, b.at))
	})
	out := &FoundPlaces{Total: len(fit), Middle: w.middle, From: w.from}
	return out, r.page(ctx, d, q, local, fit, now, out)
}

// far sorts what has no distance after what has one, those of the place first.
func far(c candidate) float64 {
	switch {
	case c.km >= 0:
		return c.km
	case c.there:
		return 0
	}
	return 1e6
}

// wanted are the marks that a place must have.
func (d *directory) wanted(q PlaceQuery) (m place.Marks, err error) {
	for column, list := range map[string][]place.Code{
		"services": q.Services, "prise_en_charge_specifique": q.Care, "modalites_accompagnement": q.Ways,
		"modalites_acces": q.Access, "frais_a_charge": q.Price, "dispositif_programmes_nationaux": q.National,
	} {
		for _, code := range list {
			mark := d.words.Mark(column, code)
			if mark == 0 {
				return 0, &Invalid{Pointer: "/" + column, Reason: "code"}
			}
			m |= mark
		}
	}
	return m, nil
}

// page loads the places of one page of what fits.
func (r *Register) page(ctx context.Context, d *directory, q PlaceQuery, local localPlaces, fit []candidate, now time.Time, out *FoundPlaces) error {
	at, err := q.from()
	if err != nil {
		return err
	}
	return r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		out.Places, out.Next = nil, ""
		for i := at; i < len(fit); i++ {
			if len(out.Places) == q.Limit || i-at == maxLooked {
				out.Next = strconv.Itoa(i)
				return nil
			}
			f := FoundPlace{Km: fit[i].km}
			if n := fit[i].at; n >= 0 {
				e := &d.entries[n]
				row := PlaceRow{Set: d.sets[e.set].Name, Generation: d.sets[e.set].Generation, Seq: e.seq}
				if found, err := tx.Get(&row); err != nil {
					return err
				} else if !found {
					continue // a newer file came in force since
				}
				f.ID, f.Set, f.Place = row.ID, row.Set, row.Place
			} else {
				own := local.added[-1-n]
				f.ID, f.Place = own.ID, own.Place
			}
			f.complete(local, now)
			if q.OpenNow && f.Open != OpenNow || f.Local != nil && f.Local.Gone && q.OpenNow {
				continue
			}
			out.Places = append(out.Places, f)
		}
		return nil
	})
}

// from reads the cursor.
func (q PlaceQuery) from() (int, error) {
	if q.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(q.Cursor)
	if err != nil || n < 0 || strconv.Itoa(n) != q.Cursor {
		return 0, &Invalid{Pointer: "/cursor", Reason: "cursor"}
	}
	return n, nil
}

// complete says of a place what is known now.
func (f *FoundPlace) complete(local localPlaces, now time.Time) {
	hours := f.Place.Hours
	if l, known := local.known[f.ID]; known {
		f.Local = l
		if !l.Hours.IsZero() {
			hours = l.Hours
		}
	}
	f.Open = HoursUnknown
	if h, ok := place.ParseHours(hours.String()); ok {
		f.Open = ClosedNow
		if zone, err := time.LoadLocation(place.Zone(f.Place.Postal)); err == nil && h.OpenAt(now.In(zone)) {
			f.Open = OpenNow
		}
	}
	updated, err := time.Parse(time.DateOnly, string(f.Place.Updated))
	f.Stale = err != nil || now.Sub(updated) > staleAfter
}

// Place is one place by its identifier, as a search would show it. The error is
// *NotFound for one that no set in force has.
func (r *Register) Place(ctx context.Context, a Actor, id PlaceID) (*FoundPlace, error) {
	local, now, err := r.localPlaces(ctx, a)
	if err != nil {
		return nil, err
	}
	f := &FoundPlace{ID: id, Km: -1}
	for _, own := range local.added {
		if own.ID == id {
			f.Place = own.Place
			f.complete(local, now)
			return f, nil
		}
	}
	row, err := r.publicPlace(ctx, id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, &NotFound{Kind: "place"}
	}
	f.Set, f.Place = row.Set, row.Place
	f.complete(local, now)
	return f, nil
}

// publicPlace is the row of a place that a set in force has; nil when none has.
func (r *Register) publicPlace(ctx context.Context, id PlaceID) (row *PlaceRow, err error) {
	sets, err := r.PlaceSets(ctx)
	if err != nil {
		return nil, err
	}
	err = r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		row = nil
		for _, s := range sets {
			at := PlaceAt{Set: s.Name, Generation: s.Generation, ID: id}
			if found, err := tx.Get(&at); err != nil {
				return err
			} else if found {
				row = &PlaceRow{Set: s.Name, Generation: s.Generation, Seq: at.Seq}
				return need(tx, row, "place")
			}
		}
		return nil
	})
	return row, err
}
