package api_test

import (
	"strings"
	"testing"
	"time"

	"aval/audit"
)

// The desk over JSON: what is answered, what is stored, what the log says.

func TestFindBox(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.active(person)
	code := worker.mustCode(person)
	ref := h.mandateRow(id).Ref
	find := func(text string) *answer {
		return worker.must("POST", "/find", members{"text": text, "purpose": "prepare_mandate"}, 200)
	}
	h.said(func() { // neither a card nor a reference opens anything
		for _, scanned := range []string{code, strings.ToLower(code), "https://registre.test/c/" + code, " " + code + " "} {
			a := find(scanned)
			if a.str("person") != person || a.json["mandate"] != nil || len(a.list("candidates")) != 0 || strings.Contains(string(a.body), code) {
				t.Errorf("a card: %s", a.body)
			}
		}
		a := find(ref[:4] + " " + ref[4:])
		if a.str("person") != person || a.json["mandate"].(members)["id"] != id {
			t.Errorf("a reference: %s", a.body)
		}
	})
	h.said(func() {
		found := find("ben 02/03/1950").list("candidates")
		if len(found) != 1 || found[0]["person"] != person || found[0]["identity"] == nil {
			t.Errorf("candidates: %v", found)
		}
	}, audit.PersonSearched)
	mistyped := code[:len(code)-1] + map[bool]string{true: "6", false: "3"}[strings.HasSuffix(code, "3")]
	for text, reason := range map[string]string{mistyped: "card_check", "Benali": "find_form", "12345": "find_form"} {
		worker.refused("POST", "/find", members{"text": text, "purpose": "prepare_mandate"}, 400, reason, "")
	}
	h.unchanged(func() {
		worker.refused("POST", "/find", members{"text": "mot de passe : Soleil42!", "purpose": "prepare_mandate"}, 403, "credential_password", "C08")
	}, "C08")
}

// Codes that nobody has are guesses at the desk too.
func TestFindBoxCountsGuesses(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	code := worker.mustCode(person)
	worker.must("POST", "/persons/"+person+"/card/kill", nil, 204)
	ask := members{"text": code, "purpose": "prepare_mandate"}
	for range 10 {
		worker.refused("POST", "/find", ask, 404, "card_unknown", "")
	}
	worker.refused("POST", "/find", ask, 429, "too_many", "")
	worker.must("POST", "/find", members{"text": "Benali 02/03/1950", "purpose": "prepare_mandate"}, 200)
}

func TestNamesAndSimilar(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	one, two := worker.recorded(), worker.recorded()
	h.said(func() {
		found := worker.must("POST", "/persons/names", members{"persons": []any{two, one}, "purpose": "prepare_mandate"}, 200).list("found")
		if len(found) != 2 || found[0]["person"] != two || found[1]["identity"] == nil {
			t.Errorf("names: %v", found)
		}
	}, audit.PersonListed, audit.PersonListed)
	h.unchanged(func() {
		worker.refused("POST", "/persons/names", members{"persons": []any{one}, "purpose": "dpo_audit"}, 403, "purpose_role", "C15")
	}, "C15")
	worker.refused("POST", "/persons/names", members{"persons": []any{one, one}, "purpose": "prepare_mandate"}, 400, "list", "")
	worker.refused("POST", "/persons/names", members{"persons": []any{noPerson}, "purpose": "prepare_mandate"}, 404, "not_found", "")
	h.said(func() {
		same := members{"birth_name": "BENALI", "birth": "1950-03-02", "purpose": "prepare_mandate"}
		if found := worker.must("POST", "/persons/similar", same, 200).list("found"); len(found) != 2 {
			t.Errorf("similar: %v", found)
		}
	}, audit.PersonSearched, audit.PersonSearched)
	h.said(func() {
		names := worker.must("POST", "/helpers/names", members{"members": []any{worker.id}}, 200).list("names")
		if len(names) != 1 || names[0]["member"] != worker.id || names[0]["name"] == "" {
			t.Errorf("names of members: %v", names)
		}
	}, audit.PersonListed)
	h.said(func() { h.referent.must("POST", "/me/name", members{"name": "Claire Petit"}, 204) }, audit.PersonUpdated)
	names := h.referent.must("POST", "/helpers/names", members{"members": []any{h.referent.id}}, 200).list("names")
	if names[0]["name"] != "Claire Petit" {
		t.Errorf("own name: %v", names)
	}
}

func TestAppointments(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.refused("GET", "/appointment", nil, 404, "not_found", "")
	h.said(func() {
		a := worker.must("POST", "/appointment", members{"person": person, "purpose": "prepare_mandate"}, 200)
		if until := h.clock.Now().Add(time.Hour).Format(time.RFC3339Nano); a.str("person") != person || a.str("until") != until {
			t.Errorf("started: %s, want until %s", a.body, until)
		}
		if a := worker.must("GET", "/appointment", nil, 200); a.str("purpose") != "prepare_mandate" {
			t.Errorf("read: %s", a.body)
		}
	})
	h.unchanged(func() {
		worker.refused("POST", "/appointment", members{"person": person, "purpose": "dpo_audit"}, 403, "purpose_role", "C15")
	}, "C15")
	worker.must("POST", "/appointment/end", nil, 204)
	worker.refused("GET", "/appointment", nil, 404, "not_found", "")
}

func TestPresetsOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	ask := members{"name": "CAF, 1 an", "powers": []any{power}, "days": 365}
	var made *answer
	h.said(func() { made = h.referent.must("POST", "/presets", ask, 200) }, audit.StructureUpdated)
	list := worker.must("GET", "/presets", nil, 200).list("presets")
	if len(list) != 1 || list[0]["id"] != made.str("id") || list[0]["name"] != "CAF, 1 an" || list[0]["days"] != 365.0 {
		t.Errorf("presets: %v", list)
	}
	ask["id"] = made.str("id")
	delete(ask, "days")
	ask["one_procedure"] = true
	if again := h.referent.must("POST", "/presets", ask, 200); again.str("id") != made.str("id") || again.json["one_procedure"] != true {
		t.Errorf("again: %s", again.body)
	}
	h.unchanged(func() { worker.refused("POST", "/presets", ask, 403, "office_only", "C16") }, "C16")
	h.unchanged(func() { worker.refused("POST", "/presets/"+made.str("id")+"/drop", nil, 403, "office_only", "C16") }, "C16")
	h.referent.refused("POST", "/presets/"+noPreset+"/drop", nil, 404, "not_found", "")
	h.said(func() { h.referent.must("POST", "/presets/"+made.str("id")+"/drop", nil, 204) }, audit.StructureUpdated)
	h.unchanged(func() {
		h.referent.refused("POST", "/presets", members{"name": "mdp Soleil42!", "powers": []any{power}, "days": 31}, 403, "credential_password", "C08")
	}, "C08")
}

func TestStructurePhoneOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	phone := func() any { return worker.must("GET", "/me", nil, 200).json["structure"].(map[string]any)["phone"] }
	ask := members{"phone": "03 81 41 21 21"}
	h.unchanged(func() { worker.refused("POST", "/structure", ask, 403, "office_only", "C16") }, "C16")
	if got := phone(); got != nil {
		t.Errorf("phone %v", got)
	}
	h.said(func() { h.referent.must("POST", "/structure", ask, 204) }, audit.StructureUpdated)
	if got := phone(); got != "03 81 41 21 21" {
		t.Errorf("phone %v", got)
	}
	h.referent.refused("POST", "/structure", members{"phone": "accueil"}, 400, "phone", "")
	h.unchanged(func() {
		h.referent.refused("POST", "/structure", members{"phone": "mdp Soleil42!"}, 403, "credential_password", "C08")
	}, "C08")
	h.said(func() { h.referent.must("POST", "/structure", members{"phone": ""}, 204) }, audit.StructureUpdated)
	if got := phone(); got != nil {
		t.Errorf("phone %v, and it was taken away", got)
	}
}

func TestListsOfTheDesk(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.active(person, members{"days": 182})
	alone := worker.active(worker.recorded(), members{"helpers": []any{worker.id}, "days": 31})
	h.said(func() {
		duties := worker.must("GET", "/duties?limit=10", nil, 200).list("duties")
		if len(duties) != 1 || duties[0]["mandate"] != id || duties[0]["every"] != "quarter" || duties[0]["counted"] != true || duties[0]["last_at"] != nil {
			t.Errorf("duties: %v", duties)
		}
		ending := worker.must("GET", "/ending?days=31", nil, 200).list("mandates")
		if len(ending) != 1 || ending[0]["id"] != alone {
			t.Errorf("ending: %v", ending)
		}
		if left := worker.must("GET", "/without-helper", nil, 200).list("mandates"); len(left) != 0 {
			t.Errorf("without helper: %v", left)
		}
	})
	h.said(func() { worker.must("POST", "/tallies", members{"kind": "train"}, 204) }, audit.ActRecorded)
	if a := worker.must("GET", "/tallies", nil, 200); a.json["train"] != 1.0 || a.json["do_with"] != 0.0 || a.str("month") != "2026-11" {
		t.Errorf("tallies: %s", a.body)
	}
	worker.refused("GET", "/tallies?month=2026-13", nil, 400, "month", "")
	colleague := h.helper("secretary")
	away := members{"away": worker.id, "by": colleague.id, "from": "2026-12-01", "to": "2026-12-05"}
	h.said(func() { worker.must("POST", "/standins", away, 204) }, audit.StructureUpdated)
	if list := colleague.must("GET", "/standins", nil, 200).list("standins"); len(list) != 1 || list[0]["by"] != colleague.id {
		t.Errorf("stand-ins: %v", list)
	}
	h.unchanged(func() { colleague.refused("POST", "/standins/"+worker.id+"/drop", nil, 403, "office_only", "C16") }, "C16")
	h.said(func() { h.referent.must("POST", "/standins/"+worker.id+"/drop", nil, 204) }, audit.StructureUpdated)
	h.referent.must("POST", "/helpers/"+worker.id+"/close", nil, 204)
	if left := colleague.must("GET", "/without-helper", nil, 200).list("mandates"); len(left) != 1 || left[0]["id"] != alone {
		t.Errorf("without helper: %v", left)
	}
}

func TestSheetOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	id := worker.proposed(worker.recorded())
	h.said(func() {
		a := worker.must("POST", "/mandates/"+id+"/sheet", members{"purpose": "prepare_mandate"}, 200)
		if a.json["identity"].(members)["birth_name"] != "Benali" || a.str("digest") != h.mandateRow(id).Digest ||
			a.str("helper_name") == "" || len(a.list("names")) != 1 || a.json["others"] != nil {
			t.Errorf("sheet: %s", a.body)
		}
	}, audit.MandateRead)
	h.unchanged(func() {
		h.referent.refused("POST", "/mandates/"+id+"/sheet", members{"purpose": "follow_up"}, 403, "purpose_role", "C15")
	}, "C15")
}
