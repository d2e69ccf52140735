package jobs_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/jobs"
	"aval/consent/personal"
	"aval/store"
	"aval/store/kv"
	"aval/store/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// erased is the list outside the store, on a disk that may be full.
type erased struct {
	mu   sync.Mutex
	list []consent.PersonID
	full error
}

func (e *erased) Add(_ string, p consent.PersonID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.full == nil && !slices.Contains(e.list, p) {
		e.list = append(e.list, p)
	}
	return e.full
}

func (e *erased) All() (map[string][]consent.PersonID, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return map[string][]consent.PersonID{"ccas": slices.Clone(e.list)}, nil
}

func (e *erased) set(full error) { e.mu.Lock(); defer e.mu.Unlock(); e.full = full }

// A program is a register with one structure and its referent signed in.
type program struct {
	reg      *consent.Register
	keys     *personal.Keyring
	db       *mem.DB
	erased   *erased
	referent consent.Actor
	helper   consent.Actor
}

func clean(t *testing.T, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: "name", Text: text, Kind: screen.Name, Max: 100})
	if err != nil {
		t.Fatal(err)
	}
	return c[0]
}

// start makes a register whose clock is the machine's.
func start(t *testing.T) *program {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := personal.Create(filepath.Join(t.TempDir(), "keys"), "register.test", time.Now())
	must(err)
	p := &program{db: mem.Open(mem.Options{}), erased: &erased{}}
	ch, err := charter.Load()
	must(err)
	p.keys = personal.NewKeyring(folder, store.Keys{DB: p.db})
	log := audit.NewLog(p.db, p.keys, p.keys, audit.NewClock(time.Now, nil))
	rec := audit.NewRecorder(log, store.Ledger, store.Housekeeping...)
	p.reg = consent.NewRegister(rec, p.keys, ch, folder.Origin(), p.erased)
	must(store.Begin(t.Context(), p.db))
	must(p.reg.Begin(t.Context()))
	_, invite, err := p.reg.OpenStructure(t.Context(), consent.Operator(), consent.NewStructure{Name: clean(t, "Maison commune"), Slug: "ccas"})
	must(err)
	p.referent = p.enter(t, invite)
	invite, err = p.reg.OpenHelper(t.Context(), p.referent, consent.NewHelper{Name: clean(t, "Fatou Diallo"), Role: charter.SocialWorker})
	must(err)
	p.helper = p.enter(t, invite)
	must(p.reg.Adhere(t.Context(), p.helper, ch.Version(), ch.Digest()))
	return p
}

func (p *program) enter(t *testing.T, invite consent.Invitation) consent.Actor {
	t.Helper()
	in, err := p.reg.Redeem(t.Context(), consent.Call{}, invite.Token, personal.Token{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.reg.SignedIn(t.Context(), in.Session)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// rows counts the rows of a bucket in the structure's space.
func (p *program) rows(t *testing.T, bucket string) int {
	t.Helper()
	n := 0
	err := p.db.View(t.Context(), 1, func(tx kv.Tx) error {
		n = 0
		return tx.Scan(kv.Bucket{Name: bucket}, nil, nil, func(_, _ []byte) error {
			n++
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The jobs run at once and then at their pace, tell what fails, try it again, and
// end with their context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t)
		person, err := p.reg.RecordPerson(t.Context(), p.helper, consent.PersonData{BirthName: clean(t, "Morel"), Birth: "1948"})
		if err != nil {
			t.Fatal(err)
		}
		full := errors.New("no room left")
		p.erased.set(full)
		if _, err := p.reg.ForgetPerson(t.Context(), p.referent, person); !errors.Is(err, full) {
			t.Fatalf("forgetting with a full disk: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var told []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			jobs.Run(ctx, p.reg, func(job string, err error) {
				if !errors.Is(err, full) {
					t.Errorf("%s: %v", job, err)
				}
				told = append(told, job)
			})
		}()
		synctest.Wait()
		if !slices.Contains(told, "erasures") || p.rows(t, "erasing") == 0 {
			t.Errorf("told %v", told)
		}
		p.erased.set(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if p.rows(t, "erasing") != 0 || !slices.Contains(p.erased.list, person) {
			t.Error("the erasure was not tried again")
		}
		// On Monday a new epoch's key is in use; 23 days later the first is gone.
		first := p.keys.Epochs()[0].Kid
		time.Sleep(7*24*time.Hour + 2*time.Hour)
		synctest.Wait()
		if e := p.keys.Epochs(); len(e) < 2 || e[len(e)-1].Rewrapped.IsZero() {
			t.Errorf("a week later the epochs are %+v", e)
		}
		time.Sleep(19 * 24 * time.Hour)
		synctest.Wait()
		if slices.ContainsFunc(p.keys.Epochs(), func(e personal.EpochInfo) bool { return e.Kid == first }) {
			t.Error("the first epoch's key is still there")
		}
		if n := p.rows(t, "evidence-due"); n != 0 {
			t.Errorf("%d evidence keys of people who never signed wait for retention", n)
		}
		stop()
		<-done
		if n := len(told); n > 3 {
			t.Errorf("%d failures were told: %v", n, told)
		}
	})
}

// Start ends what was cut off, before anybody is served.
func TestStart(t *testing.T) {
	p := start(t)
	person, err := p.reg.RecordPerson(t.Context(), p.helper, consent.PersonData{BirthName: clean(t, "Morel"), Birth: "1948"})
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("no room left")
	p.erased.set(full)
	if _, err := p.reg.ForgetPerson(t.Context(), p.referent, person); !errors.Is(err, full) {
		t.Fatalf("forgetting with a full disk: %v", err)
	}
	if err := jobs.Start(t.Context(), p.reg); !errors.Is(err, full) {
		t.Errorf("started with an erasure that cannot be finished: %v", err)
	}
	p.erased.set(nil)
	if err := jobs.Start(t.Context(), p.reg); err != nil {
		t.Fatal(err)
	}
	if p.rows(t, "erasing") != 0 || p.rows(t, "outbox") != 0 {
		t.Error("something is left to do")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := jobs.Start(stopped, p.reg); !errors.Is(err, context.Canceled) {
		t.Errorf("started with a context that has ended: %v", err)
	}
}
