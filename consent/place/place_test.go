package place_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aval/charter/screen"
	"aval/consent/place"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func vocabulary(t testing.TB) *place.Vocabulary {
	t.Helper()
	v, err := place.LoadVocabulary()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// read reads a whole file.
func read(t testing.TB, in io.Reader) (rows []place.Row, r place.Report, err error) {
	t.Helper()
	for row, err := range vocabulary(t).Read(t.Context(), in) {
		if err != nil {
			return rows, r, err
		}
		rows = append(rows, row)
		r.Add(row)
	}
	return rows, r, nil
}

// The files that exist: what they hold was counted by hand from the files.
func TestRealFiles(t *testing.T) {
	for name, want := range map[string]place.Report{
		"exemple-valide.csv":           {Read: 1, Kept: 1},
		"nouvelle-caledonie-2024.json": {Read: 90, Kept: 90, Mapped: 66, NoPivot: 90, LongSummary: 12, LeftOut: 1}, // an e-mail address as a site
		"charente-2023.json":           {Read: 188, Kept: 188, Mapped: 186, NoPivot: 67},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := os.Open(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			_, got, err := read(t, in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The schema's own example, field by field.
func TestEveryColumnIsRead(t *testing.T) {
	in, err := os.Open("testdata/exemple-valide.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	rows, _, err := read(t, in)
	if err != nil {
		t.Fatal(err)
	}
	got := place.Texts(rows[0].Place, screen.Clean.String)
	got.Detail = got.Detail[:20]
	want := place.Place[string]{
		Pivot: "43493312300029", Name: "Anonymal", Commune: "Reims", Postal: "51100", INSEE: "51454",
		Address: "12 BIS RUE DE LECLERCQ", Extra: "Le patio du bois de l'Aulne", Point: &place.Point{Lat: 43.52609, Lon: 5.41423},
		Updated: "2024-04-02", Kinds: []place.Code{"TIERS_LIEUX", "ASSO"}, Phone: "+33180059880",
		Emails:  []string{"contact@laquincaillerie.tl", "responsable@laquincaillerie.tl"},
		Sites:   []string{"https://www.laquincaillerie.tl/", "https://m.facebook.com/laquincaillerienumerique/"},
		Hours:   "Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00",
		Summary: "Notre association propose des formations aux outils numériques à destination des personnes âgées.",
		Detail:  "Notre parcours d'ini", Source: "Hubik", Parent: "SIRET de la ville pour une bibliothèque.",
		Services: []place.Code{"everyday", "work", "leisure"}, Audiences: []place.Code{"young", "women"},
		Care: []place.Code{"deafness", "illiteracy", "english"}, Price: []place.Code{"conditional", "paying"},
		Programmes: []place.Code{"aidants-connect", "conseillers-numeriques", "croix-rouge"},
		Training:   []place.Code{"mon-espace-sante", "arnia"}, OtherLabels: []string{"Label et la bête"},
		Access: []place.Code{"come", "phone"}, Ways: []place.Code{"workshop", "remote", "alone", "individual"},
		Roaming:     []place.Code{"roaming"},
		AccessSheet: "https://acceslibre.beta.gouv.fr/app/29-lampaul-plouarzel/a/bibliotheque-mediatheque/erp/mediatheque-13/",
		Booking:     "https://www.rdv-solidarites.fr/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rows[0].Local != "structure-1" {
		t.Errorf("identifier %q", rows[0].Local)
	}
}

// needed is a place with nothing but what is needed, and one more column.
func needed(column, cell string) string {
	quoted := `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	return "id,nom,commune,code_postal,adresse,date_maj," + column + "\n" +
		"1,Mairie,Ajaccio,20000,1 rue Haute,2024-04-02," + quoted + "\n"
}

// Each trap that real files hold, alone in its file.
func TestTraps(t *testing.T) {
	for _, tt := range []struct {
		column, cell string
		got          func(place.Place[string]) any
		want         any
		mapped       bool
		fault        place.Reason
	}{
		{column: "pivot", cell: "00000000000000", got: pivot, want: place.Pivot("")},
		{column: "pivot", cell: "W751234567", got: pivot, want: place.Pivot("W751234567")},
		{column: "pivot", cell: "434 933 123 00029", got: pivot, want: place.Pivot("43493312300029")},
		{column: "pivot", cell: "12", got: pivot, want: place.Pivot(""), fault: place.BadForm},
		{column: "code_insee", cell: "2A004", got: insee, want: place.Commune("2A004")},
		{column: "code_insee", cell: "2b033", got: insee, want: place.Commune("2B033")},
		{column: "code_insee", cell: "2C001", got: insee, want: place.Commune(""), fault: place.BadForm},
		{column: "code_insee", cell: "1053", got: insee, want: place.Commune("01053")},
		{column: "services", cell: "Aide aux démarches administratives|Utilisation sécurisée du numérique", got: services, want: codes("procedures", "safety")},
		{column: "services", cell: " aide  aux demarches ADMINISTRATIVES ", got: services, want: codes("procedures")},
		{column: "services", cell: "Prendre en main un ordinateur;S’équiper en matériel informatique", got: services, want: codes("everyday", "equipment"), mapped: true},
		{column: "services", cell: "S'équiper en matériel informatique,Accéder à du matériel", got: services, want: codes("equipment", "access"), mapped: true},
		{column: "services", cell: "Aide aux démarches administratives|Cuisine", got: services, want: codes("procedures"), fault: place.Unknown},
		{column: "formations_labels", cell: "Étapes numériques(La Poste)|Formé à « DUPLEX » (illettrisme)", got: training, want: codes("etapes", "duplex")},
		{column: "dispositif_programmes_nationaux", cell: "Point d’accès numérique CAF", got: programmes, want: codes("caf")},
		{column: "labels_nationaux", cell: "CNFS;France Services", got: programmes, want: codes("conseillers-numeriques", "france-services"), mapped: true},
		{column: "labels_nationaux", cell: "APTIC", got: labels, want: []string{"APTIC"}, mapped: true},
		{column: "conditions_acces", cell: "Gratuit sous condition : La gratuité est conditionnée à des critères (situation familiale, convention avec un organisme social...)", got: price, want: codes("conditional"), mapped: true},
		{column: "conditions_acces", cell: "Accepte le Pass numérique", got: price, want: codes(), mapped: true, fault: place.Unknown},
		{column: "publics_accueillis", cell: "Adultes;Surdité;Jeunes (16-26 ans)", got: care, want: codes("deafness"), mapped: true},
		{column: "modalites_accompagnement", cell: "Avec de l'aide : je suis accompagné seul dans l'usage du numérique", got: ways, want: codes("individual"), mapped: true},
		{column: "modalites_acces", cell: "Ce lieu n’accueille pas de public", got: nobody, want: true},
		{column: "telephone", cell: "01 80 05 98 80", got: phone, want: place.Phone("+33180059880")},
		{column: "telephone", cell: "+687 44 57 28", got: phone, want: place.Phone("+687445728")},
		{column: "telephone", cell: "3949", got: phone, want: place.Phone(""), fault: place.BadForm},
		{column: "latitude", cell: "43.5", got: point, want: (*place.Point)(nil)}, // without its longitude
		{column: "latitude", cell: "143.5", got: point, want: (*place.Point)(nil), fault: place.BadForm},
		{column: "latitude", cell: "NaN", got: point, want: (*place.Point)(nil), fault: place.BadForm},
		{column: "site_web", cell: "https://a.fr/?x=1;y=2;https://b.fr/", got: sites, want: []string{"https://a.fr/?x=1;y=2", "https://b.fr/"}},
		{column: "site_web", cell: "javascript:alert(1)", got: sites, want: []string(nil), fault: place.BadForm},
		{column: "site_web", cell: "https://jean:secret@a.fr/", got: sites, want: []string(nil), fault: place.BadForm},
		{column: "courriel", cell: "a@b.fr;c@d.fr", got: emails, want: []string{"a@b.fr", "c@d.fr"}, mapped: true},
		{column: "presentation_resume", cell: "Deux\nlignes", got: summary, want: "Deux lignes"},
		{column: "presentation_resume", cell: "wifi ouvert, mot de passe de la salle : Soleil2019!", got: summary, want: "", fault: place.Credential},
		{column: "presentation_resume", cell: "a\u0007b", got: summary, want: "", fault: place.Control},
		{column: "presentation_resume", cell: "a\xffb", got: summary, want: "", fault: place.BadUTF8},
		{column: "typologie", cell: "CC|CCONS", got: kinds, want: codes("CC", "CCONS")},
	} {
		t.Run(tt.column+" "+tt.cell, func(t *testing.T) {
			rows, r, err := read(t, strings.NewReader(needed(tt.column, tt.cell)))
			if err != nil || r.Kept != 1 {
				t.Fatalf("kept %d of %d: %v %v", r.Kept, r.Read, rows[0].Faults, err)
			}
			got := tt.got(place.Texts(rows[0].Place, screen.Clean.String))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			var fault place.Reason
			if len(rows[0].Faults) > 0 {
				fault = rows[0].Faults[0].Reason
			}
			if fault != tt.fault || rows[0].Mapped != tt.mapped {
				t.Errorf("fault %q, mapped %v; want %q, %v", fault, rows[0].Mapped, tt.fault, tt.mapped)
			}
		})
	}
}

type P = place.Place[string]

func codes(list ...place.Code) []place.Code { return list }
func pivot(p P) any                         { return p.Pivot }
func insee(p P) any                         { return p.INSEE }
func services(p P) any                      { return p.Services }
func training(p P) any                      { return p.Training }
func programmes(p P) any                    { return p.Programmes }
func price(p P) any                         { return p.Price }
func care(p P) any                          { return p.Care }
func ways(p P) any                          { return p.Ways }
func kinds(p P) any                         { return p.Kinds }
func labels(p P) any                        { return p.OtherLabels }
func phone(p P) any                         { return p.Phone }
func point(p P) any                         { return p.Point }
func sites(p P) any                         { return p.Sites }
func emails(p P) any                        { return p.Emails }
func summary(p P) any                       { return p.Summary }
func nobody(p P) any                        { return p.ReceivesNobody() }

// What cannot be kept is told by line and column, and never repeated.
func TestRefusals(t *testing.T) {
	const head = "id;nom;commune;code_postal;adresse;date_maj\n"
	for _, tt := range []struct{ name, file, want string }{
		{"no name", head + "1;;Reims;51100;rue;2024-04-02\n", "line 2, column 2: nom is needed and empty"},
		{"no column", "id,nom,commune,code_postal,adresse\n1,a,b,51100,c\n", "line 2, column 1: date_maj is needed and empty"},
		{"postal code", head + "1;a;Reims;5110O;rue;2024-04-02\n", "line 2, column 4: code_postal is not of the form that the schema asks"},
		{"no such day", head + "1;a;Reims;51100;rue;2023-02-29\n", "line 2, column 6: date_maj is not of the form that the schema asks"},
		{"another date", head + "1;a;Reims;51100;rue;02/04/2024\n", "line 2, column 6: date_maj is not of the form that the schema asks"},
		{"cells", head + "1;a;Reims;51100;rue;2024-04-02;more\n", "line 2, column 1: the line has more or fewer cells than the header"},
		{"quotes", head + "\"1\"x;a;Reims;51100;rue;2024-04-02\n", "line 2, column 1: quotation marks do not match"},
		{"password", head + "1;mdp caf : Soleil2019!;Reims;51100;rue;2024-04-02\n", "line 2, column 2: nom looks like a password, a code or a card number, which is never kept"},
		{"not an object", `[3]`, "line 1, column 1: not an object of texts and numbers"},
		{"lines of JSON", "[\n\n{\"id\":\"1\",\n\"nom\":{}}]", "line 3, column 2: nom is not of the form that the schema asks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rows, r, err := read(t, strings.NewReader(tt.file))
			if err != nil || r.Refused != 1 || r.Kept != 0 {
				t.Fatalf("%+v %v", r, err)
			}
			if got := rows[0].Faults; len(got) != 1 || got[0].String() != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// A record that cannot be kept takes no neighbour with it.
func TestNeighboursOfARefusedRecord(t *testing.T) {
	file := "id,nom,commune,code_postal,adresse,date_maj\n" +
		"1,a,Reims,51100,r,2024-04-02\n2,\"b\"c,Reims,51100,r,2024-04-02\n3,c,Reims,51100,r,2024-04-02\n"
	rows, r, err := read(t, strings.NewReader(file))
	if err != nil || r.Kept != 2 || r.Refused != 1 || rows[2].Line != 4 {
		t.Errorf("%+v %v, third on line %d", r, err, rows[2].Line)
	}
}

// Numbers of JSON give lost zeros back; columns that the schema does not have are
// counted, once each.
func TestJSONNumbersAndOtherColumns(t *testing.T) {
	file := `[{"id":7,"nom":"a","commune":"Bourg","code_postal":1000,"code_insee":1053,"adresse":"r","date_maj":"2024-04-02",
		"services":["Aide aux démarches administratives","Loisirs et créations numériques"],"latitude":46.2,"longitude":5.2,"cle_ban":"x"},
		{"id":8,"nom":"a","commune":"Bourg","code_postal":"01000","adresse":"r","date_maj":"2024-04-02","cle_ban":null,"telephone":null}]`
	rows, r, err := read(t, strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if r.Kept != 2 || r.Others["cle_ban"] != 2 || len(r.Others) != 1 || r.LeftOut != 0 {
		t.Errorf("%+v", r)
	}
	p := rows[0].Place
	if p.Postal != "01000" || p.INSEE != "01053" || !slices.Equal(p.Services, codes("procedures", "leisure")) || *p.Point != (place.Point{Lat: 46.2, Lon: 5.2}) {
		t.Errorf("%+v", p)
	}
}

// A file that is no file of places ends with one sentence, and no memory is spent on it.
func TestHostileFiles(t *testing.T) {
	const head = "id,nom,commune,code_postal,adresse,date_maj\n"
	row := "1,a,Reims,51100,r,2024-04-02\n"
	for _, tt := range []struct {
		name string
		file io.Reader
		want place.FileError
	}{
		{"empty", strings.NewReader(""), place.FileError{Line: 1, Reason: place.FileEmpty}},
		{"NUL", strings.NewReader(head + row + row + "2,a\x00"), place.FileError{Line: 4, Reason: place.FileNUL}},
		{"a cell of 100 MB", io.MultiReader(strings.NewReader(head+`"`), &endless{"aaaaaaa\n", 100 << 20}), place.FileError{Line: 2, Reason: place.FileRecordTooLong}},
		{"a line of 100 MB", &endless{"a", 100 << 20}, place.FileError{Line: 1, Reason: place.FileRecordTooLong}},
		{"a text of 100 MB", io.MultiReader(strings.NewReader(`[{"id":"`), &endless{"a", 100 << 20}), place.FileError{Line: 1, Reason: place.FileRecordTooLong}},
		{"a bomb of brackets", io.MultiReader(strings.NewReader(`[`), &endless{"[", 100 << 20}), place.FileError{Line: 1, Reason: place.FileUnreadable}},
		{"broken off", strings.NewReader(`[{"id":"1"`), place.FileError{Line: 1, Reason: place.FileUnreadable}},
		{"more after the end", strings.NewReader(`[] []`), place.FileError{Line: 1, Reason: place.FileUnreadable}},
		{"a member twice", strings.NewReader(`[{"id":"1","id":"2"}]`), place.FileError{Line: 1, Reason: place.FileUnreadable}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := read(t, tt.file)
			runtime.ReadMemStats(&after)
			got, ok := errors.AsType[*place.FileError](err)
			if !ok || *got != tt.want {
				t.Errorf("got %v, want %v", err, &tt.want)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 32<<20 {
				t.Errorf("memory grew by %d MB", grown>>20)
			}
		})
	}
}

// endless repeats a text up to a size.
type endless struct {
	text string
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.text)
	}
	e.left -= n
	return n, nil
}

// A file of any size takes the memory of a small one: 40,000 places are read while
// the heap stays where it was.
func TestMemoryIsFlat(t *testing.T) {
	var peak uint64
	n := 0
	for row, err := range vocabulary(t).Read(t.Context(), many(40_000)) {
		if err != nil || !row.Kept {
			t.Fatal(row.Faults, err)
		}
		if n++; n%10_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}
	if n != 40_000 || peak > 64<<20 {
		t.Errorf("%d places, heap %d MB", n, peak>>20)
	}
}

// many is a file of n places.
func many(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		fmt.Fprintln(w, "id,nom,commune,code_postal,adresse,date_maj,services,horaires,latitude,longitude")
		for i := range n {
			_, err := fmt.Fprintf(w, "lieu-%d,Maison du numérique %d,Nouméa,98800,%d avenue Koenig,2024-04-02,Aide aux démarches administratives|Loisirs et créations numériques,\"Mo-Fr 08:00-12:00,13:00-16:30\",-22.2%04d,166.4%04d\n", i, i%500, i%200, i%10000, i%10000)
			if err != nil {
				return
			}
		}
		w.Close()
	}()
	return r
}

// Whoever stops reading leaves nothing running (TestMain looks).
func TestReadingIsLeftEarly(t *testing.T) {
	for _, err := range vocabulary(t).Read(t.Context(), strings.NewReader(needed("source", "x"))) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
}

func TestHours(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse("Mon 2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, tt := range []struct {
		hours string
		when  string
		open  bool
		known bool
	}{
		{"Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00", "Mon 2026-11-23 09:00", true, true},
		{"Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00", "Mon 2026-11-23 12:00", false, true},
		{"Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00", "Sat 2026-11-28 11:59", true, true},
		{"Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00", "Sun 2026-11-29 10:00", false, true},
		// A later rule replaces the earlier one on its days.
		{"Mo-Fr 08:00-16:00; Tu 13:00-16:00", "Tue 2026-11-24 09:00", false, true},
		{"Tu-Fr 10:00-12:30,15:00-18:00; Sa 10:00-12:30; Th off", "Thu 2026-11-26 11:00", false, true},
		{"Mo 09:00-12:30,14:00-16:30;Tu 09:00-12:30", "Tue 2026-11-24 10:00", true, true},
		{"Sa-Mo 10:00-11:00", "Sun 2026-11-29 10:30", true, true},
		{"24/7", "Sun 2026-11-29 03:00", true, true},
		{"Mo-Fr 09:00-17:00; PH off", "Mon 2026-11-23 09:30", true, true},
		{"Mo-Fr 22:00-02:00", "Mon 2026-11-23 23:00", false, false},
		{"Mo-Fr 09:00-12:00; Jul-Aug off", "Mon 2026-11-23 10:00", false, false},
		{"Mo[1] 09:00-12:00", "Mon 2026-11-23 10:00", false, false},
		{"sur rendez-vous", "Mon 2026-11-23 10:00", false, false},
		{"Mo-Fr 09:00-25:00", "Mon 2026-11-23 10:00", false, false},
		{"", "Mon 2026-11-23 10:00", false, false},
	} {
		h, known := place.ParseHours(tt.hours)
		if known != tt.known || h.OpenAt(at(tt.when)) != tt.open {
			t.Errorf("%q on %s: open %v, known %v", tt.hours, tt.when, h.OpenAt(at(tt.when)), known)
		}
	}
}

// Nearly every place that says its hours says them in the form that is read.
func TestHoursOfRealFiles(t *testing.T) {
	said, understood := 0, 0
	for _, name := range []string{"nouvelle-caledonie-2024.json", "charente-2023.json"} {
		in, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		rows, _, err := read(t, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if hours := row.Place.Hours.String(); hours != "" {
				said++
				if _, ok := place.ParseHours(hours); ok {
					understood++
				}
			}
		}
	}
	if said != 141 || understood != said {
		t.Errorf("understood %d of %d", understood, said)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"exemple-valide.csv", "nouvelle-caledonie-2024.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 4000)])
	}
	f.Add([]byte(needed("services", "Prendre en main un ordinateur;x")))
	f.Add([]byte("\ufeff[{\"id\":[\"a\",{}],\"nom\":null}]"))
	v, err := place.LoadVocabulary()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		last := 0
		var r place.Report
		for row, err := range v.Read(t.Context(), strings.NewReader(string(data))) {
			if err != nil {
				break
			}
			if row.Line < last {
				t.Errorf("line %d after %d", row.Line, last)
			}
			last = row.Line
			if row.Kept && (row.Local == "" || row.Place.Name.String() == "" || row.Place.Postal == "" || row.Place.Updated == "") {
				t.Error("a place without what is needed was kept")
			}
			if !row.Kept && len(row.Faults) != 1 {
				t.Errorf("refused for %d reasons", len(row.Faults))
			}
			r.Add(row)
		}
		if r.Read != r.Kept+r.Refused {
			t.Errorf("%+v does not add up", r)
		}
	})
}

func FuzzParseHours(f *testing.F) {
	f.Add("Mo-Fr 09:00-12:00,14:00-18:30; Sa 08:30-12:00; PH off")
	f.Add("24/7")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := place.ParseHours(s)
		for day := range 7 {
			if open := h.OpenAt(time.Date(2026, 11, 22+day, 10, 0, 0, 0, time.UTC)); open && !ok {
				t.Error("hours that are not understood say something")
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	v := vocabulary(b)
	const n = 20_000
	for b.Loop() {
		kept := 0
		for row, err := range v.Read(b.Context(), many(n)) {
			if err != nil {
				b.Fatal(err)
			}
			if row.Kept {
				kept++
			}
		}
		if kept != n {
			b.Fatal(kept)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "places/s")
}

func TestGazetteer(t *testing.T) {
	g, err := place.LoadGazetteer()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, first, postal string }{
		{"51100", "Reims", "51100"},
		{"reims", "Reims", "51100"},
		{"Angouleme", "Angoulême", "16000"},
		{"98800 Nouméa", "", ""}, // the open file has no postal codes there
		{"Nouméa", "Nouméa", ""},
		{"Saint-Étienne-du-Rouvr", "Saint-Étienne-du-Rouvray", "76800"},
		{"x", "", ""},
		{"", "", ""},
		{"99999", "", ""},
	} {
		towns := g.Find(tt.text)
		if tt.first == "" {
			if len(towns) != 0 {
				t.Errorf("%q found %v", tt.text, towns)
			}
			continue
		}
		if len(towns) == 0 || towns[0].Name != tt.first || string(towns[0].Postal) != tt.postal {
			t.Errorf("%q found %v", tt.text, towns)
		}
	}
	reims, noumea := g.Find("Reims")[0], g.Find("Nouméa")[0]
	if km := place.Km(*reims.Point, *noumea.Point); km < 16_000 || km > 17_000 {
		t.Errorf("Reims to Nouméa: %.0f km", km)
	}
	if p := g.Around("16100"); p == nil || place.Km(*p, place.Point{Lat: 45.69, Lon: -0.32}) > 15 {
		t.Errorf("Cognac's postal code lies around %v", p)
	}
}

func TestMarksHaveRoom(t *testing.T) {
	v := vocabulary(t)
	if v.Mark("services", "procedures") == 0 || v.Mark("services", "none") != 0 {
		t.Error("a word has no mark, or none has one")
	}
	p := place.Place[string]{Services: codes("procedures"), Ways: codes("individual")}
	if got := place.MarksOf(v, &p); got != v.Mark("services", "procedures")|v.Mark("modalites_accompagnement", "individual") {
		t.Errorf("marks %x", got)
	}
}
