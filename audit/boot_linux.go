package audit

import (
	"syscall"
	"time"
	"unsafe"
)

// BootClock returns a clock for [NewClock] that runs from the machine's start,
// during sleep too, and that setting the time does not move; nil where there is
// none. Package syscall has no wrapper for clock_gettime(2), hence the raw call.
func BootClock() func() time.Duration {
	const clockBoottime = 7
	read := func() (time.Duration, syscall.Errno) {
		var ts syscall.Timespec
		_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&ts)), 0)
		return time.Duration(ts.Nano()), errno
	}
	if _, errno := read(); errno != 0 {
		return nil
	}
	return func() time.Duration { t, _ := read(); return t }
}
