package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"aval/audit"
)

// The last checkpoint of each space is kept in a small file beside the store.
// A store that is older than it was put back by hand, and does not serve.

// lastSeen maps a space's slug to its signed checkpoint.
type lastSeen map[string]string

func (h *house) extendsLastSeen(ctx context.Context, spaces []audit.Space) error {
	raw, err := os.ReadFile(h.in(fileLastSeen))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return cannot("%s: %w", fileLastSeen, err)
	}
	var seen lastSeen
	if err := json.Unmarshal(raw, &seen); err != nil {
		return cannot("the file %s is damaged; it holds the last checkpoints; move it away only if the store was not touched", fileLastSeen)
	}
	known := map[string]bool{}
	for _, s := range spaces {
		known[s.Slug()] = true
		if note := seen[s.Slug()]; note != "" {
			if err := h.log.Extends(ctx, s, []byte(note)); err != nil {
				return storeFailure(err)
			}
		}
	}
	for slug := range seen {
		if !known[slug] {
			return storeFailure(audit.ErrFork) // a space is gone
		}
	}
	return nil
}

// keepLastSeen writes the checkpoints of all spaces that have entries.
func (h *house) keepLastSeen(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	spaces, err := h.reg.Spaces(ctx)
	if err != nil {
		return err
	}
	seen := lastSeen{}
	for _, s := range spaces {
		head, err := h.log.Head(ctx, s)
		if err != nil {
			return err
		}
		if head.Size == 0 {
			continue
		}
		note, err := h.log.Checkpoint(ctx, s)
		if err != nil {
			return err
		}
		seen[s.Slug()] = string(note)
	}
	raw, err := json.MarshalIndent(seen, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(h.in(fileLastSeen), append(raw, '\n'), 0o600)
}

// writeFile replaces a file as a whole, durably: the former one or the new one
// is there, never half of either.
func writeFile(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
