package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/consent"
	"aval/consent/personal"
)

// What the story does not pass by: each use-case through the JSON door, with what
// is stored and what the log says.

func TestContactIsReplaced(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	h.said(func() {
		worker.must("POST", "/persons/"+person+"/contact", members{"email": "fatima@example.org", "language": "fr"}, 204)
	}, audit.PersonUpdated)
	if p := h.person(person); p.Contact != 2 {
		t.Fatalf("version %d", p.Contact)
	}
	a := worker.must("POST", "/persons/"+person+"/reveal", members{"purpose": "prepare_mandate", "fields": []any{"contact"}}, 200)
	contact := a.json["contact"].(members)
	if contact["email"] != "fatima@example.org" || contact["phone"] != nil || a.json["identity"] != nil {
		t.Fatalf("contact: %s", a.body)
	}
	worker.refused("POST", "/persons/"+noPerson+"/contact", members{"language": "fr"}, 404, "not_found", "")
}

func TestSearch(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	ask := members{"name": "benali", "birth": "1950-03-02", "purpose": "prepare_mandate"}
	h.said(func() {
		found := worker.must("POST", "/persons/search", ask, 200).list("found")
		if len(found) != 1 || found[0]["person"] != person || found[0]["contact"] != nil {
			t.Fatalf("found %v", found)
		}
	}, audit.PersonSearched)
	ask["purpose"] = "dpo_audit"
	h.unchanged(func() { worker.refused("POST", "/persons/search", ask, 403, "purpose_role", "C15") }, "C15")
	ask["purpose"], ask["name"] = "prepare_mandate", "Martin"
	h.said(func() {
		if found := worker.must("POST", "/persons/search", ask, 200).list("found"); len(found) != 0 {
			t.Fatalf("found %v", found)
		}
	}, audit.PersonSearched)
}

func TestDraftIsProposedLater(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.proposed(person, members{"explained": nil, "days": nil, "until": "2027-01-31", "from": "2026-12-01"})
	m := worker.must("GET", "/mandates/"+id, nil, 200)
	if m.str("state") != "draft" || m.str("from") != "2026-11-30T23:00:00Z" || m.str("until") != "2027-01-31T23:00:00Z" {
		t.Fatalf("draft: %s", m.body)
	}
	h.said(func() {
		worker.must("POST", "/mandates/"+id+"/propose", members{"lang": "en", "aid": "interpreter"}, 200)
	}, audit.NoticeGiven, audit.MandateProposed)
	if row := h.mandateRow(id); row.Payload.Explained.Lang != "en" || row.Payload.Explained.By != consent.MemberID(worker.id) {
		t.Fatalf("explained: %+v", row.Payload.Explained)
	}
	worker.refused("POST", "/mandates/"+id+"/propose", members{"lang": "en", "aid": "interpreter"}, 409, "not_draft", "")
	for reason, change := range map[string]members{
		"one_duration": {"days": 31, "until": "2027-01-01"}, "date": {"days": nil, "until": "2027-02-30"},
		"date_past": {"from": "2026-01-01"}, "until_before_from": {"days": nil, "until": "2026-11-22"},
	} {
		worker.refused("POST", "/mandates", draft(person, change), 400, reason, "")
	}
	worker.refused("POST", "/mandates", draft(noPerson), 404, "not_found", "")
}

func TestListsAndPages(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	made := map[string]bool{}
	for range 5 {
		made[worker.proposed(worker.recorded())] = true
	}
	size := h.size(h.space)
	seen, after, pages := map[string]bool{}, "", 0
	for {
		page := worker.must("GET", "/mandates?limit=2"+after, nil, 200)
		for _, m := range page.list("mandates") {
			seen[m["id"].(string)] = true
		}
		pages++
		next, more := page.json["next"].(string)
		if !more {
			break
		}
		after = "&after=" + url.QueryEscape(next)
	}
	if len(seen) != 5 || pages != 3 {
		t.Fatalf("%d mandates on %d pages, want 5 on 3", len(seen), pages)
	}
	one := worker.must("GET", "/mandates", nil, 200).list("mandates")[0]
	byRef := worker.must("GET", "/mandates?ref="+one["ref"].(string), nil, 200).list("mandates")
	if len(byRef) != 1 || byRef[0]["id"] != one["id"] {
		t.Fatalf("by reference: %v", byRef)
	}
	of := worker.must("GET", "/mandates?person="+one["person"].(string), nil, 200).list("mandates")
	same := worker.must("GET", "/persons/"+one["person"].(string)+"/mandates", nil, 200).list("mandates")
	if len(of) != 1 || len(same) != 1 || of[0]["id"] != same[0]["id"] {
		t.Fatalf("of a person: %v and %v", of, same)
	}
	worker.refused("GET", "/mandates?ref=00000000", nil, 404, "not_found", "")
	if h.size(h.space) != size {
		t.Error("a list of clear rows was entered")
	}
}

func TestStopInPartAndRenounce(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	second := members{"service": "caf", "procedure": "rsa_request", "mode": "do_with"}
	id := worker.active(person, members{"powers": []any{power, second}})
	h.said(func() {
		m := worker.must("POST", "/mandates/"+id+"/revoke", members{"service": "caf", "procedure": "rsa_declaration"}, 200)
		if powers := m.list("powers"); m.str("state") != "active" || powers[0]["stopped"] != true || powers[1]["stopped"] != false {
			t.Fatalf("stopped in part: %s", m.body)
		}
	}, audit.MandateRevoked)
	no := worker.must("POST", "/cover", members{"person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent"}, 200)
	if no.json["covered"] != false || !strings.Contains(no.str("detail"), no.str("rule")) {
		t.Fatalf("covered: %s", no.body)
	}
	h.said(func() { worker.must("POST", "/mandates/"+id+"/renounce", nil, 200) }, audit.MandateRenounced)
	if m := h.mandateRow(id); m.State(h.clock.Now()) != consent.Renounced {
		t.Fatalf("state %s", m.State(h.clock.Now()))
	}

	// Anybody of the structure stops at once when the person asks, a referent too.
	whole := worker.active(person)
	h.said(func() { h.referent.must("POST", "/mandates/"+whole+"/revoke", members{}, 200) }, audit.MandateRevoked)
	h.said(func() { h.referent.refused("POST", "/mandates/"+whole+"/revoke", nil, 409, "already_ended", "") })
}

// A mandate covers [from, until): refused one tick before and at the end.
func TestTimeIsHalfOpen(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.active(person, members{"from": "2026-11-24", "days": 1})
	ask := members{"person": person, "service": "caf", "procedure": "rsa_declaration", "mode": "do_for_absent"}
	from := time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		at   time.Time
		rule any
	}{
		{from.Add(-time.Microsecond), "C04"}, {from, nil}, {from.Add(24*time.Hour - time.Microsecond), nil}, {from.Add(24 * time.Hour), "C04"},
	} {
		h.clock.add(step.at.Sub(h.clock.Now()))
		a := h.signInAgain(worker).must("POST", "/cover", ask, 200)
		if a.json["rule"] != step.rule || a.json["covered"] != (step.rule == nil) {
			t.Errorf("%s: %s", step.at, a.body)
		}
	}
}

func TestCards(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.refused("POST", "/persons/"+person+"/card/kill", nil, 409, "no_card", "")
	var first, second string
	h.said(func() { first = worker.mustCode(person) }, audit.CardIssued)
	h.said(func() { second = worker.mustCode(person) }, audit.CardReissued)
	if a := h.card(first, "see", ""); a.status != 404 {
		t.Errorf("the former card: %d", a.status)
	}
	if a := h.card(second, "see", ""); a.status != 200 {
		t.Errorf("the new card: %d", a.status)
	}
	h.said(func() { worker.must("POST", "/persons/"+person+"/card/kill", nil, 204) }, audit.CardKilled)
	if a := h.card(second, "see", ""); a.status != 404 {
		t.Errorf("the killed card: %d", a.status)
	}
	if p := h.person(person); p.Card.Live() {
		t.Error("the card lives in the store")
	}
	for typed, want := range map[string]int{"": 400, "C-3333": 400, strings.Repeat("3", 200): 400} {
		if a := h.card(typed, "see", ""); a.status != want {
			t.Errorf("%.10q: %d, want %d", typed, a.status, want)
		}
	}
}

// The kind of a card is what the person asked for; one that opens nothing says so.
func TestCardKinds(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	var stop *answer
	h.said(func() {
		stop = worker.must("POST", "/persons/"+person+"/card", members{"kind": "stop", "alone": "yes"}, 201)
	}, audit.CardIssued)
	if a := h.card(stop.str("code"), "open", "1950-03-02"); a.status != 403 {
		t.Errorf("a card that only stops: %d", a.status)
	}
	var none *answer
	h.said(func() {
		none = worker.must("POST", "/persons/"+person+"/card", members{"kind": "none", "alone": "no"}, 201)
	}, audit.CardDeclined)
	if _, there := none.json["code"]; there || h.person(person).Card.Live() {
		t.Errorf("who wants no card got one: %s", none.body)
	}
	worker.refused("POST", "/persons/"+person+"/card", members{"kind": "golden"}, 400, "member_value", "")
}

// A code for a counter, once; the counter itself asks on the public page.
func TestCheckCode(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	id := worker.active(worker.recorded())
	h.said(func() {
		a := worker.must("POST", "/mandates/"+id+"/check", members{"service": "caf"}, 201)
		if a.str("ref") != h.mandateRow(id).Ref || !strings.HasPrefix(a.str("code"), "S-") || !strings.HasSuffix(a.str("page"), "/verifier") {
			t.Errorf("the code: %s", a.body)
		}
	}, audit.CheckIssued)
	worker.refused("POST", "/mandates/"+id+"/check", members{"service": "ameli"}, 404, "not_found", "")
	h.unchanged(func() {
		h.referent.refused("POST", "/mandates/"+id+"/check", members{"service": "caf"}, 403, "role_not_helper", "C16")
	}, "C16")
}

// The opening fits the document of the same mandate, and leaving is an entry.
func TestOpening(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.active(person)
	var opening *answer
	h.said(func() {
		opening = worker.must("POST", "/mandates/"+id+"/opening", members{"purpose": "act_under_mandate"}, 200)
	}, audit.PersonExported)
	o, err := personal.ParseOpening(opening.body)
	ok(t, err)
	if o.Commitment() != h.mandateRow(id).Payload.Person.C {
		t.Error("the opening is of another identity")
	}
	h.unchanged(func() {
		h.referent.refused("POST", "/mandates/"+id+"/opening", members{"purpose": "act_under_mandate"}, 403, "purpose_role", "C15")
	}, "C15")
}

func TestReferentGovernsAndOnlyThey(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	h.unchanged(func() {
		worker.refused("POST", "/helpers", members{"name": "Ami", "role": "volunteer"}, 403, "office_only", "C16")
	}, "C16")
	h.unchanged(func() { worker.refused("POST", "/helpers/"+worker.id+"/link", nil, 403, "office_only", "C16") }, "C16")
	h.unchanged(func() { worker.refused("POST", "/helpers/"+h.referent.id+"/close", nil, 403, "office_only", "C16") }, "C16")
	h.referent.refused("POST", "/helpers", members{"name": "Ami", "role": "king"}, 400, "role", "")
	h.referent.refused("POST", "/helpers", members{"name": "", "role": "volunteer"}, 400, "empty", "")
	h.referent.refused("POST", "/helpers/"+noMember+"/link", nil, 404, "not_found", "")
	list := worker.must("GET", "/helpers", nil, 200)
	if got := list.list("helpers"); len(got) != 2 || strings.Contains(string(list.body), "Aidante") {
		t.Fatalf("helpers: %s", list.body)
	}
	h.referent.must("POST", "/helpers/"+worker.id+"/close", nil, 204)
	h.referent.refused("POST", "/helpers/"+worker.id+"/close", nil, 409, "already_closed", "")
	h.referent.refused("POST", "/helpers/"+worker.id+"/link", nil, 409, "member_closed", "")
	worker.refused("POST", "/persons", members{"birth_name": "Benali", "birth": "1950"}, 401, "session", "")
}

func TestExtractMistakes(t *testing.T) {
	h := newHouse(t, options{})
	dpo := h.enrolled(h.referent, "dpo")
	from, to := h.clock.Now().Add(-time.Hour), h.clock.Now()
	h.said(func() {
		dpo.refused("POST", "/extracts", members{"from": to, "to": from, "profile": "dpo", "purpose": "dpo_audit"}, 400, "until_before_from", "")
		dpo.refused("POST", "/extracts", members{"from": from, "to": to, "profile": "press", "purpose": "dpo_audit"}, 400, "profile", "")
	})
	h.unchanged(func() {
		dpo.refused("POST", "/extracts", members{"from": from, "to": to, "profile": "dpo", "purpose": "curiosity"}, 403, "purpose_unknown", "C15")
	}, "C15")
}

func TestCharterAndServices(t *testing.T) {
	h := newHouse(t, options{})
	nobody := &client{h: h}
	ch := nobody.must("GET", "/charter", nil, 200)
	if len(ch.list("rules")) != 30 {
		t.Errorf("%d rules", len(ch.list("rules")))
	}
	doc := nobody.must("GET", "/charter/document", nil, 200)
	if string(doc.body) != string(h.reg.Charter().Document()) {
		t.Error("the document is not the bytes that the digest is over")
	}
	if services := nobody.must("GET", "/services", nil, 200).list("services"); len(services) < 10 {
		t.Errorf("%d services", len(services))
	}
	if spec := nobody.must("GET", "/openapi.json", nil, 200); spec.str("openapi") != "3.0.3" {
		t.Errorf("contract: %.80s", spec.body)
	}
	worker := h.enrolled(h.referent, "social_worker")
	worker.refused("POST", "/charter/adhere", members{"version": "0.9.0", "digest": ch.str("digest")}, 400, "charter_not_current", "")
}
