package consent_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aval/audit"
	"aval/charter"
	"aval/charter/screen"
	"aval/consent"
)

func phone(t *testing.T, text string) screen.Clean {
	t.Helper()
	c, err := screen.Form(screen.Field{Name: "phone", Text: text, Kind: screen.Phone, Max: 40})
	if err != nil {
		t.Fatal(err)
	}
	return c[0]
}

// The telephone is the only thing that changes in the structure's row, each change
// is an entry of the referent's, and the person's page shows it.
func TestStructurePhone(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	code, err := w.reg.IssueCard(w.ctx, d.helper, d.person, consent.CardWish{})
	w.must(err)
	_, want, err := w.reg.Self(w.ctx, d.helper)
	w.must(err)
	if !want.Phone.IsZero() {
		t.Errorf("a new structure has the telephone %q", want.Phone)
	}
	for _, number := range []string{"03 81 41 21 21", "+33 3.81-41 21 22", "3949", ""} {
		size := w.size("ccas")
		w.must(w.reg.SetStructurePhone(w.ctx, d.referent, phone(t, " "+number)))
		want.Phone = public(t, number)
		_, got, err := w.reg.Self(w.ctx, d.helper)
		w.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the row: %s", diff)
		}
		if e := w.last("ccas"); w.size("ccas") != size+1 || e.Act != audit.StructureUpdated || e.By != string(d.referent.Member()) ||
			!slices.Equal(e.On, []string{string(want.Structure)}) || e.Digest == "" || e.Person != "" {
			t.Errorf("the entry is %+v", e.Entry)
		}
		holder, err := w.reg.CardHolder(w.ctx, code)
		w.must(err)
		page, err := w.reg.CardPage(w.ctx, holder, "1948-03-12")
		w.must(err)
		if page.Phone != number {
			t.Errorf("the person's page says %q, want %q", page.Phone, number)
		}
	}
}

// Only a referent writes it, only a number is taken, and once for a key.
func TestStructurePhoneRefused(t *testing.T) {
	w := newWorld(t)
	d := w.desk()
	set := func(a consent.Actor) error { return w.reg.SetStructurePhone(w.ctx, a, phone(t, "03 81 41 21 21")) }
	operator, err := w.reg.In(w.ctx, "ccas")
	w.must(err)
	refused := refusal{rule: "C16", reason: charter.OfficeOnly, action: audit.StructureUpdated}
	w.refuses(d.helper, charter.SocialWorker, refused, set)
	w.refuses(w.newcomer(d.referent, charter.Secretary), charter.Secretary, refused, set)
	w.refuses(operator, "operator", refusal{rule: "C21", reason: charter.ActorNotAllowed, action: audit.StructureUpdated}, set)
	w.unchanged(func() {
		for _, text := range []string{"12", "accueil", "03 81 41 21 21 Fatou", "03  81 41 21 21", "0381412121 0381412121", "+", "０３８１４１２１２１x"} {
			if err := w.reg.SetStructurePhone(w.ctx, d.referent, phone(t, text)); invalid(err) != "/phone phone" {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
	again := d.referent.With(consent.Call{Request: consent.NewRequestID(), Idempotency: "k", Body: []byte("phone")})
	w.must(set(again))
	size := w.size("ccas")
	w.must(set(again))
	if w.size("ccas") != size {
		t.Error("asked again, it was written again")
	}
	w.must(w.reg.CloseHelper(w.ctx, d.referent, d.helper.Member()))
	w.refuses(d.helper, charter.SocialWorker, refusal{rule: "C23", reason: charter.MemberClosed, action: audit.StructureUpdated}, set)
}
