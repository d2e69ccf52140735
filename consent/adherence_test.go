package consent_test

import (
	"bytes"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// later is the newest charter released as another version.
func later(t *testing.T, version string) *charter.Charter {
	t.Helper()
	now, err := charter.Load()
	if err != nil {
		t.Fatal(err)
	}
	raw := bytes.Replace(now.Document(), []byte(`"version": "`+now.Version()+`"`), []byte(`"version": "`+version+`"`), 1)
	next, err := charter.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// under starts the program with another version of the charter.
func (w *world) under(ch *charter.Charter) {
	w.t.Helper()
	w.reg = consent.NewRegister(w.rec, w.keys, ch, w.folder.Origin(), w.erased)
	w.must(w.reg.PublishCharter(w.ctx))
}

// A minor version asks nothing. A new major leaves helpers 30 days from the day it
// came into force in their structure; then they are suspended until they accept
// it, and go on at once when they do. Stopping is never held up.
func TestNewMajorCharter(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	ask := terms(d.person, caf)
	ask.Days = 182
	m := w.mandate(d.helper, ask)
	size := w.size("ccas")
	w.must(w.reg.PublishCharter(w.ctx))
	if w.size("ccas") != size {
		t.Error("the version in force was published again")
	}
	w.under(later(t, "1.99.0"))
	if got := w.last("ccas"); got.Act != audit.CharterPublished || got.Digest != w.reg.Charter().Digest() || got.By != "system" {
		t.Errorf("the entry is %+v", got.Entry)
	}
	w.must(w.act(d.person, caf)(d.helper))

	w.clock.add(3 * 24 * time.Hour)
	w.under(later(t, "2.0.0"))
	since := w.clock.now()
	w.must(w.act(d.person, caf)(d.helper))
	newcomer := w.newcomer(d.referent, charter.Secretary)
	w.refuses(newcomer, charter.Secretary, refusal{"C22", charter.NotAdhered, audit.ActRecorded, d.person, m.ID, ""}, w.act(d.person, caf))

	w.clock.to(since.AddDate(0, 0, 10)) // a correction of it gives no new time
	w.under(later(t, "2.0.1"))
	end := since.AddDate(0, 0, w.reg.Charter().Limits().AdhereAgainDays)
	w.clock.to(end.Add(-time.Microsecond))
	w.must(w.act(d.person, caf)(d.helper))
	w.clock.to(end)
	refused := refusal{"C22", charter.NotAdhered, audit.ActRecorded, d.person, m.ID, ""}
	w.refuses(d.helper, charter.SocialWorker, refused, w.act(d.person, caf))
	if err := w.reg.Adhere(w.ctx, d.helper, "1.99.0", w.reg.Charter().Digest()); invalid(err) != "/digest charter_not_current" {
		t.Errorf("adhered to another version: %v", err)
	}
	w.must(w.reg.Adhere(w.ctx, d.helper, w.reg.Charter().Version(), w.reg.Charter().Digest()))
	if got := w.last("ccas"); got.Act != audit.HelperAdhered || got.Digest != w.reg.Charter().Digest() {
		t.Errorf("the entry is %+v", got.Entry)
	}
	w.must(w.act(d.person, caf)(d.helper))
	_, err := w.reg.RevokeMandate(w.ctx, newcomer, m.ID, consent.Scope{})
	w.must(err)
}
