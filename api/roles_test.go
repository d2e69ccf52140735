package api_test

import (
	"testing"
	"time"

	"aval/audit"
)

// The father agrees today at the desk, the daughter accepts tomorrow from afar: in
// JSON, to the act and to the day he stops it.
func TestRelativeByJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	h.unchanged(func() {
		worker.refused("POST", "/persons/"+person+"/named", members{"name": "Accueil CCAS", "role": "relative"}, 403, "name_shared", "C21")
	}, "C21")
	worker.refused("POST", "/persons/"+person+"/named", members{"name": "Leïla Benali", "role": "secretary"}, 400, "role_hosted", "")
	var daughterID string
	h.said(func() {
		made := worker.must("POST", "/persons/"+person+"/named", members{"name": "Leïla Benali", "role": "relative"}, 201)
		if daughterID = made.str("id"); made.json["link"] != nil {
			t.Error("a link before there is anything to accept")
		}
	}, audit.HelperOpened, audit.KeyPublished)
	papers := members{"service": "caf", "procedure": "upload_documents", "mode": "do_for_absent"}
	id := worker.proposed(person, members{"for": daughterID, "tie": "child", "conflict": "family", "powers": []any{papers}})
	worker.refused("POST", "/mandates/"+id+"/invite", nil, 409, "not_signed", "")
	h.said(func() {
		worker.must("POST", "/mandates/"+id+"/sign", members{"type": "paper_original", "paper_place": "Classeur", "copy": "print"}, 200)
	}, audit.MandateSigned, audit.MandateCopyDelivered)
	var daughter *client
	invite := worker.must("POST", "/mandates/"+id+"/invite", nil, 201)
	h.clock.add(20 * time.Hour)
	daughter = h.signIn(tokenOf(invite))
	daughter.id = daughterID
	daughter.adhere()
	h.said(func() {
		m := daughter.must("POST", "/mandates/"+id+"/accept", nil, 200)
		if m.str("state") != "active" || m.json["in_force"] != true || m.str("tie") != "child" || m.json["mandatary"].(members)["kind"] != "natural" {
			t.Fatalf("accepted: %s", m.body)
		}
	}, audit.MandateAccepted, audit.MandateActivated)
	if list := daughter.must("GET", "/mandates", nil, 200).list("mandates"); len(list) != 1 || list[0]["id"] != id {
		t.Fatalf("her mandates: %v", list)
	}
	h.said(func() {
		daughter.must("POST", "/acts", members{
			"person": person, "service": "caf", "procedure": "upload_documents", "mode": "do_for_absent", "reason": "asked_by_person",
			"channel": "delegated_access", "credential_entry": "delegated_access", "outcome": "done",
		}, 201)
	}, audit.ActRecorded)
	h.unchanged(func() {
		daughter.refused("POST", "/persons/search", members{"name": "Benali", "birth": "1950-03-02", "purpose": "prepare_mandate"}, 403, "hosted_only", "C16")
	}, "C16")
	for _, path := range []string{"/helpers", "/duties", "/presets"} {
		daughter.refused("GET", path, nil, 404, "not_found", "")
	}
	other := h.signInAgain(worker).recorded()
	daughter.refused("POST", "/persons/"+other+"/reveal", members{"purpose": "act_under_mandate", "fields": []any{"identity"}}, 404, "not_found", "")
	worker = h.signInAgain(worker)
	h.said(func() { worker.must("POST", "/mandates/"+id+"/revoke", nil, 200) }, audit.MandateRevoked)
	h.unchanged(func() {
		daughter.refused("POST", "/persons/"+person+"/reveal", members{"purpose": "act_under_mandate", "fields": []any{"identity"}}, 403, "mandate_revoked", "C07")
	}, "C07")
}

// A referent opens a glass over one person for the operator, and closes it; a
// helper of two structures has one account.
func TestGlassAndSecondStructureByJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	referent := h.signInAgain(h.referent)
	h.unchanged(func() {
		worker.refused("POST", "/persons/"+person+"/glass", members{"reason": "danger"}, 403, "office_only", "C16")
	}, "C16")
	h.unchanged(func() {
		referent.refused("POST", "/persons/"+person+"/glass", members{"reason": "curiosity"}, 403, "glass_reason", "C21")
	}, "C21")
	h.said(func() {
		g := referent.must("POST", "/persons/"+person+"/glass", members{"reason": "danger"}, 200)
		if g.str("reason") != "danger" || g.str("until") == "" {
			t.Fatalf("%s", g.body)
		}
	}, audit.BreakGlass)
	h.said(func() { referent.must("POST", "/persons/"+person+"/glass/close", nil, 204) }, audit.BreakGlass)
	referent.refused("POST", "/persons/"+person+"/glass/close", nil, 404, "not_found", "")

	there := h.structure("lac")
	invite := there.must("POST", "/helpers", members{"name": "Aïcha B.", "role": "secretary"}, 201)
	joined := h.signInAgain(worker).must("POST", "/me/structures", members{"token": tokenOf(invite)}, 200)
	if joined.str("space") != "lac" || joined.str("member") != invite.str("id") {
		t.Fatalf("joined: %s", joined.body)
	}
	h.signInAgain(worker).refused("POST", "/me/structures", members{"token": tokenOf(invite)}, 401, "link", "")
	views := there.must("GET", "/helpers", nil, 200)
	for _, v := range views.list("helpers") {
		if v["sleep"] != "awake" || v["used"] == nil {
			t.Errorf("helper: %v", v)
		}
	}
}
