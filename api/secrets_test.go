package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/audit"
	"aval/charter/screen"
	"aval/consent"
	"aval/consent/statement"
)

// A refusal over JSON says where, what and what to do instead, in the reader's
// language, and nothing of the text.
func TestRefusalHasAWayOut(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.must("POST", "/notebooks", members{"person": person, "services": []any{"mailbox"}}, 204)
	const secret = "Biscotte!74"
	step := members{"person": person, "service": "mailbox", "note": "boîte mail, mdp : " + secret}
	a := worker.refused("POST", "/notebooks/step", step, 403, "credential_password", "C08")
	if strings.Contains(string(a.body), secret) || a.str("pointer") != "/note" || a.str("kind") != "password" ||
		a.json["contestable"] != true || a.json["rewritten"] != false {
		t.Fatalf("refused by %s", a.body)
	}
	where := a.json["range"].(members)
	text := []rune(step["note"].(string))
	if got := string(text[int(where["start"].(float64)):int(where["end"].(float64))]); got != secret {
		t.Errorf("the range is of %q", got)
	}
	offers := a.list("suggestions")
	if offers[0]["key"] != "kept_by_person" || offers[0]["sentence"] != "Mot de passe conservé par la personne." {
		t.Errorf("offers %v", offers)
	}
	en := worker.must("POST", "/notebooks/step", step, 403, "Accept-Language", "en")
	if en.list("suggestions")[0]["sentence"] != "Password kept by the person." || en.json["rewritten"] != true {
		t.Errorf("in English: %s", en.body)
	}
	step["note"] = offers[0]["sentence"]
	h.said(func() {
		line := worker.must("POST", "/notebooks/step", step, 200).json["line"].(members)
		if line["open"] != true || line["note"] != true {
			t.Errorf("the line is %v", line)
		}
	}, audit.PersonUpdated)
	for _, kind := range screen.Kinds() { // the closed list of the contract
		if !slices.Contains(h.spec.Components.Schemas["SecretKind"].Value.Enum, any(string(kind))) {
			t.Errorf("the contract does not know %s", kind)
		}
	}
	// A door code is kept, with a question.
	step["note"] = "digicode 4521, 3e étage"
	if w := worker.must("POST", "/notebooks/step", step, 200).json["warnings"]; fmt.Sprint(w) != "[door_code]" {
		t.Errorf("warnings %v", w)
	}
}

// A contest is counted; it lets a text in only where the referent said so.
func TestContest(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.must("POST", "/notebooks", members{"person": person, "services": []any{"caf"}}, 204)
	step := members{"person": person, "service": "caf", "note": "mot de passe : tournesol"}
	refuse := func() *answer {
		return worker.refused("POST", "/notebooks/step", step, 403, "credential_password", "C08")
	}
	a := refuse()
	contest := members{"field": strings.TrimPrefix(a.str("pointer"), "/"), "kind": a.str("kind"), "rule": a.str("screen_rule")}
	worker.refused("POST", "/contests", contest, 409, "contest_rewrite", "")
	refuse()
	h.said(func() {
		if worker.must("POST", "/contests", contest, 200).json["let_in"] != false {
			t.Error("let in")
		}
	}, audit.AttemptContested)
	refuse()
	refuse()
	h.unchanged(func() {
		worker.refused("POST", "/structure/contest", members{"lets_in": true}, 403, "office_only", "C16")
	}, "C16")
	h.referent.must("POST", "/structure/contest", members{"lets_in": true}, 204)
	if worker.must("POST", "/contests", contest, 200).json["let_in"] != true {
		t.Error("not let in")
	}
	h.said(func() { worker.must("POST", "/notebooks/step", step, 200) }, audit.AttemptContested, audit.PersonUpdated)
	refuse() // once
	r := worker.must("GET", "/refusals", nil, 200)
	if r.json["refused"] != 5. || r.json["contested"] != 2. || r.json["rate"] != 0.4 || r.list("by")[0]["rule"] != "password_cue" {
		t.Errorf("counts %s", r.body)
	}
	step["note"] = "carte 4111 1111 1111 1111"
	b := worker.refused("POST", "/notebooks/step", step, 403, "credential_card", "C08")
	worker.refused("POST", "/notebooks/step", step, 403, "credential_card", "C08")
	if b.json["contestable"] != false {
		t.Error("a checksum may be contested")
	}
	worker.refused("POST", "/contests", members{"field": "note", "kind": "card", "rule": b.str("screen_rule")}, 409, "contest_checked", "")
	h.clock.add(6 * time.Minute)
	worker.refused("POST", "/contests", contest, 409, "contest_rewrite", "") // of another refusal than the last
}

func TestShownAndRecovery(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	h.said(func() {
		worker.must("POST", "/credentials/shown", members{"person": person, "service": "mailbox", "day": "2026-11-22"}, 204)
	}, audit.CredentialShown)
	if a := worker.must("GET", "/credentials/shown", nil, 200); a.json["total"] != 1. {
		t.Errorf("shown: %s", a.body)
	}
	sheet := func() members {
		for _, s := range worker.must("GET", "/recovery", nil, 200).list("sheets") {
			if s["service"] == "ameli" {
				return s
			}
		}
		t.Fatal("no sheet of Ameli")
		return nil
	}
	if s := sheet(); s["own"] != false || s["stale"] != true || s["phone"] != "3646" || fmt.Sprint(s["to_check"]) != "[page phone]" {
		t.Errorf("as shipped: %v", s)
	}
	own := members{"service": "ameli", "way": "Avec la personne, sur ameli.fr", "phone": "36 46", "checked": "2026-11-20"}
	h.unchanged(func() { worker.refused("POST", "/recovery", own, 403, "office_only", "C16") }, "C16")
	h.said(func() { h.referent.must("POST", "/recovery", own, 204) }, audit.StructureUpdated)
	if s := sheet(); s["own"] != true || s["stale"] != false || s["checked"] != "2026-11-20" || s["way"].(members)["en"] != own["way"] {
		t.Errorf("as written: %v", s)
	}
}

func TestNotebooks(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded() // Benali, 2 March 1950
	file := "personne;service\nBenali 02/03/1950;Caf\nBenali 02/03/1950;Ameli\nBenali 1949;Caf\n"
	h.unchanged(func() {
		worker.refused("POST", "/notebooks/import", members{"csv": file}, 403, "office_only", "C16")
	}, "C16")
	h.unchanged(func() {
		h.referent.refused("POST", "/notebooks/import", members{"csv": "personne;service;mdp\nBenali 02/03/1950;Caf;x\n"}, 403, "notebook_columns", "C08")
	}, "C08")
	var rep *answer
	h.said(func() { rep = h.referent.must("POST", "/notebooks/import", members{"csv": file}, 200) },
		audit.NotebookListed, audit.NotebookListed, audit.NotebookImported)
	faults := rep.list("faults")
	if rep.json["read"] != 3. || rep.json["kept"] != 2. || len(faults) != 1 || faults[0]["line"] != 4. || faults[0]["reason"] != "notebook_unknown" ||
		!strings.Contains(faults[0]["detail"].(string), "inscrit") {
		t.Errorf("report %s", rep.body)
	}
	page := worker.must("GET", "/notebooks?limit=1", nil, 200)
	next := worker.must("GET", "/notebooks?limit=1&after="+page.str("next"), nil, 200)
	if len(page.list("lines")) != 1 || len(next.list("lines")) != 1 || next.json["next"] != nil || page.list("lines")[0]["service"] == next.list("lines")[0]["service"] {
		t.Errorf("pages %s and %s", page.body, next.body)
	}
	done := members{"person": person, "service": "caf", "ending": "delegated"}
	h.said(func() { worker.must("POST", "/notebooks/step", done, 200) }, audit.NotebookSettled)
	if p := worker.must("GET", "/notebooks/progress", nil, 200); p.json["delegated"] != 1. || p.json["open"] != 1. {
		t.Errorf("progress %s", p.body)
	}
	if open := worker.must("GET", "/notebooks?open=true&person="+person, nil, 200).list("lines"); len(open) != 1 || open[0]["service"] != "ameli" {
		t.Errorf("open: %v", open)
	}
	worker.must("POST", "/notebooks/step", members{"person": person, "service": "ameli", "note": "Rappeler lundi"}, 200)
	h.said(func() {
		a := worker.must("POST", "/notebooks/note", members{"person": person, "service": "ameli", "purpose": "prepare_mandate"}, 200)
		if a.str("note") != "Rappeler lundi" {
			t.Errorf("note %s", a.body)
		}
	}, audit.PersonRead)

	worker.refused("GET", "/destructions/document", nil, 404, "not_found", "")
	destroyed := members{"notebooks": 2, "files": 1, "methods": []any{"shredded", "erased"}, "witness": "management"}
	h.unchanged(func() { worker.refused("POST", "/destructions", destroyed, 403, "office_only", "C16") }, "C16")
	var signed *answer
	h.said(func() { signed = h.referent.must("POST", "/destructions", destroyed, 201) }, audit.NotebookDestroyed)
	doc := worker.must("GET", "/destructions/document?id="+signed.str("id"), nil, 200)
	pub, err := h.reg.RegisterPub()
	ok(t, err)
	register, err := statement.ParseRegisterPub(pub)
	ok(t, err)
	rec, err := consent.VerifyDestruction(doc.body, register)
	ok(t, err)
	if rec.Notebooks != 2 || rec.Lines.Delegated != 1 || string(rec.By) != h.referent.id {
		t.Errorf("the record says %+v", rec)
	}
	if list := worker.must("GET", "/destructions", nil, 200).list("destructions"); len(list) != 1 || list[0]["digest"] != signed.str("digest") {
		t.Errorf("list %v", list)
	}
}
