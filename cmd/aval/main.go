// Command aval runs a register of mandates for digital help, and everything
// around it: making one, serving it, copying it, checking what came out of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"aval/audit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program; tests call it as well.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	p := &program{in: in, out: out, err: errOut, now: time.Now, boot: audit.BootClock()}
	return p.run(ctx, args)
}

// A program is one call of the command: its streams and its clock.
type program struct {
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
	boot     func() time.Duration
}

// Exit statuses (interface.md).
const (
	exitDone   = 0
	exitNo     = 1 // the answer is no: damaged, does not verify, refused
	exitUsage  = 2 // wrong use, or a file that cannot be opened
	exitCannot = 3 // the register cannot serve: locked, full, keys missing, newer
)

// A failure is an error with the exit status it stands for.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func no(format string, args ...any) error { return &failure{exitNo, fmt.Errorf(format, args...)} }
func misuse(format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...)}
}
func cannot(format string, args ...any) error {
	return &failure{exitCannot, fmt.Errorf(format, args...)}
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(p.err, "aval:", oneLine(err))
	var f *failure
	if errors.As(err, &f) {
		return f.status
	}
	return exitUsage // cobra's own complaints about words and flags
}

// oneLine keeps errors to one line on the terminal.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "aval",
		Short:         "A register of mandates for digital help",
		Long:          "Aval keeps a frame around digital help: mandates that are narrow and end, no password kept, a line for each look, and a page where the person sees and stops everything.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		p.demoCommand(), p.initCommand(), p.serveCommand(), p.structureCommand(), p.glassCommand(), p.clockCommand(),
		p.extractCommand(), p.verifyCommand(), p.screenCommand(), p.retentionCommand(),
		p.importCommand(), p.backupCommand(), p.restoreCommand(), p.doctorCommand(), p.versionCommand(),
	)
	return root
}

// version is set by the release build; else it comes from the module's own data.
var version = ""

// programName names the program and its version, in extracts.
func programName() string {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok && v == "" {
		v = info.Main.Version
	}
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	// Extracts take fixed words only: a pseudo-version's "+dirty" is left out.
	v, _, _ = strings.Cut(v, "+")
	return "aval-" + v
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the program's version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, programName())
			return err
		},
	}
}
