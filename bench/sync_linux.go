// Package bench measures the register on this machine's disk: ratios side by
// side in one run, never absolute promises.
package bench

import (
	"os"
	"syscall"
)

func fdatasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
