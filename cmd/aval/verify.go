package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aval/api/token"
	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
	"aval/consent/statement"
)

func (p *program) verifyCommand() *cobra.Command {
	var f folders
	var key, opening, statements string
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify FILE|DIR|URL --key register.pub",
		Short: "Check an extract, a mandate, a checkpoint or a whole register",
		Long: "Checks, offline and with public keys alone, an extract (zip), a mandate (JSON) or a\n" +
			"checkpoint; or, given a data folder and its keys, every entry of a whole register.\n" +
			"Exit status: 0 it verifies, 1 it does not, 2 it cannot be read.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			v := verification{program: p, folders: f, opening: opening, statements: statements, json: asJSON}
			return v.run(c.Context(), args[0], key)
		},
	}
	c.Flags().StringVar(&f.Keys, "keys", os.Getenv("AVAL_KEYS"), "keys folder, to check a whole register (default: the data folder's name and -keys)")
	c.Flags().StringVar(&key, "key", "", "the register's public keys, register.pub, from a source you trust")
	c.Flags().StringVar(&opening, "opening", "", "file that says who the person of a mandate is")
	c.Flags().StringVar(&statements, "statements", "", "file of signed statements, to check a space's checkpoint")
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return c
}

// A verification is one call of aval verify.
type verification struct {
	*program
	folders
	register            *statement.RegisterPub
	opening, statements string
	json                bool
}

// maxVerify bounds the files that are read whole, in bytes; extracts are not.
const maxVerify = 1 << 20

func (v *verification) run(ctx context.Context, path, key string) error {
	if key == "" {
		return misuse("--key register.pub is needed: the register's public keys, from a source you trust")
	}
	var err error
	if v.register, err = readRegisterPub(key); err != nil {
		return err
	}
	if strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://") {
		local, err := download(ctx, path)
		if err != nil {
			return err
		}
		defer os.Remove(local)
		path = local
	}
	info, err := os.Stat(path)
	if err != nil {
		return misuse("%w", err)
	}
	if info.IsDir() {
		return v.folder(ctx, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return misuse("%w", err)
	}
	defer file.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(file, head); err != nil {
		return no("%s: not an extract, a mandate or a checkpoint", path)
	}
	if bytes.Equal(head, []byte("PK")) {
		return v.extract(file, info.Size())
	}
	raw, err := readBounded(path)
	if err != nil {
		return no("%s: not an extract, a mandate or a checkpoint", path)
	}
	switch {
	case head[0] == '{' && consent.IsDestruction(raw):
		return v.destruction(raw)
	case head[0] == '{':
		return v.mandate(raw)
	case isCheckpoint(raw):
		return v.checkpoint(raw)
	}
	return no("%s: not an extract, a mandate or a checkpoint", path)
}

// readRegisterPub reads the register's public keys.
func readRegisterPub(path string) (*statement.RegisterPub, error) {
	raw, err := readBounded(path)
	if err != nil {
		return nil, misuse("--key: %w", err)
	}
	pub, err := statement.ParseRegisterPub(raw)
	if err != nil {
		return nil, misuse("--key: not a register's public keys")
	}
	return pub, nil
}

// download puts what is at an address into a temporary file. The address is only
// where it comes from: nothing about it is trusted.
func download(ctx context.Context, address string) (path string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", misuse("not an address that can be fetched")
	}
	res, err := (&http.Client{Timeout: 5 * time.Minute}).Do(req)
	if err != nil {
		return "", misuse("%w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", misuse("the address answered %s", res.Status)
	}
	f, err := os.CreateTemp("", "aval-verify-")
	if err != nil {
		return "", misuse("%w", err)
	}
	n, err := io.Copy(f, io.LimitReader(res.Body, maxDownload+1))
	if err = errors.Join(err, f.Close()); err == nil && n > maxDownload {
		err = fmt.Errorf("larger than %d bytes", int64(maxDownload))
	}
	if err != nil {
		os.Remove(f.Name())
		return "", misuse("%w", err)
	}
	return f.Name(), nil
}

// maxDownload bounds what is fetched to be verified, in bytes.
const maxDownload = 1 << 32

// isCheckpoint tells whether a file is a checkpoint at all, before any signature
// (C2SP signed-note: the text ends where the signature lines begin).
func isCheckpoint(raw []byte) bool {
	text, _, signed := strings.Cut(string(raw), "\n\n— ")
	_, err := audit.ParseCheckpoint(text + "\n")
	return signed && err == nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxVerify+1))
	if err == nil && len(raw) > maxVerify {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxVerify)
	}
	return raw, err
}

// say prints the result: a line for people, or JSON.
func (v *verification) say(result map[string]any, line string) error {
	if v.json {
		result["ok"] = true
		return json.NewEncoder(v.out).Encode(result)
	}
	_, err := fmt.Fprintln(v.out, "OK: "+line)
	return err
}

func (v *verification) extract(file *os.File, size int64) error {
	x, err := consent.VerifyExtract(file, size, v.register)
	if err != nil {
		return no("the extract does not verify: it was changed, or is of another register")
	}
	end := "complete up to the checkpoint"
	if x.Fenced {
		end = "complete"
	}
	return v.say(map[string]any{
		"kind": "extract", "space": x.About.Space, "from": x.About.From, "to": x.About.To,
		"entries": x.Entries, "opened": x.Opened, "fenced": x.Fenced,
	}, fmt.Sprintf("extract of %s from %s to %s: %d entries, %s, in the tree of %d signed by %s",
		x.About.Space, x.About.From, x.About.To, x.Entries, end, x.Checkpoint.Size, x.Checkpoint.Origin))
}

func (v *verification) mandate(raw []byte) error {
	m, err := consent.VerifyMandate(raw, v.register)
	if err != nil {
		return no("the mandate does not verify: %s", reason(err))
	}
	// A second library looks at each signature again (design: jwx is the second
	// pair of eyes).
	if err := token.VerifyMandate(raw, v.register); err != nil {
		return no("the mandate does not verify by the second library")
	}
	result := map[string]any{
		"kind": "mandate", "mandate": m.Payload.ID, "space": m.Payload.Space, "from": m.Payload.From,
		"until": m.Payload.Until, "level": m.PersonLevel(), "signatures": m.Signatures,
	}
	who := ""
	if v.opening != "" {
		if err := v.openingFits(m.Payload); err != nil {
			return err
		}
		result["person"], who = "fits the opening", ", for the person of the opening"
	}
	return v.say(result, fmt.Sprintf("mandate %s of %s, from %s until %s, %d powers, agreement proven at %s%s",
		m.Payload.Ref, m.Payload.Space, m.Payload.From.Format(time.RFC3339), m.Payload.Until.Format(time.RFC3339),
		len(m.Payload.Powers), m.PersonLevel(), who))
}

func (v *verification) openingFits(p *consent.Payload) error {
	raw, err := readBounded(v.opening)
	if err != nil {
		return misuse("--opening: %w", err)
	}
	o, err := personal.ParseOpening(raw)
	if err != nil {
		return misuse("--opening: not an opening")
	}
	if o.Commitment() != p.Person.C {
		return no("the mandate is not of the person in the opening")
	}
	return nil
}

func (v *verification) checkpoint(raw []byte) error {
	if v.statements == "" {
		return misuse("--statements is needed to check a space's checkpoint: the file statements.txt of any extract of the space")
	}
	lines, err := readBounded(v.statements)
	if err != nil {
		return misuse("--statements: %w", err)
	}
	c, err := consent.VerifyCheckpoint(raw, string(lines), v.register)
	if err != nil {
		return no("the checkpoint does not verify")
	}
	return v.say(map[string]any{"kind": "checkpoint", "origin": c.Origin, "size": c.Size, "root": c.Root.String()},
		fmt.Sprintf("checkpoint of %s: %d entries, root %s", c.Origin, c.Size, c.Root))
}

// folder checks a whole register: every entry, tile and checkpoint of every log,
// and that it is the register of the public keys given.
func (v *verification) folder(ctx context.Context, path string) error {
	v.Data = path
	h, err := v.open(ctx, v.folders)
	if err != nil {
		return err
	}
	pub, err := h.keyring.RegisterPub()
	if err == nil {
		var want []byte
		if want, err = v.register.Marshal(); err == nil && !bytes.Equal(bytes.TrimSpace(pub), bytes.TrimSpace(want)) {
			err = no("the register's keys are not those of --key")
		}
	}
	if err == nil {
		err = checkLogs(ctx, h, struct{}{}, io.Discard)
	}
	if err := errors.Join(err, h.db.Close()); err != nil {
		return err
	}
	return v.say(map[string]any{"kind": "register", "origin": h.reg.Origin()}, "register "+h.reg.Origin()+": every log verifies")
}

// checkLogs recomputes every log of a register and compares each with its own
// checkpoints.
func checkLogs(ctx context.Context, h *house, _ struct{}, out io.Writer) error {
	spaces, err := h.reg.Spaces(ctx)
	if err != nil {
		return storeFailure(err)
	}
	for _, s := range spaces {
		if err := h.log.Check(ctx, s); err != nil {
			if errors.Is(err, audit.ErrDamaged) || errors.Is(err, audit.ErrFork) || errors.Is(err, audit.ErrNote) {
				return no("the log of %s does not verify: %w", s.Slug(), err)
			}
			return storeFailure(err)
		}
		if _, err := fmt.Fprintf(out, "log of %s: verified\n", s.Slug()); err != nil {
			return err
		}
	}
	return nil
}

// reason is the key of why something is not accepted.
func reason(err error) string {
	var invalid *consent.Invalid
	if errors.As(err, &invalid) {
		return invalid.Reason
	}
	return "it is of another register or was changed"
}
