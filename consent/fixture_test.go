package consent_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

// A world is a whole register on a store in memory that runs every function
// twice, with a clock that the test moves.
type world struct {
	t      *testing.T
	db     kv.DB
	dir    string // of the keys
	folder *personal.Folder
	keys   *personal.Keyring
	log    *audit.Log
	rec    *consent.Recorder
	reg    *consent.Register
	erased *erasedList
	clock  *clock
	ctx    context.Context
}

type clock struct {
	sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.Lock(); defer c.Unlock(); return c.at }

func (c *clock) add(d time.Duration) { c.Lock(); defer c.Unlock(); c.at = c.at.Add(d) }

type erasedList struct {
	sync.Mutex
	list map[string][]consent.PersonID
	full error // of the disk that the list is on
}

func (e *erasedList) Add(space string, p consent.PersonID) error {
	e.Lock()
	defer e.Unlock()
	if e.full != nil {
		return e.full
	}
	if !slices.Contains(e.list[space], p) {
		e.list[space] = append(e.list[space], p)
	}
	return nil
}

func (e *erasedList) All() (map[string][]consent.PersonID, error) { return e.list, nil }

// start is a Monday in the middle of a winter without change of clocks.
var start = time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, mem.Open(mem.Options{Reruns: 1}))
}

func newWorldOn(t *testing.T, db kv.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: &clock{at: start}, ctx: t.Context(), erased: &erasedList{list: map[string][]consent.PersonID{}}}
	w.dir = filepath.Join(t.TempDir(), "keys")
	folder, err := personal.Create(w.dir, "register.test", start)
	if err != nil {
		t.Fatal(err)
	}
	w.folder = folder
	w.wire()
	if err := store.Begin(w.ctx, db); err != nil {
		t.Fatal(err)
	}
	if err := w.reg.Begin(w.ctx); err != nil {
		t.Fatal(err)
	}
	return w
}

// wire builds the register over the world's store, as a start does.
func (w *world) wire() {
	ch, err := charter.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	w.keys = personal.NewKeyring(w.folder, store.Keys{DB: w.db})
	w.log = audit.NewLog(w.db, w.keys, w.keys, audit.NewClock(w.clock.now, nil))
	w.rec = audit.NewRecorder(w.log, store.Ledger, store.Housekeeping...)
	w.reg = consent.NewRegister(w.rec, w.keys, ch, w.folder.Origin(), w.erased)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func clean(t *testing.T, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: "text", Text: text, Kind: screen.Name, Max: 200})
	if err != nil {
		t.Fatal(err)
	}
	return c[0]
}

// structure opens a structure and signs its first referent in.
func (w *world) structure(slug string) consent.Actor {
	w.t.Helper()
	_, invite, err := w.reg.OpenStructure(w.ctx, consent.Operator(), consent.NewStructure{Name: clean(w.t, "Structure "+slug), Slug: slug})
	w.must(err)
	return w.enter(invite.Token)
}

func (w *world) enter(token personal.Token) consent.Actor {
	w.t.Helper()
	in, err := w.reg.Redeem(w.ctx, consent.Call{Request: consent.NewRequestID()}, token, personal.Token{})
	w.must(err)
	a, err := w.reg.SignedIn(w.ctx, in.Session)
	w.must(err)
	return a
}

// letIn signs a member in by a link that the operator made: every session was
// over.
func (w *world) letIn(slug string, id consent.MemberID) consent.Actor {
	w.t.Helper()
	operator, err := w.reg.In(w.ctx, slug)
	w.must(err)
	invite, err := w.reg.MakeLink(w.ctx, operator, id)
	w.must(err)
	return w.enter(invite.Token)
}

// again is a member who has just shown once more who they are.
func (w *world) again(a consent.Actor) consent.Actor {
	w.t.Helper()
	return w.letIn(a.SpaceSlug(), a.Member())
}

// helper opens a member, signs them in and lets them adhere.
func (w *world) helper(referent consent.Actor, role charter.Role) consent.Actor {
	w.t.Helper()
	invite, err := w.reg.OpenHelper(w.ctx, referent, consent.NewHelper{Name: clean(w.t, "Fatou Diallo"), Role: role})
	w.must(err)
	a := w.enter(invite.Token)
	if role != charter.DPO && role != charter.Referent {
		w.must(w.reg.Adhere(w.ctx, a, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	}
	return a
}

func (w *world) person(helper consent.Actor) consent.PersonID {
	w.t.Helper()
	id, err := w.reg.RecordPerson(w.ctx, helper, consent.PersonData{
		GivenNames: clean(w.t, "Jeanne"), BirthName: clean(w.t, "Morel"), Birth: "1948-03-12",
		Phone: clean(w.t, "06 39 98 12 34"), Language: "fr",
	})
	w.must(err)
	return id
}

var caf = consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent}

func terms(p consent.PersonID, powers ...consent.Power) consent.Terms {
	return consent.Terms{
		Person: p, Powers: powers, Days: 31, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionNone,
	}
}

// mandate takes a mandate all the way to active.
func (w *world) mandate(helper consent.Actor, terms consent.Terms) *consent.Mandate {
	w.t.Helper()
	m, err := w.reg.DraftMandate(w.ctx, helper, terms)
	w.must(err)
	_, err = w.reg.SignMandate(w.ctx, helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(w.t, "Classeur bleu")})
	w.must(err)
	_, err = w.reg.AcceptMandate(w.ctx, helper, m.ID)
	w.must(err)
	m, err = w.reg.DeliverMandate(w.ctx, helper, m.ID, "print")
	w.must(err)
	return m
}

// space is the space of an actor's structure.
func (w *world) space(slug string) audit.Space {
	w.t.Helper()
	spaces, err := w.reg.Spaces(w.ctx)
	w.must(err)
	for _, s := range spaces {
		if s.Slug() == slug {
			return s
		}
	}
	w.t.Fatalf("no space %s", slug)
	return audit.Space{}
}

// lines are all entries of a space.
func (w *world) lines(slug string) []audit.Line {
	w.t.Helper()
	s := w.space(slug)
	head, err := w.log.Head(w.ctx, s)
	w.must(err)
	var lines []audit.Line
	w.must(w.log.Lines(w.ctx, s, 0, head.Size, func(l audit.Line) error {
		lines = append(lines, l)
		return nil
	}))
	return lines
}

// last is the newest entry of a space.
func (w *world) last(slug string) audit.Detail {
	w.t.Helper()
	lines := w.lines(slug)
	return *lines[len(lines)-1].Detail
}

// size is the number of entries of a space.
func (w *world) size(slug string) int64 {
	w.t.Helper()
	head, err := w.log.Head(w.ctx, w.space(slug))
	w.must(err)
	return head.Size
}

// refusal checks that an error is a refusal by a rule, that it is the newest
// entry of the space, and that nothing else was entered since size.
func (w *world) refusal(slug string, size int64, err error, rule charter.RuleID, reason charter.Reason) {
	w.t.Helper()
	var r *consent.Refused
	if !errors.As(err, &r) {
		w.t.Fatalf("got %v, want a refusal by %s", err, rule)
	}
	if r.Rule != rule || r.Reason != string(reason) {
		w.t.Errorf("refused by %s %s, want %s %s", r.Rule, r.Reason, rule, reason)
	}
	if got := w.size(slug); got != size+1 {
		w.t.Errorf("%d entries were added, want the refusal alone", got-size)
	}
	if d := w.last(slug); d.Act != audit.AttemptRefused || d.Out != audit.Refused || !slices.Contains(d.Rules, string(rule)) {
		w.t.Errorf("the last entry is %s %s %v, want the refusal", d.Act, d.Out, d.Rules)
	}
}

// found checks that an error is "not found" and nothing was entered in a space.
func (w *world) notFound(slug string, size int64, err error) {
	w.t.Helper()
	var n *consent.NotFound
	if !errors.As(err, &n) {
		w.t.Errorf("got %v, want not found", err)
	}
	if got := w.size(slug); got != size {
		w.t.Errorf("%d entries were added to %s, want none", got-size, slug)
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
