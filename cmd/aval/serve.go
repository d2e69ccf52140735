package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"aval/api"
	"aval/consent/jobs"
	"aval/consent/notice"
	"aval/store/kv"
)

func (p *program) serveCommand() *cobra.Command {
	var file string
	var c config
	cmd := &cobra.Command{
		Use:   "serve --data DIR",
		Short: "Serve a register: staff on one address, cards on another",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				file = os.Getenv("AVAL_CONFIG")
			}
			if err := c.load(cmd.Flags(), file, os.Environ()); err != nil {
				return err
			}
			return p.serve(cmd.Context(), c)
		},
	}
	defaults := defaultConfig()
	for _, s := range defaults.names() {
		cmd.Flags().String(s.name, *s.value, s.help+" ($"+s.env()+")")
	}
	cmd.Flags().StringVar(&file, "config", "", "JSON file of these settings ($AVAL_CONFIG)")
	return cmd
}

// serve opens the register, listens, and serves until the context ends.
func (p *program) serve(ctx context.Context, c config) error {
	logger := slog.New(slog.NewJSONHandler(p.err, nil))
	h, err := p.ready(ctx, folders{Data: c.Data, Keys: c.Keys})
	if err != nil {
		return err
	}
	least, err := c.reserve()
	if err == nil {
		h.keepRoom(least, p.now, func(full bool) {
			logger.Error("room on the disk", "only_stops", full, "reserve_mib", c.Reserve)
		})
	}
	s, err := h.listen(p, c, logger)
	if err != nil {
		return errors.Join(err, h.close(ctx))
	}
	fmt.Fprintf(p.out, "staff: %s\npublic: %s\n", s.staffURL, s.publicURL)
	err = s.run(ctx)
	return errors.Join(err, storeFailure(h.close(ctx)))
}

// A server is an open register on its three listeners.
type server struct {
	house               *house
	log                 *slog.Logger
	staffURL, publicURL string
	doors               []door
	post                notice.Post // nil: no mails
	fatal               chan error
}

type door struct {
	name     string
	listener net.Listener
	handler  http.Handler
}

// listen opens the listeners; nothing is served yet.
func (h *house) listen(p *program, c config, logger *slog.Logger) (*server, error) {
	s := &server{house: h, log: logger, fatal: make(chan error, 1)}
	var err error
	for _, address := range []string{c.Staff, c.Public} {
		var l net.Listener
		if l, err = net.Listen("tcp", address); err != nil {
			s.closeDoors()
			return nil, cannot("%w", err)
		}
		s.doors = append(s.doors, door{listener: l})
	}
	s.staffURL, s.publicURL = urlOr(c.StaffURL, s.doors[0].listener), urlOr(c.PublicURL, s.doors[1].listener)
	proxies, err := c.proxies()
	if err != nil {
		return nil, misuse("%w", err)
	}
	doors, err := api.New(api.Config{
		Register: h.reg, Log: logger, Origin: h.reg.Origin(), StaffURL: s.staffURL, PublicURL: s.publicURL,
		TrustedProxies: proxies, Now: p.now, Version: programName(), Secure: strings.HasPrefix(s.staffURL, "https:"),
		Fatal: s.stop, Mails: c.MailHost != "",
	})
	if err != nil {
		s.closeDoors()
		return nil, err
	}
	s.doors[0].name, s.doors[0].handler = "staff", doors.Staff()
	s.doors[1].name, s.doors[1].handler = "public", doors.Public()
	if s.post, err = c.post(s.staffURL, h.reg.Origin()); err != nil {
		s.closeDoors()
		return nil, err
	}
	control, err := h.listenControl()
	if err != nil {
		s.closeDoors()
		return nil, cannot("%w", err)
	}
	s.doors = append(s.doors, door{"control", control, h.control()})
	return s, nil
}

func urlOr(given string, l net.Listener) string {
	if given != "" {
		return strings.TrimSuffix(given, "/")
	}
	return "http://" + l.Addr().String()
}

func (s *server) closeDoors() {
	for _, d := range s.doors {
		d.listener.Close()
	}
}

// stop ends the program because nothing read back from the store can be trusted
// any more, or a listener died. The first reason counts.
func (s *server) stop(err error) {
	select {
	case s.fatal <- err:
	default:
	}
}

// Limits of the listeners: a slow client holds neither memory nor a connection
// for long.
const (
	headerTimeout   = 5 * time.Second
	requestTimeout  = 30 * time.Second
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 20 * time.Second
	lastSeenEvery   = time.Minute
)

// run serves until the context ends or something fatal happens, then lets
// running requests end.
func (s *server) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	servers := make([]*http.Server, len(s.doors))
	for i, d := range s.doors {
		servers[i] = &http.Server{
			Handler: d.handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		}
		running.Go(func() {
			if err := servers[i].Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
				s.stop(fmt.Errorf("%s listener: %w", d.name, err))
			}
		})
	}
	var woken []func()
	if s.post != nil {
		sender := notice.NewSender(s.house.reg, s.post, s.mailFailed)
		woken = append(woken, sender.Kick)
		running.Go(func() { sender.Run(ctx, func(err error) { s.jobFailed("mail", err) }) })
	}
	running.Go(func() { jobs.Run(ctx, s.house.reg, s.jobFailed, woken...) })
	running.Go(func() { s.watchLastSeen(ctx) })
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-s.fatal:
	}
	cancel()
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer stop()
	for _, srv := range servers {
		if err := srv.Shutdown(grace); err != nil {
			srv.Close()
		}
	}
	running.Wait()
	if failed != nil {
		return storeFailure(failed)
	}
	return nil
}

// jobFailed logs, and ends the program when the disk refused a commit: nothing
// read back after that can be trusted.
func (s *server) jobFailed(job string, err error) {
	s.log.Error("job failed", "job", job, "err", err)
	if errors.Is(err, kv.ErrSync) {
		s.stop(err)
	}
}

// watchLastSeen keeps the last checkpoints beside the store up to date.
func (s *server) watchLastSeen(ctx context.Context) {
	tick := time.NewTicker(lastSeenEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.house.keepLastSeen(ctx); err != nil {
				s.log.Error("last checkpoints not kept", "err", err)
			}
		}
	}
}
