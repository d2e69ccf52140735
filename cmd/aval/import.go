package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aval/consent"
	"aval/consent/place"
)

type importParams struct {
	Set  string
	JSON bool
}

func (p *program) importCommand() *cobra.Command {
	c := &cobra.Command{Use: "import", Short: "Bring open data into the register", Args: cobra.NoArgs}
	var f folders
	var params importParams
	places := &cobra.Command{
		Use:   "places FILE",
		Short: "Bring a file of places of digital mediation into the directory",
		Long: "Reads a file of the national schema \"lieux de médiation numérique\" (CSV or JSON, today's\n" +
			"columns and words or those of the older schema) and puts it in force as a whole.\n\n" +
			"A newer file of the same set replaces the older one and says what is gone; what a structure\n" +
			"wrote down about a place stays. Files of other sets stay too. Each refusal is a line on standard\n" +
			"output, as is each cell that was left out; the last line counts.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return misuse("%w", err)
			}
			defer file.Close()
			info, err := file.Stat()
			if err != nil || info.IsDir() {
				return misuse("%s is not a file", filepath.Base(args[0]))
			}
			if params.Set == "" {
				params.Set = setOf(args[0])
			}
			in := p.progress(file, info.Size())
			defer in.done()
			return p.orderWith(c.Context(), f, "import places", params, in, p.out)
		},
	}
	f.flags(places)
	places.Flags().StringVar(&params.Set, "set", "", "name of the set that the file is of (default: the file's name without date)")
	places.Flags().BoolVar(&params.JSON, "json", false, "one JSON object a line")
	c.AddCommand(places)
	return c
}

// setOf makes a set's name from a file's: letters and digits, without what looks like
// a date or a version at its end.
func setOf(path string) string {
	name := strings.ToLower(filepath.Base(path))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	name = strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(name, "-"), "-")
	if short := strings.Trim(regexp.MustCompile(`(-?v?[0-9]+)+$`).ReplaceAllString(name, ""), "-"); short != "" {
		name = short
	}
	return name[:min(39, len(name))]
}

// importPlaces is the order behind the command.
func importPlaces(ctx context.Context, h *house, params importParams, in io.Reader, out io.Writer) error {
	set, err := consent.ParsePlaceSetName(params.Set)
	if err != nil {
		return misuse("--set: 1 to 39 lower-case letters, digits and single hyphens")
	}
	w := bufio.NewWriter(out)
	say := importWriter(textImport{w})
	if params.JSON {
		say = jsonImport{json.NewEncoder(w)}
	}
	report, err := h.reg.ImportPlaces(ctx, consent.Operator(), set, in, say.news)
	if bad, is := errors.AsType[*place.FileError](err); is {
		return errors.Join(w.Flush(), no("%w; nothing was changed", bad))
	}
	if c, is := errors.AsType[*consent.Conflict](err); is && c.Reason == "import_running" {
		return no("another import of this set is running, or was cut off less than a minute ago")
	}
	if err != nil {
		return err
	}
	say.report(report)
	return w.Flush()
}

// An importWriter says what an import does, for people or for programs.
type importWriter interface {
	news(consent.PlaceNews)
	report(consent.PlaceReport)
}

type textImport struct{ w io.Writer }

func (t textImport) news(n consent.PlaceNews) {
	switch {
	case n.Fault == nil:
		fmt.Fprintf(t.w, "gone: %s\n", n.Gone)
	case n.Refused:
		fmt.Fprintln(t.w, n.Fault)
	default:
		fmt.Fprintf(t.w, "left out: %s\n", n.Fault)
	}
}

func (t textImport) report(r consent.PlaceReport) {
	for _, column := range slices.Sorted(maps.Keys(r.Others)) {
		fmt.Fprintf(t.w, "column %.60q is not of the schema; in %s\n", column, counted(r.Others[column], "place"))
	}
	for _, note := range []struct {
		n    int
		what string
	}{
		{r.NoPivot, "without the number of a legal person"}, {r.LongSummary, "with a summary over 280 characters, kept and shortened to show"},
		{r.NoPoint, "without coordinates"}, {r.Closed, "that receive nobody"},
	} {
		if note.n > 0 {
			fmt.Fprintf(t.w, "note: %s %s\n", counted(note.n, "place"), note.what)
		}
	}
	fmt.Fprintf(t.w, "added %d, changed %d, unchanged %d, gone %d\n", r.Added, r.Changed, r.Same, r.Vanished)
	fmt.Fprintf(t.w, "read %d, kept %d, mapped %d, refused %d\n", r.Read, r.Kept, r.Mapped, r.Refused)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type jsonImport struct{ *json.Encoder }

func (j jsonImport) news(n consent.PlaceNews) {
	if n.Fault == nil {
		_ = j.Encode(map[string]string{"gone": n.Gone})
		return
	}
	_ = j.Encode(struct {
		Line    int          `json:"line"`
		Column  int          `json:"column"`
		Name    string       `json:"name,omitempty"`
		Reason  place.Reason `json:"reason"`
		Refused bool         `json:"refused"`
	}{n.Fault.Line, max(n.Fault.At, 1), n.Fault.Column, n.Fault.Reason, n.Refused})
}

func (j jsonImport) report(r consent.PlaceReport) {
	_ = j.Encode(struct {
		Read        int            `json:"read"`
		Kept        int            `json:"kept"`
		Mapped      int            `json:"mapped"`
		Refused     int            `json:"refused"`
		Added       int            `json:"added"`
		Changed     int            `json:"changed"`
		Unchanged   int            `json:"unchanged"`
		Gone        int            `json:"gone"`
		NoPivot     int            `json:"without_pivot"`
		LongSummary int            `json:"long_summary"`
		NoPoint     int            `json:"without_coordinates"`
		Closed      int            `json:"receive_nobody"`
		LeftOut     int            `json:"cells_left_out"`
		Others      map[string]int `json:"other_columns"`
	}{
		r.Read, r.Kept, r.Mapped, r.Refused, r.Added, r.Changed, r.Same, r.Vanished,
		r.NoPivot, r.LongSummary, r.NoPoint, r.Closed, r.LeftOut, r.Others,
	})
}

// A progress shows how far a file was read, on a terminal only.
type progress struct {
	io.Reader
	size, read int64
	out        *os.File // nil: not a terminal
	shown      time.Time
	now        func() time.Time
}

func (p *program) progress(in io.Reader, size int64) *progress {
	bar := &progress{Reader: in, size: size, now: p.now}
	if f, ok := p.err.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			bar.out = f
		}
	}
	return bar
}

func (b *progress) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += int64(n)
	if now := b.now(); b.out != nil && b.size > 0 && now.Sub(b.shown) > 200*time.Millisecond {
		b.shown = now
		share := int(min(100, b.read*100/b.size))
		fmt.Fprintf(b.out, "\r%3d %% [%-40s]", share, strings.Repeat("=", share*40/100))
	}
	return n, err
}

func (b *progress) done() {
	if b.out != nil && !b.shown.IsZero() {
		fmt.Fprintf(b.out, "\r%50s\r", "")
	}
}
