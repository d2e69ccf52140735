package consent_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/store/kv"
	"aval/store/mem"
)

// stoppedIn are the mandates of a receipt.
func stoppedIn(r *consent.Receipt) (ids []consent.MandateID) {
	for _, m := range r.Stopped {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return ids
}

func both(a, b *consent.Mandate) []consent.MandateID {
	ids := []consent.MandateID{a.ID, b.ID}
	slices.Sort(ids)
	return ids
}

// mandateNow reads a mandate as it stands.
func (w *world) mandateNow(a consent.Actor, id consent.MandateID) *consent.Mandate {
	w.t.Helper()
	m, err := w.reg.Mandate(w.ctx, a, id)
	w.must(err)
	return m
}

// Each part takes what it names from every mandate, and nothing else.
func TestStopInPart(t *testing.T) {
	type place struct {
		*desk
		w           *world
		wide, other *consent.Mandate // caf and monthly for the team; caf for two helpers by name
		second      consent.Actor
		unlike      *consent.Mandate // another person's
	}
	set := func(t *testing.T) place {
		w := newWorld(t)
		p := place{desk: w.desk(), w: w}
		p.second = w.helper(p.referent, charter.SocialWorker)
		p.wide = w.mandate(p.helper, lasting(p.person, 365, caf, monthly))
		named := lasting(p.person, 365, caf)
		named.Helpers = []consent.MemberID{p.helper.Member(), p.second.Member()}
		named.Supersession = charter.SupersessionKeep
		p.other = w.mandate(p.helper, named)
		p.unlike = w.mandate(p.helper, lasting(w.person(p.helper), 365, caf))
		return p
	}
	covers := func(p place, a consent.Actor, m *consent.Mandate, want consent.Power) bool {
		ans, err := p.w.reg.Cover(p.w.ctx, a, consent.Question{Person: p.person, Mandate: m.ID, Want: want})
		p.w.must(err)
		return ans.Covered
	}
	for name, c := range map[string]struct {
		part    func(p place) string
		stopped func(p place) []consent.MandateID
		next    []charter.ProcedureCode
		// what the first helper may still do: caf and monthly by the wide mandate, caf
		// by the other; then the second helper, caf by the other.
		left [4]bool
	}{
		"everything": {
			func(place) string { return "" }, func(p place) []consent.MandateID { return both(p.wide, p.other) },
			[]charter.ProcedureCode{monthly.Procedure, caf.Procedure, caf.Procedure}, [4]bool{},
		},
		"a service": {
			func(place) string { return "service:caf" }, func(p place) []consent.MandateID { return both(p.wide, p.other) },
			[]charter.ProcedureCode{caf.Procedure, caf.Procedure}, [4]bool{false, true, false, false},
		},
		"a procedure": {
			func(place) string { return "procedure:france_travail.monthly_update" },
			func(p place) []consent.MandateID { return []consent.MandateID{p.wide.ID} },
			[]charter.ProcedureCode{monthly.Procedure}, [4]bool{true, false, true, true},
		},
		"a helper": {
			func(p place) string { return "helper:" + string(p.helper.Member()) },
			func(p place) []consent.MandateID { return both(p.wide, p.other) },
			nil, [4]bool{false, false, false, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := set(t)
			part, err := consent.ParsePart(c.part(p))
			p.w.must(err)
			if part.String() != c.part(p) {
				t.Errorf("the part is written %q", part)
			}
			receipt, err := p.w.reg.StopPerson(p.w.ctx, p.helper, p.person, part, consent.StopByPhone)
			p.w.must(err)
			if got, want := stoppedIn(receipt), c.stopped(p); !slices.Equal(got, want) {
				t.Fatalf("stopped %v, want %v", got, want)
			}
			var next []charter.ProcedureCode
			for _, d := range receipt.Next {
				next = append(next, d.Procedure)
			}
			if !slices.Equal(next, c.next) {
				t.Errorf("left to do %v, want %v", next, c.next)
			}
			left := [4]bool{
				covers(p, p.helper, p.wide, caf), covers(p, p.helper, p.wide, monthly), covers(p, p.helper, p.other, caf), covers(p, p.second, p.other, caf),
			}
			if left != c.left {
				t.Errorf("left %v, want %v", left, c.left)
			}
			if m := p.w.mandateNow(p.helper, p.unlike.ID); len(m.Stops) > 0 || !m.InForce(p.w.clock.now()) {
				t.Error("another person's mandate stopped too")
			}
			again, err := p.w.reg.StopPerson(p.w.ctx, p.helper, p.person, part, consent.StopByPhone)
			if err != nil || len(again.Stopped) > 0 || again.Entry != 0 {
				t.Errorf("a second stop: %+v, %v", again, err)
			}
		})
	}
}

// A way that nobody types, a part of no form and somebody of no such name.
func TestStopMistakes(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.mandate(d.helper, terms(d.person, caf))
	for _, way := range []consent.StopWay{"", "page", "elsewhere", "request", "link", "x"} {
		if _, err := w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, way); invalid(err) != "/way stop_way" {
			t.Errorf("way %q: %v", way, err)
		}
	}
	for _, part := range []string{"x", "service:", "service:CAF", "procedure:caf", "helper:h_", "helper:p_" + string(d.helper.Member())[2:], " ", "service:caf\n"} {
		if _, err := consent.ParsePart(part); invalid(err) != "/part stop_part" {
			t.Errorf("part %q: %v", part, err)
		}
	}
	nobody := consent.Part{Scope: consent.Scope{Helper: consent.MemberID("h_" + string(d.person)[2:])}}
	if _, err := w.reg.StopPerson(w.ctx, d.helper, d.person, nobody, consent.StopAtDesk); !isNotFound(err) {
		t.Errorf("a helper whom nobody knows: %v", err)
	}
	if _, err := w.reg.StopPerson(w.ctx, d.helper, "p_aaaaaaaaaaaaaaaaaaaaaaaaaa", consent.Part{}, consent.StopAtDesk); !isNotFound(err) {
		t.Errorf("a person whom nobody knows: %v", err)
	}
	if _, err := w.reg.StopPerson(w.ctx, w.structure("other"), d.person, consent.Part{}, consent.StopAtDesk); !isNotFound(err) {
		t.Errorf("another structure's: %v", err)
	}
}

// FuzzParsePart: what is read is written as it was.
func FuzzParsePart(f *testing.F) {
	for _, s := range []string{"", "service:caf", "procedure:caf.rsa_declaration", "helper:h_aaaaaaaaaaaaaaaaaaaaaaaaaa", "service:caf.x", "helper:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		part, err := consent.ParsePart(s)
		if err == nil && part.String() != s {
			t.Errorf("%q is written %q", s, part)
		}
	})
}

// Who has to know is told once, sees the task until somebody answers, and each
// instant is kept and entered for the person.
func TestStopIsToldAndAnswered(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	colleague := w.helper(d.referent, charter.SocialWorker)
	m := w.mandate(d.helper, terms(d.person, caf))
	holder := w.holder(w.issue(d, consent.CardFull))
	receipt, err := w.reg.CardStop(w.ctx, holder)
	w.must(err)
	if d := w.last("ccas"); d.Act != audit.MandateRevoked || len(d.On) > 0 || d.By != "person" {
		t.Errorf("the entry is %+v", d)
	}
	tasks, err := w.reg.StopTasks(w.ctx, d.referent)
	w.must(err)
	if len(tasks) != 1 || tasks[0].Mandate != m.ID || tasks[0].Way != consent.StopByPage || !tasks[0].Notified().IsZero() || !tasks[0].Effective.Equal(receipt.At) {
		t.Fatalf("tasks %+v", tasks)
	}
	if news, err := w.reg.StopNews(w.ctx, colleague); err != nil || len(news) > 0 {
		t.Errorf("a colleague who is not concerned is told %v, %v", news, err)
	}
	w.clock.add(3 * time.Minute)
	size := w.size("ccas")
	for range 2 { // once told, the second look is no entry
		news, err := w.reg.StopNews(w.ctx, d.helper)
		w.must(err)
		if len(news) != 1 || !news[0].Notified().Equal(w.clock.now()) {
			t.Fatalf("news %+v", news)
		}
	}
	if got := w.size("ccas"); got != size+1 {
		t.Errorf("being told is %d entries", got-size)
	}
	if e := w.last("ccas"); e.Act != audit.NoticeSent || e.Person != string(d.person) || e.Mandate != string(m.ID) || e.Counts["seconds"] != 180 {
		t.Errorf("the entry is %+v", e)
	}
	w.clock.add(time.Hour)
	colleague = w.letIn("ccas", colleague.Member())
	n, err := w.reg.AckStop(w.ctx, colleague, tasks[0].ID)
	w.must(err)
	if n.AckedBy != colleague.Member() || !n.Acked.Equal(w.clock.now()) {
		t.Errorf("answered: %+v", n)
	}
	if _, err := w.reg.AckStop(w.ctx, colleague, tasks[0].ID); conflict(err) != "already_answered" {
		t.Errorf("answered twice: %v", err)
	}
	d.helper = w.letIn("ccas", d.helper.Member())
	if news, err := w.reg.StopNews(w.ctx, d.helper); err != nil || len(news) > 0 {
		t.Errorf("after the answer: %v, %v", news, err)
	}
	stops, err := w.reg.Stops(w.ctx, d.helper, d.person)
	w.must(err)
	if len(stops) != 1 || !reflect.DeepEqual(stops[0], n) {
		t.Errorf("the person's stops %+v, want %+v", stops, n)
	}
	if _, err := w.reg.AckStop(w.ctx, w.structure("other"), tasks[0].ID); !isNotFound(err) {
		t.Errorf("another structure answers: %v", err)
	}
}

// A draft binds nobody, so nobody has to know; and who asked to be forgotten is
// not called back.
func TestNobodyHasToKnow(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	_, err := w.reg.DraftMandate(w.ctx, d.helper, terms(d.person, caf))
	w.must(err)
	receipt, err := w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, consent.StopByLetter)
	w.must(err)
	if len(receipt.Stopped) != 1 {
		t.Errorf("stopped %v", receipt.Stopped)
	}
	if tasks, err := w.reg.StopTasks(w.ctx, d.helper); err != nil || len(tasks) > 0 {
		t.Errorf("tasks of a draft: %v, %v", tasks, err)
	}
	w.mandate(d.helper, terms(d.person, caf))
	_, err = w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, consent.StopByLetter)
	w.must(err)
	tasks, err := w.reg.StopTasks(w.ctx, d.helper)
	w.must(err)
	if len(tasks) != 1 {
		t.Fatalf("tasks %v", tasks)
	}
	_, err = w.reg.ForgetPerson(w.ctx, d.referent, d.person)
	w.must(err)
	if left, err := w.reg.StopTasks(w.ctx, d.helper); err != nil || len(left) > 0 {
		t.Errorf("tasks about who was forgotten: %v, %v", left, err)
	}
	if _, err := w.reg.AckStop(w.ctx, d.helper, tasks[0].ID); !isNotFound(err) {
		t.Errorf("an answer about who was forgotten: %v", err)
	}
}

func TestCutStopPerson(t *testing.T) {
	everyCut(t, func(w *world) *desk {
		d := w.desk()
		w.mandate(d.helper, terms(d.person, caf))
		return d
	}, func(w *world, d *desk) error {
		_, err := w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, consent.StopAtDesk)
		return err
	}, func(w *world, d *desk, done bool) {
		ans, err := w.reg.Cover(w.ctx, d.helper, consent.Question{Person: d.person, Want: caf})
		w.must(err)
		if ans.Covered == done {
			w.t.Errorf("covered is %t though the stop is %t", ans.Covered, done)
		}
		tasks, err := w.reg.StopTasks(w.ctx, d.helper)
		w.must(err)
		if (len(tasks) == 1) != done {
			w.t.Errorf("%d tasks though the stop is %t", len(tasks), done)
		}
	})
}

// The card that is brought to another desk stops where it is from.
func TestStopWithCardElsewhere(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	m := w.mandate(d.helper, terms(d.person, caf))
	holder := w.holder(w.issue(d, consent.CardFull))
	far := w.structure("other")
	own := w.size("other")
	receipt, err := w.reg.StopWithCard(w.ctx, far, holder)
	w.must(err)
	if e := w.last("ccas"); !slices.Equal(e.On, []string{"way.elsewhere"}) {
		t.Errorf("the entry is %+v", e)
	}
	if len(receipt.Stopped) != 1 || w.mandateNow(d.helper, m.ID).State(w.clock.now()) != consent.Revoked {
		t.Errorf("stopped %v", receipt.Stopped)
	}
	if got := w.size("other"); got != own {
		t.Errorf("the other desk's log grew by %d", got-own)
	}
	if tasks, err := w.reg.StopTasks(w.ctx, d.helper); err != nil || len(tasks) != 1 || tasks[0].Way != consent.StopElsewhere {
		t.Errorf("tasks %v, %v", tasks, err)
	}
	w.must(w.reg.KillCard(w.ctx, d.helper, d.person))
	if _, err := w.reg.StopWithCard(w.ctx, far, holder); !isNotFound(err) {
		t.Errorf("a killed card: %v", err)
	}
	if _, err := w.reg.StopWithCard(w.ctx, far, d.helper); !isNotFound(err) {
		t.Errorf("no card: %v", err)
	}
	if _, err := w.reg.StopWithCard(w.ctx, consent.Operator(), holder); signInNeeded(err) != "session" {
		t.Errorf("the operator: %v", err)
	}
}

// Without the card the desk that asks learns nothing, whomever it asks about: same
// answer, same entry; the target stops those of that name and birth date.
func TestRequestStop(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	far := w.structure("other")
	m := w.mandate(d.helper, terms(d.person, caf))
	ask := func(name, birth string) audit.Detail {
		size := w.size("other")
		w.must(w.reg.RequestStop(w.ctx, far, consent.StopRequest{To: "ccas", Name: clean(t, name), Birth: birth}))
		select {
		case <-w.reg.Woken():
		default:
			t.Error("nobody was woken to deliver the request")
		}
		if got := w.size("other"); got != size+1 {
			t.Errorf("asking is %d entries", got-size)
		}
		detail := w.last("other")
		detail.ID = ""
		return detail
	}
	known := ask("Morel Jeanne", "1948-03-12")
	if w.mandateNow(d.helper, m.ID).State(w.clock.now()) != consent.Active {
		t.Error("the answer waited for the target")
	}
	unknown := ask("Martin Paul", "1950")
	if !reflect.DeepEqual(known, unknown) {
		t.Errorf("the two entries differ:\n%+v\n%+v", known, unknown)
	}
	for key, row := range dumped(t, w.db) {
		if !strings.Contains(key, "/outbox/") {
			continue
		}
		for _, secret := range []string{"Morel", "Martin", "MOREL", "1948-03"} {
			if strings.Contains(row, secret) {
				t.Errorf("the message holds %q", secret)
			}
		}
	}
	w.must(w.reg.Relay(w.ctx, w.space("other")))
	if w.mandateNow(d.helper, m.ID).State(w.clock.now()) != consent.Revoked {
		t.Error("nothing stopped")
	}
	tasks, err := w.reg.StopTasks(w.ctx, d.helper)
	w.must(err)
	if len(tasks) != 1 || tasks[0].Way != consent.StopRequested || tasks[0].By != "system" {
		t.Errorf("tasks %+v", tasks)
	}
	if e := w.last("ccas"); e.Act != audit.PersonSearched || e.Counts["found"] != 0 || e.By != "system" {
		t.Errorf("the unknown one: %+v", e)
	}
	// Another birth date, or the beginning of the name alone, stops nothing.
	again := w.mandate(d.helper, terms(d.person, caf))
	for name, birth := range map[string]string{"Morel Jeanne": "1948-03-13", "Mor": "1948-03-12", "Moreau Jean": "1948-03-12"} {
		ask(name, birth)
		w.must(w.reg.Relay(w.ctx, w.space("other")))
		if w.mandateNow(d.helper, again.ID).State(w.clock.now()) != consent.Active {
			t.Fatalf("%s %s stopped it", name, birth)
		}
	}
	for pointer, q := range map[string]consent.StopRequest{
		"/to structure_slug": {To: "nowhere", Name: clean(t, "Morel"), Birth: "1948"},
		"/birth birth_date":  {To: "ccas", Name: clean(t, "Morel"), Birth: "48"},
		"/name name":         {To: "ccas", Name: clean(t, "1948"), Birth: "1948"},
	} {
		if err := w.reg.RequestStop(w.ctx, far, q); invalid(err) != pointer {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	for _, to := range []string{"other", consent.RegisterSlug} {
		if err := w.reg.RequestStop(w.ctx, far, consent.StopRequest{To: to, Name: clean(t, "Morel"), Birth: "1948"}); invalid(err) != "/to structure_slug" {
			t.Errorf("to %s: %v", to, err)
		}
	}
	places, err := w.reg.Places(w.ctx, far)
	if err != nil || len(places) != 1 || places[0].Slug != "ccas" {
		t.Errorf("places %v, %v", places, err)
	}
}

func TestCutRequestStop(t *testing.T) {
	var far consent.Actor
	everyCut(t, func(w *world) *desk {
		d := w.desk()
		w.mandate(d.helper, terms(d.person, caf))
		far = w.structure("other")
		return d
	}, func(w *world, d *desk) error {
		err := w.reg.RequestStop(w.ctx, far, consent.StopRequest{To: "ccas", Name: clean(t, "Jeanne Morel"), Birth: "1948-03-12"})
		return errors.Join(err, w.reg.Relay(w.ctx, w.space("other")))
	}, func(w *world, d *desk, done bool) {
		ans, err := w.reg.Cover(w.ctx, d.helper, consent.Question{Person: d.person, Want: caf})
		w.must(err)
		if ans.Covered == done {
			w.t.Errorf("covered is %t though the stop is %t", ans.Covered, done)
		}
	})
}

// A room that is full for all but stops, and once for those too.
type fullRoom struct {
	full  bool
	spare int
}

func (f *fullRoom) Check() error {
	if f.full {
		return kv.ErrFull
	}
	return nil
}

func (f *fullRoom) Full(err error) bool { return errors.Is(err, kv.ErrFull) }

func (f *fullRoom) Release() bool {
	if f.spare == 0 {
		return false
	}
	f.spare--
	return true
}

// On a disk that runs full nothing is written but stops, and those by every way;
// when even they find no room, what was held ready is given back.
func TestStopGoesOnWhenTheDiskIsFull(t *testing.T) {
	left := -1 // commits until the disk is full, and then one is let through after a release
	room := &fullRoom{}
	w := newWorldOn(t, mem.Open(mem.Options{Fault: func(_ kv.Space, step mem.Step) error {
		if step == mem.Before && left == 0 {
			left = -1
			return kv.ErrFull
		}
		return nil
	}}))
	d := w.desk()
	far := w.structure("other")
	stops := map[string]func(m *consent.Mandate) error{
		"at the desk": func(*consent.Mandate) error {
			_, err := w.reg.StopPerson(w.ctx, d.helper, d.person, consent.Part{}, consent.StopAtDesk)
			return err
		},
		"one mandate": func(m *consent.Mandate) error {
			_, err := w.reg.RevokeMandate(w.ctx, d.helper, m.ID, consent.Scope{})
			return err
		},
		"on request": func(*consent.Mandate) error {
			return w.reg.RequestStop(w.ctx, far, consent.StopRequest{To: "ccas", Name: clean(t, "Morel"), Birth: "1948-03-12"})
		},
	}
	w.reg.KeepRoom(room)
	for name, stop := range stops {
		m := w.mandate(d.helper, terms(d.person, caf))
		room.full, room.spare, left = true, 1, 0
		if _, err := w.reg.Cover(context.Background(), d.helper, consent.Question{Person: d.person, Want: caf}); !errors.Is(err, kv.ErrFull) {
			t.Errorf("%s: another write answers %v", name, err)
		}
		if left != 0 {
			t.Fatalf("%s: another write reached the disk", name)
		}
		w.must(stop(m))
		if room.spare != 0 {
			t.Errorf("%s: what was held ready was not given back", name)
		}
		left, room.spare = 0, 1
		w.must(w.reg.Relay(w.ctx, w.space("other")))
		left = -1
		if s := w.mandateNow(d.helper, m.ID).State(w.clock.now()); s != consent.Revoked {
			t.Errorf("%s: the mandate is %s", name, s)
		}
		room.full = false
	}
	// With nothing left to give back the answer is the disk's, and nothing is half done.
	m := w.mandate(d.helper, terms(d.person, caf))
	room.spare, left = 0, 0
	if err := stops["at the desk"](m); !errors.Is(err, kv.ErrFull) {
		t.Errorf("without any room: %v", err)
	}
	if s := w.mandateNow(d.helper, m.ID).State(w.clock.now()); s != consent.Active {
		t.Errorf("the mandate is %s", s)
	}
}
