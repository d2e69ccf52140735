//go:build !linux

package audit

import "time"

// BootClock returns nil: only Linux offers a clock that counts sleep and that
// package syscall can read.
func BootClock() func() time.Duration { return nil }
