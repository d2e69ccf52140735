package consent_test

import (
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
)

func typed(t *testing.T, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: "text", Text: text, Kind: screen.Search, Max: 300})
	if err != nil {
		t.Fatalf("%q is refused: %v", text, err)
	}
	return c[0]
}

// recorded records somebody by "given/birth name/used name".
func (w *world) recorded(helper consent.Actor, names, birth string) consent.PersonID {
	w.t.Helper()
	n := strings.Split(names+"//", "/")
	id, err := w.reg.RecordPerson(w.ctx, helper, consent.PersonData{
		GivenNames: clean(w.t, n[0]), BirthName: clean(w.t, n[1]), UsedName: clean(w.t, n[2]), Birth: birth,
	})
	w.must(err)
	return id
}

const prepare = charter.PurposePrepareMandate

// One box finds people as they are called: any order, folded, the beginnings of
// names, dates as they are typed.
func TestFindByBirthDateAndNames(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	for _, c := range []struct {
		names, birth string
		typed        []string
	}{
		{"Mohamed/Benali", "1950-03-02", []string{"02/03/1950 Mohammed Benali", "benali 2.3.1950", "Moh 02031950 BEN", "BENALI mohamed 1950-03-02", "2 3 1950, Ben Moh"}},
		{"Mohammed/Bennani", "1951-03-02", []string{"Mohamed Benani 02/03/1951", "mohamed 2-3-1951"}},
		{"Yann/Le Goff", "1960-12-25", []string{"Legoff 25/12/1960", "le goff yann 25 12 1960", "GOFF 25/12/1960", "25/12/1960 yann leg"}},
		{"Soazig/Legoff", "1961-12-25", []string{"Le Goff 25/12/1961", "le-goff soazig 1961-12-25"}},
		{"Samir/Aït-Ali", "1970-01-31", []string{"ait ali 31/01/1970", "AITALI 31.1.1970", "Aït 31/1/1970 sam", "Ali 31/01/1970"}},
		{"/Ahmadullah", "1980", []string{"Ahmadullah 1980", "1980 ahmadulah", "ahm 1980", "01/01/1980 Ahmad"}},
		{"Zohra//Diop", "1944-07", []string{"Diop 07/1944", "1944-07 zohra", "14/07/1944 diop"}},
		{"محمد/أحمدي", "1985-05-06", []string{"احمدي 06/05/1985"}},
		{"Wei/Li", "1990-10-01", []string{"Li 01/10/1990", "wei li 1/10/1990"}},
		{"Marie/Nguyễn/Martin", "1955-02-28", []string{"nguyen 28/02/1955", "Martin Marie 28/02/1955"}},
	} {
		id := w.recorded(d.helper, c.names, c.birth)
		for _, text := range c.typed {
			size := w.size("ccas")
			found, err := w.reg.Find(w.ctx, d.helper, typed(t, text), prepare)
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			if len(found.Candidates) != 1 || found.Candidates[0].Person != id || found.Mandate != nil || found.Person != "" {
				t.Errorf("%q finds %d, want %s", text, len(found.Candidates), c.names)
			}
			e := w.last("ccas")
			if w.size("ccas") != size+1 || e.Act != audit.PersonSearched || e.Person != string(id) || e.Purpose != string(prepare) {
				t.Errorf("%q: the entry is %+v", text, e.Entry)
			}
		}
	}
	for _, text := range []string{"Benali 03/03/1950", "Durand 02/03/1950", "1950 Benali"} { // another day, name, and a year alone
		found, err := w.reg.Find(w.ctx, d.helper, typed(t, text), prepare)
		w.must(err)
		if len(found.Candidates) != 0 {
			t.Errorf("%q finds somebody", text)
		}
	}
}

// Many people are born on the first of January: whom most of what was typed fits
// comes first, among five at most, each an entry.
func TestFindPutsFirstWhomMostFits(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	var benali consent.PersonID
	for i, names := range []string{
		"Mohamed/Diallo", "Mohamed/Traore", "Mohamed/Camara", "Mohamed/Keita", "Mohamed/Barry", "Mohamed/Sow", "Mohamed/Benali", "Fatima/Benmoussa",
	} {
		id := w.recorded(d.helper, names, "1950-01-01")
		if i == 6 {
			benali = id
		}
	}
	for _, text := range []string{"Moh Ben 01/01/1950", "01/01/1950 ben moh", "benal moham 1950-01-01"} {
		size := w.size("ccas")
		found, err := w.reg.Find(w.ctx, d.helper, typed(t, text), prepare)
		w.must(err)
		if n := len(found.Candidates); n != 5 || w.size("ccas") != size+5 || found.Candidates[0].Person != benali {
			t.Errorf("%q: %d candidates, the one that fits is not first", text, n)
		}
		for i, c := range found.Candidates {
			if e := w.lines("ccas")[size+int64(i)].Detail; e.Person != string(c.Person) {
				t.Errorf("entry %d is of %s", i, e.Person)
			}
		}
	}
}

func TestFindByReference(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	for _, text := range []string{m.Ref, m.Ref[:4] + " " + m.Ref[4:], " " + m.Ref[:2] + "." + m.Ref[2:5] + "-" + m.Ref[5:] + " "} {
		w.unchanged(func() {
			found, err := w.reg.Find(w.ctx, d.helper, typed(t, text), prepare)
			if err != nil || found.Mandate == nil || found.Mandate.ID != m.ID || found.Person != d.person || len(found.Candidates) > 0 {
				t.Errorf("%q: %+v, %v", text, found, err)
			}
		})
	}
	w.unchanged(func() {
		for _, text := range []string{
			"", "Morel", "1948", "12/03/1948", "Morel 12/03", "Morel 12/03/48", "Morel 1948 1950", "Morel 32/01/1948", "Morel 12/03/2048", "1234567", "123456789",
			"12/03/1948 -", "Morel 12-1948-03",
		} {
			if _, err := w.reg.Find(w.ctx, d.helper, typed(t, text), prepare); invalid(err) != "/text find_form" {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
	size := w.size("ccas")
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	if _, err := w.reg.Find(w.ctx, d.helper, typed(t, m.Ref), prepare); signInNeeded(err) != "session" || w.size("ccas") != size+1 {
		t.Errorf("a closed member finds by reference: %v", err)
	}
}

func TestFindByCard(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	first, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	stranger := w.helper(w.structure("asso"), charter.SocialWorker)
	theirs := w.person(stranger)
	foreign, err := w.reg.IssueCard(w.ctx, stranger, theirs, consent.CardWish{})
	w.must(err)
	w.unchanged(func() {
		found, err := w.reg.FindByCard(w.ctx, d.helper, code)
		if err != nil || found.Person != d.person || found.Mandate != nil || len(found.Candidates) > 0 {
			t.Errorf("%+v, %v", found, err)
		}
		for name, c := range map[string]struct {
			a    consent.Actor
			code personal.CardCode
		}{
			"a killed card":          {d.helper, first},
			"a card of nobody":       {d.helper, personal.NewCardCode()},
			"another space's":        {d.helper, foreign},
			"ours, by another space": {stranger, code},
		} {
			if _, err := w.reg.FindByCard(w.ctx, c.a, c.code); !isNotFound(err) || err.Error() != "no such card" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.reg.FindByCard(w.ctx, consent.Actor{}, code); !isNotFound(err) && signInNeeded(err) != "session" {
			t.Errorf("by nobody: %v", err)
		}
	})
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	w.unchanged(func() {
		if _, err := w.reg.FindByCard(w.ctx, d.helper, code); signInNeeded(err) != "session" {
			t.Errorf("by a closed member: %v", err)
		}
	})
}

// Whoever may be the person about to be recorded is offered before, each a look.
func TestSimilar(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	known := w.recorded(d.helper, "Mohamed/Le Goff", "1950-01-01")
	for names, want := range map[string]int{
		"Mohammed/Legoff": 1, "/Le Goff": 1, "Moha/Autre": 1, "Autre//LEGOFF": 1, "Ana/Costa": 0,
	} {
		size := w.size("ccas")
		n := strings.Split(names+"//", "/")
		found, err := w.reg.Similar(w.ctx, d.helper, consent.PersonData{
			GivenNames: clean(t, n[0]), BirthName: clean(t, n[1]), UsedName: clean(t, n[2]), Birth: "1950-01-01",
		})
		w.must(err)
		if len(found) != want || want == 1 && (found[0].Person != known || w.last("ccas").Person != string(known)) {
			t.Errorf("%s: %d", names, len(found))
		}
		if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.PersonSearched || e.Purpose != string(prepare) {
			t.Errorf("%s: the entry is %+v", names, e.Entry)
		}
	}
	w.unchanged(func() {
		if _, err := w.reg.Similar(w.ctx, d.helper, consent.PersonData{Birth: "1950"}); invalid(err) != "/birth_name one_name_needed" {
			t.Errorf("nobody: %v", err)
		}
		if _, err := w.reg.Similar(w.ctx, d.helper, consent.PersonData{BirthName: clean(t, "Petit"), Birth: "2050"}); invalid(err) != "/birth birth_date" {
			t.Errorf("of the future: %v", err)
		}
	})
}

func TestFindingRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	dpo := w.helper(d.referent, charter.DPO)
	newcomer := w.newcomer(d.referent, charter.SocialWorker)
	find := func(purpose charter.Purpose) func(consent.Actor) error {
		return func(a consent.Actor) error {
			return second(w.reg.Find(w.ctx, a, typed(t, "Morel 12/03/1948"), purpose))
		}
	}
	similar := func(a consent.Actor) error {
		return second(w.reg.Similar(w.ctx, a, consent.PersonData{BirthName: clean(t, "Morel"), Birth: "1948-03-12"}))
	}
	for _, c := range []struct {
		a    consent.Actor
		role charter.Role
		want refusal
		try  func(consent.Actor) error
	}{
		{newcomer, charter.SocialWorker, refusal{"C22", charter.NotAdhered, audit.PersonSearched, "", "", prepare}, find(prepare)},
		{d.helper, charter.SocialWorker, refusal{"C15", charter.PurposeMissing, audit.PersonSearched, "", "", ""}, find("")},
		{d.helper, charter.SocialWorker, refusal{"C15", charter.PurposeRole, audit.PersonSearched, "", "", charter.PurposeDPOAudit}, find(charter.PurposeDPOAudit)},
		{dpo, charter.DPO, refusal{"C15", charter.PurposeRole, audit.PersonSearched, "", "", prepare}, find(prepare)},
		{dpo, charter.DPO, refusal{"C15", charter.PurposeRole, audit.PersonSearched, "", "", prepare}, similar},
		{newcomer, charter.SocialWorker, refusal{"C22", charter.NotAdhered, audit.PersonSearched, "", "", prepare}, similar},
	} {
		w.refuses(c.a, c.role, c.want, c.try)
	}
}

// deskUses are the use-cases of the desk that take an identifier.
func (w *world) deskUses() []use {
	r, ctx := w.reg, w.ctx
	type (
		person  = consent.PersonID
		mandate = consent.MandateID
		member  = consent.MemberID
		actor   = consent.Actor
	)
	return []use{
		{"names", func(a actor, p person, _ mandate, _ member) error { return w.list(prepare, p)(a) }},
		{"appointment", func(a actor, p person, _ mandate, _ member) error {
			return second(r.StartAppointment(ctx, a, p, prepare))
		}},
		{"sheet", func(a actor, _ person, m mandate, _ member) error {
			return second(r.MandateSheet(ctx, a, m, charter.PurposeFollowUp))
		}},
		{"member names", func(a actor, _ person, _ mandate, h member) error {
			return second(r.MemberNames(ctx, a, []member{h}))
		}},
	}
}

// What another space has is not found at the desk either, a card finds nobody
// else's, and nobody is told to sign in; nothing is written.
func TestDeskSeesItsOwnSpace(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	preset := w.preset(d.referent, w.quarterly())
	stranger := w.structure("asso")
	helper := w.helper(stranger, charter.SocialWorker)
	code, err := w.reg.IssueCard(w.ctx, helper, w.person(helper), consent.CardWish{})
	w.must(err)
	holder, err := w.reg.CardHolder(w.ctx, code)
	w.must(err)
	w.unchanged(func() {
		for _, u := range w.deskUses() {
			if err := u.ask(helper, d.person, m.ID, d.helper.Member()); !isNotFound(err) {
				t.Errorf("%s by a stranger: %v", u.name, err)
			}
			if err := u.ask(consent.Actor{}, d.person, m.ID, d.helper.Member()); signInNeeded(err) != "session" {
				t.Errorf("%s by nobody: %v", u.name, err)
			}
			if err := u.ask(holder, d.person, m.ID, d.helper.Member()); !isNotFound(err) && signInNeeded(err) != "session" {
				t.Errorf("%s by a card: %v", u.name, err)
			}
		}
		if _, err := w.reg.Find(w.ctx, helper, typed(t, m.Ref), prepare); !isNotFound(err) {
			t.Errorf("another space's reference: %v", err)
		}
		if err := w.reg.DropPreset(w.ctx, stranger, preset.ID); !isNotFound(err) {
			t.Errorf("another space's preset: %v", err)
		}
		away := consent.StandIn{Away: d.helper.Member(), By: helper.Member(), From: "2027-01-11", To: "2027-01-12"}
		if err := w.reg.SetStandIn(w.ctx, stranger, away); invalid(err) != "/away member_id" {
			t.Errorf("a stand-in for another space's member: %v", err)
		}
	})
	lists := map[string]func(consent.Actor) (int, error){
		"presets": func(a consent.Actor) (int, error) { l, err := w.reg.Presets(w.ctx, a); return len(l), err },
		"duties": func(a consent.Actor) (int, error) {
			l, _, err := w.reg.Duties(w.ctx, a, consent.Page{Limit: 100})
			return len(l), err
		},
		"ending": func(a consent.Actor) (int, error) {
			l, err := w.reg.Ending(w.ctx, a, 300*24*time.Hour)
			return len(l), err
		},
		"without helper": func(a consent.Actor) (int, error) { l, err := w.reg.WithoutHelper(w.ctx, a); return len(l), err },
		"stand-ins":      func(a consent.Actor) (int, error) { l, err := w.reg.StandIns(w.ctx, a); return len(l), err },
		"tallies": func(a consent.Actor) (int, error) {
			l, err := w.reg.Tallies(w.ctx, a, "2027-01")
			return int(l["train"]), err
		},
	}
	w.must(w.reg.CountHelp(w.ctx, d.helper, consent.TallyTrain))
	w.must(w.reg.SetStandIn(w.ctx, d.referent, consent.StandIn{Away: d.helper.Member(), By: d.referent.Member(), From: "2027-01-11", To: "2027-01-12"}))
	w.must(w.reg.CloseHelper(w.ctx, stranger, helper.Member()))
	w.unchanged(func() {
		for name, list := range lists {
			if n, err := list(stranger); err != nil || n != 0 {
				t.Errorf("%s of another space: %d, %v", name, n, err)
			}
			for who, a := range map[string]consent.Actor{"nobody": {}, "a card": holder, "a closed member": helper} {
				if n, err := list(a); signInNeeded(err) != "session" || n != 0 {
					t.Errorf("%s by %s: %d, %v", name, who, n, err)
				}
			}
		}
	})
	for name, want := range map[string]int{"presets": 1, "stand-ins": 1, "tallies": 1, "ending": 1, "duties": 0, "without helper": 0} {
		if n, err := lists[name](d.helper); err != nil || n != want {
			t.Errorf("%s of one's own space: %d, %v, want %d", name, n, err, want)
		}
	}
}
