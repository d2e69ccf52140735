// Package audit keeps an append-only, tamper-evident log inside its caller's
// own transactions, one log per space.
//
// # The life of an entry
//
// A use-case calls [Recorder.Record] with a function. Inside one serializable
// transaction the function reads what it needs, decides, writes its records and
// returns entries: who did what to whom, in ids and fixed words. No entry, no
// commit. A refusal is an entry too.
//
// Each entry becomes a detail (entry.go, detail.go), one line of JSON. A fresh
// 32-byte salt is put before it, and SHA-256(salt ‖ detail) is its commitment.
// The leaf (leaf.go) is another line with number, time, class and commitment:
// alone it says nothing about anyone, and it is all that the tree ever hashes.
// Salt and detail are sealed with AES-256-GCM under the key of the entry's class
// and month (key.go); leaf and sealed detail are one record in bucket "log".
//
// The leaf's hash joins an RFC 6962 Merkle tree (tree.go). Size, time and peaks
// of the tree are the head, the last key of the same bucket: one get and one put
// a transaction. Each 256 leaves complete a tile of hashes (tile.go) and a block
// of the index (index.go), both written in that transaction. What those entries
// are about is remembered until then; what is not remembered is opened again.
//
// After the commit, and only then, each entry yields a [Pass]. It names one
// person of one space and the boxes the entry named; each box opens once. There
// is no other way to clear data, so none can be seen without a line that says so.
// If the commit's outcome is unknown, the log looks whether the entries are there.
//
// # Reading and proving
//
// [Log.Lines] walks a range, [Log.History] follows one person, actor or mandate
// (history.go). [Log.Checkpoint] signs size and root of the committed tree as a
// C2SP note. [Log.Inclusion] and [Log.Consistency] give RFC 6962 proofs.
// [Log.Check] recomputes everything that is stored. Package [aval/audit/extract]
// makes a file for a period that anyone can check offline with one public key,
// and checks it.
//
// # Where to begin
//
// The core is what records: entry.go, detail.go, leaf.go, key.go, tree.go,
// recorder.go, pass.go, clock.go, with lines.go and log.go to read it back, some
// thousand lines. The rest can be recomputed from what they store, and check.go
// does.
//
// # Forgetting
//
// [Log.DestroyMonth] destroys the key of one class and month. The details are
// then beyond reach wherever copies lie, so are the rows of the index, and the
// tree still verifies, because it only ever held commitments.
//
// # What is stored
//
// Integers are big-endian. n is the number of an entry, from 0, without gaps.
//
//	log             n (8)                     length of leaf (2) ‖ leaf ‖ nonce (12) ‖ sealed salt and detail
//	log             0xff × 9                  the head: version (1) ‖ size (8) ‖ time in µs (8) ‖ peaks (32 each)
//	log.tile        level (1) ‖ index (8)     up to 256 hashes of the tree's level 8 × level
//	log.key         class (1) ‖ "2026-11"     the wrapped key; empty once destroyed
//	log.index       see index.go
//	log.checkpoint  size (8)                  the signed note; 0xff × 9 holds the last size
//
// # What can go wrong
//
// Everything fails closed. A missing key is an error, never an unsealed entry. A
// clock that steps back or leaps ahead stops the log ([ErrClock]) until someone
// looks. A record that does not fit its neighbours is [ErrDamaged]. An error
// that is [aval/store/kv.ErrSync] means that the process must end: nothing
// read back after it can be trusted.
package audit
