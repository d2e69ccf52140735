package pages_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"aval/charter"
	"aval/consent"
)

// maxPage is what a page may weigh, style and all, as it goes over the wire
// without compression: 30 kB are a second on a poor telephone line.
const maxPage = 30_000

// A page is one request: the style is in it, and nothing else is asked for.
func TestPageWeights(t *testing.T) {
	s := newSite(t)
	s.longStory()
	for _, lang := range []string{"fr", "en"} {
		for name, r := range map[string]reply{
			"code": s.get(s.public, "/carte?lang="+lang), "square": s.get(s.public, "/c/"+s.code+"?lang="+lang),
			"count": s.cardIn(lang, "see"), "page": s.open(lang), "confirm": s.cardIn(lang, "stop"),
		} {
			t.Logf("%s %s: %d bytes", lang, name, len(r.body))
			r.status(t, http.StatusOK)
			if len(r.body) > maxPage {
				t.Errorf("%s %s weighs %d bytes", lang, name, len(r.body))
			}
		}
	}
	receipt := s.card("stop_confirmed")
	t.Logf("receipt: %d bytes", len(receipt.body))
	if len(receipt.body) > maxPage {
		t.Errorf("the receipt weighs %d bytes", len(receipt.body))
	}
}

func TestLongStoryIsFolded(t *testing.T) {
	s := newSite(t)
	s.longStory()
	page := s.open("fr")
	page.status(t, http.StatusOK)
	page.says(t, "Des lignes plus anciennes existent.", "aides plus anciennes sont notées.", "Du ")
}

// longStory fills the page: four colleagues look 300 times in 50 days, and help
// 40 times.
func (s *site) longStory() {
	s.t.Helper()
	team := []consent.Actor{s.helper, s.colleague}
	for i := range 2 {
		team = append(team, s.member(fmt.Sprintf("Aidant %c", 'A'+i), charter.SocialMediator))
	}
	purposes := []charter.Purpose{charter.PurposeActUnderMandate, charter.PurposeFollowUp}
	for i := range 300 {
		s.clock.add(4 * time.Hour)
		_, err := s.reg.RevealPerson(s.ctx, team[i%len(team)], consent.Reveal{
			Person: s.person, Purpose: purposes[i%len(purposes)], Fields: []charter.Field{charter.FieldContact},
		})
		s.must(err)
		if i%8 == 0 {
			_, err := s.reg.RecordAct(s.ctx, team[i%len(team)], consent.NewAct{
				Person: s.person, Did: consent.Power{Service: "caf", Procedure: "rsa_declaration", Mode: charter.DoForPresent},
				Reason: "cannot_use_device", Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson,
				Outcome: "done", Validated: s.clock.now(), ValidatedHow: charter.ValidatedOnScreen, Period: "2026-10/2026-12",
			})
			s.must(err)
		}
	}
}
