package api_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"aval/api"
	v1 "aval/api/v1"
	"aval/consent"
)

func TestLimits(t *testing.T) {
	from := func(h *house, address, forwarded, bearer string) *answer {
		r := httptest.NewRequestWithContext(t.Context(), "GET", v1.Base+"/charter", nil)
		r.RemoteAddr = address
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		return h.serve(h.staff, r)
	}
	const slow = rate.Limit(0.5) // 2 at once

	t.Run("address", func(t *testing.T) {
		h := newHouse(t, options{config: func(c *api.Config) { c.PerAddress = slow }})
		codes := []int{}
		for range 3 {
			codes = append(codes, from(h, "198.51.100.7:1000", "203.0.113.1", "").status)
		}
		if fmt.Sprint(codes) != "[200 200 429]" {
			t.Fatalf("answers %v", codes)
		}
		a := from(h, "198.51.100.7:2000", "203.0.113.2", "") // who connects directly cannot say they are another
		if a.status != 429 || a.header.Get("Retry-After") != "2" || !strings.HasSuffix(a.str("type"), "/too_many") {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
		if a := from(h, "198.51.100.8:1000", "", ""); a.status != 200 {
			t.Fatalf("another address: %d", a.status)
		}
		h.clock.add(2 * time.Second)
		if a := from(h, "198.51.100.7:1000", "", ""); a.status != 200 {
			t.Fatalf("after the wait: %d", a.status)
		}
	})
	t.Run("IPv6 network", func(t *testing.T) {
		h := newHouse(t, options{config: func(c *api.Config) { c.PerAddress = slow }})
		for i, want := range []int{200, 200, 429} {
			if a := from(h, fmt.Sprintf("[2001:db8:1:2::%d]:1000", i), "", ""); a.status != want {
				t.Fatalf("address %d of one network: %d, want %d", i, a.status, want)
			}
		}
	})
	t.Run("behind a proxy", func(t *testing.T) {
		h := newHouse(t, options{config: func(c *api.Config) {
			c.PerAddress, c.TrustedProxies = slow, []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
		}})
		for i := range 4 {
			if a := from(h, "10.1.2.3:1000", fmt.Sprintf("203.0.113.%d", i), ""); a.status != 200 {
				t.Fatalf("client %d of the proxy: %d", i, a.status)
			}
		}
		codes := []int{}
		for i := range 3 { // what the client itself put before the proxy's own is not believed
			codes = append(codes, from(h, "10.1.2.3:1000", fmt.Sprintf("192.0.2.%d, 203.0.113.99", i), "").status)
		}
		if fmt.Sprint(codes) != "[200 200 429]" {
			t.Fatalf("answers %v", codes)
		}
	})
	t.Run("session", func(t *testing.T) {
		h := newHouse(t, options{config: func(c *api.Config) { c.PerSession = slow }})
		h.clock.add(10 * time.Second)
		for i, want := range []int{200, 200, 429} {
			if a := from(h, fmt.Sprintf("198.51.100.%d:1", i), "", h.referent.bearer); a.status != want {
				t.Fatalf("request %d of a session: %d, want %d", i, a.status, want)
			}
		}
	})
}

// Nobody can try codes one after the other, nor birth dates on a card they found.
func TestGuessesAreLimited(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	code := worker.must("POST", "/persons/"+person+"/card", nil, 201).str("code")

	for i := range 5 {
		if a := h.card(code, "open", fmt.Sprintf("19%d-03-02", 60+i)); a.status != 403 {
			t.Fatalf("wrong birth date %d: %d", i, a.status)
		}
	}
	a := h.card(code, "open", "1950-03-02")
	if a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Fatalf("the sixth guess: %d", a.status)
	}
	if a := h.card(code, "stop", ""); a.status != 200 {
		t.Fatalf("Stop is limited: %d", a.status)
	}
	h.clock.add(11 * time.Minute)
	if a := h.card(code, "open", "1950-03-02"); a.status != 200 {
		t.Fatalf("after the wait: %d", a.status)
	}

	// Codes with their check right, but nobody's.
	unknown := []string{}
	for len(unknown) < 11 {
		unknown = append(unknown, worker.mustCode(person))
	}
	worker.must("POST", "/persons/"+person+"/card/kill", nil, 204)
	for i, code := range unknown {
		want := 404
		if i == 10 {
			want = 429
		}
		if a := h.card(code, "see", ""); a.status != want {
			t.Fatalf("unknown code %d: %d, want %d", i, a.status, want)
		}
	}
}

// Strangers who guess from many networks hold one another up, and keep nobody
// from Stop, not even in a network that guessed wrong.
func TestStrangersKeepNobodyFromStop(t *testing.T) {
	h := newHouse(t, options{})
	worker := h.helper("social_worker")
	person := worker.recorded()
	unknown := worker.mustCode(person)
	code := worker.mustCode(person)
	try := func(address, code, action string) int {
		t.Helper()
		form := url.Values{"code": {code}, "action": {action}}
		r := httptest.NewRequest(http.MethodPost, "/carte", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = net.JoinHostPort(address, "1234")
		return h.serve(h.public, r).status
	}
	for i := range 30 { // each network guesses wrong, twice
		for range 2 {
			if got := try(fmt.Sprintf("2001:db8:0:%x::1", i), unknown, "see"); got != 404 {
				t.Fatalf("guess %d: %d", i, got)
			}
		}
	}
	if got := try("2001:db8:0:5::77", unknown, "see"); got != 429 {
		t.Errorf("one more guess, from another address of a network that guessed: %d, want 429", got)
	}
	if got := try("2001:db8:0:5::77", code, "see"); got != 429 {
		t.Errorf("a right code from that network: %d, want 429", got)
	}
	if got := try("2001:db8:0:5::77", code, "stop"); got != 200 {
		t.Errorf("Stop from that network: %d", got)
	}
	if got := try("198.51.100.7", code, "stop"); got != 200 {
		t.Errorf("Stop by somebody who never guessed wrong: %d", got)
	}
}

// mustCode makes a card, which kills the one before.
func (c *client) mustCode(person string) string {
	c.h.t.Helper()
	return c.must("POST", "/persons/"+person+"/card", nil, 201).str("code")
}

// A flood takes every turn and every address's share; stops are served first, by
// each of their ways, and nothing else is.
func TestStopsAreServedDuringAFlood(t *testing.T) {
	h := newHouse(t, options{config: func(c *api.Config) {
		c.AtOnce, c.Patience, c.PerAddress, c.PerSession = 1, time.Millisecond, 10, 1000
	}})
	worker := h.helper("social_worker")
	person := worker.recorded()
	code := worker.mustCode(person)
	first := worker.active(person)
	again := worker.active(person, members{"supersession": "keep"})

	// One request holds the only turn: its body does not end.
	body, hold := io.Pipe()
	slow := httptest.NewRequestWithContext(t.Context(), "POST", v1.Base+"/persons", body)
	slow.Header.Set("Content-Type", "application/json")
	slow.Header.Set("Authorization", "Bearer "+worker.bearer)
	slow.RemoteAddr = "198.51.100.200:1"
	ended := make(chan *answer)
	go func() { ended <- h.serve(h.staff, slow) }()
	if _, err := hold.Write([]byte("{")); err != nil { // somebody reads: the turn is taken
		t.Fatal(err)
	}
	other := httptest.NewRequestWithContext(t.Context(), "GET", v1.Base+"/charter", nil)
	other.RemoteAddr = "198.51.100.201:1"
	if a := h.serve(h.staff, other); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("another request: %d", a.status)
	}
	flood := 0
	for range 60 { // the person's own network is over its limit as well
		if a := h.get(h.public, "/carte"); a.status == 429 {
			flood++
		}
	}
	if flood == 0 {
		t.Error("nothing was refused: the flood is none")
	}
	if a := h.card(code, "see", ""); a.status == 200 {
		t.Errorf("looking is served during the flood: %d", a.status)
	}
	if a := worker.call("POST", "/mandates/"+first+"/revoke", nil); a.status != 200 {
		t.Errorf("a stop at the desk: %d %s", a.status, a.body)
	}
	for _, action := range []string{"stop", "stop_confirmed"} {
		if a := h.card(code, action, ""); a.status != 200 {
			t.Errorf("%s on the page: %d", action, a.status)
		}
	}
	for _, id := range []string{first, again} {
		if m := h.mandateRow(id); m.State(h.clock.Now()) != consent.Revoked {
			t.Errorf("a mandate is %s", m.State(h.clock.Now()))
		}
	}
	hold.CloseWithError(io.ErrUnexpectedEOF)
	<-ended
	if a := h.serve(h.staff, httptest.NewRequestWithContext(t.Context(), "GET", v1.Base+"/charter", nil)); a.status != 200 && a.status != 429 {
		t.Errorf("after the flood: %d", a.status)
	}
}
