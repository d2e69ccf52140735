package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"aval/charter/screen"
	"aval/consent"
	"aval/consent/personal"
	"aval/store"
	"aval/store/bolt"
)

func (p *program) initCommand() *cobra.Command {
	var f folders
	var origin, structure, slug string
	var asJSON bool
	c := &cobra.Command{
		Use:   "init --data DIR --origin NAME",
		Short: "Make a register: its keys, its log and its first structure",
		Long: "Makes the keys (readable by you alone), an empty register and the space of a first\n" +
			"structure, and prints the one-time link with which its first referent enrols\n" +
			"within 24 hours. The origin is the register's name for ever, as in register.example.fr.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.init(c.Context(), f, origin, structure, slug, asJSON)
		},
	}
	f.flags(c)
	c.Flags().StringVar(&origin, "origin", "", "name of the register, a host name, fixed for ever")
	c.Flags().StringVar(&structure, "structure", "", "name of the first structure (default: the origin)")
	c.Flags().StringVar(&slug, "slug", "", "short name of its space, a-z 0-9 and - (default: from the name)")
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return c
}

// originForm is a host name, perhaps with a port: it stands in key names, URLs
// and checkpoints.
var originForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?$`)

func (p *program) init(ctx context.Context, f folders, origin, structure, slug string, asJSON bool) error {
	if err := f.check(); err != nil {
		return err
	}
	if !originForm.MatchString(origin) {
		return misuse("--origin is needed: a host name in small letters, such as register.example.fr")
	}
	if structure == "" {
		structure = origin
	}
	if slug == "" {
		slug = slugOf(structure)
	}
	name, err := screenedName(structure)
	if err != nil {
		return err
	}
	undo := undoNew(f)
	h, err := p.create(ctx, f, origin)
	if err != nil {
		undo()
		return err
	}
	s, invite, err := h.reg.OpenStructure(ctx, consent.Operator(), consent.NewStructure{Name: name, Slug: slug})
	if err != nil {
		h.db.Close()
		undo()
		return answer(err)
	}
	pub, err := h.keyring.RegisterPub()
	if err == nil {
		err = writeFile(f.in(filePub), pub, 0o644)
	}
	if err = errors.Join(err, h.close(ctx)); err != nil {
		return cannot("%w", err)
	}
	return tell(p.out, asJSON,
		fact{"register", origin}, fact{"data", f.Data}, fact{"keys", f.Keys}, fact{"public keys", f.in(filePub)},
		fact{"structure", string(s.ID)}, fact{"space", s.Slug}, fact{"link", linkURL("https://"+origin, invite)})
}

// undoNew returns what takes a failed init back: the files it made in folders
// that held none of them before.
func undoNew(f folders) func() {
	var made []string
	for _, path := range []string{f.in(fileStore), f.Keys} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			made = append(made, path)
		}
	}
	return func() {
		for _, path := range made {
			os.RemoveAll(path)
		}
	}
}

// create makes the two folders and an empty register in them. It refuses folders
// that hold one.
func (p *program) create(ctx context.Context, f folders, origin string) (*house, error) {
	if _, err := os.Stat(f.in(fileStore)); !errors.Is(err, fs.ErrNotExist) {
		return nil, no("there is a register in %s already; nothing was changed", f.Data)
	}
	if err := os.MkdirAll(f.Data, 0o700); err != nil {
		return nil, misuse("--data: %w", err)
	}
	keys, err := personal.Create(f.Keys, origin, p.now())
	if err != nil {
		return nil, no("%w", err)
	}
	if err := makeBackupIdentity(f.Keys); err != nil {
		return nil, cannot("%w", err)
	}
	db, err := bolt.Open(f.in(fileStore), bolt.Options{})
	if err != nil {
		return nil, storeFailure(err)
	}
	h, err := p.wire(f, db, keys)
	if err == nil {
		err = store.Begin(ctx, db)
	}
	if err == nil {
		err = h.reg.Begin(ctx)
	}
	if err != nil {
		return nil, errors.Join(storeFailure(err), db.Close())
	}
	return h, nil
}

// linkURL is a one-time link below a base address.
func linkURL(base string, i consent.Invitation) string {
	return strings.TrimSuffix(base, "/") + "/lien/" + i.Token.Reveal()
}

// slugOf makes a short name from a structure's name.
func slugOf(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ', r == '-', r == '.', r == '\'', r == '’':
			if s := b.String(); s != "" && s[len(s)-1] != '-' {
				b.WriteByte('-')
			}
		}
	}
	s := b.String()
	return strings.Trim(s[:min(len(s), 39)], "-")
}

// screenedName takes a structure's name through the door that every text takes.
func screenedName(name string) (screen.Clean, error) {
	clean, err := screen.Form(screen.Field{Name: "name", Text: name, Kind: screen.Name, Max: 120})
	if err != nil {
		return screen.Clean{}, misuse("the structure's name: %w", err)
	}
	return clean[0], nil
}

// answer turns what a use-case answers into an exit status and a sentence.
func answer(err error) error {
	var (
		invalid  *consent.Invalid
		refused  *consent.Refused
		conflict *consent.Conflict
		missing  *consent.NotFound
		f        *failure
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return err
	case errors.As(err, &invalid):
		return misuse("%s: %s", strings.TrimPrefix(invalid.Pointer, "/"), invalid.Reason)
	case errors.As(err, &refused):
		return no("refused by rule %s: %s", refused.Rule, refused.Reason)
	case errors.As(err, &conflict):
		return no("it does not fit what is there: %s", conflict.Reason)
	case errors.As(err, &missing):
		return no("there is no such %s", missing.Kind)
	}
	return storeFailure(err)
}
