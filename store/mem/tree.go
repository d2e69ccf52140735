package mem

import (
	"bytes"
	"hash/maphash"
)

// A tree is a sorted map that never changes: put and delete return another one
// that shares most nodes. So a snapshot costs nothing, and neither does going
// back to one. It is a treap: sorted by key, a heap by weight. A nil tree is
// empty.
type tree struct {
	key, value  []byte
	weight      uint64
	left, right *tree
}

// seed makes weights differ from run to run, so that no order of keys is slow
// every time.
var seed = maphash.MakeSeed()

func (t *tree) get(key []byte) []byte {
	for t != nil {
		switch c := bytes.Compare(key, t.key); {
		case c < 0:
			t = t.left
		case c > 0:
			t = t.right
		default:
			return t.value
		}
	}
	return nil
}

// put returns the tree with key set; it keeps key and value.
func (t *tree) put(key, value []byte) *tree {
	return t.insert(&tree{key: key, value: value, weight: maphash.Bytes(seed, key)})
}

func (t *tree) insert(n *tree) *tree {
	if t == nil {
		return n
	}
	c := bytes.Compare(n.key, t.key)
	switch {
	case c == 0:
		n.left, n.right = t.left, t.right
		return n
	case n.weight > t.weight:
		n.left, n.right = t.split(n.key)
		return n
	}
	same := *t
	if c < 0 {
		same.left = t.left.insert(n)
	} else {
		same.right = t.right.insert(n)
	}
	return &same
}

// split returns the nodes before key and those after it; key is not in t.
func (t *tree) split(key []byte) (before, after *tree) {
	if t == nil {
		return nil, nil
	}
	same := *t
	if bytes.Compare(key, t.key) < 0 {
		before, same.left = t.left.split(key)
		return before, &same
	}
	same.right, after = t.right.split(key)
	return &same, after
}

func (t *tree) delete(key []byte) *tree {
	if t == nil {
		return nil
	}
	c := bytes.Compare(key, t.key)
	if c == 0 {
		return join(t.left, t.right)
	}
	same := *t
	if c < 0 {
		same.left = t.left.delete(key)
	} else {
		same.right = t.right.delete(key)
	}
	return &same
}

// join merges two trees of which all keys of a come before those of b.
func join(a, b *tree) *tree {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.weight > b.weight:
		same := *a
		same.right = join(a.right, b)
		return &same
	default:
		same := *b
		same.left = join(a, b.left)
		return &same
	}
}

// ascend calls fn for from ≤ key < to in order; a nil to means to the end.
func (t *tree) ascend(from, to []byte, fn func(key, value []byte) error) error {
	if t == nil {
		return nil
	}
	notBefore := bytes.Compare(from, t.key) <= 0
	if notBefore {
		if err := t.left.ascend(from, to, fn); err != nil {
			return err
		}
	}
	if to != nil && bytes.Compare(t.key, to) >= 0 {
		return nil
	}
	if notBefore {
		if err := fn(t.key, t.value); err != nil {
			return err
		}
	}
	return t.right.ascend(from, to, fn)
}
