package consent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
)

// A Preset is what a structure's mandates often say: powers and a duration, so
// that a mandate is made with a touch. The referent writes it and any member
// uses it; it allows nothing by itself, since each draft is asked of the charter
// anew.
//
// Name is in clear, as a structure's name is: it says what a group of mandates is
// for ("CAF, with them, 1 year"), is written by the referent alone, is screened
// as every text is, and is shown to every member.
type Preset struct {
	ID           PresetID
	Name         PublicText // 1 to 80 characters
	Powers       []Power
	Days         int  // 0 with OneProcedure
	OneProcedure bool // for one procedure only, as in Terms
	Changed      time.Time
	By           MemberID
}

func (r *Preset) Bucket() string { return "preset" }
func (r *Preset) Key() string    { return string(r.ID) }

// NewPreset is a preset to write. An empty ID makes a new one.
type NewPreset struct {
	ID           PresetID
	Name         screen.Clean
	Powers       []Power // the category is filled in
	Days         int     // or
	OneProcedure bool    // for one procedure only
}

// maxPresets bounds a structure's presets: more are not found at a glance.
const maxPresets = 50

// Presets lists the presets of the actor's structure by name.
func (r *Register) Presets(ctx context.Context, a Actor) (list []Preset, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(p *Preset) error {
			list = append(list, *p)
			return nil
		})
	})
	slices.SortFunc(list, func(a, b Preset) int {
		return cmp.Or(cmp.Compare(a.Name.String(), b.Name.String()), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// SavePreset lets a referent write a preset. It is refused what no helper could
// draft.
func (r *Register) SavePreset(ctx context.Context, a Actor, n NewPreset) (Preset, error) {
	if n.Name.String() == "" {
		return Preset{}, &Invalid{Pointer: "/name", Reason: "empty"}
	}
	powers, err := r.powers(n.Powers)
	if err != nil {
		return Preset{}, err
	}
	if err := n.lasts(len(powers)); err != nil {
		return Preset{}, err
	}
	var p Preset
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.governs(); err != nil {
			return err
		}
		p = Preset{
			ID: n.ID, Name: publicText(n.Name), Powers: powers, Days: n.Days, OneProcedure: n.OneProcedure,
			Changed: t.at, By: t.actor.member,
		}
		if err := t.place(&p); err != nil {
			return err
		}
		finding, err := t.draftable(p)
		if err != nil {
			return err
		}
		if err := t.refuse(Attempt{Action: audit.StructureUpdated}, finding); err != nil {
			return err
		}
		if err := t.joins(textsOfPresets, string(p.ID), n.Name); err != nil {
			return err
		}
		dg, err := rowDigest(&p)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(p.ID)}, Digest: dg})
		if err := t.tx.Put(&p); err != nil {
			return err
		}
		return t.made(string(p.ID))
	})
	if id, again := replayed(err); again {
		return r.preset(ctx, a, PresetID(id))
	}
	return p, err
}

// governs lets a referent of the structure write what its members share.
func (t *turn) governs() error {
	if err := t.onlyMember(audit.StructureUpdated); err != nil {
		return err
	}
	return t.onlyReferent(audit.StructureUpdated, charter.OpOpenMember)
}

// lasts checks that a preset says how long in one way.
func (n NewPreset) lasts(powers int) error {
	switch {
	case n.OneProcedure == (n.Days != 0):
		return &Invalid{Pointer: "/days", Reason: "one_duration"}
	case n.Days < 0:
		return &Invalid{Pointer: "/days", Reason: "days"}
	case n.OneProcedure && powers != 1:
		return &Invalid{Pointer: "/powers", Reason: "one_procedure"}
	}
	return nil
}

// place finds the preset that is written again, or a place for a new one.
func (t *turn) place(p *Preset) error {
	if p.ID != "" {
		return need(t.tx, &Preset{ID: p.ID}, "preset")
	}
	n := 0
	err := t.tx.Scan(&Preset{}, "", "", func(string, func(Record) error) error {
		n++
		return nil
	})
	if err == nil && n >= maxPresets {
		err = &Conflict{Reason: "presets_full"}
	}
	p.ID = PresetID("v_" + random26())
	return err
}

// draftable asks the charter whether a helper of some role could draft a mandate
// of a preset, now, for a person whom nothing holds up; if none could, it tells
// the rule that stops the first role of the matrix.
func (t *turn) draftable(p Preset) (*charter.Finding, error) {
	tz, err := time.LoadLocation(t.profile.TZ)
	if err != nil {
		return nil, err
	}
	days := p.Days
	if p.OneProcedure {
		days = oneProcedureDays
	}
	f := charter.Facts{
		Operation: charter.OpDraft, Now: t.at, Opened: t.profile.Opened,
		Draft: charter.Draft{
			Powers: p.Powers, From: t.at, Until: Until(t.at, days, tz), Days: days,
			Capacity: charter.CapacityNo, Conflict: charter.ConflictNo, Supersedes: charter.SupersessionNone,
		},
	}
	var first *charter.Finding
	for _, role := range t.r.charter.HelperRoles() {
		f.Member = charter.Member{Open: true, Role: role.Code, Adhered: t.r.charter.Version()}
		finding := t.r.charter.Check(f)
		if finding == nil {
			return nil, nil
		}
		if first == nil {
			first = finding
		}
	}
	return first, nil
}

func (r *Register) preset(ctx context.Context, a Actor, id PresetID) (p Preset, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		p = Preset{ID: id}
		return need(tx, &p, "preset")
	})
	return p, err
}

// DropPreset lets a referent take a preset away. Mandates made with it stay.
func (r *Register) DropPreset(ctx context.Context, a Actor, id PresetID) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.governs(); err != nil {
			return err
		}
		p := &Preset{ID: id}
		if err := need(t.tx, p, "preset"); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(id)}})
		if err := deleteAll(t.tx, p, &EdgeRow{Group: textsOfPresets, Record: string(id)}); err != nil {
			return err
		}
		return t.made(string(id))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}
