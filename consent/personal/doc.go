// Package personal is the only room with clear data about people. Everywhere
// else a person is a pseudonym and a sealed box. It is kept small so that a
// stranger can review it in an hour; what follows is the order to read it in.
//
// # What goes in (text.go, record.go)
//
// A [Text] is made from a screened text only, prints as "[personal]" in every
// way Go has of printing, and is read with Reveal. Five records hold texts:
// [Identity], [Contact], [Evidence], [Name], [Opening]. They become JSON only
// inside a box.
//
// # Boxes and passes (box.go, keyring.go)
//
// [Seal] closes a record into a JWE (RFC 7516) under a key of its owner. [Open]
// is the way back, and asks for an [aval/audit.Pass]: proof that an entry naming
// this person and this record is committed. The pass is spent first, then the
// wrapped key is read, so a key removed by an erasure after the decision stops
// the opening too. The header names owner, record, version, key and kind, and is
// compared whole: a box moved elsewhere in the store does not open.
//
// The picture of a signed paper ([Scan], scan.go) comes as one that package paper
// drew anew, is closed in several boxes, and goes the same ways.
//
// # Three floors of keys (keyring.go, folder.go, internal/keys)
//
//	master.key      the root, in the keys folder; seals the other files there
//	epoch keys      one a week, in the keys folder
//	owners' keys    "active" and "evidence" of a person, "account" of an account
//	                or member; wrapped under an epoch, kept beside the data
//
// Deleting a row is not destroying it: old pages, write-ahead logs and backups
// keep it. So what is alive is wrapped again each week under a new epoch key
// (Rewrap gives closed bytes for closed bytes, hence needs no pass), and 23 days
// after all is rewrapped the older epoch keys are destroyed. Whatever old bytes
// still hold is dead then: at most 7 + 1 + 23 = 31 days after the erasure. An
// epoch key is never destroyed by date alone.
//
// For this the keys folder must not be in the data's backup, and a backup of the
// keys folder must not keep epoch keys for longer. Destroying overwrites the
// file first; on a disk or file system that writes elsewhere (copy on write,
// flash) that is a best effort, so put the folder on an encrypted disk.
//
// # Finding and checking without opening (index.go, card.go, birth.go, token.go)
//
// Names and card codes are looked up by rows hashed twice: an inner keyed hash,
// kept sealed, and an outer one under the epoch, which is the row. At a new
// epoch rows are made anew from the sealed inner hash, no name needed, and old
// rows die with their epoch. The birth date typed at the card is compared with a
// sealed hash, so a wrong one opens no box.
//
// # Signing (signing.go)
//
// Private keys stay here; the rest of the program gets signers, and statements
// that vouch for the public halves.
//
// Files and keys know nobody, so they are apart, in internal/keys, where only this
// package can import them.
//
// What this room cannot promise: an operator with both the data and the keys can
// read outside the program, and memory of a running process holds clear data and
// keys until the garbage collector reuses it.
package personal
