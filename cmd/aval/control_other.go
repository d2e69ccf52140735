//go:build !unix

package main

import "net"

// listenPrivate relies on the rights of the data folder.
func listenPrivate(path string) (net.Listener, error) { return net.Listen("unix", path) }
