package consent

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"aval/charter"
	"aval/charter/screen"
	"aval/consent/personal"
)

// Finding again: one box takes a mandate's reference, or a birth date with the
// beginnings of names, in any order. A card is not typed into it as a text: it
// opens the person's page, so no text that holds its code is taken anywhere (see
// FindByCard).

// Found is where one box leads: to a mandate and its person by reference, to a
// person by card, or to candidates by name and birth date.
type Found struct {
	Mandate    *Mandate // by reference
	Person     PersonID // by reference or card
	Candidates []Revealed
}

// Find looks for what was typed. A reference opens nothing and is no entry; each
// candidate, at most 5, is a look of its own. *Invalid with "find_form" says that
// it is neither. What another space has is not found.
func (r *Register) Find(ctx context.Context, a Actor, typed screen.Clean, purpose charter.Purpose) (*Found, error) {
	text := typed.String()
	if ref := normaliseRef(strings.TrimSpace(text)); refForm.MatchString(ref) {
		m, err := r.MandateByRef(ctx, a, ref)
		if err != nil {
			return nil, err
		}
		return &Found{Mandate: m, Person: m.Person}, nil
	}
	birth, ok := birthIn(text)
	if !ok || !strings.ContainsFunc(text, unicode.IsLetter) {
		return nil, &Invalid{Pointer: "/text", Reason: "find_form"}
	}
	// Only letters count as names, so the date may stay in the text.
	list, err := r.SearchPersons(ctx, a, Search{Name: typed, Birth: birth, Purpose: purpose})
	if _, wrong := errors.AsType[*Invalid](err); wrong {
		return nil, &Invalid{Pointer: "/text", Reason: "find_form"}
	}
	if err != nil {
		return nil, err
	}
	return &Found{Candidates: list}, nil
}

// FindByCard finds the person whose card a scanner read. It opens nothing and is
// no entry. Another space's card is not found, like one that was killed.
func (r *Register) FindByCard(ctx context.Context, a Actor, code personal.CardCode) (*Found, error) {
	holder, err := r.CardHolder(ctx, code)
	if err != nil {
		return nil, err
	}
	if holder.space != a.space {
		return nil, &NotFound{Kind: "card"}
	}
	err = r.view(ctx, a, func(tx Tx, at time.Time) error {
		t := &turn{r: r, tx: tx, at: at, actor: holder}
		_, err := t.holder()
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Found{Person: holder.person}, nil
}

// Similar finds persons who may be the one that is about to be recorded, so that
// nobody is recorded twice. It asks as a search does, by every name that was
// given; each candidate, at most 5, is a look of its own.
func (r *Register) Similar(ctx context.Context, a Actor, d PersonData) ([]Revealed, error) {
	now, err := r.now(ctx, a.space)
	if err != nil {
		return nil, err
	}
	identity, err := d.identity(now)
	if err != nil {
		return nil, err
	}
	names := []personal.Text{identity.GivenNames, identity.BirthName, identity.UsedName}
	look, err := r.keys.Search(a.space, names, identity.Birth)
	if err != nil {
		return nil, &Invalid{Pointer: "/birth_name", Reason: "name"}
	}
	return r.lookUp(ctx, a, look, charter.PurposePrepareMandate)
}

// dateForms are the birth dates that people type, each with where year, month
// and day stand. The day and the month may be missing: many know no more.
var dateForms = []struct {
	form    *regexp.Regexp
	y, m, d int
}{
	{regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`), 1, 2, 3},
	{regexp.MustCompile(`^(\d{4})-(\d{1,2})$`), 1, 2, 0},
	{regexp.MustCompile(`^(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})$`), 3, 2, 1},
	{regexp.MustCompile(`^(\d{1,2})[/.\- ](\d{4})$`), 2, 1, 0},
	{regexp.MustCompile(`^(\d{2})(\d{2})(\d{4})$`), 3, 2, 1},
	{regexp.MustCompile(`^(\d{4})$`), 1, 0, 0},
}

// birthIn finds the one birth date of a text, as ISO 8601 writes it.
func birthIn(text string) (string, bool) {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' })
	var parts []string
	for _, w := range words {
		if strings.Trim(w, "0123456789/.-") == "" && strings.ContainsAny(w, "0123456789") {
			parts = append(parts, w)
		}
	}
	date := strings.Join(parts, " ")
	for _, f := range dateForms {
		found := f.form.FindStringSubmatch(date)
		if found == nil {
			continue
		}
		iso := found[f.y]
		for _, i := range []int{f.m, f.d} {
			if i > 0 {
				iso += fmt.Sprintf("-%02s", found[i])
			}
		}
		return iso, true
	}
	return "", false
}

// maxHits bounds the rows of the index that one prefix is followed to.
const maxHits = 50

// candidates reads the blind index: who has the very name first, then those of
// whom most of the beginnings that were typed fit.
func (t *turn) candidates(look personal.Lookup) ([]*Person, error) {
	exact, err := t.hits(look.Exact)
	if err != nil {
		return nil, err
	}
	alike, err := t.hits(look.Prefix)
	if err != nil {
		return nil, err
	}
	var found []*Person
	seen := map[PersonID]bool{}
	for _, id := range slices.Concat(exact, alike) {
		if seen[id] {
			continue
		}
		seen[id] = true
		p := &Person{ID: id}
		if ok, err := t.tx.Get(p); err != nil {
			return nil, err
		} else if !ok || p.Erased() {
			continue
		}
		if found = append(found, p); len(found) == maxCandidates {
			break
		}
	}
	return found, nil
}

// hits lists who is filed under rows of the index, most rows first.
func (t *turn) hits(rows [][]byte) ([]PersonID, error) {
	count := map[PersonID]int{}
	var list []PersonID
	for _, row := range rows {
		n := 0
		err := each(t.tx, hex.EncodeToString(row)+"/", func(x *IndexRow) error {
			if count[x.Owner] == 0 {
				list = append(list, x.Owner)
			}
			count[x.Owner]++
			if n++; n == maxHits {
				return StopScan
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(list, func(a, b PersonID) int { return count[b] - count[a] })
	return list, nil
}
