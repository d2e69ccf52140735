package notice_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/notice"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

// A house is a register with a structure, a helper who wants mails, and a person.
type house struct {
	t                *testing.T
	db               kv.DB
	reg              *consent.Register
	log              *audit.Log
	mu               sync.Mutex
	at               time.Time
	referent, helper consent.Actor
	person           consent.PersonID
	space            audit.Space
}

type nobodyErased struct{}

func (nobodyErased) Add(string, consent.PersonID) error          { return nil }
func (nobodyErased) All() (map[string][]consent.PersonID, error) { return nil, nil }

func (h *house) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

func (h *house) add(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

func clean(t *testing.T, kind screen.FieldKind, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: "text", Text: text, Kind: kind, Max: 200})
	ok(t, err)
	return c[0]
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC), db: mem.Open(mem.Options{Reruns: 1})}
	folder, err := personal.Create(filepath.Join(t.TempDir(), "keys"), "register.test", h.at)
	ok(t, err)
	ch, err := charter.Load()
	ok(t, err)
	keys := personal.NewKeyring(folder, store.Keys{DB: h.db})
	h.log = audit.NewLog(h.db, keys, keys, audit.NewClock(h.now, nil))
	h.reg = consent.NewRegister(audit.NewRecorder(h.log, store.Ledger, store.Housekeeping...), keys, ch, "register.test", nobodyErased{})
	ok(t, store.Begin(t.Context(), h.db))
	ok(t, h.reg.Begin(t.Context()))
	_, invite, err := h.reg.OpenStructure(t.Context(), consent.Operator(), consent.NewStructure{Name: clean(t, screen.Name, "CCAS"), Slug: "ccas"})
	ok(t, err)
	h.referent = h.enter(invite.Token)
	opened, err := h.reg.OpenHelper(t.Context(), h.referent, consent.NewHelper{Name: clean(t, screen.Name, "Fatou Diallo"), Role: charter.SocialWorker})
	ok(t, err)
	h.helper = h.enter(opened.Token)
	ok(t, h.reg.Adhere(t.Context(), h.helper, ch.Version(), ch.Digest()))
	ok(t, h.reg.SetOwnMail(t.Context(), h.helper, clean(t, screen.Email, "fatou@ccas.example.fr")))
	h.person, err = h.reg.RecordPerson(t.Context(), h.helper, consent.PersonData{BirthName: clean(t, screen.Name, "Morel"), Birth: "1948"})
	ok(t, err)
	spaces, err := h.reg.Spaces(t.Context())
	ok(t, err)
	h.space = spaces[1]
	return h
}

func (h *house) enter(token personal.Token) consent.Actor {
	h.t.Helper()
	in, err := h.reg.Redeem(h.t.Context(), consent.Call{Request: consent.NewRequestID()}, token, personal.Token{})
	ok(h.t, err)
	a, err := h.reg.SignedIn(h.t.Context(), in.Session)
	ok(h.t, err)
	return a
}

// stopped makes a mandate and stops it.
func (h *house) stopped() {
	h.t.Helper()
	m, err := h.reg.DraftMandate(h.t.Context(), h.helper, consent.Terms{
		Person: h.person, Powers: []consent.Power{{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent}}, Days: 31,
		Capacity: charter.CapacityNo, Conflict: charter.ConflictNo, Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"},
	})
	ok(h.t, err)
	_, err = h.reg.SignMandate(h.t.Context(), h.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(h.t, screen.Place, "Classeur")})
	ok(h.t, err)
	_, err = h.reg.AcceptMandate(h.t.Context(), h.helper, m.ID)
	ok(h.t, err)
	_, err = h.reg.DeliverMandate(h.t.Context(), h.helper, m.ID, "print")
	ok(h.t, err)
	_, err = h.reg.StopPerson(h.t.Context(), h.helper, h.person, consent.Part{}, consent.StopAtDesk)
	ok(h.t, err)
}

func (h *house) note() *consent.StopNote {
	h.t.Helper()
	list, err := h.reg.Stops(h.t.Context(), h.helper, h.person)
	ok(h.t, err)
	return list[len(list)-1]
}

// waiting are the mails that are not sent yet, due or not.
func (h *house) waiting() (list []string) {
	h.t.Helper()
	ok(h.t, h.db.View(h.t.Context(), h.space.Number(), func(tx kv.Tx) error {
		list = nil
		return tx.Scan(kv.Bucket{Name: "mail-due"}, nil, nil, func(_, value []byte) error {
			list = append(list, string(value))
			return nil
		})
	}))
	return list
}

// A stop is told by mail at once; what waits names nobody; the instant is kept and
// entered for the person.
func TestStopIsToldByMail(t *testing.T) {
	h, s := newHouse(t), &server{}
	h.stopped()
	rows := h.waiting()
	if len(rows) != 1 || strings.Contains(rows[0], "fatou") || strings.Contains(rows[0], "@") {
		t.Fatalf("waiting: %v", rows)
	}
	h.add(90 * time.Second)
	sender := notice.NewSender(h.reg, s.start(t, true), nil)
	for range 2 { // a second round has nothing to send
		ok(t, sender.Round(t.Context()))
	}
	if len(s.got) != 1 || len(h.waiting()) != 0 {
		t.Errorf("%d letters, %d wait", len(s.got), len(h.waiting()))
	}
	n := h.note()
	if !n.Notified().Equal(h.now()) || n.Told[0].How != consent.ToldByMail {
		t.Errorf("told %+v", n.Told)
	}
	var sent []audit.Detail
	head, err := h.log.Head(t.Context(), h.space)
	ok(t, err)
	ok(t, h.log.Lines(t.Context(), h.space, 0, head.Size, func(l audit.Line) error {
		if l.Detail.By == "system" {
			sent = append(sent, *l.Detail)
		}
		return nil
	}))
	last := sent[len(sent)-2:]
	if last[0].Act != audit.PersonRead || last[0].Fields[0] != string(h.helper.Member())+":mail" || last[0].Person != "" {
		t.Errorf("the look at the address is entered as %+v", last[0])
	}
	if last[1].Act != audit.NoticeSent || last[1].Person != string(h.person) || last[1].Counts["seconds"] != 90 {
		t.Errorf("the mail is entered as %+v", last[1])
	}
}

// A server that is busy is asked again, after pauses that grow; one that refuses for
// good is not; and the task goes on all the same.
func TestMailIsTriedAgain(t *testing.T) {
	h, s := newHouse(t), &server{refuse: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}}
	h.stopped()
	var failed []bool
	sender := notice.NewSender(h.reg, s.start(t, true), func(_ consent.MailID, _ time.Duration, never bool) { failed = append(failed, never) })
	tries := 0
	for range 30 { // half an hour
		before := len(failed)
		ok(t, sender.Round(t.Context()))
		tries += len(failed) - before
		h.add(time.Minute)
	}
	if tries != 5 || len(h.waiting()) != 1 { // after 0, 1, 3, 7 and 15 minutes
		t.Errorf("%d tries in half an hour, %d wait", tries, len(h.waiting()))
	}
	s.mu.Lock()
	s.refuse = nil
	s.mu.Unlock()
	h.add(2 * time.Minute)
	ok(t, sender.Round(t.Context()))
	if len(s.got) != 1 || len(h.waiting()) != 0 {
		t.Errorf("%d letters, %d wait", len(s.got), len(h.waiting()))
	}

	s.refuse = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody"}
	h.helper = h.enterAgain()
	h.stopped()
	ok(t, sender.Round(t.Context()))
	if !failed[len(failed)-1] || len(h.waiting()) != 0 {
		t.Errorf("refused for good: %v, %d wait", failed[len(failed)-1], len(h.waiting()))
	}
	if tasks, err := h.reg.StopTasks(t.Context(), h.helper); err != nil || len(tasks) != 2 {
		t.Errorf("%d tasks, %v", len(tasks), err)
	}
}

// enterAgain signs the helper in anew: half an hour has passed.
func (h *house) enterAgain() consent.Actor {
	h.t.Helper()
	operator, err := h.reg.In(h.t.Context(), "ccas")
	ok(h.t, err)
	invite, err := h.reg.MakeLink(h.t.Context(), operator, h.helper.Member())
	ok(h.t, err)
	return h.enter(invite.Token)
}

// When the program stops between sending and noting it, the mail leaves again under
// the same name, so that the receiver's side can tell.
func TestMailSentTwiceIsTheSame(t *testing.T) {
	h, s := newHouse(t), &server{}
	h.stopped()
	p := s.start(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	cut := notice.NewSender(h.reg, cutAfter{p, cancel}, nil)
	if err := cut.Round(ctx); err == nil {
		t.Error("the round was cut off and says that it is done")
	}
	ok(t, notice.NewSender(h.reg, p, nil).Round(t.Context()))
	if len(s.got) != 2 || messageID(s.got[0]) == "" || messageID(s.got[0]) != messageID(s.got[1]) {
		t.Errorf("%d letters", len(s.got))
	}
	if len(h.waiting()) != 0 || len(h.note().Told) != 1 {
		t.Errorf("%d wait, told %v", len(h.waiting()), h.note().Told)
	}
}

// cutAfter ends the round once a letter has left.
type cutAfter struct {
	notice.Post
	cancel func()
}

func (c cutAfter) Send(ctx context.Context, l notice.Letter) error {
	err := c.Post.Send(ctx, l)
	c.cancel()
	return err
}

func messageID(letter string) string {
	_, after, _ := strings.Cut(letter, "Message-ID: ")
	id, _, _ := strings.Cut(after, "\r\n")
	return id
}

// After a day without an answer those concerned and the referents are told again,
// once; after an answer nobody is.
func TestChase(t *testing.T) {
	h, s := newHouse(t), &server{}
	sender := notice.NewSender(h.reg, s.start(t, true), nil)
	ok(t, h.reg.SetOwnMail(t.Context(), h.referent, clean(t, screen.Email, "nadia@ccas.example.fr")))
	h.stopped()
	ok(t, sender.Round(t.Context()))
	h.add(24*time.Hour - time.Second)
	ok(t, h.reg.ChaseStops(t.Context(), h.space))
	ok(t, sender.Round(t.Context()))
	if len(s.got) != 1 {
		t.Fatalf("%d letters before a day is over", len(s.got))
	}
	h.add(time.Second)
	for range 2 {
		ok(t, h.reg.ChaseStops(t.Context(), h.space))
		ok(t, sender.Round(t.Context()))
	}
	if len(s.got) != 3 || !strings.Contains(s.got[1], "Rappel") || !strings.Contains(s.got[2], "Rappel") {
		t.Errorf("%d letters after a day", len(s.got))
	}
	h.helper = h.enterAgain()
	if n := h.note(); !n.Chased.Equal(h.now()) || len(n.Tell) != 2 {
		t.Errorf("chased at %s, to tell %v", n.Chased, n.Tell)
	}
	h.stopped()
	_, err := h.reg.AckStop(t.Context(), h.helper, h.note().ID)
	ok(t, err)
	ok(t, sender.Round(t.Context())) // it waited, and is not sent any more
	h.add(25 * time.Hour)
	ok(t, h.reg.ChaseStops(t.Context(), h.space))
	ok(t, sender.Round(t.Context()))
	if len(s.got) != 3 || len(h.waiting()) != 0 {
		t.Errorf("%d letters after the answer, %d wait", len(s.got), len(h.waiting()))
	}
}
