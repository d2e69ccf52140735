package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"aval/store/kv"
)

// A room keeps stops possible on a disk that runs full, in two ways: while less
// than least is free, everything but stops is refused; and a file of real blocks in
// the data folder is given back when even a stop finds no room, because another
// program ate it.
type room struct {
	path  string // of the reserve
	least uint64 // bytes that stay free for stops
	free  func() (uint64, error)
	now   func() time.Time

	mu     sync.Mutex
	looked time.Time
	full   bool
	told   func(full bool) // called when that changes
}

const (
	fileReserve = "reserve"
	reserveSize = 4 << 20 // bytes: some thousand stops
	lookEvery   = time.Second
)

// keepRoom watches the disk of a data folder. least of 0 watches nothing.
func (h *house) keepRoom(least uint64, now func() time.Time, told func(full bool)) {
	if least == 0 {
		return
	}
	r := &room{path: h.in(fileReserve), least: least, now: now, told: told}
	r.free = func() (uint64, error) { return freeBytes(filepath.Dir(r.path)) }
	_ = r.Check() // makes the reserve where there is room for it
	h.reg.KeepRoom(r)
}

// Check implements consent.Room. It looks at the disk once a second at most.
func (r *room) Check() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.looked.IsZero() || now.Sub(r.looked) >= lookEvery || now.Before(r.looked) {
		r.look()
		r.looked = now
	}
	if r.full {
		return fmt.Errorf("%w: what is left is kept for stops", kv.ErrFull)
	}
	return nil
}

// look measures, and makes the reserve again when there is room for it. A disk
// that cannot be measured is not full: the store itself will say.
func (r *room) look() {
	free, err := r.free()
	full := err == nil && free < r.least
	if full != r.full && r.told != nil {
		r.told(full)
	}
	r.full = full
	if _, missing := os.Stat(r.path); err == nil && errors.Is(missing, os.ErrNotExist) && free >= r.least+reserveSize {
		if err := fillFile(r.path, reserveSize); err != nil {
			os.Remove(r.path)
		}
	}
}

// Full implements consent.Room.
func (r *room) Full(err error) bool { return errors.Is(err, kv.ErrFull) }

// Release implements consent.Room.
func (r *room) Release() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked = time.Time{} // look again at the next write
	return os.Remove(r.path) == nil
}

// fillFile writes a file of so many bytes that are really on the disk: holes would
// keep no room.
func fillFile(path string, size int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = 0xa5 // some file systems keep no zeros
	}
	for written := 0; written < size && err == nil; written += len(block) {
		_, err = f.Write(block)
	}
	return errors.Join(err, f.Sync(), f.Close())
}
