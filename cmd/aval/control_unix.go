//go:build unix

package main

import (
	"net"
	"syscall"
)

// listenPrivate makes a socket that only its owner can open. The mask is set
// around the call, because a socket's mode cannot be given.
func listenPrivate(path string) (net.Listener, error) {
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	return net.Listen("unix", path)
}
