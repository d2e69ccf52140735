package consent

import (
	"context"
	"errors"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
)

// What happens when a text is refused because it holds a credential (C08): an
// entry and a count, never the text; the way out is told to who typed. Who says
// "this is no credential" is asked for other words first.

// A RefusedText row says that a member was refused a text in a field a moment
// ago, so that a contest comes after a rewrite and not before. It holds no part
// of the text, nor its length.
type RefusedText struct {
	Member MemberID
	Field  string // the name of a form's field, a fixed word of the program
	Kind   screen.Kind
	Rule   screen.Rule
	Times  int
	Last   time.Time
	// LetIn is when it was contested, where the structure lets such texts in.
	LetIn time.Time
}

// How long a refusal is remembered for a contest, which is as long as somebody
// sits at one form, and how long a contest then opens the field, once.
const (
	rewriteLife = 30 * time.Minute
	letInLife   = 5 * time.Minute
)

// A RefusalCount counts the refusals of a month by kind and rule, and how many of
// them were contested: the field's own measure of false refusals. It does not say
// who typed.
type RefusalCount struct {
	Month              string // YYYY-MM, in the structure's time zone
	Kind               screen.Kind
	Rule               screen.Rule
	Refused, Contested int64
}

func (r *RefusedText) Bucket() string  { return "refused-text" }
func (r *RefusedText) Key() string     { return string(r.Member) + "/" + r.Field }
func (r *RefusalCount) Bucket() string { return "refusal-count" }
func (r *RefusalCount) Key() string {
	return r.Month + "/" + string(r.Kind) + "/" + string(r.Rule)
}

// A TextRefusal is what may be told of a refused text to who typed it, and to
// nobody else.
type TextRefusal struct {
	Kind screen.Kind
	Rule screen.Rule
	// Mark is the place, nil where it is not known.
	Mark        *screen.Mark
	Suggestions []screen.Suggestion
	// Contestable: the rule is a judgement. Rewritten: this is not the first
	// refusal in this field, so that it may be contested now.
	Contestable, Rewritten bool
}

// RefuseText enters that a text was refused because it holds a credential: by
// whom, which kind, which rule; never the text. It returns the *Refused to show.
func (r *Register) RefuseText(ctx context.Context, a Actor, refusal *screen.Refusal) error {
	told := &TextRefusal{
		Kind: refusal.Kind, Rule: refusal.Rule, Mark: refusal.Mark(), Suggestions: refusal.Suggestions(),
		Contestable: refusal.Contestable(),
	}
	_, err := r.record(ctx, a, func(t *turn) error {
		if t.shut() {
			return nil // refused for that, and before anything is written
		}
		times, err := t.noteRefused(refusal)
		if err != nil {
			return err
		}
		told.Rewritten = times > 1
		t.enter(audit.Entry{
			Act: audit.AttemptRefused, Rules: []string{"C08", credentialReason(refusal.Kind)}, Out: audit.Refused,
		})
		return nil
	})
	if err != nil {
		return err
	}
	return &Refused{
		Rule: "C08", Reason: credentialReason(refusal.Kind), Instead: string(charter.PersonTypes),
		Pointer: "/" + refusal.Field, Text: told,
	}
}

// shut tells whether the member is closed or slept: see unlessClosed.
func (t *turn) shut() bool {
	return t.actor.kind == member && (!t.me.Closed.IsZero() || t.r.sleep(&t.me, t.at) == charter.Asleep)
}

func credentialReason(k screen.Kind) string { return string(CredentialKept) + "_" + string(k) }

// noteRefused counts a refusal, and tells how often the member was refused in
// this field of late.
func (t *turn) noteRefused(refusal *screen.Refusal) (times int, err error) {
	if err := t.countRefusal(refusal.Kind, refusal.Rule, 1, 0); err != nil || t.actor.kind != member {
		return 0, err
	}
	row := &RefusedText{Member: t.actor.member, Field: refusal.Field}
	if _, err := t.tx.Get(row); err != nil {
		return 0, err
	}
	if row.over(t.at) {
		row.Times = 0
	}
	row.Kind, row.Rule, row.Last, row.LetIn = refusal.Kind, refusal.Rule, t.at, time.Time{}
	row.Times++
	return row.Times, t.tx.Put(row)
}

func (r *RefusedText) over(at time.Time) bool { return at.Sub(r.Last) > rewriteLife }

func (t *turn) countRefusal(kind screen.Kind, rule screen.Rule, refused, contested int64) error {
	month, err := t.month()
	if err != nil {
		return err
	}
	row := &RefusalCount{Month: month, Kind: kind, Rule: rule}
	if _, err := t.tx.Get(row); err != nil {
		return err
	}
	row.Refused += refused
	row.Contested += contested
	return t.tx.Put(row)
}

// month is the month of the turn in the structure's time zone; the register's
// own space has none.
func (t *turn) month() (string, error) {
	tz, err := time.LoadLocation(t.profile.TZ)
	return t.at.In(tz).Format(monthForm), err
}

// ContestText enters that a member says of a text that was just refused "this is
// no credential" (screening.md §6): only of a judgement, never of a checksum or a
// fixed form, only after other words were tried, with a fresh sign-in. It is
// counted by kind. letIn tells that the structure lets such a text in: the next one
// in this field, within 5 minutes. Else the contest is counted and nothing more.
// *Conflict with "contest_checked" or "contest_rewrite".
func (r *Register) ContestText(ctx context.Context, a Actor, c screen.Contest) (letIn bool, err error) {
	_, err = r.record(ctx, a, func(t *turn) error {
		if err := t.onlyMember(audit.AttemptContested); err != nil {
			return err
		}
		row := &RefusedText{Member: t.actor.member, Field: c.Field}
		if found, err := t.tx.Get(row); err != nil {
			return err
		} else if !found || row.over(t.at) || row.Kind != c.Kind || row.Rule != c.Rule {
			return &Conflict{Reason: "contest_rewrite"}
		}
		if row.Rule.Checked() {
			return &Conflict{Reason: "contest_checked"}
		}
		if row.Times < 2 {
			return &Conflict{Reason: "contest_rewrite"}
		}
		if !a.MaySign(t.at) {
			return &SignInNeeded{Reason: "step_up"}
		}
		letIn = t.profile.ContestLetsIn
		if err := t.countRefusal(row.Kind, row.Rule, 0, 1); err != nil {
			return err
		}
		t.enterContest(row)
		if !letIn {
			return t.tx.Delete(row)
		}
		row.LetIn, row.Times = t.at, 0
		return t.tx.Put(row)
	})
	return letIn && err == nil, err
}

func (t *turn) enterContest(row *RefusedText, on ...string) {
	t.enter(audit.Entry{
		Act: audit.AttemptContested, On: on, Rules: []string{"C08", credentialReason(row.Kind), string(row.Rule)},
	})
}

// TakeContest uses a contest up: it tells whether a text that is refused now was
// contested a moment ago where the structure lets such texts in, and enters that it
// is let in.
func (r *Register) TakeContest(ctx context.Context, a Actor, c screen.Contest) (bool, error) {
	if a.kind != member || c.Rule.Checked() {
		return false, nil
	}
	none := errors.New("consent: not contested")
	_, err := r.record(ctx, a, func(t *turn) error {
		row := &RefusedText{Member: t.actor.member, Field: c.Field}
		found, err := t.tx.Get(row)
		if err != nil {
			return err
		}
		if !found || row.LetIn.IsZero() || t.at.Sub(row.LetIn) > letInLife || row.Kind != c.Kind || row.Rule != c.Rule ||
			!t.profile.ContestLetsIn || t.shut() {
			return none
		}
		t.enterContest(row, "let_in")
		return t.tx.Delete(row)
	})
	if errors.Is(err, none) {
		return false, nil
	}
	return err == nil, err
}

// SetContest lets a referent say, with a fresh sign-in, whether a contested text
// is let in. It is not until somebody says so: nobody's secret is kept, and a
// helper who insists may be wrong.
func (r *Register) SetContest(ctx context.Context, a Actor, letsIn bool) error {
	_, err := r.record(ctx, a, func(t *turn) error {
		if err := t.governsFreshly(audit.StructureUpdated, charter.OpOpenMember); err != nil {
			return err
		}
		p := t.profile
		p.ContestLetsIn = letsIn
		dg, err := rowDigest(&p)
		if err != nil {
			return err
		}
		t.enter(audit.Entry{Act: audit.StructureUpdated, On: []string{string(p.Structure)}, Rules: []string{"C08"}, Digest: dg})
		if err := t.tx.Put(&p); err != nil {
			return err
		}
		return t.made(string(p.Structure))
	})
	if _, again := replayed(err); again {
		return nil
	}
	return err
}

// Refusals gives the refused texts of a month, YYYY-MM, of the whole structure,
// by kind and rule.
func (r *Register) Refusals(ctx context.Context, a Actor, month string) (list []RefusalCount, err error) {
	if m, err := time.Parse(monthForm, month); err != nil || m.Format(monthForm) != month {
		return nil, &Invalid{Pointer: "/month", Reason: "month"}
	}
	err = r.view(ctx, a, func(tx Tx, _ time.Time) error {
		list = nil
		return each(tx, month+"/", func(row *RefusalCount) error {
			list = append(list, *row)
			return nil
		})
	})
	return list, err
}

// FalseRefusals is the measure of a list of counts: of the refusals that somebody
// could contest, how many were contested. A refusal that nobody contested may
// have been wrong too, and a contest may be: it is what the field says.
type FalseRefusals struct {
	Refused     int64   `json:"refused"`     // of every kind
	Contestable int64   `json:"contestable"` // by a judgement
	Contested   int64   `json:"contested"`
	Rate        float64 `json:"rate"` // Contested over Contestable, 0 when there was none
}

// SumRefusals adds counts up.
func SumRefusals(list []RefusalCount) (f FalseRefusals) {
	for _, c := range list {
		f.Refused += c.Refused
		f.Contested += c.Contested
		if !c.Rule.Checked() {
			f.Contestable += c.Refused
		}
	}
	if f.Contestable > 0 {
		f.Rate = float64(f.Contested) / float64(f.Contestable)
	}
	return f
}
