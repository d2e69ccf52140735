package place

import "fmt"

// Marks are the words of a place as bits, so that many places are gone through at
// once. Which bit is which word is the vocabulary's business and may change with it:
// marks are never kept.
type Marks uint64

// marked are the columns whose words are marks.
var marked = []string{
	"services", "publics_specifiquement_adresses", "prise_en_charge_specifique", "frais_a_charge",
	"dispositif_programmes_nationaux", "modalites_acces", "modalites_accompagnement", "itinerance",
}

// bits gives each word of the marked columns its bit.
func (v *Vocabulary) bits() (map[string]map[Code]Marks, error) {
	all, next := map[string]map[Code]Marks{}, 0
	for _, column := range marked {
		all[column] = map[Code]Marks{}
		for _, w := range v.labels[column] {
			all[column][w.Code] = 1 << next
			next++
		}
	}
	if next > 64 {
		return nil, fmt.Errorf("place: the vocabulary has %d words to mark, more than 64", next)
	}
	return all, nil
}

// Mark is the mark of a word of a column; 0 when there is no such word.
func (v *Vocabulary) Mark(column string, code Code) Marks { return v.marks[column][code] }

// MarksOf are all the marks of a place.
func MarksOf[T any](v *Vocabulary, p *Place[T]) Marks {
	var m Marks
	for column, codes := range map[string][]Code{
		"services": p.Services, "publics_specifiquement_adresses": p.Audiences, "prise_en_charge_specifique": p.Care,
		"frais_a_charge": p.Price, "dispositif_programmes_nationaux": p.Programmes, "modalites_acces": p.Access,
		"modalites_accompagnement": p.Ways, "itinerance": p.Roaming,
	} {
		for _, code := range codes {
			m |= v.marks[column][code]
		}
	}
	return m
}
