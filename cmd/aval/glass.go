package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"aval/charter"
	"aval/consent"
)

// The operator sees pseudonyms. This is the one command that shows a name, and only
// through a glass that a referent of the structure has opened over that person.

type glassParams struct {
	Space, Person string
	JSON          bool
}

func (p *program) glassCommand() *cobra.Command {
	group := commandGroup("glass", "What a structure lets the operator see of one person")
	var f folders
	var params glassParams
	show := &cobra.Command{
		Use: "show --space S --person P", Short: "Show one person's data while a referent lets you; the person sees it",
		Long: "Shows name, birth date and contact of one person, for technical support. It is refused\n" +
			"unless a referent of the structure has opened the glass over this person in the last\n" +
			"30 minutes. Asking and looking are lines of the log, and the person sees them.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.order(c.Context(), f, "glass show", params, p.out)
		},
	}
	f.flags(show)
	show.Flags().StringVar(&params.Space, "space", "", "short name of the structure's space")
	show.Flags().StringVar(&params.Person, "person", "", "the person's pseudonym, p_…")
	show.Flags().BoolVar(&params.JSON, "json", false, "print the result as JSON")
	group.AddCommand(show)
	return group
}

func showGlass(ctx context.Context, h *house, params glassParams, out io.Writer) error {
	id, err := consent.ParsePersonID(params.Person)
	if err != nil {
		return misuse("--person: not a person's pseudonym")
	}
	a, err := h.reg.In(ctx, params.Space)
	if err != nil {
		return noSpace(err)
	}
	seen, err := h.reg.RevealPerson(ctx, a, consent.Reveal{
		Person: id, Purpose: charter.PurposeTechnicalSupport, Fields: []charter.Field{charter.FieldIdentity, charter.FieldContact},
	})
	if err != nil {
		return err
	}
	var facts []fact
	if i := seen.Identity; i != nil {
		name := strings.TrimSpace(i.GivenNames.Reveal() + " " + i.BirthName.Reveal())
		facts = append(facts, fact{"name", name}, fact{"used_name", i.UsedName.Reveal()}, fact{"birth", i.Birth.Reveal()})
	}
	if c := seen.Contact; c != nil {
		facts = append(facts, fact{"phone", c.Phone.Reveal()}, fact{"email", c.Email.Reveal()}, fact{"address", c.Address.Reveal()})
	}
	return tell(out, params.JSON, facts...)
}
