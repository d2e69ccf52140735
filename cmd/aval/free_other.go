//go:build !linux && !darwin

package main

import "errors"

// freeBytes is not known here: the store says when there is no room.
func freeBytes(string) (uint64, error) { return 0, errors.ErrUnsupported }
