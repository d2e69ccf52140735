package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aval/audit"
	"aval/charter"
	"aval/consent"
	"aval/consent/jobs"
	"aval/consent/personal"
	"aval/store"
	"aval/store/bolt"
	"aval/store/kv"
)

// Names inside a register's data folder.
const (
	fileStore    = "aval.db"
	fileControl  = "control.sock"
	fileErased   = "erased"
	filePub      = "register.pub"
	fileLastSeen = "last-checkpoint"
)

// folders says where a register is.
type folders struct{ Data, Keys string }

func (f *folders) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.Data, "data", os.Getenv("AVAL_DATA"), "folder of the register's data")
	c.Flags().StringVar(&f.Keys, "keys", os.Getenv("AVAL_KEYS"), "folder of its keys (default: the data folder's name and -keys)")
}

// check fills the default in and refuses keys inside the data.
func (f *folders) check() error {
	if f.Data == "" {
		return misuse("--data is needed: the folder of the register")
	}
	if f.Keys == "" {
		f.Keys = filepath.Clean(f.Data) + "-keys"
	}
	data, err := filepath.Abs(f.Data)
	if err != nil {
		return misuse("--data: %w", err)
	}
	keys, err := filepath.Abs(f.Keys)
	if err != nil {
		return misuse("--keys: %w", err)
	}
	f.Data, f.Keys = resolve(data), resolve(keys)
	if inside(f.Keys, f.Data) || inside(f.Data, f.Keys) {
		return misuse("the keys folder must be apart from the data folder: a copy of the data must not hold the keys")
	}
	return nil
}

// resolve follows links, so that a link is no way to put keys inside data.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolve(parent), filepath.Base(path))
	}
	return path
}

func inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func (f *folders) in(name string) string { return filepath.Join(f.Data, name) }

// A house is an open register: the one place where all packages meet.
type house struct {
	folders
	db      kv.DB
	keys    *personal.Folder
	keyring *personal.Keyring
	log     *audit.Log
	reg     *consent.Register
}

// wire puts the packages together over an open store.
func (p *program) wire(f folders, db kv.DB, keys *personal.Folder) (*house, error) {
	ch, err := charter.Load()
	if err != nil {
		return nil, err
	}
	keyring := personal.NewKeyring(keys, store.Keys{DB: db})
	log := audit.NewLog(db, keyring, keyring, audit.NewClock(p.now, p.boot))
	rec := audit.NewRecorder(log, store.Ledger, store.Housekeeping...)
	reg := consent.NewRegister(rec, keyring, ch, keys.Origin(), erasedLists{f.in(fileErased), keys})
	return &house{folders: f, db: db, keys: keys, keyring: keyring, log: log, reg: reg}, nil
}

// open opens a register that exists, without looking at its clock or log yet.
func (p *program) open(ctx context.Context, f folders) (*house, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(f.in(fileStore)); errors.Is(err, fs.ErrNotExist) {
		return nil, misuse("there is no register in %s: make one with aval init", f.Data)
	}
	keys, err := personal.OpenFolder(f.Keys)
	if err != nil {
		return nil, cannot("%w", err)
	}
	db, err := openStore(f.in(fileStore))
	if err != nil {
		return nil, storeFailure(err)
	}
	h, err := p.wire(f, db, keys)
	if err == nil {
		err = store.Prepare(ctx, db)
	}
	if err != nil {
		db.Close()
		return nil, storeFailure(err)
	}
	return h, nil
}

// openStore is the one line that a new backend adds.
func openStore(path string) (kv.DB, error) {
	return bolt.Open(path, bolt.Options{MustExist: true})
}

// start makes an open register ready to be used: the clock fits, the log goes on
// from the last checkpoint known, and what a stop cut off is finished.
func (h *house) start(ctx context.Context) error {
	spaces, err := h.reg.Spaces(ctx)
	if err != nil {
		return storeFailure(err)
	}
	for _, s := range spaces {
		if err := h.log.CheckStart(ctx, s); err != nil {
			return storeFailure(err)
		}
	}
	if err := h.extendsLastSeen(ctx, spaces); err != nil {
		return err
	}
	return storeFailure(jobs.Start(ctx, h.reg))
}

// close keeps the last checkpoints outside the store and closes it.
func (h *house) close(ctx context.Context) error {
	return errors.Join(h.keepLastSeen(ctx), h.db.Close())
}

// ready opens and starts a register.
func (p *program) ready(ctx context.Context, f folders) (*house, error) {
	h, err := p.open(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := h.start(ctx); err != nil {
		h.db.Close()
		return nil, err
	}
	return h, nil
}

// storeFailure turns what keeps a register from serving into a sentence.
func storeFailure(err error) error {
	var f *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return err
	case errors.Is(err, kv.ErrLocked):
		return cannot("the register is in use by another process")
	case errors.Is(err, kv.ErrDamaged), errors.Is(err, audit.ErrDamaged):
		return cannot("the store is damaged or cut short; nothing was changed; restore the last copy with aval restore: %w", err)
	case errors.Is(err, kv.ErrFull):
		return cannot("no room left on the disk; nothing was lost; make room and start again")
	case errors.Is(err, audit.ErrClock):
		return cannot("the clock cannot be trusted: it does not fit the last entry of the log; set it right, or, if it is right, run aval clock confirm")
	case errors.Is(err, audit.ErrFork):
		return cannot("the log does not go on from the last checkpoint: an older copy was put back by hand; use aval restore, which says so in the log")
	case errors.Is(err, store.ErrNewer), errors.Is(err, store.ErrNoRegister):
		return cannot("%w", err)
	}
	return cannot("the register cannot serve: %w", err)
}

// erasedLists keeps the pseudonyms of the erased beside the data and in the keys
// folder, both outside the copies of the data.
type erasedLists struct {
	path string
	keys *personal.Folder
}

func (e erasedLists) Add(space string, p consent.PersonID) error {
	if err := e.keys.AddErased(space, personal.Owner(p)); err != nil {
		return err
	}
	return appendLine(e.path, space+" "+string(p))
}

func (e erasedLists) All() (map[string][]consent.PersonID, error) {
	all := map[string][]consent.PersonID{}
	seen := map[string]bool{}
	add := func(space, owner string) {
		if line := space + " " + owner; !seen[line] {
			seen[line] = true
			all[space] = append(all[space], consent.PersonID(owner))
		}
	}
	list, err := e.keys.Erased()
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		add(x.Space, x.Owner)
	}
	raw, err := os.ReadFile(e.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(raw)) {
		space, owner, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if _, err := consent.ParsePersonID(owner); !ok || err != nil {
			continue // a line cut off by a crash; the keys folder has it whole
		}
		add(space, owner)
	}
	return all, nil
}

// appendLine adds a line to a file, durably, once.
func appendLine(path, line string) (err error) {
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if strings.Contains("\n"+string(raw), "\n"+line+"\n") {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		line = "\n" + line
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Sync()
}
