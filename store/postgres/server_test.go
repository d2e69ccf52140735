package postgres

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// serverDSN reaches the server that TestMain started.
var serverDSN string

func TestMain(m *testing.M) {
	os.Exit(withServer(m.Run))
}

// withServer runs tests against a PostgreSQL of their own. Where there is none
// the tests fail: a backend nobody has tested is not one.
func withServer(run func() int) int {
	s, err := startServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, "these tests need PostgreSQL (initdb and postgres in PATH, in /usr/lib/postgresql or in PGBIN); make tools installs it:", err)
		return 1
	}
	defer s.stop()
	serverDSN = s.dsn("postgres")
	return run()
}

type server struct {
	dir  string
	port int
	cmd  *exec.Cmd
}

func startServer() (*server, error) {
	dir, err := os.MkdirTemp("", "aval-pg-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	if err := s.start(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) start() error {
	who, err := s.account()
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb, err := s.command(who, "initdb", "-D", data, "-A", "trust", "-U", "aval", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8")
	if err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	// fsync is off for speed: these tests stop no machine.
	s.cmd, err = s.command(who, "postgres", "-D", data, "-k", s.dir, "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=100")
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	return s.await(log.Name())
}

// account is whom the server runs as, nil for ourselves: it refuses root.
func (s *server) account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(s.dir, int(uid), int(gid))
}

func (s *server) command(who *syscall.Credential, name string, args ...string) (*exec.Cmd, error) {
	path, err := findProgram(name)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGINT}
	return cmd, nil
}

// findProgram looks in PGBIN, else in PATH and where Debian puts PostgreSQL,
// newest version first.
func findProgram(name string) (string, error) {
	if bin := os.Getenv("PGBIN"); bin != "" {
		return exec.LookPath(filepath.Join(bin, name))
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err == nil && len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
	}
	return exec.LookPath(name)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func (s *server) dsn(database string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=aval dbname=%s sslmode=disable", s.port, database)
}

// await waits until the server answers.
func (s *server) await(log string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.dsn("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		if ctx.Err() != nil {
			said, _ := os.ReadFile(log)
			return fmt.Errorf("the server does not answer: %w: %s", err, said)
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // another process starts
	}
}

// stop ends the server and removes its files.
func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGINT) // fast shutdown
		_ = s.cmd.Wait()
	}
	_ = os.RemoveAll(s.dir)
}
