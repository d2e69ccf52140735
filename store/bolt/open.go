package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"

	"aval/store/kv"
)

// prepare creates the file if it may and must, and otherwise examines it.
func prepare(path string, o Options) error {
	_, err := os.Stat(path)
	switch {
	case err == nil && o.Create:
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	case err == nil:
		return examine(path, o)
	case errors.Is(err, fs.ErrNotExist) && !o.MustExist:
		return create(path, o)
	default:
		return err
	}
}

// create makes an empty store appear under its name all at once. So a crash
// leaves no half-made file, and an empty file is always one that lost its
// contents. It is refused, where bbolt would quietly start anew.
func create(path string, o Options) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return err
	}
	temp := f.Name()
	defer os.Remove(temp) // a leftover name is harmless
	if err := f.Close(); err != nil {
		return err
	}
	b, err := openFile(temp, o, false)
	if err != nil {
		return err
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("bolt: creating %s: %w", path, err)
	}
	// A link, unlike a rename, never replaces a store made meanwhile.
	if err := os.Link(temp, path); err != nil && (o.Create || !errors.Is(err, fs.ErrExist)) {
		return err
	}
	return syncFolder(dir)
}

// syncFolder makes names created in dir durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}

// openFile opens the file with bbolt and turns what can go wrong, panics and
// memory faults included, into our errors.
func openFile(path string, o Options, readOnly bool) (db *bbolt.DB, err error) {
	var file *os.File // bbolt leaves it open, and locked, when it panics
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("%w: opening: %v", kv.ErrDamaged, p), file.Close())
		}
	}()
	defer faultsPanic()()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         o.LockTimeout,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: o.InitialMmapSize,
		ReadOnly:        readOnly,
		NoStatistics:    true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
			return file, err
		},
	})
	return db, openError(err)
}

func openError(err error) error {
	var system syscall.Errno // also inside a *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bberrors.ErrTimeout):
		return kv.ErrLocked
	case errors.As(err, &system):
		return fmt.Errorf("bolt: opening: %w", err)
	default: // what bbolt finds wrong with the contents
		return fmt.Errorf("%w: %w", kv.ErrDamaged, err)
	}
}

// examine refuses a file that bbolt would open and later fault on. It holds the
// shared lock meanwhile, so no other process changes the file under its eyes.
func examine(path string, o Options) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: not a regular file", kv.ErrDamaged)
	}
	if info.Size() < 4*minPageSize {
		return fmt.Errorf("%w: %d bytes are too few", kv.ErrDamaged, info.Size())
	}
	b, err := openFile(path, o, true)
	if err != nil {
		return err
	}
	err = examineLocked(path, b.Info().PageSize)
	return errors.Join(err, b.Close())
}

func examineLocked(path string, pageSize int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(f, pageSize)
	if err != nil {
		return err
	}
	if m.high > uint64(info.Size())/uint64(pageSize) {
		return fmt.Errorf("%w: %d bytes, but %d pages of %d are in use", kv.ErrDamaged, info.Size(), m.high, pageSize)
	}
	if m.freelist != noFreelist {
		return checkFreelist(f, pageSize, m)
	}
	return checkTree(f, pageSize, m)
}

// faultsPanic makes a memory fault in the mapped file (the disk failed, the file
// was shortened while open) a panic on this goroutine instead of the end of the
// process, until the function it returns is called.
func faultsPanic() func() {
	before := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(before) }
}

// guard turns a panic of bbolt into kv.ErrDamaged. It stands around the calls
// into bbolt alone, never around a caller's function.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", kv.ErrDamaged, p)
	}
}
