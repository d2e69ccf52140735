package api_test

import (
	"context"
	"testing"

	"aval/audit"
)

// A part is stopped for the person, whoever has to know is told and answers, and
// each instant is there for everybody.
func TestStopsOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	second := members{"service": "france_travail", "procedure": "monthly_update", "mode": "do_for_present"}
	id := worker.active(person, members{"powers": []any{power, second}})
	h.said(func() {
		a := h.referent.must("POST", "/persons/"+person+"/stop", members{"way": "letter", "part": "service:france_travail"}, 200)
		if s := a.list("stopped"); len(s) != 1 || s[0]["mandate"] != id || s[0]["state"] != "active" {
			t.Errorf("stopped %v", s)
		}
		if next := a.list("next"); len(next) != 1 || next[0]["procedure"] != "monthly_update" || next[0]["next"] == nil {
			t.Errorf("left to do %v", next)
		}
	}, audit.MandateRevoked)
	tasks := h.referent.must("GET", "/stops", nil, 200).list("stops")
	if len(tasks) != 1 || tasks[0]["way"] != "letter" || tasks[0]["part"] != "service:france_travail" || tasks[0]["notified_at"] != nil {
		t.Fatalf("tasks %v", tasks)
	}
	h.said(func() { // whoever has to know is told by being given the list
		if told := worker.must("GET", "/stops", nil, 200).list("stops"); told[0]["notified_at"] == nil || told[0]["ack_at"] != nil {
			t.Errorf("told %v", told)
		}
	}, audit.NoticeSent)
	h.said(func() {
		a := worker.must("POST", "/stops/answer", members{"stop": tasks[0]["id"]}, 200)
		if a.json["ack_by"] != worker.id || a.json["ack_at"] == nil {
			t.Errorf("answered %s", a.body)
		}
	}, audit.NoticeAcked)
	worker.refused("POST", "/stops/answer", members{"stop": tasks[0]["id"]}, 409, "already_answered", "")
	if left := worker.must("GET", "/stops", nil, 200).list("stops"); len(left) > 0 {
		t.Errorf("still to answer: %v", left)
	}
	if all := worker.must("GET", "/persons/"+person+"/stops", nil, 200).list("stops"); len(all) != 1 || all[0]["ack_at"] == nil {
		t.Errorf("of the person: %v", all)
	}
	again := worker.must("POST", "/persons/"+person+"/stop", members{"way": "desk", "part": "service:france_travail"}, 200)
	if len(again.list("stopped")) != 0 || again.json["entry"] != nil {
		t.Errorf("a second stop: %s", again.body)
	}
}

// At another structure's desk: with the card at once, without it by a request that
// answers before anybody has looked.
func TestStopElsewhereOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	id := worker.active(person)
	far := h.structure("mjc")
	places := far.must("GET", "/stops/places", nil, 200).list("structures")
	if len(places) != 1 || places[0]["slug"] != h.space.Slug() {
		t.Fatalf("structures %v", places)
	}
	here := h.size(h.space)
	for _, who := range []members{{"name": "Benali Fatima", "birth": "1950-03-02"}, {"name": "Martin", "birth": "1961"}} {
		who["to"] = h.space.Slug()
		if a := far.must("POST", "/stops/elsewhere", who, 202); len(a.body) != 0 {
			t.Errorf("the answer says %s", a.body)
		}
	}
	if h.size(h.space) != here {
		t.Error("the answer waited for the other structure")
	}
	spaces, err := h.reg.Spaces(context.Background())
	ok(t, err)
	for _, s := range spaces {
		ok(t, h.reg.Relay(context.Background(), s))
	}
	if m := worker.must("GET", "/mandates/"+id, nil, 200); m.str("state") != "revoked" {
		t.Errorf("the mandate is %s", m.str("state"))
	}
	far.refused("POST", "/stops/elsewhere", members{"to": "mjc", "name": "Martin", "birth": "1961"}, 400, "structure_slug", "")

	code := worker.mustCode(person)
	again := worker.active(person)
	if a := far.must("POST", "/stops/with-card", members{"code": code}, 200); len(a.list("stopped")) != 1 {
		t.Errorf("stopped %s", a.body)
	}
	if m := worker.must("GET", "/mandates/"+again, nil, 200); m.str("state") != "revoked" {
		t.Errorf("the mandate is %s", m.str("state"))
	}
	far.refused("POST", "/stops/with-card", members{"code": "C-3333"}, 400, "card_form", "")
	worker.must("POST", "/persons/"+person+"/card/kill", nil, 204)
	far.refused("POST", "/stops/with-card", members{"code": code}, 404, "card_unknown", "")
}

// What a person asks about their data has a clock, and the copy has everything.
func TestRequestsOverJSON(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	worker.active(person)
	var asked *answer
	h.said(func() {
		asked = worker.must("POST", "/persons/"+person+"/requests", members{"kind": "copy"}, 200)
	}, audit.RequestMade)
	if asked.json["late"] != false || asked.json["due"] == nil || asked.json["answered"] != nil {
		t.Errorf("asked %s", asked.body)
	}
	if waits := worker.must("GET", "/requests", nil, 200).list("requests"); len(waits) != 1 || waits[0]["id"] != asked.json["id"] {
		t.Errorf("waits %v", waits)
	}
	h.said(func() {
		copied := worker.must("POST", "/persons/"+person+"/copy", nil, 200)
		data := copied.json["data"].(members)
		if data["identity"].(members)["birth_name"] != "Benali" || len(copied.list("mandates")) != 1 || len(copied.list("requests")) != 1 || len(copied.list("lines")) < 5 {
			t.Errorf("copied %s", copied.body)
		}
	}, audit.PersonExported)
	id := asked.str("id")
	h.unchanged(func() {
		worker.refused("POST", "/requests/answer", members{"request": id, "outcome": "done"}, 403, "office_only", "C16")
	}, "C16")
	h.said(func() {
		h.referent.must("POST", "/requests/extend", members{"request": id, "why": "many"}, 200)
	}, audit.RequestExtended)
	h.said(func() {
		h.referent.must("POST", "/requests/answer", members{"request": id, "outcome": "done"}, 200)
	}, audit.RequestAnswered)
	h.referent.refused("POST", "/requests/answer", members{"request": id, "outcome": "done"}, 409, "already_answered", "")
	if all := worker.must("GET", "/persons/"+person+"/requests", nil, 200).list("requests"); len(all) != 1 || all[0]["outcome"] != "done" || all[0]["why"] != "many" {
		t.Errorf("of the person %v", all)
	}
}
