// Package keys is the keys folder: the files that hold the root, the weekly epoch
// keys, and the private keys of a register, and the list of the erased. It knows
// no clear data about anybody. Only package personal can import it, which is how
// nothing but passes leads to what these keys open.
//
// Files are made whole or not at all, never written over, durable before they are
// used, and destroyed in steps that a crash may cut off anywhere (disk.go).
package keys
