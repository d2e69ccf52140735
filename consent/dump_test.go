package consent_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/store/kv"
	"aval/store/mem"
)

// A dump is every row of a store: "space/bucket/key" to the value's bytes.
type dump map[string]string

// dumped takes a copy of a whole store through its Copier, as a backup does.
func dumped(t *testing.T, db kv.DB) dump {
	t.Helper()
	d := dump{}
	err := db.(kv.Copier).Copy(context.Background(), func(r kv.Row) error {
		key := fmt.Sprintf("%d/%s/%s", r.Space, r.Bucket, r.Key)
		if r.Deleted {
			delete(d, key)
		} else {
			d[key] = string(r.Value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// apart leaves the log's buckets out.
func (d dump) apart() dump {
	d = maps.Clone(d)
	maps.DeleteFunc(d, func(key, _ string) bool {
		bucket := strings.Split(key, "/")[1]
		return bucket == "log" || strings.HasPrefix(bucket, "log.")
	})
	return d
}

// differences names the rows that are not the same in both.
func (d dump) differences(other dump) []string {
	var keys []string
	for key, value := range d {
		if v, ok := other[key]; !ok || v != value {
			keys = append(keys, key)
		}
	}
	for key := range other {
		if _, ok := d[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// in lists the rows of a bucket.
func (d dump) in(bucket string) []string {
	var keys []string
	for key := range d {
		if strings.Split(key, "/")[1] == bucket {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// A backup is the rows of a copy, to be put into another store.
type backup []kv.Row

func backupOf(t *testing.T, db kv.DB) backup {
	t.Helper()
	var rows backup
	err := db.(kv.Copier).Copy(context.Background(), func(r kv.Row) error {
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// restored puts a copy into a fresh store in memory.
func (b backup) restored(t *testing.T) kv.DB {
	t.Helper()
	db := mem.Open(mem.Options{Reruns: 1})
	for _, r := range b {
		err := db.Update(context.Background(), r.Space, func(tx kv.Tx) error {
			if r.Deleted {
				return tx.Delete(kv.Bucket{Name: r.Bucket}, r.Key)
			}
			return tx.Put(kv.Bucket{Name: r.Bucket}, r.Key, r.Value)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// unchanged runs fn and fails when any row of any space is another afterwards.
func (w *world) unchanged(fn func()) {
	w.t.Helper()
	before := dumped(w.t, w.db)
	fn()
	if diff := before.differences(dumped(w.t, w.db)); len(diff) > 0 {
		w.t.Errorf("rows changed: %v", diff)
	}
}
