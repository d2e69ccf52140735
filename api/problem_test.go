package api_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "aval/api/v1"
	"aval/store/kv"
	"aval/store/mem"
)

func TestMachineFaultsAreToldPlainly(t *testing.T) {
	for name, c := range map[string]struct {
		fault  error
		status int
		reason string
		ends   bool
	}{
		"full disk":          {kv.ErrFull, 503, "full", false},
		"connection lost":    {kv.ErrInDoubt, 503, "unavailable", false},
		"store closed":       {kv.ErrClosed, 503, "unavailable", false},
		"not durable":        {kv.ErrSync, 503, "unavailable", true},
		"something else yet": {errors.New("a fault of ours"), 500, "internal", false},
	} {
		t.Run(name, func(t *testing.T) {
			failing := false
			h := newHouse(t, options{fault: func(_ kv.Space, step mem.Step) error {
				if failing && step == mem.Before {
					return c.fault
				}
				return nil
			}})
			worker := h.helper("social_worker")
			before, size := h.rows(h.space), h.size(h.space)
			failing = true
			a := worker.refused("POST", "/persons", members{"birth_name": "Benali", "birth": "1950"}, c.status, c.reason, "")
			failing = false
			if (len(h.fatal) == 1) != c.ends {
				t.Errorf("the program ends: %v, want %v", h.fatal, c.ends)
			}
			if h.size(h.space) != size || !maps.Equal(before, h.rows(h.space)) {
				t.Error("something was kept")
			}
			if strings.Contains(string(a.body), "fault of ours") || !strings.Contains(h.out.String(), a.str("request")) {
				t.Errorf("a reader gets a reference, the log the fault: %s", a.body)
			}
		})
	}
	t.Run("clock", func(t *testing.T) {
		h := newHouse(t, options{})
		h.clock.add(-time.Hour)
		h.referent.refused("GET", "/me", nil, 503, "clock", "")
	})
	t.Run("panic", func(t *testing.T) {
		failing := false
		h := newHouse(t, options{fault: func(kv.Space, mem.Step) error {
			if failing {
				panic("birth name Benali")
			}
			return nil
		}})
		worker := h.helper("social_worker")
		failing = true
		a := worker.refused("POST", "/persons", members{"birth_name": "Benali", "birth": "1950"}, 500, "internal", "")
		failing = false
		if strings.Contains(string(a.body), "Benali") || strings.Contains(h.out.String(), "Benali") {
			t.Error("what a panic said is told")
		}
		worker.must("POST", "/persons", members{"birth_name": "Benali", "birth": "1950"}, 201)
	})
}

// A part of an extract must not be taken for the whole.
func TestBrokenAnswerBreaksTheConnection(t *testing.T) {
	h := newHouse(t, options{})
	dpo := h.enrolled(h.referent, "dpo")
	body := fmt.Sprintf(`{"from":%q,"to":%q,"profile":"dpo","purpose":"dpo_audit"}`,
		h.clock.Now().Add(-time.Hour).Format(time.RFC3339), h.clock.Now().Add(time.Hour).Format(time.RFC3339))
	r := httptest.NewRequestWithContext(t.Context(), "POST", v1.Base+"/extracts", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+dpo.bearer)
	w := &breaking{ResponseRecorder: httptest.NewRecorder(), left: 200}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("the connection goes on: %v", err)
		}
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/zip" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}()
	h.staff.ServeHTTP(w, r)
}

// breaking is a reader who goes away.
type breaking struct {
	*httptest.ResponseRecorder
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("gone")
	}
	return b.ResponseRecorder.Write(p)
}
