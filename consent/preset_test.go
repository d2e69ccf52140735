package consent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

func (w *world) quarterly() consent.NewPreset {
	return consent.NewPreset{Name: clean(w.t, "CAF, avec elle, 1 an"), Powers: []consent.Power{caf}, Days: 365}
}

func (w *world) preset(referent consent.Actor, n consent.NewPreset) consent.Preset {
	w.t.Helper()
	p, err := w.reg.SavePreset(w.ctx, referent, n)
	w.must(err)
	return p
}

// A preset is stored as it was written, with its categories, and each change of it
// is an entry of the referent's.
func TestPresets(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	size := w.size("ccas")
	p := w.preset(d.referent, w.quarterly())
	category, _ := w.reg.Charter().Procedure(caf.Service, caf.Procedure)
	power := caf
	power.Category = category.Category
	want := consent.Preset{
		ID: p.ID, Name: public(t, "CAF, avec elle, 1 an"), Powers: []consent.Power{power}, Days: 365, Changed: start, By: d.referent.Member(),
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.StructureUpdated || e.On[0] != string(p.ID) ||
		e.By != string(d.referent.Member()) || e.Person != "" || e.Digest == "" {
		t.Errorf("the entry is %+v", e.Entry)
	}

	w.clock.add(time.Minute)
	once := consent.NewPreset{ID: p.ID, Name: clean(t, "CAF, une fois"), Powers: []consent.Power{caf}, OneProcedure: true}
	again := w.preset(d.referent, once)
	other := w.preset(d.referent, consent.NewPreset{Name: clean(t, "Avec lui"), Powers: []consent.Power{caf}, Days: 31})
	list, err := w.reg.Presets(w.ctx, d.helper) // any member reads them
	w.must(err)
	if diff := cmp.Diff([]consent.Preset{other, again}, list); diff != "" {
		t.Errorf("by name: %s", diff)
	}
	if again.ID != p.ID || !again.OneProcedure || again.Days != 0 || !again.Changed.Equal(start.Add(time.Minute)) {
		t.Errorf("written again: %+v", again)
	}

	size = w.size("ccas")
	w.must(w.reg.DropPreset(w.ctx, d.referent, p.ID))
	if rows := dumped(t, w.db).in("preset"); len(rows) != 1 || w.size("ccas") != size+1 || w.last("ccas").On[0] != string(p.ID) {
		t.Errorf("after one of two is dropped: %v", rows)
	}
	w.notFound("ccas", size+1, w.reg.DropPreset(w.ctx, d.referent, p.ID))
	w.notFound("ccas", size+1, second(w.reg.SavePreset(w.ctx, d.referent, once)))
}

func TestPresetForms(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for want, change := range map[string]func(*consent.NewPreset){
		"/name empty":                   func(n *consent.NewPreset) { n.Name = clean(t, "") },
		"/days one_duration":            func(n *consent.NewPreset) { n.Days = 0 },
		"/days days":                    func(n *consent.NewPreset) { n.Days = -1 },
		"/powers one_procedure":         func(n *consent.NewPreset) { n.Days, n.OneProcedure, n.Powers = 0, true, []consent.Power{caf, caf} },
		"/powers/0/procedure procedure": func(n *consent.NewPreset) { n.Powers = []consent.Power{{Service: "caf", Procedure: "ameli"}} },
	} {
		n := w.quarterly()
		change(&n)
		w.unchanged(func() {
			if _, err := w.reg.SavePreset(w.ctx, d.referent, n); invalid(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	both := w.quarterly()
	both.OneProcedure = true
	if _, err := w.reg.SavePreset(w.ctx, d.referent, both); invalid(err) != "/days one_duration" {
		t.Errorf("two durations: %v", err)
	}
	for i := range 50 {
		n := w.quarterly()
		n.Name = clean(t, fmt.Sprint("Modèle ", i))
		w.preset(d.referent, n)
	}
	w.unchanged(func() {
		if _, err := w.reg.SavePreset(w.ctx, d.referent, w.quarterly()); conflict(err) != "presets_full" {
			t.Errorf("the 51st: %v", err)
		}
	})
}

// A preset says nothing that no helper could draft, and only a referent writes it.
func TestPresetsRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	kept := w.preset(d.referent, w.quarterly())
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	newcomer := w.newcomer(d.referent, charter.Secretary)
	save := func(change func(*consent.NewPreset)) func(consent.Actor) error {
		return func(a consent.Actor) error {
			n := w.quarterly()
			change(&n)
			return second(w.reg.SavePreset(w.ctx, a, n))
		}
	}
	same := func(*consent.NewPreset) {}
	drop := func(a consent.Actor) error { return w.reg.DropPreset(w.ctx, a, kept.ID) }
	for _, c := range []struct {
		name string
		a    consent.Actor
		role charter.Role
		rule charter.RuleID
		why  charter.Reason
		try  func(consent.Actor) error
	}{
		{"by a helper", d.helper, charter.SocialWorker, "C16", charter.OfficeOnly, save(same)},
		{"by a newcomer", newcomer, charter.Secretary, "C16", charter.OfficeOnly, save(same)},
		{"by the operator", operator, "operator", "C21", charter.ActorNotAllowed, save(same)},
		{"dropped by a helper", d.helper, charter.SocialWorker, "C16", charter.OfficeOnly, drop},
		{"dropped by the operator", operator, "operator", "C21", charter.ActorNotAllowed, drop},
		{"for two years", d.referent, charter.Referent, "C04", charter.DurationOver, save(func(n *consent.NewPreset) { n.Days = 730 })},
		{"of powers twice", d.referent, charter.Referent, "C03", charter.PowerTwice, save(func(n *consent.NewPreset) { n.Powers = append(n.Powers, caf) })},
		{"of training", d.referent, charter.Referent, "C03", charter.ModeNoMandate, save(func(n *consent.NewPreset) { n.Powers[0].Mode = charter.Train })},
		{"of nothing", d.referent, charter.Referent, "C03", charter.PowersCount, save(func(n *consent.NewPreset) { n.Powers = nil })},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.in(t).refuses(c.a, c.role, refusal{rule: c.rule, reason: c.why, action: audit.StructureUpdated}, c.try)
		})
	}
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C23", reason: charter.MemberClosed, action: audit.StructureUpdated}, drop)
}

// Asked twice with one key, a preset is written once.
func TestPresetIsWrittenOnce(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	call := consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("preset")}
	first := w.preset(d.referent.With(call), w.quarterly())
	size := w.size("ccas")
	if again := w.preset(d.referent.With(call), w.quarterly()); !cmp.Equal(first, again) || w.size("ccas") != size {
		t.Errorf("asked again: %+v", again)
	}
	drop := consent.Call{Request: consent.NewRequestID(), Idempotency: "l", Body: []byte("drop")}
	for range 2 {
		w.must(w.reg.DropPreset(w.ctx, d.referent.With(drop), first.ID))
	}
}
