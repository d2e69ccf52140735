package pages

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// Leaving quickly: somebody comes near. The way out leads to a page that anybody
// may look at. What was seen is in no cache (no-store, Clear-Site-Data), and going
// back shows nothing: a form that is sent again after its stay was left is not
// answered. The address stays in the browser's history, where the square of a card
// put its code: a discreet card has none.

// exit is where "leave quickly" leads. The weather: an ordinary page of a public
// service, which says nothing of whoever looks at it, and which anybody may have
// open at any time. An empty page would itself be odd to find on a phone.
const exit = "https://meteofrance.com/"

// wayOut is the address on our side that leads there.
const wayOut = "/sortir"

// leaveQuickly is GET /sortir, and GET /sortir/STAY from a page that came by POST.
func (p *Pages) leaveQuickly(c echo.Context) error {
	p.stays.leave(c.Param("stay"), p.door.Now())
	// Chromium keeps even no-store pages in memory for its back button, and this
	// drops them; it is obeyed over TLS and on localhost.
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return c.Redirect(http.StatusSeeOther, exit)
}

// stays are the visits of persons that were left, remembered for a day by this
// process. A stay goes from the first form to the way out; its name says nothing
// and opens nothing.
type stays struct {
	mu   sync.Mutex
	left map[string]time.Time
}

const (
	staysKept = 10_000
	stayLife  = 24 * time.Hour
)

var stayForm = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// stayOf is the stay that a form names, or a new one.
func stayOf(named string) string {
	if stayForm.MatchString(named) {
		return named
	}
	return rand.Text()
}

func (s *stays) leave(stay string, now time.Time) {
	if !stayForm.MatchString(stay) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, at := range s.left {
		if len(s.left) < staysKept && now.Sub(at) < stayLife {
			break
		}
		delete(s.left, old)
	}
	s.left[stay] = now
}

func (s *stays) over(stay string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, left := s.left[stay]
	return left && now.Sub(at) < stayLife
}
