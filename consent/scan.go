package consent

import (
	"context"
	"errors"
	"strings"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen/paper"
	"aval/consent/personal"
)

// The picture of a signed paper (evidence paper_scan) is kept in two steps. First it
// is drawn anew and shown to the helper: nothing is stored, it waits in the page or
// the program that asked, with a voucher that it was shown. Then the helper says that
// no password is visible on it, and it comes back with the signing. A picture that
// nobody looked at is nowhere.

// scanLife is how long a picture that was shown may be kept.
const scanLife = 15 * time.Minute

// drawnAtOnce bounds the memory that pictures take while they are drawn.
const drawnAtOnce = 2

// A ShownScan is a picture as it would be kept.
type ShownScan struct {
	Image   []byte
	Media   string // image/jpeg or image/png
	Voucher string // to be given back with it
	Until   time.Time
}

// A SeenScan is a picture that comes back: as ShowScan gave it, with what the helper
// says of it.
type SeenScan struct {
	Image   []byte
	Voucher string
	// NothingVisible: the helper looked, and no password or code is to be seen.
	NothingVisible bool
}

// ShowScan draws a picture anew, without anything else that its file held, and gives
// it to be looked at. It keeps nothing, so it enters nothing. Errors: *Invalid with
// the reason of package paper at /image; *Conflict when the mandate is not one to sign.
func (r *Register) ShowScan(ctx context.Context, a Actor, id MandateID, file []byte) (*ShownScan, error) {
	if err := r.toSign(ctx, a, id); err != nil {
		return nil, err
	}
	select {
	case r.drawing <- struct{}{}:
		defer func() { <-r.drawing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p, err := paper.Clean(file)
	if err != nil {
		return nil, pictureFault(err)
	}
	now, err := r.now(ctx, a.space)
	if err != nil {
		return nil, err
	}
	until := now.Add(scanLife).Truncate(time.Second)
	return &ShownScan{
		Image: p.Bytes(), Media: p.Media(), Voucher: r.keys.Vouch(p, string(a.session), string(id), until), Until: until,
	}, nil
}

// pictureFault says why a picture is refused, as a reason of the program's words.
func pictureFault(err error) error {
	for _, f := range []struct {
		err   error
		fault Invalid
	}{
		{paper.ErrKind, Invalid{Reason: "scan_kind"}}, {paper.ErrPDF, Invalid{Reason: "scan_pdf"}},
		{paper.ErrHEIC, Invalid{Reason: "scan_heic"}}, {paper.ErrSize, Invalid{Reason: "scan_size"}},
		{paper.ErrPoints, Invalid{Reason: "scan_points"}}, {paper.ErrSmall, Invalid{Reason: "scan_small"}},
		{paper.ErrDamaged, Invalid{Reason: "scan_damaged"}},
	} {
		if errors.Is(err, f.err) {
			f.fault.Pointer = "/image"
			return &f.fault
		}
	}
	return err
}

// toSign sees to it that a member asks, about a mandate that waits for a signature:
// to draw a picture takes memory. Whether the member may sign is asked, and entered,
// when the picture comes back.
func (r *Register) toSign(ctx context.Context, a Actor, id MandateID) error {
	if a.kind != member {
		return &SignInNeeded{Reason: "session"}
	}
	m, err := r.Mandate(ctx, a, id)
	if err != nil {
		return err
	}
	now, err := r.now(ctx, a.space)
	if err == nil && m.State(now) != Proposed {
		err = &Conflict{Reason: "not_proposed"}
	}
	return err
}

// seenScan takes back the picture that an agreement needs, and none with any other.
func (r *Register) seenScan(ctx context.Context, a Actor, id MandateID, g Agreement) (paper.Picture, error) {
	switch {
	case g.Scan == nil && g.Type == charter.PaperScan:
		return paper.Picture{}, &Invalid{Pointer: "/scan", Reason: "scan_missing"}
	case g.Scan == nil:
		return paper.Picture{}, nil
	case g.Type != charter.PaperScan:
		return paper.Picture{}, &Invalid{Pointer: "/scan", Reason: "scan_unwanted"}
	case !g.Scan.NothingVisible:
		return paper.Picture{}, &Invalid{Pointer: "/scan/nothing_visible", Reason: "scan_look"}
	}
	now, err := r.now(ctx, a.space)
	if err != nil {
		return paper.Picture{}, err
	}
	p, shown := r.keys.Shown(g.Scan.Image, g.Scan.Voucher, string(a.session), string(id), now)
	if !shown {
		return paper.Picture{}, &Invalid{Pointer: "/scan/voucher", Reason: "scan_voucher"}
	}
	return p, nil
}

// An OpenedScan is the picture of a mandate's paper in clear, and the line that says
// so.
type OpenedScan struct {
	Scan  personal.Scan
	Entry int64
	At    time.Time
}

// MandateScan opens the picture of a mandate's signed paper, for a purpose that opens
// evidence. It is a look that the person sees. *NotFound when there is none.
func (r *Register) MandateScan(ctx context.Context, a Actor, id MandateID, purpose charter.Purpose) (*OpenedScan, error) {
	var evidence Box
	var parts []Box
	passes, err := r.record(ctx, a, func(t *turn) error {
		m := &Mandate{ID: id}
		if err := need(t.tx, m, "mandate"); err != nil {
			return err
		}
		p, err := t.livePerson(m.Person)
		if err != nil {
			return sameNotFound(err, "mandate")
		}
		if err := t.sees(m); err != nil {
			return err
		}
		read, err := t.reading(p.ID, purpose, charter.FieldEvidence)
		if err != nil {
			return err
		}
		try := Attempt{Action: audit.MandateRead, Person: p.ID, Mandate: id, Purpose: purpose}
		if err := t.check(try, charter.Facts{Operation: charter.OpRead, Mandate: t.mandateFacts(m), Read: read}); err != nil {
			return err
		}
		evidence = Box{Owner: ownerOf(p.ID), Name: evidenceRecord(id)}
		if parts, err = scanParts(t.tx, p.ID, id); err != nil {
			return err
		}
		if err := need(t.tx, &evidence, "scan"); err != nil || len(parts) == 0 {
			return errors.Join(err, &NotFound{Kind: "scan"})
		}
		t.enter(audit.Entry{
			Act: audit.MandateRead, Person: string(p.ID), Mandate: string(id), Purpose: string(purpose),
			Fields: boxNames(append([]Box{evidence}, parts...)), Digest: m.Digest, Rules: []string{"C10", "C14"},
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.openScan(ctx, passes[0], evidence, parts)
}

// scanParts are the boxes of a scan, in order.
func scanParts(tx Tx, p PersonID, id MandateID) (parts []Box, err error) {
	parts = nil
	err = each(tx, string(p)+"/"+scanRecord(id)+".", func(b *Box) error {
		parts = append(parts, *b)
		return nil
	})
	return parts, err
}

// openScan opens a scan and holds it against what the signed evidence says of it.
func (r *Register) openScan(ctx context.Context, pass audit.Pass, evidence Box, parts []Box) (*OpenedScan, error) {
	e, err := personal.Open[personal.Evidence](ctx, r.keys, pass, evidence.Owner, evidence.Name, evidence.Version, evidence.Sealed)
	if err != nil {
		return nil, gone(err)
	}
	sealed := make([]personal.Sealed, len(parts))
	for i, b := range parts {
		sealed[i] = b.Sealed
	}
	record, _, _ := strings.Cut(parts[0].Name, ".01")
	scan, err := personal.OpenScan(ctx, r.keys, pass, evidence.Owner, record, parts[0].Version, sealed)
	if err != nil {
		return nil, gone(err)
	}
	if scan.Digest() != e.Scan {
		return nil, personal.ErrBox
	}
	return &OpenedScan{Scan: scan, Entry: pass.N(), At: pass.Time()}, nil
}
