package consent

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aval/charter"
)

var day0 = time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)

// drafted is a mandate of two powers for a team, from day0 for a number of days.
func drafted(days int) *Mandate {
	m := &Mandate{ID: MandateID("m_" + random26()), Ref: "12345678", Person: PersonID("p_" + random26()), Drafted: day0}
	h := MemberID("h_" + random26())
	m.Payload = Payload{
		V: 1, ID: m.ID, Ref: m.Ref, Origin: "register.test", Space: "ccas",
		Charter: CharterRef{Version: "1.0.0", Digest: digest(nil)}, Template: TemplateFor("fr"),
		Person:    PersonRef{ID: m.Person, C: digest(nil)},
		Mandatary: Mandatary{Kind: charter.MandataryStructure, ID: "s_" + random26()},
		Powers: []Power{
			{Service: "caf", Procedure: "rsa_declaration", Category: "social", Mode: charter.DoForPresent},
			{Service: "ameli", Procedure: "css_request", Category: "social", Mode: charter.DoForPresent},
		},
		IssuedAt: day0, From: day0, Until: Until(day0, days, time.UTC), TZ: "UTC", Capacity: charter.CapacityNo, Free: true,
		Explained: Explained{Lang: "fr", Aid: "read_aloud", By: h},
		Required:  []charter.SignerRole{charter.SignerPerson, charter.SignerHelper, charter.SignerStructure},
		MinLevel:  charter.E1,
	}
	return m
}

// A step is a transition that somebody tries, and the state it leads to.
type step struct {
	name string
	to   State
	try  func(m *Mandate, at time.Time) error
}

var transitions = []step{
	{"propose", Proposed, func(m *Mandate, at time.Time) error { return m.propose(at) }},
	{"sign", Signed, func(m *Mandate, at time.Time) error {
		return m.sign(at, EvidenceRef{Role: charter.SignerPerson, Type: charter.PaperOriginal, Level: charter.E3})
	}},
	{"accept", Signed, func(m *Mandate, at time.Time) error { return m.accept(at) }},
	{"deliver", Active, func(m *Mandate, at time.Time) error { return m.deliver(at, "print") }},
	{"revoke", Revoked, func(m *Mandate, at time.Time) error { return m.finish(at, Revoked, "person") }},
	{"renounce", Renounced, func(m *Mandate, at time.Time) error { return m.finish(at, Renounced, "h") }},
	{"fulfil", Fulfilled, func(m *Mandate, at time.Time) error { return m.finish(at, Fulfilled, "system") }},
	{"supersede", Superseded, func(m *Mandate, at time.Time) error { return m.finish(at, Superseded, "person") }},
	{"stop a part", "", func(m *Mandate, at time.Time) error { return m.stop(Stop{At: at, By: "person", Service: "caf"}) }},
}

// follows says which state each step may be tried in.
func follows(s step, from State, accepted bool) bool {
	switch s.name {
	case "propose":
		return from == Draft
	case "sign":
		return from == Proposed
	case "accept":
		return from == Signed && !accepted
	case "deliver":
		return from == Signed && accepted
	}
	return open(from) // ends and stops: anything that has not ended
}

// Whatever is tried, in whatever order and at whatever instants: a step is done
// exactly when its state allows it; a mandate only goes forward; at each instant
// it is in one state, the one that the last step done or the end of time led to,
// from that instant on and not a nanosecond earlier.
func TestMandateStates(t *testing.T) {
	order := map[State]int{Draft: 0, Proposed: 1, Signed: 2, Active: 3}
	rapid.Check(t, func(t *rapid.T) {
		m := drafted(rapid.IntRange(1, 3).Draw(t, "days"))
		type change struct {
			at time.Time
			to State
		}
		history := []change{{time.Time{}, Draft}}
		accepted := false
		at := day0
		until := m.Payload.Until
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			at = at.Add(rapid.OneOf(rapid.Just(time.Duration(0)), rapid.Just(time.Duration(1)),
				rapid.Custom(func(t *rapid.T) time.Duration {
					return time.Duration(rapid.Int64Range(1, int64(14*time.Hour)).Draw(t, "ns"))
				})).Draw(t, "wait"))
			s := transitions[rapid.IntRange(0, len(transitions)-1).Draw(t, "step")]
			from := history[len(history)-1].to
			if open(from) && !at.Before(until) {
				from = Expired
			}
			may := follows(s, from, accepted)
			err := s.try(m, at)
			var c *Conflict
			if may != (err == nil) || err != nil && !errors.As(err, &c) {
				t.Fatalf("%s when %s: %v", s.name, from, err)
			}
			if may && s.to != "" {
				history = append(history, change{at, s.to})
			}
			accepted = accepted || may && s.name == "accept"
		}
		want := func(at time.Time) State {
			state := Draft
			for _, c := range history[1:] {
				if !at.Before(c.at) {
					state = c.to
				}
			}
			if open(state) && !at.Before(until) {
				return Expired
			}
			return state
		}
		instants := []time.Time{day0.Add(-1), until.Add(-1), until, until.Add(1), until.AddDate(10, 0, 0)}
		for _, c := range history[1:] {
			instants = append(instants, c.at.Add(-1), c.at, c.at.Add(1))
		}
		slices.SortFunc(instants, time.Time.Compare)
		last := Draft
		for _, at := range instants {
			got := m.State(at)
			if got != want(at) {
				t.Fatalf("%s at %s, want %s (%v)", got, at, want(at), history)
			}
			if !slices.Contains(States, got) {
				t.Fatalf("%q is no state", got)
			}
			if was, ok := order[last]; !ok && got != last || ok && open(got) && order[got] < was {
				t.Fatalf("from %s back to %s", last, got)
			}
			if force := m.InForce(at); force != (got == Active && !at.Before(m.Payload.From)) {
				t.Fatalf("in force is %t when %s", force, got)
			}
			last = got
		}
	})
}

// A revocation beats all else, before or after it: from its instant on nothing is
// in force, for ever.
func TestRevocationBeatsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drafted(365)
		at := day0
		revoke := rapid.IntRange(0, 8).Draw(t, "revoked as step")
		var revoked time.Time
		for i := range 9 {
			at = at.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "wait")))
			if i == revoke {
				if err := m.finish(at, Revoked, "person"); err == nil {
					revoked = at
				}
				continue
			}
			s := transitions[rapid.IntRange(0, 3).Draw(t, "step")]
			_ = s.try(m, at) // a conflict is an answer as well
		}
		if revoked.IsZero() {
			t.Fatal("a mandate that runs could not be revoked")
		}
		for _, later := range []time.Duration{0, 1, time.Hour, 300 * 24 * time.Hour, 3000 * 24 * time.Hour} {
			if got := m.State(revoked.Add(later)); got != Revoked || m.InForce(revoked.Add(later)) {
				t.Fatalf("%s %s after the revocation", got, later)
			}
		}
	})
}

// [from, until) to the nanosecond.
func TestInForceIsHalfOpen(t *testing.T) {
	m := drafted(31)
	m.Payload.From = day0.Add(time.Hour)
	at := day0.Add(-time.Hour)
	for _, s := range transitions[:4] {
		if err := s.try(m, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{m.Payload.From.Add(-1), false}, {m.Payload.From, true}, {m.Payload.From.Add(1), true},
		{m.Payload.Until.Add(-1), true}, {m.Payload.Until, false}, {m.Payload.Until.Add(1), false},
	} {
		if got := m.InForce(c.at); got != c.want {
			t.Errorf("in force at %s: %t", c.at, got)
		}
	}
}

// Parts are stopped for whom and what they name, from their instant on; when
// nothing is left for anybody the whole is revoked.
func TestStopsOfParts(t *testing.T) {
	const ann, bob = MemberID("h_a"), MemberID("h_b")
	caf, ameli := drafted(31).Payload.Powers[0], drafted(31).Payload.Powers[1]
	at := day0.Add(time.Hour)
	cases := []struct {
		name    string
		named   []MemberID
		stops   []Stop
		stopped map[string]bool // "helper service"
		state   State
	}{
		{"one service", nil, []Stop{{Service: "caf"}}, map[string]bool{"h_a caf": true, "h_b caf": true}, Active},
		{"one procedure of a service", nil, []Stop{{Service: "caf", Procedure: "rsa_declaration"}}, map[string]bool{"h_a caf": true, "h_b caf": true}, Active},
		{"a procedure of another service", nil, []Stop{{Service: "ameli", Procedure: "rsa_declaration"}}, map[string]bool{}, Active},
		{"one helper of a team", nil, []Stop{{Helper: ann}}, map[string]bool{"h_a caf": true, "h_a ameli": true}, Active},
		{"one service, one helper", nil, []Stop{{Service: "ameli", Helper: bob}}, map[string]bool{"h_b ameli": true}, Active},
		{"each service in turn", nil, []Stop{{Service: "caf"}, {Service: "ameli"}},
			map[string]bool{"h_a caf": true, "h_b caf": true, "h_a ameli": true, "h_b ameli": true}, Revoked},
		{"one of two named", []MemberID{ann, bob}, []Stop{{Helper: ann}}, map[string]bool{"h_a caf": true, "h_a ameli": true}, Active},
		{"all that are named", []MemberID{ann, bob}, []Stop{{Helper: ann}, {Helper: bob}},
			map[string]bool{"h_a caf": true, "h_b caf": true, "h_a ameli": true, "h_b ameli": true}, Revoked},
		{"what is left of each", []MemberID{ann, bob}, []Stop{{Helper: ann}, {Service: "caf"}, {Service: "ameli", Helper: bob}},
			map[string]bool{"h_a caf": true, "h_b caf": true, "h_a ameli": true, "h_b ameli": true}, Revoked},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := drafted(31)
			for _, s := range transitions[:4] {
				if err := s.try(m, day0); err != nil {
					t.Fatal(err)
				}
			}
			m.Payload.Helpers.Named = c.named
			for _, s := range c.stops {
				s.At, s.By = at, "person"
				if err := m.stop(s); err != nil {
					t.Fatal(err)
				}
			}
			for _, h := range []MemberID{ann, bob} {
				for _, p := range []Power{caf, ameli} {
					key := string(h) + " " + string(p.Service)
					if got := m.Stopped(p, h, at); got != c.stopped[key] {
						t.Errorf("%s stopped: %t", key, got)
					}
					if m.Stopped(p, h, at.Add(-1)) {
						t.Errorf("%s was stopped a nanosecond before", key)
					}
				}
			}
			if got := m.State(at); got != c.state {
				t.Errorf("state %s, want %s", got, c.state)
			}
			if got := m.State(at.Add(-1)); got != Active {
				t.Errorf("a nanosecond before: %s", got)
			}
		})
	}
}

// The first instant of a day, where clocks do odd things at night.
func TestUntilGolden(t *testing.T) {
	cases := []struct {
		zone, from string
		days       int
		until      string
	}{
		{"Europe/Paris", "2027-01-11T09:00:00Z", 1, "2027-01-11T23:00:00Z"}, // 1 day ends tonight
		{"Europe/Paris", "2027-01-11T22:59:59Z", 1, "2027-01-11T23:00:00Z"}, // and be it in a second
		{"Europe/Paris", "2027-01-11T23:00:00Z", 1, "2027-01-12T23:00:00Z"}, // that is tomorrow in Paris
		{"Europe/Paris", "2027-01-11T09:00:00Z", 31, "2027-02-10T23:00:00Z"},
		{"Europe/Paris", "2027-01-11T09:00:00Z", 182, "2027-07-11T22:00:00Z"},
		{"Europe/Paris", "2027-01-11T09:00:00Z", 365, "2028-01-10T23:00:00Z"},
		{"Europe/Paris", "2027-03-27T12:00:00Z", 1, "2027-03-27T23:00:00Z"}, // the night before clocks go forward
		{"Europe/Paris", "2027-03-27T12:00:00Z", 2, "2027-03-28T22:00:00Z"}, // a day of 23 hours
		{"Europe/Paris", "2027-10-30T12:00:00Z", 1, "2027-10-30T22:00:00Z"},
		{"Europe/Paris", "2027-10-30T12:00:00Z", 2, "2027-10-31T23:00:00Z"}, // a day of 25 hours
		{"Europe/Paris", "2028-02-28T12:00:00Z", 1, "2028-02-28T23:00:00Z"},
		{"Europe/Paris", "2028-02-28T12:00:00Z", 2, "2028-02-29T23:00:00Z"},
		{"Europe/Paris", "2028-02-29T12:00:00Z", 365, "2029-02-27T23:00:00Z"},
		{"Europe/Paris", "2027-03-01T12:00:00Z", 365, "2028-02-28T23:00:00Z"},
		{"Europe/Paris", "2027-12-31T12:00:00Z", 1, "2027-12-31T23:00:00Z"},
		{"Europe/Paris", "2027-12-31T23:30:00Z", 1, "2028-01-01T23:00:00Z"},      // New Year in Paris
		{"America/Sao_Paulo", "2018-11-03T15:00:00Z", 1, "2018-11-04T03:00:00Z"}, // midnight does not exist: 01:00
		{"America/Sao_Paulo", "2018-11-03T15:00:00Z", 2, "2018-11-05T02:00:00Z"},
		{"America/Sao_Paulo", "2018-02-17T15:00:00Z", 1, "2018-02-18T03:00:00Z"}, // 23:00 to 24:00 twice
		{"Africa/Cairo", "2024-04-25T10:00:00Z", 1, "2024-04-25T22:00:00Z"},      // 01:00
		{"Africa/Cairo", "2024-10-31T10:00:00Z", 1, "2024-10-31T22:00:00Z"},      // 23:00 to 24:00 twice
		{"Asia/Beirut", "2024-03-30T10:00:00Z", 1, "2024-03-30T22:00:00Z"},       // 01:00
		{"America/Santiago", "2024-09-07T15:00:00Z", 1, "2024-09-08T04:00:00Z"},  // 01:00
		{"America/Havana", "2024-03-09T15:00:00Z", 1, "2024-03-10T05:00:00Z"},    // 01:00
		{"America/Havana", "2024-11-02T15:00:00Z", 1, "2024-11-03T04:00:00Z"},    // the first of two midnights
		{"Australia/Lord_Howe", "2024-10-05T01:00:00Z", 1, "2024-10-05T13:30:00Z"},
		{"Australia/Lord_Howe", "2024-10-05T01:00:00Z", 2, "2024-10-06T13:00:00Z"}, // clocks moved by half an hour
		{"Asia/Kathmandu", "2024-10-05T01:00:00Z", 1, "2024-10-05T18:15:00Z"},
		{"Pacific/Apia", "2011-12-29T20:00:00Z", 1, "2011-12-30T10:00:00Z"}, // 30 December 2011 was left out
		{"UTC", "2027-01-11T00:00:00Z", 1, "2027-01-12T00:00:00Z"},
	}
	for _, c := range cases {
		tz, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, _ := time.Parse(time.RFC3339, c.from)
		if got := Until(from, c.days, tz).Format(time.RFC3339); got != c.until {
			t.Errorf("%s, %d days from %s: until %s, want %s", c.zone, c.days, c.from, got, c.until)
		}
	}
}

// Whatever the zone: until is the first instant of a day, days after that of from.
func TestUntilIsTheFirstInstantOfADay(t *testing.T) {
	zones := []string{
		"Europe/Paris", "America/Sao_Paulo", "Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Beirut", "Asia/Gaza",
		"Australia/Lord_Howe", "Pacific/Apia", "America/Miquelon", "Indian/Reunion", "Atlantic/Azores", "America/Asuncion",
		"Asia/Tehran", "Antarctica/Troll", "America/Nuuk", "Pacific/Kiritimati", "UTC",
	}
	date := func(at time.Time, tz *time.Location) string { return at.In(tz).Format(time.DateOnly) }
	rapid.Check(t, func(t *rapid.T) {
		tz, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1_000_000_000, 2_500_000_000).Draw(t, "from"), 0).UTC()
		n := rapid.IntRange(1, 365).Draw(t, "days")
		until := Until(from, n, tz)
		y, mo, d := from.In(tz).Date()
		want := time.Date(y, mo, d+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if got := date(until, tz); got < want || date(until.Add(-1), tz) >= want {
			t.Fatalf("until %s in %s: on %s, a nanosecond before on %s, want the first of %s", until, tz, got, date(until.Add(-1), tz), want)
		}
		if until.Location() != time.UTC || until.Nanosecond() != 0 {
			t.Fatalf("until is spelt %s", until)
		}
		least := time.Duration(n-1)*24*time.Hour - 2*time.Hour
		if tz.String() == "Pacific/Apia" {
			least -= 24 * time.Hour // 30 December 2011 was left out there
		}
		if len := until.Sub(from); len > time.Duration(n+1)*24*time.Hour+3*time.Hour || len <= least {
			t.Fatalf("%d days last %s", n, len)
		}
	})
}
