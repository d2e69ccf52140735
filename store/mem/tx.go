package mem

import (
	"errors"

	"aval/store/kv"
)

// errOver answers a use of a Tx outside its function.
var errOver = errors.New("mem: transaction used after its function returned")

// tx is a transaction on a private copy of a space's state.
type tx struct {
	rows     state
	readOnly bool
	over     bool
	steps    int // calls so far
	leaveAt  int // the call that does not return; 0 for none
}

func (t *tx) end() { t.over = true }

// rehearse runs fn and returns how many calls of the Tx it made.
func (t *tx) rehearse(fn func(kv.Tx) error) int {
	defer t.end()
	// The run that counts meets the same panic or error again.
	defer func() { _ = recover() }()
	_ = fn(t)
	return t.steps
}

// step counts a call, checks it, and leaves the function there if it must.
func (t *tx) step(b kv.Bucket) error {
	if t.over {
		return errOver
	}
	t.steps++
	if t.steps == t.leaveAt {
		panic(errLeft)
	}
	return b.Check()
}

func (t *tx) Get(b kv.Bucket, key []byte) ([]byte, error) {
	if err := t.step(b); err != nil {
		return nil, err
	}
	if err := kv.CheckSizes(key, nil); err != nil {
		return nil, err
	}
	return clone(t.rows[b.Name].get(key)), nil
}

func (t *tx) Put(b kv.Bucket, key, value []byte) error {
	if t.readOnly {
		return kv.ErrReadOnly
	}
	if err := t.step(b); err != nil {
		return err
	}
	if err := kv.CheckSizes(key, value); err != nil {
		return err
	}
	t.rows[b.Name] = t.rows[b.Name].put(clone(key), append([]byte{}, value...))
	return nil
}

func (t *tx) Delete(b kv.Bucket, key []byte) error {
	if t.readOnly {
		return kv.ErrReadOnly
	}
	if err := t.step(b); err != nil {
		return err
	}
	if err := kv.CheckSizes(key, nil); err != nil {
		return err
	}
	t.rows[b.Name] = t.rows[b.Name].delete(key)
	return nil
}

// Scan shows the state at its beginning: what fn writes is seen by its reads,
// and by the next Scan.
func (t *tx) Scan(b kv.Bucket, from, to []byte, fn func(key, value []byte) error) error {
	if err := t.step(b); err != nil {
		return err
	}
	err := t.rows[b.Name].ascend(from, to, func(key, value []byte) error {
		return fn(clone(key), clone(value))
	})
	if errors.Is(err, kv.Stop) {
		return nil
	}
	return err
}

// clone copies b; what is empty stays empty and does not become nil.
func clone(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}
