package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"aval/charter/screen/canary"
)

// A served register is killed in the middle of refusing credentials, again and
// again. Neither its folders, nor what it wrote or answered, nor what the control
// socket and the commands say, nor a copy that is put back holds any of them.
func TestNothingIsLeftInFoldersWhenAServerIsKilled(t *testing.T) {
	home := t.TempDir()
	s := &served{t: t, home: home, data: filepath.Join(home, "reg"), said: &syncBuffer{}}
	link := s.linkIn(s.command(exitDone, "init", "--data", s.data, "--origin", "registre.test", "--slug", "ccas", "--structure", "CCAS"))
	var hunt canary.Hunt
	for life := range 4 {
		stop := s.start()
		bearer := s.redeem(link)
		link = s.linkIn(s.command(exitDone, "structure", "link", "--space", "ccas", "--data", s.data))
		if refused := s.refuseUntil(bearer, 60+17*life, &hunt, func() { stop(syscall.SIGKILL) }); refused == 0 {
			t.Error("nothing was refused")
		}
		s.search(&hunt, s.data, s.data+"-keys")
	}
	stop := s.start()
	s.refuseUntil(s.redeem(link), 60, &hunt, func() {})
	for _, args := range [][]string{
		{"doctor"}, {"backup", "-o", filepath.Join(home, "copy.age")},
		{"extract", "--space", "ccas", "--from", "2020-01-01", "--to", "2099-01-01", "--profile", "dpo", "--purpose", "dpo_audit", "-o", filepath.Join(home, "e.zip")},
	} {
		s.command(exitDone, append(args, "--data", s.data)...)
	}
	stop(syscall.SIGTERM)
	s.command(exitDone, "restore", filepath.Join(home, "copy.age"), "--data", filepath.Join(home, "again"), "--keys", s.data+"-keys")
	s.search(&hunt, home)
	if hunt.Tracks() < 1000 {
		t.Errorf("%d byte strings were looked for", hunt.Tracks())
	}
}

// served is a register in a folder, served by a process of its own.
type served struct {
	t          *testing.T
	home, data string
	staff      string
	said       *syncBuffer // all that was answered and printed
}

// start serves, and gives what ends it by a signal.
func (s *served) start() (stop func(os.Signal)) {
	s.t.Helper()
	program, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--data", s.data, "--staff", "127.0.0.1:0", "--public", "127.0.0.1:0")
	cmd.Args[0] = "aval" // the test's binary is the program under this name
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = s.said
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	var first bytes.Buffer
	address := regexp.MustCompile(`staff: (\S+)\npublic: \S+\n`)
	buf := make([]byte, 256)
	for !address.Match(first.Bytes()) {
		n, err := out.Read(buf)
		first.Write(buf[:n])
		if err != nil {
			s.t.Fatalf("it does not serve: %s %s", first.String(), s.said.String())
		}
	}
	s.staff = address.FindStringSubmatch(first.String())[1]
	ended := make(chan struct{})
	go func() {
		io.Copy(s.said, out) //nolint:errcheck // the process was killed
		cmd.Wait()           //nolint:errcheck // likewise
		close(ended)
	}()
	var once sync.Once
	stop = func(how os.Signal) {
		once.Do(func() {
			if err := cmd.Process.Signal(how); err != nil {
				s.t.Error(err)
			}
		})
		<-ended
	}
	s.t.Cleanup(func() { stop(os.Kill) })
	return stop
}

// command runs the program and writes down what it says.
func (s *served) command(want int, args ...string) string {
	s.t.Helper()
	var out, errOut bytes.Buffer
	got := run(s.t.Context(), args, strings.NewReader(""), &out, &errOut)
	if got != want {
		s.t.Fatalf("aval %s: exit %d: %s", args[0], got, errOut.String())
	}
	s.said.Write(append(out.Bytes(), errOut.Bytes()...)) //nolint:errcheck // a buffer
	return out.String()
}

func (s *served) linkIn(said string) string {
	s.t.Helper()
	m := regexp.MustCompile(`/lien/([A-Za-z0-9_-]+)`).FindStringSubmatch(said)
	if m == nil {
		s.t.Fatalf("no link in %s", said)
	}
	return m[1]
}

func (s *served) redeem(link string) (bearer string) {
	s.t.Helper()
	status, body, err := s.post("/lien/"+link, "", nil)
	var answer struct{ Bearer string }
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.Bearer == "" {
		s.t.Fatalf("the link is not redeemed: %d %v %s", status, err, body)
	}
	return answer.Bearer
}

func (s *served) post(path, bearer string, body any) (int, []byte, error) {
	raw, err := json.Marshal(body)
	if err != nil || body == nil {
		raw = nil
	}
	r, err := http.NewRequestWithContext(context.Background(), "POST", s.staff+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	said, err := io.ReadAll(a.Body)
	return a.StatusCode, said, err
}

// refuseUntil sends canaries, several at a time, and calls end when so many were
// refused, while others are on their way.
func (s *served) refuseUntil(bearer string, enough int, hunt *canary.Hunt, end func()) int {
	s.t.Helper()
	var refused atomic.Int64
	var ended atomic.Bool
	var running sync.WaitGroup
	for worker := range 4 {
		running.Go(func() {
			for i := 0; !ended.Load(); i++ {
				flock := canary.Flock()
				c := flock[(worker+4*i)%len(flock)]
				hunt.Add(c)
				status, body, err := s.post("/api/v1/me/name", bearer, map[string]string{"name": c.Text})
				s.said.Write(body) //nolint:errcheck // a buffer
				switch {
				case err != nil:
					return // killed meanwhile
				case status == http.StatusForbidden:
					refused.Add(1)
				case status != http.StatusTooManyRequests:
					s.t.Errorf("%s, %s: %d", c.Kind, c.Form, status)
				}
				if refused.Load() >= int64(enough) || i > 4*enough {
					ended.Store(true)
					end()
				}
			}
		})
	}
	running.Wait()
	return int(refused.Load())
}

// search looks for canaries in every byte of every file below folders, in their
// names, and in all that was said so far.
func (s *served) search(hunt *canary.Hunt, folders ...string) {
	s.t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
				return nil
			}
			raw, err := os.ReadFile(path)
			if found := hunt.In(append(raw, path...)); len(found) > 0 {
				s.t.Errorf("%s has %v", filepath.Base(path), found)
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if found := hunt.In([]byte(s.said.String())); len(found) > 0 {
		s.t.Errorf("what was said has %v", found)
	}
}

// syncBuffer is a buffer that several write to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
