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

	"github.com/spf13/cobra"

	"aval/charter"
	"aval/charter/screen"
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
	h, err := p.create(ctx, f, "localhost")
	if err != nil {
		return err
	}
	cast, err := h.fillDemo(ctx)
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
	fmt.Fprintf(p.err, "A birth date for the card: %s. Ctrl-C ends the demo and removes everything.\n", demoPersons[0].Birth)
}

func (r demoRole) print(p *program, s *server) {
	fmt.Fprintf(p.out, "%s: %s\n", r.name, linkURL(s.staffURL, r.browser))
	fmt.Fprintf(p.out, "  curl -s -X POST -H 'Accept: application/json' %s\n", linkURL(s.staffURL, r.curl))
}

// A demoPerson is made up.
type demoPerson struct {
	Given, Birth, Name, Phone, Language string
	Powers                              []consent.Power
	Days                                int
}

var demoPersons = []demoPerson{
	{"Jeanne", "1948-03-12", "Morel", "06 39 98 12 34", "fr", []consent.Power{
		{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent},
	}, 365},
	{"Mohamed", "1961", "Aït-Ali", "07 39 98 55 21", "ar", nil, 0},
	{"", "1990-01", "Zahra", "", "fa", nil, 0},
}

// fillDemo makes a structure, its people and a first mandate through the same
// use-cases that the doors call.
func (h *house) fillDemo(ctx context.Context) (*demoCast, error) {
	name, err := screenedName("CCAS de Valombre (démonstration)")
	if err != nil {
		return nil, err
	}
	_, invite, err := h.reg.OpenStructure(ctx, consent.Operator(), consent.NewStructure{Name: name, Slug: "valombre"})
	if err != nil {
		return nil, err
	}
	referent, err := h.enter(ctx, invite.Token)
	if err != nil {
		return nil, err
	}
	cast := &demoCast{}
	helper, err := h.demoMember(ctx, referent, "Fatou Diallo", charter.SocialWorker)
	if err != nil {
		return nil, err
	}
	if err := h.demoPeople(ctx, helper, cast); err != nil {
		return nil, err
	}
	dpo, err := h.demoMember(ctx, referent, "Claire Garnier", charter.DPO)
	if err != nil {
		return nil, err
	}
	for _, r := range []struct {
		name string
		id   consent.MemberID
	}{{"helper", helper.Member()}, {"referent", referent.Member()}, {"dpo", dpo.Member()}} {
		role := demoRole{name: r.name}
		for _, link := range []*consent.Invitation{&role.browser, &role.curl} {
			if *link, err = h.reg.MakeLink(ctx, referent, r.id); err != nil {
				return nil, err
			}
		}
		cast.roles = append(cast.roles, role)
	}
	return cast, nil
}

// enter redeems a link, as a person does who clicks on it.
func (h *house) enter(ctx context.Context, token personal.Token) (consent.Actor, error) {
	w, err := h.reg.Redeem(ctx, consent.Call{Request: consent.NewRequestID()}, token, personal.Token{})
	if err != nil {
		return consent.Actor{}, err
	}
	return h.reg.SignedIn(ctx, w.Session)
}

func (h *house) demoMember(ctx context.Context, referent consent.Actor, name string, role charter.Role) (consent.Actor, error) {
	clean, err := screen.Form(screen.Field{Name: "name", Text: name, Kind: screen.Name, Max: 120})
	if err != nil {
		return consent.Actor{}, err
	}
	invite, err := h.reg.OpenHelper(ctx, referent, consent.NewHelper{Name: clean[0], Role: role})
	if err != nil {
		return consent.Actor{}, err
	}
	a, err := h.enter(ctx, invite.Token)
	if err != nil || role == charter.DPO {
		return a, err
	}
	return a, h.reg.Adhere(ctx, a, h.reg.Charter().Version(), h.reg.Charter().Digest())
}

// demoPeople records the persons, and takes the first through a whole mandate.
func (h *house) demoPeople(ctx context.Context, helper consent.Actor, cast *demoCast) error {
	for i, d := range demoPersons {
		clean, err := screen.Form(
			screen.Field{Name: "given_names", Text: d.Given, Kind: screen.Name, Max: 120},
			screen.Field{Name: "birth_name", Text: d.Name, Kind: screen.Name, Max: 120},
			screen.Field{Name: "phone", Text: d.Phone, Kind: screen.Phone, Max: 40},
		)
		if err != nil {
			return err
		}
		id, err := h.reg.RecordPerson(ctx, helper, consent.PersonData{
			GivenNames: clean[0], BirthName: clean[1], Phone: clean[2], Birth: d.Birth, Language: d.Language,
		})
		if err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if err := h.demoMandate(ctx, helper, id, d); err != nil {
			return err
		}
		if cast.card, err = h.reg.IssueCard(ctx, helper, id); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) demoMandate(ctx context.Context, helper consent.Actor, id consent.PersonID, d demoPerson) error {
	m, err := h.reg.DraftMandate(ctx, helper, consent.Terms{
		Person: id, Powers: d.Powers, Days: d.Days, Capacity: charter.CapacityNo, Conflict: charter.ConflictNo,
		Explained: &consent.Explained{Lang: d.Language, Aid: "read_aloud"}, Supersession: charter.SupersessionNone,
	})
	if err != nil {
		return err
	}
	place, err := screen.Form(screen.Field{Name: "paper_place", Text: "Classeur des mandats, accueil", Kind: screen.Place, Max: 200})
	if err != nil {
		return err
	}
	if _, err := h.reg.SignMandate(ctx, helper, m.ID, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: place[0]}); err != nil {
		return err
	}
	if _, err := h.reg.AcceptMandate(ctx, helper, m.ID); err != nil {
		return err
	}
	if _, err := h.reg.DeliverMandate(ctx, helper, m.ID, "print"); err != nil {
		return err
	}
	_, err = h.reg.RecordAct(ctx, helper, consent.NewAct{
		Person: id, Did: d.Powers[0], Reason: "cannot_use_device", Channel: charter.ChannelPersonSession,
		Credential: charter.EntryPerson, Outcome: "done",
		Validated: m.Drafted, ValidatedHow: charter.ValidatedOnScreen, Period: "2026-07/2026-09",
	})
	return err
}
