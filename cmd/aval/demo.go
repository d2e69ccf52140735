package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"aval/consent"
	"aval/consent/personal"
)

func (p *program) demoCommand() *cobra.Command {
	var addr string
	c := &cobra.Command{
		Use:   "demo [--addr HOST:PORT]",
		Short: "Serve a temporary register with made-up people, to try everything",
		Long: "Makes a register in a temporary folder, fills it with made-up people through the real\n" +
			"use-cases, prints a link and a curl line for each role, and serves until Ctrl-C, when\n" +
			"the folder is removed. Cards are served on the port after the staff's.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.demo(c.Context(), addr) },
	}
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "address of the staff pages; port 0 takes free ones")
	return c
}

func (p *program) demo(ctx context.Context, addr string) (err error) {
	public, err := nextPort(addr)
	if err != nil {
		return misuse("--addr: an address with a port is needed, as in 127.0.0.1:8080")
	}
	dir, err := os.MkdirTemp("", "aval-demo-")
	if err != nil {
		return cannot("%w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	f := folders{Data: filepath.Join(dir, "register"), Keys: filepath.Join(dir, "register-keys")}
	// The month before is played on a clock of its own, which then is the real one.
	clock := &demoClock{now: p.now, behind: demoDays * 24 * time.Hour}
	past := *p
	past.now, past.boot = clock.Now, nil
	h, err := past.create(ctx, f, "localhost")
	if err != nil {
		return err
	}
	cast, err := (&stage{ctx: ctx, h: h, clock: clock, seed: 1}).play()
	if err != nil {
		return errors.Join(answer(err), h.db.Close())
	}
	logger := slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c := defaultConfig()
	c.Staff, c.Public = addr, public
	s, err := h.listen(p, c, logger)
	if err != nil {
		return errors.Join(err, h.db.Close())
	}
	cast.print(p, s)
	err = s.run(ctx)
	return errors.Join(err, h.db.Close())
}

// nextPort is the address after a staff address, for the cards.
func nextPort(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 65535 {
		return "", errors.New("port")
	}
	if n > 0 {
		n++
	}
	return net.JoinHostPort(host, strconv.FormatUint(n, 10)), nil
}

// A demoCast is who can be played. Each link is used once, so each role has one
// for the browser and one for curl.
type demoCast struct {
	roles []demoRole
	card  personal.CardCode
	birth string // of the card's holder
}

type demoRole struct {
	name          string
	browser, curl consent.Invitation
}

func (d *demoCast) print(p *program, s *server) {
	for _, r := range d.roles[:1] {
		r.print(p, s)
	}
	code := d.card.Shown()
	fmt.Fprintf(p.out, "person: %s/c/%s\n", s.publicURL, code)
	fmt.Fprintf(p.out, "  curl -s -d code=%s -d action=see %s/carte\n", code, s.publicURL)
	for _, r := range d.roles[1:] {
		r.print(p, s)
	}
	fmt.Fprintf(p.err, "A birth date for the card: %s. Ctrl-C ends the demo and removes everything.\n", d.birth)
}

func (r demoRole) print(p *program, s *server) {
	fmt.Fprintf(p.out, "%s: %s\n", r.name, linkURL(s.staffURL, r.browser))
	fmt.Fprintf(p.out, "  curl -s -X POST -H 'Accept: application/json' %s\n", linkURL(s.staffURL, r.curl))
}
