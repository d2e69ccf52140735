package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"aval/consent/personal"
)

func (p *program) doctorCommand() *cobra.Command {
	var f folders
	c := &cobra.Command{
		Use: "doctor", Short: "Start a register without serving it, look it over, and say what is wrong", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.doctor(c.Context(), f) },
	}
	f.flags(c)
	return c
}

// doctor says one line a thing it looked at, and fails if one is not well.
func (p *program) doctor(ctx context.Context, f folders) error {
	if err := f.check(); err != nil {
		return err
	}
	ill := 0
	look := func(what string, err error) {
		if err == nil {
			fmt.Fprintf(p.out, "ok: %s\n", what)
			return
		}
		ill++
		fmt.Fprintf(p.out, "wrong: %s: %s\n", what, oneLine(err))
	}
	_, err := os.Stat(f.in(fileStore))
	look("store", err)
	_, err = personal.OpenFolder(f.Keys)
	look("keys", err)
	_, err = os.Stat(f.in(filePub))
	look("public keys", err)
	if conn, err := net.DialTimeout("unix", f.in(fileControl), time.Second); err == nil {
		conn.Close()
		fmt.Fprintln(p.out, "ok: a server runs on this register")
		look("logs", p.order(ctx, f, "check", struct{}{}, io.Discard))
	} else if ill == 0 {
		h, err := p.ready(ctx, f)
		look("start", err)
		if err == nil {
			look("logs", checkLogs(ctx, h, struct{}{}, io.Discard))
			look("close", h.close(ctx))
		}
	}
	if ill > 0 {
		return no("%d of these are not well", ill)
	}
	return nil
}
