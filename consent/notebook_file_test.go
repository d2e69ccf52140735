package consent

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"aval/charter"
	"aval/charter/screen"
)

// A file that is taken has two columns, and every line of it is a row or a fault;
// what is refused as a whole gives nothing at all.
func FuzzNotebookFile(f *testing.F) {
	ch, err := charter.Load()
	if err != nil {
		f.Fatal(err)
	}
	services, err := ch.RecoverySheets()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "personne;service\nJeanne Morel 12/03/1948;caf\n", "\xef\xbb\xbfPerson,Service\r\n\"Morel, Jeanne 1948\",Ameli\r\n",
		"service\tnom\nCAF\tAminata N'Diaye 05/1950\n", "personne;service;mdp\nx;y;Soleil42!\n", "personne,service\na,b,c\n",
		"personne,service\n\"a\nb\",c\n", "personne,service\n\xff,caf\n", "a", ";", "personne;service\n;\n", "personne,service\nmdp : Soleil42! 1948,caf\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := readNotebookFile(strings.NewReader(text), services)
		if err != nil {
			var invalid *Invalid
			if file != nil || !errors.As(err, &invalid) || !slices.Contains([]string{"notebook_columns", "notebook_form", "notebook_header", "notebook_size"}, invalid.Reason) {
				t.Errorf("%v with %v", err, file)
			}
			return
		}
		if file.read != len(file.rows)+len(file.faults) {
			t.Errorf("%d lines, %d rows, %d faults", file.read, len(file.rows), len(file.faults))
		}
		for _, row := range file.rows {
			if _, known := ch.Service(row.service); !known && row.service != "laposte_identite" {
				t.Errorf("a row of %q", row.service)
			}
			if _, err := screen.Form(screen.Field{Name: "x", Text: row.person.String(), Kind: screen.Note}); err != nil {
				t.Error("a row that the screening refuses")
			}
			if row.line < 2 || row.birth == "" {
				t.Errorf("line %d, birth %q", row.line, row.birth)
			}
		}
	})
}
