package pages_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/api"
	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/mem"
)

// A site is both listeners over a register in memory, with the story of one
// person in it.
type site struct {
	t         testing.TB
	ctx       context.Context
	clock     *clock
	reg       *consent.Register
	log       *audit.Log
	staff     http.Handler
	public    http.Handler
	referent  consent.Actor
	helper    consent.Actor
	colleague consent.Actor
	person    consent.PersonID
	mandate   *consent.Mandate
	code      string
}

type clock struct {
	sync.Mutex
	at time.Time
}

// now goes on with each look, as a real clock does: a step is later than the
// request that asked for it, and the page after it is later still.
func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *clock) add(d time.Duration) { c.Lock(); defer c.Unlock(); c.at = c.at.Add(d) }

// nobodyErased is a list of erased persons that stays empty.
type nobodyErased struct{}

func (nobodyErased) Add(string, consent.PersonID) error          { return nil }
func (nobodyErased) All() (map[string][]consent.PersonID, error) { return nil, nil }

const (
	slug  = "ccas"
	birth = "1948-03-12"
)

// start is a Monday in the middle of a winter without change of clocks.
var start = time.Date(2027, 1, 11, 9, 5, 0, 0, time.UTC)

// newSite opens a register and lets the story begin: a structure, a referent, a
// helper and a colleague, a person with a card and a mandate in force.
func newSite(tb testing.TB) *site {
	tb.Helper()
	s := &site{t: tb, ctx: context.Background(), clock: &clock{at: start}}
	folder, err := personal.Create(filepath.Join(tb.TempDir(), "keys"), "register.test", start)
	s.must(err)
	ch, err := charter.Load()
	s.must(err)
	db := mem.Open(mem.Options{})
	keys := personal.NewKeyring(folder, store.Keys{DB: db})
	s.log = audit.NewLog(db, keys, keys, audit.NewClock(s.clock.now, nil))
	rec := audit.NewRecorder(s.log, store.Ledger, store.Housekeeping...)
	s.reg = consent.NewRegister(rec, keys, ch, folder.Origin(), nobodyErased{})
	s.must(store.Begin(s.ctx, db))
	s.must(s.reg.Begin(s.ctx))
	s.serve()
	s.begin()
	return s
}

// serve opens both listeners.
func (s *site) serve() {
	s.t.Helper()
	s.serveAt("http://staff.test")
}

// serveAt opens them where the staff pages have an address of their own.
func (s *site) serveAt(staff string) {
	s.t.Helper()
	a, err := api.New(api.Config{
		Register: s.reg, Log: slog.New(slog.DiscardHandler), Now: s.clock.now, Version: "test",
		StaffURL: staff, PublicURL: "http://public.test", Fatal: func(err error) { s.t.Error(err) },
		PerAddress: 1000, PerSession: 1000, // the clock stands still
	})
	s.must(err)
	s.staff, s.public = a.Staff(), a.Public()
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) clean(text string) screen.Clean {
	s.t.Helper()
	c, err := screen.Form(screen.Field{Name: "text", Text: text, Kind: screen.Name, Max: 200})
	s.must(err)
	return c[0]
}

func (s *site) begin() {
	s.t.Helper()
	_, invite, err := s.reg.OpenStructure(s.ctx, consent.Operator(), consent.NewStructure{Name: s.clean("CCAS de Besançon"), Slug: slug})
	s.must(err)
	s.referent = s.enter(invite.Token)
	s.helper = s.member("Fatou Diallo", charter.SocialWorker)
	s.colleague = s.member("Paul Lenoir", charter.ReceptionAgent)
	s.person, err = s.reg.RecordPerson(s.ctx, s.helper, consent.PersonData{
		GivenNames: s.clean("Jeanne"), BirthName: s.clean("Morel"), Birth: birth, Phone: s.clean("06 39 98 12 34"), Language: "fr",
	})
	s.must(err)
	s.mandate = s.agree(
		consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoWith},
		consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent},
		consent.Power{Service: "ameli", Procedure: "reimbursements", Mode: charter.DoForAbsent},
	)
	code, err := s.reg.IssueCard(s.ctx, s.helper, s.person, consent.CardWish{})
	s.must(err)
	s.code = code.Shown()
}

// agree takes a mandate all the way to active.
func (s *site) agree(powers ...consent.Power) *consent.Mandate {
	s.t.Helper()
	m, err := s.reg.DraftMandate(s.ctx, s.helper, consent.Terms{
		Person: s.person, Powers: powers, Days: 61, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"}, Supersession: charter.SupersessionKeep,
	})
	s.must(err)
	_, err = s.reg.SignMandate(s.ctx, s.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: s.clean("Classeur bleu")})
	s.must(err)
	_, err = s.reg.AcceptMandate(s.ctx, s.helper, m.ID)
	s.must(err)
	m, err = s.reg.DeliverMandate(s.ctx, s.helper, m.ID, "print")
	s.must(err)
	return m
}

// live lets the story go on: looks, help, and a colleague who is refused.
func (s *site) live() {
	s.t.Helper()
	for range 3 {
		s.clock.add(7 * time.Minute)
		s.look(s.helper)
	}
	s.clock.add(time.Hour)
	_, err := s.reg.RecordAct(s.ctx, s.helper, consent.NewAct{
		Person: s.person, Did: consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent},
		Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
		Outcome: "done", Validated: s.clock.now(), ValidatedHow: charter.ValidatedOnScreen, Period: "2026-10/2026-12",
	})
	s.must(err)
	s.clock.add(26 * time.Hour)
	_, err = s.reg.RecordAct(s.ctx, s.colleague, consent.NewAct{
		Person: s.person, Did: consent.Power{Service: "caf", Procedure: "read_messages", Mode: charter.DoForPresent},
		Reason: "cannot_read", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson, Outcome: "done",
	})
	if err == nil {
		s.t.Fatal("an act outside the mandate was taken")
	}
}

func (s *site) look(who consent.Actor) {
	s.t.Helper()
	_, err := s.reg.RevealPerson(s.ctx, who, consent.Reveal{
		Person: s.person, Purpose: charter.PurposeActUnderMandate, Fields: []charter.Field{charter.FieldContact, charter.FieldIdentity},
	})
	s.must(err)
}

// member opens a member, signs them in and lets them adhere.
func (s *site) member(name string, role charter.Role) consent.Actor {
	s.t.Helper()
	a := s.enter(s.invite(name, role))
	s.must(s.reg.Adhere(s.ctx, a, s.reg.Charter().Version(), s.reg.Charter().Digest()))
	return a
}

func (s *site) invite(name string, role charter.Role) personal.Token {
	s.t.Helper()
	invite, err := s.reg.OpenHelper(s.ctx, s.referent, consent.NewHelper{Name: s.clean(name), Role: role})
	s.must(err)
	return invite.Token
}

func (s *site) enter(token personal.Token) consent.Actor {
	s.t.Helper()
	in, err := s.reg.Redeem(s.ctx, consent.Call{Request: consent.NewRequestID()}, token, personal.Token{})
	s.must(err)
	a, err := s.reg.SignedIn(s.ctx, in.Session)
	s.must(err)
	return a
}

// space is the space of the structure, or of the register.
func (s *site) space(slug string) audit.Space {
	s.t.Helper()
	spaces, err := s.reg.Spaces(s.ctx)
	s.must(err)
	for _, sp := range spaces {
		if sp.Slug() == slug {
			return sp
		}
	}
	s.t.Fatalf("no space %s", slug)
	return audit.Space{}
}

// size is the number of entries of a space.
func (s *site) size(slug string) int64 {
	s.t.Helper()
	head, err := s.log.Head(s.ctx, s.space(slug))
	s.must(err)
	return head.Size
}

// last is the newest entry of the structure's space.
func (s *site) last() audit.Detail {
	s.t.Helper()
	n := s.size(slug)
	var d audit.Detail
	s.must(s.log.Lines(s.ctx, s.space(slug), n-1, n, func(l audit.Line) error {
		d = *l.Detail
		return nil
	}))
	return d
}

// A reply is what a listener answered.
type reply struct {
	*http.Response
	body string
}

// get asks a listener.
func (s *site) get(h http.Handler, path string, header ...string) reply {
	s.t.Helper()
	return s.do(h, httptest.NewRequest(http.MethodGet, path, nil), header...)
}

// post sends a form: names and values in turn.
func (s *site) post(h http.Handler, path string, fields []string, header ...string) reply {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.do(h, r, header...)
}

// card sends the person's form.
func (s *site) card(action string, more ...string) reply { return s.cardIn("fr", action, more...) }

func (s *site) cardIn(lang, action string, more ...string) reply {
	s.t.Helper()
	return s.post(s.public, "/carte", append([]string{"action", action, "code", s.code, "lang", lang}, more...))
}

// open opens the person's page with the right birth date.
func (s *site) open(lang string) reply {
	s.t.Helper()
	return s.cardIn(lang, "open", "day", "12", "month", "3", "year", "1948")
}

func (s *site) do(h http.Handler, r *http.Request, header ...string) reply {
	s.t.Helper()
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	s.must(err)
	return reply{w.Result(), string(body)}
}
