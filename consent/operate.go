package consent

import (
	"context"
	"time"

	"aval/audit"
)

// What the operator of the register does: begin it, vouch for its clock, note
// copies. The operator sees pseudonyms only.

// Begin writes the first entries of a new register: the charter it works under
// and its own keys. The keys of the register's space are durable before.
func (r *Register) Begin(ctx context.Context) error {
	from, err := r.now(ctx, registerSpace)
	if err != nil {
		return err
	}
	stated, err := r.keys.MakeSpaceKeys(registerSpace, from)
	if err != nil {
		return err
	}
	_, err = r.record(ctx, Operator(), func(t *turn) error {
		t.enter(audit.Entry{Act: audit.CharterPublished, On: []string{r.charter.Version()}, Digest: r.charter.Digest()})
		t.enter(audit.Entry{Act: audit.KeyPublished, On: []string{RegisterSlug}})
		return t.tx.Put(&Stated{Owner: RegisterSlug, JWS: stated})
	})
	return err
}

// ConfirmClock says that a person looked at the clock and found it right, and
// enters it in every space: one jump must not stop a log for ever, and must show.
func (r *Register) ConfirmClock(ctx context.Context) error {
	jump := r.rec.Log().Clock().Confirm()
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return err
	}
	for _, s := range spaces {
		_, err := r.record(ctx, operatorIn(s), func(t *turn) error {
			t.enter(audit.Entry{Act: audit.ClockJump, Counts: map[string]int64{"seconds": int64(jump.Seconds())}})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Copied is when the register was last copied. It stands in the register's space:
// reading it from the log would mean to walk the log.
type Copied struct {
	At time.Time
}

func (r *Copied) Bucket() string { return "copied" }
func (r *Copied) Key() string    { return "copied" }

// NoteBackup enters that a copy of the register was made.
func (r *Register) NoteBackup(ctx context.Context) error {
	_, err := r.record(ctx, Operator(), func(t *turn) error {
		t.enter(audit.Entry{Act: audit.BackupMade})
		return t.tx.Put(&Copied{At: t.at})
	})
	return err
}

// LastBackup is when the register was last copied; the zero time means never. It
// is about the whole register and nobody in it, so no actor asks.
func (r *Register) LastBackup(ctx context.Context) (time.Time, error) {
	var last Copied
	err := r.rec.View(ctx, registerSpace, func(tx Tx, _ time.Time) error {
		last = Copied{}
		_, err := tx.Get(&last)
		return err
	})
	return last.At, err
}

// NoteRestore enters, in every space, that the register was put back from a copy.
func (r *Register) NoteRestore(ctx context.Context) error {
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return err
	}
	for _, s := range spaces {
		_, err := r.record(ctx, operatorIn(s), func(t *turn) error {
			t.enter(audit.Entry{Act: audit.BackupRestored})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FirstReferent finds the member whom the operator lets in when every session of
// a structure is over: its first referent who is not closed.
func (r *Register) FirstReferent(ctx context.Context, a Actor) (MemberID, error) {
	members, err := r.Members(ctx, a)
	if err != nil {
		return "", err
	}
	var first *Member
	for _, m := range members {
		if m.Referent && m.Closed.IsZero() && (first == nil || m.Opened.Before(first.Opened)) {
			first = m
		}
	}
	if first == nil {
		return "", &NotFound{Kind: "referent"}
	}
	return first.ID, nil
}
