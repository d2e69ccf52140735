package consent

import (
	"context"
	"time"

	"aval/audit"
	"aval/charter"
)

// Adherence is what a helper accepted, and when.
type Adherence struct {
	Version string
	Digest  string
	At      time.Time
}

// InForce is the charter that a space works under.
type InForce struct {
	Version string
	Digest  string
	// Since is when its major version came into force in the space: from then
	// helpers have Limits.AdhereAgainDays to accept it.
	Since time.Time
}

// inForce is the register's charter, taking effect in a space at an instant.
func (r *Register) inForce(at time.Time) InForce {
	return InForce{Version: r.charter.Version(), Digest: r.charter.Digest(), Since: at}
}

// Adhere records that a member read and accepted the charter (C22). The digest
// sent must be that of the document in force, which was shown, and the version one
// of its major.
func (r *Register) Adhere(ctx context.Context, a Actor, version, digest string) error {
	if !charter.SameMajor(version, r.charter.Version()) || digest != r.charter.Digest() {
		return &Invalid{Pointer: "/digest", Reason: "charter_not_current"}
	}
	version = r.charter.Version()
	_, err := r.record(ctx, a, func(t *turn) error {
		if t.actor.kind != member {
			return &NotFound{Kind: "use-case"}
		}
		if err := t.check(Attempt{Action: audit.HelperAdhered}, charter.Facts{Operation: charter.OpAdhere, Member: charter.Member{Adhered: version}}); err != nil {
			return err
		}
		t.me.Adhered = Adherence{Version: version, Digest: digest, At: t.at}
		t.enter(audit.Entry{Act: audit.HelperAdhered, On: []string{string(t.me.ID)}, Digest: digest})
		return putAll(t.tx, &t.me)
	})
	return err
}

// PublishCharter lets the program's version of the charter take effect in every
// space that works under another, each with its entry. It is run at start: the
// time that helpers have to accept a new major version begins here.
func (r *Register) PublishCharter(ctx context.Context) error {
	spaces, err := r.Spaces(ctx)
	if err != nil {
		return err
	}
	for _, s := range spaces {
		if s == registerSpace {
			continue
		}
		if err := r.publishIn(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *Register) publishIn(ctx context.Context, s audit.Space) error {
	current := false
	err := r.rec.View(ctx, s, func(tx Tx, _ time.Time) error {
		p := &Profile{}
		err := need(tx, p, "space")
		current = p.Charter.Digest == r.charter.Digest()
		return err
	})
	if err != nil || current {
		return err
	}
	_, err = r.record(ctx, systemIn(s), func(t *turn) error {
		p := t.profile
		now := r.inForce(t.at)
		if charter.SameMajor(p.Charter.Version, now.Version) {
			now.Since = p.Charter.Since
		}
		p.Charter = now
		t.enter(audit.Entry{Act: audit.CharterPublished, On: []string{now.Version}, Digest: now.Digest})
		return t.tx.Put(&p)
	})
	return err
}
