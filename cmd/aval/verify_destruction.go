package main

import (
	"fmt"

	"aval/consent"
)

// destruction proves a record of destroyed notebooks.
func (v *verification) destruction(raw []byte) error {
	d, err := consent.VerifyDestruction(raw, v.register)
	if err != nil {
		return no("the record of destruction does not verify: %s", reason(err))
	}
	return v.say(map[string]any{
		"kind": "destruction", "destruction": d.ID, "space": d.Space, "by": d.By, "on": d.On, "notebooks": d.Notebooks,
		"files": d.Files, "methods": d.Methods, "witness": d.Witness, "lines": d.Lines, "signed": d.IssuedAt,
	}, fmt.Sprintf("record of destruction %s of %s: %d notebooks and %d files on %s, signed by %s; it proves who declared it, not that nothing else is kept",
		d.ID, d.Space, d.Notebooks, d.Files, d.On, d.By))
}
