package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"aval/consent/personal"
	"aval/store"
	"aval/store/bolt"
	"aval/store/kv"
)

// A copy of a register is its rows, sealed with age to the recipient made by
// init. Keys are never in it: without a copy of the keys folder it opens to
// pseudonyms and closed boxes.

// Files of the keys folder that seal and open copies.
const (
	fileIdentity  = "backup.identity"
	fileRecipient = "backup.recipient"
)

// backupHeader is the first line of a copy, under the seal.
const backupHeader = "aval backup v1\n"

// makeBackupIdentity makes the key pair that copies are sealed to.
func makeBackupIdentity(keys string) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(keys, fileIdentity), []byte(id.String()+"\n"), 0o600); err != nil {
		return err
	}
	return writeFile(filepath.Join(keys, fileRecipient), []byte(id.Recipient().String()+"\n"), 0o600)
}

type backupParams struct{ Recipient string }

func (p *program) backupCommand() *cobra.Command {
	var f folders
	var params backupParams
	var out string
	c := &cobra.Command{
		Use: "backup -o FILE", Short: "Copy the register while it serves, sealed; keys are never in it",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return misuse("-o FILE is needed")
			}
			return toFile(out, func(w io.Writer) error { return p.order(c.Context(), f, "backup", params, w) })
		},
	}
	f.flags(c)
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	c.Flags().StringVar(&params.Recipient, "recipient", "", "age recipient to seal it to (default: the one made by init)")
	return c
}

// backup writes a copy at one instant: that of its last row. It is noted once it
// is whole, so that a copy that failed is not taken for the last one.
func backup(ctx context.Context, h *house, params backupParams, out io.Writer) (err error) {
	recipient, err := h.recipient(params.Recipient)
	if err != nil {
		return err
	}
	sealed, err := age.Encrypt(out, recipient)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(sealed, 64<<10)
	if _, err := w.WriteString(backupHeader); err != nil {
		return err
	}
	copier, ok := h.db.(kv.Copier)
	if !ok {
		return cannot("this store cannot be copied while it is open")
	}
	if err := copier.Copy(ctx, func(row kv.Row) error { return writeRow(w, row) }); err != nil {
		return err
	}
	if err := w.WriteByte(rowEnd); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), sealed.Close()); err != nil {
		return err
	}
	return h.reg.NoteBackup(ctx)
}

func (h *house) recipient(given string) (age.Recipient, error) {
	if given == "" {
		raw, err := os.ReadFile(filepath.Join(h.Keys, fileRecipient))
		if err != nil {
			return nil, misuse("--recipient is needed: the keys folder has no %s", fileRecipient)
		}
		given = strings.TrimSpace(string(raw))
	}
	r, err := age.ParseX25519Recipient(given)
	if err != nil {
		return nil, misuse("--recipient: not an age recipient (age1…)")
	}
	return r, nil
}

// A copy's rows: a kind, then the space, and bucket, key and value each with its
// length. Integers are unsigned varints.
const (
	rowPut    = 'p'
	rowDelete = 'd'
	rowEnd    = 'e' // so that a copy cut short is not taken for a whole one
)

func writeRow(w *bufio.Writer, row kv.Row) error {
	kind := byte(rowPut)
	if row.Deleted {
		kind = rowDelete
	}
	b := binary.AppendUvarint([]byte{kind}, uint64(row.Space))
	for _, part := range [][]byte{[]byte(row.Bucket), row.Key, row.Value} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	_, err := w.Write(b)
	return err
}

var errBackup = errors.New("not a copy of a register, or damaged")

// readRows reads what backup wrote, strictly to its end.
func readRows(r *bufio.Reader, fn func(kv.Row) error) error {
	head := make([]byte, len(backupHeader))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != backupHeader {
		return errBackup
	}
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return errBackup
		}
		if kind == rowEnd {
			if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
				return errBackup
			}
			return nil
		}
		row, err := readRow(r, kind)
		if err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
}

func readRow(r *bufio.Reader, kind byte) (kv.Row, error) {
	if kind != rowPut && kind != rowDelete {
		return kv.Row{}, errBackup
	}
	space, err := binary.ReadUvarint(r)
	if err != nil || space > 1<<32-1 {
		return kv.Row{}, errBackup
	}
	var parts [3][]byte
	for i, limit := range []uint64{32, kv.MaxKey, kv.MaxValue} {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > limit {
			return kv.Row{}, errBackup
		}
		parts[i] = make([]byte, n)
		if _, err := io.ReadFull(r, parts[i]); err != nil {
			return kv.Row{}, errBackup
		}
	}
	return kv.Row{
		Space: kv.Space(space), Bucket: string(parts[0]), Key: parts[1], Value: parts[2], Deleted: kind == rowDelete,
	}, nil
}

func (p *program) restoreCommand() *cobra.Command {
	var f folders
	var identity string
	var check bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put a register back from a copy; with --check only try it",
		Long: "Puts a register back from a sealed copy into a data folder that holds none. The log\n" +
			"is verified whole before it takes its place, says that it was restored, and persons\n" +
			"erased since the copy was made are erased again before anybody is served. With\n" +
			"--check the copy is read and verified in a temporary folder, and nothing is kept.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.restore(c.Context(), f, args[0], identity, check)
		},
	}
	f.flags(c)
	c.Flags().StringVar(&identity, "identity", "", "file with the age identity (default: the one in the keys folder)")
	c.Flags().BoolVar(&check, "check", false, "verify the copy and write nothing")
	return c
}

func (p *program) restore(ctx context.Context, f folders, file, identity string, check bool) error {
	if err := f.check(); err != nil {
		return err
	}
	if identity == "" {
		identity = filepath.Join(f.Keys, fileIdentity)
	}
	if _, err := os.Stat(f.in(fileStore)); !check && !errors.Is(err, fs.ErrNotExist) {
		return no("there is a register in %s already; restore into an empty folder", f.Data)
	}
	into := f
	if check {
		dir, err := os.MkdirTemp("", "aval-check-")
		if err != nil {
			return cannot("%w", err)
		}
		defer os.RemoveAll(dir)
		into.Data = dir
	} else if err := os.MkdirAll(f.Data, 0o700); err != nil {
		return misuse("--data: %w", err)
	}
	path := into.in(fileStore + ".restoring")
	defer os.Remove(path)
	if err := p.fill(ctx, into, path, file, identity, check); err != nil {
		return err
	}
	if check {
		_, err := fmt.Fprintln(p.out, "OK: the copy is whole and its logs verify")
		return err
	}
	// The file names checkpoints of what was there before; the log now says that
	// it was restored. It goes first: a stop in between leaves nothing to serve.
	if err := os.Remove(f.in(fileLastSeen)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cannot("%w", err)
	}
	if err := errors.Join(os.Rename(path, f.in(fileStore)), syncFolder(f.Data)); err != nil {
		return cannot("%w", err)
	}
	return p.afterRestore(ctx, f)
}

// fill reads a copy into a new store and verifies every log in it. Unless it is
// only tried, the logs say that they were restored before they take their place.
func (p *program) fill(ctx context.Context, f folders, path, file, identity string, check bool) error {
	in, err := os.Open(file)
	if err != nil {
		return misuse("%w", err)
	}
	defer in.Close()
	raw, err := os.ReadFile(identity)
	if err != nil {
		return misuse("%w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(raw))
	if err != nil {
		return misuse("%s: not an age identity", identity)
	}
	open, err := age.Decrypt(in, ids...)
	if err != nil {
		return no("the copy does not open with this identity")
	}
	keys, err := personal.OpenFolder(f.Keys)
	if err != nil {
		return cannot("%w", err)
	}
	os.Remove(path)
	db, err := bolt.Open(path, bolt.Options{Create: true})
	if err != nil {
		return storeFailure(err)
	}
	h, err := p.load(ctx, f, db, keys, bufio.NewReaderSize(open, 64<<10))
	if err == nil && !check {
		err = storeFailure(h.reg.NoteRestore(ctx))
	}
	return errors.Join(err, db.Close())
}

func (p *program) load(ctx context.Context, f folders, db kv.DB, keys *personal.Folder, r *bufio.Reader) (*house, error) {
	batch := &rowBatch{db: db}
	err := readRows(r, func(row kv.Row) error { return batch.add(ctx, row) })
	if err == nil {
		err = batch.flush(ctx)
	}
	if errors.Is(err, errBackup) {
		return nil, no("%w", err)
	}
	if err == nil {
		err = store.Prepare(ctx, db)
	}
	if err != nil {
		return nil, storeFailure(err)
	}
	h, err := p.wire(f, db, keys)
	if err != nil {
		return nil, err
	}
	return h, checkLogs(ctx, h, struct{}{}, io.Discard)
}

// A rowBatch puts rows of one space into the store some thousand at a time.
type rowBatch struct {
	db    kv.DB
	space kv.Space
	rows  []kv.Row
	bytes int
}

func (b *rowBatch) add(ctx context.Context, row kv.Row) error {
	if len(b.rows) > 0 && (row.Space != b.space || b.bytes > 4<<20) {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.space = row.Space
	b.rows = append(b.rows, row)
	b.bytes += len(row.Key) + len(row.Value)
	return nil
}

func (b *rowBatch) flush(ctx context.Context) error {
	err := b.db.Update(ctx, b.space, func(tx kv.Tx) error {
		for _, row := range b.rows {
			bucket := kv.Bucket{Name: row.Bucket}
			if row.Deleted {
				if err := tx.Delete(bucket, row.Key); err != nil {
					return err
				}
			} else if err := tx.Put(bucket, row.Key, row.Value); err != nil {
				return err
			}
		}
		return nil
	})
	b.rows, b.bytes = b.rows[:0], 0
	return err
}

// afterRestore opens what was restored: the erased are erased again, and the
// public keys stand beside it.
func (p *program) afterRestore(ctx context.Context, f folders) error {
	h, err := p.ready(ctx, f)
	if err != nil {
		return err
	}
	pub, err := h.keyring.RegisterPub()
	if err == nil {
		err = writeFile(f.in(filePub), pub, 0o644)
	}
	if err = errors.Join(err, h.close(ctx)); err != nil {
		return storeFailure(err)
	}
	_, err = fmt.Fprintln(p.out, "restored; the log says so")
	return err
}
