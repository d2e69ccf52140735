package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"aval/charter"
	"aval/consent"
)

type extractParams struct {
	Space, From, To, Profile, Purpose string
}

func (p *program) extractCommand() *cobra.Command {
	var f folders
	var params extractParams
	var out, person string
	c := &cobra.Command{
		Use:   "extract --space S --from DATE --to DATE --profile dpo --purpose P -o FILE.zip",
		Short: "Write the log of a period with its proofs, under pseudonyms",
		Long: "Writes every entry of a structure's log in a period, from the first instant of\n" +
			"--from to the last of --to (days in UTC), with what proves that they are all there\n" +
			"and unchanged. The extract is itself an entry; aval verify checks it offline.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return misuse("-o FILE.zip is needed")
			}
			if person != "" || params.Profile != consent.ProfileDPO {
				return misuse("--profile: only dpo can be made by this version")
			}
			return toFile(out, func(w io.Writer) error { return p.order(c.Context(), f, "extract", params, w) })
		},
	}
	f.flags(c)
	c.Flags().StringVar(&params.Space, "space", "", "short name of the structure's space")
	c.Flags().StringVar(&params.From, "from", "", "first day, YYYY-MM-DD")
	c.Flags().StringVar(&params.To, "to", "", "last day, YYYY-MM-DD")
	c.Flags().StringVar(&params.Profile, "profile", consent.ProfileDPO, "for whom: dpo")
	c.Flags().StringVar(&person, "person", "", "a person's pseudonym, for the profile person")
	c.Flags().StringVar(&params.Purpose, "purpose", "", "why: dpo_audit or authority_request")
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	return c
}

func extract(ctx context.Context, h *house, params extractParams, out io.Writer) error {
	if params.Purpose == "" {
		return misuse("--purpose is needed: an extract is an access, and says why")
	}
	from, err := time.Parse(time.DateOnly, params.From)
	if err != nil {
		return misuse("--from: a date is needed, as in 2026-11-01")
	}
	to, err := time.Parse(time.DateOnly, params.To)
	if err != nil {
		return misuse("--to: a date is needed, as in 2026-11-30")
	}
	if to.Before(from) {
		return misuse("--to is before --from")
	}
	a, err := h.reg.In(ctx, params.Space)
	if err != nil {
		return noSpace(err)
	}
	_, err = h.reg.Extract(ctx, a, out, consent.ExtractRequest{
		From: from, To: to.AddDate(0, 0, 1), Profile: params.Profile,
		Purpose: charter.Purpose(params.Purpose), Program: programName(),
	})
	return err
}

// noSpace tells a space that is not there from a store that cannot be read.
func noSpace(err error) error {
	if _, missing := errors.AsType[*consent.NotFound](err); missing {
		return misuse("--space: there is no space of that name")
	}
	return err
}

// toFile writes a file as a whole or not at all: what exists is replaced only
// when the new one is complete.
func toFile(path string, fn func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return misuse("%w", err)
	}
	err = fn(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return nil
}
