package consent

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"aval/audit"
	"aval/audit/extract"
	"aval/charter"
	"aval/consent/statement"
)

// ProfileDPO is the one profile there is yet: every entry of the period with its
// details, under pseudonyms.
const ProfileDPO = "dpo"

// Files that an extract carries beside the log's own.
const (
	fileSummary    = "summary.json"
	fileStatements = "statements.txt"
	fileReadme     = "readme.txt"
)

// An ExtractRequest asks for an extract of the actor's space.
type ExtractRequest struct {
	From, To time.Time // From ≤ t < To
	Profile  string
	Purpose  charter.Purpose
	Program  string // name and version of the program that makes it
}

// In is the operator acting on the space of a structure.
func (r *Register) In(ctx context.Context, slug string) (Actor, error) {
	if slug != RegisterSlug && !slugForm.MatchString(slug) {
		return Actor{}, &NotFound{Kind: "space"}
	}
	s, err := r.space(ctx, slug)
	return operatorIn(s), err
}

// Extract writes the extract of a period to w. It is an access: the entry is
// committed before the first byte is written.
func (r *Register) Extract(ctx context.Context, a Actor, w io.Writer, q ExtractRequest) (extract.Report, error) {
	var none extract.Report
	if a.kind == card {
		return none, &NotFound{Kind: "use-case"} // this profile is about everybody
	}
	if q.Profile != ProfileDPO {
		return none, &Invalid{Pointer: "/profile", Reason: "profile"}
	}
	if !q.From.Before(q.To) {
		return none, &Invalid{Pointer: "/to", Reason: "until_before_from"}
	}
	var sum Summary
	var statements string
	passes, err := r.record(ctx, a, func(t *turn) error {
		try := Attempt{Action: audit.ExtractMade, Purpose: q.Purpose}
		f := charter.Facts{Operation: charter.OpExtract, Read: charter.Read{Purpose: q.Purpose}}
		if err := t.check(try, f); err != nil {
			return err
		}
		if err := t.fresh(); err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.ExtractMade, Purpose: string(q.Purpose), On: []string{q.Profile}})
		sum = t.summary(q)
		var err error
		statements, err = t.statements()
		return err
	})
	if err != nil {
		return none, err
	}
	if err := r.countMandates(ctx, a.space, passes[0].Time(), &sum); err != nil {
		return none, err
	}
	if err := r.countSecrets(ctx, a.space, q, &sum); err != nil {
		return none, err
	}
	raw, err := json.MarshalIndent(sum, "", "  ")
	if err != nil {
		return none, err
	}
	files := []extract.File{
		{Name: fileReadme, Data: []byte(extractReadme)},
		{Name: fileSummary, Data: append(raw, '\n')},
		{Name: fileStatements, Data: []byte(statements)},
	}
	return extract.Write(ctx, w, r.rec.Log(), r.keys, a.space, extract.Request{
		From: q.From, To: q.To, Profile: q.Profile, Program: q.Program, Files: files,
		Open: func(audit.Line) bool { return true },
	})
}

// A Summary heads an extract: who asked for what, and counts of the mandates.
type Summary struct {
	Origin      string         `json:"origin"`
	Space       string         `json:"space"`
	Structure   string         `json:"structure"`
	Requester   string         `json:"requester"`
	Purpose     string         `json:"purpose"`
	TZ          string         `json:"tz"`
	Charter     CharterRef     `json:"charter"`
	Mandates    map[State]int  `json:"mandates_by_state"`
	Levels      map[string]int `json:"mandates_by_evidence"`
	NotYet      []string       `json:"rules_not_kept_yet"`
	WithoutCopy int            `json:"active_without_copy"` // must be 0 (C06)
	// Notebooks is how far the structure has come with its notebooks, and
	// Destroyed how many notebooks and files it declared destroyed, in the period.
	Notebooks Progress `json:"notebook_lines"`
	Destroyed Gone     `json:"destroyed"`
	// Refused texts of the months of the period, by kind and rule, and the share
	// of those that could be contested and were: the field's own measure of false
	// refusals.
	Refusals []RefusalOf   `json:"refused_texts"`
	Contests FalseRefusals `json:"contested_texts"`
	Shown    int64         `json:"credentials_shown"`
}

// summary is the head of an extract without its counts.
func (t *turn) summary(q ExtractRequest) Summary {
	sum := Summary{
		Origin: t.r.origin, Space: t.actor.space.Slug(), Structure: t.profile.Name.String(), Requester: t.actor.by(),
		Purpose: string(q.Purpose), TZ: t.profile.TZ,
		Charter:  CharterRef{Version: t.r.charter.Version(), Digest: t.r.charter.Digest()},
		Mandates: map[State]int{}, Levels: map[string]int{},
	}
	for _, rule := range t.r.charter.NotYet() {
		sum.NotYet = append(sum.NotYet, string(rule.ID))
	}
	return sum
}

// countMandates counts a space's mandates by their state at an instant, in short
// transactions: those that begin meanwhile may be missing.
func (r *Register) countMandates(ctx context.Context, s audit.Space, at time.Time, sum *Summary) error {
	return walk(ctx, r, s, func(m *Mandate) { sum.count(m, at) })
}

func (sum *Summary) count(m *Mandate, at time.Time) {
	sum.Mandates[m.State(at)]++
	if !m.Signed.IsZero() {
		sum.Levels[m.Level().String()]++
	}
	if m.State(at) == Active && m.Delivered.IsZero() {
		sum.WithoutCopy++
	}
}

// statements are the signed statements of the space's keys and of every member's,
// one a line.
func (t *turn) statements() (string, error) {
	space := &Stated{Owner: t.actor.space.Slug()}
	if err := need(t.tx, space, "statement"); err != nil {
		return "", err
	}
	lines := []string{space.JWS}
	err := each(t.tx, "h_", func(s *Stated) error {
		lines = append(lines, s.JWS)
		return nil
	})
	return strings.Join(lines, "\n") + "\n", err
}

// VerifyExtract proves an extract from the register's public keys alone.
func VerifyExtract(file io.ReaderAt, size int64, register *statement.RegisterPub) (*extract.Extract, error) {
	return extract.Read(file, size, func(files map[string][]byte) (note.Verifier, error) {
		return logVerifier(strings.Split(strings.TrimSuffix(string(files[fileStatements]), "\n"), "\n"), register)
	})
}

const extractReadme = `EXTRACT OF AN AVAL LOG

What it proves. Each line of leaves.ndjson.gz is an entry of the structure's log,
in the order of the log. Together they are all the entries of the period: the
entry before and the entry after are shown too. The tree that holds them is the
one signed in checkpoint. openings.ndjson.gz gives the details of the entries
that the reader may see; each is bound to its entry.

How to check it, offline, with the register's public keys:

    aval verify EXTRACT.zip --key register.pub

What it does not prove. That a person understood what they agreed to. That nothing
was written in a notebook or photographed on a screen. That the program wrote
every line it should have: whoever runs the machine and holds both data and keys
can read outside the program.

People and members are pseudonyms here. Names are given only to a data protection
officer or a referent who is signed in, and never in this file.
`

// VerifyCheckpoint proves a space's checkpoint with the statements of its keys,
// one a line, the space's first.
func VerifyCheckpoint(signed []byte, statements string, register *statement.RegisterPub) (audit.Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(statements, "\n"), "\n")
	v, err := logVerifier(lines, register)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	return audit.OpenCheckpoint(signed, v)
}

// logVerifier finds the key of a space's log in its statements.
func logVerifier(lines []string, register *statement.RegisterPub) (note.Verifier, error) {
	space, err := statement.ParseSpace(register, lines[0])
	if err != nil {
		return nil, err
	}
	keys, err := statement.Chain(register, space.Slug, lines)
	if err != nil {
		return nil, err
	}
	v := keys.Log(space.From)
	if v == nil {
		return nil, statement.ErrSignature
	}
	return v, nil
}
