package consent

import (
	"aval/charter/screen"
)

// A password that comes in over two days, the word for it in one text and the
// value in the next, shows only beside what was stored. Stored texts are closed,
// and to open them at each save would be a look. So each record leaves an edge: a
// few yes and no about how its texts begin and end, in clear and never text.

// A TextGroup names the texts that one reader sees together: those about one
// person, or the names of the presets.
type TextGroup string

func textsOf(p PersonID) TextGroup { return TextGroup(p) }

const textsOfPresets TextGroup = "presets"

// An EdgeRow keeps the edges of the texts of one record. A person's go with the
// person.
type EdgeRow struct {
	Group  TextGroup
	Record string // the name of a box, or an identifier
	Edges  []screen.Edge
}

func (r *EdgeRow) Bucket() string { return "edge" }
func (r *EdgeRow) Key() string    { return string(r.Group) + "/" + r.Record }

// joins screens the texts that a record is to hold against the others of its
// group as they are in this transaction, and writes what they leave behind. It
// comes after the charter was asked. The error may be a *screen.Refusal: record
// enters and tells it as it does that of any text, and nothing of the transaction
// is kept.
func (t *turn) joins(g TextGroup, record string, texts ...screen.Clean) error {
	var stored []screen.Edge
	err := each(t.tx, string(g)+"/", func(row *EdgeRow) error {
		if row.Record != record {
			stored = append(stored, row.Edges...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	row := &EdgeRow{Group: g, Record: record}
	for _, text := range texts {
		if refusal := text.Against(stored); refusal != nil {
			return refusal
		}
		if e := text.Edge(); e != (screen.Edge{}) {
			row.Edges = append(row.Edges, e)
		}
	}
	if len(row.Edges) == 0 {
		return t.tx.Delete(row)
	}
	return t.tx.Put(row)
}

// edgeRows are the rows of a group, to be deleted.
func edgeRows(tx Tx, g TextGroup) (rows []Record, err error) {
	err = each(tx, string(g)+"/", func(row *EdgeRow) error {
		rows = append(rows, row)
		return nil
	})
	return rows, err
}
