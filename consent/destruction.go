package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent/personal"
	"aval/consent/statement"
)

// The end of the notebooks: a record that says how many were destroyed, when, how
// and before which office, signed by the referent and sealed by the structure. It
// names nobody. It says what somebody declared, and proves no more: that no other
// notebook lies in a drawer is for people to see to.

// destructionType is the typ of each protected header of such a record.
const destructionType = "destruction+jws"

// A DestructionMethod is how notebooks and files were destroyed.
type DestructionMethod string

// The ways to destroy. Paper that is only torn, and a file that is only deleted,
// can be read again.
const (
	MethodShredded   DestructionMethod = "shredded"   // paper shredder with cross cut
	MethodBurned     DestructionMethod = "burned"     //
	MethodContractor DestructionMethod = "contractor" // with a certificate
	MethodErased     DestructionMethod = "erased"     // files overwritten or their disk's key destroyed, copies and bin too
)

// DestructionMethods lists them.
var DestructionMethods = []DestructionMethod{MethodShredded, MethodBurned, MethodContractor, MethodErased}

// DestructionWitnesses are the offices before which notebooks are destroyed: an
// office, not a name.
var DestructionWitnesses = []string{"management", "dpo", "deputy_referent", "archives", "it"}

// maxNotebooks bounds a number of notebooks or files.
const maxNotebooks = 100000

// A Destruction is a record of notebooks destroyed, and its payload as it is
// signed: members in this order, each once.
type Destruction struct {
	V         int                 `json:"v"`
	ID        DestructionID       `json:"id"`
	Origin    string              `json:"origin"`
	Space     string              `json:"space"`
	By        MemberID            `json:"by"`
	On        string              `json:"on"` // YYYY-MM-DD
	Notebooks int                 `json:"notebooks"`
	Files     int                 `json:"files"`
	Methods   []DestructionMethod `json:"methods"`
	Witness   string              `json:"witness"` // office
	Lines     Progress            `json:"lines"`   // of the list, when it was signed
	IssuedAt  time.Time           `json:"iat"`
}

// A DestructionRow keeps a record and its signed form.
type DestructionRow struct {
	ID     DestructionID
	At     time.Time
	Record Destruction
	Digest string // SHA-256 of the document
	JWS    []byte // general JSON serialization, with the statements of the keys
}

func (r *DestructionRow) Bucket() string { return "destruction" }
func (r *DestructionRow) Key() string    { return string(r.ID) }

// NewDestruction is a record to sign.
type NewDestruction struct {
	Notebooks, Files int
	On               string // YYYY-MM-DD, at most a year ago; "" means today
	Methods          []DestructionMethod
	Witness          string
}

func (n NewDestruction) valid() error {
	switch {
	case n.Notebooks < 0 || n.Notebooks > maxNotebooks:
		return &Invalid{Pointer: "/notebooks", Reason: "number"}
	case n.Files < 0 || n.Files > maxNotebooks:
		return &Invalid{Pointer: "/files", Reason: "number"}
	case n.Notebooks+n.Files == 0:
		return &Invalid{Pointer: "/notebooks", Reason: "destroyed_nothing"}
	case !slices.Contains(DestructionWitnesses, n.Witness):
		return &Invalid{Pointer: "/witness", Reason: "witness_office"}
	case len(n.Methods) == 0:
		return &Invalid{Pointer: "/methods", Reason: "method"}
	}
	for i, m := range n.Methods {
		if !slices.Contains(DestructionMethods, m) || slices.Contains(n.Methods[:i], m) {
			return &Invalid{Pointer: "/methods", Reason: "method"}
		}
	}
	if n.Files > 0 && !slices.Contains(n.Methods, MethodErased) || n.Notebooks > 0 && len(n.Methods) == 1 && n.Methods[0] == MethodErased {
		return &Invalid{Pointer: "/methods", Reason: "method_fits"}
	}
	return nil
}

// RecordDestruction lets a referent sign, with a fresh sign-in, that notebooks and
// files were destroyed. The record's digest stands in the log. Lines that are still
// open do not hold it up: a notebook that lies about is worse; the record says how
// many there were.
func (r *Register) RecordDestruction(ctx context.Context, a Actor, n NewDestruction) (*DestructionRow, error) {
	if err := n.valid(); err != nil {
		return nil, err
	}
	row, err := r.signDestruction(ctx, a, n)
	if err != nil {
		return nil, err
	}
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.governsFreshly(audit.NotebookDestroyed, charter.OpOpenMember); err != nil {
			return err
		}
		day, err := t.dayOf(n.On)
		if err != nil {
			return err
		}
		if row == nil || row.Record.On != day {
			return &Conflict{Reason: "changed_meanwhile"}
		}
		t.enter(audit.Entry{
			Act: audit.NotebookDestroyed, On: []string{string(row.ID)}, Rules: []string{"C08"}, Digest: row.Digest,
			Counts: map[string]int64{"notebooks": int64(n.Notebooks), "files": int64(n.Files)},
		})
		if err := t.tx.Put(row); err != nil {
			return err
		}
		return t.made(string(row.ID))
	})
	if id, again := replayed(err); again {
		return r.Destruction(ctx, a, DestructionID(id))
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}

// signDestruction makes the signed record; nil when the actor has no key to sign
// with, which the transaction then says.
func (r *Register) signDestruction(ctx context.Context, a Actor, n NewDestruction) (*DestructionRow, error) {
	may, err := r.may(ctx, a, charter.Facts{Operation: charter.OpOpenMember})
	if err != nil || !may || a.kind != member {
		return nil, err
	}
	var t turn
	var stated []string
	err = r.rec.View(ctx, a.space, func(tx Tx, at time.Time) error {
		t = turn{r: r, tx: tx, at: at, actor: a}
		if err := need(tx, &t.profile, "space"); err != nil {
			return err
		}
		stated, err = statedKeys(tx, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	day, err := t.dayOf(n.On)
	if err != nil {
		return nil, err
	}
	lines, err := r.countNotebooks(ctx, a.space)
	if err != nil {
		return nil, err
	}
	rec := Destruction{
		V: 1, ID: DestructionID("d_" + random26()), Origin: r.origin, Space: a.space.Slug(), By: a.member, On: day,
		Notebooks: n.Notebooks, Files: n.Files, Methods: n.Methods, Witness: n.Witness, Lines: lines, IssuedAt: t.at,
	}
	doc, err := r.signRecord(a, rec, stated)
	if err != nil {
		return nil, err
	}
	return &DestructionRow{ID: rec.ID, At: t.at, Record: rec, Digest: digest(doc), JWS: doc}, nil
}

// statedKeys are the statements of the space's keys and of the member's.
func statedKeys(tx Tx, a Actor) ([]string, error) {
	space, me := Stated{Owner: a.space.Slug()}, Stated{Owner: string(a.member)}
	if err := need(tx, &space, "statement"); err != nil {
		return nil, err
	}
	if err := need(tx, &me, "statement"); err != nil {
		return nil, err
	}
	return []string{space.JWS, me.JWS}, nil
}

// signRecord signs with the member's key and the structure's seal.
func (r *Register) signRecord(a Actor, rec Destruction, stated []string) ([]byte, error) {
	payload, err := json.Marshal(rec)
	if err != nil {
		return nil, err
	}
	mine, err := r.keys.MemberSigner(personal.Owner(a.member))
	if err != nil {
		return nil, err
	}
	seal, err := r.keys.SealSigner(a.space)
	if err != nil {
		return nil, err
	}
	byMember, err := signPayload(destructionType, payload, mine, SignatureHeader{Role: charter.SignerHelper})
	if err != nil {
		return nil, err
	}
	byStructure, err := signPayload(destructionType, payload, seal, SignatureHeader{Role: charter.SignerStructure})
	if err != nil {
		return nil, err
	}
	return buildDocument(payload, stated, nil, byMember, byStructure)
}

// IsDestruction tells whether bytes say that they are a record of destruction; it
// proves nothing.
func IsDestruction(raw []byte) bool {
	doc, _, err := parseDocument(raw)
	if err != nil {
		return false
	}
	_, err = parseHeader(destructionType, doc.Signatures[0].Protected)
	return err == nil
}

// VerifyDestruction proves a record of destruction from the register's public keys
// alone: its form, that the member it names signed it, and the structure's seal.
func VerifyDestruction(raw []byte, register *statement.RegisterPub) (*Destruction, error) {
	doc, payload, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	if len(doc.Assertions) > 0 { // no passkey signs these: what nobody would look at is not let by
		return nil, mandateError("form")
	}
	var rec Destruction
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&rec); err != nil || rec.V != 1 {
		return nil, mandateError("form")
	}
	if again, err := json.Marshal(rec); err != nil || !bytes.Equal(again, payload) {
		return nil, mandateError("form")
	}
	if rec.Origin != register.Origin {
		return nil, mandateError("origin")
	}
	keys, err := statement.Chain(register, rec.Space, doc.Statements)
	if err != nil {
		return nil, mandateError("statement")
	}
	signed := map[charter.SignerRole]bool{}
	for _, s := range doc.Signatures {
		sig, err := verifySignature(destructionType, s, payload, keys, rec.IssuedAt)
		if err != nil {
			return nil, err
		}
		if sig.Role == charter.SignerHelper && keys.MemberID(sig.Kid, rec.IssuedAt) != string(rec.By) {
			return nil, mandateError("key")
		}
		signed[sig.Role] = true
	}
	if !signed[charter.SignerHelper] || !signed[charter.SignerStructure] {
		return nil, mandateError("role")
	}
	return &rec, nil
}

// Destructions lists the records of the actor's structure, newest first, at most
// 100.
func (r *Register) Destructions(ctx context.Context, a Actor) (list []DestructionRow, err error) {
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, "", func(row *DestructionRow) error {
			if list = append(list, *row); len(list) == maxPage {
				return StopScan
			}
			return nil
		})
	})
	slices.SortFunc(list, func(a, b DestructionRow) int { return b.At.Compare(a.At) })
	return list, err
}

// Destruction gets one record.
func (r *Register) Destruction(ctx context.Context, a Actor, id DestructionID) (*DestructionRow, error) {
	row := &DestructionRow{}
	err := r.view(ctx, a, func(tx Tx, _ time.Time) error {
		*row = DestructionRow{ID: id}
		return need(tx, row, "destruction")
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}
