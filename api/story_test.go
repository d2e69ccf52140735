package api_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/api/token"
	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
	"aval/consent/statement"
)

// recorded is a person whom a helper recorded, with contact.
func (c *client) recorded() string {
	c.h.t.Helper()
	return c.must("POST", "/persons", members{
		"birth_name": "Benali", "given_names": "Fatima", "birth": "1950-03-02",
		"contact": members{"phone": "06 12 34 56 78", "language": "ar"},
	}, 201).str("id")
}

var power = members{"service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent"}

// proposed is a mandate for a year, explained.
func (c *client) proposed(person string, change ...members) string {
	c.h.t.Helper()
	return c.must("POST", "/mandates", draft(person, change...), 201).str("id")
}

func draft(person string, change ...members) members {
	terms := members{
		"person": person, "powers": []any{power}, "days": 182, "capacity": "no", "conflict": "no",
		"explained": members{"lang": "fr", "aid": "read_aloud"}, "supersession": "none",
	}
	for _, c := range change {
		for k, v := range c {
			if terms[k] = v; v == nil {
				delete(terms, k)
			}
		}
	}
	return terms
}

var onPaper = members{"type": "paper_original", "paper_place": "Classeur bleu, bureau 2"}

// active is a mandate in force.
func (c *client) active(person string, change ...members) string {
	c.h.t.Helper()
	id := c.proposed(person, change...)
	c.must("POST", "/mandates/"+id+"/sign", onPaper, 200)
	c.must("POST", "/mandates/"+id+"/accept", nil, 200)
	c.must("POST", "/mandates/"+id+"/deliver", members{"how": "print"}, 200)
	return id
}

// The story of the issue, over the JSON door and, for the person, over their
// page; each step says what is stored and what the log says.
func TestStory(t *testing.T) {
	h := newHouse(t, options{})

	// 1. The referent opens a helper; the helper reads the charter and adheres.
	var worker *client
	h.said(func() { worker = h.enrolled(h.referent, "social_worker") },
		audit.HelperOpened, audit.KeyPublished, audit.HelperLogin)
	me := worker.must("GET", "/me", nil, 200)
	if me.json["must_adhere"] != true || me.json["may_sign"] != true || me.str("link_by") != h.referent.id {
		t.Fatalf("me: %s", me.body)
	}
	h.unchanged(func() {
		worker.refused("POST", "/persons", members{"birth_name": "Benali", "birth": "1950"}, 403, "not_adhered", "C22")
	}, "C22")
	h.said(worker.adhere, audit.HelperAdhered)
	member := &consent.Member{ID: consent.MemberID(worker.id)}
	if h.row(h.space, member); member.Adhered.Digest != h.reg.Charter().Digest() || member.Adhered.At.IsZero() {
		t.Fatalf("adherence is not kept: %+v", member.Adhered)
	}

	// 2. A person, a draft; the charter refuses what it forbids and names the rule.
	var person, mandate string
	h.said(func() { person = worker.recorded() }, audit.PersonCreated)
	if p := h.person(person); p.Contact != 1 || p.Identity != 1 {
		t.Fatalf("boxes: %+v", p)
	}
	h.unchanged(func() {
		worker.refused("POST", "/mandates", draft(person, members{"days": 400}), 403, "duration_over", "C04")
	}, "C04")
	h.unchanged(func() {
		worker.refused("POST", "/mandates", draft(person, members{"capacity": "tutelle"}), 403, "capacity_representative", "C19")
	}, "C19")
	h.said(func() { mandate = worker.proposed(person) }, audit.MandateDrafted, audit.NoticeGiven, audit.MandateProposed)

	// 3. Agreement, acceptance, copy: active.
	h.unchanged(func() {
		worker.refused("POST", "/mandates/"+mandate+"/accept", nil, 403, "mandate_not_signed", "C02")
	}, "C02")
	h.said(func() { worker.must("POST", "/mandates/"+mandate+"/sign", onPaper, 200) }, audit.MandateSigned)
	h.said(func() { worker.must("POST", "/mandates/"+mandate+"/accept", nil, 200) }, audit.MandateAccepted)
	ask := members{"person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent"}
	if no := worker.must("POST", "/cover", ask, 200); no.json["covered"] != false || no.str("rule") != "C06" {
		t.Fatalf("covered before the copy: %s", no.body)
	}
	h.said(func() { worker.must("POST", "/mandates/"+mandate+"/deliver", members{"how": "print"}, 200) },
		audit.MandateCopyDelivered, audit.MandateActivated)
	if m := h.mandateRow(mandate); m.State(h.clock.Now()) != consent.Active || m.Evidence[0].Type != "paper_original" {
		t.Fatalf("stored: %+v", m)
	}
	document := worker.must("POST", "/mandates/"+mandate+"/document", members{"purpose": "act_under_mandate"}, 200).body
	verified(t, h, document)

	// 4. Covered; contact for a purpose; an act.
	if yes := worker.must("POST", "/cover", ask, 200); yes.json["covered"] != true || yes.str("mandate") != mandate {
		t.Fatalf("not covered: %s", yes.body)
	}
	reveal := members{"purpose": "act_under_mandate", "fields": []any{"identity", "contact"}}
	h.said(func() {
		a := worker.must("POST", "/persons/"+person+"/reveal", reveal, 200)
		identity, contact := a.json["identity"].(members), a.json["contact"].(members)
		if identity["birth_name"] != "Benali" || contact["phone"] != "06 12 34 56 78" || contact["language"] != "ar" {
			t.Fatalf("revealed %s", a.body)
		}
	}, audit.PersonRead)
	act := members{
		"person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent",
		"reason": "cannot_use_device", "channel": "delegated_access", "credential_entry": "delegated_access", "outcome": "done",
		"validated": h.clock.Now().Add(-time.Hour), "validated_how": "phone", "period": "2026-10",
	}
	h.said(func() { worker.must("POST", "/acts", act, 201) }, audit.ActRecorded)
	if acts := worker.must("GET", "/persons/"+person+"/acts?purpose=follow_up", nil, 200).list("acts"); len(acts) != 1 || acts[0]["outcome"] != "done" {
		t.Fatalf("acts: %v", acts)
	}

	// 6. Refused and entered; another space: not found, and nothing is written there.
	other := h.structure("autre")
	stranger := h.enrolled(other, "social_worker")
	stranger.adhere()
	size := h.size(h.space)
	stranger.refused("GET", "/mandates/"+mandate, nil, 404, "not_found", "")
	stranger.refused("POST", "/persons/"+person+"/reveal", reveal, 404, "not_found", "")
	stranger.refused("POST", "/mandates/"+mandate+"/revoke", nil, 404, "not_found", "")
	if h.size(h.space) != size {
		t.Fatal("a stranger wrote in the space")
	}
	volunteer := h.helper("volunteer")
	h.unchanged(func() { volunteer.refused("POST", "/acts", act, 403, "role_mode", "C16") }, "C16")
	h.unchanged(func() {
		wrong := members{}
		for k, v := range act {
			wrong[k] = v
		}
		wrong["service"], wrong["procedure"] = "caf", "rsa_request"
		worker.refused("POST", "/acts", wrong, 403, "power_procedure", "C03")
	}, "C03")

	// 5. The person's page by the card; Stop; the next click is refused.
	var code string
	h.said(func() { code = worker.must("POST", "/persons/"+person+"/card", nil, 201).str("code") }, audit.CardIssued)
	page := h.onPage(code, "open", "1950-03-02")
	for _, want := range []string{"Benali", "Déclaration trimestrielle RSA"} {
		if !strings.Contains(page, want) {
			t.Errorf("the person's page does not show %q", want)
		}
	}
	h.said(func() { h.onPage(code, "stop_confirmed", "") }, audit.MandateRevoked)
	h.unchanged(func() {
		worker.refused("POST", "/persons/"+person+"/reveal", reveal, 403, "mandate_revoked", "C07")
	}, "C07")
	h.unchanged(func() { worker.refused("POST", "/acts", act, 403, "mandate_revoked", "C07") }, "C07")
	if got := worker.must("GET", "/mandates/"+mandate, nil, 200); got.str("state") != "revoked" {
		t.Fatalf("state: %s", got.body)
	}

	// A closed member: from that commit on, refused; the session is over.
	h.said(func() { h.referent.must("POST", "/helpers/"+volunteer.id+"/close", nil, 204) }, audit.HelperClosed)
	volunteer.refused("GET", "/me", nil, 401, "session", "")

	// 8. The extract of the period verifies offline; each flipped byte does not.
	period := members{
		"from": h.clock.Now().Add(-time.Hour), "to": h.clock.Now().Add(time.Hour), "profile": "dpo", "purpose": "dpo_audit",
	}
	h.unchanged(func() { worker.refused("POST", "/extracts", period, 403, "office_only", "C16") }, "C16")
	dpo := h.enrolled(h.referent, "dpo")
	var extract *answer
	h.said(func() { extract = dpo.must("POST", "/extracts", period, 200) }, audit.ExtractMade)
	provesPeriod(t, h, extract)

	// The officer and the referent read the log for a purpose; helpers their own lines.
	h.unchanged(func() {
		worker.refused("POST", "/log", members{"person": person, "purpose": "follow_up"}, 403, "office_only", "C16")
	}, "C16")
	lines := dpo.must("POST", "/log", members{"person": person, "purpose": "dpo_audit", "limit": 5}, 200)
	if got := lines.list("lines"); len(got) != 5 || lines.json["next"] == nil {
		t.Fatalf("lines: %s", lines.body)
	}
	own := worker.must("POST", "/log", members{"member": worker.id}, 200)
	for _, line := range own.list("lines") {
		if d := line["detail"].(members); d["by"] != worker.id {
			t.Fatalf("a line of somebody else: %v", line)
		}
	}

	// 7. Forgotten at once: helpers get "not found", contact and index are gone.
	h.unchanged(func() {
		worker.refused("POST", "/persons/"+person+"/forget", nil, 403, "office_only", "C16")
	}, "C16")
	h.said(func() { h.referent.must("POST", "/persons/"+person+"/forget", nil, 200) }, audit.PersonKeyDestroyed)
	worker.refused("POST", "/persons/"+person+"/reveal", reveal, 404, "not_found", "")
	worker.refused("GET", "/mandates/"+mandate, nil, 404, "not_found", "")
	found := worker.must("POST", "/persons/search", members{"name": "Benali", "birth": "1950-03-02", "purpose": "prepare_mandate"}, 200)
	if len(found.list("found")) != 0 {
		t.Fatal("a forgotten person was found")
	}
	key := &consent.WrappedKey{WrappedKey: personal.WrappedKey{Owner: personal.Owner(person), Kind: personal.KeyActive}}
	if h.row(h.space, key) {
		t.Fatal("the active key is still there")
	}
	if answer := h.card(code, "see", ""); answer.status != 404 {
		t.Fatalf("the card of a forgotten person answers %d", answer.status)
	}
	ok(t, h.log.Check(t.Context(), h.space))
	verified(t, h, document)
}

// card posts the form of the person's page.
func (h *house) card(code, do, birth string) *answer {
	h.t.Helper()
	form := url.Values{"code": {code}, "action": {do}}
	if y, rest, found := strings.Cut(birth, "-"); found {
		m, d, _ := strings.Cut(rest, "-")
		form.Set("year", y)
		form.Set("month", m)
		form.Set("day", d)
	}
	r := httptest.NewRequest(http.MethodPost, "/carte", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.serve(h.public, r)
}

func (h *house) onPage(code, do, birth string) string {
	h.t.Helper()
	a := h.card(code, do, birth)
	if a.status != 200 {
		h.t.Fatalf("%s: %d %s", do, a.status, a.body)
	}
	return string(a.body)
}

// verified checks a document with both verifiers.
func verified(t *testing.T, h *house, document []byte) {
	t.Helper()
	pub, err := h.reg.RegisterPub()
	ok(t, err)
	register, err := statement.ParseRegisterPub(pub)
	ok(t, err)
	m, err := consent.VerifyMandate(document, register)
	ok(t, err)
	second, err := token.Verify(document, pub)
	ok(t, err)
	if len(second.Signers) != len(m.Signatures) {
		t.Fatalf("the verifiers saw %d and %d signatures", len(m.Signatures), len(second.Signers))
	}
	for i, s := range second.Signers {
		if s.Role != string(m.Signatures[i].Role) || s.Kid != m.Signatures[i].Kid {
			t.Fatalf("the verifiers do not agree on signature %d", i)
		}
	}
}

func provesPeriod(t *testing.T, h *house, extract *answer) {
	t.Helper()
	pub, err := h.reg.RegisterPub()
	ok(t, err)
	register, err := statement.ParseRegisterPub(pub)
	ok(t, err)
	x, err := consent.VerifyExtract(bytes.NewReader(extract.body), int64(len(extract.body)), register)
	ok(t, err)
	if x.Entries < 20 {
		t.Fatalf("only %d entries", x.Entries)
	}
	z, err := zip.NewReader(bytes.NewReader(extract.body), int64(len(extract.body)))
	ok(t, err)
	names := []string{}
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if !slices.Contains(names, "summary.json") {
		t.Fatalf("files: %v", names)
	}
	if bytes.Contains(extract.body, []byte("Benali")) {
		t.Fatal("a name is in the extract")
	}
	for _, at := range []int{40, len(extract.body) / 2, len(extract.body) - 30} {
		broken := slices.Clone(extract.body)
		broken[at] ^= 1
		if _, err := consent.VerifyExtract(bytes.NewReader(broken), int64(len(broken)), register); err == nil {
			t.Errorf("byte %d flipped, and the extract still verifies", at)
		}
	}
}

var update = flag.Bool("update", false, "write api/token/testdata anew")

// The document in api/token/testdata was made like this; run with -update after
// a change of the format that was meant.
func TestDocumentIsOfToday(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	mandate := worker.active(worker.recorded())
	document := worker.must("POST", "/mandates/"+mandate+"/document", members{"purpose": "act_under_mandate"}, 200).body
	verified(t, h, document)
	pub, err := h.reg.RegisterPub()
	ok(t, err)
	if *update {
		ok(t, os.MkdirAll("token/testdata", 0o755))
		ok(t, os.WriteFile("token/testdata/mandate.json", document, 0o600))
		ok(t, os.WriteFile("token/testdata/register.pub", pub, 0o600))
	}
}
