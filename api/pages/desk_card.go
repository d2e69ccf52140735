package pages

import (
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"
	"rsc.io/qr"

	"aval/consent"
)

// The card of a person: asked for when nobody else hears, printed once.

// An askCardView asks which card.
type askCardView struct {
	deskView
	Person consent.PersonID
	Kinds  []choiceView
	Langs  []choiceView
}

func (d *desk) askCardView(person consent.PersonID) (askCardView, error) {
	v := askCardView{deskView: d.view("card.title"), Person: person}
	for _, k := range consent.CardKinds() {
		v.Kinds = append(v.Kinds, choiceView{
			Value: string(k), Label: d.say("card.kind." + string(k)), More: d.say("card.kind_hint." + string(k)), Chosen: k == consent.CardFull,
		})
	}
	theirs, err := d.languageOf(person)
	for _, l := range d.p.words.choices {
		v.Langs = append(v.Langs, choiceView{Value: l.Lang, Label: l.Name, Chosen: l.Lang == theirs})
	}
	return v, err
}

// languageOf is the language in which the person's last mandate was explained.
func (d *desk) languageOf(person consent.PersonID) (string, error) {
	list, _, err := d.register().Mandates(d.ctx, d.actor, person, consent.Page{Limit: 100})
	if err != nil || len(list) == 0 {
		return "fr", err
	}
	return list[len(list)-1].Payload.Template.Lang, nil
}

// A cardView is the card of a person. The code is on paper alone: the page shows
// it to printers and to nobody else, and it cannot be shown again.
type cardView struct {
	deskView
	Person consent.PersonID
	Lost   bool
	None   bool     // the person wants no card
	Strips []*strip // the words of the paper, the person's language first
	Kind   consent.CardKind
	Code   string
	Site   string
	Square squareView
}

// A strip says the words of the paper in one language.
type strip struct{ *speaker }

// A squareView is a QR code: a path of the dark modules in a square of Size.
type squareView struct {
	Size int
	Path string
}

// newCard is POST /personne/carte: which one is asked first. A card made before
// dies with it.
func (p *Pages) newCard(c echo.Context) error {
	d, f, err := p.posted(c, "person", "kind", "alone", "lang")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	if f["kind"] == "" {
		v, err := d.askCardView(person)
		if err != nil {
			return err
		}
		return d.show("ask_card", v)
	}
	want := consent.CardWish{Kind: consent.CardKind(f["kind"]), Alone: consent.Alone(f["alone"])}
	code, err := d.register().IssueCard(d.ctx, d.actor, person, want)
	if err != nil {
		return err
	}
	v := cardView{deskView: d.view("card.title"), Person: person, Kind: want.Kind, Code: code.Shown(), None: want.Kind == consent.CardNone}
	if v.None {
		return d.show("new_card", v)
	}
	return d.printCard(&v, f["lang"])
}

// printCard puts the code on paper. A discreet card is an address and a code, and
// no more: whoever finds it learns nothing from it.
func (d *desk) printCard(v *cardView, lang string) error {
	v.Site = d.p.door.PublicURL + "/carte"
	if v.Kind == consent.CardDiscreet {
		_, v.Site, _ = strings.Cut(v.Site, "://")
		return d.show("new_card", v)
	}
	theirs := d.p.words.in(language.Make(lang))
	v.Strips = []*strip{{theirs}}
	if french := d.p.words.in(language.French); theirs != french {
		v.Strips = append(v.Strips, &strip{french})
	}
	// Capitals and digits make a smaller square, so the path is known in both. Its
	// language is that of the page which it opens.
	var err error
	v.Square, err = square(strings.ToUpper(d.p.door.PublicURL + "/c/" + v.Code + "/" + theirs.Lang()))
	if err != nil {
		return err
	}
	return d.show("new_card", v)
}

// lostCard is POST /personne/carte-perdue.
func (p *Pages) lostCard(c echo.Context) error {
	d, f, err := p.posted(c, "person")
	if err != nil {
		return err
	}
	person := consent.PersonID(f["person"])
	if err := d.register().KillCard(d.ctx, d.actor, person); err != nil {
		return err
	}
	return d.show("new_card", cardView{deskView: d.view("card.title"), Person: person, Lost: true})
}

// square draws a QR code (ISO/IEC 18004) as one path, runs of modules row by row,
// with the four modules of quiet zone that scanners need.
func square(text string) (squareView, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return squareView{}, err
	}
	const quiet = 4
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	return squareView{Size: code.Size + 2*quiet, Path: path.String()}, nil
}
