package place

// A Place is one place of a file. T is what its texts are: screen.Clean as they are
// read, another screened form as they are kept. The lists hold codes of the
// vocabulary; an empty list means that the file does not say.
type Place[T any] struct {
	Pivot   Pivot   // number of the legal person; empty when unknown, and never a key
	Name    T       //
	Commune T       //
	Postal  Postal  // five digits
	INSEE   Commune // code of the commune; empty when the file does not say
	Address T       // street and number
	Extra   T       // floor, building, landmark
	Point   *Point  // nil without coordinates
	Updated Date    // of the producer's data

	Kinds  []Code // typologie, codes of data.inclusion
	Phone  Phone  // international, no spaces; empty: none
	Emails []T
	Sites  []T // http or https
	Hours  T   // in the writing of OpenStreetMap's opening_hours, as the file has it

	Summary T // may be longer than the schema's 280 characters; shorten to show
	Detail  T
	Source  T // who collected the data
	Parent  T // the network it belongs to

	Services    []Code
	Audiences   []Code // only these people; empty: everybody
	Care        []Code // needs it can meet: deafness, illiteracy, languages…
	Price       []Code
	Programmes  []Code
	Training    []Code
	OtherLabels []T
	Access      []Code // how to get there; "nobody" means that it receives no public
	Ways        []Code // individual, workshop, alone, remote
	Roaming     []Code

	AccessSheet T // address of its acceslibre page
	Booking     T // address where an appointment is made
}

// Words of fixed forms: each says what it holds, so that none can hold a text.
type (
	// Pivot is a SIRET, RIDET or RNA number: 9 to 14 letters and digits.
	Pivot string
	// Postal is a postal code of five digits.
	Postal string
	// Commune is the official code of a commune: five characters, 2A or 2B in Corsica.
	Commune string
	// Date is a day, YYYY-MM-DD.
	Date string
	// Phone is "+", a country's prefix, and six to nine digits.
	Phone string
	// Code is a word of a list of the vocabulary, or a typology of data.inclusion.
	Code string
)

// A Point is a position in degrees of WGS 84.
type Point struct {
	Lat, Lon float64
}

// SummaryMax is how long the schema lets a summary be, in characters.
const SummaryMax = 280

// Texts turns a place's texts into another form.
func Texts[T, U any](p Place[T], form func(T) U) Place[U] {
	many := func(list []T) []U {
		if list == nil {
			return nil
		}
		out := make([]U, len(list))
		for i, t := range list {
			out[i] = form(t)
		}
		return out
	}
	return Place[U]{
		Pivot: p.Pivot, Name: form(p.Name), Commune: form(p.Commune), Postal: p.Postal, INSEE: p.INSEE,
		Address: form(p.Address), Extra: form(p.Extra), Point: p.Point, Updated: p.Updated,
		Kinds: p.Kinds, Phone: p.Phone, Emails: many(p.Emails), Sites: many(p.Sites), Hours: form(p.Hours),
		Summary: form(p.Summary), Detail: form(p.Detail), Source: form(p.Source), Parent: form(p.Parent),
		Services: p.Services, Audiences: p.Audiences, Care: p.Care, Price: p.Price, Programmes: p.Programmes,
		Training: p.Training, OtherLabels: many(p.OtherLabels), Access: p.Access, Ways: p.Ways, Roaming: p.Roaming,
		AccessSheet: form(p.AccessSheet), Booking: form(p.Booking),
	}
}
