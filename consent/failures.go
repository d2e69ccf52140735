package consent

import (
	"context"
	"sync/atomic"

	"aval/audit"
)

// failures counts attempts by nobody known: card codes, links and programs that
// are not there, sign-ins that failed. They belong to no person and no space, and
// anybody can make as many as they like, so they become one entry a minute and not
// one each.
type failures struct{ cards, links, programs, signIns atomic.Int64 }

// NoteFailures enters what was counted since the last time, in the register's
// own log. What a stop leaves uncounted is lost: it was noise to begin with.
func (r *Register) NoteFailures(ctx context.Context) error {
	cards, links, programs := r.failures.cards.Swap(0), r.failures.links.Swap(0), r.failures.programs.Swap(0)
	signIns := r.failures.signIns.Swap(0)
	if cards+links+programs+signIns == 0 {
		return nil
	}
	_, err := r.record(ctx, systemIn(registerSpace), func(t *turn) error {
		t.enter(audit.Entry{
			Act: audit.AttemptRefused, Out: audit.Refused,
			Counts: map[string]int64{"card_codes": cards, "links": links, "programs": programs, "sign_ins": signIns},
		})
		return nil
	})
	if err != nil {
		r.failures.cards.Add(cards)
		r.failures.links.Add(links)
		r.failures.programs.Add(programs)
		r.failures.signIns.Add(signIns)
	}
	return err
}

// ProgramNotKnown counts a program that did not prove who it is.
func (r *Register) ProgramNotKnown() { r.failures.programs.Add(1) }
