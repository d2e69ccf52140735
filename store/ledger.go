// Package store puts the register's records into a kv store. Rows, buckets and
// encodings are written once here for every backend; a backend sees bytes.
package store

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"aval/consent"
	"aval/store/kv"
)

// Housekeeping lists the buckets that may be written without an entry: marks,
// sessions and their appointments, what waits for a passkey's answer, links and
// glasses that are over, tokens of programs and proofs that were used, messages
// done, what an erasure or a new epoch of keys removes or closes anew after the
// entry that decided it, rows that repeat what mandates say, the mark of a text that
// was refused a moment ago, and the places of a public file that no entry has put in
// force yet.
var Housekeeping = []kv.Bucket{
	{Name: "session"}, {Name: "outbox"}, {Name: "erasing"}, {Name: "idempotency"}, {Name: "applied"},
	{Name: "key"}, {Name: "box"}, {Name: "index"}, {Name: "index-seal"}, {Name: "birth"},
	{Name: "card"}, {Name: "card-serial"}, {Name: "appointment"}, {Name: "link"}, {Name: "glass"}, {Name: "check"},
	{Name: "access"}, {Name: "spent"},
	{Name: "ceremony"},
	{Name: "place"}, {Name: "place-at"}, {Name: "place-run"}, // public, and in force only by the entry that says so
	{Name: "mail-due"}, {Name: "duty"}, {Name: "ending"}, {Name: "named"}, {Name: "edge"},
	{Name: "refused-text"},
}

// Ledger shows a transaction as the rows of package consent.
func Ledger(tx kv.Tx) consent.Tx { return ledger{tx} }

type ledger struct{ tx kv.Tx }

// A row is strict JSON: what this program did not write, it does not read. A
// newer format is told apart by upgrade.go before any row is read.
func (l ledger) Get(r consent.Record) (bool, error) {
	raw, err := l.tx.Get(bucket(r), []byte(r.Key()))
	if err != nil || raw == nil {
		return false, err
	}
	return true, decode(raw, r)
}

func (l ledger) Put(r consent.Record) error {
	raw, err := consent.EncodeRow(r)
	if err != nil {
		return err
	}
	return l.tx.Put(bucket(r), []byte(r.Key()), raw)
}

func (l ledger) Delete(r consent.Record) error {
	return l.tx.Delete(bucket(r), []byte(r.Key()))
}

func (l ledger) Scan(like consent.Record, prefix, after string, fn func(string, func(consent.Record) error) error) error {
	from := []byte(prefix)
	if after != "" && after >= prefix {
		from = append([]byte(after), 0)
	}
	err := l.tx.Scan(bucket(like), from, end(prefix), func(key, value []byte) error {
		err := fn(string(key), func(r consent.Record) error { return decode(value, r) })
		if errors.Is(err, consent.StopScan) {
			return kv.Stop
		}
		return err
	})
	return err
}

func bucket(r consent.Record) kv.Bucket { return kv.Bucket{Name: r.Bucket()} }

// end is the first key after all that begin with a prefix.
func end(prefix string) []byte {
	to := []byte(prefix)
	for len(to) > 0 {
		if to[len(to)-1] < 0xff {
			to[len(to)-1]++
			return to
		}
		to = to[:len(to)-1]
	}
	return nil
}

func decode(raw []byte, r consent.Record) error {
	if err := json.Unmarshal(raw, r, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("store: a row of %s is damaged or of a newer format", r.Bucket())
	}
	return nil
}
