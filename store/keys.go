package store

import (
	"context"

	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
	"aval/store/kv"
)

// Keys reads wrapped keys for the keyring: each time from the store, without a
// cache, so that a key removed a moment ago is not found.
type Keys struct{ DB kv.DB }

// WrappedKey implements personal.KeySource.
func (k Keys) WrappedKey(ctx context.Context, s audit.Space, owner personal.Owner, kind personal.KeyKind) (personal.WrappedKey, error) {
	var row consent.WrappedKey
	err := k.DB.View(ctx, s.Number(), func(tx kv.Tx) error {
		row = consent.WrappedKey{}
		row.Owner, row.Kind = owner, kind
		found, err := Ledger(tx).Get(&row)
		if err == nil && !found {
			err = personal.ErrErased
		}
		return err
	})
	return row.WrappedKey, err
}
