package place

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aval/charter/screen"
)

// A Row is one record of a file after it was looked at.
type Row struct {
	Line int
	// Local is the producer's own identifier, unique in its file. It is for making
	// another from: as it stands it may be any text, so it is not kept.
	Local  string
	Place  Place[screen.Clean] // when kept
	Kept   bool
	Mapped bool    // a word or a column of the older schema was read as today's
	Faults []Fault // of a kept place: the cells left out; else why it was refused
	Others []string
}

// A checker reads one record. It is made anew for each.
type checker struct {
	v    *Vocabulary
	row  Row
	p    *Place[screen.Clean]
	seen map[string]int // where each column stood
	full map[string]bool
	at   int
	col  string
	lat  *float64
	lon  *float64
}

// check reads a record's cells. It looks at nothing else, so records can be looked
// at side by side.
func (v *Vocabulary) check(r record) Row {
	c := &checker{v: v, row: Row{Line: r.line, Kept: true}, seen: make(map[string]int, len(r.cells)), full: make(map[string]bool, len(r.cells))}
	c.p = &c.row.Place
	if r.fault != "" {
		c.refuse(r.fault)
		return c.row
	}
	for _, cell := range r.cells {
		c.cell(cell)
	}
	c.point()
	c.needed()
	if !c.row.Kept {
		c.row.Place = Place[screen.Clean]{}
	}
	return c.row
}

// cell reads one cell into the place.
func (c *checker) cell(in cell) {
	column, older := c.v.column(in.column)
	read, known := columns[column]
	if !known {
		c.row.Others = append(c.row.Others, in.column)
		return
	}
	c.at, c.col = in.at, column
	text := strings.TrimSpace(in.text)
	switch {
	case in.form == notText:
		c.leaveOut(BadForm)
		return
	case text == "":
		c.seen[column] = max(c.seen[column], in.at)
		return
	case !utf8.ValidString(text):
		c.leaveOut(BadUTF8)
		return
	case c.full[column]:
		c.leaveOut(Twice)
		return
	}
	c.seen[column], c.full[column] = in.at, true
	c.row.Mapped = c.row.Mapped || older
	read(c, text, in.form)
}

// columns is what is done with each column of the schema.
var columns = map[string]func(*checker, string, cellForm){
	"nom":                text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Name }, screen.Name, 300),
	"commune":            text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Commune }, screen.Place, 100),
	"adresse":            text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Address }, screen.Address, 300),
	"complement_adresse": text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Extra }, screen.Address, 300),
	"horaires":           text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Hours }, screen.Place, 500),
	"presentation_resume": text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Summary },
		screen.Note, 4000),
	"presentation_detail": text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Detail },
		screen.Note, 16000),
	"source":            text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Source }, screen.Name, 200),
	"structure_parente": text(func(p *Place[screen.Clean]) *screen.Clean { return &p.Parent }, screen.Name, 300),
	"fiche_acces_libre": address(func(p *Place[screen.Clean]) *screen.Clean { return &p.AccessSheet }),
	"prise_rdv":         address(func(p *Place[screen.Clean]) *screen.Clean { return &p.Booking }),
	"id":                (*checker).local,
	"pivot":             (*checker).pivot,
	"code_postal":       (*checker).postal,
	"code_insee":        (*checker).insee,
	"latitude":          func(c *checker, s string, _ cellForm) { c.lat = c.degrees(s, 90) },
	"longitude":         func(c *checker, s string, _ cellForm) { c.lon = c.degrees(s, 180) },
	"date_maj":          (*checker).date,
	"telephone":         (*checker).phone,
	"courriels":         (*checker).emails,
	"site_web":          (*checker).sites,
	"typologie":         (*checker).kinds,

	"services":                        words,
	"publics_specifiquement_adresses": words,
	"prise_en_charge_specifique":      words,
	"frais_a_charge":                  words,
	"dispositif_programmes_nationaux": words,
	"formations_labels":               words,
	"modalites_acces":                 words,
	"modalites_accompagnement":        words,
	"itinerance":                      words,
	"autres_formations_labels":        (*checker).otherLabels,
}

// listOf is where the codes of a column go.
func (c *checker) listOf(column string) *[]Code {
	switch column {
	case "services":
		return &c.p.Services
	case "publics_specifiquement_adresses":
		return &c.p.Audiences
	case "prise_en_charge_specifique":
		return &c.p.Care
	case "frais_a_charge":
		return &c.p.Price
	case "dispositif_programmes_nationaux":
		return &c.p.Programmes
	case "formations_labels":
		return &c.p.Training
	case "modalites_acces":
		return &c.p.Access
	case "modalites_accompagnement":
		return &c.p.Ways
	case "itinerance":
		return &c.p.Roaming
	}
	return nil
}

// words reads a cell of a closed list.
func words(c *checker, cell string, _ cellForm) {
	column := c.col
	c.v.read(column, cell, func(word string, m meaning) {
		c.row.Mapped = c.row.Mapped || m.older
		if list := c.listOf(m.column); list != nil {
			*list = with(*list, m.code)
		} else if m.column == "autres_formations_labels" {
			c.addLabel(word)
		}
	}, func(string) { c.leaveOut(Unknown) })
}

// with adds a code that is not there.
func with(list []Code, code Code) []Code {
	for _, have := range list {
		if have == code {
			return list
		}
	}
	return append(list, code)
}

// maxList bounds the entries of a free list.
const maxList = 50

func (c *checker) otherLabels(cell string, _ cellForm) {
	for word := range strings.FieldsFuncSeq(cell, func(r rune) bool { return r == '|' || r == ';' }) {
		c.addLabel(strings.TrimSpace(word))
	}
}

func (c *checker) addLabel(word string) {
	if word == "" || len(c.p.OtherLabels) >= maxList {
		return
	}
	if clean, ok := c.screened(word, screen.Name, 300); ok {
		c.p.OtherLabels = append(c.p.OtherLabels, clean)
	}
}

// text reads a cell of free text.
func text(field func(*Place[screen.Clean]) *screen.Clean, kind screen.FieldKind, longest int) func(*checker, string, cellForm) {
	return func(c *checker, cell string, _ cellForm) {
		if clean, ok := c.screened(cell, kind, longest); ok {
			*field(c.p) = clean
		}
	}
}

// address reads a cell that holds one address of the web.
func address(field func(*Place[screen.Clean]) *screen.Clean) func(*checker, string, cellForm) {
	return func(c *checker, cell string, _ cellForm) {
		if clean, ok := c.site(cell); ok {
			*field(c.p) = clean
		}
	}
}

// screened lets a text in, or leaves it out with its reason. Line breaks count as
// spaces: the schema has no text of several lines.
func (c *checker) screened(s string, kind screen.FieldKind, longest int) (screen.Clean, bool) {
	if strings.ContainsAny(s, "\r\n\t\u2028\u2029") {
		s = strings.Join(strings.Fields(s), " ")
	}
	clean, err := screen.Form(screen.Field{Name: c.col, Text: s, Kind: kind, Max: longest})
	if err == nil {
		return clean[0], true
	}
	reason := Credential
	if invalid, ok := errors.AsType[*screen.Invalid](err); ok {
		switch invalid.Rule {
		case screen.InvalidLength:
			reason = TooLong
		case screen.InvalidControl:
			reason = Control
		default:
			reason = BadUTF8
		}
	}
	c.leaveOut(reason)
	return screen.Clean{}, false
}

var (
	pivotForm  = regexp.MustCompile(`^[A-Za-z0-9]{9,14}$`)
	postalForm = regexp.MustCompile(`^[0-9]{5}$`)
	inseeForm  = regexp.MustCompile(`^([013-9][0-9]|2[AB1-9])[0-9]{3}$`)
	phoneForm  = regexp.MustCompile(`^\+(33|590|594|262|596|269|687|689|508|681)[0-9]{6,9}$`)
	kindForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z_]{0,39}$`)
	emailForm  = regexp.MustCompile(`^[^\s@|;,<>"]{1,64}@[^\s@|;,<>"]{1,190}\.[^\s@|;,<>"]{2,63}$`)
)

// local reads the producer's identifier: 1 to 200 bytes.
func (c *checker) local(s string, _ cellForm) {
	if len(s) > 200 {
		c.leaveOut(TooLong)
		return
	}
	c.row.Local = s
}

// pivot reads the number of the legal person. Nothing but zeros stands for unknown
// in real files.
func (c *checker) pivot(s string, form cellForm) {
	s = strings.ReplaceAll(s, " ", "")
	if form == aNumber && len(s) > 9 && len(s) < 14 { // leading zeros of a SIRET are lost in numbers
		s = strings.Repeat("0", 14-len(s)) + s
	}
	switch {
	case strings.Trim(s, "0") == "":
	case pivotForm.MatchString(s):
		c.p.Pivot = Pivot(strings.ToUpper(s))
	default:
		c.leaveOut(BadForm)
	}
}

func (c *checker) postal(s string, form cellForm) {
	if s = padded(s, form); postalForm.MatchString(s) {
		c.p.Postal = Postal(s)
		return
	}
	c.leaveOut(BadForm)
}

func (c *checker) insee(s string, form cellForm) {
	if s = strings.ToUpper(padded(s, form)); inseeForm.MatchString(s) {
		c.p.INSEE = Commune(s)
		return
	}
	c.leaveOut(BadForm)
}

// padded gives a code of five digits its zero back, which spreadsheets and numbers
// lose: 1000 is 01000, Bourg-en-Bresse.
func padded(s string, form cellForm) string {
	if len(s) == 4 && (form == aNumber || strings.Trim(s, "0123456789") == "") {
		return "0" + s
	}
	return s
}

// degrees reads a coordinate; a decimal comma is a point.
func (c *checker) degrees(s string, most float64) *float64 {
	d, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || !(d >= -most && d <= most) || strings.ContainsAny(s, "xXpP_") {
		c.leaveOut(BadForm)
		return nil
	}
	return &d
}

// point needs both coordinates. Zero and zero is a spot in the ocean that empty
// cells become.
func (c *checker) point() {
	if c.lat != nil && c.lon != nil && (*c.lat != 0 || *c.lon != 0) {
		c.p.Point = &Point{*c.lat, *c.lon}
	}
}

func (c *checker) date(s string, _ cellForm) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		c.leaveOut(BadForm)
		return
	}
	c.p.Updated = Date(s)
}

func (c *checker) phone(s string, _ cellForm) {
	phone, ok := ReadPhone(s)
	if !ok {
		c.leaveOut(BadForm)
	}
	c.p.Phone = phone
}

// ReadPhone accepts a telephone number as people write it, and empty for none.
func ReadPhone(s string) (Phone, bool) {
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()\u00a0\u202f", r) {
			return -1
		}
		return r
	}, s)
	if len(s) == 10 && s[0] == '0' {
		s = "+33" + s[1:]
	}
	if s != "" && !phoneForm.MatchString(s) {
		return "", false
	}
	return Phone(s), true
}

// ReadPostal accepts a postal code of five digits.
func ReadPostal(s string) (Postal, bool) { return Postal(s), postalForm.MatchString(s) }

func (c *checker) emails(cell string, _ cellForm) {
	for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune("|;, ", r) }) {
		if !emailForm.MatchString(part) {
			c.leaveOut(BadForm)
		} else if clean, ok := c.screened(part, screen.Email, 254); ok && len(c.p.Emails) < maxList {
			c.p.Emails = append(c.p.Emails, clean)
		}
	}
}

// sites splits at "|", and at other separators only before another address, since an
// address may hold them.
func (c *checker) sites(cell string, _ cellForm) {
	for _, separator := range []string{";", ","} {
		cell = strings.ReplaceAll(cell, separator+"http", "|http")
	}
	for part := range strings.SplitSeq(cell, "|") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if clean, ok := c.site(part); ok && len(c.p.Sites) < maxList {
			c.p.Sites = append(c.p.Sites, clean)
		}
	}
}

func (c *checker) site(s string) (screen.Clean, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		c.leaveOut(BadForm)
		return screen.Clean{}, false
	}
	return c.screened(s, screen.Place, 2000)
}

// kinds reads typologies. Their list is kept elsewhere and grows, so any word of
// its form is a code.
func (c *checker) kinds(cell string, _ cellForm) {
	for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune("|;, ", r) }) {
		if !kindForm.MatchString(part) {
			c.leaveOut(Unknown)
		} else if len(c.p.Kinds) < maxList {
			c.p.Kinds = with(c.p.Kinds, Code(part))
		}
	}
}

// required are the cells without which a place cannot be shown or found again.
var required = []string{"id", "nom", "commune", "code_postal", "adresse", "date_maj"}

// needed refuses a place of which a needed cell is empty or was left out.
func (c *checker) needed() {
	p := c.p
	have := map[string]bool{
		"id": c.row.Local != "", "nom": p.Name.String() != "", "commune": p.Commune.String() != "",
		"code_postal": p.Postal != "", "adresse": p.Address.String() != "", "date_maj": p.Updated != "",
	}
	for _, column := range required {
		if have[column] {
			continue
		}
		for _, f := range c.row.Faults {
			if f.Column == column { // it was there, and why it was left out says more
				c.row.Kept, c.row.Faults = false, []Fault{f}
				return
			}
		}
		c.at, c.col = c.seen[column], column
		c.refuse(Missing)
		return
	}
}

func (c *checker) leaveOut(why Reason) {
	c.row.Faults = append(c.row.Faults, Fault{c.row.Line, c.at, c.col, why})
}

func (c *checker) refuse(why Reason) {
	c.row.Kept = false
	c.row.Faults = []Fault{{c.row.Line, c.at, c.col, why}}
}
