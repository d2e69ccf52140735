package audit

import (
	"encoding/binary"
	"fmt"

	"aval/store/kv"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are as in C2SP tlog-tiles: the tile (level, index) holds hashes
// 256·index … 256·index+255 of the tree's level 8·level. Those of level 0 are
// written once, when 256 leaves are complete, and recomputed from the leaves
// until then. Higher ones grow by one hash with each tile completed below, so
// that no proof ever has to fold thousands of leaves.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

var bucketTile = kv.Bucket{Name: "log.tile", Append: true}

func tileKey(level int, index int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{byte(level)}, uint64(index))
}

// growTile puts the root of the index-th full subtree of 256^level leaves into
// its tile.
func growTile(tx kv.Tx, level int, index int64, root tlog.Hash) error {
	key := tileKey(level, index/tileWidth)
	hashes, err := tx.Get(bucketTile, key)
	if err != nil {
		return err
	}
	if int64(len(hashes)) != index%tileWidth*tlog.HashSize {
		return damaged("tile %d/%d", level, index/tileWidth)
	}
	return tx.Put(bucketTile, key, append(hashes, root[:]...))
}

// A tileReader gives tlog the tiles of one transaction. tlog authenticates them
// against the head before it uses them, so proofs from damaged tiles are errors.
type tileReader struct{ tx kv.Tx }

func (r tileReader) Height() int                     { return tileHeight }
func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, t := range tiles {
		hashes, err := r.tx.Get(bucketTile, tileKey(t.L, t.N))
		if hashes == nil && err == nil && t.L == 0 && t.W < tileWidth {
			hashes, err = hashLeaves(r.tx, t.N*tileWidth, t.W)
		}
		if err != nil {
			return nil, err
		}
		if len(hashes) < t.W*tlog.HashSize {
			return nil, damaged("tile %d/%d", t.L, t.N)
		}
		all[i] = hashes[:t.W*tlog.HashSize]
	}
	return all, nil
}

// hashLeaves returns the hashes of count leaves.
func hashLeaves(tx kv.Tx, from int64, count int) ([]byte, error) {
	hashes := make([]byte, 0, count*tlog.HashSize)
	err := scanRecords(tx, from, from+int64(count), func(_ int64, record []byte) error {
		line, _, err := splitRecord(record)
		h := leafHash(line)
		hashes = append(hashes, h[:]...)
		return err
	})
	return hashes, err
}

// hashes reads any hash of the tree.
func (t *tree) hashes(tx kv.Tx) tlog.HashReader {
	r := tlog.TileHashReader(tlog.Tree{N: t.size, Hash: t.root()}, tileReader{tx})
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		if len(indexes) == 0 {
			return nil, nil
		}
		hashes, err := r.ReadHashes(indexes)
		if err != nil {
			return nil, fmt.Errorf("%w: tiles do not fit the head: %w", ErrDamaged, err)
		}
		return hashes, nil
	})
}

// rootAt returns the root that the tree had at an earlier size.
func (t *tree) rootAt(tx kv.Tx, size int64) (tlog.Hash, error) {
	if size == t.size {
		return t.root(), nil
	}
	return tlog.TreeHash(size, t.hashes(tx))
}
