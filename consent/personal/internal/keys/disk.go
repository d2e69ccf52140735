package keys

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// disk does the file operations of the keys folder: each is durable when it
// returns, and can be cut off at any step and repeated.
type disk struct {
	dir string
	// before is called ahead of each step; tests make it fail from some step on,
	// which is what a crash looks like.
	before func(step, name string) error
}

// A FolderError says what is wrong with a file of the keys folder and what to do.
// It never holds contents of the file.
type FolderError struct {
	File string // name in the folder; "" for the folder itself
	What string
	err  error
}

func (e *FolderError) Error() string {
	if e.File == "" {
		return "keys folder: " + e.What
	}
	return fmt.Sprintf("keys folder: %s %s", e.File, e.What)
}

// Unwrap gives the error of the file system, if that is what went wrong.
func (e *FolderError) Unwrap() error { return e.err }

const (
	newPrefix   = ".new-"   // being written, not yet a key
	doomedEnd   = ".doomed" // being destroyed, no longer a key
	maxKeyFile  = 4 << 10   // bytes
	maxErased   = 64 << 20  // bytes: a million lines
	abandonedAt = time.Hour // age of a half-written file that nobody waits for
	privateBits = 0o077     // permissions of group and world
)

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *disk) step(step, name string) error {
	if d.before == nil {
		return nil
	}
	return d.before(step, name)
}

// create makes a file with its content, or leaves none; a file of that name is
// never replaced (fs.ErrExist), since rows may already be closed under it. Link
// refuses an existing name where rename would replace it.
func (d *disk) create(name string, data []byte) error {
	temp := newPrefix + name + "-" + NewID()
	err := d.write(temp, os.O_CREATE|os.O_EXCL, data)
	if err == nil {
		if err = d.step("link", name); err == nil {
			err = os.Link(d.path(temp), d.path(name))
		}
	}
	_ = d.remove(temp) // sweep does it otherwise
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if errSync := d.sync(); errSync != nil {
		return errSync
	}
	return err
}

// write fills a file and makes its content durable.
func (d *disk) write(name string, flag int, data []byte) (err error) {
	if err := d.step("open", name); err != nil {
		return err
	}
	f, err := os.OpenFile(d.path(name), os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := d.step("write", name); err != nil {
		f.Write(data[:len(data)/2]) // a crash tears writes
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := d.step("fsync", name); err != nil {
		return err
	}
	return f.Sync()
}

// sync makes names in the folder durable.
func (d *disk) sync() (err error) {
	if err := d.step("sync", ""); err != nil {
		return err
	}
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Sync()
}

// read gives a file's content after looking at its permissions.
func (d *disk) read(name string, limit int64) ([]byte, error) {
	f, err := os.Open(d.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &FolderError{name, "is missing: put it back from the copy of the keys folder", err}
	}
	if err != nil {
		return nil, &FolderError{name, "can't be read: see its owner and permissions", err}
	}
	defer f.Close()
	if err := d.private(f, name); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, &FolderError{name, "can't be read", err}
	}
	if int64(len(data)) > limit {
		return nil, damaged(name)
	}
	return data, nil
}

func (d *disk) private(f *os.File, name string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return &FolderError{name, "can't be looked at", err}
	case info.Mode().Perm()&privateBits != 0:
		return &FolderError{name, "can be read or written by others: chmod go-rwx it", nil}
	case name != "" && !info.Mode().IsRegular():
		return &FolderError{name, "is not a plain file", nil}
	}
	return nil
}

func damaged(name string) error {
	return &FolderError{name, "is damaged: put it back from the copy of the keys folder", nil}
}

// names lists the folder after looking at its own permissions.
func (d *disk) names() ([]string, error) {
	f, err := os.Open(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &FolderError{"", "is missing: name the right one with --keys", err}
	}
	if err != nil {
		return nil, &FolderError{"", "can't be read: see its owner and permissions", err}
	}
	defer f.Close()
	if err := d.private(f, ""); err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, &FolderError{"", "can't be listed: name a folder with --keys", err}
	}
	return names, nil
}

// destroy overwrites and removes a file. It is renamed first, durably, so that a
// crash leaves a file that is plainly no key instead of a damaged one.
func (d *disk) destroy(name string) error {
	if err := d.step("rename", name); err != nil {
		return err
	}
	if err := os.Rename(d.path(name), d.path(name+doomedEnd)); err != nil {
		return err
	}
	if err := d.sync(); err != nil {
		return err
	}
	return d.finish(name + doomedEnd)
}

// finish destroys what was renamed for it.
func (d *disk) finish(doomed string) error {
	info, err := os.Stat(d.path(doomed))
	if err != nil {
		return err
	}
	noise := make([]byte, info.Size())
	rand.Read(noise)
	if err := d.write(doomed, 0, noise); err != nil {
		return err
	}
	if err := d.remove(doomed); err != nil {
		return err
	}
	return d.sync()
}

func (d *disk) remove(name string) error {
	if err := d.step("remove", name); err != nil {
		return err
	}
	return os.Remove(d.path(name))
}

// sweep ends what a crash cut off: destructions, and files never finished. Those
// are only unlinked, since one that was linked already is the key itself.
func (d *disk) sweep(now time.Time) error {
	names, err := d.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, doomedEnd):
			err = d.finish(name)
		case strings.HasPrefix(name, newPrefix):
			err = d.abandon(name, now)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another replica may have done it
			return err
		}
	}
	return nil
}

func (d *disk) abandon(name string, now time.Time) error {
	info, err := os.Stat(d.path(name))
	if err != nil || now.Sub(info.ModTime()) < abandonedAt {
		return err
	}
	return d.remove(name)
}
