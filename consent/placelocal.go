package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent/place"
)

// What a structure knows better than a public file, it writes down for its own
// helpers (whoever may record a person may write here): a note, other hours, another telephone, that a place is no more, or a
// place that no file has. It lies in the structure's space, is dated and signed by
// who wrote it, and survives every import.

// A PlaceLocal is what a structure knows of a public place.
type PlaceLocal struct {
	ID      PlaceID
	Phone   place.Phone
	Hours   PublicText
	Note    PublicText
	Gone    bool // it does not exist any more, or does not help
	Changed time.Time
	By      MemberID
}

// A PlaceOwn is a place that a structure added.
type PlaceOwn struct {
	ID      PlaceID
	Place   place.Place[PublicText]
	Changed time.Time
	By      MemberID
}

func (r *PlaceLocal) Bucket() string { return "place-local" }
func (r *PlaceLocal) Key() string    { return string(r.ID) }
func (r *PlaceOwn) Bucket() string   { return "place-own" }
func (r *PlaceOwn) Key() string      { return string(r.ID) }

// maxLocal bounds what one structure writes down: it is read with each search.
const maxLocal = 500

type localPlaces struct {
	known map[PlaceID]*PlaceLocal
	added []*PlaceOwn
}

// localPlaces reads what the actor's structure wrote down, and the time.
func (r *Register) localPlaces(ctx context.Context, a Actor) (l localPlaces, now time.Time, err error) {
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		l, now = localPlaces{known: map[PlaceID]*PlaceLocal{}}, at
		err := each(tx, "", func(row *PlaceLocal) error {
			l.known[row.ID] = row
			return nil
		})
		if err != nil {
			return err
		}
		return each(tx, "", func(row *PlaceOwn) error {
			l.added = append(l.added, row)
			return nil
		})
	})
	return l, now, err
}

// entries are the added places as a search sees them.
func (l localPlaces) entries(v *place.Vocabulary) []entry {
	list := make([]entry, len(l.added))
	for i, own := range l.added {
		p := &own.Place
		list[i] = entry{
			marks: place.MarksOf(v, p), postal: p.Postal, commune: place.FoldName(p.Commune.String()), updated: p.Updated,
		}
		if p.Point != nil {
			list[i].located, list[i].lat, list[i].lon = true, float32(p.Point.Lat), float32(p.Point.Lon)
		}
	}
	return list
}

// PlaceKnowledge is what a helper writes down of a public place. All empty takes
// away what was written.
type PlaceKnowledge struct {
	ID    PlaceID
	Phone screen.Clean // as people write it; at most 30 characters
	Hours screen.Clean // at most 500 characters
	Note  screen.Clean // at most 500 characters
	Gone  bool
}

// NotePlace writes down what the actor's structure knows of a public place.
func (r *Register) NotePlace(ctx context.Context, a Actor, k PlaceKnowledge) error {
	phone, ok := place.ReadPhone(k.Phone.String())
	if !ok {
		return &Invalid{Pointer: "/phone", Reason: "phone"}
	}
	if _, err := r.Place(ctx, a, k.ID); err != nil {
		return err
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.check(Attempt{Action: audit.StructureUpdated}, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		row := &PlaceLocal{
			ID: k.ID, Phone: phone, Hours: publicText(k.Hours), Note: publicText(k.Note), Gone: k.Gone,
			Changed: t.at, By: t.actor.member,
		}
		dg, err := rowDigest(row)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(k.ID)}, Digest: dg})
		if phone == "" && row.Hours.IsZero() && row.Note.IsZero() && !k.Gone {
			return t.tx.Delete(row)
		}
		if err := full(t.tx, row); err != nil {
			return err
		}
		return t.tx.Put(row)
	})
	return err
}

// NewPlace is a place that no file has.
type NewPlace struct {
	Name, Address, Commune screen.Clean // 1 to 200 characters each
	Postal                 string       // five digits
	Phone                  screen.Clean
	Hours                  screen.Clean
	Note                   screen.Clean // shown as its summary
	Services, Ways, Care   []place.Code
}

// AddPlace adds a place of the structure's own. Its data counts as of today.
func (r *Register) AddPlace(ctx context.Context, a Actor, n NewPlace) (PlaceID, error) {
	p, err := n.place()
	if err != nil {
		return "", err
	}
	var id PlaceID
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.check(Attempt{Action: audit.StructureUpdated}, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		zone, err := time.LoadLocation(t.profile.TZ)
		if err != nil {
			return err
		}
		id = PlaceID("l_" + random26())
		row := &PlaceOwn{ID: id, Place: p, Changed: t.at, By: t.actor.member}
		row.Place.Updated = place.Date(t.at.In(zone).Format(time.DateOnly))
		if err := full(t.tx, row); err != nil {
			return err
		}
		dg, err := rowDigest(row)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(id)}, Digest: dg})
		if err := t.tx.Put(row); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if made, again := replayed(err); again {
		return PlaceID(made), nil
	}
	return id, err
}

// DropPlace takes a place of the structure's own away.
func (r *Register) DropPlace(ctx context.Context, a Actor, id PlaceID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.check(Attempt{Action: audit.StructureUpdated}, charter.Facts{Operation: charter.OpRecord}); err != nil {
			return err
		}
		row := &PlaceOwn{ID: id}
		if err := need(t.tx, row, "place"); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(id)}})
		return t.tx.Delete(row)
	})
	return err
}

// full refuses one row more than a structure may have.
func full(tx Tx, like Record) error {
	if found, err := tx.Get(like); err != nil || found {
		return err
	}
	n := 0
	err := tx.Scan(like, "", "", func(string, func(Record) error) error { n++; return nil })
	if err == nil && n >= maxLocal {
		err = &Conflict{Reason: "places_full"}
	}
	return err
}

// place checks a new place.
func (n NewPlace) place() (p place.Place[PublicText], err error) {
	for pointer, text := range map[string]screen.Clean{"/name": n.Name, "/address": n.Address, "/commune": n.Commune} {
		if publicText(text).IsZero() {
			return p, &Invalid{Pointer: pointer, Reason: "empty"}
		}
	}
	postal, ok := place.ReadPostal(n.Postal)
	if !ok {
		return p, &Invalid{Pointer: "/postal", Reason: "postal"}
	}
	phone, ok := place.ReadPhone(n.Phone.String())
	if !ok {
		return p, &Invalid{Pointer: "/phone", Reason: "phone"}
	}
	v, err := place.LoadVocabulary()
	if err != nil {
		return p, err
	}
	for column, list := range map[string][]place.Code{
		"services": n.Services, "modalites_accompagnement": n.Ways, "prise_en_charge_specifique": n.Care,
	} {
		for _, code := range list {
			if v.Mark(column, code) == 0 {
				return p, &Invalid{Pointer: "/" + column, Reason: "code"}
			}
		}
	}
	return place.Place[PublicText]{
		Name: publicText(n.Name), Address: publicText(n.Address), Commune: publicText(n.Commune), Postal: postal,
		Phone: phone, Hours: publicText(n.Hours), Summary: publicText(n.Note),
		Services: n.Services, Ways: n.Ways, Care: n.Care,
	}, nil
}
