package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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

// nobodyErased: no copy is put back here.
type nobodyErased struct{}

func (nobodyErased) Add(string, consent.PersonID) error          { return nil }
func (nobodyErased) All() (map[string][]consent.PersonID, error) { return nil, nil }

// A server is a register that listens, with one structure and a mandate.
type server struct {
	*httptest.Server
	reg      *consent.Register
	referent consent.Actor
	helper   consent.Actor
	mandate  *consent.Mandate
}

func listen(t *testing.T) *server {
	t.Helper()
	keys, err := personal.Create(filepath.Join(t.TempDir(), "keys"), "registre.test", time.Now())
	must(t, err)
	ch, err := charter.Load()
	must(t, err)
	db := mem.Open(mem.Options{})
	keyring := personal.NewKeyring(keys, store.Keys{DB: db})
	log := audit.NewLog(db, keyring, keyring, audit.NewClock(time.Now, nil))
	reg := consent.NewRegister(audit.NewRecorder(log, store.Ledger, store.Housekeeping...), keyring, ch, "registre.test", nobodyErased{})
	s := &server{Server: httptest.NewUnstartedServer(nil), reg: reg}
	url := "http://" + s.Listener.Addr().String()
	a, err := api.New(api.Config{
		Register: reg, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), StaffURL: url, PublicURL: url, Fatal: func(err error) { t.Error(err) },
	})
	must(t, err)
	s.Config = &http.Server{Handler: a.Staff(), ReadHeaderTimeout: time.Minute}
	s.Start()
	t.Cleanup(s.Close)
	s.fill(t)
	return s
}

// fill makes the people: through the use-cases, as their own pages do.
func (s *server) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	_, invitation, err := s.reg.OpenStructure(ctx, consent.Operator(), consent.NewStructure{Name: text(t, "CCAS du Pont"), Slug: "pont"})
	must(t, err)
	s.referent = s.enter(t, invitation)
	invitation, err = s.reg.OpenHelper(ctx, s.referent, consent.NewHelper{Name: text(t, "Fatou Diallo"), Role: charter.SocialWorker})
	must(t, err)
	s.helper = s.enter(t, invitation)
	must(t, s.reg.Adhere(ctx, s.helper, s.reg.Charter().Version(), s.reg.Charter().Digest()))
	person, err := s.reg.RecordPerson(ctx, s.helper, consent.PersonData{GivenNames: text(t, "Jeanne"), BirthName: text(t, "Morel"), Birth: "1948"})
	must(t, err)
	m, err := s.reg.DraftMandate(ctx, s.helper, consent.Terms{
		Person: person, Days: 31, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo, Supersession: charter.SupersessionNone,
		Explained: &consent.Explained{Lang: "fr", Aid: "read_aloud"},
		Powers:    []consent.Power{{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent}},
	})
	must(t, err)
	_, err = s.reg.SignMandate(ctx, s.helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: text(t, "Classeur bleu")})
	must(t, err)
	_, err = s.reg.AcceptMandate(ctx, s.helper, m.ID)
	must(t, err)
	s.mandate, err = s.reg.DeliverMandate(ctx, s.helper, m.ID, "print")
	must(t, err)
}

func (s *server) enter(t *testing.T, i consent.Invitation) consent.Actor {
	t.Helper()
	in, err := s.reg.Redeem(t.Context(), consent.Call{Request: consent.NewRequestID()}, i.Token, personal.Token{})
	must(t, err)
	a, err := s.reg.SignedIn(t.Context(), in.Session)
	must(t, err)
	return a
}

func text(t *testing.T, s string) screen.Clean {
	t.Helper()
	clean, err := screen.Form(screen.Field{Name: "text", Text: s, Kind: screen.Name, Max: 100})
	must(t, err)
	return clean[0]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The program makes a key, is let in, asks, notes, and is closed.
func TestProgram(t *testing.T) {
	s := listen(t)
	key := filepath.Join(t.TempDir(), "key.pem")
	said := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		must(t, run(t.Context(), args, &out))
		return out.String()
	}
	set := said("key", key)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v %v", info, err)
	}
	if err := run(t.Context(), []string{"key", key}, io.Discard); err == nil {
		t.Error("a key was written over")
	}
	p, err := s.reg.OpenProgram(t.Context(), s.referent, consent.NewProgram{
		Name: text(t, "Dossier Social"), Keys: []byte(set), Days: 30,
		Scopes: []charter.Scope{charter.ScopeMandates, charter.ScopeCover, charter.ScopeActs},
	})
	must(t, err)
	ask := []string{
		"-register", s.URL, "-client", p.Client("pont"), "-key", key, "-member", string(s.helper.Member()), "-ref", s.mandate.Ref,
		"-service", "caf", "-procedure", "rsa_declaration", "-mode", "do_for_present",
	}
	if got := said(append([]string{"cover"}, ask...)...); !strings.HasPrefix(got, "covered until 20") {
		t.Errorf("asked: %q", got)
	}
	absent := append([]string{"cover"}, ask...)
	absent[len(absent)-1] = "do_for_absent"
	if got := said(absent...); !strings.HasPrefix(got, "not covered: ") {
		t.Errorf("asked for more: %q", got)
	}
	note := append(append([]string{"note"}, ask...), "-reason", "asked_by_person", "-channel", "person_session", "-credential", "person",
		"-outcome", "done", "-once", "dossier-7", "-validated", time.Now().UTC().Format(time.RFC3339), "-validated-how", "screen", "-period", "2026")
	first := said(note...)
	if !regexp.MustCompile(`^noted t_[a-z2-7]{26}\n$`).MatchString(first) || said(note...) != first {
		t.Errorf("noted: %q", first)
	}

	must(t, s.reg.CloseProgram(t.Context(), s.referent, p.ID))
	err = run(t.Context(), append([]string{"cover"}, ask...), io.Discard)
	problem, is := err.(*Problem) //nolint:errorlint // returned as it is
	if !is || problem.Code != "invalid_client" {
		t.Errorf("after it was closed: %v", err)
	}
}

// What is typed wrong, and what is no register, is said and nothing is sent there.
func TestProgramFaults(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s was sent to %s", r.Method, r.URL.Path)
		}
		json.NewEncoder(w).Encode(map[string]string{"issuer": "https://registre.test", "token_endpoint": "https://registre.test/token"}) //nolint:errcheck // the client shows it
	}))
	t.Cleanup(elsewhere.Close)
	key := filepath.Join(t.TempDir(), "key.pem")
	must(t, run(t.Context(), []string{"key", key}, io.Discard))
	for _, args := range [][]string{
		nil, {"sing"}, {"cover", "-nothing"}, {"cover", "-key", key + ".not"}, {"cover", "-key", os.Args[0]},
		{"cover", "-key", key, "-register", elsewhere.URL}, {"note", "-key", key, "-register", "http://127.0.0.1:1"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v was done", args)
		}
	}
}
