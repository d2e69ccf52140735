package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"aval/store/kv"
)

// DestroyMonth destroys the key of one class and month ("2026-11"): its details
// can't be read any more, its index rows find nothing, its leaves stay. A month
// that may still get entries is refused. It is done when nothing was written that
// month, or when it was done before.
func (l *Log) DestroyMonth(ctx context.Context, s Space, class Class, month string) error {
	if len(class) != 1 || !strings.Contains(classes, string(class)) {
		return errors.New("audit: no such class")
	}
	if _, err := time.Parse("2006-01", month); err != nil {
		return errors.New("audit: not a month")
	}
	return l.update(ctx, s, func(tx kv.Tx) error {
		_, at, err := l.begin(tx)
		if err != nil {
			return err
		}
		if month >= at.Format("2006-01") {
			return errors.New("audit: that month is not over")
		}
		key := []byte(string(class) + month)
		closed, err := tx.Get(bucketKey, key)
		if err != nil || len(closed) == 0 {
			return err
		}
		return tx.Put(bucketKey, key, []byte{})
	})
}

// A Month is the details of one class in one month, which share a key.
type Month struct {
	Class Class
	Month string // "2026-11"
}

// LiveMonths lists the months whose details can still be read, by class and
// then in order.
func (l *Log) LiveMonths(ctx context.Context, s Space) (months []Month, err error) {
	err = l.view(ctx, s, func(tx kv.Tx) error {
		months = nil
		return scanKeys(tx, func(name keyName, _ []byte) error {
			months = append(months, Month{Class(name[:1]), string(name[1:])})
			return nil
		})
	})
	return months, err
}

// RewrapKeys passes each wrapped key of a space through rewrap, which closes it
// under a newer key, and keeps those that it says have changed. It returns their
// number. One call is one transaction; a register of ten years has some 600 keys.
func (l *Log) RewrapKeys(ctx context.Context, s Space, rewrap func(context string, closed []byte) (again []byte, changed bool, err error)) (count int, err error) {
	err = l.update(ctx, s, func(tx kv.Tx) error {
		count = 0
		return scanKeys(tx, func(name keyName, closed []byte) error {
			again, changed, err := rewrap(name.context(s), closed)
			if err != nil || !changed {
				return err
			}
			count++
			return tx.Put(bucketKey, name[:], again)
		})
	})
	return count, err
}

// scanKeys calls fn for each key that was not destroyed.
func scanKeys(tx kv.Tx, fn func(name keyName, closed []byte) error) error {
	return tx.Scan(bucketKey, nil, nil, func(key, closed []byte) error {
		if len(key) != len(keyName{}) {
			return damaged("key name")
		}
		if len(closed) == 0 {
			return nil
		}
		return fn(keyName(key), closed)
	})
}
