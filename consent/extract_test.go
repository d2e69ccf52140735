package consent_test

import (
	"bytes"
	"testing"
	"time"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// Every space has an extract that verifies from the register's keys alone, the
// register's own too, and none shows a name.
func TestExtractOfEverySpaceVerifies(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	helper := w.helper(referent, charter.SocialWorker)
	dpo := w.helper(referent, charter.DPO)
	p := w.seraphine(helper)
	w.mandate(helper, terms(p, caf))
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	ask := consent.ExtractRequest{
		From: start.Add(-time.Hour), To: start.Add(time.Hour), Profile: consent.ProfileDPO, Purpose: charter.PurposeAuthorityRequest, Program: "test",
	}
	for name, c := range map[string]struct {
		a    consent.Actor
		slug string
	}{
		"the register's, by the operator": {consent.Operator(), "register"},
		"a structure's, by the operator":  {operator, "ccas"},
		"a structure's, by its referent":  {referent, "ccas"},
		"a structure's, by its DPO":       {dpo, "ccas"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.clock.add(2 * time.Second) // checkpoints are a second apart
			before := w.sizes()
			var b bytes.Buffer
			report, err := w.reg.Extract(w.ctx, c.a, &b, ask)
			w.must(err)
			if d := w.last(c.slug); d.Act != audit.ExtractMade || d.Purpose != string(ask.Purpose) {
				t.Errorf("the extract's entry is %+v", d.Entry)
			}
			x, err := consent.VerifyExtract(bytes.NewReader(b.Bytes()), int64(b.Len()), w.register())
			w.must(err)
			if x.Entries != before[c.slug]+1 || x.Opened != x.Entries {
				t.Errorf("%d entries, %d opened, of %d; the report says %+v", x.Entries, x.Opened, before[c.slug]+1, report)
			}
			if found := finds(unzipped(t, b.Bytes()), append([]string{"Fatou", "Diallo", "Classeur bleu"}, erasedTexts...)); len(found) > 0 {
				t.Errorf("it holds %q", found)
			}
		})
	}
	other := newWorld(t)
	other.structure("ccas")
	file := w.extract(referent, ask.From, ask.To)
	if _, err := consent.VerifyExtract(bytes.NewReader(file), int64(len(file)), other.register()); err == nil {
		t.Error("it verifies with another register's keys")
	}
}

func TestExtractRefusesWhatItCannotMake(t *testing.T) {
	w := newWorld(t)
	referent := w.structure("ccas")
	good := consent.ExtractRequest{From: start, To: start.Add(time.Hour), Profile: consent.ProfileDPO, Purpose: charter.PurposeAuthorityRequest}
	w.unchanged(func() {
		for want, change := range map[string]func(q *consent.ExtractRequest){
			"/profile profile":      func(q *consent.ExtractRequest) { q.Profile = "everybody" },
			"/to until_before_from": func(q *consent.ExtractRequest) { q.To = q.From },
		} {
			q := good
			change(&q)
			var b bytes.Buffer
			if _, err := w.reg.Extract(w.ctx, referent, &b, q); invalid(err) != want || b.Len() > 0 {
				t.Errorf("got %v and %d bytes, want %s", err, b.Len(), want)
			}
		}
	})
	w.refuses(referent, charter.Referent, refusal{rule: "C15", reason: charter.PurposeMissing, action: audit.ExtractMade}, func(a consent.Actor) error {
		good.Purpose = ""
		return second(w.reg.Extract(w.ctx, a, &bytes.Buffer{}, good))
	})
}
