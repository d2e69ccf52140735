package pages

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"golang.org/x/text/language"

	"aval/audit"
	"aval/charter"
	"aval/consent"
)

// The heaviest page that can be: 300 lines that hardly fold, hundreds of acts,
// full mandates. It stays light, and says that there is more.
func TestHeaviestPage(t *testing.T) {
	ch, err := charter.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &Pages{}
	if p.words, err = loadWords(localeFiles); err != nil {
		t.Fatal(err)
	}
	if err := p.parse(); err != nil {
		t.Fatal(err)
	}
	say := p.words.in(language.French)
	frame := cardSheet{sheet: sheet{speaker: say, Style: p.style}, Code: "C-XXXX-XXXX-XXXXX", Switch: &languageSwitch{Choices: p.words.choices}}
	raw, err := p.renderPerson(frame, heaviest(ch), ch)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(raw))
	if len(raw) > maxPage {
		t.Errorf("weighs %d bytes", len(raw))
	}
	for _, want := range []string{"Des lignes plus anciennes existent.", "aides plus anciennes", "a voulu voir vos informations.", "Tout arr"} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// 300 lines are at most 12 to look at, each of which unfolds; nothing is opened by
// itself.
func TestAnEasyPage(t *testing.T) {
	ch, err := charter.Load()
	if err != nil {
		t.Fatal(err)
	}
	w, err := loadWords(localeFiles)
	if err != nil {
		t.Fatal(err)
	}
	v := personView{cardSheet: cardSheet{sheet: sheet{speaker: w.in(language.French)}}, most: mostLines}
	page := heaviest(ch)
	page.More = false
	v.fill(page, ch)
	stand := len(v.Looked) + len(v.Refused) + 1 // the others are behind one line
	if stand != easyLines || len(v.Other) > easyLines {
		t.Errorf("%d lines stand, %d are behind one of them", stand, len(v.Other))
	}
	if v.OtherTitle != "Voir 100 lignes" || v.Looked[len(v.Looked)-1].Count != "Et 93 autres lignes" || v.Refused[2].Count != "Et 98 autres lignes" {
		t.Errorf("the lines left over are told as %q, %q, %q", v.OtherTitle, v.Looked[len(v.Looked)-1].Count, v.Refused[2].Count)
	}
	if len(v.Opened) != 3 || v.Opened[0] != "Votre fiche a été ouverte 4 fois en janvier 2027." {
		t.Errorf("it was opened %q", v.Opened)
	}
}

func heaviest(ch *charter.Charter) *consent.PersonPage {
	at := time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)
	page := &consent.PersonPage{At: at, TZ: "Europe/Paris", More: true}
	var powers []consent.Power
	for _, s := range ch.Services() {
		for _, p := range s.Procedures {
			powers = append(powers, consent.Power{Service: s.Code, Procedure: p.Code, Mode: charter.DoForPresent})
		}
	}
	for i := range 3 {
		page.Mandates = append(page.Mandates, &consent.Mandate{
			ID: "m_x", Ref: "12345678", Delivered: at.Add(-time.Hour),
			Payload: consent.Payload{Powers: powers[15*i : 15*(i+1)], From: at.Add(-time.Hour), Until: at.AddDate(0, 2, 0)},
		})
	}
	acts := []audit.Action{audit.PersonRead, audit.AttemptRefused, audit.ActRecorded}
	for i := range 300 {
		act := acts[i%len(acts)]
		class, _ := act.Class()
		d := audit.Entry{
			Act: act, By: fmt.Sprintf("h_%04d", i), Role: string(charter.SocialMediator), Purpose: string(charter.PurposeFollowUp),
			Fields: []string{"contact", "identity.1"}, Out: audit.OK,
		}
		if act == audit.AttemptRefused {
			d.On, d.Rules, d.Out = []string{"person.read"}, []string{"C12"}, audit.Refused
		}
		page.Lines = append(page.Lines, audit.Line{Time: at.AddDate(0, 0, -i), Class: class, Detail: &audit.Detail{Entry: d}})
		page.Acts = append(page.Acts, &consent.Act{
			Service: powers[i%40].Service, Procedure: powers[i%40].Procedure, Mode: charter.DoForPresent, Reason: "cannot_use_device",
			Channel: charter.ChannelPersonSession, Credential: charter.EntryPerson, Outcome: "done", Happened: at.AddDate(0, 0, -i),
			Late: true, Urgent: true, ValidatedBy: charter.ValidatedOnScreen,
		})
	}
	return page
}
