package notice_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"aval/charter/screen"
	"aval/consent/notice"
	"aval/consent/personal"
)

// certificate makes a key and a certificate for localhost, as files and as roots.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool, string, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ok(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ok(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	ok(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	ok(t, os.WriteFile(certFile, certPEM, 0o600))
	ok(t, os.WriteFile(keyFile, keyPEM, 0o600))
	return pair, roots, certFile, keyFile
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A server is a mail server in this process that does what it is told.
type server struct {
	mu      sync.Mutex
	got     []string // letters, as they came
	from    string
	refuse  *smtp.SMTPError
	silence time.Duration // before it answers to a letter
	drop    bool          // the connection, in the middle of a letter
}

func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{s, c}, nil }

type session struct {
	s *server
	c *smtp.Conn
}

func (x *session) Reset()        {}
func (x *session) Logout() error { return nil }
func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.from = from
	return nil
}

func (x *session) Rcpt(string, *smtp.RcptOptions) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.s.refuse != nil {
		return x.s.refuse
	}
	return nil
}

func (x *session) Data(r io.Reader) error {
	x.s.mu.Lock()
	silence, drop := x.s.silence, x.s.drop
	x.s.mu.Unlock()
	if drop {
		return errors.Join(x.c.Conn().Close(), io.ErrUnexpectedEOF)
	}
	time.Sleep(silence)
	raw, err := io.ReadAll(r)
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.got = append(x.s.got, string(raw))
	return err
}

// start serves and gives a Post that trusts the server.
func (s *server) start(t *testing.T, withTLS bool) *notice.SMTP {
	t.Helper()
	pair, roots, _, _ := certificate(t)
	srv := smtp.NewServer(s)
	srv.Domain = "localhost"
	srv.ErrorLog = quiet{}
	if withTLS {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return post(l.Addr().(*net.TCPAddr).Port, roots)
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func post(port int, roots *x509.CertPool) *notice.SMTP {
	return &notice.SMTP{
		Host: "localhost", Port: port, From: "ne-pas-repondre@example.fr", TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Origin: "register.test", StaffURL: "https://equipe.example.fr", Timeout: 5 * time.Second,
	}
}

func letter(t *testing.T) notice.Letter {
	t.Helper()
	clean, err := screen.Form(screen.Field{Name: "email", Text: "fatou@ccas.example.fr", Kind: screen.Email, Max: 254})
	ok(t, err)
	return notice.Letter{ID: "abcdefghijklmnopqrstuvwxyz", To: personal.NewText(clean[0])}
}

// What leaves is neutral, over TLS, and bears the same name when it is sent again.
func TestLetter(t *testing.T) {
	s := &server{}
	p := s.start(t, true)
	l := letter(t)
	ok(t, p.Send(t.Context(), l))
	l.Last = true
	ok(t, p.Send(t.Context(), l))
	if len(s.got) != 2 || s.from != "ne-pas-repondre@example.fr" {
		t.Fatalf("%d letters from %s", len(s.got), s.from)
	}
	for i, want := range []string{"Subject: Une information vous attend", "Subject: Rappel : une information vous attend"} {
		for _, part := range []string{want, "Message-ID: <abcdefghijklmnopqrstuvwxyz@register.test>", "Auto-Submitted: auto-generated", "https://equipe.example.fr/arrets"} {
			if !strings.Contains(s.got[i], part) {
				t.Errorf("the letter lacks %q:\n%s", part, s.got[i])
			}
		}
		for _, never := range []string{"Aval", "arrêt ", "mandat", "accord", "personne "} {
			if strings.Contains(s.got[i], never) {
				t.Errorf("the letter says %q", never)
			}
		}
	}
}

// Nothing leaves without TLS, or to a server that nobody vouches for.
func TestNoTLSNoLetter(t *testing.T) {
	plain := &server{}
	if err := plain.start(t, false).Send(t.Context(), letter(t)); err == nil || errors.Is(err, notice.ErrNever) || len(plain.got) > 0 {
		t.Errorf("a server without TLS: %v", err)
	}
	unknown := &server{}
	p := unknown.start(t, true)
	p.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if err := p.Send(t.Context(), letter(t)); err == nil || len(unknown.got) > 0 {
		t.Errorf("a server that nobody knows: %v", err)
	}
}

// A reply of 5yz is for good; of 4yz, a silence and a lost connection are not. No
// error says who was written to.
func TestWhatServersAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		server *server
		never  bool
	}{
		"unknown receiver": {&server{refuse: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no fatou@ccas.example.fr here"}}, true},
		"busy":             {&server{refuse: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "fatou@ccas.example.fr later"}}, false},
		"slow":             {&server{silence: 2 * time.Second}, false},
		"dropped":          {&server{drop: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.server.start(t, true)
			p.Timeout = time.Second
			err := p.Send(t.Context(), letter(t))
			if err == nil || errors.Is(err, notice.ErrNever) != c.never {
				t.Fatalf("got %v, for good: %t", err, errors.Is(err, notice.ErrNever))
			}
			if strings.Contains(err.Error(), "fatou") {
				t.Errorf("the error names the receiver: %v", err)
			}
		})
	}
	nobody := post(1, x509.NewCertPool())
	if err := nobody.Send(t.Context(), letter(t)); err == nil || errors.Is(err, notice.ErrNever) {
		t.Errorf("no server: %v", err)
	}
}

// A second implementation of the protocol takes the letter: the one of Node.js.
func TestAnotherServerTakesTheLetter(t *testing.T) {
	_, roots, cert, key := certificate(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "testdata/server.js", cert, key)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	cmd.Stderr = os.Stderr
	ok(t, cmd.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the server did not start: run make tools")
	}
	var port int
	_, err = fmt.Sscan(lines.Text(), &port)
	ok(t, err)
	ok(t, post(port, roots).Send(ctx, letter(t)))
	if !lines.Scan() {
		t.Fatal("the server got nothing")
	}
	var got struct {
		From, To, Text string
		Secure         bool
	}
	ok(t, json.Unmarshal(lines.Bytes(), &got))
	if !got.Secure || got.From != "ne-pas-repondre@example.fr" || got.To != "fatou@ccas.example.fr" || !strings.Contains(got.Text, "Une information vous attend") {
		t.Errorf("it got %+v", got)
	}
	cmd.Cancel()
	cmd.Wait()
}
