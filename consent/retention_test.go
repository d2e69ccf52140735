package consent_test

import (
	"reflect"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// A draft that nobody signed goes after 7 days; one that was signed stays.
func TestDraftsNobodySignedGo(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	draft := func() consent.MandateID {
		m, err := w.reg.DraftMandate(w.ctx, d.helper, terms(d.person, caf))
		w.must(err)
		return m.ID
	}
	forgotten, signed := draft(), draft()
	sign := func(m consent.MandateID) {
		_, err := w.reg.SignMandate(w.ctx, d.helper, m, consent.Agreement{Type: charter.PaperOriginal, PaperPlace: clean(t, "Classeur")})
		w.must(err)
	}
	sign(signed)
	w.clock.add(7 * 24 * time.Hour)
	_, err := w.reg.RunRetention(w.ctx, false) // takes sessions and links that are over
	w.must(err)
	w.unchanged(func() {
		reports, err := w.reg.RunRetention(w.ctx, false)
		w.must(err)
		if reports[1].Drafts != 0 {
			t.Errorf("%d drafts are due on their last day", reports[1].Drafts)
		}
	})
	w.clock.add(time.Microsecond)
	w.unchanged(func() {
		reports, err := w.reg.RunRetention(w.ctx, true)
		w.must(err)
		if reports[1].Drafts != 1 {
			t.Errorf("%d drafts are due", reports[1].Drafts)
		}
	})
	_, err = w.reg.RunRetention(w.ctx, false)
	w.must(err)
	if e := w.last("ccas"); e.Act != audit.RetentionRun || !reflect.DeepEqual(e.Counts, map[string]int64{"drafts": 1, "months": 0}) {
		t.Errorf("the entry is %+v", e.Entry)
	}
	if _, err := w.reg.Mandate(w.ctx, d.helper, forgotten); !isNotFound(err) {
		t.Errorf("the draft: %v", err)
	}
	if m, err := w.reg.Mandate(w.ctx, d.helper, signed); err != nil || m.State(w.clock.now()) != consent.Signed {
		t.Errorf("the signed one: %v", err)
	}
	list, _, err := w.reg.Mandates(w.ctx, d.helper, d.person, consent.Page{Limit: 10})
	w.must(err)
	if len(list) != 1 {
		t.Errorf("%d mandates are listed", len(list))
	}
	for _, key := range []string{"mandate", "mandate-of", "mandate-ref"} {
		if rows := dumped(t, w.db).in(key); len(rows) != 1 {
			t.Errorf("%s has %v", key, rows)
		}
	}
}

// Details of looks are kept for 12 months after the one they belong to, those of
// mandates for 72; then nobody reads them any more, and the log still checks.
func TestDetailsAreDestroyedInTime(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	w.mandate(d.helper, terms(d.person, caf))
	w.must(w.reveal(d.person, charter.PurposeActUnderMandate)(d.helper))
	readable := func() (looks, mandates int) {
		for _, l := range w.lines("ccas") {
			switch {
			case l.Detail == nil || l.Time.After(start.AddDate(0, 0, 1)):
			case l.Class == audit.ClassRead:
				looks++
			case l.Class == audit.ClassMandate:
				mandates++
			}
		}
		return looks, mandates
	}
	at := func(day string, looks, mandates bool) {
		t.Helper()
		to, err := time.Parse(time.DateOnly, day)
		w.must(err)
		w.clock.to(to)
		_, err = w.reg.RunRetention(w.ctx, false)
		w.must(err)
		if l, m := readable(); (l > 0) != looks || (m > 0) != mandates {
			t.Errorf("on %s %d looks and %d steps of mandates are readable", day, l, m)
		}
		w.must(w.log.Check(w.ctx, w.space("ccas")))
	}
	at("2027-12-31", true, true)
	at("2028-01-31", true, true)
	at("2028-02-01", false, true)
	at("2033-01-31", false, true)
	at("2033-02-01", false, false)
}
