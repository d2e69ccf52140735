package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"aval/consent"
)

type structureParams struct {
	Name, Slug, TZ, URL string
	JSON                bool
}

// commandGroup is a word that only leads to other commands.
func commandGroup(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
}

func (p *program) structureCommand() *cobra.Command {
	group := commandGroup("structure", "Structures of the register")
	var f folders
	var params structureParams
	add := &cobra.Command{
		Use: "add --name NAME --slug SLUG", Short: "Open a structure and its space; prints its first referent's link",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.order(c.Context(), f, "structure add", params, p.out)
		},
	}
	f.flags(add)
	add.Flags().StringVar(&params.Name, "name", "", "the structure's public name")
	add.Flags().StringVar(&params.Slug, "slug", "", "short name of its space, fixed for ever: a-z 0-9 and -")
	add.Flags().StringVar(&params.TZ, "tz", "", "its time zone (default "+consent.DefaultTZ+")")
	add.Flags().StringVar(&params.URL, "url", "", "address of the staff pages, for the link (default https://ORIGIN)")
	var link linkParams
	let := &cobra.Command{
		Use: "link --space S", Short: "Make a sign-in link for a referent who is locked out; entered in the log",
		Long: "Makes a sign-in link, good for 15 minutes, for the first referent of a structure or for\n" +
			"the member named. The log says that the operator made it, and so does the session.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.order(c.Context(), f, "structure link", link, p.out)
		},
	}
	f.flags(let)
	let.Flags().StringVar(&link.Space, "space", "", "short name of the structure's space")
	let.Flags().StringVar(&link.Member, "member", "", "the member's pseudonym, h_… (default: the first referent)")
	let.Flags().StringVar(&link.URL, "url", "", "address of the staff pages (default https://ORIGIN)")
	for c, asJSON := range map[*cobra.Command]*bool{add: &params.JSON, let: &link.JSON} {
		c.Flags().BoolVar(asJSON, "json", false, "print the result as JSON")
	}
	group.AddCommand(add, let)
	return group
}

type linkParams struct {
	Space, Member, URL string
	JSON               bool
}

func makeLink(ctx context.Context, h *house, params linkParams, out io.Writer) error {
	a, err := h.reg.In(ctx, params.Space)
	if err != nil {
		return noSpace(err)
	}
	id := consent.MemberID(params.Member)
	if params.Member == "" {
		if id, err = h.reg.FirstReferent(ctx, a); err != nil {
			return err
		}
	} else if _, err := consent.ParseMemberID(params.Member); err != nil {
		return misuse("--member: not a member's pseudonym")
	}
	invite, err := h.reg.MakeLink(ctx, a, id)
	if err != nil {
		return err
	}
	return tell(out, params.JSON, fact{"member", string(id)},
		fact{"link", linkURL(cmp.Or(params.URL, "https://"+h.reg.Origin()), invite)})
}

func addStructure(ctx context.Context, h *house, params structureParams, out io.Writer) error {
	name, err := screenedName(params.Name)
	if err != nil {
		return err
	}
	s, invite, err := h.reg.OpenStructure(ctx, consent.Operator(), consent.NewStructure{Name: name, Slug: params.Slug, TZ: params.TZ})
	if err != nil {
		return err
	}
	return tell(out, params.JSON, fact{"structure", string(s.ID)}, fact{"space", s.Slug},
		fact{"link", linkURL(cmp.Or(params.URL, "https://"+h.reg.Origin()), invite)})
}

func (p *program) clockCommand() *cobra.Command {
	group := commandGroup("clock", "The clock that times the log")
	var f folders
	confirm := &cobra.Command{
		Use: "confirm", Short: "Say that the clock is right after a jump; entered in every log",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.order(c.Context(), f, "clock confirm", struct{}{}, p.out)
		},
	}
	f.flags(confirm)
	group.AddCommand(confirm)
	return group
}

func confirmClock(ctx context.Context, h *house, _ struct{}, out io.Writer) error {
	if err := h.reg.ConfirmClock(ctx); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "the clock is confirmed, and the log says so")
	return err
}

func (p *program) retentionCommand() *cobra.Command {
	group := commandGroup("retention", "What is destroyed at its date")
	var f folders
	var params retentionParams
	run := &cobra.Command{
		Use: "run [--dry-run]", Short: "Destroy what is due; with --dry-run only count it",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.order(c.Context(), f, "retention run", params, p.out)
		},
	}
	f.flags(run)
	run.Flags().BoolVar(&params.JSON, "json", false, "print the counts as JSON")
	run.Flags().BoolVar(&params.Dry, "dry-run", false, "count, and destroy nothing")
	group.AddCommand(run)
	return group
}

type retentionParams struct{ Dry, JSON bool }

func runRetention(ctx context.Context, h *house, params retentionParams, out io.Writer) error {
	if !params.Dry {
		if _, err := h.reg.TurnEpoch(ctx); err != nil {
			return err
		}
	}
	reports, err := h.reg.RunRetention(ctx, params.Dry)
	if err != nil {
		return err
	}
	if params.JSON {
		return json.NewEncoder(out).Encode(reports)
	}
	for _, r := range reports {
		if _, err := fmt.Fprintf(out, "space %s: drafts %d, contacts %d, persons %d, evidence keys %d, months of log details %d\n", r.Space, r.Drafts, r.Contacts, r.Persons, r.Evidence, r.Months); err != nil {
			return err
		}
	}
	return nil
}
