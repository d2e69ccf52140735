package screen

// page is one text, normalised and cut in parts, as the rules read it.
type page struct {
	kind   FieldKind
	text   string // normalised
	groups []group
}

func newPage(text string, kind FieldKind) *page {
	p := &page{kind: kind, text: normalise(text)}
	p.groups = groupsOf(p.text)
	return p
}

// judge gives the first rule that finds something, or the zero finding.
func (p *page) judge() finding {
	return p.numbers()
}

func across(first, second *page) finding { return finding{} }
