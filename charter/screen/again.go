package screen

// Edge is what the text leaves behind where it is stored.
func (c Clean) Edge() Edge { return c.edge }

// Against screens a text that was let in against the edges of its record as they
// are now: what Form did not see, and what was stored since Beside saw them. It is
// for the transaction that stores the text. nil means that it may join them.
func (c Clean) Against(stored []Edge) *Refusal {
	all := union(stored)
	if all.bits&^c.beside.bits == 0 {
		return nil
	}
	p := newPage(c.s, c.kind)
	p.judge()
	found := all.meets(p)
	if !found.found() {
		return nil
	}
	return &Refusal{
		Kind: found.kind, Field: c.field, Rule: found.rule, Earlier: true,
		mark: markOf(c.s, p, found.from, found.to),
	}
}
