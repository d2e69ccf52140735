package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"aval/store/kv"
)

// Format is the number of the stored format: what the buckets hold and how rows
// are written. It is raised with a step in steps, never reused.
const Format = 1

var formatBucket = kv.Bucket{Name: "format"}

// Errors of Prepare.
var (
	// ErrNewer: the store was written by a newer program.
	ErrNewer = errors.New("store: written by a newer version of aval; use that version or a newer one")
	// ErrNoRegister: the store holds no register.
	ErrNoRegister = errors.New("store: there is no register here; run aval init first")
	// ErrRegister: the store already holds a register.
	ErrRegister = errors.New("store: there is a register here already")
)

// steps[i] turns format i+1 into format i+2, in one transaction on the
// register's space. There is none yet.
var steps []func(kv.Tx) error

// Begin marks an empty store as a register of the present format.
func Begin(ctx context.Context, db kv.DB) error {
	return db.Update(ctx, 0, func(tx kv.Tx) error {
		raw, err := tx.Get(formatBucket, []byte("format"))
		if err != nil {
			return err
		}
		if raw != nil {
			return ErrRegister
		}
		return putFormat(tx, Format)
	})
}

// Prepare checks the format of a store and brings an older one up to date, one
// step a transaction, so that a stop in between loses nothing.
func Prepare(ctx context.Context, db kv.DB) error {
	for {
		var have int
		err := db.View(ctx, 0, func(tx kv.Tx) (err error) {
			have, err = format(tx)
			return err
		})
		if err != nil {
			return err
		}
		switch {
		case have > Format:
			return ErrNewer
		case have == Format:
			return nil
		}
		err = db.Update(ctx, 0, func(tx kv.Tx) error {
			if err := steps[have-1](tx); err != nil {
				return err
			}
			return putFormat(tx, have+1)
		})
		if err != nil {
			return fmt.Errorf("upgrade to format %d: %w", have+1, err)
		}
	}
}

func format(tx kv.Tx) (int, error) {
	raw, err := tx.Get(formatBucket, []byte("format"))
	if err != nil {
		return 0, err
	}
	if raw == nil {
		return 0, ErrNoRegister
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 1 {
		return 0, kv.ErrDamaged
	}
	return n, nil
}

func putFormat(tx kv.Tx, n int) error {
	return tx.Put(formatBucket, []byte("format"), []byte(strconv.Itoa(n)))
}
