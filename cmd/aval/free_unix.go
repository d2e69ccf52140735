//go:build linux || darwin

package main

import "syscall"

// freeBytes is what the file system of a folder has left for this user.
func freeBytes(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec,unconvert // a size of blocks is positive; its type differs
}
